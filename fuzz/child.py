"""The process that fuzzes, under libFuzzer: a failure in Python is written down, once for each kind; one in C ends the process.

``python -m fuzz.child TARGET FINDINGS [arguments of libFuzzer]``. ``python -m fuzz`` starts it, and again when it has died.
"""

from __future__ import annotations

import functools
import hashlib
import importlib
import sys
import traceback
import zlib
from collections.abc import Callable
from pathlib import Path

import atheris

from fuzz import TARGETS

_OUTCOMES = 1024  # atheris ends with a fault of its own when branches by the thousand come up late


def main() -> None:
    """Fuzz one target until a limit of libFuzzer's is reached."""
    name, findings, *arguments = sys.argv[1:]
    with atheris.instrument_imports(include=list(TARGETS[name])):
        target = importlib.import_module(f"fuzz.{name}")
    atheris.enabled_hooks.add("str")

    def one(data: bytes) -> None:
        try:
            reach(target.check(data) or "")
        except Exception as error:  # noqa: BLE001 - whatever comes out is what is looked for
            keep(error, data, Path(findings))

    atheris.Setup([sys.argv[0], *arguments], one)
    atheris.Fuzz()


@functools.cache
def branch(_number: int) -> Callable[[], None]:
    """A function of its own, which counts as a branch."""
    scope: dict[str, Callable[[], None]] = {}
    exec("def reached(): pass", scope)  # a new code object each time, which is what branches are counted by
    return atheris.instrument_func(scope["reached"])


def reach(outcome: str) -> None:
    """Let the fuzzer know what became of an input, as far as it is known: C code shows no other sign of what it did."""
    branch(zlib.crc32(outcome.encode()) % _OUTCOMES)()


def keep(error: Exception, data: bytes, folder: Path) -> None:
    """Write down the input and the traceback of a failure, if no other one of its kind is there."""
    way = [(Path(frame.filename).name, frame.name, frame.lineno) for frame in traceback.extract_tb(error.__traceback__)]
    # The ends of the way tell a kind: deeper recursion is not another one.
    kind = hashlib.sha256(repr((type(error).__name__, way[1:3], way[-3:])).encode()).hexdigest()[:12]
    case = folder / f"{type(error).__name__}-{kind}"
    if not case.exists():
        case.write_bytes(data)
        report = "".join(traceback.format_exception(error, limit=-12))
        case.with_suffix(".txt").write_text(report, "utf-8", "backslashreplace")
        print(f"FINDING {case.name}: {str(error)[:300]!r}", file=sys.stderr, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

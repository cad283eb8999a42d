"""``python -m fuzz [TARGET ...] [--minutes M]``: fuzz in child processes, count what they found, end with 1 if there is any.

A crash, a hang of over ``--timeout`` seconds or memory beyond ``--memory`` ends the child and is a finding as any other; its input is kept and the
next child goes on. Corpora stay in ``build/fuzz/TARGET/corpus`` from run to run.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from fuzz import TARGETS

_BUILD = Path("build/fuzz")


def main() -> int:
    """Run the targets asked for, one after the other; 1 if any of them found something."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}; all if absent")
    parser.add_argument("--minutes", type=float, default=2.0, help="for each target")
    parser.add_argument("--timeout", type=int, default=20, help="seconds that one input may take")
    parser.add_argument("--memory", type=int, default=3072, help="MiB that the process may take")
    options = parser.parse_args()
    found = 0
    for name in options.targets or TARGETS:
        found += fuzz(name, options.minutes * 60, options.timeout, options.memory)
    return 1 if found else 0


def fuzz(name: str, budget_s: float, timeout_s: int, memory_mb: int) -> int:
    """Fuzz one target for ``budget_s``; how many findings lie in its folder then."""
    target = importlib.import_module(f"fuzz.{name}")
    folder = _BUILD / name
    corpus, findings = folder / "corpus", folder / "findings"
    for directory in (corpus, findings):
        directory.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds():
        (corpus / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)
    words = folder / "words"
    words.write_text("".join(f'"{_escaped(token)}"\n' for token in target.TOKENS.split()))
    # Every input is a file or makes one: in memory, where there is such a place.
    environment = {**os.environ, "TMPDIR": "/dev/shm"} if Path("/dev/shm").is_dir() else None
    end, executions, deaths, coverage = time.monotonic() + budget_s, 0, 0, 0
    while (left_s := int(end - time.monotonic())) > 0:
        limits = {
            "max_total_time": left_s,
            "timeout": timeout_s,
            "report_slow_units": timeout_s,
            "rss_limit_mb": memory_mb,
            "max_len": target.MAX_INPUT_BYTES,
            "dict": words,
            "artifact_prefix": f"{findings}/",
        }
        command = [sys.executable, "-m", "fuzz.child", name, str(findings)]
        command += [*(f"-{key}={value}" for key, value in limits.items()), str(corpus)]
        log = folder / f"log-{deaths}.txt"
        with log.open("wb") as output:
            child = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False, env=environment)
        if not _last(r"^#(\d+)", log):
            sys.exit(f"{name} does not start; {log} says why")
        executions += _last(r"^#(\d+)", log)
        deaths += child.returncode != 0
        coverage = _last(r"cov: (\d+)", log)
    kept = sorted(path.name for path in findings.iterdir() if path.suffix != ".txt")
    inputs = len(list(corpus.iterdir()))
    _say(f"{name}: {executions} executions, {coverage} branches, {inputs} inputs kept, {deaths} deaths")
    for case in kept:
        _say(f"  {findings / case}")
    return len(kept)


def _escaped(token: str) -> str:
    """A word for libFuzzer's dictionary, whose own escapes (a backslash, x and two digits) it may have."""
    return "".join(chr(byte) if 32 <= byte < 127 and byte != ord('"') else f"\\x{byte:02X}" for byte in token.encode())


def _last(pattern: str, log: Path) -> int:
    found = re.findall(pattern, log.read_text("utf-8", "replace"), re.MULTILINE)
    return int(found[-1]) if found else 0


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main())

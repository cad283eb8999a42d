"""``python -m fuzz.replay TARGET FILE_OR_FOLDER ...``: check inputs again, without the fuzzer; a finding shows its traceback."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path


def main() -> None:
    """Check every input in turn; the first that breaks ends it."""
    name, *places = sys.argv[1:]
    target = importlib.import_module(f"fuzz.{name}")
    for path in inputs(map(Path, places)):
        try:
            target.check(path.read_bytes())
        except BaseException:
            print(path, file=sys.stderr)  # noqa: T201
            raise


def inputs(places: Iterator[Path]) -> Iterator[Path]:
    """The files named, and those in folders named, but for reports."""
    for place in places:
        yield from (path for path in (sorted(place.iterdir()) if place.is_dir() else [place]) if path.suffix != ".txt")


if __name__ == "__main__":
    main()

"""What archive runs leave and nobody needs for good: kept traces, and files that killed runs left half-written. Results are never removed."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass

from veernet import storage
from veernet.archive.ledger import Ledger
from veernet.errors import OptionError, SourceMissingError
from veernet.location import Location

_AGE = re.compile(r"(\d+)([dh])")
_UNIT_S = {"d": 86_400.0, "h": 3_600.0}
_PART = re.compile(r"\.[0-9a-f]{16}\.part")


@dataclass(frozen=True)
class Cleaned:
    """What was removed: how many objects, and their size."""

    count: int
    size_bytes: int


def age_s(text: str) -> float:
    """Seconds that an age such as ``30d`` or ``12h`` means.

    Raises:
        OptionError: It means none.
    """
    told = _AGE.fullmatch(text)
    if told is None:
        raise OptionError("--older-than", f"is {text!r}", "give days or hours, as 30d or 12h")
    return int(told[1]) * _UNIT_S[told[2]]


def clean_work(out: str, older_than_s: float) -> Cleaned:
    """Remove kept traces, and on a local disk half-written files, that were last written longer ago than this.

    Raises:
        OptionError: ``out`` is no archive's destination.
        StorageError: The storage refused.
    """
    ledger = Ledger(storage.resolve(out))
    ledger.read_about()
    before_s = time.time() - older_than_s
    count = size_bytes = 0
    for place, modified_s, size in _leftovers(ledger):
        if modified_s < before_s:
            storage.remove(place)
            count += 1
            size_bytes += size
    return Cleaned(count, size_bytes)


def _leftovers(ledger: Ledger) -> Iterator[tuple[Location, float, int]]:
    try:
        for found in storage.list_objects(ledger.work):
            yield storage.resolve(found.uri), found.modified_s, found.size_bytes
    except SourceMissingError:
        pass  # no run has kept anything
    if ledger.out.is_local:
        for path in ledger.out.path.rglob(".*.part"):
            if _PART.fullmatch(path.name) and path.is_file():
                yield storage.resolve(path), path.stat().st_mtime, path.stat().st_size

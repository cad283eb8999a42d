"""The sheets of an archive with what the ledger says of each, from two listings in key order: memory does not grow with the archive.

All keys of a sheet, its manifest, its scan and its ledger entries, begin with its name and a dot. In key order they lie in one stretch, and
only stretches of sheets whose name begins with this one's name and a dot lie within. So as many sheets are open at a time as a key has dots.
"""

from __future__ import annotations

import heapq
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Literal, TypeVar

from veernet import storage
from veernet.archive.keys import Shaping, token
from veernet.archive.ledger import FOLDER_SUFFIX, Entry, Ledger, last_of, standing_files
from veernet.errors import NeedsPersonError, OptionError, SourceMissingError
from veernet.location import Location
from veernet.sheets.names import PICTURE_SUFFIXES, SCAN_SUFFIXES
from veernet.storage import StorageDeniedError, StoredObject

T = TypeVar("T")

#: What of the sheets that were set aside is tried again: those that machines can do something for, or those that wait for a person.
Retry = Literal["set-aside", "needs-a-person"]
NEEDS_A_PERSON: Literal["needs-a-person"] = "needs-a-person"
assert NeedsPersonError.reason == NEEDS_A_PERSON

_ASKED_AT_ONCE = 16
_MANIFEST = re.compile(r"(?P<sheet>.*[^/])\.sheet\.(yaml|yml|json)", re.IGNORECASE | re.DOTALL)
_SCAN, _PICTURE = ("|".join(map(re.escape, suffixes)) for suffixes in (SCAN_SUFFIXES, PICTURE_SUFFIXES))
_SCAN_KEY = re.compile(rf"(?!.*({_PICTURE})$)(?P<sheet>.*[^/])({_SCAN})", re.IGNORECASE | re.DOTALL)
_LEDGER = re.compile(rf"(?P<sheet>.*[^/]){re.escape(FOLDER_SUFFIX)}/(?P<name>[^/]+)", re.DOTALL)


@dataclass
class ListedSheet:
    """What listings show of one sheet.

    Args:
        name: Path of its manifest, or of its scan, in the archive without its suffix, as ``north/well-7``.
        manifests: Its manifest; several of different suffixes are one too many.
        scans: Scans of its name.
        entries: What the ledger has of it.
    """

    name: str
    manifests: list[StoredObject] = field(default_factory=list)
    scans: list[StoredObject] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """Path of its folder in the archive; empty at the top."""
        return self.name.rpartition("/")[0]

    @property
    def stem(self) -> str:
        """Its name without the folder."""
        return self.name.rpartition("/")[2]

    def token(self, shaping: Shaping) -> str:
        """The token of what is listed."""
        found = [*self.manifests, *self.scans]
        named = ((one.uri.rpartition("/")[2], one.size_bytes, one.etag) for one in found)
        return token(named, shaping, registered=not self.manifests)

    def is_sheet(self, shaping: Shaping) -> bool:
        """Whether there is something to digitise: a manifest, or a scan that may be registered first.

        A scan that has lost its manifest is left alone: what a person registered is not to be done over by a machine.
        """
        if self.manifests or not self.scans or not shaping.register:
            return bool(self.manifests)
        return all(entry.registered for entry in self.entries if entry.has_files)

    def settled(self, shaping: Shaping) -> Entry | None:
        """The entry that settles it as it now is; None where its work is still to be done.

        Only the last entry can: an earlier one's files may have been replaced since.
        """
        wanted = self.token(shaping)
        fitting = [entry for entry in last_of(self.entries) if entry.token == wanted]
        done = [entry for entry in fitting if entry.has_files]
        if done:
            return done[0] if len(standing_files(self.entries)) == 1 else None
        return fitting[0] if fitting else None


def listed_sheets(source: Location, ledger: Ledger, prefix: str = "") -> Iterator[ListedSheet]:
    """Give all that is a sheet, or was one, or is a scan without a manifest of its name.

    Args:
        source: The archive's folder.
        ledger: Of its destination, which may lie within the archive.
        prefix: What names must begin with, as ``north/`` or ``north/well-``.

    Raises:
        OptionError: The destination is the archive itself.
        SourceMissingError: There is no such archive.
        StorageError: The storage did not answer.
    """
    if source == ledger.out:
        raise OptionError(str(source), "is both source and destination", "give another --out; one within it will do")
    below = prefix.rpartition("/")[0]
    files = (
        (key, *told)
        for key, found in _in_key_order(source, below)
        if not found.uri.startswith(f"{ledger.out}/") and (told := _file(key, found))
    )
    entries = ((key, *told) for key, _ in _entries_in_key_order(ledger, below) if (told := _entry(key)))
    for sheet in gather(heapq.merge(files, entries, key=itemgetter(0))):
        if sheet.name.startswith(prefix):
            yield sheet


Told = tuple[str, str, StoredObject | Entry]


def gather(found: Iterable[tuple[str, str, str, StoredObject | Entry]]) -> Iterator[ListedSheet]:
    """Bring together what belongs to one sheet.

    Args:
        found: Key, name of its sheet, kind (a field of ``ListedSheet``) and what to add to it; in the order of keys, each of which begins
            with the sheet's name and a dot.
    """
    open_sheets: list[ListedSheet] = []
    for key, name, kind, thing in found:
        yield from _closed(open_sheets, key)
        sheet = next((sheet for sheet in open_sheets if sheet.name == name), None)
        if sheet is None:
            sheet = ListedSheet(name)
            open_sheets.append(sheet)
        getattr(sheet, kind).append(thing)
    yield from sorted(open_sheets, key=lambda sheet: sheet.name)


def _closed(open_sheets: list[ListedSheet], key: str) -> Iterator[ListedSheet]:
    """Take out the sheets of which no key can follow."""
    over = [sheet for sheet in open_sheets if not key.startswith(f"{sheet.name}.")]
    open_sheets[:] = [sheet for sheet in open_sheets if key.startswith(f"{sheet.name}.")]
    yield from sorted(over, key=lambda sheet: sheet.name)


def _file(key: str, found: StoredObject) -> Told | None:
    if told := _MANIFEST.fullmatch(key):
        return told["sheet"], "manifests", found
    if told := _SCAN_KEY.fullmatch(key):
        return told["sheet"], "scans", found
    return None


def _entry(key: str) -> Told | None:
    told = _LEDGER.fullmatch(key)
    entry = Entry.of_name(told["name"]) if told else None
    return (told["sheet"], "entries", entry) if told and entry else None


def _entries_in_key_order(ledger: Ledger, below: str) -> Iterator[tuple[str, StoredObject]]:
    try:
        yield from _in_key_order(ledger.folder, below)
    except SourceMissingError:
        return  # nothing has been entered yet


def _in_key_order(folder: Location, below: str) -> Iterator[tuple[str, StoredObject]]:
    """Keys relative to ``folder`` of all that is below a folder of it, with what they name.

    Raises:
        StorageDeniedError: The storage keeps another order, as some kinds of bucket do.
    """
    before = ""
    root = f"{str(folder).rstrip('/')}/"
    for found in storage.list_objects(folder / below if below else folder):
        key = found.uri.removeprefix(root)
        if key < before:
            told = f"does not list its objects in the order of their keys ({before!r} comes before {key!r})"
            raise StorageDeniedError(str(folder), told, "use a bucket of the general kind")
        before = key
        yield key, found


@dataclass
class Standing:
    """How many sheets of an archive are where.

    Args:
        done: Settled, with files.
        partial: Of those, how many have files of a part only.
        registered: Of those, how many were registered by machine.
        set_aside: Settled without, by reason.
        pending: Still to be done.
        changed: Of those, how many had a result before: of other content, weights or options.
        gone: Sheets with a result whose manifest is no longer there.
        scans_alone: Scans without a manifest of their name that are not registered.
    """

    done: int = 0
    partial: int = 0
    registered: int = 0
    set_aside: dict[str, int] = field(default_factory=dict)
    pending: int = 0
    changed: int = 0
    gone: int = 0
    scans_alone: int = 0

    @property
    def all_set_aside(self) -> int:
        """Sheets set aside, whatever for."""
        return sum(self.set_aside.values())

    def tried_again(self, retry: Retry | None) -> int:
        """Of these, how many are tried again."""
        return sum(count for reason, count in self.set_aside.items() if _tried_again(reason, retry))


def standing(sheets: Iterable[ListedSheet], shaping: Shaping) -> Standing:
    """Count how the sheets of an archive stand, from listings alone.

    Args:
        sheets: As listed; without pages (see ``veernet.archive.elsewhere``), or these count as scans alone.
        shaping: What is to shape their results.
    """
    counted = Standing()
    for sheet in sheets:
        if not sheet.is_sheet(shaping):
            counted.gone += bool(sheet.entries)
            counted.scans_alone += len(sheet.scans)
            continue
        entry = sheet.settled(shaping)
        if entry is None:
            counted.pending += 1
            counted.changed += bool(sheet.entries)
        elif entry.has_files:
            counted.done += 1
            counted.partial += entry.status == "partial"
            counted.registered += entry.registered
        else:
            counted.set_aside[entry.detail] = counted.set_aside.get(entry.detail, 0) + 1
    return counted


def _tried_again(reason: str, retry: Retry | None) -> bool:
    return retry is not None and (reason == NEEDS_A_PERSON) == (retry == NEEDS_A_PERSON)


def to_do(
    sheets: Iterable[ListedSheet],
    shaping: Shaping,
    *,
    retry: Retry | None = None,
    unchanged: Callable[[ListedSheet, Entry], bool] = lambda _, entry: not entry.elsewhere,
) -> Iterator[ListedSheet]:
    """The sheets with work left.

    Args:
        sheets: As listed.
        shaping: What is to shape their results.
        retry: What of that is work, too, which was set aside.
        unchanged: Asked of a sheet of which not all can be seen in a listing; many at a time, because it takes requests.
    """

    def left(sheet: ListedSheet) -> bool:
        entry = sheet.settled(shaping) if sheet.is_sheet(shaping) else None
        if entry is None:
            return sheet.is_sheet(shaping)
        again = entry.status == "set-aside" and _tried_again(entry.detail, retry)
        return again or (bool(entry.elsewhere) and not unchanged(sheet, entry))

    return (sheet for sheet, chosen in asked(sheets, left) if chosen)


def asked(sheets: Iterable[ListedSheet], question: Callable[[ListedSheet], T]) -> Iterator[tuple[ListedSheet, T]]:
    """Each sheet with the answer to a question that may take requests: asked of some at one time, answered in their order."""
    source = iter(sheets)
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as threads:
        while some := list(itertools.islice(source, _ASKED_AT_ONCE * 4)):
            yield from zip(some, threads.map(question, some), strict=True)


def next_number(entries: Sequence[Entry]) -> int:
    """Number of the next entry of a sheet."""
    return max((entry.number for entry in entries), default=0) + 1

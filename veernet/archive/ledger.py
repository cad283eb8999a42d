"""The ledger of an archive, in its destination: how each sheet ended, told by names alone, so that a listing is all one needs to read.

``DEST/.veernet/ledger/<sheet>.sheet/<number>.<token>.done.<content key>.json``, ``....partial.<content key>.json`` or ``....set-aside.<reason>.json`` hold the sheet's record. An entry
is created once, after the files that it vouches for, and never changed: it is the commit. Its number counts on from the last one of its
sheet, because only the last result is still in the sheet's folder, whatever earlier ones were made from.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Self, cast

from pydantic import BaseModel, ConfigDict, ValidationError

from veernet import storage
from veernet.archive.keys import REGISTERED, Shaping
from veernet.errors import OptionError, SourceMissingError
from veernet.location import Location
from veernet.review.record import Sha256, SheetRecord

FORMAT: Literal["veernet-archive/1"] = "veernet-archive/1"
Status = Literal["done", "partial", "set-aside"]

_MAX_BYTES = 16 << 20
_NAME = re.compile(
    r"(?P<number>\d{4,})\.(?P<token>[0-9a-f]{32})(\+(?P<elsewhere>[0-9a-f]{32}))?"
    r"\.(?P<status>done|partial|set-aside)\.(?P<detail>[0-9a-z-]+)\.json"
)
#: What follows a sheet's name in the ledger; with its dot, so that a sheet's entries stand between its files in the order of keys.
FOLDER_SUFFIX = ".sheet"


@dataclass(frozen=True)
class Entry:
    """How a sheet ended once.

    Args:
        number: Counts the sheet's results, from 1.
        token: Of the objects that it was made from.
        status: Whether there are files, of all of the sheet or of a part, or only a reason why not.
        detail: The content key of what is done or partial, the reason of what is set aside.
        elsewhere: Digest of objects that lie elsewhere than the listing looks; empty where there are none.
    """

    number: int
    token: str
    status: Status
    detail: str
    elsewhere: str = ""

    @property
    def name(self) -> str:
        """Name of its object."""
        also = f"+{self.elsewhere}" if self.elsewhere else ""
        return f"{self.number:04d}.{self.token}{also}.{self.status}.{self.detail}.json"

    @property
    def has_files(self) -> bool:
        """Whether it vouches for files."""
        return self.status != "set-aside"

    @property
    def registered(self) -> bool:
        """Whether what it vouches for was registered by machine."""
        return self.has_files and self.detail.endswith(REGISTERED)

    @classmethod
    def of_name(cls, name: str) -> Self | None:
        """The entry that an object's name tells of; None of what is no entry."""
        told = _NAME.fullmatch(name)
        if told is None:
            return None
        status = cast("Status", told["status"])
        return cls(int(told["number"]), told["token"], status, told["detail"], told["elsewhere"] or "")


def last_of(entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """The entries of the highest number: one, or one of each of several runs that met."""
    highest = max((entry.number for entry in entries), default=0)
    return tuple(entry for entry in entries if entry.number == highest)


def standing_files(entries: Sequence[Entry]) -> frozenset[str]:
    """Content keys of which the files in the sheet's folder may be; one, unless runs over different contents met."""
    return frozenset(entry.detail for entry in last_of([entry for entry in entries if entry.has_files]))


class About(BaseModel):
    """What ``DEST/.veernet/archive.json`` says: what the destination is the results of, and what shaped the last run's."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: Literal["veernet-archive/1"] = FORMAT
    source: str
    model_sha256: Sha256
    las_version: str
    confidence: bool
    shaping_version: int
    register_version: int = 0  # of runs before scans were registered

    @property
    def shaping(self) -> Shaping:
        """What shaped the last run's results."""
        return Shaping(
            self.model_sha256, self.las_version, self.confidence, self.shaping_version, self.register_version
        )


@dataclass(frozen=True)
class Ledger:
    """The ledger of a destination, and what else archive runs keep there.

    Args:
        out: The destination.
    """

    out: Location

    @property
    def folder(self) -> Location:
        """Where the entries are."""
        return self.out / ".veernet/ledger"

    @property
    def work(self) -> Location:
        """Where kept traces are; nothing is lost with them but time."""
        return self.out / ".veernet/work"

    @property
    def about(self) -> Location:
        """The object that says what the destination is."""
        return self.out / ".veernet/archive.json"

    def place(self, sheet: str, entry: Entry) -> Location:
        """Where an entry of a sheet is."""
        return self.folder / f"{sheet}{FOLDER_SUFFIX}/{entry.name}"

    def commit(self, sheet: str, entry: Entry, record: SheetRecord) -> bool:
        """Enter how a sheet ended; whether this call did, and not another run's before it.

        Raises:
            StorageError: The storage did not take it.
        """
        return storage.create_once(self.place(sheet, entry), record.to_json())

    def record(self, sheet: str, entry: Entry) -> SheetRecord:
        """The record of an entry.

        Raises:
            SourceMissingError: It is not there.
            StorageError: It cannot be had.
        """
        return SheetRecord.from_json(storage.read_bytes(self.place(sheet, entry), _MAX_BYTES))

    def read_about(self) -> About:
        """What the destination says of itself.

        Raises:
            OptionError: It is no archive's destination.
            StorageError: The storage did not say.
        """
        try:
            return About.model_validate_json(storage.read_bytes(self.about, _MAX_BYTES))
        except SourceMissingError as error:
            remedy = "name the --out of an earlier `veernet archive`"
            raise OptionError(str(self.out), "no archive run has written here", remedy) from error
        except ValidationError as error:
            found = f"{self.about} is not {FORMAT}"
            raise OptionError(str(self.out), found, "remove that file, and run `veernet archive` again") from error

    def claim(self, source: Location, shaping: Shaping) -> None:
        """Note that the destination holds the results of ``source``, and what shapes those of this run.

        Raises:
            OptionError: It holds those of another source: sheets of one name would meet.
            StorageError: The storage did not take it.
        """
        about = About(
            source=str(source),
            model_sha256=shaping.model_sha256,
            las_version=shaping.las_version,
            confidence=shaping.confidence,
            shaping_version=shaping.version,
            register_version=shaping.register,
        )
        text = about.model_dump_json(indent=2).encode() + b"\n"
        if not storage.create_once(self.about, text) and self._about_of(source) != about:
            storage.put_bytes(self.about, text)

    def check(self, source: Location) -> None:
        """Refuse what could not be claimed; nothing is written.

        Raises:
            OptionError: The destination holds the results of another source.
            StorageError: The storage did not say.
        """
        if storage.exists(self.about):
            self._about_of(source)

    def _about_of(self, source: Location) -> About:
        there = self.read_about()
        if there.source != str(source):
            found = f"holds the results of {there.source}, not of {source}"
            remedy = f"give another --out, or remove {self.about} where the archive itself has moved"
            raise OptionError(str(self.out), found, remedy)
        return there

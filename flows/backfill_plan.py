"""Which of an archive's unsettled sheets a backfill takes up, and in which order."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from flows.archive_plan import Plan
from veernet import storage
from veernet.archive.elsewhere import unchanged
from veernet.archive.ledger import Ledger, last_of
from veernet.archive.listing import ListedSheet, to_do
from veernet.errors import OptionError, SourceMissingError

Order = Literal["name", "newest", "oldest"]

#: Sheets that can be held at one time to be put in order; a listing's own order takes none.
MOST_SORTED = 100_000
_SHARE = re.compile(r"([1-9]\d*)/([1-9]\d*)")


@dataclass(frozen=True)
class Choice:
    """What a backfill takes of the sheets that are not settled.

    Args:
        first_day: Sheets written to the storage on that day (UTC) or later; their manifest and their scan count, whichever is newer.
        last_day: Sheets written on that day or earlier.
        made_before: Sheets whose result was made before that day; one without a result is not among them.
        order: The archive's own, or by the time of writing.
        share: The k-th of n parts, as ``2/4``; parts are told by the sheet's name, so that no two have one in common.
    """

    first_day: date | None = None
    last_day: date | None = None
    made_before: date | None = None
    order: Order = "name"
    share: str = "1/1"

    def check(self, limit: int | None) -> None:
        """Refuse what makes no sense, before anything is listed.

        Raises:
            OptionError: It makes none.
        """
        share = _SHARE.fullmatch(self.share)
        if share is None or int(share[1]) > int(share[2]):
            raise OptionError("share", f"is {self.share!r}", "give k/n with k from 1 to n, as 2/4")
        if self.first_day and self.last_day and self.first_day > self.last_day:
            found = f"is {self.first_day}, after last_day, {self.last_day}"
            raise OptionError("first_day", found, "exchange the two")
        if self.order != "name" and not 1 <= (limit or 0) <= MOST_SORTED:
            found = f"is {self.order!r} with a limit of {limit}"
            remedy = (
                f"give a limit of at most {MOST_SORTED} sheets, which are held in memory, or take the order of names"
            )
            raise OptionError("order", found, remedy)

    def takes(self, sheet: ListedSheet) -> bool:
        """Whether a sheet is among those chosen, as far as a listing tells."""
        written = written_s(sheet)
        return (
            self._in_share(sheet.name)
            and (self.first_day is None or written >= _midnight_s(self.first_day))
            and (self.last_day is None or written < _midnight_s(self.last_day + timedelta(days=1)))
        )

    def outdates(self, sheet: ListedSheet, ledger: Ledger) -> bool:
        """Whether a sheet's result was made so long ago that it is chosen; a request a sheet, where that is asked."""
        return self.made_before is None or _made_s(sheet, ledger) < _midnight_s(self.made_before)

    def _in_share(self, name: str) -> bool:
        part, parts = map(int, self.share.split("/"))
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % parts == part - 1


def written_s(sheet: ListedSheet) -> float:
    """When the newest of a sheet's objects was last written, seconds since 1970; 0 where there is none."""
    return max((found.modified_s for found in (*sheet.manifests, *sheet.scans)), default=0.0)


def _made_s(sheet: ListedSheet, ledger: Ledger) -> float:
    """When the sheet's last result was entered; never, where it has none."""
    try:
        return max(storage.stat(ledger.place(sheet.name, entry)).modified_s for entry in last_of(sheet.entries))
    except (ValueError, SourceMissingError):
        return float("inf")


def _midnight_s(day: date) -> float:
    return datetime.combine(day, time(), UTC).timestamp()


@dataclass(frozen=True)
class BackfillPlan(Plan):
    """An archive run over chosen sheets, which may be held up between any two of them.

    Args:
        choice: What is taken.
        hold: Called before each sheet is handed over; it comes back when the run may go on.
    """

    choice: Choice
    hold: Callable[[], None]

    @classmethod
    def narrowed(cls, wide: Plan, choice: Choice, hold: Callable[[], None]) -> BackfillPlan:
        """The same run over what is chosen.

        Raises:
            OptionError: The choice makes no sense.
        """
        choice.check(wide.limit)
        return cls(**{part.name: getattr(wide, part.name) for part in fields(Plan)}, choice=choice, hold=hold)

    def sheets(self) -> Iterator[ListedSheet]:
        """The chosen sheets that are still to be done, in the order asked for."""
        left = to_do(self.listed(), self.shaping, retry=self.retry, unchanged=unchanged)
        for sheet in self._in_order(left):
            self.hold()
            yield sheet

    def _in_order(self, left: Iterator[ListedSheet]) -> Iterator[ListedSheet]:
        if self.choice.order == "name":
            return itertools.islice(left, self.limit)
        pick = heapq.nlargest if self.choice.order == "newest" else heapq.nsmallest
        return iter(pick(self.limit or 0, left, key=written_s))

    def listed(self) -> Iterator[ListedSheet]:
        """What of the chosen part of the archive the run looks at."""
        for sheet in super().listed():
            settled = not sheet.is_sheet(self.shaping) or sheet.settled(self.shaping) is not None
            if self.choice.takes(sheet) and (settled or self.choice.outdates(sheet, self.ledger)):
                yield sheet

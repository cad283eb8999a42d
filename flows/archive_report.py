"""What a person sees of an archive run in the Prefect UI while it goes on and when it has ended. Its size does not grow with the archive."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, ClassVar
from uuid import UUID

from prefect.artifacts import (
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.logging import get_run_logger

from flows.digitise import outcome_of
from flows.markup import plain, plain_uri
from tasks.state import Batch, Sheet
from veernet.archive.listing import NEEDS_A_PERSON
from veernet.errors import SHEETS_OWN, VeerNetError

Row = dict[str, str | float]

#: Rows of the table artifact: of sheets set aside the first so many, of sheets done the latest.
MOST_ROWS = 500
#: Sheets set aside that a terminal is told of one by one.
MOST_NAMED = 20
#: Sheets that are looked back at to see whether a run still makes sense.
LOOK_BACK = 50
#: Seconds between two updates of the progress artifact.
UPDATE_S = 2.0


class TooManyFailedError(VeerNetError):
    """So many sheets failed by something that is not their own that the run ended early."""

    reason: ClassVar[str] = "too-many-failed"
    retryable: ClassVar[bool] = True


class Tally:
    """How far an archive run is.

    Args:
        total: Sheets that it has to do.
        already: Sheets that were settled before.
    """

    def __init__(self, total: int = 0, already: int = 0) -> None:
        self.total = total
        self.already = already
        self.done = 0
        self.partial = 0
        self.registered = 0
        self.reasons: Counter[str] = Counter()
        self.first_set_aside: list[tuple[str, str]] = []
        self._faults: deque[str] = deque(
            maxlen=LOOK_BACK
        )  # of the latest sheets, each its reason, empty where it has none
        self._started = time.monotonic()

    @property
    def set_aside(self) -> int:
        """Sheets set aside in this run, but for those that wait for a person."""
        return self.reasons.total() - self.needs_person

    @property
    def needs_person(self) -> int:
        """Scans without a manifest that cannot be registered for sure without a person."""
        return self.reasons[NEEDS_A_PERSON]

    @property
    def settled(self) -> int:
        """Sheets of this run that have reached their end, one or the other."""
        return self.done + self.reasons.total()

    @property
    def percent(self) -> float:
        """Share of the run, 0 to 100."""
        return min(100.0, 100.0 * self.settled / self.total) if self.total else 100.0

    def count(self, sheet: Sheet) -> None:
        """Count a sheet that has reached its end."""
        reason = sheet.failure.reason if sheet.failure else ""
        self.total = max(self.total, self.settled + 1)  # a replaced page is found on the way only
        self._faults.append("" if reason in SHEETS_OWN else reason)
        if sheet.failure is None:
            self.done += 1
            self.partial += sheet.record is not None and sheet.record.status == "partial"
            self.registered += sheet.record is not None and sheet.record.registered is not None
        else:
            self.reasons[sheet.failure.reason] += 1
            if len(self.first_set_aside) < MOST_NAMED:
                folder = f"{sheet.job.out / sheet.job.stem}"
                self.first_set_aside.append((folder, f"{sheet.failure.found}; {sheet.failure.remedy}"))

    def check(self, stop_above: int) -> None:
        """Whether the run still makes sense: what is broken in storage, workers or VeerNet itself would go on to fail sheet after sheet.

        Args:
            stop_above: Percentage of the latest ``LOOK_BACK`` sheets; fewer are too few to tell.

        Raises:
            TooManyFailedError: More of them failed by something that is not their own.
        """
        faults = Counter(filter(None, self._faults))
        if len(self._faults) < LOOK_BACK or faults.total() * 100 <= stop_above * LOOK_BACK:
            return
        told = ", ".join(f"{count} for {reason}" for reason, count in faults.most_common())
        found = (
            f"ended early: of the latest {LOOK_BACK} sheets {faults.total()} failed by no fault of their own ({told})"
        )
        remedy = "mend what their records name, then run the same command with --retry set-aside"
        raise TooManyFailedError("the run", f"{found}; {self.message()}", remedy)

    def pace(self) -> str:
        """How fast the run is and how long it has still to go, in words."""
        minutes = (time.monotonic() - self._started) / 60
        if not self.settled:
            return "nothing settled yet"
        per_minute = self.settled / minutes
        left = max(0, self.total - self.settled) / per_minute
        return f"{per_minute:.1f} sheets/minute, about {_duration(left)} left"

    def message(self) -> str:
        """The run in a clause, as its final state has it."""
        of_them = ((self.partial, "in part"), (self.registered, "registered by machine"))
        told = ", ".join(f"{count} of them {how}" for count, how in of_them if count)
        wait = (
            f", {self.needs_person} need{'s' if self.needs_person == 1 else ''} a person" if self.needs_person else ""
        )
        return f"{self.done} done{f' ({told})' if told else ''}, {self.set_aside} set aside{wait}, {self.already} were settled already"


def called(reason: str) -> str:
    """How people are told of sheets that are not done for this reason."""
    return "need a person to register them" if reason == NEEDS_A_PERSON else f"set aside for {reason}"


def _duration(minutes: float) -> str:
    if minutes < 2:
        return f"{round(minutes * 60)} s"
    return f"{round(minutes)} min" if minutes < 120 else f"{minutes / 60:.1f} h"


_watchers: list[Callable[[Tally], None]] = []


@contextmanager
def watching(watcher: Callable[[Tally], None]) -> Iterator[None]:
    """Hear of every batch that has reached its end for as long as the context lasts."""
    _watchers.append(watcher)
    try:
        yield
    finally:
        _watchers.remove(watcher)


class Report:
    """What a run leaves in the UI: one progress artifact, one table, one summary.

    Args:
        tally: Of the run.
    """

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self._left: list[Row] = []
        self._latest: deque[Row] = deque(maxlen=MOST_ROWS)
        self._progress: UUID | None = None
        self._told_s = 0.0

    def begin(self) -> None:
        """Make the progress artifact."""
        try:
            made: Any = create_progress_artifact(self.tally.percent, "archive-progress", self._description())
            self._progress = made
        except Exception:  # noqa: BLE001 - a report that cannot be left must not hold up the work it reports on
            get_run_logger().warning("progress cannot be shown in the Prefect UI", exc_info=True)
        self._tell_watchers()

    def add(self, batch: Batch) -> None:
        """Take a settled batch into account."""
        for sheet in batch:
            self.tally.count(sheet)
            if sheet.failure is None:
                self._latest.append(_row(sheet))
            elif len(self._left) < MOST_ROWS:
                self._left.append(_row(sheet))
        self._tell_watchers()
        if time.monotonic() - self._told_s >= UPDATE_S:
            self._update()

    def end(self) -> None:
        """Leave table and summary."""
        self._update()
        tally = self.tally
        told = (
            f"{tally.message()}. Here: the first {len(self._left)} of {tally.reasons.total()} that are not, "
            f"then the latest {len(self._latest)} of {tally.done} done."
        )
        try:
            create_table_artifact([*self._left, *self._latest], "archive-results", told)
            create_markdown_artifact(self._summary(), "archive-summary", tally.message())
        except Exception:  # noqa: BLE001 - as above
            get_run_logger().warning("the results could not be left in the Prefect UI", exc_info=True)

    def _update(self) -> None:
        self._told_s = time.monotonic()
        if self._progress is None:
            return
        try:
            update_progress_artifact(self._progress, self.tally.percent, self._description())
        except Exception:  # noqa: BLE001 - as above
            get_run_logger().debug("progress could not be updated in the Prefect UI", exc_info=True)

    def _description(self) -> str:
        tally = self.tally
        return f"{tally.settled} of {tally.total} sheets ({tally.message()}); {tally.pace()}"

    def _summary(self) -> str:
        tally = self.tally
        lines = [f"# {tally.message()}", "", tally.pace(), ""]
        if tally.reasons:
            lines += ["| not done | sheets |", "|---|---|"]
            lines += [f"| {plain(called(reason))} | {count} |" for reason, count in tally.reasons.most_common()]
            lines += ["", *(f"- {row['sheet']}: {row['reason']}" for row in self._left[:100])]
        return "\n".join(lines)

    def _tell_watchers(self) -> None:
        for watcher in _watchers:
            watcher(self.tally)


def _row(sheet: Sheet) -> Row:
    """A row of the table: text, and nothing of the record, which may be large."""
    outcome = outcome_of(sheet)
    waits = sheet.failure is not None and sheet.failure.reason == NEEDS_A_PERSON
    page = f"{sheet.job.out / sheet.job.stem}/{sheet.job.stem}{'.register' if waits else ''}.html"
    return {
        "sheet": plain(outcome.sheet),
        "status": outcome.status,
        "curves": ", ".join(f"{plain(name)} {coverage:.0%}" for name, coverage, _ in outcome.curves),
        "confidence": ", ".join(f"{plain(name)} {confidence:.2f}" for name, _, confidence in outcome.curves),
        "seconds": outcome.seconds,
        "page": plain_uri(page) if waits or sheet.failure is None else "",
        "reason": plain(outcome.reason),
    }

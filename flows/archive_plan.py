"""What an archive run has to do, known before anything that is slow to import, or to start, is needed."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path

from flows.places import destination
from veernet import storage
from veernet.archive.elsewhere import Pages, unchanged
from veernet.archive.keys import REGISTER_VERSION, Shaping
from veernet.archive.ledger import Ledger
from veernet.archive.listing import ListedSheet, Retry, Standing, listed_sheets, standing, to_do
from veernet.digest import file_digest
from veernet.errors import OptionError, WeightsError
from veernet.location import Location

#: Percentage of failures that are not the sheets' own above which a run ends early, unless told otherwise.
STOP_ABOVE = 50


@dataclass(frozen=True)
class Plan:
    """An archive run before it begins.

    Args:
        source: The archive.
        ledger: Of its destination.
        shaping: What shapes the results.
        limit: Sheets to do at most.
        prefix: What the names of its sheets begin with.
        retry: What is tried again of that which was set aside.
        stop_above: Percentage of failures that are not the sheets' own from which on the run ends early.
    """

    source: Location
    ledger: Ledger
    shaping: Shaping
    limit: int | None
    prefix: str
    retry: Retry | None
    stop_above: int

    def standing(self) -> Standing:
        """How the archive stands, as far as the run looks at it."""
        return standing(self.listed(), self.shaping)

    def listed(self) -> Iterator[ListedSheet]:
        """What of the archive the run looks at."""
        listed = listed_sheets(self.source, self.ledger, self.prefix)
        return self._pages.without(listed) if self.shaping.register else listed

    @cached_property
    def _pages(self) -> Pages:
        return Pages(self.source, self.ledger, self.shaping)

    def begin(self) -> Standing:
        """How the archive stands; the destination is claimed for it, unless there is no sheet to be had from it.

        Raises:
            OptionError: The destination holds the results of another source.
            StorageError: The storage did not answer.
        """
        found = self.standing()
        if found.done or found.all_set_aside or found.pending:
            self.ledger.claim(self.source, self.shaping)
        return found

    def sheets(self) -> Iterator[ListedSheet]:
        """The sheets to do, listed as they are asked for."""
        return itertools.islice(to_do(self.listed(), self.shaping, retry=self.retry, unchanged=unchanged), self.limit)

    def to_do(self, found: Standing) -> int:
        """How many sheets these are."""
        total = found.pending + found.tried_again(self.retry)
        return total if self.limit is None else min(total, self.limit)


def plan(
    source: str,
    out: str,
    weights: str | None = None,
    las_version: str = "2.0",
    confidence: bool = False,
    limit: int | None = None,
    prefix: str = "",
    retry: Retry | None = None,
    stop_above: int = STOP_ABOVE,
    register_first: bool = True,
) -> Plan:
    """Look at what was asked for; nothing is written yet.

    Raises:
        OptionError: It makes no sense.
        WeightsError: There are no such weights here.
        StorageError: The storage did not answer.
    """
    if limit is not None and limit < 1:
        raise OptionError("--limit", f"is {limit}", "give 1 or more")
    if not 0 <= stop_above <= 100:
        raise OptionError("--stop-above", f"is {stop_above}", "give a percentage; with 100 a run never ends early")
    place, ledger = storage.resolve(source), Ledger(destination(out))
    if place == ledger.out:
        raise OptionError(str(place), "is both source and destination", "give another --out; one within it will do")
    if not storage.is_folder(place):
        raise OptionError(str(place), "is no folder, or an empty one", "name the folder of the archive")
    shaping = Shaping(
        weights_digest(weights), las_version, confidence, register=REGISTER_VERSION if register_first else 0
    )
    ledger.check(place)
    return Plan(place, ledger, shaping, limit, prefix, retry, stop_above)


def weights_digest(weights: str | None) -> str:
    """sha256 of the weights to use, hexadecimal, without loading what they are for.

    Raises:
        WeightsError: There are none.
    """
    with as_file(files("veernet.network") / "veernet.safetensors") as shipped:
        path = Path(weights) if weights else shipped
        try:
            return file_digest(path)
        except OSError as error:
            found = f"cannot be read ({error.strerror})"
            raise WeightsError(str(path), found, "give the path of a weights file") from error

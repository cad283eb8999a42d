"""What a sheet carries from stage to stage."""

from __future__ import annotations

import itertools
import logging
import time
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path

from tasks.progress import report
from tasks.retries import again, pause
from tasks.workers import worker_count
from veernet.curves.identity import Trace
from veernet.errors import VeerNetError
from veernet.location import Location
from veernet.review.record import Failure, Registered, SheetRecord, failure_of
from veernet.sheets.geometry import StripGeometry
from veernet.sheets.lost import Lost
from veernet.sheets.manifest import SheetManifest
from veernet.storage import Fetched


@dataclass(frozen=True)
class Job:
    """One sheet as it was asked for.

    Args:
        stem: Its name, and that of its folder in the destination.
        manifest: Its manifest; None where there is none.
        scan: The scan beside it; None where the manifest has to tell.
        out: The destination; results go to a folder of the stem's name below it.
        work_dir: Folder for what only this run needs, shared with the Dask workers.
        register: Whether a manifest is made from the scan where there is none.
        turn: Its place in the run; where sheets want the same workers, the first goes first.
    """

    stem: str
    manifest: Location | None
    scan: Location | None
    out: Location
    work_dir: Path
    register: bool = False
    turn: int = 0

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.stem

    @property
    def near(self) -> Path:
        """Folder of what only this run needs of it."""
        return self.work_dir / self.stem

    @property
    def store(self) -> Path:
        """Folder of its work arrays."""
        return self.near / "work.zarr"


@dataclass(frozen=True)
class Sheet:
    """One sheet on its way. Fields fill as stages pass; a failure ends the way.

    Of its fields, ``scan`` is what is looked at, and ``fetched`` what it was made from: its manifest, and its scan or all of its pages. ``registered`` tells of a
    manifest that was made from the scan.
    """

    job: Job
    manifest: SheetManifest | None = None
    manifest_file: Fetched | None = None
    registered: Registered | None = None
    scan: Fetched | None = None
    fetched: tuple[Fetched, ...] = ()
    geometries: tuple[StripGeometry, ...] = ()
    megapixels: float = 0.0
    dpi: float | None = None
    moved: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    lost: tuple[Lost, ...] = ()
    traces: tuple[tuple[Trace, ...], ...] = ()
    record: SheetRecord | None = None
    failure: Failure | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.job.name


Batch = tuple[Sheet, ...]
Step = Callable[[Sheet], Sheet]
Logger = logging.Logger | logging.LoggerAdapter[logging.Logger]


def each(batch: Sequence[Sheet], stage: str, step: Step, logger: Logger) -> Batch:
    """Take every sheet that is still on its way one step further; a sheet that fails drops out alone.

    There is a sheet for each worker at one time, and one that this process itself is busy with: a stage gives the workers a piece or two of a sheet's work,
    and they would wait for one another's.
    """
    started = time.monotonic()
    with ThreadPoolExecutor(max(1, min(len(batch), worker_count() + 1)), thread_name_prefix=stage) as threads:
        stepped = tuple(threads.map(lambda sheet: attempt(sheet, stage, step, logger), batch))
    names = ", ".join(sheet.name for sheet in stepped if sheet.failure is None)
    logger.info("%s took %.2f s for %s", stage, time.monotonic() - started, names[:1000] or "nothing")
    return stepped


def attempt(sheet: Sheet, stage: str, step: Step, logger: Logger) -> Sheet:
    """One step of one sheet, timed; what may pass is tried again, and whatever else goes wrong becomes its failure."""
    if sheet.failure is not None:
        return sheet
    report(sheet.name, stage, 0.0)
    started = time.monotonic()
    for tries in itertools.count(1):
        try:
            done = step(sheet)
            break
        except Exception as error:  # noqa: BLE001 - a fault of ours in one sheet must not take the others
            if not again(error, tries):
                if not isinstance(error, VeerNetError):
                    logger.error("%s: %s failed unexpectedly\n%s", sheet.name, stage, traceback.format_exc())
                return fail(sheet, stage, error, logger)
            logger.info("%s: %s is tried again: %s", sheet.name, stage, error)
            pause(tries)
    seconds = time.monotonic() - started
    logger.debug("%s: %s took %.2f s", sheet.name, stage, seconds)
    report(sheet.name, stage, 1.0)
    return replace(done, seconds={**done.seconds, stage: round(done.seconds.get(stage, 0.0) + seconds, 3)})


def fail(sheet: Sheet, stage: str, error: Exception, logger: Logger) -> Sheet:
    """The sheet, set aside for this error."""
    failure = failure_of(error, stage)
    logger.warning("%s: set aside in %s: %s", sheet.name, stage, error)
    report(sheet.name, "set aside", 1.0)
    return replace(sheet, failure=failure)

"""The record of a sheet that was set aside: why there is no LAS file, and what would help."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from prefect.logging import get_run_logger
from pydantic import ValidationError

from tasks.stage import stage
from tasks.state import Batch, Logger, Sheet, Step, attempt
from veernet import storage
from veernet.errors import SourceMissingError
from veernet.location import Location
from veernet.review.record import SheetRecord, Source

STAGE = "set aside"
_MAX_BYTES = 16 << 20


def record_of(sheet: Sheet, model_sha256: str) -> SheetRecord:
    """The record of a sheet that failed, with as much of what it was made from as could be read."""
    job = sheet.job
    place = job.scan or job.manifest
    named = Source(uri=str(place)) if place else None
    return SheetRecord(
        sheet=job.stem,
        status="set-aside",
        source=Source(uri=sheet.scan.uri, sha256=sheet.scan.sha256) if sheet.scan else named,
        manifest_sha256=sheet.manifest_file.sha256 if sheet.manifest_file else None,
        registered=sheet.registered,
        model_sha256=model_sha256,
        seconds=sheet.seconds,
        error=sheet.failure,
    )


def record_place(sheet: Sheet) -> Location:
    """Where the record of a sheet lies, whatever became of it."""
    return sheet.job.out / sheet.job.stem / f"{sheet.job.stem}.record.json"


def put_by(sheet: Sheet, stage: str, step: Step, logger: Logger) -> Sheet:
    """Do something for a sheet that failed; its failure is put by meanwhile, so that it does not stand in the way of its own record."""
    done = attempt(replace(sheet, failure=None), stage, step, logger)
    return replace(done, failure=done.failure or sheet.failure)


@stage("set aside")
def leave_records(batch: Batch, label: str, model_sha256: str) -> None:  # noqa: ARG001 - the label names the task's run
    """Leave a record of each sheet that failed; one of an earlier, good result stays, because it vouches for files that are still there."""
    logger = get_run_logger()
    for sheet in batch:
        put_by(sheet, STAGE, partial(leave_record, record=record_of(sheet, model_sha256)), logger)


def leave_record(sheet: Sheet, record: SheetRecord) -> Sheet:
    """Put the record of a sheet into its folder, unless an earlier good one is there.

    Raises:
        StorageError: The storage did not take it.
    """
    place = record_place(sheet)
    if not _vouches_for_files(place):
        storage.put_bytes(place, record.to_json())
    return sheet


def _vouches_for_files(place: Location) -> bool:
    try:
        return SheetRecord.from_json(storage.read_bytes(place, _MAX_BYTES)).status in ("done", "partial")
    except (SourceMissingError, ValidationError):
        return False

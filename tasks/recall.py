"""Recall what earlier archive runs made of each sheet: its result, or else its traces; and keep what this one traced."""

from __future__ import annotations

from dataclasses import replace

from prefect.logging import get_run_logger

from tasks.filing import filing_of
from tasks.stage import stage
from tasks.state import Batch, Sheet, each
from veernet import storage
from veernet.archive.ledger import standing_files
from veernet.archive.traces import Traced
from veernet.errors import SourceMissingError, StorageError, WorkStoreError
from veernet.review.record import SheetRecord

STAGE = "recall"
_MAX_BYTES = 1 << 30


@stage("recall")
def recall(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Give sheets of known content their record, and sheets whose traces are kept these."""
    return each(batch, STAGE, _recall, get_run_logger())


def _recall(sheet: Sheet) -> Sheet:
    if record := _record(sheet):
        return replace(sheet, record=record)
    if sheet.manifest is None:
        return sheet  # what its traces are kept under is known when it has been registered
    try:
        traced = Traced.from_bytes(storage.read_bytes(filing_of(sheet).traces(sheet), _MAX_BYTES))
    except (SourceMissingError, WorkStoreError):
        return sheet
    return replace(
        sheet,
        geometries=traced.geometries,
        traces=traced.traces,
        dpi=traced.dpi,
        moved=traced.moved,
        doubts=traced.doubts,
        lost=traced.lost,
    )


def _record(sheet: Sheet) -> SheetRecord | None:
    """The record of a sheet that was only copied or touched, or that another run has just done."""
    filing = filing_of(sheet)
    ledger, listed = filing.ledger, filing.listed
    new = filing.done(sheet)
    if storage.exists(ledger.place(listed.name, new)):
        return ledger.record(listed.name, new)
    if standing_files(listed.entries) != {new.detail}:
        return None
    earlier = next(entry for entry in reversed(listed.entries) if entry.detail == new.detail)
    return ledger.record(listed.name, earlier)


@stage("keep traces of")
def keep_traces(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Keep the traces of each sheet for later runs; a sheet whose traces cannot be kept goes on all the same."""
    logger = get_run_logger()
    for sheet in batch:
        if sheet.failure is None:
            traced = Traced(sheet.geometries, sheet.traces, sheet.dpi, sheet.moved, sheet.doubts, sheet.lost)
            try:
                storage.put_bytes(filing_of(sheet).traces(sheet), traced.to_bytes())
            except StorageError as error:
                logger.warning("%s: its traces could not be kept: %s", sheet.name, error)
    return batch

"""Enter in the ledger how each sheet of an archive run ended. It is the commit, and the last that is done for a sheet."""

from __future__ import annotations

import shutil

from prefect.logging import get_run_logger

from tasks.aside import put_by, record_of, record_place
from tasks.filing import filing_of
from tasks.stage import stage
from tasks.state import Batch, Logger, Sheet, attempt
from veernet import storage
from veernet.archive.ledger import standing_files

STAGE = "settle"


@stage("settle")
def settle(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Enter done sheets and those that are set aside, remove what the run kept near, and let go of all but the outcome.

    A sheet that cannot be entered is still to be done, for the next run as for the ledger.
    """
    logger = get_run_logger()
    settled = tuple(_settled(sheet, logger) for sheet in batch)
    done = sum(sheet.failure is None for sheet in settled)
    logger.info("%d sheets: %d done, %d set aside", len(settled), done, len(settled) - done)
    return settled


def _settled(sheet: Sheet, logger: Logger) -> Sheet:
    if sheet.failure is None:
        settled = attempt(sheet, STAGE, _enter_done, logger)
    else:
        settled = put_by(sheet, STAGE, lambda _: _enter_set_aside(sheet), logger)
    shutil.rmtree(sheet.job.work_dir, ignore_errors=True)
    return Sheet(sheet.job, record=settled.record, failure=settled.failure, seconds=settled.seconds)


def _enter_done(sheet: Sheet) -> Sheet:
    assert sheet.record is not None
    filing = filing_of(sheet)
    filing.ledger.commit(filing.listed.name, filing.done(sheet), sheet.record)
    return sheet


def _enter_set_aside(sheet: Sheet) -> Sheet:
    filing = filing_of(sheet)
    record = record_of(sheet, filing.shaping.model_sha256)
    if not standing_files(filing.listed.entries):  # an earlier good result keeps the record that vouches for it
        storage.put_bytes(record_place(sheet), record.to_json())
    filing.ledger.commit(filing.listed.name, filing.set_aside(sheet), record)
    return sheet

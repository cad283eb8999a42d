"""A run over chosen sheets of an archive, as the flows that a schedule or a queue starts are. No science belongs here."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from uuid import UUID

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.archive import WORK_PREFIX, model_of, settled
from flows.archive_plan import Plan
from flows.archive_report import Report, Tally
from flows.backfill_plan import BackfillPlan, Choice
from flows.cluster import dask_client
from flows.giving_way import GivingWay, why_wait
from tasks.workers import using


def take_up(
    wide: Plan, choice: Choice, weights: str | None, dask: str | None, workers: int | None, work: str | None
) -> State[Tally]:
    """Digitise what is chosen and not settled, waiting wherever others come first; called within a flow.

    Args:
        wide: The archive run that is narrowed.
        choice: What is taken.
        weights: Weights file of the network; the shipped one unless given.
        dask: Address of a Dask scheduler; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.

    Raises:
        OptionError: The choice makes no sense; nothing was started.
        StorageError: The archive or the ledger could not be listed to its end; what was settled by then is.
    """
    logger = get_run_logger()
    wait = GivingWay(partial(why_wait, UUID(str(runtime.flow_run.id))), logger)
    asked = BackfillPlan.narrowed(wide, choice, wait)
    wait()
    found = asked.standing()
    tally = Tally(asked.to_do(found), found.done + (0 if asked.retry else found.all_set_aside))
    logger.info(
        "%d sheets to do, %d settled already, model %.12s", tally.total, tally.already, asked.shaping.model_sha256
    )
    report = Report(tally)
    report.begin()
    try:
        if tally.total:
            with (
                tempfile.TemporaryDirectory(prefix=WORK_PREFIX, dir=work) as near,
                dask_client(dask, workers) as client,
                using(client),
            ):
                model = model_of(weights, asked.shaping)
                for batch in settled(asked, Path(near), weights, model):
                    report.add(batch)
    finally:
        report.end()
    return Completed(message=tally.message(), data=tally)

"""The flow ``nightly``: what came to an archive lately, and nothing of the years before, which are the backfill's. No science belongs here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from pydantic import Field

from flows.archive_plan import STOP_ABOVE, plan
from flows.archive_report import Tally
from flows.backfill_plan import Choice
from flows.chosen import take_up
from flows.cluster import Means
from flows.markup import plain
from veernet.curves.las import LasVersion


def _run_name() -> str:
    return f"nightly {plain(str(runtime.flow_run.parameters.get('source', '')))}"


@flow(
    name="nightly",
    description="Digitise what came to an archive in the last days and is not settled yet.",
    flow_run_name=_run_name,
    persist_result=False,
    validate_parameters=True,
)
def nightly(
    source: str,
    out: str,
    last_days: Annotated[int, Field(ge=1)] = 3,
    prefix: str = "",
    weights: str | None = None,
    dask: str | None = None,
    workers: int | None = None,
    work: str | None = None,
    deadline: float | None = None,
    las_version: LasVersion = "2.0",
    confidence: bool = False,
    stop_above: Annotated[int, Field(ge=0, le=100)] = STOP_ABOVE,
    register_first: bool = True,
) -> State[Tally]:
    """Digitise sheets of an archive that are new, or were corrected, and are not settled.

    Args:
        source: The archive: a local folder or s3://bucket/prefix.
        out: Destination folder; each sheet gets a folder of its own in it, at its place in the archive.
        last_days: Days back from now in which a sheet's scan or manifest must have been written to the storage.
        prefix: What the paths of sheets in the archive must begin with, as north/ or north/well-.
        weights: Weights file of the network, the same here and on the workers; the shipped one unless given.
        dask: Address of a Dask scheduler, as tcp://host:8786; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.
        deadline: Seconds that any one piece of a sheet's work may take before its worker is ended; by its size unless given.
        las_version: Of the files written, 1.2 or 2.0.
        confidence: Whether they have a confidence curve beside each curve.
        stop_above: End early when more than this percentage of the latest 50 sheets failed by something that is not their own: storage, workers.
        register_first: Whether scans without a manifest are registered first; else they are counted.

    Raises:
        OptionError: An argument makes no sense; nothing was started.
        WeightsError: The weights cannot be used; nothing was started.
        TooManyFailedError: The run ended early; what was settled by then is.
        StorageError: The archive or the ledger could not be listed to its end; what was settled by then is.
    """
    first_day = (datetime.now(UTC) - timedelta(days=last_days)).date()
    wide = plan(source, out, weights, las_version, confidence, None, prefix, None, stop_above, register_first)
    return take_up(wide, Choice(first_day=first_day), Means(weights, dask, workers, work, deadline))

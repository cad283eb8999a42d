"""The flow ``backfill``: what an archive has left from years, at low priority, for as long as it takes. No science belongs here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from prefect import flow, runtime
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from pydantic import Field

from flows.archive_plan import STOP_ABOVE, plan
from flows.archive_report import Tally
from flows.backfill_plan import Choice, Order
from flows.chosen import take_up
from flows.cluster import Means
from flows.markup import plain
from veernet.archive.listing import Retry
from veernet.curves.las import LasVersion
from veernet.errors import OptionError

WHOLE = "1/1"


def _run_name() -> str:
    given = runtime.flow_run.parameters
    share = "" if given.get("share", WHOLE) == WHOLE else f", share {given['share']}"
    return f"backfill {plain(str(given.get('source', '')))}{share}"


@flow(
    name="backfill",
    description="Digitise what is left of an archive, behind whatever comes first; pause its work queue to pause it.",
    flow_run_name=_run_name,
    persist_result=False,
    validate_parameters=True,
)
def backfill(
    source: str,
    out: str,
    prefix: str = "",
    first_day: date | None = None,
    last_day: date | None = None,
    made_before: date | None = None,
    order: Order = "name",
    limit: Annotated[int, Field(ge=1)] | None = None,
    at_once: Annotated[int, Field(ge=1, le=100)] = 1,
    retry: Retry | None = None,
    weights: str | None = None,
    dask: str | None = None,
    workers: int | None = None,
    work: str | None = None,
    deadline: float | None = None,
    las_version: LasVersion = "2.0",
    confidence: bool = False,
    stop_above: Annotated[int, Field(ge=0, le=100)] = STOP_ABOVE,
    register_first: bool = True,
    share: str = WHOLE,
) -> State[Tally]:
    """Digitise chosen sheets of an archive that are not settled; what decides that is the archive's ledger, so that a run goes on where another was.

    Args:
        source: The archive: a local folder or s3://bucket/prefix.
        out: Destination folder; the same as for nightly runs.
        prefix: What the paths of sheets in the archive must begin with, as north/ or north/well-.
        first_day: Only sheets whose scan or manifest was written to the storage on that day (UTC) or later.
        last_day: Only sheets that were written on that day (UTC) or earlier.
        made_before: Only sheets whose result was made before that day (UTC) and no longer holds, as after new weights.
        order: name is the archive's own order; newest and oldest go by the time of writing, and need a limit.
        limit: Sheets to do at most.
        at_once: Runs side by side, each with a share of the sheets, on whichever workers of the pool are free.
        retry: set-aside to try again what was set aside before, needs-a-person what was not sure without a person.
        weights: Weights file of the network, the same here and on the workers; the shipped one unless given.
        dask: Address of a Dask scheduler, as tcp://host:8786; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.
        deadline: Seconds that any one piece of a sheet's work may take before its worker is ended; by its size unless given.
        las_version: Of the files written, 1.2 or 2.0.
        confidence: Whether they have a confidence curve beside each curve.
        stop_above: End early when more than this percentage of the latest 50 sheets failed by something that is not their own: storage, workers.
        register_first: Whether scans without a manifest are registered first; else they are counted.
        share: Which part this run does, as 2/4; at_once sets it for the runs that it starts.

    Raises:
        OptionError: An argument makes no sense; nothing was started.
        WeightsError: The weights cannot be used; nothing was started.
        TooManyFailedError: The run ended early; what was settled by then is.
        StorageError: The archive or the ledger could not be listed to its end; what was settled by then is.
    """
    choice = Choice(first_day, last_day, made_before, order, share)
    choice.check(limit)
    if at_once > 1:
        choice, limit = replace(choice, share=_begin_others(share, limit, at_once)), _of(limit, at_once)
    wide = plan(source, out, weights, las_version, confidence, limit, prefix, retry, stop_above, register_first)
    return take_up(wide, choice, Means(weights, dask, workers, work, deadline))


def _begin_others(share: str, limit: int | None, at_once: int) -> str:
    """Start the runs of the other shares, and give the share that is left for this one.

    Their keys hold this run's, so that a run that is tried again starts none twice.

    Raises:
        OptionError: There is nothing to share, or nobody to share it with.
    """
    run = runtime.flow_run
    if share != WHOLE:
        raise OptionError("at_once", f"is {at_once} beside share {share}", "give one of the two")
    if runtime.deployment.id is None:
        remedy = "start it as a deployment (veernet deploy makes it), or leave at_once out"
        raise OptionError("at_once", f"is {at_once} in a run that no worker started", remedy)
    given: dict[str, Any] = {**run.parameters, "at_once": 1, "limit": _of(limit, at_once)}
    for part in range(2, at_once + 1):
        run_deployment(
            UUID(str(runtime.deployment.id)),
            parameters={**given, "share": f"{part}/{at_once}"},
            idempotency_key=f"{run.id}-{part}",
            timeout=0,
            as_subflow=False,
            tags=list(run.tags),
        )
    return f"1/{at_once}"


def _of(limit: int | None, parts: int) -> int | None:
    """A share's limit; rounded up, so that none is lost."""
    return None if limit is None else -(-limit // parts)

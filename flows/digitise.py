"""The flow ``digitise``: sheets in, LAS files out, each sheet settled by itself. No science belongs here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_markdown_artifact, create_table_artifact
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed

from flows.batches import Way, batched, run_batches
from flows.cluster import dask_client, work_folder
from flows.ended import result_of_run, told_to_prefect
from flows.loading import Model, loading
from flows.markup import plain
from flows.sources import find_jobs
from tasks.aside import leave_records
from tasks.fetch import fetch
from tasks.publish import publish
from tasks.segment import segment
from tasks.state import Batch, Job, Sheet
from tasks.tile import tile
from tasks.trace import trace
from tasks.workers import using
from veernet.archive.listing import NEEDS_A_PERSON
from veernet.curves.las import LasVersion

#: Sheets that go through the stages together.
SHEETS_PER_BATCH = 4


@dataclass(frozen=True)
class Outcome:
    """How one sheet ended.

    Args:
        sheet: Its stem.
        status: ``done``, ``partial``, ``set aside`` or ``needs a person``.
        seconds: Time in its stages.
        curves: Mnemonic, coverage and mean confidence of each curve of a sheet that was not set aside.
        reason: What was found in a sheet that is not done, and what would help.
        warnings: What a reader of the log must know.
    """

    sheet: str
    status: str
    seconds: float
    curves: tuple[tuple[str, float, float], ...]
    reason: str
    warnings: tuple[str, ...]


@flow(
    name="digitise",
    description="Digitise scanned well logs into LAS files.",
    persist_result=False,
    validate_parameters=True,
)
def digitise(
    sources: list[str],
    out: str,
    weights: str | None = None,
    dask: str | None = None,
    workers: int | None = None,
    work: str | None = None,
    deadline: float | None = None,
    las_version: LasVersion = "2.0",
    confidence: bool = False,
) -> State[list[Outcome]]:
    """Digitise sheets; the run's final state says how many were done, and how many set aside.

    Args:
        sources: Scans, sheet manifests, or folders of them; local paths or s3:// URIs.
        out: Destination folder; each sheet gets a folder of its own in it.
        weights: Weights file of the network, as the workers see it; the shipped one unless given.
        dask: Address of a Dask scheduler, as tcp://host:8786; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.
        deadline: Seconds that any one piece of a sheet's work may take before its worker is ended; by its size unless given.
        las_version: Of the files written, 1.2 or 2.0.
        confidence: Whether they have a confidence curve beside each curve.

    Raises:
        OptionError: An argument makes no sense; nothing was started.
        WeightsError: The weights cannot be used; no sheet got further than its strips.
    """
    logger = get_run_logger()
    with work_folder(work) as work_dir:
        jobs = [replace(job, turn=turn) for turn, job in enumerate(find_jobs(sources, out, Path(work_dir)))]
        with dask_client(dask, workers) as client, using(client, deadline):

            def tell(model: Model) -> None:
                of = model["sha256"], model["device"], model["precision"]
                logger.info("%d sheets, model %.12s on %s in %s", len(jobs), *of)

            model, run = loading(weights, tell), Way()

            def way(batch: Batch) -> Batch:
                label = label_of(batch)
                for stage in (fetch, tile):
                    batch = stage(batch, label=label)
                    run.check()
                known = model()
                for stage in (partial(segment, weights=weights), trace):
                    batch = stage(batch, label=label)
                    run.check()
                batch = publish(batch, label, known, las_version, confidence)
                run.check()
                if left := tuple(sheet for sheet in batch if sheet.failure):
                    leave_records(left, label_of(left), known["sha256"])
                return batch

            settled = {
                sheet.job: outcome_of(sheet) for batch in run_batches(_batches(jobs), way, run) for sheet in batch
            }
    outcomes = [settled[job] for job in jobs]
    _tell(outcomes)
    done = sum(outcome.status == "done" for outcome in outcomes)
    in_part = sum(outcome.status == "partial" for outcome in outcomes)
    parts = f", {in_part} in part" if in_part else ""
    message = f"{done} of {len(outcomes)} sheets done{parts}, {len(outcomes) - done - in_part} set aside"
    return Completed(message=message, data=outcomes)


def _batches(jobs: Sequence[Job]) -> Iterator[Batch]:
    return (tuple(Sheet(job) for job in chosen) for chosen in batched(jobs, SHEETS_PER_BATCH))


def label_of(batch: Batch) -> str:
    """What the task runs of a batch are called: its sheets, as far as they fit."""
    return ", ".join(sheet.name for sheet in batch)[:200]


def outcome_of(sheet: Sheet) -> Outcome:
    """How a sheet that went all its way ended."""
    seconds = round(sum(sheet.seconds.values()), 2)
    if sheet.record is None or sheet.failure is not None:
        failure = sheet.failure
        reason = f"{failure.subject}: {failure.found}; {failure.remedy}" if failure else "it never reached its end"
        waits = failure is not None and failure.reason == NEEDS_A_PERSON
        return Outcome(sheet.name, "needs a person" if waits else "set aside", seconds, (), reason, ())
    curves = tuple((c.mnemonic, c.coverage, c.mean_confidence or 0.0) for c in sheet.record.curves)
    told = "; ".join(
        f"{one.top:g} to {one.base:g}, rows {one.first_row} to {one.last_row} of which {one.why}"
        for one in sheet.record.lost
    )
    reason = (
        f"{sheet.name}: the scan is damaged at depths {told}; fetch it again, or scan or save it anew" if told else ""
    )
    return Outcome(sheet.name, "partial" if told else "done", seconds, curves, reason, sheet.record.warnings)


def _tell(outcomes: Sequence[Outcome]) -> None:
    """Leave the results where a person looks for them in the Prefect UI."""
    rows = [
        {
            "sheet": plain(outcome.sheet),
            "status": outcome.status,
            "curves": ", ".join(f"{name} {coverage:.0%}" for name, coverage, _ in outcome.curves),
            "confidence": ", ".join(f"{name} {confidence:.2f}" for name, _, confidence in outcome.curves),
            "seconds": outcome.seconds,
            "reason": plain(outcome.reason),
        }
        for outcome in outcomes
    ]
    done = sum(outcome.status == "done" for outcome in outcomes)
    try:
        create_table_artifact(rows, key="digitise-results", description=f"{done} of {len(rows)} sheets done")
        create_markdown_artifact(_summary(outcomes, done), key="digitise-summary")
    except Exception:  # noqa: BLE001 - a report that cannot be left must not undo the work it reports on
        get_run_logger().warning("the results could not be left in the Prefect UI", exc_info=True)


def _summary(outcomes: Sequence[Outcome], done: int) -> str:
    left = [outcome for outcome in outcomes if outcome.status != "done"]
    lines = [f"- {plain(outcome.sheet)} {outcome.status}: {plain(outcome.reason)}" for outcome in left]
    return "\n".join([f"# {done} of {len(outcomes)} sheets done", "", *lines])


def run(sources: Sequence[str], out: str, **options: Any) -> list[Outcome]:
    """Run the flow in this process.

    Raises:
        VeerNetError: As the flow does.
    """
    with told_to_prefect():
        state: Any = digitise(list(sources), out, return_state=True, **options)
    return result_of_run(state)

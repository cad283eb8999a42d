"""The flow ``archive``: a whole archive into its destination, whatever of it is not settled yet. No science belongs here."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from prefect import flow, runtime, tags
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.states import Completed
from pydantic import Field

from flows.archive_plan import STOP_ABOVE, Plan, plan
from flows.archive_report import Report, Tally
from flows.batches import Way, batched, run_batches
from flows.cluster import Means, dask_client, work_folder
from flows.digitise import label_of
from flows.ended import result_of_run, told_to_prefect
from flows.loading import Model, loading
from flows.markup import plain
from tasks.fetch import fetch
from tasks.filing import ArchiveJob, Filing
from tasks.publish import publish
from tasks.recall import keep_traces, recall
from tasks.register import register as register_scans
from tasks.segment import segment
from tasks.settle import settle
from tasks.state import Batch, Sheet, fail
from tasks.tile import tile
from tasks.trace import trace
from tasks.workers import WorkerLostError, current_client, using
from veernet import storage
from veernet.archive.keys import Shaping
from veernet.archive.listing import ListedSheet, Retry, Standing
from veernet.curves.las import LasVersion
from veernet.errors import ManifestError, ManifestMissingError, OptionError, VeerNetError, WeightsError

if TYPE_CHECKING:
    from distributed import Client

#: Sheets that go through the stages together.
SHEETS_PER_BATCH = 16
_UNFIT_NAME = r'\:*?"<>|'


class WorkersGoneError(VeerNetError):
    """The Dask cluster went away under a run."""

    reason: ClassVar[str] = "workers-gone"
    retryable: ClassVar[bool] = True


def _run_name() -> str:
    return f"archive {plain(str(runtime.flow_run.parameters.get('source', '')))}"


@flow(
    name="archive",
    description="Digitise what is not settled yet of an archive of scanned well logs.",
    flow_run_name=_run_name,
    persist_result=False,
    validate_parameters=True,
)
def archive(
    source: str,
    out: str,
    weights: str | None = None,
    dask: str | None = None,
    workers: int | None = None,
    work: str | None = None,
    deadline: float | None = None,
    las_version: LasVersion = "2.0",
    confidence: bool = False,
    limit: int | None = None,
    prefix: str = "",
    retry: Retry | None = None,
    stop_above: Annotated[int, Field(ge=0, le=100)] = STOP_ABOVE,
    register_first: bool = True,
) -> State[Tally]:
    """Digitise the sheets of an archive that are not settled; the run's final state says how many were done, and how many set aside.

    Args:
        source: The archive: a local folder or s3://bucket/prefix.
        out: Destination folder; each sheet gets a folder of its own in it, at its place in the archive.
        weights: Weights file of the network, the same here and on the workers; the shipped one unless given.
        dask: Address of a Dask scheduler, as tcp://host:8786; unless given, a cluster of the run's own.
        workers: Worker processes of the run's own cluster.
        work: Folder for work arrays that all workers share; a temporary one unless given.
        deadline: Seconds that any one piece of a sheet's work may take before its worker is ended; by its size unless given.
        las_version: Of the files written, 1.2 or 2.0.
        confidence: Whether they have a confidence curve beside each curve.
        limit: Sheets to do at most.
        prefix: What the paths of sheets in the archive must begin with.
        retry: ``set-aside`` to try again what was set aside before, ``needs-a-person`` what was not sure without a person.
        stop_above: End early when more than this percentage of the latest 50 sheets failed by something that is not their own: storage, workers.
        register_first: Whether scans without a manifest are registered first; else they are counted.

    Raises:
        OptionError: An argument makes no sense; nothing was started.
        WeightsError: The weights cannot be used; no sheet got further than its strips.
        TooManyFailedError: The run ended early; what was settled by then is.
        StorageError: The archive or the ledger could not be listed to its end; what was settled by then is.
    """
    asked = plan(source, out, weights, las_version, confidence, limit, prefix, retry, stop_above, register_first)
    found = asked.begin()
    if found.scans_alone:
        get_run_logger().info(
            "%d scans have no manifest of their name: pages of others, or not registered yet", found.scans_alone
        )
    return carry_out(asked, found, Means(weights, dask, workers, work, deadline))


def carry_out(
    asked: Plan,
    found: Standing,
    means: Means,
) -> State[Tally]:
    """Do what is planned and not settled, and leave a report of it in the UI; called within a flow.

    Args:
        asked: What the run is to look at.
        found: How that stands.
        means: What it computes with.

    Raises:
        TooManyFailedError: The run ended early; what was settled by then is.
    """
    tally = Tally(asked.to_do(found), found.done + found.all_set_aside - found.tried_again(asked.retry))
    sheets = asked.sheets()
    first = next(sheets, None)  # not the count: of a sheet whose page was replaced only its manifest tells
    get_run_logger().info(
        "%d sheets to do, %d settled already, model %.12s", tally.total, tally.already, asked.shaping.model_sha256
    )
    report = Report(tally)
    report.begin()
    try:
        if first is not None:
            with (
                work_folder(means.work) as near,
                dask_client(means.dask, means.workers) as client,
                using(client, means.deadline),
                # Closed before the cluster is: what is on its way then goes no further, whyever the run ends.
                closing(_settled(asked, chain([first], sheets), Path(near), means.weights)) as batches,
            ):
                for batch in batches:
                    report.add(batch)
                    tally.check(asked.stop_above)
    finally:
        report.end()
    return Completed(message=tally.message(), data=tally)


def _check_model(model: Model, weights: str | None, shaping: Shaping) -> None:
    """What the workers say of their model must be that of the one that the ledger's keys are made of."""
    if model["sha256"] != shaping.model_sha256:
        found = f"are {shaping.model_sha256[:12]} here and {model['sha256'][:12]} on the Dask workers"
        raise WeightsError(weights or "the shipped weights", found, "give all of them the same file")


def _started(listed: ListedSheet, filing: Filing, near: Path, turn: int) -> Sheet:
    """A sheet at the beginning of its way, with a folder of its own for what is only needed on it."""
    token = listed.token(filing.shaping)
    out = filing.ledger.out / listed.folder if listed.folder else filing.ledger.out
    manifest = storage.resolve(listed.manifests[0].uri) if listed.manifests else None
    scan = storage.resolve(listed.scans[0].uri) if listed.scans else None
    folder = near / hashlib.sha256(f"{listed.name} {token}".encode("utf-8", "surrogateescape")).hexdigest()[:32]
    sheet = Sheet(ArchiveJob(listed.stem, manifest, scan, out, folder, manifest is None, turn, filing=filing))
    refused = _refusal(listed)
    return fail(sheet, "list", refused, get_run_logger()) if refused else sheet


def _refusal(listed: ListedSheet) -> VeerNetError | None:
    """Why a sheet cannot be begun, if it cannot."""
    if len(listed.manifests) > 1:
        names = ", ".join(found.uri.rpartition("/")[2] for found in listed.manifests)
        return ManifestError(listed.name, f"it has {len(listed.manifests)} manifests: {names}", "keep one of them")
    if not listed.manifests and len(listed.scans) > 1:
        names = ", ".join(found.uri.rpartition("/")[2] for found in listed.scans)
        found = f"it has {len(listed.scans)} scans and no manifest: {names}"
        return ManifestMissingError(listed.name, found, "keep one of them, or write a manifest that names it")
    if any(character in _UNFIT_NAME or not character.isprintable() for character in listed.stem):
        return OptionError(repr(listed.name), "its name cannot name a folder of results", "rename it")
    return None


def _to_register(sheet: Sheet) -> bool:
    """Whether a sheet that was fetched has no manifest yet, and no result that is known."""
    return sheet.failure is None and sheet.record is None and sheet.manifest is None


def _check_there(client: Client) -> None:
    if client.status != "running":
        raise WorkersGoneError("Dask", "the scheduler is gone", "run the same command again: what is settled stays so")


def _settled(asked: Plan, listed: Iterable[ListedSheet], near: Path, weights: str | None) -> Generator[Batch]:
    """Send what is to do through the stages, in batches, as far as each has to go."""
    run, client, shaping = Way(), current_client(), asked.shaping
    loaded = loading(weights, partial(_check_model, weights=weights, shaping=shaping))
    version: Any = shaping.las_version
    sheets = (_started(sheet, Filing(asked.ledger, sheet, shaping), near, turn) for turn, sheet in enumerate(listed))

    def model() -> Model:
        try:
            return loaded()
        except WorkerLostError:
            _check_there(client)
            raise

    def way(batch: Batch) -> Batch:
        label = label_of(batch)
        batch = recall(fetch(batch, label), label)
        if unregistered := tuple(sheet for sheet in batch if _to_register(sheet)):
            run.check()
            model()  # what comes of registering goes to the destination
            label_there = label_of(unregistered)
            registered = recall(register_scans(unregistered, label_there), label_there)
            batch = (*(sheet for sheet in batch if not _to_register(sheet)), *registered)
        fresh = tuple(sheet for sheet in batch if not (sheet.failure or sheet.record or sheet.traces))
        rest = tuple(sheet for sheet in batch if sheet.failure or sheet.record or sheet.traces)
        if fresh:
            label_fresh = label_of(fresh)
            run.check()
            fresh = tile(fresh, label=label_fresh)
            model()
            for stage in (partial(segment, weights=weights), trace, keep_traces):
                run.check()
                fresh = stage(fresh, label=label_fresh)
        batch = publish((*rest, *fresh), label, model(), version, shaping.confidence)
        run.check()
        _check_there(client)  # whatever failed else says nothing of the sheets: none of it goes into the ledger
        return settle(batch, label)

    return run_batches(batched(sheets, SHEETS_PER_BATCH), way, run)


def run(source: str, out: str, **options: Any) -> Tally:
    """Run the flow in this process.

    Raises:
        VeerNetError: As the flow does.
    """
    with told_to_prefect(), tags("veernet", "archive"):
        state: Any = archive(source, out, return_state=True, **options)
    return result_of_run(state)

"""Register the scans of a batch that have no manifest: what is sure goes on as if it had one, what is not waits for a person."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from prefect.logging import get_run_logger

from tasks.compute import draft_sheet
from tasks.stage import stage
from tasks.state import Batch, Logger, Sheet, each, fail
from tasks.workers import submit
from veernet import storage
from veernet.archive.keys import REGISTER_VERSION
from veernet.digest import file_digest
from veernet.errors import NeedsPersonError
from veernet.location import Location
from veernet.review.record import Registered
from veernet.sheets.geometry import sheet_geometries
from veernet.sheets.manifest import read_manifest
from veernet.storage import Fetched

if TYPE_CHECKING:
    from veernet.register.drafted import Drafted

STAGE = "register"
_MOST_NAMED = 12


@stage("register")
def register(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Give each sheet that has none its manifest, on the Dask workers."""
    logger = get_run_logger()
    done = each(batch, STAGE, partial(_register, logger=logger), logger)
    logger.info("%d of %d scans were registered", sum(sheet.failure is None for sheet in done), len(done))
    return done


def _register(sheet: Sheet, logger: Logger) -> Sheet:
    job = sheet.job
    if sheet.manifest is not None:
        return sheet
    assert job.scan is not None
    assert sheet.scan is not None
    near, folder = job.near / "draft", job.out / job.stem
    near.mkdir(exist_ok=True)
    place = (sheet.scan.path, job.scan.name, near, job.stem)
    drafted = submit(job, STAGE, sheet.megapixels, draft_sheet, *place, many=True).result()
    known = replace(sheet, registered=_registered(drafted))
    if drafted.manifest is None:
        for file in (drafted.draft, *drafted.shown):
            storage.put_file(folder / file.name, file)
        return fail(known, STAGE, _needs_person(sheet.name, drafted, folder), logger)
    text = drafted.manifest.read_bytes()
    manifest = read_manifest(text, drafted.manifest.name)
    geometries = sheet_geometries(manifest, drafted.width_px, drafted.rows, job.scan.name)
    uri = f"{folder / drafted.manifest.name}"
    made = Fetched(drafted.manifest, uri, len(text), file_digest(drafted.manifest))
    return replace(known, manifest=manifest, manifest_file=made, geometries=tuple(geometries))


def _registered(drafted: Drafted) -> Registered:
    fields: dict[str, float] = {}
    for field in drafted.fields:
        fields[field.path] = min(field.confidence, fields.get(field.path, 1.0))
    least = drafted.least_sure
    return Registered(
        version=REGISTER_VERSION,
        draft_sha256=file_digest(drafted.draft),
        confidence=least.confidence,
        least_sure=least.path,
        fields=fields,
        left_out=drafted.left_out,
    )


def _needs_person(name: str, drafted: Drafted, folder: Location) -> NeedsPersonError:
    paths = list(dict.fromkeys(doubt.path for doubt in drafted.unsure))
    more = f" and {len(paths) - _MOST_NAMED} more" if len(paths) > _MOST_NAMED else ""
    found = f"it was registered from the scan alone, and that is not sure of {', '.join(paths[:_MOST_NAMED])}{more}"
    remedy = f"put that right with `veernet register --edit` (its page is {folder / drafted.shown[-1].name}), then run the same command again"
    return NeedsPersonError(name, found, remedy)

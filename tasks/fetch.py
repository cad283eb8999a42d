"""Fetch the scan and the manifest of each sheet, and refuse what is wrong before any work is done on it."""

from __future__ import annotations

from dataclasses import replace

from prefect import task
from prefect.logging import get_run_logger

from tasks.state import Batch, Job, Sheet, each
from veernet import storage
from veernet.errors import ManifestError, ManifestMissingError, ScanError, SourceMissingError, VeerNetError
from veernet.location import Location
from veernet.sheets.geometry import sheet_geometries
from veernet.sheets.manifest import MAX_BYTES, read_manifest
from veernet.sheets.raster import open_scan

STAGE = "fetch"
SCAN_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")


@task(task_run_name="fetch {label}")
def fetch(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Bring scans and manifests near, whole and digested; read the manifest, open the scan, lay the tracks over it."""
    return each(batch, STAGE, _fetch, get_run_logger())


def _fetch(sheet: Sheet) -> Sheet:
    job = sheet.job
    if job.manifest is None:
        raise _without_manifest(job)
    near = job.work_dir / job.stem
    near.mkdir(parents=True, exist_ok=True)
    manifest_file = storage.fetch(job.manifest, near)
    with manifest_file.path.open("rb") as file:
        manifest = read_manifest(file.read(MAX_BYTES + 1), job.manifest.name)
    if manifest.pages is not None:
        raise ManifestError(
            job.manifest.name,
            f"pages: {len(manifest.pages)} pieces; sheets in pieces are not put together yet",
            "join them to one scan and give it as source",
        )
    scan = storage.fetch(_scan_of(job, job.manifest, manifest.source), near)
    with open_scan(scan.path, scan.path.name) as opened:
        geometries = sheet_geometries(manifest, opened.width, opened.height, job.manifest.name)
        dpi = opened.dpi
    return replace(
        sheet, manifest=manifest, manifest_file=manifest_file, scan=scan, geometries=tuple(geometries), dpi=dpi
    )


def _without_manifest(job: Job) -> VeerNetError:
    """Why a job that has no manifest cannot be done."""
    assert job.scan is not None
    if not storage.exists(job.scan):
        return SourceMissingError(str(job.scan), "no such file", "check the path")
    if not job.scan.name.lower().endswith(SCAN_SUFFIXES):
        kinds = ", ".join(SCAN_SUFFIXES)
        return ScanError(str(job.scan), "neither a scan nor a sheet manifest by its name", f"scans end in {kinds}")
    return ManifestMissingError(
        job.scan.name,
        "the scan has no sheet manifest beside it, so its tracks and depths are not known",
        f"write {job.stem}.sheet.yaml beside it; `veernet schema` says what it holds",
    )


def _scan_of(job: Job, manifest: Location, source: str | None) -> Location:
    """The scan that a manifest speaks of: the one it names, else the one of its stem beside it."""
    if source is not None:
        return storage.resolve(source) if source.startswith("s3://") else manifest.parent / source
    if job.scan is not None:
        return job.scan
    for suffix in SCAN_SUFFIXES:
        if storage.exists(manifest.parent / f"{job.stem}{suffix}"):
            return manifest.parent / f"{job.stem}{suffix}"
    raise SourceMissingError(
        manifest.name,
        f"it names no source, and there is no scan of the stem {job.stem} beside it",
        f"put the scan beside it, as {job.stem}.tif, or name it as source in the manifest",
    )

"""Fetch the scan and the manifest of each sheet, and refuse what is wrong before any work is done on it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from prefect.logging import get_run_logger

from tasks.compute import Look, join_pages, look_at
from tasks.stage import stage
from tasks.state import Batch, Job, Sheet, each
from tasks.workers import submit
from veernet import storage
from veernet.errors import ManifestMissingError, ScanError, SourceMissingError, VeerNetError
from veernet.location import Location
from veernet.sheets.geometry import sheet_geometries
from veernet.sheets.kind import is_pdf
from veernet.sheets.manifest import MAX_BYTES, SheetManifest, read_manifest
from veernet.sheets.names import SCAN_SUFFIXES
from veernet.storage import Fetched

STAGE = "fetch"
_MEGAPIXELS_PER_MB = 50.0  # of pages that nobody has opened yet: bilevel ones, which compress best


@stage("fetch")
def fetch(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Bring scans and manifests near, whole and digested; read the manifest, open the scan, lay the tracks over it."""
    return each(batch, STAGE, _fetch, get_run_logger())


def _fetch(sheet: Sheet) -> Sheet:
    job = sheet.job
    if job.manifest is None:
        return _fetch_unregistered(sheet)
    job.near.mkdir(parents=True, exist_ok=True)
    manifest_file = storage.fetch(job.manifest, job.near)
    with manifest_file.path.open("rb") as file:
        manifest = read_manifest(file.read(MAX_BYTES + 1), job.manifest.name)
    if manifest.pages is None:
        files = [storage.fetch(_scan_of(job, job.manifest, manifest.source), job.near)]
    else:
        files = _fetched_pages(manifest.pages, job.manifest, job.near)
    _check_digests(manifest, files)
    sheet, look = _looked_at(sheet, manifest, files)
    geometries = sheet_geometries(manifest, look.width, look.height, job.manifest.name)
    return replace(
        sheet,
        manifest=manifest,
        manifest_file=manifest_file,
        fetched=(manifest_file, *files),
        geometries=tuple(geometries),
    )


def _fetch_unregistered(sheet: Sheet) -> Sheet:
    """Bring near a scan that has no manifest, where one is to be made from it."""
    job = sheet.job
    if job.scan is None or not job.register or not job.scan.name.lower().endswith(SCAN_SUFFIXES):
        raise _without_manifest(job)
    job.near.mkdir(parents=True, exist_ok=True)
    scan = storage.fetch(job.scan, job.near)
    return replace(_looked_at(sheet, None, [scan])[0], fetched=(scan,))


def _looked_at(sheet: Sheet, manifest: SheetManifest | None, files: Sequence[Fetched]) -> tuple[Sheet, Look]:
    """The sheet with its files as one scan, and what that says of itself."""
    job, scan, told = sheet.job, files[0], sheet.moved
    in_pieces = (manifest is not None and manifest.pages is not None) or is_pdf(scan.path)
    look = None if in_pieces else _look(job, scan)
    if look is None or look.pages > 1:
        scan, told = _joined(job, manifest, files)
        look = _look(job, scan)
    return replace(sheet, scan=scan, megapixels=look.width * look.height / 1e6, dpi=look.dpi, moved=told), look


def _check_digests(manifest: SheetManifest, files: Sequence[Fetched]) -> None:
    """Refuse a file that is not the one that its manifest was made for."""
    for file, promised in zip(files, manifest.digests, strict=False):  # no digests, no promise
        if file.sha256 != promised:
            found = f"its sha256 is {file.sha256}, and the manifest says {promised}"
            remedy = "fetch the scan again from where it is whole, or correct sha256 in the manifest if this is the right one"
            raise ScanError(file.path.name, found, remedy)


def _look(job: Job, scan: Fetched) -> Look:
    """What a scan says of itself, asked on a Dask worker."""
    return submit(job, STAGE, 0.0, look_at, scan.path, scan.path.name, soon=True).result()


def _fetched_pages(pages: Sequence[str], manifest: Location, near: Path) -> list[Fetched]:
    """The pages of a sheet, each in a folder of its own, for two of them may have one name."""
    fetched = []
    for number, page in enumerate(pages, start=1):
        folder = near / f"page-{number:03d}"
        folder.mkdir(exist_ok=True)
        fetched.append(storage.fetch(manifest.named(page), folder))
    return fetched


def _joined(job: Job, manifest: SheetManifest | None, files: Sequence[Fetched]) -> tuple[Fetched, tuple[str, ...]]:
    """The pages of a sheet as one scan, put together on a Dask worker, and how they lie; a seam in doubt is pictured in the destination."""
    near = job.near / "joined"
    name = files[0].path.with_suffix(".tif").name if len(files) == 1 else f"{job.stem}.tif"
    scan_path, picture = near / name, near / f"{job.stem}.seam.png"
    near.mkdir(exist_ok=True)
    shown = job.out / job.stem / picture.name
    megapixels = _MEGAPIXELS_PER_MB * sum(file.size_bytes for file in files) / 1e6
    try:
        told = submit(
            job, "joining", megapixels, join_pages, [file.path for file in files], manifest, scan_path, picture
        ).result()
    except ScanError as error:
        if not picture.exists():
            raise
        storage.put_file(shown, picture)
        raise ScanError(error.subject, error.found, f"look at both ends in {shown}, and {error.remedy}") from error
    storage.remove(shown)
    # What the sheet was made from are its pages, whatever way they are put together.
    digest = files[0].sha256 if len(files) == 1 else _digest_of(files)
    uri = ", ".join(file.uri for file in files)
    return Fetched(scan_path, uri, sum(file.size_bytes for file in files), digest), tuple(told)


def _digest_of(files: Sequence[Fetched]) -> str:
    """One digest of several files: that of their digests, one a line, in their order."""
    return hashlib.sha256("".join(f"{file.sha256}\n" for file in files).encode()).hexdigest()


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
        f"write {job.stem}.sheet.yaml beside it: `veernet register` drafts it, and `veernet schema` says what it holds",
    )


def _scan_of(job: Job, manifest: Location, source: str | None) -> Location:
    """The scan that a manifest speaks of: the one it names, else the one of its stem beside it."""
    if source is not None:
        return manifest.named(source)
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

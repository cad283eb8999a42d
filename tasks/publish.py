"""Write what a sheet became: LAS, overlay and, last of all, the record whose presence means done."""

from __future__ import annotations

import platform
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from pathlib import Path

from prefect.logging import get_run_logger

from tasks.compute import overlay, page
from tasks.stage import stage
from tasks.state import Batch, Sheet, each
from tasks.workers import submit
from veernet import __version__, storage
from veernet.curves.assemble import Provenance, assemble_log, doubts, hardly_found
from veernet.curves.las import DepthLog, LasVersion, write_las
from veernet.digest import file_digest
from veernet.location import Location
from veernet.review.record import (
    DepthIndex,
    LostStretch,
    SheetRecord,
    Source,
    curve_record,
    lost_stretches,
    told_of_lost,
)
from veernet.sheets.geometry import DepthRegister
from veernet.sheets.manifest import SheetManifest

STAGE = "publish"
_SHAPING = ("isal", "lasio", "numba", "numpy", "opencv-python-headless", "rasterio", "torch", "zarr")


@stage("publish")
def publish(
    batch: Batch,
    label: str,  # noqa: ARG001 - it names the task's run
    model: dict[str, str],
    las_version: LasVersion,
    confidence: bool,
) -> Batch:
    """Write every sheet's files near, check them, and put them to the destination, the record last."""

    def step(sheet: Sheet) -> Sheet:
        return _publish(sheet, model, las_version, confidence)

    return each(batch, STAGE, step, get_run_logger())


def _publish(sheet: Sheet, model: dict[str, str], las_version: LasVersion, confidence: bool) -> Sheet:
    if sheet.record is not None:
        return sheet  # an archive run found its result there
    job, manifest, scan, manifest_file = sheet.job, sheet.manifest, sheet.scan, sheet.manifest_file
    assert manifest is not None
    assert scan is not None
    assert manifest_file is not None
    near = job.work_dir / job.stem / "out"
    near.mkdir(parents=True, exist_ok=True)
    digests = scan.sha256, manifest_file.sha256, model["sha256"]
    lost = tuple(told_of_lost(_lost(sheet, manifest), manifest.depth.unit))
    made = Provenance(scan.path.name, *digests, __version__, sheet.dpi, lost, sheet.registered)
    las = near / f"{job.stem}.las"
    drawn = sheet.geometries, manifest, sheet.traces
    pictures = submit(job, STAGE, sheet.megapixels, overlay, scan.path, *drawn, near, job.stem)
    try:
        log = assemble_log(job.stem, manifest, sheet.geometries, sheet.traces, made)
        report = write_las(log, las, version=las_version, confidence=confidence)
        record = _record(sheet, log, model, report.nulled)
        paged = submit(job, STAGE, sheet.megapixels, page, scan.path, *drawn, log, record, near)
    finally:  # another try must not find it still drawing
        overlays = pictures.result()
    files = [las, *overlays, paged.result(), *_made_of(sheet)]
    outputs = tuple(Source(uri=f"{job.stem}/{file.name}", sha256=file_digest(file)) for file in files)
    record = record.model_copy(update={"outputs": outputs})
    _put(near, files, record, job.out / job.stem)
    shutil.rmtree(job.store, ignore_errors=True)
    return replace(sheet, record=record, geometries=(), traces=())  # nobody downstream needs these many MB


def _record(sheet: Sheet, log: DepthLog, model: dict[str, str], nulled: Mapping[str, int]) -> SheetRecord:
    """The record of a sheet but for its outputs, which do not exist yet."""
    manifest, scan, manifest_file = sheet.manifest, sheet.scan, sheet.manifest_file
    assert manifest is not None
    assert scan is not None
    assert manifest_file is not None
    lost = _lost(sheet, manifest)
    warnings = told_of_lost(lost, manifest.depth.unit)
    warnings += sheet.registered.told_of_left_out if sheet.registered else ()
    warnings += [*sheet.doubts, *hardly_found(log), *doubts(manifest, sheet.geometries, sheet.traces)]
    warnings += [
        f"{mnemonic}: {count} values no file can hold became NULL" for mnemonic, count in nulled.items() if count
    ]
    return SheetRecord(
        sheet=sheet.job.stem,
        status="partial" if lost else "done",
        source=Source(uri=scan.uri, sha256=scan.sha256),
        manifest_sha256=manifest_file.sha256,
        registered=sheet.registered,
        model_sha256=model["sha256"],
        versions=_versions(model),
        seconds=sheet.seconds,
        depth=DepthIndex(
            unit=manifest.depth.unit, top=float(log.depths[0]), base=float(log.depths[-1]), step=manifest.depth.step
        ),
        curves=tuple(curve_record(c.mnemonic, log.depths, c.values, c.confidence) for c in log.curves),
        lost=lost,
        moved=sheet.moved,
        warnings=tuple(warnings),
    )


def _lost(sheet: Sheet, manifest: SheetManifest) -> tuple[LostStretch, ...]:
    """What the scan has lost of the depths that the manifest asks for."""
    depth = manifest.depth
    return lost_stretches(sheet.lost, DepthRegister.of(depth), depth.top_depth, depth.base_depth)


def _made_of(sheet: Sheet) -> list[Path]:
    """The manifest of a sheet that was registered by machine, and the draft that it is of; nothing of what a person gave."""
    if sheet.registered is None:
        return []
    assert sheet.manifest_file is not None
    manifest = sheet.manifest_file.path
    return [manifest, manifest.with_name(f"{sheet.job.stem}.draft.json")]


def _put(near: Path, files: list[Path], record: SheetRecord, folder: Location) -> None:
    """Put a sheet's files in place of an earlier run's, the record last; where that fails, the earlier ones stand (see ``put_files``)."""
    written = near / f"{record.sheet}.record.json"
    written.write_bytes(record.to_json())
    again = storage.exists(folder / written.name)
    storage.put_files(folder, [*files, written], again=again)
    if again:
        _remove_earlier_pieces(folder, record.sheet, {file.name for file in files})


def _remove_earlier_pieces(folder: Location, stem: str, kept: set[str]) -> None:
    """An earlier overlay may have had more pieces than this one, and an earlier manifest may have been made by machine."""
    piece = re.compile(re.escape(stem) + r"(-\d\d+\.png|\.sheet\.yaml)")
    for uri in list(storage.list_uris(folder)):
        name = uri.rpartition("/")[2]
        if piece.fullmatch(name) and name not in kept:
            storage.remove(folder / name)


def _versions(model: dict[str, str]) -> dict[str, str]:
    engine = {"engine": f"torch {model['device']} {model['precision']}"}
    return {"veernet": __version__, "python": platform.python_version(), **_installed(), **engine}


@cache
def _installed() -> dict[str, str]:
    """Versions of what shapes files; they are read off the disk, which costs more than a small sheet's LAS."""
    return {name: version(name) for name in _SHAPING}

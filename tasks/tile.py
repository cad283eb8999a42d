"""Cut the tracks of each sheet out of its scan into the work store."""

from __future__ import annotations

from dataclasses import replace

from prefect.logging import get_run_logger

from tasks.compute import tile_sheet
from tasks.stage import stage
from tasks.state import Batch, Sheet, each
from tasks.workers import submit
from veernet.sheets.geometry import DepthRegister

STAGE = "tile"


@stage("tile")
def tile(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Decode and rectify on a Dask worker, which a broken decoder may take with it, and not this process."""
    return each(batch, STAGE, _tile, get_run_logger())


def _tile(sheet: Sheet) -> Sheet:
    assert sheet.scan is not None
    assert sheet.manifest is not None
    refined, lost = submit(
        sheet.job,
        STAGE,
        sheet.megapixels,
        tile_sheet,
        sheet.scan.path,
        sheet.scan.path.name,
        sheet.geometries,
        DepthRegister.of(sheet.manifest.depth),
        [track.name for track in sheet.manifest.tracks],
        sheet.job.store,
    ).result()
    moved = (*sheet.moved, *refined.moved)
    return replace(sheet, geometries=refined.geometries, moved=moved, doubts=refined.doubts, lost=lost)

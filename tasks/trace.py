"""Trace the curves of each sheet from its class maps."""

from __future__ import annotations

from dataclasses import replace

from prefect.logging import get_run_logger

from tasks.compute import trace_strip
from tasks.stage import stage
from tasks.state import Batch, Sheet, each
from tasks.workers import submit
from veernet.curves.unseen import without_lost
from veernet.sheets.geometry import STRIP_WIDTH

STAGE = "trace"


@stage("trace")
def trace(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Trace every track on a Dask worker."""
    return each(batch, STAGE, _trace, get_run_logger())


def _trace(sheet: Sheet) -> Sheet:
    assert sheet.manifest is not None
    traced = []
    for index, (track, geometry) in enumerate(zip(sheet.manifest.tracks, sheet.geometries, strict=True)):
        megapixels = geometry.rows * STRIP_WIDTH / 1e6
        traced.append(submit(sheet.job, STAGE, megapixels, trace_strip, sheet.job.store, index, track))
    traces = [
        without_lost(one.result(), geometry, sheet.lost) for one, geometry in zip(traced, sheet.geometries, strict=True)
    ]
    return replace(sheet, traces=tuple(traces))

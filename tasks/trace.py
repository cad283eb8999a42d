"""Trace the curves of each sheet from its class maps."""

from __future__ import annotations

from dataclasses import replace

from prefect import task
from prefect.logging import get_run_logger

from tasks.compute import trace_strip
from tasks.state import Batch, Sheet, each
from tasks.workers import current_client, result_of

STAGE = "trace"


@task(task_run_name="trace {label}", cache_result_in_memory=False)
def trace(batch: Batch, label: str) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Trace every track on a Dask worker."""
    return each(batch, STAGE, _trace, get_run_logger())


def _trace(sheet: Sheet) -> Sheet:
    assert sheet.manifest is not None
    futures = [
        current_client().submit(trace_strip, sheet.job.store, index, track, pure=False, retries=1)
        for index, track in enumerate(sheet.manifest.tracks)
    ]
    return replace(sheet, traces=tuple(result_of(future) for future in futures))

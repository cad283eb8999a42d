"""Segment the strips of a batch of sheets, shard by shard, on the Dask workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from distributed import Client, Future, as_completed
from prefect import task
from prefect.logging import get_run_logger

from tasks.compute import segment_shard
from tasks.progress import report
from tasks.state import Batch, Sheet, fail
from tasks.workers import current_client, result_of
from veernet.errors import VeerNetError
from veernet.sheets.work import SHARD_ROWS

STAGE = "segment"
#: Shards in flight for each worker: one that runs, one that waits.
IN_FLIGHT = 2


@task(task_run_name="segment {label}")
def segment(batch: Batch, label: str, weights: str | None) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Segment all shards of all sheets of the batch together, so that no worker waits for a sheet's end."""
    logger = get_run_logger()
    client = current_client()
    rows = {index: sum(g.rows for g in sheet.geometries) for index, sheet in enumerate(batch)}
    done = dict.fromkeys(rows, 0)
    sheets = list(batch)
    shards = _shards(sheets)
    started = time.monotonic()
    owners: dict[Future[int | VeerNetError], int] = {}
    waiting = as_completed([], with_results=False)
    for _ in range(IN_FLIGHT * max(1, len(client.scheduler_info()["workers"]))):
        _submit_next(client, batch, shards, weights, owners, waiting)
    for future in waiting:
        index = owners.pop(future)
        try:
            done[index] += result_of(future)
        except Exception as error:  # noqa: BLE001 - a fault in one sheet's shard must not take the others
            if sheets[index].failure is None:
                sheets[index] = fail(sheets[index], STAGE, error, logger)
        else:
            report(sheets[index].name, STAGE, done[index] / max(rows[index], 1))
            if done[index] == rows[index]:
                seconds = round(time.monotonic() - started, 3)
                logger.info("%s: segment took %.2f s, its batch included", sheets[index].name, seconds)
                sheets[index] = replace(sheets[index], seconds={**sheets[index].seconds, STAGE: seconds})
        _submit_next(client, batch, shards, weights, owners, waiting)
    return tuple(sheets)


def _shards(sheets: Sequence[Sheet]) -> Iterator[tuple[int, int, int]]:
    """Sheet, track and first row of every shard, as long as its sheet has not failed."""
    for index, sheet in enumerate(sheets):
        for track, geometry in enumerate(sheet.geometries):
            for first_row in range(0, geometry.rows, SHARD_ROWS):
                if sheets[index].failure is None:
                    yield index, track, first_row


def _submit_next(
    client: Client,
    batch: Batch,
    shards: Iterator[tuple[int, int, int]],
    weights: str | None,
    owners: dict[Future[int | VeerNetError], int],
    waiting: as_completed,
) -> None:
    following = next(shards, None)
    if following is None:
        return
    index, track, first_row = following
    sheet = batch[index]
    rows = sheet.geometries[track].rows
    future = client.submit(segment_shard, sheet.job.store, track, first_row, rows, weights, pure=False, retries=1)
    owners[future] = index
    waiting.add(future)

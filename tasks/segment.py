"""Segment the strips of a batch of sheets, chunk by chunk, on the Dask workers."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from distributed import Future, as_completed
from prefect.logging import get_run_logger

from tasks.compute import segment_chunk
from tasks.progress import report
from tasks.retries import again
from tasks.stage import stage
from tasks.state import Batch, Sheet, fail
from tasks.workers import Submitted, inference_workers, submit
from veernet.errors import VeerNetError
from veernet.network.tiles import TILE_ROWS
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.geometry import STRIP_WIDTH

STAGE = "segment"
#: Chunks in flight for each worker: one that runs, one that waits.
IN_FLIGHT = 2


@stage("segment")
def segment(batch: Batch, label: str, weights: str | None) -> Batch:  # noqa: ARG001 - the label names the task's run
    """Segment all chunks of all sheets of the batch together, so that no worker waits for a sheet's end."""
    logger = get_run_logger()
    rows = {index: sum(g.rows for g in sheet.geometries) for index, sheet in enumerate(batch)}
    done = dict.fromkeys(rows, 0)
    sheets = list(batch)
    chunks = _chunks(sheets)
    started = time.monotonic()
    owners: dict[Future[int | VeerNetError], tuple[_Chunk, Submitted[int]]] = {}
    waiting = as_completed([], with_results=False)
    for _ in range(IN_FLIGHT * max(1, inference_workers()[0])):
        _submit(next(chunks, None), batch, weights, owners, waiting)
    for future in waiting:
        chunk, submitted = owners.pop(future)
        index, following = chunk.sheet, None
        try:
            done[index] += submitted.result()
        except Exception as error:  # noqa: BLE001 - a fault in one sheet's chunk must not take the others
            if sheets[index].failure is None and again(error, chunk.tries):
                following = chunk.again()
            elif sheets[index].failure is None:
                sheets[index] = fail(sheets[index], STAGE, error, logger)
        else:
            report(sheets[index].name, STAGE, done[index] / max(rows[index], 1))
            if done[index] == rows[index]:
                seconds = round(time.monotonic() - started, 3)
                logger.debug("%s: segment took %.2f s, its batch included", sheets[index].name, seconds)
                sheets[index] = replace(sheets[index], seconds={**sheets[index].seconds, STAGE: seconds})
        _submit(following or next(chunks, None), batch, weights, owners, waiting)
    return tuple(sheets)


@dataclass(frozen=True)
class _Chunk:
    """A piece of a strip: its sheet's place in the batch, its track, its first row, which try this is, and rows that the network is given at once."""

    sheet: int
    track: int
    first_row: int
    tries: int = 1
    tile_rows: int = TILE_ROWS

    def again(self) -> _Chunk:
        """The same with less at once: what took its worker along may have been a want of memory, and the result is the same."""
        return replace(self, tries=self.tries + 1, tile_rows=self.tile_rows // 2)


def _chunks(sheets: Sequence[Sheet]) -> Iterator[_Chunk]:
    """Every chunk, as long as its sheet has not failed."""
    for index, sheet in enumerate(sheets):
        for track, geometry in enumerate(sheet.geometries):
            for first_row in range(0, geometry.rows, CHUNK_ROWS):
                if sheets[index].failure is None:
                    yield _Chunk(index, track, first_row)


def _submit(
    chunk: _Chunk | None,
    batch: Batch,
    weights: str | None,
    owners: dict[Future[int | VeerNetError], tuple[_Chunk, Submitted[int]]],
    waiting: as_completed,
) -> None:
    if chunk is None:
        return
    sheet = batch[chunk.sheet]
    rows = sheet.geometries[chunk.track].rows
    place = (sheet.job.store, chunk.track, chunk.first_row, rows)
    megapixels = CHUNK_ROWS * STRIP_WIDTH / 1e6
    submitted = submit(
        sheet.job, STAGE, megapixels, segment_chunk, *place, weights, chunk.tile_rows, inference=True, many=True
    )
    owners[submitted.future] = chunk, submitted
    waiting.add(submitted.future)

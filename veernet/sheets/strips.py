"""Cut the tracks of a scan out as strips, in one pass over the scan.

Places on the scan are counted from the corner of the strip's block of `BLOCK_ROWS` that they belong to, on a grid of its own, so that no
value depends on how the scan came in bands or on the size of the pieces that leave. Held in memory: the rows that the next few
blocks of any track need, and one piece a track.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numba import njit

from veernet.sheets.geometry import STRIP_WIDTH, TRACK_COLUMNS, StripGeometry, fraction_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from veernet.sheets.raster import Band

BLOCK_ROWS = 64
"""Strip rows whose places are counted from one corner; pieces are whole numbers of blocks."""
ROWS_PER_PIECE = 4096
"""Strip rows of a piece, if the caller does not say otherwise."""

# Resampled at once, as long as that is not many rows of the scan: of fewer, most of the time goes to asking the geometry where they lie.
_BLOCKS_AT_ONCE = 8
_PX_AT_ONCE = 1024
# Bilinear interpolation looks one px beyond; the rest is for rounding.
_REACH_PX = 2
# Places across a strip at which its geometry is asked where a row lies: between them rows and edges are straight.
_NODES = 3
# Source px between two samples, beyond one: bilinear interpolation sees a stroke of one px from either side of it.
_SPARSE_PX = 0.2


def cut_strips(
    bands: Iterable[Band], geometries: Sequence[StripGeometry], rows_per_piece: int = ROWS_PER_PIECE
) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Cut all strips in one pass over the bands.

    Args:
        bands: Consecutive bands of the scan, top down. What they do not cover is paper. Bands below the last strip are
            not asked for.
        geometries: One a track.
        rows_per_piece: Strip rows of a piece, a multiple of `BLOCK_ROWS`.

    Yields:
        Track index, first strip row and darkness uint8 `(n, 512)`, with `n = rows_per_piece` but for a strip's last
        piece. Pieces of one track come in order, each once, and together are the whole strip; tracks take turns.

    Raises:
        ValueError: `rows_per_piece` is no multiple of `BLOCK_ROWS`, or the bands are not consecutive.
    """
    if rows_per_piece < 1 or rows_per_piece % BLOCK_ROWS:
        msg = f"rows_per_piece is {rows_per_piece}, not a positive multiple of {BLOCK_ROWS}"
        raise ValueError(msg)
    source = _SourceRows()
    cutters = [_Cutter(geometry, rows_per_piece) for geometry in geometries]
    for band in bands:
        source.append(band)
        for track, cutter in enumerate(cutters):
            for first_row, piece in cutter.pieces(source):
                yield track, first_row, piece
        if all(cutter.done for cutter in cutters):
            return
        source.drop_before(min(cutter.first_needed_px for cutter in cutters if not cutter.done))
    source.ended = True
    for track, cutter in enumerate(cutters):
        for first_row, piece in cutter.pieces(source):
            yield track, first_row, piece


class _SourceRows:
    """The rows of the scan that are held at the moment."""

    def __init__(self) -> None:
        self._bands: deque[Band] = deque()
        self.end_row = 0
        self.width = 0
        self.ended = False

    def append(self, band: Band) -> None:
        rows, width = band.darkness.shape
        if self.width and (band.first_row, width) != (self.end_row, self.width):
            before = f"one that ended at {self.end_row} with {self.width}"
            msg = f"band of row {band.first_row} and width {width} after {before}"
            raise ValueError(msg)
        self._bands.append(band)
        self.end_row, self.width = band.first_row + rows, width

    def drop_before(self, row: int) -> None:
        while self._bands and self._bands[0].first_row + len(self._bands[0].darkness) <= row:
            self._bands.popleft()

    def window(self, rows: slice, columns: slice) -> NDArray[np.uint8]:
        """Darkness of a window of the plane, paper where no row is held or the scan has no column."""
        window = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.uint8)
        inside = slice(max(columns.start, 0), max(min(columns.stop, self.width), 0))
        if inside.start >= inside.stop:
            return window
        for band in self._bands:
            start, stop = max(rows.start, band.first_row), min(rows.stop, band.first_row + len(band.darkness))
            if start < stop:
                part = band.darkness[start - band.first_row : stop - band.first_row, inside]
                window[
                    start - rows.start : stop - rows.start, inside.start - columns.start : inside.stop - columns.start
                ] = part
        return window


class _Cutter:
    """Cuts one track's strip, block by block."""

    def __init__(self, geometry: StripGeometry, rows_per_piece: int) -> None:
        self._geometry = geometry
        self._rows_per_piece = rows_per_piece
        self._next_row = 0
        self._piece = np.zeros((0, STRIP_WIDTH), np.uint8)
        blocks = int(_PX_AT_ONCE * geometry.row_scale) // BLOCK_ROWS
        self._rows_at_once = BLOCK_ROWS * min(max(blocks, 1), _BLOCKS_AT_ONCE)
        self._down = _samples(1 / geometry.row_scale)
        self._across = _samples(geometry.widest_px() / TRACK_COLUMNS)
        self._reach_px = _REACH_PX + geometry.shift_reach_px
        fractions = fraction_at(_sample_positions(0, STRIP_WIDTH, self._across))
        self._node_fractions = np.array([fractions[0], 0.5, fractions[-1]])
        self._of_nodes = np.stack([np.interp(fractions, self._node_fractions, node) for node in np.eye(_NODES)])

    @property
    def done(self) -> bool:
        return self._next_row >= self._geometry.rows

    @property
    def first_needed_px(self) -> int:
        return math.floor(self._geometry.source_row(self._next_row - 0.5)) - self._reach_px

    def pieces(self, source: _SourceRows) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """The pieces that the rows held so far complete."""
        while not self.done:
            offset = self._next_row % self._rows_per_piece
            rows = min(self._rows_at_once, self._rows_per_piece - offset)
            end_row = min(self._next_row + rows, self._geometry.rows)
            end_needed_px = math.ceil(self._geometry.source_row(end_row - 0.5)) + self._reach_px
            if end_needed_px > source.end_row and not source.ended:
                return
            if offset == 0:
                rows = min(self._rows_per_piece, self._geometry.rows - self._next_row)
                self._piece = np.zeros((rows, STRIP_WIDTH), np.uint8)
            self._cut(source, end_row, end_needed_px, self._piece[offset : offset + end_row - self._next_row])
            self._next_row = end_row
            if self.done or self._next_row % self._rows_per_piece == 0:
                yield self._next_row - len(self._piece), self._piece

    def _cut(self, source: _SourceRows, end_row: int, end_needed_px: int, strip: NDArray[np.uint8]) -> None:
        """Cut the rows from the next one up to `end_row` into a part of a piece that is paper so far."""
        ticked_px = self._geometry.source_row(_sample_positions(self._next_row, end_row, self._down))
        rows_px = self._geometry.printed_row(ticked_px[:, None], self._node_fractions[None, :])
        columns_px = self._geometry.column_px(rows_px, self._node_fractions[None, :])
        # Corners are laid by the geometry alone: the same sums, to the last bit, however the scan arrives.
        samples = np.arange(0, len(rows_px), BLOCK_ROWS * self._down)
        blocks = np.arange(self._next_row, end_row, BLOCK_ROWS)
        top_px = np.floor(self._geometry.source_row(blocks - 0.5)).astype(np.int64) - self._reach_px
        left_px = np.floor(np.minimum.reduceat(columns_px.min(axis=1), samples)).astype(np.int64) - _REACH_PX
        window_rows = slice(self.first_needed_px, end_needed_px)
        window_columns = slice(int(left_px.min()), math.ceil(columns_px.max()) + _REACH_PX)
        window = source.window(window_rows, window_columns)
        if not window.any():
            return
        corners = np.stack([top_px, left_px], axis=1)
        first = np.array([window_rows.start, window_columns.start])
        sampled = strip
        if (self._down, self._across) != (1, 1):
            sampled = np.empty((len(strip) * self._down, STRIP_WIDTH * self._across), np.uint8)
        _sample(window, first, corners, BLOCK_ROWS * self._down, rows_px, columns_px, self._of_nodes, sampled)
        if sampled is not strip:
            strip[:] = cv2.resize(sampled, (STRIP_WIDTH, len(strip)), interpolation=cv2.INTER_AREA)


@njit(cache=True, nogil=True, fastmath={"contract"})
def _sample(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    window, first, corners, block_rows, rows_px, columns_px, of_nodes, sampled
):
    """Look a window up between its px, as OpenCV's ``remap`` does, to the last bit.

    Three loops a row, of which the first and the last are done for many px at once: only to fetch the four px about a place takes one after the other.
    """
    width = sampled.shape[1]
    px = window.ravel()
    pitch = np.uint64(window.shape[1])
    at = np.empty(width, np.uint32)
    down, across = np.empty(width, np.float32), np.empty(width, np.float32)
    four = np.empty((4, width), np.uint8)
    for row in range(len(sampled)):
        top, left = corners[row // block_rows]
        row_0, row_1, row_2 = rows_px[row, 0] - top, rows_px[row, 1] - top, rows_px[row, 2] - top
        column_0, column_1, column_2 = columns_px[row, 0] - left, columns_px[row, 1] - left, columns_px[row, 2] - left
        corner = np.int32((top - first[0]) * window.shape[1] + left - first[1])
        for x in range(width):
            y = np.float32(row_0 * of_nodes[0, x] + row_1 * of_nodes[1, x] + row_2 * of_nodes[2, x])
            z = np.float32(column_0 * of_nodes[0, x] + column_1 * of_nodes[1, x] + column_2 * of_nodes[2, x])
            above, before = np.int32(y), np.int32(z)
            down[x], across[x] = y - np.float32(above), z - np.float32(before)
            at[x] = np.uint32(corner + above * np.int32(window.shape[1]) + before)
        for x in range(width):
            place = np.uint64(at[x])
            four[0, x], four[1, x] = px[place], px[place + np.uint64(1)]
            four[2, x], four[3, x] = px[place + pitch], px[place + pitch + np.uint64(1)]
        for x in range(width):
            upper = np.float32(four[0, x]) + across[x] * (np.float32(four[1, x]) - np.float32(four[0, x]))
            lower = np.float32(four[2, x]) + across[x] * (np.float32(four[3, x]) - np.float32(four[2, x]))
            sampled[row, x] = np.uint8(np.int32(np.rint(upper + down[x] * (lower - upper))))


def _samples(source_px: float) -> int:
    """Samples of a strip px that is so many source px long: as many as it takes that no stroke falls between two."""
    return max(1, math.ceil(source_px - _SPARSE_PX))


def _sample_positions(start: int, end: int, samples: int) -> NDArray[np.float64]:
    """Positions of evenly spread samples, so many a px, over the px from `start` to `end`."""
    return start - 0.5 + (np.arange((end - start) * samples) + 0.5) / samples

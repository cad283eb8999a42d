"""Cut the tracks of a scan out as strips, in one pass over the scan.

Each strip is worked out in blocks of `BLOCK_ROWS` on a grid of its own, so that no value depends on how the scan came
in bands or on the size of the pieces that leave. Held in memory: the rows that the next block of any track needs, and
one piece a track.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np

from veernet.sheets.geometry import STRIP_WIDTH, TRACK_COLUMNS, StripGeometry, fraction_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from veernet.sheets.raster import Band

BLOCK_ROWS = 64
"""Strip rows resampled at once; pieces are whole numbers of blocks."""
ROWS_PER_PIECE = 4096
"""Strip rows of a piece, if the caller does not say otherwise."""

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
            end_row = min(self._next_row + BLOCK_ROWS, self._geometry.rows)
            end_needed_px = math.ceil(self._geometry.source_row(end_row - 0.5)) + self._reach_px
            if end_needed_px > source.end_row and not source.ended:
                return
            offset = self._next_row % self._rows_per_piece
            if offset == 0:
                rows = min(self._rows_per_piece, self._geometry.rows - self._next_row)
                self._piece = np.zeros((rows, STRIP_WIDTH), np.uint8)
            self._piece[offset : offset + end_row - self._next_row] = self._block(source, end_row, end_needed_px)
            self._next_row = end_row
            if self.done or self._next_row % self._rows_per_piece == 0:
                yield self._next_row - len(self._piece), self._piece

    def _block(self, source: _SourceRows, end_row: int, end_needed_px: int) -> NDArray[np.uint8]:
        """Strip rows from the next one up to `end_row`."""
        rows = end_row - self._next_row
        ticked_px = self._geometry.source_row(_sample_positions(self._next_row, end_row, self._down))
        rows_px = self._geometry.printed_row(ticked_px[:, None], self._node_fractions[None, :])
        columns_px = self._geometry.column_px(rows_px, self._node_fractions[None, :])
        # The window is laid by the geometry alone: the same sums, to the last bit, however the scan arrives.
        window_rows = slice(self.first_needed_px, end_needed_px)
        window_columns = slice(math.floor(columns_px.min()) - _REACH_PX, math.ceil(columns_px.max()) + _REACH_PX)
        window = source.window(window_rows, window_columns)
        if not window.any():
            return np.zeros((rows, STRIP_WIDTH), np.uint8)
        map_rows, map_columns = (
            ((nodes_px - start) @ self._of_nodes).astype(np.float32)
            for nodes_px, start in ((rows_px, window_rows.start), (columns_px, window_columns.start))
        )
        sampled = cv2.remap(
            window, map_columns, map_rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
        )
        if (self._down, self._across) == (1, 1):
            return sampled.astype(np.uint8, copy=False)
        return cv2.resize(sampled, (STRIP_WIDTH, rows), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)


def _samples(source_px: float) -> int:
    """Samples of a strip px that is so many source px long: as many as it takes that no stroke falls between two."""
    return max(1, math.ceil(source_px - _SPARSE_PX))


def _sample_positions(start: int, end: int, samples: int) -> NDArray[np.float64]:
    """Positions of evenly spread samples, so many a px, over the px from `start` to `end`."""
    return start - 0.5 + (np.arange((end - start) * samples) + 0.5) / samples

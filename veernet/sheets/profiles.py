"""Two small profiles of a strip, out of which its printed lines are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit, uint8
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from veernet.sheets.geometry import MARGIN, TRACK_COLUMNS

#: Blocks of columns across a track, and their centres as parts of its width, 0 in its middle.
BLOCKS = 12
BLOCK_CENTRES = (np.arange(BLOCKS) + 0.5) / BLOCKS - 0.5
#: Strip rows of a window of columns.
COLUMN_WINDOW_ROWS = 64


@dataclass(frozen=True)
class Profiles:
    """Profiles of a strip.

    Args:
        rows: Mean darkness of each row in each block of columns, float32 ``(strip rows, 12)``.
        columns: Mean darkness of each column in each window of 64 rows, float32 ``(windows, 512)``.
    """

    rows: NDArray[np.float32]
    columns: NDArray[np.float32]


class Profiler:
    """Takes a strip piece by piece and keeps its profiles."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []
        self._columns: list[NDArray[np.float32]] = []

    def add(self, piece: NDArray[np.uint8]) -> None:
        """Take the next piece, uint8 ``(n, 512)``, n a multiple of 64 but for the last one."""
        rows, columns = _sums(np.ascontiguousarray(piece))
        self._rows.append(rows / np.float32(TRACK_COLUMNS // BLOCKS))
        heights = np.minimum(COLUMN_WINDOW_ROWS, len(piece) - np.arange(len(columns)) * COLUMN_WINDOW_ROWS)
        self._columns.append(columns / heights[:, None].astype(np.float32))

    def profiles(self) -> Profiles:
        """The profiles of all that was taken."""
        return Profiles(np.concatenate(self._rows), np.concatenate(self._columns))


# Compiled when it is imported, as its types say: numba's own start, half a second, is then had before workers are forked, and not by each of them.
@njit((uint8[:, ::1],), cache=True, nogil=True)
def _sums(piece):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Sums of each row in each block of columns, and of each column in each window of rows: whole numbers, which float32 holds."""
    height, width = piece.shape
    rows = np.empty((height, BLOCKS), np.float32)
    columns = np.zeros((-(-height // COLUMN_WINDOW_ROWS), width), np.uint32)
    block = TRACK_COLUMNS // BLOCKS
    for row in range(height):
        window = columns[row // COLUMN_WINDOW_ROWS]
        for column in range(width):
            window[column] += np.uint32(piece[row, column])
        for index in range(BLOCKS):
            total = np.uint32(0)
            for column in range(MARGIN + index * block, MARGIN + (index + 1) * block):
                total += np.uint32(piece[row, column])
            rows[row, index] = total
    return rows, columns.astype(np.float32)


def without_median(rows: NDArray[np.float32], size: int) -> NDArray[np.float32]:
    """What stands out of the running median along each of the rows ``(n, m)``: features thinner than half of ``size``, an odd number.

    All rows are filtered as one with their ends held on to between them, because only of one row is the filter quick: in a tenth of the time.
    """
    half = size // 2
    held = np.pad(rows, ((0, 0), (half, half)), mode="edge")
    median = median_filter(held.ravel(), size).reshape(held.shape)
    return rows - median[:, half:-half]

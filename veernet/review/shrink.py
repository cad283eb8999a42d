"""Pictures shrunk to fewer px, each the mean of what it covers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def shrunk(pixels: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """A picture uint8 `(rows, columns)` as `(height, width)`, neither of them more than it has; itself if they are as many.

    As OpenCV's ``INTER_AREA``, but for rounding, in about half of its time.
    """
    if pixels.shape == (height, width):
        return pixels
    small = np.empty((height, width), np.uint8)
    _average(np.ascontiguousarray(pixels), small)
    return small


@njit(cache=True, nogil=True, error_model="numpy")
def _average(pixels, small):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rows, columns = pixels.shape
    height, width = small.shape
    across, down = columns / width, rows / height
    first = np.empty(width, np.uint64)  # unsigned, else each px would be asked whether its place counts from the end
    # A px of the picture covers a part of its first column, some whole ones, and a part of its last.
    most = int(np.ceil(across)) + 1
    weights = np.zeros((most, width), np.float32)
    for x in range(width):
        left, right = x * across, (x + 1) * across
        start = max(min(int(left), columns - most), 0)
        first[x] = start
        for place in range(most):
            at = float(start + place)
            weights[place, x] = max(0.0, min(right, at + 1.0) - max(left, at)) / across
    sums = np.empty(max(columns, most), np.float32)
    means = np.empty(width, np.float32)
    for y in range(height):
        top, bottom = y * down, (y + 1) * down
        sums[:] = 0
        for row in range(int(top), min(int(np.ceil(bottom - 1e-9)), rows)):
            weight = np.float32((min(bottom, row + 1.0) - max(top, float(row))) / down)
            for column in range(columns):
                sums[column] += weight * np.float32(pixels[row, column])
        means[:] = 0
        for place in range(np.uint64(most)):
            for x in range(width):
                means[x] += weights[place, x] * sums[first[x] + place]
        for x in range(width):
            small[y, x] = np.uint8(np.int32(means[x] + np.float32(0.5)))

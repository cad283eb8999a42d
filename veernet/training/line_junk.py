"""What the finder of text takes for lines of print and says nothing: curves, grids, samples of lines, hatching and blots."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]


def sample_junk(large: float, rng: np.random.Generator) -> ByteArray:
    """Draw some ink as high as a line of print is, uint8 ``(rows, columns)``, 255 where there is any.

    Args:
        large: Height of that line's capitals, px.
        rng: To draw from.
    """
    rows = round(large * float(rng.uniform(0.8, 1.8)))
    ink = np.zeros((rows, round(large * float(rng.uniform(2.5, 9.0)))), np.uint8)
    pen = max(1, round(large * float(rng.uniform(0.05, 0.16))))
    for _ in range(1 + int(rng.random() < 0.3)):
        _KINDS[int(rng.integers(len(_KINDS)))](ink, pen, rng)
    return ink


def _curves(ink: ByteArray, pen: int, rng: np.random.Generator) -> None:
    """Pieces of curves, up and down or across."""
    rows, columns = ink.shape
    for _ in range(int(rng.integers(1, 4))):
        steps = np.linspace(0.0, 1.0, 24)
        walk = np.cumsum(rng.normal(0.0, 0.35, 24))
        if rng.random() < 0.7:
            points = np.stack([columns * rng.uniform(0.1, 0.9) + walk * rows * 0.8, steps * rows], axis=1)
        else:
            points = np.stack([steps * columns, rows * rng.uniform(0.2, 0.8) + walk * rows * 0.3], axis=1)
        _stroke(ink, points, pen)


def _grid(ink: ByteArray, pen: int, rng: np.random.Generator) -> None:
    """Lines of a grid, up and down, with or without lines across; some reach only so far."""
    rows, columns = ink.shape
    apart = rows * float(rng.uniform(0.25, 0.9))
    top = 0 if rng.random() < 0.5 else int(rng.integers(rows // 2))
    logarithmic = rng.random() < 0.3
    places = np.arange(0.5 * apart, columns, apart)
    if logarithmic:
        places = np.log10(np.arange(1, 11)) * rows * 3.0 + 1
    for column in places:
        ink[top:, round(column) : round(column) + max(1, pen // 2)] = 255
    if rng.random() < 0.6:
        row = int(rng.integers(rows))
        ink[row : row + max(1, pen // 2)] = 255


def _dashes(ink: ByteArray, pen: int, rng: np.random.Generator) -> None:
    """A sample of a curve's line: strokes across, or dots."""
    rows, columns = ink.shape
    row = int(rng.uniform(0.3, 0.7) * rows)
    stroke, gap = rng.uniform(0.3, 2.0) * rows, rng.uniform(0.2, 0.8) * rows
    across = (np.arange(columns) + rng.uniform(0.0, stroke)) % (stroke + gap) < stroke
    if rng.random() < 0.3:
        across[:] = True
    ink[row : row + pen, across] = 255


def _hatching(ink: ByteArray, pen: int, rng: np.random.Generator) -> None:
    """Strokes aslant, side by side, as shading has them."""
    rows, columns = ink.shape
    apart, lean = rows * float(rng.uniform(0.2, 0.5)), rows * float(rng.uniform(-1.0, 1.0))
    for column in np.arange(-abs(lean), columns + abs(lean), apart):
        _stroke(ink, np.array([[column, 0.0], [column + lean, float(rows)]]), max(1, pen // 2))


def _blots(ink: ByteArray, _: int, rng: np.random.Generator) -> None:
    """Dirt, in shapes like no letter's."""
    rough = np.asarray(cv2.GaussianBlur(rng.standard_normal(ink.shape, np.float32), (0, 0), 0.12 * ink.shape[0]))
    ink[rough > np.quantile(rough, rng.uniform(0.75, 0.96))] = 255


def _stroke(ink: ByteArray, points: NDArray[np.float64], pen: int) -> None:
    cv2.polylines(
        ink, [np.round(points).astype(np.int32)], isClosed=False, color=255, thickness=pen, lineType=cv2.LINE_AA
    )


_KINDS = (_curves, _grid, _dashes, _hatching, _blots)

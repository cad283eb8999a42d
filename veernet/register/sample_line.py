"""How a curve is drawn, by the line that stands for it in the scale block."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.block_words import Print, level_ink
from veernet.register.curves_told import Told
from veernet.register.draft import Style
from veernet.register.text import Line

_SOLID, _DASHED = 0.93, 0.3
_DASH_INCHES = 0.025
_MARGIN = 0.04
_ABOVE_INCHES = 0.04
_BELOW_INCHES = 0.2
_THICK_INCHES = 0.012
"""Over which a line that wanders is gathered."""
_FEWEST_STROKES = 5
_A_TAIL = 0.2
"""Ink in a row of tails and brackets over that in a word's fullest row."""
_FREE = 0.2
"""Share of a row that words must leave for its ink to be judged."""


def style_of(printed: Print, told: Told, left: float, right: float, below: float) -> tuple[Style, float]:
    """Solid, dashed or dotted, and how sure that is.

    Args:
        printed: The block.
        told: The curve.
        left: Left edge of its track, full px.
        right: Right edge.
        below: First row of what stands below it.
    """
    dpi = printed.dpi
    margin = _MARGIN * (right - left)
    box = told.row.box
    first = box.end_row - _ABOVE_INCHES * dpi if told.one_row else told.box.top_row + _ABOVE_INCHES * dpi
    end = min(below + 0.02 * dpi if told.one_row else below, box.end_row + _BELOW_INCHES * dpi)
    if told.on_line:
        end = 0.5 * (box.top_row + box.end_row)
    ink = level_ink(printed, (first, end), (left + margin, right - margin))
    line = _line(ink, _words(printed, ink.shape, first, left + margin), max(1, round(_THICK_INCHES * dpi) // 2))
    if line is None:
        return "solid", 0.3
    most = float(line.mean())
    if most >= _SOLID:
        return "solid", 0.95
    strokes = int((np.diff(line.astype(np.int8)) == 1).sum()) or 1
    long = line.sum() / strokes > _DASH_INCHES * dpi
    return "dashed" if long else "dotted", 0.95 if strokes >= _FEWEST_STROKES else 0.5


def _words(printed: Print, shape: tuple[int, ...], top: float, left: float) -> NDArray[np.bool_]:
    """Where words stand in some rows and columns, ``shape``."""
    found = np.zeros(shape, bool)
    for line in printed.lines:
        middle = 0.5 * (line.left + line.right) - left - 0.5 * shape[1]
        # The finder's boxes are larger than the letters, and would cover the line beside them.
        ink = printed.bare[_rows(printed, line), round(line.left) : round(line.right)]
        inked = np.flatnonzero(ink.any(axis=1))
        if not inked.size:
            continue
        kept = ink[inked[0] : inked[-1] + 1]
        # Brackets and tails of letters reach the line below a long name: there they alone are in its way.
        across = kept.sum(axis=1) > _A_TAIL * kept.sum(axis=1).max()
        taken = across[:, None] | (cv2.dilate(kept, np.ones((3, 3), np.uint8)) > 0)
        row = round(_rows(printed, line).start + printed.top - top - printed.slope * middle + inked[0])
        _mark(found, taken, row, round(line.left - left))
    return found


def _mark(found: NDArray[np.bool_], taken: NDArray[np.bool_], row: int, column: int) -> None:
    """Mark what is taken, from a row and a column on, as far as it lies inside."""
    rows = slice(max(0, row), max(0, min(len(found), row + len(taken))))
    columns = slice(max(0, column), max(0, min(found.shape[1], column + taken.shape[1])))
    if rows.start < rows.stop and columns.start < columns.stop:
        found[rows, columns] |= taken[
            rows.start - row : rows.stop - row, columns.start - column : columns.stop - column
        ]


def _rows(printed: Print, line: Line) -> slice:
    return slice(max(0, round(line.top) - printed.top), max(0, round(line.end) - printed.top))


def _line(ink: NDArray[np.uint8], words: NDArray[np.bool_], half: int) -> NDArray[np.bool_] | None:
    """Along the first row of rows that are a line, which columns have ink, words left out; None where no row is one."""
    best: NDArray[np.bool_] | None = None
    for row in range(len(ink)):
        free = ~words[row]
        if free.mean() < _FREE:
            continue
        line = np.asarray(ink[max(0, row - half) : row + half + 1, free].any(axis=0), bool)
        share = float(line.mean())
        if best is None:
            best = line if share >= _DASHED else None
        elif share > float(best.mean()) + 0.02:
            best = line
        elif share < 0.5 * float(best.mean()):
            break
    return best

"""Dashed lines that go on through print, taken out of it: dashes at even distances, beneath letters and between them.

The sample line of a curve runs from edge to edge of its track, close beneath the name and close above the values. Its dashes touch some letters and
stand between others, so they neither follow each other for long nor have clear paper about them; but where two are, the others are told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits
from veernet.register.pieces import pieces_of

_THICK_INCHES = 0.03
_LONG_INCHES = (0.03, 0.15)
"""Of a dash."""
_ONE_LEVEL_INCHES = 0.012
_ALIKE = 0.35
"""By which dashes of a line differ in length, as a share of it."""
_FURTHEST_APART = 2.5
"""From one dash to the next, over its length."""
_IN_PLACE = 0.3
"""Of a dash's length, by which it may be out of its place."""
_FEWEST = 5
"""Dashes of a line that touch nothing."""
_INKED = 0.75
"""Of the length of a dash that has ink in its row where letters hide it."""
_OPEN = 0.4
"""Share of the gaps between them that are paper."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class _Dash:
    """Where a dash begins, how long it is, its middle row, how thick it is, px, and which mark it is; None if letters hide it."""

    start: float
    long: float
    row: float
    thick: float
    mark: int | None


def without_dashed_lines(bare: Bits, slope: float, dpi: float) -> Bits:
    """Ink without lines of even dashes, nor what of letters these went through.

    Args:
        bare: Ink without rules, ``(rows, columns)``, 0 or 1.
        slope: By how many rows rules across fall per column.
        dpi: Of the ink.
    """
    left = bare.copy()
    for line in _lines(bare, slope, dpi):
        for dash in line:
            top, end = round(dash.row - 0.5 * dash.thick) - 1, round(dash.row + 0.5 * dash.thick) + 2
            left[max(0, top) : end, max(0, round(dash.start) - 1) : round(dash.start + dash.long) + 1] = 0
    return left


def _lines(bare: Bits, slope: float, dpi: float) -> Iterator[list[_Dash]]:
    stats = pieces_of(bare)[1][1:]
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    shortest, longest = (length * dpi for length in _LONG_INCHES)
    marks = stats[(high <= max(2.0, _THICK_INCHES * dpi)) & (wide >= shortest) & (wide <= longest)].astype(np.float64)
    levels = marks[:, 1] + 0.5 * marks[:, 3] - slope * (marks[:, 0] + 0.5 * marks[:, 2])
    order = np.argsort(levels)
    cuts = np.flatnonzero(np.diff(levels[order]) > max(1.0, _ONE_LEVEL_INCHES * dpi)) + 1
    for level in np.split(order, cuts):
        yield from _lines_of(marks[level][np.argsort(marks[level, 0])], bare, slope)


def _lines_of(marks: Floats, bare: Bits, slope: float) -> Iterator[list[_Dash]]:
    """The lines that marks of one level make, from left to right."""
    taken: set[int] = set()
    for index in range(len(marks) - 1):
        one, other = marks[index], marks[index + 1]
        period = other[0] - one[0]
        if taken & {index, index + 1} or not _alike(one, other) or not one[2] < period <= _FURTHEST_APART * one[2]:
            continue
        line = _followed(marks, index, period, bare, slope)
        seen = {dash.mark for dash in line if dash.mark is not None}
        if len(seen) >= _FEWEST and _parted(line, bare):
            taken |= seen
            yield line


def _alike(one: Floats, other: Floats) -> bool:
    return bool(abs(other[2] - one[2]) <= _ALIKE * one[2])


def _followed(marks: Floats, index: int, period: float, bare: Bits, slope: float) -> list[_Dash]:
    """The dashes of a line to both sides of one, as far as each next one is there or may be hidden by letters."""
    first = _dash(marks, index)
    line = [first]
    for side in (1, -1):
        step, count = period, 1
        dash = _next(marks, index, first, side * step, bare, slope)
        while dash is not None:
            line.append(dash)
            if dash.mark is not None:
                step = abs(dash.start - first.start) / count
            count += 1
            dash = _next(marks, index, dash, side * step, bare, slope)
    return sorted(line, key=lambda dash: dash.start)


def _dash(marks: Floats, index: int) -> _Dash:
    left, top, wide, high = marks[index, :4].tolist()
    return _Dash(left, wide, top + 0.5 * (high - 1), high, index)


def _next(marks: Floats, seed: int, last: _Dash, step: float, bare: Bits, slope: float) -> _Dash | None:
    start = last.start + step
    near = np.flatnonzero(np.abs(marks[:, 0] - start) <= _IN_PLACE * last.long)
    found = next((int(each) for each in near if _alike(marks[seed], marks[each])), None)
    if found is not None:
        return _dash(marks, found)
    hidden = _Dash(start, marks[seed, 2], last.row + slope * step, last.thick, None)
    return hidden if _inked(hidden.start, hidden.long, hidden.row, bare) >= _INKED else None


def _parted(line: list[_Dash], bare: Bits) -> bool:
    """Whether enough of the gaps of a line are paper, in their middle half."""
    gaps = [(one.start + one.long, other.start, one.row) for one, other in pairwise(line)]
    paper = [_inked(0.75 * end + 0.25 * start, 0.5 * (start - end), row, bare) < _INKED for end, start, row in gaps]
    return float(np.mean(paper)) >= _OPEN


def _inked(start: float, long: float, row: float, bare: Bits) -> float:
    """Share of the columns from one on that have ink in a row or beside it; 0 beyond the paper."""
    first, last = round(start), round(start) + max(1, round(long))
    if first < 0 or last > bare.shape[1]:
        return 0.0
    return float(bare[max(0, round(row) - 1) : round(row) + 2, first:last].any(axis=0).mean())

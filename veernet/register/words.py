"""Where print stands that could be a printed number: boxes around marks of the size of digits, in a line, upright or turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.at_once import at_once
from veernet.register.boxes import Boxed
from veernet.register.paper import Bits, Paper
from veernet.register.pieces import joined_along, pieces_of

Floats = NDArray[np.float64]
Places = tuple[NDArray[np.intp], NDArray[np.intp]]

_BAND_ROWS = 4096
_OVERLAP_ROWS = 200
_SMALLEST_INCHES = 0.04
"""Height of the smallest digits."""
_TALLEST_INCHES = 0.2
_LONGEST_INCHES = 0.85
_GAPS_INCHES = (0.045, 0.075)
"""Between digits of a number, close and wide."""
_SPECK_INCHES = 0.02
_RULE_INCHES = 0.4
"""Ink that runs straight for so long is a line, which may cross a number, and no part of it."""
_THICK_INCHES = 0.03
"""A line that crosses a digit is taken out of it only where there is none of the digit on both sides."""
_CLEAR_INCHES, _CLEAR = 0.05, 0.06
"""About a number in a column of its own: a margin, and the share of it that may be ink."""


@dataclass(frozen=True)
class Words(Boxed):
    """Boxes in search px, one a row of each array.

    Args:
        boxes: ``(n, 4)``: top row, left column, and the row and column after the last.
        turned: Whether the text runs down the sheet, all of them or none.
    """

    boxes: NDArray[np.int64]
    turned: bool

    @property
    def heights(self) -> Floats:
        """Height of the letters of each."""
        first = 1 if self.turned else 0
        return np.asarray(self.boxes[:, first + 2] - self.boxes[:, first], np.float64)

    @property
    def lengths(self) -> Floats:
        """Length of each along its text."""
        first = 0 if self.turned else 1
        return np.asarray(self.boxes[:, first + 2] - self.boxes[:, first], np.float64)

    def some(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Words:
        """Those that are asked for."""
        return Words(self.boxes[which], self.turned)


def words(paper: Paper) -> tuple[Words, Words]:
    """Upright and turned words of a scan."""
    bands = range(0, len(paper.search), _BAND_ROWS)
    upright, turned = zip(*at_once(lambda first: _of_band(paper, first), bands), strict=True)
    return Words(np.concatenate(upright), turned=False), Words(np.concatenate(turned), turned=True)


def _of_band(paper: Paper, first: int) -> list[NDArray[np.int64]]:
    """Boxes of upright and of turned words whose middles lie in a band."""
    start = max(0, first - _OVERLAP_ROWS)
    ink = paper.search[start : first + _BAND_ROWS + _OVERLAP_ROWS]
    marks = _marks(ink, paper.search_dpi)
    found = []
    for turned in (False, True):
        boxes = _lines_of(marks, ink.shape, paper.search_dpi, turned)
        boxes[:, [0, 2]] += start
        middles = (boxes[:, 0] + boxes[:, 2]) // 2
        found.append(boxes[(middles >= first) & (middles < first + _BAND_ROWS)])
    return found


def clear(paper: Paper, *groups: Words) -> list[Words]:
    """Those words of each group that stand alone, as printed depths do in their column: curves and broken grids make words, too, but among their like."""
    boxes = np.concatenate([of.boxes for of in groups])
    bands = boxes[:, 0] // _BAND_ROWS
    alone = np.zeros(len(boxes), bool)

    def look(band: int) -> None:
        alone[bands == band] = _stand_alone(paper, boxes[bands == band])

    at_once(look, np.unique(bands).tolist())
    ends = np.cumsum([len(of.boxes) for of in groups])
    return [of.some(part) for of, part in zip(groups, np.split(alone, ends[:-1]), strict=True)]


def _stand_alone(paper: Paper, boxes: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which boxes have next to no ink about them."""
    rule, margin = round(_RULE_INCHES * paper.search_dpi), max(3, round(_CLEAR_INCHES * paper.search_dpi))
    first = max(0, int(boxes[:, 0].min()) - margin - rule - 1)
    ink = paper.search[first : int(boxes[:, 2].max()) + margin + rule + 1]
    # The lines beside a narrow depth column are no print.
    ruled = np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((rule, 1), np.uint8)), np.uint8)
    total = cv2.integral(ink & ~ruled)
    boxes, grow = boxes - np.array([first, 0, first, 0]), np.array([-1, -1, 1, 1])

    def within(boxes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Ink and size of some boxes."""
        top, left, end, right = np.clip(boxes, 0, [*ink.shape] * 2).T
        inside = total[end, right] - total[top, right] - total[end, left] + total[top, left]
        return inside, (end - top) * (right - left)

    (inner, own), (outer, whole) = within(boxes + grow), within(boxes + (margin + 1) * grow)
    return np.asarray(outer - inner <= _CLEAR * np.maximum(whole - own, 1))


def _marks(ink: Bits, dpi: float) -> Places:
    """The ink that is in pieces of the size of print: rows and columns, row by row."""
    ink = _unruled(ink, dpi)
    pieces, stats = pieces_of(ink)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    short, long = np.minimum(width, height), np.maximum(width, height)
    keep = (short <= _TALLEST_INCHES * dpi) & (long <= _LONGEST_INCHES * dpi) & (long >= _SPECK_INCHES * dpi)
    # A grid that was lost but for dashes, and a curve's own, are long and thin; so is no digit but 1.
    keep &= (long <= _TALLEST_INCHES * dpi) | (short >= _SMALLEST_INCHES * dpi)
    inked = np.flatnonzero(ink.view(np.bool_))
    return np.divmod(inked[keep[pieces.ravel()[inked]]], ink.shape[1])


def _unruled(ink: Bits, dpi: float) -> Bits:
    """Ink without its straight lines, across and down, but with what these share with the strokes that they cross."""
    rule, thick = round(_RULE_INCHES * dpi), max(2, round(_THICK_INCHES * dpi)) + 2
    for long, short in (((1, rule), (thick, 1)), ((rule, 1), (1, thick))):
        ruled = np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones(long, np.uint8)), np.uint8)
        rest = ink & ~ruled
        joined = np.asarray(cv2.morphologyEx(rest, cv2.MORPH_CLOSE, np.ones(short, np.uint8)), np.uint8)
        ink = rest | (joined & ruled)
    return ink


def _lines_of(marks: Places, shape: tuple[int, ...], dpi: float, turned: bool) -> NDArray[np.int64]:
    """Boxes around marks in a line, once for each usual gap between digits."""
    rows, columns = marks
    if turned:
        order = np.argsort(columns, kind="stable")
        rows, columns = columns[order], rows[order]
    length = shape[0 if turned else 1]
    boxes = np.concatenate([_joined(rows, columns, length, dpi, gap) for gap in _GAPS_INCHES])
    return np.unique(boxes[:, [1, 0, 3, 2]] if turned else boxes, axis=0)


def _joined(
    lines: NDArray[np.intp], places: NDArray[np.intp], length: int, dpi: float, gap_inches: float
) -> NDArray[np.int64]:
    boxes, area = joined_along(lines, places, max(3, round(gap_inches * dpi)) | 1, length)
    tall, long = (boxes[:, 2:] - boxes[:, :2]).T
    keep = (tall >= _SMALLEST_INCHES * dpi) & (tall <= _TALLEST_INCHES * dpi)
    keep &= (long >= 1.2 * tall) & (long <= _LONGEST_INCHES * dpi) & (area >= 0.25 * tall * long)
    return boxes[keep]

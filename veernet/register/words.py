"""Where print stands that could be a printed number: boxes around marks of the size of digits, in a line, upright or turned."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits, Paper

Floats = NDArray[np.float64]

_BAND_ROWS = 4096
_OVERLAP_ROWS = 200
_SMALLEST_INCHES = 0.045
"""Height of the smallest digits."""
_TALLEST_INCHES = 0.17
_LONGEST_INCHES = 0.75
_GAP_INCHES = 0.045
"""Between digits of a number."""
_SPECK_INCHES = 0.02


@dataclass(frozen=True)
class Words:
    """Boxes in search px, one a row of each array.

    Args:
        boxes: ``(n, 4)``: top row, left column, and the row and column after the last.
        turned: Whether the text runs down the sheet, all of them or none.
    """

    boxes: NDArray[np.int64]
    turned: bool

    @property
    def rows(self) -> Floats:
        """Row of the middle of each."""
        return np.asarray((self.boxes[:, 0] + self.boxes[:, 2] - 1) / 2)

    @property
    def columns(self) -> Floats:
        """Column of the middle of each."""
        return np.asarray((self.boxes[:, 1] + self.boxes[:, 3] - 1) / 2)

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
    upright: list[NDArray[np.int64]] = []
    turned: list[NDArray[np.int64]] = []
    rows = len(paper.search)
    for first in range(0, rows, _BAND_ROWS):
        start = max(0, first - _OVERLAP_ROWS)
        band = paper.search[start : first + _BAND_ROWS + _OVERLAP_ROWS]
        marks = _marks(band, paper.search_dpi)
        for found, is_turned in ((upright, False), (turned, True)):
            boxes = _lines_of(marks, paper.search_dpi, is_turned)
            boxes[:, [0, 2]] += start
            middles = (boxes[:, 0] + boxes[:, 2]) // 2
            found.append(boxes[(middles >= first) & (middles < first + _BAND_ROWS)])
    return Words(np.concatenate(upright), turned=False), Words(np.concatenate(turned), turned=True)


def _marks(ink: Bits, dpi: float) -> Bits:
    """The ink that is in pieces of the size of print."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    short, long = np.minimum(width, height), np.maximum(width, height)
    keep = (short <= _TALLEST_INCHES * dpi) & (long <= _LONGEST_INCHES * dpi) & (long >= _SPECK_INCHES * dpi)
    # A grid that was lost but for dashes, and a curve's own, are long and thin; so is no digit but 1.
    keep &= (long <= _TALLEST_INCHES * dpi) | (short >= _SMALLEST_INCHES * dpi)
    keep[0] = False
    return keep.astype(np.uint8)[pieces]


def _lines_of(marks: Bits, dpi: float, turned: bool) -> NDArray[np.int64]:
    """Boxes around marks in a line."""
    gap = max(3, round(_GAP_INCHES * dpi)) | 1
    kernel = np.ones((gap, 1) if turned else (1, gap), np.uint8)
    closed = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, kernel)
    _, _, stats, _ = cv2.connectedComponentsWithStats(closed, connectivity=8, ltype=cv2.CV_32S)
    left, top, width, height, area = stats[1:].T.astype(np.int64)
    tall, long = (width, height) if turned else (height, width)
    keep = (tall >= _SMALLEST_INCHES * dpi) & (tall <= _TALLEST_INCHES * dpi)
    keep &= (long >= 1.2 * tall) & (long <= _LONGEST_INCHES * dpi) & (area >= 0.25 * width * height)
    return np.stack([top, left, top + height, left + width], axis=1)[keep]

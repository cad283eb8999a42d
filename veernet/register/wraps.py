"""Whether strokes of a track may wrap: one that does leaves over one edge and comes back over the other in the same rows."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits, Paper, Points

_WINDOW_ROWS = 256
_BESIDE_EDGE = 0.02
"""Width of the strip beside an edge, as a share of the track's, that a stroke crosses where it leaves."""
_LINE_INCHES = 0.025
"""From the middle of an edge to where its own line is no more."""
_SAME_ROWS_INCHES = 0.05
_ACROSS = 0.35
_MIDDLE = 0.1
"""At each side of a track, of its width: what is not looked at for lines across."""


def may_wrap(paper: Paper, left: Points, right: Points) -> bool:
    """Whether strokes cross both edges of a track at about the same rows anywhere.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    rows = np.arange(left[0][0], left[-1][0], _WINDOW_ROWS)
    edges = [np.interp(rows + _WINDOW_ROWS / 2, *np.array(edge).T) for edge in (left, right)]
    over = round(_SAME_ROWS_INCHES * paper.dpi)
    for row, start, stop in zip(rows, *edges, strict=True):
        ink = paper.crop(row, row + _WINDOW_ROWS, start, stop)
        near, line = max(3, round(_BESIDE_EDGE * ink.shape[1])), max(2, round(_LINE_INCHES * paper.dpi))
        if ink.shape[1] < 4 * (near + line):
            return True
        strokes = _without_lines_across(ink)
        lefts = _crossed(strokes[:, line : line + near])
        rights = _crossed(strokes[:, -line - near : -line])
        if (lefts & _widened(rights, over)).any():
            return True
    return False


def _without_lines_across(ink: Bits) -> Bits:
    """Ink but for the rows in which lines run across the track, these filled from above and below."""
    aside = max(1, round(_MIDDLE * ink.shape[1]))
    across = _widened(ink[:, aside:-aside].mean(axis=1) > _ACROSS, 1)
    kept = np.where(across[:, None], 0, ink).astype(np.uint8)
    longest = int(np.diff(np.flatnonzero(np.diff(np.r_[0, across, 0])))[::2].max()) if across.any() else 0
    closed = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((longest + 1, 1), np.uint8))
    return np.where(across[:, None], closed, ink).astype(np.uint8)


def _crossed(strip: Bits) -> NDArray[np.bool_]:
    """Rows of the strokes that go through a strip from side to side."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(strip, connectivity=8, ltype=cv2.CV_32S)
    through = stats[:, cv2.CC_STAT_WIDTH] >= strip.shape[1]
    through[0] = False
    return np.asarray(through[pieces].any(axis=1))


def _widened(rows: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    column = np.ascontiguousarray(rows, np.uint8)[:, None]
    return np.asarray(cv2.dilate(column, np.ones((2 * by + 1, 1), np.uint8))[:, 0] > 0)

"""Strips beside the edges of a track, which a stroke goes through where it leaves the track or comes back."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits
from veernet.register.pieces import pieces_of

SAME_ROWS_INCHES = 0.05
"""Rows in which a stroke leaves over one edge are those in which it comes back over the other, give or take so much."""
_BESIDE_EDGE = 0.02
_LINE_INCHES = 0.025


def beside_edge(width: int, dpi: float) -> tuple[int, int]:
    """Width of the strip beside an edge of a track so wide, and from the middle of the edge to where its own line is no more, px."""
    return max(3, round(_BESIDE_EDGE * width)), max(2, round(_LINE_INCHES * dpi))


def crossed(strip: Bits, lines: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Rows of the strokes that go through a strip from side to side, but for those that lie in the rows of lines across with all their ink."""
    pieces, stats = pieces_of(np.ascontiguousarray(strip))
    through = stats[:, cv2.CC_STAT_WIDTH] >= strip.shape[1]
    if lines is not None:
        through &= np.isin(np.arange(len(through)), pieces[~lines])
    through[0] = False
    return np.asarray(through[pieces].any(axis=1))


def widened(rows: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """Some rows, and so many on either side of each."""
    column = np.ascontiguousarray(rows, np.uint8)[:, None]
    return np.asarray(cv2.dilate(column, np.ones((2 * by + 1, 1), np.uint8))[:, 0] > 0)


def spans(rows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First row of each stretch, and the row after its last."""
    ends = np.flatnonzero(np.diff(np.r_[False, rows, False].astype(np.int8))).tolist()
    return list(zip(ends[::2], ends[1::2], strict=True))

"""Whether the one curve of a track surely wraps: it is gone over one edge, time and again, and hangs at the other one meanwhile."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from scipy.ndimage import median_filter

from veernet.register.edge_strips import SAME_ROWS_INCHES, beside_edge, crossed, spans, widened
from veernet.register.paper import Bits, Paper, Points
from veernet.register.pieces import pieces_of

_BAND_ROWS = 64
_ACROSS = 0.35
"""Share of a row that a line across takes."""
_LINE_COLUMNS, _LINE = 15, 0.08
"""A line runs down a column that has more ink than those about it, by this share of the rows."""
_SPECK_PX = 12
_THICKEST_PX = 15
_LONGEST_INCHES = 2.0
"""Of rows in which a curve is beyond an edge."""
_SHORTEST_PX = 4
_INSIDE = 0.85
"""Of the width, from the other edge: where a curve is that has come back over it."""
_BACK, _ELSEWHERE = 0.6, 0.15
"""Share of the rows beyond an edge in which there is a stroke that hangs at the other edge, and of those in which there is any other."""
_GONE = 0.1
_ROUNDS, _CUT_OFF = 4, 0.2
"""Times that a curve must be seen to wrap, and how many times it may be cut off at an edge for each."""
_ALIKE, _ALIKE_PX, _ALIKE_SHARE = 0.5, 1.5, 0.1
"""Lines of a grid are crossed at even distances, a curve crosses an edge at any."""


def wraps(paper: Paper, left: Points, right: Points) -> bool:
    """Whether the one curve of a track surely wraps: time and again it is gone over one edge, and hangs at the other one meanwhile.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    strokes = _strokes(_straight(paper, left, right))
    rounds: list[int] = []
    cut_off = 0
    for seen in (strokes, strokes[:, ::-1]):
        back, gone = _beyond(np.ascontiguousarray(seen), paper.search_dpi)
        rounds += back
        cut_off += gone
    if len(rounds) < _ROUNDS or cut_off > _CUT_OFF * len(rounds):
        return False
    usual = float(np.median(rounds))
    alike = np.abs(np.array(rounds) - usual) <= max(_ALIKE_PX, _ALIKE_SHARE * usual)
    return bool(alike.mean() <= _ALIKE)


def _straight(paper: Paper, left: Points, right: Points) -> Bits:
    """The track at the resolution in which things are looked for, its edges straight, ``(rows, columns)``."""
    rows = np.arange(int(left[0][0] / paper.factor), int(left[-1][0] / paper.factor), _BAND_ROWS)
    middles = (rows + _BAND_ROWS / 2) * paper.factor
    starts, stops = (np.interp(middles, *np.array(edge).T) / paper.factor for edge in (left, right))
    across = np.arange(int(np.median(stops - starts)))
    columns = np.clip(np.round(starts).astype(np.intp)[:, None] + across, 0, paper.search.shape[1] - 1)
    bands = [paper.search[row : row + _BAND_ROWS, at] for row, at in zip(rows, columns, strict=True)]
    return np.concatenate(bands)


def _strokes(ink: Bits) -> Bits:
    """Ink without the lines across and down, strokes that they went through mended."""
    profile = ink.mean(axis=0)
    down = widened(profile - median_filter(profile, _LINE_COLUMNS, mode="nearest") > _LINE, 1)
    across = widened(ink[:, ~down].mean(axis=1) > _ACROSS, 1)
    kept = np.where(across[:, None] | down, 0, ink).astype(np.uint8)
    for lines, turn in ((across[:, None], 1), (down[None], -1)):
        thick = 1 + min(_THICKEST_PX, max((end - first for first, end in spans(lines.ravel())), default=0))
        mended = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thick, 1)[::turn], np.uint8))
        kept = np.where(lines, mended, kept).astype(np.uint8)
    pieces, stats = pieces_of(kept)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK_PX
    large[0] = False
    return large[pieces].astype(np.uint8)


def _beyond(strokes: Bits, dpi: float) -> tuple[list[int], int]:
    """Where the curve is beyond the right edge: the rows of each time that it has come back over the left one, and how often it is cut off."""
    width = strokes.shape[1]
    near, line = beside_edge(width, dpi)
    if width < 4 * (near + line):
        return [], 0
    lefts = widened(crossed(strokes[:, line : line + near]), round(SAME_ROWS_INCHES * dpi))
    rights = spans(widened(crossed(strokes[:, -line - near : -line]), 1))
    rounds, cut_off = [], 0
    for (_, out), (back, _) in pairwise(rights):
        first, end = out - 1, back + 1
        if not _SHORTEST_PX <= end - first + 1 <= _LONGEST_INCHES * dpi:
            continue
        pieces, _ = pieces_of(np.ascontiguousarray(strokes[first:end, : int(_INSIDE * width)]))
        hanging = np.isin(pieces, np.setdiff1d(pieces[:, : line + near], 0))
        elsewhere = ((pieces > 0) & ~hanging).any(axis=1).mean()
        seen = hanging[:, line + near :].any(axis=1).mean()
        if elsewhere > _ELSEWHERE:
            continue
        if seen >= _BACK and lefts[first] and lefts[end - 1]:
            rounds.append(end - first)
        elif seen <= _GONE:
            cut_off += 1
    return rounds, cut_off

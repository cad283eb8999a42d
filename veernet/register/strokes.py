"""How many curves are drawn in a track, by its strokes: what a scale block names is held against what runs below it."""

from __future__ import annotations

import cv2
import numpy as np
from scipy.ndimage import median_filter

from veernet.register.paper import Bits, Paper, Points

_WIDTH = 512
_BANDS, _BAND_ROWS = 48, 64
"""Places down the track that are looked at, and rows of each."""
_MARGIN = 12
"""Columns of the strip beside each edge that are not looked at."""
_LINE_COLUMNS = 15
_LINE = 0.08
"""Share of rows in which a column has more ink than those about it, if a line runs down there."""
_ACROSS = 0.3
_SPECK_PX = 12
_THINNEST_PX = 2
_SHARES = (0.3, 0.19, 0.16)
"""Of the rows in which so many strokes must be seen for one, two and three curves: the second may be dashed, the third dotted."""


def curves_drawn(paper: Paper, left: Points, right: Points) -> int:
    """Curves that run in a track, 3 for three or more.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    ink = _strip(paper, left, right)
    profile = ink.mean(axis=0)
    lines = profile - median_filter(profile, _LINE_COLUMNS, mode="nearest") > _LINE
    lines = cv2.dilate(lines.astype(np.uint8)[None], np.ones((1, 3), np.uint8))[0] > 0
    across = ink[:, ~lines].mean(axis=1) > _ACROSS
    across = cv2.dilate(across.astype(np.uint8)[:, None], np.ones((3, 1), np.uint8))[:, 0] > 0
    strokes = np.where(across[:, None] | lines, 0, ink).astype(np.uint8)
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(strokes, connectivity=8, ltype=cv2.CV_32S)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK_PX
    large[0] = False
    strokes = large[pieces].astype(np.uint8)[~across]
    joined = cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((1, 7), np.uint8))
    pens = cv2.morphologyEx(joined, cv2.MORPH_OPEN, np.ones((1, _THINNEST_PX), np.uint8))
    count = (np.diff(np.pad(pens, ((0, 0), (1, 0))).astype(np.int8), axis=1) > 0).sum(axis=1)
    seen = [bool(count.size and (count >= curves).mean() >= share) for curves, share in enumerate(_SHARES, start=1)]
    return sum(np.cumprod(seen).tolist())


def _strip(paper: Paper, left: Points, right: Points) -> Bits:
    """Bands of the track one below the other, edges straight, ``(rows, columns)``."""
    last = left[-1][0] - _BAND_ROWS
    rows = np.unique(np.linspace(left[0][0], max(left[0][0], last), _BANDS).astype(int))
    bands = []
    for row in rows:
        middle = row + _BAND_ROWS / 2
        start, stop = (float(np.interp(middle, *np.array(edge).T)) for edge in (left, right))
        ink = paper.crop(row, row + _BAND_ROWS, start, stop)
        if ink.size:
            wide = cv2.resize(ink * np.uint8(255), (_WIDTH, ink.shape[0]), interpolation=cv2.INTER_AREA)
            bands.append((wide >= 96).astype(np.uint8)[:, _MARGIN:-_MARGIN])
    return np.concatenate(bands) if bands else np.zeros((1, _WIDTH - 2 * _MARGIN), np.uint8)

"""Where lines run across the paper: they cover tracks from edge to edge, and neither the depth column nor the margins."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits
from veernet.register.upright import Run

Floats = NDArray[np.float64]

_RUN_INCHES = 0.15
"""Of ink that runs across: longer than letters are wide, shorter than what is left of a broken line."""
_TALL_INCHES = 0.1
"""What runs across in so many rows on end is no line: a dark border, a stain, a rag beside the paper."""
_FEWEST_ROWS = 8
_TYPICAL = 0.7
_BLANK, _COVERED = 0.1, 0.45
"""Shares of the rows that lines across take elsewhere: where it is less, or more, there are none, or all of them."""


def covered(search: Bits, run: Run, columns: Floats, inside: tuple[float, float], dpi: float) -> Floats | None:
    """How surely lines run across from each line down the paper to the next, from 0 to 1, ``(columns.size - 1,)``; None where too few do at all.

    Args:
        search: The search image.
        run: Whose swing the lines down the paper have.
        columns: Of these, straightened search px, increasing.
        inside: Rows of the pass to look at, search px.
        dpi: Of the search image.
    """
    first, end = max(0, int(inside[0])), min(len(search), int(np.ceil(inside[1])))
    if end <= first or columns.size < 2:
        return None
    length = max(5, round(_RUN_INCHES * dpi))
    # A line that slants changes its row now and then.
    ink = cv2.dilate(search[first:end], np.ones((2, 1), np.uint8))
    across = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, length), np.uint8))
    tall = cv2.morphologyEx(across, cv2.MORPH_OPEN, np.ones((max(5, round(_TALL_INCHES * dpi)), 1), np.uint8))
    across = cv2.subtract(across, tall)
    before = np.pad(np.cumsum(across, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
    swing = run.swing_at(np.arange(first, end, dtype=np.float64))[:, None]
    width = search.shape[1]
    left = np.clip(np.round(columns[:-1] + swing + 1.5).astype(int), 0, width - 1)
    right = np.clip(np.round(columns[1:] + swing - 0.5).astype(int), left + 1, width)
    rows = np.arange(end - first)[:, None]
    share = ((before[rows, right] - before[rows, left]) / (right - left)).mean(axis=0)
    wide = np.diff(columns)
    usual = (
        float(np.quantile(np.repeat(share, np.maximum(wide, 0.0).astype(int) // 4), _TYPICAL))
        if wide.max() >= 4
        else 0.0
    )
    if usual * (end - first) < _FEWEST_ROWS:
        return None
    return np.asarray(np.clip((share / usual - _BLANK) / (_COVERED - _BLANK), 0.0, 1.0))

"""Where lines run across the paper: they cover tracks from edge to edge, and neither the depth column nor the margins."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.at_once import at_once
from veernet.register.paper import Bits
from veernet.register.upright import Run

Floats = NDArray[np.float64]

_RUN_INCHES = 0.15
"""Of ink that runs across: longer than letters are wide, shorter than what is left of a broken line."""
_TALL_INCHES = 0.1
"""What runs across in so many rows on end is no line: a dark border, a stain, a rag beside the paper."""
_FEWEST_ROWS = 8
_BAND_ROWS = 512
"""Rows that are looked at together: what is made of so many is still in the processor's cache when it is asked for again."""
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
    swing = run.swing_at(np.arange(first, end, dtype=np.float64))[:, None]
    width = search.shape[1]
    left = np.clip(np.round(columns[:-1] + swing + 1.5).astype(int), 0, width - 1)
    right = np.clip(np.round(columns[1:] + swing - 0.5).astype(int), left + 1, width)

    def shares(row: int) -> Floats:
        """Of each row of a band that such ink takes between two lines."""
        across = _running_across(search[first:end], row, dpi)
        band = slice(row, row + len(across))
        before = np.pad(np.cumsum(across, axis=1, dtype=np.int32), ((0, 0), (1, 0)))
        rows = np.arange(len(across))[:, None]
        return np.asarray((before[rows, right[band]] - before[rows, left[band]]) / (right[band] - left[band]))

    share = np.concatenate(at_once(shares, range(0, end - first, _BAND_ROWS))).mean(axis=0)
    wide = np.diff(columns)
    usual = (
        float(np.quantile(np.repeat(share, np.maximum(wide, 0.0).astype(int) // 4), _TYPICAL))
        if wide.max() >= 4
        else 0.0
    )
    if usual * (end - first) < _FEWEST_ROWS:
        return None
    return np.asarray(np.clip((share / usual - _BLANK) / (_COVERED - _BLANK), 0.0, 1.0))


def _running_across(ink: Bits, row: int, dpi: float) -> Bits:
    """The ink of a band that runs across, but for what does so in many rows on end."""
    long, high = max(5, round(_RUN_INCHES * dpi)), max(5, round(_TALL_INCHES * dpi))
    above = min(row, high + 1)
    # A line that slants changes its row now and then.
    spread = cv2.dilate(ink[row - above : row + _BAND_ROWS + high + 1], np.ones((2, 1), np.uint8))
    across = cv2.morphologyEx(spread, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    tall = cv2.morphologyEx(across, cv2.MORPH_OPEN, np.ones((high, 1), np.uint8))
    return np.asarray(cv2.subtract(across, tall)[above : above + _BAND_ROWS], np.uint8)

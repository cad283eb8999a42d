"""Where lines run across the paper: they cover tracks from edge to edge, and neither the depth column nor the margins."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.at_once import at_once
from veernet.register.beside import STEEPEST
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
_STRONG = 0.5
"""Of the strongest line down the paper: one that is no dirt."""
_THERE, _TELLING = 0.5, 0.3
"""Of a row between two lines: a line across runs there; and likeness of the rows of lines across of parts beside each other, for rows to tell lines from dirt."""
_WANDERS, _WANDERS_PX = 0.02, 2
"""Rows by which lines across are off their usual slant, a column, and at the least."""
_MOST_ROWS = 0.7
"""Of rows near lines across: where there are more, rows tell nothing."""


def covered(
    search: Bits,
    run: Run,
    columns: Floats,
    inside: tuple[float, float],
    dpi: float,
    strengths: Floats | None = None,
) -> Floats | None:
    """How surely lines run across from each line down the paper to the next, from 0 to 1, ``(columns.size - 1,)``; None where too few do at all.

    Args:
        search: The search image.
        run: Whose swing the lines down the paper have.
        columns: Of these, straightened search px, increasing.
        inside: Rows of the pass to look at, search px.
        dpi: Of the search image.
        strengths: Of lines down the paper; where these are given, dirt of a border beside all strong ones is told from lines across.
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

    by_row = np.concatenate(at_once(shares, range(0, end - first, _BAND_ROWS)))
    share, wide = by_row.mean(axis=0), np.diff(columns)
    usual = (
        float(np.quantile(np.repeat(share, np.maximum(wide, 0.0).astype(int) // 4), _TYPICAL))
        if wide.max() >= 4
        else 0.0
    )
    if usual * (end - first) < _FEWEST_ROWS:
        return None
    amount = share / usual
    if strengths is not None and strengths.max() > 0.0:
        amount = amount * _as_between(by_row, amount, columns, np.flatnonzero(strengths >= _STRONG * strengths.max()))
    return np.asarray(np.clip((amount - _BLANK) / (_COVERED - _BLANK), 0.0, 1.0))


def _as_between(by_row: Floats, amount: Floats, columns: Floats, strong: NDArray[np.intp]) -> Floats:
    """How much of what runs across left and right of all strong lines does so in the rows of what does between these, from 0 to 1; 1 for each part between them.

    Lines across go on from one part of the paper to the next; what dirt of a border makes is in any rows.

    Args:
        by_row: Share of ink that runs across, ``(rows, parts)``.
        amount: Of each part, for all that lines across take.
        columns: Where parts begin and end.
        strong: Lines that are no dirt.
    """
    like = np.ones(amount.size)
    middles = 0.5 * (columns[:-1] + columns[1:])

    def likeness(part: int, known: int) -> float:
        return _in_rows(by_row[:, part], by_row[:, known] >= _THERE, abs(middles[part] - middles[known]))

    between = [part for part in range(int(strong[0]), int(strong[-1])) if amount[part] >= _COVERED]
    if len(between) < 2:
        return like
    usual = float(np.median([likeness(part, known) for known, part in pairwise(between)]))
    if usual < _TELLING:
        return like
    for known, beyond in ((between[0], range(int(strong[0]))), (between[-1], range(int(strong[-1]), amount.size))):
        for part in beyond:
            like[part] = min(1.0, likeness(part, known) / usual)
    return like


def _in_rows(ink: Floats, lines: NDArray[np.bool_], apart: float) -> float:
    """How much of some ink is in the rows of lines across so many columns from it, from 0, as if by chance, to 1."""
    wander = round(_WANDERS * apart) + _WANDERS_PX
    near = np.convolve(lines, np.ones(2 * wander + 1), "same") > 0
    chance = float(near.mean())
    if chance > _MOST_ROWS or not ink.any():
        return 1.0
    most = round(STEEPEST * apart)
    inside = max(
        float(ink[max(0, by) : len(ink) + min(0, by)] @ near[max(0, -by) : len(near) - max(0, by)])
        for by in range(-most, most + 1)
    )
    return float(np.clip((inside / ink.sum() - chance) / (1.0 - chance), 0.0, 1.0))


def _running_across(ink: Bits, row: int, dpi: float) -> Bits:
    """The ink of a band that runs across, but for what does so in many rows on end."""
    long, high = max(5, round(_RUN_INCHES * dpi)), max(5, round(_TALL_INCHES * dpi))
    above = min(row, high + 1)
    # A line that slants changes its row now and then.
    spread = cv2.dilate(ink[row - above : row + _BAND_ROWS + high + 1], np.ones((2, 1), np.uint8))
    across = cv2.morphologyEx(spread, cv2.MORPH_OPEN, np.ones((1, long), np.uint8))
    tall = cv2.morphologyEx(across, cv2.MORPH_OPEN, np.ones((high, 1), np.uint8))
    return np.asarray(cv2.subtract(across, tall)[above : above + _BAND_ROWS], np.uint8)

"""What two strokes of one style still differ by: how much ink their pens leave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS

FloatArray = NDArray[np.float32]
ByteArray = NDArray[np.uint8]

_REACH_PX = 5
_CLEAR_PX = 11.0  # from the other stroke
_STEEPEST = 2.5  # columns a row: beyond, the ink of several rows runs together
_LINE_DARKNESS = 60  # of half a row: a printed depth line, whose ink is not the pen's
_FAINTEST = 30.0


def pen_ink(strips: Iterable[ByteArray], columns: Sequence[FloatArray]) -> list[FloatArray]:
    """The ink across each of two strokes, row by row.

    Args:
        strips: The strip's darkness from the top down in pieces of any height, uint8 ``(n, 512)``.
        columns: Where each of the two curves is, strip columns, ``(rows,)``; NaN where it is not known.

    Returns:
        For each, columns' worth of full ink across the stroke, ``(rows,)``; NaN where the stroke is steep, or close to the other one,
        or on a depth line, or unknown.
    """
    steepness = [np.abs(np.gradient(own)) if own.size > 1 else np.zeros_like(own) for own in columns]
    pieces: list[list[FloatArray]] = [[], []]
    first_row = 0
    for strip in strips:
        rows = slice(first_row, first_row + len(strip))
        for index in range(2):
            own, other = columns[index], columns[1 - index]
            clear = ~(np.abs(own[rows] - other[rows]) < _CLEAR_PX)
            pieces[index].append(_ink_across(strip, own[rows], steepness[index][rows], clear))
        first_row += len(strip)
    return [np.concatenate(ink) if ink else np.zeros(0, np.float32) for ink in pieces]


def _ink_across(strip: ByteArray, column: FloatArray, steepness: FloatArray, clear: NDArray[np.bool_]) -> FloatArray:
    ink = np.full(len(strip), np.nan, np.float32)
    paper = np.median(strip[:, MARGIN : MARGIN + TRACK_COLUMNS], axis=1).astype(np.float32)
    at = np.round(np.nan_to_num(column, nan=-1.0)).astype(np.int64)
    inside = (at >= _REACH_PX) & (at < STRIP_WIDTH - _REACH_PX)
    rows = np.flatnonzero(inside & clear & (steepness <= _STEEPEST) & (paper <= _LINE_DARKNESS))
    around = strip[rows[:, None], at[rows, None] + np.arange(-_REACH_PX, _REACH_PX + 1)] - paper[rows, None]
    across = np.where(around < _FAINTEST, 0.0, around).sum(axis=1) / 255.0
    # A row cuts a slanted stroke wider than it is.
    ink[rows] = across / np.sqrt(1.0 + steepness[rows] ** 2)
    return ink

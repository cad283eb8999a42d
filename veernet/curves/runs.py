"""The run of a curve's class about its way: the columns that the curve passes while it crosses a row.

Between two rows the curve passes where their runs meet; within a row it is half-way from one meeting point to the next or,
where the run reaches beyond both, at the tip that it reaches: peaks keep their height.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

#: A stroke's label reaches this far beyond the columns that its centre passes (see veernet.training.draw).
_LABEL_HALF_WIDTH_PX = 1.5
_WIDE_PX = 8
#: Evidence from which a pixel belongs to a run, of 255.
RUN_LEVEL = 90


@dataclass
class Positions:
    """What is read off the class map along the way of one curve; columns are unwrapped strip columns.

    ``own`` is the support of the curve's own class alone.
    """

    low: FloatArray
    high: FloatArray
    middle: FloatArray
    support: FloatArray
    rival: FloatArray
    own: FloatArray

    @classmethod
    def join(cls, pieces: Sequence[Positions]) -> Positions:
        """Pieces that follow each other down the strip as one."""
        names = ("low", "high", "middle", "support", "rival", "own")
        if not pieces:
            return cls(*(np.zeros(0, np.float32) for _ in names))
        return cls(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


def columns_at_rows(positions: Positions) -> FloatArray:
    """The curve's column at the middle of each row, from the runs of the row and of its neighbours."""
    low, high = positions.low, positions.high
    meeting = (np.maximum(low[:-1], low[1:]) + np.minimum(high[:-1], high[1:])) / 2.0
    above = np.concatenate(([np.nan], meeting))
    below = np.concatenate((meeting, [np.nan]))
    above = np.where(np.isfinite(above), above, positions.middle)
    below = np.where(np.isfinite(below), below, positions.middle)
    left, right = low + _LABEL_HALF_WIDTH_PX, high - _LABEL_HALF_WIDTH_PX
    reach_right = right - np.maximum(above, below)
    reach_left = np.minimum(above, below) - left
    column = np.clip((above + below) / 2.0, np.minimum(left, right), np.maximum(left, right))
    tip = np.maximum(reach_right, reach_left) > 2.0
    column = np.where(tip, np.where(reach_right > reach_left, right, left), column)
    narrow = high - low <= 2.0 * (_LABEL_HALF_WIDTH_PX + 2.0)
    return np.asarray(np.where(narrow, positions.middle, column), np.float32)


@njit(cache=True, nogil=True)
def read_runs(  # type: ignore[no-untyped-def]  # noqa: C901 # pragma: no cover - compiled
    evidence, entry, leave, state_columns, offset, ring, level
):
    """Ends, middle, support and strongest rival of the run about the way, row by row."""
    rows, width = evidence.shape
    low = np.full(rows, np.nan, np.float32)
    high = np.full(rows, np.nan, np.float32)
    middle = np.full(rows, np.nan, np.float32)
    support = np.zeros(rows, np.float32)
    rival = np.zeros(rows, np.float32)
    for row in range(rows):
        if leave[row] < 0:
            continue
        first = offset + min(entry[row], leave[row]) * state_columns
        last = offset + max(entry[row], leave[row]) * state_columns + state_columns - 1
        strongest = 0
        for column in range(first, last + 1):
            strongest = max(strongest, _at(evidence, row, column, ring, width))
        support[row] = strongest / 255.0
        while last - first < 480 and _at(evidence, row, first - 1, ring, width) >= level:
            first -= 1
        while last - first < 480 and _at(evidence, row, last + 1, ring, width) >= level:
            last += 1
        while first < last and _at(evidence, row, first, ring, width) < level and strongest >= level:
            first += 1
        while first < last and _at(evidence, row, last, ring, width) < level and strongest >= level:
            last -= 1
        mass, moment = 0.0, 0.0
        for column in range(first - 2, last + 3):
            weight = float(_at(evidence, row, column, ring, width)) + 1e-3
            mass += weight
            moment += weight * column
        low[row], high[row], middle[row] = first, last, moment / mass
        if last - first > _WIDE_PX:  # a way over paper has ink at its end, too
            support[row] *= min(1.0, 2.0 * _inked_share(evidence, row, first, last, ring, level))
        strongest = 0
        for column in range(width):
            if evidence[row, column] <= strongest:  # nearly all pixels are paper: ask this first
                continue
            distance = min(abs(column - first), abs(column - last))
            inside = first <= column <= last
            if ring:
                start = 16 + (first - 16) % ring
                distance = min(distance, abs(column - start), abs(column - start - (last - first)))
                distance = min(distance, abs(column + ring - start), abs(column + ring - start - (last - first)))
                inside = start <= column <= start + last - first or column + ring <= start + last - first
            if not inside and distance > 10:
                strongest = evidence[row, column]
        rival[row] = strongest / 255.0
    return low, high, middle, support, rival


@njit(cache=True, nogil=True)
def erase_runs(evidence, low, high, ring, beside_px):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Take the runs of a curve, and what blurs from them so many columns to either side, out of the evidence."""
    rows, width = evidence.shape
    for row in range(rows):
        if np.isnan(low[row]):
            continue
        for column in range(int(low[row]) - beside_px, int(high[row]) + beside_px + 1):
            at = 16 + (column - 16) % ring if ring else column
            if 0 <= at < width:
                evidence[row, at] = 0


@njit(cache=True, nogil=True)
def strongest_within(evidence, low, high, ring):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The strongest evidence within the run of each row, 0 to 1; 0 where there is no run."""
    rows, width = evidence.shape
    strongest = np.zeros(rows, np.float32)
    for row in range(rows):
        if np.isnan(low[row]):
            continue
        for column in range(int(low[row]), int(high[row]) + 1):
            strongest[row] = max(strongest[row], _at(evidence, row, column, ring, width) / np.float32(255.0))
    return strongest


@njit(cache=True, nogil=True)
def _inked_share(evidence, row, first, last, ring, level):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    inked = 0
    for column in range(first, last + 1):
        inked += _at(evidence, row, column, ring, evidence.shape[1]) >= level
    return inked / (last - first + 1)


@njit(cache=True, nogil=True)
def _at(evidence, row, column, ring, width):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if ring:
        return evidence[row, 16 + (column - 16) % ring]
    if column < 0 or column >= width:
        return 0
    return evidence[row, column]

"""A curve of a strip as it was traced, and what becomes of it beneath the stroke of the track's other curve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import TRACK_COLUMNS

FloatArray = NDArray[np.float32]

#: Rows that a curve may go unseen beneath the other one's stroke.
SHARED_ROWS = 60
#: Confidence of what is only known from the other curve at most.
SHARED_CONFIDENCE = 0.5
_CONTACT_PX = 7.0
#: Rows of bare paper that the gap of a dashed curve has at most.
PAPER_ROWS = 12
_HIDDEN_PX = 10.0


@dataclass(frozen=True)
class Doubt:
    """A stretch of strip rows, ``end_row`` exclusive, about which a reader must be told, and why."""

    first_row: int
    end_row: int
    reason: str


@dataclass(frozen=True)
class Trace:
    """One curve down a strip.

    Args:
        fraction: Where it is at each strip row, in track fractions unwrapped (1.25: a quarter into the first wrap),
            float32 ``(rows,)``; NaN where nothing is known.
        confidence: 0 to 1, float32 ``(rows,)``; 0 where nothing is known.
        doubts: Stretches where its identity is in doubt.
    """

    fraction: FloatArray
    confidence: FloatArray
    doubts: tuple[Doubt, ...] = ()


def share_ink(traces: list[Trace]) -> list[Trace]:
    """Carry a curve beneath the other one's stroke: along it, where it goes into it and comes out of it again, or straight across."""
    shared = []
    for trace, other in ((traces[0], traces[1]), (traces[1], traces[0])):
        fraction, confidence = trace.fraction.copy(), trace.confidence.copy()
        doubts = list(trace.doubts)
        for first, end in stretches(np.isnan(trace.fraction)):
            if (
                first == 0
                or end == fraction.size
                or end - first > SHARED_ROWS
                or np.isnan(other.fraction[first - 1 : end + 1]).any()
            ):
                continue
            beneath = _beneath(trace.fraction[[first - 1, end]], other.fraction[first - 1 : end + 1])
            if beneath is not None:
                fraction[first:end] = beneath
                confidence[first:end] = np.minimum(other.confidence[first:end], SHARED_CONFIDENCE)
                doubts.append(Doubt(first, end, "shares the ink of the track's other curve"))
        shared.append(Trace(fraction, confidence, tuple(doubts)))
    return shared


def _beneath(ends: FloatArray, other: FloatArray) -> FloatArray | None:
    """Where a curve runs that goes unseen between two rows, beneath the other's stroke; None where that does not hide it.

    Args:
        ends: Where it was last seen and is seen again.
        other: Where the other curve is, from the first of these rows to the second.
    """
    apart = (ends % 1.0 - other[[0, -1]] % 1.0) * TRACK_COLUMNS
    if (np.abs(apart) <= 2 * _CONTACT_PX).all() and apart[0] * apart[1] >= 0:  # it comes out where it went in
        return other[1:-1] + np.round(ends[0] - other[0])
    straight = np.interp(np.arange(other.size), [0, other.size - 1], ends).astype(np.float32)
    hidden = np.flatnonzero(np.abs(straight % 1.0 - other % 1.0) * TRACK_COLUMNS <= _HIDDEN_PX)
    on_paper = np.diff(np.concatenate(([0], hidden, [other.size - 1])))
    return straight[1:-1] if hidden.size and on_paper.max() <= PAPER_ROWS else None


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end (exclusive) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]

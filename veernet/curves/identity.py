"""Which curve is which where two of a track meet: ink that they share, and identities that only continuity can keep."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import TRACK_COLUMNS

FloatArray = NDArray[np.float32]

#: Rows that a curve may go unseen beneath the other one's stroke.
SHARED_ROWS = 60
#: Confidence of what is only known from the other curve, or from slopes, at most.
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
        for first, end in _stretches(np.isnan(trace.fraction)):
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


def keep_identities(traces: list[Trace]) -> list[Trace]:
    """Decide at every contact of two curves of one style which is which: the smoother continuation is kept.

    Where the two touch they either cross or part again, and nothing but their slopes before and after can tell. Nor
    can anything but the manifest's order tell the two by name: the first is the left one where both are first seen.
    """
    one, other = (trace.fraction.astype(np.float64) * TRACK_COLUMNS for trace in traces)
    touching = np.abs(one - other) <= _CONTACT_PX
    swapped = np.zeros(one.size, bool)
    confidence = [trace.confidence.copy() for trace in traces]
    doubts = list(traces[0].doubts + traces[1].doubts)
    for first, end in _stretches(touching):
        doubts.append(Doubt(first, end, "two curves of one style touch; told apart by their slopes alone"))
        for values in confidence:
            values[first:end] = np.minimum(values[first:end], SHARED_CONFIDENCE)
        if _crosses(one, other, first, end):
            swapped[(first + end) // 2 :] ^= True
    kept = [
        Trace(
            np.where(swapped, traces[1 - index].fraction, traces[index].fraction),
            np.where(swapped, confidence[1 - index], confidence[index]),
            tuple(doubts),
        )
        for index in range(2)
    ]
    both = np.flatnonzero(np.isfinite(one) & np.isfinite(other))
    return kept[::-1] if both.size and one[both[0]] > other[both[0]] else kept


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _crosses(one: NDArray[np.float64], other: NDArray[np.float64], first: int, end: int) -> bool:
    """Whether going straight on through a contact fits better when the curves change places."""
    before, after = slice(max(0, first - 8), first), slice(end, min(one.size, end + 8))
    fits = []
    for values in (one, other):
        for part in (before, after):
            rows = np.arange(part.start, part.stop)
            known = np.isfinite(values[part])
            if np.count_nonzero(known) < 3:
                return False
            fits.append(np.polynomial.Polynomial.fit(rows[known], values[part][known], 1))
    middle = 0.5 * (first + end)
    one_before, one_after, other_before, other_after = (float(fit(middle)) for fit in fits)
    slope = [float(fit.deriv()(middle)) for fit in fits]
    reach = max(4.0, end - first)
    stay = abs(one_before - one_after) + abs(other_before - other_after)
    stay += reach * (abs(slope[0] - slope[1]) + abs(slope[2] - slope[3]))
    cross = abs(one_before - other_after) + abs(other_before - one_after)
    cross += reach * (abs(slope[0] - slope[3]) + abs(slope[2] - slope[1]))
    return cross < stay

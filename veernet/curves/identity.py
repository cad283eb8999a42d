"""A curve of a strip as it was traced, and what becomes of it beneath the stroke of the track's other curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import TRACK_COLUMNS

FloatArray = NDArray[np.float32]

#: Rows that a curve may go unseen beneath the other one's stroke, where it runs along it and where it crosses it.
SHARED_ROWS, _CROSSED_ROWS = 200, 60
#: Confidence of what is only known from the other curve at most.
SHARED_CONFIDENCE = 0.5
SHARES_INK = "shares the ink of the track's other curve"
#: Columns from the other one's stroke within which a curve that is not seen is taken to be beneath it.
_BESIDE_PX = 14.0
#: Rows of bare paper that the gap of a dashed curve has at most.
PAPER_ROWS = 12
_HIDDEN_PX = 10.0
#: Rows from where a curve was seen beside the other one's stroke to where it is taken to be right beneath it.
_TAPER_ROWS = 16


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


def doubted(trace: Trace, rows: Sequence[tuple[int, int]], confidence: float, reason: str) -> Trace:
    """The trace with a lower confidence in these stretches, and doubts about those in which it has a value."""
    told = [(first, end) for first, end in rows if np.isfinite(trace.fraction[first:end]).any()]
    if not told:
        return trace
    capped = trace.confidence.copy()
    for first, end in told:
        capped[first:end] = np.minimum(capped[first:end], np.float32(confidence))
    return replace(trace, confidence=capped, doubts=(*trace.doubts, *(Doubt(*some, reason) for some in told)))


def share_ink(traces: list[Trace], alike: bool = False) -> list[Trace]:
    """Carry a curve beneath the other one's stroke: along it, where it goes into it and comes out of it again, or straight across.

    ``alike``: both are of one style, so that one that is not seen is not in a gap of its dashes beside the stroke.
    """
    shared = []
    for trace, other in ((traces[0], traces[1]), (traces[1], traces[0])):
        fraction, confidence = trace.fraction.copy(), trace.confidence.copy()
        doubts = list(trace.doubts)
        for first, end in stretches(np.isnan(trace.fraction)):
            if (
                first == 0
                or end == fraction.size
                or end - first > (_CROSSED_ROWS if alike else SHARED_ROWS)
                or np.isnan(other.fraction[first - 1 : end + 1]).any()
            ):
                continue
            beneath = _beneath(trace.fraction[[first - 1, end]], other.fraction[first - 1 : end + 1], alike)
            if beneath is not None:
                fraction[first:end] = beneath
                confidence[first:end] = np.minimum(other.confidence[first:end], SHARED_CONFIDENCE)
                doubts.append(Doubt(first, end, SHARES_INK))
        shared.append(Trace(fraction, confidence, tuple(doubts)))
    return shared


def _beneath(ends: FloatArray, other: FloatArray, alike: bool) -> FloatArray | None:
    """Where a curve runs that goes unseen between two rows, beneath the other's stroke; None where that does not hide it.

    Two resistivities, say, share a stroke for long stretches: the dashed one comes to light beside the solid one now and then.

    Args:
        ends: Where it was last seen and is seen again.
        other: Where the other curve is, from the first of these rows to the second.
        alike: Both are of one style.
    """
    rows = other.size - 2
    along = other + np.round(ends[0] - other[0])
    apart = ends - along[[0, -1]]
    beside = (np.abs(apart) * TRACK_COLUMNS <= _BESIDE_PX).all()
    turns_back = beside and apart[0] * apart[1] >= 0
    if turns_back and alike:
        return along[1:-1]
    straight = np.interp(np.arange(other.size), [0, other.size - 1], ends).astype(np.float32)
    hidden = np.flatnonzero(np.abs(straight % 1.0 - other % 1.0) * TRACK_COLUMNS <= _HIDDEN_PX)
    on_paper = np.diff(np.concatenate(([0], hidden, [other.size - 1])))
    # One that comes out where it went in follows the stroke, unless straight on is beneath it all the way, too.
    if rows <= _CROSSED_ROWS and hidden.size and on_paper.max() <= (2 if turns_back else PAPER_ROWS):
        return straight[1:-1]
    return _tapered(along, apart) if beside and not alike else None


def _tapered(along: FloatArray, apart: FloatArray) -> FloatArray:
    """A way along a stroke, its ends so far apart from it: the farther from both, the nearer."""
    rows = along.size - 2
    seen = np.arange(1, rows + 1)
    weight = np.maximum(0.0, 1.0 - np.stack((seen, seen[::-1])) / _TAPER_ROWS)
    weight /= np.maximum(weight.sum(axis=0), 1.0)
    ends = along[[0, -1]] + apart
    # A curve does not leave its track where nobody sees it.
    lowest, highest = min(along.min(), ends.min()), max(along.max(), ends.max())
    return np.asarray(np.clip(along[1:-1] + apart @ weight, lowest, highest), np.float32)


def stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and end (exclusive) of every run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]

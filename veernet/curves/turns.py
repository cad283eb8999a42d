"""Which turn of its scale a curve that wraps is on: ink says when it turns over, and not where it began."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import Trace, doubted
from veernet.curves.path import STATE_COLUMNS, PathCosts
from veernet.sheets.geometry import TRACK_COLUMNS
from veernet.sheets.manifest import zero_fraction

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, Scale

FloatArray = NDArray[np.float32]

#: Copies of the track in which a wrapping curve may be, first and end of their turns.
TURNS = range(-1, 3)
#: Confidence of values whose turn is not sure, at most.
TURN_CONFIDENCE = 0.4
#: And of those on a turn that its scale alone tells: of a real log both such stretches, 3,700 rows, are right.
SETTLED_CONFIDENCE = 0.8
#: A share of the scale by which a tool that is a little off may read on the wrong side of zero.
_OFFSET_SHARE = 0.05
#: Shares of the track by which a curve may go on within one row in which it is seen, and within two, to be on the turn on which it is nearest.
_LEAPS = 0.5, 0.75
#: By how much dearer it must be to have everything a turn further on or back.
_CLEARLY_DEARER = 2.0
#: A turn over is part of a stretch in doubt from so many rows beside it, and before and after it a curve is on the middle one of the turns of so many rows.
_ABOUT_ROWS, _SETTLED_ROWS = 10, 40
#: Shares of the track by which two traces of one curve may differ.
_ALIKE = 0.02


def turn_prices(curve: Curve, scale: Scale, costs: PathCosts) -> FloatArray:
    """Price of a row in each state of a curve that wraps, the columns of one copy of its track after the other."""
    states = TRACK_COLUMNS // STATE_COLUMNS
    return _prices(TURNS.start + (np.arange(len(TURNS) * states) + 0.5) / states, curve, scale, costs)


def _prices(fraction: NDArray[np.floating], curve: Curve, scale: Scale, costs: PathCosts) -> FloatArray:
    """Price of a row at each unwrapped track fraction: the farther from the scale that is printed, the dearer.

    What has one sign at both ends of its scale, or none, does not change it beyond them: a gamma ray has no counts below none,
    however its turns add up.
    """
    prices = np.abs(np.floor(fraction)) * costs.turn
    zero = zero_fraction(curve, scale)
    if zero is not None:
        beyond = zero - fraction if zero <= 0.0 else fraction - zero
        prices = prices + costs.impossible * (beyond > _OFFSET_SHARE)
    return np.asarray(prices, np.float32)


def doubt_turns(trace: Trace, curve: Curve, scale: Scale, costs: PathCosts) -> Trace:
    """The trace of a curve that wraps, in doubt where its turn is not sure.

    That is everywhere, if it is nearly as likely a turn further on or back, as of a curve that is as often off its scale as on it; and from a
    stretch in doubt on, out of which it comes on another turn than it went in, or from a leap on, after which another turn would be nearer: one that is lost
    stays lost.
    """
    fraction = trace.fraction
    known = np.flatnonzero(np.isfinite(fraction))
    if not known.size:
        return trace
    here, *elsewhere = (float(_prices(fraction[known] + by, curve, scale, costs).sum()) for by in (0, 1, -1))
    if min(elsewhere) < _CLEARLY_DEARER * here:
        reason = "is off its scale as often as on it, so that its turn of the wrap is not sure"
        return doubted(trace, [(int(known[0]), fraction.size)], TURN_CONFIDENCE, reason)
    if leapt := _leapt(fraction[known], known):
        reason = "goes on nearer to another turn of its wrap: one may be lost here"
        trace = doubted(trace, [(min(leapt), fraction.size)], TURN_CONFIDENCE, reason)
    lost = next(_turned_in_doubt(trace), None)
    if lost is None:
        return trace
    below = [(lost.end_row - _ABOUT_ROWS, fraction.size)]
    return doubted(trace, below, TURN_CONFIDENCE, "a turn of its wrap may be lost above")


@dataclass(frozen=True)
class _Turning:
    """Rows in doubt, out of which a curve comes on another turn than it went in."""

    first_row: int
    end_row: int
    before: float
    after: float


def _turned_in_doubt(trace: Trace) -> Iterator[_Turning]:
    """Where that is, from the top down."""
    known = np.flatnonzero(np.isfinite(trace.fraction))
    turns = np.floor(trace.fraction[known])
    over = known[1:][np.diff(turns) != 0.0]
    for doubt in sorted(trace.doubts, key=lambda doubt: doubt.first_row):
        rows = doubt.first_row - _ABOUT_ROWS, doubt.end_row + _ABOUT_ROWS
        first, end = np.searchsorted(known, rows)
        if np.diff(np.searchsorted(over, rows)) and first and end < known.size:
            before = float(np.median(turns[max(0, first - _SETTLED_ROWS) : first]))
            after = float(np.median(turns[end : end + _SETTLED_ROWS]))
            if before != after:
                yield _Turning(max(0, rows[0]), rows[1], before, after)


def disputed(trace: Trace) -> list[tuple[int, int]]:
    """First and end of the stretches in which a curve that wraps is farther from its scale than above, since it came there through rows in doubt."""
    turnings = list(_turned_in_doubt(trace))
    ends = [*(turning.end_row for turning in turnings), trace.fraction.size]
    return [
        (turning.first_row, end)
        for turning, end in zip(turnings, ends[1:], strict=True)
        if abs(turning.after) > abs(turning.before)
    ]


def settle(trace: Trace, nearer: Trace) -> Trace:
    """The trace with its disputed stretches as they are nearer to its scale, where the same curve traced so comes in and goes out as it does; in doubt there.

    Args:
        trace: Of a curve that wraps.
        nearer: The same, with a dearer turn.
    """
    told = [rows for rows in disputed(trace) if _alike_about(trace, nearer, *rows)]
    if not told:
        return trace
    inside = np.zeros(trace.fraction.size, bool)
    for first, end in told:
        inside[first:end] = True
    doubts = [doubt for doubt in trace.doubts if not inside[doubt.first_row : doubt.end_row].any()]
    doubts += [doubt for doubt in nearer.doubts if inside[doubt.first_row : doubt.end_row].any()]
    settled = Trace(
        np.where(inside, nearer.fraction, trace.fraction),
        np.where(inside, nearer.confidence, trace.confidence),
        tuple(sorted(doubts, key=lambda doubt: doubt.first_row)),
    )
    return doubted(settled, told, SETTLED_CONFIDENCE, "its scale alone tells which turn of its wrap it is on")


def _alike_about(trace: Trace, nearer: Trace, first: int, end: int) -> bool:
    """Whether two traces are one right before some rows and right behind them, as far as they are known there."""
    for beside in (slice(max(0, first - _SETTLED_ROWS), first), slice(end, end + _SETTLED_ROWS)):
        apart = np.abs(trace.fraction[beside] - nearer.fraction[beside])
        if np.nanmax(apart, initial=0.0) > _ALIKE:
            return False
    return True


def _leapt(fraction: FloatArray, rows: NDArray[np.int_]) -> list[int]:
    """The first rows to which a curve comes by a leap, out of a gap of a row at the most."""
    found = []
    for steps, leap in enumerate(_LEAPS, 1):
        far = np.abs(fraction[steps:] - fraction[:-steps]) > leap
        at = np.flatnonzero(far & (rows[steps:] - rows[:-steps] <= steps + 1))
        found += [int(rows[row + steps]) for row in at[:1]]
    return found

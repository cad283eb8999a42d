"""Which turn of its scale a curve that wraps is on: ink says when it turns over, and not where it began."""

from __future__ import annotations

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
#: A share of the scale by which a tool that is a little off may read on the wrong side of zero.
_OFFSET_SHARE = 0.05
#: Shares of the track by which a curve may go on within one row in which it is seen, and within two, to be on the turn on which it is nearest.
_LEAPS = 0.5, 0.75
#: By how much dearer it must be to have everything a turn further on or back.
_CLEARLY_DEARER = 2.0
#: A turn over is part of a stretch in doubt from so many rows beside it, and before and after it a curve is on the middle one of the turns of so many rows.
_ABOUT_ROWS, _SETTLED_ROWS = 10, 40


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
    turns = np.floor(fraction[known])
    over = known[1:][np.diff(turns) != 0.0]
    for doubt in sorted(trace.doubts, key=lambda doubt: doubt.first_row):
        rows = doubt.first_row - _ABOUT_ROWS, doubt.end_row + _ABOUT_ROWS
        first, end = np.searchsorted(known, rows)
        if np.diff(np.searchsorted(over, rows)) and first and end < known.size:
            before, after = turns[max(0, first - _SETTLED_ROWS) : first], turns[end : end + _SETTLED_ROWS]
            if np.median(before) != np.median(after):
                below = [(doubt.end_row, fraction.size)]
                return doubted(trace, below, TURN_CONFIDENCE, "a turn of its wrap may be lost above")
    return trace


def _leapt(fraction: FloatArray, rows: NDArray[np.int_]) -> list[int]:
    """The first rows to which a curve comes by a leap, out of a gap of a row at the most."""
    found = []
    for steps, leap in enumerate(_LEAPS, 1):
        far = np.abs(fraction[steps:] - fraction[:-steps]) > leap
        at = np.flatnonzero(far & (rows[steps:] - rows[:-steps] <= steps + 1))
        found += [int(rows[row + steps]) for row in at[:1]]
    return found

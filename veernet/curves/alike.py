"""Two curves of one style: which is which, from contact to contact.

No pixel can tell them apart, but a strip has four things that can. Their pens seldom leave the same ink, one is often more restless than the other, the two
often keep a distance of their own, and a curve goes on smoothly through most contacts. All are weighed together over the whole strip (:mod:`veernet.curves.sides`). What comes out is a
probability for every stretch between contacts, so that what cannot be told is said to be so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import cast

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from veernet.curves.identity import SHARED_CONFIDENCE, Doubt, Trace, stretches
from veernet.curves.pens import pen_ink
from veernet.curves.sides import Trait, first_is_left
from veernet.sheets.geometry import APRON_ROWS, TRACK_COLUMNS, strip_column

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

#: Nearer than this the two touch, columns.
_CONTACT_PX = 10.0
#: Below this probability a stretch is told of.
_SURE = 0.9
#: Rows on either side of a contact that tell how the curves come and go.
_FIT_ROWS = 10
#: How much a slope usually turns within so many rows, and the least that is measured of it, columns a row; of all turns those within this share are usual ones.
_TURN, _LEAST_TURN, _USUAL = 0.35, 0.05, 0.68
_PLACE_NOISE, _FEWEST_TURNS = 1.5, 40
#: What slopes at a contact are worth as evidence: on drawn sheets they are right three times in four.
_SLOPE_WORTH = 0.4
_UNSEEN_LOG_ODDS = 2.5  # that curves which vanish apart come back on their sides
#: Deviation of the pens' measured difference of a stretch, and of a row of it, columns of ink; and how often it is something else.
_PEN_NOISE, _PEN_ROW_NOISE, _PEN_STRAY = 0.3, 1.6, 0.03
#: The same of restlessness, a logarithm.
_REST_NOISE, _REST_ROW_NOISE, _REST_STRAY = 0.3, 1.5, 0.15
_FEWEST_INK_ROWS, _FEWEST_ROWS = 4, 12
#: Rows over which a course bends, two so that a pixel's noise weighs less; and a row's bend that is noise, and the most that counts, columns.
_BEND_ROWS, _LEAST_BEND_PX, _MOST_BEND_PX = (1, 2), 0.05, 3.0
_PENS = np.geomspace(0.05, 6.0, 20)
_PEN_GRID = np.concatenate((-_PENS[::-1], _PENS))
_REST_GRID = np.array([-2.4, -1.8, -1.2, -0.8, -0.5, -0.3, -0.15, 0.0, 0.15, 0.3, 0.5, 0.8, 1.2, 1.8, 2.4])
_REST_SPREAD = 0.8
#: How far right of the other the first curve may lie on the whole, columns, with the deviation of that among sheets; and of a stretch's mean from it, that of
#: its rows being worth so much.
_APART_GRID = np.array(
    [-160.0, -120.0, -90.0, -60.0, -40.0, -25.0, -12.0, 0.0, 12.0, 25.0, 40.0, 60.0, 90.0, 120.0, 160.0]
)
_APART_SPREAD, _APART_NOISE, _APART_SPREAD_WORTH, _APART_STRAY = 90.0, 50.0, 0.5, 0.02


def keep_identities(traces: list[Trace], strips: Iterable[ByteArray]) -> list[Trace]:
    """Decide between contacts which curve is which.

    Args:
        traces: The two curves, in any order and exchanged at any contact.
        strips: The strip's darkness from the top down in pieces of any height, uint8 ``(n, 512)``; none where there is none to see.

    Returns:
        The two, the one first that is left where the log has both apart for the first time: what bears which name is not asked here. The strip's apron tells of
        curves, but does not name them. Confidence is no more than the probability that they were told apart rightly; stretches where that is low, and
        every contact, are doubts.
    """
    one, other = (trace.fraction.astype(np.float64) * TRACK_COLUMNS for trace in traces)
    left, right = np.fmin(one, other), np.fmax(one, other)
    both = np.isfinite(one) & np.isfinite(other)
    touching = both & (right - left <= _CONTACT_PX)
    between = stretches(both & ~touching)
    if not both.any():
        return traces
    ink = pen_ink(strips, [strip_column(side / TRACK_COLUMNS).astype(np.float32) for side in (left, right)])
    contacts = [(end, first) for (_, end), (first, _) in itertools.pairwise(between)]
    turn = _usual_turn((left, right), between)
    stays = np.array(
        [
            _stay_log_odds(left, right, first, end, turn) if touching[first:end].any() else _UNSEEN_LOG_ODDS
            for first, end in contacts
        ]
    )
    probability = (
        np.array([0.5])
        if not between
        else first_is_left(
            [_pens(ink, between), _restlessness((left, right), between), _apartness((left, right), between)],
            stays,
            named_at=next((index for index, (_, end) in enumerate(between) if end > APRON_ROWS), 0),
        )
    )
    probability_left = _of_rows(probability, _turns(contacts, right - left), left.size)
    swapped = _carried((one > other) ^ (probability_left <= 0.5), both)
    sure = np.where(touching, SHARED_CONFIDENCE, np.maximum(probability_left, 1.0 - probability_left))
    doubts = [*traces[0].doubts, *traces[1].doubts]
    doubts += [Doubt(*contact, "two curves of one style touch") for contact in stretches(touching)]
    doubts += [
        Doubt(*rows, "which of two curves of one style is which is not sure")
        for rows in stretches(both & ~touching & (sure < _SURE))
    ]
    ordered = tuple(sorted(doubts, key=lambda doubt: doubt.first_row))
    return [
        Trace(
            np.where(swapped, exchanged.fraction, trace.fraction),
            np.minimum(np.where(swapped, exchanged.confidence, trace.confidence), sure).astype(np.float32),
            ordered,
        )
        for trace, exchanged in (traces, traces[::-1])
    ]


def _turns(contacts: list[tuple[int, int]], apart: FloatArray) -> list[int]:
    """Of each contact the row from which the stretch below it counts: where curves that change sides do so, if they do."""
    known = np.where(np.isfinite(apart), apart, np.inf)
    return [end + int(np.argmin(known[end:first])) for end, first in contacts]


def _of_rows(values: FloatArray, turns: list[int], rows: int) -> FloatArray:
    """Of every row the value of its stretch, each of which begins at a turn but the first."""
    return values[np.searchsorted(turns, np.arange(rows), side="right")]


def _carried(values: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Values where they are known; elsewhere that of the last row where they are, or else of the first one."""
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), -1))
    return values[np.where(last < 0, int(known.argmax()), last)]


def _pens(ink: Sequence[NDArray[np.float32]], between: list[tuple[int, int]]) -> Trait:
    """How much more ink the left pen leaves in each stretch, columns of it."""
    differences, noise = np.full((2, len(between)), np.nan)
    for index, (first, end) in enumerate(between):
        seen = [side[first:end][np.isfinite(side[first:end])] for side in ink]
        rows = min(side.size for side in seen)
        if rows >= _FEWEST_INK_ROWS:
            differences[index] = np.median(seen[0]) - np.median(seen[1])
            noise[index] = np.hypot(_PEN_NOISE, _PEN_ROW_NOISE / np.sqrt(rows))
    return Trait(differences, noise, _PEN_GRID, np.ones(_PEN_GRID.size), _PEN_STRAY)


def _restlessness(sides: Sequence[FloatArray], between: list[tuple[int, int]]) -> Trait:
    """How much more the left curve's course changes from row to row in each stretch, by the logarithm of its bends."""
    differences, noise = np.full((2, len(between)), np.nan)
    for index, (first, end) in enumerate(between):
        if end - first >= _FEWEST_ROWS:
            left, right = (np.mean([_bends(side[first:end], rows) for rows in _BEND_ROWS]) for side in sides)
            differences[index] = left - right
            noise[index] = np.hypot(_REST_NOISE, _REST_ROW_NOISE / np.sqrt(end - first - 2))
    prior = np.exp(-0.5 * (_REST_GRID / _REST_SPREAD) ** 2)
    return Trait(differences, noise, _REST_GRID, prior, _REST_STRAY)


def _apartness(sides: Sequence[FloatArray], between: list[tuple[int, int]]) -> Trait:
    """How far apart the two are in each stretch: many keep a distance of their own, and some one side alone."""
    apart = [sides[1][first:end] - sides[0][first:end] for first, end in between]
    noise = np.hypot(_APART_NOISE, _APART_SPREAD_WORTH * np.array([np.std(one) for one in apart]))
    prior = np.exp(-0.5 * (_APART_GRID / _APART_SPREAD) ** 2)
    return Trait(-np.array([np.mean(one) for one in apart]), noise, _APART_GRID, prior, _APART_STRAY)


def _bends(side: FloatArray, rows: int) -> float:
    """Logarithm of the usual bend of a course over so many rows. A spike is one event, not restlessness."""
    bends = np.minimum(np.abs(side[2 * rows :] - 2.0 * side[rows:-rows] + side[: -2 * rows]), _MOST_BEND_PX * rows)
    return float(np.log(np.sqrt(np.mean(bends**2)) + _LEAST_BEND_PX * rows))


def _usual_turn(sides: Sequence[FloatArray], between: list[tuple[int, int]]) -> float:
    """How much the slope of a course changes within `_FIT_ROWS` rows, columns a row: half way from what is usual to what these two show."""
    rows = np.arange(_FIT_ROWS) - (_FIT_ROWS - 1) / 2
    changes = [np.zeros(0)]
    for side, (first, end) in itertools.product(sides, between):
        if end - first > 3 * _FIT_ROWS:
            slopes = np.correlate(side[first:end], rows / (rows @ rows), mode="valid")
            changes.append(np.abs(slopes[2 * _FIT_ROWS :] - slopes[: -2 * _FIT_ROWS]))
    known = np.concatenate(changes)
    if known.size < _FEWEST_TURNS:
        return _TURN
    return float(np.sqrt(max(np.quantile(known, _USUAL), _LEAST_TURN) * _TURN))


def _stay_log_odds(left: FloatArray, right: FloatArray, first: int, end: int, turn: float) -> float:
    """Log-odds that the curves part on their own sides after a contact, by where they come from and go to.

    ``turn`` is how much their slopes change elsewhere. A sharper turn costs little more (a heavy tail): curves have peaks.
    """
    before = np.arange(max(0, first - _FIT_ROWS), first)
    after = np.arange(end, min(left.size, end + _FIT_ROWS))
    fits = [_fitted(side, rows) for side in (left, right) for rows in (before, after)]
    if any(fit is None for fit in fits):
        return 0.0
    middle = 0.5 * (first + end - 1)
    place_noise = _PLACE_NOISE + 0.25 * (end - first + _FIT_ROWS) * turn

    def cost(come: Polynomial, go: Polynomial) -> float:
        slopes = come.deriv()(first - 1), go.deriv()(end)
        places = come(first - 1) + slopes[0] * (middle - first + 1), go(end) - slopes[1] * (end - middle)
        return float(
            np.log1p(((slopes[0] - slopes[1]) / turn) ** 2) + np.log1p(((places[0] - places[1]) / place_noise) ** 2)
        )

    left_before, left_after, right_before, right_after = cast("list[Polynomial]", fits)
    stay = cost(left_before, left_after) + cost(right_before, right_after)
    cross = cost(left_before, right_after) + cost(right_before, left_after)
    return _SLOPE_WORTH * (cross - stay)


def _fitted(side: FloatArray, rows: NDArray[np.int64]) -> Polynomial | None:
    known = rows[np.isfinite(side[rows])]
    if known.size < 3:
        return None
    return Polynomial.fit(known, side[known], 1 if known.size < 6 else 2)

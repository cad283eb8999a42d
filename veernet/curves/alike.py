"""Two curves of one style: which is which, from contact to contact.

No pixel can tell them apart, but a sheet has two things that can. Their pens seldom leave the same ink, and a curve goes on smoothly through most
contacts. Both are weighed together over the whole strip: a chain of stretches between contacts, in each of which the first
curve is the left or the right one, with the difference of their pens unknown at first (the forward-backward algorithm, Rabiner 1989, over
a grid of differences). What comes out is a probability for every stretch, so that what cannot be told is said to be so.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray

from veernet.curves.identity import SHARED_CONFIDENCE, Doubt, Trace, stretches
from veernet.curves.pens import pen_ink
from veernet.sheets.geometry import TRACK_COLUMNS, strip_column

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

#: Nearer than this the two touch, columns.
_CONTACT_PX = 6.0
#: Below this probability a stretch is told of.
_SURE = 0.9
#: Rows on either side of a contact that tell how the curves come and go.
_FIT_ROWS = 10
_SLOPE_NOISE, _PLACE_NOISE = 0.35, 1.5  # columns a row, and columns
#: What slopes at a contact are worth as evidence, log-odds: on drawn sheets they are right three times in four.
_SLOPE_WORTH, _STAY_LOG_ODDS = 0.3, 0.3
_UNSEEN_LOG_ODDS = 2.5  # that curves which vanish apart come back on their sides
#: Deviation of the pens' measured difference, of a stretch and of a row; and how often it is something else altogether.
_STRETCH_NOISE, _ROW_NOISE, _STRAY_SHARE = 0.25, 1.2, 0.03
_FEWEST_ROWS = 4
_PENS = np.geomspace(0.05, 6.0, 20)
#: Differences of the first pen's ink from the second's that are tried, columns.
_PEN_DIFFERENCES = np.concatenate((-_PENS[::-1], _PENS))


def keep_identities(traces: list[Trace], strips: Iterable[ByteArray]) -> list[Trace]:
    """Decide between contacts which curve is which.

    Args:
        traces: The two curves, in any order and exchanged at any contact.
        strips: The strip's darkness from the top down in pieces of any height, uint8 ``(n, 512)``; none where there is none to see.

    Returns:
        The two, the one that is left where both are first seen apart first: nothing else on a sheet names them. Confidence is no more than
        the probability that they were told apart rightly; stretches where that is low, and every contact, are doubts.
    """
    columns = np.stack([trace.fraction.astype(np.float64) for trace in traces]) * TRACK_COLUMNS
    left, right = np.fmin(*columns), np.fmax(*columns)
    both = np.isfinite(columns).all(axis=0)
    touching = both & (right - left <= _CONTACT_PX)
    between = stretches(both & ~touching)
    if not between:
        return traces
    ink = pen_ink(strips, [strip_column(side / TRACK_COLUMNS).astype(np.float32) for side in (left, right)])
    pens = [_pen_difference(ink, first, end) for first, end in between]
    contacts = [(end, first) for (_, end), (first, _) in itertools.pairwise(between)]
    stays = np.array(
        [
            _stay_log_odds(left, right, first, end) if touching[first:end].any() else _UNSEEN_LOG_ODDS
            for first, end in contacts
        ]
    )
    probability = _first_is_left(pens, stays)
    crosswise = np.asarray(columns[0] > columns[1]) ^ ~_of_rows(probability > 0.5, between, left.size)
    swapped = _carried(crosswise, both)
    sure = np.where(
        touching, SHARED_CONFIDENCE, _of_rows(np.maximum(probability, 1.0 - probability), between, left.size)
    )
    doubts = [*traces[0].doubts, *traces[1].doubts]
    doubts += [Doubt(*contact, "two curves of one style touch") for contact in stretches(touching)]
    doubts += [
        Doubt(*rows, "which of two curves of one style is which is not sure")
        for rows in stretches(both & ~touching & (sure < _SURE))
    ]
    ordered = tuple(sorted(doubts, key=lambda doubt: doubt.first_row))
    return [
        Trace(
            np.where(swapped, other.fraction, own.fraction),
            np.minimum(np.where(swapped, other.confidence, own.confidence), sure).astype(np.float32),
            ordered,
        )
        for own, other in (traces, traces[::-1])
    ]


def _of_rows(values: NDArray[np.generic], between: list[tuple[int, int]], rows: int) -> NDArray[Any]:
    """Of every row the value of the last stretch that has begun; before the first one, of that."""
    begun = np.searchsorted([first for first, _ in between], np.arange(rows), side="right") - 1
    return values[np.maximum(begun, 0)]


def _carried(values: NDArray[np.bool_], known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Values where they are known; elsewhere that of the last row where they are, or else of the first one."""
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), -1))
    return values[np.where(last < 0, int(known.argmax()), last)]


def _pen_difference(ink: Sequence[NDArray[np.float32]], first: int, end: int) -> tuple[float, int]:
    """By how much the left pen leaves more ink than the right one in a stretch, and rows that say so."""
    seen = [side[first:end][np.isfinite(side[first:end])] for side in ink]
    rows = min(side.size for side in seen)
    return (float(np.median(seen[0]) - np.median(seen[1])), rows) if rows >= _FEWEST_ROWS else (np.nan, 0)


def _stay_log_odds(left: FloatArray, right: FloatArray, first: int, end: int) -> float:
    """Log-odds that the curves part on their own sides after a contact, by where they come from and go to.

    A turn costs little more than a bend does (a heavy tail): curves have peaks, and a peak that touches the other curve is no crossing.
    """
    before = np.arange(max(0, first - _FIT_ROWS), first)
    after = np.arange(end, min(left.size, end + _FIT_ROWS))
    fits = [_fitted(side, rows) for side in (left, right) for rows in (before, after)]
    if any(fit is None for fit in fits):
        return 0.0
    middle = 0.5 * (first + end - 1)

    def cost(come: Polynomial, go: Polynomial) -> float:
        slopes = come.deriv()(first - 1), go.deriv()(end)
        places = come(first - 1) + slopes[0] * (middle - first + 1), go(end) - slopes[1] * (end - middle)
        place_noise = _PLACE_NOISE + 0.1 * (end - first)
        return float(
            np.log1p(((slopes[0] - slopes[1]) / _SLOPE_NOISE) ** 2)
            + np.log1p(((places[0] - places[1]) / place_noise) ** 2)
        )

    left_before, left_after, right_before, right_after = cast("list[Polynomial]", fits)
    stay = cost(left_before, left_after) + cost(right_before, right_after)
    cross = cost(left_before, right_after) + cost(right_before, left_after)
    return _SLOPE_WORTH * (cross - stay + _STAY_LOG_ODDS)


def _fitted(side: FloatArray, rows: NDArray[np.int64]) -> Polynomial | None:
    known = rows[np.isfinite(side[rows])]
    if known.size < 3:
        return None
    return Polynomial.fit(known, side[known], 1 if known.size < 6 else 2)


def _first_is_left(pens: Sequence[tuple[float, int]], stays: FloatArray) -> FloatArray:
    """Probability that the first curve is the left one in each stretch, ``(stretches,)``; certain in the first, which names it.

    Args:
        pens: Of each stretch by how much the left pen leaves more ink, NaN where that is not known, and rows that say so.
        stays: Of each contact the log-odds that the curves part on their own sides.
    """
    stay = 1.0 / (1.0 + np.exp(-stays))
    likelihood = np.ones((len(pens), 2, _PEN_DIFFERENCES.size))
    for index, (difference, rows) in enumerate(pens):
        if rows:
            noise = np.hypot(_STRETCH_NOISE, _ROW_NOISE / np.sqrt(rows))
            for side, sign in enumerate((1.0, -1.0)):
                off = (difference - sign * _PEN_DIFFERENCES) / noise
                likelihood[index, side] = (1.0 - _STRAY_SHARE) * np.exp(-0.5 * off**2) / noise + _STRAY_SHARE / 8.0
    forward, backward = np.zeros_like(likelihood), np.ones_like(likelihood)
    forward[0, 0] = likelihood[0, 0]
    for index in range(1, len(pens)):
        forward[index] = _passed(forward[index - 1], stay[index - 1]) * likelihood[index]
        forward[index] /= forward[index].sum()
    for index in range(len(pens) - 2, -1, -1):
        backward[index] = _passed(backward[index + 1] * likelihood[index + 1], stay[index])
        backward[index] /= backward[index].sum()
    sides = (forward * backward).sum(axis=2)
    return np.asarray(sides[:, 0] / sides.sum(axis=1))


def _passed(sides: FloatArray, stay: float) -> FloatArray:
    """Weights of both sides beyond a contact."""
    return stay * sides + (1.0 - stay) * sides[::-1]

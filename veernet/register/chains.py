"""Words that stand one below the other at even distances: what printed depths do, and hardly anything else on a log."""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, uniform_filter1d

from veernet.register.words import Words

Floats = NDArray[np.float64]

_PITCH_INCHES = (0.25, 10.6)
"""From one printed depth to the next: every 5 ft at 1:240, to 100 m at 1:500 and 100 ft at 1:120."""
_PITCHES = 12
_FOLLOWING = 4
_NEAR_BINS = 31
_SAME_PITCH_BINS = 3
_NEXT = 24
_MOST_MISSING = 5
_STRETCH = 0.035
LOOSE_INCHES = 0.06
SWING = 0.04
SAME_HEIGHT = 1.45
_FEWEST = 3
_MISSING_COST = 0.35
_CHAINS = 8


@dataclass(frozen=True)
class Chain:
    """Words at even distances.

    Args:
        members: Indices of the words, from the top.
        places: How many pitches below the first each is.
        pitch: Search px from one to the next, on average.
        score: How many they are, less what is missing between.
    """

    members: NDArray[np.intp]
    places: NDArray[np.intp]
    pitch: float
    score: float


def chains(words: Words, dpi: float) -> list[Chain]:
    """The chains of some words, the longest first; each word is in one at most.

    Args:
        words: Upright or turned.
        dpi: Resolution of the search image.
    """
    order = np.argsort(words.rows, kind="stable")
    pairs = _Pairs.of(words.some(order), dpi)
    left = np.ones(order.size, bool)
    found: list[Chain] = []
    while len(found) < _CHAINS:
        best = max(
            (_longest(pairs, pitch, left, dpi) for pitch in _pitches(pairs, left, dpi)),
            key=lambda chain: chain.score if chain else 0.0,
            default=None,
        )
        if best is None:
            break
        left[best.members] = False
        found.append(Chain(order[best.members], best.places, best.pitch, best.score))
    return found


@dataclass(frozen=True)
class _Pairs:
    """Pairs of words of which one may be a printed depth below the other: indices of the upper and of the lower, and their distance."""

    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    gap: Floats

    @classmethod
    def of(cls, words: Words, dpi: float) -> _Pairs:
        """Those of some words from the top."""
        nearest, furthest = _PITCH_INCHES[0] * dpi, _MOST_MISSING * _PITCH_INCHES[1] * dpi
        rows = words.rows
        upper, lower = _paired(rows, words.columns, words.heights, nearest, furthest, LOOSE_INCHES * dpi)
        return cls(upper, lower, rows[lower] - rows[upper])


@numba.njit(cache=True)
def _paired(
    rows: Floats, columns: Floats, heights: Floats, nearest: float, furthest: float, loose: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The words, by index, that may be printed depths below each word, the nearest few; by the upper one, then by the lower."""
    uppers, lowers = [], []
    for upper in range(rows.size):
        count = 0
        for lower in range(np.searchsorted(rows, rows[upper] + nearest), rows.size):
            apart, tall = rows[lower] - rows[upper], heights[lower] / heights[upper]
            if count == _NEXT or rows[lower] >= rows[upper] + furthest:
                break
            if abs(columns[lower] - columns[upper]) > SWING * apart + loose:
                continue
            if 1 / SAME_HEIGHT <= tall <= SAME_HEIGHT:
                uppers.append(upper)
                lowers.append(lower)
                count += 1
    return np.array(uppers, np.intp), np.array(lowers, np.intp)


def _pitches(pairs: _Pairs, left: NDArray[np.bool_], dpi: float) -> list[float]:
    """The distances that are there most often between a word and the few that follow it."""
    own = left[pairs.upper] & left[pairs.lower] & (pairs.gap <= _PITCH_INCHES[1] * dpi)
    uppers, gaps = pairs.upper[own], pairs.gap[own]
    if gaps.size == 0:
        return []
    following = np.arange(uppers.size) - np.searchsorted(uppers, uppers)
    gaps = gaps[following < _FOLLOWING]
    width = np.log(1 + _STRETCH / 2)
    bins = np.round(np.log(gaps) / width).astype(int)
    counts = np.bincount(bins - bins.min())
    about = np.convolve(counts, [0.7, 1.0, 0.7], "same")
    # Words anywhere have distances, too: what counts is how many more there are than of any other distance near it.
    usual = uniform_filter1d(about, _NEAR_BINS, mode="constant")
    stands_out = (about - usual) / np.sqrt(usual + 1.0)
    # One distance is spread over bins beside each other, which a chain of any of them finds: each has its place once.
    highest = (about >= 2) & (stands_out == maximum_filter1d(stands_out, _SAME_PITCH_BINS, mode="nearest"))
    tops = np.flatnonzero(highest)
    best = tops[np.argsort(-stands_out[tops], kind="stable")[:_PITCHES]]
    return [float(np.exp((index + bins.min()) * width)) for index in best]


def _longest(pairs: _Pairs, pitch: float, left: NDArray[np.bool_], dpi: float) -> Chain | None:
    """The longest chain of a pitch, by a dynamic program down the words."""
    best, came = _ways(pairs.upper, pairs.lower, pairs.gap, left, pitch, LOOSE_INCHES * dpi)
    if not best.size:
        return None
    member, place, length = int(best.argmax()), 0, 0.0
    members, places = [member], [place]
    while came[member] >= 0:
        pair = int(came[member])
        place += round(pairs.gap[pair] / pitch)
        length += float(pairs.gap[pair])
        member = int(pairs.upper[pair])
        members.append(member)
        places.append(place)
    if len(members) < _FEWEST:
        return None
    return Chain(np.array(members[::-1]), place - np.array(places[::-1]), length / place, float(best.max()))


@numba.njit(cache=True)
def _ways(
    upper: NDArray[np.intp], lower: NDArray[np.intp], gap: Floats, left: NDArray[np.bool_], pitch: float, loose: float
) -> tuple[Floats, NDArray[np.intp]]:
    """The best score of a way that ends at each word, and the last pair of it; -1 where it begins there.

    Pairs come by their upper word, so that the best way to it is known when it is used.
    """
    best = np.ones(left.size)
    came = np.full(left.size, -1)
    for pair in range(gap.size):
        steps = np.rint(gap[pair] / pitch)
        if not (1 <= steps <= _MOST_MISSING and left[upper[pair]] and left[lower[pair]]):
            continue
        off, most = abs(gap[pair] - steps * pitch), _STRETCH * gap[pair] + loose
        if off > min(most, 0.3 * pitch):
            continue
        score = best[upper[pair]] + 1.0 - _MISSING_COST * (steps - 1) - 0.5 * off / most
        if score > best[lower[pair]]:
            best[lower[pair]] = score
            came[lower[pair]] = pair
    return best, came

"""Words that stand one below the other at even distances: what printed depths do, and hardly anything else on a log."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet.register.words import Words

Floats = NDArray[np.float64]

_PITCH_INCHES = (0.25, 10.6)
"""From one printed depth to the next: every 5 ft at 1:240, to 100 m at 1:500 and 100 ft at 1:120."""
_PITCHES = 12
_FOLLOWING = 4
_NEAR_BINS = 31
_NEXT = 24
_MOST_MISSING = 5
_STRETCH = 0.035
_LOOSE_INCHES = 0.06
_SWING = 0.04
_SAME_HEIGHT = 1.45
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
    """Pairs of words of which one may be a printed depth below the other: rows of the upper, of the lower, and their distance."""

    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    gap: Floats
    count: int

    @classmethod
    def of(cls, words: Words, dpi: float) -> _Pairs:
        rows, columns, heights = words.rows, words.columns, words.heights
        low, high = _PITCH_INCHES[0] * dpi, _PITCH_INCHES[1] * dpi
        uppers, lowers = [], []
        untils = np.searchsorted(rows, rows + _MOST_MISSING * high)
        froms = np.searchsorted(rows, rows + low)
        for upper, (start, until) in enumerate(zip(froms, untils, strict=True)):
            below = slice(start, until)
            near = np.abs(columns[below] - columns[upper]) <= _SWING * (rows[below] - rows[upper]) + _LOOSE_INCHES * dpi
            lower = np.flatnonzero(near) + start
            tall = heights[lower] / heights[upper]
            kept = lower[(tall <= _SAME_HEIGHT) & (tall >= 1 / _SAME_HEIGHT)][:_NEXT]
            uppers.append(np.full(kept.size, upper))
            lowers.append(kept)
        upper_of = np.concatenate(uppers or [np.zeros(0, int)]).astype(np.intp)
        lower_of = np.concatenate(lowers or [np.zeros(0, int)]).astype(np.intp)
        return cls(upper_of, lower_of, rows[lower_of] - rows[upper_of], len(rows))


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
    best = np.argsort(-(about - usual) / np.sqrt(usual + 1.0), kind="stable")[:_PITCHES]
    return [float(np.exp((index + bins.min()) * width)) for index in best if about[index] >= 2]


def _longest(pairs: _Pairs, pitch: float, left: NDArray[np.bool_], dpi: float) -> Chain | None:
    """The longest chain of a pitch, by a dynamic program down the words."""
    steps = np.round(pairs.gap / pitch).astype(int)
    off = np.abs(pairs.gap - steps * pitch)
    loose = _STRETCH * pairs.gap + _LOOSE_INCHES * dpi
    fits = (steps >= 1) & (steps <= _MOST_MISSING) & (off <= np.minimum(loose, 0.3 * pitch))
    fits &= left[pairs.upper] & left[pairs.lower]
    chosen = np.flatnonzero(fits)
    if chosen.size == 0:
        return None
    worth = 1.0 - _MISSING_COST * (steps - 1) - 0.5 * off / loose
    best, came = _ways(pairs.upper, pairs.lower, worth, chosen, pairs.count)
    member = int(best.argmax())
    members, places = [member], [0]
    while came[member] >= 0:
        pair = int(came[member])
        member = int(pairs.upper[pair])
        members.append(member)
        places.append(places[-1] + int(steps[pair]))
    if len(members) < _FEWEST:
        return None
    place = places[-1] - np.array(places[::-1])
    rows = np.array(members[::-1])
    return Chain(rows, place, float(_span(pairs, rows) / place[-1]), float(best.max()))


@numba.njit(cache=True)
def _ways(
    upper: NDArray[np.intp], lower: NDArray[np.intp], worth: Floats, chosen: NDArray[np.intp], count: int
) -> tuple[Floats, NDArray[np.intp]]:
    """The best score of a way that ends at each word, and the last pair of it; -1 where it begins there.

    Pairs come by their upper word, so that the best way to it is known when it is used.
    """
    best = np.ones(count)
    came = np.full(count, -1)
    for pair in chosen:
        score = best[upper[pair]] + worth[pair]
        if score > best[lower[pair]]:
            best[lower[pair]] = score
            came[lower[pair]] = pair
    return best, came


def _span(pairs: _Pairs, members: NDArray[np.intp]) -> float:
    """Distance of the first member from the last, over the pairs between."""
    total = 0.0
    for upper, lower in pairwise(members):
        total += float(pairs.gap[(pairs.upper == upper) & (pairs.lower == lower)][0])
    return total

"""Words that are read as numbers and go on as depths do, where distances alone do not tell: few labels, or much else at even distances.

Any two numbers below each other say how many rows a unit of depth takes; the two with which most others agree begin a chain. That takes reading
of all words, and so it comes last, and asks only those that look as print does.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.chains import LOOSE_INCHES, SAME_HEIGHT, SWING, Chain
from veernet.register.labels import Turn
from veernet.register.numbered import Asked
from veernet.register.numbers import best_text
from veernet.register.paper import Paper
from veernet.register.pieces import pieces_of
from veernet.register.scales import prior
from veernet.register.vote import STEPS, depth_of
from veernet.register.words import Words

Floats = NDArray[np.float64]

_MOST_READ = 500
_FULL, _SOLID = 0.7, 0.5
"""Of the height of a word are its digits, and of its ink is in them: not specks that stand in a line."""
_INK = (0.15, 0.75)
"""Share of its box that is ink."""
_SURELY = 0.5
_PART = min(STEPS.values())
"""Of which printed depths are multiples."""
_FEWEST = 3
_STRETCH = 0.02
"""By how much rows of one pass may be off even ones."""


def told_chains(paper: Paper, words: Words, ask: Asked, turned: Turn) -> Iterator[Chain]:
    """Chains of words by what they say, the longest first; each word is in one at most.

    Args:
        paper: The scan.
        words: Of which it may be; where very many look like print, some all the way down are read.
        ask: Reads them.
        turned: How they are.
    """
    which = np.flatnonzero(_print_like(paper, words))
    which = which[np.linspace(0, which.size - 1, min(which.size, _MOST_READ)).astype(int)]
    if which.size < _FEWEST:
        return
    said = [best_text(log) for log in ask(words.boxes[which], turned)]
    depths = np.array([depth_of(text) if chance >= _SURELY and len(text) > 1 else None for text, chance in said], float)
    known = np.isfinite(depths) & (depths % _PART == 0)
    which, depths = which[known], depths[known]
    while which.size >= _FEWEST:
        members = _most_agreeing(paper, words.some(which), depths)
        if members.size < _FEWEST:
            return
        members = members[np.argsort(words.rows[which[members]], kind="stable")]
        yield _chain(words, which[members], depths[members])
        which, depths = np.delete(which, members), np.delete(depths, members)


def _print_like(paper: Paper, words: Words) -> NDArray[np.bool_]:
    """Which words have most of their ink in pieces as tall as they are."""
    like = np.zeros(words.rows.size, bool)
    for index, (top, left, end, right) in enumerate(words.boxes):
        ink = np.ascontiguousarray(paper.search[max(top, 0) : end, max(left, 0) : right])
        tall = ink.shape[1] if words.turned else ink.shape[0]
        if not ink.size or not _INK[0] <= ink.mean() <= _INK[1]:
            continue
        _, stats = pieces_of(ink)
        height = stats[1:, cv2.CC_STAT_WIDTH if words.turned else cv2.CC_STAT_HEIGHT]
        like[index] = stats[1:, cv2.CC_STAT_AREA][height >= _FULL * tall].sum() >= _SOLID * ink.sum()
    return like


def _most_agreeing(paper: Paper, words: Words, depths: Floats) -> NDArray[np.intp]:
    """Indices of the most words that one scale puts where they stand, one a depth."""
    rows, columns, heights, loose = words.rows, words.columns, words.heights, LOOSE_INCHES * paper.search_dpi
    best = np.zeros(0, np.intp)
    apart, deeper = rows - rows[:, None], depths - depths[:, None]
    alike = np.abs(columns - columns[:, None]) <= SWING * np.abs(apart) + loose
    alike &= np.abs(np.log(heights / heights[:, None])) <= np.log(SAME_HEIGHT)
    for upper, lower in np.argwhere(alike & (apart > 2 * loose) & (deeper > 0)):
        scale = apart[upper, lower] / deeper[upper, lower]
        if prior(scale * paper.factor, paper.dpi) < 0.0:
            continue
        off = np.abs(apart[upper] - scale * deeper[upper])
        agree = np.flatnonzero(alike[upper] & (off <= _STRETCH * np.abs(apart[upper]) + loose))
        _, single = np.unique(depths[agree], return_index=True)
        if single.size > best.size:
            best = agree[single]
    return best


def _chain(words: Words, members: NDArray[np.intp], depths: Floats) -> Chain:
    apart = int(np.gcd.reduce(np.diff(depths).astype(np.int64)))
    step = max((step for step in STEPS if apart % step == 0), default=apart)
    places = np.round((depths - depths[0]) / step).astype(np.intp)
    rows = words.rows[members]
    return Chain(members, places, float((rows[-1] - rows[0]) / places[-1]), float(members.size))

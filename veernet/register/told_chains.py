"""Words that are read as numbers and go on as depths do, where distances alone do not tell: few labels, or much else at even distances.

Any two numbers below each other say how many rows a unit of depth takes; the two with which most others agree begin a chain. That takes reading
of all words, and so it comes last, and asks only those that look as print does.
"""

from __future__ import annotations

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

_MOST_READ = 300
_FULL, _SOLID = 0.7, 0.5
"""Of the height of a word are its digits, and of its ink is in them: not specks that stand in a line."""
_INK = (0.15, 0.75)
"""Share of its box that is ink."""
_FEW_DIGITS, _LONG = 3, 2.2
"""Digits of most printed depths, and their length over their height, at the least."""
_SURELY, _MAYBE = 0.5, 0.1
"""Chance from which on a number is taken as read, and one of so many digits: what three of them say together is no chance."""
_PART = min(STEPS.values())
"""Of which printed depths are multiples."""
_FEWEST = 3
_STRETCH = 0.02
"""By how much rows of one pass may be off even ones."""


def told_chains(paper: Paper, words: Words, ask: Asked, turned: Turn) -> tuple[Words, list[Chain]]:
    """Chains of words by what they say, the longest first, and the words that they are of, without the specks about them; each word is in one chain at most.

    Args:
        paper: The scan.
        words: Of which it may be; where very many look like print, those that look most like numbers are read.
        ask: Reads them.
        turned: How they are.
    """
    words = _like_numbers(paper, words)
    if words.rows.size < _FEWEST:
        return words, []
    said = map(best_text, ask(words.boxes, turned))
    depths = np.array([depth_of(text) if _is_read(text, chance) else None for text, chance in said], float)
    which = np.flatnonzero(np.isfinite(depths) & (depths % _PART == 0))
    found: list[Chain] = []
    while which.size >= _FEWEST:
        members = which[_most_agreeing(paper, words.some(which), depths[which])]
        if members.size < _FEWEST:
            break
        members = members[np.argsort(words.rows[members], kind="stable")]
        found.append(_chain(words, members, depths[members]))
        which = np.setdiff1d(which, members)
    return words, found


def _is_read(text: str, chance: float) -> bool:
    return len(text) > 1 and chance >= (_MAYBE if len(text) >= _FEW_DIGITS else _SURELY)


def _like_numbers(paper: Paper, words: Words) -> Words:
    """Those words that have most of their ink in pieces as tall as they are, cut to these; of very many those that look most like numbers, by how many of the pieces are as narrow as digits, and by their length."""
    boxes, like = [], []
    for top, left, end, right in np.maximum(words.boxes, 0).tolist():
        ink = np.ascontiguousarray(paper.search[top:end, left:right])
        ink = np.ascontiguousarray(ink.T) if words.turned else ink
        if not ink.size or not _INK[0] <= ink.mean() <= _INK[1]:
            continue
        _, stats = pieces_of(ink)
        pieces = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= _FULL * len(ink)]
        if not len(pieces) or pieces[:, cv2.CC_STAT_AREA].sum() < _SOLID * ink.sum():
            continue
        first, wide = pieces[:, cv2.CC_STAT_LEFT], pieces[:, cv2.CC_STAT_WIDTH]
        start, stop = int(first.min()), int((first + wide).max())
        boxes.append((top + start, left, top + stop, right) if words.turned else (top, left + start, end, left + stop))
        long = stop - start >= _LONG * len(ink)
        like.append(min(_FEW_DIGITS, int((wide <= len(ink)).sum())) + _FEW_DIGITS * long)
    most = np.sort(np.argsort(-np.array(like), kind="stable")[:_MOST_READ])
    return Words(np.unique(np.array(boxes, np.int64).reshape(-1, 4)[most], axis=0), words.turned)


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

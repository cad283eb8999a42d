"""Labels whose first digit is no part of the word that was found.

What begins close to a border is read without it, label after label, and all go on as evenly as before: 14450, 14500 and 14550 as 4450, 4500 and 4550.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.labels import Labels, Pass
from veernet.register.numbered import MARGIN, Asked, upright
from veernet.register.numbers import best_text
from veernet.register.paper import Bits, Paper
from veernet.register.pieces import pieces_of

_MOST_LOOKED_AT = 8
_LIKELY = 0.5
"""Confidence of a pass that is worth it."""
_BEFORE, _NEXT = 1.4, 0.7
"""Of the distance between digits: how far before a label its first one may begin, and end."""
_LINE, _CLEAN = 0.3, 0.15
"""Share of ink above and below a label in columns of a line, and at the most in those of a digit."""
_AS_TALL = 0.7
"""Height of a digit over the label's."""
_SEEN, _SAID = 0.5, 0.75
"""Shares of labels that have such a digit for it to be there, and that are read with it."""
_READ = 0.7
"""Chance from which on they are."""
_FEWEST = 3
_IN_DOUBT = 0.6


@dataclass(frozen=True)
class _Before:
    """A label with the paper before it, its text upright, lines down that part of it left out.

    Args:
        ink: Of the rows of the label and a margin.
        digit: Whether something like a digit stands before it.
    """

    ink: Bits
    digit: bool


def with_first_digits(paper: Paper, one: Pass, ask: Asked) -> Pass:
    """A pass whose depths have the digit that stands before the words of its labels; in doubt where that cannot be read."""
    labels = one.labels
    which = np.flatnonzero(labels.agreeing)
    which = which[np.unique(np.linspace(0, which.size - 1, min(which.size, _MOST_LOOKED_AT)).astype(int))]
    if one.confidence < _LIKELY or which.size < _FEWEST:
        return one
    seen = list(_looked_at(paper, labels, which))
    if np.mean([each.digit for each in seen]) < _SEEN:
        return one
    whole = [
        (int(text) - int(labels.depths[index]), chance)
        for index, (text, chance) in zip(which, map(best_text, ask.of_ink([each.ink for each in seen])), strict=True)
        if text.isdigit() and text[1:] == labels.texts[index]
    ]
    more, counts = np.unique([apart for apart, chance in whole if chance >= _READ], return_counts=True)
    if counts.size == 1 and counts[0] >= max(_FEWEST, _SAID * which.size):
        texts = tuple(f"{round(depth + more[0])}" for depth in labels.depths)
        return replace(one, labels=replace(labels, depths=labels.depths + float(more[0]), texts=texts))
    return replace(one, confidence=min(one.confidence, _IN_DOUBT))


def _looked_at(paper: Paper, labels: Labels, which: NDArray[np.intp]) -> Iterator[_Before]:
    for box, text in ((labels.boxes[index], labels.texts[index]) for index in which):
        top, left, end, right = box.tolist()
        tall, long = (right - left, end - top) if labels.turned else (end - top, right - left)
        pitch = long / len(text)
        before = _BEFORE * pitch
        grown = {
            0: (top - tall, left - before, end + tall, right),
            90: (top - before, left - tall, end, right + tall),
            270: (top, left - tall, end + before, right + tall),
        }[labels.turned]
        yield _before(upright(_around(paper, *grown), labels.turned), round(tall), round(before), pitch)


def _around(paper: Paper, top: float, left: float, end: float, right: float) -> Bits:
    """The ink of a box, blank beyond the scan."""
    ink = paper.crop(top, end, left, right)
    down = (max(0, -int(top)), max(0, math.ceil(end) - paper.rows))
    return np.pad(ink, (down, (max(0, -int(left)), max(0, math.ceil(right) - paper.width))))


def _before(ink: Bits, tall: int, before: int, pitch: float) -> _Before:
    """What stands in the first columns before a label, the paper above and below it as high as it is."""
    ink = ink.copy()
    middle = slice(tall, len(ink) - tall)
    margin = round(MARGIN * tall)
    kept = slice(max(0, tall - margin), len(ink) - tall + margin)
    if ink[middle].size == 0 or before < 1:
        return _Before(ink[kept], digit=False)
    aside = np.concatenate([ink[:tall, :before], ink[len(ink) - tall :, :before]]).mean(axis=0)
    lines = cv2.dilate((aside > _LINE).astype(np.uint8)[None], np.ones((1, 3), np.uint8))[0] > 0
    ink[:, :before][:, lines] = 0
    _, stats = pieces_of(np.ascontiguousarray(ink[middle, :before]))
    digit = any(
        height >= _AS_TALL * tall
        and start + width >= before - _NEXT * pitch
        and aside[start : start + width][~lines[start : start + width]].mean() <= _CLEAN
        for start, width, height in stats[1:, [cv2.CC_STAT_LEFT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].tolist()
    )
    return _Before(ink[kept], digit)

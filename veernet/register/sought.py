"""Labels that no word was found for, where their pass says that they stand: what a curve, a line or a pen runs through is no word, but can be read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.labels import Labels, Pass, joined
from veernet.register.numbered import Asked
from veernet.register.numbers import best_text
from veernet.register.paper import Bits, Paper
from veernet.register.vote import STEPS, depth_of
from veernet.register.words import Words

_MOST_MISSED = 4
"""Labels above the first or below the last one that follow each other and may be missing: more are written over seldom."""
_BEYOND_GAP = 2
"""Digits that a label has at the least that stands beyond one that is missing: a lone 0 may be a scale's, or a ring."""
_NEAR, _NEAR_INCHES = 0.05, 0.05
"""Of a step, and in addition: how far from its place down the paper a label may stand."""
_LONE_NEAR, _LONE_NEAR_INCHES = 0.015, 0.03
"""The same of a lone digit, which many a letter is read as."""
_ASIDE_INCHES = 0.15
_ALIKE = 0.25
"""Likeness to the nearest label from which it is worth reading."""
_SMALLEST_PX = 3
_HALFWAY = 4
_ENOUGH = 12
"""Labels that agree, so that those between them add nothing: what runs through a label moves its box a little, and its line tells its depth better."""
_DOUBT_LEFT = 0.25
"""A label that says what it should leaves so much of the doubt, as in a vote."""
_LIKELY = 0.5
"""Confidence of a pass that is worth it."""


def completed(paper: Paper, words: Words, one: Pass, ask: Asked) -> Pass:
    """A pass with the labels between its own, above its first and below its last that say what they should there."""
    for depths in (_halfway, _between):
        for depth in depths(one):
            one, _ = _with(paper, words, one, ask, depth)
    for ahead, end in ((-1, 0), (1, -1)):
        depth, missed = float(one.labels.depths[end]), 0
        while missed < _MOST_MISSED:
            depth += ahead * one.step
            if depth < 0 or not 0 <= one.row_at(depth) < paper.rows:
                break
            one, found = _with(paper, words, one, ask, depth, _BEYOND_GAP if missed else 1)
            missed = 0 if found else missed + 1
    return one


def _halfway(one: Pass) -> Iterator[float]:
    """A few depths between two labels that follow each other: where labels stand there, every other one alone was found."""
    depths, half = one.labels.depths, one.step / 2
    if one.confidence >= _LIKELY and half in STEPS:
        beside = depths[:-1][np.diff(depths) == one.step]
        yield from (beside[np.linspace(0, beside.size - 1, min(beside.size, _HALFWAY)).astype(int)] + half).tolist()


def _between(one: Pass) -> Iterator[float]:
    depths = one.labels.depths
    if one.confidence >= _LIKELY and one.labels.agreeing.sum() < _ENOUGH:
        yield from np.setdiff1d(np.arange(depths[0], depths[-1], one.step), depths).tolist()


def _with(paper: Paper, words: Words, one: Pass, ask: Asked, depth: float, fewest_digits: int = 1) -> tuple[Pass, bool]:
    """A pass with the label of a depth, if there is one of so many digits, and whether there is."""
    for boxes in _where(paper, words, one, depth):
        texts = [best_text(log) for log in ask(boxes, one.labels.turned)] if len(boxes) else []
        said = [at for at, (text, _) in enumerate(texts) if depth_of(text) == depth and len(text) >= fewest_digits]
        if said:
            text, chance = texts[said[0]]
            box = boxes[said[:1]].astype(np.float64) * paper.factor
            numbers = np.array([chance]), np.array([depth]), np.array([True])
            label = replace(one, labels=Labels(box, one.labels.turned, (text,), *numbers), margin=0.0)
            left = _DOUBT_LEFT if one.confidence >= _LIKELY else 1.0
            return replace(joined(one, label), confidence=1.0 - left * (1.0 - one.confidence)), True
    return one, False


def _where(paper: Paper, words: Words, one: Pass, depth: float) -> Iterator[NDArray[np.int64]]:
    """Boxes in which the label of a depth may be, search px: words about its place, then what looks most like the label next to it."""
    labels = one.labels
    row, column = one.row_at(depth), float(np.interp(depth, labels.depths, labels.columns))
    of_step, inches = (_LONE_NEAR, _LONE_NEAR_INCHES) if depth < 10 else (_NEAR, _NEAR_INCHES)
    down = of_step * one.step * one.px_per_unit + inches * paper.dpi
    aside = _ASIDE_INCHES * paper.dpi
    near = np.abs(words.rows * paper.factor - row) <= down
    yield words.boxes[near & (np.abs(words.columns * paper.factor - column) <= aside)]
    if one.confidence >= _LIKELY:
        like = labels.boxes[np.abs(labels.rows - row).argmin()]
        half = 0.5 * (like[2:] - like[:2]) + np.array([down, aside])
        middle = np.array([row, column])
        around = np.concatenate([middle - half, middle + half])
        yield _most_alike(paper.search, *(np.round(box / paper.factor).astype(int) for box in (like, around)))


def _most_alike(search: Bits, like: NDArray[np.int64], around: NDArray[np.int64]) -> NDArray[np.int64]:
    """The box within one box whose ink is most like that of another, ``(1, 4)``; none where nothing is."""
    like, around = (np.clip(box, 0, [*search.shape] * 2) for box in (like, around))
    label, place = (np.ascontiguousarray(search[box[0] : box[2], box[1] : box[3]]) for box in (like, around))
    if min(label.shape) < _SMALLEST_PX or (np.array(place.shape) < label.shape).any():
        return np.zeros((0, 4), np.int64)
    _, alike, _, (column, row) = cv2.minMaxLoc(cv2.matchTemplate(place, label, cv2.TM_CCOEFF_NORMED))
    start = around[:2] + np.array([row, column])
    return np.concatenate([start, start + label.shape])[None][: int(alike >= _ALIKE)]

"""The numbers at the edges of a track in a scale block: found by their ink, because the finder of text passes over a digit that stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.block_words import DIGIT_INCHES, Print, renderings
from veernet.register.numbers import as_number, best_text
from veernet.register.paper import Bits
from veernet.register.text import Line, read_steps

EDGE_INCHES = 0.35
"""From an edge of the track to the number that is its value there."""
_OUTSIDE_INCHES = 0.06
_WIDEST_NUMBER_INCHES = 0.85
_GAP_INCHES = 0.09
"""Between the digits of a number."""
_LEAST_NUMBER = 0.1
_LONE = 0.95
"""Width over height of a number of one digit."""
_NUMBER = re.compile(r"^-?(\d+\.?\d*|\.\d+)$")
_SURELY = 1.0 - 0.012
"""Chance of what the reader is wholly sure of, at each step."""
_LEAST_NUMBER_INCHES = 0.02
"""Of columns with ink."""
_SURE_READ = 0.9
"""Chance from which on a number is not read again."""


@dataclass(frozen=True)
class Number(Line):
    """A number at an edge of a track.

    Args:
        twice: Whether one digit was read two times side by side.
        others: The chances of characters along it in other readings.
    """

    twice: bool = False
    others: tuple[NDArray[np.float32], ...] = field(default=(), compare=False, repr=False)

    @property
    def readings(self) -> tuple[NDArray[np.float32], ...]:
        """The chances of characters along it in all readings."""
        return (self.steps, *self.others)


def edge_numbers(printed: Print, left: float, right: float) -> tuple[list[Line], list[Line]]:
    """The numbers at the left and at the right edge of a track, from the top down, their text as digits."""
    reach = (_WIDEST_NUMBER_INCHES + EDGE_INCHES) * printed.dpi
    out = _OUTSIDE_INCHES * printed.dpi
    return (
        _numbers(printed, left - out, min(left + reach, right), at_left=True),
        _numbers(printed, max(right - reach, left), right + out, at_left=False),
    )


def _numbers(printed: Print, start: float, stop: float, *, at_left: bool) -> list[Line]:
    dpi = printed.dpi
    first, last = max(0, round(start)), min(printed.bare.shape[1], round(stop))
    ink = printed.bare[:, first:last]
    if ink.size == 0:
        return []
    joined = np.asarray(cv2.dilate(ink, np.ones((1, max(3, round(_GAP_INCHES * dpi)) | 1), np.uint8)), np.uint8)
    # What stands beyond a rule is of another cell.
    joined[printed.down[:, first:last] > 0] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = []
    for x, y, width, height, _ in stats[1:].tolist():
        from_edge = x if at_left else ink.shape[1] - x - width
        if (
            DIGIT_INCHES[0] * dpi <= height <= DIGIT_INCHES[1] * dpi
            and from_edge <= (EDGE_INCHES + _OUTSIDE_INCHES) * dpi
            and width <= _WIDEST_NUMBER_INCHES * dpi
            and x > 0
            and x + width < ink.shape[1]
            and ink[y : y + height, x : x + width].any()
        ):
            boxes.append((x, y, x + width, y + height))
    found = _read_numbers([ink[y:y1, x:x1] for x, y, x1, y1 in boxes], boxes, printed.top, first)
    return sorted((number for number in found if number.confidence >= _LEAST_NUMBER), key=lambda line: line.top)


def number_between(
    printed: Print, rows: tuple[float, float], columns: tuple[float, float], *, at_left: bool
) -> Number | None:
    """The number at an edge in some rows, full px, where the name beside it is known: however badly it is printed."""
    top, end = max(0, round(rows[0]) - printed.top), round(rows[1]) - printed.top
    start, stop = max(0, round(columns[0])), round(columns[1])
    ink = np.where(printed.down[top:end, start:stop] > 0, 0, printed.bare[top:end, start:stop]).astype(np.uint8)
    inked = np.flatnonzero(ink.any(axis=0)) if ink.size else np.zeros(0, np.intp)
    if inked.size < _LEAST_NUMBER_INCHES * printed.dpi:
        return None
    groups = np.split(inked, np.flatnonzero(np.diff(inked) > 1.5 * _GAP_INCHES * printed.dpi) + 1)
    group = groups[0] if at_left else groups[-1]
    left, right = int(group[0]), int(group[-1]) + 1
    off = start + left - columns[0] if at_left else columns[1] - start - right
    if off > EDGE_INCHES * printed.dpi or right - left > _WIDEST_NUMBER_INCHES * printed.dpi:
        return None
    return next(iter(_read_numbers([ink[:, left:right]], [(left, top, right, end)], printed.top, start)), None)


def _undotted(text: str) -> str:
    """A number without dirt at its ends that was read as points."""
    return text.strip(".") if text.count(".") > 1 or text.endswith(".") else text


def as_edge_number(line: Line, dpi: float) -> Line | None:
    """A line as the number that its letters may be, if they can."""
    if line.right - line.left > _WIDEST_NUMBER_INCHES * dpi or sum(
        letter.isdigit() for letter in line.text
    ) < 0.5 * len(line.text):
        return None
    text, chance = best_text(as_number(line.steps.astype(np.float64)))
    text, chance = _undotted(text), min(1.0, chance / _SURELY ** len(line.steps))
    return replace(line, text=text, confidence=chance) if _NUMBER.match(text) and chance >= _LEAST_NUMBER else None


def surer(printed: Print, line: Line) -> Line:
    """A number that was not read surely, read in more ways: it is as the surest of them has it, and in a vote they count together."""
    top, end = round(line.top) - printed.top, round(line.end) - printed.top
    left, right = max(0, round(line.left)), round(line.right)
    ink = np.where(printed.down[top:end, left:right] > 0, 0, printed.bare[top:end, left:right]).astype(np.uint8)
    if line.confidence >= _SURE_READ or not ink.any():
        return line
    tight = _tight(ink)
    alone = _is_lone(tight)
    first = (
        line
        if isinstance(line, Number)
        else Number(line.top, line.left, line.end, line.right, line.text, line.confidence, line.steps)
    )
    if first.twice != alone:
        return line
    read = read_steps(renderings(_twice(tight) if alone else tight))
    found = [number for steps in read if (number := _number(first, steps, alone=alone)) is not None]
    best = max([first, *found], key=lambda number: number.confidence)
    return replace(best, steps=first.steps, others=tuple(number.steps for number in found))


def _read_numbers(
    crops: Sequence[Bits], boxes: Sequence[tuple[int, int, int, int]], top: int, left: int
) -> list[Number]:
    """Those of some crops that are numbers; boxes are left, top, right, end, counted from a row and a column of the scan."""
    tight = [_tight(crop) for crop in crops]
    lone = [_is_lone(crop) for crop in tight]
    shown = [_padded(_twice(crop) if alone else crop) for crop, alone in zip(tight, lone, strict=True)]
    found = []
    for box, alone, steps in zip(boxes, lone, read_steps(shown), strict=True):
        at = Line(box[1] + top, box[0] + left, box[3] + top, box[2] + left, "", 0.0)
        number = _number(at, steps, alone=alone)
        if number is not None:
            found.append(number)
    return found


def _number(at: Line, steps: NDArray[np.float32], *, alone: bool) -> Number | None:
    """The number that a reading of some print makes, if it makes one."""
    text, chance = best_text(as_number(steps.astype(np.float64)))
    text = _undotted(text)
    if alone:
        text = text[0] if len(text) == 2 and text[0] == text[1] else ""
    if not _NUMBER.match(text):
        return None
    return Number(at.top, at.left, at.end, at.right, text, min(1.0, chance / _SURELY ** len(steps)), steps, alone)


def _is_lone(ink: Bits) -> bool:
    return bool(ink.shape[1] <= _LONE * ink.shape[0])


def _tight(ink: Bits) -> Bits:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _twice(digit: Bits) -> Bits:
    """A digit two times side by side: readers take one that stands alone for a letter or a blot, hardly two."""
    return np.concatenate([digit, np.zeros((len(digit), max(1, round(0.2 * len(digit)))), np.uint8), digit], axis=1)


def _padded(ink: Bits) -> Bits:
    return np.pad(ink, max(2, round(0.2 * len(ink))))

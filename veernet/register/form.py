"""What is typed beside the words of a form: all of it, however many lines it was found as, and read twice."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from veernet.register.bare_ink import mended_ink
from veernet.register.block_words import Print, read_again, renderings
from veernet.register.facts import letters
from veernet.register.pieces import pieces_of
from veernet.register.text import Line, parted, read_lines

READ_ONCE = 0.8
"""Most that a fact is sure by one reading: each for itself is too sure."""
_LEAST_READ = 0.6
_UNFINISHED = 0.59
"""Confidence in what has more beside it that may be of it."""
_FURTHEST = 14
"""Heights of a line from a form's word to what stands beside it."""
_ONE_FACT, _NEAR = 2.5, 5.0
"""Heights of a line between two parts of one fact, and between two that may be of one."""
_OF_A_LETTER = 0.55
"""Height of what may be a letter over that of the letters that were read."""
_NO_SPECK = 0.25
"""Height of a letter over that of its line, at the least."""
_SAME_ROW = 0.7
_TRIM = " .:_-"


def beside(printed: Print, line: Line) -> tuple[str, float] | None:
    """What stands to the right of a form's word, and how sure that is.

    Args:
        printed: The header.
        line: The word.
    """
    height = line.end - line.top
    right = [
        other
        for other in printed.lines
        if other is not line
        and other.left >= line.right - height
        and other.left - line.right < _FURTHEST * height
        and _same_row(line, other)
    ]
    first = min(right, key=lambda other: other.left, default=None)
    return None if first is None else _whole(printed, line.right, first)


def after(printed: Print, line: Line, at: int) -> tuple[str, float]:
    """What stands behind a form's word in the same line, from a character of its text on, and how sure that is."""
    value = parted(line, at)[1]
    cut = _gap_near(printed, line, value.left)
    return _whole(printed, cut, replace(value, left=cut))


def _whole(printed: Print, start: float, value: Line) -> tuple[str, float]:
    """A fact that begins with a line, `start` being the column at which its place begins."""
    for other in sorted(printed.lines, key=lambda each: each.left):
        gap = other.left - value.right
        height = value.end - value.top
        if (
            other.left > value.left
            and other.right > value.right
            and _same_row(value, other)
            and gap < _ONE_FACT * height
        ):
            value = _joined(value, other)
    text, chance = _twice(value, read_again(printed, value))
    if chance > READ_ONCE and not _as_ever(printed, value, letters(text)):
        chance = READ_ONCE
    return text, chance if _stands_alone(printed, start, value) else min(chance, _UNFINISHED)


def _as_ever(printed: Print, value: Line, said: str) -> bool:
    """Whether what a line says is read however it is shown: of a number, nothing else tells a misread digit."""
    top, left = max(0, round(value.top) - printed.top), max(0, round(value.left))
    ink = printed.bare[top : round(value.end) - printed.top, left : round(value.right)]
    return all(letters(text) == said for text, chance in read_lines(renderings(ink)) if chance >= _LEAST_READ)


def _joined(one: Line, other: Line) -> Line:
    return Line(
        min(one.top, other.top),
        one.left,
        max(one.end, other.end),
        other.right,
        f"{one.text} {other.text}",
        min(one.confidence, other.confidence),
    )


def _same_row(line: Line, other: Line) -> bool:
    return abs((other.top + other.end) / 2 - (line.top + line.end) / 2) < _SAME_ROW * (line.end - line.top)


def _stands_alone(printed: Print, start: float, value: Line) -> bool:
    """Whether no letter stands before a fact in its place, nor close behind it: the finder of text passes over some."""
    height = value.end - value.top
    tall = [each for each in _letters(printed, value, value.left, value.right) if each > _NO_SPECK * height]
    if not tall:
        return False
    least = _OF_A_LETTER * float(np.median(tall))
    before = _letters(printed, value, start, value.left)
    behind = _letters(printed, value, value.right, value.right + _NEAR * height)
    return all(each < least for each in (*before, *behind))


def _letters(printed: Print, line: Line, left: float, right: float) -> list[int]:
    """Heights of what stands whole between some columns, in the rows of a line."""
    top, start = max(0, round(line.top) - printed.top), max(0, round(left))
    ink = printed.bare[top : round(line.end) - printed.top, start : max(start, round(right))]
    if not ink.size:
        return []
    high = pieces_of(mended_ink(ink))[1][1:, cv2.CC_STAT_HEIGHT]
    return [int(each) for each in high[high < len(ink)]]


def _gap_near(printed: Print, line: Line, column: float) -> float:
    """The middle of the widest gap between letters of a line about a column: the reader's steps only nearly tell where one stands."""
    reach = 0.9 * (line.end - line.top)
    first, last = round(max(line.left, column - reach)), round(min(line.right, column + reach))
    ink = printed.bare[round(line.top) - printed.top : round(line.end) - printed.top, first:last]
    inked = np.flatnonzero(ink.any(axis=0)) if ink.size else np.zeros(0, np.intp)
    if inked.size < 2:
        return column
    widest = int(np.diff(inked).argmax())
    return first + 0.5 * float(inked[widest] + inked[widest + 1])


def _twice(one: Line, other: Line) -> tuple[str, float]:
    """What two readings of a line say: sure only where they agree in every letter."""
    first, second = (line.text.strip(_TRIM) for line in (one, other))
    low, high = sorted((one.confidence, other.confidence))
    if letters(first) != letters(second):
        return first if one.confidence >= other.confidence else second, READ_ONCE * high
    # Readers lose spaces, but add none.
    text = max(first, second, key=lambda said: said.count(" "))
    return text, high if low >= _LEAST_READ else min(high, READ_ONCE)


def stripped(text: str) -> str:
    """A line of a form without what its rules leave at its ends."""
    return text.strip(_TRIM)

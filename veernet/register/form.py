"""What is typed beside the words of a form: all of it, however many lines it was found as, and read twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import cv2
import numpy as np

from veernet.register.bare_ink import mended_ink
from veernet.register.block_words import Print, print_of
from veernet.register.facts import letters
from veernet.register.form_words import form_begins, is_forms_own, may_be_forms, stripped
from veernet.register.paper import Bits
from veernet.register.pieces import pieces_of
from veernet.register.readings import READ_ONCE, agreed, readings
from veernet.register.text import Line, parted

_UNFINISHED = 0.59
"""Confidence in what has more beside it that may be of it."""
_FURTHEST = 14
"""Heights of a line from a form's word to what stands beside it."""
_DEEPEST = 10
"""The same to what stands below it."""
_LONGEST = 30
"""The same of what is printed up or down the paper."""
READ_DPI = 110.0
"""At which words are looked for; they are read at the scan's own."""
_ONE_FACT, _NEAR = 2.5, 5.0
"""Heights of a line between two parts of one fact, and between two that may be of one."""
_OF_A_LETTER = 0.55
"""Height of what may be a letter over that of the letters that were read."""
_NO_SPECK = 0.25
"""Height of a letter over that of its line, at the least."""
_SMALLEST_PX = 12
"""Height of letters that are seen whole: strokes of smaller ones are lost without a trace."""
_SAME_ROW = 0.7
_RULED = 0.7
"""Share of a line's rows that a rule beside it runs through."""
_NEXT_ROW = 1.6
"""Heights of a line from a fact to the row below it."""
_CUT_OFF = 0.35
"""The same to a rule that cuts off what does not fit before it."""


@dataclass(frozen=True)
class Beside:
    """What stands beside a form's word.

    Args:
        text: All of it.
        chance: That it is read right, and is all of it.
        partly: Whether more may be of it that only its meaning tells: another row, strokes that are lost in small print.
    """

    text: str
    chance: float
    partly: bool = False


def beside(printed: Print, line: Line, may_be: Callable[[str], bool]) -> Beside | None:
    """What stands to the right of a form's word; None where that is the form's next word, or nothing.

    Args:
        printed: The header.
        line: The word.
        may_be: Whether a text may be what is looked for.
    """
    first = _next(printed, line)
    if first is None or not may_be(first.text) or _is_forms_own(printed, first):
        return None
    return _whole(printed, line.left, line.right, first)


def after(printed: Print, line: Line, at: int) -> Beside | None:
    """What stands behind a form's word in the same line, from a character of its text on; None where that is the form's next word."""
    value = parted(line, at)[1]
    if is_forms_own(value.text):
        return None
    cut = _gap_near(printed, line, value.left)
    whole = _whole(printed, line.left, cut, replace(value, left=cut))
    as_found = letters(value.text)[:1] == letters(whole.text)[:1]
    return whole if as_found else replace(whole, chance=min(whole.chance, READ_ONCE))


def below(printed: Print, line: Line, may_be: Callable[[str], bool]) -> list[Beside]:
    """What stands beneath a form's word and may be what is looked for, from the top down."""
    height = line.end - line.top
    found = [
        other
        for other in printed.lines
        if may_be(other.text)
        and line.end - 0.5 * height <= other.top < line.end + _DEEPEST * height
        and other.left < line.right + height
        and other.right > line.left - height
    ]
    upright = [_whole(printed, other.left, other.left, other) for other in sorted(found, key=lambda other: other.top)]
    return upright or _turned_below(printed, line, may_be)


def _turned_below(printed: Print, line: Line, may_be: Callable[[str], bool]) -> list[Beside]:
    """The same of what is printed up or down the paper, in a place that is too narrow for it."""
    height = line.end - line.top
    top, left = round(line.end) - printed.top, max(0, round(line.left - height))
    ink = printed.ink[top : top + round(_LONGEST * height), left : round(line.right + height)]
    found = []
    for turns in (-1, 1) if ink.size else ():
        upright = print_of(
            np.ascontiguousarray(np.rot90(ink, turns)), 0, printed.dpi, max(1, round(printed.dpi / READ_DPI))
        )
        found += [_whole(upright, each.left, each.left, each) for each in upright.lines if may_be(each.text)]
    return found


def _whole(printed: Print, form_left: float, start: float, value: Line) -> Beside:
    """A fact that begins with a line.

    Args:
        printed: The header.
        form_left: Column at which the form's word begins.
        start: That at which the fact's place begins.
        value: The line.
    """
    value, ends = _up_to_form(printed, value)
    for other in sorted(printed.lines, key=lambda each: each.left):
        gap = other.left - value.right
        height = value.end - value.top
        if ends or gap >= _ONE_FACT * height:
            break
        if other.left > value.left and other.right > value.right and _same_row(value, other):
            if _is_forms_own(printed, other) or _rule_within(printed, value, value.right, other.left) is not None:
                break
            other, ends = _up_to_form(printed, other)
            value = _joined(value, other)
    text, chance = agreed(readings(_ink(printed, value), value.steps))
    whole = _stands_alone(printed, start, value)
    small = _letter_px(printed, value) < _SMALLEST_PX
    return Beside(
        stripped(text), chance if whole else min(chance, _UNFINISHED), small or _goes_on(printed, form_left, value)
    )


def _goes_on(printed: Print, form_left: float, value: Line) -> bool:
    """Whether the next row of the form begins with no word of its own: names too long for their place go on there."""
    height = value.end - value.top
    below = [
        line
        for line in printed.lines
        if value.end - 0.5 * height <= line.top < value.end + _NEXT_ROW * height
        and form_left - height <= line.left < value.right
        and (line.end - line.top) > _OF_A_LETTER * height
    ]
    if not below:
        return False
    top = min(below, key=lambda line: line.top)
    row = (line for line in printed.lines if line.left >= form_left - height and _same_row(top, line))
    first = min(row, key=lambda line: line.left)
    return len(letters(first.text)) > 1 and not (may_be_forms(first.text) or _is_forms_own(printed, first))


def _ink(printed: Print, line: Line) -> Bits:
    top, left = max(0, round(line.top) - printed.top), max(0, round(line.left))
    return printed.bare[top : round(line.end) - printed.top, left : round(line.right)]


def _up_to_form(printed: Print, line: Line) -> tuple[Line, bool]:
    """A line up to the form's next word that was found with it, and whether there is one."""
    at = form_begins(line.text)
    if at is None:
        return line, False
    fact, word = parted(line, at)
    return replace(fact, right=_gap_near(printed, line, word.left)), True


def _is_forms_own(printed: Print, line: Line) -> bool:
    behind = _next(printed, line)
    apart = behind is None or _rule_within(printed, line, line.right, behind.left) is not None
    return is_forms_own(line.text, None if behind is None or apart else behind.text)


def _next(printed: Print, line: Line) -> Line | None:
    """The line that stands next to another in its row."""
    height = line.end - line.top
    right = [
        other
        for other in printed.lines
        if other is not line
        and other.left >= line.right - height
        and other.left - line.right < _FURTHEST * height
        and _same_row(line, other)
    ]
    return min(right, key=lambda other: other.left, default=None)


def _rule_within(printed: Print, line: Line, left: float, right: float) -> float | None:
    """The first column between some of a line's rows where a rule of the form runs down: what stands beyond is another place's."""
    start = max(0, round(left))
    rules = printed.down[max(0, round(line.top) - printed.top) : round(line.end) - printed.top, start : round(right)]
    ruled = np.flatnonzero(rules.mean(axis=0) > _RULED) if rules.size else np.zeros(0, np.intp)
    return float(start + ruled[0]) if ruled.size else None


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
    least = _OF_A_LETTER * _letter_px(printed, value)
    if not least:
        return False
    before = _letters(printed, value, start, value.left)
    behind = _letters(printed, value, value.right, _place_ends(printed, value, value.right + _NEAR * height))
    return all(each < least for each in (*before, *behind)) and not _is_cut_off(printed, value)


def _letter_px(printed: Print, value: Line) -> float:
    """How tall the letters of a line are, 0 where it has none."""
    height = value.end - value.top
    tall = [each for each in _letters(printed, value, value.left, value.right) if each > _NO_SPECK * height]
    return float(np.median(tall)) if tall else 0.0


def _is_cut_off(printed: Print, value: Line) -> bool:
    """Whether a fact runs into a rule of the form."""
    inked = np.flatnonzero(_ink(printed, value).any(axis=0))
    end = max(0, round(value.left)) + int(inked[-1]) + 1 if inked.size else value.right
    return _rule_within(printed, value, end, end + _CUT_OFF * (value.end - value.top)) is not None


def _place_ends(printed: Print, value: Line, furthest: float) -> float:
    """The column at which the form goes on to the right of a fact, or that up to which it is looked for."""
    height = value.end - value.top
    right = (
        other.left
        for other in printed.lines
        if other.left >= value.right - height and _same_row(value, other) and _is_forms_own(printed, other)
    )
    ruled = _rule_within(printed, value, value.right, furthest)
    return max(value.right, min([furthest, *right, *([] if ruled is None else [ruled])]))


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

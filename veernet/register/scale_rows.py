"""The rows of one track's part of a scale block: a number at either edge, and between them what may be a name."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from veernet.register.block_words import Print, letter_columns, letter_rows, without
from veernet.register.draft import Box
from veernet.register.edge_numbers import EDGE_INCHES, as_edge_number, edge_numbers, number_between
from veernet.register.edge_readings import surer
from veernet.register.mnemonics import Scale
from veernet.register.row_names import Name, is_known, likelier, name_between, name_of
from veernet.register.spelling import Spelled
from veernet.register.text import Line, parted

_SAME_ROW = 0.6
"""Of a text's height: how far apart the middles of one row are."""
_FEWEST_LETTERS = 2
"""Of a word."""
_IN_LINE = 0.9
_READ, _FEWEST_DIGITS = 0.7, 3
"""Chance, and digits, from which on a number is taken as read whatever stands beside it."""
_DIGIT = 0.2
"""Chance from which on a mark beside a name is a digit."""
_CLEAR_INCHES = 0.02
_OVER = 0.2
"""Of the height of a row's numbers, what its name may stand above and below them."""
_ABOVE_INCHES = 0.16
"""From the values up to the top of a name that stands above them."""
_LEADING = re.compile(r"^(-?\d+(?:\.\d+)?)[.,:]?\s+(?=[A-Za-z])")
_TRAILING = re.compile(r"[\s:;,/|]+(-?\d+(?:\.\d+)?)[.,:]?$")

_CAPTION = re.compile(
    r"\b[1Il]\s?[:;]\s?\d{3,4}\b|\d:\d\d:\d\d\b|\bscaled\b|\bcharted\b|\bdata(base|set)", re.IGNORECASE
)
"""Lines that tell how and when a log was drawn, as "Depth in Feet scaled 1:240", whose numbers are no curve's."""
_GLUED_BEFORE = re.compile(r"^(-?(?:\d+|O(?=\.\d))(?:\.\d+)?)(?=[A-Za-z]{3})")
_GLUED = re.compile(r"(?:[A-Za-z)>\]}]-?[A-Za-z)>\]}]|[)>\]}])(\d+(?:\.\d+)?)$|[A-Za-z)](-\d+\.\d+)$")
"""Numbers that stand so close before a name, or behind a unit, that no gap is left; beside letters a nought is read as one."""
_INCHES = re.compile(r"^\d\d?\s?['\"]")
"""What names of normals and laterals begin with, as 64" NORMAL: their spacing, which is no value at the edge."""


@dataclass(frozen=True)
class Row:
    """One row of a track's part of a block.

    Args:
        words: Between the numbers.
        left: The number at the left edge.
        right: That at the right one.
        box: Of all of it, full px.
        spelled: What the words may name, letter by letter.
    """

    words: str
    left: Line | None
    right: Line | None
    box: Box
    spelled: Spelled | None = None

    @property
    def numbered(self) -> bool:
        """Whether there is a number at an edge."""
        return self.left is not None or self.right is not None

    @property
    def scale(self) -> Scale | None:
        """Both numbers."""
        return None if self.left is None or self.right is None else (float(self.left.text), float(self.right.text))

    @property
    def differs(self) -> bool:
        """Whether they are two values: two pieces of curves look like the same digit."""
        return self.scale is not None and self.scale[0] != self.scale[1]

    @property
    def chance(self) -> float:
        """That the better of its numbers is read right, by its own looks."""
        return max(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def height(self) -> float:
        """Of the taller of its numbers, full px."""
        return max((line.height for line in (self.left, self.right) if line is not None), default=0.0)

    @property
    def least_chance(self) -> float:
        """That the worse of its numbers is."""
        return min(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def digits(self) -> int:
        """Of both numbers."""
        return sum(line.digits for line in (self.left, self.right) if line is not None)

    @property
    def lost_a_point(self) -> bool:
        """Whether a number begins as only those do that have a point after it."""
        return any(line is not None and re.match(r"-?0\d", line.text) for line in (self.left, self.right))


def rows_of(printed: Print, left: float, right: float) -> list[Row]:
    """The rows between the edges of a track, from the top down."""
    captions = [line for line in printed.lines if _CAPTION.search(line.text)]
    lefts, rights = (without(numbers, captions) for numbers in edge_numbers(printed, left, right))
    inside = without([line for line in printed.lines if left <= (line.left + line.right) / 2 <= right], captions)
    lefts = without(lefts, [line for line in inside if _INCHES.match(line.text)])
    words = without(inside, lefts + rights)
    near = EDGE_INCHES * printed.dpi
    at_edges = [line for line in words if line.left - left < near or right - line.right < near]
    numbers = [number for line in at_edges if (number := as_edge_number(line, printed.dpi)) is not None]
    lefts += [line for line in numbers if line.left - left < near]
    rights += [line for line in numbers if right - line.right < near]
    words = without(words, lefts + rights)
    tagged = [(line, "left") for line in lefts] + [(line, "right") for line in rights]
    tagged += [(line, "words") for line in words]
    rows = [_row(printed, group, left, right) for group in grouped(printed, tagged)]
    named_above = [False, *(row.spelled is not None and is_known(row.spelled) for row in rows[:-1])]
    missed = [
        _name_above(printed, row, left, right)
        for row, named_there in zip(rows, named_above, strict=False)
        if row.scale is not None and not row.words and not named_there
    ]
    return sorted([*rows, *(row for row in missed if row is not None)], key=lambda row: row.box.top_row)


def grouped(printed: Print, tagged: Sequence[tuple[Line, str]]) -> list[list[tuple[Line, str]]]:
    """What stands in one row, from the top down, around the widest name or number of each: grain that was read stands between rows, and would part one in two."""
    rows = {line: letter_rows(printed, (line.top, line.end), (line.left, line.right)) for line, _ in tagged}

    def middle(line: Line) -> float:
        return printed.levelled(0.5 * sum(rows[line]), 0.5 * (line.left + line.right))

    def apart(line: Line, anchor: Line) -> float:
        """How far the middles of two are from each other, in heights of the lower one."""
        return abs(middle(line) - middle(anchor)) / min(end - top for top, end in (rows[line], rows[anchor]))

    groups: list[list[tuple[Line, str]]] = []
    for line, kind in sorted(tagged, key=lambda each: (_may_be_grain(*each), middle(each[0]))):
        widest = [max((other for other, _ in group), key=lambda other: other.right - other.left) for group in groups]
        near = [(apart(line, anchor), group) for anchor, group in zip(widest, groups, strict=True)]
        distance, group = min(near, key=lambda each: each[0], default=(math.inf, []))
        if distance < _SAME_ROW:
            group.append((line, kind))
        else:
            groups.append([(line, kind)])
    return sorted(groups, key=lambda group: middle(group[0][0]))


def _may_be_grain(line: Line, kind: str) -> bool:
    """Whether words are no words."""
    return kind == "words" and sum(map(str.isalpha, line.text)) < _FEWEST_LETTERS


def _name_above(printed: Print, row: Row, left: float, right: float) -> Row | None:
    """The name above two values that stand alone, if the finder of text has passed over it."""
    top, gap = row.box.top_row, _CLEAR_INCHES * printed.dpi
    name = name_between(printed, (top - _ABOVE_INCHES * printed.dpi, top), (left + gap, right - gap))
    if name is None or not name.known:
        return None
    line = name.lines[0]
    box = Box(top_row=line.top, left_px=line.left, end_row=line.end, end_px=line.right)
    return Row(name.text, None, None, box, name.spelled)


def _row(printed: Print, group: Sequence[tuple[Line, str]], left: float, right: float) -> Row:
    near = EDGE_INCHES * printed.dpi
    at_left = min((line for line, kind in group if kind == "left"), key=lambda line: line.left, default=None)
    at_right = max((line for line, kind in group if kind == "right"), key=lambda line: line.right, default=None)
    if at_left is not None and at_right is not None and at_left.right > at_right.left:
        at_left = at_right = None
    words = sorted((line for line, kind in group if kind == "words"), key=lambda line: line.left)
    # What letters go on behind is a piece of a long name.
    if at_right is not None and at_right.confidence < _READ and words and _goes_on_behind(words[-1], at_right):
        at_right = None
    # A number that stands close to its curve's name is read in one line with it.
    if words and (leading := _LEADING.match(words[0].text)) and words[0].left - left < near:
        number, words[0] = parted(words[0], leading.end(1))
        at_left = _either(at_left, number)
    elif at_left is None and words and (glued := _GLUED_BEFORE.match(words[0].text)) and words[0].left - left < near:
        number, words[0] = parted(words[0], glued.end(1))
        at_left = as_edge_number(replace(number, text=number.text.replace("O", "0")), printed.dpi)
    if words and (trailing := _TRAILING.search(words[-1].text)) and right - words[-1].right < near:
        words[-1], number = parted(words[-1], trailing.start(1))
        at_right = _either(at_right, number)
    elif at_right is None and words and (glued := _GLUED.search(words[-1].text)) and right - words[-1].right < near:
        words[-1], number = parted(words[-1], glued.start(glued.lastindex or 1))
        at_right = as_edge_number(number, printed.dpi)
    # Grain beside a name would make the row as high as both, and hide its sample line.
    lines = [line for line in (at_left, at_right) if line is not None]
    lines += [line for line in words if not _may_be_grain(line, "words")]
    lines = lines or [line for line, _ in group]
    rows = (min(line.top for line in lines), max(line.end for line in lines))
    # A number at an edge that could not be read as one is no part of the name beside it.
    words = [line for line in words if not _is_misread_number(line, left, right, near)] if len(words) > 1 else words
    name = _name_in(printed, words, at_left, at_right, rows, (left, right))
    alone = any(map(str.isdigit, name.text)) or not name.text
    if (at_left is None) != (at_right is None) and (name.known or (alone and _is_number(at_left or at_right))):
        middle = 0.5 * (left + right)
        at_left = at_left or number_between(printed, rows, (left, middle), at_left=True)
        at_right = at_right or number_between(printed, rows, (middle, right), at_left=False)
        if at_left is not None and at_right is not None:
            name = _name_in(printed, words, at_left, at_right, rows, (left, right))
    if name.known and (at_left is None) != (at_right is None):
        at_left, at_right = (None if _is_speck(line) else line for line in (at_left, at_right))
    if name.known or (at_left is not None and at_right is not None):
        at_left, at_right = (None if line is None else surer(printed, line) for line in (at_left, at_right))
    box = Box(
        top_row=rows[0],
        left_px=max(left, min(line.left for line in lines)),
        end_row=rows[1],
        end_px=min(right, max(line.right for line in lines)),
    )
    return Row(name.text, at_left, at_right, box, name.spelled)


def _name_in(
    printed: Print,
    words: Sequence[Line],
    at_left: Line | None,
    at_right: Line | None,
    rows: tuple[float, float],
    edges: tuple[float, float],
) -> Name:
    """What stands between the numbers of a row: all that has ink, for the finder of text passes over letters and whole words."""
    name = name_of(printed, words)
    if not name.known and len(words) > 1 and (at_left is not None or at_right is not None):
        # One of them may be the name, and the others the run that has these values, or what a streak made of letters.
        alone = [each for word in words if (each := name_of(printed, [word])).known]
        if len(alone) == 1:
            return alone[0]
    if at_left is None and at_right is None and not name.known:
        return name
    gap, pad = _CLEAR_INCHES * printed.dpi, _OVER * (rows[1] - rows[0])
    start = edges[0] + gap if at_left is None else at_left.right + 1
    stop = edges[1] - gap if at_right is None else at_right.left - 1
    about = (rows[0] - pad, rows[1] + pad)
    inked = letter_columns(printed, about, (start, stop))
    if inked is None:
        return name
    cut = bool(words) and (inked[0] < words[0].left - gap or inked[1] > words[-1].right + gap)
    if name.clear and not cut:
        return name
    again = name_between(printed, about, (start, stop))
    better = again is not None and ((cut and again.known) or likelier(again, name))
    return again if again is not None and better else name


def _is_misread_number(line: Line, left: float, right: float, near: float) -> bool:
    digits, letters = (sum(test(each) for each in line.text) for test in (str.isdigit, str.isalpha))
    return (line.left - left < near or right - line.right < near) and digits > 2 * letters


def _goes_on_behind(line: Line, number: Line) -> bool:
    """Whether a line has letters and ends behind a number."""
    return not _may_be_grain(line, "words") and line.right > number.right


def _is_number(line: Line | None) -> bool:
    """Whether a number was read well, and has digits enough to be none that letters or lines were taken for."""
    return line is not None and line.confidence >= _READ and line.digits >= _FEWEST_DIGITS


def _is_speck(line: Line | None) -> bool:
    """Whether what was taken for a lone digit hardly looks like one: beside a name that stands alone, with its values below, it would be a value of its row."""
    return line is not None and line.digits == 1 and line.confidence < _DIGIT


def _either(number: Line | None, other: Line) -> Line:
    """A number by itself or as it is read in one line with a name, whichever is surer."""
    return other if number is None or number.confidence < _IN_LINE * other.confidence else number

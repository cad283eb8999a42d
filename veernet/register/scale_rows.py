"""The rows of one track's part of a scale block, and the curves that they tell.

Blocks are laid out in four ways: name and both values on one row above the sample line; the name on the line and the values below it; name and values on a
row with the unit below the line; a heading for the track with its unit, and below it rows of values, with or without names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet.register.block_words import (
    Print,
    as_edge_number,
    edge_numbers,
    letters_long,
    lines_between,
    number_between,
    without,
)
from veernet.register.draft import Box
from veernet.register.mnemonics import Named, Scale, named, unit_of
from veernet.register.spelling import Spelled, known_as, spelled_names
from veernet.register.text import CHARACTERS, Line

_SAME_ROW = 0.6
"""Of a text's height: how far apart the middles of one row are."""
_NEXT_ROW_INCHES = 0.3
_FURTHEST_INCHES = 1.0
"""From a curve's name down to its values."""
_CLOSE_INCHES = 0.06
_APART_INCHES = 0.9
"""Between two blocks."""
_READ = 0.7
"""Chance from which on a number is taken as read."""
_EDGE_INCHES = 0.35
_IN_LINE = 0.9
_SECOND_INCHES = 0.6
"""From a curve's values down to those of its second scale."""
_FEWEST_LETTERS, _MOST_LETTERS = 1, 40
"""Of a name."""
_TOO_LONG = 1.7
"""Letters that a line has room for, over those that were read: the others were lost."""
_A_NAME, _A_LETTER = 4.7, 5.5
"""Nats that one name of all that are known costs, and a letter of it that is not as it should be."""
_CLEAR_INCHES = 0.02
_ABOVE_INCHES = 0.16
"""From the values up to the top of a name that stands above them."""
_CLEARLY = 2.0
"""Nats by which a name must be likelier than one that nobody knows."""
_BY_LETTERS = 0.95
"""Likeness of a name that letters' chances tell."""
_LEADING = re.compile(r"^(-?\d+(?:\.\d+)?)[.,:]?\s+(?=[A-Za-z])")
_TRAILING = re.compile(r"[\s:;,/|]+(-?\d+(?:\.\d+)?)[.,:]?$")
_RUN = re.compile(r"\brun\s*\d(\s*(&|and|,)\s*\d)*", re.IGNORECASE)


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
    def chance(self) -> float:
        """That the better of its numbers is read right, by its own looks."""
        return max(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def least_chance(self) -> float:
        """That the worse of its numbers is."""
        return min(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def lost_a_point(self) -> bool:
        """Whether a number begins as only those do that have a point after it."""
        return any(line is not None and re.match(r"-?0\d", line.text) for line in (self.left, self.right))


@dataclass(frozen=True)
class Told:
    """A curve as a block tells it.

    Args:
        named: What it is.
        unit: Its unit, if one is printed.
        row: That has its values.
        box: Of its name and values.
        one_row: Whether name and values stand on one row.
        on_line: Whether the values stand close below the name, which then stands on the sample line.
        second: The row that stands for a second scale.
        unread: Whether another row of numbers follows that was not understood.
    """

    named: Named
    spelled: Spelled | None
    unit: str | None
    row: Row
    box: Box
    one_row: bool
    on_line: bool = False
    second: Row | None = None
    unread: bool = False


@dataclass
class _State:
    """Where the reading of a block from the top down has come to."""

    told: list[Told]
    pending: tuple[Row, Named] | None = None
    heading_unit: str | None = None


def rows_of(printed: Print, left: float, right: float) -> list[Row]:
    """The rows between the edges of a track, from the top down."""
    lefts, rights = edge_numbers(printed, left, right)
    inside = [line for line in printed.lines if left <= (line.left + line.right) / 2 <= right]
    words = without(inside, lefts + rights)
    near = _EDGE_INCHES * printed.dpi
    at_edges = [line for line in words if line.left - left < near or right - line.right < near]
    numbers = [number for line in at_edges if (number := as_edge_number(line, printed.dpi)) is not None]
    lefts += [line for line in numbers if line.left - left < near]
    rights += [line for line in numbers if right - line.right < near]
    words = without(words, lefts + rights)
    tagged = [(line, "left") for line in lefts] + [(line, "right") for line in rights]
    tagged += [(line, "words") for line in words]
    groups: list[list[tuple[Line, str]]] = []
    for line, kind in sorted(tagged, key=lambda each: _middle(printed, each[0])):
        height = min(line.end - line.top, groups[-1][0][0].end - groups[-1][0][0].top) if groups else 0.0
        if groups and _middle(printed, line) - _middle(printed, groups[-1][0][0]) < _SAME_ROW * height:
            groups[-1].append((line, kind))
        else:
            groups.append([(line, kind)])
    rows = [_row(printed, group, left, right) for group in groups]
    named_above = [False, *(row.spelled is not None and _is_known(row.spelled) for row in rows[:-1])]
    missed = [
        _name_above(printed, row, left, right)
        for row, named_there in zip(rows, named_above, strict=False)
        if row.scale is not None and not row.words and not named_there
    ]
    return sorted([*rows, *(row for row in missed if row is not None)], key=lambda row: row.box.top_row)


def _name_above(printed: Print, row: Row, left: float, right: float) -> Row | None:
    """The name above two values that stand alone, if the finder of text has passed over it."""
    top, gap = row.box.top_row, _CLEAR_INCHES * printed.dpi
    best: Row | None = None
    for line in lines_between(printed, (top - _ABOVE_INCHES * printed.dpi, top), (left + gap, right - gap)):
        text, spelled = _told_by(printed, [line])
        if spelled is not None and _is_known(spelled):
            box = Box(top_row=line.top, left_px=line.left, end_row=line.end, end_px=line.right)
            if best is None or best.spelled is None or _clearness(spelled) > _clearness(best.spelled):
                best = Row(text, None, None, box, spelled)
    return best


def curves_told(rows: Sequence[Row], dpi: float, *, above: bool = True) -> list[Told]:
    """The curves that rows tell, from the top down.

    Args:
        rows: Of a track's part of a print.
        dpi: Of the scan.
        above: Whether the track lies below the print: of two blocks, the one that is nearer to it is its own.
    """
    state = _State([])
    for row in rows:
        _take(state, row, dpi)
    _settle(state)
    told = state.told
    bounds = [
        index
        for index in range(1, len(told))
        if told[index].box.top_row - _last_row(told[index - 1]) > _APART_INCHES * dpi
    ]
    if not bounds:
        return told
    return told[bounds[-1] :] if above else told[: bounds[0]]


def _last_row(told: Told) -> float:
    return told.box.end_row if told.second is None else told.second.box.end_row


def _middle(printed: Print, line: Line) -> float:
    return printed.levelled((line.top + line.end) / 2, (line.left + line.right) / 2)


def _row(printed: Print, group: Sequence[tuple[Line, str]], left: float, right: float) -> Row:
    near = _EDGE_INCHES * printed.dpi
    at_left = min((line for line, kind in group if kind == "left"), key=lambda line: line.left, default=None)
    at_right = max((line for line, kind in group if kind == "right"), key=lambda line: line.right, default=None)
    if at_left is not None and at_right is not None and at_left.right > at_right.left:
        at_left = at_right = None
    words = sorted((line for line, kind in group if kind == "words"), key=lambda line: line.left)
    # A number that stands close to its curve's name is read in one line with it.
    if words and (leading := _LEADING.match(words[0].text)) and words[0].left - left < near:
        number, words[0] = _parted(words[0], leading.end(1))
        at_left = _either(at_left, number)
    if words and (trailing := _TRAILING.search(words[-1].text)) and right - words[-1].right < near:
        words[-1], number = _parted(words[-1], trailing.start(1))
        at_right = _either(at_right, number)
    lines = [line for line in (at_left, at_right, *words) if line is not None] or [line for line, _ in group]
    rows = (min(line.top for line in lines), max(line.end for line in lines))
    # A number at an edge that could not be read as one is no part of the name beside it.
    words = [line for line in words if not _is_misread_number(line, left, right, near)] if len(words) > 1 else words
    text, spelled = _told_by(printed, words)
    if (at_left is not None or at_right is not None) and (spelled is None or not _is_known(spelled)):
        gap = _CLEAR_INCHES * printed.dpi
        start = left + gap if at_left is None else at_left.right + 1
        stop = right - gap if at_right is None else at_right.left - 1
        for line in lines_between(printed, rows, (start, stop)):
            again_text, again = _told_by(printed, [line])
            if again is not None and (spelled is None or _clearness(again) > _clearness(spelled)):
                words, text, spelled = [line], again_text, again
    if spelled is not None and _is_known(spelled) and (at_left is None) != (at_right is None):
        middle = 0.5 * (left + right)
        at_left = at_left or number_between(printed, rows, (left, middle), at_left=True)
        at_right = at_right or number_between(printed, rows, (middle, right), at_left=False)
    box = Box(
        top_row=rows[0],
        left_px=max(left, min(line.left for line in lines)),
        end_row=rows[1],
        end_px=min(right, max(line.right for line in lines)),
    )
    return Row(text, at_left, at_right, box, spelled)


def _is_misread_number(line: Line, left: float, right: float, near: float) -> bool:
    digits, letters = (sum(test(each) for each in line.text) for test in (str.isdigit, str.isalpha))
    return (line.left - left < near or right - line.right < near) and digits > 2 * letters


def _told_by(printed: Print, words: Sequence[Line]) -> tuple[str, Spelled | None]:
    text = _RUN.sub("", " ".join(line.text for line in words)).strip()
    return text, _spelled(printed, text, words)


def _parted(line: Line, at: int) -> tuple[Line, Line]:
    """A line in two, cut before a character of its text."""
    best = line.steps.argmax(axis=1)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]) & (best > 0))
    read = "".join(CHARACTERS[best[start] - 1] for start in starts)
    step = int(starts[min(at + len(read) - len(read.lstrip()), len(starts) - 1)])
    column = line.left + (line.right - line.left) * step / len(best)
    return (
        replace(line, right=column, text=line.text[:at].strip(), steps=line.steps[:step]),
        replace(line, left=column, text=line.text[at:].strip(), steps=line.steps[step:]),
    )


def _either(number: Line | None, other: Line) -> Line:
    """A number by itself or as it is read in one line with a name, whichever is surer."""
    return other if number is None or number.confidence < _IN_LINE * other.confidence else number


def _spelled(printed: Print, text: str, words: Sequence[Line]) -> Spelled | None:
    """What words may name: by their letters' chances, and as they were read with what stands about a name left out."""
    if not _FEWEST_LETTERS <= sum(letter.isalpha() for letter in text) <= _MOST_LETTERS:
        return None
    room = letters_long(printed, words)
    found = spelled_names(np.concatenate([line.steps for line in words]), room)
    by_text = named(text)
    if found is not None and by_text.known is not None and room < _TOO_LONG * len(text):
        key = (by_text.known.mnemonic, by_text.unit if by_text.unit in by_text.known.units else None)
        off = _A_NAME + _A_LETTER * (1 - by_text.likeness) * found.letters
        found.named[key] = max(found.named[key], found.path - off)
    return found


def _clearness(spelled: Spelled) -> float:
    """Nats by which a name that is known is likelier than one that nobody knows."""
    return max(spelled.named.values()) - spelled.other


def _is_known(spelled: Spelled) -> bool:
    return _clearness(spelled) > _CLEARLY


def _named(row: Row) -> Named:
    """What the words of a row name; None of those that are known if a name that nobody knows is likelier."""
    plain = named(row.words, scale=row.scale) if row.words else Named(None, None, 0.0, None)
    if row.spelled is None or (plain.known is not None and plain.likeness == 1.0) or not _is_known(row.spelled):
        return plain
    mnemonic, unit = max(row.spelled.named, key=lambda key: row.spelled.named[key] if row.spelled else 0.0)
    return Named(known_as(mnemonic), mnemonic, _BY_LETTERS, unit)


def _take(state: _State, row: Row, dpi: float) -> None:
    found = _named(row)
    unit = unit_of(row.words) if row.words and found.known is None else None
    last = state.told[-1] if state.told else None
    if found.known is not None or (found.mnemonic and found.unit and row.scale):
        if not row.numbered:
            _settle(state)
            state.pending, state.heading_unit = (row, found), found.unit
        elif last is not None and _same(last.named, found) and _follows(last, row, dpi):
            state.told[-1] = replace(last, second=row)
        else:
            unit = found.unit or state.heading_unit
            _tell(state, Told(found, row.spelled, unit, row, row.box, one_row=True))
    elif unit is not None and not row.numbered:
        _take_unit(state, row, unit, dpi)
    elif row.numbered and not _is_text(row.words):
        if row.scale is None and row.chance < _READ:
            return
        if state.pending is not None and row.box.top_row - state.pending[0].box.end_row < _FURTHEST_INCHES * dpi:
            above, name = state.pending
            box = _around(above.box, row.box)
            on_line = row.box.top_row - above.box.end_row < _CLOSE_INCHES * dpi
            unit = name.unit or state.heading_unit
            _tell(state, Told(name, above.spelled, unit, row, box, one_row=False, on_line=on_line))
        elif last is not None and last.row.scale is None and row.scale is not None and _follows(last, row, dpi):
            state.told[-1] = replace(last, row=row, box=_around(last.box, row.box), one_row=False)
        elif last is not None and _follows(last, row, dpi):
            state.told[-1] = replace(last, second=row)
        elif last is not None:
            state.told[-1] = replace(last, unread=True)


def _follows(last: Told, row: Row, dpi: float) -> bool:
    """Whether a row may be a curve's second scale by where it stands."""
    return last.second is None and row.box.top_row - last.row.box.end_row < _SECOND_INCHES * dpi


def _settle(state: _State) -> None:
    """Add a potential that has no values: so many millivolts a division are printed, and no zero."""
    if state.pending is None:
        return
    row, name = state.pending
    if name.known is not None and "MV" in name.known.units and state.heading_unit == "MV":
        _tell(state, Told(name, row.spelled, state.heading_unit, row, row.box, one_row=True))
    state.pending = None


def _tell(state: _State, told: Told) -> None:
    """Add a curve; what was taken for it further up (a table of the header, the block of a pass above) goes."""
    state.told = [each for each in state.told if not _same(each.named, told.named)] + [told]
    state.pending = None


def _take_unit(state: _State, row: Row, unit: str, dpi: float) -> None:
    last = state.told[-1] if state.told else None
    if state.pending is None and last is not None:
        if last.unit is None and row.box.top_row - last.box.end_row < _NEXT_ROW_INCHES * dpi:
            state.told[-1] = replace(last, unit=unit)
    else:
        state.heading_unit = unit


def _is_text(words: str) -> bool:
    """Whether words are a sentence, whose numbers are no scale."""
    return len(re.sub(r"[^A-Za-z]", "", words)) > 4


def _same(one: Named, other: Named) -> bool:
    return one.mnemonic == other.mnemonic


def _around(one: Box, other: Box) -> Box:
    return Box(
        top_row=min(one.top_row, other.top_row),
        left_px=min(one.left_px, other.left_px),
        end_row=max(one.end_row, other.end_row),
        end_px=max(one.end_px, other.end_px),
    )

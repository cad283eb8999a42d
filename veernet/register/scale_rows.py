"""The rows of one track's part of a scale block, and the curves that they tell.

Blocks are laid out in four ways: name and both values on one row above the sample line; the name on the line and the values below it; name and values on a
row with the unit below the line; a heading for the track with its unit, and below it rows of values, with or without names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from veernet.register.block_words import Print, edge_numbers, without
from veernet.register.draft import Box
from veernet.register.mnemonics import Named, Scale, named, unit_of, usual_units
from veernet.register.text import Line

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
_DIFFER = 0.25
_ALONE = re.compile(r"^-?(\d+\.?\d*|\.\d+)$")
_LEADING = re.compile(r"^(-?\d+(?:\.\d+)?)\s+(?=[A-Za-z])")
_TRAILING = re.compile(r"\s+(-?\d+(?:\.\d+)?)$")
_RUN = re.compile(r"\brun\s*\d(\s*(&|and|,)\s*\d)*", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row of a track's part of a block.

    Args:
        words: Between the numbers.
        left: The number at the left edge.
        right: That at the right one.
        left_chance: That the left number is read right.
        right_chance: That the right one is.
        box: Of all of it, full px.
    """

    words: str
    left: float | None
    right: float | None
    left_chance: float
    right_chance: float
    box: Box

    @property
    def numbered(self) -> bool:
        """Whether there is a number at an edge."""
        return self.left is not None or self.right is not None

    @property
    def scale(self) -> Scale | None:
        """Both numbers."""
        return None if self.left is None or self.right is None else (self.left, self.right)


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
        backup: The values of a second scale.
        goes_on: Whether that goes on where the first ends, which is how a curve that wraps is printed.
        unread: Whether a row of numbers follows that was not understood.
    """

    named: Named
    unit: str | None
    row: Row
    box: Box
    one_row: bool
    on_line: bool = False
    backup: Row | None = None
    goes_on: bool = False
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
    numbers = [replace(line, confidence=_IN_LINE * line.confidence) for line in words if _ALONE.match(line.text)]
    near = _EDGE_INCHES * printed.dpi
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
    return [_row(group, left, right, printed.dpi) for group in groups]


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
    return told.box.end_row if told.backup is None else told.backup.box.end_row


def _middle(printed: Print, line: Line) -> float:
    return printed.levelled((line.top + line.end) / 2, (line.left + line.right) / 2)


def _row(group: Sequence[tuple[Line, str]], left: float, right: float, dpi: float) -> Row:
    lines = [line for line, _ in group]
    at_left = min((line for line, kind in group if kind == "left"), key=lambda line: line.left, default=None)
    at_right = max((line for line, kind in group if kind == "right"), key=lambda line: line.right, default=None)
    if at_left is not None and at_right is not None and at_left.right > at_right.left:
        at_left = at_right = None
    words = sorted((line for line, kind in group if kind == "words"), key=lambda line: line.left)
    text = " ".join(line.text for line in words)
    values = [None if line is None else float(line.text) for line in (at_left, at_right)]
    chances = [0.0 if line is None else line.confidence for line in (at_left, at_right)]
    # A number that stands close to its curve's name is read in one line with it.
    leading, trailing = _LEADING.match(text), _TRAILING.search(text)
    if leading and words[0].left - left < _EDGE_INCHES * dpi:
        text = text[leading.end() :]
        values[0], chances[0] = _either(values[0], chances[0], float(leading.group(1)), words[0].confidence)
    if trailing and right - words[-1].right < _EDGE_INCHES * dpi:
        text = text[: -len(trailing.group(0))]
        values[1], chances[1] = _either(values[1], chances[1], float(trailing.group(1)), words[-1].confidence)
    box = Box(
        top_row=min(line.top for line in lines),
        left_px=max(left, min(line.left for line in lines)),
        end_row=max(line.end for line in lines),
        end_px=min(right, max(line.right for line in lines)),
    )
    return Row(_RUN.sub("", text).strip(), values[0], values[1], chances[0], chances[1], box)


def _either(value: float | None, chance: float, other: float, other_chance: float) -> tuple[float, float]:
    """A number by itself and as it is read in one line with a name: two that differ are not read."""
    if value is None:
        return other, _IN_LINE * other_chance
    if value == other:
        return value, max(chance, other_chance)
    return (value, chance) if chance > 2 * other_chance else (other, _DIFFER)


def _take(state: _State, row: Row, dpi: float) -> None:
    found = named(row.words, scale=row.scale) if row.words else Named(None, None, 0.0, None)
    unit = unit_of(row.words) if row.words and found.known is None else None
    last = state.told[-1] if state.told else None
    if found.known is not None or (found.mnemonic and found.unit and row.scale):
        if not row.numbered:
            _settle(state)
            state.pending, state.heading_unit = (row, found), found.unit
        elif last is not None and _same(last.named, found) and (second := _second(last, row)) is not None:
            state.told[-1] = second
        else:
            _tell(state, Told(found, found.unit or state.heading_unit, row, row.box, one_row=True))
    elif unit is not None and not row.numbered:
        _take_unit(state, row, unit, dpi)
    elif row.numbered and not _is_text(row.words):
        if state.pending is not None and row.scale is None and max(row.left_chance, row.right_chance) < _READ:
            return
        if state.pending is not None and row.box.top_row - state.pending[0].box.end_row < _FURTHEST_INCHES * dpi:
            above, name = state.pending
            box = _around(above.box, row.box)
            name = named(above.words, state.heading_unit, row.scale)
            on_line = row.box.top_row - above.box.end_row < _CLOSE_INCHES * dpi
            _tell(state, Told(name, name.unit or state.heading_unit, row, box, one_row=False, on_line=on_line))
        elif last is not None:
            state.told[-1] = _second(last, row) or replace(last, unread=True)


def _settle(state: _State) -> None:
    """Add a potential that has no values: so many millivolts a division are printed, and no zero."""
    if state.pending is None:
        return
    row, name = state.pending
    if name.known is not None and "MV" in name.known.units and state.heading_unit == "MV":
        _tell(state, Told(name, state.heading_unit, row, row.box, one_row=True))
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


def _second(told: Told, row: Row) -> Told | None:
    """With a row as its second scale, if it can be that: it goes on where the first ends, or is ten times that one."""
    if row.left is None or told.backup is not None:
        return None
    first = told.row.scale
    goes_on = row.left == told.row.right
    tenfold = first is not None and row.scale is not None and row.scale == (10 * first[0], 10 * first[1])
    if not (goes_on or tenfold):
        return None
    return replace(told, backup=row, goes_on=goes_on and not tenfold)


def _around(one: Box, other: Box) -> Box:
    return Box(
        top_row=min(one.top_row, other.top_row),
        left_px=min(one.left_px, other.left_px),
        end_row=max(one.end_row, other.end_row),
        end_px=max(one.end_px, other.end_px),
    )


def read_chance(row: Row) -> tuple[float, float]:
    """Confidence that its left and its right number are read right, by their own looks."""
    left, right = (0.96 if chance >= _READ else 0.9 * chance for chance in (row.left_chance, row.right_chance))
    return left, right


def scale_is_usual(told: Told) -> bool:
    """Whether the curve is usually drawn between its values, in its printed unit if there is one."""
    if told.named.known is None or told.row.scale is None:
        return False
    units = usual_units(told.named.known, told.row.scale)
    return bool(units) and (told.unit is None or told.unit in units or told.unit not in told.named.known.units)

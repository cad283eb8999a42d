"""The curves that the rows of a track's part of a scale block tell.

Blocks are laid out in four ways: name and both values on one row above the sample line; the name on the line and the values below it; name and values on a
row with the unit below the line; a heading for the track with its unit, and below it rows of values, with or without names.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from veernet.register.draft import Box
from veernet.register.mnemonics import Named, named, unit_of
from veernet.register.row_names import is_known
from veernet.register.scale_rows import Row
from veernet.register.spelling import Spelled, known_as

_NEXT_ROW_INCHES = 0.3
_FURTHEST_INCHES = 1.2
"""From a curve's name down to its values."""
_CLOSE_INCHES = 0.06
_APART_INCHES, _POTENTIAL_INCHES = 0.9, 1.8
"""Between two blocks; and below the name of a potential that has no values, whose cell has so many millivolts a division drawn in it."""
_SECOND_INCHES = 0.6
"""From a curve's values down to those of its second scale."""
_SPELLED_OUT = 10
"""Characters of a potential's name, or of a name with its unit, at the least."""
_RESISTIVITY, _CONDUCTIVITY = "ILD", "COND"
"""Both are called INDUCTION."""
_BY_LETTERS = 0.95
"""Likeness of a name that letters' chances tell."""
_READ = 0.7
"""Chance from which on a number is taken as read."""
_FEWEST_DIGITS = 3
"""Of a number that is misread, and still one: another curve's value, or a second scale."""
_FEWEST_DIGITS_OF_TWO = 6
"""Of two numbers below a name, both misread, and still its values."""
_AS_TALL = 0.6
"""Of the numbers of a block: what is less tall is a piece of a depth on the first line, or of a curve."""


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


def name_of_values(told: Told) -> Spelled | None:
    """What a curve's print may name: that of an induction also a conductivity where its values fall to 0, as those of a resistivity never do."""
    spelled, scale = told.spelled, told.row.scale
    if spelled is None or scale is None or not scale[0] > scale[1] == 0.0:
        return spelled
    by_induction = spelled.named[_RESISTIVITY, None]
    named = {**spelled.named, (_CONDUCTIVITY, None): max(by_induction, spelled.named[_CONDUCTIVITY, None])}
    return replace(spelled, named=named)


@dataclass
class _State:
    """Where the reading of a block from the top down has come to."""

    told: list[Told]
    pending: tuple[Row, Named] | None = None
    heading_unit: str | None = None


def curves_told(rows: Sequence[Row], dpi: float, *, above: bool = True) -> list[Told]:
    """The curves that rows tell, from the top down.

    Args:
        rows: Of a track's part of a print.
        dpi: Of the scan.
        above: Whether the track lies below the print: of two blocks, the one that is nearer to it is its own.
    """
    state = _State([])
    for row in rows:
        found = _named(row)
        if not above and _begins_again(state.told, found, row, dpi):
            break
        _take(state, row, found, dpi)
    _settle(state, dpi)
    told = state.told
    bounds = [index for index in range(1, len(told)) if _apart(told[index - 1], told[index], dpi)]
    if not bounds:
        return told
    return told[bounds[-1] :] if above else told[: bounds[0]]


def _apart(one: Told, other: Told, dpi: float) -> bool:
    """Whether two curves, one below the other, are of two blocks."""
    bare_potential = not one.row.numbered and _in_millivolts(one.named)
    return other.box.top_row - _last_row(one) > (_POTENTIAL_INCHES if bare_potential else _APART_INCHES) * dpi


def _in_millivolts(name: Named) -> bool:
    return name.known is not None and "MV" in name.known.units


def _last_row(told: Told) -> float:
    return told.box.end_row if told.second is None else told.second.box.end_row


def _named(row: Row) -> Named:
    """What the words of a row name; None of those that are known if a name that nobody knows is likelier."""
    plain = named(row.words, scale=row.scale) if row.words else Named(None, None, 0.0, None)
    if row.spelled is None or (plain.known is not None and plain.likeness == 1.0) or not is_known(row.spelled):
        return plain
    mnemonic, unit = max(row.spelled.named, key=lambda key: row.spelled.named[key] if row.spelled else 0.0)
    return Named(known_as(mnemonic), mnemonic, _BY_LETTERS, unit)


def _begins_again(told: Sequence[Told], found: Named, row: Row, dpi: float) -> bool:
    """Whether the next block begins with a row: a curve that has its values is named again, and this is no second scale of it."""
    again = [each for each in told if found.known is not None and each.row.numbered and _same(each.named, found)]
    return bool(again) and not (again[-1] is told[-1] and row.numbered and _follows(told[-1], row, dpi))


def _take(state: _State, row: Row, found: Named, dpi: float) -> None:
    unit = unit_of(row.words) if row.words and found.known is None else None
    last = state.told[-1] if state.told else None
    if found.known is not None or (found.mnemonic and found.unit and row.scale):
        if not row.numbered:
            _settle(state, dpi, before=found)
            state.pending, state.heading_unit = (row, found), found.unit
        elif last is not None and last.row.numbered and _same(last.named, found) and _follows(last, row, dpi):
            state.told[-1] = replace(last, second=row)
        else:
            unit = found.unit or _heading_unit(state, found)
            _settle(state, dpi, before=found, between=True)
            _tell(state, Told(found, row.spelled, unit, row, row.box, one_row=True))
    elif unit is not None and not row.numbered:
        _take_unit(state, row, unit, dpi)
    elif row.numbered and not _is_text(row.words):
        badly_read = row.chance < _READ and not (state.pending is not None and row.digits >= _FEWEST_DIGITS_OF_TWO)
        if not row.differs and (badly_read or (row.scale is not None and state.pending is None)):
            if last is not None and _is_number(row) and row.height > _AS_TALL * last.row.height:
                state.told[-1] = replace(last, unread=True)
            return
        if state.pending is not None and row.box.top_row - state.pending[0].box.end_row < _FURTHEST_INCHES * dpi:
            above, name = state.pending
            box = _around(above.box, row.box)
            on_line = row.box.top_row - above.box.end_row < _CLOSE_INCHES * dpi
            unit = name.unit or _heading_unit(state, name)
            _tell(state, Told(name, above.spelled, unit, row, box, one_row=False, on_line=on_line))
        elif last is not None and last.row.scale is None and row.scale is not None and _follows(last, row, dpi):
            # Where its own row has lost one of two values, these may be those of its second scale.
            box, unread = _around(last.box, row.box), last.unread or last.row.numbered
            state.told[-1] = replace(last, row=row, box=box, one_row=False, unread=unread)
        elif last is not None and _are_values(row):
            state.told[-1] = replace(last, second=row) if _follows(last, row, dpi) else replace(last, unread=True)


def _heading_unit(state: _State, name: Named) -> str | None:
    """The unit of the heading above, unless it is none of those that a curve has."""
    unit = state.heading_unit
    return unit if unit is None or name.known is None or unit in name.known.units else None


def _follows(last: Told, row: Row, dpi: float) -> bool:
    """Whether a row may be a curve's second scale by where it stands."""
    return last.second is None and row.box.top_row - last.row.box.end_row < _SECOND_INCHES * dpi


def _settle(state: _State, dpi: float, *, before: Named | None = None, between: bool = False) -> None:
    """Add a name that has no values, where it is a curve's all the same: one above all others may be a heading, one below them a caption.

    Args:
        state: Where reading has come to.
        dpi: Of the scan.
        before: The next name, if any.
        between: Whether that one has values.
    """
    if state.pending is None:
        return
    row, name = state.pending
    close = bool(state.told) and row.box.top_row - _last_row(state.told[-1]) < _NEXT_ROW_INCHES * dpi
    goes_on = close and before is None and _goes_on(state.told, name)
    among = name.known is not None and between and close
    if among or goes_on or _is_potential(state, row, name) or _parts(row, name, before):
        unit = name.unit or (state.told[-1].unit if goes_on else _heading_unit(state, name))
        _tell(state, Told(name, row.spelled, unit, row, row.box, one_row=True))
    state.pending = None


def _is_potential(state: _State, row: Row, name: Named) -> bool:
    """Whether a name is that of a potential of so many millivolts a division: by its heading, or spelled out, as tables of a header have no room for."""
    spelled_out = name.likeness == 1.0 and len(row.words) >= _SPELLED_OUT
    return _in_millivolts(name) and (state.heading_unit == "MV" or spelled_out)


def _goes_on(told: Sequence[Told], name: Named) -> bool:
    """Whether the last name of all is that of one more curve in the unit of the one above it."""
    return (
        name.known is not None
        and told[-1].unit in name.known.units
        and not any(_same(each.named, name) for each in told)
    )


def _parts(row: Row, name: Named, before: Named | None) -> bool:
    """Whether a name and the next one are of two curves: each has a unit of its own, which no heading of the other would have; letters of a few are grain."""
    if before is None or name.known is None or before.known is None or len(row.words) < _SPELLED_OUT:
        return False
    own = name.unit in name.known.units and before.unit in before.known.units
    return own and name.unit not in before.known.units


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


def _are_values(row: Row) -> bool:
    """Whether the numbers of a row have digits enough to be two values, or were read well: strokes below a block look like lone digits."""
    return row.digits >= _FEWEST_DIGITS or row.least_chance >= _READ


def _is_number(row: Row) -> bool:
    """Whether the number of a row that has one has digits enough to be one, whatever they are, and not a speck, a piece of a line, or lines of a grid, which are read as ones."""
    numbers = [[*filter(str.isdigit, line.text)] for line in (row.left, row.right) if line is not None]
    return any(len(digits) >= _FEWEST_DIGITS and set(digits) != {"1"} for digits in numbers)


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

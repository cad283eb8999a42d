"""The scale blocks above and below a pass: for each track which curves run in it, from what value to what, and how they are drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

from veernet.register.block_words import Print, read_print
from veernet.register.draft import Box, Curve, Found, ScaleBlock
from veernet.register.mnemonics import usual_units
from veernet.register.paper import Paper, Points
from veernet.register.sample_line import style_of
from veernet.register.scale_rows import Told, curves_told, read_chance, rows_of, scale_is_usual
from veernet.register.two_blocks import all_sure, joined

_ABOVE_INCHES = 3.6
_BELOW_INCHES = 1.4
_INTO_INCHES = 0.1
_NAMED_BY_LETTERS = 4
_USUAL_IS_READ = 0.3
"""Chance from which on a usual scale is taken as read."""
_UNUSUAL = 0.9
_UNREAD = 0.6


class Blocks:
    """The scale blocks of a pass; that below it is read only where it is asked for."""

    def __init__(self, paper: Paper, first_row: float, end_row: float) -> None:
        """Of a pass on a scan.

        Args:
            paper: The scan.
            first_row: First row of the pass's grid, full px.
            end_row: The row after its last.
        """
        self._paper = paper
        self._first_row = first_row
        self._end_row = end_row

    @cached_property
    def above(self) -> Print:
        """What stands above the pass."""
        inch = self._paper.dpi
        return read_print(self._paper, self._first_row - _ABOVE_INCHES * inch, self._first_row + _INTO_INCHES * inch)

    @cached_property
    def below(self) -> Print:
        """What stands below the pass."""
        inch = self._paper.dpi
        return read_print(self._paper, self._end_row - _INTO_INCHES * inch, self._end_row + _BELOW_INCHES * inch)

    def curves(self, left: Points, right: Points, decades: int | None = None) -> tuple[Curve, ...]:
        """The curves of the track between two edges, in the order in which they are printed.

        Args:
            left: The track's left edge from its first row to its last, ``(row_px, column_px)``.
            right: Its right edge.
            decades: Of a log track.
        """
        above = self._told(self.above, left[0][1], right[0][1], decades)
        if above and all_sure(above):
            return above
        return joined(above, self._told(self.below, left[-1][1], right[-1][1], decades))

    @property
    def words(self) -> tuple[str, ...]:
        """The lines of those that were read."""
        return tuple(word for block in self.drafted() for word in block.words)

    def drafted(self) -> tuple[ScaleBlock, ...]:
        """Those that were read, as a draft has them."""
        found = []
        for where in ("above", "below"):
            printed: Print | None = vars(self).get(where)
            if printed is None or not printed.lines:
                continue
            box = Box(
                top_row=min(line.top for line in printed.lines),
                left_px=min(line.left for line in printed.lines),
                end_row=max(line.end for line in printed.lines),
                end_px=max(line.right for line in printed.lines),
            )
            words = tuple(line.text for line in printed.lines)
            found.append(ScaleBlock(box=box, where="above" if where == "above" else "below", words=words))
        return tuple(found)

    def _told(self, printed: Print, left: float, right: float, decades: int | None) -> tuple[Curve, ...]:
        told = curves_told(rows_of(printed, left, right), printed.dpi, above=printed.top < self._first_row)
        ends = [*(each.box.top_row for each in told[1:]), math.inf][: len(told)]
        found = [_curve(printed, each, left, right, end, decades) for each, end in zip(told, ends, strict=True)]
        return tuple(_wraps(found, told))


def _curve(printed: Print, told: Told, left: float, right: float, below: float, decades: int | None) -> Curve:
    style, sure = style_of(printed, told, left, right, below)
    low, high = _values(told, decades)
    return Curve(
        mnemonic=_mnemonic(told),
        unit=_unit(told),
        description=told.named.known.name if told.named.known else told.row.words,
        style=Found(value=style, confidence=sure, why="by its sample line") if told.row.numbered else Found(),
        left=low,
        right=high,
        backup=Found(value=told.backup.scale, confidence=0.9, why="a second scale is printed")
        if told.backup and told.backup.scale
        else Found(),
        box=told.box,
    )


def _mnemonic(told: Told) -> Found[str]:
    named = told.named
    why = f"printed as {told.row.words!r}" if told.one_row else "printed above its values"
    if named.known is None:
        return Found(value=named.mnemonic, confidence=0.7, why=why)
    fitting = told.unit in named.known.units
    usual = scale_is_usual(told)
    if named.likeness == 1.0:
        long = sum(letter.isalpha() for letter in told.row.words) >= _NAMED_BY_LETTERS
        return Found(value=named.mnemonic, confidence=0.97 if long or fitting or usual else 0.9, why=why)
    # Name, unit and scale vouch for one another.
    confidence = 0.96 if fitting and usual else round(0.9 * named.likeness, 3)
    return Found(value=named.mnemonic, confidence=confidence, why=why)


def _unit(told: Told) -> Found[str]:
    known = told.named.known
    if known is None:
        return Found(value=told.unit, confidence=0.7 if told.unit else 0.0)
    if told.unit in known.units:
        return Found(value=told.unit, confidence=0.97, why="printed")
    usual = usual_units(known, told.row.scale) if told.row.scale else ()
    by_scale = usual if len(usual) == 1 else tuple(known.units) if len(known.units) == 1 else ()
    if by_scale:
        why = "usual for it" if told.unit is None else f"usual for it, though {told.unit!r} was read"
        return Found(value=by_scale[0], confidence=0.96 if told.unit is None or usual else 0.8, why=why)
    return Found(value=known.unit, confidence=0.8, why="usual for it")


def _values(told: Told, decades: int | None) -> tuple[Found[float], Found[float]]:
    """The values at the edges: sure where they were read and are those that the curve is usually drawn between."""
    row = told.row
    usual = scale_is_usual(told)
    sure = list(read_chance(row))
    why = ""
    if usual:
        sure = [
            max(each, 0.96) if chance >= _USUAL_IS_READ else each
            for each, chance in zip(sure, (row.left_chance, row.right_chance), strict=True)
        ]
    else:
        sure, why = [min(each, _UNUSUAL) for each in sure], "an unusual scale"
    if told.unread:
        sure, why = [min(each, _UNREAD) for each in sure], "numbers below it were not understood"
    if decades is not None and row.scale is not None and not _has_decades(row.scale, decades):
        sure, why = [min(each, _UNREAD) for each in sure], f"its values are not {decades} decades apart"
    left, right = (
        Found[float](value=value, confidence=round(each, 3) if value is not None else 0.0, why=why)
        for value, each in zip((row.left, row.right), sure, strict=True)
    )
    return left, right


def _has_decades(scale: tuple[float, float], decades: int) -> bool:
    left, right = scale
    return left > 0 and right > 0 and abs(abs(math.log10(right / left)) - decades) < 0.01


def _wraps(curves: Sequence[Curve], told: Sequence[Told]) -> list[Curve]:
    """With the wrap of each: a second scale that goes on from the first says so, and where one curve has it, those without do not wrap."""
    printed = any(each.goes_on for each in told)
    doubtful = any(each.unread for each in told)
    found = []
    for curve, each in zip(curves, told, strict=True):
        if each.goes_on:
            wrap = Found[bool](value=True, confidence=0.96, why="a second scale goes on from the first")
        elif doubtful:
            wrap = Found[bool](value=False, confidence=0.5, why="a row of the scale block was not understood")
        elif printed:
            wrap = Found[bool](
                value=False, confidence=0.96, why="another curve's second scale is printed, none of this one"
            )
        else:
            why = "no second scale is printed, but the curve may wrap all the same"
            wrap = Found[bool](value=False, confidence=0.9, why=why)
        found.append(curve.model_copy(update={"wrap": wrap}))
    return found

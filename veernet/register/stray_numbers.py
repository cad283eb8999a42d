"""Numbers of a scale block that are none: read twice, or printed otherwise than all others of the block."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from veernet.register.block_words import Print
from veernet.register.scale_rows import Row
from veernet.register.text import Line

_READ = 0.7
"""Chance from which on a number is taken as read."""
_FIVE, _FEWEST_OF_FIVE = 5, 3
"""Digits of each value as some plotters print them (0.0000, 150.00, 2000.0), and values that show it."""
_VALUE = re.compile(r"-?\d+\.\d+")
_FEWEST_DIGITS = 3
"""Of what may still be such a value, though digits of it were lost."""
_FEWEST_PLACED = 2
"""Rows whose two values were read well, for these to tell where values stand and how tall they are."""
_AS_TALL, _ASIDE_INCHES = 0.6, 0.08
"""Height of a lone digit over that of others, at the least, and from where these begin, or end, at the edge, at the most."""
_SAME = 0.5
"""Share of the height of the lower of two numbers that the other one stands in where both are the same ink."""


def without_strays(printed: Print, rows: Sequence[Row]) -> list[Row]:
    """Rows of a track's part of a block, from the top down, without the numbers that grain and pieces of lines and letters were taken for."""
    whole = [row for row in rows if row.least_chance >= _READ]
    lefts, rights = (_Numbers.of(rows, whole, side) for side in ("left", "right"))
    of_five = sum(map(_is_of_five, printed.lines)) >= _FEWEST_OF_FIVE

    def kept(line: Line | None, numbers: _Numbers) -> Line | None:
        if line is None or (of_five and not _may_be_of_five(line)) or _is_again(line, numbers.every):
            return None
        return None if line.digits == 1 and numbers.out_of_place(line, printed.dpi) else line

    return [replace(row, left=kept(row.left, lefts), right=kept(row.right, rights)) for row in rows]


@dataclass(frozen=True)
class _Numbers:
    """Those at one edge: all of them, the heights and places of those in rows with two that were read well."""

    every: list[Line]
    heights: list[float]
    places: list[float]
    at_left: bool

    @classmethod
    def of(cls, rows: Sequence[Row], whole: Sequence[Row], side: str) -> _Numbers:
        """Those of one ``side`` of some rows, and of those of ``whole`` ones."""
        every, sure = ([line for row in some if (line := getattr(row, side)) is not None] for some in (rows, whole))
        at_left = side == "left"
        return cls(every, [line.height for line in sure], [_place(line, at_left) for line in sure], at_left)

    def out_of_place(self, line: Line, dpi: float) -> bool:
        """Whether a number is much less tall than the others, or not below or above them."""
        if len(self.heights) < _FEWEST_PLACED:
            return False
        aside = _ASIDE_INCHES * dpi
        aligned = max(self.places) - min(self.places) <= aside
        apart = min(abs(_place(line, self.at_left) - place) for place in self.places)
        return line.height < _AS_TALL * median(self.heights) or (aligned and apart > aside)


def _place(line: Line, at_left: bool) -> float:
    return line.left if at_left else line.right


def _is_of_five(line: Line) -> bool:
    return line.confidence >= _READ and line.digits == _FIVE and bool(_VALUE.fullmatch(line.text))


def _may_be_of_five(line: Line) -> bool:
    return line.digits >= _FEWEST_DIGITS and ("." in line.text or line.confidence >= _READ)


def _is_again(line: Line, others: Sequence[Line]) -> bool:
    """Whether a number at the same edge that is read more surely stands in the same rows."""
    return any(
        other is not line
        and other.confidence > line.confidence
        and min(line.end, other.end) - max(line.top, other.top) > _SAME * min(line.height, other.height)
        for other in others
    )

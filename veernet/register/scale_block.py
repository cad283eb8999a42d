"""The scale blocks above and below a pass: for each track which curves run in it, from what value to what, and how they are drawn."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import cached_property

from veernet.register.block_frame import in_frame
from veernet.register.block_words import Print, read_print
from veernet.register.curves_told import Told, curves_told
from veernet.register.draft import Box, Curve, ScaleBlock
from veernet.register.paper import Paper, Points
from veernet.register.sample_line import style_of
from veernet.register.scale_rows import rows_of
from veernet.register.stray_numbers import without_strays
from veernet.register.two_blocks import Seen, alike, all_sure, paired, surer
from veernet.register.voted_curves import voted_curves

_ABOVE_INCHES, _BELOW_INCHES, _FURTHER_BELOW_INCHES = 3.6, 1.4, 3.6
"""So far a block is looked for; further below where none stands above: then it may be as tall as those above are, and far from the grid."""
_NEXT_BELOW_INCHES = 2.2
"""From a grid to the first name of the block below it, at the most: further down something else begins."""
_INTO_INCHES = 0.03
_LEAST_BLOCK_INCHES, _TAKEN_FOR_GRID_INCHES = 0.25, 1.6
"""Height of a block, at the least, and of one whose frame was taken for lines of the grid below it, at the most."""
_READ = 0.7
"""Chance from which on a number is taken as read."""


class Blocks:
    """The scale blocks of a pass; that below it is read only where it is asked for."""

    def __init__(
        self,
        paper: Paper,
        first_row: float,
        end_row: float,
        *,
        first_depth_row: float = -math.inf,
        next_row: float = math.inf,
        below_is_own: bool = False,
        by_shades: bool = False,
    ) -> None:
        """Of a pass on a scan.

        Args:
            paper: The scan.
            first_row: First row of the pass's grid, full px.
            end_row: The row after its last.
            first_depth_row: Row of its first printed depth: where no curve is named above the grid, its block may have been taken for a part of it.
            next_row: First row of the grid of the next pass: what stands below this one ends there.
            below_is_own: Whether no other log follows below: then what stands there alone is this one's.
            by_shades: Whether print is read by the scan's shades alone; else by its bits, and by its shades where that leaves something unsure.
        """
        self._paper = paper if by_shades else replace(paper, shades=None)
        self._again = (
            Blocks(
                paper,
                first_row,
                end_row,
                first_depth_row=first_depth_row,
                next_row=next_row,
                below_is_own=below_is_own,
                by_shades=True,
            )
            if paper.shades is not None and not by_shades
            else None
        )
        first_depth_row = min(first_depth_row, first_row + _TAKEN_FOR_GRID_INCHES * paper.dpi)
        self._further_down = (
            Blocks(paper, first_depth_row, end_row, next_row=next_row, below_is_own=below_is_own, by_shades=by_shades)
            if first_depth_row - first_row > _LEAST_BLOCK_INCHES * paper.dpi
            else None
        )
        self._first_row = first_row
        self._end_row = end_row
        self._next_row = next_row
        self._below_is_own = below_is_own

    @cached_property
    def above(self) -> Print:
        """What stands above the pass."""
        inch = self._paper.dpi
        return read_print(self._paper, self._first_row - _ABOVE_INCHES * inch, self._first_row + _INTO_INCHES * inch)

    @cached_property
    def below(self) -> Print:
        """What stands below the pass."""
        return self._print_below(_BELOW_INCHES)

    @cached_property
    def further_below(self) -> Print:
        """The same for a track that nothing above the pass names a curve of."""
        return self._print_below(_FURTHER_BELOW_INCHES)

    def _print_below(self, inches: float) -> Print:
        inch = self._paper.dpi
        next_row = max(self._next_row, self._end_row + _NEXT_BELOW_INCHES * inch)
        end = min(self._end_row + inches * inch, next_row)
        return read_print(self._paper, self._end_row - _INTO_INCHES * inch, end)

    def curves(self, left: Points, right: Points, decades: int | None = None) -> tuple[Curve, ...]:
        """The curves of the track between two edges, in the order in which they are printed.

        Args:
            left: The track's left edge from its first row to its last, ``(row_px, column_px)``.
            right: Its right edge.
            decades: Of a log track; 0 of one whose lines are lost, which may be one; None of an even one.
        """
        found = self._told(left, right, decades)
        if not found and self._further_down is not None:
            return self._further_down.curves(left, right, decades)
        if self._again is None or (found and all_sure(found)):
            return found
        return surer(found, self._again.curves(left, right, decades))

    def _told(self, left: Points, right: Points, decades: int | None) -> tuple[Curve, ...]:
        above = self._seen(self.above, left[0][1], right[0][1])
        coarse = self._paper.coarse
        found = voted_curves([(seen, None) for seen in above], decades, coarse=coarse)
        if above and all_sure(found):
            return found
        below = self._seen(self.below if above else self.further_below, left[-1][1], right[-1][1])
        if not below or (above and not self._below_is_own and not alike(above, below)):
            return found
        # A curve that one block has and the other has not is neither's for sure.
        alone = self._below_is_own and not above
        return voted_curves(paired(above, below), decades, below_alone=alone, coarse=coarse)

    @property
    def told_above(self) -> list[str]:
        """What is printed above the pass, from the top down."""
        return [line.text for line in sorted(self.above.lines, key=lambda line: line.end)]

    @property
    def words(self) -> tuple[str, ...]:
        """The lines of those that were read."""
        return tuple(word for block in self.drafted() for word in block.words)

    def drafted(self) -> tuple[ScaleBlock, ...]:
        """Those that were read, as a draft has them."""
        found = []
        read: dict[str, Print] = vars(self)
        for where, printed in (("above", read.get("above")), ("below", read.get("further_below", read.get("below")))):
            if printed is None or not printed.lines:
                continue
            box = Box(
                top_row=min(line.top for line in printed.lines),
                left_px=min(line.left for line in printed.lines),
                end_row=max(line.end for line in printed.lines),
                end_px=max(line.right for line in printed.lines),
            ).at(1 / printed.finer)
            words = tuple(line.text for line in printed.lines)
            found.append(ScaleBlock(box=box, where="above" if where == "above" else "below", words=words))
        return tuple(found)

    def _seen(self, printed: Print, left: float, right: float) -> list[Seen]:
        finer = printed.finer
        left, right, above = finer * left, finer * right, printed.top < finer * self._first_row
        rows = without_strays(printed, rows_of(printed, left, right))
        told = curves_told(rows, printed.dpi, above=above)
        told = in_frame(told, printed, left, right, above=above)
        if not above and told and told[0].box.top_row - printed.top > _NEXT_BELOW_INCHES * printed.dpi:
            return []
        tops = [each.box.top_row for each in told] + [
            row.box.top_row for row in rows if row.differs and row.chance >= _READ
        ]
        ends = [min((top for top in tops if top > _middle(each)), default=math.inf) for each in told]
        return [
            Seen(replace(each, box=each.box.at(1 / finer)), *style_of(printed, each, left, right, end))
            for each, end in zip(told, ends, strict=True)
        ]


def _middle(told: Told) -> float:
    """The middle row of a curve's values."""
    return 0.5 * (told.row.box.top_row + told.row.box.end_row)

"""Which rows stand in the frame of a scale block: what is printed above it names no curve, however it is read."""

from __future__ import annotations

from collections.abc import Sequence

from veernet.register.block_words import Print
from veernet.register.curves_told import Told
from veernet.register.draft import Box

_BESIDE_INCHES = 0.04
"""From an edge of the track to the rule that frames its block there."""
_CLOSE_INCHES = 0.08
"""From a row of a block to the next, at the most."""
_READ = 0.7
"""Chance from which on a number is taken as read: grain that was read stands close to everything."""
_FRAMED, _BARE = 0.7, 0.2
"""Share of a row's height that such a rule runs down, on the side where it does so less."""


def in_frame(told: Sequence[Told], printed: Print, left: float, right: float, *, above: bool) -> list[Told]:
    """The curves of the frame that is next to the track: those beyond one that has no rule down at the track's edges are of something else.

    Args:
        told: As a block tells them, from the top down.
        printed: The block.
        left: Left edge of the track, full px.
        right: Its right edge.
        above: Whether the block stands above its track.
    """
    shares = [_framed(printed, each.box, left, right) for each in told]
    framed = [index for index, share in enumerate(shares) if share >= _FRAMED]
    if not framed:
        return list(told)
    bare = [
        index
        for index, share in enumerate(shares)
        if share <= _BARE and not _adjoins(told, index, index + 1 if above else index - 1, printed.dpi)
    ]
    if above:
        return list(told[max((index + 1 for index in bare if index < framed[-1]), default=0) :])
    return list(told[: min((index for index in bare if index > framed[0]), default=len(told))])


def _adjoins(told: Sequence[Told], one: int, other: int, dpi: float) -> bool:
    """Whether a curve whose values were read well stands so close to another, if there is one, that both are of one block, whatever is left of its frame."""
    if not 0 <= other < len(told):
        return False
    upper, lower = (told[index] for index in sorted((one, other)))
    end = max(upper.box.end_row, upper.second.box.end_row if upper.second else 0.0)
    return told[one].row.least_chance >= _READ and lower.box.top_row - end <= _CLOSE_INCHES * dpi


def _framed(printed: Print, box: Box, left: float, right: float) -> float:
    """Share of a box's rows that have a rule down, at the edge where fewer do; of one at the scan's own edge the rule is cut off."""
    rows = printed.down[max(0, round(box.top_row) - printed.top) : max(0, round(box.end_row) - printed.top)]
    near = _BESIDE_INCHES * printed.dpi
    whole = [edge for edge in (left, right) if near <= edge <= rows.shape[1] - near] or [left, right]
    beside = [rows[:, max(0, round(edge - near)) : max(0, round(edge + near))] for edge in whole]
    return min((float(ink.any(axis=1).mean()) if ink.size else 0.0) for ink in beside)

"""Which rows stand in the frame of a scale block: what is printed above it names no curve, however it is read."""

from __future__ import annotations

from collections.abc import Sequence

from veernet.register.block_words import Print
from veernet.register.curves_told import Told
from veernet.register.draft import Box

_BESIDE_INCHES = 0.04
"""From an edge of the track to the rule that frames its block there."""
_FRAMED, _BARE = 0.7, 0.2
"""Share of a row's height that such a rule runs down, on the side where it does so less."""


def in_frame(told: Sequence[Told], printed: Print, left: float, right: float) -> list[Told]:
    """Curves without those that stand above the first one with a rule down at both edges of the track, and have none.

    Args:
        told: As a block above its track tells them, from the top down.
        printed: The block.
        left: Left edge of the track, full px.
        right: Its right edge.
    """
    shares = [_framed(printed, each.box, left, right) for each in told]
    first = next((index for index, share in enumerate(shares) if share >= _FRAMED), 0)
    return [each for index, each in enumerate(told) if index >= first or shares[index] > _BARE]


def _framed(printed: Print, box: Box, left: float, right: float) -> float:
    """Share of a box's rows that have a rule down, at the edge where fewer do."""
    rows = printed.down[max(0, round(box.top_row) - printed.top) : max(0, round(box.end_row) - printed.top)]
    near = _BESIDE_INCHES * printed.dpi
    beside = [rows[:, max(0, round(edge - near)) : max(0, round(edge + near))] for edge in (left, right)]
    return min((float(ink.any(axis=1).mean()) if ink.size else 0.0) for ink in beside)

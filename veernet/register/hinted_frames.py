"""Lines that likely frame a scale block where none does so exactly: a block that was pasted a little beside its grid, or that stands above an earlier pass.

These part tracks that would look like one, but vouch for no edge: what was pasted may be another log's, and an earlier pass may have other tracks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.body import Columns, framing
from veernet.register.pieces import pieces_of

Floats = NDArray[np.float64]

_BESIDE_INCHES = 0.02
"""From a line to the frame that was meant to go on in it."""
_FAR_INCHES, _RULE_INCHES = 2.4, 0.3
"""From a grid to the far end of its block, and length of a rule of that, at the least."""
_SHIFT_INCHES, _ASKEW_INCHES, _INSIDE_INCHES = 0.12, 0.015, 0.04
"""By how much a block stands beside its grid, at the most; by how much less or more than that one of its rules does, and one between those at edges."""
_OFF_EDGE_PX = 1.5
_FEWEST_EDGES = 4
"""That have a rule above them, for a block to be this grid's."""


def hints(
    columns: Columns, edges: Sequence[float], body: tuple[float, float], first_row: float, dpi: float
) -> Iterator[NDArray[np.bool_]]:
    """Which lines likely frame a block, as each of several looks tells it that finds some between the edges of tracks: one a track at the most.

    More are those of a piece of the same grid, beside which this one was spliced.

    Args:
        columns: All lines of the grid.
        edges: Of the tracks that were found, columns as those of the lines.
        body: First row of the grid and the row after its last, search px.
        first_row: The same of the first pass on the same lines.
        dpi: Of the search image.
    """
    known = np.asarray(edges, np.float64)

    def looks() -> Iterator[NDArray[np.bool_]]:
        yield beside_lines(columns, body, dpi)
        yield at_rules(columns, edges, body[0], dpi, above=True)
        yield at_rules(columns, edges, body[1], dpi, above=False)
        if first_row != body[0]:
            yield at_rules(columns, edges, first_row, dpi, above=True)

    for hinted in looks() if known.size else ():
        inner = hinted & (np.abs(columns.lines[:, None] - known).min(axis=1) > _OFF_EDGE_PX)
        if 0 < inner.sum() <= 0.5 * known.size:
            yield hinted


def beside_lines(columns: Columns, body: tuple[float, float], dpi: float) -> NDArray[np.bool_]:
    """Which lines have a frame close beside them, above the grid or below it, and none of two lines that have the same one.

    Args:
        columns: All lines of the grid.
        body: First row of the grid and the row after its last, search px.
        dpi: Of the search image.
    """
    reach = max(1, round(_BESIDE_INCHES * dpi))
    off = np.full(columns.lines.size, np.inf)
    for by in range(-reach, reach + 1):
        framed = framing(columns.moved(float(by)), body, dpi).any(axis=0)
        off[framed] = np.minimum(off[framed], abs(by))
    nearest = np.array([off[np.abs(columns.lines - line) <= 2 * reach].min() for line in columns.lines])
    return np.asarray(np.isfinite(off) & (off <= nearest))


def at_rules(columns: Columns, edges: Sequence[float], row: float, dpi: float, *, above: bool) -> NDArray[np.bool_]:
    """Which lines stand at the rules of a block that has one for each edge, all of them about as far beside it; none where it has not.

    Args:
        columns: All lines of the grid.
        edges: Of the tracks that were found, columns as those of the lines.
        row: Where the grid ends that the block stands above, or below, search px.
        dpi: Of the search image.
        above: Whether it stands above.
    """
    at_one = np.zeros(columns.lines.size, bool)
    rules = _rules(columns, row, dpi, above=above)
    apart = np.unique(np.asarray(edges, np.float64))
    if apart.size < _FEWEST_EDGES or not rules.size:
        return at_one
    near, inside = (max(2.0, inches * dpi) for inches in (_ASKEW_INCHES, _INSIDE_INCHES))
    off = apart[:, None] - rules
    reach = round(_SHIFT_INCHES * dpi)
    best = min(range(-reach, reach + 1), key=lambda by: float(np.minimum(np.abs(off + by).min(axis=1), near).sum()))
    if (np.abs(off + best).min(axis=1) > near).any():
        return at_one
    beside = np.abs(columns.lines[:, None] + best - rules)
    at_one[beside.argmin(axis=0)[beside.min(axis=0) <= inside]] = True
    return at_one


def _rules(columns: Columns, row: float, dpi: float, *, above: bool) -> Floats:
    """Columns of the rules down a block beyond a grid's end, straightened search px."""
    at, far = max(0, int(row)), round(_FAR_INCHES * dpi)
    ink = columns.ink[max(0, at - far) : at] if above else columns.ink[at : at + far]
    long = round(_RULE_INCHES * dpi)
    if len(ink) < long:
        return np.zeros(0)
    down = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((long, 1), np.uint8))
    _, stats = pieces_of(np.ascontiguousarray(down, np.uint8))
    pieces = stats[1:][stats[1:, cv2.CC_STAT_WIDTH] <= _SHIFT_INCHES * dpi]
    middles = pieces[:, cv2.CC_STAT_LEFT] + 0.5 * (pieces[:, cv2.CC_STAT_WIDTH] - 1)
    return np.asarray(middles - float(columns.run.swing_at(row)))

"""A pass with the paper about it: which rows its grid covers, and its tracks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet.register.across import covered
from veernet.register.block_below import stands_by
from veernet.register.body import Columns, extent, framing, parted, profile_of, stopped
from veernet.register.draft import SURE
from veernet.register.hinted_frames import hints
from veernet.register.labels import Pass
from veernet.register.paper import Paper
from veernet.register.tracks import Grid, Lines, grids, lines_of
from veernet.register.upright import Run

Floats = NDArray[np.float64]


_DIVISIONS, _SEEN = 10, 0.8
"""Of a grid that is surely one track's."""
_AS_STRONG = 0.97
_SPEAKS = 0.3
"""Strength beside that of edges from which on lines inside tell where a grid ends: what is left of fainter ones does not, and one line alone may be a curve."""


@dataclass(frozen=True)
class Logged:
    """A pass on its paper.

    Args:
        one: The pass.
        run: The run of lines that most of it lies in, if any.
        grids: Its tracks, from the left.
        first_row: First row of its grid, full px.
        end_row: The row after its last.
        block_below: Whether a scale block stands below it that is its own by where it stands.
    """

    one: Pass
    run: Run | None
    grids: tuple[Grid, ...]
    first_row: float
    end_row: float
    block_below: bool = False


def logged(paper: Paper, passes: Sequence[Pass], profiles: Floats, runs: Sequence[Run]) -> list[Logged]:
    """The passes of a scan, from the top, with their rows and tracks.

    Args:
        paper: The scan.
        passes: From the top.
        profiles: Of its lines, window by window.
        runs: Of these.
    """
    found: list[Logged] = []
    for index, one in enumerate(passes):
        above = float(passes[index - 1].labels.rows[-1]) if index else 0.0
        below = float(passes[index + 1].labels.rows[0]) if index + 1 < len(passes) else float(paper.rows)
        # No log begins above zero depth.
        above = max(above, float(one.labels.rows[0] - one.labels.depths[0] * one.px_per_unit))
        found.append(_logged(paper, one, _run_of(paper, runs, one), profiles, (above, below), found))
    return found


def _run_of(paper: Paper, runs: Sequence[Run], one: Pass) -> Run | None:
    """The run of lines that most of a pass lies in."""
    first, last = one.labels.rows[0] / paper.factor, one.labels.rows[-1] / paper.factor
    shared = [min(run.end_row, last) - max(run.first_row, first) for run in runs]
    return runs[int(np.argmax(shared))] if shared and max(shared) > 0 else None


def _logged(
    paper: Paper,
    one: Pass,
    run: Run | None,
    profiles: Floats,
    within: tuple[float, float],
    earlier: Sequence[Logged],
) -> Logged:
    rows = one.labels.rows
    if run is None:
        step = one.step * one.px_per_unit
        return Logged(one, None, (), max(float(rows[0]) - step, within[0]), min(float(rows[-1]) + step, within[1]))
    inside = (float(rows[0]) / paper.factor, float(rows[-1]) / paper.factor)
    between = (within[0] / paper.factor, within[1] / paper.factor)
    width, dpi = paper.search.shape[1], paper.search_dpi
    straight = float(np.median(one.labels.columns / paper.factor - run.swing_at(rows / paper.factor)))
    lines = lines_of(profile_of(profiles, run, *inside))

    def cover(columns: Floats, strengths: Floats) -> Floats | None:
        return covered(paper.search, run, columns, inside, dpi, strengths)

    first_look = grids(lines, width, dpi, straight, cover=cover)
    columns = Columns.of(paper, run, lines.columns)
    ends = parted(columns, inside, between, dpi)
    body = extent(columns, _inner(lines, first_look, straight), inside, ends, dpi)
    framed = framing(columns, body, dpi)
    # Beyond a gap that parts all lines nothing is a line of the grid that merely lasts longer.
    ended = any(framed[side].any() and ends[side] != between[side] for side in (0, 1))
    solid = ended or stopped(columns, framed, inside)

    def told(hinted: NDArray[np.bool_] | None) -> list[Grid]:
        return grids(lines, width, dpi, straight, framed, hinted=hinted, stopped=solid, cover=cover)

    found = told(None)
    if not framed.any() and not all(grid.sure >= SURE for grid in found):
        first = next((each.first_row / paper.factor for each in earlier if each.run is run), body[0])
        edges = [edge for grid in found for edge in (grid.left, grid.right)]
        parting = (told(hinted) for hinted in hints(columns, edges, body, first, dpi))
        found = next((again for again in parting if _keeps_sure(found, again)), found)
    own = stands_by(columns, framed[1], body[1], dpi)
    return Logged(one, run, tuple(found), body[0] * paper.factor, body[1] * paper.factor, own)


def _keeps_sure(found: Sequence[Grid], again: Sequence[Grid]) -> bool:
    """Whether tracks that were sure are there again."""
    edges = {(grid.left, grid.right) for grid in again}
    return all((grid.left, grid.right) in edges for grid in found if grid.sure >= SURE)


def _inner(lines: Lines, found: Sequence[Grid], depth_column: float) -> NDArray[np.bool_]:
    """Which lines are no edges: those are in the grid alone. All of them where none can be told."""
    columns = lines.columns
    edges = np.array([edge for grid in found for edge in (grid.left, grid.right)])
    inside = np.zeros(columns.size, bool)
    for grid in found:
        inside |= (columns > grid.left) & (columns < grid.right)
    if edges.size:
        inside &= np.abs(columns[:, None] - edges).min(axis=1) > 1.0
    if not inside.any():
        # A grid of few lines has edges all the same: the outer ones on either side of the depths.
        inner = np.ones(columns.size, bool)
        middle = int(np.searchsorted(columns, depth_column))
        inner[[at for at in (0, middle - 1, middle, columns.size - 1) if 0 <= at < columns.size]] = False
        return inner if inner.any() else ~inner
    # Two tracks side by side may look like one of twenty divisions, or of none that are left: a line as strong as edges may be one.
    for grid in found:
        whole = grid.seen >= _SEEN and (grid.divisions == _DIVISIONS or (grid.decades or 0) > 1)
        if not whole:
            own = (columns >= grid.left - 1.0) & (columns <= grid.right + 1.0)
            edge = own & (lines.strengths >= _AS_STRONG * np.sort(lines.strengths[own])[-2:][0])
            if (inside & own & ~edge & (lines.strengths >= _SPEAKS * lines.strengths[edge].max())).sum() > 1:
                inside &= ~edge
    return np.asarray(inside)

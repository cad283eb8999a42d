"""The tracks of a pass: groups of lines down the paper, evenly spaced or by decades, with their outer lines as edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import find_peaks

from veernet.peaks import vertex
from veernet.register.paper import Paper
from veernet.register.upright import WINDOW_ROWS, Run

Floats = NDArray[np.float64]

_LINE = 0.08
_FAINT = 0.02
_CLEAR_INCHES = 0.15
"""About the middle of printed depths, where no line runs."""
_USUAL_DIVISIONS = 10
_WIDEST_GAP_INCHES = 0.62
_EVEN = 0.12
_NARROWEST_INCHES = 0.9
_SNAP_INCHES = 0.03
_KNOT_ROWS = 300.0
_WORTH_A_POINT_PX = 0.7
_EDGE_ROWS = 256
_BESIDE_EDGE = 0.02
_LINE_INCHES = 0.025
_ACROSS = 0.6
_BROKEN_LINE = 0.35
_STROKE = 0.8
_ROWS_OF_A_STROKE = 2


@dataclass(frozen=True)
class Grid:
    """A group of lines down the paper.

    Args:
        lines: Their columns, straightened search px, from the left.
        strengths: Of each.
        divisions: Even spaces from the first to the last; None if they are not even.
        decades: From the first to the last, if they go by decades.
    """

    lines: Floats
    strengths: Floats
    divisions: int | None
    decades: int | None

    @property
    def left(self) -> float:
        """Its left edge."""
        return float(self.lines[0])

    @property
    def right(self) -> float:
        """Its right edge."""
        return float(self.lines[-1])


def grids(run: Run, dpi: float, depth_column: float | None) -> list[Grid]:
    """The groups of lines of a run, from the left; none goes over the depth column.

    Args:
        run: Lines down the paper.
        dpi: Of the search image.
        depth_column: Straightened column of the printed depths.
    """
    smooth = gaussian_filter1d(run.profile, 0.7)
    peaks, _ = find_peaks(np.pad(smooth, 1), height=_LINE)
    peaks = peaks - 1
    columns = np.array([_vertex(smooth, int(peak)) for peak in peaks])
    strengths = smooth[peaks]
    breaks = np.flatnonzero(np.diff(columns) > _WIDEST_GAP_INCHES * dpi) + 1
    groups = [group for group in np.split(np.arange(columns.size), breaks) if group.size]
    if depth_column is not None:
        groups = [
            part
            for group in groups
            for part in (group[columns[group] < depth_column], group[columns[group] > depth_column])
        ]
    found = [_grid(columns[group], strengths[group]) for group in groups if group.size >= 3]
    found = [grid and _completed(grid, smooth, depth_column, _CLEAR_INCHES * dpi) for grid in found]
    return [grid for grid in found if grid is not None and grid.right - grid.left >= _NARROWEST_INCHES * dpi]


def _completed(grid: Grid, profile: Floats, depth_column: float | None, clear_px: float) -> Grid:
    """With the outer line that is faint, or cut by the scan's edge, where one makes an even grid whole tens."""
    if grid.divisions is None or grid.divisions % _USUAL_DIVISIONS != _USUAL_DIVISIONS - 1:
        return grid
    spacing = (grid.right - grid.left) / grid.divisions
    seen = []
    for column in (grid.left - spacing, grid.right + spacing):
        if depth_column is not None and abs(column - depth_column) < clear_px:
            seen.append(0.0)
            continue
        near = profile[max(0, round(column) - 2) : max(0, round(column) + 3)]
        at_scan_edge = -2.0 <= column <= 3.0 or profile.size - 4.0 <= column <= profile.size + 1.0
        seen.append(max(float(near.max()) if near.size else 0.0, _FAINT if at_scan_edge else 0.0))
    if max(seen) < _FAINT:
        return grid
    lines, strengths = grid.lines, grid.strengths
    if seen[0] >= seen[1]:
        lines, strengths = np.append(max(grid.left - spacing, 0.0), lines), np.append(seen[0], strengths)
    else:
        lines = np.append(lines, min(grid.right + spacing, profile.size - 1.0))
        strengths = np.append(strengths, seen[1])
    return Grid(lines, strengths, grid.divisions + 1, None)


def _vertex(profile: Floats, at: int) -> float:
    if not 0 < at < profile.size - 1:
        return float(at)
    return float(at + vertex(*profile[at - 1 : at + 2]))


def _grid(columns: Floats, strengths: Floats) -> Grid | None:
    """Even lines, or those of decades; stray ones outside them are left out."""
    log = _decades(columns)
    if log is not None:
        first, last, decades = log
        return Grid(columns[first : last + 1], strengths[first : last + 1], None, decades)
    even = _even(columns)
    if even is None:
        return None
    chosen, spacing = even
    span = columns[chosen[-1]] - columns[chosen[0]]
    return Grid(columns[chosen], strengths[chosen], round(span / spacing), None)


def _even(columns: Floats) -> tuple[NDArray[np.intp], float] | None:
    """The lines that lie on the even comb that most lines lie on, and its spacing."""
    gaps = np.diff(columns)
    best: tuple[float, NDArray[np.intp], float] | None = None
    for spacing in np.unique(np.round(np.concatenate([gaps, gaps / 2]), 1)):
        if spacing < 5:
            continue
        for origin in columns:
            at = (columns - origin) / spacing
            on = np.abs(at - np.round(at)) <= _EVEN
            chosen = np.flatnonzero(on)
            if chosen.size < 3:
                continue
            places = np.round(at[chosen])
            spaces = places[-1] - places[0]
            score = chosen.size - 0.6 * (spaces + 1 - chosen.size) - 2.0 * float(np.abs(at[chosen] - places).mean())
            if best is None or score > best[0]:
                best = (score, chosen, float(spacing))
    return None if best is None else best[1:]


def _decades(columns: Floats) -> tuple[int, int, int] | None:
    """Index of the first and last line of a log grid, and its decades, if these are the lines of one."""
    digits = np.log10(np.arange(2, 10))
    best: tuple[int, int, int, int] | None = None
    for first in range(columns.size):
        for last in range(first + 8, columns.size):
            span = columns[last] - columns[first]
            for decades in (1, 2, 3, 4, 5):
                width = span / decades
                expected = np.unique(
                    np.concatenate([[0.0], *(decade + np.append(digits, 1.0) for decade in range(decades))])
                )
                wanted = columns[first] + expected * width
                near = np.abs(columns[first : last + 1, None] - wanted).min(axis=0)
                there = int((near <= max(1.5, 0.012 * width)).sum())
                inside = last - first + 1
                if there >= 0.8 * wanted.size and there >= 0.75 * inside and (best is None or there > best[0]):
                    best = (there, first, last, decades)
    return None if best is None else best[1:]


def edge_points(paper: Paper, run: Run, column: float, rows: Sequence[float]) -> tuple[tuple[float, float], ...]:
    """The course of a line down the paper between two rows, in full px, with as many points as it needs.

    Args:
        paper: The scan.
        run: Whose lines it is one of.
        column: Where it is, straightened search px.
        rows: First and last row, full px.
    """
    knots = np.arange(rows[0], rows[1], _KNOT_ROWS * paper.factor)
    knots = np.append(knots, rows[1]) if knots.size else np.asarray(rows, np.float64)
    swing = run.swing_at(knots / paper.factor)
    about = (column + swing + 0.5) * paper.factor - 0.5
    found = np.array([_seen(paper, row, place) for row, place in zip(knots, about, strict=True)])
    off = found - about
    known = np.isfinite(off)
    if known.sum() >= 3:
        level = median_filter(off[known], min(5, int(known.sum()) | 1), mode="nearest")
        about = about + np.interp(knots, knots[known], level)
    keep = _thinned(knots, about)
    if np.ptp(about) <= _WORTH_A_POINT_PX:
        column_px = round(float(np.median(about)), 1)
        return ((float(knots[0]), column_px), (float(knots[-1]), column_px))
    return tuple((round(float(knots[at]), 1), round(float(about[at]), 1)) for at in keep)


def _seen(paper: Paper, row: float, column: float) -> float:
    """Column of the line near a place, by the ink of some rows about it; NaN where there is none."""
    reach = max(3, round(_SNAP_INCHES * paper.dpi))
    half = WINDOW_ROWS // 2 * paper.factor
    first = max(0, int(column) - reach)
    ink = paper.crop(row - half, row + half, first, int(column) + reach + 1)
    if ink.size == 0 or ink.shape[1] < 3:
        return float("nan")
    share = ink.mean(axis=0)
    share = np.clip(share - np.median(share), 0.0, None)
    if share.max() < 0.2:
        return float("nan")
    top = int(share.argmax())
    low, high = max(top - 3, 0), min(top + 4, share.size)
    weight = np.clip(share[low:high] - 0.5 * share[top], 0.0, None)
    return first + float((weight * np.arange(low, high)).sum() / weight.sum())


def _thinned(rows: Floats, columns: Floats) -> list[int]:
    """The points that a polygon needs to stay within a part of a px of all (Douglas and Peucker)."""
    keep = {0, rows.size - 1}
    parts = [(0, rows.size - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        inside = np.arange(first + 1, last)
        straight = np.interp(rows[inside], rows[[first, last]], columns[[first, last]])
        off = np.abs(columns[inside] - straight)
        if off.max() > _WORTH_A_POINT_PX:
            at = int(inside[off.argmax()])
            keep.add(at)
            parts += [(first, at), (at, last)]
    return sorted(keep)


def reaches_an_edge(paper: Paper, left: Sequence[tuple[float, float]], right: Sequence[tuple[float, float]]) -> bool:
    """Whether some stroke comes close to an edge of a track, so that it may go over it: a curve that never does cannot wrap."""
    rows = np.arange(left[0][0], left[-1][0], _EDGE_ROWS)
    lefts, rights = (np.interp(rows, *np.array(edge).T) for edge in (left, right))
    for row, start, stop in zip(rows, lefts, rights, strict=True):
        ink = paper.crop(row, row + _EDGE_ROWS, start, stop)
        width = ink.shape[1]
        if width < 1 / _BESIDE_EDGE:
            return True
        between = ink.mean(axis=1) < _ACROSS
        near, line = max(2, round(_BESIDE_EDGE * width)), max(2, round(_LINE_INCHES * paper.dpi))
        for strip in (ink[:, line : line + near], ink[:, width - line - near : width - line]):
            full = (strip.mean(axis=1) > _STROKE) & between
            if full.sum() > _ROWS_OF_A_STROKE and not _periodic(ink, full):
                return True
    return False


def _periodic(ink: NDArray[np.uint8], rows: NDArray[np.bool_]) -> bool:
    """Whether ink in some rows is that of lines across: it is as thick as these, and there in the track's middle, too."""
    middle = ink[:, ink.shape[1] // 10 : -ink.shape[1] // 10]
    return bool((middle[rows].mean(axis=1) > _BROKEN_LINE).mean() > 0.5)

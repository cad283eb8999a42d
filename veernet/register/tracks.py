"""The tracks of a pass: groups of lines down the paper, evenly spaced or by decades, with their outer lines as edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter
from scipy.signal import find_peaks

from veernet.peaks import vertex
from veernet.register.combs import Comb, combs
from veernet.register.paper import Paper
from veernet.register.upright import WINDOW_ROWS, Run

Floats = NDArray[np.float64]
Cover = Callable[[Floats], Floats | None]
"""How surely lines run across between some columns, as `veernet.register.across.covered` says."""

_LINE = 0.05
_FEWEST_FRAMED = 2
_SEEN, _PLACED = 0.8, 0.9
_APART_INCHES = 0.2
_AT_EDGE_PX = 2.0
_LEFT_OVER = 1
_FEW_DIVISIONS, _MANY_DIVISIONS = 5, 8
_PRINT_INCHES = 0.3
"""From the middle of the depth column to where its print ends, at the most."""
_STRAY_INCHES, _BLANK_SHARE = 0.1, 0.15
"""Of paper beside tracks that lines across may cover all the same, and of a track that they may leave blank."""
_SNAP_INCHES = 0.03
_OWN_ROOM = 0.45
_AS_WHOLE, _HEAVIER = 0.8, 1.3
"""Of the strongest column near an edge: another line that is as whole; and times the ink of that one's line, so that it rather is the edge."""
_KNOT_ROWS, _KNOTS = float(WINDOW_ROWS), 9
"""From one place at which an edge is looked at to the next, search px, and how many say together where it is: a curve may run along it for some."""
_WORTH_A_POINT_PX = 0.7


@dataclass(frozen=True)
class Grid:
    """A group of lines down the paper.

    Args:
        left: Its left edge, straightened search px.
        right: Its right edge.
        divisions: Even spaces from edge to edge; None if it goes by decades, or has lost too many lines to tell.
        decades: From edge to edge; None if it is even, or cannot be told.
        rooms: From each edge to the line that is nearest to it.
        seen: Share of its lines that are there.
        sure: That these are the edges of one track.
    """

    left: float
    right: float
    divisions: int | None
    decades: int | None
    rooms: tuple[float, float]
    seen: float
    sure: float


@dataclass(frozen=True)
class Lines:
    """Lines down the paper: columns, straightened search px from the left, and the strength of each."""

    columns: Floats
    strengths: Floats


def lines_of(profile: Floats) -> Lines:
    """The lines that a profile shows."""
    smooth = gaussian_filter1d(profile, 0.7)
    peaks, _ = find_peaks(np.pad(smooth, 1), height=_LINE, prominence=0.5 * _LINE)
    peaks = peaks - 1
    return Lines(np.array([_vertex(smooth, int(peak)) for peak in peaks]), smooth[peaks])


def grids(
    lines: Lines,
    width_px: int,
    dpi: float,
    depth_column: float | None,
    framed: NDArray[np.bool_] | None = None,
    *,
    stopped: bool = False,
    cover: Cover | None = None,
) -> list[Grid]:
    """The tracks that lines make, from the left; none goes over the depth column.

    Args:
        lines: Down the paper.
        width_px: Of the search image.
        dpi: Of it.
        depth_column: Straightened column of the printed depths.
        framed: Which lines go on into the scale block above them, and below them, ``(sides, lines)``; None if that is not known.
        stopped: Whether solid lines that do not were seen to end.
        cover: Asks where lines run across.
    """
    columns, strengths = lines.columns, lines.strengths
    if framed is not None and framed.any(axis=0).sum() < _FEWEST_FRAMED:
        framed = None
    # An outer line may be beyond the scan's edge.
    for edge in (0.0, width_px - 1.0):
        if columns.size and np.abs(columns - edge).min() > _AT_EDGE_PX:
            at = int(np.searchsorted(columns, edge))
            columns, strengths = np.insert(columns, at, edge), np.insert(strengths, at, 0.0)
            framed = None if framed is None else np.insert(framed, at, False, axis=1)
    covered = cover(columns) if cover else None
    found = combs(columns, strengths, None, dpi, depth_column, covered)
    if framed is not None:
        parted = combs(columns, strengths, np.asarray(framed.any(axis=0)), dpi, depth_column, covered)
        # Strokes that only look like frames part tracks where no grid begins, and leave lines over.
        if _lines_in(parted) >= _lines_in(found) - _LEFT_OVER:
            found = parted
        else:
            framed = None
    # What is thought to end beyond the scan's edge may be part of the track beside it.
    unseen = [strengths[[comb.first, comb.last]] == 0.0 for comb in found]
    there = [comb for comb, hidden in zip(found, unseen, strict=True) if not hidden.any() or _whole(comb)]
    made = []
    for index, comb in enumerate(found):
        beside = [
            other
            for other in (*found[max(0, index - 1) : index], *found[index + 1 : index + 2])
            if _gap(columns, comb, other) < _APART_INCHES * dpi
        ]
        alone = not beside and comb.divisions in (0, 10) and not _bare(comb)
        known = alone if framed is None else _framed(framed[:, comb.first : comb.last + 1], unseen[index], _whole(comb))
        agrees = covered is not None and _agrees(
            columns, covered, there, comb, dpi, -np.inf if depth_column is None else depth_column
        )
        # Where nothing frames a block, lines across may tell the edges of a track by itself that has lost all lines between them.
        told_across = framed is None and agrees and not beside and not unseen[index].any() and _bare(comb)
        # A strong line may run on where a faint grid ends: parts of one track all look alike. Lines across go from edge to edge of tracks, and tell.
        framed_well = stopped and framed is not None
        vouched = agrees and (framed_well or not beside)
        part = not vouched and (
            comb.divisions == 4 or (_may_be_part(comb) and any(_may_be_alike(comb, other) for other in beside))
        )
        known |= told_across
        seen = (
            comb.seen >= _SEEN or told_across or (framed_well and (_bare(comb) or (vouched and comb.placed >= _PLACED)))
        )
        sure = 0.97 if known and seen and not part and (agrees or covered is None) else 0.6
        rooms = (_room(columns, comb.first), _room(columns, comb.last))
        made.append(
            Grid(
                float(columns[comb.first]),
                float(columns[comb.last]),
                comb.divisions or None,
                comb.decades or None,
                rooms,
                comb.seen,
                sure,
            )
        )
    return made


def _gap(columns: Floats, comb: Comb, other: Comb) -> float:
    return float(min(abs(columns[comb.first] - columns[other.last]), abs(columns[comb.last] - columns[other.first])))


def _agrees(
    columns: Floats, covered: Floats, there: Sequence[Comb], comb: Comb, dpi: float, depth_column: float
) -> bool:
    """Whether lines run across the whole of a track, and across nothing beside it that is in none of those that are there, but depths."""
    first = max((other.last for other in there if other.last <= comb.first), default=0)
    end = min((other.first for other in there if other.first >= comb.last), default=columns.size - 1)
    inches = np.diff(columns) / dpi
    beside = np.append(np.arange(first, comb.first), np.arange(comb.last, end))
    inside = np.arange(comb.first, comb.last)
    beside = beside[
        (columns[beside] > depth_column + _PRINT_INCHES * dpi)
        | (columns[beside + 1] < depth_column - _PRINT_INCHES * dpi)
    ]
    return bool(
        (covered[beside] * inches[beside]).sum() <= _STRAY_INCHES
        and ((1.0 - covered[inside]) * inches[inside]).sum() <= _BLANK_SHARE * inches[inside].sum()
    )


def _lines_in(found: Sequence[Comb]) -> int:
    """Lines that lie in some track, but for the first of each."""
    return sum(comb.last - comb.first for comb in found)


def _whole(comb: Comb) -> bool:
    """Whether the lines of a grid tell both edges by themselves, so that one that lies on the scan's own edge need not be seen."""
    return (
        comb.seen >= _PLACED
        and comb.placed >= _PLACED
        and (comb.divisions >= _MANY_DIVISIONS or comb.decades > 1)
        and max(map(abs, comb.off)) <= _AT_EDGE_PX / 2
    )


def _framed(lines: NDArray[np.bool_], unseen: NDArray[np.bool_], whole: bool) -> bool:
    """Whether the outer ones of some lines frame a block on one side, ``(sides, lines)``, and neither side says otherwise.

    Of a whole grid an outer line that lies on the scan's own edge, ``unseen``, says what the other one does.
    """
    outer, inner = lines[:, [0, -1]], lines[:, 1:-1].any(axis=1)
    if whole and unseen.sum() == 1:
        outer = np.repeat(outer[:, ~unseen], 2, axis=1)
    says, differs = outer.all(axis=1) & ~inner, inner | (outer.any(axis=1) & ~outer.all(axis=1))
    return bool(says.any() and not differs.any())


def _bare(comb: Comb) -> bool:
    """Whether a grid has lost all but strong lines, so that those that are missed are none of its own."""
    return not (comb.divisions or comb.decades)


def _may_be_part(comb: Comb) -> bool:
    """Whether a grid is that of a decade, or of half a track: what strong lines make of a larger one."""
    return comb.decades == 1 or 0 < comb.divisions <= _FEW_DIVISIONS


def _may_be_alike(comb: Comb, other: Comb) -> bool:
    """Whether two grids may be of the same lines: as long as both are not whole and different."""
    return (
        _bare(other)
        or min(comb.seen, other.seen) < _SEEN
        or (comb.divisions, comb.decades) == (other.divisions, other.decades)
    )


def _room(columns: Floats, at: int) -> float:
    return float(np.abs(np.delete(columns, at) - columns[at]).min())


def _vertex(profile: Floats, at: int) -> float:
    if not 0 < at < profile.size - 1:
        return float(at)
    return float(at + vertex(*profile[at - 1 : at + 2]))


def edge_points(
    paper: Paper, run: Run, column: float, room: float, rows: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    """The course of a line down the paper between two rows, in full px, with as many points as it needs.

    Args:
        paper: The scan.
        run: Whose lines it is one of.
        column: Where it is, straightened search px.
        room: From it to the line that is nearest to it.
        rows: First and last row, full px.
    """
    knots = np.arange(rows[0], rows[1], _KNOT_ROWS * paper.factor)
    knots = np.append(knots, rows[1]) if knots.size else np.asarray(rows, np.float64)
    swing = run.swing_at(knots / paper.factor)
    about = (column + swing + 0.5) * paper.factor - 0.5
    reach = max(2, round(min(_SNAP_INCHES * paper.dpi, _OWN_ROOM * room * paper.factor)))
    # What stands above and below is no part of the line: streaks go on there, and frames of blocks.
    half = WINDOW_ROWS // 2 * paper.factor
    windows = zip(np.maximum(knots - half, rows[0]), np.minimum(knots + half, rows[1]), about, strict=True)
    found = np.array([_seen(paper, first, end, place, reach) for first, end, place in windows])
    off = found - about
    known = np.isfinite(off)
    if known.sum() >= 3:
        level = median_filter(off[known], min(_KNOTS, int(known.sum()) | 1), mode="nearest")
        about = about + np.interp(knots, knots[known], level)
    keep = _thinned(knots, about)
    if np.ptp(about) <= _WORTH_A_POINT_PX:
        column_px = round(float(np.median(about)), 1)
        return ((float(knots[0]), column_px), (float(knots[-1]), column_px))
    return tuple((round(float(knots[at]), 1), round(float(about[at]), 1)) for at in keep)


def _seen(paper: Paper, first_row: float, end_row: float, column: float, reach: int) -> float:
    """Column of the line near a place, by the ink of some rows; NaN where there is none."""
    first = max(0, int(column) - reach)
    ink = paper.crop(first_row, end_row, first, int(column) + reach + 1)
    if ink.size == 0 or ink.shape[1] < 3:
        return float("nan")
    share = ink.mean(axis=0)
    share = share - share.min()
    if share.max() < 0.2:
        return float("nan")
    # As far as a line is thick: its outermost columns are not all of one strength. Of lines as whole as each other a streak beside an edge is the thinner one.
    ends = np.flatnonzero(np.diff(np.pad(share > 0.5 * share.max(), 1).astype(np.int8)))
    lines = [
        (low, high) for low, high in ends.reshape(-1, 2).tolist() if share[low:high].max() >= _AS_WHOLE * share.max()
    ]
    amounts = [float(share[low:high].sum()) for low, high in lines]
    strongest = int(np.argmax([share[low:high].max() for low, high in lines]))
    low, high = lines[int(np.argmax(amounts)) if max(amounts) >= _HEAVIER * amounts[strongest] else strongest]
    weight = np.clip(share[low:high] - 0.5 * share[low:high].max(), 0.0, None)
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

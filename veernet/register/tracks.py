"""The tracks of a pass: groups of lines down the paper, evenly spaced or by decades, with their outer lines as edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from veernet.peaks import vertex
from veernet.register.combs import Comb, combs

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

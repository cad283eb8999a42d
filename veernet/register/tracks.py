"""The tracks of a pass: groups of lines down the paper, evenly spaced or by decades, with their outer lines as edges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks

from veernet.peaks import vertex
from veernet.register.bare_tracks import bare_tracks
from veernet.register.combs import Comb, combs
from veernet.register.draft import SURE
from veernet.register.edges_vouched import Vouched
from veernet.register.lost_edges import lost_edges, with_lost

Floats = NDArray[np.float64]
Cover = Callable[[Floats, Floats], Floats | None]
"""How surely lines run across between lines of some columns and strengths, as `veernet.register.across.covered` says."""

_LINE = 0.05
_FEWEST_FRAMED = 2
_AT_EDGE_PX = 2.0
_LEFT_OVER = 1


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
    hinted: NDArray[np.bool_] | None = None,
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
        hinted: Which lines likely frame a block where none surely does; these part tracks and make none sure.
        stopped: Whether solid lines that do not were seen to end.
        cover: Asks where lines run across.
    """
    columns, strengths = lines.columns, lines.strengths
    within_block = framed is not None
    if framed is not None and framed.any(axis=0).sum() < _FEWEST_FRAMED:
        framed = None
    # An outer line may be beyond the scan's edge.
    for edge in (0.0, width_px - 1.0):
        if columns.size and np.abs(columns - edge).min() > _AT_EDGE_PX:
            at = int(np.searchsorted(columns, edge))
            columns, strengths = np.insert(columns, at, edge), np.insert(strengths, at, 0.0)
            framed = None if framed is None else np.insert(framed, at, False, axis=1)
            hinted = None if hinted is None else np.insert(hinted, at, False)
    covered = cover(columns, strengths) if cover else None
    found, framed = _parted(columns, strengths, framed, dpi, depth_column, covered, hinted)
    vouched = Vouched(columns, strengths, found, framed, stopped, covered, depth_column, dpi)
    told = [_grid(columns, comb, vouched.sure(comb)) for comb in found]
    if not within_block or all(grid.sure >= SURE for grid in told):
        return told
    bare = bare_tracks(columns, strengths, found, depth_column)
    if bare or cover is None:
        return sorted([*told, *(_grid(columns, comb, False) for comb in bare)], key=lambda grid: grid.left)
    return _with_lost_edges(told, vouched, cover, width_px, hinted)


def _with_lost_edges(
    told: list[Grid], seen: Vouched, cover: Cover, width_px: int, hinted: NDArray[np.bool_] | None
) -> list[Grid]:
    """The tracks where an edge may have lost its line; those that are sure stay as they are, and no other is."""
    lost = lost_edges(seen.columns, seen.strengths, seen.found, width_px)
    if not lost.size:
        return told
    columns, strengths, is_lost = with_lost(seen.columns, seen.strengths, lost)
    framed = None if seen.framed is None else _spread(seen.framed, ~is_lost)
    hinted = None if hinted is None else _spread(hinted[None], ~is_lost)[0]
    again, _ = _parted(columns, strengths, framed, seen.dpi, seen.depth_column, cover(columns, strengths), hinted)
    sure = {(grid.left, grid.right) for grid in told if grid.sure >= SURE}
    edges = [(float(columns[comb.first]), float(columns[comb.last])) for comb in again]
    if not sure <= set(edges) or not any(is_lost[[comb.first, comb.last]].any() for comb in again):
        return told
    return [_grid(columns, comb, each in sure) for comb, each in zip(again, edges, strict=True)]


def _spread(framed: NDArray[np.bool_], among: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """What is said of some lines, ``(sides, lines)``, for more lines ``among`` which they are."""
    spread = np.zeros((len(framed), among.size), bool)
    spread[:, among] = framed
    return spread


def _parted(
    columns: Floats,
    strengths: Floats,
    framed: NDArray[np.bool_] | None,
    dpi: float,
    depth_column: float | None,
    covered: Floats | None,
    hinted: NDArray[np.bool_] | None,
) -> tuple[list[Comb], NDArray[np.bool_] | None]:
    """The tracks that lines make, parted where some frame the block, and these; None instead where they only look like frames."""
    found = combs(columns, strengths, None, dpi, depth_column, covered)
    parting = hinted if framed is None else np.asarray(framed.any(axis=0))
    if parting is None or parting.sum() < _FEWEST_FRAMED:
        return found, None
    parted = combs(columns, strengths, parting, dpi, depth_column, covered)
    # Strokes that only look like frames part tracks where no grid begins, and leave lines over.
    if _lines_in(parted) >= _lines_in(found) - _LEFT_OVER:
        return parted, framed
    return found, None


def _grid(columns: Floats, comb: Comb, sure: bool) -> Grid:
    return Grid(
        float(columns[comb.first]),
        float(columns[comb.last]),
        comb.divisions or None,
        comb.decades or None,
        (_room(columns, comb.first), _room(columns, comb.last)),
        comb.seen,
        0.97 if sure else 0.6,
    )


def _lines_in(found: Sequence[Comb]) -> int:
    """Lines that lie in some track, but for the first of each."""
    return sum(comb.last - comb.first for comb in found)


def _room(columns: Floats, at: int) -> float:
    return float(np.abs(np.delete(columns, at) - columns[at]).min())


def _vertex(profile: Floats, at: int) -> float:
    if not 0 < at < profile.size - 1:
        return float(at)
    return float(at + vertex(*profile[at - 1 : at + 2]))

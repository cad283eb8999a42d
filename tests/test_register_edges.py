"""Edges of tracks of a scan that nobody registered: what lines across and frames of blocks say of them, and when that is sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.across import covered
from veernet.register.body import Columns, extent, framing
from veernet.register.paper import Paper
from veernet.register.tracks import Grid, Lines, edge_points, grids
from veernet.register.upright import Run

DPI = 150.0
ROWS, WIDTH = 1200, 900
TOP, END = 300, 1000
"""First row of the grid and the row after its last."""
EDGES = (60, 360, 450, 825)
"""Of a track of five divisions, one of them after the other beyond the depth column, 375 px wide."""
STRAIGHT = Run(0, 12, np.zeros(12), np.ones(12), np.zeros(WIDTH))


def printed(
    down: Sequence[float] | NDArray[np.float64], across: Sequence[tuple[int, int]], frames: Sequence[int] = ()
) -> NDArray[np.uint8]:
    """Lines down a grid, lines every 25 rows from column to column, and frames of a block of 120 rows above it."""
    ink = np.zeros((ROWS, WIDTH), np.uint8)
    ink[TOP:END, np.round(down).astype(int)] = 1
    for left, right in across:
        ink[TOP:END:25, left:right] = 1
    for column in frames:
        ink[TOP - 120 : TOP, column] = 1
    return ink


def told(ink: NDArray[np.uint8], down: Sequence[float], frames: Sequence[int] = ()) -> list[Grid]:
    """The tracks of lines that are all alike, with frames above where some are, and the depth column in the middle."""
    lines = Lines(np.asarray(down, np.float64), np.full(len(down), 0.5))
    framed = np.array([np.isin(lines.columns, frames), np.zeros(lines.columns.size)], bool)
    return grids(
        lines,
        WIDTH,
        DPI,
        405.0,
        framed,
        stopped=True,
        cover=lambda columns: covered(ink, STRAIGHT, columns, (TOP, END), DPI),
    )


def test_lines_run_across_tracks_and_not_across_what_is_between_them() -> None:
    """Though print of the depth column stands there, as wide as figures are."""
    ink = printed(EDGES, [EDGES[:2], EDGES[2:]])
    ink[TOP + 10 : END : 100, 390:405] = 1
    assert [0.0, 1.0, 0.0, 1.0, 0.0] == pytest.approx(
        covered(ink, STRAIGHT, np.array([0, *EDGES, 899.0]), (TOP, END), DPI)
    )


def test_a_dark_border_is_no_lines_across() -> None:
    """Half of the rows beside a track are black for 100 rows on end, as of a rag on the scanner."""
    ink = printed(EDGES, [EDGES[:2], EDGES[2:]])
    for first in range(TOP, END, 200):
        ink[first : first + 100, :55] = 1
    assert [0.0, 1.0, 0.0, 1.0, 0.0] == pytest.approx(
        covered(ink, STRAIGHT, np.array([0, *EDGES, 899.0]), (TOP, END), DPI), abs=0.01
    )


def test_where_hardly_a_line_runs_across_nothing_is_said() -> None:
    """Two rows of ink are no evidence."""
    ink = np.zeros((ROWS, WIDTH), np.uint8)
    ink[[400, 800], 60:360] = 1
    assert covered(ink, STRAIGHT, np.array(EDGES, np.float64), (TOP, END), DPI) is None


def test_a_bare_grid_whose_edges_frames_and_lines_across_vouch_for_is_sure() -> None:
    """A track of which only the middle line is left, and one of five divisions."""
    down = [60, 210, 360, *np.linspace(450, 825, 6)]
    found = told(printed(down, [(60, 360), (450, 825)], EDGES), down, EDGES)
    assert [(60, 360), (450, 825)] == [(grid.left, grid.right) for grid in found]
    assert min(grid.sure for grid in found) >= 0.95


def test_a_track_beside_which_lines_across_go_on_is_not_sure() -> None:
    """Its last line is lost, and print looks like a frame at the one before: four of its five divisions look like a track."""
    down = [60, 210, 360, *np.linspace(450, 825, 6)[:-1]]
    first, *others = told(printed(down, [(60, 360), (450, 825)]), down, (60, 360, 450, 750))
    assert (60, 360) == (first.left, first.right)
    assert first.sure >= 0.95 > max(grid.sure for grid in others)


def test_the_last_line_of_a_paper_may_be_an_edge() -> None:
    """Paper goes on beyond it: that it might end in a line does not hide the one that is there."""
    down = np.linspace(450, 825, 6).tolist()
    (only,) = told(printed(down, [(450, 825)], (450, 825)), down, (450, 825))
    assert (450, 825, 5) == (only.left, only.right, only.divisions)


def test_a_grid_ends_where_its_unbroken_lines_do() -> None:
    """Though all others have faded half an inch before."""
    down = np.linspace(450, 825, 6)
    ink = printed(down, [])
    faint = down.astype(int)[[1, 2, 4]]
    ink[: TOP + 80, faint] = 0
    ink[::6, faint] = 0
    columns = Columns(ink, STRAIGHT, down)
    inner = np.array([False, True, True, True, True, False])
    assert (TOP, END) == pytest.approx(extent(columns, inner, (500.0, 900.0), (0.0, float(ROWS)), DPI), abs=1)


def test_strong_lines_that_end_before_the_frames_do_are_no_frames() -> None:
    """The grid was thought to begin 60 rows too low: its strong line goes on so far, edges through the block above it, too."""
    down = np.array([450.0, 637.0, 825.0])
    ink = printed(down, [], (450, 825))
    framed = framing(Columns(ink, STRAIGHT, down), (TOP + 60.0, float(END)), DPI)
    assert [True, False, True] == framed[0].tolist()


def test_what_runs_on_for_inches_is_the_grid_itself() -> None:
    """Edges of a grid that has lost all other lines frame nothing."""
    down = np.array([450.0, 825.0])
    ink = printed(down, [])
    assert not framing(Columns(ink, STRAIGHT, down), (TOP + 350.0, float(END)), DPI).any()


def test_an_edge_follows_paper_that_swings_within_a_few_inches() -> None:
    """Though its run, smoothed over windows, takes it for straight, and a curve lies beside it for an inch."""
    rows = np.arange(3000)
    course = 300.0 + 4.0 * np.sin(2 * np.pi * rows / 1500)
    ink = np.zeros((rows.size, 600), np.uint8)
    for thick in range(3):
        ink[rows, np.round(course).astype(int) - 1 + thick] = 1
    ink[1500:1700, 304:307] = 1
    paper = Paper(600, 200.0, True, 1, np.packbits(ink, axis=1), ink)
    windows = rows.size // 96
    run = Run(0, windows, np.zeros(windows), np.ones(windows), np.zeros(600))
    points = edge_points(paper, run, 300.0, 50.0, (0.0, 2999.0))
    at_rows, columns = np.array(points).T
    found = np.interp(rows, at_rows, columns)
    assert np.abs(found - course).max() < 2.0

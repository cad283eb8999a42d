"""Edges of tracks of a scan that nobody registered: what lines across and frames of blocks say of them, and when that is sure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.across import covered
from veernet.register.block_below import stands_by
from veernet.register.body import Columns, extent, framing, parted
from veernet.register.edge_course import edge_points
from veernet.register.labels import Labels, Pass
from veernet.register.logged import logged
from veernet.register.paper import Paper
from veernet.register.tracks import Grid, Lines, grids
from veernet.register.upright import Run, line_profiles, runs

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
        cover=lambda columns, strengths: covered(ink, STRAIGHT, columns, (TOP, END), DPI, strengths),
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


@pytest.mark.parametrize(("reach", "sure"), [(360, True), (367, False)])
def test_a_streak_close_beside_the_edge_of_a_bare_track_leaves_it_unsure(reach: int, sure: bool) -> None:
    """Lines across tell which of the two is the edge only where they end at the first."""
    down = [60, 210, 360, 367]
    first, *_ = told(printed(down, [(60, reach)], (60, 360)), down, (60, 360))
    assert (60, 360) == (first.left, first.right)
    assert sure == (first.sure >= 0.95)


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


@pytest.mark.parametrize("letters", [True, False])
def test_print_of_several_rows_in_the_column_of_a_line_is_no_broken_frame(letters: bool) -> None:
    """Strokes of letters have others beside them, a line that has broken has not."""
    down = np.array([450.0, 637.0, 825.0])
    ink = printed(down, [], (450, 825))
    for row in range(TOP - 116, TOP - 6, 18):
        ink[row : row + 14, 637] = 1
        if letters:
            ink[row : row + 14, 625:650:2] = ink[row : row + 14, 626:650:4] = 1
    framed = framing(Columns(ink, STRAIGHT, down), (float(TOP), float(END)), DPI)
    assert [True, not letters, True] == framed[0].tolist()


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


def decades(left: float, right: float, count: int, lead: int = 1) -> list[float]:
    """Lines of a log grid between two columns, from a first digit on."""
    values = np.outer(10.0 ** np.arange(count + 1), np.arange(1, 10)).ravel()
    values = values[(values >= lead) & (values <= lead * 10.0**count)]
    return np.unique(np.round(left + (right - left) * np.log10(values / lead) / count)).tolist()


@pytest.mark.parametrize(("beyond", "sure"), [(0, True), (6, False)])
def test_a_whole_grid_tells_its_edge_though_it_lies_on_that_of_the_scan(beyond: int, sure: bool) -> None:
    """Lines of decades from frame to frame but for the last one; where they would have it beyond the scan, nothing vouches for it."""
    end = WIDTH - 1 + beyond
    last = [column for column in decades(700, end, 2)[1:-1] if column < WIDTH - 3]
    down = [*np.linspace(60, 360, 11), *decades(450, 700, 2), *last]
    found = told(printed(down, [(60, 360), (450, WIDTH)], (60, 360, 450, 700)), down, (60, 360, 450, 700))
    assert [60, 450, 700] == [grid.left for grid in found]
    assert not sure or pytest.approx(found[-1].right, abs=1) == WIDTH - 1
    assert [True, True, sure] == [grid.sure >= 0.95 for grid in found]


def test_decades_that_begin_within_a_track_are_told_by_their_first_lines_alone() -> None:
    """From 2 to 200, and of the lines between the edges only those of 10 and of 100 are left."""
    down = [60.0, 210.0, 360.0, 450.0, *(450 + 375 * (np.array([1, 2]) - np.log10(2)) / 2), 825.0]
    lines = np.round(down).tolist()
    found = told(printed(lines, [(60, 360), (450, 825)], EDGES), lines, EDGES)
    assert [(60, 360), (450, 825)] == [(grid.left, grid.right) for grid in found]
    assert 1.0 == found[-1].seen


def test_a_gap_parts_a_grid_of_edges_alone_from_the_frames_above_it() -> None:
    """Of two tracks side by side all lines but the edges are lost, and these go on into the block, 8 rows above."""
    down = np.array([450.0, 640.0, 830.0])
    ink = printed(down, [(450, 830)])
    ink[TOP - 128 : TOP - 8, down.astype(int)] = 1
    columns = Columns(ink, STRAIGHT, down)
    ends = parted(columns, (500.0, 900.0), (0.0, float(ROWS)), DPI)
    assert (TOP, END) == pytest.approx(ends, abs=2)
    assert framing(columns, ends, DPI).tolist() == [[True] * 3, [False] * 3]
    found = told(ink, down.tolist(), [450, 640, 830])
    assert [(450, 640, True), (640, 830, True)] == [(grid.left, grid.right, grid.sure >= 0.95) for grid in found]


def test_a_gap_says_nothing_where_lines_break_together_inside_the_grid() -> None:
    """A copy that has lost some rows altogether, within its labels and above them."""
    down = np.array([60.0, 360.0, 660.0])
    ink = printed(down, [])
    ink[[*range(700, 712), *range(400, 412)]] = 0
    ends = parted(Columns(ink, STRAIGHT, down), (500.0, 900.0), (0.0, float(ROWS)), DPI)
    assert (0.0, float(ROWS)) == ends


def test_a_frame_that_has_broken_is_one_where_its_line_is_as_whole_as_the_others() -> None:
    """A line within a track, through a name that is printed above it, is none."""
    down = np.array([60.0, 210.0, 360.0, 660.0])
    ink = printed(down, [], (60, 660))
    ink[TOP - 120 : TOP, 360] = np.arange(120) % 10 < 7
    ink[TOP - 120 : TOP, 210] = np.arange(120) % 24 < 12
    framed = framing(Columns(ink, STRAIGHT, down), (float(TOP), float(END)), DPI)
    assert [True, False, True, True] == framed[0].tolist()


def test_dirt_of_a_border_beside_a_track_is_no_lines_across() -> None:
    """It is in any rows, and lines across go on in their own."""
    dirt = np.zeros((ROWS, WIDTH), np.uint8)
    dirt[np.arange(TOP, END, 11), 860:] = 1
    lines = printed(EDGES, [EDGES[:2], (450, 900)])
    bounds, strengths = np.array([*EDGES, 899.0]), np.array([0.5, 0.5, 0.5, 0.5, 0.0])
    for ink, beyond in ((printed(EDGES, [EDGES[:2], EDGES[2:]]) | dirt, 0.0), (lines, 1.0)):
        seen = covered(ink, STRAIGHT, bounds, (TOP, END), DPI, strengths)
        assert seen is not None
        assert beyond == pytest.approx(seen[-1], abs=0.05)


@pytest.mark.parametrize(("right", "sure"), [(300, True), (330, False)])
def test_a_bare_track_that_ends_with_the_scan_is_sure_where_it_is_as_wide_as_another(right: int, sure: bool) -> None:
    """All lines are lost but the edges, and the first edge lies on the scan's own."""
    down = [right, 450, 750]
    found = told(printed(down, [(0, right), (450, 750)], down), down, down)
    assert [(0, right), (450, 750)] == [(grid.left, grid.right) for grid in found]
    assert sure == (found[0].sure >= 0.95)


@pytest.mark.parametrize(("end", "sure"), [(WIDTH - 1, True), (WIDTH - 21, False)])
def test_a_bare_track_of_even_parts_ends_with_the_scan_where_its_next_line_would_stand(end: int, sure: bool) -> None:
    """Three decades, of which the first lines alone are left, and the last edge lies on the scan's own; it is no other track's width."""
    down = [60, 210, 360, *np.linspace(450, end, 4)[:-1].round().tolist()]
    found = told(printed(down, [(60, 360), (450, WIDTH)], (60, 360, 450)), down, (60, 360, 450))
    assert not sure or (450, WIDTH - 1) == pytest.approx((found[-1].left, found[-1].right), abs=1)
    assert [sure, sure] == [grid.sure >= 0.95 for grid in found]


@pytest.mark.parametrize("below", [True, False])
def test_frames_above_and_below_vouch_for_a_track_with_a_stray_line(below: bool) -> None:
    """Of its lines hardly any is left, and a fold runs down beside one: nothing explains them all."""
    down = [60, 210, 360, 450, 569, 601, 825]
    lines = Lines(np.array(down, np.float64), np.array([0.5, 0.3, 0.5, 0.5, 0.3, 0.6, 0.5]))
    ink = printed(down, [(60, 360), (450, 825)], EDGES)
    frames = np.isin(lines.columns, EDGES)
    found = grids(
        lines,
        WIDTH,
        DPI,
        405.0,
        np.array([frames, frames & below]),
        stopped=True,
        cover=lambda columns, strengths: covered(ink, STRAIGHT, columns, (TOP, END), DPI, strengths),
    )
    assert EDGES[2:] == (found[-1].left, found[-1].right)
    assert below == (found[-1].sure >= 0.95)


@pytest.mark.parametrize(
    ("first", "end", "next_row", "own"),
    [(10, 110, 200, True), (10, 110, 140, False), (70, 170, 182, False), (10, 110, None, True)],
)
def test_a_block_below_a_pass_is_its_own_where_it_stands_apart_from_what_follows(
    first: int, end: int, next_row: int | None, own: bool
) -> None:
    """Frames of so many rows below the grid, and the grid of another log below them."""
    down = np.array(EDGES, np.float64)
    ink = printed(EDGES, [])
    ink = np.pad(ink, ((0, 400), (0, 0)))
    ink[END + first : END + end, list(EDGES)] = 1
    if next_row is not None:
        ink[END + next_row :, list(EDGES)] = 1
    assert own == stands_by(Columns(ink, STRAIGHT, down), np.ones(4, bool), float(END), DPI)


def test_without_frames_nothing_tells_whose_a_block_is() -> None:
    """Print alone may be anything's."""
    columns = Columns(printed(EDGES, []), STRAIGHT, np.array(EDGES, np.float64))
    assert not stands_by(columns, np.zeros(4, bool), float(END), DPI)


def test_lines_across_that_have_faded_do_not_unsettle_framed_edges() -> None:
    """Of every second one the right half of a track is lost; where hardly one is left there, it is no part of the track."""
    down = [60, 210, 360, 450, 637, 825]
    for every, sure in ((3, True), (12, False)):
        ink = printed(down, [(60, 360), (450, 637)], EDGES)
        ink[TOP : END : 25 * every, 637:825] = 1
        assert [True, sure] == [grid.sure >= 0.95 for grid in told(ink, down, EDGES)]


def test_a_whole_log_grid_with_a_lost_frame_ends_where_lines_across_do() -> None:
    """Its left frame is not seen; nor is it sure where lines across go on."""
    down = [60, 210, 360, *decades(450, 825, 3)]
    for left, sure in ((450, True), (400, False)):
        found = told(printed(down, [(60, 360), (left, 825)], (60, 360, 825)), down, (60, 360, 825))
        assert [True, sure] == [grid.sure >= 0.95 for grid in found]


def test_a_curve_does_not_tell_where_a_grid_ends() -> None:
    """Of two tracks that have lost all but their middle lines and edges; a dashed stroke runs straight down one of them."""
    down = [60, 210, 360, 450, 637, 825]
    ink = printed(down, [(60, 360), (450, 825)], EDGES)
    dashes = np.arange(TOP + 80, END)
    ink[dashes[dashes % 8 < 3], 560] = 1
    rows = np.array([400.0, 500, 600, 700, 800, 900])
    boxes = np.stack([rows - 8, np.full(6, 385.0), rows + 9, np.full(6, 425.0)], axis=1)
    depths = 1000.0 + 50 * np.arange(6)
    labels = Labels(boxes, 0, tuple(f"{depth:.0f}" for depth in depths), np.ones(6), depths, np.ones(6, bool))
    profiles = line_profiles(ink)
    paper = Paper(WIDTH, DPI, True, 1, np.packbits(ink, axis=1), ink)
    (found,) = logged(paper, [Pass(labels, 50.0, 2.0, 1.0, 30.0)], profiles, runs(profiles))
    assert TOP == pytest.approx(found.first_row, abs=2)
    assert list(EDGES) == pytest.approx([edge for grid in found.grids for edge in (grid.left, grid.right)], abs=1)


def test_a_streak_beside_an_edge_is_not_the_edge() -> None:
    """As black as the edge and two columns wide to its three, with a column of paper between them."""
    ink = np.zeros((3000, 600), np.uint8)
    ink[:, 300:303] = 1
    ink[:, 297:299] = 1
    paper = Paper(600, 300.0, True, 1, np.packbits(ink, axis=1), ink)
    run = Run(0, 31, np.zeros(31), np.ones(31), np.zeros(600))
    points = edge_points(paper, run, 299.5, 100.0, (0.0, 2999.0))
    assert [301.0] * len(points) == pytest.approx([column for _, column in points], abs=0.1)


@pytest.mark.parametrize(("lines_across_to", "sure"), [(825, True), (890, False)])
def test_lines_across_tell_the_edges_of_tracks_that_have_no_other_lines(lines_across_to: int, sure: bool) -> None:
    """Nothing frames a block; where lines across run on beyond the last line, another one may be the edge."""
    first, last = told(printed(EDGES, [EDGES[:2], (450, lines_across_to)]), EDGES)
    assert sure == (min(first.sure, last.sure) >= 0.95)
    assert not sure or [EDGES[:2], EDGES[2:]] == [(first.left, first.right), (last.left, last.right)]


def test_heavy_lines_that_go_on_where_faint_ones_were_lost_frame_no_block() -> None:
    """The block above frames a track of 20 divisions; below, all of its heavy lines go on to the grid's end."""
    down = np.arange(450.0, 851.0, 20.0)
    heavy = down[::5]
    ink = printed(down, [], (450, 850))
    ink[END - 60 : END, [int(column) for column in down if column not in heavy]] = 0
    ink[TOP:END:3, [int(column) for column in down if column not in heavy]] = 0
    columns = Columns(ink, STRAIGHT, down)
    above, below = framing(columns, (float(TOP), float(END - 60)), DPI)
    assert [450.0, 850.0] == down[above].tolist()
    assert not below.any()
    alone = ink.copy()
    alone[:TOP] = 0
    _, below = framing(Columns(alone, STRAIGHT, down), (float(TOP), float(END - 60)), DPI)
    assert heavy.tolist() == down[below].tolist()


@pytest.mark.parametrize("above", [True, False])
def test_edges_that_one_block_frames_inside_a_track_of_the_other_are_not_sure(above: bool) -> None:
    """One of the two is no block, or another log's."""
    parts = (450, 590, 730, 870)
    down = np.arange(450.0, 871.0, 14.0)
    ink = printed(down, [(450, 870)])
    frames = np.array([np.isin(down, (450, 870) if above else ()), np.isin(down, parts)])
    found = grids(
        Lines(down, np.full(down.size, 0.5)),
        WIDTH,
        DPI,
        405.0,
        frames,
        stopped=True,
        cover=lambda columns, strengths: covered(ink, STRAIGHT, columns, (TOP, END), DPI, strengths),
    )
    (middle,) = [grid for grid in found if (grid.left, grid.right) == (590, 730)]
    assert above == (middle.sure < 0.95)


@pytest.mark.parametrize(("last", "sure"), [(870.0, True), (867.0, False)])
def test_a_line_beside_the_scans_own_edge_that_is_not_where_the_others_have_it_is_no_sure_edge(
    last: float, sure: bool
) -> None:
    """The scan ends there, and with it the track."""
    down = np.append(np.arange(450.0, 870.0, 42.0), last)
    ink = printed(down, [(450, round(last))])
    found = grids(
        Lines(down, np.full(down.size, 0.5)),
        round(last) + 4,
        DPI,
        405.0,
        np.array([np.isin(down, (450.0, last)), np.isin(down, ())]),
        stopped=True,
        cover=lambda columns, strengths: covered(
            ink[:, : round(last) + 4], STRAIGHT, columns, (TOP, END), DPI, strengths
        ),
    )
    assert [(450.0, last)] == [(grid.left, grid.right) for grid in found]
    assert sure == (found[0].sure >= 0.95)

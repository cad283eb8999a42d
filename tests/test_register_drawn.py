"""What drawn papers taught: passes, tracks and wraps that were once read wrongly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.body import Columns, extent, framing
from veernet.register.combs import combs
from veernet.register.depth_unit import unit_of_depth
from veernet.register.doubts import Doubt, doubts
from veernet.register.draft import SURE, Curve, Draft, Found, Section, Track
from veernet.register.labels import Labels, Pass
from veernet.register.logged import Logged, logged
from veernet.register.may_wrap import may_wrap
from veernet.register.paper import Paper
from veernet.register.pieces import joined_along, pieces_of
from veernet.register.registering import scale_of, with_wraps
from veernet.register.scales import printed_units
from veernet.register.sections import laid_out
from veernet.register.strokes import curves_drawn
from veernet.register.ticks import placed
from veernet.register.tracks import Grid, Lines, grids
from veernet.register.upright import Run, line_profiles, runs
from veernet.register.vote import vote
from veernet.register.words import clear, words
from veernet.register.wraps import wraps

DPI = 200.0


def certain(numbers: Sequence[int]):  # type: ignore[no-untyped-def]
    """Labels that surely say some numbers: their readings, and a reader that is asked for chances."""

    def chances(which: NDArray[np.intp], texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array(
            [0.0 if str(numbers[index]) == text else -8.0 for index, text in zip(which, texts, strict=True)]
        )

    return [(str(number), 0.9) for number in numbers], chances


def test_a_repeat_section_that_goes_on_at_the_same_distances_is_not_the_log_misread() -> None:
    """Its numbers are one digit off what the log's would be, and go on from one another: they contradict."""
    readings, chances = certain([6350, 6400, 6450, 6500, 6550, 6600, 6450, 6500, 6550])
    verdict = vote(np.array([0, 1, 2, 3, 4, 5, 8, 9, 10]), readings, chances)
    assert verdict is not None
    assert [6350, 50] == [verdict.first, verdict.step]
    assert not verdict.almost.any()
    assert 3 == verdict.contradicting.sum()


def on_paper(ink: NDArray[np.uint8]) -> Paper:
    """Ink, 0 or 1, as a scan at 200 dpi."""
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink)


def test_a_number_in_a_column_of_its_own_stands_alone_and_one_among_strokes_does_not() -> None:
    """Printed depths have room about them; pieces of a broken grid have not."""
    ink = np.zeros((400, 600), np.uint8)
    for left in (100, 400):
        for digit in range(4):
            ink[200:218, left + 14 * digit : left + 14 * digit + 10] = 1
    ink[180:240:6, 380:480] = 1
    ink[200:218, 398:458] |= ink[200:218, 98:158]
    upright, _ = words(on_paper(ink))
    (alone,) = clear(on_paper(ink), upright)
    assert [127.5] == pytest.approx(np.unique(alone.columns).tolist(), abs=2)


def lines_of(*tracks: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lines of some tracks side by side, edges they share once, all of one strength."""
    columns = np.unique(np.round(np.concatenate(tracks), 3))
    return columns, np.full(columns.size, 0.5)


def test_lines_that_go_on_into_the_scale_block_part_two_tracks_that_look_like_one() -> None:
    """Ten spaces and ten spaces are twenty, but for the line between them that frames the scale block, too."""
    columns, strengths = lines_of(np.linspace(50, 550, 11), np.linspace(550, 1050, 11))
    framed = np.isin(columns, [50, 550, 1050])
    apart = combs(columns, strengths, framed, DPI, None)
    assert [(50, 550, 10), (550, 1050, 10)] == [(columns[c.first], columns[c.last], c.divisions) for c in apart]
    framed[10] = False
    (whole,) = combs(columns, strengths, framed, DPI, None)
    assert (50, 1050, 20) == (columns[whole.first], columns[whole.last], whole.divisions)


def test_a_log_track_that_begins_at_two_has_its_edges_there() -> None:
    """From 0.2 to 2000 a grid is four decades, none of whose strong lines is an edge."""
    values = np.outer(10.0 ** np.arange(-1, 4), np.arange(1, 10)).ravel()
    inside = values[(values > 0.199) & (values < 2001)]
    columns, strengths = lines_of(300 + 125 * np.log10(inside / 0.2))
    (track,) = combs(columns, strengths, None, DPI, None)
    assert (0, columns.size - 1, 4) == (track.first, track.last, track.decades)


def track_with(curve: NDArray[np.float64]) -> tuple[Paper, bool]:
    """A track from column 100 to 600 with lines across and a stroke at some fractions of it, taken round where it leaves."""
    ink = np.zeros((curve.size, 700), np.uint8)
    ink[:, [100, 600]] = 1
    ink[::40, 100:600] = 1
    columns = 100 + 500 * curve
    for row in range(1, curve.size):
        low, high = sorted((columns[row - 1], columns[row]))
        for column in range(int(low) - 1, int(high) + 3):
            if 100 <= column <= 600:
                ink[row, column] = 1
    edges = [((0.0, column), (curve.size - 1.0, column)) for column in (100.0, 600.0)]
    paper = on_paper(ink)
    return paper, may_wrap(paper, *edges)


def test_a_stroke_that_leaves_over_one_edge_alone_is_off_scale() -> None:
    """It does not come back at the other edge, so that it cannot wrap; a spike that reaches far does not change that."""
    rows = np.arange(1000)
    assert not track_with(0.7 + 0.5 * np.sin(rows / 60.0))[1]


def test_lines_across_a_paper_that_was_scanned_askew_are_no_strokes_that_wrap() -> None:
    """Thin ones that fall by seven rows from edge to edge, beside a curve that never leaves."""
    ink = np.zeros((1000, 700), np.uint8)
    ink[:, [100, 600]] = 1
    across = np.arange(100, 601)
    for row in range(10, 980, 40):
        ink[row + (across - 100) // 71, across] = 1
    rows = np.arange(1000)
    for by in range(-2, 3):
        ink[rows, (350 + by + 60 * np.sin(rows / 45.0)).astype(int)] = 1
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert not may_wrap(on_paper(ink), *edges)


def test_what_is_left_of_thin_lines_across_is_no_stroke_that_wraps() -> None:
    """Broken ones are too little ink to be lines row by row, but they come at even distances."""
    rng = np.random.default_rng(4)
    ink = np.zeros((1000, 700), np.uint8)
    ink[:, [100, 600]] = 1
    for row in range(11, 1000, 26):
        for left in rng.integers(100, 560, 3):
            ink[row, left : left + 40] = 1
        if row % 3 == 0:
            ink[row, 100:130] = ink[row, 570:600] = 1
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert not may_wrap(on_paper(ink), *edges)
    ink[517:520, 100:150] = ink[517:520, 550:600] = 1
    assert may_wrap(on_paper(ink), *edges)


def test_a_stroke_that_leaves_beside_what_is_left_of_lines_across_does_not_wrap() -> None:
    """Of lines every 12 rows little is left but at the right edge of a track, so that one runs near any stroke that leaves over its left edge."""
    ink = np.zeros((1000, 700), np.uint8)
    ink[:, [100, 600]] = 1
    ink[6::12, 260:290] = ink[6::12, 460:600] = 1
    ink[300:305, 100:200] = ink[609:615, 100:200] = 1
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert not may_wrap(on_paper(ink), *edges)
    ink[608:616, 550:600] = 1
    assert may_wrap(on_paper(ink), *edges)


@pytest.mark.parametrize(("apart", "may"), [(20, False), (200, True)])
def test_hatching_that_fills_a_track_does_not_wrap(apart: int, may: bool) -> None:
    """Of strokes aslant from edge to edge, many beside each other in every row; a few that far apart may be a curve's."""
    ink = np.zeros((2000, 700), np.uint8)
    for first in range(400, 800, apart):
        cv2.line(ink, (100, first), (600, first + 200), 1, 2)
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    assert may == may_wrap(on_paper(ink), *edges)


def test_what_stands_below_a_track_is_none_of_its_strokes() -> None:
    """Frames of the block below it cross both edges."""
    ink = np.zeros((1000, 700), np.uint8)
    ink[850:853, 50:150] = ink[850:853, 550:650] = 1
    edges = [((0.0, column), (840.0, column)) for column in (100.0, 600.0)]
    assert not may_wrap(on_paper(ink), *edges)


def test_dashes_of_a_few_pixels_that_leave_and_come_back_may_wrap() -> None:
    """On a coarse scan no stroke goes through the strips at both edges unbroken."""
    ink = np.zeros((600, 260), np.uint8)
    columns = np.arange(200, 300)
    for column in columns[columns % 9 < 5]:
        ink[300 + (column - 200) // 12, 10 + (column - 10) % 240] = 1
    edges = [((0.0, column), (599.0, column)) for column in (10.0, 250.0)]
    coarse, fine = (Paper(260, dpi, True, 1, np.packbits(ink, axis=1), ink) for dpi in (100.0, DPI))
    assert [True, False] == [may_wrap(paper, *edges) for paper in (coarse, fine)]
    ink[:, :40] = 0
    assert not may_wrap(Paper(260, 100.0, True, 1, np.packbits(ink, axis=1), ink), *edges)


@pytest.mark.parametrize(("nearest", "may"), [(3, False), (0, True)])
def test_a_long_stroke_that_turns_back_before_an_edge_does_not_wrap(nearest: int, may: bool) -> None:
    """A bulge of a solid curve near the left edge of a coarse scan, in the rows in which dashes leave over the right one."""
    ink = np.zeros((600, 260), np.uint8)
    rows = np.arange(200, 400)
    columns = 13 + nearest + np.abs(rows - 300) // 2
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        ink[row, column : column + 3] = 1
    dashes = np.arange(150, 250)
    ink[300 - (250 - dashes[dashes % 9 < 5]) // 12, dashes[dashes % 9 < 5]] = 1
    edges = [((0.0, column), (599.0, column)) for column in (10.0, 250.0)]
    assert may == may_wrap(Paper(260, 100.0, True, 1, np.packbits(ink, axis=1), ink), *edges)


def test_a_stroke_that_leaves_and_comes_back_over_the_other_edge_may_wrap() -> None:
    """Both edges are crossed in the same rows."""
    rows = np.arange(1000)
    curve = 0.7 + 0.5 * np.sin(rows / 60.0)
    paper, _ = track_with(curve)
    wrapped, _ = track_with(curve - 1.0)
    both = on_paper(paper.search | wrapped.search)
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert may_wrap(both, *edges)


def leaves_at_left() -> NDArray[np.uint8]:
    """A stroke that is gone over the left edge of a track for forty rows."""
    ink = np.zeros((1000, 700), np.uint8)
    ink[:, [100, 600]] = 1
    ink[10::40, 100:600] = 1
    cv2.line(ink, (300, 460), (100, 500), 1, 2)
    cv2.line(ink, (100, 540), (300, 580), 1, 2)
    return ink


@pytest.mark.parametrize(
    ("start", "stop", "may"),
    [
        ((600, 500), (400, 540), True),  # out over the left edge, in over the right one
        ((600, 500), (400, 460), False),  # another curve's, out over that, too
        ((600, 470), (585, 560), False),  # far steeper
    ],
)
def test_a_stroke_comes_back_over_the_other_edge_as_it_has_left(
    start: tuple[int, int], stop: tuple[int, int], may: bool
) -> None:
    """Another curve that leaves in the same rows does not lean like it."""
    ink = leaves_at_left()
    cv2.line(ink, start, stop, 1, 2)
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert may == may_wrap(on_paper(ink), *edges)


def test_a_blot_at_the_other_edge_is_no_stroke_that_comes_back() -> None:
    """It fills the strip beside the edge for as many rows as it is high."""
    ink = leaves_at_left()
    cv2.circle(ink, (585, 500), 28, 1, -1)
    edges = [((0.0, column), (999.0, column)) for column in (100.0, 600.0)]
    assert not may_wrap(on_paper(ink), *edges)


def test_a_grid_ends_where_its_inner_lines_do_and_its_edges_alone_frame_the_scale_block() -> None:
    """Ten spaces from row 300 to 1500, a framed block above them, the grid of a repeat section below a gap."""
    ink = np.zeros((2400, 700), np.uint8)
    lines = np.linspace(100, 600, 11)
    for first, end in ((300, 1500), (1700, 2400)):
        ink[first:end, lines.astype(int)] = 1
    ink[200:290, [100, 600]] = 1
    run = Run(0, 25, np.zeros(25), np.ones(25), np.zeros(700))
    columns = Columns.of(on_paper(ink), run, lines)
    body = extent(columns, np.arange(11) % 10 > 0, (500.0, 1300.0), (0.0, 2400.0), DPI)
    assert (300, 1500) == pytest.approx(body, abs=2)
    above, below = framing(columns, body, DPI)
    assert [100, 600] == lines[above].tolist()
    assert not below.any()


@pytest.mark.parametrize("curves", [0, 1, 2, 3])
def test_strokes_beside_each_other_tell_how_many_curves_run_in_a_track(curves: int) -> None:
    """Over a grid of ten spaces: one solid, the second dashed, the third dotted."""
    rows = np.arange(2000)
    ink = np.zeros((2000, 700), np.uint8)
    ink[:, np.linspace(100, 600, 11).astype(int)] = 1
    ink[::40, 100:601] = 1
    drawn = (np.ones(2000, bool), rows % 31 < 20, rows % 13 < 7)
    for index in range(curves):
        columns = (180 + 140 * index + 40 * np.sin(rows / (50.0 + 13 * index))).astype(int)
        for by in range(-1, 2):
            ink[rows[drawn[index]], columns[drawn[index]] + by] = 1
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    assert curves == curves_drawn(on_paper(ink), *edges)


def test_rows_that_are_all_ink_say_nothing_of_how_many_curves_run() -> None:
    """As where a scan goes black, in one place or from end to end."""
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    ink = np.ones((2000, 700), np.uint8)
    assert 0 == curves_drawn(on_paper(ink.copy()), *edges)
    ink[600:] = 0
    rows = np.arange(600, 2000)
    for by in range(-2, 3):
        ink[rows, (300 + by + 40 * np.sin(rows / 45.0)).astype(int)] = 1
    assert 1 == curves_drawn(on_paper(ink), *edges)


def test_specks_are_no_curve() -> None:
    """One curve on a copy full of dirt."""
    ink = (np.random.default_rng(5).random((2000, 700)) < 0.02).astype(np.uint8)
    rows = np.arange(2000)
    for by in range(-2, 3):
        ink[rows, (300 + by + 40 * np.sin(rows / 45.0)).astype(int)] = 1
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    assert 1 == curves_drawn(on_paper(ink), *edges)


def test_a_stamp_is_no_curve() -> None:
    """Its strokes stand beside the curve's in one place; curves run on."""
    ink = np.zeros((6000, 700), np.uint8)
    rows = np.arange(6000)
    for by in range(-2, 3):
        ink[rows, (250 + by + 40 * np.sin(rows / 45.0)).astype(int)] = 1
        for column in (400, 480):
            ink[rows[3000:3600], column + by + (rows[3000:3600] - 3000) // 6] = 1
    edges = [((0.0, column), (5999.0, column)) for column in (100.0, 600.0)]
    assert 1 == curves_drawn(on_paper(ink), *edges)


def test_a_thick_curve_that_swings_is_one_though_it_hardly_ever_runs_down() -> None:
    """In most rows it runs as nearly level as dashes would that stand beside each other."""
    ink = np.zeros((2000, 700), np.uint8)
    rows = np.arange(0.0, 2000.0, 0.02)
    columns = (150 + 10 * np.abs(rows % 80 - 40)).astype(int)
    for by in range(-3, 4):
        ink[np.clip(rows.astype(int) + by, 0, 1999), columns] = 1
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    assert 1 == curves_drawn(on_paper(ink), *edges)


def test_dashes_of_a_curve_that_runs_nearly_level_are_one_curve() -> None:
    """In one row of a spike several of them stand beside each other, and beside the solid curve that runs along with them."""
    ink = np.zeros((4000, 700), np.uint8)
    rows = np.arange(4000.0)
    columns = 350 + 200 * np.sin(rows / 25.0)
    along = np.cumsum(np.hypot(1.0, np.diff(columns, prepend=columns[0])))
    solid = np.linspace(0.0, along[-1], int(2 * along[-1]))
    for below, drawn in ((0, solid), (10, solid[solid % 33 < 20])):
        at, across = (np.interp(drawn, along, each).astype(int) for each in (rows, columns))
        for thick in range(-1, 2):
            ink[np.clip(at + below + thick, 0, 3999), across] = 1
    edges = [((0.0, column), (3999.0, column)) for column in (100.0, 600.0)]
    assert 2 == curves_drawn(on_paper(ink), *edges)


def test_thin_dashes_of_a_coarse_scan_are_a_curve() -> None:
    """Of one pixel, eight from each other, beside a solid one."""
    rows = np.arange(2000)
    ink = np.zeros((2000, 350), np.uint8)
    for column, drawn in ((90, rows >= 0), (200, rows % 17 < 9)):
        ink[rows[drawn], (column + 20 * np.sin(rows / 60.0)).astype(int)[drawn]] = 1
    edges = [((0.0, column), (1999.0, column)) for column in (50.0, 300.0)]
    assert 2 == curves_drawn(Paper(350, 100.0, True, 1, np.packbits(ink, axis=1), ink), *edges)


@pytest.mark.parametrize(("named", "drawn"), [(1, 1), (2, 2), (3, 1)])
def test_two_curves_that_are_named_need_hardly_be_seen_beside_each_other(named: int, drawn: int) -> None:
    """They run as one nearly everywhere; where one alone is named, so few rows are no second curve."""
    rows = np.arange(4800)
    ink = np.zeros((4800, 350), np.uint8)
    beside = rows % 400 < 36
    for column, there in ((120, rows >= 0), (220, beside & (rows // 400 % 2 == 0))):
        ink[rows[there], (column + 20 * np.sin(rows / 60.0)).astype(int)[there]] = 1
    edges = [((0.0, column), (4799.0, column)) for column in (50.0, 300.0)]
    paper = Paper(350, 100.0, True, 1, np.packbits(ink, axis=1), ink)
    assert drawn == curves_drawn(paper, *edges, named=named)


def test_lines_of_a_log_grid_that_stand_close_are_no_curves() -> None:
    """Of a reduced copy, two px thick and one or two apart: most of the columns there are of lines."""
    ink = np.zeros((2000, 400), np.uint8)
    rows = np.arange(2000)
    for by in range(-2, 3):
        ink[rows, (200 + by + 40 * np.sin(rows / 45.0)).astype(int)] = 1
    for first in (0, 60, 120, 180, 240):
        for off in (0, 18, 29, 36, 42, 47, 51, 54, 57):
            ink[rows % 10 < 8, 50 + first + off] = ink[rows % 10 < 8, 51 + first + off] = 1
    edges = [((0.0, column), (1999.0, column)) for column in (50.0, 350.0)]
    assert 1 == curves_drawn(on_paper(ink), *edges)


def test_a_curve_that_runs_in_a_track_and_was_not_named_needs_a_person() -> None:
    """Else its sheet would go through without it, or with its strokes taken for the other's."""
    one = Curve(mnemonic=Found[str](value="GR", confidence=1.0))
    edges = {"left": ((0.0, 1.0),), "right": ((0.0, 9.0),), "edges_confidence": 1.0}
    track = Track(name="track-1", **edges, curves=(one,), curve_count=Found[int](value=2, confidence=0.9))
    draft = Draft(source="a.tif", width_px=1, rows=1, tracks=(track,))
    assert any("2 curves are drawn in track-1 and 1 named" in doubt.why for doubt in _of_tracks(draft))
    named = track.model_copy(update={"curves": (one, one)})
    assert not any("drawn" in doubt.why for doubt in _of_tracks(draft.model_copy(update={"tracks": (named,)})))


@pytest.mark.parametrize(
    ("dpi", "named", "drawn", "sure"),
    [(200.0, 1, 1, True), (200.0, 2, 1, True), (100.0, 1, 1, True), (100.0, 1, 0, False), (100.0, 2, 1, False)],
)
def test_a_coarse_scan_is_sure_that_curves_do_not_wrap_only_if_each_is_seen(
    dpi: float, named: int, drawn: int, sure: bool
) -> None:
    """Where strokes are lost, those that leave the track may be, and where they run together, one that nobody named."""
    edges = [((0.0, column), (1999.0, column)) for column in (100.0, 600.0)]
    paper = replace(on_paper(np.zeros((2000, 700), np.uint8)), dpi=dpi)
    found = with_wraps((Curve(),) * named, paper, *edges, drawn=drawn)
    assert [sure] * named == [curve.wrap.sure for curve in found]


def excursions(beyond: str) -> tuple[Paper, list[tuple[tuple[float, float], ...]]]:
    """A track of ten divisions whose one curve goes over its right edge six times, and the edges.

    Args:
        beyond: What is drawn of it there: ``round`` where it comes back at the left edge, ``cut off`` where nothing is.
    """
    rows = np.arange(3000)
    ink = np.zeros((3000, 700), np.uint8)
    ink[:, np.linspace(100, 600, 11).astype(int)] = 1
    ink[::40, 100:601] = 1
    peaks = sum(
        np.exp(-(((rows - at) / wide) ** 2))
        for at, wide in zip((300, 700, 1210, 1730, 2300, 2800), (30, 22, 41, 35, 26, 48), strict=True)
    )
    columns = 250 + 30 * np.sin(rows / 70.0) + 500 * np.asarray(peaks)
    for row, (start, stop) in enumerate(pairwise(columns.tolist())):
        stroke = np.arange(int(min(start, stop)), int(max(start, stop)) + 3)
        stroke = np.where(stroke > 600, stroke - 500, stroke) if beyond == "round" else stroke[stroke <= 600]
        ink[row, stroke] = 1
    return on_paper(ink), [((0.0, column), (2999.0, column)) for column in (100.0, 600.0)]


def test_a_curve_that_hangs_at_one_edge_while_it_is_gone_over_the_other_surely_wraps() -> None:
    """No second scale need be printed for it."""
    paper, edges = excursions("round")
    assert may_wrap(paper, *edges)
    (curve,) = with_wraps((Curve(),), paper, *edges, drawn=1)
    assert [True, True] == [curve.wrap.value, curve.wrap.sure]


def test_a_curve_that_is_cut_off_at_an_edge_does_not_wrap() -> None:
    """Nothing of it is at the other edge meanwhile."""
    paper, edges = excursions("cut off")
    assert not wraps(paper, *edges)
    (curve,) = with_wraps((Curve(),), paper, *edges, drawn=1)
    assert [False, True] == [curve.wrap.value, curve.wrap.sure]


def test_a_wrap_beside_another_curve_is_for_a_person() -> None:
    """Either of the two may be the one that wraps."""
    paper, edges = excursions("round")
    found = with_wraps((Curve(), Curve()), paper, *edges, drawn=2)
    assert [False, False] == [curve.wrap.sure for curve in found]


@pytest.mark.parametrize(
    ("ends", "wrap_told", "sure"),
    [((0.2, 2000.0), 0.9, True), ((0.2, 2000.0), 0.5, False), ((0.0, 150.0), 0.9, False)],
)
def test_a_log_scale_has_room_for_a_curve_whose_second_scale_would_be_printed(
    ends: tuple[float, float], wrap_told: float, sure: bool
) -> None:
    """Strokes over both edges are two curves', or a stamp's; not so on a linear scale, or where a row of the block was not understood."""
    paper, edges = excursions("round")
    left, right = (Found[float](value=end, confidence=0.97) for end in ends)
    curve = Curve(left=left, right=right, wrap=Found[bool](value=False, confidence=wrap_told))
    found = with_wraps((curve, curve), paper, *edges, drawn=2)
    assert [sure, sure] == [each.wrap.sure for each in found]


def test_lines_that_are_hardly_seen_are_decades_where_the_values_say_as_many() -> None:
    """The lines alone are not sure, and no more are they where the values are other decades apart."""
    found = []
    for end in (2000.0, 200.0):
        left, right = (Found[float](value=value, confidence=0.97) for value in (0.2, end))
        grid = Grid(0.0, 500.0, None, 4, (9.0, 9.0), 0.5, 0.97)
        found.append(scale_of(grid, [Curve(left=left, right=right)]))
    assert [("log", True), ("log", False)] == [(each.value, each.sure) for each in found]


def test_even_lines_that_are_mostly_lost_are_linear_where_the_values_say_so() -> None:
    """Two of four are left; they alone are not sure, and no more are they where no value is."""
    grid = Grid(0.0, 500.0, 4, None, (125.0, 125.0), 0.6, 0.97)
    left, right = (Found[float](value=value, confidence=0.97) for value in (500.0, 0.0))
    found = [scale_of(grid, curves) for curves in ([Curve(left=left, right=right)], [])]
    assert [("linear", True), ("linear", False)] == [(each.value, each.sure) for each in found]


def test_pieces_are_told_apart_however_many_there_are() -> None:
    """More than 16 bits can number, which OpenCV would count wrongly and not say so."""
    ink = np.zeros((600, 600), np.uint8)
    ink[::2, ::2] = 1
    pieces, stats = pieces_of(ink)
    assert (90_000, 90_001) == (pieces.max(), len(stats))


@pytest.mark.parametrize("seed", range(12))
def test_sparse_ink_is_joined_as_the_image_of_it_is(seed: int) -> None:
    """Marks of any size anywhere, at the ends of lines, too: each piece has the same box and as many px."""
    rng = np.random.default_rng(seed)
    marks = rng.random((30, 40)) < rng.choice([0.02, 0.1, 0.4])
    ink = np.kron(marks, np.ones(rng.integers(1, 5, 2), bool)).astype(np.uint8)
    gap = int(rng.choice([3, 7, 13]))
    closed = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    left, top, width, height, area = pieces_of(np.asarray(closed, np.uint8))[1][1:].T
    boxes, areas = joined_along(*np.nonzero(ink), gap, ink.shape[1])
    expected = np.stack([top, left, top + height, left + width, area], axis=1)
    assert sorted(expected.tolist()) == sorted(np.column_stack([boxes, areas]).tolist())


def test_paper_without_ink_has_no_pieces() -> None:
    """Neither has a band of it without a mark."""
    boxes, areas = joined_along(np.zeros(0, np.intp), np.zeros(0, np.intp), 7, 100)
    assert [(0, 4), (0,)] == [boxes.shape, areas.shape]


def _of_tracks(draft: Draft) -> tuple[Doubt, ...]:
    main = Section(kind="main", first_row=0, end_row=1, confidence=1.0)
    return doubts(draft.model_copy(update={"sections": (main,), "main": 0}))


@pytest.mark.parametrize(
    ("text", "px_per_unit", "units"),
    [
        ("1:240", 10.0, {"ft"}),
        ("1:240", 7.0, {"ft"}),
        ("1:240", 32.8, {"m"}),
        ("Charted by: Depth in Feet scaled 1:600", 2.0, {"ft"}),
        ("METRES", 7.0, {"m"}),
        ("PARAMETERS", 7.0, set()),
        ("7:15", 10.0, set()),
    ],
)
def test_a_printed_scale_tells_feet_from_metres_on_a_reduced_copy_too(
    text: str, px_per_unit: float, units: set[str]
) -> None:
    """A copy of two thirds has a third less px a unit; a metre has more than three times those of a foot."""
    assert units == printed_units([text], px_per_unit, DPI)


def test_of_two_scales_above_a_pass_the_nearer_is_its_own() -> None:
    """The other stands at the end of the pass before, and would be one of metres here."""
    assert {"ft"} == printed_units(["1:600", "1:240"], 10.0, DPI)


@pytest.mark.parametrize(("px_per_unit", "printed", "sure"), [
    (10.1, (), True),  # 1:240 in feet
    (8.38, (), False),  # the same at five sixths, which 1:1000 in metres is 6 % off
    (8.38, ("1:240",), False),  # the print says otherwise than the scale that is near
    (10.0, ("DEPTH IN FEET",), True),
    (16.0, ("DEPTH IN FEET",), False),  # and the scale is that of metres
    (10.1, ("METRES", "1:500"), True),  # a copy of 1:500 in metres that is as large as 1:240 in feet
    (10.1, ("METRES", "1:600"), False),  # no usual scale of metres: it may be the pass above's
    (10.1, ("1:500",), False),
])  # fmt: skip
def test_feet_or_metres_are_sure_by_a_scale_that_is_met_or_by_print_that_does_not_contradict_it(
    px_per_unit: float, printed: tuple[str, ...], sure: bool
) -> None:
    """A log in feet that is digitised in metres looks right, and is wrong by a factor of three."""
    assert (unit_of_depth(px_per_unit, 200.0, True, printed).confidence >= SURE) is sure


def test_the_border_of_a_pass_is_not_taken_for_the_line_of_its_first_label() -> None:
    """Eight labels stand on their lines to the px; the first one's line is lost, and the grid begins a little above it."""
    rows = 200.0 + 200 * np.arange(9)
    ink = np.zeros((2100, 800), np.uint8)
    for row in [181, *rows[1:].astype(int)]:
        ink[row - 1 : row + 2, 50:310] = ink[row - 1 : row + 2, 430:750] = 1
    boxes = np.stack([rows - 15, np.full(9, 345.0), rows + 16, np.full(9, 395.0)], axis=1)
    depths = 1000.0 + 50 * np.arange(9)
    labels = Labels(boxes, 0, tuple(f"{depth:.0f}" for depth in depths), np.ones(9), depths, np.ones(9, bool))
    found = placed(on_paper(ink), Pass(labels, 50.0, 4.0, 1.0, 30.0))
    assert np.interp(found.depths, depths, rows) == pytest.approx(found.rows, abs=1.5)
    assert found.against


@pytest.mark.parametrize(
    ("divisions", "decades", "ends", "scale", "sure"),
    [
        (10, None, (0.0, 150.0), "linear", True),
        (None, 4, (0.2, 2000.0), "log", True),
        (4, None, (0.2, 2000.0), "log", True),
        (4, None, (0.2, 20.0), "linear", False),
        (None, None, (0.2, 2000.0), "log", True),
        (None, None, (-80.0, 20.0), "linear", True),
        (None, None, (None, 20.0), "linear", False),
    ],
)
def test_whole_decades_are_no_linear_scale(
    divisions: int | None, decades: int | None, ends: tuple[float | None, float], scale: str, sure: bool
) -> None:
    """Four even spaces are the strong lines of four decades whose others are lost where the values are as many decades apart."""
    left, right = (Found[float](value=end, confidence=0.97) for end in ends)
    told = scale_of(Grid(0.0, 500.0, divisions, decades, (9.0, 9.0), 1.0, 0.97), [Curve(left=left, right=right)])
    assert (scale, sure) == (told.value, told.sure)


def test_decades_that_strong_lines_part_are_not_surely_tracks() -> None:
    """Strong lines of a log grid may run on a little where the faint ones have ended, as frames of a scale block do."""
    decades = np.unique(np.log10(np.outer(10.0 ** np.arange(3), np.arange(1, 11)).ravel()))
    columns = 300 + 250 * decades
    strong = np.isin(np.round(decades, 6), [0.0, 1.0, 2.0, 3.0])
    parted = grids(Lines(columns, np.where(strong, 0.5, 0.15)), 1400, DPI, 200.0, strong[None])
    assert not any(grid.sure >= SURE for grid in parted)


@pytest.mark.parametrize(("touched", "sure"), [((0.95, 1.95), True), ((1.0,), False)])
def test_print_that_touches_lines_of_decades_is_no_frame(touched: tuple[float, ...], sure: bool) -> None:
    """Its lines stand as close as print does, and tracks begin where decades do."""
    decades = np.unique(np.log10(np.outer(10.0 ** np.arange(2), np.arange(1, 11)).ravel()))
    columns = 300 + 250 * decades
    framed = np.isin(np.arange(columns.size), [0, columns.size - 1])
    framed[[int(np.abs(decades - each).argmin()) for each in touched]] = True
    (found, *_) = grids(Lines(columns, np.full(columns.size, 0.4)), 1400, DPI, 200.0, framed[None])
    assert sure == (found.sure >= SURE and found.decades == 2)


@pytest.mark.parametrize(("beside", "sure"), [("decades", True), ("halves", False)])
def test_a_track_of_five_divisions_is_sure_beside_another_kind_of_grid(beside: str, sure: bool) -> None:
    """Beside its like it may be half of a track of ten; decades are no half of that."""
    even = np.linspace(0.0, 1.0, 6)
    decades = np.unique(np.log10(np.outer(10.0 ** np.arange(2), np.arange(1, 11)).ravel())) / 2
    columns = np.unique(
        np.round(np.concatenate([300 + 400 * even, 700 + 400 * (decades if beside == "decades" else even)]))
    )
    framed = np.isin(columns, [300, 700, 1100])
    found = grids(Lines(columns, np.full(columns.size, 0.5)), 1400, DPI, 200.0, framed[None])
    assert [300, 700] == [grid.left for grid in found]
    assert sure == (found[0].sure >= SURE)


def test_a_grid_of_three_lines_begins_below_its_scale_block() -> None:
    """The edges run on into the block's frame, and the line between them does not: so they are known for edges."""
    ink = np.zeros((2400, 800), np.uint8)
    ink[300:1500, [100, 350, 600]] = 1
    ink[200:290, [100, 600]] = 1
    rows = 400.0 + 200 * np.arange(6)
    boxes = np.stack([rows - 10, np.full(6, 675.0), rows + 11, np.full(6, 725.0)], axis=1)
    depths = 1000.0 + 50 * np.arange(6)
    labels = Labels(boxes, 0, tuple(f"{depth:.0f}" for depth in depths), np.ones(6), depths, np.ones(6, bool))
    paper = on_paper(ink)
    profiles = line_profiles(ink)
    (found,) = logged(paper, [Pass(labels, 50.0, 4.0, 1.0, 30.0)], profiles, runs(profiles))
    assert (300, 1500) == pytest.approx((found.first_row, found.end_row), abs=2)
    assert [(100.0, 600.0)] == [(round(grid.left), round(grid.right)) for grid in found.grids]


def test_edges_that_one_block_frames_and_the_other_contradicts_are_not_sure() -> None:
    """Ten spaces that the block above frames; below, the fourth line goes on instead of the first."""
    columns, strengths = lines_of(np.linspace(300, 700, 11))
    above, below = np.isin(columns, [300, 700]), np.isin(columns, [420, 700])
    (agreed,) = grids(Lines(columns, strengths), 1400, DPI, 200.0, np.stack([above, above]))
    (unsure,) = grids(Lines(columns, strengths), 1400, DPI, 200.0, np.stack([above, below]))
    assert (300, 700) == (agreed.left, agreed.right)
    assert agreed.sure >= SURE > unsure.sure


@pytest.mark.parametrize(
    ("last", "columns", "sure"),
    [(30, [100, 350, 600], True), (60, [104, 354, 604], False), (60, [40, 180, 300, 460, 660], True)],
)
def test_a_pass_below_longer_lines_in_which_no_depth_was_found_is_not_surely_the_log(
    last: int, columns: list[int], sure: bool
) -> None:
    """Something runs through all of the log's depths, so that its repeat section is all that was found; lines of a form stand in other columns."""
    rows = 6000 + 200.0 * np.arange(6)
    boxes = np.stack([rows - 10, np.full(6, 300.0), rows + 11, np.full(6, 350.0)], axis=1)
    depths = 1000.0 + 100 * np.arange(6)
    labels = Labels(boxes, 0, tuple(f"{depth:g}" for depth in depths), np.ones(6), depths, np.ones(6, bool))
    own = Run(61, 74, np.zeros(13), np.ones(13), np.isin(np.arange(700), [100, 350, 600]).astype(float))
    repeat = Logged(Pass(labels, 100.0, 2.0, 1.0, 30.0), own, (), 5900.0, 7100.0)
    above = Run(20, last, np.zeros(last - 20), np.ones(last - 20), np.isin(np.arange(700), columns).astype(float))
    paper = on_paper(np.zeros((8000, 700), np.uint8))
    layout = laid_out(paper, [repeat], [above, own])
    assert above.end_row * paper.factor < repeat.first_row
    assert sure == (layout.sections[layout.main].confidence >= SURE)


@pytest.mark.parametrize(("longer", "sure"), [(0.0, True), (3000.0, False)])
def test_a_pass_beside_a_longer_grid_without_depths_is_not_surely_the_log(longer: float, sure: bool) -> None:
    """Its depths could not be read, so the short pass below it, a repeat perhaps, is all that is known."""
    paper = on_paper(np.zeros((8000, 700), np.uint8))

    def short(top: float, confidence: float) -> Pass:
        rows = top + 200.0 * np.arange(6)
        boxes = np.stack([rows - 10, np.full(6, 300.0), rows + 11, np.full(6, 350.0)], axis=1)
        depths = 1000.0 + 100 * np.arange(6)
        texts = tuple(f"{depth:g}" for depth in depths)
        return Pass(Labels(boxes, 0, texts, np.ones(6), depths, np.ones(6, bool)), 100.0, 2.0, confidence, 30.0)

    unread = Logged(short(600, 0.0), None, (), 500.0, 1700.0 + longer)
    log = Logged(short(6000, 1.0), None, (), 5900.0, 7100.0)
    layout = laid_out(paper, [unread, log])
    assert layout.main == layout.of_pass[1]
    assert sure == (layout.sections[layout.main].confidence >= SURE)

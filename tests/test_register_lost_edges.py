"""Tracks of real scans whose edges are lost, cut off, or framed by a block that was pasted beside them: found where other lines say, and never sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.across import covered
from veernet.register.bare_tracks import bare_tracks
from veernet.register.body import Columns
from veernet.register.combs import Comb, combs
from veernet.register.hinted_frames import at_rules, beside_lines, hints
from veernet.register.tracks import Grid, Lines, grids
from veernet.register.upright import Run

DPI = 150.0
ROWS, WIDTH = 1200, 900
TOP, END = 300, 1000
"""First row of the grid and the row after its last."""
STRAIGHT = Run(0, 12, np.zeros(12), np.ones(12), np.zeros(WIDTH))
LEFT_TRACK = np.arange(40, 341, 30)
"""Ten divisions left of the depth column."""


def scanned(lines: Sequence[float] | NDArray[Any], across: Sequence[tuple[int, int]]) -> NDArray[np.uint8]:
    """Lines down a grid, and lines every 25 rows from column to column."""
    ink = np.zeros((ROWS, WIDTH), np.uint8)
    ink[TOP:END, np.asarray(lines, int)] = 1
    for left, right in across:
        ink[TOP:END:25, left:right] = 1
    return ink


def told(ink: NDArray[np.uint8], lines: Sequence[float] | NDArray[Any]) -> list[Grid]:
    """The tracks of lines that are all alike and none of which frames a block; the depth column is at 400."""
    down = Lines(np.asarray(lines, np.float64), np.full(len(lines), 0.5))
    return grids(
        down,
        WIDTH,
        DPI,
        400.0,
        np.zeros((2, len(lines)), bool),
        stopped=True,
        cover=lambda columns, strengths: covered(ink, STRAIGHT, columns, (TOP, END), DPI, strengths),
    )


@pytest.mark.parametrize(("across_from", "edges"), [(40, (40, 340)), (100, (100, 340))])
def test_an_edge_that_has_lost_its_line_is_where_lines_across_still_run_to(
    across_from: int, edges: tuple[int, int]
) -> None:
    """Its two outer lines are gone in a fold, or there were none; nothing of that is sure."""
    kept = LEFT_TRACK[1:] if across_from == 40 else LEFT_TRACK[2:]
    (track,) = told(scanned(kept, [(across_from, 341)]), kept)
    assert edges == (round(track.left), round(track.right))
    assert track.sure < 0.95


def test_an_edge_that_the_scan_has_cut_off_lies_beyond_it() -> None:
    """Nine and a half of ten divisions are left."""
    right = np.arange(450, 900, 47)
    first, *_, last = told(scanned([*LEFT_TRACK, *right], [(40, 341), (450, 900)]), [*LEFT_TRACK, *right])
    assert (40, 340, 10) == (round(first.left), round(first.right), first.divisions)
    assert first.sure >= 0.95
    assert (450, 920, 10) == (round(last.left), round(last.right), last.divisions)
    assert last.sure < 0.95


def test_film_that_was_stretched_on_one_side_leaves_a_track_whole() -> None:
    """Its left half is 3 % wider than its right one, so that its middle line is 0.07 of a division off."""
    lines = np.concatenate([np.arange(6) * 38.0, 190 + np.arange(1, 6) * 36.9])
    (track,) = combs(lines, np.full(lines.size, 0.5), None, DPI, None)
    assert (0, lines.size - 1, 10) == (track.first, track.last, track.divisions)


@pytest.mark.parametrize("hinted", [True, False])
def test_frames_beside_their_lines_part_tracks_that_look_like_one(hinted: bool) -> None:
    """A block was pasted 2 px beside its grid; that parts ten and ten divisions, and makes neither sure."""
    lines = np.linspace(100, 700, 21)
    ink = scanned(lines, [(100, 701)])
    ink[TOP - 120 : TOP, np.array([102, 402, 702])] = 1
    columns = Columns(ink, STRAIGHT, lines)
    framing = beside_lines(columns, (float(TOP), float(END)), DPI)
    assert [100, 400, 700] == lines[framing].tolist()
    found = grids(
        Lines(lines, np.full(lines.size, 0.5)),
        WIDTH,
        DPI,
        None,
        np.zeros((2, lines.size), bool),
        hinted=framing if hinted else None,
        cover=lambda at, strengths: covered(ink, STRAIGHT, at, (TOP, END), DPI, strengths),
    )
    assert ([10, 10] if hinted else [20]) == [grid.divisions for grid in found]
    assert all(grid.sure < 0.95 for grid in found)


@pytest.mark.parametrize(("beside", "hinted"), [([400], True), ([130, 190, 280, 400], False), ([], False)])
def test_a_piece_of_the_same_grid_that_was_spliced_beside_it_parts_no_tracks(beside: list[int], hinted: bool) -> None:
    """Its lines go on a little to the right; those of a block are edges, and at the most one a track is none that was known."""
    lines = np.linspace(100, 700, 21)
    ink = scanned(lines, [(100, 701)])
    ink[TOP - 120 : TOP, np.array([102, 702, *(column + 2 for column in beside)])] = 1
    columns = Columns(ink, STRAIGHT, lines)
    assert hinted == any(each.any() for each in hints(columns, [100, 700], (float(TOP), float(END)), float(TOP), DPI))


@pytest.mark.parametrize(("lost", "under"), [(None, [40, 340, 450, 645, 840]), (352, [])])
def test_rules_of_a_block_far_from_its_grid_tell_lines_only_if_all_edges_have_one(
    lost: int | None, under: list[int]
) -> None:
    """The block stands 12 px to the right, with half an inch of paper between; a rule of another form tells nothing."""
    rules = [column for column in (52, 352, 462, 657, 852) if column != lost]
    lines = np.array([*LEFT_TRACK, *np.linspace(450, 840, 21)])
    ink = scanned(lines, [])
    ink[TOP - 220 : TOP - 75, rules] = 1
    columns = Columns(ink, STRAIGHT, lines)
    found = at_rules(columns, [40, 340, 450, 840], float(TOP), DPI, above=True)
    assert under == np.round(lines[found]).astype(int).tolist()


@pytest.mark.parametrize(("edge", "bare"), [(840, [(600, 840)]), (825, [])])
def test_a_line_as_far_from_an_edge_as_two_tracks_are_wide_is_an_edge_of_a_bare_one(
    edge: int, bare: list[tuple[int, int]]
) -> None:
    """Two tracks of ten divisions, and beyond the second one a line as far again, or not quite."""
    columns = np.array([*np.linspace(20, 260, 11), *np.linspace(360, 600, 11), edge])
    found = [Comb(0, 10, 10, 0, 1.0, 1.0), Comb(11, 21, 10, 0, 1.0, 1.0)]
    tracks = bare_tracks(columns, np.full(columns.size, 0.5), found, 310.0)
    assert bare == [(columns[track.first], columns[track.last]) for track in tracks]

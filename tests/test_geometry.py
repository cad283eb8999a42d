"""Rows, columns, depths and fractions turn into each other exactly."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet.errors import ManifestError
from veernet.sheets.geometry import (
    DepthRegister,
    Edge,
    StripGeometry,
    fraction_at,
    sheet_geometries,
    source_rows,
    strip_column,
    strip_geometry,
)


def depth_of(
    *ticks: tuple[float, float], step: float = 0.5, top: float | None = None, base: float | None = None
) -> Any:
    """Stands in for a manifest's depth."""
    top_depth = ticks[0][1] if top is None else top
    base_depth = ticks[-1][1] if base is None else base
    return SimpleNamespace(ticks=ticks, step=step, unit="ft", top_depth=top_depth, base_depth=base_depth)


def track_of(left: Any, right: Any) -> Any:
    """Stands in for a manifest's track."""
    return SimpleNamespace(left=left, right=right)


def test_strip_columns_of_the_edges_are_15_5_and_495_5() -> None:
    """The track lies between two margins of 16 columns, edge on px side."""
    assert strip_column([0, 0.5, 1]).tolist() == [15.5, 255.5, 495.5]
    assert fraction_at([15.5, 255.5, 495.5]).tolist() == [0, 0.5, 1]


def test_a_tick_is_its_own_depth_and_between_ticks_depth_is_linear() -> None:
    """Ticks are met exactly, the middle is halfway, and the outer slopes go on."""
    register = DepthRegister((100, 300, 700), (1000, 1010, 1050))
    assert register.depth_at([0, 100, 200, 300, 500, 700, 800]).tolist() == [995, 1000, 1005, 1010, 1030, 1050, 1060]
    assert register.row_at([995, 1000, 1005, 1010, 1030, 1050, 1060]).tolist() == [0, 100, 200, 300, 500, 700, 800]


@given(
    gaps=st.lists(st.tuples(st.floats(1, 900), st.floats(0.5, 500)), min_size=1, max_size=30),
    at=st.floats(-0.5, 1.5),
)
def test_rows_and_depths_turn_into_each_other(gaps: list[tuple[float, float]], at: float) -> None:
    """To depth and back is within 1e-6 px, beyond the outer ticks too."""
    rows = np.cumsum([17.0] + [row for row, _ in gaps])
    depths = np.cumsum([250.0] + [depth for _, depth in gaps])
    register = DepthRegister(tuple(rows), tuple(depths))
    row_px = rows[0] + at * (rows[-1] - rows[0])
    assert abs(float(register.row_at(register.depth_at(row_px))) - row_px) < 1e-6


@given(
    first_row_px=st.floats(-1e4, 1e5),
    row_scale=st.floats(0.05, 5),
    strip_row=st.floats(-100, 1e6),
)
def test_strip_rows_and_source_rows_turn_into_each_other(
    first_row_px: float, row_scale: float, strip_row: float
) -> None:
    """The two maps are each other's inverse within 1e-6."""
    geometry = StripGeometry(Edge.of(0), Edge.of(480), first_row_px, row_scale, 1)
    assert abs(float(geometry.strip_row(geometry.source_row(strip_row))) - strip_row) < 1e-6


def test_the_strip_begins_on_the_upper_side_of_its_first_row() -> None:
    """At scale 2 the first two strip rows are the two halves of the first source row."""
    geometry = StripGeometry(Edge.of(0), Edge.of(480), 100, 2, 64)
    assert geometry.source_row([0, 1, 2]).tolist() == [99.75, 100.25, 100.75]


def test_an_edge_is_linear_between_its_points_and_constant_beyond() -> None:
    """Beyond the outer points the edge does not wander off the scan."""
    edge = Edge.of([(100, 10), (200, 30)])
    assert edge.column_px([0, 100, 150, 200, 1000]).tolist() == [10, 10, 20, 30, 30]


def test_fractions_lie_between_the_edges_of_their_row() -> None:
    """A fraction of a skewed track moves with its edges, also beyond 1."""
    geometry = StripGeometry(Edge.of([(0, 10), (100, 20)]), Edge.of([(0, 110), (100, 140)]), 0, 1, 100)
    assert geometry.column_px(0, [0, 0.5, 1]).tolist() == [10, 60, 110]
    assert geometry.column_px(50, [0, 0.5, 1, 1.5]).tolist() == [15, 70, 125, 180]


def test_a_strip_covers_its_depths_and_an_apron_of_64_rows() -> None:
    """A 480 px track with many px a step keeps the scan's own pitch."""
    geometry = strip_geometry(track_of(10, 490), depth_of((200, 1000), (1200, 1100)))
    assert (geometry.row_scale, geometry.first_row_px, geometry.rows) == (1.0, 136.0, 1129)
    assert geometry.strip_row(200) == 64
    assert geometry.rows - 1 - 64 == geometry.strip_row(1200)


def test_pitch_is_square_at_the_mean_width() -> None:
    """A track that widens evenly from 200 to 280 px counts as 240."""
    geometry = strip_geometry(track_of(10, [(200, 210), (1200, 290)]), depth_of((200, 1000), (1200, 1100)))
    assert pytest.approx(geometry.row_scale, abs=1e-12) == 2.0


def test_a_step_never_has_fewer_than_two_and_a_half_rows() -> None:
    """A wide track would be shrunk to 0.4 rows a px; 5 px a step allow no less than 0.5."""
    geometry = strip_geometry(track_of(0, 1200), depth_of((0, 0), (1000, 100)))
    assert geometry.row_scale == 0.5


def test_a_coarse_scan_keeps_all_its_rows_and_gets_no_more() -> None:
    """One px a step cannot become 2.5 rows: each source row is a strip row."""
    geometry = strip_geometry(track_of(0, 1200), depth_of((0, 0), (200, 100)))
    assert geometry.row_scale == 1.0


def test_the_densest_depths_set_the_pitch() -> None:
    """Paper that shrank in one place still has 2.5 rows a step there."""
    geometry = strip_geometry(track_of(0, 1200), depth_of((0, 0), (1000, 100), (1800, 200)))
    assert geometry.row_scale == 0.625


def test_ticks_outside_the_depths_do_not_set_the_pitch() -> None:
    """A dense part that is not digitised costs no rows."""
    geometry = strip_geometry(track_of(0, 1200), depth_of((0, 0), (1000, 100), (1100, 200), base=90))
    assert geometry.row_scale == 0.5


def sheet_of(track: Any, depth: Any) -> Any:
    """Stands in for a manifest of one track."""
    return SimpleNamespace(tracks=[track], depth=depth)


def test_all_of_a_sheet_that_fits_is_laid_out() -> None:
    """One geometry a track, as for the track alone."""
    track, depth = track_of(10, 490), depth_of((200, 1000), (1200, 1100))
    assert [strip_geometry(track, depth)] == sheet_geometries(sheet_of(track, depth), 500, 1300, "s.sheet.yaml")


@pytest.mark.parametrize(
    ("track", "depth", "found"),
    [
        (track_of(10, 490), depth_of((200, 1000), (1200, 1100), base=1300), "depth.base: 1300 ft would be row 3200"),
        (track_of(10, 490), depth_of((200, 1000), (1200, 1100), top=900), "depth.top: 900 ft would be row -800"),
        (track_of(10, 33), depth_of((200, 1000), (1200, 1100)), r"tracks\[0\]: the track is 23 px wide"),
        (track_of(10, 511), depth_of((200, 1000), (1200, 1100)), r"tracks\[0\].right: column 511 lies outside"),
    ],
)
def test_a_manifest_of_another_scan_is_refused(track: Any, depth: Any, found: str) -> None:
    """What the scan does not have is named by its key, with the size of the scan."""
    with pytest.raises(ManifestError, match=found) as refusal:
        sheet_geometries(sheet_of(track, depth), 500, 1300, "s.sheet.yaml")
    assert "500 columns, 1300 rows" in refusal.value.remedy


def test_source_rows_are_those_that_the_strips_show() -> None:
    """From the first apron row to the last, within the scan."""
    geometries = [strip_geometry(track_of(10, 490), depth_of((200, 1000), (1200, 1100)))]
    first, end = source_rows(geometries, 10_000)
    assert (first, end) == (135, 1266)
    assert source_rows([StripGeometry(Edge.of(0), Edge.of(480), -50, 1, 1000)], 500) == (0, 500)

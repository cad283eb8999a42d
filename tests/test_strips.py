"""Strips show the track where the geometry says, and nothing of how the scan came in."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from veernet.sheets.geometry import Edge, StripGeometry
from veernet.sheets.raster import Band
from veernet.sheets.strips import cut_strips

Scan = NDArray[np.uint8]


def bands_of(scan: Scan, rows: int) -> Iterator[Band]:
    """A scan held in memory, as bands."""
    for first_row in range(0, len(scan), rows):
        yield Band(first_row, scan[first_row : first_row + rows])


def straight(left: float, right: float, first_row_px: float = 0, row_scale: float = 1, rows: int = 64) -> StripGeometry:
    """A strip with upright edges."""
    return StripGeometry(Edge.of(left), Edge.of(right), first_row_px, row_scale, rows)


def whole_strips(
    scan: Scan, geometries: list[StripGeometry], band_rows: int = 101, rows_per_piece: int = 128
) -> list[Scan]:
    """All strips, put together from their pieces."""
    pieces: list[list[Scan]] = [[] for _ in geometries]
    for track, first_row, piece in cut_strips(bands_of(scan, band_rows), geometries, rows_per_piece):
        assert sum(map(len, pieces[track])) == first_row
        pieces[track].append(piece)
    return [np.concatenate(track_pieces) for track_pieces in pieces]


@pytest.fixture
def noise() -> Scan:
    """Random darkness: any sample out of place changes the values."""
    return np.random.default_rng(20250611).integers(0, 256, (1009, 613), np.uint8)


def test_a_track_of_480_px_is_copied_px_by_px(noise: Scan) -> None:
    """Scale 1 and edges on px sides resample nothing."""
    [strip] = whole_strips(noise, [straight(15.5 + 7, 495.5 + 7, rows=1009)])
    np.testing.assert_array_equal(noise[:, 7 : 7 + 512], strip)


@given(left=st.floats(20, 60), width=st.floats(90, 1900), row=st.integers(40, 60))
@settings(max_examples=30, deadline=None)
def test_the_track_edges_fall_on_columns_15_5_and_495_5(left: float, width: float, row: int) -> None:
    """The centre of mass of a line drawn along an edge is the edge's strip column, to a tenth of a px."""
    columns = np.arange(2100, dtype=float)
    for column_px, expected in ((left, 15.5), (left + width, 495.5)):
        # A soft line, wide enough to be sampled well, centred on the edge.
        spread = max(1.0, width / 480) * 2
        line = 255 * np.exp(-(((columns - column_px) / spread) ** 2))
        scan = np.tile(line.round().astype(np.uint8), (100, 1))
        [strip] = whole_strips(scan, [straight(left, left + width, rows=100)])
        near = slice(0, 200) if expected < 200 else slice(312, 512)
        weights = strip[row, near].astype(float)
        if expected == 15.5 and left < 3 * spread:
            continue  # the line is cut by the scan's side
        inside = np.abs(np.arange(512)[near] - expected) < 16
        centre = np.average(np.arange(512)[near][inside], weights=weights[inside])
        assert abs(centre - expected) < 0.1


def test_source_rows_fall_where_the_geometry_says() -> None:
    """The centre of mass of a soft row line is `strip_row` of its row, shrunk and stretched."""
    for row_scale in (0.31, 0.77, 1.0, 2.3):
        # Two strip rows wide: a line within one strip row could only have that row's centre.
        line = 255 * np.exp(-(((np.arange(700) - 307) * row_scale / 2) ** 2))
        scan = np.repeat(line.round().astype(np.uint8)[:, None], 512, axis=1)
        geometry = straight(15.5, 495.5, first_row_px=211.3, row_scale=row_scale, rows=400)
        [strip] = whole_strips(scan, [geometry])
        centre = np.average(np.arange(400), weights=strip[:, 256].astype(float))
        assert abs(centre - float(geometry.strip_row(307))) < 0.06


def test_slanting_edges_are_made_upright() -> None:
    """A line at a constant track fraction of a skewed, widening track is one strip column."""
    geometry = StripGeometry(Edge.of([(0, 30), (599, 90)]), Edge.of([(100, 500), (500, 580)]), 0, 1, 600)
    scan = np.zeros((600, 700), np.uint8)
    for row in range(600):
        position = np.arange(700) - float(geometry.column_px(row, 0.25))
        scan[row] = np.round(255 * np.exp(-((position / 3) ** 2)))
    [strip] = whole_strips(scan, [geometry])
    columns = np.arange(100, 171)
    centres = (strip[:, 100:171] * columns).sum(axis=1, dtype=float) / strip[:, 100:171].sum(axis=1, dtype=float)
    assert np.abs(centres - 135.5).max() < 0.15


@given(
    band_rows=st.integers(1, 1009), pieces=st.sampled_from([64, 128, 320, 4096]), row_scale=st.sampled_from([0.4, 1.3])
)
@settings(max_examples=12, deadline=None)
def test_no_value_depends_on_bands_or_pieces(band_rows: int, pieces: int, row_scale: float) -> None:
    """However the scan comes in and the pieces go out, the strips are the same to the bit."""
    noise = np.random.default_rng(7).integers(0, 256, (1009, 613), np.uint8)
    geometries = [
        StripGeometry(Edge.of([(0, 3.25), (900, 17)]), Edge.of(307.75), -41.3, row_scale, 587),
        straight(331, 601, first_row_px=211.9, row_scale=0.63, rows=421),
    ]
    expected = whole_strips(noise, geometries, band_rows=1009, rows_per_piece=4096)
    for want, got in zip(expected, whole_strips(noise, geometries, band_rows, pieces), strict=True):
        np.testing.assert_array_equal(want, got)


def test_shrinking_keeps_the_ink(noise: Scan) -> None:
    """A hairline in a wide track is not lost between samples, and the mean darkness stays."""
    scan = np.zeros((512, 2000), np.uint8)
    scan[:, 1000] = 255
    scan[251] = 255
    [strip] = whole_strips(scan, [straight(20, 1979, row_scale=0.25, rows=128)])
    column_of_line = strip[:32].max(axis=1)
    assert column_of_line.min() > 30
    assert abs(float(strip[:, 20:490].mean()) / float(scan[:, 40:1960].mean()) - 1) < 0.02


def test_outside_the_scan_is_paper() -> None:
    """Rows above and below the scan and columns beside it are 0, although the scan is all ink."""
    scan = np.full((300, 400), 255, np.uint8)
    [strip] = whole_strips(scan, [straight(0.5, 480.5, first_row_px=-100, rows=512)])
    assert (strip[:100].max(), strip[400:].max()) == (0, 0)
    assert (strip[:, :15].max(), strip[:, 416:].max()) == (0, 0)
    assert strip[101:399, 17:414].min() == 255


def test_bands_below_the_last_strip_are_not_asked_for(noise: Scan) -> None:
    """The rest of a long scan is not decoded once the strips are cut."""
    asked = []

    def watched() -> Iterator[Band]:
        for band in bands_of(noise, 100):
            asked.append(band.first_row)
            yield band

    list(cut_strips(watched(), [straight(20, 500, rows=250)]))
    assert asked == [0, 100, 200]


def test_a_gap_between_bands_is_refused(noise: Scan) -> None:
    """A lost band must not become paper."""
    bands = [Band(0, noise[:100]), Band(200, noise[200:300])]
    with pytest.raises(ValueError, match="row 200"):
        list(cut_strips(bands, [straight(20, 500, rows=300)]))

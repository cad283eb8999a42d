"""The overlay: curves in colour where they are, marks where they are not, whatever the sheet's length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from veernet.errors import StorageError
from veernet.review.legend import GUTTER_PX, curve_colours
from veernet.review.overlay import MAX_PIECE_ROWS, draw_overlay
from veernet.sheets.geometry import DepthRegister, strip_geometry
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.raster import Band


@dataclass
class PlainTrace:
    """What the overlay needs of a trace."""

    fraction: np.ndarray
    confidence: np.ndarray


def manifest_of(rows: int, width: int, wrap: bool = False) -> SheetManifest:
    """One track over the middle half of a scan, two curves, 100 ft from row 100 to the last but 100."""
    curves = [
        {"mnemonic": "GR", "unit": "GAPI", "style": "solid", "left": 0, "right": 150, "wrap": wrap},
        {"mnemonic": "CALI", "unit": "IN", "style": "dashed", "left": 6, "right": 16},
    ]
    return SheetManifest.model_validate(
        {
            "format": "veernet-sheet/1",
            "well": {"name": "Test 1", "uwi": "1"},
            "depth": {"unit": "ft", "step": 0.5, "ticks": [[100, 300], [rows - 100, 400]]},
            "tracks": [
                {"name": "t1", "left": width / 4, "right": width * 3 / 4, "scale": "linear", "curves": curves},
            ],
        }
    )


class Paper:
    """A scan of white paper with vertical lines of ink, read in bands; counts the rows alive at once."""

    def __init__(self, rows: int, width: int, ink_columns: tuple[int, ...] = ()) -> None:
        self.rows, self.width, self.ink_columns = rows, width, ink_columns

    def __call__(self, *, first_row: int, end_row: int) -> Iterator[Band]:
        """Bands of 500 rows, so that they never end where blocks or pieces do."""
        for start in range(first_row, min(end_row, self.rows), 500):
            darkness = np.zeros((min(500, end_row - start, self.rows - start), self.width), np.uint8)
            for column in self.ink_columns:
                darkness[:, column - 1 : column + 2] = 255
            yield Band(start, darkness)


def draw(tmp_path: Path, paper: Paper, manifest: SheetManifest, **changes: Any) -> tuple[list[Path], np.ndarray]:
    """Overlay with GR at 0.25 and CALI at 0.75 of the track, changed by `(start, end, fraction, confidence)`."""
    geometry = strip_geometry(manifest.tracks[0], manifest.depth)
    traces = []
    for mnemonic, fraction in (("GR", 0.25), ("CALI", 0.75)):
        trace = PlainTrace(np.full(geometry.rows, fraction, np.float32), np.ones(geometry.rows, np.float32))
        for start, end, value, confidence in changes.get(mnemonic, ()):
            rows = slice(int(start * geometry.rows), int(end * geometry.rows))
            trace.fraction[rows], trace.confidence[rows] = value, confidence
        traces.append(trace)
    paths = draw_overlay(
        paper,
        [geometry],
        DepthRegister.of(manifest.depth),
        [traces],
        tmp_path,
        "a",
        "a.tif",
        manifest=manifest,
    )
    return paths, cv2.imread(str(paths[0]))


def columns_of(picture: np.ndarray, colour: tuple[int, int, int], rows: slice) -> np.ndarray:
    """Columns of the scan in which a colour, or a darker shade of it, stands in at least half of the rows."""
    saturated = picture[rows, GUTTER_PX:].astype(int)
    strongest = int(np.argmax(colour))
    others = [channel for channel in range(3) if channel != strongest]
    hits = (saturated[:, :, [strongest]] - saturated[:, :, others] > 60).all(axis=2)
    return np.flatnonzero(hits.mean(axis=0) >= 0.5)


def test_curves_lie_where_they_were_traced(tmp_path: Path) -> None:
    """A trace at a quarter of the track is drawn a quarter across it, in its own colour."""
    manifest = manifest_of(1500, 800)
    red, blue = curve_colours(manifest)
    _, picture = draw(tmp_path, Paper(1500, 800), manifest)
    middle = slice(600, 900)
    assert 300 == pytest.approx(columns_of(picture, red, middle).mean(), abs=0.6)
    assert 500 == pytest.approx(columns_of(picture, blue, middle).mean(), abs=0.6)


def test_trace_is_darker_on_ink_than_on_paper(tmp_path: Path) -> None:
    """What lies on the stroke is told from what lies beside it by its darkness alone."""
    manifest = manifest_of(1500, 800)
    _, picture = draw(tmp_path, Paper(1500, 800, (300,)), manifest)
    on_ink, on_paper = picture[600:900, GUTTER_PX + 300].max(), picture[600:900, GUTTER_PX + 500].max()
    assert on_ink < 0.6 * on_paper


def test_wrapped_curve_is_folded_back_into_its_track(tmp_path: Path) -> None:
    """A fraction of 1.5 is drawn at 0.5 where the curve wraps, and the fold is not crossed by a line."""
    manifest = manifest_of(1500, 800, wrap=True)
    red, _ = curve_colours(manifest)
    _, picture = draw(tmp_path, Paper(1500, 800), manifest, GR=[(0.5, 1, 1.5, 1)])
    assert 400 == pytest.approx(columns_of(picture, red, slice(1000, 1200)).mean(), abs=0.6)
    across = columns_of(picture, red, slice(0, len(picture)))
    assert not set(range(310, 390)) & set(across.tolist())


def test_missing_values_are_marked_at_the_edge(tmp_path: Path) -> None:
    """Where a curve is NULL there is no line, and a bar of its colour inside its edge of the track."""
    manifest = manifest_of(1500, 800)
    red, blue = curve_colours(manifest)
    _, picture = draw(tmp_path, Paper(1500, 800), manifest, GR=[(0.4, 1, np.nan, 0)], CALI=[(0.4, 1, np.nan, 0)])
    assert [200, 201, 202, 203, 204] == columns_of(picture, red, slice(900, 1200)).tolist()
    assert [595, 596, 597, 598, 599] == columns_of(picture, blue, slice(900, 1200)).tolist()
    assert 300 in columns_of(picture, red, slice(250, 400))


def test_low_confidence_is_dotted_and_marked(tmp_path: Path) -> None:
    """Where confidence is low, line and bar are both on and off in turn."""
    manifest = manifest_of(1500, 800)
    _, picture = draw(tmp_path, Paper(1500, 800), manifest, GR=[(0.4, 1, 0.25, 0.3)])
    red_line = picture[900:1200, GUTTER_PX + 300, 0] < 128
    bar = picture[900:1200, GUTTER_PX + 202, 0] < 128
    assert 0.3 < red_line.mean() < 0.8
    assert 0.4 < bar.mean() < 0.6


def test_long_sheet_comes_in_pieces_that_leave_nothing_out(tmp_path: Path) -> None:
    """Pieces are numbered, short enough to open, and the trace goes on from one to the next."""
    manifest = manifest_of(15013, 2000)
    red, _ = curve_colours(manifest)
    paths, _ = draw(tmp_path, Paper(15013, 2000), manifest)
    assert ["a.png", "a-02.png"] == [path.name for path in paths]
    pictures = [cv2.imread(str(path)) for path in paths]
    legends = [int(np.flatnonzero((picture == 40).all(axis=(1, 2)))[0]) + 1 for picture in pictures]
    heights = [len(picture) - legend for picture, legend in zip(pictures, legends, strict=True)]
    scale = 64 / round(64 * 2000 / 1400)
    geometry = strip_geometry(manifest.tracks[0], manifest.depth)
    shown = min(15013, int(np.ceil(geometry.source_row(geometry.rows - 1))) + 1) - max(0, int(geometry.source_row(0)))
    assert max(heights) <= MAX_PIECE_ROWS
    assert shown * scale == pytest.approx(sum(heights), abs=2)
    for picture, legend, rows in zip(pictures, legends, (slice(-9, None), slice(0, 9)), strict=True):
        assert len(columns_of(picture[legend:], red, rows))


def test_bands_leave_no_seam(tmp_path: Path) -> None:
    """The picture of a slanted stroke is the same however the scan is cut into bands."""
    manifest = manifest_of(1500, 3000)

    def slanted(band_rows: int) -> Any:
        def bands(*, first_row: int, end_row: int) -> Iterator[Band]:
            for start in range(first_row, min(end_row, 1500), band_rows):
                rows = np.arange(start, min(start + band_rows, end_row, 1500))
                darkness = np.abs(np.arange(3000) - 2 * rows[:, None]) < 5
                yield Band(start, darkness.astype(np.uint8) * 255)

        return bands

    _, first = draw(tmp_path, slanted(512), manifest)
    _, second = draw(tmp_path, slanted(37), manifest)
    np.testing.assert_array_equal(first, second)


def test_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    """A picture that cannot be written is named, with what to do."""
    with pytest.raises(StorageError, match="make room and rights"):
        draw(tmp_path / "none", Paper(600, 400), manifest_of(600, 400))

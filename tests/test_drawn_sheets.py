"""Drawn sheets: manifest, pixels and truth say the same."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from veernet.curves.las import read_las
from veernet.curves.trace import trace_track
from veernet.curves.values import curve_values, depth_index
from veernet.errors import OptionError, SourceMissingError
from veernet.sheets.geometry import DepthRegister, sheet_geometries, source_rows, strip_column
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan
from veernet.sheets.strips import cut_strips
from veernet.training.contact import contact_sheet
from veernet.training.layout import SheetRecipe, sample_sheet
from veernet.training.sheet import draw_sheet, write_sheet

RECIPE = SheetRecipe(seed=4, top_depth=1000.0, base_depth=1050.0, dpi=200, difficulty=0.0)

LAS = """~V
VERS. 2.0 :
WRAP. NO :
~W
STRT.M 100 :
STOP.M 200 :
STEP.M 0.25 :
NULL. -999.25 :
WELL. A :
~C
DEPT.M :
GR.API :
CALI.MM :
DPHI.V/V :
NPHI.V/V :
ILD.OHMM :
~A
"""


def a_las(path: Path) -> Path:
    """A LAS file of five smooth curves."""
    depths = np.arange(100, 200.001, 0.25)
    columns = [
        depths,
        75 + 40 * np.sin(depths / 3),
        200 + 30 * np.sin(depths / 7),
        0.2 + 0.1 * np.sin(depths / 5),
        0.3 + 0.1 * np.sin(depths / 4),
        10 ** (1 + np.sin(depths / 6)),
    ]
    rows = "\n".join(" ".join(f"{value:.4f}" for value in row) for row in zip(*columns, strict=True))
    path.write_text(LAS + rows + "\n")
    return path


def test_a_sheet_is_written_with_its_manifest_and_its_truth(tmp_path: Path) -> None:
    """All three are read by the readers of the pipeline, and fit each other."""
    paths = write_sheet(RECIPE, tmp_path, "drawn")
    manifest = read_manifest(paths["manifest"].read_bytes(), "drawn")
    truth = read_las(paths["truth"])
    assert truth.depths.tolist() == depth_index(manifest.depth).tolist()
    with open_scan(paths["scan"], "drawn") as scan:
        assert (scan.dpi, len(sheet_geometries(manifest, scan.width, scan.height, "drawn"))) == (200.0, 2)


def test_the_ink_lies_where_the_truth_says(tmp_path: Path) -> None:
    """At the depths of the truth the strip is dark at the truth's column, for the solid curve of each track."""
    paths = write_sheet(replace(RECIPE, drift_px=9.0), tmp_path, "drawn")
    manifest = read_manifest(paths["manifest"].read_bytes(), "drawn")
    truth, register = read_las(paths["truth"]), DepthRegister.of(manifest.depth)
    with open_scan(paths["scan"], "drawn") as scan:
        geometries = sheet_geometries(manifest, scan.width, scan.height, "drawn")
        first_row, end_row = source_rows(geometries, scan.height)
        pieces = list(cut_strips(scan.bands(first_row=first_row, end_row=end_row), geometries))
    for index, (track, geometry) in enumerate(zip(manifest.tracks, geometries, strict=True)):
        strip = np.concatenate([piece for piece_track, _, piece in pieces if piece_track == index])
        curve = track.curves[0]
        fraction = (truth.curves[curve.mnemonic].values - curve.left) / (curve.right - curve.left)
        rows = np.rint(geometry.strip_row(register.row_at(truth.depths))).astype(int)
        columns = np.rint(strip_column(fraction % 1.0))
        known = np.isfinite(columns) & (columns > 20) & (columns < 490)
        assert known.mean() > 0.9
        assert (strip[rows[known], columns[known].astype(int)] > 100).mean() > 0.9


def test_the_same_recipe_draws_the_same_sheet() -> None:
    """Seeds are stored, not pixels."""
    first, again = draw_sheet(RECIPE), draw_sheet(RECIPE)
    assert np.array_equal(first.darkness, again.darkness)
    assert all(np.array_equal(values, again.truth[name], equal_nan=True) for name, values in first.truth.items())


def test_a_real_log_is_drawn_as_it_is(tmp_path: Path) -> None:
    """The truth of the drawn sheet is the log, at its depths, in feet."""
    recipe = sample_sheet(2, 0.0, 100.0, a_las(tmp_path / "well.las"))
    sheet = draw_sheet(recipe)
    depths_m = depth_index(sheet.manifest.depth) * 0.3048
    assert np.abs(sheet.truth["GR"] - (75 + 40 * np.sin(depths_m / 3))).max() < 0.5
    assert set(sheet.truth) in ({"GR", "CALI", "DPHI", "NPHI"}, {"GR", "CALI", "ILD"})


def test_a_log_that_is_too_short_or_not_there_is_refused(tmp_path: Path) -> None:
    """With what would do."""
    with pytest.raises(OptionError, match="choose a shorter length"):
        sample_sheet(2, 0.0, 5000.0, a_las(tmp_path / "well.las"))
    with pytest.raises(SourceMissingError, match="no such file"):
        sample_sheet(2, 0.0, 100.0, tmp_path / "none.las")


def test_a_contact_sheet_shows_synthetic_and_real_tracks(tmp_path: Path) -> None:
    """The real ones from the manifests of a folder."""
    paths = write_sheet(RECIPE, tmp_path, "drawn")
    contact_sheet(tmp_path / "contact.png", 6, 0, [paths["manifest"]])
    assert (tmp_path / "contact.png").stat().st_size > 10_000


def test_a_perfect_class_map_gives_back_the_truth() -> None:
    """Geometry, tracing and values together lose nothing worth a tenth of a percent."""
    sheet = draw_sheet(RECIPE)
    geometry = sheet_geometries(sheet.manifest, sheet.darkness.shape[1], sheet.darkness.shape[0], "drawn")[0]
    register, depths = DepthRegister.of(sheet.manifest.depth), depth_index(sheet.manifest.depth)
    curve = sheet.manifest.tracks[0].curves[0]
    row_depths = register.depth_at(geometry.source_row(np.arange(geometry.rows)))
    fraction = np.interp(row_depths, depths, (sheet.truth["GR"] - curve.left) / (curve.right - curve.left))
    columns = np.arange(512)
    classes = np.zeros((2, geometry.rows, 512), np.uint8)
    steps = np.abs(np.gradient(fraction))[:, None] * 240
    classes[0][np.abs(columns - strip_column(fraction % 1.0)[:, None]) <= 1.5 + steps] = 255
    (trace,) = trace_track([classes], [curve])
    log = curve_values(trace, geometry, register, curve, "linear", depths)
    inside = np.isfinite(log.values)
    assert inside.mean() > 0.97
    assert np.median(np.abs(log.values - sheet.truth["GR"])[inside]) < 0.15

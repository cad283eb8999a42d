"""Whole synthetic sheets: header, tracks, depth column and scale block, with their manifest and the truth as LAS.

Tracks are drawn by the same strokes, grids and noise as training strips; curves come from the learned motions, or from a real LAS file
that the recipe names. The truth is what was drawn, read off the drawn path at each depth, not what a later stage makes of it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from veernet.curves.las import DepthLog, log_curve, write_las
from veernet.curves.values import depth_index, value_of
from veernet.sheets.geometry import TRACK_COLUMNS, DepthRegister
from veernet.sheets.manifest import SheetManifest
from veernet.training.degrade import scan
from veernet.training.draw import Canvas, FloatArray, draw_grid, draw_hatch, draw_stroke, free_path, path_rows
from veernet.training.layout import DEPTH_COLUMN_IN, FOOTER_IN, MARGIN_IN, SheetRecipe, lay_out
from veernet.training.motion import load_bank
from veernet.training.real_log import RealLog
from veernet.training.recipe import Clutter, Grid, Scan, Stroke, sample_recipe
from veernet.training.warp import Warp

ByteArray = NDArray[np.uint8]

_BAND_ROWS = 2048
_ROUGH = 0.5  # difficulty from which the scanner's threshold asks for no curve's leave
_THRESHOLD_SHARE = 0.6  # of the faintest stroke: who scans well sets the threshold by it
_STEEPEST_SWING = 0.02  # rows or columns a row: what damp paper and slipping feeders come to


@dataclass(frozen=True)
class DrawnSheet:
    """A drawn sheet in memory: darkness uint8 ``(rows, columns)``, its manifest, and the true values of every curve."""

    darkness: ByteArray
    manifest: SheetManifest
    truth: dict[str, FloatArray]
    bilevel: bool


def draw_sheet(recipe: SheetRecipe) -> DrawnSheet:
    """Draw a sheet; the same recipe gives the same pixels.

    Below a difficulty of one half the scan was made with care: its threshold is set so that the faintest curve still shows.
    """
    rng = np.random.default_rng(recipe.seed)
    manifest = lay_out(recipe)
    register = DepthRegister.of(manifest.depth)
    width = int((2 * MARGIN_IN + 5.0 + DEPTH_COLUMN_IN) * recipe.dpi) + 1
    body_rows = int(np.ceil(register.row_at(manifest.depth.base_depth))) + int(0.2 * recipe.dpi)
    height = body_rows + int(FOOTER_IN * recipe.dpi)
    ink = np.zeros((height, width), np.uint8)
    _print_header(ink, recipe, manifest)
    depths = depth_index(manifest.depth)
    log = RealLog.read(Path(recipe.las)) if recipe.las else None
    truth: dict[str, FloatArray] = {}
    scan_recipe: Scan | None = None
    faintest = 255.0
    for index, track in enumerate(manifest.tracks):
        looks = sample_recipe(recipe.seed * 16 + index + 1, recipe.difficulty)
        scan_recipe = scan_recipe or looks.scan
        canvas, offset_px, first_row = _track_canvas(recipe, index, register, body_rows)
        strokes = [
            _stroke(rng, curve.style, looks.strokes[0], wrap=curve.wrap, index=i)
            for i, curve in enumerate(track.curves)
        ]
        pens = [(canvas.pen(stroke.thickness_px), stroke.darkness) for stroke in strokes]
        faintest = min(faintest, *(_peak(darkness, pen, scan_recipe.blur_px) for pen, darkness in pens))
        if log is None:
            paths = [free_path(stroke, path_rows(canvas.strip_rows), rng) for stroke in strokes]
        else:
            at_rows = (path_rows(canvas.strip_rows) + 0.5) * canvas.px_per_row - 0.5 + first_row
            row_depths = register.depth_at(at_rows)
            paths = [log.fraction(curve.mnemonic, row_depths) for curve in track.curves]
        if track.curves[0].wrap and rng.random() < 0.5:
            draw_hatch(canvas, strokes[0], paths, replace(looks.clutter, hatch="wrapped"), rng)
        draw_grid(canvas, _grid(recipe, looks.grid, canvas, log=track.scale == "log"))
        for curve, stroke, path in zip(track.curves, strokes, paths, strict=True):
            draw_stroke(canvas, stroke, path, rng)
            rows_px = np.asarray(register.row_at(depths)) - first_row
            strip_rows = (rows_px + 0.5) / canvas.px_per_row - 0.5
            fraction = np.interp(strip_rows, path_rows(canvas.strip_rows), path)
            if not curve.wrap:
                fraction = np.where(np.abs(fraction - 0.5) <= 0.5, fraction, np.nan)
            truth[curve.mnemonic] = value_of(fraction, curve, track.scale)
        _paste(ink, canvas.ink, offset_px, first_row)
    _print_depths(ink, recipe, manifest)
    assert scan_recipe is not None
    scanned = replace(scan_recipe, shade_darkness=0.0, width_px=recipe.dpi * 5 // 2)
    if recipe.difficulty < _ROUGH:
        scanned = replace(scanned, threshold=min(scanned.threshold, _THRESHOLD_SHARE * faintest))
    if recipe.skew_degrees or recipe.wander_px or recipe.stretch_px:
        warp = warp_of(recipe, ink.shape)
        ink, manifest = warp.scanned(ink), warp.registered(manifest, tick_every=2)
    darkness = _scan_bands(ink, scanned, recipe, rng)
    return DrawnSheet(darkness, manifest, truth, bilevel=scanned.mode != "grey")


def write_sheet(recipe: SheetRecipe, directory: Path, stem: str) -> dict[str, Path]:
    """Draw a sheet and write ``<stem>.tif``, ``<stem>.sheet.yaml`` and ``<stem>.truth.las``; returns their paths."""
    sheet = draw_sheet(recipe)
    directory.mkdir(parents=True, exist_ok=True)
    paths = {
        "scan": directory / f"{stem}.tif",
        "manifest": directory / f"{stem}.sheet.yaml",
        "truth": directory / f"{stem}.truth.las",
    }
    height, width = sheet.darkness.shape
    profile: dict[str, Any] = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8"}
    if sheet.bilevel:
        profile |= {"nbits": 1, "compress": "CCITTFAX4"}
    else:
        profile |= {"compress": "DEFLATE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a log is no map
        tif = rasterio.open(paths["scan"], "w", **profile)
    with tif:
        tif.write((sheet.darkness < 128).astype(np.uint8) if sheet.bilevel else 255 - sheet.darkness, 1)
        tif.update_tags(TIFFTAG_XRESOLUTION=recipe.dpi, TIFFTAG_YRESOLUTION=recipe.dpi, TIFFTAG_RESOLUTIONUNIT=2)
    document = sheet.manifest.model_dump(mode="json", exclude_none=True, exclude_defaults=False)
    document["source"] = paths["scan"].name
    paths["manifest"].write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=120))
    depth, depths = sheet.manifest.depth, depth_index(sheet.manifest.depth)
    curves = [
        log_curve(c, track.scale, sheet.truth[c.mnemonic], np.ones(depths.size, np.float32))
        for track in sheet.manifest.tracks
        for c in track.curves
    ]
    write_las(
        DepthLog(sheet.manifest.well, depth.unit, depth.step, depths, curves, (), ("Truth of a drawn sheet.",)),
        paths["truth"],
    )
    return paths


def warp_of(recipe: SheetRecipe, shape: tuple[int, int]) -> Warp:
    """The shape of a sheet's paper; it swings a few times from top to bottom, and nowhere by more than paper and feeders do."""
    height, width = shape
    rng = np.random.default_rng([recipe.seed, 3])
    skew = float(np.tan(np.radians(recipe.skew_degrees)))
    wander_period, stretch_period = (height * rng.uniform(0.4, 0.9) for _ in range(2))
    lean = float(np.clip(skew, -0.12 * recipe.dpi / height, 0.12 * recipe.dpi / height))
    wander_px, stretch_px = (
        float(np.clip(swing_px, -_STEEPEST_SWING * period / (2 * np.pi), _STEEPEST_SWING * period / (2 * np.pi)))
        for swing_px, period in ((recipe.wander_px, wander_period), (recipe.stretch_px, stretch_period))
    )
    return Warp(width, skew, lean, wander_px, wander_period, stretch_px, stretch_period)


def _track_canvas(recipe: SheetRecipe, index: int, register: DepthRegister, body_rows: int) -> tuple[Canvas, int, int]:
    """The canvas of a track with its margins, and the sheet column and row of its first pixel."""
    track_px = 2.5 * recipe.dpi
    px = track_px / TRACK_COLUMNS
    left = recipe.dpi * (MARGIN_IN + index * (2.5 + DEPTH_COLUMN_IN))
    # Strip column 15.5 is the edge; the canvas begins on a whole sheet column, which the shift makes up for.
    exact = left - (16.0 * px - 0.5)
    offset = int(np.floor(exact))
    top_row = float(register.row_at(recipe.top_depth))
    base_row = float(register.row_at(recipe.base_depth))
    first_row = int(top_row - 0.15 * recipe.dpi)
    height = body_rows - first_row
    strip_rows = int(height / px)
    knots = (np.array([top_row, base_row]) - first_row + 0.5) / px - 0.5
    shifts = (exact - offset + np.array([0.0, recipe.drift_px])) / px
    ink = np.zeros((round(strip_rows * px), int(np.ceil(512 * px))), np.uint8)
    return Canvas(ink, px, px, strip_rows, tuple(knots), tuple(shifts)), offset, first_row


def _peak(darkness: float, width_px: float, blur_px: float) -> float:
    """How dark the middle of a line of some width is after a Gaussian blur."""
    return darkness * math.erf(width_px / (2.0 * math.sqrt(2.0) * blur_px)) if blur_px > 0.2 else darkness


def _stroke(rng: np.random.Generator, style: str, like: Stroke, wrap: bool, index: int) -> Stroke:
    """A stroke that stays on its track most of the time, so that a sheet is worth digitising."""
    dash = float(rng.uniform(7.0, 16.0))
    motion = int(rng.integers(len(load_bank())))
    return replace(
        like,
        style=style,  # type: ignore[arg-type]
        thickness_px=float(rng.uniform(1.5, 3.2)),
        pattern_px=(dash, float(dash * rng.uniform(0.4, 0.8)) + 1.5) if style == "dashed" else (),
        pattern_by_row=False,
        darkness=int(rng.integers(210, 256)),
        motion=motion,
        seed=int(rng.integers(2**31)),
        rows_per_sample=float(rng.uniform(4.0, 9.0)),
        amplitude=float(np.clip(load_bank()[motion].spread * rng.uniform(0.7, 1.4), 0.03, 0.17)),
        centre=float(rng.uniform(0.35, 0.6) if not wrap else rng.uniform(0.4, 0.75)) + 0.08 * index,
        smooth=True,
        spikes=0,
        double_px=0.0,
        off_scale="wrap" if wrap else "cut",
    )


def _grid(recipe: SheetRecipe, looks: Grid, canvas: Canvas, log: bool) -> Grid:
    """The looks of a sampled grid on the depths of this sheet: a line every 10 ft (2 ft on a 5 inch print)."""
    every_ft = 2.0 if recipe.inches_per_100ft >= 5 else 10.0
    spacing_px = every_ft * recipe.inches_per_100ft * recipe.dpi / 100.0 / canvas.px_per_row
    phase = (canvas.shift_rows[0] / spacing_px) % 1.0
    first_index = round(canvas.shift_rows[0] / spacing_px - phase) + 1
    strong_every = 5
    # The print's strong lines fall on the top depth: shift the count of lines so that its index divides.
    phase -= (strong_every - first_index % strong_every) % strong_every
    return replace(
        looks,
        decades=4 if log else 0,
        divisions=10,
        strong_every=5,
        row_spacing_px=spacing_px,
        row_strong_every=strong_every,
        row_phase=phase,
        tilt_px=0.0,
    )


def _paste(sheet: ByteArray, ink: ByteArray, column: int, row: int) -> None:
    """Lay a track's ink on the sheet, cut off where the sheet ends."""
    x0, x1 = max(0, column), min(sheet.shape[1], column + ink.shape[1])
    y0, y1 = max(0, row), min(sheet.shape[0], row + ink.shape[0])
    part = ink[y0 - row : y1 - row, x0 - column : x1 - column]
    np.maximum(sheet[y0:y1, x0:x1], part, out=sheet[y0:y1, x0:x1])


def _print_header(ink: ByteArray, recipe: SheetRecipe, manifest: SheetManifest) -> None:
    size = recipe.dpi / 200.0
    well = manifest.well
    lines = [
        well.company or "",
        f"WELL   {well.name}",
        f"UWI    {well.uwi}",
        f"FIELD  {well.field}",
        f"DATE   {well.date}",
    ]
    for index, line in enumerate(lines):
        at = (int(0.4 * recipe.dpi), int((0.35 + 0.18 * index) * recipe.dpi))
        cv2.putText(ink, line, at, cv2.FONT_HERSHEY_DUPLEX, 0.7 * size, 255, max(1, round(size)), cv2.LINE_AA)
    for track in manifest.tracks:
        left, right = (
            int(edge[0][1]) if isinstance(edge, list | tuple) else int(edge) for edge in (track.left, track.right)
        )
        for index, curve in enumerate(track.curves):
            y = int((1.35 + 0.22 * index) * recipe.dpi)
            text = f"{curve.left:g}  {curve.mnemonic} ({curve.unit})  {curve.right:g}"
            cv2.putText(ink, text, (left, y), cv2.FONT_HERSHEY_SIMPLEX, 0.5 * size, 255, 1, cv2.LINE_AA)
            cv2.line(ink, (left, y + 8), (right, y + 8), 255, max(1, round(size)))


def _print_depths(ink: ByteArray, recipe: SheetRecipe, manifest: SheetManifest) -> None:
    size = 0.8 * recipe.dpi / 200.0
    column = int((MARGIN_IN + 2.5 + 0.15) * recipe.dpi)
    for row_px, depth in manifest.depth.ticks:
        at = (column, int(row_px + 9 * size))
        cv2.putText(ink, f"{depth:g}", at, cv2.FONT_HERSHEY_SIMPLEX, size, 255, max(1, round(1.6 * size)), cv2.LINE_AA)


def _scan_bands(ink: ByteArray, looks: Scan, recipe: SheetRecipe, rng: np.random.Generator) -> ByteArray:
    """Scan a sheet piece by piece, so that its noise takes no more memory than a piece."""
    clutter = Clutter(0, 0, 0, 0, 0, 0, 0, "none", 0, 0, -1.0)
    px = 2.5 * recipe.dpi / TRACK_COLUMNS

    def pieces() -> Iterator[ByteArray]:
        for first in range(0, ink.shape[0], _BAND_ROWS):
            part = ink[first : first + _BAND_ROWS]
            yield scan(Canvas(part, px, px, int(part.shape[0] / px)), looks, clutter, rng)

    return np.concatenate(list(pieces()))

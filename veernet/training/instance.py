"""One training instance: a strip as the pipeline would cut it, and the class of every pixel."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import STRIP_WIDTH
from veernet.training.degrade import break_stroke, draw_clutter, scan
from veernet.training.draw import (
    Canvas,
    FloatArray,
    draw_grid,
    draw_hatch,
    draw_paths,
    draw_stroke,
    drawn_path,
    label_rows,
    told_rows,
    visible_rows,
)
from veernet.training.emphasis import emphasised
from veernet.training.recipe import Clutter, Scan, TrackRecipe, sample_recipe

ByteArray = NDArray[np.uint8]


class Instance(NamedTuple):
    """A strip and its labels, both uint8 ``(rows, 512)``."""

    image: ByteArray
    label: ByteArray


def draw_instance(recipe: TrackRecipe, rows: int = 256) -> Instance:
    """Draw the instance of a recipe; the same recipe gives the same pixels."""
    return draw_along(recipe, draw_paths(recipe, rows), rows)


def draw_along(recipe: TrackRecipe, paths: list[FloatArray], rows: int) -> Instance:
    """Draw a recipe's strokes along these paths, unwrapped track fractions at ``path_rows(rows)``."""
    rng = np.random.default_rng(recipe.seed)
    canvas = blank_canvas(recipe.scan, rows)
    first = recipe.strokes[0]
    if recipe.clutter.hatch != "none" and (first.off_scale == "wrap" or recipe.clutter.hatch != "wrapped"):
        draw_hatch(canvas, first, paths, recipe.clutter, rng)
    draw_grid(canvas, recipe.grid)
    draw_clutter(canvas, _clutter(recipe), paths[0], rng)
    rest = to_strip(canvas.ink, rows)
    layers, told = [], []
    for stroke, path in zip(recipe.strokes, paths, strict=True):
        layer = replace(canvas, ink=np.zeros_like(canvas.ink))
        told.append(told_rows(draw_stroke(layer, stroke, path, rng)))
        break_stroke(layer, recipe.clutter, drawn_path(stroke, path), rng)
        cv2.max(canvas.ink, layer.ink, dst=canvas.ink)
        layers.append(to_strip(layer.ink, rows))
    image = to_strip(scan(canvas, recipe.scan, recipe.clutter, rng), rows)
    visible = [visible_rows(image, layer, rest) & known for layer, known in zip(layers, told, strict=True)]
    return Instance(image, label_rows(recipe, paths, visible, canvas))


def _clutter(recipe: TrackRecipe) -> Clutter:
    """A stray line is drawn only where two curves of different styles are there to be told from it."""
    styles = [stroke.style for stroke in recipe.strokes]
    if len(set(styles)) == 2 and styles[0] == "solid" and recipe.strokes[0].amplitude > 0.03:
        return recipe.clutter
    return replace(recipe.clutter, stray=-1.0)


def sample_instance(seed: int, rows: int = 256, curves: int = 2, emphasis: float = 0.0) -> Instance:
    """The instance of a seed, with up to ``curves`` classes of curves; for a share of all seeds with what is hard (``emphasised``)."""
    return draw_instance(emphasised(sample_recipe(seed, curves=curves), seed, emphasis), rows)


def blank_canvas(recipe: Scan, rows: int) -> Canvas:
    """White paper under the scan's geometry: its resolution, drift and seam."""
    px_per_column = recipe.width_px / STRIP_WIDTH
    height = max(8, round(rows * px_per_column / recipe.row_stretch))
    half = recipe.drift_px / 2
    knots, shifts = [0.0, float(rows)], [-half, half]
    if recipe.seam_row >= 0.0:
        seam = recipe.seam_row * rows
        at_seam = float(np.interp(seam, knots, shifts))
        knots = [0.0, seam, seam + 1e-3, rows + 1e-2]
        shifts = [-half, at_seam, at_seam + recipe.seam_px, half + recipe.seam_px]
    return Canvas(
        np.zeros((height, recipe.width_px), np.uint8), px_per_column, height / rows, rows, tuple(knots), tuple(shifts)
    )


def to_strip(darkness: ByteArray, rows: int) -> ByteArray:
    """A scanned canvas at strip resolution, averaged where it shrinks as the pipeline does."""
    height, width = darkness.shape
    if width >= STRIP_WIDTH and height >= rows:
        return np.asarray(cv2.resize(darkness, (STRIP_WIDTH, rows), interpolation=cv2.INTER_AREA), np.uint8)
    if height > rows:  # enlarged across, reduced down
        darkness = np.asarray(cv2.resize(darkness, (width, rows), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(darkness, (STRIP_WIDTH, rows), interpolation=cv2.INTER_LINEAR), np.uint8)

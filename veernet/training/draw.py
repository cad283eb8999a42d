"""Draw a recipe: paths of its curves, ink on paper, and the label of every pixel.

The label of a curve at a strip row is where the *centre of its stroke* passes within that row, 1.5 px to either side:
a thin band for a steep stroke, a whole run for a near-horizontal one, reaching to the tip of a peak and no further. What the
network answers is therefore the value at a depth, not the ink, whatever the stroke's width. Pattern gaps of a dashed
stroke belong to it where a straight line bridges them; gaps in which it strays further, and stretches whose ink the
scan has lost, do not: nothing on the paper says where the curve is.

A pixel that several curves' bands claim belongs to the one whose centre is nearer, and to the first of those that are as
near. Classes follow style (``TrackRecipe.classes``): two curves of one style cannot be told apart by a pixel, both are of that
style's class, and it is for the tracer to find two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS, strip_column
from veernet.training.motion import load_bank
from veernet.training.recipe import Clutter, Grid, Stroke, TrackRecipe

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

#: Path samples to a strip row.
OVERSAMPLE = 4
#: Rows of path beyond either end of a strip, so that strokes do not begin at its edge.
_PATH_MARGIN = 12
LABEL_HALF_WIDTH_PX = 1.5
#: How far a curve may stray in a gap of its pattern from the straight line across it and still be known there.
BRIDGED_PX = 4.0
_SUBPIXEL_BITS = 4


@dataclass(frozen=True)
class Canvas:
    """Ink of one strip at scan resolution, and where strip coordinates lie on it.

    Args:
        ink: Darkness, uint8 ``(scan rows, scan columns)``.
        px_per_column: Scan px to a strip column.
        px_per_row: Scan px to a strip row.
        strip_rows: Strip rows that it spans.
        shift_rows: Strip rows of the knots of its sideways shift, increasing.
        shift_columns: The shift at these knots, strip columns, linear between.
    """

    ink: ByteArray
    px_per_column: float
    px_per_row: float
    strip_rows: int
    shift_rows: tuple[float, ...] = (0.0, 1.0)
    shift_columns: tuple[float, ...] = (0.0, 0.0)

    def points(self, columns: FloatArray, rows: FloatArray) -> NDArray[np.int32]:
        """Strip coordinates as fixed-point canvas points for OpenCV, ``(n, 1, 2)``."""
        columns = columns + np.interp(rows, self.shift_rows, self.shift_columns)
        x = (columns + 0.5) * self.px_per_column - 0.5
        y = (rows + 0.5) * self.px_per_row - 0.5
        fixed = np.clip(np.stack([x, y], axis=-1), -1e5, 1e5) * (1 << _SUBPIXEL_BITS)
        return np.rint(fixed).astype(np.int32).reshape(-1, 1, 2)

    def pen(self, width_px: float) -> int:
        """A stroke width in strip px as whole canvas px, at least one."""
        return max(1, round(width_px * self.px_per_column))

    def lines(
        self, paths: list[NDArray[np.int32]], width_px: float, darkness: int, ink: ByteArray | None = None
    ) -> None:
        """Draw open polylines, never lightening what is there."""
        layer = np.zeros_like(self.ink)
        cv2.polylines(layer, paths, False, darkness, self.pen(width_px), cv2.LINE_AA, _SUBPIXEL_BITS)
        target = self.ink if ink is None else ink
        cv2.max(target, layer, dst=target)


def path_rows(strip_rows: int) -> FloatArray:
    """Strip rows at which paths are sampled; sample ``(i + _PATH_MARGIN) * OVERSAMPLE`` is the top edge of row i."""
    samples = (strip_rows + 2 * _PATH_MARGIN) * OVERSAMPLE + 1
    return np.arange(samples) / OVERSAMPLE - _PATH_MARGIN - 0.5


def draw_paths(recipe: TrackRecipe, strip_rows: int) -> list[FloatArray]:
    """Unwrapped track fractions of each curve at :func:`path_rows`; companions keep close to the first, shadow or cross it."""
    rows = path_rows(strip_rows)
    paths = [free_path(stroke, rows, np.random.default_rng(stroke.seed)) for stroke in recipe.strokes]
    for index in range(1, len(paths)):
        if recipe.companion == "close":
            spread = recipe.companion_px / TRACK_COLUMNS
            own = paths[index] - recipe.strokes[index].centre
            paths[index] = paths[0] + own * (spread / max(float(own.std()), 1e-6))
        elif recipe.companion == "shadowing":
            own = paths[index] - np.mean(paths[index])
            distance = _slow_distance(rows.size, np.random.default_rng(recipe.strokes[index].seed))
            distance += 0.2 * own / max(float(own.std()), 1e-6)
            paths[index] = paths[0] + distance * (recipe.companion_px / TRACK_COLUMNS)
        elif recipe.companion == "crossing":
            paths[index] = paths[index] - np.mean(paths[index]) + np.mean(paths[0])
    return paths


def _slow_distance(samples: int, rng: np.random.Generator) -> FloatArray:
    """A walk about an offset, both of unit size, that takes tens of strip rows to change."""
    pace = float(np.exp(rng.uniform(np.log(10.0), np.log(120.0)))) * OVERSAMPLE
    walk = gaussian_filter1d(rng.standard_normal(samples), pace, mode="wrap")
    return np.asarray(walk / max(float(walk.std()), 1e-9) + rng.normal())


def free_path(stroke: Stroke, rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Unwrapped track fractions of one curve by itself, at these strip rows."""
    samples = int((rows[-1] - rows[0]) / stroke.rows_per_sample) + 8
    curve = load_bank()[stroke.motion].draw(samples, rng)
    at = (rows - rows[0]) / stroke.rows_per_sample + 3.0
    path = np.interp(at, np.arange(samples), curve)
    if stroke.smooth:
        path = gaussian_filter1d(path, 0.35 * stroke.rows_per_sample * OVERSAMPLE)
    return stroke.centre + stroke.amplitude * path + _spikes(stroke, rows, rng)


def _spikes(stroke: Stroke, rows: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Sharp excursions: bell-shaped or triangular, two to ten rows to either side."""
    spikes = np.zeros_like(rows)
    for _ in range(stroke.spikes):
        distance = np.abs(rows - rng.uniform(rows[0], rows[-1])) / rng.uniform(2.0, 10.0)
        shape = np.exp(-(distance**2)) if stroke.smooth else np.clip(1.0 - 0.7 * distance, 0.0, None)
        spikes += stroke.spike_reach * rng.uniform(0.5, 1.2) * shape
    return spikes


def drawn_path(stroke: Stroke, path: FloatArray) -> FloatArray:
    """The path that the pen takes: as it is, or kept on the edges by a pen that cannot leave them."""
    return np.clip(path, 0.0, 1.0) if stroke.off_scale == "peg" else path


def draw_stroke(canvas: Canvas, stroke: Stroke, path: FloatArray, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Draw one curve along its path, in its style, wrapped or cut at the track's edges as the stroke says.

    Returns:
        bool, one a sample of the path: whether the ink tells where the curve is. It does where the pen was down, and in
        gaps of the pattern that a straight line bridges to within ``BRIDGED_PX``.
    """
    rows = path_rows(canvas.strip_rows)
    columns = strip_column(drawn_path(stroke, path))
    pieces, told = _pen_down(stroke, columns, rows, rng)
    wraps = range(int(np.floor(path.min())), int(np.ceil(path.max()))) if stroke.off_scale == "wrap" else range(1)
    layer = np.zeros_like(canvas.ink)
    for wrap in wraps:
        _pen(layer, canvas, pieces, -wrap * TRACK_COLUMNS, stroke.thickness_px, stroke.darkness)
        if stroke.double_px:
            shift = stroke.double_px - wrap * TRACK_COLUMNS
            _pen(layer, canvas, pieces, shift, 0.6 * stroke.thickness_px, stroke.darkness)
    if stroke.off_scale != "overshoot":
        shifts = np.interp(np.arange(canvas.ink.shape[0]) / canvas.px_per_row, canvas.shift_rows, canvas.shift_columns)
        for edge, side in ((MARGIN, -1), (MARGIN + TRACK_COLUMNS, 1)):
            x = np.rint((edge + shifts) * canvas.px_per_column + side).astype(np.int64)
            reach = np.arange(canvas.ink.shape[1])[None, :] - x[:, None]
            layer[reach * side > 0] = 0
    cv2.max(canvas.ink, layer, dst=canvas.ink)
    return told


@dataclass(frozen=True)
class _Pieces:
    """Stretches on which the pen is down: their points one after the other, and where each but the first begins."""

    columns: FloatArray
    rows: FloatArray
    begins: NDArray[np.int64]


def _pen(layer: ByteArray, canvas: Canvas, pieces: _Pieces, shift: float, width_px: float, darkness: int) -> None:
    points = np.split(canvas.points(pieces.columns + shift, pieces.rows), pieces.begins)
    cv2.polylines(layer, points, False, darkness, canvas.pen(width_px), cv2.LINE_AA, _SUBPIXEL_BITS)


def _pen_down(
    stroke: Stroke, columns: FloatArray, rows: FloatArray, rng: np.random.Generator
) -> tuple[_Pieces, NDArray[np.bool_]]:
    """The stretches of a path on which the pen is down, and at which samples of the path the ink tells where it is."""
    if not stroke.pattern_px:
        return _Pieces(columns, rows, np.zeros(0, np.int64)), np.ones(rows.size, bool)
    steps = np.abs(np.diff(rows)) if stroke.pattern_by_row else np.hypot(np.diff(columns), np.diff(rows))
    length = np.concatenate(([0.0], np.cumsum(steps)))
    period = sum(stroke.pattern_px)
    bounds = np.cumsum(np.resize(stroke.pattern_px, len(stroke.pattern_px) * (int(length[-1] / period) + 4)))
    bounds = bounds + rng.normal(0.0, 0.04 * stroke.pattern_px[0], bounds.size) - rng.random() * period
    starts, ends = np.clip(bounds[1:-1:2], 0.0, length[-1]), np.clip(bounds[2::2], 0.0, length[-1])
    starts, ends = starts[ends > starts], ends[ends > starts]
    first, last = np.searchsorted(length, starts), np.searchsorted(length, ends)
    at = np.concatenate([np.r_[s, length[i:j], e] for s, i, j, e in zip(starts, first, last, ends, strict=True)])
    pieces = _Pieces(np.interp(at, length, columns), np.interp(at, length, rows), np.cumsum(last - first + 2)[:-1])
    down = np.zeros(rows.size + 1, np.int64)
    np.add.at(down, first, 1)
    np.add.at(down, last, -1)
    tips = np.column_stack([starts, ends]).ravel()
    bridge = np.interp(rows, np.interp(tips, length, rows), np.interp(tips, length, columns))
    return pieces, (np.cumsum(down[:-1]) > 0) | (np.abs(columns - bridge) <= BRIDGED_PX)


def draw_grid(canvas: Canvas, grid: Grid) -> None:
    """Draw the track's grid: depth lines, divisions or decades, edges."""
    reach = np.array([-2.0, canvas.strip_rows + 1.0])
    knots = np.unique(np.concatenate([np.clip(canvas.shift_rows, *reach), reach]))
    minor: list[NDArray[np.int32]] = []
    strong: list[NDArray[np.int32]] = []
    for fraction, is_strong in divisions(grid):
        points = canvas.points(np.full(knots.size, float(strip_column(np.asarray(fraction)))), knots)
        (strong if is_strong else minor).append(points)
    across = strip_column(np.array([0.0, 1.0]))
    for index in range(int(canvas.strip_rows / grid.row_spacing_px) + 2):
        row = (index - 1 + grid.row_phase) * grid.row_spacing_px
        points = canvas.points(across, np.array([row, row + grid.tilt_px]))
        (strong if index % grid.row_strong_every == 0 else minor).append(points)
    if grid.minor_darkness:
        canvas.lines(minor, grid.minor_px, grid.minor_darkness)
    if grid.strong_darkness:
        canvas.lines(strong, grid.strong_px, grid.strong_darkness)


def divisions(grid: Grid) -> list[tuple[float, bool]]:
    """Track fractions of vertical lines from edge to edge, each with whether it is strong."""
    if not grid.decades:
        n = grid.divisions
        return [(i / n, i % n == 0 or i % grid.strong_every == 0) for i in range(n + 1)]
    lines = [
        ((decade + np.log10(digit)) / grid.decades, digit == 1)
        for decade in range(grid.decades)
        for digit in range(1, 10)
    ]
    return [*lines, (1.0, True)]


@lru_cache(maxsize=64)
def _hatch_tile(period: int, falling: bool) -> ByteArray:
    rows, columns = np.mgrid[0:2048, 0:1536]
    across = columns if falling else -columns
    return (((rows * 3 // 2 - across) % period) < max(1, period // 9)).astype(np.uint8)


def draw_hatch(
    canvas: Canvas, stroke: Stroke, paths: list[FloatArray], clutter: Clutter, rng: np.random.Generator
) -> None:
    """Hatch or fill the track from its left edge to the first curve, only where that has wrapped, or between two curves."""
    height, width = canvas.ink.shape
    if height > 2048 or width > 1536:  # whole sheets are not hatched
        return
    rows = (np.arange(height) + 0.5) / canvas.px_per_row - 0.5
    u = np.interp(rows, path_rows(canvas.strip_rows), paths[0])
    begin, end = np.zeros_like(u), np.clip(u, 0.0, 1.0)
    if clutter.hatch == "wrapped":
        end = np.where(np.floor(u) >= 1, u % 1.0, 0.0)
    elif clutter.hatch == "between":
        begin = np.clip(np.interp(rows, path_rows(canvas.strip_rows), paths[-1]), 0.0, 1.0)
        if rng.random() < 0.7:  # shaded on both sides of a crossing, as porosity tracks often are not
            begin, end = np.minimum(begin, end), np.maximum(begin, end)
    edge = (MARGIN + np.interp(rows, canvas.shift_rows, canvas.shift_columns)) * canvas.px_per_column
    left, right = (edge + reach * TRACK_COLUMNS * canvas.px_per_column for reach in (begin, end))
    columns = np.arange(width)[None, :]
    inside = (columns >= left[:, None]) & (columns < right[:, None])
    if clutter.fill_darkness:
        layer = inside * np.uint8(clutter.fill_darkness)
    else:
        period = max(6, int(rng.uniform(10, 22) * canvas.px_per_column))
        layer = (inside & (_hatch_tile(period, rng.random() < 0.7)[:height, :width] > 0)) * np.uint8(stroke.darkness)
    cv2.max(canvas.ink, layer.astype(np.uint8), dst=canvas.ink)


def label_rows(
    recipe: TrackRecipe, paths: list[FloatArray], visible: list[NDArray[np.bool_]], canvas: Canvas
) -> ByteArray:
    """The class of every strip pixel, uint8 ``(rows, 512)``: 0 background, 1 to K the curves.

    Args:
        recipe: What was drawn.
        paths: The path of each curve, unwrapped track fractions at :func:`path_rows`.
        visible: For each curve and strip row, whether the scan still tells where the curve is; elsewhere it has no
            label.
        canvas: Where strip coordinates lie on what was scanned.
    """
    rows = visible[0].size
    shift = np.interp(np.arange(rows), canvas.shift_rows, canvas.shift_columns)
    distances = [
        _row_distance(path, rows, shift, wrap=stroke.off_scale == "wrap")
        for stroke, path in zip(recipe.strokes, paths, strict=True)
    ]
    for distance, seen in zip(distances, visible, strict=True):
        distance[(distance > LABEL_HALF_WIDTH_PX) | ~seen[:, None]] = np.inf
    nearest = np.argmin(distances, axis=0)
    claimed = np.isfinite(np.min(distances, axis=0))
    return np.where(claimed, np.array(recipe.classes, np.uint8)[nearest], 0).astype(np.uint8)


def visible_rows(image: ByteArray, stroke: ByteArray, rest: ByteArray) -> NDArray[np.bool_]:
    """Strip rows about which the scan still shows a stroke's ink.

    Args:
        image: The scanned strip, darkness ``(rows, 512)``.
        stroke: The stroke alone as it was drawn, at the same resolution.
        rest: All other print; ink that both share is no evidence.

    Returns:
        bool ``(rows,)``: within 16 rows, at least 40 % of the ink that was drawn is dark in the scan.
    """
    alone = stroke.astype(np.float32) * (rest < 60)
    dark = image > _ink_level(image)
    drawn = uniform_filter1d(alone.sum(axis=1), 33, mode="nearest")
    seen = uniform_filter1d((alone * dark).sum(axis=1), 33, mode="nearest")
    return np.asarray((seen > 0.4 * drawn) & (drawn > 40.0))


def _ink_level(image: ByteArray) -> float:
    """Darkness above which a scanned strip shows ink: faint ink counts on grey paper if it stands out of its noise."""
    level = max(70.0, 0.4 * float(image.max()))
    paper = float(np.median(image))
    noise = 1.48 * float(np.median(np.abs(image - paper)))
    return min(level, paper + max(4.0 * noise, 30.0)) if noise > 0.0 else level


def told_rows(told: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Strip rows all of whose path samples are told by the ink, of the samples that :func:`draw_stroke` gives."""
    inner = told[_PATH_MARGIN * OVERSAMPLE : -_PATH_MARGIN * OVERSAMPLE - 1]
    return np.asarray(inner.reshape(-1, OVERSAMPLE).all(axis=1))


def _row_distance(path: FloatArray, rows: int, shift: FloatArray, wrap: bool) -> NDArray[np.float32]:
    """Distance in px of every pixel, along its row, from the columns that the path passes within that row."""
    first = _PATH_MARGIN * OVERSAMPLE
    within = path[first : first + rows * OVERSAMPLE].reshape(rows, OVERSAMPLE)
    ends = np.column_stack([within, path[first + OVERSAMPLE : first + rows * OVERSAMPLE + 1 : OVERSAMPLE]])
    low, high = ends.min(axis=1), ends.max(axis=1)
    columns = np.arange(STRIP_WIDTH, dtype=np.float32)[None, :]
    distance = np.full((rows, STRIP_WIDTH), np.inf, np.float32)
    for turn in range(int(np.floor(low.min())), int(np.floor(high.max())) + 1) if wrap else range(1):
        left = (strip_column(low - turn) + shift).astype(np.float32)[:, None]
        right = (strip_column(high - turn) + shift).astype(np.float32)[:, None]
        reach = np.maximum(np.maximum(left - columns, columns - right), 0.0)
        np.minimum(distance, reach, out=distance)
    off_track = (columns < MARGIN - 0.5 + shift[:, None] - 1) | (
        columns > MARGIN + TRACK_COLUMNS - 0.5 + shift[:, None] + 1
    )
    distance[off_track] = np.inf
    return distance

"""The passes of a synthetic paper: grid, curves and printed depths, each where the truth says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.sheets.geometry import TRACK_COLUMNS
from veernet.training.draw import Canvas, draw_hatch, draw_stroke, path_rows
from veernet.training.motion import load_bank
from veernet.training.paper_labels import Register, multiples, print_labels, print_side_numbers
from veernet.training.paper_plan import PaperRecipe, PassPlan, TrackPlan
from veernet.training.paper_rules import rule_across, rule_down
from veernet.training.paper_text import lay
from veernet.training.paper_truth import Points, SectionTruth
from veernet.training.recipe import Clutter

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

_BAND_ROWS = 2048
_FINER = 4
_STANDARD_TRACK_IN = 2.5


@dataclass(frozen=True)
class Moving:
    """How a curve moves down the well: unwrapped track fractions by depth, the same in every pass that logs it."""

    depths: FloatArray
    fractions: FloatArray

    def at(self, depths: FloatArray) -> FloatArray:
        """Fractions at these depths."""
        return np.interp(depths, self.depths, self.fractions)


def move_curves(recipe: PaperRecipe) -> list[list[Moving]]:
    """The curves of each track, over all depths of the paper."""
    main = next(plan for plan in recipe.passes if plan.kind == "main")
    top, base = (
        pick(depth) for pick, depth in ((min, [p.top for p in recipe.passes]), (max, [p.base for p in recipe.passes]))
    )
    units_per_sample = recipe.px_per_inch / 200.0 / recipe.px_per_unit(main.scale)
    moved: list[list[Moving]] = []
    for track in recipe.tracks:
        moved.append([])
        for curve in track.curves:
            stroke = curve.stroke
            step = stroke.rows_per_sample * units_per_sample
            samples = int((base - top) / step) + 12
            drawn = load_bank()[stroke.motion].draw(samples, np.random.default_rng(stroke.seed))
            fine = np.interp(np.arange(samples * _FINER) / _FINER, np.arange(samples), drawn)
            fine = stroke.centre + stroke.amplitude * gaussian_filter1d(fine, 0.35 * _FINER)
            moved[-1].append(Moving(top + (np.arange(fine.size) / _FINER - 6.0) * step, fine))
    return moved


def draw_pass(
    ink: ByteArray,
    recipe: PaperRecipe,
    plan: PassPlan,
    first_row: float,
    moved: list[list[Moving]],
    rng: np.random.Generator,
) -> SectionTruth:
    """Draw one pass with its first depth at a row; returns its truth on the flat print."""
    register = Register(first_row, plan.top, recipe.px_per_unit(plan.scale))
    end_row = register.row(plan.base)
    for track, curves in zip(recipe.tracks, moved, strict=True):
        _draw_grid(ink, recipe, plan, track, register)
        if curves:
            _draw_curves(ink, recipe, plan, track, curves, register, rng)
        if track.numbers:
            print_side_numbers(ink, recipe, plan, track, register, rng)
    if recipe.lines_cross:
        for depth in multiples(plan.heavy, plan.top, plan.base):
            left, right = (inch * recipe.px_per_inch for inch in recipe.column_in)
            rule_across(
                ink,
                register.row(depth),
                left,
                right,
                _line_px(recipe, recipe.grid.minor_px),
                recipe.grid.strong_darkness,
            )
    labels = tuple(print_labels(ink, recipe, plan, register, rng))
    ticks: Points = tuple((register.row(depth), depth) for depth in multiples(plan.label_every, plan.top, plan.base))
    return SectionTruth(
        plan.kind,
        first_row,
        end_row,
        plan.scale,
        register.px_per_unit,
        plan.top,
        plan.base,
        plan.caption,
        ticks,
        labels,
    )


def log_lines(track: TrackPlan) -> list[tuple[float, bool]]:
    """Fractions of the lines of a log grid, whether each is strong."""
    left, right = track.curves[0].truth.left if track.curves else 0.2, 10.0**track.decades
    lead = left / 10.0 ** np.floor(np.log10(left))
    digits = [digit * 10.0**power / lead for power in range(track.decades + 1) for digit in range(1, 10)]
    inside = [value for value in digits if 0.999 < value < 1.001 * right]

    def strong(value: float) -> bool:
        decade = np.log10(value if track.decade_lines == "edge" else value * lead)
        return bool(abs(decade - round(decade)) < 1e-6)

    return [(float(np.log10(value) / track.decades), strong(value)) for value in inside]


def _line_px(recipe: PaperRecipe, strip_px: float) -> float:
    return max(1.0, strip_px * _STANDARD_TRACK_IN * recipe.px_per_inch / TRACK_COLUMNS)


def _draw_grid(ink: ByteArray, recipe: PaperRecipe, plan: PassPlan, track: TrackPlan, register: Register) -> None:
    grid, inch = recipe.grid, recipe.px_per_inch
    left, right = track.left_in * inch, (track.left_in + track.width_in) * inch
    top, bottom = register.row(plan.top), register.row(plan.base)
    thin, thick = _line_px(recipe, grid.minor_px), max(1.3, _line_px(recipe, grid.strong_px))
    crisp = recipe.scan.blur_px < 0.5  # a plot that was never on paper has its lines on whole px

    def place(at: float) -> float:
        return float(round(at)) if crisp else at

    if track.decades:
        lines = log_lines(track)
    else:
        strong_every = track.strong_every if track.divisions % track.strong_every == 0 else track.divisions
        lines = [(i / track.divisions, i % strong_every == 0) for i in range(1, track.divisions)]
    for fraction, strong in lines:
        darkness = grid.strong_darkness if strong else grid.minor_darkness
        rule_down(ink, place(left + fraction * (right - left)), top, bottom, thick if strong else thin, darkness)
    for depth in multiples(plan.minor, plan.top, plan.base):
        heavy = depth % plan.heavy == 0
        strong = heavy or depth % plan.medium == 0
        width = (1.5 * thick if heavy else thick if recipe.seed % 2 else thin) if strong else thin
        rule_across(
            ink, place(register.row(depth)), left, right, width, grid.strong_darkness if strong else grid.minor_darkness
        )
    border, border_px = max(grid.strong_darkness, 220), max(thick, 1.6)
    for column in (left, right):
        rule_down(ink, place(column), top, bottom, border_px, border)
    if recipe.seed % 3:
        for row in (top, bottom):
            rule_across(ink, place(row), left, right, border_px, border)


def _draw_curves(
    ink: ByteArray,
    recipe: PaperRecipe,
    plan: PassPlan,
    track: TrackPlan,
    curves: list[Moving],
    register: Register,
    rng: np.random.Generator,
) -> None:
    """Draw a track's curves a band of rows at a time, so that a long pass takes no more memory than a short one."""
    width_px = track.width_in * recipe.px_per_inch
    px = width_px / TRACK_COLUMNS
    finer = _STANDARD_TRACK_IN / track.width_in  # pens do not grow with the track
    strokes = [
        replace(
            curve.stroke,
            thickness_px=curve.stroke.thickness_px * finer,
            pattern_px=tuple(length * finer for length in curve.stroke.pattern_px),
        )
        for curve in track.curves
    ]
    exact = track.left_in * recipe.px_per_inch - (16.0 * px - 0.5)
    offset = int(np.floor(exact))
    hatch = Clutter(0, 0, 0, 0, 0, 0, 0, track.hatch, 0, 0, -1.0)
    hatch_seed = int(rng.integers(2**31))
    for first, rows in _bands(register.row(plan.top), register.row(plan.base)):
        strip_rows = int(np.ceil(rows / px))
        shift = ((exact - offset) / px,) * 2
        canvas = Canvas(
            np.zeros((int(np.ceil(strip_rows * px)), int(np.ceil(512 * px)) + 1), np.uint8),
            px,
            px,
            strip_rows,
            (0.0, 1.0),
            shift,
        )
        depths = register.depths((path_rows(strip_rows) + 0.5) * px - 0.5 + first)
        paths = [curve.at(depths) for curve in curves]
        if track.hatch != "none":
            draw_hatch(canvas, strokes[0], paths, hatch, np.random.default_rng(hatch_seed))
        for stroke, path in zip(strokes, paths, strict=True):
            draw_stroke(canvas, stroke, path, rng)
        lay(ink, canvas.ink[:rows], offset, first)


def _bands(first: float, last: float) -> Iterator[tuple[int, int]]:
    """First row and rows of each band from one row to another."""
    for row in range(round(first), round(last), _BAND_ROWS):
        yield row, min(_BAND_ROWS, round(last) - row)

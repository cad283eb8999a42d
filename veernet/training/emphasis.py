"""More of what earlier weights were weak at.

A caliper in gauge is a straight line among straight lines, often on one of them; a long dash with a short gap is nearly a solid stroke; two
resistivities are one shape drawn twice, a stroke's width apart for many feet; two porosities are two such strokes of one style; a stamp is print
over everything; on a track half as wide as most, pens and lines are twice as thick; some grids are printed as heavily as the curves. The recipes
have all of these, seldom or never. Some of a run's instances can be made over with one of them, all else as the seed has it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from veernet.training.draw import divisions
from veernet.training.recipe import Stroke, Style, TrackRecipe, dots, log_uniform

#: Keeps these draws apart from those of the recipe of the same seed.
_STREAM = 0x5EED


def emphasised(recipe: TrackRecipe, seed: int, share: float) -> TrackRecipe:
    """The recipe, or, for this share of all seeds, one made over with what is hard."""
    rng = np.random.default_rng((_STREAM, seed))
    if rng.random() >= share:
        return recipe
    cases = _cases(tuple(stroke.style for stroke in recipe.strokes))
    shares = np.array([share for _, share in cases])
    make_over, _ = cases[rng.choice(len(cases), p=shares / shares.sum())]
    return make_over(recipe, rng)


def _cases(styles: tuple[Style, ...]) -> tuple[tuple[_MakeOver, float], ...]:
    """The ways that can make over a track of these styles."""
    if styles == ("solid", "solid"):
        return _OF_ALIKE
    return _OF_PAIRS if len(styles) == 2 and styles[0] == "solid" else _OF_ANY


def _straight(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """One stroke all but ruled, or hardly moving for an inch: anywhere in the track, on a line of the grid, or beside one."""
    chosen = int(rng.integers(len(recipe.strokes)))
    centre = float(rng.uniform(0.04, 0.96))
    lines = [fraction for fraction, _ in divisions(recipe.grid)][1:-1]
    if rng.random() < 0.65 and lines:
        centre = float(rng.choice(lines) + rng.normal(0.0, rng.choice([0.006, 0.025])))
    stroke = _calm if rng.random() < 0.4 else _ruled
    return _with(recipe, chosen, stroke(recipe.strokes[chosen], centre, rng))


def _long_dashed(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """A dashed stroke with long dashes, if there is one; else a straight one."""
    dashed = [index for index, stroke in enumerate(recipe.strokes) if stroke.style == "dashed"]
    if not dashed:
        return _straight(recipe, rng)
    return _with(recipe, dashed[0], _in_long_dashes(recipe.strokes[dashed[0]], rng))


def _without_solid(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Long dashes beside dots: the more continuous of the two styles is the first class, solid or not."""
    first, second = recipe.strokes
    first = replace(_in_long_dashes(first, rng), style="dashed", thickness_px=min(first.thickness_px, 4.0))
    second = replace(second, style="dotted", pattern_px=dots(rng, second.thickness_px))
    recipe = replace(recipe, strokes=(first, second))
    return _shadowing(recipe, rng) if rng.random() < 0.4 else recipe


def _crossed(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """A straight broken stroke where a solid one swings across it every few rows, as at a small vertical scale."""
    solid, broken = recipe.strokes
    pace = float(rng.uniform(1.2, 2.6))
    swing = log_uniform(rng, 0.03, 0.14)
    solid = replace(solid, rows_per_sample=pace, amplitude=swing, centre=float(rng.uniform(0.15, 0.85)))
    centre = float(np.clip(solid.centre + swing * rng.normal(), 0.03, 0.97))
    return replace(recipe, strokes=(solid, _ruled(broken, centre, rng)), companion="alone")


def _shadowing(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Two readings of one thing: a single shape, its second stroke half beneath the first or a few widths off."""
    decades = int(rng.integers(1, 5)) if rng.random() < 0.5 else recipe.grid.decades
    spread = log_uniform(rng, 1.5, 18.0)
    return replace(recipe, companion="shadowing", companion_px=spread, grid=replace(recipe.grid, decades=decades))


def _alike(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Two solid strokes of nearly one pen that keep meeting: only how they run tells which is which."""
    first, second = recipe.strokes
    thickness = first.thickness_px * float(np.exp(rng.normal(0.0, 0.12)))
    second = replace(second, style="solid", pattern_px=(), thickness_px=thickness, darkness=first.darkness)
    recipe = replace(recipe, strokes=(first, second), classes=(1, 1))
    if rng.random() < 0.4:
        return _shadowing(recipe, rng)
    spread = log_uniform(rng, 5.0, 50.0)
    return replace(recipe, companion="close" if rng.random() < 0.6 else "crossing", companion_px=spread)


def _thin_dashed(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Short thin dashes over a dense grid that is as dark as they are."""
    broken = recipe.strokes[-1]
    dash = float(rng.uniform(4.0, 9.0))
    width = float(rng.uniform(1.1, 1.8))
    broken = replace(broken, thickness_px=width, pattern_px=(dash, dash * float(rng.uniform(0.4, 0.9)) + width))
    grid = replace(
        recipe.grid,
        row_spacing_px=float(rng.uniform(8.0, 20.0)),
        minor_px=float(rng.uniform(0.8, 1.6)),
        minor_darkness=int(rng.integers(150, 256)),
        strong_darkness=int(rng.integers(180, 256)),
    )
    return replace(_with(recipe, len(recipe.strokes) - 1, broken), grid=grid)


def _narrow(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """The print of a track that is narrower than most: pens, patterns and lines are the thicker, divisions the fewer."""
    factor = log_uniform(rng, 1.4, 3.0)
    grid = replace(
        recipe.grid,
        divisions=int(rng.choice([2, 4, 5, 10], p=[0.2, 0.3, 0.3, 0.2])),
        row_spacing_px=min(factor * recipe.grid.row_spacing_px, 120.0),
        minor_px=factor * recipe.grid.minor_px,
        strong_px=factor * recipe.grid.strong_px,
    )
    strokes = tuple(_enlarged(stroke, factor) for stroke in recipe.strokes)
    scan = replace(recipe.scan, width_px=max(int(recipe.scan.width_px / factor), 150), row_stretch=1.0)
    return replace(recipe, strokes=strokes, grid=grid, scan=scan)


def _enlarged(stroke: Stroke, factor: float) -> Stroke:
    return replace(
        stroke,
        thickness_px=min(factor * stroke.thickness_px, 12.0),
        pattern_px=tuple(factor * length for length in stroke.pattern_px),
        rows_per_sample=factor * stroke.rows_per_sample,
        double_px=factor * stroke.double_px,
    )


def _heavily_ruled(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """A grid as black as the curves, its lines as thick as their strokes."""
    pen = min(stroke.thickness_px for stroke in recipe.strokes)
    minor = pen * float(rng.uniform(0.6, 1.3))
    grid = replace(
        recipe.grid,
        row_spacing_px=max(recipe.grid.row_spacing_px, 6.0 * minor),
        minor_px=minor,
        strong_px=minor * float(rng.uniform(1.0, 1.8)),
        minor_darkness=int(rng.integers(200, 256)),
        strong_darkness=255,
    )
    return replace(recipe, grid=grid)


def _sparsely_dotted(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Dots with wide gaps between them."""
    dotted = recipe.strokes[-1]
    width = float(rng.uniform(1.2, 4.0))
    pattern = (float(rng.uniform(0.6, 2.0)), log_uniform(rng, 5.0, 16.0) + width)
    return _with(
        recipe, len(recipe.strokes) - 1, replace(dotted, style="dotted", thickness_px=width, pattern_px=pattern)
    )


def _annotated(recipe: TrackRecipe, rng: np.random.Generator) -> TrackRecipe:
    """Captions, handwriting, arrows and stamps over the curves."""
    clutter = replace(
        recipe.clutter,
        texts=int(rng.poisson(2.0)),
        arrows=int(rng.poisson(0.8)),
        scribbles=int(rng.poisson(1.0)),
        stamps=int(rng.integers(0, 3)),
    )
    return replace(recipe, clutter=clutter)


_MakeOver = Callable[[TrackRecipe, np.random.Generator], TrackRecipe]
#: How a recipe is made over, and how often one way is taken against another.
_OF_ANY: tuple[tuple[_MakeOver, float], ...] = (
    (_straight, 0.46),
    (_long_dashed, 0.12),
    (_annotated, 0.16),
    (_narrow, 0.16),
    (_heavily_ruled, 0.10),
)
_OF_ALIKE: tuple[tuple[_MakeOver, float], ...] = (
    (_alike, 0.46),
    (_straight, 0.36),
    (_narrow, 0.10),
    (_annotated, 0.08),
)
_OF_PAIRS: tuple[tuple[_MakeOver, float], ...] = (
    (_straight, 0.24),
    (_without_solid, 0.26),
    (_alike, 0.12),
    (_shadowing, 0.10),
    (_narrow, 0.13),
    (_heavily_ruled, 0.04),
    (_annotated, 0.03),
    (_crossed, 0.03),
    (_sparsely_dotted, 0.02),
    (_long_dashed, 0.02),
    (_thin_dashed, 0.01),
)


def _with(recipe: TrackRecipe, index: int, stroke: Stroke) -> TrackRecipe:
    """The recipe with another stroke in this place, which moves on its own."""
    strokes = (*recipe.strokes[:index], stroke, *recipe.strokes[index + 1 :])
    return replace(recipe, strokes=strokes, companion="alone")


def _ruled(stroke: Stroke, centre: float, rng: np.random.Generator) -> Stroke:
    amplitude = log_uniform(rng, 0.0005, 0.015)
    return replace(stroke, centre=centre, amplitude=amplitude, spikes=int(rng.random() < 0.2))


def _calm(stroke: Stroke, centre: float, rng: np.random.Generator) -> Stroke:
    """A curve that goes astray so slowly that it runs straight down between its bends."""
    pace = log_uniform(rng, 20.0, 90.0)
    amplitude = log_uniform(rng, 0.01, 0.12)
    return replace(stroke, centre=centre, amplitude=amplitude, rows_per_sample=pace, spikes=0)


def _in_long_dashes(stroke: Stroke, rng: np.random.Generator) -> Stroke:
    dash = log_uniform(rng, 12.0, 36.0)
    gap = float(np.clip(dash * rng.uniform(0.12, 0.6), 2.5, 16.0)) + stroke.thickness_px
    return replace(stroke, pattern_px=(dash, gap))

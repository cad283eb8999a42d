"""More of what earlier weights were weak at.

A caliper in gauge is a straight line among straight lines, often on one of them; a long dash with a short gap is nearly a solid stroke. The
recipes have both, seldom. Some of a run's instances can be made over with one or the other, all else as the seed has it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from veernet.training.draw import divisions
from veernet.training.recipe import Stroke, TrackRecipe

#: Keeps these draws apart from those of the recipe of the same seed.
_STREAM = 0x5EED


def emphasised(recipe: TrackRecipe, seed: int, share: float) -> TrackRecipe:
    """The recipe, or, for this share of all seeds, one with a straight curve or long dashes in it."""
    rng = np.random.default_rng((_STREAM, seed))
    if rng.random() >= share:
        return recipe
    chosen = int(rng.integers(len(recipe.strokes)))
    stroke = recipe.strokes[chosen]
    made = (
        _long_dashed(stroke, rng) if stroke.style == "dashed" and rng.random() < 0.5 else _straight(stroke, recipe, rng)
    )
    strokes = (*recipe.strokes[:chosen], made, *recipe.strokes[chosen + 1 :])
    return replace(recipe, strokes=strokes, companion="alone")


def _straight(stroke: Stroke, recipe: TrackRecipe, rng: np.random.Generator) -> Stroke:
    """The stroke all but ruled: anywhere in the track, or near a line of the grid."""
    centre = float(rng.uniform(0.04, 0.96))
    lines = [fraction for fraction, _ in divisions(recipe.grid)][1:-1]
    if rng.random() < 0.35 and lines:
        centre = float(rng.choice(lines) + rng.normal(0.0, 0.006))
    amplitude = float(np.exp(rng.uniform(np.log(0.0005), np.log(0.015))))
    return replace(stroke, centre=centre, amplitude=amplitude, spikes=int(rng.random() < 0.2))


def _long_dashed(stroke: Stroke, rng: np.random.Generator) -> Stroke:
    dash = float(np.exp(rng.uniform(np.log(12.0), np.log(36.0))))
    gap = float(np.clip(dash * rng.uniform(0.12, 0.6), 2.5, 16.0)) + stroke.thickness_px
    return replace(stroke, pattern_px=(dash, gap))

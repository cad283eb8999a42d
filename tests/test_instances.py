"""Synthetic tracks: seeded, labelled by where the curve is, and like the pipeline's strips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet.sheets.geometry import strip_column
from veernet.training.draw import OVERSAMPLE, draw_paths, path_rows
from veernet.training.instance import blank_canvas, draw_instance, sample_instance
from veernet.training.motion import load_bank
from veernet.training.recipe import Clutter, TrackRecipe, sample_recipe

CLEAN = Clutter(0, 0, 0, 0, 0, 0, 0, "none", 0, 0, -1.0)


def clean_recipe(seed: int) -> TrackRecipe:
    """A recipe of two clearly drawn curves that stay on their track."""
    recipe = sample_recipe(seed, difficulty=0.0)
    strokes = tuple(
        replace(
            stroke,
            style=style,
            amplitude=0.05,
            centre=centre,
            darkness=255,
            rows_per_sample=8.0,
            spikes=0,
            off_scale="cut",
        )
        for stroke, style, centre in zip(recipe.strokes * 2, ("solid", "dashed"), (0.3, 0.7), strict=False)
    )
    strokes = (replace(strokes[0], pattern_px=()), replace(strokes[1], pattern_px=(10.0, 5.0)))
    return replace(recipe, strokes=strokes, companion="alone", clutter=CLEAN)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_a_seed_always_gives_the_same_pixels(seed: int) -> None:
    """Instances are not stored: their seeds are."""
    first, again = sample_instance(seed, 128), sample_instance(seed, 128)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.label, again.label)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31))
def test_an_instance_is_a_strip_with_three_classes(seed: int) -> None:
    """Whatever the recipe."""
    image, label = sample_instance(seed, 256)
    assert (image.shape, image.dtype) == ((256, 512), np.uint8)
    assert label.shape == (256, 512)
    assert set(np.unique(label)) <= {0, 1, 2}


@pytest.mark.parametrize("seed", range(5))
def test_labels_lie_where_the_curve_is_at_the_row(seed: int) -> None:
    """The middle of each row's label is the drawn path at that row."""
    recipe = clean_recipe(seed)
    label = draw_instance(recipe, 256).label
    canvas = blank_canvas(recipe.scan, 256)
    shift = np.interp(np.arange(256), canvas.shift_rows, canvas.shift_columns)
    for curve, path in enumerate(draw_paths(recipe, 256), start=1):
        at_row = np.interp(np.arange(256), path_rows(256), strip_column(path)) + shift
        steep = np.abs(np.diff(path, append=path[-1]))[12 * OVERSAMPLE : -12 * OVERSAMPLE - 1 : OVERSAMPLE] < 1e-3
        claimed = (label == curve) & steep[:, None]
        rows = claimed.any(axis=1)
        middle = (claimed * np.arange(512)).sum(axis=1)[rows] / claimed.sum(axis=1)[rows]
        assert rows.sum() > 20
        assert np.abs(middle - at_row[rows]).mean() < 1.0


def test_ink_lies_under_the_labels() -> None:
    """A solid curve of a clean print is dark where it is labelled."""
    image, label = draw_instance(clean_recipe(11), 256)
    assert image[label == 1].mean() > 150
    assert image[label == 1].mean() > 3 * image[label == 0].mean()


def test_a_curve_whose_ink_is_lost_has_no_label() -> None:
    """Nothing teaches the network to guess."""
    recipe = clean_recipe(3)
    invisible = tuple(replace(stroke, darkness=1) for stroke in recipe.strokes)
    recipe = replace(recipe, strokes=invisible, scan=replace(recipe.scan, mode="bilevel", threshold=120.0))
    assert not draw_instance(recipe, 256).label.any()


def test_a_learned_motion_moves_about_zero_with_unit_spread() -> None:
    """So that a recipe alone says where a curve is and how far it swings."""
    rng = np.random.default_rng(5)
    curves = np.array([motion.draw(500, rng) for motion in load_bank()[:50]])
    assert np.isfinite(curves).all()
    assert curves.mean(axis=1) == pytest.approx(0.0, abs=1e-6)
    assert curves.std(axis=1) == pytest.approx(1.0, abs=1e-6)

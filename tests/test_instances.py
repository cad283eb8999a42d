"""Synthetic tracks: seeded, labelled by where the curve is, and like the pipeline's strips."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet.sheets.geometry import TRACK_COLUMNS, strip_column
from veernet.training.draw import OVERSAMPLE, Canvas, draw_paths, draw_stroke, path_rows, told_rows
from veernet.training.emphasis import _narrow, emphasised
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
            double_px=0.0,
            off_scale="cut",
        )
        for stroke, style, centre in zip(recipe.strokes * 2, ("solid", "dashed"), (0.3, 0.7), strict=False)
    )
    strokes = (replace(strokes[0], pattern_px=()), replace(strokes[1], pattern_px=(10.0, 5.0)))
    return replace(recipe, strokes=strokes, classes=(1, 2), companion="alone", clutter=CLEAN)


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 2**31))
def test_a_seed_always_gives_the_same_pixels(seed: int) -> None:
    """Instances are not stored: their seeds are."""
    first, again = sample_instance(seed, 128), sample_instance(seed, 128)
    assert np.array_equal(first.image, again.image)
    assert np.array_equal(first.label, again.label)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 4))
def test_an_instance_is_a_strip_with_one_class_a_curve(seed: int, curves: int) -> None:
    """Whatever the recipe, and however many curves are told apart."""
    image, label = sample_instance(seed, 256, curves)
    assert (image.shape, image.dtype) == ((256, 512), np.uint8)
    assert label.shape == (256, 512)
    assert label.max() <= curves


@pytest.mark.parametrize("curves", [3, 4])
def test_of_more_than_two_curves_each_style_is_its_own_class(curves: int) -> None:
    """A crowded track asks for more classes, and all of them come."""
    recipes = [sample_recipe(seed, curves=curves) for seed in range(60)]
    assert {number for recipe in recipes for number in recipe.classes} == set(range(1, curves + 1))
    by_style = {(s.style, c) for recipe in recipes for s, c in zip(recipe.strokes, recipe.classes, strict=True)}
    assert len(by_style) == curves


def test_two_curves_of_one_style_share_its_class() -> None:
    """No pixel can tell them apart."""
    twins = [r for r in map(sample_recipe, range(60)) if [s.style for s in r.strokes] == ["solid", "solid"]]
    assert twins
    assert {recipe.classes for recipe in twins} == {(1, 1)}


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
    image, label = draw_instance(clean_recipe(9), 256)
    assert image[label == 1].mean() > 150
    assert image[label == 1].mean() > 3 * image[label == 0].mean()


def test_a_curve_whose_ink_is_lost_has_no_label() -> None:
    """Nothing teaches the network to guess."""
    recipe = clean_recipe(3)
    invisible = tuple(replace(stroke, darkness=1) for stroke in recipe.strokes)
    recipe = replace(recipe, strokes=invisible, scan=replace(recipe.scan, mode="bilevel", threshold=120.0))
    assert not draw_instance(recipe, 256).label.any()


def test_a_gap_is_labelled_only_where_a_straight_line_bridges_it() -> None:
    """In a gap of the pattern in which the curve swings out nothing on the paper says where it is."""
    stroke = replace(clean_recipe(1).strokes[1], pattern_px=(12.0, 12.0), pattern_by_row=True)
    canvas = Canvas(np.zeros((256, 512), np.uint8), 1.0, 1.0, 256)
    straight = np.full(path_rows(256).size, 0.5)
    swinging = 0.5 + 0.05 * np.sin(path_rows(256) * np.pi / 6.0)
    told = [told_rows(draw_stroke(canvas, stroke, path, np.random.default_rng(0))) for path in (straight, swinging)]
    assert told[0].all()
    assert 0.4 < told[1].mean() < 0.8


def test_a_track_whose_curves_run_elsewhere_teaches_background() -> None:
    """Real sheets have stretches of grid alone."""
    empty = [recipe for recipe in map(sample_recipe, range(200)) if recipe.strokes[0].centre == 3.0]
    assert empty
    assert not any(draw_instance(recipe, 128).label.any() for recipe in empty)


def test_a_learned_motion_moves_about_zero_with_unit_spread() -> None:
    """So that a recipe alone says where a curve is and how far it swings."""
    rng = np.random.default_rng(5)
    curves = np.array([motion.draw(500, rng) for motion in load_bank()[:50]])
    assert np.isfinite(curves).all()
    assert curves.mean(axis=1) == pytest.approx(0.0, abs=1e-6)
    assert curves.std(axis=1) == pytest.approx(1.0, abs=1e-6)


def test_emphasis_makes_a_share_of_the_instances_over_and_leaves_the_others() -> None:
    """The same seed always the same, with the same number of curves, of the same classes or all of one style's."""
    seeds = range(400)
    recipes = {seed: sample_recipe(seed) for seed in seeds}
    made = {seed: emphasised(recipe, seed, 0.3) for seed, recipe in recipes.items()}
    assert made == {seed: emphasised(recipe, seed, 0.3) for seed, recipe in recipes.items()}
    changed = [seed for seed in seeds if made[seed] is not recipes[seed]]
    assert 80 <= len(changed) <= 160
    assert sum(made[seed] != recipes[seed] for seed in changed) > 75  # a caption more or less is sometimes none
    for seed in changed:
        made_alike = [stroke.style for stroke in made[seed].strokes] == ["solid", "solid"]
        assert made[seed].classes == ((1, 1) if made_alike else recipes[seed].classes)
        assert len(made[seed].strokes) == len(recipes[seed].strokes)
        scan = made[seed].scan
        assert scan.width_px <= recipes[seed].scan.width_px  # a narrower track has fewer px, all else is as it was
        assert (
            replace(scan, width_px=recipes[seed].scan.width_px, row_stretch=recipes[seed].scan.row_stretch)
            == recipes[seed].scan
        )
    assert all(emphasised(recipe, seed, 0.0) is recipe for seed, recipe in recipes.items())


def test_a_narrow_track_is_printed_with_thicker_pens_and_lines() -> None:
    """All that is printed is larger against the track, and the scan has the fewer px of it."""
    recipe = sample_recipe(11)
    made = next(
        made for seed in range(200) if (made := _narrow(recipe, np.random.default_rng(seed))).scan.width_px > 150
    )
    factor = made.grid.minor_px / recipe.grid.minor_px
    assert 1.4 <= factor <= 3.0
    assert made.scan.width_px == int(recipe.scan.width_px / factor)
    for stroke, wider in zip(recipe.strokes, made.strokes, strict=True):
        assert wider.thickness_px == pytest.approx(min(factor * stroke.thickness_px, 12.0))
        assert wider.pattern_px == pytest.approx(tuple(factor * length for length in stroke.pattern_px))


def test_a_curve_that_shadows_another_has_its_shape_at_a_distance_that_changes_slowly() -> None:
    """Two resistivities: what swings the one swings the other, and they part and meet over many feet."""
    recipe = replace(clean_recipe(3), companion="shadowing", companion_px=6.0)
    first, second = draw_paths(recipe, 512)
    apart = (second - first) * TRACK_COLUMNS
    assert 0.5 < apart.std() < 18.0
    assert np.abs(np.diff(apart)).mean() < 0.5 * np.abs(np.diff(first * TRACK_COLUMNS)).mean()


def test_a_stamp_lies_over_the_curves_and_is_nobodys_pixel() -> None:
    """What is labelled is the curve beneath it alone."""
    recipe = clean_recipe(3)
    stamped = replace(recipe, clutter=replace(recipe.clutter, stamps=3))
    plain, over = draw_instance(recipe), draw_instance(stamped)
    assert (over.image > 100).sum() > 1.1 * (plain.image > 100).sum()
    assert (over.label > 0).sum() <= 1.02 * (plain.label > 0).sum()


@pytest.mark.parametrize("seed", range(6))
def test_what_is_hard_is_still_drawn_as_its_labels_say(seed: int) -> None:
    """Every way of making a recipe over gives strokes whose labels lie where most of their ink is dark, gaps of a pattern drawn in."""
    recipe = clean_recipe(seed)
    ways = {emphasised(recipe, number, 1.0) for number in range(12)}
    assert len(ways) == 12
    for way in ways:
        unbroken = replace(way.strokes[0], pattern_px=())
        image, label = draw_instance(replace(way, clutter=CLEAN, strokes=(unbroken, *way.strokes[1:])))
        assert label.any()
        assert np.median(image[label == 1]) > 100

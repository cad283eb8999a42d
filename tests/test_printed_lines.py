"""Printed lines: what they say of a sheet's shape is followed, and nothing is moved without them."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.sheets.blocks import Blocks
from veernet.sheets.geometry import STRIP_WIDTH, DepthRegister, Edge, StripGeometry, sheet_geometries
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.printed import Profiler, Refined, refine
from veernet.sheets.raster import Band
from veernet.sheets.strips import cut_strips
from veernet.training.layout import SheetRecipe, lay_out
from veernet.training.sheet import draw_sheet
from veernet.training.sheet import warp_of as warp_of_sheet

FLAT = SheetRecipe(5, top_depth=1000.0, base_depth=1400.0, dpi=200, difficulty=0.2)
WARPED = {
    "skewed": replace(FLAT, skew_degrees=0.5),
    "wandering": replace(FLAT, wander_px=5.0),
    "stretched": replace(FLAT, stretch_px=5.0),
    "all of it": replace(FLAT, skew_degrees=-0.4, wander_px=4.0, stretch_px=-2.5),
}


@cache
def scanned(recipe: SheetRecipe) -> tuple[NDArray[np.uint8], SheetManifest]:
    """A sheet as it was scanned, and the manifest that a person made of it."""
    sheet = draw_sheet(recipe)
    return sheet.darkness, sheet.manifest


def refined(darkness: NDArray[np.uint8], manifest: SheetManifest) -> tuple[list[StripGeometry], Refined]:
    """Where the manifest puts the strips, and where their printed lines do."""
    height, width = darkness.shape
    geometries = sheet_geometries(manifest, width, height, "sheet")
    profilers = [Profiler() for _ in geometries]
    for track, _, piece in cut_strips([Band(0, darkness)], geometries):
        profilers[track].add(piece)
    names = [track.name for track in manifest.tracks]
    return geometries, refine(geometries, [p.profiles() for p in profilers], DepthRegister.of(manifest.depth), names)


def errors(recipe: SheetRecipe, geometry: StripGeometry, track: int, shape: tuple[int, ...]) -> tuple[float, float]:
    """How far off a strip lies: the mean error of its depths in px of rows, and of its positions in track widths."""
    warp, flat = warp_of_sheet(recipe, (shape[0], shape[1])), lay_out(recipe)
    manifest = scanned(recipe)[1]
    left, right = Edge.of(flat.tracks[track].left), Edge.of(flat.tracks[track].right)
    rows = np.linspace(64, geometry.rows - 65, 100)[:, None]
    fractions = np.array([0.1, 0.5, 0.9])[None, :]
    by_ticks = geometry.source_row(rows)
    printed = geometry.printed_row(by_ticks, fractions)
    x, y = warp.to_print(geometry.column_px(printed, fractions), printed)
    depth = DepthRegister.of(manifest.depth).depth_at(by_ticks)
    off_rows = y - DepthRegister.of(flat.depth).row_at(depth)
    off_columns = (x - left.column_px(y)) / (right.column_px(y) - left.column_px(y)) - fractions
    return float(np.abs(off_rows).mean()), float(np.abs(off_columns).mean())


@pytest.mark.parametrize("name", WARPED)
def test_strips_of_warped_paper_are_moved_to_its_printed_lines(name: str) -> None:
    """The manifest knows every second tick and the edges at two rows alone; the lines know the rest."""
    recipe = WARPED[name]
    darkness, manifest = scanned(recipe)
    before, after = refined(darkness, manifest)
    assert after.moved
    for track, (was, now) in enumerate(zip(before, after.geometries, strict=True)):
        rows_before, columns_before = errors(recipe, was, track, darkness.shape)
        rows_after, columns_after = errors(recipe, now, track, darkness.shape)
        assert max(rows_before, 200 * columns_before) > 0.5, "the paper is warped"
        assert rows_after < 0.5
        assert columns_after < 0.0025


@pytest.mark.parametrize(
    "recipe",
    [
        FLAT,
        *(
            replace(FLAT, seed=seed, dpi=150, inches_per_100ft=2.0, base_depth=1200.0, difficulty=0.4)
            for seed in range(8)
        ),
    ],
    ids=lambda recipe: f"seed {recipe.seed} at {recipe.dpi} dpi",
)
def test_flat_paper_is_left_where_it_is(recipe: SheetRecipe) -> None:
    """To the last bit; on small sheets too, on which dirt and curves are likely to look like lines that moved."""
    darkness, manifest = scanned(recipe)
    before, after = refined(darkness, manifest)
    assert list(after.geometries) == before
    assert (after.moved, after.doubts) == ((), ())


def test_a_sheet_without_printed_lines_is_left_where_it_is() -> None:
    """Blank paper, or dirt alone, is no evidence; and the reader is told that depths and edges are unchecked."""
    darkness, manifest = scanned(WARPED["all of it"])
    dirt = (np.random.default_rng(0).random(darkness.shape) < 0.02).astype(np.uint8) * np.uint8(255)
    for empty in (np.zeros_like(darkness), dirt):
        before, after = refined(empty, manifest)
        assert list(after.geometries) == before
        across, down = after.doubts
        assert "across the tracks" in across
        assert "down the tracks" in down


def test_curves_alone_are_no_printed_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a scan kept nothing of the grid, their turns lie on lines across, and their flanks on lines down, by chance."""
    monkeypatch.setattr("veernet.training.sheet.draw_grid", lambda *_: None)
    small = replace(WARPED["all of it"], dpi=150, inches_per_100ft=2.0, base_depth=1200.0, difficulty=0.4)
    for seed in (9, 10, 12, 16, 24, 44, 50):
        sheet = draw_sheet(replace(small, seed=seed, skew_degrees=0.3, wander_px=3.0, stretch_px=2.0))
        before, after = refined(sheet.darkness, sheet.manifest)
        assert list(after.geometries) == before


def dirt_and_curves(shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Specks and four swaying strokes: what there is besides lines."""
    paper = (rng.random(shape) < 0.003).astype(np.uint8) * np.uint8(255)
    rows = np.arange(len(paper))
    for middle in (0.2, 0.35, 0.7, 0.85):
        at = np.rint(shape[1] * (middle + 0.05 * np.sin(rows / 37.0 + 9.0 * middle))).astype(int)
        paper[rows, at] = paper[rows, at + 1] = 255
    return paper


def test_a_few_broken_lines_at_the_ticks_tell_of_skew() -> None:
    """A threshold leaves nothing else of many a fine grid; over all rows, dirt would outweigh them."""
    darkness, manifest = scanned(FLAT)
    rng, slope = np.random.default_rng(0), 0.006
    paper = dirt_and_curves(darkness.shape, rng)
    columns = np.arange(darkness.shape[1])
    for row, _ in manifest.depth.ticks:
        inked = columns[rng.random(columns.size) < 0.3]
        paper[np.rint(row + slope * (inked - columns.size / 2)).astype(int), inked] = 255
    before, after = refined(paper, manifest)
    for was, now in zip(before, after.geometries, strict=True):
        rows_px = was.source_row(np.linspace(64, was.rows - 65, 50))
        fall = (now.printed_row(rows_px, 1.0) - now.printed_row(rows_px, 0.0)) / was.widest_px()
        assert np.abs(fall - slope).max() * was.widest_px() < 1.0


def bulge_px(depth: float) -> float:
    """How far below its place by the ticks a line is printed on paper that bulges between them."""
    return 3.0 * float(np.sin(np.pi * depth / 100.0))


def test_few_and_faint_lines_tell_how_paper_has_stretched_between_ticks() -> None:
    """A grid that is all but lost: dots of its lines every 50 ft, and ticks every 100 ft."""
    darkness, manifest = scanned(replace(FLAT, base_depth=1200.0))
    rng = np.random.default_rng(0)
    paper = dirt_and_curves(darkness.shape, rng)
    document = manifest.model_dump(mode="json", exclude_none=True)
    document["depth"]["ticks"] = [tick for tick in document["depth"]["ticks"] if tick[1] % 100 == 0]
    sparse = SheetManifest.model_validate(document)
    register = DepthRegister.of(sparse.depth)
    columns = np.arange(darkness.shape[1])
    for depth in range(1000, 1201, 50):
        row = round(float(register.row_at(np.float64(depth))) + bulge_px(depth))
        paper[row, columns[rng.random(columns.size) < 0.15]] = 255
    _, after = refined(paper, sparse)
    between_px = register.row_at(np.array([1050.0, 1150.0]))
    for geometry in after.geometries:
        moved_px = geometry.printed_row(between_px, 0.5) - between_px
        assert moved_px == pytest.approx([bulge_px(1050.0), bulge_px(1150.0)], abs=0.8)
    assert not any("across" in doubt for doubt in after.doubts)


def test_a_heavy_line_says_no_more_than_a_thin_one() -> None:
    """Else a grid's few heavy lines are most of what there is to see, and the thin ones between them count for noise."""
    _, manifest = scanned(FLAT)
    geometry = sheet_geometries(manifest, 1251, 4500, "sheet")[0]
    strip = np.zeros((geometry.rows, STRIP_WIDTH), np.uint8)
    heavy, thin = np.arange(100, geometry.rows - 100, 200), np.arange(200, geometry.rows - 100, 200)
    for row in heavy:
        strip[row - 2 : row + 3] = 255
    strip[thin, ::3] = 255
    profiler = Profiler()
    profiler.add(strip)
    blocks = Blocks.of([geometry], [profiler.profiles()])
    strength = blocks.strength(np.zeros(len(blocks.thin)), float(np.mean(blocks.columns_px)), None)
    assert np.median(strength[thin]) > 0.4 * np.median(strength[heavy])


def test_a_tick_beside_its_printed_line_is_reported_by_row() -> None:
    """A slip of the hand in one tick: the lines around it are followed, and the tick is named."""
    darkness, manifest = scanned(replace(FLAT, seed=6))
    document = manifest.model_dump(mode="json", exclude_none=True)
    document["depth"]["ticks"][3][0] += 4.0
    wrong = SheetManifest.model_validate(document)
    row = document["depth"]["ticks"][3][0]
    _, after = refined(darkness, wrong)
    assert len(after.doubts) == 1
    assert f"tick at row {row:g}" in after.doubts[0]
    said_px = float(re.findall(r"printed line is (\S+) px", after.doubts[0])[0])
    assert said_px == pytest.approx(-4.0, abs=0.75)


def test_ticks_taken_less_than_a_px_beside_their_lines_are_put_right() -> None:
    """A strong line is as wide as such a slip: where it has its middle is what counts."""
    darkness, manifest = scanned(FLAT)
    paper = np.zeros_like(darkness)
    ticks = manifest.model_dump(mode="json", exclude_none=True)["depth"]["ticks"]
    printed_px = np.rint([row for row, _ in ticks])
    for row in np.unique(np.rint(np.append(printed_px, 0.5 * (printed_px[1:] + printed_px[:-1]))).astype(int)):
        paper[row - 1 : row + 2] = 255
    slips_px = np.random.default_rng(2).uniform(-0.9, 0.9, printed_px.size)
    taken = [(row + slip, depth) for row, slip, (_, depth) in zip(printed_px, slips_px, ticks, strict=True)]
    wrong = manifest.model_copy(update={"depth": manifest.depth.model_copy(update={"ticks": tuple(taken)})})
    _, after = refined(paper, wrong)
    inner = slice(1, -1)
    for geometry in after.geometries:
        moved_px = geometry.printed_row(printed_px + slips_px, 0.5) - (printed_px + slips_px)
        assert np.abs(moved_px + slips_px)[inner].max() < 0.3


def test_a_track_whose_lines_are_lost_goes_with_the_others() -> None:
    """It is the paper that moves, not a track."""
    recipe = WARPED["all of it"]
    darkness, manifest = scanned(recipe)
    lost = darkness.copy()
    lost[:, : int(0.25 * 200 + 2.5 * 200 + 60)] = 0  # the first track and what is left of it
    before, after = refined(lost, manifest)
    rows_before, columns_before = errors(recipe, before[0], 0, darkness.shape)
    rows_after, columns_after = errors(recipe, after.geometries[0], 0, darkness.shape)
    assert rows_before > 1.0
    assert rows_after < 0.5
    assert columns_after < min(0.0025, columns_before)

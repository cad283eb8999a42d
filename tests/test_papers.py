"""Synthetic papers: what is drawn lies where the truth says, and drafts are scored against it field by field."""

from __future__ import annotations

import csv
import json
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from veernet.errors import ScanError
from veernet.register.draft import Curve, Depth, Draft, Found, Section, Tick, Track
from veernet.sheets.raster import open_scan
from veernet.study.registering import FIELDS, DraftScore, score_draft
from veernet.study.registering_table import Registered, markdown, study_registering, write_csv
from veernet.training.paper import DrawnPaper, draw_paper, write_paper
from veernet.training.paper_body import log_lines
from veernet.training.paper_plan import PaperRecipe, TrackPlan
from veernet.training.paper_recipe import sample_paper
from veernet.training.paper_text import TYPE_FACES, letters, put
from veernet.training.paper_truth import PaperTruth, SectionTruth

SEEDS = range(60)


def seed_of(wanted: Callable[[PaperRecipe], bool]) -> int:
    """The first seed whose recipe is so."""
    return next(seed for seed in SEEDS if wanted(sample_paper(seed)))


def repeats(recipe: PaperRecipe) -> bool:
    """Whether there is a repeat section below the main pass."""
    return [plan.kind for plan in recipe.passes] == ["main", "repeat"]


def clean(seed: int, **changes: Any) -> DrawnPaper:
    """A small paper that is neither dirty nor noisy."""
    recipe = sample_paper(seed, 0.0, 3_000)
    scan = replace(recipe.scan, shade_darkness=0.0, blur_px=0.0, salt=0.0)
    flat = {"skew_degrees": 0.0, "wander_in": 0.0, "stretch_in": 0.0, "dirt": 0.0, "scan": scan}
    return draw_paper(replace(recipe, **{**flat, **changes}))


@pytest.fixture(scope="module")
def bent() -> DrawnPaper:
    """A paper with a repeat section that is skewed, swings and is stretched."""
    seed = seed_of(
        lambda r: repeats(r) and r.dpi == 200 and r.tracks[0].left_in < r.column_in[0] and bool(r.tracks[0].curves)
    )
    return clean(
        seed,
        skew_degrees=0.4,
        wander_in=0.03,
        stretch_in=0.02,
        grid=replace(sample_paper(seed).grid, strong_darkness=255),
    )


def drafted(truth: PaperTruth, **changes: Any) -> Draft:
    """The draft that a faultless reader makes of a paper, sure of everything; then changed."""

    def sure(value: Any) -> Found[Any]:
        return Found(value=value, confidence=1.0)

    main = next(section for section in truth.sections if section.kind == "main")
    tracks = [
        Track(
            name=f"track-{index}",
            left=track.left,
            right=track.right,
            edges_confidence=1.0,
            scale=sure(track.scale),
            curves=tuple(
                Curve(
                    mnemonic=sure(curve.mnemonics[0]),
                    unit=sure(curve.units[0]),
                    style=sure(curve.style),
                    left=sure(curve.left),
                    right=sure(curve.right),
                    wrap=sure(curve.wrap),
                )
                for curve in track.curves
            ),
            curve_count=sure(len(track.curves)),
        )
        for index, track in enumerate(truth.tracks, start=1)
    ]
    draft = Draft(
        source="paper.tif",
        width_px=truth.width_px,
        rows=truth.rows,
        sections=tuple(section_of(section) for section in truth.sections),
        main=truth.sections.index(main),
        depth=Depth(
            confidence=1.0,
            unit=sure(truth.unit),
            ticks=tuple(Tick(row_px=row, depth=depth, confidence=1.0) for row, depth in main.ticks),
            top=sure(main.top),
            base=sure(main.base),
        ),
        tracks=tuple(tracks),
        well={key: sure(value) for key, value in truth.well.items()},
    )
    return draft.model_copy(update=changes)


def section_of(truth: SectionTruth) -> Section:
    """A section as it was drawn."""
    return Section(kind=truth.kind, first_row=truth.first_row, end_row=truth.end_row, confidence=1.0)


def wrong_fields(score: DraftScore) -> set[str]:
    """Names of the fields that are wrong, not of those that were not found."""
    return {verdict.field for verdict in score.verdicts if verdict.right is False}


def test_the_same_recipe_draws_the_same_paper() -> None:
    """Seeds are stored, not pixels."""
    recipe = sample_paper(seed_of(lambda r: r.dpi <= 150), 0.4, 3_000)
    first, again = draw_paper(recipe), draw_paper(recipe)
    assert np.array_equal(first.darkness, again.darkness)
    assert first.truth == again.truth


def test_every_paper_tells_its_depths_and_nothing_overlaps() -> None:
    """Of many seeds: six labels or more in the main pass, sections in order, a repeat that logs what the main pass logged."""
    for seed in SEEDS:
        recipe = sample_paper(seed)
        main = next(plan for plan in recipe.passes if plan.kind == "main")
        assert (main.base - main.top) / main.label_every >= 6
        assert all(main.top <= plan.top < plan.base <= main.base for plan in recipe.passes)
        assert recipe.column_in[1] <= recipe.width_in
        edges = sorted([(t.left_in, t.left_in + t.width_in) for t in recipe.tracks] + [recipe.column_in])
        assert all(one[1] <= other[0] + 1e-9 for one, other in pairwise(edges))


def test_seeds_show_what_archives_hold() -> None:
    """Both units, all scales and kinds of scan, depth columns left, between and right, turned numbers, repeats and second scales."""
    recipes = [sample_paper(seed) for seed in SEEDS]
    assert {recipe.unit for recipe in recipes} == {"ft", "m"}
    assert {plan.scale for recipe in recipes for plan in recipe.passes} == {200, 240, 500, 600, 1200}
    assert {recipe.kind for recipe in recipes} == {"bilevel", "grey", "palette"}
    assert {plan.kind for recipe in recipes for plan in recipe.passes} == {"main", "other", "repeat"}
    assert {recipe.labels.turned for recipe in recipes} == {0, 90, 270}
    assert {len(recipe.tracks) for recipe in recipes} == {1, 2, 3, 4}
    assert {sum(track.left_in < recipe.column_in[0] for track in recipe.tracks) for recipe in recipes} >= {0, 1, 2}
    assert {len(track.curves) for recipe in recipes for track in recipe.tracks} >= {1, 2, 3}
    assert any(track.decades for recipe in recipes for track in recipe.tracks)


def test_printed_depths_lie_in_their_boxes(bent: DrawnPaper) -> None:
    """Every legible number of a warped scan has ink in its box; the column beside it has none."""
    labels = [label for section in bent.truth.passes for label in section.labels if label.legible]
    assert len(labels) > 6
    for label in labels:
        left, top, right, bottom = (round(side) for side in label.box)
        assert (bent.darkness[top:bottom, left:right] > 128).mean() > 0.1
        assert abs(0.5 * (top + bottom) - label.row_px) < 3 or bent.recipe.labels.above


def test_depth_lines_lie_on_the_ticks(bent: DrawnPaper) -> None:
    """At each tick a line runs into the depth column's side, within a px of its row there."""
    truth = bent.truth
    track = truth.tracks[0]
    offsets = []
    for section in truth.passes:
        for row, _ in section.ticks[1:-1]:
            edge = round(np.interp(row, [r for r, _ in track.right], [c for _, c in track.right]))
            there = row - truth.skew * (0.5 * sum(truth.depth_column) - edge + 22)
            near = bent.darkness[round(there) - 5 : round(there) + 6, edge - 40 : edge - 4].mean(axis=1)
            offsets.append(float(np.argmax(near)) - 5 + round(there) - there)
    assert np.median(np.abs(offsets)) < 1.0


def test_edges_lie_on_lines_down(bent: DrawnPaper) -> None:
    """Along each edge of each track, in every pass, nearly every row has ink within a px."""
    for section in bent.truth.passes:
        rows = np.arange(int(section.first_row) + 20, int(section.end_row) - 20)
        for track in bent.truth.tracks:
            for edge in (track.left, track.right):
                columns = np.rint(np.interp(rows, [r for r, _ in edge], [c for _, c in edge])).astype(int)
                inside = (columns >= 1) & (columns < bent.darkness.shape[1] - 1)
                near = np.max([bent.darkness[rows[inside], columns[inside] + shift] for shift in (-1, 0, 1)], axis=0)
                assert (near > 128).mean() > 0.9 if near.size else True


def test_a_crooked_paper_lies_whole_on_its_scan() -> None:
    """Tracks and numbers of papers that lean and swing: no side of the scan cuts them off."""
    crooked = [seed for seed in SEEDS if sample_paper(seed).dpi <= 150 and sample_paper(seed).skew_degrees][:4]
    for seed in crooked:
        truth = draw_paper(sample_paper(seed, 0.3, 2_000)).truth
        columns = [column for track in truth.tracks for edge in (track.left, track.right) for _, column in edge]
        columns += [column for section in truth.passes for label in section.labels for column in label.box[::2]]
        assert 0 <= min(columns) < max(columns) <= truth.width_px


def test_a_repeat_shows_again_what_the_main_pass_showed() -> None:
    """The same curves at the same depths: it is told apart by where it stands and where its depths start over."""
    seed = seed_of(lambda r: repeats(r) and r.dpi <= 200 and any(track.curves for track in r.tracks))
    recipe = sample_paper(seed, 0.0, 3_000)
    quiet = replace(recipe.grid, minor_darkness=0, strong_darkness=0)
    paper = clean(seed, grid=quiet, kind="bilevel", labels=replace(recipe.labels, missing=0.0))
    main, repeat = (next(s for s in paper.truth.passes if s.kind == kind) for kind in ("main", "repeat"))
    track = next(t for t, plan in zip(paper.truth.tracks, recipe.tracks, strict=True) if plan.curves)
    left, right = round(track.left[0][1]) + 5, round(track.right[0][1]) - 5
    assert None not in (repeat.top, main.top, main.px_per_unit)
    start = round(main.first_row + (repeat.top - main.top) * main.px_per_unit)
    rows = round(repeat.end_row - repeat.first_row) - 20
    one = paper.darkness[start + 10 : start + rows, left:right] > 128
    other = paper.darkness[round(repeat.first_row) + 10 : round(repeat.first_row) + rows, left:right] > 128
    assert (one & other).sum() > 0.3 * one.sum() > 0


def test_log_grids_are_strong_at_their_decades() -> None:
    """From 0.2 to 2000 in four decades, counted from the edge or from powers of ten."""
    track = next(track for seed in SEEDS for track in sample_paper(seed).tracks if track.decades == 4)

    def strong(plan: TrackPlan) -> list[float]:
        return [round(fraction, 3) for fraction, is_strong in log_lines(plan) if is_strong]

    assert strong(replace(track, decade_lines="edge")) == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert strong(replace(track, decade_lines="power")) == [0.175, 0.425, 0.675, 0.925]


@pytest.mark.parametrize("kind", ["bilevel", "grey", "palette"])
def test_a_paper_is_written_as_scanning_services_deliver_it(kind: str, tmp_path: Path) -> None:
    """Read back by the pipeline's reader it is the same darkness, at its resolution; the truth lies beside it."""
    paper = clean(seed_of(lambda r: r.kind == kind and r.tagged and r.dpi <= 200))
    paths = write_paper(paper, tmp_path, "drawn")
    with open_scan(paths["scan"], "drawn") as scan:
        assert scan.dpi == paper.recipe.dpi
        read = np.concatenate([band.darkness for band in scan.bands()])
    assert np.abs(read.astype(int) - paper.darkness).max() <= (0 if kind != "palette" else 1)
    assert json.loads(paths["truth"].read_text())["well"] == paper.truth.well


def test_a_longer_paper_takes_more_memory_by_its_pixels_alone() -> None:
    """Three bytes a pixel; what its bands of rows need does not grow."""
    seed = seed_of(lambda r: r.dpi == 100 and bool(r.skew_degrees))
    pixels, peaks_bytes = [], []
    for most_rows in (6_000, 40_000):
        tracemalloc.start()
        try:
            pixels.append(draw_paper(sample_paper(seed, 0.3, most_rows)).darkness.size)
            peaks_bytes.append(tracemalloc.get_traced_memory()[1])
        finally:
            tracemalloc.stop()
    assert pixels[1] > 2 * pixels[0]
    assert (peaks_bytes[1] - peaks_bytes[0]) / (pixels[1] - pixels[0]) < 3.5


@pytest.mark.parametrize("face", TYPE_FACES)
def test_every_face_prints_digits_of_the_height_asked_for(face: str) -> None:
    """At sizes of low and high resolutions."""
    assert [abs(letters("12680", face, height).shape[0] - height) <= 0.16 * height + 1.5 for height in (8, 14, 30)] == [
        True
    ] * 3


def test_turned_print_is_the_same_print_turned() -> None:
    """Quarter turns, about the same middle."""
    upright, turned = np.zeros((80, 80), np.uint8), np.zeros((80, 80), np.uint8)
    box = put(upright, "4100", 40, 40, "Helvetica", 14, align="centre")
    put(turned, "4100", 40, 40, "Helvetica", 14, align="centre", turns=3)
    assert box[2] - box[0] > box[3] - box[1]
    assert abs(int(upright.sum()) - int(turned.sum())) == 0


def test_a_faultless_draft_goes_through_and_is_right(bent: DrawnPaper) -> None:
    """Every field that counts."""
    truth = _two_curves_at_most(bent.truth)
    score = score_draft(drafted(truth), truth)
    assert [(verdict.field, verdict.right) for verdict in score.verdicts] == [(field, True) for field in FIELDS]
    assert (score.through, score.wrong, score.depth_px < 0.5, score.edge_px < 0.5) == (True, (), True, True)


def test_each_fault_of_a_draft_is_told_by_its_field(bent: DrawnPaper) -> None:
    """And by no other; one that the draft is sure of misleads."""
    truth = _two_curves_at_most(bent.truth)
    good = drafted(truth)
    repeat = next(index for index, section in enumerate(truth.sections) if section.kind == "repeat")
    moved = [
        tick.model_copy(update={"row_px": tick.row_px + 3.0 * (index == 2)})
        for index, tick in enumerate(good.depth.ticks)
    ]
    beyond = Found(value=(good.depth.base.value or 0.0) + 500.0, confidence=1.0)
    wide = [
        track.model_copy(update={"right": tuple((row, column + 3.0) for row, column in track.right)})
        for track in good.tracks
    ]
    named = next(index for index, track in enumerate(good.tracks) if track.curves)

    def with_curve(**found: object) -> tuple[Track, ...]:
        curve = good.tracks[named].curves[0]
        changed = curve.model_copy(update={key: Found(value=value, confidence=1.0) for key, value in found.items()})
        track = good.tracks[named].model_copy(update={"curves": (changed, *good.tracks[named].curves[1:])})
        return (*good.tracks[:named], track, *good.tracks[named + 1 :])

    curve = good.tracks[named].curves[0]
    faults: dict[str, dict[str, Any]] = {
        "depths": {"depth": good.depth.model_copy(update={"ticks": tuple(moved)})},
        "repeat left out": {"depth": good.depth.model_copy(update={"base": beyond})},
        "unit": {
            "depth": good.depth.model_copy(
                update={"unit": Found(value="m" if truth.unit == "ft" else "ft", confidence=1.0)}
            )
        },
        "edges": {"tracks": tuple(wide)},
        "grid": {
            "tracks": tuple(
                t.model_copy(
                    update={"scale": Found(value="log" if t.scale.value == "linear" else "linear", confidence=1.0)}
                )
                for t in good.tracks
            )
        },
        "names": {"tracks": with_curve(mnemonic="XYZ")},
        "scales": {"tracks": with_curve(right=(curve.right.value or 0.0) + 50.0)},
        "styles": {"tracks": with_curve(style="dotted")},
        "wraps": {"tracks": with_curve(wrap=not curve.wrap.value)},
        "well": {"well": {**good.well, "name": Found(value="ANOTHER", confidence=1.0)}},
    }
    for field, changes in faults.items():
        score = score_draft(drafted(truth, **changes), truth)
        assert (field, wrong_fields(score)) == (field, {field})
        assert next(verdict for verdict in score.verdicts if verdict.field == field).misleads
    assert "main pass" in wrong_fields(score_draft(drafted(truth, main=repeat), truth))


def test_ticks_may_be_taken_at_the_middle_of_the_sheet(bent: DrawnPaper) -> None:
    """Of a skewed paper that is some px from their rows in the depth column, for all of them alike."""
    truth = _two_curves_at_most(bent.truth)
    depth = drafted(truth).depth
    fall_px = truth.skew * (0.5 * truth.width_px - 0.5 * sum(truth.depth_column))
    assert abs(fall_px) > 2.5
    for share, right in ((1.0, True), (0.5, abs(fall_px) < 4.0), (-1.0, False)):
        moved = tuple(tick.model_copy(update={"row_px": tick.row_px + share * fall_px}) for tick in depth.ticks)
        score = score_draft(drafted(truth, depth=depth.model_copy(update={"ticks": moved})), truth)
        assert (share, right) == (share, "depths" not in wrong_fields(score))


def test_what_was_not_found_is_not_wrong(bent: DrawnPaper) -> None:
    """A draft that found nothing needs a person, and misleads nobody."""
    score = score_draft(Draft(source="paper.tif", width_px=10, rows=10), bent.truth)
    assert (score.through, wrong_fields(score), score.wrong) == (False, set(), ())


def test_the_study_tells_what_went_through_and_what_failed(tmp_path: Path) -> None:
    """One table, one row a paper, drafts kept, scans not."""
    console, drawn = Console(quiet=True), []
    first = next(seed for seed in SEEDS if all(sample_paper(s).dpi <= 200 for s in (seed, seed + 1)))

    def register(scan: Path) -> Draft:
        drawn.append(scan.stem)
        if len(drawn) == 2:
            raise ScanError(scan.name, "no depths", "register it by hand")
        return drafted(draw_paper(sample_paper(first, 0.0, 2_000)).truth)

    done = study_registering(register, 2, tmp_path, console, first, difficulty=0.0, most_rows=2_000)
    assert [one.score is None for one in done] == [False, True]
    table = markdown(done)
    assert table.startswith(f"2 papers, seeds {first} to {first + 1}:")
    assert "| depths | 1 | 0 | 1 | 1 | 0 |" in table
    write_csv(done, tmp_path / "papers.csv")
    with (tmp_path / "papers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["depths"] for row in rows] == ["right+", ""]
    assert "no depths" in rows[1]["failure"]
    kept = [f"{drawn[0]}.draft.json", f"{drawn[0]}.truth.json", f"{drawn[1]}.truth.json"]
    assert sorted(kept) == sorted(path.name for path in tmp_path.glob("paper-*"))


def test_the_study_counts_papers_that_have_nothing_to_digitise() -> None:
    """All of their tracks have three curves: no reading of any of them could let such a paper through."""
    recipes = [sample_paper(seed) for seed in SEEDS]
    three = next(track for recipe in recipes for track in recipe.tracks if len(track.curves) > 2)
    done = [
        Registered(replace(recipe, tracks=tracks), 20_000, None, 1.0)
        for recipe, tracks in zip(recipes, ((three,), recipes[1].tracks), strict=False)
    ]
    assert "1 have only tracks of more curves than are digitised" in markdown(done)
    assert "have only" not in markdown(done[1:])


def _two_curves_at_most(truth: PaperTruth) -> PaperTruth:
    """The truth of a paper none of whose tracks needs a third class, each with a curve: what can be digitised today."""
    return replace(
        truth, tracks=tuple(replace(track, curves=track.curves[:2]) for track in truth.tracks if track.curves)
    )

"""The study of tracing: a classical program that works, the class map read off row by row, fair sheets, and honest counts."""

from __future__ import annotations

import csv
from itertools import pairwise
from pathlib import Path

import cv2
import lasio
import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from rich.console import Console

from veernet.errors import SourceMissingError
from veernet.network.body import BodyConfig
from veernet.network.predict import Segmenter
from veernet.network.targets import Network
from veernet.review.reliability import reliability_of
from veernet.review.samples import CurveSamples, lay_beside
from veernet.sheets.geometry import STRIP_WIDTH, strip_column
from veernet.sheets.manifest import Curve
from veernet.study.classical import ClassicalSettings, trace_classically, without_grid
from veernet.study.frozen import held_out_wells
from veernet.study.held_out_sheets import SheetSet, crossing_stretches, drawn_sheets, sheet_sets
from veernet.study.tracing import PROGRAMS, Traced, argmax_centroid, cut, study_tracing
from veernet.study.tracing_table import markdown, swaps_of, write_csv
from veernet.training.motion import held_out
from veernet.training.real_log import RealLog

Floats = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

ROWS = 900
SOLID = Curve(mnemonic="S", style="solid", left=0.0, right=1.0)
DASHED = Curve(mnemonic="D", style="dashed", left=0.0, right=1.0)
WRAPPED = SOLID.model_copy(update={"wrap": True})
SCAN_LIKE = SheetSet("scan-like", 0.3, 0.0)


@pytest.fixture(scope="module")
def wells(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The one held-out well of a folder; its porosities cross every 30 ft."""
    directory = tmp_path_factory.mktemp("las")
    name = next(f"well-{number}.LAS" for number in range(40) if held_out(f"well-{number}.LAS"))
    depths = np.arange(300.0, 800.0, 0.25)
    swing = 0.2 * np.cumsum(np.random.default_rng(1).normal(0, 0.02, depths.size)) % 0.3
    las = lasio.LASFile()
    las.append_curve("DEPT", depths, unit="M")
    las.append_curve("GR", 150 * (0.2 + swing))
    las.append_curve("CALI", 125 + 250 * (0.6 - swing))
    las.append_curve("NPHI", 0.6 * (0.5 + 0.1 * np.sin(depths / 3)))
    las.append_curve("DPHI", 0.6 * (0.5 - 0.1 * np.sin(depths / 3)))
    las.append_curve("ILD", 0.2 * 10 ** (1 + 3 * swing))
    las.write(str(directory / name), version=2.0)
    return held_out_wells(directory)


def wave(centre: float, amplitude: float, period: float, phase: float = 0.0) -> Floats:
    """A sine down the track, one fraction a row."""
    return np.asarray(centre + amplitude * np.sin(2 * np.pi * (np.arange(ROWS) / period + phase)))


def printed(*curves: tuple[Floats, Curve]) -> ByteArray:
    """A strip with a grid of single lines and curves of 3 px on it."""
    strip = np.zeros((ROWS, STRIP_WIDTH), np.uint8)
    strip[::40, 16:496] = 200
    strip[:, np.rint(strip_column(np.linspace(0, 1, 11))).astype(int)] = 200
    for fraction, curve in curves:
        column = strip_column(fraction % 1.0 if curve.wrap else fraction)
        for row, (one, other) in enumerate(pairwise(column)):
            if (curve.style == "solid" or row % 18 < 11) and abs(one - other) < 200 and 16 <= one < 496:
                cv2.line(strip, (round(one), row), (round(other), row + 1), 255, 3)
    return strip


def classes_of(*fractions: Floats) -> ByteArray:
    """A sure class map of curves, 3 px wide."""
    classes = np.zeros((2, fractions[0].size, STRIP_WIDTH), np.uint8)
    for index, fraction in enumerate(fractions):
        distance = np.abs(np.arange(STRIP_WIDTH) - strip_column(fraction % 1.0)[:, None])
        classes[index][distance <= 1.5] = 250
    return classes


def beside(truth: Floats, got: Floats, doubted: slice | None = None) -> CurveSamples:
    """Values beside their truth, of low confidence in one stretch."""
    low = np.zeros(truth.size, bool)
    low[doubted or slice(0, 0)] = True
    return lay_beside(truth, got, np.arange(float(truth.size)), SOLID, "linear", low_confidence=low)


def test_a_grid_is_taken_out_and_the_curve_that_crosses_it_stays() -> None:
    """Lines of the print, down and across, leave no ink; strokes keep theirs where a line ran through them."""
    truth = wave(0.45, 0.2, 150)
    ink = without_grid(printed((truth, SOLID)), ClassicalSettings())
    column = np.rint(strip_column(truth)).astype(int)
    on_curve = ink[np.arange(ROWS), column]
    away = np.abs(np.arange(STRIP_WIDTH) - column[:, None]) > 12
    assert np.median(on_curve) > 0.8
    assert (on_curve > 0.3).mean() > 0.97
    assert ink[away].mean() < 0.01


def test_the_classical_program_tells_a_solid_from_a_dashed_curve_through_their_crossings() -> None:
    """In whichever order the manifest names them."""
    solid, dashed = wave(0.5, 0.2, 300), wave(0.5, 0.15, 300, 0.5)
    strip = printed((solid, SOLID), (dashed, DASHED))
    one, other = trace_classically(strip, [SOLID, DASHED])
    second, first = trace_classically(strip, [DASHED, SOLID])
    assert (np.abs(one.fraction - solid) < 0.01).mean() > 0.97
    assert (np.abs(other.fraction - dashed) < 0.01).mean() > 0.9
    assert np.nanmean(np.abs(first.fraction - one.fraction)) < 0.002
    assert np.nanmean(np.abs(second.fraction - other.fraction)) < 0.002


def test_the_classical_program_follows_a_wrap_out_and_back() -> None:
    """A ring of columns, its turns counted from the top of the strip."""
    truth = wave(0.8, 0.45, 450)
    (trace,) = trace_classically(printed((truth, WRAPPED)), [WRAPPED])
    assert np.nanmax(trace.fraction) > 1.2
    assert (np.abs(trace.fraction - truth) < 0.015).mean() > 0.95


def test_the_classical_program_gives_nothing_where_a_curve_is_off_scale() -> None:
    """And finds it again."""
    truth = wave(0.8, 0.4, 450)
    (trace,) = trace_classically(printed((truth, SOLID)), [SOLID])
    beyond = truth > 1.02
    assert 100 < np.count_nonzero(beyond)
    assert np.isnan(trace.fraction[beyond]).mean() > 0.9
    assert (np.abs(trace.fraction - truth) < 0.01)[truth < 0.97].mean() > 0.95


def test_an_empty_strip_gives_the_classical_program_nothing() -> None:
    """No ink, no value."""
    traces = trace_classically(np.zeros((300, STRIP_WIDTH), np.uint8), [SOLID, DASHED])
    assert all(np.isnan(trace.fraction).all() for trace in traces)


def test_argmax_and_centroid_is_the_middle_of_a_row_s_pixels_and_nothing_without_any() -> None:
    """Each curve by its class, the more continuous style being the first."""
    solid, dashed = wave(0.3, 0.1, 200), wave(0.7, 0.1, 200)
    classes = classes_of(solid, dashed)
    classes[1, 100:200] = 0
    got_dashed, got_solid = argmax_centroid(np.zeros(0, np.uint8), classes, [DASHED, SOLID])
    assert np.abs(got_solid.fraction - solid).max() < 0.002
    assert np.isnan(got_dashed.fraction[100:200]).all()
    assert np.nanmax(np.abs(got_dashed.fraction - dashed)) < 0.002


def test_argmax_and_centroid_is_fooled_by_what_else_is_claimed_in_a_row() -> None:
    """The reason for a tracer: a blot of another 3 px at the other side of the track moves the value half-way there."""
    classes = classes_of(np.full(20, 0.2))
    classes[0, 10] |= classes_of(np.full(20, 0.8))[0, 10]
    (trace,) = argmax_centroid(np.zeros(0, np.uint8), classes, [SOLID])
    assert trace.fraction[10] == pytest.approx(0.5, abs=0.01)


def test_argmax_and_centroid_counts_the_turns_of_a_curve_that_wraps() -> None:
    """On a ring, from row to row by less than half a track."""
    truth = wave(0.8, 0.4, 300)
    (trace,) = argmax_centroid(np.zeros(0, np.uint8), classes_of(truth), [WRAPPED])
    assert np.abs(trace.fraction - truth).max() < 0.005


def test_argmax_and_centroid_parts_two_curves_of_one_style_into_left_and_right() -> None:
    """So that it cannot follow them through a crossing."""
    falling, rising = np.linspace(0.3, 0.7, 200), np.linspace(0.7, 0.3, 200)
    classes = np.maximum(*classes_of(falling, rising))[None].repeat(2, axis=0)
    classes[1] = 0
    left, right = argmax_centroid(np.zeros(0, np.uint8), classes, [SOLID, SOLID])
    assert np.abs(left.fraction - np.minimum(falling, rising)).max() < 0.01
    assert np.abs(right.fraction - np.maximum(falling, rising)).max() < 0.01


def test_samples_on_the_other_curve_are_swapped_and_those_on_neither_are_just_wrong() -> None:
    """Two curves that change places for ten samples; of another ten nothing says where they are."""
    one, other = np.full(60, 0.2), np.full(60, 0.6)
    got_one, got_other = one.copy(), other.copy()
    got_one[20:30], got_other[20:30] = 0.6, 0.2
    got_one[40:50] = 0.9
    swaps = swaps_of([beside(one, got_one, doubted=slice(18, 25)), beside(other, got_other)])
    assert (20, 120) == (swaps.samples, swaps.of)
    assert 5 == swaps.flagged
    assert (2, 1) == (swaps.stretches, swaps.stretches_flagged)


def test_a_swap_is_flagged_by_the_contact_just_before_it_and_not_by_one_long_ago() -> None:
    """At most three samples before."""
    one, other = np.full(60, 0.2), np.full(60, 0.6)
    got = one.copy()
    got[20:30] = 0.6
    at_once = swaps_of([beside(one, got, doubted=slice(15, 18)), beside(other, other)])
    long_ago = swaps_of([beside(one, got, doubted=slice(10, 14)), beside(other, other)])
    assert [(1, 1), (1, 0)] == [(swaps.stretches, swaps.stretches_flagged) for swaps in (at_once, long_ago)]


def test_confidences_stand_beside_how_often_they_were_right() -> None:
    """Of a hundred values at 0.95 three are off; of forty at 0.6 twenty; ten are missing, and the rest was never drawn."""
    truth, got = np.full(200, 0.5), np.full(200, 0.5)
    truth[150:] = np.nan
    got[:3], got[100:120], got[140:150] = 0.52, 0.3, np.nan
    confidence = np.where(np.arange(200) < 100, 0.96, 0.6)
    curve = lay_beside(truth, got, np.arange(200.0), SOLID, "linear", confidence=confidence)
    unsure, sure = reliability_of([curve, beside(truth, got)])
    assert (0.5, 0.95) == (unsure.least, sure.least)
    assert (40 / 140, 100 / 140) == pytest.approx((unsure.share, sure.share))
    assert (0.6, 0.96) == pytest.approx((unsure.confidence, sure.confidence))
    assert (0.5, 0.97) == pytest.approx((unsure.within_1, sure.within_1))


def test_sets_differ_in_noise_and_paper_and_not_in_what_is_drawn(wells: list[Path]) -> None:
    """So that scan-like and rough, flat and warped can be compared log by log."""
    sets = [one for one in sheet_sets(1.0) if one.curves == "mixed"]
    assert [(0.3, 1.0), (0.3, 0.0), (0.8, 1.0), (0.8, 0.0)] == [(one.difficulty, one.warp) for one in sets]
    sheets = [next(drawn_sheets(one, 1, wells)) for one in sets]
    for sheet in sheets[1:]:
        assert sheets[0].truth.keys() == sheet.truth.keys()
        assert np.array_equal(sheets[0].truth["GR"], sheet.truth["GR"], equal_nan=True)
    assert not np.array_equal(sheets[1].darkness, sheets[3].darkness)


def test_two_curves_of_one_style_cross(wells: list[Path]) -> None:
    """Porosities keep their names; curves whose names say nothing are named from the left at the top."""
    for kind in ("porosities", "motions"):
        (sheet,) = drawn_sheets(SheetSet("alike", 0.3, 0.0, kind), 1, wells)  # type: ignore[arg-type]
        ((track, _, strip),) = cut(sheet)
        assert ["solid", "solid"] == [curve.style for curve in track.curves]
        first, second = (
            (sheet.truth[curve.mnemonic] - curve.left) / (curve.right - curve.left) for curve in track.curves
        )
        names = {"porosities": ["DPHI", "NPHI"], "motions": ["ONE", "TWO"]}[kind]
        assert names == [curve.mnemonic for curve in track.curves]
        assert kind == "porosities" or first[0] < second[0]
        apart = (first - second)[np.abs(first - second) > 0.02]
        assert np.count_nonzero(np.diff(np.sign(apart))) >= 2
        assert (512, True) == (strip.shape[1], strip.any())


def test_stretches_in_which_porosities_do_not_cross_are_left_out(wells: list[Path]) -> None:
    """Nor is one taken at whose top the two are one."""
    log = RealLog.read(wells[0])
    apart = RealLog(log.depths_ft, {**log.fractions, "DPHI": log.fractions["NPHI"] + 0.2})
    assert [] == crossing_stretches(apart)
    for top in crossing_stretches(log):
        one, other = (log.fraction(name, np.array([top])) for name in ("DPHI", "NPHI"))
        assert abs(one - other)[0] > 0.03


def test_wells_that_give_too_few_sheets_are_refused(tmp_path: Path, wells: list[Path]) -> None:
    """With how many there were."""
    las = lasio.read(wells[0])
    las.delete_curve("DPHI")
    las.delete_curve("ILD")
    las.write(str(tmp_path / wells[0].name), version=2.0)
    poor = [tmp_path / wells[0].name]
    with pytest.raises(SourceMissingError, match="stretches for 0 of 2 sheets"):
        list(drawn_sheets(SCAN_LIKE, 2, poor))
    with pytest.raises(SourceMissingError, match="no stretch in which DPHI and NPHI cross"):
        list(drawn_sheets(SheetSet("alike", 0.3, 0.0, "porosities"), 1, poor))


def test_a_study_scores_every_program_on_the_same_samples_and_tables_them(wells: list[Path], tmp_path: Path) -> None:
    """Where the network knows nothing the classical program is far ahead."""
    torch.manual_seed(2)
    untrained = Segmenter(Network(BodyConfig(channels=(8, 8, 8, 8))).eval(), "0" * 64)
    sets = [SCAN_LIKE, SheetSet("alike", 0.3, 0.0, "porosities")]
    traced = study_tracing(sets, 1, wells[0].parent, untrained, Console(quiet=True))
    assert {(one.name, program) for one in sets for program in PROGRAMS} == traced.samples.keys()
    write_csv(traced, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["where"] == "everywhere" and row["kind"] == "all"]
    assert 1 == len({row["samples"] for row in rows if row["sheets"] == "scan-like"})
    within = {(row["sheets"], row["program"]): float(row["within_1"]) for row in rows}
    assert within["scan-like", "classical"] > 0.9
    assert within["scan-like", "argmax and centroid"] < 0.5
    assert all(float(row["cpu_seconds_per_megapixel"]) > 0 for row in rows)
    tables = markdown(traced)
    for program in PROGRAMS:
        assert f"| scan-like | {program} |" in tables
        assert f"| alike | {program} |" in tables
    assert "| segmentation |" in tables


def test_crossings_are_tabled_apart_and_sets_without_dashes_not_among_dashes() -> None:
    """A table of what there is."""
    truth, got = np.full(20, 0.5), np.full(20, 0.5)
    got[:10] = np.nan
    crossing = lay_beside(truth, got, np.arange(20.0), SOLID, "linear", crossing=np.arange(20) < 10)
    traced = Traced()
    traced.megapixels = 1.0
    traced.seconds["segmentation"] = traced.cpu_seconds["segmentation"] = 1.0
    traced.samples["one", "classical"] = [crossing, crossing]
    parts = dict(zip(("all", "crossings", "styles"), markdown(traced).split("### ")[1:4], strict=True))
    assert "| one | classical | 40 | 50.0% |" in parts["all"]
    assert "| one | classical | 20 | 0.0% |" in parts["crossings"]
    assert "classical, solid" not in parts["styles"]

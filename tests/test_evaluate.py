"""Scores: known errors give known numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from veernet.curves.las import DepthLog, LogCurve, write_las
from veernet.errors import LasError, SourceMissingError
from veernet.review.evaluate import CurveScore, compare, score_curve, score_table
from veernet.sheets.manifest import Curve, SheetManifest

DEPTHS = 250 + 0.5 * np.arange(401)
TRUTH = 75 + 40 * np.sin(DEPTHS / 3) + 15 * np.sin(DEPTHS / 0.9)
GR = Curve(mnemonic="GR", unit="GAPI", style="solid", left=0, right=150, wrap=True)
MANIFEST = SheetManifest.model_validate(
    {
        "format": "veernet-sheet/1",
        "well": {"name": "Test 1", "uwi": "1"},
        "depth": {"unit": "ft", "step": 0.5, "ticks": [[0, 250], [2000, 450]]},
        "tracks": [
            {"name": "t1", "left": 0, "right": 480, "scale": "linear", "curves": [GR.model_dump()]},
            {
                "name": "t2",
                "left": 500,
                "right": 980,
                "scale": "log",
                "curves": [{"mnemonic": "ILD", "unit": "OHMM", "style": "solid", "left": 0.2, "right": 2000}],
            },
        ],
    }
)


def score(got: Any, truth: Any = TRUTH, curve: Curve = GR, scale: str = "linear") -> CurveScore:
    """The score of a curve over `DEPTHS`."""
    return score_curve(np.asarray(truth, float), np.asarray(got, float), DEPTHS, curve, scale, depth_unit="ft")


def test_truth_against_itself_is_perfect() -> None:
    """No error, full shares, no shift."""
    got = score(TRUTH)
    assert (401, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0, math.inf) == (
        got.samples,
        got.coverage,
        got.mean_error,
        got.p95_track_error,
        got.within_1,
        got.within_2,
        got.wrong,
        got.wrap_errors,
        got.snr_db,
    )
    assert got.correlation == pytest.approx(1)
    assert got.depth_shift == pytest.approx(0, abs=0.02)
    assert (250, 450) == (got.top_depth, got.base_depth)


def test_constant_error_is_given_in_units_and_tracks() -> None:
    """3 GAPI on a track of 150 is 2 % of it: a miss at 1 %, a hit at 2 %, not wrong."""
    got = score(TRUTH + 3)
    assert (pytest.approx(3), pytest.approx(0.02)) == (got.mean_error, got.mean_track_error)
    assert (0.0, 0.0) == (got.within_1, got.wrong)
    assert score(TRUTH + 2.9).within_2 == 1.0


def test_missing_samples_are_misses_but_not_wrong() -> None:
    """A quarter without a value costs a quarter of the shares and nothing of the errors."""
    values = TRUTH.copy()
    values[:100] = np.nan
    got = score(values)
    assert (301 / 401, 301 / 401, 0.0, 0.0) == (got.coverage, got.within_1, got.wrong, got.mean_error)


def test_nothing_digitised_scores_zero_without_failing() -> None:
    """A curve without a single value has no errors to speak of, and no coverage."""
    got = score(np.full(401, np.nan))
    assert (0.0, 0.0, True, True) == (got.coverage, got.within_1, math.isnan(got.mean_error), math.isnan(got.snr_db))


def test_wrap_errors_are_counted_apart() -> None:
    """Ten samples a track off are ten wrap errors; twenty that are half a track off are wrong, but none."""
    values = TRUTH.copy()
    values[10:20] += 150
    values[50:70] -= 75
    got = score(values)
    assert (10, 30 / 401) == (got.wrap_errors, got.wrong)


@pytest.mark.parametrize("shift_steps", [-3, -0.4, 0.5, 2])
def test_shift_is_found_to_fractions_of_a_step(shift_steps: float) -> None:
    """A curve that lies deeper by so many steps is reported as that much deeper."""
    got = score(np.interp(DEPTHS - 0.5 * shift_steps, DEPTHS, TRUTH, left=np.nan, right=np.nan))
    assert got.depth_shift == pytest.approx(0.5 * shift_steps, abs=0.06)


def test_log_track_is_scored_in_decades() -> None:
    """On four decades, a factor of 10**0.04 is 1 % of the track wherever it is; zero is as wrong as can be."""
    curve = MANIFEST.tracks[1].curves[0]
    truth = 10 ** (np.linspace(-0.5, 3, 401))
    got = score(truth * 10**0.036, truth, curve, "log")
    assert (pytest.approx(0.009), 1.0) == (got.mean_track_error, got.within_1)
    assert score(np.zeros(401), truth, curve, "log").wrong == 1.0


def test_snr_is_the_variance_over_the_squared_error() -> None:
    """Noise of a tenth of the truth's spread is 20 dB."""
    noise = np.where(np.arange(401) % 2, 0.1, -0.1) * TRUTH.std()
    assert score(TRUTH + noise).snr_db == pytest.approx(20, abs=1e-6)


def test_off_scale_truth_is_not_asked_for() -> None:
    """A curve that does not wrap is NULL beyond the edge: that is no miss."""
    curve = GR.model_copy(update={"wrap": False})
    truth = np.where(DEPTHS < 300, 170.0, TRUTH)
    got = score(np.where(DEPTHS < 300, np.nan, TRUTH), truth, curve)
    assert (301, 1.0) == (got.samples, got.coverage)


def write(path: Path, depths: np.ndarray, unit: str = "ft", **curves: np.ndarray) -> Path:
    """A LAS file of these curves."""
    columns = [LogCurve(key, "", "", values, np.ones(len(values), np.float32)) for key, values in curves.items()]
    write_las(DepthLog(MANIFEST.well, unit, float(depths[1] - depths[0]), depths, columns), path)
    return path


def test_files_are_compared_at_the_depths_of_the_truth(tmp_path: Path) -> None:
    """Another step, another unit and more depths than the sheet has do not matter."""
    finer = 200 + 0.05 * np.arange(6001)
    metric = np.round(0.3048 * finer, 5)
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH, ILD=TRUTH)
    smooth = 75 + 40 * np.sin(finer / 3) + 15 * np.sin(finer / 0.9)
    got = write(tmp_path / "got.las", metric, "m", GR=smooth)
    gr, ild = compare(truth, got, MANIFEST)
    assert ("GR", "ILD", 401, 401, 0.0) == (gr.mnemonic, ild.mnemonic, gr.samples, ild.samples, ild.coverage)
    assert gr.mean_error < 0.05
    assert gr.coverage > 0.99


def test_only_the_depths_of_the_sheet_are_scored(tmp_path: Path) -> None:
    """What the truth has above and below the sheet is nothing the sheet can miss."""
    longer = 200 + 0.5 * np.arange(700)
    truth = write(tmp_path / "truth.las", longer, GR=np.full(700, 50.0))
    got = write(tmp_path / "got.las", DEPTHS, GR=np.full(401, 50.0))
    (gr,) = compare(truth, got, MANIFEST)
    assert (401, 1.0, 250.0, 450.0) == (gr.samples, gr.coverage, gr.top_depth, gr.base_depth)


def test_gap_beside_a_sample_does_not_hide_it(tmp_path: Path) -> None:
    """Every other sample is NULL: half the depths are covered, not none."""
    values = np.where(np.arange(401) % 2, TRUTH, np.nan)
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    (gr,) = compare(truth, write(tmp_path / "got.las", DEPTHS, GR=values), MANIFEST)
    assert 200 / 401 == gr.coverage


def test_truth_of_another_sheet_is_refused(tmp_path: Path) -> None:
    """A truth without the manifest's curves is an error that names them; a missing file is another."""
    truth = write(tmp_path / "truth.las", DEPTHS, SP=TRUTH)
    with pytest.raises(LasError, match="it has SP, but no value of GR, ILD from 250 to 450 ft"):
        compare(truth, truth, MANIFEST)
    with pytest.raises(SourceMissingError):
        compare(tmp_path / "none.las", truth, MANIFEST)


def test_table_shows_a_line_for_each_curve() -> None:
    """What a person reads: the curve, its depths, its shares and errors, no markup run."""
    console = Console(width=220, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(score_table([score(TRUTH + 3, curve=GR.model_copy(update={"unit": "[b]"}))]))
    text = capture.get()
    assert all(part in text for part in ("GR", "250 to 450 ft", "100.0%", "3 [b]", "2.00%"))

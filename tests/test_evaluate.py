"""Scores: known errors give known numbers."""

from __future__ import annotations

import csv
import json
import math
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from rich.console import Console
from typer.testing import CliRunner

from flows.cli import app
from veernet.curves.las import DepthLog, LogCurve, write_las
from veernet.errors import LasError, ManifestMissingError, OptionError, SourceMissingError, VeerNetError
from veernet.review.evaluate import Score, compare, kinds_of
from veernet.review.evaluate import score as pooled
from veernet.review.pairs import pair_folders, read_pairs
from veernet.review.record import CurveRecord, DepthRange, SheetRecord
from veernet.review.samples import CurveSamples, crossing_samples, lay_beside, read_samples
from veernet.review.score_table import print_scores, write_csv
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


def beside(got: Any, truth: Any = TRUTH, curve: Curve = GR, scale: str = "linear", **more: Any) -> CurveSamples:
    """A curve over `DEPTHS`, laid beside its truth."""
    return lay_beside(np.asarray(truth, float), np.asarray(got, float), DEPTHS, curve, scale, depth_unit="ft", **more)


def score(got: Any, truth: Any = TRUTH, curve: Curve = GR, scale: str = "linear") -> Score:
    """The score of a curve over `DEPTHS`."""
    return pooled(curve.mnemonic, [beside(got, truth, curve, scale)])


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
    assert got.shift_steps == pytest.approx(0, abs=0.04)


def test_constant_error_is_given_in_units_and_tracks() -> None:
    """3 GAPI on a track of 150 is 2 % of it: a miss at 1 %, a hit at 2 %, not wrong."""
    got = score(TRUTH + 3)
    assert (pytest.approx(3), pytest.approx(0.02)) == (got.mean_error, got.mean_track_error)
    assert (pytest.approx(3), pytest.approx(0.02)) == (got.p95_error, got.p95_track_error)
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
    assert got.shift_steps == pytest.approx(shift_steps, abs=0.12)


def test_a_handful_of_samples_has_no_shift() -> None:
    """Seven samples that correlate by chance, at any lag, say nothing of depth."""
    values = np.full(401, np.nan)
    values[200:207] = TRUTH[180:187]
    assert math.isnan(score(values).shift_steps)


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


def test_pooled_scores_are_of_all_samples() -> None:
    """A perfect curve and one that is 4 % off make half of the samples wrong; their units differ, so no error in any."""
    other = GR.model_copy(update={"mnemonic": "SP", "unit": "MV", "style": "dotted"})
    got = pooled("all", [beside(TRUTH), beside(TRUTH + 6, curve=other)])
    assert (2, 802, 0.5, 0.5) == (got.curves, got.samples, got.wrong, got.within_1)
    assert (pytest.approx(0.02), None, True) == (got.mean_track_error, got.unit, math.isnan(got.mean_error))


def test_curves_that_lie_apart_correlate_no_better_for_it() -> None:
    """Noise beside two curves at different places of the track stays noise when both are pooled."""
    rng = np.random.default_rng(7)
    pairs = [beside(centre + rng.normal(0, 3, 401), centre + rng.normal(0, 3, 401)) for centre in (20, 130)]
    assert abs(pooled("all", pairs).correlation) < 0.15


def test_kinds_are_by_style_and_by_scale() -> None:
    """A dotted curve on a log track is in two kinds and among all; kinds of which there is none do not appear."""
    dotted = MANIFEST.tracks[1].curves[0].model_copy(update={"style": "dotted"})
    curves = [beside(TRUTH), beside(TRUTH, curve=dotted, scale="log")]
    assert {"all curves": 2, "solid": 1, "dashed/dotted": 1, "log": 1, "linear": 1} == {
        name: len(some) for name, some in kinds_of(curves).items()
    }
    assert ["all curves", "solid", "linear"] == list(kinds_of(curves[:1]))


def test_crossings_are_where_curves_meet_and_a_little_about() -> None:
    """Within 2 % of the track, and three samples before and after; the third curve, far off, meets nobody."""
    one = np.full(20, 0.5)
    other = np.full(20, 0.6)
    other[10] = 0.515
    met = crossing_samples([one, other, np.full(20, 0.9)])
    assert [list(range(7, 14))] * 2 + [[]] == [list(np.flatnonzero(rows)) for rows in met]


def test_curves_that_pass_between_two_samples_cross() -> None:
    """Steep curves change sides without meeting at any sample; a wrap changes sides, too, and is no crossing."""
    one = np.where(np.arange(20) < 10, 0.4, 0.6)
    wrapped = np.where(np.arange(20) < 10, 0.9, 0.1)
    assert list(range(6, 14)) == list(np.flatnonzero(crossing_samples([one, 1 - one])[0]))
    assert not crossing_samples([wrapped, np.full(20, 0.5)])[0].any()


def test_crossings_are_scored_alone() -> None:
    """An error at the crossing only is small over all depths, and all there is at the crossing."""
    crossing = np.arange(401) >= 381
    values = np.where(crossing, TRUTH + 30, TRUTH)
    one = beside(values, crossing=crossing)
    whole, there = pooled("GR", [one]), pooled("GR", [one], crossings=True)
    assert (401, 20 / 401) == (whole.samples, whole.wrong)
    assert (20, 1.0, pytest.approx(30)) == (there.samples, there.wrong, there.mean_error)


def test_what_is_wrong_and_was_doubted_is_told_apart() -> None:
    """Ten of forty wrong values were doubted, and ten good ones: a quarter of the wrong, 20 of 300; warned of are none."""
    values = np.where(np.arange(401) < 300, TRUTH, np.nan)
    values[:40] += 30
    doubted = np.isin(np.arange(401), np.r_[0:10, 100:110])
    got = pooled("GR", [beside(values, low_confidence=doubted, warned=np.zeros(401, bool))])
    assert (0.25, 20 / 300, 0.0) == (got.wrong_doubted, got.doubted, got.wrong_warned)
    assert math.isnan(pooled("GR", [beside(values)]).wrong_doubted)


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
    assert ("GR", "ILD", 401, 401, 0.0) == (gr.name, ild.name, gr.samples, ild.samples, ild.coverage)
    assert gr.mean_error < 0.05
    assert gr.coverage > 0.99


def test_truth_from_the_bottom_up_has_its_shift_downwards(tmp_path: Path) -> None:
    """A truth whose depths descend is read top to bottom: two steps deeper is +2 steps."""
    deeper = np.interp(DEPTHS - 1.0, DEPTHS, TRUTH)
    truth = write(tmp_path / "truth.las", DEPTHS[::-1].copy(), GR=TRUTH[::-1].copy())
    (gr,) = compare(truth, write(tmp_path / "got.las", DEPTHS, GR=deeper), MANIFEST)
    assert pytest.approx(2, abs=0.12) == gr.shift_steps


def test_only_the_depths_of_the_sheet_are_scored(tmp_path: Path) -> None:
    """What the truth has above and below the sheet is nothing the sheet can miss."""
    longer = 200 + 0.5 * np.arange(700)
    truth = write(tmp_path / "truth.las", longer, GR=np.full(700, 50.0))
    got = write(tmp_path / "got.las", DEPTHS, GR=np.full(401, 50.0))
    (gr,) = read_samples("a", truth, got, MANIFEST)
    assert (401, 250.0, 450.0) == (len(gr.depths), gr.depths[0], gr.depths[-1])
    assert gr.found.all()


def test_gap_beside_a_sample_does_not_hide_it(tmp_path: Path) -> None:
    """Every other sample is NULL: half the depths are covered, not none."""
    values = np.where(np.arange(401) % 2, TRUTH, np.nan)
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    (gr,) = compare(truth, write(tmp_path / "got.las", DEPTHS, GR=values), MANIFEST)
    assert 200 / 401 == gr.coverage


def test_a_wrapped_curve_crosses_where_its_ink_does(tmp_path: Path) -> None:
    """A value of 225 on a track of 0 to 150 is drawn in the middle, where it meets the curve that is at 75."""
    both = [GR.model_dump(), {**GR.model_dump(), "mnemonic": "SP", "wrap": False}]
    track = {**MANIFEST.tracks[0].model_dump(), "curves": both}
    manifest = SheetManifest.model_validate({**MANIFEST.model_dump(), "tracks": [track]})
    truth = write(tmp_path / "truth.las", DEPTHS, GR=np.where(DEPTHS < 300, 225.0, 30.0), SP=np.full(401, 75.0))
    gr, sp = read_samples("a", truth, truth, manifest)
    assert (103, True) == (gr.crossing.sum(), (gr.crossing == sp.crossing).all())


def test_capitals_of_a_mnemonic_do_not_matter(tmp_path: Path) -> None:
    """The manifest's GR is the truth's Gr, as other programs may write it."""
    truth = write(tmp_path / "truth.las", DEPTHS, Gr=TRUTH)
    (gr,) = compare(truth, write(tmp_path / "got.las", DEPTHS, gr=TRUTH), MANIFEST)
    assert ("GR", 1.0) == (gr.name, gr.within_1)


def test_truth_of_another_sheet_is_refused(tmp_path: Path) -> None:
    """A truth without the manifest's curves is an error that names them; a missing file is another."""
    truth = write(tmp_path / "truth.las", DEPTHS, SP=TRUTH)
    with pytest.raises(LasError, match="it has SP, but no value of GR, ILD from 250 to 450 ft"):
        compare(truth, truth, MANIFEST)
    with pytest.raises(SourceMissingError):
        compare(tmp_path / "none.las", truth, MANIFEST)


def write_record(folder: Path, stem: str, *warnings: str, low: tuple[DepthRange, ...] = ()) -> Path:
    """The record of a sheet with one curve, GR."""
    curve = CurveRecord(mnemonic="GR", coverage=1, mean_confidence=0.9, low_confidence=low)
    path = folder / f"{stem}.record.json"
    path.write_bytes(SheetRecord(sheet=stem, status="done", curves=(curve,), warnings=warnings).to_json())
    return path


def test_doubts_are_read_off_the_confidence_curve(tmp_path: Path) -> None:
    """The curve GR_CONF beside GR says what was doubted: here the twenty samples below 0.9."""
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    got = write(tmp_path / "got.las", DEPTHS, GR=TRUTH, GR_CONF=np.where(np.arange(401) < 20, 0.89, 0.9))
    (gr,) = read_samples("a", truth, got, MANIFEST)
    assert gr.low_confidence is not None
    assert list(range(20)) == list(np.flatnonzero(gr.low_confidence))
    assert gr.warned is None


def test_what_confidences_were_worth_is_told_where_a_log_has_them(tmp_path: Path) -> None:
    """A hundred values at 0.6, of which half are a tenth of the track off; the others at 0.96. Without such a curve nobody said, and nothing is told."""
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    off = np.where(np.arange(401) < 50, 15.0, 0.0)
    confidence = np.where(np.arange(401) < 100, 0.6, 0.96)
    got = write(tmp_path / "got.las", DEPTHS, GR=TRUTH + off, GR_CONF=confidence)
    bare = write(tmp_path / "bare.las", DEPTHS, GR=TRUTH + off)
    told = printed(read_samples("a", truth, got, MANIFEST), by_kind=False)
    at = next(index for index, line in enumerate(told) if line.startswith("confidences"))
    rows = [line.replace("│", " ").split() for line in told[at:] if " 0." in line]
    assert [["0.50", "24.9%", "0.60", "50.0%"], ["0.95", "75.1%", "0.96", "100.0%"]] == rows
    assert not any("confidences" in line for line in printed(read_samples("a", truth, bare, MANIFEST), by_kind=False))


def test_doubts_are_read_off_the_record_too(tmp_path: Path) -> None:
    """Its stretches of low confidence, and those it warns of, of this curve and no other; other notes are no stretch."""
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    write_record(
        tmp_path,
        "truth",
        "GR 300.0 to 301.0 ft: carried along beneath the other curve",
        "GR 3 times, 310.0 to 310.5, 320.0 to 320.0, 330.0 to 330.0 and 7 more ft: shares the ink of the other curve",
        "ILD 250.0 to 299.0 ft: carried along beneath the other curve",
        "t1: GR and SP are both solid; told apart by continuity alone",
        low=(DepthRange(top=260, base=262),),
    )
    (gr,) = read_samples("a", truth, truth, MANIFEST)
    assert gr.low_confidence is not None
    assert gr.warned is not None
    assert [260.0, 260.5, 261.0, 261.5, 262.0] == DEPTHS[gr.low_confidence].tolist()
    assert [300.0, 300.5, 301.0, 310.0, 310.5, 320.0, 330.0] == DEPTHS[gr.warned].tolist()


def test_a_damaged_record_is_an_error(tmp_path: Path) -> None:
    """A record that cannot be read is not taken for one without warnings."""
    truth = write(tmp_path / "truth.las", DEPTHS, GR=TRUTH)
    (tmp_path / "truth.record.json").write_text(json.dumps({"warnings": []}))
    with pytest.raises(VeerNetError, match=r"truth\.record\.json: it is no record of VeerNet; digitise"):
        compare(truth, truth, MANIFEST)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders: sheets a (done), b (no result) and c (no truth); results a and one that belongs to no sheet."""
    truth, got = tmp_path / "truth", tmp_path / "got"
    for stem in ("a", "b", "c"):
        truth.mkdir(exist_ok=True)
        (truth / f"{stem}.sheet.yaml").write_text(yaml.safe_dump(MANIFEST.model_dump(mode="json", exclude_none=True)))
    write(truth / "a.truth.las", DEPTHS, GR=TRUTH, ILD=TRUTH)
    write(truth / "b.las", DEPTHS, GR=TRUTH)
    for stem in ("a", "other"):
        (got / stem).mkdir(parents=True)
        write(got / stem / f"{stem}.las", DEPTHS, GR=TRUTH, ILD=TRUTH)
    return truth, got


def test_folders_are_paired_by_stem(folders: tuple[Path, Path]) -> None:
    """Truths as `<stem>.truth.las` or `<stem>.las`; what has no result stays in, what has no truth is told."""
    pairs, without_truth = pair_folders(*folders)
    assert [("a", "a.truth.las", "a.las"), ("b", "b.las", None)] == [
        (pair.sheet, pair.truth.name, pair.got.name if pair.got else None) for pair in pairs
    ]
    assert ["c"] == without_truth


def test_a_sheet_without_a_result_is_null_everywhere(folders: tuple[Path, Path]) -> None:
    """Two of three curves are perfect, the third is missing: two thirds of all samples, and nothing wrong."""
    curves = read_pairs(pair_folders(*folders)[0])
    got = pooled("all", curves)
    assert [False, False, True] == [one.missed for one in curves]
    assert (3, 1203, 2 / 3, 2 / 3, 0.0) == (got.curves, got.samples, got.coverage, got.within_1, got.wrong)


def test_folders_that_do_not_pair_are_refused(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder that is not there, one without truths, and a truth without its manifest are errors with a remedy."""
    truth, got = folders
    with pytest.raises(OptionError, match="none: no such folder"):
        pair_folders(truth, tmp_path / "none")
    with pytest.raises(OptionError, match=r"no sheet with a truth in this folder; put <stem>\.truth\.las"):
        pair_folders(got, truth)
    (truth / "a.sheet.yaml").unlink()
    with pytest.raises(ManifestMissingError, match=r"a truth without a manifest; put a\.sheet\.yaml beside it"):
        pair_folders(truth, got)


def test_csv_has_a_row_a_sheet_and_curve(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """Numbers a program can read, crossings beside them; what is not known is empty."""
    write_csv(read_pairs(pair_folders(*folders)[0]), tmp_path / "scores.csv")
    rows = list(csv.DictReader(StringIO((tmp_path / "scores.csv").read_text())))
    assert [("a", "GR", "done", "1"), ("a", "ILD", "done", "1"), ("b", "GR", "missed", "0")] == [
        (row["sheet"], row["curve"], row["result"], row["coverage"]) for row in rows
    ]
    assert ("250.0", "450.0", "0.5", "0", "inf", "") == tuple(
        rows[0][key] for key in ("top_depth", "base_depth", "step", "crossing_samples", "snr_db", "crossing_coverage")
    )


def printed(curves: list[CurveSamples], width: int = 120, **options: Any) -> list[str]:
    """The lines that a terminal of this width shows."""
    console = Console(width=width, force_terminal=False)
    with console.capture() as capture:
        print_scores(console, curves, **options)
    return capture.get().splitlines()


def test_tables_show_each_curve_and_all_of_them() -> None:
    """What a person reads: the curves, their depths, shares and errors, no markup run, no cell cut off."""
    odd = GR.model_copy(update={"unit": "[b]"})
    other = GR.model_copy(update={"mnemonic": "SP"})
    crossing = np.arange(401) < 5
    text = "\n".join(
        printed(
            [beside(TRUTH + 3, curve=odd, sheet="a"), beside(TRUTH, curve=other, crossing=crossing, sheet="a")],
            by_kind=False,
        )
    )
    assert all(part in text for part in ("GR", "a against truth, 250 to 450 ft", "100.0%", "3 [b]", "2.00%", "802"))
    assert "at crossings of two curves alone" in text
    assert "…" not in text


@pytest.mark.parametrize("curves", [1, 5, 14])
def test_tables_fit_a_terminal_of_120_columns(curves: int) -> None:
    """However many curves there are: more than fit go into further tables, and every one of them is shown whole."""
    named = [GR.model_copy(update={"mnemonic": f"CURVE_{index:02d}"}) for index in range(curves)]
    lines = printed([beside(TRUTH + 3, curve=curve) for curve in named], by_kind=False)
    assert max(map(len, lines)) <= 120
    assert all(any(curve.mnemonic in line for line in lines) for curve in named)


def test_the_command_scores_folders(folders: tuple[Path, Path], tmp_path: Path) -> None:
    """It ends with 0, names what was missed and what could not be judged, and writes the CSV."""
    table = tmp_path / "scores.csv"
    ended = CliRunner().invoke(app, ["evaluate", *map(str, folders), "--csv", str(table)], env={"COLUMNS": "120"})
    assert 0 == ended.exit_code, ended.output
    assert [] == [
        part for part in ("2 sheets against truth", "log", "NULL: b", "no truth: c") if part not in ended.output
    ]
    assert 4 == len(table.read_text().splitlines())


def test_the_command_scores_two_files(folders: tuple[Path, Path]) -> None:
    """Two LAS files and a manifest give the table of their curves; without the manifest it is told how to name it."""
    truth, got = folders
    files = ["evaluate", str(truth / "a.truth.las"), str(got / "a" / "a.las")]
    ended = CliRunner().invoke(app, [*files, "--manifest", str(truth / "a.sheet.yaml")], env={"COLUMNS": "120"})
    assert (0, True) == (ended.exit_code, "a against truth, 250 to 450 ft" in ended.output), ended.output
    refused = CliRunner().invoke(app, files, env={"COLUMNS": "200"})
    assert (2, True) == (refused.exit_code, "with --manifest" in refused.output), refused.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["truth/a.truth.las", "got"], 2, "give two folders"),
        (["truth", "got", "--manifest", "truth/a.sheet.yaml"], 2, "leave --manifest out"),
        (["truth", "got", "--csv", "none/scores.csv"], 2, "name a file in a folder that is there"),
        (["truth/a.truth.las", "got/a/b.las", "--manifest", "truth/a.sheet.yaml"], 2, "b.las: there is no such file"),
        (["truth/a.truth.las", "got/a/a.las", "--manifest", "none.yaml"], 2, "none.yaml: no such file"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(
    folders: tuple[Path, Path], arguments: list[str], code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether it is usage or a file that is not there; each message names what it is about and what to do."""
    monkeypatch.chdir(folders[0].parent)
    ended = CliRunner().invoke(app, ["evaluate", *arguments], env={"COLUMNS": "200"})
    assert (code, True) == (ended.exit_code, said in ended.output), ended.output

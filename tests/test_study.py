"""Studies: test tracks that nothing was learned from, fair scores, and results that can be had again."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import lasio
import numpy as np
import pytest
import torch
from rich.console import Console

from veernet.errors import OptionError, SourceMissingError
from veernet.network.body import BodyConfig
from veernet.network.targets import Network
from veernet.study.frozen import frozen_track, held_out_wells
from veernet.study.measure import TraceTally, measure
from veernet.study.places import picture_places, read_places
from veernet.study.table import target_table
from veernet.study.targets import Arm, StudyPlan, as_binary, study_targets
from veernet.training.layout import SheetRecipe
from veernet.training.motion import held_out
from veernet.training.score import Tally, crossing_pixels
from veernet.training.sheet import write_sheet


@pytest.fixture(scope="module")
def las_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a well that was held out, and one that was learned from."""
    directory = tmp_path_factory.mktemp("las")
    names = [f"well-{number}.LAS" for number in range(40)]
    rng = np.random.default_rng(1)
    for name in (next(n for n in names if held_out(n)), next(n for n in names if not held_out(n))):
        las = lasio.LASFile()
        las.append_curve("DEPT", np.arange(300.0, 800.0, 0.25), unit="M")
        swing = np.cumsum(rng.normal(0, 0.02, 2000)) % 0.5
        las.append_curve("GR", 150 * (0.2 + swing))
        las.append_curve("CALI", 125 + 250 * (0.6 - swing))
        las.append_curve("NPHI", 0.6 * (0.8 - swing))
        las.append_curve("DPHI", 0.6 * (0.3 + swing))
        las.append_curve("ILD", 0.2 * 10 ** (1 + 3 * swing))
        las.write(str(directory / name), version=2.0)
    return directory


def small_network(target: str = "multiclass") -> Network:
    """A network of seconds, untrained."""
    torch.manual_seed(2)
    return Network(BodyConfig(channels=(8, 8, 8, 8)), target).eval()  # type: ignore[arg-type]


def test_test_tracks_come_from_held_out_wells_alone(las_dir: Path, tmp_path: Path) -> None:
    """And where there are none, that is said before an hour is spent."""
    assert all(held_out(path.name) for path in held_out_wells(las_dir))
    assert len(held_out_wells(las_dir)) == 1
    with pytest.raises(SourceMissingError, match="held-out"):
        held_out_wells(tmp_path)


def test_a_frozen_track_is_the_same_every_time(las_dir: Path) -> None:
    """Seeds are committed, pixels are not."""
    wells = held_out_wells(las_dir)
    first, again, other = (frozen_track(index, wells) for index in (3, 3, 4))
    assert np.array_equal(first.instance.image, again.instance.image)
    assert np.array_equal(first.instance.label, again.instance.label)
    assert not np.array_equal(first.instance.image, other.instance.image)


def test_labels_of_a_frozen_track_lie_at_its_truth(las_dir: Path) -> None:
    """The truth that traces are held against is what the labels say."""
    wells = held_out_wells(las_dir)
    misses = []
    for index in range(12):
        track = frozen_track(index, wells)
        if len(track.truth) == 1 and (track.instance.label > 0).any():
            rows, columns = np.nonzero(track.instance.label)
            misses.append(np.abs((columns - 15.5) / 480 - track.truth[0][rows] % 1.0).mean())
    assert misses
    assert np.median(misses) < 0.01


def test_a_perfect_claim_scores_one_and_a_shifted_one_only_within_the_tolerance() -> None:
    """Two px to the side is wrong at 1 px and right at 2 px."""
    labels = np.zeros((40, 60), np.uint8)
    labels[:, 20], labels[:, 40] = 1, 2
    truth = labels == np.array([1, 2], np.uint8)[:, None, None]
    exact, shifted = Tally(2, (0, 1, 2)), Tally(2, (0, 1, 2))
    exact.add(truth, labels)
    shifted.add(np.roll(truth, 2, axis=2), labels)
    assert [score.f1 for score in exact.scores(0)] == [1.0, 1.0]
    assert [[score.f1 for score in shifted.scores(px)] for px in (0, 1, 2)] == [[0, 0], [0, 0], [1, 1]]
    assert shifted.scores(2)[0].iou == 1.0


def test_claiming_everything_finds_all_and_is_mostly_wrong() -> None:
    """Recall alone proves nothing."""
    labels = np.zeros((40, 60), np.uint8)
    labels[:, 20] = 1
    tally = Tally(1, (0,))
    tally.add(np.ones((1, 40, 60), bool), labels)
    (score,) = tally.scores(0)
    assert (score.recall, score.precision) == (1.0, 1 / 60)
    assert score.f1 == pytest.approx(2 / 61)
    assert score.iou == pytest.approx(1 / 60)


def test_crossings_are_counted_apart() -> None:
    """A network that is right everywhere but where curves meet shows it there."""
    labels = np.zeros((100, 100), np.uint8)
    labels[np.arange(100), 99 - np.arange(100)] = 2
    labels[np.arange(100), np.arange(100)] = 1
    near = crossing_pixels(labels, 2)
    assert near[50, 50]
    assert not near[10, 10]
    claims = labels == np.array([1, 2], np.uint8)[:, None, None]
    claims &= ~near
    everywhere, crossings = Tally(2), Tally(2, crossings=True)
    for tally in (everywhere, crossings):
        tally.add(claims, labels)
    assert everywhere.scores()[0].f1 > 0.9
    assert crossings.scores()[0].recall < 0.2


def test_a_missing_sample_is_a_miss_and_a_turn_of_a_wrapping_curve_is_not() -> None:
    """How the tracer's figures are counted."""
    tally = TraceTally()
    tally.add(np.array([0.5, np.nan, 0.7, 1.2], np.float32), np.array([0.505, 0.5, 0.5, 0.2]), wrap=True)
    assert tally.scores() == {
        "coverage": 0.75,
        "mean_error": pytest.approx((0.005 + 0.2) / 3, abs=1e-6),
        "within_1": 0.5,
        "wrong_3": 0.25,
    }


def test_rows_at_which_a_curve_is_off_its_track_are_not_asked_for() -> None:
    """Nothing is printed there."""
    tally = TraceTally()
    tally.add(np.array([0.9, np.nan], np.float32), np.array([0.9, 1.3]), wrap=False)
    assert tally.scores()["coverage"] == 1.0


def test_only_the_binary_stack_claims_pixels_twice(las_dir: Path) -> None:
    """The reason for the softmax, in one number."""
    tracks = [frozen_track(index, held_out_wells(las_dir)) for index in range(2)]
    binary = small_network("binary")
    torch.nn.init.constant_(binary.head[0].bias, 1.0)
    assert measure(binary, tracks)["claimed_twice"] > 0.5
    assert measure(small_network("multiclass"), tracks)["claimed_twice"] == 0.0


def test_a_softmax_read_as_masks_claims_where_its_curves_beat_the_background() -> None:
    """So that both targets start from the same answers."""
    network = small_network()
    x = torch.rand(1, 1, 128, 512)
    with torch.no_grad():
        logits, masks = network(x), as_binary(network)(x)
    assert torch.allclose(masks, logits[:, 1:] - logits[:, :1], atol=1e-5)


def test_a_study_gives_scores_pictures_and_a_table_and_goes_on_where_it_was(las_dir: Path, tmp_path: Path) -> None:
    """An hour's study that is broken off loses one run."""
    plan = StudyPlan(steps=1, batch=1, seeds=1, tests=2)
    arms = (Arm("binary", "weighted-bce:42", 42.0), Arm("multiclass", "cross-entropy+dice"))
    quiet = Console(quiet=True)
    results = study_targets(plan, las_dir, tmp_path / "study", quiet, arms)
    assert [arm["name"] for arm in results["arms"]] == ["binary, weight 42", "multiclass, cross-entropy+dice"]
    assert results == json.loads((tmp_path / "study" / "results.json").read_text())
    assert set(results["pictures"][0]["arms"]) == {arm.name for arm in arms}
    assert target_table(results).count("\n") == 4
    scores = tmp_path / "study" / "multiclass-cross-entropy-and-dice-seed-0" / "scores.json"
    scores.write_text(scores.read_text().replace('"claimed_twice": 0.0', '"claimed_twice": 0.125'))
    again = study_targets(plan, las_dir, tmp_path / "study", quiet, arms)
    assert again["arms"][1]["runs"][0]["claimed_twice"] == 0.125


def test_places_on_a_scan_are_pictured_beside_their_class_map(tmp_path: Path) -> None:
    """A round of looking needs no registered sheet."""
    write_sheet(SheetRecipe(3, base_depth=1100.0), tmp_path, "s")
    places = tmp_path / "places.yaml"
    places.write_text(
        "- {scan: s.tif, row: 500, left: 50, right: 550}\n- {scan: s.tif, row: 700, left: -9, right: 240}\n"
    )
    (picture,) = picture_places(read_places(places), tmp_path, small_network(), tmp_path / "out")
    assert cv2.imread(str(picture)).shape == (256, 2048, 3)


def test_a_file_that_lists_no_places_is_refused(tmp_path: Path) -> None:
    """With what is wrong in it."""
    path = tmp_path / "places.yaml"
    path.write_text("- {scan: s.tif, row: -4, left: 1, right: 2}\n")
    with pytest.raises(OptionError, match="row"):
        read_places(path)

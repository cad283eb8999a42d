"""Printed depths of old paper: misread, slanted, torn, faint; never off by a line and sure of it."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.errors import OptionError
from veernet.register.beside import Beside, slopes_of, without_strays
from veernet.register.depth_unit import unit_of_depth
from veernet.register.draft import SURE, Curve, Depth, Draft, Found, Tick
from veernet.register.labels import Labels, Pass
from veernet.register.line_distance import lines_every
from veernet.register.numbers import CHARACTERS, log_chance, read
from veernet.register.paper import Paper
from veernet.register.passes import find_passes
from veernet.register.registering import register
from veernet.register.scales import copied_units, printed_units
from veernet.register.ticks import placed
from veernet.register.vote import Verdict, vote
from veernet.register.where_logged import unit_besides, unit_where
from veernet.study.scan_depths import markdown, read_printed, scans_with_printed, score_depths

SCANS = Path(__file__).parents[2] / "shared" / "data" / "scans" / "raw"
PRINTED = Path(__file__).parents[1] / "docs" / "real-depths.yaml"
DPI = 200
PX_PER_FT = 2.0
LINE_FT = 20
FIRST_ROW, FIRST_DEPTH = 300, 1000
COLUMN = 600


def voted(numbers: Sequence[int]) -> Verdict:
    """The verdict on labels a hundred feet apart that a reader is sure of."""

    def chances(which: NDArray[np.intp], texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array(
            [-0.1 if int(text) == numbers[label] else -8.0 for label, text in zip(which, texts, strict=True)]
        )

    verdict = vote(np.arange(len(numbers)), [(str(number), 0.9) for number in numbers], chances)
    assert verdict is not None
    return verdict


def test_a_digit_misread_here_and_there_leaves_depths_sure() -> None:
    """Nine labels of fourteen say what they should, the others but for one digit."""
    said = [4000, 4100, 4200, 1300, 4400, 4500, 4800, 4700, 1800, 4900, 5000, 3100, 5200, 6300]
    verdict = voted(said)
    assert (4000, 100) == (verdict.first, verdict.step)
    assert verdict.confidence >= 0.95
    assert [3, 6, 8, 11, 13] == np.flatnonzero(verdict.almost).tolist()


def test_other_numbers_in_their_place_do_not() -> None:
    """The same nine labels, and five that say something else altogether."""
    said = [4000, 4100, 4200, 77, 4400, 4500, 911, 4700, 12, 4900, 5000, 36, 5200, 208]
    assert voted(said).confidence < 0.95


def test_the_chance_of_a_number_is_that_of_all_ways_along_its_label() -> None:
    """Counted one by one, for a label of four places."""
    rng = np.random.default_rng(3)
    logs = np.log(rng.dirichlet(np.ones(len(CHARACTERS) + 1), (1, 4)))
    for text in ("", "7", "77", "70"):
        total = 0.0
        for way in itertools.product(range(len(CHARACTERS) + 1), repeat=4):
            kept = [one for one, before in zip(way, (None, *way), strict=False) if one != before]
            if "".join(CHARACTERS[one - 1] for one in kept if one) == text:
                total += float(np.exp(logs[0, range(4), way].sum()))
        assert total == pytest.approx(float(np.exp(log_chance(logs, [text])[0])))


def sheet(labels: int, slope: float = 0.0, torn_at: int | None = None, torn_px: int = 0) -> tuple[Paper, Pass]:
    """A pass with a line every 20 ft and a label every 100 ft, upright on its line, and the pass as it was found.

    Args:
        labels: Depths that are printed.
        slope: Rows that lines fall per column.
        torn_at: Label from which on the paper is further down.
        torn_px: By how much.
    """
    rows = [label_row(index, torn_at, torn_px) for index in range(labels)]
    ink = np.zeros((round(rows[-1]) + 300, 1200), np.uint8)
    columns = np.arange(1200)
    for index, row in enumerate(rows):
        for line in range(0, 100, LINE_FT):
            fall = np.round(row + line * PX_PER_FT + slope * (columns - COLUMN)).astype(int)
            for thick in range(2):
                ink[fall + thick, columns] = 1
        ink[:, COLUMN - 50 : COLUMN + 50] = 0 if index == 0 else ink[:, COLUMN - 50 : COLUMN + 50]
    ink[:, COLUMN - 50 : COLUMN + 50] = 0
    half = 12
    boxes = np.array([[row - half, COLUMN - 30, row + half + 1, COLUMN + 30] for row in rows], np.float64)
    depths = FIRST_DEPTH + 100.0 * np.arange(labels)
    texts = tuple(f"{depth:g}" for depth in depths)
    found = Labels(boxes, 0, texts, np.full(labels, 0.9), depths, np.ones(labels, bool))
    paper = Paper(1200, DPI, True, 1, np.packbits(ink, axis=1), ink)
    return paper, Pass(found, 100.0, PX_PER_FT, 1.0, 50.0)


def label_row(index: int, torn_at: int | None, torn_px: int) -> float:
    """Row of the upper of the two rows of a label's line."""
    torn = torn_px if torn_at is not None and index >= torn_at else 0
    return FIRST_ROW + 100 * PX_PER_FT * index + torn


@pytest.mark.parametrize("slope", [-0.06, -0.02, 0.0, 0.02, 0.06])
def test_a_slanted_line_is_met_in_the_middle_of_the_depth_column(slope: float) -> None:
    """Within a px, however the paper went through the scanner."""
    paper, one = sheet(9, slope)
    ticks = placed(paper, one)
    true = np.array([label_row(index, None, 0) + 0.5 for index in range(9)])
    assert ticks.on_line.all()
    assert np.abs(ticks.rows - true).max() < 1.0
    assert ticks.slope == pytest.approx(np.full(9, slope), abs=0.01)


def test_paper_that_was_torn_and_mended_keeps_each_label_at_its_line() -> None:
    """From the fifth label on all is 16 px further down: nearly half a line's distance, and more than an even scale allows."""
    paper, one = sheet(9, torn_at=4, torn_px=16)
    ticks = placed(paper, one)
    true = np.array([label_row(index, 4, 16) + 0.5 for index in range(9)])
    assert np.abs(ticks.rows - true).max() < 1.0
    assert ticks.on_line.all()
    assert ticks.against == 0


def test_a_broken_label_is_put_where_its_neighbours_say() -> None:
    """Half of it is lost, and what is left stands nearer to another line."""
    paper, one = sheet(9)
    boxes = one.labels.boxes.copy()
    boxes[4, [0, 2]] += (16, 8)
    ticks = placed(paper, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.rows[4] == pytest.approx(label_row(4, None, 0) + 0.5, abs=1.0)


def test_a_last_label_that_dirt_has_joined_is_not_whole() -> None:
    """Half as tall again as the others, and with its middle elsewhere: it alone does not tell how large labels are there."""
    paper, one = sheet(9)
    boxes = one.labels.boxes.copy()
    boxes[8, 0] -= 14
    boxes[7, 0] -= 4
    ticks = placed(paper, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.depths[-1] == one.labels.depths[-1]
    assert ticks.on_line.all()
    assert ticks.rows[8] == pytest.approx(label_row(8, None, 0) + 0.5, abs=1.0)


def test_turned_labels_of_fewer_digits_are_whole_where_they_are_as_much_shorter() -> None:
    """Two of three digits among those of four, both as long as these, because a pen runs on from them, and so with their middles elsewhere."""
    paper, one = sheet(9)
    labels = one.labels
    depths = labels.depths - labels.depths[2] + 1000.0
    texts = tuple(f"{depth:g}" for depth in depths)
    boxes = labels.boxes.copy()
    boxes[:, 0] -= 30
    boxes[:, 2] += 30
    boxes[:2, 2] -= 21 + 6  # a digit is 21 px, and these have lost a part of one more
    boxes[:2, 0] -= 21 + 6
    ticks = placed(paper, replace(one, labels=replace(labels, turned=90, boxes=boxes, depths=depths, texts=texts)))
    assert ticks.on_line.all()
    assert ticks.rows[:2] == pytest.approx([label_row(index, None, 0) + 0.5 for index in range(2)], abs=1.0)


@pytest.mark.parametrize(("reach", "sure"), [(125, True), (600, False)])
def test_a_stroke_beside_the_place_of_a_lost_line_is_not_taken_for_it(reach: int, sure: bool) -> None:
    """Seven rows above, where the label and both neighbours' lines say that the lost one was; a line as strong as others leaves a doubt: paper slips."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    row = round(label_row(4, None, 0))
    ink[row - 12 : row + 14] = 0
    ink[row - 7 : row - 5, COLUMN - reach : COLUMN + reach] = paper.search[row, COLUMN - reach : COLUMN + reach]
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert sure == ticks.told.all()
    assert ticks.rows[4] == pytest.approx(row + (0.5 if sure else -6.5), abs=1.0)


def test_depths_end_with_lines() -> None:
    """The grid of the first hundred feet is lost: what its label says is a guess, and the pass begins with the next one."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    ink[: FIRST_ROW + 60] = 0
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert ticks.depths.tolist() == [FIRST_DEPTH + 100.0 * index for index in range(1, 9)]
    assert ticks.on_line.all()


def test_a_stroke_near_a_label_whose_line_is_lost_is_not_taken_for_it() -> None:
    """All other labels keep their place above their lines to a px, and it does not."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    row = round(label_row(8, None, 0))
    ink[row - 3 : row + 6] = 0
    ink[row + 13 : row + 15, :] = 1
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert FIRST_DEPTH + 800.0 not in ticks.depths.tolist()
    assert ticks.against > 0


def test_labels_between_two_lines_that_are_alike_are_not_sure_of_theirs() -> None:
    """Either could be meant, and all depths could be a line off."""
    paper, one = sheet(9)
    boxes = one.labels.boxes + np.array([18.0, 0.0, 18.0, 0.0])
    ticks = placed(paper, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.against > 0


def test_every_label_is_read_once() -> None:
    """Chains share words, and reading them takes longest."""
    ink = np.zeros((2600, 900), np.uint8)
    for index in range(11):
        cv2.putText(ink, str(1000 + 100 * index), (400, 200 + 200 * index), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 1)
    seen: list[bytes] = []

    def counted(labels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        seen.extend(label.tobytes() for label in labels)
        return read(labels)

    (one,) = find_passes(Paper(900, DPI, True, 1, np.packbits(ink, axis=1), ink), counted)
    assert (1000.0, 2000.0) == (one.labels.depths[0], one.labels.depths[-1])
    assert len(seen) == len(set(seen))


def test_a_paper_whose_depths_run_across_is_not_read_down() -> None:
    """Once six depths agree, words that are printed otherwise can be none, and are not read either way."""
    ink = np.zeros((2600, 900), np.uint8)
    for index in range(11):
        cv2.putText(ink, str(1000 + 100 * index), (400, 200 + 200 * index), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 1)
    for index in range(5):
        word = np.zeros((40, 90), np.uint8)
        cv2.putText(word, "8888", (10, 30), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 1)
        ink[400 * index + 100 : 400 * index + 190, 700:740] = np.rot90(word)
    seen = 0

    def counted(labels: Sequence[NDArray[np.uint8]]) -> NDArray[np.float64]:
        nonlocal seen
        seen += len(labels)
        return read(labels)

    (one,) = find_passes(Paper(900, DPI, True, 1, np.packbits(ink, axis=1), ink), counted)
    assert (1000.0, 2000.0) == (one.labels.depths[0], one.labels.depths[-1])
    assert 11 == seen


def drafted(rows: Sequence[float], confidence: float = 1.0) -> Draft:
    """A draft with ticks every 100 ft from 1,000 on."""
    ticks = tuple(Tick(row_px=row, depth=1000.0 + 100 * index, confidence=1.0) for index, row in enumerate(rows))
    return Draft(source="a.tif", width_px=1, rows=1, depth=Depth(confidence=confidence, ticks=ticks))


def test_depths_are_scored_by_what_a_person_read() -> None:
    """Right within 3 px; what the draft has no ticks for is told apart; a wrong one that it is sure of misleads."""
    printed = [(1000.0, 101.0), (1100.0, 300.0), (1200.0, 510.0), (1300.0, 700.0)]
    score = score_depths("a", drafted([100, 300, 500]), printed)
    assert (4, 2, 1) == (score.labels, score.right, score.beyond)
    assert score.worst_px == pytest.approx(10)
    assert score.misleads
    assert "**wrong**" in markdown([score])
    assert not score_depths("a", drafted([100, 300, 500], 0.9), printed).misleads


def test_printed_depths_that_are_not_there_are_refused(tmp_path: Path) -> None:
    """With what would do."""
    with pytest.raises(OptionError, match="real-depths"):
        read_printed(tmp_path / "none.yaml")
    with pytest.raises(OptionError, match="none of the scans"):
        scans_with_printed(tmp_path, read_printed(PRINTED))


def test_a_real_scan_that_swings_has_the_depths_that_a_person_read_off_it() -> None:
    """Its lines slant by up to 0.06 either way, its noughts are joined: sure, and right within 3 px wherever there are ticks."""
    scan = SCANS / "YM127.tif"
    if not scan.exists():
        pytest.skip(f"the real scans are not at {SCANS}")
    score = score_depths("YM127", register(scan, scan.name), read_printed(PRINTED)["YM127"])
    assert score.right >= 10
    assert score.right + score.beyond == score.labels
    assert score.sure


def test_a_line_that_cuts_through_its_label_is_not_surely_the_one_that_is_meant() -> None:
    """Digits that stand on their line, the next line above at a quarter of their height: nothing tells the two apart."""
    paper, one = sheet(9)
    # 40 px from line to line: labels of 44 px, 30 px above their own line, are cut by the line above, 10 px off their middle.
    boxes = one.labels.boxes + np.array([-30.0 - 10, 0, -30.0 + 10, 0])
    ticks = placed(paper, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.against >= ticks.depths.size


def test_labels_belong_to_the_heavy_lines_beside_them() -> None:
    """Digits that stand on their heavy line, with a thin line of the grid behind their middle."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    for index in range(9):
        row = round(label_row(index, None, 0))
        ink[row : row + 4] = ink[row]
        ink[row - 14] = ink[row]
    boxes = one.labels.boxes + np.array([-14.0, 0.0, -14.0, 0.0])
    heavy = replace(paper, search=ink, full=np.packbits(ink, axis=1))
    ticks = placed(heavy, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.rows == pytest.approx([label_row(index, None, 0) + 1.5 for index in range(9)], abs=1.0)
    assert ticks.on_line.all()


def test_labels_belong_to_lines_twice_as_thick_though_hardly_stronger() -> None:
    """At 100 dpi: two rows of ink ten rows below a label's middle, where one row runs."""
    paper, one = sheet(9)
    ink = np.zeros_like(paper.search)
    rows = [round(label_row(index, None, 0)) for index in range(9)]
    for row in rows:
        ink[row - 90 : row + 100 : 10] = 1
        ink[row + 11] = 1
    ink[:, COLUMN - 50 : COLUMN + 50] = 0
    coarse = replace(paper, dpi=100.0, search=ink, full=np.packbits(ink, axis=1))
    boxes = np.array([[row - 8, COLUMN - 15, row + 9, COLUMN + 15] for row in rows], np.float64)
    ticks = placed(coarse, replace(one, labels=replace(one.labels, boxes=boxes)))
    assert ticks.rows == pytest.approx([row + 10.5 for row in rows], abs=1.0)
    assert ticks.against == 0


def test_depths_begin_and_end_where_they_are_told() -> None:
    """Five labels of nine have a line, and the last two have none: between lines depths are told, beyond them they are a guess."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    for index in (1, 3, 5, 7, 8):
        row = round(label_row(index, None, 0))
        ink[row - 25 : row + 25] = 0
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert ticks.depths[-1] == FIRST_DEPTH + 600.0
    assert ticks.told.all()


@pytest.mark.parametrize(("every", "sure"), [(5, True), (6, False)])
def test_labels_between_lines_that_are_a_few_steps_apart_tell_their_depths(every: int, sure: bool) -> None:
    """Of the lines of all labels that of every fifth is left; further apart paper may have slipped and come back."""
    count = 2 * every + 1
    paper, one = sheet(count)
    ink = paper.search.copy()
    for index in set(range(count)) - set(range(0, count, every)):
        row = round(label_row(index, None, 0))
        ink[row - 25 : row + 25] = 0
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert sure == ticks.told.all()
    assert 3 == ticks.on_line.sum()


def test_a_thick_line_is_met_in_its_middle() -> None:
    """Heavy lines of a fine scan, 12 px thick and of uneven ink, above and below the middle of their labels."""
    paper, one = sheet(9)
    ink = np.zeros_like(paper.search)
    rng = np.random.default_rng(4)
    for index in range(9):
        row = round(label_row(index, None, 0)) + (6 if index % 2 else -6)
        ink[row - 6 : row + 6] = rng.random((12, 1200)) > np.linspace(0.0, 0.02, 12)[:: 1 if index % 2 else -1, None]
    ink[:, COLUMN - 50 : COLUMN + 50] = 0
    thick = replace(paper, dpi=400.0, search=ink, full=np.packbits(ink, axis=1))
    ticks = placed(thick, one)
    true = np.array([label_row(index, None, 0) + (5.5 if index % 2 else -6.5) for index in range(9)])
    assert np.abs(ticks.rows - true).max() < 1.0


def test_lines_beside_labels_do_not_slant_because_others_are_near() -> None:
    """Level lines on one side of a label alone: no slope brings the next ones into sight as if they were agreement."""
    blocks = np.zeros((121, 12))
    for middle in (27, 60, 93):
        blocks[middle - 2 : middle + 3, :4] = 1.0
    apart = np.concatenate([np.linspace(-134.0, -50.0, 6), np.linspace(50.0, 134.0, 6)])
    window = Beside(gaussian_filter1d(blocks, 0.8, axis=0), apart, 0)
    assert slopes_of([window] * 5, 9.6) == pytest.approx(0.0)


def test_other_lines_that_come_into_sight_do_not_make_level_ones_slant() -> None:
    """Thin ones 37 rows from each other, on one side of their labels: as blocks are moved, more is seen, and hardly less together."""
    apart = np.concatenate([np.linspace(-134.0, -50.0, 6), np.linspace(50.0, 134.0, 6)])
    blocks = np.zeros((121, 12))
    blocks[[23, 60, 97], 6:] = 1.5
    window = Beside(gaussian_filter1d(blocks, 0.8, axis=0), apart, 0)
    assert slopes_of([window] * 9, 16.8) == pytest.approx(0.0, abs=0.003)


def test_labels_without_a_line_say_nothing_of_how_lines_slant() -> None:
    """Level lines on one side, beside every other label: where the paper is slanted far enough, those above and below the others come into sight."""
    apart = np.concatenate([np.linspace(-134.0, -50.0, 6), np.linspace(50.0, 134.0, 6)])
    near = 28
    windows = []
    for middles in ((60,), (60 - near - 4, 60 + near + 4)) * 4:
        blocks = np.zeros((121, 12))
        for middle in middles:
            blocks[middle - 1 : middle + 2, 6:] = 1.0
        windows.append(Beside(gaussian_filter1d(blocks, 0.8, axis=0), apart, 0))
    assert slopes_of(windows, 9.6) == pytest.approx(0.0, abs=0.003)


def test_a_pen_beside_a_label_does_not_tip_its_line() -> None:
    """An arrow at the last label, in the margin where no lines are: one of its strokes meets the line at a slant, and all other lines are level."""
    paper, one = sheet(7)
    ink = paper.search.copy()
    ink[:, : COLUMN - 50] = 0
    row = round(label_row(6, None, 0))
    for column in range(COLUMN - 200, COLUMN - 50):
        rise = round(0.05 * (COLUMN - column))
        ink[row - rise : row - rise + 3, column] = 1
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert ticks.rows[-1] == pytest.approx(label_row(6, None, 0) + 0.5, abs=1.0)


def test_slopes_that_change_from_label_to_label_are_kept() -> None:
    """A paper that swings does so at its ends, too; one label that stands out does not swing."""
    swings = np.array([0.0, 0.01, 0.02, 0.03, 0.02, 0.01, 0.0])
    assert without_strays(swings) == pytest.approx([0.0, 0.01, 0.02, 0.02, 0.02, 0.01, 0.0])
    assert without_strays(np.array([0.05, 0.0, 0.0, -0.04, 0.0])) == pytest.approx(0.0)


@pytest.mark.parametrize(("every", "sure"), [(2.0, True), (10.0, False), (None, False)])
def test_a_printed_scale_that_lines_across_agree_with_outweighs_a_nearer_one(every: float | None, sure: bool) -> None:
    """1:240 in feet, copied at 0.815, is within 4 % of 1:1000 in metres; on such paper no line is every two."""
    unit = unit_of_depth(0.05 * 0.815 * 200, 200.0, True, ["1:240"], lambda: every)
    assert sure == (unit.sure and unit.value == "ft")
    assert sure == unit.sure


def test_lines_across_are_as_far_from_each_other_as_they_follow_throughout() -> None:
    """Every 20 ft from one label to the next; with half of them lost, nothing is said."""
    paper, one = sheet(9)
    assert LINE_FT == lines_every(paper, placed(paper, one), COLUMN, one.step)
    ink = paper.search.copy()
    for index in range(9):
        row = round(label_row(index, None, 0) + 2 * LINE_FT * PX_PER_FT)
        ink[row - 5 : row + 70] = 0
    lost = replace(paper, search=ink, full=np.packbits(ink, axis=1))
    assert lines_every(lost, placed(lost, one), COLUMN, one.step) is None


@pytest.mark.parametrize(
    ("inches_per_unit", "lines_apart", "units"),
    [
        (0.05 * 0.7, 2.0, {"ft"}),  # 1:240 in feet at seven tenths: on paper in metres no line is every two
        (
            0.05 * 0.7,
            10.0,
            {"ft", "m"},
        ),  # the same, its fine lines lost: 1:1000 in metres, hardly reduced, has such lines, too
        (0.19685 * 0.7, 1.0, {"m"}),  # 1:200 in metres
        (0.02 * 0.6, 10.0, {"ft"}),  # 1:600 in feet: in metres nothing is printed as small
    ],
)
def test_lines_across_tell_feet_from_metres_on_copies_of_any_size(
    inches_per_unit: float, lines_apart: float, units: set[str]
) -> None:
    """By the scales and lines that each unit is printed with."""
    assert units == copied_units(inches_per_unit * DPI, DPI, lines_apart)
    found = unit_of_depth(inches_per_unit * DPI, DPI, True, (), lambda: lines_apart)
    assert found.confidence >= SURE or len(units) > 1
    assert not unit_of_depth(inches_per_unit * DPI, DPI, False, (), lambda: lines_apart).sure
    assert not unit_of_depth(inches_per_unit * DPI, DPI, True, (), lambda: None).sure


@pytest.mark.parametrize(
    ("inches_per_unit", "printed", "where", "unit"),
    [
        (0.05 * 0.75, (), "ft", "ft"),  # 1:240 in feet at three quarters, 5 % off 1:1000 in metres
        (0.05 * 0.75, (), None, None),
        (0.0787 * 0.6, (), "m", "m"),  # 1:500 in metres at six tenths
        (0.0787 * 0.6, ("DEPTH IN FEET", "ELEVATION, METRES"), "m", "m"),
        (0.0787 * 0.6, ("DEPTH IN FEET",), "m", "ft"),  # print is surest
        (0.03937, (), "ft", None),  # 1:1000 in metres, or 1:240 in feet at eight tenths
        (0.05, (), "ft", "ft"),
        (0.5, (), "ft", None),  # no copy of any scale in feet
    ],
)
def test_where_a_well_is_tells_feet_from_metres_if_neither_scale_nor_print_does(
    inches_per_unit: float, printed: tuple[str, ...], where: Literal["ft", "m"] | None, unit: str | None
) -> None:
    """And puts a scale in doubt that says otherwise."""
    besides = None if where is None else Found(value=where, confidence=0.96)
    found = unit_of_depth(inches_per_unit * DPI, DPI, True, printed, besides=besides)
    assert unit == (found.value if found.sure else None)


@pytest.mark.parametrize(
    ("facts", "unit"),
    [
        ({"state": "Kansas"}, "ft"),
        ({"state": "Alberta", "date": "1987-02-23"}, "m"),
        ({"province": "Saskatchewan", "date": "1987-02-23"}, "m"),
        ({"province": "Alberta", "date": "1965-02-23"}, None),
        ({"province": "Alberta"}, None),
        ({"field": "VIKING"}, None),
    ],
)
def test_states_log_in_feet_and_provinces_in_metres_since_1980(facts: dict[str, str], unit: str | None) -> None:
    """Where the place, and the date, are sure."""
    assert unit_where({key: Found(value=value, confidence=0.96) for key, value in facts.items()}) == unit
    assert unit_where({key: Found(value=value, confidence=0.9) for key, value in facts.items()}) is None


@pytest.mark.parametrize(
    ("state", "curve_unit", "confidence", "unit"),
    [
        (None, "MM", 0.97, "m"),  # who measures a hole in millimetres logs it in metres
        (None, "US/M", 0.97, "m"),
        (None, "MM", 0.9, None),
        (None, "IN", 0.97, None),  # inches are on metric logs, too
        ("Kansas", "IN", 0.97, "ft"),
        ("Kansas", "MM", 0.97, None),
    ],
)
def test_a_curve_in_a_metric_unit_tells_metres_unless_the_place_says_otherwise(
    state: str | None, curve_unit: str, confidence: float, unit: str | None
) -> None:
    """A copy's vertical scale tells neither."""
    well = {} if state is None else {"state": Found(value=state, confidence=0.96)}
    curve = Curve(unit=Found(value=curve_unit, confidence=confidence))
    besides = unit_besides(well, [curve])
    assert unit == (None if besides is None else besides.value)


@pytest.mark.parametrize(
    ("dpi", "width_inches", "px_per_unit", "lines_apart", "unit"),
    [
        (300, 9.3, 19.685 * 3, None, "m"),  # 1:200 in metres
        (100, 9.3, 2.0, None, "ft"),  # 1:600 in feet
        (150, 9.4, 7.5, None, None),  # 1:240 in feet, which 1:1000 in metres at 200 is 5 % off
        (150, 9.4, 7.5, 2.0, "ft"),  # but in metres no line is every two
        (150, 9.4, 7.5, 10.0, None),
        (200, 10.4, 9.4, None, None),  # 1:240 in feet, 6 % off: as 1:1000 in metres at 240
        (300, 7.5, 15.0, None, None),  # paper of no usual width
    ],
)
def test_a_scan_that_tells_no_resolution_has_one_of_the_usual(
    dpi: int, width_inches: float, px_per_unit: float, lines_apart: float | None, unit: str | None
) -> None:
    """Its width gives that to a tenth, and at it one unit's scale is met; sure where the other's are met nowhere, or by the lines across."""
    width = round(width_inches * dpi)
    found = unit_of_depth(px_per_unit, width / 8.5, False, (), lambda: lines_apart, width)
    assert unit == (found.value if found.sure else None)


def test_a_unit_is_known_though_the_spaces_beside_it_are_lost() -> None:
    """Captions are small, and a word within another one is none."""
    told = [
        printed_units([text], 60.0, DPI) for text in ("Dep thinMetres scaled:20o", "Depth inFeetscaled", "DIPMETER")
    ]
    assert [{"m"}, {"ft"}, set()] == told


def along(row: int, side: int) -> tuple[Paper, Pass]:
    """A thick stroke that runs along the line of the fifth label, below it, on one side of the depths or on both."""
    paper, one = sheet(9)
    ink = paper.search.copy()
    at = round(label_row(4, None, 0)) + row
    columns = slice(COLUMN + 60, 1200) if side else slice(0, 1200)
    ink[at : at + 8, columns] = 1
    return replace(paper, search=ink, full=np.packbits(ink, axis=1)), one


@pytest.mark.parametrize("side", [0, 1])
def test_a_stroke_along_a_line_does_not_move_its_depth(side: int) -> None:
    """Label and neighbours say where the line is."""
    paper, one = along(2, side)
    ticks = placed(paper, one)
    assert abs(ticks.rows[4] - label_row(4, None, 0) - 0.5) < 1.0
    assert ticks.told[4]


@pytest.mark.parametrize("one_side", [True, False])
def test_lines_on_one_side_of_the_depths_that_begin_to_lean_leave_them_in_doubt(one_side: bool) -> None:
    """On the other side nothing tells whether paper or a pen tips them; lines there lean the same way where it is the paper."""
    rows = [label_row(index, None, 0) for index in range(9)]
    paper, one = sheet(9)
    ink = np.zeros_like(paper.search)
    columns = np.arange(1200)
    for index, row in enumerate(rows):
        slope = 0.04 if index >= 5 else 0.0
        for line in range(0, 100, LINE_FT):
            fall = np.round(row + line * PX_PER_FT + slope * (columns - COLUMN)).astype(int)
            ink[fall, columns] = ink[fall + 1, columns] = 1
    ink[:, : COLUMN + 50] *= not one_side
    ink[:, COLUMN - 50 : COLUMN + 50] = 0
    ticks = placed(replace(paper, search=ink, full=np.packbits(ink, axis=1)), one)
    assert one_side == (ticks.against > 0)


def test_a_scale_that_is_the_earlier_logs_tells_nothing_of_this_ones_unit() -> None:
    """A copy at two thirds of a log at 1:240, below one at 1:600, whose scale alone was read: of this one it would make metres."""
    inches = 0.05 * 0.676
    assert "m" == unit_of_depth(inches * DPI, DPI, True, ["1:600"]).value
    assert unit_of_depth(inches * DPI, DPI, True, ["1:600"]).sure
    assert not unit_of_depth(inches * DPI, DPI, True, ["1:600"], earlier=[0.4 * inches * DPI]).sure
    assert unit_of_depth(inches * DPI, DPI, True, ["FEET"], earlier=[0.4 * inches * DPI]).sure

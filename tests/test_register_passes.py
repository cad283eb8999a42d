"""Passes of which distances alone tell little: few labels, crossed ones, print that stands evenly by chance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.chains import Chain, chains
from veernet.register.labels import Pass
from veernet.register.numbered import Asked, passes_of
from veernet.register.numbers import CHARACTERS, best_text, read
from veernet.register.paper import Paper
from veernet.register.passes import find_passes, passes_at
from veernet.register.sought import completed
from veernet.register.told_chains import told_chains
from veernet.register.words import Words, clear, words

Ink = NDArray[np.uint8]

DPI = 200
COLUMN = 400
FIRST_ROW, PITCH = 200, 200
FIRST, STEP = 1000, 100


def print_number(ink: Ink, number: int, row: int, column: int = COLUMN) -> None:
    """Print a number about a place."""
    text = str(number)
    (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 0.8, 1)
    cv2.putText(ink, text, (column - width // 2, row + height // 2), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 2)


def numbered(labels: Sequence[int], rows: int = 3000) -> Ink:
    """Paper with some of the depths 1000, 1100 and so on, each in its place."""
    ink = np.zeros((rows, 900), np.uint8)
    for index in labels:
        print_number(ink, FIRST + STEP * index, FIRST_ROW + PITCH * index)
    return ink


def on_paper(ink: Ink) -> Paper:
    """As if it had been scanned at 200 dpi."""
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink)


def test_numbers_that_a_curve_or_a_line_runs_through_are_read_where_they_must_stand() -> None:
    """One in the midst of a pass, which a curve crosses, and the last one, through which its depth line goes on."""
    ink = numbered(range(11))
    row = FIRST_ROW + PITCH * 4
    cv2.polylines(ink, [np.array([[150, row - 30], [450, row - 2], [150, row + 50]], np.int32)], False, 1, 3)
    row = FIRST_ROW + PITCH * 10
    ink[row : row + 2] = 1
    (one,) = find_passes(on_paper(ink), read)
    assert [FIRST + STEP * index for index in range(11)] == one.labels.depths.tolist()
    assert one.labels.agreeing.all()
    assert np.abs(one.labels.rows - (FIRST_ROW + PITCH * np.arange(11))).max() <= 4


def test_labels_between_those_that_were_found_are_the_passs_too() -> None:
    """Every other label was found, and their distance is twice what it should be."""
    paper = on_paper(numbered(range(9)))
    (one,) = find_passes(paper, read)
    every_other = replace(one, labels=one.labels.some(np.arange(0, 9, 2)), step=2.0 * STEP)
    upright, _ = words(paper)
    whole = completed(paper, upright, every_other, Asked(paper, read))
    assert one.labels.depths.tolist() == whole.labels.depths.tolist()
    assert STEP == whole.step


def test_labels_below_three_that_are_written_over_are_the_passs_too() -> None:
    """Else the last steps of a log have no depths."""
    paper = on_paper(numbered([*range(7), 10, 11]))
    (one,) = find_passes(paper, read)
    upper = replace(one, labels=one.labels.some(np.arange(7)))
    upright, _ = words(paper)
    assert [2000, 2100] == completed(paper, upright, upper, Asked(paper, read)).labels.depths.tolist()[-2:]


def test_labels_are_looked_for_as_far_as_they_go_on() -> None:
    """Three alone were words, and eight more stand below them."""
    paper = on_paper(numbered(range(11)))
    (one,) = find_passes(paper, read)
    few = replace(one, labels=one.labels.some(np.arange(3)))
    upright, _ = words(paper)
    assert [FIRST + STEP * index for index in range(11)] == completed(
        paper, upright, few, Asked(paper, read)
    ).labels.depths.tolist()


def test_a_number_that_is_not_there_is_not_made_up() -> None:
    """A gap in the midst of a pass, and another number where the next depth would stand."""
    ink = numbered([0, 1, 2, 3, 5, 6, 7])
    print_number(ink, 1350, FIRST_ROW + PITCH * 8)
    (one,) = find_passes(on_paper(ink), read)
    assert [1000, 1100, 1200, 1300, 1500, 1600, 1700] == one.labels.depths.tolist()


def test_a_lone_0_above_a_gap_is_no_label() -> None:
    """A scale's, where the first depth would stand, four steps above the log."""
    ink = np.zeros((3000, 900), np.uint8)
    for depth in (0, *range(400, 1300, 100)):
        print_number(ink, depth, FIRST_ROW + 2 * depth)
    (one,) = find_passes(on_paper(ink), read)
    assert [*range(400, 1300, 100)] == one.labels.depths.tolist()


def test_a_letter_near_the_place_of_a_lone_0_is_none() -> None:
    """Of a scale block, fourteen rows above where the first depth would stand."""
    ink = np.zeros((3000, 900), np.uint8)
    for depth in range(100, 1300, 100):
        print_number(ink, depth, FIRST_ROW + 2 * depth)
    print_number(ink, 0, FIRST_ROW - 14)
    (one,) = find_passes(on_paper(ink), read)
    assert 100 == one.labels.depths[0]


def test_numbers_as_small_as_those_of_copies_at_half_size_are_found() -> None:
    """Digits of 0.042 inches."""
    ink = np.zeros((6000, 1200), np.uint8)
    for index in range(6):
        text = str(FIRST + STEP * index)
        cv2.putText(ink, text, (500, 400 + 800 * index), cv2.FONT_HERSHEY_DUPLEX, 0.75, 1, 2)
    half = (cv2.resize(255 * ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) > 63).astype(np.uint8)
    (one,) = find_passes(replace(on_paper(ink), dpi=400.0, factor=2, search=half), read)
    assert [FIRST + STEP * index for index in range(6)] == one.labels.depths.tolist()


def test_numbers_of_five_digits_in_large_print_are_words() -> None:
    """0.8 inches long, as of a depth column that is printed in letters of 0.17 inches."""
    ink = np.zeros((600, 900), np.uint8)
    cv2.putText(ink, "11450", (300, 300), cv2.FONT_HERSHEY_DUPLEX, 1.7, 1, 3)
    upright, _ = words(on_paper(ink))
    assert 150 < upright.lengths.max() < 170


def test_a_pass_of_few_labels_is_told_once_another_shows_how_depths_are_printed() -> None:
    """Five labels at 1:1200 are sure; below stand three at 1:240, far from each other."""
    ink = numbered(range(5), rows=9000)
    for index in (0, 3, 5):
        print_number(ink, FIRST + STEP * index, 3000 + 1000 * index)
    for row, number in ((3270, 870), (3530, 45), (4260, 2310), (4820, 655), (5590, 77), (6120, 912)):
        print_number(ink, number, row)
    first, second = find_passes(on_paper(ink), read)
    assert 5 == first.labels.agreeing.sum()
    assert [1000, 1300, 1500] == second.labels.depths.tolist()


def test_numbers_beside_the_border_of_their_column_stand_alone() -> None:
    """The border is no print, however near it is."""
    ink = numbered(range(8))
    ink[:, COLUMN - 38 : COLUMN - 32] = 1
    paper = on_paper(ink)
    upright, _ = words(paper)
    (alone,) = clear(paper, upright)
    assert {FIRST_ROW + PITCH * index for index in range(8)} <= {round(row / PITCH) * PITCH for row in alone.rows}


def test_few_depths_among_other_numbers_are_told_by_what_they_say() -> None:
    """Four depths of eight, and as many numbers of other things in the same column."""
    ink = numbered([0, 1, 4, 7])
    for row, number in (
        (FIRST_ROW + 330, 870),
        (FIRST_ROW + 520, 45),
        (FIRST_ROW + 1010, 2310),
        (FIRST_ROW + 1190, 655),
    ):
        print_number(ink, number, row)
    paper = on_paper(ink)
    upright, _ = words(paper)
    told, (chain, *_) = told_chains(paper, upright, Asked(paper, read), 0)
    rows = FIRST_ROW + PITCH * np.array([0, 1, 4, 7])
    assert np.abs(told.rows[chain.members] - rows).max() <= 4
    assert [0, 1, 4, 7] == chain.places.tolist()


def test_dirt_before_and_behind_a_number_is_no_part_of_it() -> None:
    """Ends of lines that reach up to labels are read as minus signs and points; they are cut off, and depths have neither."""
    ink = numbered(range(5))
    for index in range(5):
        row = FIRST_ROW + PITCH * index
        ink[row : row + 2, COLUMN - 42 : COLUMN - 34] = 1
        ink[row + 5 : row + 8, COLUMN + 36 : COLUMN + 39] = 1
    paper = on_paper(ink)
    upright, _ = words(paper)
    told, (chain, *_) = told_chains(paper, upright, Asked(paper, read), 0)
    assert 5 == chain.members.size
    assert told.lengths[chain.members].max() <= 72
    texts = [best_text(log)[0] for log in Asked(paper, read)(upright.boxes, 0)]
    assert {"1000", "1100", "1200", "1300", "1400"} <= set(texts)


def test_among_very_much_print_what_looks_like_numbers_is_read() -> None:
    """Of 400 marks that stand below each other and four depths between them."""
    ink = numbered([0, 4, 8, 12])
    for row in range(20, 2980, 8):
        if not any(abs(row - FIRST_ROW - PITCH * index) < 30 for index in (0, 4, 8, 12)):
            ink[row : row + 5, 100 + 37 * (row // 8 % 20) : 107 + 37 * (row // 8 % 20)] = 1
    paper = on_paper(ink)
    boxes = [(row, 95, row + 20, 120) for row in range(20, 2980, 7)]
    upright, _ = words(paper)
    marks = on_paper(ink.copy())
    marks.search[20:2980, 95:120] = np.arange(25) % 2
    many = Words(np.concatenate([np.array(boxes, np.int64), upright.boxes]), turned=False)
    _, (chain, *_) = told_chains(marks, many, Asked(paper, read), 0)
    assert 4 == chain.members.size


@pytest.mark.parametrize("seed", range(12, 16))
def test_a_column_of_depths_among_much_other_print_is_one_chain(seed: int) -> None:
    """However the distances of 300 other words happen to lie: once every other depth alone was found."""
    rng = np.random.default_rng(seed)
    rows, columns = rng.uniform(0, 6000, 300), rng.uniform(0, 1500, 300)
    rows, columns = np.append(rows, 300 + 402 * np.arange(8)), np.append(columns, np.full(8, 740))
    boxes = np.stack([rows - 9, columns - 20, rows + 9, columns + 20], axis=1).astype(np.int64)
    found = chains(Words(boxes, turned=False), DPI)
    assert any(set(range(300, 308)) <= set(chain.members.tolist()) for chain in found)


def test_few_depths_of_a_reduced_copy_are_a_pass() -> None:
    """Four labels of a log at 1:240, copied at seven tenths: no usual scale, and surely these depths."""
    ink = np.zeros((3000, 900), np.uint8)
    for index in range(4):
        print_number(ink, 11900 + STEP * index, FIRST_ROW + 710 * index)
    (one,) = find_passes(on_paper(ink), read)
    assert [11900 + STEP * index for index in range(4)] == one.labels.depths.tolist()
    assert one.confidence > 0.5


def test_one_number_is_no_pass() -> None:
    """Others below it may say what they should there, and rather say something else: that tells no rows a unit of depth."""
    boxes = np.array([[FIRST_ROW + PITCH * index, 370, FIRST_ROW + PITCH * index + 20, 430] for index in range(4)])
    paper = on_paper(np.zeros((1200, 900), np.uint8))

    def passes(sure: int) -> list[Pass]:
        """Of labels of which so many surely are numbers, and the third digit of the others rather is a point."""
        logs = np.full((4, 8, len(CHARACTERS) + 1), np.log(1e-6))
        logs[:, 1::2, 0] = np.log(0.9)
        for index in range(4):
            for place, digit in enumerate(str(FIRST + STEP * index)):
                logs[index, 2 * place, 1 + CHARACTERS.index(digit)] = np.log(0.9)
            if index >= sure:
                logs[index, 4, 1 + CHARACTERS.index("0")] = np.log(0.3)
                logs[index, 4, 1 + CHARACTERS.index(".")] = np.log(0.6)
        asked = {box.tobytes(): log for box, log in zip(boxes, logs, strict=True)}
        ask = Asked(paper, lambda _: np.zeros(0))
        ask._known = {(0, key): log for key, log in asked.items()}
        chain = Chain(np.arange(4), np.arange(4), float(PITCH), 4.0)
        return list(passes_of(paper, Words(boxes, turned=False), chain, ask, (0,)))

    assert [4] == [one.labels.rows.size for one in passes(4)]
    assert [] == passes(1)


def test_print_of_a_narrow_log_is_found_though_its_scan_does_not_tell_its_resolution() -> None:
    """A strip 4.5 inches wide, taken for one of 8.5 scanned at half its resolution, at which its digits are too large to be digits."""
    ink = np.zeros((3000, 900), np.uint8)
    for index in range(7):
        cv2.putText(ink, str(FIRST + STEP * index), (350, 200 + PITCH * index), cv2.FONT_HERSHEY_DUPLEX, 1.1, 1, 2)
    guessed = replace(on_paper(ink), dpi=DPI / 2, dpi_claimed=False)
    assert not find_passes(guessed, read)
    paper, (one,) = passes_at(guessed, read)
    assert DPI == paper.dpi
    assert [FIRST + STEP * index for index in range(7)] == one.labels.depths.tolist()


def test_print_is_found_in_grain_that_joins_it_all() -> None:
    """A fifth of a scan at 300 dpi is black, here and there."""
    ink = np.zeros((2400, 700), np.uint8)
    for index in range(7):
        cv2.putText(ink, str(FIRST + STEP * index), (250, 200 + 300 * index), cv2.FONT_HERSHEY_DUPLEX, 1.5, 1, 6)
    ink |= (np.random.default_rng(2).random(ink.shape) < 0.2).astype(np.uint8)
    half = (cv2.resize(255 * ink, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA) > 63).astype(np.uint8)
    paper = replace(on_paper(ink), dpi=300.0, factor=2, search=half)
    assert not find_passes(paper, read)
    _, (one,) = passes_at(paper, read)
    assert [FIRST + STEP * index for index in range(7)] == one.labels.depths.tolist()


def test_depths_of_which_specks_are_left_are_found() -> None:
    """Thin print, a quarter of whose ink the scanner has seen: no piece of it is as tall as a digit."""
    ink = np.zeros((3000, 900), np.uint8)
    for index in range(7):
        cv2.putText(ink, str(FIRST + STEP * index), (360, 200 + PITCH * index), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 1)
    ink &= (np.random.default_rng(0).random(ink.shape) < 0.25).astype(np.uint8)
    paper = on_paper(ink)
    assert not find_passes(paper, read)
    _, (one,) = passes_at(paper, read)
    assert [FIRST + STEP * index for index in range(7)] == one.labels.depths.tolist()

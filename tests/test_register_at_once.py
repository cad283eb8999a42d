"""Registering in parts: what comes of a scan is the same whatever is looked at together, or at the same time."""

from __future__ import annotations

import time

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register import across, words
from veernet.register.across import covered
from veernet.register.at_once import at_once, both
from veernet.register.paper import Paper
from veernet.register.text import read_lines, read_steps, text_boxes
from veernet.register.upright import Run

DPI = 150.0
ROWS, WIDTH = 1200, 800


def typed(text: str) -> NDArray[np.uint8]:
    """A line of print, ink 1."""
    ink = np.zeros((48, 26 * len(text)), np.uint8)
    cv2.putText(ink, text, (8, 38), cv2.FONT_HERSHEY_SIMPLEX, 1.2, 1, 3)
    return ink


def logged() -> NDArray[np.uint8]:
    """A grid whose lines slant, a dark border in some of its rows, specks all over it, and figures, every third between two strokes."""
    ink = np.zeros((ROWS, WIDTH), np.uint8)
    for row in range(20, ROWS, 31):
        cv2.line(ink, (100, row), (500, row + 9), 1)
    ink[200:330, 640:700] = 1
    rng = np.random.default_rng(1)
    ink[rng.integers(0, ROWS, 3000), rng.integers(0, WIDTH, 3000)] = 1
    for row in range(37, ROWS - 20, 61):
        cv2.putText(ink, "1250", (540 + row % 50, row), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
        if row % 3 == 0:
            ink[[row - 18, row + 5], 530:630] = 1
    return ink


def test_what_comes_of_parts_is_in_their_order() -> None:
    """Though the first takes longest."""

    def late(part: int) -> int:
        time.sleep(0.02 * (4 - part))
        return part * part

    assert [0, 1, 4, 9] == at_once(late, range(4))


@pytest.mark.parametrize("cores", [1, 2])
def test_two_pieces_of_work_are_both_done_whatever_cores_there_are(monkeypatch: pytest.MonkeyPatch, cores: int) -> None:
    """Where there is one, one after the other."""
    monkeypatch.setattr(cv2, "getNumThreads", lambda: cores)
    assert ("one", 2) == both(lambda: "one", lambda: 2)


def test_what_goes_wrong_beside_other_work_is_told() -> None:
    """Nothing is drafted from half of what was looked at."""
    with pytest.raises(ZeroDivisionError):
        both(lambda: 1 // 0, lambda: 2)


def test_print_is_read_alike_however_many_read_at_once() -> None:
    """A network that two asked at the same time would give one of them what it made of the other's."""
    lines = [typed(text) for text in ("GAMMA RAY", "CALIPER", "1250", "0.0002", "API NO. 42-371-03086", "DENSITY")]
    alone = [read_steps([line])[0] for line in lines]
    beside = at_once(lambda line: at_once(lambda one: read_steps([one])[0], [line] * 3), lines)
    assert "1250" == read_lines(lines[2:3])[0][0]
    for steps, others in zip(alone, beside, strict=True):
        assert all(np.array_equal(steps, other) for other in others)
    page = np.concatenate([np.pad(line, ((9, 9), (0, 600 - line.shape[1]))) for line in lines])
    assert [text_boxes(page)] * 3 == at_once(text_boxes, [page] * 3)


@pytest.mark.parametrize("rows", [64, 100, 512])
def test_lines_across_are_the_same_however_many_rows_are_looked_at_together(
    monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """A border that ends in the next rows is none of them."""
    swinging = Run(0, 12, 5 * np.sin(np.arange(12.0)), np.ones(12), np.zeros(WIDTH))
    asked = (logged(), swinging, np.array([0.0, 90.0, 300.0, 510.0, 630.0, 710.0, 790.0]), (33, 1180), DPI)
    monkeypatch.setattr(across, "_BAND_ROWS", ROWS)
    whole = covered(*asked)
    assert whole is not None
    monkeypatch.setattr(across, "_BAND_ROWS", rows)
    assert np.array_equal(whole, covered(*asked))


@pytest.mark.parametrize("rows", [64, 500])
def test_words_stand_alone_however_many_rows_are_looked_at_together(monkeypatch: pytest.MonkeyPatch, rows: int) -> None:
    """What is about a word counts, in whichever rows it is."""
    ink = logged()
    paper = Paper(WIDTH, DPI, True, 1, np.packbits(ink, axis=1), ink)
    groups = words.words(paper)
    monkeypatch.setattr(words, "_BAND_ROWS", ROWS)
    whole = words.clear(paper, *groups)
    assert 0 < len(whole[0].boxes) < len(groups[0].boxes)
    monkeypatch.setattr(words, "_BAND_ROWS", rows)
    assert [of.boxes.tolist() for of in whole] == [of.boxes.tolist() for of in words.clear(paper, *groups)]

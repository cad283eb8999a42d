"""Labels whose first digit was left out of the words that were found."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.first_digits import with_first_digits
from veernet.register.labels import Labels, Pass, Turn
from veernet.register.numbered import Asked
from veernet.register.numbers import read
from veernet.register.paper import Paper

DPI = 200.0
LEFT, PITCH, FIRST_ROW = 500, 200, 150
DEPTHS = np.arange(4450.0, 4701.0, 50.0)
SIZE, FONT = 0.9, cv2.FONT_HERSHEY_COMPLEX


def width(text: str) -> int:
    """Of some print, px."""
    return int(cv2.getTextSize(text, FONT, SIZE, 2)[0][0])


def printed(before: str, border: str = "none") -> NDArray[np.uint8]:
    """Depths with something printed before them, and a line down the paper before that."""
    ink = np.zeros((1500, 900), np.uint8)
    for index, depth in enumerate(DEPTHS):
        row = FIRST_ROW + PITCH * index
        cv2.putText(ink, f"{depth:.0f}", (LEFT, row + 11), FONT, SIZE, 1, 2)
        if before:
            cv2.putText(ink, before, (LEFT - width(before), row + 11), FONT, SIZE, 1, 2)
    if border != "none":
        line = slice(LEFT - 8, LEFT - 5) if not before else slice(LEFT - width("1") - 6, LEFT - width("1") - 3)
        ink[:, line] = 1
        ink[np.arange(len(ink)) % 9 < (4 if border == "broken" else 0), line] = 0
    return ink


def passed(ink: NDArray[np.uint8], turned: Turn, cut: int) -> tuple[Paper, Pass]:
    """Paper turned with its text, so many columns of it cut off, and the pass of labels of four digits on it."""
    rows = FIRST_ROW + PITCH * np.arange(DEPTHS.size)
    left = LEFT - cut
    boxes = np.array([(row - 11, left, row + 13, left + width("4450")) for row in rows], np.float64)
    if turned:
        # Print runs down the paper, or up; labels then stand beside each other, which is all the same here.
        ink = np.ascontiguousarray(np.rot90(ink, -1 if turned == 90 else 1))
        high, wide = ink.shape
        top, left, end, stop = boxes.T
        boxes = np.stack(
            (left, wide - end, stop, wide - top) if turned == 90 else (high - stop, top, high - left, end), axis=1
        )
    count = DEPTHS.size
    texts = tuple(f"{depth:.0f}" for depth in DEPTHS)
    labels = Labels(boxes, turned, texts, np.full(count, 0.9), DEPTHS, np.ones(count, bool))
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink), Pass(labels, 50.0, 4.0, 0.99, 20.0)


def told(ink: NDArray[np.uint8], turned: Turn = 0, cut: int = 0) -> Pass:
    """What becomes of the pass."""
    paper, one = passed(ink, turned, cut)
    return with_first_digits(paper, one, Asked(paper, read))


@pytest.mark.parametrize("turned", [0, 90, 270])
@pytest.mark.parametrize("border", ["none", "solid", "broken"])
def test_depths_have_the_digit_that_stands_before_their_labels(border: str, turned: Turn) -> None:
    """Whether or not a border runs close by, and whichever way they are printed."""
    one = told(printed("1", border), turned)
    assert (DEPTHS + 10_000).tolist() == one.labels.depths.tolist()
    assert "14450" == one.labels.texts[0]
    assert 0.99 == one.confidence


@pytest.mark.parametrize("border", ["none", "solid", "broken"])
def test_a_border_is_no_digit(border: str) -> None:
    """It goes on above and below the label."""
    one = told(printed("", border))
    assert DEPTHS.tolist() == one.labels.depths.tolist()
    assert 0.99 == one.confidence


@pytest.mark.parametrize("turned", [0, 90, 270])
def test_labels_beside_the_scans_own_edge_are_what_they_are(turned: Turn) -> None:
    """Beyond it nothing is printed; their own first digits do not stand before themselves."""
    one = told(printed("")[:, LEFT - 4 :], turned, LEFT - 4)
    assert DEPTHS.tolist() == one.labels.depths.tolist()
    assert 0.99 == one.confidence


def test_what_stands_before_labels_and_cannot_be_read_leaves_their_depths_in_doubt() -> None:
    """As tall as a digit, and none that goes on evenly."""
    one = told(printed("M"))
    assert DEPTHS.tolist() == one.labels.depths.tolist()
    assert one.confidence < 0.95

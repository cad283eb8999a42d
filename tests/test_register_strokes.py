"""How many curves run in a track, among hatching and grain."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.hatching import hatched_rows
from veernet.register.paper import Paper
from veernet.register.strokes import curves_drawn

DPI = 150.0
ROWS, LEFT, RIGHT = 3000, 100, 460
EDGES = (((0.0, float(LEFT)), (ROWS - 1.0, float(LEFT))), ((0.0, float(RIGHT)), (ROWS - 1.0, float(RIGHT))))


def with_curve(middle: int, ink: NDArray[np.uint8] | None = None, *, swing: float = 40.0) -> NDArray[np.uint8]:
    """A track with a curve that swings about a column."""
    ink = np.zeros((ROWS, RIGHT + 40), np.uint8) if ink is None else ink.copy()
    for by in range(4):
        ink[np.arange(ROWS), course(middle, swing) + by] = 1
    return ink


def course(middle: int, swing: float = 40.0) -> NDArray[np.intp]:
    """The columns of a curve."""
    return (middle + 20 * np.sin(np.arange(ROWS) / swing)).astype(np.intp)


def drawn(ink: NDArray[np.uint8]) -> int:
    """Curves that are seen in it."""
    return curves_drawn(Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink), *EDGES)


def hatched(
    ink: NDArray[np.uint8], left: NDArray[np.intp] | int, right: NDArray[np.intp], every: int
) -> NDArray[np.uint8]:
    """Ink with thin strokes aslant between two courses, side by side."""
    rows, columns = np.mgrid[0 : len(ink), 0 : ink.shape[1]]
    inside = (columns >= np.reshape(left, (-1, 1))) & (columns < right[:, None])
    return ink | (((3 * rows // 2 - columns) % every < 2) & inside).astype(np.uint8)


@pytest.mark.parametrize("every", [10, 14, 18])
def test_hatching_between_two_curves_is_no_third_one(every: int) -> None:
    """Its strokes go on from one to the other, where a third curve would run."""
    ink = with_curve(240, with_curve(200), swing=43.0)
    assert 2 >= drawn(hatched(ink, course(200), course(240, 43.0), every))


def test_hatching_from_an_edge_to_a_curve_is_no_other_one() -> None:
    """It is as wide as the curve is far from the edge."""
    assert 1 == drawn(hatched(with_curve(200), LEFT, course(200), 22))


def test_dashes_of_a_curve_that_runs_aslant_are_no_hatching() -> None:
    """They are as steep as each other, too, but follow each other on one line."""
    ink, rows = with_curve(420, with_curve(130))[:75], np.arange(75)
    for by in range(3):
        ink[rows, 200 + rows + by] = rows % 12 < 7
    (no_rows,) = hatched_rows([ink], DPI)
    (most,) = hatched_rows([hatched(ink, 150, np.full(75, 400), 14)], DPI)
    assert not no_rows.any()
    assert most.mean() > 0.8


def test_grain_is_no_curve() -> None:
    """Where there is much of it specks have grown together, and follow each other down the paper as dots do."""
    noise = np.random.default_rng(3).random((ROWS, RIGHT + 40))
    fine, coarse = ((noise < share).astype(np.uint8) for share in (0.12, 0.03))
    grown = np.asarray(cv2.dilate(coarse, np.ones((2, 2), np.uint8)), np.uint8)
    assert 1 == drawn(with_curve(280) | fine | grown)


def test_dark_paper_at_the_scans_edge_is_no_curve() -> None:
    """A track may begin there; what is dark comes and goes, and ends where no curve does."""
    ink = with_curve(300)
    dark = np.random.default_rng(1).random((ROWS, 30)) < 0.7
    dark[np.arange(ROWS) % 180 < 110] = False
    ink[:, LEFT - 5 : LEFT + 25] |= dark
    assert 1 == drawn(ink)

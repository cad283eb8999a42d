"""A dashed and a dotted curve in one track, which the network may both call dotted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from test_trace import Drawn, class_map, middles, wave

from veernet.curves.identity import Trace
from veernet.curves.trace import trace_track
from veernet.sheets.geometry import STRIP_WIDTH, TRACK_COLUMNS, strip_column

ROWS = 900
ONE, OTHER = wave(ROWS, 0.3, 0.08, 300), wave(ROWS, 0.7, 0.1, 220)


def strip(dash_rows: int, dot_rows: int) -> NDArray[np.uint8]:
    """Two strokes of three columns whose ink comes and goes after so many rows."""
    paper = np.zeros((ROWS, STRIP_WIDTH), np.uint8)
    for path, rows in ((ONE, dash_rows), (OTHER, dot_rows)):
        at = np.round(strip_column(middles(path))).astype(int)
        inked = np.flatnonzero(np.arange(ROWS) // rows % 2 == 0)
        for by in (-1, 0, 1):
            paper[inked, at[inked] + by] = 255
    return paper


def traced(styles: tuple[str, str], paper: NDArray[np.uint8]) -> list[Trace]:
    """With both strokes in the class of the less continuous style."""
    classes = np.zeros_like(class_map(ONE, OTHER))
    classes[1] = class_map(ONE, OTHER).max(axis=0)
    return trace_track([classes], [Drawn(style) for style in styles], strips=lambda: [paper])


@pytest.mark.parametrize("styles", [("dashed", "dotted"), ("dotted", "dashed")])
def test_both_are_found_and_named_by_how_often_their_ink_comes_and_goes(styles: tuple[str, str]) -> None:
    """In whatever order the manifest has them."""
    traces = dict(zip(styles, traced(styles, strip(10, 2)), strict=True))
    for style, truth in (("dashed", ONE), ("dotted", OTHER)):
        assert np.mean(np.abs(traces[style].fraction - middles(truth)) < 0.01) > 0.95
        assert np.median(traces[style].confidence) > 0.9


def test_two_that_come_and_go_alike_are_in_doubt() -> None:
    """They are traced, and which is which is not sure."""
    for trace in traced(("dashed", "dotted"), strip(5, 5)):
        assert np.isfinite(trace.fraction).mean() > 0.95
        assert trace.confidence.max() < 0.9
        assert any("nothing tells which" in doubt.reason for doubt in trace.doubts)


def test_of_two_broken_curves_one_alone_may_be_either() -> None:
    """Beside no solid stroke the network calls dashes what it calls dots elsewhere; beside one it knows."""
    truth = wave(ROWS, 0.4, 0.1, 200)
    classes = class_map(truth)[[1, 0]]
    for styles, doubtful in ((("dashed", "dotted"), True), (("solid", "dashed"), False)):
        lone, followed = trace_track([classes], [Drawn(style) for style in styles])
        assert np.isfinite(followed.fraction).mean() > 0.9
        assert np.isfinite(lone.fraction).mean() < 0.1
        assert (followed.confidence.max() < 0.9) == doubtful
        assert any("two broken strokes" in doubt.reason for doubt in followed.doubts) == doubtful


def test_where_one_of_two_broken_curves_is_lost_for_long_the_other_may_be_it() -> None:
    """Dots that nobody sees, and their curve is followed along the dashes beside them; the gap between two dashes is no loss."""
    classes = class_map(OTHER, ONE)
    classes[0, 300:500] = 0
    classes[0, 700:712] = 0
    dashed, dotted = trace_track([classes], [Drawn("dashed"), Drawn("dotted")])
    assert np.isnan(dashed.fraction[320:480]).all()
    assert [(320, 480)] == [(max(320, doubt.first_row), min(480, doubt.end_row)) for doubt in dotted.doubts]
    assert dotted.confidence[320:480].max() < 0.9 < dotted.confidence[600:690].min()


def test_of_two_broken_curves_on_one_stroke_for_long_neither_is_sure() -> None:
    """Dashes that nobody sees apart from the dots' stroke may be all that is there: the dots may run elsewhere, unseen."""
    beside = OTHER + 8.0 / TRACK_COLUMNS
    classes = class_map(OTHER, beside)
    classes[0, 300:460] = 0
    dashed, dotted = trace_track([classes], [Drawn("dashed"), Drawn("dotted")])
    assert np.isfinite(dashed.fraction[310:450]).all()
    assert dotted.confidence[310:450].max() < 0.9 < dotted.confidence[600:800].min()

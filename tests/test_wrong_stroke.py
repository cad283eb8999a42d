"""Doubts about strokes that look like another curve of their track."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from test_trace import Drawn, class_map, middles, wave

from veernet.curves.identity import Trace
from veernet.curves.trace import trace_track

_ROWS = 900
_BESIDE, _ALIKE = "on which no curve runs", "look alike between two contacts"


def doubted(trace: Trace, reason: str) -> NDArray[np.bool_]:
    """The rows of which a trace says so."""
    rows = np.zeros(trace.fraction.size, bool)
    for doubt in trace.doubts:
        rows[doubt.first_row : doubt.end_row] |= reason in doubt.reason
    return rows


def test_rows_in_which_a_stroke_like_its_own_runs_elsewhere_are_in_doubt() -> None:
    """A letter of a stamp, or the curve itself: values stay, at a lower confidence."""
    truth = wave(_ROWS, 0.3, 0.05, 200)
    classes = class_map(truth)
    classes[0, 400:440, 350:354] = 255
    (trace,) = trace_track([classes], [Drawn()])
    assert np.abs(trace.fraction - middles(truth)).max() < 0.01
    assert [398, 442] == [doubt for one in trace.doubts for doubt in (one.first_row, one.end_row)]
    assert trace.confidence[400:440].max() < 0.9 < min(trace.confidence[:390].min(), trace.confidence[450:].min())


def test_a_line_that_no_manifest_names_casts_no_doubt_on_a_curve() -> None:
    """It runs beside it for longer than a curve could have gone astray."""
    classes = class_map(wave(_ROWS, 0.3, 0.05, 200))
    classes[0, 200:700, 350:354] = 255
    (trace,) = trace_track([classes], [Drawn()])
    assert not trace.doubts


def test_a_line_that_no_manifest_names_may_come_in_pieces() -> None:
    """Where they are on many rows of a strip, none of them says anything."""
    classes = class_map(wave(_ROWS, 0.3, 0.05, 200))
    for row in range(200, 700, 50):
        classes[0, row : row + 30, 350:354] = 255
    (trace,) = trace_track([classes], [Drawn()])
    assert not trace.doubts


def test_a_speck_of_its_class_casts_no_doubt_on_a_curve() -> None:
    """Less than a stroke is noise."""
    classes = class_map(wave(_ROWS, 0.3, 0.05, 200))
    classes[0, 400:403, 350:354] = 255
    (trace,) = trace_track([classes], [Drawn()])
    assert not trace.doubts


def test_what_the_dashed_curve_takes_of_the_solid_class_is_not_left_over() -> None:
    """Ink on which a curve runs is explained."""
    classes = class_map(wave(_ROWS, 0.3, 0.05, 200), wave(_ROWS, 0.7, 0.05, 300))
    classes[0, 400:500, 240:], classes[1, 400:500, 240:] = classes[1, 400:500, 240:].copy(), 0
    traces = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert not any(doubted(trace, _BESIDE).any() for trace in traces)
    assert not any(doubted(trace, _ALIKE).any() for trace in traces)


def test_a_dashed_curve_that_looks_solid_from_one_contact_to_the_next_may_be_the_solid_one() -> None:
    """Both are in doubt there, and only there."""
    solid, dashed = wave(_ROWS, 0.5, 0.0, 100), wave(_ROWS, 0.5, 0.12, 400)  # meet every 200 rows
    classes = class_map(solid, dashed)
    classes[0, 390:610] |= classes[1, 390:610]
    classes[1, 390:610] = 0
    traces = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    for trace in traces:
        rows = doubted(trace, _ALIKE)
        assert rows[420:580].all()
        assert not rows[:370].any()
        assert not rows[630:].any()
        assert trace.confidence[420:580].max() < 0.9

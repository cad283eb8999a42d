"""The turn of a curve that wraps: what its ink does not tell is told by its scale, or is in doubt."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from test_trace import Drawn, class_map, middles, wave

from veernet.curves.identity import Doubt, Trace
from veernet.curves.path import PathCosts
from veernet.curves.trace import trace_track
from veernet.curves.turns import TURN_CONFIDENCE, doubt_turns


def mostly_over() -> NDArray[np.float64]:
    """A gamma ray in hot shale: three rows in five are past the scale, and so are the first and the last."""
    return wave(900, 1.1, 0.35, 300, phase=0.25)


def traced(left: float, right: float, truth: NDArray[np.float64]) -> Trace:
    """As it is traced on such a scale."""
    (trace,) = trace_track([class_map(truth, wrap=True)], [Drawn(left=left, right=right, wrap=True)])
    return trace


@pytest.mark.parametrize(("left", "right", "turned"), [(0.0, 75.0, 1), (75.0, 0.0, -1)])
def test_a_curve_does_not_have_values_of_a_sign_that_its_scale_has_not(left: float, right: float, turned: int) -> None:
    """It would be nearer to its scale a turn back, if there were counts below none."""
    truth = mostly_over() if turned > 0 else 1.0 - mostly_over()
    trace = traced(left, right, truth)
    assert np.nanmean(np.abs(trace.fraction - middles(truth)) < 0.01) > 0.95
    assert not any("turn" in doubt.reason for doubt in trace.doubts)


def test_where_scales_do_not_tell_a_curve_that_is_as_often_off_its_scale_is_in_doubt() -> None:
    """A spontaneous potential has either sign."""
    trace = traced(-80.0, 20.0, mostly_over())
    known = np.isfinite(trace.fraction)
    assert known.mean() > 0.95
    assert trace.confidence[known].max() <= TURN_CONFIDENCE
    assert any("as often as on it" in doubt.reason for doubt in trace.doubts)


def settled(*turns: float, doubt: bool = True) -> Trace:
    """On one turn for 200 rows after the other, with ten rows in doubt about each turning over."""
    fraction = np.repeat(np.asarray(turns, np.float32) + np.float32(0.5), 200)
    doubts = [Doubt(200 * index - 5, 200 * index + 5, "seen between two gaps") for index in range(1, len(turns))]
    return Trace(fraction, np.full(fraction.size, 0.97, np.float32), tuple(doubts) if doubt else ())


def test_a_turn_that_may_be_lost_is_in_doubt_down_to_the_end() -> None:
    """One that is lost stays lost."""
    trace = doubt_turns(settled(0, 1, 0, 0), Drawn(left=0.0, right=150.0, wrap=True), "linear", PathCosts())  # type: ignore[arg-type]
    assert trace.confidence[:200].min() > 0.9
    assert trace.confidence[210:].max() <= TURN_CONFIDENCE


def test_turns_that_are_seen_are_not_in_doubt() -> None:
    """Nor a stretch in doubt out of which the curve comes as it went in."""
    gamma = Drawn(left=0.0, right=150.0, wrap=True)
    for trace in (settled(0, 1, 0, 0, doubt=False), settled(0, 0, 0)):
        assert doubt_turns(trace, gamma, "linear", PathCosts()) is trace  # type: ignore[arg-type]

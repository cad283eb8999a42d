"""The turn of a curve that wraps: what its ink does not tell is told by its scale, or is in doubt."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from test_trace import Drawn, class_map, middles, wave

from veernet.curves.identity import Doubt, Trace
from veernet.curves.path import PathCosts
from veernet.curves.trace import trace_track
from veernet.curves.turns import SETTLED_CONFIDENCE, TURN_CONFIDENCE, doubt_turns, settle


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
    knots = np.add.outer(200 * np.arange(len(turns)), [4, 195]).ravel()
    fraction = np.interp(np.arange(200 * len(turns)), knots, np.repeat(turns, 2) + 0.5).astype(np.float32)
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


def long_over(rows: int) -> NDArray[np.float64]:
    """A gamma ray that goes over its scale a few columns a row, and stays there for so many rows."""
    return np.concatenate([np.linspace(0.5, 1.5, 60), wave(rows, 1.5, 0.2, 300), np.linspace(1.5, 0.5, 60)])


@pytest.mark.parametrize("onset_rows", [6, 20])
def test_a_curve_that_is_seen_to_stay_over_its_scale_for_long_is_followed_there(onset_rows: int) -> None:
    """Nothing of it is lost; a leap back would spare it thousands of rows off its scale."""
    up = np.linspace(0.4, 1.4, onset_rows)
    truth = np.concatenate(
        [wave(400, 0.4, 0.2, 300), up, wave(5_000, 1.4, 0.2, 300), up[::-1], wave(400, 0.4, 0.2, 300)]
    )
    (trace,) = trace_track([class_map(truth, wrap=True)], [Drawn(wrap=True)])
    assert np.mean(np.abs(trace.fraction - middles(truth)) < 0.05) > 0.99


@pytest.mark.parametrize("rows", [1_500, 3_000])
def test_a_curve_that_stays_over_its_scale_for_long_is_not_brought_back_to_it_by_a_gap(rows: int) -> None:
    """A row in which it is lost at the edge of the track, going over or coming back, is no reason to be a turn lower all the while."""
    truth = np.concatenate([wave(400, 0.5, 0.2, 300), long_over(rows), wave(400, 0.5, 0.2, 300)])
    classes = class_map(truth, wrap=True)
    over = np.flatnonzero(np.diff(np.floor(truth)) != 0.0)
    for row in (over[0], over[-1]):
        classes[:, row : row + 2] = 0
    (trace,) = trace_track([classes], [Drawn(wrap=True)])
    known = np.isfinite(trace.fraction)
    assert known.mean() > 0.99
    assert np.mean(np.abs(trace.fraction - middles(truth))[known] < 0.05) > 0.99


def test_a_curve_that_comes_back_far_from_where_it_was_lost_is_on_the_turn_on_which_it_is_near() -> None:
    """Paper is lost where it goes over its scale: 0.9 of the track above the gap, 0.1 below it."""
    truth = np.concatenate(
        [np.full(300, 0.9), np.full(20, 1.0), np.full(300, 1.1), np.linspace(1.1, 0.5, 60), np.full(300, 0.5)]
    )
    classes = class_map(truth, wrap=True)
    classes[:, 300:320] = 0
    (trace,) = trace_track([classes], [Drawn(wrap=True)])
    assert np.nanmedian(np.abs(trace.fraction - middles(truth))[320:620]) < 0.01


def test_below_a_leap_over_half_a_track_the_turn_is_in_doubt() -> None:
    """Another turn would be nearer, at once or by two steps of half a leap; a spike that goes as far in five rows is none."""
    gamma = Drawn(left=0.0, right=150.0, wrap=True)
    for way, leapt in (((0.98, 0.05), True), ((1.19, 0.7, 0.21), True), ((0.2, 0.5, 0.8, 1.1, 1.4), False)):
        fraction = np.concatenate([np.full(200, way[0]), way, np.full(200, way[-1])]).astype(np.float32)
        trace = doubt_turns(Trace(fraction, np.full(fraction.size, 0.97, np.float32), ()), gamma, "linear", PathCosts())  # type: ignore[arg-type]
        assert trace.confidence[:200].min() > 0.9
        assert (trace.confidence[210:].max() <= TURN_CONFIDENCE) == leapt


def test_a_turn_that_ink_does_not_tell_is_told_by_its_scale_and_not_surely() -> None:
    """Out of one stretch in doubt and into the next it is on the next turn; nearer to its scale it goes in and comes out as well."""
    trace, nearer = settled(0, 0, 1, 1, 0, 0), settled(0, 0, 0, 0, 0, 0)
    found = settle(trace, nearer)
    assert np.abs(found.fraction - nearer.fraction).max() < 0.01
    inside = slice(410, 790)
    assert found.confidence[inside].max() <= SETTLED_CONFIDENCE < found.confidence[:380].min()
    assert settle(settled(0, 0, 1, 1, 0, 0, doubt=False), nearer).fraction[600] == pytest.approx(1.5)
    elsewhere = Trace(nearer.fraction + np.float32(0.1), nearer.confidence, nearer.doubts)
    assert settle(trace, elsewhere) is trace

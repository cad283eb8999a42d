"""Dashed strokes that a class map calls solid, told by the gaps that the strip has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from test_trace import Drawn, class_map, middles, wave

from veernet.curves.restyled import restyled
from veernet.curves.trace import trace_track

SOLID, BROKEN = wave(600, 0.7, 0.1, 140), wave(600, 0.3, 0.05, 170)


def seen(gap_rows: int = 14, period_rows: int = 56) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A class map in which both curves are of the first class all the way, and the strip, on which the second one breaks off."""
    classes = class_map(SOLID, BROKEN)
    strip = classes.max(axis=0)
    gaps = np.arange(len(strip)) % period_rows < gap_rows
    strip[gaps] = np.where(classes[1][gaps] > 0, 0, strip[gaps])
    return np.stack([classes.max(axis=0), np.zeros_like(strip)]), strip


def test_of_two_strokes_that_look_solid_the_one_with_gaps_is_the_dashed_curve() -> None:
    """Whichever of them is easier to follow."""
    classes, strip = seen()
    changed = restyled(classes, strip)
    truth = class_map(SOLID, BROKEN)
    assert (changed[1] > 0)[truth[1] > 0].mean() > 0.99
    assert changed[0][truth[1] > 0].max() < 128 < changed[0][truth[0] > 0].min()
    traces = trace_track([classes], [Drawn("solid"), Drawn("dashed")], strips=lambda: [strip])
    for trace, fraction in zip(traces, (SOLID, BROKEN), strict=True):
        known = np.isfinite(trace.fraction)
        assert known.mean() > 0.9
        assert np.abs(trace.fraction - middles(fraction))[known].max() < 0.02


def test_a_stroke_that_breaks_off_alone_stays_what_it_was_called() -> None:
    """Ink fades, too; what tells is the other stroke, which does not break off."""
    classes, strip = seen()
    alone = np.where(class_map(SOLID, BROKEN)[1] > 0, classes, 0).astype(np.uint8)
    assert restyled(alone, strip) is alone


def test_strokes_stay_what_they_were_called_where_another_one_is_called_dashed() -> None:
    """A third line is printed in some tracks."""
    classes, strip = seen()
    classes[1] = class_map(np.full(601, 0.1))[0]
    assert restyled(classes, strip) is classes


def test_two_strokes_without_gaps_stay_solid() -> None:
    """And so does one whose gaps are less than dashes have."""
    for gap_rows in (0, 1):
        classes, strip = seen(gap_rows)
        assert restyled(classes, strip) is classes


def test_a_stroke_is_judged_from_one_meeting_with_another_to_the_next() -> None:
    """Two that cross are four."""
    solid, broken = wave(900, 0.5, 0.3, 900), wave(900, 0.5, 0.3, 900, 0.5)
    truth = class_map(solid, broken)
    strip = truth.max(axis=0)
    gaps = np.arange(900) % 56 < 14
    strip[gaps] = np.where((truth[1] > 0)[gaps], 0, strip[gaps])
    strip[truth[0] > 0] = 255
    classes = np.stack([truth.max(axis=0), np.zeros_like(strip)])
    changed = restyled(classes, strip)
    apart = (truth[1] > 0) & (truth[0] == 0)
    assert (changed[1] > 0)[apart].mean() > 0.9
    assert (changed[1] > 0)[truth[0] > 0].mean() < 0.1

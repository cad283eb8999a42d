"""Which of two curves of one style is which, told from traces that run left and right whatever the curves do."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.curves.alike import keep_identities
from veernet.curves.identity import Trace
from veernet.sheets.geometry import APRON_ROWS, STRIP_WIDTH, TRACK_COLUMNS, strip_column

Floats = NDArray[np.float64]


def sides(first: Floats, second: Floats) -> list[Trace]:
    """The traces of two curves, given in columns of the track: the left stroke's and the right one's."""
    return [
        Trace((side / TRACK_COLUMNS).astype(np.float32), np.ones(side.size, np.float32))
        for side in (np.minimum(first, second), np.maximum(first, second))
    ]


def paper(curves: tuple[Floats, Floats], pens: tuple[float, float]) -> NDArray[np.uint8]:
    """The strip on which pens of two widths drew them."""
    strip = np.zeros((curves[0].size, STRIP_WIDTH), np.uint8)
    for curve, width in zip(curves, pens, strict=True):
        centre = strip_column(curve / TRACK_COLUMNS)
        strip[np.abs(np.arange(STRIP_WIDTH) - centre[:, None]) <= width / 2] = 255
    return strip


def off(trace: Trace, curve: Floats) -> Floats:
    """By how many columns it is off."""
    return np.abs(trace.fraction * TRACK_COLUMNS - curve)


def test_curves_that_change_sides_do_so_where_they_are_closest() -> None:
    """They touch for a hundred rows, and are themselves in all of them, not only in the first half."""
    at = np.arange(600.0)
    curves = 200.0 + 0.1 * (at - 300.0), 200.0 - 0.1 * (at - 300.0)
    traces = keep_identities(sides(*curves), [paper(curves, (4.0, 2.0))])
    for trace, curve in zip(traces, curves, strict=True):
        assert off(trace, curve).max() < 0.5


def test_the_strips_apron_does_not_name_the_curves() -> None:
    """They cross above the log's first depth: the one that is left below it is the first."""
    at = np.arange(500.0)
    crossing = np.clip(3.0 * (at - APRON_ROWS / 2), -60.0, 60.0)
    curves = 200.0 - crossing, 200.0 + crossing
    first, second = keep_identities(sides(*curves), [paper(curves, (4.0, 2.0))])
    assert off(first, curves[0]).max() < 0.5
    assert off(second, curves[1]).max() < 0.5


def test_curves_that_keep_their_distance_stay_on_their_sides_through_a_touch() -> None:
    """One of them has sharp peaks that reach the other: by slopes alone they cross there."""
    at = np.arange(900.0)
    peaks = np.maximum(0.0, 100.0 - 10.0 * np.abs((at % 150.0) - 75.0))
    curves = np.full(900, 150.0), 250.0 - peaks
    traces = keep_identities(sides(*curves), [])
    for trace, curve in zip(traces, curves, strict=True):
        assert off(trace, curve).max() < 0.5
        assert trace.confidence[np.abs(peaks) < 80.0].min() > 0.9

"""From traces to values at depths."""

from __future__ import annotations

import numpy as np
import pytest

from veernet.curves.identity import Trace
from veernet.curves.values import curve_values, depth_index, value_of
from veernet.sheets.geometry import DepthRegister, Edge, StripGeometry
from veernet.sheets.manifest import Curve, Depth

LINEAR = Curve(mnemonic="GR", unit="GAPI", style="solid", left=0, right=150, wrap=True)
LOG = Curve(mnemonic="ILD", unit="OHMM", style="solid", left=0.2, right=2000)


def a_depth(top: float, base: float, step: float) -> Depth:
    """A register of 10 px a unit from row 100 at depth 1000."""
    return Depth(unit="ft", step=step, top=top, base=base, ticks=((100.0, 1000.0), (1100.0, 1100.0)))


def test_values_are_linear_between_the_edges_and_go_on_when_wrapped() -> None:
    """A quarter into the first wrap is one and a quarter tracks."""
    assert value_of(np.array([0.0, 0.5, 1.0, 1.25]), LINEAR, "linear").tolist() == [0.0, 75.0, 150.0, 187.5]


def test_values_on_a_log_track_go_by_ratio() -> None:
    """Four decades: a quarter of the track is one of them."""
    assert value_of(np.array([0.0, 0.25, 0.5, 1.0]), LOG, "log") == pytest.approx([0.2, 2.0, 20.0, 2000.0])


def test_the_depth_index_has_no_rounding_drift() -> None:
    """The 100,000th step is as exact as the first."""
    depths = depth_index(a_depth(0.0, 10000.0, 0.1))
    assert depths.size == 100001
    assert depths[-1] == 10000.0
    assert depths[33333] == 3333.3


def test_values_are_read_at_the_depth_and_null_where_the_trace_is() -> None:
    """One strip row a source row, one source row a tenth of a foot."""
    depth = a_depth(1000.0, 1005.0, 0.5)
    geometry = StripGeometry(Edge((0.0,), (10.0,)), Edge((0.0,), (490.0,)), 100.0, 1.0, 60)
    fraction = np.linspace(0.0, 0.59, 60).astype(np.float32)
    fraction[20:24] = np.nan
    trace = Trace(fraction, np.where(np.isnan(fraction), 0, 0.9).astype(np.float32))
    log = curve_values(trace, geometry, DepthRegister.of(depth), LINEAR, "linear", depth_index(depth))
    expected = 150 * 0.01 * np.arange(0, 51, 5.0)
    expected[4] = np.nan
    assert log.values == pytest.approx(expected, nan_ok=True, abs=1e-4)
    assert (log.confidence > 0).tolist() == np.isfinite(log.values).tolist()

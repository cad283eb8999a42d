"""From traces to logs: values of each curve at the depths of the LAS file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from veernet.curves.identity import Trace
    from veernet.sheets.geometry import DepthRegister, StripGeometry
    from veernet.sheets.manifest import Curve, Depth, Scale

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CurveLog:
    """One curve at the depths of the log.

    Args:
        values: In the curve's unit, float64 ``(n,)``; NaN where nothing is known.
        confidence: 0 to 1, float32 ``(n,)``; 0 where nothing is known.
    """

    values: FloatArray
    confidence: NDArray[np.float32]


def depth_index(depth: Depth) -> FloatArray:
    """The depths of the LAS file, from top to base in whole steps, without accumulated rounding."""
    steps = int(np.floor((depth.base_depth - depth.top_depth) / depth.step + 1e-6))
    return np.round(depth.top_depth + depth.step * np.arange(steps + 1), 6)


def value_of(fraction: FloatArray, curve: Curve, scale: Scale) -> FloatArray:
    """Values of unwrapped track fractions: linear between the edges' values, or by their ratio on a log track."""
    if scale == "log":
        return np.asarray(curve.left * (curve.right / curve.left) ** fraction)
    return np.asarray(curve.left + (curve.right - curve.left) * fraction)


def curve_values(
    trace: Trace,
    geometry: StripGeometry,
    register: DepthRegister,
    curve: Curve,
    scale: Scale,
    depths: FloatArray,
) -> CurveLog:
    """Read a trace off at the depths of the log.

    Between two strip rows the curve is straight in the track, hence geometric on a log scale; where either of the two
    is unknown, so is the value. A depth off the strip is unknown.
    """
    rows = np.asarray(geometry.strip_row(register.row_at(depths)), np.float64)
    above = np.floor(rows).astype(np.int64)
    weight = rows - above
    inside = (above >= 0) & (above + 1 < trace.fraction.size)
    above = np.clip(above, 0, max(trace.fraction.size - 2, 0))
    upper, lower = trace.fraction[above].astype(np.float64), trace.fraction[above + 1].astype(np.float64)
    # A depth that falls on a row needs nothing of the next one.
    fraction = np.where(weight < 1e-9, upper, upper * (1.0 - weight) + lower * weight)
    known = inside & np.isfinite(fraction)
    confidence = np.minimum(trace.confidence[above], trace.confidence[above + 1])
    values = np.where(known, value_of(fraction, curve, scale), np.nan)
    return CurveLog(values, np.where(known, confidence, 0.0).astype(np.float32))

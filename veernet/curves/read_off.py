"""A trace from what was read off along a curve's way: where it is known, and how sure that is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet.curves.evidence import unfounded
from veernet.curves.identity import Trace, doubted, stretches
from veernet.curves.runs import RUN_LEVEL, Positions, columns_at_rows
from veernet.sheets.geometry import fraction_at

FloatArray = NDArray[np.float32]

#: Rows without evidence that a curve is carried across; longer gaps are NULL.
BRIDGE_ROWS = 12
#: How far from where its ends lead a curve may come out of a gap that it is carried across, columns.
ASTRAY_PX = 20.0
#: A stretch of a wrapping curve between two gaps is on a turn of its own choice if it is shorter than this, and its confidence at most that.
ISLAND_ROWS = 64
ISLAND_CONFIDENCE = 0.4
#: Below this evidence nothing is known.
LEAST_EVIDENCE = 0.3
#: Confidence by evidence, and its share that is left by how steeply the curve runs, strip columns a row: the share of samples within
#: 1 % of the track on 40 drawn sheets of all difficulties (54,000 samples, shipped weights). Half a row is many columns where a curve
#: runs near-horizontally. Real scans differ from drawn ones: read it as a ranking there.
_CALIBRATION = ((0.3, 0.45, 0.55, 0.65, 0.75, 0.85, 0.97), (0.91, 0.93, 0.95, 0.96, 0.985, 0.995, 0.997))
_STEEP_SHARE = ((1.0, 3.5, 7.0, 14.0, 28.0), (1.0, 0.985, 0.91, 0.7, 0.45))
#: How far over its track's edge a curve that does not wrap may be before it is off scale, track fraction.
EDGE_TOLERANCE_FRACTION = 0.004
_BRIDGE_EVIDENCE = 0.6


def as_trace(positions: Positions, wrap: bool) -> Trace:
    """Column and confidence at every row; NaN where nothing is known, or a curve that does not wrap is off scale."""
    column = columns_at_rows(positions)
    seen = np.isfinite(column) & (positions.support >= RUN_LEVEL / 255.0) & ~unfounded(positions)
    column, evidence = _bridge(np.where(seen, column, np.nan), _evidence_along(positions), positions)
    fraction = fraction_at(column)
    if not wrap:
        off_scale = np.abs(fraction - 0.5) > 0.5 + EDGE_TOLERANCE_FRACTION
        fraction = np.where(off_scale, np.nan, np.clip(fraction, 0.0, 1.0))
    fraction = np.where(evidence < LEAST_EVIDENCE, np.nan, fraction)
    confidence = np.interp(evidence, *_CALIBRATION) * np.interp(_steepness(column), *_STEEP_SHARE)
    confidence = np.where(np.isfinite(fraction), confidence, 0.0)
    trace = Trace(fraction.astype(np.float32), confidence.astype(np.float32))
    reason = "seen between two gaps, so that its turn of the wrap is not sure"
    return doubted(trace, _islands(fraction), ISLAND_CONFIDENCE, reason) if wrap else trace


def _islands(fraction: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Short stretches of a curve that wraps with nothing known on either side: they may be on another turn than they are put on."""
    return [
        (first, end)
        for first, end in stretches(np.isfinite(fraction))
        if end - first < ISLAND_ROWS and first > 0 and end < fraction.size
    ]


def _steepness(column: FloatArray) -> FloatArray:
    """Columns that the curve runs sideways in a row, by the steeper of its two neighbours; 0 where it has none."""
    step = np.abs(np.diff(column, prepend=np.nan, append=np.nan))
    return np.asarray(np.fmax(np.nan_to_num(step[:-1]), np.nan_to_num(step[1:])), np.float32)


def _bridge(column: FloatArray, evidence: FloatArray, positions: Positions) -> tuple[FloatArray, FloatArray]:
    """Carry the curve straight across gaps of up to ``BRIDGE_ROWS`` rows that its way runs through, less surely.

    Not where it was going elsewhere: a curve that leaves steeply has a peak in the gap, or is off scale there.
    """
    known = np.flatnonzero(np.isfinite(column))
    followed = np.isfinite(positions.middle)
    column, evidence = column.copy(), evidence.copy()
    for index in np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= BRIDGE_ROWS + 1)):
        ends = known[index : index + 2]
        gap = np.arange(ends[0] + 1, ends[1])
        way = column[ends[1]] - column[ends[0]]
        leads = [_lead(column, ends[0], -1), _lead(column, ends[1], 1)]
        if followed[gap].all() and max(abs(lead * (gap.size + 1) - way) for lead in leads) <= ASTRAY_PX:
            column[gap] = np.interp(gap, ends, column[ends])
            evidence[gap] = _BRIDGE_EVIDENCE * min(positions.support[ends])
    return column, evidence


def _lead(column: FloatArray, row: int, step: int) -> float:
    """Columns a row that a curve runs sideways at the end of what is known of it, seen from the rows beyond."""
    rows = row + step * np.arange(4)
    rows = rows[(rows >= 0) & (rows < column.size)]
    known = rows[np.isfinite(column[rows])]
    return 0.0 if known.size < 2 else float((column[known[-1]] - column[known[0]]) / (known[-1] - known[0]))


def _evidence_along(positions: Positions) -> FloatArray:
    """Evidence of each row along the way, less what a rival elsewhere in the row has, 0 to 1."""
    support = uniform_filter1d(positions.support, 7, mode="nearest")
    rival = uniform_filter1d(positions.rival, 7, mode="nearest")
    return np.asarray(support * (1.0 - 0.6 * rival), np.float32)

"""How the edge of a track runs down the paper, by its own ink."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from veernet.register.paper import Paper
from veernet.register.upright import WINDOW_ROWS, Run

Floats = NDArray[np.float64]

_SNAP_INCHES = 0.03
_OWN_ROOM = 0.45
_AS_WHOLE, _HEAVIER = 0.8, 1.3
"""Of the strongest column near an edge: another line that is as whole; and times the ink of that one's line, so that it rather is the edge."""
_KNOT_ROWS, _KNOTS = float(WINDOW_ROWS), 9
"""From one place at which an edge is looked at to the next, search px, and how many say together where it is: a curve may run along it for some."""
_WORTH_A_POINT_PX = 0.7


def edge_points(
    paper: Paper, run: Run, column: float, room: float, rows: Sequence[float]
) -> tuple[tuple[float, float], ...]:
    """The course of a line down the paper between two rows, in full px, with as many points as it needs.

    Args:
        paper: The scan.
        run: Whose lines it is one of.
        column: Where it is, straightened search px.
        room: From it to the line that is nearest to it.
        rows: First and last row, full px.
    """
    knots = np.arange(rows[0], rows[1], _KNOT_ROWS * paper.factor)
    knots = np.append(knots, rows[1]) if knots.size else np.asarray(rows, np.float64)
    swing = run.swing_at(knots / paper.factor)
    about = (column + swing + 0.5) * paper.factor - 0.5
    reach = max(2, round(min(_SNAP_INCHES * paper.dpi, _OWN_ROOM * room * paper.factor)))
    # What stands above and below is no part of the line: streaks go on there, and frames of blocks.
    half = WINDOW_ROWS // 2 * paper.factor
    windows = zip(np.maximum(knots - half, rows[0]), np.minimum(knots + half, rows[1]), about, strict=True)
    found = np.array([_seen(paper, first, end, place, reach) for first, end, place in windows])
    off = found - about
    known = np.isfinite(off)
    if known.sum() >= 3:
        level = median_filter(off[known], min(_KNOTS, int(known.sum()) | 1), mode="nearest")
        about = about + np.interp(knots, knots[known], level)
    keep = _thinned(knots, about)
    if np.ptp(about) <= _WORTH_A_POINT_PX:
        column_px = round(float(np.median(about)), 1)
        return ((float(knots[0]), column_px), (float(knots[-1]), column_px))
    return tuple((round(float(knots[at]), 1), round(float(about[at]), 1)) for at in keep)


def _seen(paper: Paper, first_row: float, end_row: float, column: float, reach: int) -> float:
    """Column of the line near a place, by the ink of some rows; NaN where there is none."""
    first = max(0, int(column) - reach)
    ink = paper.crop(first_row, end_row, first, int(column) + reach + 1)
    if ink.size == 0 or ink.shape[1] < 3:
        return float("nan")
    share = ink.mean(axis=0)
    share = share - share.min()
    if share.max() < 0.2:
        return float("nan")
    # As far as a line is thick: its outermost columns are not all of one strength. Of lines as whole as each other a streak beside an edge is the thinner one.
    ends = np.flatnonzero(np.diff(np.pad(share > 0.5 * share.max(), 1).astype(np.int8)))
    lines = [
        (low, high) for low, high in ends.reshape(-1, 2).tolist() if share[low:high].max() >= _AS_WHOLE * share.max()
    ]
    amounts = [float(share[low:high].sum()) for low, high in lines]
    strongest = int(np.argmax([share[low:high].max() for low, high in lines]))
    low, high = lines[int(np.argmax(amounts)) if max(amounts) >= _HEAVIER * amounts[strongest] else strongest]
    weight = np.clip(share[low:high] - 0.5 * share[low:high].max(), 0.0, None)
    return first + float((weight * np.arange(low, high)).sum() / weight.sum())


def _thinned(rows: Floats, columns: Floats) -> list[int]:
    """The points that a polygon needs to stay within a part of a px of all (Douglas and Peucker)."""
    keep = {0, rows.size - 1}
    parts = [(0, rows.size - 1)]
    while parts:
        first, last = parts.pop()
        if last - first < 2:
            continue
        inside = np.arange(first + 1, last)
        straight = np.interp(rows[inside], rows[[first, last]], columns[[first, last]])
        off = np.abs(columns[inside] - straight)
        if off.max() > _WORTH_A_POINT_PX:
            at = int(inside[off.argmax()])
            keep.add(at)
            parts += [(first, at), (at, last)]
    return sorted(keep)

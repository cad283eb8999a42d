"""How paper swings sideways down a scan, and which rows are a log: the lines that run down it tell both.

Lines of a log keep their places from window to window but for a common swing; those of a header and of print do not.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from veernet.peaks import vertex
from veernet.register.paper import Bits

Floats = NDArray[np.float64]

WINDOW_ROWS = 96
"""Search rows of a window."""

_LINE_PX = 13
_REACH_PX = 7.0
_STEP_PX = 0.5
_SLOPE_MEMORY = 0.7
_MEMORY = 0.85
_ALIKE = 0.45
_SURELY_ALIKE = 0.6
_MOST, _WITHIN_PX = 0.9, 0.75
_LEAP_PX = 3.0
"""Between a window and those beside it, search px: no paper swings so much within them."""
_LONGEST_GAP = 2
_FEWEST_WINDOWS = 8
_STREAK_SHARE = 0.95


@dataclass(frozen=True)
class Run:
    """Consecutive windows whose lines run on, and how far to the right of the first one's they are in each, search px.

    Args:
        first: Its first window.
        end: The window after its last.
        swing: One a window.
        alike: How much each window is like the run, from 0 to 1.
        profile: Mean strength of lines over the run, straightened, one a search column.
    """

    first: int
    end: int
    swing: Floats
    alike: Floats
    profile: Floats

    @property
    def first_row(self) -> int:
        """First search row."""
        return self.first * WINDOW_ROWS

    @property
    def end_row(self) -> int:
        """Search row after the last."""
        return self.end * WINDOW_ROWS

    def swing_at(self, search_rows: NDArray[np.floating] | float) -> Floats:
        """How far to the right lines are at some search rows."""
        centres = (np.arange(self.first, self.end) + 0.5) * WINDOW_ROWS - 0.5
        return np.asarray(np.interp(search_rows, centres, self.swing))


def line_profiles(search: Bits) -> Floats:
    """How much of a thin line runs down each column in each window, ``(windows, columns)``."""
    windows = len(search) // WINDOW_ROWS
    whole = search[: windows * WINDOW_ROWS].reshape(windows, WINDOW_ROWS, -1)
    profiles = np.stack([window.sum(axis=0, dtype=np.uint8) for window in whole]) / WINDOW_ROWS
    thin = profiles - median_filter(profiles, size=(1, _LINE_PX), mode="constant")
    return np.asarray(np.clip(thin, 0.0, 0.6))


def runs(profiles: Floats) -> list[Run]:
    """The runs of a scan, top to bottom."""
    found: list[Run] = []
    profiles = np.where(_streaks(profiles), 0.0, profiles)
    level = gaussian_filter1d(profiles, 1.0, axis=1)
    first = 0
    while first < len(profiles):
        run = _follow(profiles, level, first)
        if run is None:
            first += 1
        else:
            found.append(run)
            first = run.end
    return found


def _streaks(profiles: Floats) -> NDArray[np.bool_]:
    """Columns in which a line runs down the whole scan, headers and all: dirt on the scanner, which does not swing as paper does."""
    return np.asarray((profiles > 0.2).mean(axis=0) > _STREAK_SHARE)


def _follow(profiles: Floats, level: Floats, first: int) -> Run | None:
    """The run that begins in a window, if one does."""
    at = np.arange(profiles.shape[1], dtype=np.float64)
    template, swing, slope = level[first].copy(), [0.0], 0.0
    alike = [1.0]
    lost = 0
    for window in range(first + 1, len(profiles)):
        by, likeness = _matched(template, level[window], swing[-1] + slope)
        if likeness < _ALIKE:
            lost += 1
            swing.append(swing[-1] + slope)
            alike.append(likeness)
            if lost > _LONGEST_GAP:
                break
            continue
        slope = _SLOPE_MEMORY * slope + (1 - _SLOPE_MEMORY) * (by - swing[-1]) / (lost + 1)
        lost = 0
        swing.append(by)
        alike.append(likeness)
        seen = np.interp(at + by, at, level[window], left=0.0, right=0.0)
        template = _MEMORY * template + (1 - _MEMORY) * seen
    count = len(swing) - lost
    if count < _FEWEST_WINDOWS:
        return None
    smooth = gaussian_filter1d(median_filter(np.array(swing[:count]), 5, mode="nearest"), 1.0, mode="nearest")
    end = first + count
    exact = _refined(_straightened(profiles[first:end], smooth), level[first:end], smooth)
    return Run(first, end, exact, np.array(alike[:count]), _straightened(profiles[first:end], exact))


def _straightened(windows: Floats, swing: Floats) -> Floats:
    """The mean of windows, each moved back by its swing."""
    at = np.arange(windows.shape[1], dtype=np.float64)
    moved = [np.interp(at + by, at, window, left=0.0, right=0.0) for window, by in zip(windows, swing, strict=True)]
    return np.asarray(np.mean(moved, axis=0))


def _refined(profile: Floats, level: Floats, smooth: Floats) -> Floats:
    """The swing of windows by what the whole run has in common: paper may swing within inches, which one window after the other does not tell from chance.

    Where most windows say what they say when smoothed, that stands: it averages what print, curves and dirt add. A window that is not much like the run
    keeps what its neighbours say, and so does one that would leap.
    """
    template = gaussian_filter1d(profile, 1.0)
    found = [_matched(template, window, by) for window, by in zip(level, smooth, strict=True)]
    off = np.array([by if likeness >= _SURELY_ALIKE else np.nan for by, likeness in found]) - smooth
    known = np.isfinite(off)
    if known.sum() < _FEWEST_WINDOWS or np.quantile(np.abs(off[known]), _MOST) <= _WITHIN_PX:
        return smooth
    windows = np.arange(off.size)
    off = np.interp(windows, windows[known], off[known])
    exact = smooth + off
    around = median_filter(exact, 3, mode="nearest")
    return np.where(np.abs(exact - around) <= _LEAP_PX, exact, around)


def _matched(template: Floats, window: Floats, about: float) -> tuple[float, float]:
    """By how much a window's lines are right of the template's, near some shift, and how alike they are then."""
    base = round(about)
    most = int(_REACH_PX)
    norm = float(np.sqrt((template**2).sum() * (window**2).sum())) + 1e-9
    scores = np.array([float((template * _shifted(window, base + by)).sum()) for by in range(-most, most + 1)]) / norm
    best = int(scores.argmax())
    by = float(base + best - most)
    if 0 < best < scores.size - 1:
        by += float(vertex(*scores[best - 1 : best + 2]))
    return by, float(scores[best])


def _shifted(values: Floats, by: int) -> Floats:
    """Values taken from so much further right, nothing beyond the ends."""
    moved = np.zeros_like(values)
    if by >= 0:
        moved[: values.size - by] = values[by:]
    else:
        moved[-by:] = values[:by]
    return moved

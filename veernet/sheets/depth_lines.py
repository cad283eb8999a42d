"""The lines across a track, at printed depths: how steep they are, and where the paper has moved them to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from veernet.sheets.geometry import DepthRegister, RowShift, StripGeometry
from veernet.sheets.profiles import BLOCK_CENTRES, BLOCKS, Profiles, vertex

FloatArray = NDArray[np.float64]

#: What is less than this is noise of the measurement, in strip px.
WORTH_MOVING = 0.4

_WINDOW_ROWS = 512
_LINE_ROWS = 15  # a printed line is thinner than half of this
_TILT_ROWS = 32.0  # across the track; four degrees
_TILT_EVIDENCE = 1.25
_TILT_AGREEMENT_ROWS = 1.0
_LINE_EVIDENCE = 1.6  # the strength of lines where they should be, over that halfway between
_LIFT_SHARE = 0.25  # of the distance of two lines: further off it may be the next one
_LIFT_ROWS = 10.0
_JUMP_ROWS = 0.8
_CLOSE_ENOUGH_PX = 8.0  # half of this either way is found again line by line
_CLOSEST_LINES = 6.0
_LIKENESS = 0.1


@dataclass(frozen=True)
class Stretch:
    """Where paper has moved lines to, beyond their slant.

    Args:
        rows_px: Source rows of lines by the ticks, increasing.
        by_px: How far below them the lines are printed.
        ticks_off: Ticks that their printed lines disagree with: index, and by how many px.
    """

    rows_px: FloatArray
    by_px: FloatArray
    ticks_off: dict[int, float]

    def at(self, rows_px: FloatArray) -> FloatArray:
        """How far below each source row by the ticks its line is printed."""
        return np.interp(rows_px, self.rows_px, self.by_px)


@dataclass(frozen=True)
class DepthLines:
    """The lines across one track.

    Args:
        geometry: Of the strip.
        tilt_rows: Strip rows by which lines fall from the left edge to the right, at every strip row; 0 where unknown.
        strength: How much of a line runs through each strip row at the middle of the track, tilted as they are, ``(rows,)``.
        tilted: The strip itself shows how steep its lines are.
    """

    geometry: StripGeometry
    tilt_rows: FloatArray
    strength: FloatArray
    tilted: bool

    @classmethod
    def of(cls, profile: Profiles, geometry: StripGeometry, slope: float | None = None) -> DepthLines:
        """Read the lines of a strip, as steep as its profile shows them, or as they are known to be."""
        thin = profile.rows - median_filter(profile.rows, size=(_LINE_ROWS, 1), mode="nearest")
        # One block that a curve or a caption runs along must not outweigh the eleven others.
        thin = np.clip(thin, 0.0, np.quantile(thin, 0.98, axis=0) + 1e-3)
        thin /= thin.std(axis=0) + 1e-3
        rows = np.arange(len(thin), dtype=np.float64)
        tilt = _tilt_of(thin) if slope is None else None
        tilted = tilt is not None
        if tilt is None:
            tilt = np.full(len(thin), (slope or 0.0) * geometry.widest_px() * geometry.row_scale)
        strength = np.zeros(len(thin))
        for block, centre in enumerate(BLOCK_CENTRES):
            strength += np.interp(rows + tilt * centre, rows, thin[:, block])
        return cls(geometry, tilt, gaussian_filter1d(strength / BLOCKS, 0.8), tilted)

    @property
    def middle_px(self) -> float:
        """Source column of the track's middle, halfway down."""
        row = self.geometry.source_row(self.geometry.rows / 2)
        return float(self.geometry.column_px(row, 0.5))

    @property
    def slope(self) -> float:
        """Source rows that lines fall per source column."""
        tilt = float(np.median(self.tilt_rows)) / self.geometry.row_scale
        return tilt / self.geometry.widest_px()

    def slant_rows(self, pivot_px: float) -> float:
        """By how many strip rows lines are lower at the track's middle than at a source column."""
        return self.slope * (self.middle_px - pivot_px) * self.geometry.row_scale

    def stretch(self, register: DepthRegister, pivot_px: float) -> Stretch | None:
        """How far below where ticks and slant put them the lines are printed; None where they cannot be told for sure."""
        ticks = self.geometry.strip_row(np.asarray(register.rows_px))
        inside = np.flatnonzero((ticks > 4) & (ticks < len(self.strength) - 5))
        if inside.size < 3:
            return None
        expected = _subdivided(ticks[inside], _lines_per_gap(self.strength, ticks[inside]))
        slanted = expected + self.slant_rows(pivot_px)
        reach = min(_LIFT_ROWS, _LIFT_SHARE * float(np.diff(expected).min()))
        found = _peaks_near(self.strength, slanted, reach) - slanted
        seen = np.isfinite(found)
        between = 0.5 * (slanted[1:] + slanted[:-1])
        at_lines, elsewhere = (float(_strongest_near(self.strength, rows, reach).mean()) for rows in (slanted, between))
        if seen.sum() < 5 or seen.mean() < 0.6 or at_lines <= _LINE_EVIDENCE * elsewhere:
            return None
        smooth = median_filter(found[seen], size=5, mode="nearest")
        if np.median(np.abs(found[seen] - smooth)) > _JUMP_ROWS:  # lines that jump are not lines
            return None
        scale = self.geometry.row_scale
        by_px = gaussian_filter1d(smooth, 1.5, mode="nearest") / scale
        at_ticks = np.interp(ticks[inside], expected[seen], found[seen]) / scale
        off = {
            int(tick): float(by) for tick, by in zip(inside, at_ticks, strict=True) if abs(by) > max(2.0 / scale, 2.5)
        }
        return Stretch(self.geometry.source_row(expected[seen]), by_px, off)

    def shift(self, stretch: Stretch | None, pivot_px: float | None) -> tuple[RowShift | None, list[str]]:
        """The shift of rows that follows, and what to tell of it; none where nothing is worth moving."""
        lift = np.zeros(len(self.strength))
        if stretch is not None and pivot_px is not None:
            rows_px = self.geometry.source_row(np.arange(lift.size))
            lift = self.slant_rows(pivot_px) + stretch.at(rows_px) * self.geometry.row_scale
        most_tilt, most_lift = float(np.abs(self.tilt_rows).max()), float(np.abs(lift).max())
        if max(most_tilt, most_lift) < WORTH_MOVING:
            return None, []
        knots = np.unique(np.append(np.arange(0, len(lift), 64), len(lift) - 1))
        scale = self.geometry.row_scale
        knots_px = tuple(self.geometry.source_row(knots).tolist())
        told = []
        if most_tilt >= WORTH_MOVING:
            told.append(f"skew of {np.degrees(np.arctan(abs(self.slope))):.2f} degrees taken out")
        if most_lift >= WORTH_MOVING:
            told.append(f"depth lines moved by up to {most_lift / scale:.1f} px")
        return RowShift(
            knots_px, tuple((lift[knots] / scale).tolist()), tuple((self.tilt_rows[knots] / scale).tolist())
        ), told


def _tilt_of(thin: NDArray[np.float32]) -> FloatArray | None:
    """Tilt of the lines at every row, by the shear that makes the blocks' profiles agree best, window by window.

    None where they do not, or not in most windows.
    """
    rows = len(thin)
    tilts = np.arange(-_TILT_ROWS, _TILT_ROWS + 0.25, 0.5)
    found, centres = [], []
    for first in range(0, max(rows - _WINDOW_ROWS // 2, 1), _WINDOW_ROWS // 2):
        window = thin[first : first + _WINDOW_ROWS]
        spectrum = np.fft.rfft(window, axis=0)[1 : 1 + len(window) // 4]
        phase = 2j * np.pi * np.arange(1, 1 + len(spectrum)) / len(window)
        sheared = np.exp(phase[None, :, None] * (tilts[:, None, None] * BLOCK_CENTRES))
        power = (np.abs((spectrum[None] * sheared).sum(axis=2)) ** 2).sum(axis=1)
        best = int(power.argmax())
        if power[best] > _TILT_EVIDENCE * np.median(power) and 0 < best < len(tilts) - 1:
            found.append(tilts[best] + 0.5 * vertex(power[best - 1 : best + 2]))
            centres.append(first + len(window) / 2)
    windows = max(1, rows // (_WINDOW_ROWS // 2))
    smooth = median_filter(np.array(found), size=7, mode="nearest") if found else np.zeros(0)
    agreed = smooth.size and float(np.median(np.abs(smooth - found))) < _TILT_AGREEMENT_ROWS
    if not agreed or len(found) < max(2, 0.3 * windows):  # dirt has a best shear too, a different one in every window
        return None
    return np.interp(np.arange(rows), centres, smooth)


def tick_column(lines: Sequence[DepthLines], register: DepthRegister) -> float | None:
    """The source column at which the ticks were measured: where the tilted lines of all tracks pass through them.

    None where lines are so steep that it matters which one passes through a tick, and no column fits clearly better than others.
    """
    left = min(line.geometry.column_px(line.geometry.first_row_px, 0.0) for line in lines)
    right = max(line.geometry.column_px(line.geometry.first_row_px, 1.0) for line in lines)
    steepest = max(abs(line.slope) for line in lines)
    if steepest * (right - left) < 1.0:
        return float(0.5 * (left + right))
    columns = np.linspace(left - 0.1 * (right - left), right + 0.1 * (right - left), 121)
    fit = np.zeros(columns.size)
    for line in lines:
        ticks = line.geometry.strip_row(np.asarray(register.rows_px))
        ticks = ticks[(ticks > 4) & (ticks < len(line.strength) - 5)]
        slant = line.slope * (line.middle_px - columns) * line.geometry.row_scale
        rows = np.arange(len(line.strength))
        fit += (
            np.interp((ticks[None, :] + slant[:, None]).ravel(), rows, line.strength)
            .reshape(columns.size, -1)
            .sum(axis=1)
        )
    best = int(fit.argmax())
    clear = fit[best] > 1.3 * np.median(fit) or steepest * (right - left) < _CLOSE_ENOUGH_PX
    return float(columns[best]) if clear else None


def _lines_per_gap(strength: FloatArray, ticks: FloatArray) -> int:
    """Into how many parts printed lines divide the distance of two ticks: 1 where there are no lines between.

    By the strength's likeness to itself a part further on, which does not ask where lines begin, nor minds that paper stretches.
    """
    level = strength - strength.mean()
    itself = float(level @ level) or 1.0
    spacing = float(np.median(np.diff(ticks)))

    def likeness(rows: float) -> float:
        lags = np.unique(np.round(np.linspace(0.97, 1.03, 5) * rows).astype(int))
        return max(float(level[:-lag] @ level[lag:]) for lag in lags) / itself

    accepted = 1
    for parts in (2, 5, 10, 20, 25, 50):
        part = spacing / parts
        if part >= _CLOSEST_LINES and likeness(part) > max(_LIKENESS, 2.0 * likeness(0.5 * part)):
            accepted = parts
    return accepted


def _subdivided(ticks: FloatArray, parts: int) -> FloatArray:
    """Ticks with as many lines between them as make so many parts."""
    at = np.arange((ticks.size - 1) * parts + 1) / parts
    return np.interp(at, np.arange(ticks.size), ticks)


def _strongest_near(strength: FloatArray, rows: FloatArray, reach: float) -> FloatArray:
    """The greatest strength within reach of each row."""
    offsets = np.linspace(-reach, reach, 2 * max(1, round(reach)) + 1)
    return np.interp(rows[:, None] + offsets, np.arange(strength.size), strength).max(axis=1)


def _peaks_near(strength: FloatArray, rows: FloatArray, reach: float) -> FloatArray:
    """Where the strongest line within reach of each row lies, to a fraction of a row; NaN where there is none."""
    floor = 0.35 * np.median(_strongest_near(strength, rows, reach))
    peaks = np.full(rows.size, np.nan)
    for index, row in enumerate(rows):
        first, end = int(np.ceil(row - reach)), int(np.floor(row + reach)) + 1
        if first < 1 or end > strength.size - 1 or end - first < 2:
            continue
        best = first + int(strength[first:end].argmax())
        around = strength[best - 1 : best + 2]
        if around[1] >= floor and around[1] >= around[0] and around[1] >= around[2]:
            peaks[index] = best + vertex(around)
    return peaks

"""What a sheet's own printed lines say about where its tracks and depths are, against what its manifest says.

Paper is skewed, drifts and stretches between the few places that a person has measured. Printed lines run straight down and straight
across it, all over: where a track's strip shows them tilted or beside where they should be, the strip is cut again along them.
Nothing moves without evidence: lines are looked for within a small reach of where the manifest puts them, one window of rows is
believed only with its neighbours, and a track that shows no lines stays where it is.

Everything is worked out from two small profiles of each strip: the mean darkness of each row in twelve blocks of columns, and of each
column in windows of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS, DepthRegister, Edge, RowShift, StripGeometry

FloatArray = NDArray[np.float64]

_BLOCKS = 12
_BLOCK_CENTRES = (np.arange(_BLOCKS) + 0.5) / _BLOCKS - 0.5  # of the track's width, 0 in its middle
_WINDOW_ROWS = 512
_LINE_ROWS = 15  # a printed line is thinner than half of this
_TILT_ROWS = 32.0  # across the track; four degrees
_TILT_EVIDENCE = 1.25
_TILT_AGREEMENT_ROWS = 1.0
_COLUMN_WINDOW_ROWS = 64
_LINE_COLUMNS = 25
_STEP_COLUMNS = 5  # from one window to the next
_DRIFT_EVIDENCE = 0.5
_LINE_EVIDENCE = 1.6  # the strength of lines where they should be, over that halfway between
_LIFT_SHARE = 0.25  # of the distance of two lines: further off it may be the next one
_LIFT_ROWS = 10.0
_CLOSE_ENOUGH_PX = 8.0  # half of this either way is found again line by line
#: What is less than this is noise of the measurement, in strip px.
_WORTH_MOVING = 0.4


@dataclass(frozen=True)
class Profiles:
    """Profiles of a strip.

    Args:
        rows: Mean darkness of each row in each block of columns, float32 ``(strip rows, 12)``.
        columns: Mean darkness of each column in each window of 64 rows, float32 ``(windows, 512)``.
    """

    rows: NDArray[np.float32]
    columns: NDArray[np.float32]


class Profiler:
    """Takes a strip piece by piece and keeps its profiles."""

    def __init__(self) -> None:
        self._rows: list[NDArray[np.float32]] = []
        self._columns: list[NDArray[np.float32]] = []

    def add(self, piece: NDArray[np.uint8]) -> None:
        """Take the next piece, uint8 ``(n, 512)``, n a multiple of 64 but for the last one."""
        track = piece[:, MARGIN : MARGIN + TRACK_COLUMNS]
        self._rows.append(track.reshape(len(piece), _BLOCKS, -1).mean(axis=2, dtype=np.float32))
        for first in range(0, len(piece), _COLUMN_WINDOW_ROWS):
            self._columns.append(piece[first : first + _COLUMN_WINDOW_ROWS].mean(axis=0, dtype=np.float32))

    def profiles(self) -> Profiles:
        """The profiles of all that was taken."""
        return Profiles(np.concatenate(self._rows), np.stack(self._columns))


@dataclass(frozen=True)
class Refined:
    """Where strips lie by their printed lines.

    Args:
        geometries: One a track, moved where there was evidence.
        moved: What was moved and how far, for people.
        doubts: Ticks that the printed lines disagree with.
    """

    geometries: tuple[StripGeometry, ...]
    moved: tuple[str, ...]
    doubts: tuple[str, ...]


def refine(
    geometries: Sequence[StripGeometry], profiles: Sequence[Profiles], register: DepthRegister, names: Sequence[str]
) -> Refined:
    """Move strips to the printed lines that their profiles show.

    Args:
        geometries: Where the manifest puts the strips that the profiles are of.
        profiles: One a track.
        register: The manifest's ticks.
        names: One a track.
    """
    lines = [_Lines.of(profile, geometry) for profile, geometry in zip(profiles, geometries, strict=True)]
    pivot_px = _tick_column(lines, register)
    refined: list[StripGeometry] = []
    moved: list[str] = []
    off: dict[int, list[float]] = {}
    for name, geometry, profile, line in zip(names, geometries, profiles, lines, strict=True):
        edges, drift = _refine_edges(geometry, profile)
        lift, ticks_off = line.lift(register, pivot_px)
        for tick, by_rows in ticks_off.items():
            off.setdefault(tick, []).append(by_rows / geometry.row_scale)
        shift, told = line.shift(lift)
        if drift:
            told.insert(0, f"edges moved by up to {drift:.1f} px")
        if told:
            moved.append(f"{name}: {', '.join(told)}, by its printed lines")
        refined.append(replace(edges, shift=shift))
    doubts = [
        f"tick at row {register.rows_px[tick]:g} ({register.depths[tick]:g}): the printed line is {np.median(by):+.1f} px from it"
        for tick, by in sorted(off.items())
        if len(by) * 2 > len(geometries)
    ]
    return Refined(tuple(refined), tuple(moved), tuple(doubts))


@dataclass(frozen=True)
class _Lines:
    """The lines across one track.

    Args:
        geometry: Of the strip.
        tilt_rows: Strip rows by which lines fall from the left edge to the right, at every strip row; 0 where unknown.
        strength: How much of a line runs through each strip row at the middle of the track, tilted as they are, ``(rows,)``.
    """

    geometry: StripGeometry
    tilt_rows: FloatArray
    strength: FloatArray

    @classmethod
    def of(cls, profile: Profiles, geometry: StripGeometry) -> _Lines:
        thin = profile.rows - median_filter(profile.rows, size=(_LINE_ROWS, 1), mode="nearest")
        # One block that a curve or a caption runs along must not outweigh the eleven others.
        thin = np.clip(thin, 0.0, np.quantile(thin, 0.98, axis=0) + 1e-3)
        thin /= thin.std(axis=0) + 1e-3
        tilt = _tilt_of(thin)
        rows = np.arange(len(thin), dtype=np.float64)
        strength = np.zeros(len(thin))
        for block, centre in enumerate(_BLOCK_CENTRES):
            strength += np.interp(rows + tilt * centre, rows, thin[:, block])
        return cls(geometry, tilt, gaussian_filter1d(strength / _BLOCKS, 0.8))

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

    def lift(self, register: DepthRegister, pivot_px: float | None) -> tuple[FloatArray, dict[int, float]]:
        """How far below where the ticks put it each strip row's depth is printed, at the track's middle, in strip rows.

        Returns:
            The lift at every strip row; and of ticks that the lines disagree with, by how many rows.
        """
        none = np.zeros(len(self.strength))
        ticks = self.geometry.strip_row(np.asarray(register.rows_px))
        inside = np.flatnonzero((ticks > 4) & (ticks < len(none) - 5))
        if inside.size < 3 or pivot_px is None:
            return none, {}
        slant = self.slope * (self.middle_px - pivot_px) * self.geometry.row_scale
        per_gap = _lines_per_gap(self.strength, ticks[inside] + slant)
        expected = np.unique(_subdivided(ticks[inside], per_gap))
        reach = min(_LIFT_ROWS, _LIFT_SHARE * float(np.diff(expected).min()))
        found = _peaks_near(self.strength, expected + slant, reach) - expected
        seen = np.isfinite(found)
        between = 0.5 * (expected[1:] + expected[:-1]) + slant
        at_lines, elsewhere = (
            float(_strongest_near(self.strength, rows, reach).mean()) for rows in (expected + slant, between)
        )
        if seen.sum() < 5 or seen.mean() < 0.6 or at_lines <= _LINE_EVIDENCE * elsewhere:
            return none, {}
        smooth = median_filter(found[seen], size=5, mode="nearest")
        if np.median(np.abs(found[seen] - smooth)) > 0.8:  # lines that jump are not lines
            return none, {}
        smooth = gaussian_filter1d(smooth, 1.5, mode="nearest")
        lift = np.interp(np.arange(len(none)), expected[seen], smooth)
        limit = max(2.0, 2.5 / self.geometry.row_scale)
        at_ticks = np.interp(ticks[inside], expected[seen], found[seen])
        off = {int(tick): float(by) for tick, by in zip(inside, at_ticks - slant, strict=True) if abs(by) > limit}
        return lift, off

    def shift(self, lift: FloatArray) -> tuple[RowShift | None, list[str]]:
        """The shift of rows that follows, and what to tell of it; none where nothing is worth moving."""
        most_tilt, most_lift = float(np.abs(self.tilt_rows).max()), float(np.abs(lift).max())
        if max(most_tilt, most_lift) < _WORTH_MOVING:
            return None, []
        knots = np.unique(np.append(np.arange(0, len(lift), 64), len(lift) - 1))
        scale = self.geometry.row_scale
        rows_px = tuple(self.geometry.source_row(knots).tolist())
        told = []
        if most_tilt >= _WORTH_MOVING:
            told.append(f"skew of {np.degrees(np.arctan(abs(self.slope))):.2f} degrees taken out")
        if most_lift >= _WORTH_MOVING:
            told.append(f"depth lines moved by up to {most_lift / scale:.1f} px")
        return RowShift(
            rows_px, tuple((lift[knots] / scale).tolist()), tuple((self.tilt_rows[knots] / scale).tolist())
        ), told


def _tilt_of(thin: NDArray[np.float32]) -> FloatArray:
    """Tilt of the lines at every row, by the shear that makes the blocks' profiles agree best, window by window."""
    rows = len(thin)
    tilts = np.arange(-_TILT_ROWS, _TILT_ROWS + 0.25, 0.5)
    found, centres = [], []
    for first in range(0, max(rows - _WINDOW_ROWS // 2, 1), _WINDOW_ROWS // 2):
        window = thin[first : first + _WINDOW_ROWS]
        spectrum = np.fft.rfft(window, axis=0)[1 : 1 + len(window) // 4]
        phase = 2j * np.pi * np.arange(1, 1 + len(spectrum)) / len(window)
        sheared = np.exp(phase[None, :, None] * (tilts[:, None, None] * _BLOCK_CENTRES))
        power = (np.abs((spectrum[None] * sheared).sum(axis=2)) ** 2).sum(axis=1)
        best = int(power.argmax())
        if power[best] > _TILT_EVIDENCE * np.median(power) and 0 < best < len(tilts) - 1:
            found.append(tilts[best] + 0.5 * _vertex(power[best - 1 : best + 2]))
            centres.append(first + len(window) / 2)
    windows = max(1, rows // (_WINDOW_ROWS // 2))
    smooth = median_filter(np.array(found), size=7, mode="nearest") if found else np.zeros(0)
    agreed = smooth.size and float(np.median(np.abs(smooth - found))) < _TILT_AGREEMENT_ROWS
    if not agreed or len(found) < max(2, 0.3 * windows):  # dirt has a best shear too, a different one in every window
        return np.zeros(rows)
    return np.interp(np.arange(rows), centres, smooth)


def _tick_column(lines: Sequence[_Lines], register: DepthRegister) -> float | None:
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
    """Into how many parts printed lines divide the distance of two ticks: 1 where there are no lines between."""
    accepted = 1
    known = _strongest_near(strength, ticks, 2.0).mean()
    for parts in (2, 5, 10, 20, 25, 50):
        spacing = float(np.diff(ticks).min()) / parts
        if parts % accepted or spacing < 6.0:
            continue
        fresh = np.setdiff1d(np.round(_subdivided(ticks, parts), 3), np.round(_subdivided(ticks, accepted), 3))
        between = _strongest_near(strength, fresh + 0.5 * spacing, 0.12 * spacing).mean()
        # Weak lines lie between strong ones: what counts is that they are lines at all.
        if _strongest_near(strength, fresh, 0.12 * spacing).mean() > max(0.12 * known, 2.0 * between):
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
            peaks[index] = best + _vertex(around)
    return peaks


def _vertex(three: NDArray[np.floating]) -> float:
    """Where the parabola through three neighbours has its top, from the middle one."""
    curvature = float(three[0] - 2.0 * three[1] + three[2])
    return float(np.clip(0.5 * (three[0] - three[2]) / curvature, -0.5, 0.5)) if curvature < 0 else 0.0


def _refine_edges(geometry: StripGeometry, profile: Profiles) -> tuple[StripGeometry, float]:
    """Move the edges with the lines that run down the track, between the rows at which the manifest gives them."""
    sharp = np.clip(
        profile.columns - median_filter(profile.columns, size=(1, _LINE_COLUMNS), mode="nearest"), 0.0, None
    )
    thin = uniform_filter1d(sharp, 3, axis=0, mode="nearest")
    windows = len(thin)
    centres = np.minimum((np.arange(windows) + 0.5) * _COLUMN_WINDOW_ROWS, geometry.rows - 1)
    rows_px = geometry.source_row(centres)
    measured = _measured_windows(geometry, rows_px)
    if windows < 6 or not measured.any():
        return geometry, 0.0
    shifts, seen = _followed(thin, measured)
    if seen.mean() < 0.6 or not _run_all_the_way(sharp, shifts):
        return geometry, 0.0
    drift = np.interp(np.arange(windows), np.flatnonzero(seen), median_filter(shifts[seen], size=5, mode="nearest"))
    drift = gaussian_filter1d(drift, 1.0, mode="nearest")
    drift -= np.interp(
        np.arange(windows), np.flatnonzero(measured), drift[measured]
    )  # where it was measured it is right
    px = drift * geometry.widest_px() / TRACK_COLUMNS
    if np.abs(drift).max() < _WORTH_MOVING:
        return geometry, 0.0
    left, right = (
        Edge(tuple(rows_px.tolist()), tuple((edge.column_px(rows_px) + px).tolist()))
        for edge in (geometry.left, geometry.right)
    )
    return replace(geometry, left=left, right=right), float(np.abs(px).max())


def _measured_windows(geometry: StripGeometry, rows_px: FloatArray) -> NDArray[np.bool_]:
    """Windows at rows at which the manifest gives an edge; the middle one for an edge that is one column all the way."""
    points = [row for edge in (geometry.left, geometry.right) if len(edge.rows_px) > 1 for row in edge.rows_px]
    measured = np.zeros(rows_px.size, bool)
    if not points:
        measured[rows_px.size // 2] = True
    for point in points:
        measured[int(np.abs(rows_px - point).argmin())] = True
    return measured


def _followed(thin: FloatArray, measured: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """How many columns each window's lines lie to the right of those of the first window that was measured, and whether that can be told.

    Lines are followed from window to window, against the mean of what was seen so far: a step is small, though the way may
    be long.
    """
    start = int(np.flatnonzero(measured)[0])
    shifts, seen = np.zeros(len(thin)), np.zeros(len(thin), bool)
    shifts[start] = 0.0
    seen[start] = True
    for way in (range(start + 1, len(thin)), range(start - 1, -1, -1)):
        reference, at = thin[start].astype(np.float64), 0.0
        for index in way:
            by = _shift_of(thin[index], reference, at)
            if by is None:
                continue
            shifts[index], seen[index], at = by, True, by
            reference = 0.8 * reference + 0.2 * _moved(thin[index], -by)
    return shifts, seen


def _run_all_the_way(sharp: FloatArray, shifts: FloatArray) -> bool:
    """Whether the lines of every other window, moved to where they were followed to, are those of the windows between."""
    moved = np.array([_moved(window, -by) for window, by in zip(sharp, shifts, strict=True)])
    return float(np.corrcoef(moved[::2].mean(axis=0), moved[1::2].mean(axis=0))[0, 1]) > _DRIFT_EVIDENCE


def _shift_of(window: FloatArray, reference: FloatArray, near: float) -> float | None:
    """By how many columns a window is shifted from the reference, looked for near what its neighbour was shifted by."""
    offsets = np.arange(-_STEP_COLUMNS, _STEP_COLUMNS + 1, dtype=np.float64)
    norm = float(np.linalg.norm(window) * np.linalg.norm(reference)) + 1e-6
    scores = np.array([float(_moved(window, -(near + offset)) @ reference) / norm for offset in offsets])
    best = int(scores.argmax())
    if not 0 < best < offsets.size - 1 or scores[best] < _DRIFT_EVIDENCE:
        return None
    return near + offsets[best] + _vertex(scores[best - 1 : best + 2])


def _moved(profile: FloatArray, columns: float) -> FloatArray:
    """A profile moved to the right by so many columns."""
    at = np.arange(STRIP_WIDTH)
    return np.interp(at - columns, at, profile, left=0.0, right=0.0)

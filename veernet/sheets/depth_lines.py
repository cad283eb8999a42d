"""The lines across a sheet at printed depths: how steep they are, and where the paper has moved them to.

Lines of all tracks are read together, because it is the paper that moves. Whatever is found is found twice, in two halves of what
there is to see, and believed only where both say the same: dirt, curves and captions do not agree with themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.peaks import vertices
from veernet.sheets.geometry import DepthRegister, StripGeometry
from veernet.sheets.profiles import BLOCK_CENTRES, BLOCKS, Profiles, without_median

FloatArray = NDArray[np.float64]

_LINE_ROWS = 15  # a printed line is thinner than half of this

_WINDOW_ROWS = 512
_WINDOWS_AT_ONCE = 64
_STEEPEST = 0.044  # rows a column: two and a half degrees
_SLOPE_STEP = 1 / 960  # half a strip row across a track
_SLOPE_EVIDENCE = 0.25  # by how much the best shear must outdo the middling one
_SLOPES_AGREE = 1.5  # steps

_CLOSEST_LINES = 6.0
_LIKENESS = 0.1
_REACH_ROWS = 14.0
_LIFT_STEP = 0.5
_STEEPEST_STRETCH = 0.06  # of the distance of two lines
_LARGEST_CHANGE = 12  # lift steps from one line to the next
_CHANGE_COST = 0.35
_CLOSE_ROWS = 40.0  # lines further apart say less of each other
_TICK_ROWS = 1.5  # how exactly a person takes a tick
_TICK_COST = 1.0
_TICK_COST_LIMIT = 4.0  # a slip of the hand is a slip, however large
_NOISE_SHARE = 0.35  # of what was found, by which its two halves may differ
_NOISE_ROWS = 0.75


@dataclass(frozen=True)
class Lift:
    """Where paper has moved lines to, beyond their slant.

    Args:
        rows_px: Source rows of lines by the ticks, increasing.
        by_px: How far below them the lines are printed, at the column at which the ticks were taken.
        ticks_off: Ticks that their printed lines disagree with: index, and by how many px.
    """

    rows_px: FloatArray
    by_px: FloatArray
    ticks_off: dict[int, float]


@dataclass(frozen=True)
class DepthLines:
    """The lines across a sheet.

    Args:
        rows_px: Source rows, a strip row apart.
        slope: Rows that lines fall per column at each of them; 0 where that cannot be told.
        tick_px: Column at which the ticks were taken.
        lift: What else has moved them; None where that cannot be told.
    """

    rows_px: FloatArray
    slope: FloatArray
    tick_px: float
    lift: Lift | None

    def shift_px(self, rows_px: FloatArray, column_px: float) -> FloatArray:
        """How far below each row by the ticks its line is printed, at a column."""
        shift = np.interp(rows_px, self.rows_px, self.slope) * (column_px - self.tick_px)
        return shift if self.lift is None else shift + np.interp(rows_px, self.lift.rows_px, self.lift.by_px)


def depth_lines(
    geometries: Sequence[StripGeometry], profiles: Sequence[Profiles], register: DepthRegister
) -> DepthLines:
    """Read the lines of a sheet out of the profiles of its strips, cut where the manifest puts them."""
    blocks = _Blocks.of(geometries, profiles)
    slope = _slope_of(blocks)
    middle_px = float(np.mean(blocks.columns_px))
    strength = blocks.strength(slope, middle_px, None)
    lines_px = _printed_lines(strength, blocks, register)
    ticks_px, tick_px = np.asarray(register.rows_px), middle_px
    lift = None
    if lines_px.size >= 5:
        candidates = _tick_columns(blocks, slope)
        slants = [np.interp(lines_px, blocks.rows_px, slope) * (middle_px - column) for column in candidates]
        paths = [_followed(strength, blocks, lines_px, slant, ticks_px) for slant in slants]
        best = int(np.argmax([score for score, _ in paths]))
        tick_px, lifts = float(candidates[best]), paths[best][1]
        halves = (blocks.strength(slope, middle_px, half) for half in (0, 1))
        left, right = (_followed(half, blocks, lines_px, slants[best], ticks_px)[1] for half in halves)
        if _agree(lifts, left, right):
            lift = _lift_of(lifts, lines_px, register, blocks.scale)
    return DepthLines(blocks.rows_px, slope, tick_px, lift)


@dataclass(frozen=True)
class _Blocks:
    """The thin dark features of every block of every track, on rows that all tracks share.

    Args:
        rows_px: Source rows.
        scale: Rows of the grid per source row.
        thin: ``(rows, blocks)``, each block with a deviation of 1.
        columns_px: Source column of the centre of each block.
        track_px: Source column of the middle of each block's track.
    """

    rows_px: FloatArray
    scale: float
    thin: NDArray[np.float32]
    columns_px: FloatArray
    track_px: FloatArray

    @classmethod
    def of(cls, geometries: Sequence[StripGeometry], profiles: Sequence[Profiles]) -> _Blocks:
        scale = max(geometry.row_scale for geometry in geometries)
        first = min(float(geometry.source_row(0)) for geometry in geometries)
        last = max(float(geometry.source_row(geometry.rows - 1)) for geometry in geometries)
        rows_px = np.arange(first, last, 1.0 / scale)
        thin, columns, middles = [], [], []
        for geometry, profile in zip(geometries, profiles, strict=True):
            at = geometry.strip_row(rows_px)
            middle = float(geometry.source_row(geometry.rows / 2))
            features = _thin(profile.rows)
            thin += [np.interp(at, np.arange(len(features)), features[:, block]) for block in range(BLOCKS)]
            columns.append(geometry.column_px(middle, BLOCK_CENTRES + 0.5))
            middles.append(np.full(BLOCKS, float(geometry.column_px(middle, 0.5))))
        return cls(
            rows_px, scale, np.stack(thin, axis=1).astype(np.float32), np.concatenate(columns), np.concatenate(middles)
        )

    def strength(self, slope: FloatArray, column_px: float, half: int | None) -> FloatArray:
        """How much of a line runs through each row at a column; by the left or right half of every track alone, if so asked."""
        rows = np.arange(len(self.thin), dtype=np.float64)
        strength = np.zeros(rows.size)
        for block, centre_px in enumerate(self.columns_px):
            if half is None or (centre_px > self.track_px[block]) == half:
                fall = slope * (centre_px - column_px) * self.scale
                strength += np.interp(rows + fall, rows, self.thin[:, block])
        strength = gaussian_filter1d(strength, 0.8)
        return strength / (strength.std() + 1e-6)


def _thin(rows: NDArray[np.float32]) -> FloatArray:
    thin = np.ascontiguousarray(without_median(rows.T, _LINE_ROWS).T)
    # One block that a curve or a caption runs along must not outweigh the others.
    thin = np.clip(thin, 0.0, np.quantile(thin, 0.98, axis=0) + 1e-3)
    return np.asarray(thin / (thin.std(axis=0) + 1e-3), np.float64)


def _slope_of(blocks: _Blocks) -> FloatArray:
    """The slope of the lines at every row, by the shears that make the blocks of a track agree best, window by window.

    Zero where the odd blocks say something else than the even ones.
    """
    rows = len(blocks.thin)
    slopes = np.arange(-_STEEPEST, _STEEPEST + _SLOPE_STEP / 2, _SLOPE_STEP)
    odd = np.arange(blocks.columns_px.size) % 2 == 1
    firsts = list(range(0, max(rows - _WINDOW_ROWS // 2, 1), _WINDOW_ROWS // 2))
    contrast = np.array([_contrast(blocks, firsts, slopes, part) for part in (odd, ~odd)])
    both = contrast.sum(axis=0)
    paths = [_smooth_path(rewards, 2, 0.1)[1] for rewards in (both, *contrast)]
    path = paths[0]
    agreed = np.median(np.abs(paths[1] - paths[2])) <= _SLOPES_AGREE
    mean = float(np.take_along_axis(both, path[:, None], axis=1).mean()) / 2
    if not agreed or mean < _SLOPE_EVIDENCE:
        return np.zeros(rows)
    inner = np.clip(path, 1, slopes.size - 2)
    found = gaussian_filter1d(slopes[inner] + vertices(both, inner) * _SLOPE_STEP, 1.5, mode="nearest")
    centres = [min(first + _WINDOW_ROWS / 2, (first + rows) / 2) for first in firsts]
    return np.interp(np.arange(rows), centres, found)


def _contrast(blocks: _Blocks, firsts: Sequence[int], slopes: FloatArray, part: NDArray[np.bool_]) -> FloatArray:
    """How much better some blocks of each track agree at each slope than at the middling one, in windows from some rows on.

    The blocks of a track, sheared and added, have as power their own powers, and what each two of them have in common, turned by how far they
    are apart: a few distances, however many the blocks. Returns ``(windows, slopes)``.
    """
    tracks, columns_px = blocks.track_px[part], blocks.columns_px[part]
    # Windows are as long as the first one, with nothing where the strip has ended.
    thin = np.zeros((firsts[-1] + min(_WINDOW_ROWS, len(blocks.thin)), columns_px.size), np.float32)
    thin[: len(blocks.thin)] = blocks.thin[: len(thin), part]
    windows = np.lib.stride_tricks.sliding_window_view(thin, len(thin) - firsts[-1], axis=0)
    length = windows.shape[-1]
    earlier, later = np.nonzero(np.triu(tracks[:, None] == tracks, 1))
    gaps_px, gap_of = np.unique(np.round(columns_px[later] - columns_px[earlier], 4), return_inverse=True)
    turn = np.exp(
        2j * np.pi / length * blocks.scale * gaps_px[:, None, None] * slopes
    )  # of the lowest frequency; the others are its powers
    turned = np.multiply.accumulate(np.repeat(turn, length // 4, axis=1), axis=1).reshape(-1, slopes.size)
    turning = np.concatenate([turned.real, -turned.imag])
    power = np.empty((len(firsts), slopes.size))
    for index in range(0, len(firsts), _WINDOWS_AT_ONCE):
        some = slice(index, index + _WINDOWS_AT_ONCE)
        spectrum = np.fft.rfft(windows[firsts[some]], axis=-1)[..., 1 : 1 + length // 4].astype(np.complex128)
        common = np.zeros((len(spectrum), gaps_px.size, length // 4), np.complex128)
        for pair, gap in enumerate(gap_of):
            common[:, gap] += spectrum[:, later[pair]] * spectrum[:, earlier[pair]].conj()
        common = common.reshape(len(spectrum), -1)
        parts = np.concatenate([common.real, common.imag], axis=1)
        own = (spectrum.real**2 + spectrum.imag**2).sum(axis=(1, 2))
        power[some] = own[:, None] + 2 * (parts @ turning)
    return power / (np.median(power, axis=1, keepdims=True) + 1e-6) - 1.0


def _tick_columns(blocks: _Blocks, slope: FloatArray) -> FloatArray:
    """Columns at which the ticks may have been taken, as many as make a difference; the sheet's middle first."""
    left, right = float(blocks.columns_px.min()), float(blocks.columns_px.max())
    middle, width = float(np.mean(blocks.columns_px)), right - left
    differing = 2 * round(float(np.abs(slope).max()) * width * blocks.scale)
    columns = np.linspace(left - 0.1 * width, right + 0.1 * width, differing + 1) if differing else np.zeros(0)
    return np.append(middle, columns)


def _printed_lines(strength: FloatArray, blocks: _Blocks, register: DepthRegister) -> FloatArray:
    """Source rows by the ticks at which lines are printed: at ticks, and as often between them as the strength repeats itself.

    That does not ask where lines begin, nor minds that paper stretches.
    """
    depths = np.asarray(register.depths)
    gap = float(np.diff(depths).min())
    spacing = gap * blocks.scale * float(np.median(np.diff(register.rows_px) / np.diff(depths)))
    level = strength - strength.mean()
    itself = float(level @ level) or 1.0

    def likeness(rows: float) -> float:
        lags = np.unique(np.round(np.linspace(0.97, 1.03, 5) * rows).astype(int))
        return max(float(level[:-lag] @ level[lag:]) if 0 < lag < level.size else 0.0 for lag in lags) / itself

    accepted = 1
    for parts in (2, 5, 10, 20, 25, 50):
        part = spacing / parts
        if part >= _CLOSEST_LINES and likeness(part) > max(_LIKENESS, 2.0 * likeness(0.5 * part)):
            accepted = parts
    step = gap / accepted
    lines = depths[0] + step * np.arange(round((depths[-1] - depths[0]) / step) + 1)
    rows_px = register.row_at(lines)
    first, last = blocks.rows_px[0] + 4 / blocks.scale, blocks.rows_px[-1] - 4 / blocks.scale
    return rows_px[(rows_px > first) & (rows_px < last)]


def _followed(
    strength: FloatArray, blocks: _Blocks, lines_px: FloatArray, slant_px: FloatArray, ticks_px: FloatArray
) -> tuple[float, FloatArray]:
    """The lift of each line in rows of the grid that runs through the most ink, and how much that is.

    It changes little from one line to the next, and is about nothing at ticks.
    """
    lifts = np.arange(-_REACH_ROWS, _REACH_ROWS + _LIFT_STEP / 2, _LIFT_STEP)
    at = (lines_px + slant_px - blocks.rows_px[0]) * blocks.scale
    rewards = np.interp(at[:, None] + lifts, np.arange(strength.size), np.clip(strength, -1.0, 4.0))
    is_tick = np.abs(lines_px[:, None] - ticks_px).min(axis=1) < 0.5 / blocks.scale
    rewards[is_tick] -= np.minimum(_TICK_COST * (lifts / _TICK_ROWS) ** 2, _TICK_COST_LIMIT)
    spacing = float(np.median(np.diff(lines_px))) * blocks.scale
    changes = int(np.clip(round(_STEEPEST_STRETCH * spacing / _LIFT_STEP), 1, _LARGEST_CHANGE))
    score, path = _smooth_path(rewards, changes, _CHANGE_COST * min(1.0, _CLOSE_ROWS / spacing))
    inner = np.clip(path, 1, lifts.size - 2)
    lift = lifts[inner] + vertices(rewards, inner) * _LIFT_STEP
    return score, gaussian_filter1d(lift, min(1.5, _CLOSE_ROWS / spacing), mode="nearest")


@njit(cache=True, nogil=True)
def _smooth_path(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rewards, largest_change, change_cost
):
    """The way through ``(steps, states)`` that collects the most, at a cost for every state that it moves by (Viterbi)."""
    steps, states = rewards.shape
    moved_by = np.zeros((steps, states), np.int64)
    best = rewards[0].copy()
    for step in range(1, steps):
        before = best.copy()
        for state in range(states):
            for size in range(1, largest_change + 1):
                cost = change_cost * size
                if state - size >= 0 and before[state - size] - cost > best[state]:
                    best[state], moved_by[step, state] = before[state - size] - cost, size
                if state + size < states and before[state + size] - cost > best[state]:
                    best[state], moved_by[step, state] = before[state + size] - cost, -size
        best += rewards[step]
    path = np.zeros(steps, np.int64)
    path[-1] = best.argmax()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = path[step] - moved_by[step, path[step]]
    return best.max(), path


def _agree(found: FloatArray, left: FloatArray, right: FloatArray) -> bool:
    """Whether two halves of the evidence differ by little beside what was found."""
    noise = 0.5 * float(np.median(np.abs(left - right)))
    return noise <= min(_NOISE_ROWS, _NOISE_SHARE * float(np.quantile(np.abs(found), 0.9)))


def _lift_of(lifts: FloatArray, lines_px: FloatArray, register: DepthRegister, scale: float) -> Lift:
    by_px = lifts / scale
    at_ticks = np.interp(register.rows_px, lines_px, by_px)
    off = {tick: float(by) for tick, by in enumerate(at_ticks) if abs(by) > max(2.0 / scale, 2.5)}
    return Lift(lines_px, by_px, off)

"""The lines across a sheet at printed depths: how steep they are, and where the paper has moved them to.

Lines of all tracks are read together, because it is the paper that moves. Whatever is found is found twice, in two halves of what
there is to see, and believed only where both say the same: dirt, curves and captions do not agree with themselves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from veernet.sheets.blocks import Blocks
from veernet.sheets.geometry import DepthRegister, StripGeometry
from veernet.sheets.profiles import Profiles
from veernet.sheets.slant import SLOPE_EVIDENCE, slope_of
from veernet.smooth_path import smooth_path

FloatArray = NDArray[np.float64]

_FAINT_INK = 0.05  # of a block's row: a few dots of a line that is nearly lost
_FAINT_SLOPE_EVIDENCE = 0.15  # what is found along that slope must be seen twice
_CLOSEST_LINES = 6.0
_FEWEST_LINES = 5
_LIKENESS = 0.1
_ALL_BUT_LITTLE = 0.9
_REACH_ROWS = 14.0
_LIFT_STEP = 0.5
_STEEPEST_STRETCH = 0.06  # of the distance of two lines
_LARGEST_CHANGE = 12  # lift steps from one line to the next
_CHANGE_COST = 0.35
_LINE_REACH_ROWS = 2.5  # how far the middle of a line may be from where the way through all of them puts it
_CLEAR_LINE = 1.0  # deviations
_CLOSE_ROWS = 40.0  # lines further apart say less of each other
_TICK_ROWS = 1.5  # how exactly a person takes a tick
_TICK_COST = 1.0
_TICK_COST_LIMIT = 4.0  # a slip of the hand is a slip, however large
# Deviations, of the mean line in half of what there is to see: dirt and curves alone mostly come to less, and to more where they count for full lines.
_STRENGTH, _FAINT_STRENGTH = 1.3, 2.2
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
        lift: What else has moved them; None where nothing has, or where that cannot be told.
        seen: Whether there are lines to see.
    """

    rows_px: FloatArray
    slope: FloatArray
    tick_px: float
    lift: Lift | None
    seen: bool

    def shift_px(self, rows_px: FloatArray, column_px: float) -> FloatArray:
        """How far below each row by the ticks its line is printed, at a column."""
        shift = np.interp(rows_px, self.rows_px, self.slope) * (column_px - self.tick_px)
        return shift if self.lift is None else shift + np.interp(rows_px, self.lift.rows_px, self.lift.by_px)


def depth_lines(
    geometries: Sequence[StripGeometry], profiles: Sequence[Profiles], register: DepthRegister
) -> DepthLines:
    """Read the lines of a sheet out of the profiles of its strips, cut where the manifest puts them.

    Where none are seen it is looked once more for the few and faint ones of a grid that is all but lost, each as good as a black one.
    """
    first = _looked_for(Blocks.of(geometries, profiles), register, faint=False)
    if first.seen:
        return first
    second = _looked_for(Blocks.of(geometries, profiles, _FAINT_INK), register, faint=True)
    return second if second.seen else first


def _looked_for(blocks: Blocks, register: DepthRegister, *, faint: bool) -> DepthLines:
    slope = slope_of(blocks, _at_ticks_and_between(register), _FAINT_SLOPE_EVIDENCE if faint else SLOPE_EVIDENCE)
    middle_px = float(np.mean(blocks.columns_px))
    strength = blocks.strength(slope, middle_px, None)
    lines_px = _printed_lines(strength, blocks, register, faint)
    ticks_px, tick_px = np.asarray(register.rows_px), middle_px
    lift, seen = None, False
    if lines_px.size >= _FEWEST_LINES:
        candidates = _tick_columns(blocks, slope)
        slants = [np.interp(lines_px, blocks.rows_px, slope) * (middle_px - column) for column in candidates]
        paths = [_followed(strength, blocks, lines_px, slant, ticks_px) for slant in slants]
        best = int(np.argmax([score for score, _ in paths]))
        tick_px, lifts = float(candidates[best]), paths[best][1]
        halves = (blocks.strength(slope, middle_px, half) for half in (0, 1))
        (in_left, left), (in_right, right) = (
            _followed(half, blocks, lines_px, slants[best], ticks_px) for half in halves
        )
        noise = 0.5 * float(np.median(np.abs(left - right)))
        least = _FAINT_STRENGTH if faint else _STRENGTH
        seen = min(in_left, in_right) >= least and noise <= _NOISE_ROWS
        if seen and noise <= _NOISE_SHARE * float(np.quantile(np.abs(lifts), 0.9)):
            twice = np.maximum(np.abs(left - lifts), np.abs(right - lifts)) <= _NOISE_ROWS
            lift = _lift_of(_where_seen_twice(lifts, twice, lines_px * blocks.scale), lines_px, register, blocks.scale)
    return DepthLines(blocks.rows_px, slope, tick_px, lift, seen)


def _at_ticks_and_between(register: DepthRegister) -> FloatArray:
    """Source rows at the sheet's ticks and halfway between them: where a line is most likely, however sparse the grid."""
    depths = np.asarray(register.depths)
    half = float(np.diff(depths).min()) / 2
    return register.row_at(depths[0] + half * np.arange(round((depths[-1] - depths[0]) / half) + 1))


def _tick_columns(blocks: Blocks, slope: FloatArray) -> FloatArray:
    """Columns at which the ticks may have been taken, as many as make a difference; the sheet's middle first."""
    left, right = float(blocks.columns_px.min()), float(blocks.columns_px.max())
    middle, width = float(np.mean(blocks.columns_px)), right - left
    differing = 2 * round(float(np.abs(slope).max()) * width * blocks.scale)
    columns = np.linspace(left - 0.1 * width, right + 0.1 * width, differing + 1) if differing else np.zeros(0)
    return np.append(middle, columns)


def _printed_lines(strength: FloatArray, blocks: Blocks, register: DepthRegister, faint: bool) -> FloatArray:
    """Source rows by the ticks at which lines are printed: at ticks, and as often between them as the strength repeats itself.

    That does not ask where lines begin, nor minds that paper stretches. Faint ones too few to repeat themselves are those halfway between ticks, if
    what is about there outdoes nearly all there is elsewhere.
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
    first, last = blocks.rows_px[0] + 4 / blocks.scale, blocks.rows_px[-1] - 4 / blocks.scale

    def rows_of(parts: int) -> FloatArray:
        step = gap / parts
        rows_px = register.row_at(depths[0] + step * np.arange(round((depths[-1] - depths[0]) / step) + 1))
        return rows_px[(rows_px > first) & (rows_px < last)]

    if faint and accepted == 1:
        halves_px = np.setdiff1d(rows_of(2), rows_of(1))
        if _outdo(strength, (halves_px - blocks.rows_px[0]) * blocks.scale, 0.5 * _STEEPEST_STRETCH * spacing):
            accepted = 2
    return rows_of(accepted)


def _outdo(strength: FloatArray, rows: FloatArray, reach: float) -> bool:
    """Whether the most that is within a reach of each of some rows of the grid is more than all but little of it elsewhere."""
    size = 2 * round(min(reach, _REACH_ROWS)) + 1
    most = maximum_filter1d(strength, size)
    here = np.zeros(strength.size, bool)
    here[np.rint(rows).astype(int)] = True
    elsewhere = ~maximum_filter1d(here, 2 * size + 1)
    if not here.any() or not elsewhere.any():
        return False
    return float(most[here].min()) > float(np.quantile(most[elsewhere], _ALL_BUT_LITTLE))


def _followed(
    strength: FloatArray, blocks: Blocks, lines_px: FloatArray, slant_px: FloatArray, ticks_px: FloatArray
) -> tuple[float, FloatArray]:
    """The lift of each line in rows of the grid that runs through the most ink, and how much that is to a line.

    It changes little from one line to the next, and is about nothing at ticks.
    """
    lifts = np.arange(-_REACH_ROWS, _REACH_ROWS + _LIFT_STEP / 2, _LIFT_STEP)
    at = (lines_px + slant_px - blocks.rows_px[0]) * blocks.scale
    rewards = np.interp(at[:, None] + lifts, np.arange(strength.size), np.clip(strength, -1.0, 4.0))
    is_tick = np.abs(lines_px[:, None] - ticks_px).min(axis=1) < 0.5 / blocks.scale
    rewards[is_tick] -= np.minimum(_TICK_COST * (lifts / _TICK_ROWS) ** 2, _TICK_COST_LIMIT)
    spacing = float(np.median(np.diff(lines_px))) * blocks.scale
    changes = int(np.clip(round(_STEEPEST_STRETCH * spacing / _LIFT_STEP), 1, _LARGEST_CHANGE))
    score, path = smooth_path(rewards, changes, _CHANGE_COST * min(1.0, _CLOSE_ROWS / spacing))
    return score / lines_px.size, _centred(strength, at + lifts[path]) - at


def _centred(strength: FloatArray, at: FloatArray) -> FloatArray:
    """The middle of the ink of the line at each of some rows of the grid; the row itself where there is too little."""
    around = np.arange(-_LINE_REACH_ROWS, _LINE_REACH_ROWS + _LIFT_STEP / 4, _LIFT_STEP / 2)
    for _ in range(2):  # the second time with as much of it on either side
        ink = np.interp(at[:, None] + around, np.arange(strength.size), strength)
        most = ink.max(axis=1)
        ink = np.clip(ink - 0.5 * most[:, None], 0.0, None)
        at = at + np.where(most > _CLEAR_LINE, (ink @ around) / (ink.sum(axis=1) + 1e-9), 0.0)
    return at


def _where_seen_twice(lifts: FloatArray, twice: NDArray[np.bool_], rows: FloatArray) -> FloatArray:
    """The lift of each line, a little smoothed; of one that was not seen twice, what lines close by say of it, or none."""
    seen = np.flatnonzero(twice)
    if not seen.size:
        return np.zeros_like(lifts)
    after = np.clip(np.searchsorted(seen, np.arange(lifts.size)), 0, seen.size - 1)
    near = np.minimum(np.abs(rows - rows[seen[after]]), np.abs(rows - rows[seen[np.maximum(after - 1, 0)]]))
    lifts = np.where(near <= _CLOSE_ROWS, np.interp(rows, rows[seen], lifts[seen]), 0.0)
    return gaussian_filter1d(lifts, min(1.5, _CLOSE_ROWS / float(np.median(np.diff(rows)))), mode="nearest")


def _lift_of(lifts: FloatArray, lines_px: FloatArray, register: DepthRegister, scale: float) -> Lift:
    by_px = lifts / scale
    at_ticks = np.interp(register.rows_px, lines_px, by_px)
    off = {tick: float(by) for tick, by in enumerate(at_ticks) if abs(by) > max(2.0 / scale, 2.5)}
    return Lift(lines_px, by_px, off)

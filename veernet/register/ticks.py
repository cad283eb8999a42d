"""Each printed depth brought to its own line across the paper: a label stands near its line, not on it to the pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter

from veernet.register.paper import Paper
from veernet.register.passes import Labels, Pass

Floats = NDArray[np.float64]

_STRIP_INCHES = (0.28, 0.95)
"""Beside the middle of the labels: where lines are looked for, to the left and to the right."""
_RUN_INCHES = 0.07
_STEP_PX = 0.5
_STEEPEST = 0.03
_SLOPE_STEPS = 41
_LINE_SHARE = 0.35
"""Of a strip that a line covers at least."""
_CHANGE_COST = 0.06
_OFF_COST = 0.25
_UNEVEN_PX, _UNEVEN = 3.0, 0.02
"""By how much a line may be off the middle of its neighbours: spliced and stretched paper does that, the next line is further off."""


@dataclass(frozen=True)
class Placed:
    """The printed depths of a pass, from its first label to its last.

    Args:
        depths: Increasing by the pass's step.
        rows: Row of each, full px, at the middle of the depth column.
        on_line: Whether a line was found there.
        slope: Rows that lines fall per column to the right, at each.
        off: How far below its label's middle each line is, on average.
        against: Depths near which a line is printed, but not where the neighbours' lines say.
    """

    depths: Floats
    rows: Floats
    on_line: NDArray[np.bool_]
    slope: Floats
    off: float
    against: int


def placed(paper: Paper, one: Pass) -> Placed:
    """Bring the printed depths of a pass to their lines."""
    labels = one.labels
    depths = np.arange(labels.depths[0], labels.depths[-1] + one.step / 2, one.step)
    about = np.interp(depths, labels.depths, _smoothed(labels))
    columns = np.interp(depths, labels.depths, median_filter(labels.columns, 5, mode="nearest"))
    reach = _reach(labels, one)
    windows = [_Window.of(paper, row, column, reach + 8) for row, column in zip(about, columns, strict=True)]
    slope = _slopes(windows)
    offsets = np.arange(-reach, reach + _STEP_PX / 2, _STEP_PX)
    strength = np.stack([window.strength(offsets, fall) for window, fall in zip(windows, slope, strict=True)])
    size = np.abs(offsets) / reach
    rewards = np.minimum(strength, 1.0) - _OFF_COST * size**2
    path = _path(rewards, max(2, round(0.03 * one.step * one.px_per_unit / _STEP_PX)))
    at, seen = _peaks(strength, path, offsets)
    on_line = seen >= _LINE_SHARE
    rows = about + at
    if on_line.any():
        rows = np.where(on_line, rows, about + np.interp(depths, depths[on_line], at[on_line]))
        uneven = np.full(rows.size, _UNEVEN_PX + _UNEVEN * one.step * one.px_per_unit)
        uneven[[0, -1]] *= 2  # no neighbour on one side
        on_line &= np.abs(rows - _neighbours(rows)) <= uneven
    against = int(((seen >= _LINE_SHARE) & ~on_line).sum())
    return Placed(depths, rows, on_line, slope, float(np.median(at)), against)


@dataclass(frozen=True)
class _Window:
    """How much of a line runs through each row beside a label, left and right of it, and how far apart the two strips are."""

    left: Floats
    right: Floats
    apart: float
    middle: float

    @classmethod
    def of(cls, paper: Paper, row: float, column: float, reach: float) -> _Window:
        near, far = (inches * paper.dpi for inches in _STRIP_INCHES)
        extra = _STEEPEST * far
        top = int(np.floor(row - reach - extra))
        end = int(np.ceil(row + reach + extra)) + 1
        sides = [(column - far, column - near), (column + near, column + far)]
        left, right = (_runs(paper, top, end, *side) for side in sides)
        return cls(left, right, near + far, row - top)

    def strength(self, offsets: Floats, slope: float) -> Floats:
        """Of a line at some rows below the label."""
        rows = np.arange(self.left.size)
        fall = slope * self.apart / 2
        left = np.interp(self.middle + offsets - fall, rows, self.left)
        right = np.interp(self.middle + offsets + fall, rows, self.right)
        # On one side there may be no grid at all.
        return np.asarray(0.75 * np.maximum(left, right) + 0.25 * np.minimum(left, right))


def _runs(paper: Paper, top: int, end: int, left: float, right: float) -> Floats:
    """Share of each row that is in ink that runs across; a thick line counts more than a thin one."""
    rows = np.zeros(end - top)
    first, last = max(top, 0), min(end, paper.rows)
    ink = paper.crop(first, last, left, right)
    if ink.size == 0:
        return rows
    run = max(3, round(_RUN_INCHES * paper.dpi))
    kernel = np.ones((1, run), np.uint8)
    across = cv2.morphologyEx(cv2.dilate(ink, np.ones((2, 1), np.uint8)), cv2.MORPH_OPEN, kernel)
    rows[first - top : first - top + len(across)] = across.mean(axis=1)
    return np.asarray(gaussian_filter1d(rows, 1.0) * 1.5)


def _smoothed(labels: Labels) -> Floats:
    """Rows of the labels, without what each is off on its own."""
    rows, depths = labels.rows, labels.depths
    if rows.size < 5:
        return rows
    line = np.polynomial.Polynomial.fit(depths, rows, 1)
    off = rows - line(depths)
    smooth = gaussian_filter1d(median_filter(off, 5, mode="nearest"), 1.5, mode="nearest")
    return np.asarray(line(depths) + smooth)


def _reach(labels: Labels, one: Pass) -> float:
    """How far from the middle of a label its line may be, px."""
    sizes = labels.boxes[:, 2] - labels.boxes[:, 0]
    size = float(np.median(sizes)) * (0.4 if labels.turned else 0.8)
    return float(min(size, 0.24 * one.step * one.px_per_unit))


def _slopes(windows: list[_Window]) -> Floats:
    """Slope of the lines at each window: where left and right agree best, steadily down the sheet."""
    slopes = np.linspace(-_STEEPEST, _STEEPEST, _SLOPE_STEPS)
    agreement = np.zeros((len(windows), slopes.size))
    for index, window in enumerate(windows):
        rows = np.arange(window.left.size)
        left = window.left - window.left.mean()
        right = window.right - window.right.mean()
        for at, slope in enumerate(slopes):
            fall = slope * window.apart / 2
            moved = np.interp(rows - fall, rows, left) * np.interp(rows + fall, rows, right)
            agreement[index, at] = moved.mean()
    agreement /= np.abs(agreement).max() + 1e-9
    agreement -= 0.05 * np.abs(slopes) / _STEEPEST
    path = _path(agreement, 2, 0.05)
    return np.asarray(gaussian_filter1d(slopes[path], 1.0, mode="nearest"))


def _path(rewards: Floats, most: int, cost: float = _CHANGE_COST) -> NDArray[np.intp]:
    """The states, one a row, that collect the most at a cost for each change (Viterbi)."""
    steps, states = rewards.shape
    best = rewards[0].copy()
    came = np.zeros((steps, states), np.intp)
    changes = np.arange(-most, most + 1)
    penalty = cost * np.abs(changes) / most
    for step in range(1, steps):
        padded = np.pad(best, most, constant_values=-np.inf)
        arriving = np.stack([padded[most + change : most + change + states] for change in changes]) - penalty[:, None]
        chosen = arriving.argmax(axis=0)
        came[step] = np.arange(states) + changes[chosen]
        best = arriving.max(axis=0) + rewards[step]
    path = np.zeros(steps, np.intp)
    path[-1] = int(best.argmax())
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came[step, path[step]]
    return path


def _peaks(strength: Floats, path: NDArray[np.intp], offsets: Floats) -> tuple[Floats, Floats]:
    """The middle of the line nearest to each place of a path, and its strength."""
    at, seen = np.zeros(len(path)), np.zeros(len(path))
    reach = round(3 / _STEP_PX)
    for index, place in enumerate(path):
        low, high = max(place - reach, 0), min(place + reach + 1, offsets.size)
        top = low + int(strength[index, low:high].argmax())
        low, high = max(top - reach, 0), min(top + reach + 1, offsets.size)
        near = strength[index, low:high]
        weight = np.clip(near - 0.5 * strength[index, top], 0.0, None)
        at[index] = float((weight * offsets[low:high]).sum() / weight.sum()) if weight.sum() > 0 else offsets[top]
        seen[index] = strength[index, top]
    return at, seen


def _neighbours(rows: Floats) -> Floats:
    """Where each row should be by those about it."""
    if rows.size < 3:
        return rows
    middle = 0.5 * (rows[:-2] + rows[2:])
    return np.concatenate([[2 * rows[1] - rows[2]], middle, [2 * rows[-2] - rows[-3]]])

"""What runs across the paper beside a printed depth: lines, however they slant, and what is left of them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.register.paper import Paper

Floats = NDArray[np.float64]

STEEPEST = 0.075
"""Rows that a line falls per column at the most: paper that swings on the scanner's rollers does that (0.06 was seen)."""
_SLOPES = 61
_STRIP_INCHES = (0.28, 0.95)
"""From the middle of the labels: where lines are looked for, to the left and to the right."""
_RUN_INCHES = 0.07
_BLOCKS = 6
"""Of a strip, each moved by itself as lines slant."""
_SLANT_COST = 0.01
_AGREE = 0.7
"""What speaks for a slope: less, of what blocks show, speaks against it, and nothing says nothing."""
_ALIKE_SLOPES = 2.0
_USUAL_LINE = 0.9
"""Quantile of what is shown beside labels that is surely a line: of many labels only every other one may have one."""
_TO_LINE = 1.5
_NO_LINE = 1e-4
"""Variance of the rows of blocks without a line."""
_SLACK_PX = 8
_ONE_SIDE = 0.25
"""Strength of a line on one side of its label over that on the other where it is seen on that one alone."""


@dataclass(frozen=True)
class Beside:
    """How much of a line runs through each row of the blocks beside a label.

    Args:
        blocks: ``(rows, 2 * _BLOCKS)``, the left strip's from left to right, then the right one's.
        apart: Columns from the label's middle to the middle of each block.
        top: Row of the first.
    """

    blocks: Floats
    apart: Floats
    top: int

    @classmethod
    def of(cls, paper: Paper, row: float, column: float, reach: float) -> Beside:
        """As far as ``reach`` rows above and below a place."""
        near, far = (inches * paper.dpi for inches in _STRIP_INCHES)
        extra = STEEPEST * far
        top, end = int(np.floor(row - reach - extra)), int(np.ceil(row + reach + extra)) + 1
        sides = [(column - far, column - near), (column + near, column + far)]
        blocks = np.concatenate([_runs(paper, top, end, *side) for side in sides], axis=1)
        middles = near + (np.arange(_BLOCKS) + 0.5) / _BLOCKS * (far - near)
        return cls(blocks, np.concatenate([-middles[::-1], middles]), top)

    def strength(self, rows: Floats, slope: float) -> Floats:
        """Of a line that passes the label's middle at some rows: mostly that of the side where there is more."""
        sides = self._sides(rows, slope)
        # On one side there may be no grid at all.
        return np.asarray(0.75 * sides.max(axis=0) + 0.25 * sides.min(axis=0))

    def _sides(self, rows: Floats, slope: float) -> Floats:
        """To the left and to the right of the label, ``(2, rows)``."""
        at = np.arange(len(self.blocks))
        moved = np.stack(
            [
                np.interp(rows - self.top + slope * apart, at, block, left=0.0, right=0.0)
                for block, apart in zip(self.blocks.T, self.apart, strict=True)
            ]
        )
        return np.stack([moved[:_BLOCKS].mean(axis=0), moved[_BLOCKS:].mean(axis=0)])

    def lopsided(self, row: float, slope: float) -> float:
        """How far the row of a line at the label would be off for each unit that its slope is, px; 0 where it is seen on both sides, which hold each other."""
        weak, strong = sorted(self._sides(np.array([row]), slope)[:, 0])
        return float(np.abs(self.apart).mean()) if weak < _ONE_SIDE * strong else 0.0

    def strongest(self, rows: Floats, slope: float) -> float:
        """Of a line of a slope that passes the label's middle at some rows from it, on either side."""
        return float(self._sides(self.top + (len(self.blocks) - 1) / 2 + rows, slope).max())

    def slants(self, slopes: Floats, reach: float) -> tuple[Floats, Floats]:
        """How well the blocks agree at each slope, so far about the label, and how much they show there: lines that are moved as they slant add up.

        Of what each block shows, and of those that show anything: another line that comes into sight where blocks are moved is no agreement.
        """
        size = len(self.blocks)
        moves = np.round(slopes[:, None] * self.apart).astype(int)
        half = reach + STEEPEST * float(self.apart.max()) + _SLACK_PX
        near = np.arange(max(0, int(size / 2 - half)), min(size, int(size / 2 + half) + 1))
        at = np.clip(near[:, None, None] + moves, 0, size - 1)
        moved = self.blocks[at, np.arange(self.blocks.shape[1])]
        shown = moved.var(axis=0)
        much = shown.mean(axis=1)
        together = moved.mean(axis=2).var(axis=0) / (much + _NO_LINE)
        showing = much**2 / ((shown**2).mean(axis=1) + _NO_LINE**2)
        return np.asarray(np.minimum(together / (showing + _NO_LINE), 1.0)), np.asarray(much)


def _runs(paper: Paper, top: int, end: int, left: float, right: float) -> Floats:
    """Share of each row of the blocks of a strip that is in ink that runs across; a thick line counts more than a thin one."""
    rows = np.zeros((end - top, _BLOCKS))
    first, last = max(top, 0), min(end, paper.rows)
    ink = paper.crop(first, last, left, right)
    if ink.shape[1] < _BLOCKS or not ink.size:
        return rows
    run = max(3, round(_RUN_INCHES * paper.dpi))
    # A line that slants changes its row now and then; what is spread downwards for that is taken back half a row.
    across = cv2.morphologyEx(cv2.dilate(ink, np.ones((2, 1), np.uint8)), cv2.MORPH_OPEN, np.ones((1, run), np.uint8))
    bounds = np.linspace(0, ink.shape[1], _BLOCKS + 1).astype(int)
    share = np.add.reduceat(across, bounds[:-1], axis=1, dtype=np.float64) / np.diff(bounds)
    rows[first - top : last - top] = 0.5 * (share + np.concatenate([share[1:], share[-1:]]))
    return np.asarray(gaussian_filter1d(rows, 0.8, axis=0) * _TO_LINE)


def slopes_of(windows: list[Beside], reach: float) -> Floats:
    """Slope of the lines at each label, so far about it, steadily from one to the next."""
    slopes = np.linspace(-STEEPEST, STEEPEST, _SLOPES)
    agreement, much = (
        np.stack(each) for each in zip(*(window.slants(slopes, reach) for window in windows), strict=True)
    )
    # A label's own line is in sight however blocks are moved; what comes into sight as they are says nothing of its slant.
    least = much.min(axis=1, keepdims=True)
    voice = np.minimum(least / (np.quantile(least, _USUAL_LINE) + _NO_LINE), 1.0)
    # Blocks are moved by whole px, so that slopes beside each other are alike but for steps: the middle of those that agree best is meant.
    rewards = gaussian_filter1d(voice * (agreement - _AGREE), _ALIKE_SLOPES, axis=1)
    own_slopes = slopes[steady_path(rewards - _SLANT_COST * np.abs(slopes) / STEEPEST, 4, 0.02, 0.35)]
    calm = without_strays(own_slopes)
    rows = np.arange(-reach, reach + 0.5, 0.5)
    # Where paper swings fastest, a line is best seen at its own slope; one that a pen tips from one side is as strong on the other at its neighbours' slope.
    kept = [
        window.strongest(rows, own) > window.strongest(rows, other)
        for window, own, other in zip(windows, own_slopes, calm, strict=True)
    ]
    return np.where(kept, own_slopes, calm)


def without_strays(slopes: Floats) -> Floats:
    """Slopes from label to label, each the middle one of its own and its neighbours': paper swings over several labels, and what tips the line of one alone is a pen's.

    At either end that of its own, its neighbour's, and where the next two lead to (Tukey's rule): paper that swings does so there, too.
    """
    if slopes.size < 3:
        return slopes
    inner = np.median(np.stack([slopes[:-2], slopes[1:-1], slopes[2:]]), axis=0)
    whole = np.concatenate([slopes[:1], inner, slopes[-1:]])
    for own, one, other in ((0, 1, 2), (-1, -2, -3)):
        whole[own] = np.median([slopes[own], whole[one], 3 * whole[one] - 2 * whole[other]])
    return np.asarray(whole)


def steady_path(rewards: Floats, most: int, cost: float, jump: float) -> NDArray[np.intp]:
    """The states, one a row, that collect the most (Viterbi): a change costs by its size, up to ``most`` states, and any other a jump."""
    steps, states = rewards.shape
    best = rewards[0].copy()
    came = np.zeros((steps, states), np.intp)
    changes = np.arange(-most, most + 1)
    penalty = cost * np.abs(changes)
    for step in range(1, steps):
        padded = np.pad(best, most, constant_values=-np.inf)
        arriving = np.stack([padded[most + change : most + change + states] for change in changes]) - penalty[:, None]
        chosen = arriving.argmax(axis=0)
        reached, from_where = arriving.max(axis=0), np.arange(states) + changes[chosen]
        top = int(best.argmax())
        jumped = best[top] - jump > reached
        came[step] = np.where(jumped, top, from_where)
        best = np.where(jumped, best[top] - jump, reached) + rewards[step]
    path = np.zeros(steps, np.intp)
    path[-1] = int(best.argmax())
    for step in range(steps - 1, 0, -1):
        path[step - 1] = came[step, path[step]]
    return path

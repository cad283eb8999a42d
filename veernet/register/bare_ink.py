"""The ink of a scale block that is print: without rules, dashed lines and specks, letters that rules went through mended."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.dashed_lines import without_dashed_lines
from veernet.register.paper import Bits
from veernet.register.pieces import no_speck_from, pieces_of

_RULE_ACROSS_INCHES = 0.3
_RULE_DOWN_INCHES = 0.22
"""Longer than any stroke of a letter."""
_LETTER_INCHES, _LETTERED = 0.045, 0.27
"""Taller than any rule is thick; share of a rule's columns that may be, by letters that stand on it or that it runs through."""
_SLACK_INCHES = 0.012
"""By which a rule may wander in its length."""
_MENDED_INCHES = 0.02
"""Of a letter that a rule went through."""
_LONG_RULE_INCHES = 1.0
_FLAT_INCHES = 0.03
_LONGEST_DASH_INCHES = 0.15
_DASH_GAP_INCHES = 0.085
_RUN_INCHES, _LONG_RUN_INCHES = 0.4, 1.1
"""Of a dashed line, with clear paper above and below it, and without."""
_CLEAR_INCHES, _CLEAR = 0.025, 0.8
_MANY = 6
_SPECK_INCHES, _SPECK_REACH_INCHES = 0.012, 0.035
_LARGEST_SPECK_INCHES = 0.022


def rules(ink: Bits, dpi: float) -> tuple[Bits, Bits]:
    """The rules across and down."""
    slack = max(3, round(_SLACK_INCHES * dpi) | 1)
    wide = np.asarray(cv2.dilate(ink, np.ones((slack, 1), np.uint8)), np.uint8)
    across = _unlettered(_opened(wide, 1, max(3, round(_RULE_ACROSS_INCHES * dpi))), ink, slack, dpi)
    tall = np.asarray(cv2.dilate(ink, np.ones((1, slack), np.uint8)), np.uint8)
    down = _opened(tall, max(3, round(_RULE_DOWN_INCHES * dpi)), 1)
    return across & ink, down & ink


def _unlettered(across: Bits, ink: Bits, slack: int, dpi: float) -> Bits:
    """Rules across without those that are a row of heavy letters that touch: of these, much of the length is as tall as letters are."""
    tall = cv2.dilate(_opened(ink, round(_LETTER_INCHES * dpi) + 1, 1), np.ones((slack, 1), np.uint8))
    flat = np.pad(across, ((0, 0), (1, 1)))
    steps = np.diff(flat.astype(np.int8), axis=1).ravel()
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    lettered = np.concatenate([[0], np.cumsum(np.pad(tall, ((0, 0), (0, 1))).ravel(), dtype=np.int64)])
    long = ends - starts
    letters = (lettered[ends] - lettered[starts] >= _LETTERED * long) & (long < _LONG_RULE_INCHES * dpi)
    change = np.zeros(steps.size + 1, np.int8)
    change[starts[letters]], change[ends[letters]] = 1, -1
    gone = np.cumsum(change[:-1], dtype=np.int8).reshape(len(across), -1)[:, :-1]
    return np.where(gone > 0, 0, across).astype(np.uint8)


def _opened(ink: Bits, rows: int, columns: int) -> Bits:
    """Of ink, what is at least so tall and so wide."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((rows, columns), np.uint8)), np.uint8)


def without_rules(ink: Bits, across: Bits, down: Bits, dpi: float, fringe_px: int = 1) -> Bits:
    """Ink without rules and their fringes, letters that they went through mended."""
    wide = 2 * fringe_px + 1
    rules = np.maximum(cv2.dilate(across, np.ones((wide, 1), np.uint8)), cv2.dilate(down, np.ones((1, wide), np.uint8)))
    return _mended(ink, np.where(rules > 0, 0, ink).astype(np.uint8), dpi)


def undrawn(bare: Bits, slope: float, dpi: float) -> Bits:
    """Ink without dashed lines that go on through print, letters that they went through mended."""
    return _mended(bare, without_dashed_lines(bare, slope, dpi), dpi)


def _mended(ink: Bits, bare: Bits, dpi: float) -> Bits:
    """Ink without its lines, ``bare``, and with what of the lines closes a letter."""
    gap = max(3, round(_MENDED_INCHES * dpi)) | 1
    closed = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    return np.where(closed > 0, ink, bare).astype(np.uint8)


def undashed(bare: Bits, dpi: float) -> Bits:
    """Ink without dashed and dotted lines: flat marks that follow each other for long.

    So do the pieces of a line of broken letters, but not for as long, unless there are letters above or below them.
    """
    pieces, stats = pieces_of(bare)
    flat = stats[:, cv2.CC_STAT_HEIGHT] <= max(2.0, _FLAT_INCHES * dpi)
    flat &= stats[:, cv2.CC_STAT_WIDTH] <= _LONGEST_DASH_INCHES * dpi
    flat[0] = False
    gap = round(_DASH_GAP_INCHES * dpi) | 1
    marks = cv2.morphologyEx(flat[pieces].view(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    runs, sizes = pieces_of(np.asarray(marks, np.uint8))
    count = len(sizes)
    wide = sizes[:, cv2.CC_STAT_WIDTH]
    thin = sizes[:, cv2.CC_STAT_HEIGHT] <= 2 * _FLAT_INCHES * dpi + 0.02 * wide
    which = np.flatnonzero(flat)
    of_mark = _run_of(runs, pieces, which, len(stats))
    many = np.bincount(of_mark, minlength=count) >= _MANY
    clear = _clear(bare, stats[which], round(_CLEAR_INCHES * dpi))
    alone = np.bincount(of_mark, weights=clear, minlength=count) >= _CLEAR * np.bincount(of_mark, minlength=count)
    lines = thin & many & ((wide >= _LONG_RUN_INCHES * dpi) | ((wide >= _RUN_INCHES * dpi) & alone))
    lines[0] = False
    dashes = np.zeros(len(stats), bool)
    dashes[which] = lines[of_mark]
    return np.where(dashes[pieces], 0, bare).astype(np.uint8)


def _run_of(
    runs: NDArray[np.integer], pieces: NDArray[np.integer], which: NDArray[np.intp], count: int
) -> NDArray[np.int32]:
    """The run that each of some pieces is in."""
    found = np.zeros(count, np.int32)
    inside = runs > 0
    found[pieces[inside]] = runs[inside]
    return found[which]


def _clear(ink: Bits, stats: NDArray[np.int32], margin: int) -> NDArray[np.bool_]:
    """Which boxes have no ink close above and none close below them."""
    total = cv2.integral(ink)
    left, top, right, end = stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]
    over, under = np.maximum(top - margin, 0), np.minimum(end + margin, len(ink))

    def inked(first: NDArray[np.int32], last: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.asarray(total[last, right] - total[first, right] - total[last, left] + total[first, left])

    return np.asarray((inked(over, top) == 0) & (inked(end, under) == 0))


def unspecked(ink: Bits, dpi: float) -> Bits:
    """Ink without specks: pieces no larger than a full stop with no larger one by their side."""
    pieces, stats = pieces_of(ink)
    area = stats[:, cv2.CC_STAT_AREA]
    smallest = float(np.nextafter(max(2.0, (_SPECK_INCHES * dpi) ** 2), np.inf))
    large = area >= no_speck_from(area, smallest, (_LARGEST_SPECK_INCHES * dpi) ** 2, ink.size / dpi**2)
    large[0] = False
    reach = round(_SPECK_REACH_INCHES * dpi) * 2 + 1
    near = np.asarray(cv2.dilate(large[pieces].view(np.uint8), np.ones((reach, reach), np.uint8)), np.uint8)
    return np.asarray(ink & near, np.uint8)


def mended_ink(ink: Bits) -> Bits:
    """Ink with the gaps of broken strokes closed."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def slope_of(across: Bits, dpi: float) -> float:
    """By how many rows long rules across fall per column; 0 where there is none."""
    labels, stats = pieces_of(across)
    slopes: list[float] = []
    weights: list[float] = []
    for index in np.flatnonzero(stats[1:, cv2.CC_STAT_WIDTH] >= _LONG_RULE_INCHES * dpi) + 1:
        x, y, width, height = stats[index, :4].tolist()
        if height > 0.05 * width + 0.1 * dpi:
            continue
        rows, columns = np.nonzero(labels[y : y + height, x : x + width] == index)
        slopes.append(float(np.polyfit(columns, rows, 1)[0]))
        weights.append(width)
    if not slopes:
        return 0.0
    order = np.argsort(slopes)
    half = np.cumsum(np.array(weights)[order])
    return slopes[int(order[int(np.searchsorted(half, half[-1] / 2))])]

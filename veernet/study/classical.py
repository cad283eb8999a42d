"""A day's classical program, to measure the network against: no learning, one joint dynamic program over ink.

Grid lines are taken out by morphology. What is left is ink; pieces of ink that run on for long speak for a solid curve, short ones for a
broken one. The ways of both curves of a track are then found together: a state is a pair of columns, 4 px wide, so that no ink
explains both unless they cross. Moving sideways costs by how little ink is passed, going down a row by how little ink is there. For a
curve that wraps the columns are a ring; one that does not has a state beyond either edge. Positions are centroids of ink about the way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet.curves.alike import keep_identities
from veernet.curves.identity import Trace
from veernet.sheets.geometry import MARGIN, TRACK_COLUMNS, fraction_at
from veernet.sheets.manifest import Curve

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

#: Strip columns to a state.
STATE_COLUMNS = 4
STATES = TRACK_COLUMNS // STATE_COLUMNS
#: Columns about the way over which ink is weighed.
_REACH_PX = 6


@dataclass(frozen=True)
class ClassicalSettings:
    """What was tuned, on drawn sheets of other seeds and other wells than those of the study.

    Args:
        blur_px: Blur against noise, strip px.
        down_px: Height of the opening that finds lines down the track.
        lasting_px: Rows over which a line down the track must last, as a curve seldom does.
        lasting_share: In what share of them.
        across_px: Width of the opening that finds lines across it.
        mend_px: Breaks of a line that are closed before it is looked for.
        repair_px: Gaps that a line taken out of a stroke leaves, closed again.
        ink_level: Ink from which a pixel belongs to a piece, 0 to 1.
        short_px: Extent of a piece that is surely of a broken stroke, corner to corner.
        long_px: Extent of one that is surely of a solid stroke.
        wrong_style: Price of a row on ink that speaks for the other style, in units of a row of a solid curve on paper.
        gap: Price of a row of a broken curve on paper.
        shared: Price of a row of both curves on one state.
        sideways: Price of one strip column over paper, for a solid curve.
        sideways_broken: The same for a broken one.
        sideways_ink: Price of one strip column over ink.
        off_scale: Price of a row beyond an edge.
        support: Mean ink about a row along the way below which the value is NULL, for a solid curve.
        support_broken: The same for a broken one.
    """

    blur_px: float = 0.8
    down_px: int = 81
    lasting_px: int = 801
    lasting_share: float = 0.4
    across_px: int = 101
    mend_px: int = 9
    repair_px: int = 7
    ink_level: float = 0.35
    short_px: float = 28.0
    long_px: float = 70.0
    wrong_style: float = 0.4
    gap: float = 0.65
    shared: float = 0.6
    sideways: float = 0.12
    sideways_broken: float = 0.07
    sideways_ink: float = 0.01
    off_scale: float = 0.9
    support: float = 0.25
    support_broken: float = 0.12


def trace_classically(
    strip: ByteArray, curves: Sequence[Curve], settings: ClassicalSettings | None = None
) -> list[Trace]:
    """Trace the one or two curves of a strip from its darkness alone; some 15 kB of memory a row.

    Args:
        strip: Darkness, uint8 ``(rows, 512)``.
        curves: The manifest's curves of the track.
        settings: Prices and sizes; the tuned ones unless given.

    Returns:
        A trace for each curve in the manifest's order; its confidence is the mean ink along its way. Two of one style are told apart
        by the rule of the full tracer.
    """
    chosen = settings or ClassicalSettings()
    ink = without_grid(strip, chosen)
    continuous = _continuity(ink, chosen)
    prices = [_prices(ink, continuous, curve, chosen) for curve in curves]
    traces = [_as_trace(ink, way, curve, chosen) for way, curve in zip(_ways(prices, chosen), curves, strict=True)]
    alike = len(curves) == 2 and curves[0].style == curves[1].style
    return keep_identities(traces, [strip]) if alike else traces


def without_grid(strip: ByteArray, settings: ClassicalSettings) -> FloatArray:
    """The ink of a strip less its printed lines, float32 ``(rows, 512)``, 0 to 1."""
    smooth = cv2.GaussianBlur(strip, (0, 0), settings.blur_px)
    paper, full = np.percentile(smooth, (50.0, 99.5))
    darkness = np.clip((smooth.astype(np.float32) - paper) / max(full - paper, 1.0), 0.0, 1.0).astype(np.float32)
    mend, repair = settings.mend_px, settings.repair_px
    down = _opened(darkness, (1, mend), (1, settings.down_px))
    # A printed line stays in its column all the way; a curve does so for a while at most.
    lasting = cv2.blur((down > 0.15).astype(np.float32), (3, settings.lasting_px), borderType=cv2.BORDER_REFLECT)
    down = np.where(cv2.dilate(lasting, np.ones((1, 3), np.uint8)) > settings.lasting_share, down, 0.0).astype(
        np.float32
    )
    across = _opened(darkness, (mend, 1), (settings.across_px, 1))
    ink = darkness
    for lines, size in ((down, (repair, 1)), (across, (1, repair))):
        bare = np.clip(ink - lines, 0.0, 1.0)
        # Where a stroke ran through the line it goes on through the gap that the line left.
        closed = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, size))
        ink = np.maximum(bare, np.where(lines > 0.1, np.minimum(closed, ink), 0.0)).astype(np.float32)
    return ink


def _opened(darkness: FloatArray, mend: tuple[int, int], line: tuple[int, int]) -> FloatArray:
    """What of the ink is lines in one direction; sizes are ``(width, height)``."""
    whole = cv2.morphologyEx(darkness, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_RECT, mend))
    return np.asarray(
        cv2.morphologyEx(whole, cv2.MORPH_OPEN, cv2.getStructuringElement(cv2.MORPH_RECT, line)), np.float32
    )


def _continuity(ink: FloatArray, settings: ClassicalSettings) -> FloatArray:
    """How surely each pixel's piece of ink is of a solid stroke, 0 to 1, by the extent of the piece."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((ink > settings.ink_level).astype(np.uint8), connectivity=8)
    extent = np.hypot(stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH])
    solid = np.clip((extent - settings.short_px) / (settings.long_px - settings.short_px), 0.0, 1.0).astype(np.float32)
    solid[0] = 0.5
    return np.asarray(solid[labels])


@dataclass(frozen=True)
class _Prices:
    """What one curve pays.

    Args:
        row: For a row in each state, float32 ``(rows, states)``.
        step: For coming sideways into each state, of the same shape.
        ring: Whether the last state is beside the first one.
    """

    row: FloatArray
    step: FloatArray
    ring: bool

    @classmethod
    def of_nothing(cls, rows: int) -> _Prices:
        """A second curve where there is none: one state, free."""
        free = np.zeros((rows, 1), np.float32)
        return cls(free, free, ring=False)


def _prices(ink: FloatArray, continuous: FloatArray, curve: Curve, settings: ClassicalSettings) -> _Prices:
    solid = curve.style == "solid"
    against = 1.0 - continuous if solid else continuous
    lack = (1.0 if solid else settings.gap) * (1.0 - ink)
    row = _by_state(lack + settings.wrong_style * ink * against).min(axis=2)
    bare = 1.0 - _by_state(ink).max(axis=2)
    sideways = settings.sideways if solid else settings.sideways_broken
    step = STATE_COLUMNS * (settings.sideways_ink + (sideways - settings.sideways_ink) * bare)
    if not curve.wrap:
        row = np.pad(row, ((0, 0), (1, 1)), constant_values=settings.off_scale)
        step = np.pad(step, ((0, 0), (1, 1)), constant_values=STATE_COLUMNS * sideways)
    return _Prices(np.ascontiguousarray(row, np.float32), np.ascontiguousarray(step, np.float32), curve.wrap)


def _by_state(pixels: FloatArray) -> FloatArray:
    track = pixels[:, MARGIN : MARGIN + TRACK_COLUMNS]
    return np.asarray(track.reshape(len(pixels), STATES, STATE_COLUMNS), np.float32)


@dataclass(frozen=True)
class _Way:
    """The states through which a curve comes into each row and leaves it, int32 ``(rows,)``; round a ring they go on counting."""

    entry: NDArray[np.int32]
    leave: NDArray[np.int32]


def _ways(prices: Sequence[_Prices], settings: ClassicalSettings) -> list[_Way]:
    """The cheapest ways of one or two curves together."""
    one, other = (*prices, _Prices.of_nothing(len(prices[0].row)))[:2]
    # A ring's states begin at the first column; others have the left edge before it.
    offset = int(one.ring) - int(other.ring) if len(prices) == 2 else 2 * STATES
    back, last = _forward(one.row, one.step, one.ring, other.row, other.step, other.ring, offset, settings.shared)
    found = _backward(back, last, other.row.shape[1])
    ways = []
    for some, (entry, leave) in zip(prices, (found[:2], found[2:]), strict=False):
        turn = STATES * (leave[0] // STATES) if some.ring else 1  # the top of the strip is on the track itself
        ways.append(_Way(entry - turn, leave - turn))
    return ways


@njit(cache=True, nogil=True)
def _forward(  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    row_one, step_one, ring_one, row_other, step_other, ring_other, offset, shared
):
    """Costs of all pairs of states, row by row; how each was come to sideways: 1 from the left, 2 from the right, other times 3."""
    rows, ones = row_one.shape
    others = row_other.shape[1]
    cost = np.zeros((ones, others), np.float32)
    back = np.zeros((rows, ones, others), np.uint8)
    for row in range(rows):
        for at in range(1, 2 * ones if ring_one else ones):
            _come(cost[at % ones], cost[(at - 1) % ones], step_one[row, at % ones], back[row, at % ones], 1)
        for at in range(2 * ones - 2 if ring_one else ones - 2, -1, -1):
            _come(cost[at % ones], cost[(at + 1) % ones], step_one[row, at % ones], back[row, at % ones], 2)
        lowest = np.float32(1e9)
        for one in range(ones):
            here, how = cost[one], back[row, one]
            for at in range(1, 2 * others if ring_other else others):
                candidate = here[(at - 1) % others] + step_other[row, at % others]
                if candidate < here[at % others]:
                    here[at % others] = candidate
                    how[at % others] = how[at % others] % 3 + 3
            for at in range(2 * others - 2 if ring_other else others - 2, -1, -1):
                candidate = here[(at + 1) % others] + step_other[row, at % others]
                if candidate < here[at % others]:
                    here[at % others] = candidate
                    how[at % others] = how[at % others] % 3 + 6
            for other in range(others):
                here[other] += row_one[row, one] + row_other[row, other]
                if abs(one + offset - other) <= 1:
                    here[other] += shared
                lowest = min(lowest, here[other])
        cost -= lowest
    return back, int(cost.argmin())


@njit(cache=True, nogil=True)
def _come(cost, before, step, back, how):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    for other in range(cost.size):
        candidate = before[other] + step
        if candidate < cost[other]:
            cost[other] = candidate
            back[other] = how


@njit(cache=True, nogil=True)
def _backward(back, last, others):  # type: ignore[no-untyped-def] # pragma: no cover - compiled
    rows, ones = back.shape[:2]
    found = np.empty((4, rows), np.int32)
    one, other = last // others, last % others
    for row in range(rows - 1, -1, -1):
        found[1, row], found[3, row] = one, other
        while back[row, one % ones, other % others] >= 3:
            other += -1 if back[row, one % ones, other % others] < 6 else 1
        while back[row, one % ones, other % others] % 3 > 0:
            one += -1 if back[row, one % ones, other % others] % 3 == 1 else 1
        found[0, row], found[2, row] = one, other
    return found


def _as_trace(ink: FloatArray, way: _Way, curve: Curve, settings: ClassicalSettings) -> Trace:
    """Read a way off the ink: the centroid about it, or half the way of a row that is passed sideways."""
    middle = MARGIN + STATE_COLUMNS * (way.entry + way.leave + 1.0) / 2.0 - 0.5
    about = np.rint(middle).astype(np.int64)[:, None] + np.arange(-_REACH_PX, _REACH_PX + 1)
    columns = MARGIN + (about - MARGIN) % TRACK_COLUMNS if curve.wrap else np.clip(about, 0, ink.shape[1] - 1)
    near = np.take_along_axis(ink, columns, axis=1)
    mass = near.sum(axis=1)
    centroid = np.where(mass > 0.5, (near * about).sum(axis=1) / np.maximum(mass, 0.5), middle)
    column = np.where(np.abs(way.leave - way.entry) <= 1, centroid, middle)
    solid = curve.style == "solid"
    support = uniform_filter1d(near[:, 2:-2].max(axis=1), 15 if solid else 45, mode="nearest")
    known = support >= (settings.support if solid else settings.support_broken)
    if not curve.wrap:
        known &= (way.leave >= 0) & (way.leave < STATES)
    fraction = np.where(known, fraction_at(column), np.nan)
    return Trace(fraction.astype(np.float32), np.where(known, support, 0.0).astype(np.float32))

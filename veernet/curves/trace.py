"""From class maps to curves: where each curve is at every strip row, and how sure that is.

The way of a curve is found by :mod:`veernet.curves.path`. Around it lies the run of its class in each row: the columns that the
curve passes while it crosses that row. Between two rows it passes where their runs meet; within a row it is half-way
from one meeting point to the next or, where the run reaches beyond both, at the tip that it reaches: peaks keep their height.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet.curves.path import CHUNK_ROWS, STATE_COLUMNS, PathChunk, PathCosts, PathFinder
from veernet.sheets.geometry import LEFT_EDGE_COLUMN, MARGIN, STRIP_WIDTH, TRACK_COLUMNS

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

#: Copies of the track in which a wrapping curve may be, first and end of their turns.
TURNS = range(-1, 3)
#: Rows without evidence that a curve is carried across; longer gaps are NULL.
BRIDGE_ROWS = 12
#: Rows that a curve may go unseen beneath the other one's stroke.
SHARED_ROWS = 60
#: Below this confidence nothing is known.
LEAST_CONFIDENCE = 0.3
#: How far over its track's edge a curve that does not wrap may be before it is off scale, track fraction.
EDGE_TOLERANCE_FRACTION = 0.004
#: A stroke's label reaches this far beyond the columns that its centre passes (see veernet.training.draw).
_LABEL_HALF_WIDTH_PX = 1.5
_BRIDGE_CONFIDENCE = 0.6
_SHARED_CONFIDENCE = 0.5
_CONTACT_PX = 7.0
_RUN_LEVEL = 90
_STYLE_RANK = {"solid": 0, "dashed": 1, "dotted": 2}


@dataclass(frozen=True)
class Doubt:
    """A stretch of strip rows, ``end_row`` exclusive, about which a reader must be told, and why."""

    first_row: int
    end_row: int
    reason: str


@dataclass(frozen=True)
class Trace:
    """One curve down a strip.

    Args:
        fraction: Where it is at each strip row, in track fractions unwrapped (1.25: a quarter into the first wrap),
            float32 ``(rows,)``; NaN where nothing is known.
        confidence: 0 to 1, float32 ``(rows,)``; 0 where nothing is known.
        doubts: Stretches where its identity is in doubt.
    """

    fraction: FloatArray
    confidence: FloatArray
    doubts: tuple[Doubt, ...] = ()


def trace_track(bands: Iterable[ByteArray], curves: Sequence[Curve], costs: PathCosts | None = None) -> list[Trace]:
    """Trace the curves of one track.

    Args:
        bands: The class map from the top down in pieces of any height, uint8 ``(2, n, 512)``.
        curves: The manifest's one or two curves of the track.
        costs: Prices of the dynamic program.

    Returns:
        A trace for each curve in the manifest's order. Values do not depend on the heights of the bands.
    """
    order = sorted(range(len(curves)), key=lambda index: _STYLE_RANK[curves[index].style])
    tracers = [_CurveTracer(curves[index], rank, len(curves), costs or PathCosts()) for rank, index in enumerate(order)]
    first_row = 0
    for chunk in _chunks(bands):
        for tracer in tracers:
            tracer.push(first_row, chunk)
        first_row += chunk.shape[1]
    positions = [tracer.finish() for tracer in tracers]
    traces: list[Trace] = [_as_trace(p, curves[index].wrap) for p, index in zip(positions, order, strict=True)]
    if len(curves) == 2:
        alike = curves[0].style == curves[1].style
        traces = _keep_identities(traces) if alike else _share_ink(traces)
    by_curve = dict(zip(order, traces, strict=True))
    return [by_curve[index] for index in range(len(curves))]


def _chunks(bands: Iterable[ByteArray]) -> Iterable[ByteArray]:
    """Regroup bands of any height into chunks of ``CHUNK_ROWS``, the last one shorter."""
    held: list[ByteArray] = []
    rows = 0
    for band in bands:
        held.append(band)
        rows += band.shape[1]
        while rows >= CHUNK_ROWS:
            joined = np.concatenate(held, axis=1)
            yield joined[:, :CHUNK_ROWS]
            held, rows = [joined[:, CHUNK_ROWS:]], rows - CHUNK_ROWS
    if rows:
        yield np.concatenate(held, axis=1)


@dataclass
class _Positions:
    """What is read off the class map along the way of one curve; columns are unwrapped strip columns."""

    low: FloatArray
    high: FloatArray
    middle: FloatArray
    support: FloatArray
    rival: FloatArray

    @classmethod
    def join(cls, pieces: Sequence[_Positions]) -> _Positions:
        names = ("low", "high", "middle", "support", "rival")
        return cls(*(np.concatenate([getattr(piece, name) for piece in pieces]) for name in names))


class _CurveTracer:
    """Follows one curve through chunks of the class map and reads it off along the way."""

    def __init__(self, curve: Curve, rank: int, curves_in_track: int, costs: PathCosts) -> None:
        self._wrap = curve.wrap
        self._own = rank
        self._alone = curves_in_track == 1
        self._finder = PathFinder(*_state_prices(curve.wrap, costs), costs)
        self._held: dict[int, ByteArray] = {}
        self._pieces: list[_Positions] = []

    def push(self, first_row: int, chunk: ByteArray) -> None:
        evidence = self._evidence(chunk)
        self._held[first_row] = evidence
        for decided in self._finder.push(first_row, self._states(evidence)):
            self._read(decided)

    def finish(self) -> _Positions:
        for decided in self._finder.finish():
            self._read(decided)
        if not self._pieces:
            self._pieces.append(_Positions(*(np.zeros(0, np.float32) for _ in range(5))))
        return _Positions.join(self._pieces)

    def _evidence(self, chunk: ByteArray) -> ByteArray:
        """Evidence of this curve, uint8 ``(rows, 512)``: its class, and a part of the other's, whose ink it may share."""
        own, other = chunk[self._own], chunk[1 - self._own]
        if self._alone:
            return np.maximum(chunk[0], chunk[1])
        return np.maximum(own, (other * np.float32(0.3)).astype(np.uint8))

    def _states(self, evidence: ByteArray) -> ByteArray:
        if self._wrap:
            evidence = evidence[:, MARGIN : MARGIN + TRACK_COLUMNS]
        states = evidence.reshape(evidence.shape[0], -1, STATE_COLUMNS).max(axis=2)
        return np.tile(states, (1, len(TURNS))) if self._wrap else states

    def _read(self, decided: PathChunk) -> None:
        evidence = self._held.pop(decided.first_row)
        ring = TRACK_COLUMNS if self._wrap else 0
        offset = MARGIN + TURNS.start * TRACK_COLUMNS if self._wrap else 0
        self._pieces.append(
            _Positions(*_read_runs(evidence, decided.entry, decided.leave, STATE_COLUMNS, offset, ring, _RUN_LEVEL))
        )


def _state_prices(wrap: bool, costs: PathCosts) -> tuple[FloatArray, FloatArray]:
    """Price of leaving from each state, and of a row in it."""
    if wrap:
        turns = np.repeat(np.abs(np.array(TURNS)), TRACK_COLUMNS // STATE_COLUMNS)
        return np.full(turns.size, costs.leave, np.float32), (turns * costs.turn).astype(np.float32)
    columns = np.arange(0, STRIP_WIDTH, STATE_COLUMNS)
    near_edge = (columns < MARGIN + 8) | (columns >= STRIP_WIDTH - MARGIN - 8)
    return np.where(near_edge, costs.leave_edge, costs.leave).astype(np.float32), np.zeros(columns.size, np.float32)


@njit(cache=True, nogil=True)
def _read_runs(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    evidence, entry, leave, state_columns, offset, ring, level
):
    """Ends, middle, support and strongest rival of the run about the way, row by row."""
    rows, width = evidence.shape
    low = np.full(rows, np.nan, np.float32)
    high = np.full(rows, np.nan, np.float32)
    middle = np.full(rows, np.nan, np.float32)
    support = np.zeros(rows, np.float32)
    rival = np.zeros(rows, np.float32)
    for row in range(rows):
        if leave[row] < 0:
            continue
        first = offset + min(entry[row], leave[row]) * state_columns
        last = offset + max(entry[row], leave[row]) * state_columns + state_columns - 1
        strongest = 0
        for column in range(first, last + 1):
            strongest = max(strongest, _at(evidence, row, column, ring, width))
        support[row] = strongest / 255.0
        while last - first < 480 and _at(evidence, row, first - 1, ring, width) >= level:
            first -= 1
        while last - first < 480 and _at(evidence, row, last + 1, ring, width) >= level:
            last += 1
        while first < last and _at(evidence, row, first, ring, width) < level and strongest >= level:
            first += 1
        while first < last and _at(evidence, row, last, ring, width) < level and strongest >= level:
            last -= 1
        mass, moment = 0.0, 0.0
        for column in range(first - 2, last + 3):
            weight = float(_at(evidence, row, column, ring, width)) + 1e-3
            mass += weight
            moment += weight * column
        low[row], high[row], middle[row] = first, last, moment / mass
        for column in range(width):
            distance = min(abs(column - first), abs(column - last))
            inside = first <= column <= last
            if ring:
                start = 16 + (first - 16) % ring
                distance = min(distance, abs(column - start), abs(column - start - (last - first)))
                distance = min(distance, abs(column + ring - start), abs(column + ring - start - (last - first)))
                inside = start <= column <= start + last - first or column + ring <= start + last - first
            if not inside and distance > 10:
                rival[row] = max(rival[row], evidence[row, column] / 255.0)
    return low, high, middle, support, rival


@njit(cache=True, nogil=True)
def _at(evidence, row, column, ring, width):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    if ring:
        return evidence[row, 16 + (column - 16) % ring]
    if column < 0 or column >= width:
        return 0
    return evidence[row, column]


def _as_trace(positions: _Positions, wrap: bool) -> Trace:
    column = _columns_at_rows(positions)
    seen = np.isfinite(column) & (positions.support >= _RUN_LEVEL / 255.0)
    column, confidence = _bridge(np.where(seen, column, np.nan), _confidence(positions), positions)
    fraction = (column - LEFT_EDGE_COLUMN) / TRACK_COLUMNS
    if not wrap:
        off_scale = np.abs(fraction - 0.5) > 0.5 + EDGE_TOLERANCE_FRACTION
        fraction = np.where(off_scale, np.nan, np.clip(fraction, 0.0, 1.0))
    fraction = np.where(confidence < LEAST_CONFIDENCE, np.nan, fraction)
    confidence = np.where(np.isfinite(fraction), confidence, 0.0)
    return Trace(fraction.astype(np.float32), confidence.astype(np.float32))


def _columns_at_rows(positions: _Positions) -> FloatArray:
    """The curve's column at the middle of each row, from the runs of the row and of its neighbours."""
    low, high = positions.low, positions.high
    meeting = (np.maximum(low[:-1], low[1:]) + np.minimum(high[:-1], high[1:])) / 2.0
    above = np.concatenate(([np.nan], meeting))
    below = np.concatenate((meeting, [np.nan]))
    above = np.where(np.isfinite(above), above, positions.middle)
    below = np.where(np.isfinite(below), below, positions.middle)
    left, right = low + _LABEL_HALF_WIDTH_PX, high - _LABEL_HALF_WIDTH_PX
    reach_right = right - np.maximum(above, below)
    reach_left = np.minimum(above, below) - left
    column = np.clip((above + below) / 2.0, np.minimum(left, right), np.maximum(left, right))
    tip = np.maximum(reach_right, reach_left) > 2.0
    column = np.where(tip, np.where(reach_right > reach_left, right, left), column)
    narrow = high - low <= 2.0 * (_LABEL_HALF_WIDTH_PX + 2.0)
    return np.asarray(np.where(narrow, positions.middle, column), np.float32)


def _bridge(column: FloatArray, confidence: FloatArray, positions: _Positions) -> tuple[FloatArray, FloatArray]:
    """Carry the curve straight across gaps of up to ``BRIDGE_ROWS`` rows that its way runs through, less surely."""
    known = np.flatnonzero(np.isfinite(column))
    followed = np.isfinite(positions.middle)
    column, confidence = column.copy(), confidence.copy()
    for index in np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= BRIDGE_ROWS + 1)):
        ends = known[index : index + 2]
        gap = np.arange(ends[0] + 1, ends[1])
        if followed[gap].all():
            column[gap] = np.interp(gap, ends, column[ends])
            confidence[gap] = _BRIDGE_CONFIDENCE * min(positions.support[ends])
    return column, confidence


def _confidence(positions: _Positions) -> FloatArray:
    """How sure each row is: evidence along the way, less what a rival elsewhere in the row has."""
    support = uniform_filter1d(positions.support, 7, mode="nearest")
    rival = uniform_filter1d(positions.rival, 7, mode="nearest")
    return np.asarray(support * (1.0 - 0.6 * rival), np.float32)


def _share_ink(traces: list[Trace]) -> list[Trace]:
    """Carry a curve along the other one's stroke where it goes into it and comes out of it again."""
    shared = []
    for trace, other in ((traces[0], traces[1]), (traces[1], traces[0])):
        fraction, confidence = trace.fraction.copy(), trace.confidence.copy()
        doubts = list(trace.doubts)
        for first, end in _stretches(np.isnan(trace.fraction)):
            ends = np.array([first - 1, end])
            if (
                first == 0
                or end == fraction.size
                or end - first > SHARED_ROWS
                or np.isnan(other.fraction[first:end]).any()
            ):
                continue
            apart = np.abs(trace.fraction[ends] % 1.0 - other.fraction[ends] % 1.0)
            if (apart * TRACK_COLUMNS <= 2 * _CONTACT_PX).all():
                turn = np.round(trace.fraction[first - 1] - other.fraction[first - 1])
                fraction[first:end] = other.fraction[first:end] + turn
                confidence[first:end] = np.minimum(other.confidence[first:end], _SHARED_CONFIDENCE)
                doubts.append(Doubt(first, end, "shares the ink of the track's other curve"))
        shared.append(Trace(fraction, confidence, tuple(doubts)))
    return shared


def _keep_identities(traces: list[Trace]) -> list[Trace]:
    """Undo the left-right classes of two curves of one style: at each contact the smoother continuation is kept.

    The network calls the left one class 1 at every row. Where the two touch they either cross or part again, and
    nothing but their slopes before and after can tell.
    """
    left, right = (trace.fraction.astype(np.float64) * TRACK_COLUMNS for trace in traces)
    touching = np.abs(left - right) <= _CONTACT_PX
    swapped = np.zeros(left.size, bool)
    confidence = [trace.confidence.copy() for trace in traces]
    doubts: list[Doubt] = []
    for first, end in _stretches(touching):
        doubts.append(Doubt(first, end, "two curves of one style touch; told apart by their slopes alone"))
        for values in confidence:
            values[first:end] = np.minimum(values[first:end], 0.5)
        if _crosses(left, right, first, end):
            middle = (first + end) // 2
            swapped[middle:] = ~swapped[middle:]
    first_curve = np.where(swapped, traces[1].fraction, traces[0].fraction)
    second_curve = np.where(swapped, traces[0].fraction, traces[1].fraction)
    first_confidence = np.where(swapped, confidence[1], confidence[0])
    second_confidence = np.where(swapped, confidence[0], confidence[1])
    return [
        Trace(first_curve, first_confidence, tuple(doubts)),
        Trace(second_curve, second_confidence, tuple(doubts)),
    ]


def _stretches(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([False], mask, [False])).astype(np.int8)))
    return [(int(first), int(end)) for first, end in edges.reshape(-1, 2)]


def _crosses(left: NDArray[np.float64], right: NDArray[np.float64], first: int, end: int) -> bool:
    """Whether going straight on through a contact fits better when the curves change sides."""
    before, after = slice(max(0, first - 8), first), slice(end, min(left.size, end + 8))
    fits = []
    for values in (left, right):
        for part in (before, after):
            rows = np.arange(part.start, part.stop)
            known = np.isfinite(values[part])
            if np.count_nonzero(known) < 3:
                return False
            fits.append(np.polynomial.Polynomial.fit(rows[known], values[part][known], 1))
    middle = 0.5 * (first + end)
    left_before, left_after, right_before, right_after = (float(fit(middle)) for fit in fits)
    slope = [float(fit.deriv()(middle)) for fit in fits]
    reach = max(4.0, end - first)
    stay = abs(left_before - left_after) + abs(right_before - right_after)
    stay += reach * (abs(slope[0] - slope[1]) + abs(slope[2] - slope[3]))
    cross = abs(left_before - right_after) + abs(right_before - left_after)
    cross += reach * (abs(slope[0] - slope[3]) + abs(slope[2] - slope[1]))
    return cross < stay

"""From class maps to curves: where each curve is at every strip row, and how sure that is.

The way of a curve is found by :mod:`veernet.curves.path`, read off by :mod:`veernet.curves.runs`, and told from the track's other curve by
:mod:`veernet.curves.identity`, or by :mod:`veernet.curves.alike` and named by :mod:`veernet.curves.naming` where both are of one style;
what may be a printed line is doubted by :mod:`veernet.curves.ruled`, what may be another stroke by :mod:`veernet.curves.wrong_stroke`,
what may be on another turn of its wrap by :mod:`veernet.curves.turns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from veernet.curves.alike import keep_identities
from veernet.curves.broken import doubt_where_lone, is_lone, name_broken
from veernet.curves.evidence import first_evidence, second_evidence, unfounded, way_beneath
from veernet.curves.identity import Trace, doubted, share_ink, stretches
from veernet.curves.naming import name_alike
from veernet.curves.path import CHUNK_ROWS, NEVER, STATE_COLUMNS, PathChunk, PathCosts, PathFinder
from veernet.curves.ruled import doubt_ruled, printed_columns, weigh_ruled
from veernet.curves.runs import RUN_LEVEL, Positions, columns_at_rows, read_runs, strongest_within
from veernet.curves.turns import TURNS, doubt_turns, turn_prices
from veernet.curves.wrong_stroke import Unclaimed, doubt_lookalikes, doubt_unclaimed
from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS, fraction_at

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, Scale

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

#: Rows without evidence that a curve is carried across; longer gaps are NULL.
BRIDGE_ROWS = 12
#: How far from where its ends lead a curve may come out of a gap that it is carried across, columns.
ASTRAY_PX = 20.0
#: A stretch of a wrapping curve between two gaps is on a turn of its own choice if it is shorter than this, and its confidence at most that.
ISLAND_ROWS = 64
ISLAND_CONFIDENCE = 0.4
#: Below this evidence nothing is known.
LEAST_EVIDENCE = 0.3
#: Confidence by evidence, and its share that is left by how steeply the curve runs, strip columns a row: the share of samples within
#: 1 % of the track on 40 drawn sheets of all difficulties (54,000 samples, shipped weights). Half a row is many columns where a curve
#: runs near-horizontally. Real scans differ from drawn ones: read it as a ranking there.
_CALIBRATION = ((0.3, 0.45, 0.55, 0.65, 0.75, 0.85, 0.97), (0.91, 0.93, 0.95, 0.96, 0.985, 0.995, 0.997))
_STEEP_SHARE = ((1.0, 3.5, 7.0, 14.0, 28.0), (1.0, 0.985, 0.91, 0.7, 0.45))
#: How far over its track's edge a curve that does not wrap may be before it is off scale, track fraction.
EDGE_TOLERANCE_FRACTION = 0.004
#: Within so many columns of an edge a curve may go off scale.
_EDGE_PX = 8
_BRIDGE_EVIDENCE = 0.6
_STYLE_RANK = {"solid": 0, "dashed": 1, "dotted": 2}


def trace_track(
    bands: Iterable[ByteArray],
    curves: Sequence[Curve],
    costs: PathCosts | None = None,
    strips: Callable[[], Iterable[ByteArray]] = tuple,
    scale: Scale = "linear",
) -> list[Trace]:
    """Trace the curves of one track.

    Args:
        bands: The class map from the top down in pieces of any height, uint8 ``(2, n, 512)``. Gone through once more where of a dashed and a dotted
            curve one alone was found by its class.
        curves: The manifest's one or two curves of the track.
        costs: Prices of the dynamic program.
        strips: Gives the strip itself from the top down, uint8 ``(n, 512)``, as often as it is asked: what printed lines and pens are told by.
        scale: Of the track.

    Returns:
        A trace for each curve in the manifest's order. Values do not depend on the heights of the bands.
    """
    prices = costs or PathCosts()
    printed = printed_columns(strips())
    alike = len(curves) == 2 and curves[0].style == curves[1].style
    traces = _traced(bands, curves, prices, strips, scale, printed, alike)
    if alike:
        traces = name_alike(keep_identities(traces, strips()), curves)
    elif len(curves) == 2 and all(curve.style != "solid" for curve in curves):
        if is_lone(traces):
            strokes = _traced(bands, curves, prices, strips, scale, printed, alike=True)
            if not is_lone(strokes):
                traces = name_broken(keep_identities(strokes, strips()), strips(), curves)
        traces = doubt_where_lone(traces)
    traces = [doubt_ruled(trace, printed) for trace in traces]
    return [
        doubt_turns(trace, curve, scale, prices) if curve.wrap else trace
        for trace, curve in zip(traces, curves, strict=True)
    ]


def _traced(
    bands: Iterable[ByteArray],
    curves: Sequence[Curve],
    prices: PathCosts,
    strips: Callable[[], Iterable[ByteArray]],
    scale: Scale,
    printed: NDArray[np.bool_],
    alike: bool,
) -> list[Trace]:
    """The traces of a track's curves, in the manifest's order; ``alike``: of its two strokes whatever their classes, in any order."""
    order = sorted(range(len(curves)), key=lambda index: _STYLE_RANK[curves[index].style])
    followers = [_Follower(curves[index], scale, prices) for index in order]
    unclaimed = Unclaimed()
    undecided: dict[int, ByteArray] = {}  # class maps of chunks through which the first curve's way is not known yet
    pieces = _with_rows(_chunks(piece[None] for piece in strips()))  # read only as far as somebody asks

    def follow_second(decided: Iterable[_Decided]) -> None:
        for first in decided:
            classes = undecided.pop(first.first_row)
            if not alike:
                unclaimed.leave(first.first_row, classes[0], first.positions, followers[0].ring)
            strip = partial(_piece_at, pieces, first.first_row)
            for second in followers[1:]:
                seen, own = second_evidence(classes, strip, first.positions, followers[0].ring, alike)
                evidence = weigh_ruled(seen, printed)
                if alike:
                    second.follow(first.first_row, evidence)
                else:
                    second.follow(first.first_row, evidence, own, way_beneath(evidence, classes[0]))

    first_row = 0
    for chunk in _chunks(bands):
        undecided[first_row] = chunk
        evidence = weigh_ruled(first_evidence(chunk, either=len(curves) == 1 or alike), printed)
        follow_second(followers[0].push(first_row, evidence))
        first_row += chunk.shape[1]
    follow_second(followers[0].finish())
    read = [follower.positions() for follower in followers]
    traces = [_as_trace(positions, curves[index].wrap) for positions, index in zip(read, order, strict=True)]
    if len(curves) == 2:
        traces = share_ink(traces, alike)
    if alike:
        return traces
    if len(curves) == 2:
        traces = doubt_lookalikes(traces, read[1])
    if first_row:
        left = unclaimed.stretches(first_row, *((read[1], followers[1].ring) if len(read) == 2 else (None, 0)))
        traces[0] = doubt_unclaimed(traces[0], left)
    by_curve = dict(zip(order, traces, strict=True))
    return [by_curve[index] for index in range(len(curves))]


def _with_rows(chunks: Iterable[ByteArray]) -> Iterator[tuple[int, ByteArray]]:
    """Chunks ``(1, rows, 512)`` as strips, each with its first row."""
    first_row = 0
    for chunk in chunks:
        yield first_row, chunk[0]
        first_row += chunk.shape[1]


def _piece_at(pieces: Iterator[tuple[int, ByteArray]], first_row: int) -> ByteArray | None:
    """The piece that begins at a row, further on than the last one that was asked for; None where there are none."""
    return next((piece for row, piece in pieces if row == first_row), None)


def _chunks(bands: Iterable[ByteArray]) -> Iterable[ByteArray]:
    """Regroup bands ``(n, rows, 512)`` of any height into chunks of ``CHUNK_ROWS``, the last one shorter."""
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


@dataclass(frozen=True)
class _Decided:
    """Some rows whose way is decided."""

    first_row: int
    positions: Positions


class _Follower:
    """Follows one curve through chunks of evidence and reads it off along the way."""

    def __init__(self, curve: Curve, scale: Scale, costs: PathCosts) -> None:
        self.wrap = curve.wrap
        self.ring = TRACK_COLUMNS if curve.wrap else 0
        self._finder = PathFinder(*_state_prices(curve, scale, costs), costs)
        self._held: dict[int, tuple[ByteArray, ByteArray]] = {}
        self._pieces: list[Positions] = []
        self._ended = False

    def push(
        self, first_row: int, evidence: ByteArray, own: ByteArray | None = None, way: ByteArray | None = None
    ) -> Iterator[_Decided]:
        """Take the next chunk; yields what it decides, one chunk behind.

        ``own``: what of it is of the curve's own class; ``way``: what its way is found by. The evidence itself, if not given.
        """
        self._held[first_row] = evidence, evidence if own is None else own
        for found in self._finder.push(first_row, self._states(evidence if way is None else way)):
            yield self._read(found)

    def follow(
        self, first_row: int, evidence: ByteArray, own: ByteArray | None = None, way: ByteArray | None = None
    ) -> None:
        """Take the next chunk of a curve that no other waits for."""
        for _ in self.push(first_row, evidence, own, way):
            pass

    def finish(self) -> Iterator[_Decided]:
        """Yield the last chunk."""
        self._ended = True
        for way in self._finder.finish():
            yield self._read(way)

    def positions(self) -> Positions:
        """All that was read, from the top of the strip to its end."""
        if not self._ended:
            for _ in self.finish():
                pass
        return Positions.join(self._pieces)

    def _states(self, evidence: ByteArray) -> ByteArray:
        if self.wrap:
            evidence = evidence[:, MARGIN : MARGIN + TRACK_COLUMNS]
        # Of slices, because numpy is slow at reducing an axis of two.
        states = np.maximum.reduce([evidence[:, column::STATE_COLUMNS] for column in range(STATE_COLUMNS)])
        return np.tile(states, (1, len(TURNS))) if self.wrap else states

    def _read(self, way: PathChunk) -> _Decided:
        evidence, own = self._held.pop(way.first_row)
        offset = MARGIN + TURNS.start * TRACK_COLUMNS if self.wrap else 0
        low, high, middle, support, rival = read_runs(
            evidence, way.entry, way.leave, STATE_COLUMNS, offset, self.ring, RUN_LEVEL
        )
        own_support = strongest_within(own, low, high, self.ring)
        self._pieces.append(Positions(low, high, middle, support, rival, own_support))
        return _Decided(way.first_row, self._pieces[-1])


def _state_prices(curve: Curve, scale: Scale, costs: PathCosts) -> tuple[FloatArray, FloatArray]:
    """Price of leaving each state into each kind of absence, and of a row in it."""
    if curve.wrap:
        prices = turn_prices(curve, scale, costs)
        leave = np.full((3, prices.size), NEVER, np.float32)
        leave[0] = costs.leave
        return leave, prices
    columns = np.arange(0, STRIP_WIDTH, STATE_COLUMNS)
    leave = np.full((3, columns.size), NEVER, np.float32)
    leave[0] = costs.leave
    leave[1, columns < MARGIN + _EDGE_PX] = costs.leave_edge
    leave[2, columns >= STRIP_WIDTH - MARGIN - _EDGE_PX] = costs.leave_edge
    return leave, np.zeros(columns.size, np.float32)


def _as_trace(positions: Positions, wrap: bool) -> Trace:
    column = columns_at_rows(positions)
    seen = np.isfinite(column) & (positions.support >= RUN_LEVEL / 255.0) & ~unfounded(positions)
    column, evidence = _bridge(np.where(seen, column, np.nan), _evidence_along(positions), positions)
    fraction = fraction_at(column)
    if not wrap:
        off_scale = np.abs(fraction - 0.5) > 0.5 + EDGE_TOLERANCE_FRACTION
        fraction = np.where(off_scale, np.nan, np.clip(fraction, 0.0, 1.0))
    fraction = np.where(evidence < LEAST_EVIDENCE, np.nan, fraction)
    confidence = np.interp(evidence, *_CALIBRATION) * np.interp(_steepness(column), *_STEEP_SHARE)
    confidence = np.where(np.isfinite(fraction), confidence, 0.0)
    trace = Trace(fraction.astype(np.float32), confidence.astype(np.float32))
    reason = "seen between two gaps, so that its turn of the wrap is not sure"
    return doubted(trace, _islands(fraction), ISLAND_CONFIDENCE, reason) if wrap else trace


def _islands(fraction: NDArray[np.floating]) -> list[tuple[int, int]]:
    """Short stretches of a curve that wraps with nothing known on either side: they may be on another turn than they are put on."""
    return [
        (first, end)
        for first, end in stretches(np.isfinite(fraction))
        if end - first < ISLAND_ROWS and first > 0 and end < fraction.size
    ]


def _steepness(column: FloatArray) -> FloatArray:
    """Columns that the curve runs sideways in a row, by the steeper of its two neighbours; 0 where it has none."""
    step = np.abs(np.diff(column, prepend=np.nan, append=np.nan))
    return np.asarray(np.fmax(np.nan_to_num(step[:-1]), np.nan_to_num(step[1:])), np.float32)


def _bridge(column: FloatArray, evidence: FloatArray, positions: Positions) -> tuple[FloatArray, FloatArray]:
    """Carry the curve straight across gaps of up to ``BRIDGE_ROWS`` rows that its way runs through, less surely.

    Not where it was going elsewhere: a curve that leaves steeply has a peak in the gap, or is off scale there.
    """
    known = np.flatnonzero(np.isfinite(column))
    followed = np.isfinite(positions.middle)
    column, evidence = column.copy(), evidence.copy()
    for index in np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= BRIDGE_ROWS + 1)):
        ends = known[index : index + 2]
        gap = np.arange(ends[0] + 1, ends[1])
        way = column[ends[1]] - column[ends[0]]
        leads = [_lead(column, ends[0], -1), _lead(column, ends[1], 1)]
        if followed[gap].all() and max(abs(lead * (gap.size + 1) - way) for lead in leads) <= ASTRAY_PX:
            column[gap] = np.interp(gap, ends, column[ends])
            evidence[gap] = _BRIDGE_EVIDENCE * min(positions.support[ends])
    return column, evidence


def _lead(column: FloatArray, row: int, step: int) -> float:
    """Columns a row that a curve runs sideways at the end of what is known of it, seen from the rows beyond."""
    rows = row + step * np.arange(4)
    rows = rows[(rows >= 0) & (rows < column.size)]
    known = rows[np.isfinite(column[rows])]
    return 0.0 if known.size < 2 else float((column[known[-1]] - column[known[0]]) / (known[-1] - known[0]))


def _evidence_along(positions: Positions) -> FloatArray:
    """Evidence of each row along the way, less what a rival elsewhere in the row has, 0 to 1."""
    support = uniform_filter1d(positions.support, 7, mode="nearest")
    rival = uniform_filter1d(positions.rival, 7, mode="nearest")
    return np.asarray(support * (1.0 - 0.6 * rival), np.float32)

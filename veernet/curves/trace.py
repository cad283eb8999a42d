"""From class maps to curves: where each curve is at every strip row, and how sure that is.

The way of a curve is followed by :mod:`veernet.curves.follower`, read off by :mod:`veernet.curves.read_off`, and told from the track's other curve by
:mod:`veernet.curves.identity`, or by :mod:`veernet.curves.alike` and named by :mod:`veernet.curves.naming` where both are of one style;
long dashes that the network takes for a solid stroke are told by :mod:`veernet.curves.restyled`; what may be a printed line is doubted by
:mod:`veernet.curves.ruled`, what may be another stroke by :mod:`veernet.curves.wrong_stroke`, what may be on another turn of its wrap by :mod:`veernet.curves.turns`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from veernet.curves.alike import keep_identities
from veernet.curves.broken import doubt_where_lone, is_lone, name_broken
from veernet.curves.evidence import first_evidence, second_evidence
from veernet.curves.follower import Decided, Follower
from veernet.curves.identity import Trace, share_ink
from veernet.curves.naming import name_alike
from veernet.curves.path import CHUNK_ROWS, PathCosts
from veernet.curves.read_off import as_trace
from veernet.curves.restyled import restyled
from veernet.curves.ruled import doubt_ruled, printed_columns
from veernet.curves.turns import disputed, doubt_turns, settle
from veernet.curves.wrong_stroke import Unclaimed, doubt_lookalikes, doubt_unclaimed

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, Scale

ByteArray = NDArray[np.uint8]

_STYLE_RANK = {"solid": 0, "dashed": 1, "dotted": 2}


@dataclass(frozen=True)
class _Track:
    """What there is of a track beside its class map; the columns of its printed lines, bool ``(512,)``, among it."""

    curves: Sequence[Curve]
    scale: Scale
    costs: PathCosts
    strips: Callable[[], Iterable[ByteArray]]
    printed: NDArray[np.bool_]


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
            curve one alone was found by its class, and where the turn of a curve that wraps is disputed.
        curves: The manifest's one or two curves of the track.
        costs: Prices of the dynamic program.
        strips: Gives the strip itself from the top down, uint8 ``(n, 512)``, as often as it is asked: what printed lines and pens are told by.
        scale: Of the track.

    Returns:
        A trace for each curve in the manifest's order. Values do not depend on the heights of the bands.
    """
    printed = printed_columns(strips())
    track = _Track(curves, scale, costs or PathCosts(), strips, printed)
    alike = len(curves) == 2 and curves[0].style == curves[1].style
    traces = _traced(bands, track, alike)
    wrapping = [index for index, curve in enumerate(curves) if curve.wrap]
    if not alike and any(disputed(traces[index]) for index in wrapping):
        dearer = replace(track, costs=replace(track.costs, turn=track.costs.turn_doubted))
        nearer = _traced(bands, dearer, alike)
        for index in wrapping:
            traces[index] = settle(traces[index], nearer[index])
    if alike:
        traces = name_alike(keep_identities(traces, strips()), curves)
    elif len(curves) == 2 and all(curve.style != "solid" for curve in curves):
        if is_lone(traces):
            strokes = _traced(bands, track, alike=True)
            if not is_lone(strokes):
                traces = name_broken(keep_identities(strokes, strips()), strips(), curves)
        traces = doubt_where_lone(traces)
    traces = [doubt_ruled(trace, printed) for trace in traces]
    return [
        doubt_turns(trace, curve, scale, track.costs) if curve.wrap else trace
        for trace, curve in zip(traces, curves, strict=True)
    ]


def _traced(bands: Iterable[ByteArray], track: _Track, alike: bool) -> list[Trace]:
    """The traces of a track's curves, in the manifest's order; ``alike``: of its two strokes whatever their classes, in any order."""
    curves, printed = track.curves, track.printed
    order = sorted(range(len(curves)), key=lambda index: _STYLE_RANK[curves[index].style])
    mixed = [curves[index].style == "solid" for index in order] == [True, False]
    followers = [Follower(curves[index], track.scale, track.costs) for index in order]
    unclaimed = Unclaimed()
    # Chunks of class map and strip through which the first curve's way is not known yet.
    undecided: dict[int, tuple[ByteArray, ByteArray | None]] = {}

    def follow_second(decided: Iterable[Decided]) -> None:
        for first in decided:
            classes, strip = undecided.pop(first.first_row)
            if not alike:
                unclaimed.leave(first.first_row, classes[0], first.positions, followers[0].ring)
            for second in followers[1:]:
                evidence = second_evidence(classes, strip, printed, first.positions, followers[0].ring, alike)
                second.follow(first.first_row, evidence)

    first_row = 0
    pieces = _chunks(piece[None] for piece in track.strips())
    for chunk in _chunks(bands):
        piece = next(pieces, None)
        strip = None if piece is None else piece[0]
        if mixed and strip is not None:
            chunk = restyled(chunk, strip)
        undecided[first_row] = chunk, strip
        evidence = first_evidence(chunk, strip, printed, either=len(curves) == 1 or alike)
        follow_second(followers[0].push(first_row, evidence))
        first_row += chunk.shape[1]
    follow_second(followers[0].finish())
    read = [follower.positions() for follower in followers]
    traces = [as_trace(positions, curves[index].wrap) for positions, index in zip(read, order, strict=True)]
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


def _chunks(bands: Iterable[ByteArray]) -> Iterator[ByteArray]:
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

"""A dashed and a dotted curve in one track: which is which, where the network does not say.

Beside a solid stroke it knows what is broken; where there is none it may call both strokes dotted. They are then told apart as two of one style are,
by their pens and their course, and named by how often their ink comes and goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import SHARES_INK, Trace, doubted, stretches
from veernet.curves.pens import pen_ink
from veernet.curves.wrong_stroke import UNCLAIMED_CONFIDENCE
from veernet.sheets.geometry import strip_column

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve

#: Of two curves one alone was found where the other one has a smaller share of its rows.
_LONE_SHARE = 0.25
#: And rows in which one alone is found that are no gap of its pattern.
_LONE_ROWS = 24
_LONE = "one of the track's two broken strokes alone was found, and which is not sure"
#: By how much oftener the ink of dots comes and goes than that of dashes, at least, and rows in which that is seen.
_CLEARLY_OFTENER, _FEWEST_ROWS = 1.4, 50


def is_lone(traces: Sequence[Trace]) -> bool:
    """Whether of two curves one alone was found."""
    seen = [float(np.isfinite(trace.fraction).mean()) for trace in traces]
    return min(seen) < _LONE_SHARE * max(seen)


def doubt_where_lone(traces: Sequence[Trace]) -> list[Trace]:
    """The traces of two broken curves, in doubt where for long one alone was found: the other may be on the stroke, and its own unseen.

    One that is carried along the other's stroke was not found there.
    """
    known = [_found(trace) for trace in traces]
    found = []
    for trace, here, other in zip(traces, known, known[::-1], strict=True):
        rows = [(first, end) for first, end in stretches(here & ~other) if end - first >= _LONE_ROWS]
        found.append(doubted(trace, rows, UNCLAIMED_CONFIDENCE, _LONE))
    return found


def _found(trace: Trace) -> NDArray[np.bool_]:
    found = np.isfinite(trace.fraction)
    for doubt in trace.doubts:
        if doubt.reason == SHARES_INK:
            found[doubt.first_row : doubt.end_row] = False
    return found


def name_broken(traces: Sequence[Trace], strips: Iterable[NDArray[np.uint8]], curves: Sequence[Curve]) -> list[Trace]:
    """The traces of two broken strokes in the order of the curves whose styles they have, in doubt where these hardly differ.

    Args:
        traces: In any order.
        strips: The strip's darkness from the top down in pieces of any height, uint8 ``(n, 512)``.
        curves: One dashed, one dotted.
    """
    inks = pen_ink(strips, [strip_column(trace.fraction).astype(np.float32) for trace in traces])
    beats = [_beats(ink) for ink in inks]
    slow, quick = np.argsort(beats)
    named = [traces[slow if curve.style == "dashed" else quick] for curve in curves]
    if beats[quick] > _CLEARLY_OFTENER * beats[slow] > 0.0:
        return named
    return _doubted(named, "nothing tells which of the track's two broken strokes is dashed and which is dotted")


def _beats(ink: NDArray[np.float32]) -> float:
    """In which share of the rows a stroke's ink comes or goes; 0 where it is hardly seen."""
    seen = np.isfinite(ink)
    if seen.sum() < _FEWEST_ROWS:
        return 0.0
    inked = ink > 0.5 * np.nanquantile(ink, 0.8)
    return float((inked[1:] != inked[:-1])[seen[1:] & seen[:-1]].mean())


def _doubted(traces: Sequence[Trace], reason: str) -> list[Trace]:
    return [doubted(trace, [(0, trace.fraction.size)], UNCLAIMED_CONFIDENCE, reason) for trace in traces]

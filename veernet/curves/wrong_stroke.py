"""Where a curve may run on the wrong one of two strokes that the network takes for the same style.

It calls long dashes solid at times, and letters over a track. Where ink of the solid class is left that no curve runs on, or where the dashed curve runs
on such ink from one contact with the solid one to the next, nothing says that the two are not the other way round: values stay, and are told of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from veernet.curves.identity import Trace, doubted, stretches
from veernet.curves.runs import RUN_LEVEL, Positions, erase_runs
from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

#: Confidence of what may be on the wrong stroke, at most: of such samples on 40 sheets of a stranger's program, 64 and 87 in 100 were within 1 % of the track.
UNCLAIMED_CONFIDENCE, LOOKALIKE_CONFIDENCE = 0.65, 0.85
#: Ink that is certainly of a class, of 255, and columns beside a run that still belong to it.
_CERTAIN, _BESIDE_PX = 128, 8
#: Rows by which ink that no curve runs on is joined, and rows of it: less is noise, more a line that no manifest names. So is more than a share of all rows.
_JOINED_ROWS, _UNCLAIMED_ROWS, _MOST_UNCLAIMED = 2, (8, 256), 0.1
#: Columns between two curves that touch, rows about the end of a stretch in which they do, and rows that dashes go unseen within it.
_TOUCHING_PX, _ABOUT_ROWS, _GAP_ROWS = 14.0, 8, 12


@dataclass
class Unclaimed:
    """The rows in which a track's first curve leaves ink of its own class, kept as bits until it is known what the second one takes."""

    _rows: list[NDArray[np.int64]] = field(default_factory=list)
    _ink: list[ByteArray] = field(default_factory=list)

    def leave(self, first_row: int, own: ByteArray, first: Positions, ring: int) -> None:
        """Take the first curve's class from a strip row on, uint8 ``(n, 512)``, with what was read off there; ``ring`` as for ``read_runs``."""
        left = own.copy()
        erase_runs(left, first.low, first.high, ring, _BESIDE_PX)
        left = left[:, MARGIN : MARGIN + TRACK_COLUMNS]
        rows = np.flatnonzero(left.max(axis=1) >= _CERTAIN)
        self._rows.append(rows + first_row)
        self._ink.append(np.packbits(left[rows] >= _CERTAIN, axis=1))

    def stretches(self, rows: int, second: Positions | None, ring: int) -> list[tuple[int, int]]:
        """First and end of every stretch of the strip's rows in which the second curve, if there is one, leaves such ink, too."""
        at, ink = np.concatenate(self._rows), np.concatenate(self._ink)
        left = np.zeros((at.size, STRIP_WIDTH), np.uint8)
        left[:, MARGIN : MARGIN + TRACK_COLUMNS] = np.unpackbits(ink, axis=1)
        if second is not None:
            erase_runs(left, second.low[at], second.high[at], ring, _BESIDE_PX)
        unclaimed = np.zeros(rows, bool)
        unclaimed[at[left.any(axis=1)]] = True
        joined = maximum_filter1d(unclaimed, 2 * _JOINED_ROWS + 1)
        fewest, most = _UNCLAIMED_ROWS
        if joined.mean() > _MOST_UNCLAIMED:
            return []
        return [(first, end) for first, end in stretches(joined) if fewest <= end - first <= most]


def doubt_unclaimed(trace: Trace, unclaimed: Sequence[tuple[int, int]]) -> Trace:
    """The trace of a track's first curve, in doubt where ink of its class is left that no curve runs on."""
    return doubted(
        trace, unclaimed, UNCLAIMED_CONFIDENCE, "a stroke like its own, on which no curve runs, is in these rows, too"
    )


def doubt_lookalikes(traces: Sequence[Trace], second: Positions) -> list[Trace]:
    """The two traces of a track, in doubt where the second runs in ink of the first one's class from one contact of theirs to the next.

    Args:
        traces: Of two curves of two styles, the one of the more continuous style first.
        second: What was read off of the second one.
    """
    level = RUN_LEVEL / 255.0
    seen = ((second.support >= level) & (second.own < level)).astype(np.uint8)
    lent = minimum_filter1d(maximum_filter1d(seen, _GAP_ROWS + 1), _GAP_ROWS + 1)
    apart = (traces[0].fraction - traces[1].fraction) % 1.0
    touching = np.fmin(apart, 1.0 - apart) * TRACK_COLUMNS <= _TOUCHING_PX  # false where either is unknown

    def touch_about(row: int) -> bool:
        return bool(touching[max(0, row - _ABOUT_ROWS) : row + _ABOUT_ROWS].any())

    found = [(first, end) for first, end in stretches(lent > 0) if touch_about(first) and touch_about(end)]
    reason = "the track's two strokes look alike between two contacts"
    return [doubted(trace, found, LOOKALIKE_CONFIDENCE, reason) for trace in traces]

"""A printed line that is taken for a curve: it runs dead straight, where a line runs all the way down the strip.

A network that has to choose in a few px claims pieces of broad lines at times. Such evidence counts half, so that a curve beside it is followed instead; what
is followed along a line all the same is in doubt.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, minimum_filter1d

from veernet.curves.identity import Trace, doubted, stretches
from veernet.sheets.geometry import STRIP_WIDTH, strip_column

#: Confidence of what a printed line may have been taken for, at most: on drawn sheets six in ten of such samples are wrong.
RULED_CONFIDENCE = 0.4
#: And where it runs so for a little while only: 4 in 100 of such samples of another program's sheets are wrong, and they are half of all wrong ones that would look sure.
BRIEFLY_RULED_CONFIDENCE = 0.85
#: Strip darkness from which on there is ink.
DARK = 100
_PRINTED_SHARE = 0.5  # of all rows, in which a column is dark
_STRAIGHT_ROWS, _BRIEF_ROWS = 64, 20
_STRAIGHT_PX = 1.0
_BESIDE_PX = 2
_CLAIMED = 60  # of 255
_RULED_SHARE = 0.5


def printed_columns(strips: Iterable[NDArray[np.uint8]]) -> NDArray[np.bool_]:
    """Strip columns on a line that is printed all the way down, or beside one, bool ``(512,)``; none where there is no strip to see.

    Args:
        strips: The strip's darkness from the top down in pieces of any height, uint8 ``(n, 512)``.
    """
    dark, rows = np.zeros(STRIP_WIDTH, np.int64), 0
    for strip in strips:
        dark += np.count_nonzero(strip > DARK, axis=0)
        rows += len(strip)
    return np.asarray(maximum_filter1d(dark > _PRINTED_SHARE * max(rows, 1), 2 * _BESIDE_PX + 1))


def weigh_ruled(evidence: NDArray[np.uint8], printed: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Evidence uint8 ``(rows, 512)``, that of straight runs down printed columns halved."""
    claimed = cv2.threshold(evidence, _CLAIMED - 1, 1, cv2.THRESH_BINARY)[1]
    rows = cv2.reduce(claimed, 0, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[0]
    columns = np.flatnonzero(printed & (rows >= _STRAIGHT_ROWS))
    if not columns.size:
        return evidence
    straight = minimum_filter1d(claimed[:, columns], _STRAIGHT_ROWS, axis=0, mode="constant")
    ruled = maximum_filter1d(straight, _STRAIGHT_ROWS, axis=0, mode="constant", origin=-1) > 0
    weighed = evidence.copy()
    weighed[:, columns] = np.where(ruled, (evidence[:, columns] * _RULED_SHARE).astype(np.uint8), evidence[:, columns])
    return weighed


def doubt_ruled(trace: Trace, printed: NDArray[np.bool_]) -> Trace:
    """The trace, with its straight stretches on printed columns in doubt. A curve in gauge may run so, too: it is kept."""
    column = strip_column(trace.fraction % 1.0)
    on_line = np.isfinite(column)
    on_line[on_line] = printed[np.clip(np.round(column[on_line]), 0, STRIP_WIDTH - 1).astype(np.int64)]
    if not on_line.any():
        return trace
    ruled, briefly = (on_line & _straight(column, rows) for rows in (_STRAIGHT_ROWS, _BRIEF_ROWS))
    confidence = np.where(briefly, np.minimum(trace.confidence, BRIEFLY_RULED_CONFIDENCE), trace.confidence)
    trace = replace(trace, confidence=confidence.astype(np.float32))
    return doubted(trace, stretches(ruled), RULED_CONFIDENCE, "a printed line may have been taken for it")


def _straight(column: NDArray[np.floating], rows: int) -> NDArray[np.bool_]:
    """Where a curve keeps its column for at least so many rows."""
    known = np.isfinite(column)
    most = maximum_filter1d(np.where(known, column, np.inf), rows)
    least = minimum_filter1d(np.where(known, column, -np.inf), rows)
    with np.errstate(invalid="ignore"):
        kept = most - least <= _STRAIGHT_PX
    return np.asarray(maximum_filter1d(kept.astype(np.uint8), rows, origin=-1) > 0)

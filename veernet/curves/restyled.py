"""Strokes that the network takes for solid and that are dashed on paper, where a solid one runs beside them.

It sees a stroke through a window, and long dashes fill it: of a gamma ray and a caliper of long dashes it calls both solid. The strip has the gaps. A stroke is followed
from one meeting with another to the next, so that each is judged by itself.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from veernet.curves.identity import stretches
from veernet.curves.ruled import DARK
from veernet.curves.runs import RUN_LEVEL

ByteArray = NDArray[np.uint8]

#: Rows of a stroke that is surely solid, if it has no gap; and of one that is judged by its gaps.
_SOLID_ROWS, _FEWEST_ROWS = 96, 48
#: Rows of a gap, and the share of a dashed stroke that is gaps.
_GAP_ROWS, _GAPS_SHARE = (3, 60), (0.03, 0.6)
#: Columns to either side of a stroke in which its ink may be.
_SWAY_PX = 2
#: Share of a dashed stroke's rows beside which a solid one is seen, at least, and one that is called dashed, at most.
_BESIDE_SHARE, _CALLED_SHARE = 0.7, 0.3
#: What is left of its evidence for being solid.
_LEFT = 0.3


def restyled(classes: ByteArray, strip: ByteArray) -> ByteArray:
    """A class map with dashed strokes that it calls solid called dashed, where a solid one runs beside them.

    Args:
        classes: Of a track with a solid curve and another one, uint8 ``(2, rows, 512)``.
        strip: Darkness in these rows, uint8 ``(rows, 512)``.

    Returns:
        The map itself where there are none.
    """
    rows, lows, highs = _runs(classes[0], RUN_LEVEL)
    if not (np.diff(rows) == 0).any():
        return classes
    strokes = _strokes(rows, lows, highs)
    inked = _inked(strip, rows, lows, highs, _SWAY_PX, DARK)
    dashed, solid = [], np.zeros(classes.shape[1], bool)
    order = np.argsort(strokes, kind="stable")
    for members in np.split(order, np.flatnonzero(np.diff(strokes[order])) + 1):
        lengths = [end - first for first, end in stretches(~inked[members])]
        gaps = [length for length in lengths if _GAP_ROWS[0] <= length <= _GAP_ROWS[1]]
        if not gaps and members.size >= _SOLID_ROWS:
            solid[rows[members]] = True
        elif members.size >= _FEWEST_ROWS and _GAPS_SHARE[0] <= sum(gaps) / members.size <= _GAPS_SHARE[1]:
            dashed.append(members)
    called = (classes[1] >= RUN_LEVEL).any(axis=1)
    told = [
        members
        for members in dashed
        if solid[rows[members]].mean() >= _BESIDE_SHARE and called[rows[members]].mean() <= _CALLED_SHARE
    ]
    if not told:
        return classes
    members = np.concatenate(told)
    edges = np.zeros((classes.shape[1], classes.shape[2] + 1), np.int8)
    edges[rows[members], lows[members]] = 1
    edges[rows[members], highs[members] + 1] = -1
    theirs = np.where(np.cumsum(edges, axis=1, dtype=np.int8)[:, :-1] > 0, classes[0], 0)
    left = np.where(theirs > 0, classes[0] * np.float32(_LEFT), classes[0])
    return np.stack([left, np.maximum(classes[1], theirs)]).astype(np.uint8)


@njit(cache=True, nogil=True)
def _runs(evidence, level):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Row, first and last column of every run of evidence, row by row."""
    height, width = evidence.shape
    found = np.empty((3, height * (width + 1) // 2), np.int32)
    count = 0
    for row in range(height):
        before = False
        for column in range(width):
            here = evidence[row, column] >= level
            if here and not before:
                found[0, count], found[1, count] = row, column
            if before and not here:
                found[2, count] = column - 1
                count += 1
            before = here
        if before:
            found[2, count] = width - 1
            count += 1
    return found[0, :count].copy(), found[1, :count].copy(), found[2, :count].copy()


@njit(cache=True, nogil=True)
def _strokes(rows, lows, highs):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The stroke that each run is part of: runs that touch one to one from row to row."""
    count = len(rows)
    # The run that each one touches above, if it is one alone, and how many it touches below.
    above, below = np.full(count, -1, np.int64), np.zeros(count, np.int64)
    strokes, made, start = np.empty(count, np.int64), 0, 0
    for run in range(count):
        meetings = 0
        while rows[start] < rows[run] - 1:
            start += 1
        other = start
        while rows[other] < rows[run]:
            if lows[other] <= highs[run] + 1 and lows[run] <= highs[other] + 1:
                above[run] = other
                below[other] += 1
                meetings += 1
            other += 1
        if meetings != 1:
            above[run] = -1
    for run in range(count):
        if above[run] >= 0 and below[above[run]] == 1:
            strokes[run] = strokes[above[run]]
        else:
            strokes[run] = made
            made += 1
    return strokes


@njit(cache=True, nogil=True)
def _inked(strip, rows, lows, highs, sway, dark):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Whether there is ink on the strip at each run, or so many columns beside it."""
    width = strip.shape[1]
    inked = np.zeros(len(rows), np.bool_)
    for run in range(len(rows)):
        for column in range(max(0, lows[run] - sway), min(width, highs[run] + sway + 1)):
            if strip[rows[run], column] > dark:
                inked[run] = True
                break
    return inked

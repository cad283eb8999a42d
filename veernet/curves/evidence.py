"""What a class map says for each curve of a track: its own class, and ink of the other's that it may share or was left."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.curves.dashes import JOINED_ROWS, Stroke, long_strokes
from veernet.curves.identity import stretches
from veernet.curves.ruled import DARK, weigh_ruled
from veernet.curves.runs import RUN_LEVEL, Positions, erase_runs
from veernet.sheets.geometry import STRIP_WIDTH

ByteArray = NDArray[np.uint8]

#: What ink of the other curve's class is worth: where that curve may lie over it, and where it runs elsewhere. Of the samples that only the latter
#: gives, all 246 on 24 drawn scan-like sheets were right, and 283 of 310 on as many rough ones.
_SHARED, _LEFT_OVER = 0.3, 0.7
#: What the other's ink is worth to the way of a curve that may run beneath it: less lacks than its absence costs, so that dashes that come to light beside
#: that stroke are one curve. No value is read off there.
_BENEATH = 0.45
#: What ink carries a curve sideways as, whatever the network says of it; and the share of a row in which a line across the track is dark, and of one at its edge.
_CARRYING, _LINE_ACROSS, _EDGE_ACROSS = 185, 0.6, 0.2

#: Rows from which a stroke is a line that may be dashed.
_LINE_ROWS = 96
#: Rows that a curve may be of the other's class between ink of its own, and columns of paper that it may cross in a row there.
_LENT_ROWS, _LEAP_PX = 256, 20.0
#: Columns to either side of a run that blur from it.
_BLUR_PX = 3
#: Columns beside the end of a stroke in which it goes on.
_BESIDE_PX = 8


@dataclass(frozen=True)
class Evidence:
    """What speaks for one curve in some rows of a strip, each uint8 ``(rows, 512)``.

    Args:
        seen: What values are read off by.
        own: What of it is of the curve's own class.
        way: What its way is found by.
        carrying: What ink is worth to a step sideways; None without a strip.
    """

    seen: ByteArray
    own: ByteArray
    way: ByteArray
    carrying: ByteArray | None


def first_evidence(classes: ByteArray, strip: ByteArray | None, printed: NDArray[np.bool_], either: bool) -> Evidence:
    """Evidence of a track's first or only curve: its class, and a part of the other's, whose ink it may share.

    ``strip``: darkness in these rows, if at hand; ``printed``: the columns of printed lines, bool ``(512,)``; ``either``: the track's curves are
    all of one style, and a pixel of either class is theirs.
    """
    seen = weigh_ruled(_either(classes) if either else _sharing(classes[0], classes[1]), printed)
    return Evidence(seen, seen, seen, _carrying(strip))


def second_evidence(
    classes: ByteArray,
    strip: ByteArray | None,
    printed: NDArray[np.bool_],
    first: Positions,
    ring: int,
    alike: bool,
) -> Evidence:
    """Evidence of the second curve, when the first one's way is known.

    What the first curve leaves of its own class is most likely the second's: long dashes and steep ones look solid to the network. Where
    such a stroke is dashed on the strip, it certainly is.
    """
    left = _either(classes) if alike else classes[0].copy()
    carrying = _carrying(strip)
    for ink in (left, carrying):
        if ink is not None:
            erase_runs(ink, first.low, first.high, ring, _BLUR_PX)
    if alike:
        seen = weigh_ruled(left, printed)
        return Evidence(seen, seen, seen, carrying)
    own = classes[1].copy()
    strokes = long_strokes(left, _LINE_ROWS)
    dashed = [] if strip is None else [stroke for stroke in strokes if stroke.is_dashed(strip)]
    for stroke in dashed:
        lent = np.where(stroke.seen, cv2.LUT(left[stroke.box], _times(_LEFT_OVER)), 0)
        own[stroke.box] = np.maximum(own[stroke.box], lent)
    for stroke in strokes:
        if stroke.rows > _LENT_ROWS and stroke not in dashed and not _goes_on(stroke, own):
            left[stroke.box][stroke.part] = 0
    seen = np.asarray(cv2.max(_sharing(own, classes[0]), cv2.LUT(left, _times(_LEFT_OVER))), np.uint8)
    seen = weigh_ruled(seen, printed)
    way = np.asarray(cv2.max(seen, cv2.LUT(classes[0], _times(_BENEATH))), np.uint8)
    return Evidence(seen, own, way, carrying)


def _carrying(strip: ByteArray | None) -> ByteArray | None:
    """What ink is worth to a step sideways. That of a line across the whole track is worth nothing: it leads from every curve to every other.

    Nor is what a slant and ragged edges leave of it in the rows beside.
    """
    if strip is None:
        return None
    ink = np.asarray(cv2.threshold(strip, DARK, _CARRYING, cv2.THRESH_BINARY)[1], np.uint8)
    dark = cv2.reduce(ink, 1, cv2.REDUCE_SUM, dtype=cv2.CV_32S)[:, 0]
    share = np.pad(dark / (_CARRYING * STRIP_WIDTH), 2, mode="edge")
    across = share > _LINE_ACROSS
    for away in (-1, 1):  # a ragged edge: three quarters of what is dark there have nothing to go on as
        edge = np.roll(across, away) & (share > _EDGE_ACROSS) & (np.roll(share, -away) < 0.25 * share)
        ink[edge[2:-2]] = 0
    ink[across[2:-2]] = 0
    return ink


def _either(classes: ByteArray) -> ByteArray:
    return np.asarray(cv2.add(classes[0], classes[1]), np.uint8)  # saturates


def _goes_on(stroke: Stroke, own: ByteArray) -> bool:
    """Whether a stroke goes on in ink of the second curve's own class at both ends: what does not is a third line. Cable tension, say, is printed beside them."""
    return all(_seen_about(own, row, column) for row, column in stroke.ends())


def _seen_about(evidence: ByteArray, row: int, column: int) -> bool:
    rows = slice(max(0, row - JOINED_ROWS), row + JOINED_ROWS)
    columns = slice(max(0, column - _BESIDE_PX), column + _BESIDE_PX + 1)
    return bool((evidence[rows, columns] >= RUN_LEVEL).any())


def _sharing(own: ByteArray, other: ByteArray) -> ByteArray:
    return np.asarray(cv2.max(own, cv2.LUT(other, _times(_SHARED))), np.uint8)


@cache
def _times(share: float) -> ByteArray:
    """What a share of every level of evidence is."""
    return (np.arange(256) * np.float32(share)).astype(np.uint8)


def unfounded(positions: Positions) -> NDArray[np.bool_]:
    """Rows in which a curve is seen in ink of the other's class alone, and not on its way between ink of its own, bool ``(rows,)``.

    A track may have more strokes than the manifest names: what looks like the first curve and is not need not be the second.
    """
    level = RUN_LEVEL / 255.0
    own = positions.own >= level
    lent = (positions.support >= level) & ~own
    leap = (positions.support < level) & (positions.high - positions.low > _LEAP_PX)
    rows = np.zeros(own.size, bool)
    for first, end in stretches(~own):
        between = slice(first, end)
        inside = first > 0 and end < own.size and end - first <= _LENT_ROWS
        if lent[between].any() and not (
            inside and np.isfinite(positions.middle[between]).all() and not leap[between].any()
        ):
            rows[between] = lent[between]
    return rows

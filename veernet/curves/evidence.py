"""What a class map says for each curve of a track: its own class, and ink of the other's that it may share or was left."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import stretches
from veernet.curves.runs import RUN_LEVEL, Positions, erase_runs

ByteArray = NDArray[np.uint8]

#: What ink of the other curve's class is worth: where that curve may lie over it, and where it runs elsewhere. Of the samples that only the latter
#: gives, all 246 on 24 drawn scan-like sheets were right, and 283 of 310 on as many rough ones.
_SHARED, _LEFT_OVER = 0.3, 0.7

#: Rows that a curve may be of the other's class between ink of its own, and columns of paper that it may cross in a row there.
_LENT_ROWS, _LEAP_PX = 128, 20.0
#: Rows that a stroke may go unseen and be one; and rows from which one that neither curve owns is a third line of the track.
_JOINED_ROWS, _THIRD_ROWS = 33, 256


def first_evidence(classes: ByteArray, either: bool) -> ByteArray:
    """Evidence of a track's first or only curve, uint8 ``(rows, 512)``: its class, and a part of the other's, whose ink it may share.

    ``either``: the track's curves are all of one style, and a pixel of either class is theirs.
    """
    if either:
        return np.minimum(classes.sum(axis=0, dtype=np.uint16), 255).astype(np.uint8)
    return _sharing(classes[0], classes[1])


def second_evidence(classes: ByteArray, first: Positions, ring: int, alike: bool) -> ByteArray:
    """Evidence of the second curve, when the first one's way is known.

    What the first curve leaves of its own class is most likely the second's: long dashes and steep ones look solid to the network.
    """
    left = first_evidence(classes, either=True) if alike else classes[0].copy()
    erase_runs(left, first.low, first.high, ring)
    if alike:
        return left
    left = _without_third_lines(left)
    return np.maximum(_sharing(classes[1], classes[0]), (left * np.float32(_LEFT_OVER)).astype(np.uint8))


def _without_third_lines(evidence: ByteArray) -> ByteArray:
    """Evidence without the long strokes: cable tension, say, is printed on the track beside the curves that the manifest names."""
    seen = (evidence >= RUN_LEVEL).astype(np.uint8)
    if not seen.any():
        return evidence
    joined = cv2.dilate(seen, np.ones((_JOINED_ROWS, 3), np.uint8))
    _, parts, measured, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    long = measured[:, cv2.CC_STAT_HEIGHT] > _THIRD_ROWS
    long[0] = False  # the paper
    return np.where(long[parts], 0, evidence).astype(np.uint8) if long.any() else evidence


def _sharing(own: ByteArray, other: ByteArray) -> ByteArray:
    return np.maximum(own, (other * np.float32(_SHARED)).astype(np.uint8))


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

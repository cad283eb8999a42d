"""What a class map says for each curve of a track: its own class, and ink of the other's that it may share or was left."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.curves.runs import Positions, erase_runs

ByteArray = NDArray[np.uint8]

#: What ink of the other curve's class is worth: where that curve may lie over it, and where it runs elsewhere. Of the samples that only the latter
#: gives, all 246 on 24 drawn scan-like sheets were right, and 283 of 310 on as many rough ones.
_SHARED, _LEFT_OVER = 0.3, 0.7


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
    return np.maximum(_sharing(classes[1], classes[0]), (left * np.float32(_LEFT_OVER)).astype(np.uint8))


def _sharing(own: ByteArray, other: ByteArray) -> ByteArray:
    return np.maximum(own, (other * np.float32(_SHARED)).astype(np.uint8))

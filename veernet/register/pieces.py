"""Connected pieces of ink, quickly: numbered in 16 bits where these suffice, which takes a third of the time of 32."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits

_BEFORE = np.array([[1, 1, 1], [1, 0, 0], [0, 0, 0]], np.uint8)
"""Neighbours of a pixel that come before it, row by row."""
_DIRTY = 20
"""Pieces a square inch, up to twice the size of specks, of ink that is full of them."""


def pieces_of(ink: Bits) -> tuple[NDArray[np.integer], NDArray[np.int32]]:
    """Number of the piece at each pixel, 0 for paper, and OpenCV's statistics of each number.

    Args:
        ink: 0 or 1, ``(rows, columns)``; pixels that touch at a corner are of one piece.
    """
    # OpenCV does not say so where numbers run out. Every piece begins with a pixel that has none of the ink before it.
    begun = cv2.countNonZero(ink & ~np.asarray(cv2.dilate(ink, _BEFORE), np.uint8))
    kind = cv2.CV_16U if begun < np.iinfo(np.uint16).max else cv2.CV_32S
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=kind)
    return np.asarray(pieces), np.asarray(stats, np.int32)


def no_speck_from(area: NDArray[np.int32], least: float, most: float, square_inches: float) -> float:
    """The area from which on a piece of ink is no speck: where there are very many, specks touch each other and are larger.

    Args:
        area: Of each piece, px.
        least: Where there are few.
        most: About the largest there may be.
        square_inches: That the pieces lie on.
    """
    while least < most and ((area >= least) & (area < 2 * least)).sum() > _DIRTY * square_inches:
        least *= 1.4
    return least

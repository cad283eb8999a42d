"""Connected pieces of ink, quickly: numbered in 16 bits where these suffice, which takes a third of the time of 32."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from veernet.register.paper import Bits

Indices = NDArray[np.integer]

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


def joined_along(lines: Indices, places: Indices, gap: int, length: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Boxes around sparse ink whose gaps along its lines are closed, and the area of each piece.

    What closing by a kernel of ``gap`` px and `pieces_of` make of an image, in a tenth of the time where nearly all of it is paper.

    Args:
        lines: Of each px of ink, not decreasing: rows of upright print, columns of print that is turned.
        places: Of each px on its line, increasing in each.
        gap: Odd; from one px of ink to the next.
        length: Of the lines: ink near their ends is closed as far as to these.

    Returns:
        ``(n, 4)``: first line and place, and the line and the place after the last; and areas, ``(n,)``.
    """
    if not lines.size:
        return np.zeros((0, 4), np.int64), np.zeros(0, np.int64)
    apart = (np.diff(lines) > 0) | (np.diff(places) > gap)
    firsts, lasts = np.flatnonzero(np.append(True, apart)), np.flatnonzero(np.append(apart, True))
    line, start, end = lines[firsts], places[firsts], places[lasts] + 1
    start, end = np.where(start <= gap // 2, 0, start), np.where(end >= length - gap // 2, length, end)
    # One number after the other: stretches of a line, then those of the next, no two of which touch.
    stride = length + 2
    begins, ends = line * stride + start, line * stride + end
    low, high = np.searchsorted(ends, begins + stride), np.searchsorted(begins, ends + stride, side="right")
    touching = np.maximum(high - low, 0)
    one = np.repeat(np.arange(line.size), touching)
    other = np.arange(one.size) + np.repeat(low - np.cumsum(touching) + touching, touching)
    pairs = coo_array((np.ones(one.size, np.bool_), (one, other)), shape=(line.size, line.size))
    count, piece = connected_components(pairs, directed=False)
    order = np.argsort(piece, kind="stable")
    bounds = np.searchsorted(piece[order], np.arange(count))
    least = (np.minimum.reduceat(each[order], bounds) for each in (line, start))
    most = (np.maximum.reduceat(each[order], bounds) for each in (line + 1, end))
    areas = np.add.reduceat((end - start)[order], bounds)
    return np.stack([*least, *most], axis=1).astype(np.int64), areas.astype(np.int64)


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

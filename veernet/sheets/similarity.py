"""Turned, resized and shifted, and nothing else: how one scan of a flat sheet lies on another."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

_BLOCK_ROWS = 256
_REACH_PX = 8  # cubic interpolation looks two px beyond, the blur of a finer image further
_FINER = 0.9  # an image that shrinks by more is blurred before, so that no stroke falls between two px


@dataclass(frozen=True)
class Similarity:
    """Takes the point ``x + iy`` to ``factor (x + iy) + shift``; rows and columns are px, 0 at the centre of the first.

    Args:
        factor: Scale and turn, as ``scale (cos + i sin)`` of the angle.
        shift: Columns and rows, as one complex number.
    """

    factor: complex = 1.0
    shift: complex = 0.0

    @property
    def scale(self) -> float:
        """By how much it enlarges."""
        return abs(self.factor)

    @property
    def degrees(self) -> float:
        """By how much it turns; positive where the right side goes down."""
        return float(np.degrees(np.angle(self.factor)))

    def __matmul__(self, first: Similarity) -> Similarity:
        """``first``, and then this."""
        return Similarity(self.factor * first.factor, self.factor * first.shift + self.shift)

    def inverse(self) -> Similarity:
        """What takes everything back."""
        return Similarity(1 / self.factor, -self.shift / self.factor)

    @property
    def matrix(self) -> FloatArray:
        """As OpenCV has it, ``(2, 3)``."""
        (a, b), (x, y) = ((z.real, z.imag) for z in (complex(self.factor), complex(self.shift)))
        return np.array([[a, -b, x], [b, a, y]])

    def columns_rows(self, column_px: ArrayLike, row_px: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Where points go; columns and rows broadcast."""
        z = self.factor * (np.asarray(column_px, np.float64) + 1j * np.asarray(row_px, np.float64)) + self.shift
        return z.real, z.imag


def warped(
    image: NDArray[np.uint8], onto: Similarity, first_row: int, end_row: int, width: int, fill: int = 0
) -> NDArray[np.uint8]:
    """An image as it lies on a plane: rows from ``first_row`` to before ``end_row``, uint8 ``(rows, width)``.

    Args:
        image: uint8 ``(rows, columns)``.
        onto: From its px to those of the plane.
        first_row: First row of the plane.
        end_row: Row of the plane to stop before.
        width: Columns of the plane, from 0.
        fill: What the plane shows where the image does not reach.
    """
    out = np.full((max(end_row - first_row, 0), width), fill, np.uint8)
    # Blocks lie on a grid of their own, so that no px depends on which rows are asked for.
    for first in range(first_row // _BLOCK_ROWS * _BLOCK_ROWS, end_row, _BLOCK_ROWS):
        rows = slice(max(first, first_row), min(first + _BLOCK_ROWS, end_row))
        block = _block(image, onto, first, width, fill)
        if block is not None:
            out[rows.start - first_row : rows.stop - first_row] = block[rows.start - first : rows.stop - first]
    return out


def _block(
    image: NDArray[np.uint8], onto: Similarity, first_row: int, width: int, fill: int
) -> NDArray[np.uint8] | None:
    """One block of the plane, uint8 ``(256, width)``; None where the image does not reach."""
    back = onto.inverse()
    last_row = first_row + _BLOCK_ROWS - 1
    _, corners = back.columns_rows([0, width - 1, 0, width - 1], [first_row, first_row, last_row, last_row])
    low = int(np.clip(np.floor(corners.min()) - _REACH_PX, 0, len(image)))
    high = int(np.clip(np.ceil(corners.max()) + _REACH_PX + 1, low, len(image)))
    if low == high:
        return None
    window = image[low:high]
    if onto.scale < _FINER:
        window = np.asarray(cv2.GaussianBlur(window, (0, 0), 0.4 / onto.scale), np.uint8)
    block = cv2.warpAffine(
        window,
        # OpenCV asks for the way back, and counts from the window's first row on either side.
        Similarity(back.factor, back.factor * 1j * first_row + back.shift - 1j * low).matrix,
        (width, _BLOCK_ROWS),
        flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=fill,
    )
    return np.asarray(block, np.uint8)

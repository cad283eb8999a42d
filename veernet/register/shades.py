"""The shades of a grey scan, and print made of them.

Where strokes of print are as wide as a pixel (at 100 dpi, or on a copy at half size), or as the white between them, one bit each closes the holes of letters and
joins their neighbours, while shades still tell where a stroke ends.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Bits = NDArray[np.uint8]

_COARSE_DPI = 180
"""Below, strokes of usual print are as wide as a pixel."""
_ENOUGH_DPI, _ENOUGH_FOR_SMALL_PRINT_DPI = 240, 500
"""That print is looked at with, at the least: what coarse scans tell, and what finer ones do of copies at half size."""
AROUND_INCHES = 0.15
"""About a place, which ink is darker than."""
_PALEST = 40
"""Darkness that is ink in a grey scan, if it stands out of what is about it."""
_STROKE_INCHES = 0.02
"""Across a stroke of heavy print."""
_EDGE = 0.5
"""Where a stroke ends, from the shade of what is about it to its own darkest."""


def stands_out(darkness: NDArray[np.uint8], size: int) -> NDArray[np.bool_]:
    """Where a grey scan is darker than what is about it, within a square of so many px."""
    around = cv2.blur(darkness, (size, size), borderType=cv2.BORDER_REPLICATE)
    darker = darkness.astype(np.int16) - around > np.maximum(_PALEST - around // 4, 12)
    return np.asarray((darker & (darkness > _PALEST)) | (darkness > 200))


def packed(darkness: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Darkness ``(rows, width)`` in sixteen shades, two columns a byte, ``(rows, ceil(width / 2))``."""
    even = np.pad(darkness, ((0, 0), (0, darkness.shape[1] % 2)))
    return np.asarray((even[:, ::2] & 0xF0) | (even[:, 1::2] >> 4), np.uint8)


def unpacked(shades: NDArray[np.uint8], width: int) -> NDArray[np.uint8]:
    """The darkness of what was packed."""
    both = np.stack([shades >> 4, shades & 0x0F], axis=2).reshape(len(shades), -1)
    return both[:, :width] * np.uint8(17)


def times_finer(dpi: float) -> int:
    """How many times finer the print of a grey scan is looked at; once where it is fine enough."""
    return math.ceil((_ENOUGH_DPI if dpi < _COARSE_DPI else _ENOUGH_FOR_SMALL_PRINT_DPI) / dpi)


def fine_ink(darkness: NDArray[np.uint8], dpi: float, times: int) -> Bits:
    """Ink at so many times the resolution: what stands out of what is about it and is nearer to its own strokes than to that.

    Args:
        darkness: ``(rows, columns)``.
        dpi: Of the scan.
        times: How many times finer.
    """
    fine = np.asarray(cv2.resize(darkness, None, fx=times, fy=times, interpolation=cv2.INTER_CUBIC), np.uint8)
    around, stroke = (round(inches * dpi * times) | 1 for inches in (AROUND_INCHES, _STROKE_INCHES))
    darkest = cv2.dilate(fine, np.ones((stroke, stroke), np.uint8))
    lightest = cv2.erode(fine, np.ones((around, around), np.uint8))
    inside = fine > lightest + _EDGE * (darkest - lightest)
    return (inside & stands_out(fine, around)).view(np.uint8)

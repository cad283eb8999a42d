"""A stroke font: letters as a lettering guide, a pen plotter or a hand writes them.

Every glyph is a few polylines on a grid four wide and six high, row 0 on top; corners are rounded by cutting them twice (Chaikin), as a
round pen does. Small letters are written as small capitals, which is what lettering guides had.
"""

from __future__ import annotations

import zlib

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]

_GLYPHS = {
    "0": "10 30 41 45 36 16 05 01 10",
    "1": "01 10 16",
    "2": "01 10 30 41 42 06 06 46",
    "3": "01 10 30 41 42 33 23,33 44 45 36 16 05",
    "4": "30 04 04 44,30 36",
    "5": "40 10 10 02 02 22 33 43 45 36 16 05",
    "6": "40 20 03 05 16 36 45 44 33 13 04",
    "7": "00 40 40 16",
    "8": "10 30 41 42 33 13 02 01 10,13 04 05 16 36 45 44 33",
    "9": "42 33 13 02 01 10 30 41 43 26 06",
    "A": "06 20 46,14 34",
    "B": "00 06 36 45 44 33 03,00 30 41 42 33",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 06 26 44 42 20 00",
    "E": "40 00 00 06 06 46,03 33",
    "F": "40 00 00 06,03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06,40 46,03 43",
    "I": "10 16",
    "J": "40 45 36 16 05",
    "K": "00 06,40 04,12 46",
    "L": "00 06 06 46",
    "M": "06 00 00 24 40 40 46",
    "N": "06 00 00 46 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10,24 46",
    "R": "06 00 30 41 42 33 03,23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40,20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 22 36 40",
    "X": "00 46,40 06",
    "Y": "00 23 40,23 26",
    "Z": "00 40 40 06 06 46",
    "-": "03 43",
    "+": "03 43,21 25",
    ".": "15 16",
    ",": "15 07",
    ":": "11 12,15 16",
    "'": "10 12",
    '"': "10 12,30 32",
    "/": "06 40",
    "(": "30 12 14 36",
    ")": "10 32 34 16",
    "=": "02 42,04 44",
    "#": "11 15,31 35,02 42,04 44",
    "&": "46 11 20 31 04 16 44",
    "%": "06 40,00 11,35 46",
    "@": "33 13 12 32 34 44 41 30 10 01 05 16 36",
    "_": "06 46",
}
#: What can be written, but for spaces.
WRITTEN = frozenset(_GLYPHS)


def stroked(text: str, height_px: float, pen_px: int, slant: float = 0.0, unsteady: float = 0.0) -> ByteArray:
    """A line of text as ink, uint8 ``(rows, columns)``, with some paper about it.

    Args:
        text: What to write.
        height_px: Height of capitals and digits.
        pen_px: Width of the pen.
        slant: How far the top leans right, in heights.
        unsteady: How far points stray, in grid cells: 0 for a machine, 0.3 for a hand. The same text strays the same way.
    """
    rng = np.random.default_rng(zlib.crc32(text.encode()))
    cell = max(1.0, height_px - pen_px) / 6.0
    margin = 0.5 * height_px + pen_px
    paths: list[NDArray[np.int32]] = []
    pen_at = 0.0
    for character in text:
        size = 0.78 if character.islower() else 1.0
        for stroke in _GLYPHS.get(character.upper(), "").split(",") if character != " " else ():
            points = np.array([(int(point[0]), int(point[1])) for point in stroke.split()], np.float64).reshape(-1, 2)
            points += rng.normal(0.0, unsteady, points.shape)
            points = _rounded(points) * size
            x = pen_at + points[:, 0] + slant * (6.0 - points[:, 1] - 6.0 * (1.0 - size))
            y = points[:, 1] + 6.0 * (1.0 - size)
            at = np.column_stack([margin + x * cell, margin + y * cell]) * 16
            paths.append(np.rint(at).astype(np.int32).reshape(-1, 1, 2))
        pen_at += (2.0 if character in "Ii1.:,'" else 4.0) * size + 1.7 + rng.normal(0.0, unsteady)
    ink = np.zeros((int(2 * margin + 7 * cell) + 1, int(2 * margin + (pen_at + 6.0 * abs(slant)) * cell) + 1), np.uint8)
    cv2.polylines(ink, paths, False, 255, pen_px, cv2.LINE_AA, 4)
    return ink


def _rounded(points: FloatArray) -> FloatArray:
    """A polyline with its corners cut, its ends kept."""
    for _ in range(2):
        if len(points) < 3:
            return points
        near, far = 0.75 * points[:-1] + 0.25 * points[1:], 0.25 * points[:-1] + 0.75 * points[1:]
        points = np.concatenate([points[:1], np.stack([near, far], axis=1).reshape(-1, 2)[1:-1], points[-1:]])
    return points

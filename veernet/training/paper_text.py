"""Print for synthetic papers: letters of many faces as ink, upright or turned.

Faces are those that the libraries at hand bring with them, so that nothing is downloaded: the fourteen of PDF by pdfium (Helvetica, Times
and Courier, as service companies print), OpenCV's own sans, a stroke font (pen plotters, lettering guides, handwriting), and Courier as
the few pins of a logging truck's printer leave it.
"""

from __future__ import annotations

import ctypes
from functools import lru_cache
from typing import Literal

import cv2
import numpy as np
import pypdfium2 as pdfium
import pypdfium2.raw as pdf
from numpy.typing import NDArray

from veernet.training.paper_strokes import stroked

ByteArray = NDArray[np.uint8]
Align = Literal["left", "centre", "right"]

#: Faces that forms, captions and numbers are set in.
TYPE_FACES = (
    "Helvetica",
    "Helvetica-Bold",
    "Times-Roman",
    "Times-Bold",
    "Courier",
    "Courier-Bold",
    "sans",
    "sans-heavy",
    "plotter",
    "guide",
    "dots",
)
#: Faces that people write in.
HAND_FACES = ("hand", "hand-heavy")

#: Width of the pen over the height, slant and unsteadiness of each face of strokes.
_STROKES = {
    "plotter": (0.08, 0.0, 0.0),
    "guide": (0.16, 0.0, 0.04),
    "hand": (0.07, 0.25, 0.22),
    "hand-heavy": (0.14, 0.2, 0.3),
}
#: Faces that have capitals alone, of two sizes, and few marks.
STROKE_FACES = tuple(_STROKES)
#: Height of capitals and digits over the size at which a face is set.
_CAPITALS = {"Helvetica": 0.718, "Times": 0.662, "Courier": 0.562}
_DOT_ROWS = 8


@lru_cache(maxsize=2048)
def letters(text: str, face: str, height_px: float) -> ByteArray:
    """A line of text as ink, uint8 ``(rows, columns)``, cut to its ink.

    Args:
        text: Printable ASCII.
        face: One of ``TYPE_FACES`` or ``HAND_FACES``.
        height_px: Height of its capitals and digits.
    """
    if face == "dots":
        ink = _dotted(text, height_px)
    elif face in _STROKES:
        pen, slant, unsteady = _STROKES[face]
        ink = stroked(text, height_px, max(1, int(pen * height_px)), slant, unsteady)
    elif face.startswith("sans"):
        ink = _sans(text, height_px, 700 if face.endswith("heavy") else 400)
    else:
        ink = _typeset(text, face, height_px)
    ink = _cut(ink)
    ink.flags.writeable = False  # shared by all that print the same
    return ink


def put(
    paper: ByteArray,
    text: str,
    column_px: float,
    row_px: float,
    face: str,
    height_px: float,
    *,
    align: Align = "left",
    turns: int = 0,
    darkness: int = 255,
    bolder_px: int = 0,
) -> tuple[int, int, int, int]:
    """Print a line of text about a row; returns the box of its ink: left, top, right, bottom in whole px, the last two beyond it.

    Args:
        paper: Darkness, printed on in place, uint8 ``(rows, columns)``; what falls beyond it is lost.
        text: Printable ASCII.
        column_px: Of its left end, middle or right end, by ``align``.
        row_px: Of its middle.
        face: See :func:`letters`.
        height_px: Of its capitals and digits, however it is turned.
        align: Which point of the text ``column_px`` is.
        turns: Quarter turns counter-clockwise.
        darkness: Of the ink.
        bolder_px: By how much every stroke is thickened.
    """
    ink = letters(text, face, height_px)
    if bolder_px:
        ink = np.asarray(
            cv2.dilate(np.pad(ink, bolder_px), np.ones((bolder_px + 1, bolder_px + 1), np.uint8)), np.uint8
        )
    if darkness < 255:
        ink = (ink.astype(np.uint16) * darkness // 255).astype(np.uint8)
    ink = np.rot90(ink, turns)
    height, width = ink.shape
    left = round(column_px - {"left": 0.0, "centre": 0.5, "right": 1.0}[align] * width)
    top = round(row_px - 0.5 * height)
    lay(paper, ink, left, top)
    return left, top, left + width, top + height


def lay(paper: ByteArray, ink: ByteArray, left: int, top: int) -> None:
    """Lay ink on paper, in place, cut off where the paper ends; ink never lightens what is there."""
    x0, x1 = max(0, left), min(paper.shape[1], left + ink.shape[1])
    y0, y1 = max(0, top), min(paper.shape[0], top + ink.shape[0])
    if x1 > x0 and y1 > y0:
        part = paper[y0:y1, x0:x1]
        np.maximum(part, ink[y0 - top : y1 - top, x0 - left : x1 - left], out=part)


def _cut(ink: ByteArray) -> ByteArray:
    rows, columns = np.flatnonzero(ink.max(axis=1) > 40), np.flatnonzero(ink.max(axis=0) > 40)
    if not rows.size:
        return np.zeros((1, 1), np.uint8)
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def _typeset(text: str, face: str, height_px: float) -> ByteArray:
    """A line in one of PDF's own faces."""
    size = height_px / _CAPITALS[face.split("-", maxsplit=1)[0]]
    document = pdfium.PdfDocument.new()
    page = document.new_page(size * (len(text) + 2), 2.0 * size)
    font = pdf.FPDFText_LoadStandardFont(document, face.encode())
    line = pdf.FPDFPageObj_CreateTextObj(document, font, size)
    utf16 = ctypes.create_string_buffer((text + "\0").encode("utf-16-le"))
    pdf.FPDFText_SetText(line, ctypes.cast(utf16, pdf.FPDF_WIDESTRING))
    pdf.FPDFPageObj_Transform(line, 1, 0, 0, 1, size, 0.6 * size)
    pdf.FPDFPage_InsertObject(page, line)
    pdf.FPDFPage_GenerateContent(page)
    bitmap = page.render(scale=1, grayscale=True)
    ink = 255 - np.asarray(bitmap.to_numpy(), np.uint8)
    ink = ink.reshape(ink.shape[0], ink.shape[1]).copy()
    bitmap.close()
    pdf.FPDFFont_Close(font)
    page.close()
    document.close()
    return ink


def _sans(text: str, height_px: float, weight: int) -> ByteArray:
    size = max(6, round(height_px / 0.7))
    ink = np.zeros((2 * size, size * (len(text) + 2)), np.uint8)
    cv2.putText(ink, text, (size // 2, int(1.4 * size)), 255, cv2.FontFace("sans"), size, weight)
    return ink


def _dotted(text: str, height_px: float) -> ByteArray:
    """What a print head of a few pins makes of Courier."""
    pins = cv2.resize(
        _cut(_typeset(text, "Courier-Bold", 4.0 * _DOT_ROWS)), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA
    )
    pitch = height_px / (_DOT_ROWS + 0.6)
    rows, columns = np.nonzero(pins > 110)
    ink = np.zeros((int((pins.shape[0] + 2) * pitch) + 2, int((pins.shape[1] + 2) * pitch) + 2), np.uint8)
    radius = max(1, round(0.55 * pitch * 16))
    for x, y in zip(columns, rows, strict=True):
        at = (round((x + 1.0) * pitch * 16), round((y + 1.0) * pitch * 16))
        cv2.circle(ink, at, radius, 255, -1, cv2.LINE_AA, 4)
    return ink

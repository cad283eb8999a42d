"""What stands around the picture of a sheet: depths at its left, names and colours at its top."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.curves.las_text import clean_text
from veernet.review.palette import BLACK, CURVE_COLOURS, TICK_ENTRY, Colour, nearest_entries

if TYPE_CHECKING:
    from veernet.sheets.geometry import DepthRegister
    from veernet.sheets.manifest import SheetManifest

#: Columns added at the left for the depths.
GUTTER_PX = 84

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINE_PX = 26
_LABEL_SPACING_PX = 60


def curve_colours(manifest: SheetManifest) -> list[Colour]:
    """A colour (blue, green, red) for each curve of the sheet, in order of the manifest."""
    count = sum(len(track.curves) for track in manifest.tracks)
    return [CURVE_COLOURS[index % len(CURVE_COLOURS)] for index in range(count)]


def add_frame(
    canvas: NDArray[np.uint8],
    manifest: SheetManifest,
    register: DepthRegister,
    picture_rows: Callable[[NDArray[np.float64]], NDArray[np.float64]],
    name: str,
) -> NDArray[np.uint8]:
    """The picture with a legend over it and depths beside it, in palette entries.

    Args:
        canvas: Palette entries, `(rows, columns)`.
        manifest: Names the curves.
        register: Depths of the scan's rows.
        picture_rows: Rows of the picture for rows of the scan.
        name: The sheet.
    """
    rows, columns = canvas.shape
    legend = nearest_entries(_legend(manifest, name, columns + GUTTER_PX))
    framed = np.zeros((rows + len(legend), columns + GUTTER_PX), np.uint8)
    framed[: len(legend)] = legend
    framed[len(legend) :, GUTTER_PX:] = canvas
    ticks = picture_rows(np.asarray(register.rows_px, np.float64)).round().astype(int)
    last = -_LABEL_SPACING_PX
    for row, depth in zip(ticks, register.depths, strict=True):
        if 0 <= row < rows and row - last >= _LABEL_SPACING_PX:
            _tick(framed, row + len(legend), f"{depth:g}")
            last = row
    return framed


def _tick(framed: NDArray[np.uint8], row: int, text: str) -> None:
    (width, height), _ = cv2.getTextSize(text, _FONT, 0.5, 1)
    top, base = max(0, row - _LABEL_SPACING_PX // 2), row + _LABEL_SPACING_PX // 2
    beside = framed[top:base, :GUTTER_PX]
    label = np.full((*beside.shape, 3), 255, np.uint8)
    cv2.putText(label, text, (GUTTER_PX - 12 - width, row - top + height // 2), _FONT, 0.5, BLACK, 1, cv2.LINE_AA)
    label[row - top, GUTTER_PX - 9 :] = BLACK
    beside[:] = np.where(beside == 0, nearest_entries(label), beside)
    # Every other pixel only: the printed line that the tick should lie on stays visible under it.
    framed[row, GUTTER_PX::4] = TICK_ENTRY


def _legend(manifest: SheetManifest, name: str, width_px: int) -> NDArray[np.uint8]:
    unit = manifest.depth.unit
    entries: list[tuple[Colour | None, str]] = [
        (None, f"{clean_text(name, 80)}   depth in {unit}   dotted: low confidence   bar at the edge: no value")
    ]
    colours = iter(curve_colours(manifest))
    for track in manifest.tracks:
        for curve in track.curves:
            ends = f"{curve.left:g} to {curve.right:g} {curve.unit or ''}".strip()
            entries.append((next(colours), clean_text(f"{curve.mnemonic} ({ends}, {curve.style})", 60)))
    lines = _laid_out(entries, width_px)
    legend = np.full((len(lines) * _LINE_PX + 12, width_px, 3), 255, np.uint8)
    for number, line in enumerate(lines):
        row = (number + 1) * _LINE_PX - 6
        for column, colour, text in line:
            if colour is not None:
                cv2.line(legend, (column, row - 5), (column + 34, row - 5), colour, 4, cv2.LINE_AA)
            indent = 42 if colour is not None else 0
            cv2.putText(legend, text, (column + indent, row), _FONT, 0.5, BLACK, 1, cv2.LINE_AA)
    legend[-1] = BLACK
    return legend


def _laid_out(
    entries: Sequence[tuple[Colour | None, str]], width_px: int
) -> list[list[tuple[int, Colour | None, str]]]:
    """Entries put into lines: the first has its own, the others follow each other as far as they fit."""
    lines: list[list[tuple[int, Colour | None, str]]] = [[(8, *entries[0])]]
    column = width_px
    for colour, text in entries[1:]:
        needed = cv2.getTextSize(text, _FONT, 0.5, 1)[0][0] + 42 + 30
        if column + needed > width_px:
            lines.append([])
            column = 8
        lines[-1].append((column, colour, text))
        column += needed
    return lines

"""The picture of a draft: the scan, pale, with sections, edges, ticks, labels as they were read and the names of curves over it."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.errors import StorageError
from veernet.register.doubts import doubts
from veernet.register.draft import SURE, Draft
from veernet.register.paper import Paper

Picture = NDArray[np.uint8]

WIDTH_PX = 900
"""Of the scan in the picture; a tall one is made narrower."""
MAX_ROWS = 24_000

_MARGIN_PX = 210
_INK = 150
_COLOURS = {
    "header": (150, 150, 150),
    "scale": (190, 140, 60),
    "main": (60, 150, 40),
    "repeat": (40, 40, 200),
    "other": (40, 120, 210),
    "tail": (150, 150, 150),
}
_EDGE = (200, 60, 20)
_SURE_COLOUR, _UNSURE_COLOUR = (60, 130, 30), (30, 30, 210)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_LINE_ROWS = 15


def draw_draft(paper: Paper, draft: Draft) -> Picture:
    """The picture, ``(rows, columns, 3)``, blue first: sections at the left, the scan, ticks and doubts at the right."""
    scale = min(WIDTH_PX / paper.width, MAX_ROWS / paper.rows)
    picture = _scan(paper, scale)
    _sections(picture, draft, scale)
    _edges(picture, draft, scale)
    _labels(picture, draft, scale)
    _curves(picture, draft, scale)
    _doubts(picture, draft)
    return picture


def write_picture(paper: Paper, draft: Draft, path: Path) -> None:
    """Write the picture as a PNG.

    Raises:
        StorageError: It cannot be written.
    """
    done, png = cv2.imencode(".png", draw_draft(paper, draft))
    try:
        path.write_bytes(png.tobytes())
    except OSError as error:
        raise StorageError(
            str(path), f"the picture cannot be written ({error.strerror})", "free or name another disk"
        ) from error
    assert done


def _scan(paper: Paper, scale: float) -> Picture:
    columns, rows = round(paper.width * scale), round(paper.rows * scale)
    pale = 255 - cv2.resize(paper.search * np.uint8(_INK), (columns, rows), interpolation=cv2.INTER_AREA)
    canvas = cv2.copyMakeBorder(pale, 0, 0, _MARGIN_PX, _MARGIN_PX, cv2.BORDER_CONSTANT, value=255)
    return np.asarray(cv2.cvtColor(canvas, cv2.COLOR_GRAY2BGR), np.uint8)


def _write(
    picture: Picture, text: str, row: float, column: float, colour: tuple[int, int, int], size: float = 0.38
) -> None:
    cv2.putText(picture, text, (round(column), round(row)), _FONT, size, colour, 1, cv2.LINE_AA)


def _sections(picture: Picture, draft: Draft, scale: float) -> None:
    for index, section in enumerate(draft.sections):
        colour = _COLOURS[section.kind]
        top, end = round(section.first_row * scale), round(section.end_row * scale)
        picture[top:end, _MARGIN_PX - 8 : _MARGIN_PX - 3] = colour
        chosen = " (digitised)" if index == draft.main else ""
        _write(picture, f"{section.kind} {section.confidence:.2f}{chosen}", top + 12, 4, colour)
        if section.top is not None and section.base is not None and end - top > 2 * _LINE_ROWS:
            _write(picture, f"{section.top:g} to {section.base:g}", top + 12 + _LINE_ROWS, 4, colour)


def _edges(picture: Picture, draft: Draft, scale: float) -> None:
    for track in draft.tracks:
        for edge in (track.left, track.right):
            points = np.array([[column * scale + _MARGIN_PX, row * scale] for row, column in edge])
            cv2.polylines(picture, [np.round(points).astype(np.int32)], isClosed=False, color=_EDGE, thickness=1)


def _labels(picture: Picture, draft: Draft, scale: float) -> None:
    columns = picture.shape[1] - 2 * _MARGIN_PX
    for tick in draft.depth.ticks:
        row = round(tick.row_px * scale)
        colour = _SURE_COLOUR if tick.on_line else _UNSURE_COLOUR
        picture[min(row, len(picture) - 1), _MARGIN_PX : _MARGIN_PX + columns : 3] = colour
        _write(picture, f"{tick.depth:g}", row + 4, _MARGIN_PX + columns + 4, colour)
    for label in draft.labels:
        box = label.box
        colour = _SURE_COLOUR if label.used else _UNSURE_COLOUR
        first = (round(box.left_px * scale) + _MARGIN_PX, round(box.top_row * scale))
        last = (round(box.end_px * scale) + _MARGIN_PX, round(box.end_row * scale))
        cv2.rectangle(picture, first, last, colour, 1)
        if not label.used:
            _write(picture, f"read {label.text or 'nothing'}", last[1], _MARGIN_PX + columns + 60, colour)


def _curves(picture: Picture, draft: Draft, scale: float) -> None:
    for track in draft.tracks:
        row = track.left[0][0] * scale
        left = track.left[0][1] * scale + _MARGIN_PX
        told = "" if track.digitised else ", not digitised"
        _write(picture, f"{track.name}: {track.scale.value} {track.divisions.value or 0:g}{told}", row - 4, left, _EDGE)
        for index, curve in enumerate(track.curves, start=1):
            scaled = (
                f"{curve.left.value:g} to {curve.right.value:g}"
                if curve.left.value is not None and curve.right.value is not None
                else ""
            )
            sure = (
                min(curve.mnemonic.confidence, curve.left.confidence, curve.right.confidence, curve.style.confidence)
                >= SURE
            )
            name = f"{curve.mnemonic.value or '?'} {scaled} {curve.style.value or ''}"
            _write(picture, name, row - 4 - index * _LINE_ROWS, left, _SURE_COLOUR if sure else _UNSURE_COLOUR)


def _doubts(picture: Picture, draft: Draft) -> None:
    column = picture.shape[1] - _MARGIN_PX + 4
    row = _LINE_ROWS
    for doubt in doubts(draft):
        _write(picture, f"{doubt.path} {doubt.confidence:.2f}", row, column, _UNSURE_COLOUR, 0.34)
        row += _LINE_ROWS

"""Hatching beside a curve or between two: strokes aslant, as steep as each other, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits
from veernet.register.pieces import pieces_of

_SHORTEST_PX = 4
"""Rows of a stroke whose slope tells."""
_ASLANT, _ALIKE = 0.1, 0.25
"""Columns a row of what is not upright, and by how much slopes of one hatching differ, of their middle."""
_FEWEST, _MOST = 5, 0.6
"""Strokes side by side, and share of all between the outermost, that are hatching."""
_BESIDE_PX = 4.0
"""From one stroke to the next, at the least: dashes of one curve that runs aslant follow each other on one line."""
_BEYOND_INCHES = 0.05
"""Rows above and below strokes that are hatched, too."""


@dataclass(frozen=True)
class _Strokes:
    """Strokes between the outermost ones of a part of a track: first row, rows, columns a row, and the column where each crosses the part's first row."""

    tops: NDArray[np.int32]
    heights: NDArray[np.int32]
    slopes: NDArray[np.float64]
    places: NDArray[np.float64]


def hatched_rows(parts: Sequence[Bits], dpi: float) -> list[NDArray[np.bool_]]:
    """Which rows are hatched.

    Args:
        parts: Ink of parts of a track, lines left out, each ``(rows, columns)``.
        dpi: Of it.
    """
    strokes = [_strokes(ink) for ink in parts]
    usual = [slope for each in strokes if (slope := _slope_of_hatching(each))]
    if not usual:
        return [np.zeros(len(ink), bool) for ink in parts]
    slope, reach = float(np.median(usual)), np.ones((2 * round(_BEYOND_INCHES * dpi) + 1, 1), np.uint8)
    found = []
    for ink, each in zip(parts, strokes, strict=True):
        rows = np.zeros((len(ink), 1), np.uint8)
        alike = _alike(each, slope)
        for top, high in zip(each.tops[alike], each.heights[alike], strict=True):
            rows[top : top + high] = 1
        found.append(np.asarray(cv2.dilate(rows, reach)[:, 0] > 0))
    return found


def _slope_of_hatching(strokes: _Strokes) -> float:
    """The slope that most strokes have, where enough of these are side by side; 0 where they are not."""
    aslant = np.abs(strokes.slopes) >= _ASLANT
    if aslant.sum() < _FEWEST:
        return 0.0
    usual = float(np.median(strokes.slopes[aslant]))
    alike = _alike(strokes, usual)
    beside = 1 + int((np.diff(np.sort(strokes.places[alike])) >= _BESIDE_PX).sum())
    return usual if abs(usual) >= _ASLANT and beside >= _FEWEST and alike.mean() >= _MOST else 0.0


def _alike(strokes: _Strokes, slope: float) -> NDArray[np.bool_]:
    return np.asarray(np.abs(strokes.slopes - slope) <= _ALIKE * abs(slope))


def _strokes(ink: Bits) -> _Strokes:
    pieces, stats = pieces_of(_between_outermost(ink))
    tall = np.flatnonzero(stats[1:, cv2.CC_STAT_HEIGHT] >= _SHORTEST_PX) + 1
    slopes, places = (each[tall] for each in _slopes(pieces, len(stats)))
    return _Strokes(stats[tall, cv2.CC_STAT_TOP], stats[tall, cv2.CC_STAT_HEIGHT], slopes, places)


def _between_outermost(ink: Bits) -> Bits:
    """Ink without the first and the last stroke of each row, which curves are that hatching ends at."""
    begun = np.cumsum(np.diff(np.pad(ink, ((0, 0), (1, 0))).astype(np.int8), axis=1) == 1, axis=1)
    return np.asarray(ink * ((begun > 1) & (begun < begun[:, -1:])), np.uint8)


def _slopes(pieces: NDArray[np.integer], count: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Columns a row of each piece, and the column where its line crosses the first row."""
    rows, columns = np.nonzero(pieces)
    which = pieces[rows, columns]
    area = np.maximum(np.bincount(which, minlength=count), 1)

    def mean(values: NDArray[np.float64] | NDArray[np.intp]) -> NDArray[np.float64]:
        return np.bincount(which, weights=values, minlength=count) / area

    row, column = mean(rows), mean(columns)
    down = mean((rows - row[which]) ** 2)
    slope = mean((rows - row[which]) * (columns - column[which])) / np.maximum(down, 1e-9)
    return slope, column - slope * row

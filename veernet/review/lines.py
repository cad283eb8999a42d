"""Curves drawn into an overlay: an anti-aliased line of palette entries, solid, or dotted where the curve is in doubt."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from veernet.review.palette import BLENDED, OPACITIES, UNDER, UNDER_ENTRIES, first_blended

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE_PX = 4.6
"""Width of a line: a little more than most strokes, so that colour shows on both sides of the ink."""
DOT_PX, DOT_PERIOD_PX = 6.0, 15.0
"""Length of a dot along a curve in doubt, beside the round ends that the line's width gives it, and from one to the next."""


def draw_line(
    canvas: NDArray[np.uint8],
    ink: NDArray[np.uint8],
    points: NDArray[np.float64],
    joined: NDArray[np.bool_],
    dotted: NDArray[np.bool_],
    curve: int,
) -> None:
    """Draw a curve over what a canvas shows.

    Args:
        canvas: Palette entries, `(rows, columns)`, changed.
        ink: Darkness of the scan under it, `(rows, columns)`.
        points: Row and column of each, `(n, 2)`, from px centres; not finite where the curve is not.
        joined: Whether a line goes from each point to the next, `(n - 1,)`.
        dotted: Whether the curve is in doubt at each point, `(n,)`.
        curve: Which curve of the sheet, for its colour.
    """
    _draw(canvas, ink, points, joined, dotted, first_blended(curve), UNDER_ENTRIES)


@njit(cache=True, nogil=True)
def _draw(canvas, ink, points, joined, dotted, first, under):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    length_px = 0.0
    for index in range(len(points)):
        row, column = points[index]
        if not (np.isfinite(row) and np.isfinite(column)):
            continue
        if index < len(joined) and joined[index]:
            next_row, next_column = points[index + 1]
            _draw_piece(canvas, ink, row, column, next_row, next_column, length_px, dotted[index], first, under)
            length_px += np.hypot(next_row - row, next_column - column)
        elif index == 0 or not joined[index - 1]:
            _draw_piece(canvas, ink, row, column, row, column, 0.0, False, first, under)


@njit(cache=True, nogil=True)
def _draw_piece(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    canvas, ink, row, column, next_row, next_column, length_px, dotted, first, under
):
    """Draw one straight piece, by how far the px about it are from it."""
    height, width = canvas.shape
    half = LINE_PX / 2 + 0.5
    down, across = next_row - row, next_column - column
    squared = down * down + across * across
    piece_px = np.sqrt(squared)
    top, bottom = max(0, int(np.ceil(min(row, next_row) - half))), min(height - 1, int(max(row, next_row) + half))
    for y in range(top, bottom + 1):
        # Of a piece that runs across, only the columns near it in this row.
        left, right = min(column, next_column), max(column, next_column)
        if abs(down) > 1e-9 and right - left > 4 * half:
            at = (column + across * (y - half - row) / down, column + across * (y + half - row) / down)
            left, right = max(left, min(at)), min(right, max(at))
        for x in range(max(0, int(np.ceil(left - half))), min(width - 1, int(right + half)) + 1):
            along = 0.0
            if squared > 0:
                along = min(1.0, max(0.0, ((y - row) * down + (x - column) * across) / squared))
            if dotted and (length_px + along * piece_px) % DOT_PERIOD_PX >= DOT_PX:
                continue
            away = np.sqrt((y - row - along * down) ** 2 + (x - column - along * across) ** 2)
            opacity = int(min(1.0, half - away) * OPACITIES + 0.5)
            if opacity <= 0:
                continue
            before = (int(canvas[y, x]) - BLENDED) // UNDER % OPACITIES + 1 if canvas[y, x] >= BLENDED else 0
            if before <= opacity:  # a rim takes nothing from the middle of a line that is there already
                canvas[y, x] = first + (opacity - 1) * UNDER + under[ink[y, x]]

"""Ruled lines: straight down or across, of any width and place in px, solid or in a curve's style."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.training.paper_truth import Style

ByteArray = NDArray[np.uint8]

#: Ink and gap of a ruled line by style, in widths of a fine line of 1/100 inch.
_PATTERNS: dict[Style, tuple[float, float]] = {"solid": (1.0, 0.0), "dashed": (8.0, 5.0), "dotted": (1.5, 2.5)}


def rule_across(
    ink: ByteArray,
    row: float,
    first: float,
    last: float,
    width_px: float,
    darkness: int,
    style: Style = "solid",
    px_per_inch: float = 200.0,
) -> None:
    """Rule a line across from column ``first`` to ``last``, about a row; ink never lightens what is there."""
    columns = slice(max(0, round(first)), max(0, round(last) + 1))
    for line, covered in _covered(row, width_px, ink.shape[0]):
        part = ink[line, columns]
        shade = np.full(part.shape, round(darkness * covered), np.uint8)
        if style != "solid":
            on, off = (length * px_per_inch / 100.0 for length in _PATTERNS[style])
            shade[np.arange(part.size) % (on + off) >= on] = 0
        np.maximum(part, shade, out=part)


def rule_down(ink: ByteArray, column: float, first: float, last: float, width_px: float, darkness: int) -> None:
    """Rule a line down from row ``first`` to ``last``, about a column."""
    rows = slice(max(0, round(first)), max(0, round(last) + 1))
    for line, covered in _covered(column, width_px, ink.shape[1]):
        part = ink[rows, line]
        np.maximum(part, np.uint8(round(darkness * covered)), out=part)


def frame(
    ink: ByteArray, left: float, top: float, right: float, bottom: float, width_px: float, darkness: int = 255
) -> None:
    """Rule the four sides of a box."""
    for row in (top, bottom):
        rule_across(ink, row, left, right, width_px, darkness)
    for column in (left, right):
        rule_down(ink, column, top, bottom, width_px, darkness)


def _covered(at: float, width_px: float, size: int) -> list[tuple[int, float]]:
    """Rows or columns that a line of a width about ``at`` covers, and how much of each; 0 is the centre of the first."""
    low, high = at - 0.5 * width_px, at + 0.5 * width_px
    lines = range(int(np.floor(low + 0.5)), int(np.floor(high + 0.5)) + 1)
    shares = ((line, min(high, line + 0.5) - max(low, line - 0.5)) for line in lines if 0 <= line < size)
    return [(line, share) for line, share in shares if share > 0.02]

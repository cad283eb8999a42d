"""The numbers at the edges of a track in a scale block: found by their ink, because the finder of text passes over a digit that stands alone."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from veernet.register.block_words import DIGIT_INCHES, Print
from veernet.register.edge_readings import NUMBER, Number, chance_of, read_numbers, undotted
from veernet.register.numbers import as_number, best_text
from veernet.register.paper import Bits
from veernet.register.text import Line

EDGE_INCHES = 0.35
"""From an edge of the track to the number that is its value there."""
_OUTSIDE_INCHES = 0.06
_WIDEST_NUMBER_INCHES = 0.85
_GAP_INCHES = 0.09
"""Between the digits of a number."""
_LEAST_NUMBER = 0.1
_LEAST_NUMBER_INCHES = 0.02
"""Of columns with ink."""
_UPRIGHT, _ON_EDGE_INCHES = 0.35, 0.02
"""Width over height of a piece of a rule, at the most, and by how much its middle is off the edge."""
_BROKEN_INCHES = 0.04
"""Width of a digit in pieces, at the least."""


def edge_numbers(printed: Print, left: float, right: float) -> tuple[list[Line], list[Line]]:
    """The numbers at the left and at the right edge of a track, from the top down, their text as digits."""
    reach = (_WIDEST_NUMBER_INCHES + EDGE_INCHES) * printed.dpi
    out = _OUTSIDE_INCHES * printed.dpi
    return (
        _numbers(printed, left - out, min(left + reach, right), at_left=True),
        _numbers(printed, max(right - reach, left), right + out, at_left=False),
    )


def _numbers(printed: Print, start: float, stop: float, *, at_left: bool) -> list[Line]:
    dpi = printed.dpi
    first, last = max(0, round(start)), min(printed.bare.shape[1], round(stop))
    ink = printed.bare[:, first:last]
    if ink.size == 0:
        return []
    edge = (start + _OUTSIDE_INCHES * dpi if at_left else stop - _OUTSIDE_INCHES * dpi) - first
    joined = np.asarray(cv2.dilate(ink, np.ones((1, max(3, round(_GAP_INCHES * dpi)) | 1), np.uint8)), np.uint8)
    # What stands beyond a rule is of another cell.
    joined[printed.down[:, first:last] > 0] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = []
    for x, y, width, height, _ in stats[1:].tolist():
        from_edge = x if at_left else ink.shape[1] - x - width
        if (
            DIGIT_INCHES[0] * dpi <= height <= DIGIT_INCHES[1] * dpi
            and from_edge <= (EDGE_INCHES + _OUTSIDE_INCHES) * dpi
            and width <= _WIDEST_NUMBER_INCHES * dpi
            and x > 0
            and x + width < ink.shape[1]
            and ink[y : y + height, x : x + width].any()
            and not _is_of_rule(ink[y : y + height, x : x + width], edge - x, dpi)
        ):
            boxes.append((x, y, x + width, y + height))
    found = read_numbers([ink[y:y1, x:x1] for x, y, x1, y1 in boxes], boxes, printed.top, first)
    return sorted((number for number in found if number.confidence >= _LEAST_NUMBER), key=lambda line: line.top)


def _is_of_rule(ink: Bits, edge: float, dpi: float) -> bool:
    """Whether what may be a number is a piece of a broken rule at an edge, px from its first column: that looks like a 1, and values stand beside it."""
    columns = np.flatnonzero(ink.any(axis=0))
    upright = columns[-1] - columns[0] + 1 <= _UPRIGHT * len(ink)
    return bool(upright and abs(0.5 * (columns[0] + columns[-1]) - edge) <= _ON_EDGE_INCHES * dpi)


def number_between(
    printed: Print, rows: tuple[float, float], columns: tuple[float, float], *, at_left: bool
) -> Number | None:
    """The number at an edge in some rows, full px, where the name beside it is known: however badly it is printed."""
    top, end = max(0, round(rows[0]) - printed.top), round(rows[1]) - printed.top
    start, stop = max(0, round(columns[0])), round(columns[1])
    ink = np.where(printed.down[top:end, start:stop] > 0, 0, printed.bare[top:end, start:stop]).astype(np.uint8)
    inked = np.flatnonzero(ink.any(axis=0)) if ink.size else np.zeros(0, np.intp)
    if inked.size < _LEAST_NUMBER_INCHES * printed.dpi:
        return None
    gaps = np.flatnonzero(np.diff(inked) > 1.5 * _GAP_INCHES * printed.dpi) + 1
    groups = [(int(group[0]), int(group[-1]) + 1) for group in np.split(inked, gaps)]
    # Specks, and what is left of a frame, are no numbers.
    groups = [group for group in groups if _may_be_digits(ink[:, slice(*group)], printed.dpi)]
    if not groups:
        return None
    left, right = groups[0] if at_left else groups[-1]
    off = start + left - columns[0] if at_left else columns[1] - start - right
    if off > EDGE_INCHES * printed.dpi or right - left > _WIDEST_NUMBER_INCHES * printed.dpi:
        return None
    return next(
        iter(read_numbers([ink[:, left:right]], [(left, top, right, end)], printed.top, start, surely=True)), None
    )


def as_edge_number(line: Line, dpi: float) -> Line | None:
    """A line as the number that its letters may be, if they can."""
    if line.right - line.left > _WIDEST_NUMBER_INCHES * dpi or sum(
        letter.isdigit() for letter in line.text
    ) < 0.5 * len(line.text):
        return None
    text, chance = best_text(as_number(line.steps.astype(np.float64)))
    text, chance = undotted(text), chance_of(chance, line.steps)
    return replace(line, text=text, confidence=chance) if NUMBER.match(text) and chance >= _LEAST_NUMBER else None


def _may_be_digits(ink: Bits, dpi: float) -> bool:
    """Whether some ink is as tall as digits, in one piece or, where print is broken, in several that stand side by side."""
    rows = np.flatnonzero(ink.any(axis=1))
    tallest = cv2.connectedComponentsWithStats(ink, connectivity=8)[2][1:, cv2.CC_STAT_HEIGHT].max()
    high = DIGIT_INCHES[0] * dpi
    return bool(tallest >= high or (rows[-1] + 1 - rows[0] >= high and ink.shape[1] >= _BROKEN_INCHES * dpi))

"""The print of a scale block: its words, the numbers at the edges of tracks, and its sample lines, without the rules of its boxes.

Rules run through letters and join the words of neighbouring cells, and the finder of text passes over a digit that stands alone. So rules are taken
out first, words are cut where a rule stood, and what stands at an edge of a track is looked for by its ink.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from veernet.register.numbers import best_text
from veernet.register.numbers import read as read_numbers
from veernet.register.paper import Bits, Paper
from veernet.register.text import Line, read_lines, text_boxes

_RULE_ACROSS_INCHES = 0.3
_RULE_DOWN_INCHES = 0.22
"""Longer than any stroke of a letter."""
_SLACK_INCHES = 0.012
"""By which a rule may wander in its length."""
_MENDED_INCHES = 0.02
"""Of a letter that a rule went through."""
_EDGE_INCHES = 0.35
"""From an edge of the track to the number that is its value there."""
_OUTSIDE_INCHES = 0.06
_WIDEST_NUMBER_INCHES = 0.85
_NUMBER_WIDTH = 224
"""At 48 rows: room for six characters, equal neighbours told apart."""
_DIGIT_INCHES = (0.04, 0.17)
_GAP_INCHES = 0.09
"""Between the digits of a number."""
_QUARTER = 64
"""A quarter of full ink: what makes a search pixel ink."""
_LEAST_NUMBER = 0.1
_LONE = 0.95
"""Width over height of a number of one digit."""
_NUMBER = re.compile(r"^-?(\d+\.?\d*|\.\d+)$")
_MOST = (1.0 - 0.012) ** (_NUMBER_WIDTH // 8)
"""Chance of what the reader is wholly sure of."""
_LONG_RULE_INCHES = 1.0
_FLAT_INCHES = 0.02
_ONE_ROW_INCHES = 0.004
_MANY = 8
_LETTER = 0.25
"""Height of a letter over that of its line's box, at the least; what is smaller is a dot or dirt."""
_TURNED = 1.8
"""Height over width of a box whose words are turned."""


@dataclass(frozen=True)
class Print:
    """What is printed in some rows, in full px.

    Args:
        top: Its first row.
        ink: All of it, ``(rows, columns)``, 0 or 1.
        bare: Without rules.
        down: The rules down the paper.
        slope: By how many rows its rules across fall per column.
        lines: Its words.
        dpi: Of the scan.
    """

    top: int
    ink: Bits
    bare: Bits
    down: Bits
    slope: float
    lines: tuple[Line, ...]
    dpi: float

    def levelled(self, row: float, column: float) -> float:
        """The row in which something stood if rules were level."""
        return row - self.slope * column


def read_print(paper: Paper, top: float, end: float) -> Print:
    """Read the words between two rows of a scan, full px."""
    first = max(0, int(top) // paper.factor * paper.factor)
    return print_of(paper.crop(first, end), first, paper.dpi, paper.factor)


def print_of(ink: Bits, top: int, dpi: float, factor: int) -> Print:
    """Read the words of some ink.

    Args:
        ink: As it is read, upright.
        top: Row of the scan that it begins with.
        dpi: Of the ink.
        factor: Px to a px of the image in which words are looked for; they are read at full resolution.
    """
    across, down = _rules(ink, dpi)
    slope = _slope(across, dpi)
    bare = _undashed(_without(ink, across, down, dpi), slope, dpi)
    boxes = [
        part
        for box in text_boxes(_reduced(bare, factor))
        for part in _parted([round(side * factor) for side in box], down)
        if part[2] - part[0] < _TURNED * (part[3] - part[1])
    ]
    read = read_lines([bare[box[0] : box[2], box[1] : box[3]] for box in boxes])
    lines = tuple(
        Line(box[0] + top, box[1], box[2] + top, box[3], text.strip(), chance)
        for box, (text, chance) in zip(boxes, read, strict=True)
        if text.strip()
    )
    return Print(top, ink, bare, down, slope, lines, dpi)


def read_again(printed: Print, line: Line) -> Line:
    """A line read a second time, from its letters' own box; empty where that cannot be told."""
    ink = printed.bare[
        round(line.top) - printed.top : round(line.end) - printed.top, round(line.left) : round(line.right)
    ]
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    tall = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= _LETTER * len(ink)]
    if not len(tall):
        return replace(line, text="", confidence=0.0)
    top, end = int(tall[:, 1].min()), int((tall[:, 1] + tall[:, 3]).max())
    left, right = int(stats[1:, 0].min()), int((stats[1:, 0] + stats[1:, 2]).max())
    text, chance = read_lines([np.pad(ink[top:end, left:right], max(1, round(0.1 * (end - top))))])[0]
    return replace(line, text=text.strip(), confidence=chance)


def edge_numbers(printed: Print, left: float, right: float) -> tuple[list[Line], list[Line]]:
    """The numbers at the left and at the right edge of a track, from the top down, their text as digits."""
    reach = (_WIDEST_NUMBER_INCHES + _EDGE_INCHES) * printed.dpi
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
    joined = np.asarray(cv2.dilate(ink, np.ones((1, max(3, round(_GAP_INCHES * dpi)) | 1), np.uint8)), np.uint8)
    # What stands beyond a rule is of another cell.
    joined[printed.down[:, first:last] > 0] = 0
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    boxes = []
    for x, y, width, height, _ in stats[1:].tolist():
        from_edge = x if at_left else ink.shape[1] - x - width
        if (
            _DIGIT_INCHES[0] * dpi <= height <= _DIGIT_INCHES[1] * dpi
            and from_edge <= (_EDGE_INCHES + _OUTSIDE_INCHES) * dpi
            and width <= _WIDEST_NUMBER_INCHES * dpi
            and x > 0
            and x + width < ink.shape[1]
            and ink[y : y + height, x : x + width].any()
        ):
            boxes.append((x, y, x + width, y + height))
    crops = [_tight(ink[y:y1, x:x1]) for x, y, x1, y1 in boxes]
    lone = [crop.shape[1] <= _LONE * crop.shape[0] for crop in crops]
    shown = [_padded(_twice(crop) if alone else crop) for crop, alone in zip(crops, lone, strict=True)]
    found = []
    for box, alone, logs in zip(boxes, lone, read_numbers(shown, _NUMBER_WIDTH), strict=True):
        text, chance = best_text(logs)
        if alone:
            text = text[0] if len(text) == 2 and text[0] == text[1] else ""
        if _NUMBER.match(text) and chance / _MOST >= _LEAST_NUMBER:
            left, top, right, end = box
            chance = min(1.0, chance / _MOST)
            found.append(Line(top + printed.top, left + first, end + printed.top, right + first, text, chance))
    return sorted(found, key=lambda line: line.top)


def _tight(ink: Bits) -> Bits:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _twice(digit: Bits) -> Bits:
    """A digit two times side by side: readers take one that stands alone for a letter or a blot, hardly two."""
    return np.concatenate([digit, np.zeros((len(digit), max(1, round(0.2 * len(digit)))), np.uint8), digit], axis=1)


def _padded(ink: Bits) -> Bits:
    return np.pad(ink, max(2, round(0.2 * len(ink))))


def _rules(ink: Bits, dpi: float) -> tuple[Bits, Bits]:
    """The rules across and down."""
    slack = max(3, round(_SLACK_INCHES * dpi) | 1)
    wide = np.asarray(cv2.dilate(ink, np.ones((slack, 1), np.uint8)), np.uint8)
    across = _opened(wide, 1, max(3, round(_RULE_ACROSS_INCHES * dpi)))
    tall = np.asarray(cv2.dilate(ink, np.ones((1, slack), np.uint8)), np.uint8)
    down = _opened(tall, max(3, round(_RULE_DOWN_INCHES * dpi)), 1)
    return across & ink, down & ink


def _opened(ink: Bits, rows: int, columns: int) -> Bits:
    """Of ink, what is at least so tall and so wide."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((rows, columns), np.uint8)), np.uint8)


def _without(ink: Bits, across: Bits, down: Bits, dpi: float) -> Bits:
    """Ink without rules and their fringes, letters that they went through mended."""
    rules = np.maximum(cv2.dilate(across, np.ones((3, 1), np.uint8)), cv2.dilate(down, np.ones((1, 3), np.uint8)))
    bare = np.where(rules > 0, 0, ink).astype(np.uint8)
    gap = max(3, round(_MENDED_INCHES * dpi)) | 1
    mended = cv2.morphologyEx(bare, cv2.MORPH_CLOSE, np.ones((gap, 1), np.uint8))
    return np.where(mended > 0, ink, bare).astype(np.uint8)


def _undashed(bare: Bits, slope: float, dpi: float) -> Bits:
    """Ink without dashed and dotted lines: flat marks of which many stand in one row, as minus signs and full stops never do."""
    _, labels, stats, centres = cv2.connectedComponentsWithStats(bare, connectivity=8)
    flat = np.flatnonzero(stats[:, cv2.CC_STAT_HEIGHT] <= max(2.0, _FLAT_INCHES * dpi))
    flat = flat[flat > 0]
    if flat.size < _MANY:
        return bare
    rows = centres[flat, 1] - slope * centres[flat, 0]
    order = np.argsort(rows)
    groups = np.split(flat[order], np.flatnonzero(np.diff(rows[order]) > _ONE_ROW_INCHES * dpi) + 1)
    dashes = np.zeros(len(stats), bool)
    for group in groups:
        if group.size >= _MANY:
            dashes[group] = True
    return np.where(dashes[labels], 0, bare).astype(np.uint8)


def _reduced(ink: Bits, factor: int) -> Bits:
    if factor == 1:
        return ink
    rows, columns = (-size % factor for size in ink.shape)
    padded = np.pad(ink * np.uint8(255), ((0, rows), (0, columns)))
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return (cv2.resize(padded, size, interpolation=cv2.INTER_AREA) >= _QUARTER).view(np.uint8)


def _parted(box: Sequence[int], down: Bits) -> list[tuple[int, int, int, int]]:
    """A box in parts, where rules down the paper go through it."""
    top, left, end, right = max(0, box[0]), max(0, box[1]), box[2], min(box[3], down.shape[1])
    if end <= top or right <= left:
        return []
    ruled = down[top:end, left:right].mean(axis=0) > 0.7
    edges = np.flatnonzero(np.diff(np.concatenate([[1], ruled.astype(np.int8), [1]])))
    wide = 0.25 * (end - top)
    return [
        (top, left + int(start), end, left + int(stop))
        for start, stop in zip(edges[::2], edges[1::2], strict=True)
        if stop - start >= wide
    ]


def _slope(across: Bits, dpi: float) -> float:
    """By how many rows long rules across fall per column; 0 where there is none."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(across, connectivity=8)
    slopes: list[float] = []
    weights: list[float] = []
    for index in np.flatnonzero(stats[1:, cv2.CC_STAT_WIDTH] >= _LONG_RULE_INCHES * dpi) + 1:
        x, y, width, height = stats[index, :4].tolist()
        if height > 0.05 * width + 0.1 * dpi:
            continue
        rows, columns = np.nonzero(labels[y : y + height, x : x + width] == index)
        slopes.append(float(np.polyfit(columns, rows, 1)[0]))
        weights.append(width)
    if not slopes:
        return 0.0
    order = np.argsort(slopes)
    half = np.cumsum(np.array(weights)[order])
    return slopes[int(order[int(np.searchsorted(half, half[-1] / 2))])]


def level_ink(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> Bits:
    """All ink between some rows and columns, full px, sheared so that rules run level; the rows are those of the middle column."""
    first, last = max(0, round(columns[0])), min(printed.ink.shape[1], round(columns[1]))
    height = round(rows[1] - rows[0])
    if last <= first or height <= 0:
        return np.zeros((0, 0), np.uint8)
    at = np.arange(first, last)
    tops = np.round(rows[0] - printed.top + printed.slope * (at - 0.5 * (first + last))).astype(np.intp)
    wanted = tops + np.arange(height)[:, None]
    inside = (wanted >= 0) & (wanted < len(printed.ink))
    return np.asarray(printed.ink[np.clip(wanted, 0, len(printed.ink) - 1), at] * inside, np.uint8)


def without(lines: Sequence[Line], taken: Sequence[Line]) -> list[Line]:
    """Lines of text but those that are the numbers taken at an edge."""

    def is_taken(line: Line) -> bool:
        return any(
            min(line.end, number.end) - max(line.top, number.top) > 0.5 * (number.end - number.top)
            and min(line.right, number.right) - max(line.left, number.left) > 0.6 * (line.right - line.left)
            for number in taken
        )

    return [line for line in lines if not is_taken(line)]

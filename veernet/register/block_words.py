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
from numpy.typing import NDArray

from veernet.register.numbers import as_number, best_text
from veernet.register.paper import Bits, Paper
from veernet.register.text import Line, read_lines, read_steps, spelled, text_boxes

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
_DIGIT_INCHES = (0.04, 0.17)
_GAP_INCHES = 0.09
"""Between the digits of a number."""
_QUARTER = 64
"""A quarter of full ink: what makes a search pixel ink."""
_LEAST_NUMBER = 0.1
_LONE = 0.95
"""Width over height of a number of one digit."""
_NUMBER = re.compile(r"^-?(\d+\.?\d*|\.\d+)$")
_SURELY = 1.0 - 0.012
"""Chance of what the reader is wholly sure of, at each step."""
_LONG_RULE_INCHES = 1.0
_FLAT_INCHES = 0.03
_LONGEST_DASH_INCHES = 0.15
_DASH_GAP_INCHES = 0.085
_RUN_INCHES, _LONG_RUN_INCHES = 0.4, 1.1
"""Of a dashed line, with clear paper above and below it, and without."""
_CLEAR_INCHES, _CLEAR = 0.025, 0.8
_MANY = 6
_SPECK_INCHES, _SPECK_REACH_INCHES = 0.012, 0.035
_LARGEST_SPECK_INCHES = 0.022
_DIRTY = 20
"""Pieces a square inch, of twice the size of specks, of a scan that is full of them."""
_WIDE_GAP_INCHES = 0.12
"""Between words that are not of one name."""
_FEWEST_LETTERS = 2
_MARGIN = 0.1
"""About what is cut out to be read, of its height."""
_LEAST_NUMBER_INCHES, _LEAST_WORD_INCHES = 0.02, 0.08
"""Of columns with ink, in a number and in a name."""
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


@dataclass(frozen=True)
class Number(Line):
    """A number at an edge of a track; ``twice`` where one digit was read two times side by side."""

    twice: bool = False


def read_print(paper: Paper, top: float, end: float) -> Print:
    """Read the words between two rows of a scan, full px."""
    first = max(0, int(top) // paper.factor * paper.factor)
    return print_of(paper.crop(first, end), first, paper.dpi, paper.factor, cells=True)


def print_of(ink: Bits, top: int, dpi: float, factor: int, *, cells: bool = False) -> Print:
    """Read the words of some ink.

    Args:
        ink: As it is read, upright.
        top: Row of the scan that it begins with.
        dpi: Of the ink.
        factor: Px to a px of the image in which words are looked for; they are read at full resolution.
        cells: Whether names and values stand beside each other, which are lines of their own, and specks are looked out for.
    """
    across, down = _rules(ink, dpi)
    slope = _slope(across, dpi)
    bare = _undashed(_without(ink, across, down, dpi), dpi)
    bare = _unspecked(bare, dpi) if cells else bare
    boxes = [
        part
        for box in text_boxes(_reduced(bare, factor))
        for cell in _parted([round(side * factor) for side in box], down)
        for part in (_spaced(cell, bare, dpi) if cells else [cell])
        if part[2] - part[0] < _TURNED * (part[3] - part[1])
    ]
    read = read_steps([bare[box[0] : box[2], box[1] : box[3]] for box in boxes])
    lines = tuple(_line(box, top, steps) for box, steps in zip(boxes, read, strict=True))
    return Print(top, ink, bare, down, slope, tuple(line for line in lines if line.text), dpi)


def _line(box: Sequence[float], top: int, steps: NDArray[np.float32]) -> Line:
    text, chance = spelled(steps)
    return Line(box[0] + top, box[1], box[2] + top, box[3], text.strip(), chance, steps)


def letters_long(printed: Print, lines: Sequence[Line]) -> float:
    """How many letters some lines have room for, by their length over the height of their letters; 0 where no letter is whole."""
    long, heights = 0.0, []
    for line in lines:
        rows = slice(max(0, round(line.top) - printed.top), max(0, round(line.end) - printed.top))
        ink = _mended(printed.bare[rows, max(0, round(line.left)) : max(0, round(line.right))])
        if not ink.any():
            continue
        stats = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)[2][1:]
        tall = stats[stats[:, cv2.CC_STAT_HEIGHT] >= _DIGIT_INCHES[0] * printed.dpi]
        if len(tall):
            long += float((tall[:, 0] + tall[:, 2]).max() - tall[:, 0].min())
            heights += tall[:, cv2.CC_STAT_HEIGHT].tolist()
    return long / float(np.median(heights)) if heights else 0.0


def lines_between(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> list[Line]:
    """What stands between some rows and columns, full px, whether the finder of text has seen it or not: read as it is, and mended."""
    first, last = max(0, round(rows[0]) - printed.top), round(rows[1]) - printed.top
    start, stop = max(0, round(columns[0])), round(columns[1])
    ink = printed.bare[first:last, start:stop]
    if not ink.size or ink.any(axis=0).sum() < _LEAST_WORD_INCHES * printed.dpi or not _has_letters(ink, printed.dpi):
        return []
    inked = np.flatnonzero(ink.any(axis=0))
    left, right = start + int(inked[0]), start + int(inked[-1]) + 1
    cut = np.pad(ink[:, left - start : right - start], max(2, round(_MARGIN * len(ink))))
    read = read_steps([cut, _mended(cut)])
    return [line for steps in read if (line := _line((first, left, last, right), printed.top, steps)).text]


def _has_letters(ink: Bits, dpi: float) -> bool:
    """Whether there are pieces as tall as letters, not cut by the rows above and below; what is left of a dashed line has none."""
    stats = cv2.connectedComponentsWithStats(_mended(ink), connectivity=8, ltype=cv2.CV_32S)[2][1:]
    whole = (stats[:, cv2.CC_STAT_TOP] > 0) & (stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] < len(ink))
    return int((stats[whole, cv2.CC_STAT_HEIGHT] >= _DIGIT_INCHES[0] * dpi).sum()) >= _FEWEST_LETTERS


def _mended(ink: Bits) -> Bits:
    """Ink with the gaps of broken strokes closed."""
    return np.asarray(cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8)), np.uint8)


def _unspecked(ink: Bits, dpi: float) -> Bits:
    """Ink without specks: pieces no larger than a full stop with no larger one by their side."""
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)
    area = stats[:, cv2.CC_STAT_AREA]
    most, least = max(2.0, (_SPECK_INCHES * dpi) ** 2), (_LARGEST_SPECK_INCHES * dpi) ** 2
    while most < least and ((area > most) & (area <= 2 * most)).sum() > _DIRTY * ink.size / dpi**2:
        most *= 1.4  # where there are as many as that, specks touch each other
    large = area > most
    large[0] = False
    reach = round(_SPECK_REACH_INCHES * dpi) * 2 + 1
    near = np.asarray(cv2.dilate(large[pieces].view(np.uint8), np.ones((reach, reach), np.uint8)), np.uint8)
    return np.asarray(ink & near, np.uint8)


def _spaced(box: tuple[int, int, int, int], bare: Bits, dpi: float) -> list[tuple[int, int, int, int]]:
    """A box in parts, where its line has wide gaps: between a name and the values beside it."""
    top, left, end, right = box
    inked = np.flatnonzero(bare[top:end, left:right].any(axis=0))
    if not inked.size:
        return []
    pad = max(2, round(_MARGIN * (end - top)))
    cuts = np.flatnonzero(np.diff(inked) > _WIDE_GAP_INCHES * dpi)
    firsts, lasts = inked[np.append(0, cuts + 1)], inked[np.append(cuts, inked.size - 1)]
    return [
        (top, max(left, left + int(first) - pad), end, min(right, left + int(last) + 1 + pad))
        for first, last in zip(firsts, lasts, strict=True)
    ]


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
    found = _read_numbers([ink[y:y1, x:x1] for x, y, x1, y1 in boxes], boxes, printed.top, first)
    return sorted((number for number in found if number.confidence >= _LEAST_NUMBER), key=lambda line: line.top)


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
    groups = np.split(inked, np.flatnonzero(np.diff(inked) > 1.5 * _GAP_INCHES * printed.dpi) + 1)
    group = groups[0] if at_left else groups[-1]
    left, right = int(group[0]), int(group[-1]) + 1
    off = start + left - columns[0] if at_left else columns[1] - start - right
    if off > _EDGE_INCHES * printed.dpi or right - left > _WIDEST_NUMBER_INCHES * printed.dpi:
        return None
    return next(iter(_read_numbers([ink[:, left:right]], [(left, top, right, end)], printed.top, start)), None)


def _undotted(text: str) -> str:
    """A number without dirt at its ends that was read as points."""
    return text.strip(".") if text.count(".") > 1 or text.endswith(".") else text


def as_edge_number(line: Line, dpi: float) -> Line | None:
    """A line as the number that its letters may be, if they can."""
    if line.right - line.left > _WIDEST_NUMBER_INCHES * dpi or sum(
        letter.isdigit() for letter in line.text
    ) < 0.5 * len(line.text):
        return None
    text, chance = best_text(as_number(line.steps.astype(np.float64)))
    text, chance = _undotted(text), min(1.0, chance / _SURELY ** len(line.steps))
    return replace(line, text=text, confidence=chance) if _NUMBER.match(text) and chance >= _LEAST_NUMBER else None


def _read_numbers(
    crops: Sequence[Bits], boxes: Sequence[tuple[int, int, int, int]], top: int, left: int
) -> list[Number]:
    """Those of some crops that are numbers; boxes are left, top, right, end, counted from a row and a column of the scan."""
    tight = [_tight(crop) for crop in crops]
    lone = [crop.shape[1] <= _LONE * crop.shape[0] for crop in tight]
    shown = [_padded(_twice(crop) if alone else crop) for crop, alone in zip(tight, lone, strict=True)]
    found = []
    for box, alone, steps in zip(boxes, lone, read_steps(shown), strict=True):
        text, chance = best_text(as_number(steps.astype(np.float64)))
        text = _undotted(text)
        if alone:
            text = text[0] if len(text) == 2 and text[0] == text[1] else ""
        if _NUMBER.match(text):
            at = (box[1] + top, box[0] + left, box[3] + top, box[2] + left)
            found.append(Number(*at, text, min(1.0, chance / _SURELY ** len(steps)), steps, alone))
    return found


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


def _undashed(bare: Bits, dpi: float) -> Bits:
    """Ink without dashed and dotted lines: flat marks that follow each other for long.

    So do the pieces of a line of broken letters, but not for as long, unless there are letters above or below them.
    """
    _, pieces, stats, _ = cv2.connectedComponentsWithStats(bare, connectivity=8, ltype=cv2.CV_32S)
    flat = stats[:, cv2.CC_STAT_HEIGHT] <= max(2.0, _FLAT_INCHES * dpi)
    flat &= stats[:, cv2.CC_STAT_WIDTH] <= _LONGEST_DASH_INCHES * dpi
    flat[0] = False
    gap = round(_DASH_GAP_INCHES * dpi) | 1
    marks = cv2.morphologyEx(flat[pieces].view(np.uint8), cv2.MORPH_CLOSE, np.ones((1, gap), np.uint8))
    count, runs, sizes, _ = cv2.connectedComponentsWithStats(marks, connectivity=8, ltype=cv2.CV_32S)
    wide = sizes[:, cv2.CC_STAT_WIDTH]
    thin = sizes[:, cv2.CC_STAT_HEIGHT] <= 2 * _FLAT_INCHES * dpi + 0.02 * wide
    which = np.flatnonzero(flat)
    of_mark = _run_of(np.asarray(runs, np.int32), np.asarray(pieces, np.int32), which, len(stats))
    many = np.bincount(of_mark, minlength=count) >= _MANY
    clear = _clear(bare, np.asarray(stats[which], np.int32), round(_CLEAR_INCHES * dpi))
    alone = np.bincount(of_mark, weights=clear, minlength=count) >= _CLEAR * np.bincount(of_mark, minlength=count)
    lines = thin & many & ((wide >= _LONG_RUN_INCHES * dpi) | ((wide >= _RUN_INCHES * dpi) & alone))
    lines[0] = False
    dashes = np.zeros(len(stats), bool)
    dashes[which] = lines[of_mark]
    return np.where(dashes[pieces], 0, bare).astype(np.uint8)


def _run_of(
    runs: NDArray[np.int32], pieces: NDArray[np.int32], which: NDArray[np.intp], count: int
) -> NDArray[np.int32]:
    """The run that each of some pieces is in."""
    found = np.zeros(count, np.int32)
    inside = runs > 0
    found[pieces[inside]] = runs[inside]
    return found[which]


def _clear(ink: Bits, stats: NDArray[np.int32], margin: int) -> NDArray[np.bool_]:
    """Which boxes have no ink close above and none close below them."""
    total = cv2.integral(ink)
    left, top, right, end = stats[:, 0], stats[:, 1], stats[:, 0] + stats[:, 2], stats[:, 1] + stats[:, 3]
    over, under = np.maximum(top - margin, 0), np.minimum(end + margin, len(ink))

    def inked(first: NDArray[np.int32], last: NDArray[np.int32]) -> NDArray[np.int32]:
        return np.asarray(total[last, right] - total[first, right] - total[last, left] + total[first, left])

    return np.asarray((inked(over, top) == 0) & (inked(end, under) == 0))


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

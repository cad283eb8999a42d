"""The words of a scale block: its print without the rules of its boxes, cut where a rule stood and where a wide gap is.

Rules run through letters and join the words of neighbouring cells, so they are taken out first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.bare_ink import mended_ink, rules, slope_of, undashed, undrawn, unspecked, without_rules
from veernet.register.paper import Bits, Paper
from veernet.register.pieces import pieces_of
from veernet.register.text import Line, read_steps, spelled, text_boxes

DIGIT_INCHES = (0.04, 0.17)
_QUARTER = 64
"""A quarter of full ink: what makes a search pixel ink."""
_WIDE_GAP_INCHES = 0.12
"""Between words that are not of one name."""
_FEWEST_LETTERS = 2
_MARGIN = 0.1
"""About what is cut out to be read, of its height."""
_FAR_MARGIN = 0.35
_MENDED_PX = 15
"""Height of print from which on mending its strokes does not close its letters."""
_LEAST_WORD_INCHES = 0.08
"""Of columns with ink in a name."""
_TURNED = 1.8
"""Height over width of a box whose words are turned."""
_FLAT_INCHES = 0.03
"""Height of the dashes of a line, and of the line, at the most."""
A_TAIL = 0.2
"""Ink in a row of tails and brackets over that in a word's fullest row."""


@dataclass(frozen=True)
class Print:
    """What is printed in some rows, in px of the resolution at which it is read.

    Args:
        top: Its first row.
        ink: All of it, ``(rows, columns)``, 0 or 1.
        bare: Without rules.
        down: The rules down the paper.
        slope: By how many rows its rules across fall per column.
        lines: Its words.
        dpi: At which it is read.
        finer: How many times that is the scan's own resolution.
    """

    top: int
    ink: Bits
    bare: Bits
    down: Bits
    slope: float
    lines: tuple[Line, ...]
    dpi: float
    finer: int = 1

    def levelled(self, row: float, column: float) -> float:
        """The row in which something stood if rules were level."""
        return row - self.slope * column


def read_print(paper: Paper, top: float, end: float) -> Print:
    """Read the words between two rows of a scan, full px; those of a grey scan are read by its shades where they are kept, at a finer resolution."""
    first, finer = max(0, int(top) // paper.factor * paper.factor), paper.finer
    ink = paper.print_crop(first, end)
    return print_of(ink, first * finer, paper.dpi * finer, paper.print_factor, finer, cells=True)


def print_of(ink: Bits, top: int, dpi: float, factor: int, finer: int = 1, *, cells: bool = False) -> Print:
    """Read the words of some ink.

    Args:
        ink: As it is read, upright.
        top: Row of the scan that it begins with.
        dpi: Of the ink.
        factor: Px to a px of the image in which words are looked for; they are read at full resolution.
        finer: How many times that is the scan's own: what a line across or down fringes is as wide as a pixel of that.
        cells: Whether names and values stand beside each other, which are lines of their own, and specks are looked out for.
    """
    across, down = rules(ink, dpi)
    slope = slope_of(across, dpi)
    bare = undashed(undrawn(without_rules(ink, across, down, dpi, finer), slope, dpi), dpi)
    bare = unspecked(bare, dpi) if cells else bare
    boxes = [
        part
        for box in text_boxes(_reduced(bare, factor))
        for cell in _parted([round(side * factor) for side in box], down)
        for part in (_spaced(cell, bare, dpi) if cells else [cell])
        if part[2] - part[0] < _TURNED * (part[3] - part[1])
    ]
    read = read_steps([bare[box[0] : box[2], box[1] : box[3]] for box in boxes])
    lines = tuple(_line(box, top, steps) for box, steps in zip(boxes, read, strict=True))
    return Print(top, ink, bare, down, slope, tuple(line for line in lines if line.text), dpi, finer)


def _line(box: Sequence[float], top: int, steps: NDArray[np.float32]) -> Line:
    text, chance = spelled(steps)
    return Line(box[0] + top, box[1], box[2] + top, box[3], text.strip(), chance, steps)


def letters_long(printed: Print, lines: Sequence[Line]) -> float:
    """How many letters some lines have room for, by their length over the height of their letters; 0 where no letter is whole."""
    long, heights = 0.0, []
    for line in lines:
        rows = slice(max(0, round(line.top) - printed.top), max(0, round(line.end) - printed.top))
        ink = mended_ink(printed.bare[rows, max(0, round(line.left)) : max(0, round(line.right))])
        if not ink.any():
            continue
        stats = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=cv2.CV_32S)[2][1:]
        tall = stats[stats[:, cv2.CC_STAT_HEIGHT] >= DIGIT_INCHES[0] * printed.dpi]
        if len(tall):
            long += float((tall[:, 0] + tall[:, 2]).max() - tall[:, 0].min())
            heights += tall[:, cv2.CC_STAT_HEIGHT].tolist()
    return long / float(np.median(heights)) if heights else 0.0


def lines_between(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> list[Line]:
    """What stands between some rows and columns, full px, whether the finder of text has seen it or not, read in several ways."""
    inked = letter_columns(printed, rows, columns)
    if inked is None:
        return []
    first, last = max(0, round(rows[0]) - printed.top), round(rows[1]) - printed.top
    left, right = inked
    ink = printed.bare[first:last, left:right]
    if ink.any(axis=0).sum() < _LEAST_WORD_INCHES * printed.dpi:
        return []
    read = read_steps(renderings(ink))
    return [line for steps in read if (line := _line((first, left, last, right), printed.top, steps)).text]


def renderings(ink: Bits) -> list[Bits]:
    """Print as it is, mended, with more room about it, and with thicker strokes: what readers stumble over differs from one to the next."""
    near, far = (max(2, round(margin * len(ink))) for margin in (_MARGIN, _FAR_MARGIN))
    cut = np.pad(ink, near)
    thick = np.asarray(cv2.dilate(cut, np.ones((2, 2), np.uint8)), np.uint8)
    mended = [mended_ink(cut)] if len(ink) >= _MENDED_PX else []
    return [cut, *mended, np.pad(ink, far), thick]


def letter_columns(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> tuple[int, int] | None:
    """First column of the letters between some rows and columns, full px, and that after their last; None where there are none.

    Letters are pieces as tall as some, not cut by the rows above and below; what is left of a dashed line has none.
    """
    first, last = max(0, round(rows[0]) - printed.top), round(rows[1]) - printed.top
    start, stop = max(0, round(columns[0])), round(columns[1])
    ink = printed.bare[first:last, start:stop]
    if not ink.size:
        return None
    stats = pieces_of(mended_ink(ink))[1][1:]
    whole = (stats[:, cv2.CC_STAT_TOP] > 0) & (stats[:, cv2.CC_STAT_TOP] + stats[:, cv2.CC_STAT_HEIGHT] < len(ink))
    kept = stats[whole & (stats[:, cv2.CC_STAT_HEIGHT] >= DIGIT_INCHES[0] * printed.dpi)]
    if len(kept) < _FEWEST_LETTERS:
        return None
    right = kept[:, cv2.CC_STAT_LEFT] + kept[:, cv2.CC_STAT_WIDTH]
    return start + int(kept[:, cv2.CC_STAT_LEFT].min()), start + int(right.max())


def letter_rows(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> tuple[float, float]:
    """First row of the letters between some rows and columns, full px, in the middle column, and that after their last; these rows where there are none.

    The finder's boxes may reach over the line above or below a word.
    """
    ink = tall_pieces(level_ink(printed, rows, columns, printed.bare), printed.dpi).sum(axis=1)
    inked = np.flatnonzero(ink > A_TAIL * ink.max(initial=0))
    return (rows[0] + int(inked[0]), rows[0] + int(inked[-1]) + 1) if inked.size else rows


def tall_pieces(word: Bits, dpi: float) -> Bits:
    """The print of a word without what is as flat as the dashes of the line below it, which may have been left in it."""
    pieces, stats = pieces_of(np.ascontiguousarray(word))
    tall = stats[:, cv2.CC_STAT_HEIGHT] > max(2.0, _FLAT_INCHES * dpi)
    tall[0] = False
    return np.asarray(tall[pieces].view(np.uint8))


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


def level_ink(printed: Print, rows: tuple[float, float], columns: tuple[float, float], ink: Bits | None = None) -> Bits:
    """Ink between some rows and columns, full px, sheared so that rules run level; the rows are those of the middle column.

    Args:
        printed: The block.
        rows: From which to which.
        columns: The same.
        ink: Of the block; all of it unless given.
    """
    ink = printed.ink if ink is None else ink
    first, last = max(0, round(columns[0])), min(printed.ink.shape[1], round(columns[1]))
    height = round(rows[1] - rows[0])
    if last <= first or height <= 0:
        return np.zeros((0, 0), np.uint8)
    at = np.arange(first, last)
    tops = np.round(rows[0] - printed.top + printed.slope * (at - 0.5 * (first + last))).astype(np.intp)
    wanted = tops + np.arange(height)[:, None]
    inside = (wanted >= 0) & (wanted < len(ink))
    return np.asarray(ink[np.clip(wanted, 0, len(ink) - 1), at] * inside, np.uint8)


def without(lines: Sequence[Line], taken: Sequence[Line]) -> list[Line]:
    """Lines of text but those that stand where some others do, which were taken for numbers at an edge, say."""

    def is_taken(line: Line) -> bool:
        return any(
            min(line.end, number.end) - max(line.top, number.top)
            > 0.5 * min(number.end - number.top, line.end - line.top)
            and min(line.right, number.right) - max(line.left, number.left) > 0.6 * (line.right - line.left)
            for number in taken
        )

    return [line for line in lines if not is_taken(line)]

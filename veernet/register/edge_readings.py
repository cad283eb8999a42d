"""How the ink of a number at the edge of a track is read: its minus by its shape, one that is a single digit several times side by side.

Readers take a digit that stands alone for a letter or a blot, and a minus before others for one of them. A minus is told by its shape, a flat
piece half-way up, and cut off; a lone digit is shown to the reader as three of itself, and its text is the digit whose three are likeliest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.block_words import Print, renderings
from veernet.register.numbers import as_number, best_text, log_chance
from veernet.register.paper import Bits
from veernet.register.pieces import pieces_of
from veernet.register.text import Line, read_steps

NUMBER = re.compile(r"^-?(?=[\d.]{1,8}$)(\d+\.?\d*|\.\d+)$")
"""As values are printed: what is longer is something else."""
SHOWN = 3
"""How often a lone digit is shown to the reader."""
_DIGITS = "0123456789"
_LONE = 0.95
"""Width over height of a number of one digit."""
_SURELY = 1.0 - 0.012
"""Chance of what the reader is wholly sure of, at each step."""
_SURE_READ = 0.9
"""Chance from which on a number is not read again."""
_BESIDE = 0.2
"""Of a digit's height, between it and the next."""
_CLOSE_SET = 0.12
"""The same where digits stand wide apart, as those of printers do."""
_WIDE_SET = 0.35
"""Of their height, from the ink of one to that of the next."""
_FLAT, _LONG, _SLIM = 0.34, 0.2, 1.3
"""Of the height of the digits, how high a minus is at most and how long it is at the least; its length over its height, at the least."""
_HALF_WAY = (0.3, 0.8)
"""Where its middle is, from their top down."""
_TALL = 0.6


@dataclass(frozen=True)
class Number(Line):
    """A number at an edge of a track.

    Args:
        lone: Whether it is one digit, read `SHOWN` times side by side.
        minus: Whether a minus stands before it, which the readings are without.
        others: The chances of characters along it in other readings.
    """

    lone: bool = False
    minus: bool = False
    others: tuple[NDArray[np.float32], ...] = field(default=(), compare=False, repr=False)

    @property
    def readings(self) -> tuple[NDArray[np.float32], ...]:
        """The chances of characters along it in all readings."""
        return (self.steps, *self.others)


def read_numbers(
    crops: Sequence[Bits], boxes: Sequence[tuple[int, int, int, int]], top: int, left: int, *, surely: bool = False
) -> list[Number]:
    """Those of some crops that are numbers.

    Args:
        crops: Of print, each with some ink.
        boxes: Their left, top, right and end, counted from a row and a column of the scan.
        top: This row.
        left: This column.
        surely: Whether what looks like a lone digit is one, however it is read.
    """
    signed = [_signed(_tight(crop)) for crop in crops]
    lone = [_is_lone(digits) for _, digits in signed]
    shown = [_padded(_as_shown(digits, alone=alone)) for (_, digits), alone in zip(signed, lone, strict=True)]
    found = []
    for box, (minus, _), alone, steps in zip(boxes, signed, lone, read_steps(shown), strict=True):
        at = Number(box[1] + top, box[0] + left, box[3] + top, box[2] + left, "", 0.0, lone=alone, minus=minus)
        number = _number(at, steps, surely=surely)
        if number is not None:
            found.append(number)
    return found


def surer(printed: Print, line: Line) -> Line:
    """A number that was not read surely, read in more ways: it is as the surest of them has it, and in a vote they count together."""
    top, end = round(line.top) - printed.top, round(line.end) - printed.top
    left, right = max(0, round(line.left)), round(line.right)
    ink = np.where(printed.down[top:end, left:right] > 0, 0, printed.bare[top:end, left:right]).astype(np.uint8)
    if line.confidence >= _SURE_READ or not ink.any():
        return line
    minus, digits = _signed(_tight(ink))
    alone = _is_lone(digits)
    first = (
        line
        if isinstance(line, Number)
        else Number(line.top, line.left, line.end, line.right, line.text, line.confidence, line.steps)
    )
    if (first.lone, first.minus) != (alone, minus):
        return line
    read = read_steps(renderings(_as_shown(digits, alone=alone)))
    found = [number for steps in read if (number := _number(first, steps)) is not None]
    best = max([first, *found], key=lambda number: number.confidence)
    return replace(best, steps=first.steps, others=tuple(number.steps for number in found))


def undotted(text: str) -> str:
    """A number without dirt at its ends that was read as points."""
    return text.strip(".") if text.count(".") > 1 or text.endswith(".") else text


def chance_of(chance: float, steps: NDArray[np.float32]) -> float:
    """The chance of a reading of a number, 1 for what the reader is wholly sure of."""
    return min(1.0, chance / _SURELY ** len(steps))


def _number(at: Number, steps: NDArray[np.float32], *, surely: bool = False) -> Number | None:
    """The number that a reading of some print makes, if it makes one."""
    logs = as_number(steps.astype(np.float64))
    text, chance = best_text(logs)
    text = undotted(text)
    if at.lone:
        digit = text[:1] if text == SHOWN * text[:1] else ""
        if surely and not digit:
            chances = [float(log_chance(logs[None], [SHOWN * each])[0]) for each in _DIGITS]
            digit, chance = _DIGITS[int(np.argmax(chances))], float(np.exp(max(chances)))
        text = digit
    text = "-" * at.minus + text
    if not NUMBER.match(text):
        return None
    return replace(at, text=text, confidence=chance_of(chance, steps), steps=steps)


def _signed(ink: Bits) -> tuple[bool, Bits]:
    """Whether a minus stands before some digits, and these."""
    stats = pieces_of(ink)[1][1:]
    tall = stats[:, cv2.CC_STAT_HEIGHT].max()
    kept = stats[stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= _LONG * tall]
    first, *others = kept[np.argsort(kept[:, cv2.CC_STAT_LEFT])].tolist()
    if not others:
        return False, ink
    left, top, width, height, _ = first
    start, high = others[0][0], [each[1] for each in others if each[3] >= _TALL * tall]
    if not high or others[0][3] < _TALL * tall or start < left + width:
        return False, ink
    middle = (top + 0.5 * height - min(high)) / tall
    is_minus = height <= _FLAT * tall and width >= max(_SLIM * height, _LONG * tall)
    if not (is_minus and _HALF_WAY[0] <= middle <= _HALF_WAY[1]):
        return False, ink
    return True, _tight(ink[:, left + width :])


def _is_lone(ink: Bits) -> bool:
    return bool(ink.shape[1] <= _LONE * ink.shape[0])


def _tight(ink: Bits) -> Bits:
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _as_shown(digits: Bits, *, alone: bool) -> Bits:
    """Digits as the reader reads them best."""
    return _side_by_side(digits) if alone else _close_set(digits)


def _close_set(digits: Bits) -> Bits:
    """Digits without what is too much of the gaps between them: readers pass over a point that stands far from both its neighbours."""
    columns = np.flatnonzero(digits.any(axis=0))
    if np.diff(columns).max(initial=0) <= _WIDE_SET * len(digits):
        return digits
    columns = np.arange(digits.shape[1])
    last_inked = np.maximum.accumulate(np.where(digits.any(axis=0), columns, 0))
    return np.asarray(digits[:, columns - last_inked <= max(1, round(_CLOSE_SET * len(digits)))])


def _side_by_side(digit: Bits) -> Bits:
    """A digit several times side by side: readers take one that stands alone for a letter or a blot, hardly three."""
    gap = np.zeros((len(digit), max(1, round(_BESIDE * len(digit)))), np.uint8)
    return np.concatenate([digit, *[part for _ in range(SHOWN - 1) for part in (gap, digit)]], axis=1)


def as_lone_digit(ink: Bits) -> Bits:
    """The ink of a digit that stands alone, as it is shown to the reader."""
    return _padded(_side_by_side(_tight(ink)))


def _padded(ink: Bits) -> Bits:
    return np.pad(ink, max(2, round(0.2 * len(ink))))

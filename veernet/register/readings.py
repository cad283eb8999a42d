"""What a line of print says when it is shown to the reader in several ways: sure where enough of these say the same letters.

A reader is unsure whether a letter that looks the same in both cases is a capital, and where words part. Neither tells names from each other, so both count for nothing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.at_once import at_once
from veernet.register.block_words import renderings
from veernet.register.facts import letters
from veernet.register.paper import Bits
from veernet.register.text import CHARACTERS, read_steps, spelled

READ_ONCE = 0.8
"""Most that a line is sure by fewer readings than these: each for itself is too sure."""
_ENOUGH = 3
_CONTRADICTS, _OF_A_NUMBER = 0.8, 0.6
"""Chance from which on a reading of other letters counts, and one of other digits: of a number, nothing else tells a misread one."""
_LETTER = 0.25
"""Height of a letter over that of its line's box, at the least."""
_MARGIN = 0.1
_NO = re.compile(r"\bN0(?=[. ])")
"""As forms print it before a well's number; where both look the same a reader takes what stands before a digit for one."""
_CASES = [(1 + CHARACTERS.index(each.upper()), 1 + CHARACTERS.index(each)) for each in "abcdefghijklmnopqrstuvwxyz"]
"""Classes of the reader that are one letter, as a capital and as a small one."""


@dataclass(frozen=True)
class Reading:
    """One reading: its text, that in letters and digits alone, and how sure the worst of these is, whatever its case."""

    text: str
    said: str
    chance: float


def readings(ink: Bits, first: NDArray[np.float32]) -> list[Reading]:
    """What a line says as it was found, cut to its letters, and shown in other ways.

    Args:
        ink: Of the line, ``(rows, columns)``.
        first: What was read when it was found, step by step, ``(n, 96)``; empty where that is not known.
    """
    # One at a time: what is read beside a longer one gets room behind it, and is read worse.
    shown = at_once(lambda crop: read_steps([crop])[0], [*_own_box(ink), *renderings(ink)])
    return [reading for steps in (first, *shown) if (reading := _reading(steps)).said]


def agreed(found: Sequence[Reading]) -> tuple[str, float]:
    """What most readings say, and how sure that is: as the third of those that say it, unless another contradicts them."""
    said = max({each.said for each in found}, key=lambda said: _votes(found, said), default="")
    alike = sorted((each for each in found if each.said == said), key=lambda each: -each.chance)
    if not alike:
        return "", 0.0
    text = _as_most_write(alike)
    if len(alike) < _ENOUGH or any(_contradicts(each, said) for each in found):
        return text, min(alike[0].chance, READ_ONCE)
    return text, alike[_ENOUGH - 1].chance


def _as_most_write(alike: Sequence[Reading]) -> str:
    """The text of readings of the same letters, with the marks that most have, and the most spaces that two have: readers lose these, and rarely add one."""
    marks = Counter(each.text.replace(" ", "") for each in alike).most_common(1)[0][0]
    texts = Counter(each.text for each in alike if each.text.replace(" ", "") == marks)
    return max(texts, key=lambda text: (texts[text] > 1, text.count(" ")))


def _votes(found: Sequence[Reading], said: str) -> tuple[float, str]:
    return sum(each.chance for each in found if each.said == said), said


def _contradicts(other: Reading, said: str) -> bool:
    """Readers lose letters, narrow ones mostly, but add none: what another has more is of ink that these have lost, however badly it is read."""
    if len(other.said) > len(said):
        return True
    if _digits(other.said) != _digits(said):
        return other.chance >= _OF_A_NUMBER
    return other.chance >= _CONTRADICTS and not _is_part(other.said, said)


def _is_part(some: str, of: str) -> bool:
    """Whether letters stand in a text in their order, others between them."""
    rest = iter(of)
    return all(letter in rest for letter in some)


def _digits(said: str) -> str:
    return re.sub(r"\D", "", said)


def _reading(steps: NDArray[np.float32]) -> Reading:
    text = " ".join(spelled(steps)[0].replace("_", " ").split())
    said, chance = _letters_read(steps)
    if letters(text) != said:
        return Reading(said, said, chance)
    text = _NO.sub("NO", text)
    return Reading(text, letters(text), chance)


def _letters_read(steps: NDArray[np.float32]) -> tuple[str, float]:
    """The likeliest letters and digits, and how sure the worst of them is."""
    if not len(steps):
        return "", 0.0
    one_case = steps.copy()
    for capital, small in _CASES:
        one_case[:, capital] += one_case[:, small]
        one_case[:, small] = 0.0
    best = one_case.argmax(axis=1)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]))
    chances = np.maximum.reduceat(one_case.max(axis=1), starts)
    read = [
        (CHARACTERS[index - 1], float(chance)) for index, chance in zip(best[starts], chances, strict=True) if index
    ]
    kept = [(character, chance) for character, chance in read if character.isalnum()]
    return "".join(character for character, _ in kept), min((chance for _, chance in kept), default=0.0)


def _own_box(ink: Bits) -> list[Bits]:
    """A line cut to its letters' own box; none where it has no letters."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    tall = stats[1:][stats[1:, cv2.CC_STAT_HEIGHT] >= _LETTER * len(ink)]
    if not len(tall):
        return []
    top, end = int(tall[:, 1].min()), int((tall[:, 1] + tall[:, 3]).max())
    left, right = int(stats[1:, 0].min()), int((stats[1:, 0] + stats[1:, 2]).max())
    return [np.pad(ink[top:end, left:right], max(1, round(_MARGIN * (end - top))))]

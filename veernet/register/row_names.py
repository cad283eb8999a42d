"""What a row of a scale block may name: by the chances of its letters, read once, or in several ways where that is not clear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet.register.block_words import Print, letters_long, lines_between
from veernet.register.mnemonics import named
from veernet.register.spelling import Spelled, mixed, spelled_names
from veernet.register.text import Line

_FEWEST_LETTERS, _MOST_LETTERS = 1, 40
"""Of a name."""
_TOO_LONG = 1.7
"""Letters that a line has room for, over those that were read: the others were lost."""
_A_NAME, _A_LETTER = 4.7, 5.5
"""Nats that one name of all that are known costs, and a letter of it that is not as it should be."""
_CLEARLY = 2.0
"""Nats by which a name must be likelier than one that nobody knows."""
_ALONE = 6.0
"""Nats by which it must be likelier than any other that is known, not to be read again."""
_RUN = re.compile(r"\brun\s*\d(\s*(&|and|,)\s*\d)*", re.IGNORECASE)


@dataclass(frozen=True)
class Name:
    """Words of a row: as read, and what they may name."""

    text: str
    lines: tuple[Line, ...]
    spelled: Spelled | None

    @property
    def known(self) -> bool:
        """Whether they are clearly likelier a name that is known than any other."""
        return self.spelled is not None and is_known(self.spelled)

    @property
    def clear(self) -> bool:
        """Whether they are also clearly likelier this one than any other that is known."""
        return self.spelled is not None and self.known and _ahead(self.spelled) > _ALONE


def name_of(printed: Print, words: Sequence[Line]) -> Name:
    """What some words may name."""
    text = _RUN.sub("", " ".join(line.text for line in words)).strip()
    return Name(text, tuple(words), _spelled(printed, text, words))


def name_between(printed: Print, rows: tuple[float, float], columns: tuple[float, float]) -> Name | None:
    """The name that stands between some rows and columns, full px, as several readings of its ink together tell it."""
    found = [name_of(printed, [line]) for line in lines_between(printed, rows, columns)]
    told = [each for each in found if each.spelled is not None]
    if not told:
        return None
    best = max(told, key=lambda each: _clearness(each.spelled) if each.spelled else 0.0)
    return Name(best.text, best.lines, mixed([each.spelled for each in told if each.spelled]))


def is_known(spelled: Spelled) -> bool:
    """Whether words are clearly likelier a name that is known than any other."""
    return _clearness(spelled) > _CLEARLY


def likelier(one: Name, other: Name) -> bool:
    """Whether the first of two is more clearly a name that is known."""
    if one.spelled is None or other.spelled is None:
        return one.spelled is not None
    return _clearness(one.spelled) > _clearness(other.spelled)


def _clearness(spelled: Spelled) -> float:
    """Nats by which a name that is known is likelier than one that nobody knows."""
    return max(spelled.named.values()) - spelled.other


def _ahead(spelled: Spelled) -> float:
    """Nats by which the likeliest curve is before the next."""
    best: dict[str, float] = {}
    for (mnemonic, _), chance in spelled.named.items():
        best[mnemonic] = max(best.get(mnemonic, -np.inf), chance)
    first, second = sorted(best.values())[:-3:-1]
    return first - second


def _spelled(printed: Print, text: str, words: Sequence[Line]) -> Spelled | None:
    """What words may name: by their letters' chances, and as they were read with what stands about a name left out."""
    if not _FEWEST_LETTERS <= sum(letter.isalpha() for letter in text) <= _MOST_LETTERS:
        return None
    room = letters_long(printed, words)
    found = spelled_names(np.concatenate([line.steps for line in words]), room)
    by_text = named(text)
    if found is not None and by_text.known is not None and room < _TOO_LONG * len(text):
        key = (by_text.known.mnemonic, by_text.unit if by_text.unit in by_text.known.units else None)
        off = _A_NAME + _A_LETTER * (1 - by_text.likeness) * found.letters
        found.named[key] = max(found.named[key], found.path - off)
    return found

"""Which curve a printed name is: the chance of every name that the field has, not the likeliest letters.

The reader tells for each step along a line which character is there, or none. So the chance of any text can be asked for: broken, touching and blotted
letters still speak for the names that they may be, and a name with its unit is told apart from the others though hardly a letter is read alone.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet.register.mnemonics import KNOWN, UNITS, Known
from veernet.register.numbers import ways
from veernet.register.text import CHARACTERS

Floats = NDArray[np.float64]

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%"
"""That names are told by; all that stands between them is none."""
_LOOKS_LIKE = {
    "O": "0DQ", "0": "OQD", "I": "1L|!T", "1": "I|!L", "L": "1I", "S": "5", "5": "S", "B": "8", "8": "B", "G": "6C", "6": "G", "Z": "2",
    "2": "Z", "M": "NH", "N": "MH", "H": "NM", "P": "F", "F": "P", "E": "F", "R": "A", "U": "V", "V": "U", "A": "R4", "D": "O0", "C": "G",
    "T": "I1", "3": "8B", "%": "8X",
}  # fmt: skip
_ALIKE = 0.03
"""Of the chance of a character that looks like it, what a letter is given."""
_LEAST = 0.003
"""Chance of any letter anywhere: the reader is never that sure."""
_A_LETTER = 3.2
"""Nats that each letter of a name costs that nobody knows."""
_WIDTH, _ANY_WIDTH, _WIDTHS = 1.0, 0.25, 0.2
"""Of a letter and what is between it and the next, over its height; how far faces are from it, and how that spreads further, as logarithms."""
_BRACKETS = 2.5
"""Letters that the brackets about a unit and the space before it take."""
_FAR = 10.0
_WORST, _WORST_LETTER = 2.0, 1.6
"""Nats by which a name, and each of its letters, may be less likely than the likeliest letters."""
_NEVER = 1000.0
_LEAST_OF_ALL = 1e-300
_MOST_LETTERS = 40


@dataclass(frozen=True)
class Spelled:
    """What a line of print says of curves, in nats.

    Args:
        named: For each curve, and each of its units or none that is printed with it, the logarithm of the chance of the print.
        other: The same of the likeliest letters, as a name that nobody knows.
        path: The same of these letters, whatever they are.
        letters: How many these are.
    """

    named: dict[tuple[str, str | None], float]
    other: float
    path: float
    letters: int


@functools.cache
def _fold() -> Floats:
    """Of each of the reader's characters, and none, for how much it counts as a letter of ours, ``(96, 38)``."""
    fold = np.zeros((1 + len(CHARACTERS), 1 + len(LETTERS)))
    fold[0, 0] = 1.0
    for index, character in enumerate(CHARACTERS, start=1):
        upper = character.upper()
        if upper not in LETTERS:
            fold[index, 0] = 1.0
        for letter, column in zip(LETTERS, range(1, 1 + len(LETTERS)), strict=True):
            if upper == letter:
                fold[index, column] = 1.0
            elif upper in _LOOKS_LIKE.get(letter, ""):
                fold[index, column] = _ALIKE
    return fold


@functools.cache
def _names() -> tuple[tuple[tuple[str, str | None], ...], NDArray[np.intp], NDArray[np.intp], Floats]:
    """Every name with and without each of its units: what it names, its letters as `ways` takes them, how usual it is."""
    keys: list[tuple[str, str | None]] = []
    texts: list[str] = []
    usual: list[float] = []
    for known in KNOWN:
        names = [_plain(alias) for alias in known.aliases]
        units = [(unit, spelled) for unit in known.units for spelled in UNITS.get(unit, ())]
        for name in names:
            told = [(None, name), *((unit, name + spelled) for unit, spelled in units)]
            keys += [(known.mnemonic, unit) for unit, _ in told]
            texts += [text for _, text in told]
            usual += [-np.log(len(KNOWN) * len(names) * len(told))] * len(told)
    symbols = np.zeros((len(texts), 2 * max(map(len, texts)) + 1), np.intp)
    for index, text in enumerate(texts):
        symbols[index, 1 : 2 * len(text) : 2] = [LETTERS.index(letter) + 1 for letter in text]
    return tuple(keys), symbols, np.array([len(text) for text in texts], np.intp), np.array(usual)


def _plain(words: str) -> str:
    return "".join(letter for letter in words.upper() if letter in LETTERS)


def spelled_names(steps: NDArray[np.float32], room: float = 0.0) -> Spelled | None:
    """What a line says of curves; None of no line.

    Args:
        steps: The chances of the reader's characters along it, ``(n, 96)``.
        room: Its length over its height, 0 if that is not known: a short name is not what is left of a long one.
    """
    if not len(steps):
        return None
    folded = steps.astype(np.float64) @ _fold()
    chances = folded * (1 - _LEAST * folded.shape[1]) + _LEAST
    keys, symbols, lengths, usual = _names()
    logs = np.log(
        np.maximum(ways(np.broadcast_to(chances, (len(lengths), *chances.shape)), symbols, lengths), _LEAST_OF_ALL)
    )
    best = chances.argmax(axis=1)
    read = best[np.append(True, best[1:] != best[:-1])]
    read = read[read > 0][:_MOST_LETTERS]
    path = _text_chance(chances, read)
    # What can hardly be read may be anything: a short name is no better an account of it than another.
    logs = np.where(path - logs > _WORST + _WORST_LETTER * lengths, -_NEVER, logs)
    if room:
        away = np.abs(np.log(room / (_WIDTH * (lengths + [_BRACKETS * (unit is not None) for _, unit in keys]))))
        logs = logs - np.minimum(_FAR, 0.5 * (np.maximum(0.0, away - _ANY_WIDTH) / _WIDTHS) ** 2)
    named: dict[tuple[str, str | None], float] = {}
    for key, found in zip(keys, logs + usual, strict=True):
        named[key] = float(np.logaddexp(named.get(key, -np.inf), found))
    return Spelled(named, path - _A_LETTER * len(read), path, len(read))


def mixed(readings: Sequence[Spelled]) -> Spelled:
    """What several readings of the same print say, of which any may be the faithful one."""
    many = -float(np.log(len(readings)))
    return Spelled(
        {key: many + float(np.logaddexp.reduce([each.named[key] for each in readings])) for key in readings[0].named},
        many + float(np.logaddexp.reduce([each.other for each in readings])),
        many + float(np.logaddexp.reduce([each.path for each in readings])),
        max(readings, key=lambda each: each.path).letters,
    )


def _text_chance(chances: Floats, letters: Sequence[int] | NDArray[np.intp]) -> float:
    symbols = np.zeros((1, 2 * len(letters) + 1), np.intp)
    symbols[0, 1::2] = letters
    found = ways(np.broadcast_to(chances, (1, *chances.shape)), symbols, np.array([len(letters)], np.intp))
    return float(np.log(max(found[0], _LEAST_OF_ALL)))


def known_as(mnemonic: str) -> Known:
    """The curve of a mnemonic."""
    return next(known for known in KNOWN if known.mnemonic == mnemonic)

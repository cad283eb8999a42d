"""How likely each number is, given the ink of a printed label.

The reader of text says for each place along a label which character is there, or none (connectionist temporal classification). So
the chance of any number can be asked for, not only the best reading, and broken, touching or blotted digits still vote for what they may be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits
from veernet.register.text import CHARACTERS as TEXT
from veernet.register.text import characters

Floats = NDArray[np.float64]

CHARACTERS = "0123456789.-"
"""That a number is made of; before them stands none."""

_LOOKS_LIKE = {
    "0": "0oOQDUC",
    "1": "1IlitTr|!/JL",
    "2": "2Z",
    "3": "3",
    "4": "4uyhH",
    "5": "5S",
    "6": "6bG",
    "7": "7",
    "8": "8B",
    "9": "9gq",
    ".": ".,:",
    "-": "-",
}
"""Where a number stands, these are its digits."""
_CLASSES = [np.array([0])] + [np.array([TEXT.index(like) + 1 for like in _LOOKS_LIKE[each]]) for each in CHARACTERS]
LEAST = 0.001
"""Chance of any character anywhere: the reader is never that sure."""
_WIDTH = 112
_BATCH = 16
_LEAST_OF_ALL = 1e-300


def read(labels: Sequence[Bits], width: int = _WIDTH) -> Floats:
    """Log-probabilities of none and of each of `CHARACTERS` along some labels, ``(n, width / 8, 13)``, at 48 rows and a width in px."""
    found = [np.zeros((0, width // 8, len(_CLASSES)))]
    for first in range(0, len(labels), _BATCH):
        chances = characters(labels[first : first + _BATCH], width).astype(np.float64)
        found.append(as_number(chances))
    return np.concatenate(found)


def as_number(chances: Floats) -> Floats:
    """Log-probabilities as `read` gives them, of the chances of the reader's own characters, ``(..., 96)`` to ``(..., 13)``."""
    found = np.stack([chances[..., like].sum(axis=-1) for like in _CLASSES], axis=-1)
    return np.asarray(np.log(found * (1 - LEAST * len(_CLASSES)) + LEAST))


def best_text(logs: Floats) -> tuple[str, float]:
    """The likeliest reading of one label, column by column, and its chance."""
    best = logs.argmax(axis=1)
    kept = best[np.append(True, best[1:] != best[:-1])]
    text = "".join(CHARACTERS[index - 1] for index in kept if index)
    return text, float(np.exp(log_chance(logs[None], [text])[0]))


def log_chance(logs: Floats, texts: Sequence[str]) -> Floats:
    """The logarithm of the chance that each label says its text, ``(n,)``: the sum over all ways along it.

    Args:
        logs: Of some labels, ``(n, steps, 13)``.
        texts: Of `CHARACTERS`, one a label.
    """
    symbols = np.zeros((len(texts), 2 * max(map(len, texts), default=0) + 1), np.intp)
    for index, text in enumerate(texts):
        symbols[index, 1 : 2 * len(text) : 2] = [CHARACTERS.index(character) + 1 for character in text]
    lengths = np.array([len(text) for text in texts], np.intp)
    return np.asarray(np.log(np.maximum(ways(np.exp(logs), symbols, lengths), _LEAST_OF_ALL)))


@numba.njit(cache=True)
def ways(chances: Floats, symbols: NDArray[np.intp], lengths: NDArray[np.intp]) -> Floats:
    """Sum over the ways along each label: none or a character at each step, with any number of nones between characters."""
    found = np.zeros(len(lengths))
    for label in range(len(lengths)):
        states = 2 * lengths[label] + 1
        paths = np.zeros(states)
        paths[0] = 1.0
        for step in range(chances.shape[1]):
            for state in range(states - 1, -1, -1):
                way = paths[state]
                if state > 0 and (step > 0 or state == 1):
                    way += paths[state - 1]
                # A step over the none between two characters is allowed where they differ.
                if state > 2 and state % 2 == 1 and symbols[label, state] != symbols[label, state - 2]:
                    way += paths[state - 2]
                paths[state] = way * chances[label, step, symbols[label, state]]
        found[label] = paths[states - 1] + (paths[states - 2] if states > 1 else 0.0)
    return found

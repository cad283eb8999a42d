"""How likely each number is, given the ink of a printed label.

The reader of text says for each place along a label which character is there, or none (connectionist temporal classification). So
the chance of any number can be asked for, not only the best reading, and broken, touching or blotted digits still vote for what they may be.
"""

from __future__ import annotations

from collections.abc import Sequence

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
_LEAST = 0.001
"""Chance of any character anywhere: the reader is never that sure."""
_WIDTH = 112
_BATCH = 16
_IMPOSSIBLE = -1e30


def read(labels: Sequence[Bits], width: int = _WIDTH) -> Floats:
    """Log-probabilities of none and of each of `CHARACTERS` along some labels, ``(n, width / 8, 13)``, at 48 rows and a width in px."""
    found = [np.zeros((0, width // 8, len(_CLASSES)))]
    for first in range(0, len(labels), _BATCH):
        chances = characters(labels[first : first + _BATCH], width).astype(np.float64)
        found.append(np.stack([chances[:, :, like].sum(axis=2) for like in _CLASSES], axis=2))
    return np.asarray(np.log(np.concatenate(found) * (1 - _LEAST * len(_CLASSES)) + _LEAST))


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
    states = 2 * max(map(len, texts), default=0) + 1
    symbols = np.zeros((len(texts), states), np.intp)
    for index, text in enumerate(texts):
        symbols[index, 1 : 2 * len(text) : 2] = [CHARACTERS.index(character) + 1 for character in text]
    # A step over the blank between two characters is allowed where they differ.
    may_skip = np.zeros(symbols.shape, bool)
    may_skip[:, 3::2] = symbols[:, 3::2] != symbols[:, 1:-2:2]
    seen = np.take_along_axis(logs, np.broadcast_to(symbols[:, None], (*logs.shape[:2], states)), axis=2)
    ways = np.full(symbols.shape, _IMPOSSIBLE)
    ways[:, :2] = seen[:, 0, :2]
    for step in range(1, logs.shape[1]):
        move = np.pad(ways[:, :-1], ((0, 0), (1, 0)), constant_values=_IMPOSSIBLE)
        skip = np.pad(ways[:, :-2], ((0, 0), (2, 0)), constant_values=_IMPOSSIBLE) if states > 2 else move
        skip = np.where(may_skip, skip, _IMPOSSIBLE)
        ways = np.logaddexp(np.logaddexp(ways, move), skip) + seen[:, step]
    ends = 2 * np.array([len(text) for text in texts])
    rows = np.arange(len(texts))
    last = ways[rows, ends]
    return np.asarray(np.where(ends > 0, np.logaddexp(last, ways[rows, np.maximum(ends - 1, 0)]), last))

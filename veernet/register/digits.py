"""A small reader of printed numbers: how likely each number is, given the ink of a label.

A convolutional network looks at a label brought to one height, and says for each of its columns which character is there, or none
(connectionist temporal classification). So the chance of any number can be asked for, not only the best reading, and broken, touching or
blotted digits still vote for what they may be.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor, nn

from veernet.register.paper import Bits

Floats = NDArray[np.float64]

CHARACTERS = "0123456789.-"
HEIGHT, WIDTH = 32, 112
"""Of a label as the network sees it."""
STEPS = WIDTH // 4

_WEIGHTS = Path(__file__).with_name("digits.safetensors")
_IMPOSSIBLE = -1e30


class DigitReader(nn.Module):
    """``(n, 1, 32, 112)`` of ink, 0 to 1, to log-probabilities ``(n, 28, 13)``: none, then `CHARACTERS`."""

    def __init__(self, width: int = 12) -> None:
        super().__init__()
        channels = (1, width, 2 * width, 4 * width, 4 * width)
        layers: list[nn.Module] = []
        for index, pool in enumerate(((2, 2), (2, 2), (2, 1), (2, 1))):
            layers += [
                nn.Conv2d(channels[index], channels[index + 1], 3, padding=1, bias=False),
                nn.BatchNorm2d(channels[index + 1]),
                nn.ReLU(inplace=True),
                nn.MaxPool2d(pool),
            ]
        self.body = nn.Sequential(*layers)
        self.along = nn.Sequential(
            nn.Conv1d(8 * width, 6 * width, 5, padding=2),
            nn.ReLU(inplace=True),
            nn.Conv1d(6 * width, 6 * width, 3, padding=1),
        )
        self.head = nn.Conv1d(6 * width, len(CHARACTERS) + 1, 1)

    def forward(self, labels: Tensor) -> Tensor:
        """Log-probabilities of the characters along each label."""
        features = self.body(labels)
        logits: Tensor = self.head(torch.relu(self.along(features.flatten(1, 2))))
        return logits.transpose(1, 2).log_softmax(-1)


def normalised(ink: Bits) -> NDArray[np.float32]:
    """The ink of a label, text upright, brought to the size that the network sees."""
    height, width = ink.shape
    scale = min(HEIGHT / height, WIDTH / width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = cv2.resize(ink.astype(np.float32), size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    label = np.zeros((HEIGHT, WIDTH), np.float32)
    top, left = (HEIGHT - size[1]) // 2, (WIDTH - size[0]) // 2
    label[top : top + size[1], left : left + size[0]] = small
    return label


@functools.cache
def shipped_reader() -> DigitReader:
    """The reader with its shipped weights."""
    reader = DigitReader()
    reader.load_state_dict(load_file(_WEIGHTS))
    return reader.eval()


def read(labels: Sequence[Bits]) -> Floats:
    """Log-probabilities of the characters along some labels, ``(n, 28, 13)``."""
    if not labels:
        return np.zeros((0, STEPS, len(CHARACTERS) + 1))
    batch = torch.from_numpy(np.stack([normalised(label) for label in labels])[:, None])
    with torch.inference_mode():
        return np.asarray(shipped_reader()(batch).numpy(), np.float64)


def best_text(logs: Floats) -> tuple[str, float]:
    """The likeliest reading of one label, column by column, and its chance."""
    best = logs.argmax(axis=1)
    kept = best[np.append(True, best[1:] != best[:-1])]
    text = "".join(CHARACTERS[index - 1] for index in kept if index)
    return text, float(np.exp(log_chance(logs[None], [text])[0, 0]))


def log_chance(logs: Floats, texts: Sequence[str]) -> Floats:
    """The logarithm of the chance of each text for each label, ``(labels, texts)``.

    Args:
        logs: Of some labels, ``(labels, 28, 13)``.
        texts: Of `CHARACTERS`.
    """
    longest = max(map(len, texts), default=0)
    states = 2 * longest + 1
    symbols = np.zeros((len(texts), states), np.intp)
    for index, text in enumerate(texts):
        symbols[index, 1 : 2 * len(text) : 2] = [CHARACTERS.index(character) + 1 for character in text]
    ends = np.array([2 * len(text) for text in texts])
    # A step over the blank between two characters is allowed where they differ.
    may_skip = np.zeros(symbols.shape, bool)
    may_skip[:, 3::2] = symbols[:, 3::2] != symbols[:, 1:-2:2]
    ways = np.full((len(logs), len(texts), states), _IMPOSSIBLE)
    ways[..., 0] = 0.0
    first = True
    for step in range(logs.shape[1]):
        seen = logs[:, step][:, symbols]
        if first:
            ways = np.full_like(ways, _IMPOSSIBLE)
            ways[..., :2] = seen[..., :2]
            first = False
            continue
        stay = ways
        move = np.full_like(ways, _IMPOSSIBLE)
        move[..., 1:] = ways[..., :-1]
        skip = np.full_like(ways, _IMPOSSIBLE)
        skip[..., 2:] = np.where(may_skip[:, 2:], ways[..., :-2], _IMPOSSIBLE)
        ways = np.logaddexp(np.logaddexp(stay, move), skip) + seen
    last = np.take_along_axis(ways, np.broadcast_to(ends[:, None], (len(logs), len(texts), 1)), axis=2)[..., 0]
    before = np.take_along_axis(
        ways, np.broadcast_to(np.maximum(ends - 1, 0)[:, None], (len(logs), len(texts), 1)), axis=2
    )[..., 0]
    return np.asarray(np.where(ends > 0, np.logaddexp(last, before), last))

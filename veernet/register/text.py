"""Printed text: where its lines are and what they say, by the two networks of PP-OCRv4 on OpenCV's own runtime.

Their weights (Apache-2.0) lie beside this file; docs/register.md says where they come from. Nothing is fetched at run time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import LifoQueue
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.at_once import MOST_AT_ONCE, at_once, cores
from veernet.register.paper import Bits

Floats = NDArray[np.float64]

CHARACTERS = "'208-7>:],13!|;H./*54(6)su[9SYFDAPT@%\"r=q?Jl&xzetb<Lwih+IBN^_M}~ZCoEf\\UapyngQOk$cvWRGdKXm`V#{j "
"""Of the reader, in the order of its classes; before them stands none."""

_HERE = Path(__file__).parent
READER = _HERE / "text_reader.onnx"
_READER_HEIGHT = 48
_BATCH = 16
_SIDE = 32
_INK_LEVEL = 0.3
_BOX_LEVEL = 0.5
_SMALLEST_BOX_PX = 3
_GROWTH = 1.6


@dataclass(frozen=True)
class Line:
    """A line of text: its box in the image that was looked at, its words, how sure the worst of them is, and all else it may say.

    ``steps`` are the chances of none and of each of `CHARACTERS` along it, ``(n, 96)``, empty where they were not kept.
    """

    top: float
    left: float
    end: float
    right: float
    text: str
    confidence: float
    steps: NDArray[np.float32] = field(
        default_factory=lambda: np.zeros((0, 1 + len(CHARACTERS)), np.float32), compare=False, repr=False
    )

    @property
    def digits(self) -> int:
        """Of its words."""
        return sum(map(str.isdigit, self.text))

    @property
    def height(self) -> float:
        """Of its box."""
        return self.end - self.top


def text_boxes(ink: Bits) -> list[tuple[float, float, float, float]]:
    """Boxes around lines of text: top, left, end, right."""
    rows, columns = (-(-size // _SIDE) * _SIDE for size in ink.shape)
    grey = np.full((rows, columns), 255, np.uint8)
    grey[: ink.shape[0], : ink.shape[1]] = 255 - 255 * ink
    image = np.repeat((grey.astype(np.float32) / 127.5 - 1.0)[None, None], 3, axis=1)
    level = _made_by("finder", image)[0, 0]
    mask = cv2.dilate((level > _INK_LEVEL).astype(np.uint8), np.ones((2, 2), np.uint8))
    outlines, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    found = []
    for outline in outlines:
        left, top, width, height = cv2.boundingRect(outline)
        if min(width, height) < _SMALLEST_BOX_PX:
            continue
        inside = level[top : top + height, left : left + width][mask[top : top + height, left : left + width] > 0]
        if float(inside.mean()) < _BOX_LEVEL:
            continue
        # The network shrinks lines, so that neighbours stay apart.
        grow = width * height * _GROWTH / (2 * (width + height))
        found.append((max(top - grow, 0.0), max(left - grow, 0.0), top + height + grow, left + width + grow))
    return found


def read_lines(crops: Sequence[Bits]) -> list[tuple[str, float]]:
    """What some cut lines of text say, and how sure the worst character is."""
    return [spelled(steps) for steps in read_steps(crops)]


def read_steps(crops: Sequence[Bits]) -> list[NDArray[np.float32]]:
    """Chances of none and of each of `CHARACTERS` along some cut lines of text, each ``(n, 96)``."""
    found = [np.zeros((0, 1 + len(CHARACTERS)), np.float32)] * len(crops)
    shapes = [width_to_read(crop) if crop.size else 0 for crop in crops]
    order = [index for index in np.argsort(shapes, kind="stable").tolist() if shapes[index]]
    for first in range(0, len(order), _BATCH):
        batch = order[first : first + _BATCH]
        chances = characters([crops[index] for index in batch], -(-max(shapes[index] for index in batch) // 8) * 8)
        for index, chance in zip(batch, chances, strict=True):
            found[index] = chance[: shapes[index] // 8 + 2]
    return found


def characters(crops: Sequence[Bits], width: int) -> NDArray[np.float32]:
    """Chances of none and of each of `CHARACTERS` along some crops, ``(n, width / 8, 96)``."""
    images = to_read(crops, width)
    # OpenCV runs most of this network on one core, whatever it is allowed.
    parts = np.array_split(images, max(1, min(cores(), len(images))))
    return np.concatenate(at_once(lambda part: _made_by("reader", np.repeat(part, 3, axis=1)), parts))


def width_to_read(crop: Bits) -> int:
    """Columns of a cut line of text at the reader's height."""
    return max(_SIDE, round(_READER_HEIGHT * crop.shape[1] / max(1, crop.shape[0])))


def to_read(crops: Sequence[Bits], width: int) -> NDArray[np.float32]:
    """Some cut lines of text as the reader takes them, ``(n, 1, 48, width)``, paper behind those that are shorter."""
    images = np.full((len(crops), 1, _READER_HEIGHT, width), 1.0, np.float32)
    for image, crop in zip(images, crops, strict=True):
        grey = _scaled(crop, width)
        image[0, :, : grey.shape[1]] = grey.astype(np.float32) / 127.5 - 1.0
    return images


def _scaled(crop: Bits, width: int) -> NDArray[np.uint8]:
    grey = 255 - 255 * np.ascontiguousarray(crop)
    scale = _READER_HEIGHT / grey.shape[0]
    size = (min(width, max(1, round(grey.shape[1] * scale))), _READER_HEIGHT)
    if scale < 1:
        return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.resize(cv2.GaussianBlur(grey, (3, 3), 0.6), size, interpolation=cv2.INTER_CUBIC), np.uint8)


def spelled(chances: NDArray[np.float32]) -> tuple[str, float]:
    """The likeliest text, step by step, and how sure its worst character is."""
    if not len(chances):
        return "", 0.0
    best = chances.argmax(axis=1)
    first = np.append(True, best[1:] != best[:-1]) & (best > 0)
    text = "".join(CHARACTERS[index - 1] for index in best[first])
    return text, float(chances.max(axis=1)[first].min()) if text else 0.0


def parted(line: Line, at: int) -> tuple[Line, Line]:
    """A line in two, cut before a character of its text."""
    best = line.steps.argmax(axis=1)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]) & (best > 0))
    read = "".join(CHARACTERS[best[start] - 1] for start in starts)
    step = int(starts[min(at + len(read) - len(read.lstrip()), len(starts) - 1)])
    column = line.left + (line.right - line.left) * step / len(best)
    return (
        replace(line, right=column, text=line.text[:at].strip(), steps=line.steps[:step]),
        replace(line, left=column, text=line.text[at:].strip(), steps=line.steps[step:]),
    )


def _made_by(network: Literal["finder", "reader"], images: NDArray[np.float32]) -> NDArray[np.float32]:
    """What one of the networks makes of some images, ``(n, 3, rows, columns)``."""
    one = _FREE[network].get()
    try:
        one = cv2.dnn.readNetFromONNX(str(_HERE / f"text_{network}.onnx")) if one is None else one
        one.setInput(images)
        return np.asarray(one.forward(), np.float32)
    finally:
        _FREE[network].put(one)


def _copies(count: int) -> LifoQueue[cv2.dnn.Net | None]:
    """So many of a network, each None until it is asked for: it is no two threads' at a time."""
    free: LifoQueue[cv2.dnn.Net | None] = LifoQueue()
    for _ in range(count):
        free.put(None)
    return free


_FREE = {"finder": _copies(1), "reader": _copies(MOST_AT_ONCE)}
"""Networks that nobody uses at the moment; that which was used last comes first."""

"""Where the weights of the digit reader come from: numbers drawn in many hands, broken, blotted and crossed.

``python -m veernet.register.digits_training --out veernet/register/digits.safetensors`` trains them again.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from veernet.register.digits import CHARACTERS, STEPS, DigitReader, normalised
from veernet.register.paper import Bits

_STROKE_FONTS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX,
    cv2.FONT_HERSHEY_TRIPLEX,
    cv2.FONT_HERSHEY_PLAIN,
)
_DRAWN_PX = 64
_LONGEST = 6


def number_text(rng: Generator) -> str:
    """What a label may say: mostly round depths, but any digits, so that the reader does not guess."""
    kind = rng.random()
    if kind < 0.06:
        return ""
    if kind < 0.5:
        step = int(rng.choice([5, 10, 25, 50, 100, 100, 100]))
        number = int(rng.integers(1, 1 + int(10 ** rng.uniform(2.3, 4.4)) // step)) * step
        return f"{number:04d}" if rng.random() < 0.2 else str(number)
    if kind < 0.92:
        return "".join(str(digit) for digit in rng.integers(0, 10, rng.integers(1, 6)))
    text = str(rng.integers(0, 2000))
    return f"-{text}" if rng.random() < 0.4 else f"{text}.{rng.integers(0, 10)}"


def label_ink(text: str, rng: Generator) -> Bits:
    """A label as it may stand on a scan, with what else may be in its box."""
    clean = _written(text, rng) if text else _junk(rng)
    ink = _turned(clean, rng)
    height = int(np.exp(rng.uniform(np.log(10), np.log(44))))
    scale = height / _DRAWN_PX
    size = (max(4, round(ink.shape[1] * scale * rng.uniform(0.85, 1.2))), max(6, round(ink.shape[0] * scale)))
    grey = cv2.resize(ink, size, interpolation=cv2.INTER_AREA)
    return _printed(grey, height, rng)


def _written(text: str, rng: Generator) -> NDArray[np.float32]:
    """The characters side by side, each a little off its place."""
    canvas = np.zeros((_DRAWN_PX * 2, _DRAWN_PX * (len(text) + 2)), np.uint8)
    at = _DRAWN_PX // 2
    spread, wobble = rng.uniform(-6, 9), rng.choice([0.0, 0.0, 2.5, 5.0])
    smooth = rng.random() < 0.45
    face = cv2.FontFace(str(rng.choice(["sans", "sans", "italic"]))) if smooth else None
    weight = int(rng.integers(150, 800))
    font = int(rng.choice(_STROKE_FONTS, p=[0.35, 0.2, 0.15, 0.15, 0.15])) | (16 if rng.random() < 0.15 else 0)
    thickness = int(rng.integers(2, 13))
    stretch = rng.uniform(0.75, 1.15)
    fit = 0.0
    for character in text:
        base = round(1.5 * _DRAWN_PX + rng.normal(0, wobble))
        if face is not None:
            size = int(1.3 * _DRAWN_PX)
            _, _, width, _ = cv2.getTextSize((0, 0), character, (0, 0), face, size, weight)
            cv2.putText(canvas, character, (at, base), (255,), face, size, weight)
        else:
            fit = fit or _DRAWN_PX / cv2.getTextSize("8", font, 1.0, 1)[0][1]
            (width, _), _ = cv2.getTextSize(character, font, fit, 1)
            cv2.putText(canvas, character, (at, base), font, fit, 255, thickness, cv2.LINE_AA)
        at += max(12, round(width * (0.95 if face is None else 1.02) + spread))
        if at > canvas.shape[1] - _DRAWN_PX:
            canvas = np.pad(canvas, ((0, 0), (0, 2 * _DRAWN_PX)))
    boxed = _boxed(canvas)
    size_px = (max(4, round(boxed.shape[1] * stretch)), boxed.shape[0])
    return cv2.resize(boxed, size_px, interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _boxed(canvas: Bits) -> Bits:
    rows, columns = canvas.max(axis=1) > 99, canvas.max(axis=0) > 99
    if not rows.any():
        return canvas[:8, :8]
    top, end = int(rows.argmax()), len(rows) - int(rows[::-1].argmax())
    left, right = int(columns.argmax()), len(columns) - int(columns[::-1].argmax())
    return canvas[top:end, left:right]


def _junk(rng: Generator) -> NDArray[np.float32]:
    """What is no number: letters, strokes, a bit of a curve."""
    canvas = np.zeros((2 * _DRAWN_PX, 5 * _DRAWN_PX), np.uint8)
    if rng.random() < 0.5:
        letters = "".join(rng.choice(list("ABCDEFGHKLMNPRTUVWXYabdefghknprtuxy"), rng.integers(2, 6)))
        cv2.putText(
            canvas, letters, (10, 100), cv2.FONT_HERSHEY_SIMPLEX, 2.0, 255, int(rng.integers(3, 9)), cv2.LINE_AA
        )
    else:
        for _ in range(rng.integers(1, 5)):
            points = np.cumsum(rng.normal(0, 25, (rng.integers(2, 7), 2)), axis=0) + [rng.uniform(60, 260), 64]
            cv2.polylines(
                canvas, [points.astype(np.int32)], isClosed=False, color=255, thickness=int(rng.integers(3, 12))
            )
    return _boxed(canvas).astype(np.float32) / 255


def _turned(ink: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Slanted, turned a little, and with the margins that a box may have."""
    margins = rng.uniform(0.05, 0.35, 4) * _DRAWN_PX
    if rng.random() < 0.08:
        margins[rng.integers(0, 4)] = -0.06 * _DRAWN_PX  # the box was cut too close
    height, width = ink.shape
    out_width, out_height = int(width + margins[0] + margins[1]) + 1, int(height + margins[2] + margins[3]) + 1
    angle, slant = np.radians(rng.normal(0, 2.5)), rng.normal(0, 0.08)
    linear = np.array([[np.cos(angle), -np.sin(angle) + slant], [np.sin(angle), np.cos(angle)]])
    middle = np.array([width / 2, height / 2])
    shift = middle + [margins[0], margins[2]] - linear @ middle
    matrix = np.column_stack([linear, shift])
    return np.asarray(cv2.warpAffine(ink, matrix, (max(out_width, 8), max(out_height, 8))), np.float32)


def _printed(grey: NDArray[np.float32], height: int, rng: Generator) -> Bits:
    """Ink and paper, with more or less ink than there was, holes, specks and lines."""
    blur = rng.uniform(0.0, 0.09) * height
    if blur > 0.3:
        grey = cv2.GaussianBlur(grey, (0, 0), blur)
    level = rng.uniform(0.27, 0.58)
    grain = rng.choice([0.0, 0.05, 0.12, 0.18])
    noise = cv2.GaussianBlur(
        rng.normal(0, 1, grey.shape).astype(np.float32), (0, 0), max(0.5, rng.uniform(0.01, 0.06) * height)
    )
    noise /= noise.std() + 1e-6
    ink = (grey + grain * noise > level).astype(np.uint8)
    if rng.random() < 0.25:
        patches = cv2.GaussianBlur(rng.normal(0, 1, grey.shape).astype(np.float32), (0, 0), 0.12 * height)
        ink[patches > rng.uniform(1.2, 2.2) * patches.std()] = 0
    if rng.random() < 0.2:
        thickness = max(1, round(rng.uniform(0.02, 0.12) * height))
        rows, columns = ink.shape
        if rng.random() < 0.6:
            column = int(rng.uniform(0, columns))
            cv2.line(ink, (column, 0), (column + int(rng.normal(0, 0.1 * rows)), rows), 1, thickness)
        else:
            row = int(rng.uniform(0, rows))
            cv2.line(ink, (0, row), (columns, row + int(rng.normal(0, 0.05 * columns))), 1, thickness)
    if rng.random() < 0.3:
        ink[rng.random(ink.shape) < rng.uniform(0, 0.02)] ^= 1
    return ink


class _Labels(IterableDataset[tuple[Tensor, Tensor, int]]):
    def __init__(self, seed: int) -> None:
        self.seed = seed

    def __iter__(self):  # type: ignore[no-untyped-def]
        worker = get_worker_info()
        rng = np.random.default_rng([self.seed, worker.id if worker else 0])
        cv2.setNumThreads(1)
        while True:
            text = number_text(rng)
            label = torch.from_numpy(normalised(label_ink(text, rng)))[None]
            codes = [CHARACTERS.index(character) + 1 for character in text]
            yield label, torch.tensor(codes + [0] * (8 - len(codes))), len(codes)


def train(out: Path, steps: int, seed: int = 0, batch: int = 64, workers: int = 1) -> None:
    """Train the reader and write its weights."""
    torch.manual_seed(seed)
    reader = DigitReader()
    optimiser = torch.optim.AdamW(reader.parameters(), 3e-3, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps, pct_start=0.1)
    loss_of = nn.CTCLoss(zero_infinity=True)
    loader = iter(DataLoader(_Labels(seed), batch, num_workers=workers, prefetch_factor=8 if workers else None))
    began, mean = time.monotonic(), 0.0
    for step in range(1, steps + 1):
        labels, codes, lengths = next(loader)
        logs = reader(labels).transpose(0, 1)
        loss = loss_of(logs, codes, torch.full((len(labels),), STEPS), lengths)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        mean = 0.98 * mean + 0.02 * float(loss.detach())
        if step % 100 == 0:
            print(f"{step} {mean / (1 - 0.98**step):.3f} {time.monotonic() - began:.0f} s", flush=True)
        if step % 500 == 0 or step == steps:
            save_file(
                {
                    name: value.half() if value.is_floating_point() else value
                    for name, value in reader.state_dict().items()
                },
                out,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(__file__).with_name("digits.safetensors"))
    parser.add_argument("--steps", type=int, default=6000)
    given = parser.parse_args()
    train(given.out, given.steps)

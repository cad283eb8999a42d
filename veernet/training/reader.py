"""Training the reader of text on: from the weights that it has, on drawn lines of print.

``python -m veernet.training.reader OUT.onnx --minutes 60`` runs the network of an ONNX file in torch, operator by operator, minimises the loss of
connectionist temporal classification (Graves et al., 2006) over its own weights, and writes the same file with the new ones. With ``--blend-with
FIRST.onnx`` they are averaged with those of another file, as of the one that it all began from (Wortsman et al., 2022, "Robust fine-tuning of zero-shot
models"): what drawn lines do not show is not forgotten.

Needs the ``onnx`` package (``pip install -e '.[dev]'``).
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn
from torch.nn import functional

from veernet.register.text import CHARACTERS, READER, spelled, to_read, width_to_read
from veernet.training.print_lines import PrintedLine, sample_line

_WIDEST_PX = 960
_BATCH, _BATCH_PX = 32, 8192
"""Lines of a batch, and their columns together, at the most."""
_DRAWN_AT_ONCE = 256
"""Lines that are drawn and sorted by length together, so that few are padded far."""
_PEAK_RATE, _LAST_RATE = 1e-4, 2e-6
_WARM_STEPS = 100
_STEEPEST = 5.0
_KEPT = 0.998
"""Of the running average of weights, a step."""
_SAVE_SECONDS = 300.0

Operator = Callable[..., Tensor]
Attributes = dict[str, Any]


class Reader(nn.Module):
    """The network of an ONNX file; its weights of more than one number are parameters.

    Args:
        path: Of the file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._file = onnx.load(path)
        self.weights = nn.ParameterDict()
        self._constants: dict[str, Tensor] = {}
        for each in self._file.graph.initializer:
            values = torch.from_numpy(numpy_helper.to_array(each).copy())
            if values.is_floating_point() and values.numel() > 1:
                # Depthwise convolutions go back twice as fast so.
                values = values.to(memory_format=torch.channels_last) if values.ndim == 4 else values
                self.weights[_key(each.name)] = nn.Parameter(values)
            else:
                self._constants[each.name] = values
        self._nodes = [
            (node.op_type, {each.name: onnx.helper.get_attribute_value(each) for each in node.attribute}, list(node.input), node.output[0])
            for node in self._file.graph.node
        ]  # fmt: skip
        while self._nodes[-1][0] != "Add":  # what follows the last layer makes chances of its logits
            self._nodes.pop()

    def forward(self, images: Tensor) -> Tensor:
        """Logits of none and of each of `CHARACTERS` along some lines, ``(n, 3, 48, width)`` to ``(n, width / 8, 96)``."""
        values = self._constants | {_name(key): weight for key, weight in self.weights.items()}
        values[self._file.graph.input[0].name] = images.contiguous(memory_format=torch.channels_last)
        for operator, attributes, inputs, output in self._nodes:
            values[output] = _OPERATORS[operator](attributes, *[values[each] for each in inputs])
        return values[self._nodes[-1][-1]]

    def write(self, path: Path, weights: dict[str, Tensor]) -> None:
        """Write the file with other weights, by the keys of `weights`."""
        for each in self._file.graph.initializer:
            if _key(each.name) in weights:
                values = weights[_key(each.name)].detach().contiguous().numpy()
                each.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(values), each.name))
        onnx.save(self._file, path)


def _key(name: str) -> str:
    return name.replace(".", "/")  # torch takes a point for a module of modules


def _name(key: str) -> str:
    return key.replace("/", ".")


def _convolved(attributes: Attributes, images: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return functional.conv2d(
        images,
        weight,
        bias,
        attributes["strides"],
        attributes["pads"][:2],
        attributes["dilations"],
        attributes["group"],
    )


def _sliced(_of: Attributes, values: Tensor, first: Tensor, stop: Tensor, axes: Tensor, *_: Tensor) -> Tensor:
    parts = [slice(None)] * values.ndim
    for start, end, axis in zip(first.tolist(), stop.tolist(), axes.tolist(), strict=True):
        parts[axis] = slice(start, end)
    return values[tuple(parts)]


def _reshaped(_: Attributes, values: Tensor, shape: Tensor) -> Tensor:
    return values.reshape([size or values.shape[axis] for axis, size in enumerate(shape.tolist())])


def _squeezed(_: Attributes, values: Tensor, axes: Tensor) -> Tensor:
    return values.squeeze(tuple(axes.tolist()))


_TYPES = {onnx.TensorProto.INT32: torch.int32, onnx.TensorProto.INT64: torch.int64}
_OPERATORS: dict[str, Operator] = {
    "Add": lambda _, one, other: one + other,
    "AveragePool": lambda of, values: functional.avg_pool2d(values, of["kernel_shape"], of["strides"]),
    "Cast": lambda of, values: values.to(_TYPES[of["to"]]),
    "Concat": lambda of, *parts: torch.cat(parts, of["axis"]),
    "Conv": _convolved,
    "Div": lambda _, one, other: one / other,
    "Flatten": lambda of, values: values.reshape(math.prod(values.shape[: of["axis"]]), -1),
    "GlobalAveragePool": lambda _, values: values.mean((2, 3), keepdim=True),
    "HardSigmoid": lambda of, values: (values * of["alpha"] + of["beta"]).clamp(0.0, 1.0),
    "HardSwish": lambda _, values: functional.hardswish(values),
    "MatMul": lambda _, one, other: one @ other,
    "Mul": lambda _, one, other: one * other,
    "Pow": lambda _, values, power: values.pow(power),
    "ReduceMean": lambda of, values: values.mean(of["axes"], keepdim=True),
    "Relu": lambda _, values: values.relu(),
    "Reshape": _reshaped,
    "Shape": lambda _, values: torch.tensor(values.shape),
    "Sigmoid": lambda _, values: values.sigmoid(),
    "Slice": _sliced,
    "Softmax": lambda of, values: values.softmax(of["axis"]),
    "Sqrt": lambda _, values: values.sqrt(),
    "Squeeze": _squeezed,
    "Sub": lambda _, one, other: one - other,
    "Transpose": lambda of, values: values.permute(of["perm"]),
}


def batches(rng: np.random.Generator) -> Iterator[tuple[Tensor, list[str]]]:
    """Drawn lines without end, ``(n, 3, 48, width)`` as the reader takes them, with what they say."""
    while True:
        lines = [line for line in (sample_line(rng) for _ in range(_DRAWN_AT_ONCE)) if _width(line) <= _WIDEST_PX]
        groups: list[list[PrintedLine]] = [[]]
        for line in sorted(lines, key=_width):
            if len(groups[-1]) == _BATCH or (len(groups[-1]) + 1) * _width(line) > _BATCH_PX:
                groups.append([])
            groups[-1].append(line)
        for index in rng.permutation(len(groups)):
            group = groups[index]
            width = -(-max(map(_width, group)) // 8) * 8
            images = to_read([line.ink for line in group], width)
            yield torch.from_numpy(np.repeat(images, 3, axis=1)), [line.text for line in group]


def _width(line: PrintedLine) -> int:
    return width_to_read(line.ink)


def loss_of(logits: Tensor, texts: list[str]) -> Tensor:
    """Mean loss a line."""
    classes = [torch.tensor([1 + CHARACTERS.index(each) for each in text], dtype=torch.int64) for text in texts]
    lengths = torch.tensor([len(each) for each in classes])
    steps = torch.full((len(texts),), logits.shape[1])
    chances = logits.log_softmax(-1).transpose(0, 1)
    return functional.ctc_loss(chances, torch.cat(classes), steps, lengths, zero_infinity=True, reduction="sum") / len(
        texts
    )


def share_right(reader: Reader, lines: list[tuple[Tensor, list[str]]]) -> float:
    """Of some lines, those read to the letter, whatever their case and spaces."""
    right, all_lines = 0, 0
    with torch.no_grad():
        for images, texts in lines:
            for chances, text in zip(reader(images).softmax(-1).numpy(), texts, strict=True):
                right += _plain(spelled(chances)[0]) == _plain(text)
                all_lines += 1
    return right / all_lines


def _plain(text: str) -> str:
    return text.replace(" ", "").upper()


def train(out: Path, minutes: float, seed: int = 0, start: Path = READER, rate: float = _PEAK_RATE) -> None:
    """Train a reader on for so many minutes; ``out`` is written every five minutes and at the end."""
    reader = Reader(start)
    averaged = {key: weight.detach().clone() for key, weight in reader.weights.items()}
    held_out = batches(np.random.default_rng([seed, 1]))
    tested = [next(held_out) for _ in range(20)]
    logging.info("before: %.3f of drawn lines right", share_right(reader, tested))
    drawn = batches(np.random.default_rng([seed, 0]))
    optimiser = torch.optim.AdamW(reader.parameters(), lr=rate, weight_decay=0.0)
    began = saved = time.monotonic()
    step, recent = 0, math.nan
    while (gone := (time.monotonic() - began) / (60 * minutes)) < 1.0:
        warm = min(1.0, (step + 1) / _WARM_STEPS)
        for group in optimiser.param_groups:
            group["lr"] = warm * (_LAST_RATE + 0.5 * (rate - _LAST_RATE) * (1 + math.cos(math.pi * gone)))
        images, texts = next(drawn)
        loss = loss_of(reader(images), texts)
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(reader.parameters(), _STEEPEST)
        optimiser.step()
        kept = min(_KEPT, (1 + step) / (10 + step))
        for key, weight in reader.weights.items():
            averaged[key].lerp_(weight.detach(), 1 - kept)
        step += 1
        recent = loss.item() if step == 1 else recent + 0.02 * (loss.item() - recent)
        if step % 50 == 0:
            logging.info("step %d, %.2f of the time, loss %.3f", step, gone, recent)
        if time.monotonic() - saved > _SAVE_SECONDS:
            reader.write(out, averaged)
            saved = time.monotonic()
    reader.write(out, averaged)
    logging.info("after %d steps: %.3f of drawn lines right", step, share_right(Reader(out), tested))


def blend(one: Path, other: Path, share: float, out: Path) -> None:
    """Weights between those of two files of one network: ``share`` of the way from the one to the other."""
    first, last = Reader(one), Reader(other)
    weights = {key: first.weights[key].lerp(last.weights[key], share) for key in first.weights}
    first.write(out, weights)


def main() -> None:
    """Train from the command line."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    asked.add_argument("out", type=Path, help="where the trained network goes")
    asked.add_argument("--minutes", type=float, default=60.0)
    asked.add_argument("--seed", type=int, default=0)
    asked.add_argument("--start", type=Path, default=READER, help="the network that is trained on")
    asked.add_argument("--rate", type=float, default=_PEAK_RATE, help="of learning, at its peak")
    asked.add_argument("--threads", type=int, default=2)
    asked.add_argument("--blend-with", type=Path, help="a network whose weights are averaged with the trained ones")
    asked.add_argument("--share", type=float, default=0.8, help="of the trained weights in that average")
    given = asked.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(1)
    train(given.out, given.minutes, given.seed, given.start, given.rate)
    if given.blend_with is not None:
        blend(given.blend_with, given.out, given.share, given.out)


if __name__ == "__main__":
    main()

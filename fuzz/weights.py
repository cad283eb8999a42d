"""The weights loader: a file is a network that runs, of finite numbers, or is refused before it has cost any memory.

An input is a file as it is, after an R; or else a safetensors header and, after a NUL, the tensors: their lengths are then always right.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch

from fuzz.refusals import check_refusal
from veernet.errors import WeightsError
from veernet.network.body import BodyConfig
from veernet.network.targets import TARGETS, Network
from veernet.network.tiles import ROW_ALIGN
from veernet.network.weights import load_weights, save_weights

TOKENS = """
    __metadata__ format veernet-weights/1 target multiclass binary curves body width channels heads dtype shape data_offsets
    F16 BF16 F32 F64 I8 I64 U64 BOOL F8_E4M3 C64 NaN Infinity 1e999 -1 0 512 99999 4294967296 18446744073709551615 body.stem.1.0.weight
"""
MAX_INPUT_BYTES = 32768

_LENGTH_BYTES = 8


def seeds() -> Iterator[bytes]:
    """Small networks of both targets, as they are saved, taken apart and whole."""
    for seed, target in enumerate(TARGETS):
        torch.manual_seed(seed)
        network = Network(BodyConfig(width=32, channels=(2, 2, 2, 2), heads=1 + seed), target, curves=1 + seed)
        with tempfile.TemporaryDirectory() as folder:
            save_weights(network, Path(folder) / "a.safetensors", {"steps": "0"})
            whole = (Path(folder) / "a.safetensors").read_bytes()
        header_bytes = int.from_bytes(whole[:_LENGTH_BYTES], "little")
        header, tensors = whole[_LENGTH_BYTES:][:header_bytes], whole[_LENGTH_BYTES + header_bytes :]
        yield b"R" + whole
        yield header + b"\0" + tensors
        yield json.dumps({"__metadata__": json.loads(header)["__metadata__"]}).encode()


def check(data: bytes) -> str:
    """Load a file that holds ``data``; says in words what became of it.

    Raises:
        AssertionError: The network that came out does not run or is not of finite float32 numbers, or the refusal does not fit a log.
    """
    header, _, tensors = data.partition(b"\0")
    whole = data[1:] if data[:1] == b"R" else len(header).to_bytes(_LENGTH_BYTES, "little") + header + tensors
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.safetensors"
        path.write_bytes(whole)
        try:
            network = load_weights(path)
        except WeightsError as error:
            check_refusal(error, str(path))
            return "".join(character for character in error.found if not character.isdigit())[:60]
        weights = network.state_dict()
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()), "numbers that are not finite"
    assert {tensor.dtype for tensor in weights.values()} <= {torch.float32, torch.int64}
    width = network.config.width
    with torch.inference_mode():
        logits = network(torch.zeros(1, 1, ROW_ALIGN, width))
    outputs = network.curves + (network.target == "multiclass")
    assert logits.shape == (1, outputs, ROW_ALIGN, width), f"{tuple(logits.shape)} of {network.config}"
    return f"a network for {network.target}"

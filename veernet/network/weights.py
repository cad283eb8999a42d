"""Weights on disk: safetensors, whose header says what network they are for. No code is ever loaded."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from pathlib import Path
from typing import get_args

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from veernet.errors import WeightsError
from veernet.network.body import BodyConfig
from veernet.network.targets import Network, Target

FORMAT = "veernet-weights/1"
SHIPPED = "veernet.safetensors"
_REMEDY = "use the weights that ship with VeerNet, or train new ones with `veernet train`"


def save_weights(network: Network, path: Path, about: dict[str, str]) -> None:
    """Write a network's weights with the header that :func:`load_weights` asks for."""
    header = {
        "format": FORMAT,
        "target": network.target,
        "curves": str(network.curves),
        "body": json.dumps(network.config.to_json()),
        **about,
    }
    state = {name: tensor.detach().contiguous().cpu() for name, tensor in network.state_dict().items()}
    partial = path.with_suffix(".partial")
    save_file(state, partial, header)
    partial.replace(path)


def load_weights(path: Path) -> Network:
    """The network of a weights file, on the CPU, ready for inference.

    Raises:
        WeightsError: The file is missing, not ours, cut short, or does not fit the network that its header names.
    """
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            state = {name: file.get_tensor(name).clone() for name in file.keys()}  # noqa: SIM118 - not a mapping
    except FileNotFoundError as error:
        raise WeightsError(str(path), "no such weights file", _REMEDY) from error
    except (SafetensorError, OSError) as error:
        raise WeightsError(str(path), f"not a whole safetensors file ({error})", _REMEDY) from error
    if header.get("format") != FORMAT:
        raise WeightsError(str(path), f"not {FORMAT} weights", _REMEDY)
    try:
        with torch.device("meta"):  # without memory: what the header asks for is not what the file has
            network = _network(header)
        _check_fit(network.state_dict(), state)
        network.load_state_dict(state, assign=True)  # `to_empty` would import all of SymPy
    except (KeyError, TypeError, ValueError, RuntimeError, ArithmeticError) as error:
        raise WeightsError(str(path), f"weights and header do not fit this network ({error})"[:400], _REMEDY) from error
    if not all(bool(torch.isfinite(tensor).all()) for tensor in state.values()):
        raise WeightsError(str(path), "weights that are not finite", _REMEDY)
    return network.eval()


def _check_fit(expected: dict[str, torch.Tensor], found: dict[str, torch.Tensor]) -> None:
    names = [
        *(name for name in expected if name not in found),
        *(name for name in found if name not in expected),
        *(
            n
            for n in expected
            if n in found and (expected[n].shape, expected[n].dtype) != (found[n].shape, found[n].dtype)
        ),
    ]
    if names:
        raise ValueError(f"{len(names)} tensors are missing, too many or of another shape, {names[0]!r} first")


def _network(header: dict[str, str]) -> Network:
    if header["target"] not in get_args(Target):
        raise ValueError(f"target {header['target']!r}")
    body = json.loads(header["body"])
    config = BodyConfig(width=int(body["width"]), channels=tuple(body["channels"]), heads=int(body["heads"]))
    curves = int(header["curves"])
    if curves < 1:
        raise ValueError(f"{curves} curves")
    return Network(config, header["target"], curves)  # type: ignore[arg-type]


def shipped_weights() -> Path:
    """The weights file inside the package."""
    with as_file(files("veernet.network") / SHIPPED) as path:
        return path

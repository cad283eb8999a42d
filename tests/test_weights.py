"""Weights load as data, or are refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from veernet.errors import WeightsError
from veernet.network.body import BodyConfig
from veernet.network.targets import Network
from veernet.network.weights import FORMAT, load_weights, save_weights, shipped_weights


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    """A small network's weights file."""
    path = tmp_path / "w.safetensors"
    save_weights(Network(BodyConfig(channels=(16, 16, 16, 16))), path, {"steps": "0"})
    return path


def test_weights_come_back_as_they_were_saved(saved: Path) -> None:
    """Same network, same numbers."""
    network = load_weights(saved)
    assert network.config.channels == (16, 16, 16, 16)
    again = load_file(saved)
    assert all(torch.equal(tensor, again[name]) for name, tensor in network.state_dict().items())


def test_the_shipped_weights_are_ours_and_complete() -> None:
    """What `digitise` uses when nothing else is asked for."""
    network = load_weights(shipped_weights())
    assert (network.target, network.curves) == ("multiclass", 2)


def test_loading_weights_imports_no_algebra() -> None:
    """To lay tensors out anew, torch would import all of SymPy: half a second of every worker before its first strip."""
    load = "from veernet.network.weights import load_weights, shipped_weights; load_weights(shipped_weights())"
    done = subprocess.run(
        [sys.executable, "-c", f"{load}; import sys; print('sympy' in sys.modules, 'torch' in sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ["False", "True"] == done.stdout.split()


@pytest.mark.parametrize("keep", [0, 7, 1000, -1])
def test_a_truncated_file_is_refused(saved: Path, keep: int) -> None:
    """Wherever it was cut."""
    saved.write_bytes(saved.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(saved)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(WeightsError, match=r"none\.safetensors: no such weights file"):
        load_weights(tmp_path / "none.safetensors")


def test_a_pickle_is_refused_unopened(tmp_path: Path) -> None:
    """Nothing in it may run."""
    path = tmp_path / "w.pt"
    torch.save({"a": torch.zeros(1)}, path)
    with pytest.raises(WeightsError):
        load_weights(path)


def test_safetensors_of_somebody_else_are_refused(tmp_path: Path) -> None:
    """They have no header of ours."""
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(2)}, path)
    with pytest.raises(WeightsError, match=FORMAT):
        load_weights(path)


def test_weights_of_another_shape_are_refused(saved: Path) -> None:
    """Header and tensors must describe one network."""
    header = {"format": FORMAT, "target": "multiclass", "curves": "2", "body": json.dumps(BodyConfig().to_json())}
    save_file(load_file(saved), saved, header)
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights(saved)


def test_weights_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """One NaN is enough."""
    network = Network(BodyConfig(channels=(16, 16, 16, 16)))
    with torch.no_grad():
        next(network.parameters())[0] = float("nan")
    save_weights(network, tmp_path / "w.safetensors", {})
    with pytest.raises(WeightsError, match="not finite"):
        load_weights(tmp_path / "w.safetensors")

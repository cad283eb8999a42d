"""The training loop: it learns, it resumes, it refuses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import torch

from veernet.errors import OptionError
from veernet.network.weights import load_weights
from veernet.training.train import TrainConfig, read_config, train


def tiny(**changes: object) -> TrainConfig:
    """A run of seconds."""
    fields: dict[str, object] = {
        "channels": (8, 8, 8, 8),
        "steps": 4,
        "batch": 2,
        "rows": 128,
        "warmup_steps": 1,
        "validate_every": 2,
        "validation_instances": 2,
        "workers": 0,
        "precision": "fp32",
    }
    return TrainConfig.model_validate(fields | changes)


def parameters(directory: Path) -> dict[str, torch.Tensor]:
    """The network's parameters in a run's checkpoint."""
    state = torch.load(directory / "checkpoint.pt", weights_only=True)
    network: dict[str, torch.Tensor] = state["network"]
    return network


def test_a_broken_off_run_resumes_to_the_same_weights(tmp_path: Path) -> None:
    """Two steps and then two more are four steps."""
    train(tiny(), tmp_path / "whole")
    config = tiny()
    whole = parameters(tmp_path / "whole")
    train(config.model_copy(update={"patience": 1}), tmp_path / "parts")
    state = torch.load(tmp_path / "parts" / "checkpoint.pt", weights_only=True)
    if state["run"]["step"] == 2:  # it stopped early, as asked; go on
        state["run"]["stale"] = 0
        torch.save(state, tmp_path / "parts" / "checkpoint.pt")
        train(config, tmp_path / "parts")
    parts = parameters(tmp_path / "parts")
    assert all(torch.equal(tensor, parts[name]) for name, tensor in whole.items())


def test_a_run_leaves_its_configuration_log_and_weights(tmp_path: Path) -> None:
    """All that is needed to know what was done, and to use it."""
    directory = tmp_path / "run"
    train(tiny(steps=2, learning_rate=0.01), directory)
    assert read_config(directory / "config.yaml") == tiny(steps=2, learning_rate=0.01)
    with (directory / "log.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2"]


@pytest.mark.parametrize("curves", [2, 3, 4])
@pytest.mark.parametrize(("target", "loss"), [("binary", "weighted-bce:10"), ("multiclass", "cross-entropy+lovasz")])
def test_both_targets_train_for_any_number_of_curves(tmp_path: Path, target: str, loss: str, curves: int) -> None:
    """Only head, loss and decoding differ."""
    weights = train(tiny(target=target, loss=loss, curves=curves, steps=2, learning_rate=0.01), tmp_path / "run")
    with (tmp_path / "run" / "log.csv").open() as file:
        assert f"f1_{curves}" in next(csv.DictReader(file))
    network = load_weights(weights)
    assert (network.target, network.curves) == (target, curves)


def test_training_may_start_from_weights_of_the_same_network_only(tmp_path: Path) -> None:
    """Others are refused before the first step."""
    from veernet.network.body import BodyConfig
    from veernet.network.targets import Network
    from veernet.network.weights import save_weights

    save_weights(Network(BodyConfig(channels=(8, 8, 8, 8))), tmp_path / "w.safetensors", {})
    assert load_weights(tmp_path / "w.safetensors").curves == 2
    with pytest.raises(OptionError, match="weights of another network"):
        train(tiny(channels=(8, 8, 8, 16), start_from=tmp_path / "w.safetensors"), tmp_path / "run")


def test_training_may_take_the_body_of_another_target(tmp_path: Path) -> None:
    """So that two targets can be compared from one start; a body of other channels is refused."""
    binary = train(tiny(target="binary", loss="weighted-bce", steps=1), tmp_path / "binary")
    train(tiny(start_body=binary, steps=1, learning_rate=1e-9), tmp_path / "multiclass")
    bodies = [
        {name: tensor for name, tensor in load_weights(path).state_dict().items() if name == "body.stem.1.0.weight"}
        for path in (binary, tmp_path / "multiclass" / "weights.safetensors")
    ]
    assert torch.allclose(*(body["body.stem.1.0.weight"] for body in bodies), atol=1e-6)
    with pytest.raises(OptionError, match="weights of another body"):
        train(tiny(start_body=binary, channels=(8, 8, 8, 16)), tmp_path / "other")


def test_a_loss_that_does_not_fit_the_target_is_refused_before_training() -> None:
    """Not at the first step of an hour's run."""
    with pytest.raises(OptionError, match="not for the binary target"):
        tiny(target="binary", loss="dice")


def test_a_configuration_with_an_unknown_field_is_refused(tmp_path: Path) -> None:
    """A typing error must not train something else for an hour."""
    path = tmp_path / "run.yaml"
    path.write_text("stepps: 100\n")
    with pytest.raises(OptionError, match="stepps"):
        read_config(path)

"""Train a network on synthetic tracks, resumably and within a budget.

What a step sees depends on nothing but its number: recipe seeds count up from ``first_seed``. A run that is limited by
steps and is resumed ends with the weights of the run that was never broken off; one limited by ``minutes`` follows
the clock.
"""

from __future__ import annotations

import csv
import os
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Self

import numpy as np
import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel
from torch.utils.data import DataLoader, Dataset

from veernet import __version__
from veernet.digest import file_digest
from veernet.errors import OptionError
from veernet.network.body import BodyConfig
from veernet.network.losses import loss_by_name
from veernet.network.precision import Precision, computing_in
from veernet.network.targets import Network, Target
from veernet.network.weights import load_weights, save_weights
from veernet.training.instance import Instance, sample_instance
from veernet.training.score import ClassScore, Tally

#: Seeds from here on are for validation; training seeds stay below.
VALIDATION_SEED = 2_000_000_000


class TrainConfig(BaseModel):
    """One training run. A YAML file of these fields is all that ``veernet train --config`` needs."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    target: Target = Field("multiclass", description="What the network is asked at each pixel.")
    curves: int = Field(2, ge=2, le=4, description="Curves told apart in one track, K.")
    loss: str = Field("cross-entropy+dice", description="Losses by name, summed with +; a parameter after a colon.")
    channels: tuple[int, int, int, int] = Field(BodyConfig().channels, description="Channels of the four levels.")
    steps: int = Field(6000, ge=1, description="Optimiser steps of the whole run.")
    minutes: float | None = Field(None, gt=0, description="Stop, and anneal to the end, within this time.")
    batch: int = Field(12, ge=1, description="Instances a step.")
    rows: int = Field(256, description="Rows of an instance, a multiple of 128.", multiple_of=128)
    learning_rate: float = Field(2e-3, gt=0)
    weight_decay: float = Field(1e-2, ge=0)
    warmup_steps: int = Field(100, ge=0)
    ema_decay: float = Field(0.998, ge=0, lt=1, description="Decay of the averaged weights, which are what is kept.")
    start_from: Path | None = Field(None, description="Weights to start from; random ones where absent.")
    start_body: Path | None = Field(None, description="Weights whose body alone to start from; the head is new.")
    emphasis: float = Field(0.0, ge=0, le=1, description="Share of instances made over with what is hard.")
    first_seed: int = Field(0, ge=0, lt=VALIDATION_SEED, description="Recipe seed of the first instance.")
    validate_every: int = Field(500, ge=1, description="Steps between validations and checkpoints.")
    validation_instances: int = Field(96, ge=1)
    patience: int = Field(10, ge=1, description="Validations without a better F1 before the run stops early.")
    precision: Precision = Field("auto", description="auto: bf16 where the device speaks it, else fp32.")
    workers: int = Field(1, ge=0, description="Processes that draw instances; on a GPU as many as there are cores.")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        loss_by_name(self.loss, self.target)
        if self.start_from and self.start_body:
            raise ValueError("start_from and start_body: give one of the two")
        return self


@dataclass
class _Run:
    network: Network
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    step: int = 0
    elapsed_s: float = 0.0
    best_f1: float = -1.0
    stale: int = 0


#: Draws the instance of a seed with so many rows and curves.
Draw = Callable[[int, int, int], Instance]


class _Instances(Dataset[tuple[Tensor, Tensor]]):
    """Fresh instances; every batch is followed by itself upside down, which costs no drawing."""

    def __init__(self, config: TrainConfig, first_step: int, draw: Draw) -> None:
        self._config, self._first = config, first_step * config.batch
        self._count = (config.steps - first_step) * config.batch
        self._draw = lru_cache(maxsize=2 * config.batch)(draw)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        if index >= self._count:
            raise IndexError(index)
        step, member = divmod(self._first + index, self._config.batch)
        seed = self._config.first_seed + step // 2 * self._config.batch + member
        image, label = self._draw(seed, self._config.rows, self._config.curves)
        if step % 2:
            image, label = image[::-1].copy(), label[::-1].copy()
        return torch.from_numpy(image)[None], torch.from_numpy(label)


def read_config(path: Path | None, given: Mapping[str, object] | None = None) -> TrainConfig:
    """A run's configuration: of a file, or the defaults, with what was given on the command line over it.

    Without a file a time budget is the only limit, and the binary target has its own loss.

    Raises:
        OptionError: The file is missing, or the whole is not such a configuration.
    """
    given = dict(given or {})
    try:
        fields = (yaml.safe_load(path.read_text()) or {}) if path else {}
        if path is None and given.get("target") == "binary":
            fields["loss"] = "weighted-bce"
        if path is None and "minutes" in given:
            fields["steps"] = 1_000_000
        return TrainConfig.model_validate(fields | given)
    except (OSError, TypeError, yaml.YAMLError, ValidationError) as error:
        place = str(path) if path else "the training's options"
        raise OptionError(place, f"not a training configuration ({error})", "see docs/training.md") from error


def train(config: TrainConfig, directory: Path, console: Console | None = None, draw: Draw | None = None) -> Path:
    """Run, or resume, a training in its directory; returns the weights file with the averaged weights.

    Instances are those of the seeds, with the configuration's emphasis, unless ``draw`` draws others.

    The directory holds ``config.yaml``, ``checkpoint.pt`` (our own state, loaded with ``weights_only``), ``log.csv``
    and ``weights.safetensors``, the best by validation F1 so far.
    """
    torch.manual_seed(config.first_seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    directory.mkdir(parents=True, exist_ok=True)
    (directory / "config.yaml").write_text(yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False))
    network = _first_network(config)
    network = network.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    average = AveragedModel(network, avg_fn=_ema(config.ema_decay), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), config.learning_rate, weight_decay=config.weight_decay)
    run = _Run(network, average, optimiser)
    checkpoint = directory / "checkpoint.pt"
    if checkpoint.exists():
        _restore(run, checkpoint)
    weights = directory / "weights.safetensors"
    draw = draw or partial(sample_instance, emphasis=config.emphasis)
    with _progress(console) as progress:
        task = progress.add_task("training", total=config.steps, completed=run.step, loss=float("nan"), f1=run.best_f1)
        for loss in _steps(config, run, device, draw):
            progress.update(task, completed=run.step, loss=loss, f1=run.best_f1)
            last = _finished(config, run)
            if run.step % config.validate_every == 0 or last:
                scores = validate(run.average.module, config, device)
                _log(directory / "log.csv", run, loss, scores)
                _keep_best(run, scores, weights, config)
                _save(run, checkpoint)
            if last or run.stale >= config.patience:
                break
    return weights


def validate(network: nn.Module, config: TrainConfig, device: torch.device) -> list[ClassScore]:
    """Score a network on the validation seeds, with 1 px tolerance."""
    assert isinstance(network, Network)
    network.eval()
    tally = Tally(config.curves)
    for index in range(config.validation_instances):
        image, label = sample_instance(VALIDATION_SEED + index, config.rows, config.curves)
        with torch.inference_mode(), computing_in(config.precision, device):
            logits = network(_as_input(torch.from_numpy(image)[None, None], device))
        tally.add(network.claims(logits.float())[0].cpu().numpy(), label)
    return tally.scores()


def _steps(config: TrainConfig, run: _Run, device: torch.device, draw: Draw) -> Iterator[float]:
    loss_of = loss_by_name(config.loss, config.target)
    on_gpu = device.type == "cuda"
    workers = max(config.workers, (os.cpu_count() or 2) - 1) if on_gpu else config.workers
    loader = DataLoader(
        _Instances(config, run.step, draw),
        config.batch,
        num_workers=workers,
        pin_memory=on_gpu,
        prefetch_factor=4 if workers else None,
    )
    before_s, started = run.elapsed_s, time.monotonic()
    run.network.train()
    for images, labels in loader:
        for group in run.optimiser.param_groups:
            group["lr"] = config.learning_rate * _schedule(config, run)
        with computing_in(config.precision, device):
            logits = run.network(_as_input(images, device))
        loss = loss_of(logits.float(), labels.to(device, non_blocking=True).long())
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
        run.optimiser.step()
        run.average.update_parameters(run.network)
        run.step += 1
        run.elapsed_s = before_s + time.monotonic() - started
        yield float(loss.detach())
        run.network.train()


def _first_network(config: TrainConfig) -> Network:
    network = Network(BodyConfig(channels=config.channels), config.target, config.curves)
    if config.start_from is not None:
        start = load_weights(config.start_from)
        if (start.config, start.target, start.curves) != (network.config, network.target, network.curves):
            raise OptionError(str(config.start_from), "weights of another network", "start from weights of this one")
        network.load_state_dict(start.state_dict())
    if config.start_body is not None:
        start = load_weights(config.start_body)
        if start.config != network.config:
            raise OptionError(str(config.start_body), "weights of another body", "start from a body of these channels")
        network.body.load_state_dict(start.body.state_dict())
    return network


def _ema(decay: float) -> Callable[[Tensor, Tensor, Tensor | int], Tensor]:
    """Exponential averaging that forgets the first steps: its memory grows with the run up to ``decay``."""

    def average(averaged: Tensor, current: Tensor, count: Tensor | int) -> Tensor:
        share = 1.0 - min(decay, (1.0 + float(count)) / (10.0 + float(count)))
        return averaged.lerp(current, share) if averaged.is_floating_point() else current

    return average


def _as_input(images: Tensor, device: torch.device) -> Tensor:
    scaled = images.to(device, non_blocking=True).float() / 255.0  # bytes cross over, numbers are made there
    return scaled.to(memory_format=torch.channels_last)


def _progress_share(config: TrainConfig, run: _Run) -> float:
    by_time = run.elapsed_s / (60.0 * config.minutes) if config.minutes else 0.0
    return min(1.0, max(run.step / config.steps, by_time))


def _finished(config: TrainConfig, run: _Run) -> bool:
    return _progress_share(config, run) >= 1.0


def _schedule(config: TrainConfig, run: _Run) -> float:
    """Linear warm-up, then half a cosine down to 1 %."""
    if run.step < config.warmup_steps:
        return (run.step + 1) / config.warmup_steps
    return float(0.01 + 0.99 * 0.5 * (1.0 + np.cos(np.pi * _progress_share(config, run))))


def _keep_best(run: _Run, scores: list[ClassScore], weights: Path, config: TrainConfig) -> None:
    f1 = float(np.mean([score.f1 for score in scores]))
    run.stale = 0 if f1 > run.best_f1 else run.stale + 1
    if f1 > run.best_f1:
        run.best_f1 = f1
        about = {
            "steps": str(run.step),
            "instances": str(run.step * config.batch // 2),
            "minutes": f"{run.elapsed_s / 60:.1f}",
            "torch": torch.__version__,
            "veernet": __version__,
            "config": config.model_dump_json(exclude={"start_from", "start_body"}),  # places of one machine
            "start_sha256": file_digest(start) if (start := config.start_from or config.start_body) else "",
        }
        assert isinstance(run.average.module, Network)
        save_weights(run.average.module, weights, about)


def _log(path: Path, run: _Run, loss: float, scores: list[ClassScore]) -> None:
    row: dict[str, float] = {"step": run.step, "minutes": round(run.elapsed_s / 60, 2), "loss": round(loss, 5)}
    for curve, score in enumerate(scores, start=1):
        row |= {f"precision_{curve}": score.precision, f"recall_{curve}": score.recall, f"f1_{curve}": score.f1}
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, row)
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def _save(run: _Run, path: Path) -> None:
    state = {
        "network": run.network.state_dict(),
        "average": run.average.state_dict(),
        "optimiser": run.optimiser.state_dict(),
        "run": {"step": run.step, "elapsed_s": run.elapsed_s, "best_f1": run.best_f1, "stale": run.stale},
    }
    partial = path.with_suffix(".partial")
    torch.save(state, partial)
    partial.replace(path)


def _restore(run: _Run, path: Path) -> None:
    state = torch.load(path, map_location="cpu", weights_only=True)
    run.network.load_state_dict(state["network"])
    run.average.load_state_dict(state["average"])
    run.optimiser.load_state_dict(state["optimiser"])
    for name, value in state["run"].items():
        setattr(run, name, value)


def _progress(console: Console | None) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.3f}  best F1 {task.fields[f1]:.3f}"),
        TimeElapsedColumn(),
        console=console,
    )

"""The two target shapes side by side: the same body, data and budget; only what is asked at each pixel differs.

Every run starts from one network, read as either target (:func:`as_binary`), so that a small budget shows what each loss makes of
it; or, with the budget of a GPU, from random weights. Runs are resumed where a study was broken off: a run that has its scores
is not run again.
"""

from __future__ import annotations

import base64
import json
import platform
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from rich.console import Console

from veernet.network.targets import Network, Target
from veernet.network.weights import load_weights, save_weights, shipped_weights
from veernet.study.frozen import DIFFICULTY, TestTrack, frozen_track, held_out_wells
from veernet.study.measure import measure, read_track
from veernet.training.instance import sample_instance
from veernet.training.train import Draw, TrainConfig, train

FORMAT = "veernet-target-study/1"
#: What the published account gives for three binary masks at its best weight.
PUBLISHED = {"weight": 42, "recall": [0.96, 0.97], "f1": [0.37, 0.26, 0.55]}
_FIRST_SEED = 1_000_000_000
_SHOWN_TRACKS = 6


@dataclass(frozen=True)
class Arm:
    """One thing that is compared: a target and a loss."""

    target: Target
    loss: str
    weight: float | None = None

    @property
    def name(self) -> str:
        """As tables and the page call it."""
        return f"binary, weight {self.weight:g}" if self.weight is not None else f"multiclass, {self.loss}"

    @property
    def slug(self) -> str:
        """As its folders are called."""
        return f"{self.target}-{self.loss.replace(':', '-').replace('+', '-and-')}"


ARMS = (
    *(Arm("binary", f"weighted-bce:{weight}", weight) for weight in (1, 3, 10, 20, 42, 84)),
    *(
        Arm("multiclass", loss)
        for loss in ("cross-entropy", "dice", "tversky:0.7", "focal:2", "lovasz", "cross-entropy+dice")
    ),
)


@dataclass(frozen=True)
class StudyPlan:
    """How much is spent: optimiser steps of a run, instances a step, seeds, test tracks; and whether runs start from nothing."""

    steps: int = 100
    batch: int = 12
    seeds: int = 3
    tests: int = 200
    learning_rate: float = 1.5e-3
    scratch: bool = False


def study_targets(
    plan: StudyPlan, las_dir: Path, directory: Path, console: Console, arms: Sequence[Arm] = ARMS
) -> dict[str, Any]:
    """Run, or go on with, a study in its directory; returns its results, which ``results.json`` there holds too.

    Raises:
        SourceMissingError: There are no held-out LAS files to draw the test tracks from.
    """
    wells = held_out_wells(las_dir)
    tracks = [frozen_track(index, wells) for index in range(plan.tests)]
    directory.mkdir(parents=True, exist_ok=True)
    starts = _starts(directory) if not plan.scratch else {}
    runs: dict[str, list[dict[str, Any]]] = {arm.name: [] for arm in arms}
    pictures: dict[str, list[str]] = {}
    minutes = 0.0
    for seed in range(plan.seeds):
        draw = cache(sample_instance)  # every arm of a seed is shown the same instances
        for arm in arms:
            folder = directory / f"{arm.slug}-seed-{seed}"
            scores = _run_arm(arm, seed, plan, starts.get(arm.target), tracks, folder, draw, console)
            minutes += scores.pop("minutes")
            runs[arm.name].append(scores)
            if seed == 0:
                network = load_weights(folder / "weights.safetensors")
                pictures[arm.name] = [_painted(network, track) for track in tracks[:_SHOWN_TRACKS]]
    results = {
        "format": FORMAT,
        "made": {
            "steps": plan.steps,
            "batch": plan.batch,
            "seeds": list(range(plan.seeds)),
            "tests": plan.tests,
            "start": "random weights" if plan.scratch else "the shipped network, its head read as either target",
            "data": f"synthetic tracks to learn from; tests drawn from {len(wells)} held-out LAS files, difficulty {DIFFICULTY:g}",
            "torch": torch.__version__,
            "machine": _machine(),
            "minutes": round(minutes, 1),
            "published": PUBLISHED,
        },
        "arms": [
            {"name": arm.name, "target": arm.target, "loss": arm.loss, "weight": arm.weight, "runs": runs[arm.name]}
            for arm in arms
        ],
        "pictures": [
            {
                "name": f"seed {track.seed}",
                "image": _png(255 - track.instance.image),
                "label": _png(track.instance.label),
                "arms": {name: shown[index] for name, shown in pictures.items()},
            }
            for index, track in enumerate(tracks[:_SHOWN_TRACKS])
        ],
    }
    (directory / "results.json").write_text(json.dumps(results))
    return results


def as_binary(network: Network) -> Network:
    """A multiclass network read as a stack of masks: each curve's logit less the background's.

    That is the softmax's own log-odds of curve against background, so that both start from the same answers.
    """
    assert network.target == "multiclass"
    binary = Network(network.config, "binary", network.curves)
    binary.body.load_state_dict(network.body.state_dict())
    with torch.no_grad():
        for name, parameter in binary.head.named_parameters():
            logits = network.head.get_parameter(name).detach()
            logits = logits.reshape(network.curves + 1, 4, *logits.shape[1:])  # four px a half-resolution px
            parameter.copy_((logits[1:] - logits[:1]).reshape(parameter.shape))
    return binary.eval()


def _starts(directory: Path) -> dict[Target, Path]:
    """The weights that the runs of each target start from."""
    starts: dict[Target, Path] = {"multiclass": shipped_weights(), "binary": directory / "start-binary.safetensors"}
    save_weights(as_binary(load_weights(starts["multiclass"])), starts["binary"], {})
    return starts


def _run_arm(
    arm: Arm,
    seed: int,
    plan: StudyPlan,
    start: Path | None,
    tracks: Sequence[TestTrack],
    directory: Path,
    draw: Draw,
    console: Console,
) -> dict[str, Any]:
    """Train and score one arm with one seed; what has its scores is read."""
    path = directory / "scores.json"
    if path.exists():
        return dict(json.loads(path.read_text()))
    config = TrainConfig(
        target=arm.target,
        loss=arm.loss,
        start_from=start,
        first_seed=_FIRST_SEED + 1_000_000 * seed,
        steps=plan.steps,
        batch=plan.batch,
        learning_rate=plan.learning_rate,
        warmup_steps=20,
        validate_every=plan.steps,
        validation_instances=8,
        workers=0,
    )
    started = time.monotonic()
    network = load_weights(train(config, directory, console, draw)).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    scores = {"seed": seed, **measure(network, tracks), "minutes": (time.monotonic() - started) / 60}
    path.write_text(json.dumps(scores))
    f1 = ", ".join(f"{curve['f1'][1]:.3f}" for curve in scores["classes"])
    console.print(f"{arm.name}, seed {seed}: F1 {f1}", highlight=False)
    return scores


def _painted(network: Network, track: TestTrack) -> str:
    """A network's claims as a picture: 0 background, 1 and 2 the curves, 3 both."""
    claims, _ = read_track(network, track.instance.image)
    return _png((claims[0] + 2 * claims[1]).astype(np.uint8))


def _png(image: NDArray[np.uint8]) -> str:
    _, coded = cv2.imencode(".png", image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    return "data:image/png;base64," + base64.b64encode(coded.tobytes()).decode()


def _machine() -> str:
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    cpu = torch.cpu.get_capabilities()
    speaks = next((name for name in ("amx_bf16", "avx512_bf16") if cpu.get(name)), "no bf16")
    return f"{torch.get_num_threads()} cores of {cpu.get('cpu_name') or platform.processor()}, {speaks}"

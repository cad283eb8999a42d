"""What a forward pass costs on this machine, by every engine that is installed, and what each changes in the answer.

``python benchmarks/forward.py`` prints a table in Markdown. Engines beyond torch are optional: ``pip install onnx onnxruntime onnxscript openvino
nncf``. Every round runs each variant once; the table gives medians over the rounds and ratios to the plain forward of the
same run, because machines differ and are noisy. The change is the mean difference of the served probabilities from the plain
fp32 forward's, on drawn tracks, and the change of F1 there (1 px tolerance, both curves).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from veernet.network.predict import folded
from veernet.network.targets import Network
from veernet.network.weights import load_weights, shipped_weights
from veernet.training.instance import sample_instance
from veernet.training.score import Tally

FloatArray = NDArray[np.float32]
Forward = Callable[[FloatArray], FloatArray]
ROWS = 2048


def torch_forward(
    network: Network, *, bf16: bool = False, channels_last: bool = True, compiled: bool = False
) -> Forward:
    """Logits by torch."""
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model = network.to(memory_format=layout)  # type: ignore[call-overload]
    call = torch.compile(model) if compiled else model

    def run(x: FloatArray) -> FloatArray:
        with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            return call(torch.from_numpy(x).contiguous(memory_format=layout)).float().numpy()

    return run


def onnx_file(network: Network, folder: Path) -> Path:
    """The network as ONNX, at a fixed size."""
    path = folder / "network.onnx"
    torch.onnx.export(network, (torch.zeros(1, 1, ROWS, 512),), str(path), dynamo=True, verbose=False)
    return path


def onnxruntime_forward(path: Path) -> Forward:
    """Logits by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x: session.run(None, {name: x})[0]


def openvino_forward(path: Path, precision: str, calibration: list[FloatArray] | None = None) -> Forward:
    """Logits by OpenVINO; int8 where there is something to calibrate with."""
    import openvino

    core = openvino.Core()
    model = core.read_model(path)
    if calibration:
        import nncf

        model = nncf.quantize(model, nncf.Dataset(calibration), model_type=nncf.ModelType.TRANSFORMER)
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": precision, "PERFORMANCE_HINT": "LATENCY"})
    return lambda x: compiled(x)[0]


def variants(network: Network, folder: Path, calibration: list[FloatArray]) -> dict[str, Forward]:
    """Every variant that can be built here, the plain one first."""
    plain = deepcopy(network)
    fused = folded(deepcopy(network))
    made: dict[str, Forward] = {"torch, plain": torch_forward(plain, channels_last=False)}
    builders: dict[str, Callable[[], Forward]] = {
        "torch, channels-last": lambda: torch_forward(deepcopy(network)),
        "torch, channels-last, folded": lambda: torch_forward(deepcopy(fused)),
        "torch, channels-last, bf16": lambda: torch_forward(deepcopy(network), bf16=True),
        "torch, channels-last, folded, bf16": lambda: torch_forward(deepcopy(fused), bf16=True),
        "torch, compiled, folded": lambda: torch_forward(deepcopy(fused), compiled=True),
        "torch, compiled, folded, bf16": lambda: torch_forward(deepcopy(fused), bf16=True, compiled=True),
        "ONNX Runtime": lambda: onnxruntime_forward(onnx),
        "OpenVINO, fp32": lambda: openvino_forward(onnx, "f32"),
        "OpenVINO, bf16": lambda: openvino_forward(onnx, "bf16"),
        "OpenVINO, int8": lambda: openvino_forward(onnx, "f32", calibration),
    }
    try:
        onnx = onnx_file(deepcopy(fused), folder)
    except Exception as error:  # noqa: BLE001 - an engine that is not here, for whatever reason
        sys.stderr.write(f"no ONNX export here: {error}\n")
    x = calibration[0]
    for name, build in builders.items():
        try:
            forward = build()
            forward(x)
        except Exception as error:  # noqa: BLE001
            sys.stderr.write(f"{name}: left out ({type(error).__name__}: {str(error)[:120]})\n")
        else:
            made[name] = forward
    return made


def drawn_strip(first_seed: int) -> tuple[FloatArray, NDArray[np.uint8]]:
    """A strip of ``ROWS`` rows put together of drawn tracks, ``(1, 1, ROWS, 512)`` in 0..1, and its labels."""
    instances = [sample_instance(first_seed + index) for index in range(ROWS // 256)]
    image = np.concatenate([instance.image for instance in instances]).astype(np.float32) / 255.0
    return image[None, None], np.concatenate([instance.label for instance in instances])


def f1_of(forward: Forward, network: Network, strips: list[tuple[FloatArray, NDArray[np.uint8]]]) -> float:
    """Mean F1 of the curves."""
    tally = Tally(network.curves)
    for x, labels in strips:
        tally.add(network.claims(torch.from_numpy(np.asarray(forward(x))))[0].numpy(), labels)
    return statistics.mean(score.f1 for score in tally.scores())


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--weights", type=Path, default=shipped_weights())
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--strips", type=int, default=6, help="strips that the answers are compared on")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    network = load_weights(options.weights)
    strips = [drawn_strip(2_500_000_000 + 100 * index) for index in range(options.strips)]
    calibration = [drawn_strip(2_600_000_000 + 100 * index)[0] for index in range(8)]
    with tempfile.TemporaryDirectory() as folder:
        made = variants(network, Path(folder), calibration)
        seconds: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(options.rounds):
            for name, forward in made.items():
                started = time.perf_counter()
                forward(strips[0][0])
                seconds[name].append((time.perf_counter() - started) / (ROWS * 512 / 1e6))
        plain = "torch, plain"
        reference = f1_of(made[plain], network, strips)
        print("| engine | s per megapixel | times the plain forward | change of F1 |\n|---|---|---|---|")  # noqa: T201
        for name, forward in made.items():
            took = statistics.median(seconds[name])
            ratio = took / statistics.median(seconds[plain])
            change = f1_of(forward, network, strips) - reference
            print(f"| {name} | {took:.3f} | {ratio:.2f} | {change:+.4f} |")  # noqa: T201
    cores, cpu = torch.get_num_threads(), torch.cpu.get_capabilities()
    print(f"\n{cores} threads, {cpu.get('cpu_name')}, torch {torch.__version__}")  # noqa: T201


if __name__ == "__main__":
    main()

"""What holds on a GPU, where there is one: its inference beside a bare loop, and how busy an archive keeps it.

The bare loop runs the same network over batches that are there already, on the device; the shipped way takes uint8 from the host and gives uint8
back. The archive is fed by one worker that has the GPU, and by as many others as there are further cores.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import numpy as np

from benchmarks import bare
from benchmarks.cluster import workers
from benchmarks.end_to_end import memory_table, stage_table
from benchmarks.results import Item, Ratio, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, archive, drawn
from benchmarks.sizes import Size
from benchmarks.watched import Watched, veernet

BUSY, OF_BARE = 0.6, 0.4
#: Tiles of the bare loop that go at once, and how often: enough to fill a device.
_BATCH, _LOOP = 8, 20


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Nothing where there is no GPU."""
    import torch

    if torch.cuda.is_available():
        yield from inference(size, cache)
        yield from fed_archive(size, cache)


def inference(size: Size, cache: Path) -> Iterator[Item]:
    """The shipped way of a sheet's strips through the network, beside the bare loop."""
    import torch

    from tasks import compute
    from veernet.network.precision import computing_in
    from veernet.network.predict import folded
    from veernet.network.tiles import TILE_ROWS
    from veernet.network.weights import load_weights, shipped_weights

    model = compute.segmenter(None)
    device = model.device
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    strips = bare.strips_of(drawn(cache, Paper(size.sheet_rows)))
    network = folded(load_weights(shipped_weights())).to(device, memory_format=torch.channels_last)
    resident = torch.rand(_BATCH, 1, TILE_ROWS, 512, device=device).contiguous(memory_format=torch.channels_last)

    def loop_s() -> float:
        wait()
        started = time.perf_counter()
        with torch.inference_mode(), computing_in(model.precision, device):
            for _ in range(_LOOP):
                network(resident)
        wait()
        return (time.perf_counter() - started) / (_LOOP * resident.numel() / 1e6)

    megapixels = sum(strip.size for strip in strips) / 1e6
    shipped = lambda: bare.forward_s(model, strips) / megapixels  # noqa: E731
    loop_s(), shipped()
    took = in_turns(max(3, size.rounds), {"loop": loop_s, "shipped": shipped})
    yield ratio("inference on the GPU, of a bare loop", took["loop"], took["shipped"], better="higher", goal=OF_BARE)
    yield Table(
        title="Inference on the GPU",
        columns=("", "megapixels of strip a second"),
        rows=tuple((name, f"{1 / statistics.median(of):.0f}") for name, of in took.items()),
    )


def fed_archive(size: Size, cache: Path) -> Iterator[Item]:
    """An archive, with as many workers as there are cores."""
    count, processes = 4 * size.archive_sheets, max(2, (os.cpu_count() or 2))
    with (
        tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder,
        tempfile.TemporaryDirectory(prefix="veernet-bench-") as out,
        workers(drawn(cache, Paper(2_000)), processes, gpu=True) as there,
    ):
        archive(cache, Path(folder), Paper(size.archive_rows), count)
        with _utilisation() as looks:
            began_s = time.monotonic()
            run = veernet(["archive", folder, *there.options], Path(out), notes=there.notes, workers=there.pids)
    end_s = began_s + run.start_s + run.work_s
    busy = [share for at_s, share in looks if began_s + run.start_s <= at_s <= end_s]
    what = f"an archive of {count} sheets of {size.archive_rows:,} rows, {processes} workers"
    if busy:
        yield Ratio(
            name=f"{what}: GPU busy, of the work's time",
            value=round(float(np.mean(busy)), 3),
            better="higher",
            goal=BUSY,
        )
    yield ratio(f"{what}: in forward passes, of the work's time", [run.forward_s], [run.work_s], better="higher")
    yield Table(
        title=f"On the GPU: {what}",
        columns=("wall, s", "work, s", "sheets a minute", "in forward passes, s", "others' pieces, of their time"),
        rows=(
            (
                f"{run.wall_s:.1f}",
                f"{run.work_s:.1f}",
                f"{60 * count / run.work_s:.0f}",
                f"{run.forward_s:.1f}",
                f"{_others(run) / (run.work_s * (processes - 1)):.0%}",
            ),
        ),
    )
    yield memory_table(what, [run])
    yield stage_table(what, [run])


def _others(run: Watched) -> float:
    """Seconds of the workers in what is not the network's."""
    return sum(seconds for stage, seconds in run.pieces.items() if stage != "segment")


@contextmanager
def _utilisation() -> Iterator[list[tuple[float, float]]]:
    """Moments and the GPU's utilisation, 0 to 1, as its driver tells it; empty where nobody tells."""
    looks: list[tuple[float, float]] = []
    if which("nvidia-smi") is None:
        yield looks
        return
    asked = ["nvidia-smi", "--query-gpu=utilization.gpu", "--format=csv,noheader,nounits", "-i", "0", "-lms", "200"]
    with tempfile.TemporaryFile("w+") as told, subprocess.Popen(asked, stdout=told) as asking:
        began_s = time.monotonic()
        try:
            yield looks
        finally:
            asking.terminate()
            asking.wait()
            took_s = time.monotonic() - began_s
            told.seek(0)
            shares = [float(line) / 100 for line in told if line.strip().isdigit()]
            looks += [(began_s + took_s * (index + 0.5) / len(shares), share) for index, share in enumerate(shares)]

"""The real command beside a plain script on the same sheets and weights: time and peak memory, a sheet of each length.

Memory is that of all processes together, and that of the largest one: VeerNet's run has a server and a worker of its own beside it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks import plain_script
from benchmarks.meter import Meter
from benchmarks.results import Item, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, Sheet, drawn
from benchmarks.sizes import Size
from benchmarks.watched import veernet

QUICKER, SMALLER = 3.0, 0.5


@dataclass(frozen=True)
class Cost:
    """What a run of one of the two took; ``work_s`` is without the start of it."""

    wall_s: float
    work_s: float
    all_mb: float
    largest_mb: float


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Each length."""
    rows = []
    for length in size.lengths:
        sheet = drawn(cache, Paper(length))
        both = {"plain": partial(_plain, sheet), "VeerNet": partial(_veernet, sheet)}
        took = in_turns(1 if length == max(size.lengths) else min(size.rounds, 2), both)
        plain, ours = took["plain"], took["VeerNet"]
        what = f"{length:,} rows"
        plain_s, plain_mb = [one.wall_s for one in plain], [one.all_mb for one in plain]
        times = {
            "VeerNet, wall time": [one.wall_s for one in ours],
            "VeerNet without its start, time": [one.work_s for one in ours],
        }
        for which, ours_s in times.items():
            yield ratio(f"{what}: plain script / {which}", plain_s, ours_s, better="higher", goal=QUICKER)
        peaks = {
            "VeerNet's largest process": [one.largest_mb for one in ours],
            "VeerNet, all processes": [one.all_mb for one in ours],
        }
        for which, ours_mb in peaks.items():
            yield ratio(f"{what}: {which} / plain script, peak memory", ours_mb, plain_mb, goal=SMALLER)
        for name, costs in took.items():
            figures = [[one.wall_s for one in costs], [one.work_s for one in costs]]
            memory = [[one.all_mb for one in costs], [one.largest_mb for one in costs]]
            rows.append(
                (what, name, *(f"{median(one):.1f}" for one in figures), *(f"{median(one):.0f}" for one in memory))
            )
    yield Table(
        title="Beside a plain script",
        columns=("sheet", "", "wall, s", "without start, s", "all processes, MB", "largest, MB"),
        rows=tuple(rows),
    )


def _plain(sheet: Sheet) -> Cost:
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out:
        given = [str(sheet.scan), str(sheet.manifest_path), f"{out}/plain.las"]
        started = time.monotonic()
        run = subprocess.Popen([sys.executable, plain_script.__file__, *given])
        try:
            with Meter({"plain": run.pid}, every_s=0.2) as meter:
                code = run.wait()
                wall_s = time.monotonic() - started
        finally:
            run.kill()
        if code:
            raise RuntimeError(f"the plain script ended with {code}")
    peak_mb = meter.peaks_mb()["all"]
    return Cost(wall_s, wall_s, peak_mb, peak_mb)


def _veernet(sheet: Sheet) -> Cost:
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out:
        run = veernet(["digitise", sheet.manifest_path], Path(out))
    largest_mb = max(mb for name, mb in run.peaks_mb.items() if name != "all")
    return Cost(run.wall_s, run.work_s, run.peaks_mb["all"], largest_mb)

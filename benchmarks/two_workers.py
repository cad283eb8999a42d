"""Two workers beside one, a thread each, and beside one with two threads: an archive over workers that are there already."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.cluster import workers
from benchmarks.results import Item, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, archive, drawn
from benchmarks.sizes import Size
from benchmarks.watched import Watched, veernet

TWICE = 1.8


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """All three ways in turns."""
    count = max(4, size.archive_sheets // 3)
    ways = {"1 worker, 1 thread": (1, 1), "2 workers, 1 thread each": (2, 1), "1 worker, 2 threads": (1, 2)}

    small = drawn(cache, Paper(2_000))

    def run(scans: Path, processes: int, threads: int) -> Watched:
        with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out, workers(small, processes, threads) as there:
            return veernet(["archive", scans, *there.options], Path(out), notes=there.notes, workers=there.pids)

    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder:
        scans = Path(folder)
        archive(cache, scans, Paper(size.archive_rows), count)
        runs = in_turns(min(size.rounds, 2), {name: partial(run, scans, *way) for name, way in ways.items()})
    one, two, threaded = ([run.work_s for run in runs[name]] for name in ways)
    yield ratio("work of two workers / of one, a thread each", one, two, better="higher", goal=TWICE)
    yield ratio("two workers of one thread / one worker of two threads, time", two, threaded)
    yield Table(
        title=f"Workers, over {count} sheets of {size.archive_rows:,} rows",
        columns=("", "wall, s", "work, s", "in forward passes, of work x workers", "all processes, MB"),
        rows=tuple(
            (
                name,
                f"{median(run.wall_s for run in runs[name]):.1f}",
                f"{median(run.work_s for run in runs[name]):.1f}",
                f"{median(run.forward_s / (run.work_s * processes) for run in runs[name]):.0%}",
                f"{median(run.peaks_mb['all'] for run in runs[name]):.0f}",
            )
            for name, (processes, _) in ways.items()
        ),
        note=f"{os.cpu_count()} cores; the run's own process and its server use them, too.",
    )

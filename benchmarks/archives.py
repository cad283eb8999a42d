"""Archives: two workers beside one, a thread each; and the cost of a sheet from a few sheets to many."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.cluster import workers
from benchmarks.results import Item, Plot, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, archive
from benchmarks.sizes import SMALL_DPI, SMALL_ROWS, Size
from benchmarks.watched import Watched, veernet

TWICE = 1.8
FLAT = 1.05


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Workers, then numbers of sheets."""
    yield from _two_workers(size, cache)
    yield from _many_sheets(size, cache)


def _two_workers(size: Size, cache: Path) -> Iterator[Item]:
    count = max(4, size.archive_sheets // 3)
    ways = {"1 worker, 1 thread": (1, 1), "2 workers, 1 thread each": (2, 1), "1 worker, 2 threads": (1, 2)}

    def run(scans: Path, processes: int, threads: int) -> Watched:
        with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out, workers(processes, threads) as there:
            return veernet(["archive", scans, *there.options], Path(out), notes=there.notes, workers=there.pids)

    with tempfile.TemporaryDirectory(prefix="veernet-bench-", dir=cache) as folder:
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


def _many_sheets(size: Size, cache: Path) -> Iterator[Item]:
    runs: dict[int, Watched] = {}
    for count in size.counts:  # once each: a run over many sheets is its own mean
        with (
            tempfile.TemporaryDirectory(prefix="veernet-bench-", dir=cache) as folder,
            tempfile.TemporaryDirectory(prefix="veernet-bench-") as out,
        ):
            archive(cache, Path(folder), Paper(SMALL_ROWS, SMALL_DPI), count)
            runs[count] = veernet(["archive", folder], Path(out))
    *_, before, most = size.counts
    costs_s = {count: run.work_s / count for count, run in runs.items()}
    yield ratio(f"work a sheet: {most:,} sheets / {before:,}", [costs_s[most]], [costs_s[before]], goal=FLAT)
    peaks_mb = {count: run.peaks_mb["all"] for count, run in runs.items()}
    yield ratio(f"peak memory: {most:,} sheets / {before:,}", [peaks_mb[most]], [peaks_mb[before]], goal=FLAT)
    yield Table(
        title="Growth with the number of sheets, small ones",
        columns=("sheets", "wall, s", "work, s", "work a sheet, s", "sheets an hour", "all processes, MB"),
        rows=tuple(
            (
                f"{count:,}",
                f"{run.wall_s:.1f}",
                f"{run.work_s:.1f}",
                f"{costs_s[count]:.3f}",
                f"{3600 / costs_s[count]:.0f}",
                f"{peaks_mb[count]:.0f}",
            )
            for count, run in runs.items()
        ),
    )
    last = runs[most]
    begun_s = last.samples[0].at_s
    names = sorted({name for sample in last.samples for name in sample.memory_mb})
    yield Plot(
        name="archive-memory",
        title=f"Memory over a run of {most:,} sheets",
        x="s",
        y="MB",
        series={
            name: tuple((sample.at_s - begun_s, sample.memory_mb.get(name, 0.0)) for sample in last.samples)
            for name in names
        },
    )
    yield Plot(
        name="archive-pace",
        title=f"Sheets done over a run of {most:,} sheets",
        x="s",
        y="sheets",
        series={"done": tuple((sample.at_s - begun_s, sample.settled) for sample in last.samples)},
    )

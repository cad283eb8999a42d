"""The cost of a sheet, and memory, from a few sheets to many: an archive of small ones, whose bookkeeping costs as much as their pixels."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.results import Item, Plot, Table
from benchmarks.rounds import ratio
from benchmarks.sheets import Paper, archive
from benchmarks.sizes import SMALL_DPI, SMALL_ROWS, Size
from benchmarks.watched import Watched, veernet

FLAT = 1.05


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Each number of sheets."""
    runs: dict[int, Watched] = {}
    for count in size.counts:  # once each: a run over many sheets is its own mean
        with (
            tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder,
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

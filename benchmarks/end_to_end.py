"""The real command beside the bare forward passes of the same strips, in turns: one sheet of some 2,400 columns, and an archive.

With start-up is the command's whole wall time. Without it is from the first rows of a scan that a worker reads to the last record that is
written; what a run does before and behind that goes by the run, and not by the sheet.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks import bare
from benchmarks.results import Item, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, archive, drawn
from benchmarks.sizes import Size
from benchmarks.watched import Watched, veernet
from tasks import compute

GOAL = 1.25
COLUMNS = (
    "what",
    "forward passes alone, s",
    "wall, s",
    "start, s",
    "work, s",
    "in forward passes, of the work",
    "of the wall time",
    "sheets an hour",
)


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Both, with what the processes took."""
    model = compute.segmenter(None)
    model.classes(np.zeros((256, 512), np.uint8))
    wide = drawn(cache, Paper(size.sheet_rows, halves=2))
    strips = bare.strips_of(wide)
    yield from _beside(
        f"a sheet of 2,500 x {size.sheet_rows:,} px",
        size.rounds,
        lambda: bare.forward_s(model, strips),
        lambda out: veernet(["digitise", wide.manifest_path], out),
        1,
    )
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder:
        count = size.archive_sheets
        made = archive(cache, Path(folder), Paper(size.archive_rows), count)
        all_strips: list[list[NDArray[np.uint8]]] = [bare.strips_of(sheet) for sheet in made]
        yield from _beside(
            f"an archive of {count} sheets of {size.archive_rows:,} rows",
            min(size.rounds, 2),
            lambda: bare.forward_archive_s(model, all_strips, count),
            lambda out: veernet(["archive", folder], out),
            count,
        )


def _beside(
    what: str, rounds: int, forward: Callable[[], float], run: Callable[[Path], Watched], sheets: int
) -> Iterator[Item]:
    runs: list[Watched] = []

    def run_s() -> float:
        with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out:
            runs.append(run(Path(out)))
        return runs[-1].wall_s

    took = in_turns(rounds, {"forward": forward, "run": run_s})
    alone_s, work_s = took["forward"], [one.work_s for one in runs]
    yield ratio(f"{what}: without start-up / forward passes alone", work_s, alone_s, goal=GOAL)
    yield ratio(f"{what}: with start-up / forward passes alone", took["run"], alone_s, goal=GOAL)
    in_forward = [one.forward_s for one in runs]
    yield ratio(f"{what}: share of its work in which the network computes", in_forward, work_s, better="higher")
    row = (
        what,
        *(f"{median(of):.1f}" for of in (alone_s, took["run"], [one.start_s for one in runs], work_s)),
        *(
            f"{median(inside / outside for inside, outside in zip(in_forward, of, strict=True)):.0%}"
            for of in (work_s, took["run"])
        ),
        f"{3600 * sheets / median(work_s):.0f}",
    )
    yield Table(title=f"Beside the forward passes: {what}", columns=COLUMNS, rows=(row,))
    yield memory_table(what, runs)
    yield stage_table(what, runs)


def memory_table(what: str, runs: Sequence[Watched]) -> Table:
    """Most memory of each process, medians over the runs."""
    names = sorted({name for run in runs for name in run.peaks_mb})
    rows = tuple((name, f"{median(run.peaks_mb.get(name, 0.0) for run in runs):.0f}") for name in names)
    return Table(title=f"Peak memory: {what}", columns=("process", "MB"), rows=rows)


def stage_table(what: str, runs: Sequence[Watched]) -> Table:
    """What the workers were at, seconds over all of them, medians over the runs."""
    names = sorted(runs[0].pieces)
    rows = tuple((name, f"{median(run.pieces.get(name, 0.0) for run in runs):.1f}") for name in names)
    return Table(title=f"Time of the workers: {what}", columns=("stage", "s"), rows=rows)

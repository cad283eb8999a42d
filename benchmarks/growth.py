"""How a sheet's cost grows: with its length, its resolution, its tracks and its curves; each by the real command."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from statistics import median

from benchmarks.results import Item, Plot, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, Sheet, drawn, with_curves
from benchmarks.sizes import Size
from benchmarks.watched import Watched, veernet

DPIS = (100, 200, 400)
CURVES = (1, 2, 3, 4)
#: Each round is a dozen runs of the command.
MOST_ROUNDS = 2
COLUMNS = ("", "wall, s", "work, s", "in forward passes, s", "worker, MB", "run, MB", "server, MB", "all, MB")


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Length, resolution, tracks, curves."""
    yield from _lengths(size, cache)
    base, rounds = size.growing_rows, min(size.rounds, MOST_ROUNDS)
    yield from _grown(
        "resolution, of one length of paper",
        {f"{dpi} dpi": drawn(cache, Paper(base * dpi // 200, dpi)) for dpi in DPIS},
        rounds,
    )
    yield from _grown(
        "tracks", {f"{2 * halves} tracks": drawn(cache, Paper(base, halves=halves)) for halves in (1, 2)}, rounds
    )
    sheet = drawn(cache, Paper(base))
    of_curves = {f"{count} curves": with_curves(sheet, count) for count in CURVES}
    yield from _grown("curves, two a track", of_curves, rounds)


def _lengths(size: Size, cache: Path) -> Iterator[Item]:
    sheets = {f"{rows:,} rows": drawn(cache, Paper(rows)) for rows in size.lengths}
    runs = _runs(sheets, min(size.rounds, MOST_ROUNDS))
    yield _table("length", runs)
    *_, before, longest = runs
    grown = size.lengths[-1] / size.lengths[-2]
    works = [[run.work_s for run in runs[name]] for name in (longest, before)]
    yield ratio(f"work a row: {longest} / {before}", [one / grown for one in works[0]], works[1])
    peaks = [[run.peaks_mb["all"] for run in runs[name]] for name in (longest, before)]
    yield ratio(f"peak memory of all processes: {longest} / {before}", *peaks, goal=1.1)
    by_rows = list(zip(size.lengths, runs.values(), strict=True))
    yield Plot(
        name="length-time",
        title="Seconds by length of the sheet",
        x="rows",
        y="s",
        series={
            "with start-up": tuple((rows, median(run.wall_s for run in of)) for rows, of in by_rows),
            "without": tuple((rows, median(run.work_s for run in of)) for rows, of in by_rows),
            "in forward passes": tuple((rows, median(run.forward_s for run in of)) for rows, of in by_rows),
        },
    )
    yield Plot(
        name="length-memory",
        title="Peak memory by length of the sheet",
        x="rows",
        y="MB",
        series={
            name: tuple((rows, median(_peak(run, name) for run in of)) for rows, of in by_rows)
            for name in ("dask-worker", "run", "prefect-server", "all")
        },
    )


def _grown(what: str, sheets: Mapping[str, Sheet], rounds: int) -> Iterator[Item]:
    runs = _runs(sheets, rounds)
    yield _table(what, runs)
    (first, of_first), *others = runs.items()
    for name, of in others:
        yield ratio(f"work: {name} / {first}", [run.work_s for run in of], [run.work_s for run in of_first])


def _runs(sheets: Mapping[str, Sheet], rounds: int) -> dict[str, list[Watched]]:
    def run(sheet: Sheet) -> Watched:
        with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out:
            return veernet(["digitise", sheet.manifest_path], Path(out))

    return in_turns(rounds, {name: partial(run, sheet) for name, sheet in sheets.items()})


def _table(what: str, runs: Mapping[str, list[Watched]]) -> Table:
    rows = []
    for name, of in runs.items():
        times = [[run.wall_s for run in of], [run.work_s for run in of], [run.forward_s for run in of]]
        peaks = [[_peak(run, process) for run in of] for process in ("dask-worker", "run", "prefect-server", "all")]
        rows.append((name, *(f"{median(one):.1f}" for one in times), *(f"{median(one):.0f}" for one in peaks)))
    return Table(title=f"Growth with {what}", columns=COLUMNS, rows=tuple(rows))


def _peak(run: Watched, process: str) -> float:
    return max((mb for name, mb in run.peaks_mb.items() if name.startswith(process)), default=0.0)

"""A run as a person at a terminal sees it: progress while it goes on, a table at its end."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.places import check_there, destination
from flows.server import PrefectServer, serve_until_interrupt
from flows.uncollected import uncollected
from tasks.progress import listening

if TYPE_CHECKING:
    from rich.console import Console

    from flows.digitise import Outcome

#: Share of a sheet's time that each stage ends at, for its bar.
_STAGE_ENDS = {"fetch": 0.05, "tile": 0.2, "segment": 0.85, "trace": 0.9, "publish": 1.0, "set aside": 1.0}
_SHOWN = {"done": "[green]done[/]", "partial": "[yellow]partial[/]", "set aside": "[red]set aside[/]"}


class _Bars:
    """One bar a sheet that is on its way."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._bars: dict[str, TaskID] = {}
        self._lock = threading.Lock()

    def __call__(self, sheet: str, stage: str, share: float) -> None:
        ends = list(_STAGE_ENDS.values())
        index = list(_STAGE_ENDS).index(stage)
        start = ends[index - 1] if 0 < index < len(ends) - 1 else 0.0
        completed = start + share * (_STAGE_ENDS[stage] - start)
        with self._lock:
            if sheet not in self._bars:
                self._bars[sheet] = self._progress.add_task(escape(sheet), total=1.0, stage=stage)
            self._progress.update(self._bars[sheet], completed=completed, stage=stage)


def digitise_watched(
    sources: Sequence[str], out: str, console: Console, *, keep_ui: bool = False, **options: Any
) -> bool:
    """Run the flow under a progress display; returns whether every sheet is done.

    Raises:
        VeerNetError: Nothing could be started.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[stage]}"),
        TimeElapsedColumn(),
    )
    destination(out)
    check_there(sources)  # what is mistyped is told before a server is started
    with PrefectServer() as server, ExitStack() as meanwhile:  # seconds of imports, while the server starts
        from flows.cluster import getting_ready

        meanwhile.enter_context(getting_ready(options.get("dask"), options.get("workers")))
        with uncollected():
            from flows.digitise import run
            from flows.sources import find_jobs

        find_jobs(sources, out, Path())  # what makes no sense is refused without waiting for the server
        server.wait_ready()
        console.print(f"watch it at {server.ui_url}", style="dim", highlight=False)
        bars = Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
        with bars as progress, listening(_Bars(progress)):
            outcomes = run(sources, out, **options)
        meanwhile.close()
        console.print(outcome_table(outcomes, out))
        for outcome in outcomes:
            if outcome.status != "done":
                console.print(f"{_SHOWN[outcome.status]} {escape(outcome.reason)}", highlight=False, soft_wrap=True)
            elif outcome.warnings:
                told = f"{escape(outcome.sheet)}: {len(outcome.warnings)} notes for its reader, in its record"
                console.print(told, style="yellow", highlight=False, soft_wrap=True)
        if keep_ui and server.own:
            serve_until_interrupt(server)
    return all(outcome.status == "done" for outcome in outcomes)


def outcome_table(outcomes: Sequence[Outcome], out: str) -> Table:
    """The closing table: a row a sheet."""
    done = sum(outcome.status == "done" for outcome in outcomes)
    table = Table(title=f"{done} of {len(outcomes)} sheets done, in {escape(out)}", title_justify="left")
    table.add_column("sheet", overflow="fold")
    for heading in ("status", "curve"):
        table.add_column(heading, no_wrap=True)
    for heading in ("coverage", "confidence", "seconds"):
        table.add_column(heading, justify="right", no_wrap=True)
    for outcome in outcomes:
        names, coverages, confidences = zip(*outcome.curves, strict=True) if outcome.curves else ((), (), ())
        table.add_row(
            escape(outcome.sheet),
            _SHOWN[outcome.status],
            "\n".join(names),
            "\n".join(f"{coverage:.1%}" for coverage in coverages),
            "\n".join(f"{confidence:.2f}" for confidence in confidences),
            f"{outcome.seconds:.1f}",
        )
    return table


def run_demo(out: Path, seed: int, console: Console) -> bool:
    """Draw a sheet, digitise it, compare it with what was drawn, and say where to look."""
    from veernet.review.evaluate import compare
    from veernet.review.score_table import score_table
    from veernet.sheets.manifest import read_manifest
    from veernet.training.layout import sample_sheet
    from veernet.training.sheet import write_sheet

    stem = f"demo-{seed}"
    console.print(f"drawing a sheet into {out}/sheet")
    paths = write_sheet(sample_sheet(seed), out / "sheet", stem)
    console.print("digitising it")
    done = digitise_watched([str(paths["manifest"])], str(out / "result"), console)
    if done:
        manifest = read_manifest(paths["manifest"].read_bytes(), paths["manifest"].name)
        console.print(score_table(compare(paths["truth"], out / "result" / stem / f"{stem}.las", manifest)))
        console.print(f"look at {out / 'result' / stem / stem}.png: the scan with the traced curves over it")
    return done

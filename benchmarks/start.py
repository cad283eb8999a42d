"""From ``veernet digitise`` to the first rows of a scan that a worker reads, by the worker's own note of it: with a server of the run's own, and with one that runs.

What is put beside it is the interpreter with all that run and worker import, one after the other; a run and its workers do that side by side.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.results import Item, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, drawn
from benchmarks.sizes import SMALL_DPI, SMALL_ROWS, Size
from benchmarks.watched import veernet
from flows.server import PrefectServer

GOALS_S = {"a server of its own": 8.0, "a server that runs": 3.0}
_IMPORTS = "import importlib, flows.digitise, tasks.compute; [*map(importlib.import_module, tasks.compute.NEEDED)]"
_READY_S = 120.0


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """All three in turns."""
    sheet = drawn(cache, Paper(SMALL_ROWS, SMALL_DPI))

    def start_s(environment: Mapping[str, str]) -> float:
        with tempfile.TemporaryDirectory(prefix="veernet-bench-") as out:
            return veernet(["digitise", sheet.manifest_path], Path(out), environment=environment).start_s

    with _server() as url:
        own, running = GOALS_S
        took = in_turns(
            max(3, size.rounds),
            {"imports": _imports_s, own: lambda: start_s({}), running: lambda: start_s({"PREFECT_API_URL": url})},
        )
    for name in GOALS_S:
        yield ratio(f"start with {name} / imports alone", took[name], took["imports"])
    rows = [
        (name, f"{median(took[name]):.1f}", f"{goal_s:g}", "met" if median(took[name]) <= goal_s else "**not met**")
        for name, goal_s in GOALS_S.items()
    ]
    yield Table(
        title="Start",
        columns=("from the command to the first rows read, with", "s", "goal, s", ""),
        rows=(*rows, ("imports alone", f"{median(took['imports']):.1f}", "", "")),
    )


def _imports_s() -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", _IMPORTS], check=True)
    return time.perf_counter() - started


@contextmanager
def _server() -> Iterator[str]:
    """A Prefect server that is there already, known to nobody who is not told."""
    with PrefectServer() as server:
        give_up_s = time.monotonic() + _READY_S
        while not _answers(f"{server.url}/health"):
            if time.monotonic() > give_up_s:
                raise TimeoutError(f"no Prefect server within {_READY_S:.0f} s")
            time.sleep(0.2)
        yield server.url


def _answers(url: str) -> bool:
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False

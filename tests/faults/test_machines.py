"""Rows 29, 31 and 32: what ends a run, or takes its Prefect server away from it."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
from composed import ROOT

from veernet import storage
from veernet.archive.ledger import Ledger
from veernet.archive.listing import listed_sheets
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
SHEETS = 3
LIMIT_S = 300


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small archive."""
    folder = tmp_path_factory.mktemp("scans")
    for seed in range(SHEETS):
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
        write_sheet(recipe, folder, f"well-{seed}")
    return folder


@contextmanager
def _run(scans: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """An archive run with a server of its own, as soon as it has begun with the first sheet."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    (folder / "work").mkdir()
    arguments = ["archive", str(scans), "--out", str(folder / "out"), "--work", str(folder / "work"), "--workers", "1"]
    with subprocess.Popen(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as run:
        try:
            give_up_s = time.monotonic() + LIMIT_S
            while not list((folder / "work").glob("veernet-*/*/well-*")):
                assert run.poll() is None, run.stdout.read() if run.stdout else ""
                assert time.monotonic() < give_up_s
                time.sleep(0.05)
            yield run
        finally:
            run.kill()


def _server_of(run: subprocess.Popen[str]) -> psutil.Process:
    """The run's own Prefect server."""
    return next(
        child for child in psutil.Process(run.pid).children() if "server_process.py" in " ".join(child.cmdline())
    )


def _ends(scans: Path, out: Path) -> list[list[str]]:
    """Every entry that the ledger has of each sheet."""
    listed = listed_sheets(storage.resolve(scans), Ledger(storage.resolve(out)))
    return [[entry.status for entry in sheet.entries] for sheet in listed]


@pytest.mark.fault(31, outcome="done")
def test_sheets_are_entered_although_the_prefect_server_is_gone(scans: Path, tmp_path: Path) -> None:
    """Each once; that the run could not be reported to its end is told."""
    with _run(scans, tmp_path) as run:
        server = _server_of(run)
        server.kill()
        said, _ = run.communicate(timeout=LIMIT_S)
    assert (1, False) == (run.returncode, "Traceback" in said), said
    assert "its API went away under the run" in said
    assert [["done"]] * SHEETS == _ends(scans, tmp_path / "out")


@pytest.mark.fault(32, outcome="done")
def test_a_locked_database_costs_no_sheet(scans: Path, tmp_path: Path) -> None:
    """Held by somebody else from the first sheet on until all of them are entered."""
    with _run(scans, tmp_path) as run:
        database = Path(_server_of(run).cmdline()[-1]) / "prefect.db"
        with closing(sqlite3.connect(database, timeout=30, isolation_level=None)) as locking:
            locking.execute("BEGIN EXCLUSIVE")
            give_up_s = time.monotonic() + LIMIT_S
            while (ends := _ends(scans, tmp_path / "out")) != [["done"]] * SHEETS:
                assert run.poll() is None
                assert time.monotonic() < give_up_s, ends
                time.sleep(0.2)
            locking.execute("ROLLBACK")
        said, _ = run.communicate(timeout=LIMIT_S)
    assert 0 == run.returncode, said
    assert "3 done, 0 set aside" in said


@pytest.mark.fault(29, outcome="ended, nothing half-written")
def test_sigterm_ends_a_run_and_all_that_it_started(scans: Path, tmp_path: Path) -> None:
    """By itself, with nothing left in the destination that is not whole, and nothing of the run elsewhere."""
    with _run(scans, tmp_path) as run:
        tree = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGTERM)
        run.communicate(timeout=LIMIT_S)
    assert 128 + signal.SIGTERM == run.returncode
    _, alive = psutil.wait_procs(tree, timeout=30)
    assert [] == alive
    assert {(), ("done",)} >= {tuple(ends) for ends in _ends(scans, tmp_path / "out")}
    assert [] == list((tmp_path / "out").rglob("*.part"))

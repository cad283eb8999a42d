"""The process that a run's workers are forks of: what it spares them, and that it never outlives the run."""

from __future__ import annotations

import ast
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import Client
from processes import alive, eventually

import tasks.compute
from flows import forks as module
from flows.cluster import dask_client, getting_ready
from flows.forks import forks
from tasks.compute import NEEDED

ROOT = Path(__file__).parents[1]
#: What registers scans and what joins pages: most runs have need of neither.
SELDOM = {"veernet.register.writing", "veernet.sheets.chain", "veernet.sheets.paged", "veernet.sheets.pages"}

HOLD = """
import sys, time
from flows import forks
with forks.forks({}):
    print(forks._pid(), flush=True)
    time.sleep(60)
"""
FORK = """
from multiprocessing import get_context
from flows.forks import forks
with forks({}) as method:
    child = get_context(method).Process(target=print, args=["forked"])
    child.start()
    child.join()
"""

BEFORE = """
import sys
from flows.cluster import _memory_bytes, getting_ready
with getting_ready(None, None):
    print(sorted({"distributed", "prefect", "torch"} & set(sys.modules)))
told = _memory_bytes()
from distributed.system import MEMORY_LIMIT
print(told == _memory_bytes() == MEMORY_LIMIT)
"""

COMPLAIN = """
import logging
from distributed.comm.core import CommClosedError
from flows.cluster import dask_client

def complain(error):
    try:
        raise error
    except OSError:
        logging.getLogger("distributed.worker").exception("Failed to communicate with scheduler during heartbeat.")

with dask_client(workers=1) as client:
    for error in (CommClosedError("as at the end"), OSError("of another kind")):
        client.submit(complain, error).result()
"""


def _ran(script: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """A script that came to its end in a process of its own, with that folder for temporary files."""
    environment = {**os.environ, "TMPDIR": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder() -> Iterator[Path]:
    """An empty folder whose path leaves room for that of a socket, which pytest's own may not."""
    with tempfile.TemporaryDirectory(prefix="forks-") as name:
        yield Path(name)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Client]:
    """A cluster of one worker, begun in two steps as a run does."""
    with getting_ready(None, 1), dask_client(workers=1) as client:
        yield client


def test_it_is_started_before_the_run_imports_anything_that_takes_long(folder: Path) -> None:
    """How many workers there will be is told from the memory that Dask sees, and not by all of Dask."""
    ran = _ran(BEFORE, folder)
    assert (0, "[]\nTrue\n") == (ran.returncode, ran.stdout)


def _imported_late() -> set[str]:
    """Modules that functions of ``tasks.compute`` import when they are called."""
    tree = ast.parse(Path(tasks.compute.__file__).read_text(encoding="utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    found = (node for function in functions for node in ast.walk(function) if isinstance(node, ast.ImportFrom))
    return {str(node.module) for node in found}


def test_a_worker_has_imported_what_its_work_needs_before_there_is_any(cluster: Client) -> None:
    """And what most runs need nothing of is not there."""
    loaded = set(cluster.submit(lambda: sorted(__import__("sys").modules)).result(timeout=60))
    assert set() == set(NEEDED) - loaded
    assert set() == _imported_late() - SELDOM - loaded
    assert SELDOM == SELDOM - loaded


def test_what_a_worker_shares_with_others_is_out_of_the_collectors_sight(cluster: Client) -> None:
    """Which would write into all of it, and make it the worker's own; what the worker makes is collected as ever."""

    def told() -> tuple[bool, bool]:
        import gc

        return gc.isenabled(), gc.get_freeze_count() > len(gc.get_objects())

    assert (True, True) == cluster.submit(told).result(timeout=60)


def test_a_worker_has_what_is_compiled_ready_before_its_first_piece(cluster: Client) -> None:
    """Numba's own start takes half a second, and a worker that it was left to would take it in the middle of a sheet."""

    def compiled() -> int:
        return len(__import__("sys").modules["veernet.sheets.profiles"]._sums.signatures)

    assert 1 == cluster.submit(compiled).result(timeout=60)


def test_a_worker_that_died_is_followed_by_a_fork_of_the_same_process(cluster: Client) -> None:
    """Which has nothing to import, and no more threads of the libraries than the first."""
    told = lambda: (os.getpid(), os.getppid(), os.environ["OMP_NUM_THREADS"])  # noqa: E731 - Dask pickles it whole
    pid, parent, threads = cluster.submit(told, pure=False).result(timeout=60)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not alive(pid))
    later = cluster.submit(told, pure=False).result(timeout=60)
    assert (parent, threads) == later[1:]
    assert pid != later[0]


@pytest.mark.usefixtures("cluster")
def test_of_two_users_the_last_ends_it() -> None:
    """A cluster may outlive another one of its process."""
    pid = module._pid()
    assert pid is not None
    with forks({}) as method:
        assert ("forkserver", pid) == (method, module._pid())
    assert alive(pid)


def test_where_it_is_killed_itself_there_is_another_and_workers_with_it() -> None:
    """Its workers count as dead then, and are; the cluster goes on, and leaves no worker behind."""
    with dask_client(workers=1) as client:
        told = lambda: (os.getpid(), os.getppid())  # noqa: E731 - Dask pickles it whole
        worker, parent = client.submit(told, pure=False).result(timeout=60)
        os.kill(parent, signal.SIGKILL)
        assert eventually(lambda: not alive(worker), 30)
        later = client.submit(told, pure=False).result(timeout=60)
    assert not {worker, parent} & set(later)
    assert eventually(lambda: not any(map(alive, (worker, parent, later[0]))))


def _in_its_own_process(script: str, *, cwd: Path) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", script], cwd=cwd, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_it_ends_with_its_run_however_that_ends_and_whatever_it_imports(number: signal.Signals) -> None:
    """It is caught in the middle of its imports, and looks up when they are done."""
    with _in_its_own_process(HOLD, cwd=ROOT) as run:
        assert run.stdout is not None
        pid = int(run.stdout.readline())
        assert alive(pid)
        run.send_signal(number)
        run.wait(30)
    assert eventually(lambda: not alive(pid), 120)


@pytest.mark.parametrize("end", ["raise SystemExit", "signal.raise_signal(signal.SIGINT)"])
def test_nobody_waits_for_the_imports_of_one_that_nobody_needs(end: str, folder: Path) -> None:
    """A call that is refused a moment later, or interrupted, leaves nothing behind."""
    script = "import signal\n" + HOLD.replace("time.sleep(60)", end)
    done = _ran(script, folder)
    assert not alive(int(done.stdout))
    assert "Traceback" not in done.stderr or "KeyboardInterrupt" in done.stderr.splitlines()[-1]
    assert [] == list(folder.iterdir())


def test_an_interrupt_that_comes_while_it_is_started_ends_it(folder: Path) -> None:
    """Its start holds Ctrl-C back for a moment, and is then undone."""
    script = """
import os, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from multiprocessing import forkserver
from flows import forks
start = forkserver.ensure_running
def interrupted():
    start()
    print(forks._pid(), flush=True)
    signal.raise_signal(signal.SIGINT)
forkserver.ensure_running = interrupted
try:
    with forks.forks({}):
        print("went on")
except KeyboardInterrupt:
    raise SystemExit(130)
"""
    done = _ran(script, folder)
    assert (130, "") == (done.returncode, done.stderr)
    assert not alive(int(done.stdout))
    assert [] == list(folder.iterdir())


def test_nothing_that_lies_in_the_users_folder_is_imported(tmp_path: Path) -> None:
    """Whatever its name is."""
    (tmp_path / "zarr.py").write_text("from pathlib import Path\nPath('imported').touch()\n")
    with _in_its_own_process(FORK, cwd=tmp_path) as run:
        assert "forked" in run.communicate(timeout=120)[0]
    assert ["zarr.py"] == [path.name for path in tmp_path.iterdir()]


def test_workers_start_by_themselves_where_there_can_be_no_such_process(tmp_path: Path) -> None:
    """Its socket has a name that must not be long, and lies in the folder for temporary files."""
    folder = tmp_path / ("long" * 25)
    folder.mkdir()
    script = FORK.replace("as method:", "as method:\n    print(method)").replace("print, args=", "abs, args=[1] or ")
    done = _ran(script, folder)
    assert 0 == done.returncode, done.stderr
    assert "spawn" == done.stdout.strip()


def test_a_worker_says_nothing_of_a_run_that_ended_and_all_else(folder: Path) -> None:
    """A heartbeat that was on its way when Ctrl-C came would else end the command in a traceback."""
    said = _ran(COMPLAIN, folder).stderr
    assert "as at the end" not in said
    assert "of another kind" in said

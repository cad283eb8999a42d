"""The process that the workers of a run's own cluster are forks of: what takes seconds to import is imported once, and before there is a cluster.

It is ``multiprocessing``'s fork server, which Dask's nannies know how to use. It ends with the run however that ends, because it waits at a pipe of which the run holds the
other end; a worker that takes the place of one that died is there at once.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from multiprocessing import forkserver, process, resource_tracker
from typing import Literal

Method = Literal["forkserver", "spawn"]

_PRELOADED = "flows.preloaded"

_lock = threading.Lock()
_users = 0
_folder = ""  # of its socket


@contextmanager
def forks(environment: Mapping[str, str]) -> Iterator[Method]:
    """Have that process for as long as the context lasts, started unless it is there; entering comes back at once.

    Args:
        environment: What it is started with beside this process's environment, for libraries that look there when they are imported.

    Yields:
        How workers are to be started: as its forks, or each by itself where its socket cannot be made, as in a folder for temporary files with a long path.
    """
    global _users  # noqa: PLW0603 - multiprocessing has one fork server a process
    try:
        with _lock:
            _users += 1
            if _users == 1:
                _start(environment)
        yield "spawn" if _pid() is None else "forkserver"
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _stop()


def _start(environment: Mapping[str, str]) -> None:
    global _folder  # noqa: PLW0603
    # Without the last it would import whatever lies in the folder where the command is given under a module's name.
    with _environment({**environment, "PYTHONSAFEPATH": "1"}), interrupts_wait(), suppress(OSError):
        # multiprocessing's own folder is removed where this process comes to an orderly end only.
        _folder = tempfile.mkdtemp(prefix="veernet-forks-")
        config = process.current_process()._config  # type: ignore[attr-defined]
        own, config["tempdir"] = config.get("tempdir"), _folder
        try:
            forkserver.set_forkserver_preload([_PRELOADED])
            forkserver.ensure_running()
        finally:
            config["tempdir"] = own


@contextmanager
def _environment(given: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _pid() -> int | None:
    pid: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined]
    return pid


def _stop() -> None:
    """End it also where it is still importing, for which nobody is to wait."""
    global _folder  # noqa: PLW0603
    if (pid := _pid()) is not None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        forkserver._forkserver._stop()  # type: ignore[attr-defined]  # there is no public way
    if _folder:
        shutil.rmtree(_folder, ignore_errors=True)
        _folder = ""


@contextmanager
def interrupts_wait() -> Iterator[None]:
    """Hold Ctrl-C back, and for good in the threads and processes started meanwhile.

    A terminal sends it to the workers too, which would die of it in a traceback each; the run ends them itself.
    """
    resource_tracker.ensure_running()  # its start, in the thread that starts the first worker, would let Ctrl-C through again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

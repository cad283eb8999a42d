"""Dask workers that are there already, with a thread each: what ``--dask`` names."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import probe
from benchmarks.sheets import Sheet
from benchmarks.stages import do_once
from benchmarks.watched import PROBE

_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Workers:
    """Workers that run.

    Args:
        address: Of their scheduler.
        pids: Process numbers by name.
        notes: Folder of the notes that they leave.
        work: A folder that they share with a run.
    """

    address: str
    pids: dict[str, int]
    notes: Path
    work: Path

    @property
    def options(self) -> tuple[str, ...]:
        """What a command of VeerNet is told of them."""
        return "--dask", self.address, "--work", str(self.work)


@contextmanager
def workers(small: Sheet, count: int, threads: int = 1, gpu: bool = False) -> Iterator[Workers]:
    """So many workers, each with so many threads for its libraries and with a small sheet behind it: what a process loads once is not what a sheet costs.

    With ``gpu`` the first has the GPU and the others see none.
    """
    import dask
    from distributed import Client, Nanny, Scheduler, SpecCluster
    from distributed.system import MEMORY_LIMIT

    with tempfile.TemporaryDirectory(prefix="veernet-bench-", ignore_cleanup_errors=True) as folder:
        near = Path(folder)
        for name in ("notes", "work", "dask"):
            (near / name).mkdir()
        shared = {
            "host": _LOOPBACK,
            "nthreads": 1,
            "dashboard": False,
            "dashboard_address": f"{_LOOPBACK}:0",
            "local_directory": str(near / "dask"),
            "memory_limit": MEMORY_LIMIT // count,
            "preload": [str(PROBE)],
            "silence_logs": logging.ERROR,
        }
        specs = {}
        for index in range(count):
            environment = {probe.FOLDER: str(near / "notes")}
            if gpu and index:
                environment["CUDA_VISIBLE_DEVICES"] = ""
            resources = {"resources": {"GPU": 1}} if gpu and not index else {}
            specs[index] = {"cls": Nanny, "options": {**shared, "env": environment, **resources}}
        cores = {f"{library}_NUM_THREADS": threads for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
        scheduler = {
            "cls": Scheduler,
            "options": {"host": _LOOPBACK, "port": 0, "dashboard": False, "dashboard_address": f"{_LOOPBACK}:0"},
        }
        with (
            dask.config.set({"distributed.nanny.pre-spawn-environ": cores}),
            SpecCluster(workers=specs, scheduler=scheduler, silence_logs=logging.ERROR) as cluster,
        ):
            with Client(cluster) as client:  # type: ignore[no-untyped-call]
                client.wait_for_workers(count)
                client.run(do_once, small)
            pids = {f"dask-worker {index}": nanny.pid for index, nanny in cluster.workers.items()}
            yield Workers(cluster.scheduler_address, pids, near / "notes", near / "work")

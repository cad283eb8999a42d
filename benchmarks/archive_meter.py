"""What processes cost while something runs: processor time and memory, by the name of what they do; and rows of a database, by table."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import asyncpg
import psutil


@dataclass(frozen=True)
class Sample:
    """One look at all processes.

    Args:
        at_s: When, on the monotonic clock.
        settled: Sheets settled by then.
        cpu_s: Processor seconds that each has used since its start, its children included.
        rss_mb: Memory of each, its children included; what they share is counted once a process.
    """

    at_s: float
    settled: int
    cpu_s: Mapping[str, float]
    rss_mb: Mapping[str, float]


class Meter:
    """Looks at processes every so often, in a thread, for as long as the context lasts.

    Args:
        roots: Process numbers by name; children count for their parent, or by the name that ``name_of`` gives.
        settled: Tells how many sheets are settled.
        every_s: Seconds between two looks.
    """

    def __init__(self, roots: Mapping[str, int], settled: Callable[[], int], every_s: float = 1.0) -> None:
        self.samples: list[Sample] = []
        self._roots = dict(roots)
        self._settled = settled
        self._every_s = every_s
        self._gone: dict[psutil.Process, tuple[str, float]] = {}
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_on, daemon=True, name="meter")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _look_on(self) -> None:
        while not self._over.wait(self._every_s):
            with suppress(Exception):  # a service that is busy answers the next time
                self.samples.append(self.look())

    def look(self) -> Sample:
        """Look once."""
        rss: dict[str, float] = {}
        for name, pid in self._roots.items():
            with suppress(psutil.NoSuchProcess):
                root = psutil.Process(pid)
                for number, process in enumerate((root, *root.children(recursive=True))):
                    self._add(_name(name, number, process), process, rss)
        cpu: dict[str, float] = {}
        for name, used_s in self._gone.values():  # those that have ended count with what they had used
            cpu[name] = cpu.get(name, 0.0) + used_s
        return Sample(time.monotonic(), self._settled(), cpu, rss)

    def _add(self, name: str, process: psutil.Process, rss: dict[str, float]) -> None:
        with suppress(psutil.NoSuchProcess):
            used = process.cpu_times()
            self._gone[process] = (name, used.user + used.system)
            rss[name] = rss.get(name, 0.0) + process.memory_info().rss / 1e6


def _name(name: str, number: int, process: psutil.Process) -> str:
    """Dask's workers are children of the nanny that starts them; each has a line of its own."""
    with suppress(psutil.NoSuchProcess):
        if name == "dask-worker" and "spawn_main" in " ".join(process.cmdline()):
            return f"dask-worker {number}"
    return "dask-nanny" if name == "dask-worker" else name


def database_rows(url: str) -> dict[str, int]:
    """Rows of every table of a PostgreSQL database."""

    async def count() -> dict[str, int]:
        connection = await asyncpg.connect(url)
        try:
            tables = await connection.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
            names = sorted(row["tablename"] for row in tables)
            return {name: await connection.fetchval(f'SELECT count(*) FROM "{name}"') for name in names}
        finally:
            await connection.close()

    return asyncio.run(count())

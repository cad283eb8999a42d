"""What processes cost while something runs: processor time and memory, by the name of what they do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Self

import psutil


@dataclass(frozen=True)
class Sample:
    """One look at all processes.

    Args:
        at_s: When, on the monotonic clock.
        settled: Sheets settled by then.
        cpu_s: Processor seconds that each has used since its start, its children included.
        memory_mb: Resident memory of each, its children included; what they share is counted once a process. To ask the kernel for shares
            (PSS) takes 17 ms a process, which would be a sixth of a core at three looks a second.
    """

    at_s: float
    settled: int
    cpu_s: Mapping[str, float]
    memory_mb: Mapping[str, float]


class Meter:
    """Looks at processes every so often, in a thread, for as long as the context lasts.

    Args:
        roots: Process numbers by name; children count for their parent, or under the name of what they are known to be.
        settled: Tells how many sheets are settled.
        every_s: Seconds between two looks.
    """

    def __init__(self, roots: Mapping[str, int], settled: Callable[[], int] = lambda: 0, every_s: float = 1.0) -> None:
        self.samples: list[Sample] = []
        self._roots = dict(roots)
        self._settled = settled
        self._every_s = every_s
        self._gone: dict[psutil.Process, tuple[str, float]] = {}
        self._workers = 0
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
        memory: dict[str, float] = {}
        for name, pid in self._roots.items():
            with suppress(psutil.NoSuchProcess):
                root = psutil.Process(pid)
                for number, process in enumerate((root, *root.children(recursive=True))):
                    self._add(name, number, process, memory)
        cpu: dict[str, float] = {}
        for name, used_s in self._gone.values():  # those that have ended count with what they had used
            cpu[name] = cpu.get(name, 0.0) + used_s
        return Sample(time.monotonic(), self._settled(), cpu, memory)

    def _add(self, root: str, number: int, process: psutil.Process, memory: dict[str, float]) -> None:
        with suppress(psutil.NoSuchProcess):
            name = self._gone[process][0] if process in self._gone else self._name(root, number, process)
            used = process.cpu_times()
            self._gone[process] = (name, used.user + used.system)
            memory[name] = memory.get(name, 0.0) + process.memory_info().rss / 1e6

    def _name(self, root: str, number: int, process: psutil.Process) -> str:
        """Dask's workers are children of the nanny that starts them, or forks of the run's fork server, and a run's own server is one of the run: each has a line of its own."""
        if number:
            line, above = (" ".join(one.cmdline()) for one in (process, process.parent() or process))
            if "multiprocessing.forkserver" in line and line != above:
                return "fork-server"
            if "spawn_main" in line or "multiprocessing.forkserver" in line:
                self._workers += 1
                return f"dask-worker {self._workers}"
            if "server_process.py" in line:
                return "prefect-server"
        return "dask-nanny" if root == "dask-worker" else root

    def peaks_mb(self) -> dict[str, float]:
        """The most that each has taken, and ``all``: the most that they have taken together at one time."""
        names = {name for sample in self.samples for name in sample.memory_mb}
        peaks = {name: max(sample.memory_mb.get(name, 0.0) for sample in self.samples) for name in sorted(names)}
        return peaks | {"all": max((sum(sample.memory_mb.values()) for sample in self.samples), default=0.0)}

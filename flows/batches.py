"""Batches on their way: so many at one time that no stage waits for want of work, and no more, however many are to come."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

from prefect.context import FlowRunContext

from tasks.state import Batch

T = TypeVar("T")

#: Batches on their way at one time: one is inferred while the next is read and the last is written.
IN_FLIGHT = 3


class StoppedError(Exception):
    """The run ends early; what is on its way goes no further."""


class Way:
    """Whether a run still goes on, for the stages of its batches to ask."""

    def __init__(self) -> None:
        self._stopped = threading.Event()

    def stop(self) -> None:
        """Let no batch take another step."""
        self._stopped.set()

    def check(self) -> None:
        """Raise ``StoppedError`` where the run has stopped: what a stage makes of a cluster that is closing must go no further."""
        if self._stopped.is_set():
            raise StoppedError


def batched(things: Iterable[T], size: int) -> Iterator[tuple[T, ...]]:
    """Tuples of ``size``, the last one shorter, taken from ``things`` as they are asked for."""
    source = iter(things)
    while batch := tuple(itertools.islice(source, size)):
        yield batch


def run_batches(
    batches: Iterable[Batch], way: Callable[[Batch], Batch], run: Way, in_flight: int = IN_FLIGHT
) -> Generator[Batch]:
    """Send each batch its way in a thread, and give what becomes of it, in the order in which they arrive.

    A batch is taken from ``batches`` when there is room for it, and forgotten when it has been given. Who ends before the last has come
    closes the generator: then, too, no batch takes another step.

    Raises:
        Exception: What a way raised; no other batch takes another step.
    """
    source = iter(batches)
    flying: set[Future[Batch]] = set()
    threads = ThreadPoolExecutor(in_flight, thread_name_prefix="batch")
    try:
        while True:
            for batch in itertools.islice(source, in_flight - len(flying)):
                # A copy of the context is what makes a task called there one of this flow run.
                flying.add(threads.submit(copy_context().run, way, batch))
            if not flying:
                return
            arrived, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in arrived:
                yield future.result()
                _forget_results()
    finally:
        run.stop()
        # Not waited for: what they wait for themselves ends when the caller closes its cluster.
        threads.shutdown(wait=False, cancel_futures=True)


def _forget_results() -> None:
    """Prefect remembers the state that every result of a run came from, to tell what depends on what; a long run has too many."""
    if context := FlowRunContext.get():
        context.run_results.clear()

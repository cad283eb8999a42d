"""The Dask client of the run that this process is in; stages run in threads, which Dask's own default does not reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError

from tasks.watch import (
    CrashError,
    DeadlineError,
    Piece,
    PieceLostError,
    UnforeseenError,
    WorkerLostError,
    packed,
    watched,
)
from veernet.errors import OptionError, VeerNetError

if TYPE_CHECKING:
    from tasks.state import Job

__all__ = ["CrashError", "DeadlineError", "PieceLostError", "WorkerLostError"]

T = TypeVar("T")

#: What a Dask worker with a GPU says that it has: ``dask worker --resources GPU=1``.
GPU = "GPU"

#: Deadline of a piece of work, unless one is given: enough to load the network and compile the tracer on a machine that is busy with other things, and some
#: ten times what a megapixel takes.
DEADLINE_S = 120.0
DEADLINE_S_PER_MEGAPIXEL = 1.0
#: More sheets than any run has.
_MOST_TURNS = 1 << 40


@dataclass(frozen=True)
class _Use:
    """The workers of a run.

    Args:
        client: Of their cluster.
        deadline_s: Seconds that any piece of work may take; by its size unless given.
    """

    client: Client
    deadline_s: float | None

    def deadline_of(self, megapixels: float) -> float:
        """Seconds that a piece of work of this size may take."""
        return self.deadline_s or DEADLINE_S + DEADLINE_S_PER_MEGAPIXEL * megapixels


_uses: list[_Use] = []


@contextmanager
def using(client: Client, deadline_s: float | None = None) -> Iterator[None]:
    """Let every stage of this process submit to this client for as long as the context lasts.

    Args:
        client: Of the run's cluster.
        deadline_s: Seconds that any piece of work may take; by its size unless given.

    Raises:
        OptionError: The deadline makes no sense.
    """
    if deadline_s is not None and not deadline_s > 0:
        raise OptionError("--deadline", f"is {deadline_s:g}", "give seconds, more than 0")
    use = _Use(client, deadline_s)
    _uses.append(use)
    try:
        yield
    finally:
        _uses.remove(use)


def current_client() -> Client:
    """The client that stages submit to."""
    return _current().client


def _current() -> _Use:
    if not _uses:
        raise RuntimeError("no Dask client is in use")
    return _uses[-1]


@dataclass(frozen=True)
class Submitted(Generic[T]):
    """A piece of work that the workers have been given.

    Args:
        future: Dask's own, to wait for.
        piece: What it is part of, and its bounds.
    """

    future: Future[T | VeerNetError]
    piece: Piece

    def result(self) -> T:
        """Wait for it.

        Raises:
            VeerNetError: It could not be done.
            PieceLostError: A worker died of it.
            WorkerLostError: No worker lived to begin it.
        """
        try:
            return result_of(self.future)
        except PieceLostError:
            raise
        except WorkerLostError:
            if lost := self.piece.lost():
                raise lost from None
            raise
        finally:
            self.future.release()  # or Dask would do it again, were the worker that has the result to die


def submit(
    job: Job,
    stage: str,
    megapixels: float,
    work: Callable[..., T | VeerNetError],
    *arguments: object,
    inference: bool = False,
    many: bool = False,
    soon: bool = False,
) -> Submitted[T]:
    """Give the workers a piece of work, to be done within its bounds, once (see ``tasks.watch``).

    Args:
        job: The sheet that it belongs to, whose folder the workers share.
        stage: What is done.
        megapixels: Size of it, for its deadline.
        work: A function of ``tasks.compute``.
        arguments: Of the function.
        inference: Whether it is the network's work, which goes to GPU workers where there are any.
        many: Whether its batch gives the workers many such pieces at one time. They wait for those that a batch gives one by one: nobody would have
            anything to do while a batch comes to its end, unless the next ones have got as far as their many pieces by then.
        soon: Whether it goes before what else waits: it is short, and much waits for it.
    """
    use = _current()
    piece = Piece.of(job.name, stage, job.near, use.deadline_of(megapixels))
    resources = {GPU: 1} if inference and inference_workers()[1] else None
    # By kind, and then by turn: sheets that have begun are finished before others of the same kind.
    priority = 1 if soon else -job.turn - (_MOST_TURNS if many else 0)
    future = use.client.submit(
        watched, piece, packed(work, *arguments), pure=False, resources=resources, priority=priority
    )
    return Submitted(future, piece)


def submit_inference(function: Callable[..., T | VeerNetError], *arguments: Any) -> Future[T | VeerNetError]:
    """Submit what belongs to no sheet to where the network runs: to workers that offer the resource ``GPU`` where there are any, else to any worker."""
    wanted = {GPU: 1} if inference_workers()[1] else None
    return current_client().submit(function, *arguments, pure=False, resources=wanted)


def inference_workers() -> tuple[int, bool]:
    """How many workers run the network, and whether they are GPU workers alone."""
    workers = current_client().scheduler_info(n_workers=-1)["workers"].values()
    offering = sum(GPU in worker.get("resources", {}) for worker in workers)
    return (offering, True) if offering else (len(workers), False)


def worker_count() -> int:
    """How many workers there are; 1 where they have yet to come."""
    return max(1, len(current_client().scheduler_info(n_workers=-1)["workers"]))


def in_use() -> bool:
    """Whether this process has a run with workers that goes on."""
    return bool(_uses)


def result_of(future: Future[T | VeerNetError]) -> T:
    """Wait for what a function of ``tasks.compute`` gives.

    Raises:
        VeerNetError: The function could not do it; it comes as a result, because Dask tries a raised one again.
        WorkerLostError: No worker lived to do it.
    """
    try:
        result = future.result()
    except (KilledWorker, FutureCancelledError) as error:
        found = (
            "the workers that were to do it died, or were lost"
            if isinstance(error, FutureCancelledError)
            else _killed(error)
        )
        remedy = "look at the workers' memory and logs, then try it again; a scan that does this each time is damaged"
        raise WorkerLostError("Dask", found, remedy) from None
    if isinstance(result, VeerNetError | UnforeseenError):
        raise result
    return result


def _killed(error: KilledWorker) -> str:
    return f"{error.allowed_failures + 1} workers died while they did it"

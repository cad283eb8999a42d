"""The Dask client of the run that this process is in; stages run in threads, which Dask's own default does not reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from distributed import Client, Future, KilledWorker
from distributed.client import FutureCancelledError

from veernet.errors import VeerNetError

T = TypeVar("T")

#: What a Dask worker with a GPU says that it has: ``dask worker --resources GPU=1``.
GPU = "GPU"

_clients: list[Client] = []


class WorkerLostError(VeerNetError):
    """Workers died of a piece of work, or beside it, several times over."""

    reason: ClassVar[str] = "worker-lost"
    retryable: ClassVar[bool] = True


@contextmanager
def using(client: Client) -> Iterator[None]:
    """Let every stage of this process submit to this client for as long as the context lasts."""
    _clients.append(client)
    try:
        yield
    finally:
        _clients.remove(client)


def current_client() -> Client:
    """The client that stages submit to."""
    if not _clients:
        raise RuntimeError("no Dask client is in use")
    return _clients[-1]


def submit_inference(
    function: Callable[..., T | VeerNetError], *arguments: object, retries: int = 0
) -> Future[T | VeerNetError]:
    """Submit what the network does: to workers that offer the resource ``GPU`` where there are any, else to any worker."""
    wanted = {GPU: 1} if inference_workers()[1] else None
    return current_client().submit(function, *arguments, pure=False, retries=retries, resources=wanted)


def inference_workers() -> tuple[int, bool]:
    """How many workers run the network, and whether they are GPU workers alone."""
    workers = current_client().scheduler_info(n_workers=-1)["workers"].values()
    offering = sum(GPU in worker.get("resources", {}) for worker in workers)
    return (offering, True) if offering else (len(workers), False)


def in_use() -> bool:
    """Whether this process has a run with workers that goes on."""
    return bool(_clients)


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
    if isinstance(result, VeerNetError):
        raise result
    return result


def _killed(error: KilledWorker) -> str:
    return f"{error.allowed_failures + 1} workers died while they did it"

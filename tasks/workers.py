"""The Dask client of the run that this process is in; stages run in threads, which Dask's own default does not reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from distributed import Client, Future

from veernet.errors import VeerNetError

T = TypeVar("T")

_clients: list[Client] = []


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


def result_of(future: Future[T | VeerNetError]) -> T:
    """Wait for what a function of ``tasks.compute`` gives.

    Raises:
        VeerNetError: The function could not do it; it comes as a result, because Dask tries a raised one again.
    """
    result = future.result()
    if isinstance(result, VeerNetError):
        raise result
    return result

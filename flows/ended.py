"""What becomes of a flow that is run in this process, for whoever called it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

import httpx
from prefect.client.schemas.objects import State

from veernet.errors import VeerNetError

T = TypeVar("T")


class PrefectGoneError(VeerNetError):
    """Prefect's API went away under a run and did not come back: its sheets went on, but its end could not be told there."""

    reason: ClassVar[str] = "prefect-gone"
    retryable: ClassVar[bool] = True


@contextmanager
def told_to_prefect() -> Iterator[None]:
    """Run a flow within it.

    Raises:
        PrefectGoneError: Prefect could not be told how the run began or ended.
    """
    try:
        yield
    except httpx.HTTPError as error:
        found = f"its API went away under the run ({type(error).__name__})"
        raise PrefectGoneError("Prefect", found, "run the same command again: what is done stays so") from None


def result_of_run(state: State[T]) -> T:
    """What a run gives that has ended.

    Raises:
        VeerNetError: The run failed for this.
        RuntimeError: It failed for something that is no error of ours.
    """
    ended: Any = state.result(raise_on_failure=False)
    if isinstance(ended, VeerNetError):
        raise ended
    if isinstance(ended, BaseException):
        raise RuntimeError(f"the run failed: {ended}") from ended
    return ended

"""What becomes of a flow that is run in this process, for whoever called it."""

from __future__ import annotations

from typing import Any, TypeVar

from prefect.client.schemas.objects import State

from veernet.errors import VeerNetError

T = TypeVar("T")


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

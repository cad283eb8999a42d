"""A stage as Prefect sees it: one task run a batch, named after its sheets."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar, cast

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.context import TagsContext
from prefect.utilities.annotations import quote

from tasks.state import Batch

P = ParamSpec("P")
T = TypeVar("T")


def stage(name: str) -> Callable[[Callable[Concatenate[Batch, P], T]], Callable[Concatenate[Batch, P], T]]:
    """Make a function of a batch and its label a Prefect task; it is called as it was.

    Prefect looks through all that a task is given for results of others. A batch holds none, but manifests, traces and thousands of numbers:
    it is handed over unseen, which saves most of what a task costs.

    Args:
        name: What its runs are called, before the batch's label.
    """

    def of(work: Callable[Concatenate[Batch, P], T]) -> Callable[Concatenate[Batch, P], T]:
        options: dict[str, Any] = {"task_run_name": f"{name} {{label}}", "cache_policy": NO_CACHE}
        run: Any = task(**options, cache_result_in_memory=False, persist_result=False)(work)

        @wraps(work)
        def call(batch: Batch, *args: P.args, **kwargs: P.kwargs) -> T:
            # Of every tag, a run's too, Prefect's API would be asked whether it limits how many tasks run at once: a run would end with the API.
            with TagsContext(current_tags=set()):
                return cast("T", run(quote(batch), *args, **kwargs))

        return cast("Callable[Concatenate[Batch, P], T]", call)

    return of

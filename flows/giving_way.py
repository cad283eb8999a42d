"""How a run of low priority lets others go first: a work pool's queues order only what has not begun, so a long run looks for itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterState,
    FlowRunFilterStateType,
    WorkPoolFilter,
    WorkPoolFilterName,
    WorkQueueFilter,
    WorkQueueFilterName,
)
from prefect.client.schemas.objects import StateType

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient

    from tasks.state import Logger

#: Seconds between two looks at the server, while the run goes on and while it waits.
LOOK_S = 5.0


class GivingWay:
    """Holds a run up while its queue is paused, or while runs of its pool's queues of higher priority are under way.

    Args:
        why_not: Tells why the run must wait; an empty string where it need not.
        logger: Of the run.
    """

    def __init__(self, why_not: Callable[[], str], logger: Logger) -> None:
        self._why_not = why_not
        self._logger = logger
        self._looked_s = -LOOK_S

    def __call__(self) -> None:
        """Come back when the run may go on; at once where there was a look a moment ago."""
        if time.monotonic() - self._looked_s < LOOK_S:
            return
        told = ""
        while reason := self._reason():
            if reason != told:
                self._logger.info("waiting: %s", reason)
                told = reason
            time.sleep(LOOK_S)
        if told:
            self._logger.info("going on")
        self._looked_s = time.monotonic()

    def _reason(self) -> str:
        try:
            return self._why_not()
        except Exception:
            self._logger.debug("the server did not say whether to wait", exc_info=True)
            return ""


def why_wait(flow_run_id: UUID) -> str:
    """Why a run is to wait for now: its queue is paused, or others come first. Empty for a run that came from no queue."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(flow_run_id)
        if run.work_pool_name is None or run.work_queue_name is None:
            return ""
        return _why_wait(client, run.work_pool_name, run.work_queue_name)


def _why_wait(client: SyncPrefectClient, pool: str, queue: str) -> str:
    queues = {found.name: found for found in client.read_work_queues(work_pool_name=pool)}
    own = queues[queue]
    if own.is_paused:
        return f"the work queue {queue} is paused"
    before = [found.name for found in queues.values() if (found.priority or 0) < (own.priority or 0)]
    if not before:
        return ""
    runs = client.read_flow_runs(
        flow_run_filter=FlowRunFilter(
            state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING]))
        ),
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        work_queue_filter=WorkQueueFilter(name=WorkQueueFilterName(any_=before)),
        limit=1,
    )
    return f"the run {runs[0].name} of the queue {runs[0].work_queue_name} comes first" if runs else ""

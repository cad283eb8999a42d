"""A run over chosen sheets of an archive, as the flows that a schedule or a queue starts are. No science belongs here."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from prefect import runtime
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger

from flows.archive import carry_out
from flows.archive_plan import Plan
from flows.archive_report import Tally
from flows.backfill_plan import BackfillPlan, Choice
from flows.cluster import Means
from flows.giving_way import GivingWay, why_wait


def take_up(
    wide: Plan,
    choice: Choice,
    means: Means,
) -> State[Tally]:
    """Digitise what is chosen and not settled, waiting wherever others come first; called within a flow.

    Args:
        wide: The archive run that is narrowed.
        choice: What is taken.
        means: What it computes with.

    Raises:
        OptionError: The choice makes no sense; nothing was started.
        TooManyFailedError: The run ended early; what was settled by then is.
        StorageError: The archive or the ledger could not be listed to its end; what was settled by then is.
    """
    wait = GivingWay(partial(why_wait, UUID(str(runtime.flow_run.id))), get_run_logger())
    asked = BackfillPlan.narrowed(wide, choice, wait)
    wait()
    return carry_out(asked, asked.begin(), means)

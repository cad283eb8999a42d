"""What is tried again for one sheet, and when: what may pass, three times with a pause; what cannot, never."""

from __future__ import annotations

import random
import time

from tasks.workers import PieceLostError, in_use
from veernet.errors import VeerNetError

#: Tries that a stage has for one sheet.
TRIES = 3
#: Tries of what a worker died of: it may do so again, and each time costs a worker.
TRIES_THAT_KILL = 2
FIRST_PAUSE_S = 2.0
_GROWTH = 4.0
_LOOK_UP_S = 0.2


def again(error: Exception, tries: int) -> bool:
    """Whether what failed with ``error`` at its ``tries``-th try, counted from 1, is worth another one; never in a run that is ending."""
    most = TRIES_THAT_KILL if isinstance(error, PieceLostError) else TRIES
    return isinstance(error, VeerNetError) and error.retryable and tries < most and in_use()


def pause(tries: int) -> None:
    """Wait after the ``tries``-th try; by chance a little longer, so that runs that failed together do not meet again.

    A run that ends meanwhile is not held up.
    """
    until_s = time.monotonic() + FIRST_PAUSE_S * _GROWTH ** (tries - 1) * random.uniform(1.0, 1.5)
    while in_use() and (left_s := until_s - time.monotonic()) > 0:
        time.sleep(min(left_s, _LOOK_UP_S))

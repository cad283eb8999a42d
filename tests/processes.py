"""What tests ask of processes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path


def eventually(holds: Callable[[], bool], timeout_s: float = 10) -> bool:
    """Whether something holds by the end of that time."""
    give_up_s = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < give_up_s:
        time.sleep(0.05)
    return holds()


def alive(pid: int) -> bool:
    """Whether there is such a process that has not ended; one that nobody has waited for has."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False

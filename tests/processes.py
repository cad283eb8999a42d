"""What tests ask of processes."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

_ROOT = Path(__file__).parents[1]
# Not getrusage: what it calls the peak of a process is at the least what its parent had when it was started.
_TELL_PEAK = """
status = open("/proc/self/status").read().splitlines()
print(next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""


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


def peak_kb(code: str, *arguments: object) -> int:
    """Peak memory in kB of a Python of its own that runs this code."""
    run = [sys.executable, "-c", code + _TELL_PEAK, *map(str, arguments)]
    return int(subprocess.run(run, check=True, capture_output=True, text=True, cwd=_ROOT).stdout.split()[-1])

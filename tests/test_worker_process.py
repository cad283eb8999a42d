"""What a worker's process makes of memory and threads."""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys

import pytest

PIECES = """
import resource, sys
from veernet.heap import keep_freed
if sys.argv[1] == "kept":
    keep_freed()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    del bytearray(16 << 20)[:]
print((resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) * resource.getpagesize() // (16 << 20))
"""


def _pieces_cleared(how: str) -> int:
    """How many of twenty pieces of 16 MB, each freed before the next, the kernel had to clear, under Dask's own setting."""
    environment = {**os.environ, "MALLOC_TRIM_THRESHOLD_": "65536"}
    told = subprocess.run(
        [sys.executable, "-c", PIECES, how], env=environment, check=True, capture_output=True, text=True
    )
    return int(told.stdout)


@pytest.mark.skipif(not hasattr(ctypes.CDLL(None), "mallopt"), reason="the C library is not glibc")
def test_memory_that_is_freed_is_not_cleared_again_for_what_asks_next() -> None:
    """Which would take a forward pass half as long again on a worker that Dask started."""
    assert _pieces_cleared("given back") >= 20
    assert _pieces_cleared("kept") <= 2


def test_threads_of_the_network_sleep_while_they_wait_for_one_another() -> None:
    """They spin unless told otherwise, and have to be told before the engine is loaded."""
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    load = "from tasks.compute import segmenter; segmenter(None)"
    told = subprocess.run(
        [sys.executable, "-c", load],
        env=environment | {"OMP_DISPLAY_ENV": "true"},
        check=True,
        capture_output=True,
        text=True,
    )
    assert "OMP_WAIT_POLICY = 'PASSIVE'" in told.stderr

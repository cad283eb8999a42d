"""Makes rasterio's decoder do on a Dask worker what a broken one does, for scans of certain names. Workers load it as their preload; production code knows nothing of it.

All of it happens in C: nothing that Python's own time-outs or exceptions could reach. Each opening of a scan is a line of the file that ``HOSTILE_LOG`` names.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import rasterio

FOREVER_S = 3600


def _hungry() -> None:
    """Take memory as a decompressor does, 64 MiB at a time and each page of it touched, until there is none."""
    allocate, fill = ctypes.CDLL(None).malloc, ctypes.CDLL(None).memset
    allocate.restype = ctypes.c_void_p
    while place := allocate(ctypes.c_size_t(1 << 26)):
        fill(ctypes.c_void_p(place), 1, ctypes.c_size_t(1 << 26))
    raise MemoryError("the decoder got no memory")


def _once() -> None:
    mark = Path(os.environ["HOSTILE_LOG"] + ".once")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)


#: What a scan whose name begins so does to who opens it.
DOINGS = {
    "sleeps": lambda: ctypes.CDLL(None).sleep(FOREVER_S),
    "holds-the-lock": lambda: ctypes.PyDLL(None).sleep(FOREVER_S),
    "segfaults": lambda: ctypes.string_at(8),
    "aborts": lambda: ctypes.CDLL(None).abort(),
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "hungry": _hungry,
    "unlucky": _once,
}


def _plant() -> None:
    honest = rasterio.open

    def opened(path: Any, *arguments: Any, **options: Any) -> Any:
        stem = Path(str(path)).stem
        with Path(os.environ["HOSTILE_LOG"]).open("a") as log:
            log.write(f"{time.time():.3f} {os.getpid()} {stem}\n")
        for name, do in DOINGS.items():
            if stem.startswith(name):
                do()
        return honest(path, *arguments, **options)

    opened.hostile = True  # type: ignore[attr-defined]
    rasterio.open = opened


if "HOSTILE_LOG" in os.environ and not hasattr(rasterio.open, "hostile"):  # Dask runs a preload twice
    _plant()

"""Work in parts, as many at once as there are cores for: OpenCV, numpy and GDAL let others run meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import cv2

MOST_AT_ONCE = 2
"""What a batch counts on a worker to have; more would take memory, too."""

_Part = TypeVar("_Part")
_Done = TypeVar("_Done")
_Other = TypeVar("_Other")


def at_once(work: Callable[[_Part], _Done], parts: Iterable[_Part]) -> list[_Done]:
    """What comes of each part, in their order."""
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(work, parts))


def both(one: Callable[[], _Done], other: Callable[[], _Other]) -> tuple[_Done, _Other]:
    """What comes of two pieces of work that need nothing of each other."""
    if cores() == 1:
        return one(), other()
    with ThreadPoolExecutor(1) as aside:
        coming, done = aside.submit(one), other()
        return coming.result(), done


def cores() -> int:
    """As many as work may take."""
    return max(1, min(MOST_AT_ONCE, cv2.getNumThreads()))

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


def at_once(work: Callable[[_Part], _Done], parts: Iterable[_Part]) -> list[_Done]:
    """What comes of each part, in their order."""
    with ThreadPoolExecutor(cores()) as threads:
        return list(threads.map(work, parts))


def cores() -> int:
    """As many as work may take."""
    return max(1, min(MOST_AT_ONCE, cv2.getNumThreads()))

"""Every how many units of depth lines run across the paper: what tells feet from metres on a copy of any size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.register.beside import Beside
from veernet.register.paper import Paper
from veernet.register.ticks import Placed

Floats = NDArray[np.float64]

_DISTANCES = (1.0, 2.0, 5.0, 10.0, 20.0, 25.0, 50.0)
_MOST_INTERVALS = 12
"""From one printed depth to the next: so many are looked at."""
_CLOSEST_PX = 5.0
"""Between two lines that can be told apart."""
_LOOSE_PX, _LOOSE = 1.5, 0.2
"""By how much a line may be off its place between two printed depths, at the most also of the distance to the next one."""
_FAINTEST, _CLEARER = 0.15, 2.0
"""How strong a line is, and times what is seen between two lines."""
_MOST_THERE = 0.9
_STEP_PX = 0.5


def lines_every(paper: Paper, ticks: Placed, column: float, step: float) -> float | None:
    """The least distance, in units of depth, at which lines follow each other throughout; None where none was seen.

    Args:
        paper: The scan.
        ticks: Its printed depths on their lines.
        column: Of these, full px.
        step: From one printed depth to the next.
    """
    whole = np.flatnonzero(ticks.told[:-1] & ticks.told[1:])
    if not whole.size:
        return None
    chosen = np.unique(whole[np.linspace(0, whole.size - 1, min(whole.size, _MOST_INTERVALS)).astype(int)])
    seen = [_between(paper, ticks, index, column) for index in chosen.tolist()]
    return next((distance for distance in _DISTANCES if _there(seen, step / distance)), None)


def _between(paper: Paper, ticks: Placed, index: int, column: float) -> Floats:
    """How much of a line runs across at each half px from one printed depth to the next."""
    first, last = ticks.rows[index], ticks.rows[index + 1]
    window = Beside.of(paper, 0.5 * (first + last), column, 0.5 * (last - first) + 2 * _LOOSE_PX)
    slope = 0.5 * (ticks.slope[index] + ticks.slope[index + 1])
    return window.strength(np.arange(first, last + _STEP_PX / 2, _STEP_PX), float(slope))


def _there(seen: list[Floats], parts: float) -> bool:
    """Whether lines part the way from one printed depth to the next in so many even parts, and nothing runs halfway between them."""
    count = round(parts)
    if count < 2 or abs(parts - count) > 1e-6 or min(each.size for each in seen) * _STEP_PX < count * _CLOSEST_PX:
        return False
    lines = np.median([_strongest(each, np.arange(1, count) / count, count) for each in seen], axis=0)
    halfway = np.median([_strongest(each, (np.arange(count) + 0.5) / count, count) for each in seen], axis=0)
    beside = np.maximum(halfway[:-1], halfway[1:])
    return bool(((lines >= _FAINTEST) & (lines >= _CLEARER * beside)).mean() >= _MOST_THERE)


def _strongest(seen: Floats, places: Floats, count: int) -> Floats:
    """What is seen about some places, as fractions of the way."""
    half = max(1, round(min(_LOOSE_PX / _STEP_PX, _LOOSE * seen.size / count)))
    at = np.round(places * (seen.size - 1)).astype(int)[:, None] + np.arange(-half, half + 1)
    return np.asarray(seen[np.clip(at, 0, seen.size - 1)].max(axis=1))

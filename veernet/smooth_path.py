"""The way through a table of rewards that changes little from step to step."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def smooth_path(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rewards, largest_change, change_cost
):
    """The way through ``(steps, states)`` that collects the most, at a cost for every state that it moves by (Viterbi)."""
    steps, states = rewards.shape
    moved_by = np.zeros((steps, states), np.int64)
    best = rewards[0].copy()
    for step in range(1, steps):
        before = best.copy()
        for state in range(states):
            for size in range(1, largest_change + 1):
                cost = change_cost * size
                if state - size >= 0 and before[state - size] - cost > best[state]:
                    best[state], moved_by[step, state] = before[state - size] - cost, size
                if state + size < states and before[state + size] - cost > best[state]:
                    best[state], moved_by[step, state] = before[state + size] - cost, -size
        best += rewards[step]
    path = np.zeros(steps, np.int64)
    path[-1] = best.argmax()
    for step in range(steps - 1, 0, -1):
        path[step - 1] = path[step] - moved_by[step, path[step]]
    return best.max(), path

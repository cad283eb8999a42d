"""The dynamic program: the cheapest way of one curve down a strip.

A state is a column, of the track itself or, for a curve that wraps, of several copies of the track side by side, so that a wrap is
an ordinary step to the next copy; or it is *absent*. Going down a row costs what its column lacks in evidence. Moving
sideways within a row costs per column what *these* columns lack, so that a near-horizontal stroke is nearly free
and a jump over paper is dear. A curve may become absent and come back anywhere at a price, less where it may leave over the
track's edge. All of it is a shortest path over rows and columns, found in two sweeps a row: linear time.

Rows come in chunks. The way through a chunk is decided when the whole next one has been seen, so that memory does
not grow with the sheet and the result does not depend on how the rows arrive.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

#: Rows decided at a time, and rows of foresight.
CHUNK_ROWS = 2048
#: Strip columns to one state.
STATE_COLUMNS = 2

ABSENT = -1


@dataclass(frozen=True)
class PathCosts:
    """Prices of the dynamic program, in units of one row without any evidence.

    Args:
        sideways: One strip column sideways over paper.
        sideways_ink: One strip column sideways over full evidence.
        absent: One row of absence.
        leave: Becoming absent, or coming back, anywhere.
        leave_edge: The same over an edge of the track, where the curve may go off scale.
        turn: One row in the first copy to the left or right; two copies away costs twice.
    """

    sideways: float = 0.12
    sideways_ink: float = 0.004
    absent: float = 0.6
    leave: float = 5.0
    leave_edge: float = 1.0
    turn: float = 0.01


@dataclass(frozen=True)
class PathChunk:
    """The decided way through some rows.

    Args:
        first_row: Strip row of the first.
        entry: State through which the curve enters each row from above, ABSENT where it is absent.
        leave: State through which it leaves each row.
    """

    first_row: int
    entry: NDArray[np.int32]
    leave: NDArray[np.int32]


class PathFinder:
    """Finds the cheapest way of one curve through evidence that comes in chunks.

    Args:
        leave_costs: Price of leaving from, or coming back to, each state, float32 ``(states,)``.
        bias: Price a row of each state, float32 ``(states,)``.
        costs: All other prices.
    """

    def __init__(self, leave_costs: NDArray[np.float32], bias: NDArray[np.float32], costs: PathCosts) -> None:
        self._leave_costs, self._bias, self._costs = leave_costs, bias, costs
        self._cost = np.zeros(leave_costs.size, np.float32)
        self._absent_cost = 0.0
        self._pending: tuple[int, NDArray[np.uint8], NDArray[np.int32]] | None = None

    def push(self, first_row: int, evidence: NDArray[np.uint8]) -> Iterator[PathChunk]:
        """Take the next chunk of evidence, uint8 ``(rows, states)``; yields the way through the chunk before it."""
        rows, states = evidence.shape
        back = np.empty((rows, states), np.uint8)
        back_absent = np.empty(rows, np.int32)
        self._absent_cost = _forward(
            evidence,
            self._cost,
            self._absent_cost,
            self._leave_costs,
            self._bias,
            self._costs.sideways * STATE_COLUMNS,
            self._costs.sideways_ink * STATE_COLUMNS,
            self._costs.absent,
            back,
            back_absent,
        )
        state = ABSENT if self._absent_cost < self._cost.min() else int(self._cost.argmin())
        if self._pending is not None:
            _, _, boundary = _backward(back, back_absent, state)
            yield self._decide(boundary)
        self._pending = (first_row, back, back_absent)

    def finish(self) -> Iterator[PathChunk]:
        """Yield the way through the last chunk."""
        if self._pending is not None:
            yield self._decide(ABSENT if self._absent_cost < self._cost.min() else int(self._cost.argmin()))

    def _decide(self, last_state: int) -> PathChunk:
        assert self._pending is not None
        first_row, back, back_absent = self._pending
        entry, leave, _ = _backward(back, back_absent, last_state)
        return PathChunk(first_row, entry, leave)


@njit(cache=True, nogil=True)
def _forward(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    evidence, cost, absent_cost, leave_costs, bias, sideways, sideways_ink, absent, back, back_absent
):
    rows, states = evidence.shape
    lack = (255.0 - np.arange(256)) / 255.0
    steps = (sideways_ink + (sideways - sideways_ink) * lack).astype(np.float32)
    lacks = lack.astype(np.float32)
    for row in range(rows):
        leave_from, leave_cost = -1, absent_cost
        for x in range(states):
            candidate = cost[x] + leave_costs[x]
            if candidate < leave_cost:
                leave_cost, leave_from = candidate, x
        back_absent[row] = leave_from
        for x in range(states):
            back[row, x] = 0
            candidate = absent_cost + leave_costs[x]
            if candidate < cost[x]:
                cost[x] = candidate
                back[row, x] = 3
        for x in range(1, states):
            candidate = cost[x - 1] + steps[evidence[row, x]]
            if candidate < cost[x]:
                cost[x] = candidate
                back[row, x] = 1
        for x in range(states - 2, -1, -1):
            candidate = cost[x + 1] + steps[evidence[row, x]]
            if candidate < cost[x]:
                cost[x] = candidate
                back[row, x] = 2
        absent_cost = leave_cost + absent
        lowest = absent_cost
        for x in range(states):
            cost[x] += lacks[evidence[row, x]] + bias[x]
            lowest = min(lowest, cost[x])
        for x in range(states):  # keeps float32 sums exact on sheets of any length
            cost[x] -= lowest
        absent_cost -= lowest
    return absent_cost


@njit(cache=True, nogil=True)
def _backward(back, back_absent, state):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rows = back.shape[0]
    entry = np.empty(rows, np.int32)
    leave = np.empty(rows, np.int32)
    for row in range(rows - 1, -1, -1):
        leave[row] = state
        if state == -1:
            entry[row] = -1
            state = back_absent[row]
            continue
        while back[row, state] == 1 or back[row, state] == 2:
            state += -1 if back[row, state] == 1 else 1
        entry[row] = state
        if back[row, state] == 3:
            state = -1
    return entry, leave, state

"""The dynamic program: the cheapest way of one curve down a strip.

A state is a column, of the track itself or, for a curve that wraps, of several copies of the track side by side, so that a wrap is
an ordinary step to the next copy; or it is *absent*, somewhere unknown or beyond one edge of its track. Going down a row costs what its column lacks in evidence. Moving
sideways within a row costs per column what *these* columns lack, so that a near-horizontal stroke is nearly free
and a jump over paper is dear; ink that the evidence does not claim carries a curve sideways, too, because where a steep stroke runs into a
printed line or another curve little of it is claimed. A curve may become absent and come back anywhere at a price; it goes off scale over an edge, and comes
back over the same edge, for less. All of it is a shortest path over rows and columns, found in two sweeps a row: linear time.

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
#: Evidence, of 255, that lacks nothing: what a trained network gives a stroke that it is sure of.
FULL_EVIDENCE = 200.0
#: The price of what cannot be.
NEVER = 1e9


@dataclass(frozen=True)
class PathCosts:
    """Prices of the dynamic program, in units of one row without any evidence.

    Args:
        sideways: One strip column sideways over paper.
        sideways_ink: One strip column sideways over full evidence.
        absent: One row of absence.
        leave: Becoming absent, or coming back, anywhere.
        off_scale: One row beyond an edge.
        elsewhere: No longer being beyond the edge that was left over. Dear, because ink at the other edge is what print
            that wraps leaves of a curve that is off scale by the manifest.
        leave_edge: Going off scale over an edge of the track, or coming back over it.
        turn: One row in the first copy to the left or right; two copies away costs twice.
        impossible: One row at a value that the curve cannot have: of the other sign than both ends of its scale.
    """

    sideways: float = 0.12
    sideways_ink: float = 0.001
    absent: float = 0.6
    leave: float = 5.0
    off_scale: float = 0.45
    elsewhere: float = 20.0
    leave_edge: float = 1.0
    turn: float = 0.01
    impossible: float = 0.05


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
        leave_costs: Price of going from each state into, and coming back from, each kind of absence (unknown, left, right),
            float32 ``(3, states)``; ``NEVER`` where that cannot be.
        bias: Price a row of each state, float32 ``(states,)``.
        costs: All other prices.
    """

    def __init__(self, leave_costs: NDArray[np.float32], bias: NDArray[np.float32], costs: PathCosts) -> None:
        self._leave_costs, self._bias, self._costs = leave_costs, bias, costs
        self._cost = np.zeros(leave_costs.shape[1], np.float32)
        self._absent_rows = np.array([costs.absent, costs.off_scale, costs.off_scale], np.float32)
        # A kind of absence that nothing leads into is not where a curve can begin either.
        begins = np.array([0.0, costs.leave, costs.leave], np.float32)
        self._absent_cost = np.where((leave_costs < NEVER).any(axis=1), begins, NEVER).astype(np.float32)
        self._pending: tuple[int, NDArray[np.uint8], NDArray[np.int32]] | None = None

    def push(self, first_row: int, evidence: NDArray[np.uint8], carrying: NDArray[np.uint8]) -> Iterator[PathChunk]:
        """Take the next chunk of evidence, uint8 ``(rows, states)``; yields the way through the chunk before it.

        ``carrying``: what ink is worth to a step sideways, of the same shape, and nowhere less than the evidence.
        """
        rows, states = evidence.shape
        back = np.empty((rows, states), np.uint8)
        back_absent = np.empty((rows, 3), np.int32)
        _forward(
            evidence,
            carrying,
            self._cost,
            self._absent_cost,
            self._leave_costs,
            self._bias,
            self._costs.sideways * STATE_COLUMNS,
            self._costs.sideways_ink * STATE_COLUMNS,
            self._absent_rows,
            np.array([self._costs.leave, self._costs.elsewhere, self._costs.elsewhere], np.float32),
            back,
            back_absent,
        )
        state = self._cheapest()
        if self._pending is not None:
            _, _, boundary = _backward(back, back_absent, state)
            yield self._decide(boundary)
        self._pending = (first_row, back, back_absent)

    def finish(self) -> Iterator[PathChunk]:
        """Yield the way through the last chunk."""
        if self._pending is not None:
            yield self._decide(self._cheapest())

    def _cheapest(self) -> int:
        """The state that is cheapest to be in now; absent ones are -1, -2 and -3."""
        if self._absent_cost.min() < self._cost.min():
            return -1 - int(self._absent_cost.argmin())
        return int(self._cost.argmin())

    def _decide(self, last_state: int) -> PathChunk:
        assert self._pending is not None
        first_row, back, back_absent = self._pending
        entry, leave, _ = _backward(back, back_absent, last_state)
        return PathChunk(first_row, entry, leave)


@njit(cache=True, nogil=True)
def _forward(  # type: ignore[no-untyped-def]  # noqa: C901 # pragma: no cover - compiled
    evidence,
    carrying,
    cost,
    absent_cost,
    leave_costs,
    bias,
    sideways,
    sideways_ink,
    absent_rows,
    elsewhere,
    back,
    back_absent,
):
    rows, states = evidence.shape
    lack = np.maximum(0.0, FULL_EVIDENCE - np.arange(256)) / FULL_EVIDENCE
    steps = (sideways_ink + (sideways - sideways_ink) * lack).astype(np.float32)
    lacks = lack.astype(np.float32)
    gone = absent_cost.copy()
    possible = [kind for kind in range(3) if leave_costs[kind].min() < NEVER]
    spans = np.zeros((3, 2), np.int64)  # states between which a kind of absence can be reached at all
    for kind in possible:
        reached = np.flatnonzero(leave_costs[kind] < NEVER)
        spans[kind, 0], spans[kind, 1] = reached[0], reached[-1] + 1
    for row in range(rows):
        for kind in possible:
            gone[kind] = absent_cost[kind]
            back_absent[row, kind] = -1 - kind
            for other in possible:
                if absent_cost[other] + elsewhere[other] < gone[kind]:
                    gone[kind] = absent_cost[other] + elsewhere[other]
                    back_absent[row, kind] = -1 - other
            for x in range(spans[kind, 0], spans[kind, 1]):
                candidate = cost[x] + leave_costs[kind, x]
                if candidate < gone[kind]:
                    gone[kind] = candidate
                    back_absent[row, kind] = x
        back[row] = 0
        for kind in possible:
            for x in range(spans[kind, 0], spans[kind, 1]):
                candidate = absent_cost[kind] + leave_costs[kind, x]
                if candidate < cost[x]:
                    cost[x] = candidate
                    back[row, x] = 3 + kind
        for x in range(1, states):
            candidate = cost[x - 1] + steps[carrying[row, x]]
            if candidate < cost[x]:
                cost[x] = candidate
                back[row, x] = 1
        for x in range(states - 2, -1, -1):
            candidate = cost[x + 1] + steps[carrying[row, x]]
            if candidate < cost[x]:
                cost[x] = candidate
                back[row, x] = 2
        lowest = np.float32(NEVER)
        for kind in possible:
            absent_cost[kind] = gone[kind] + absent_rows[kind]
            lowest = min(lowest, absent_cost[kind])
        for x in range(states):
            cost[x] += lacks[evidence[row, x]] + bias[x]
            lowest = min(lowest, cost[x])
        for x in range(states):  # keeps float32 sums exact on sheets of any length
            cost[x] -= lowest
        for kind in possible:
            absent_cost[kind] -= lowest


@njit(cache=True, nogil=True)
def _backward(back, back_absent, state):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    rows = back.shape[0]
    entry = np.empty(rows, np.int32)
    leave = np.empty(rows, np.int32)
    for row in range(rows - 1, -1, -1):
        if state < 0:
            entry[row] = leave[row] = -1
            state = back_absent[row, -1 - state]
            continue
        leave[row] = state
        while back[row, state] == 1 or back[row, state] == 2:
            state += -1 if back[row, state] == 1 else 1
        entry[row] = state
        if back[row, state] >= 3:
            state = 2 - back[row, state]
    return entry, leave, state

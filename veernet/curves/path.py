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
        turn: One row in the first copy to the left or right; two copies away costs twice. Next to nothing, because a curve may stay there for long: as long as
            it costs less than a leap back, clear ink is followed over its scale.
        turn_doubted: The same, where the curve came there through a stretch in doubt: there it must be worth a layer of a spike.
        turn_lost: Coming back more than half a track from where the curve was left. Dear, because a long stretch in another copy would else cost more than a
            row of absence where it begins.
        impossible: One row at a value that the curve cannot have: of the other sign than both ends of its scale.
    """

    sideways: float = 0.12
    sideways_ink: float = 0.001
    absent: float = 0.6
    leave: float = 5.0
    off_scale: float = 0.45
    elsewhere: float = 20.0
    leave_edge: float = 1.0
    turn: float = 0.0005
    turn_doubted: float = 0.006
    turn_lost: float = 40.0
    impossible: float = 0.05


@dataclass(frozen=True)
class Absences:
    """Prices of the ways in which a curve can be absent. What they have to do with its states, they have with a whole zone of states.

    Args:
        zones: Bounds of the zones, int64 ``(zones + 1,)``, from 0 to the number of states.
        leave: Of going from a zone into each way, float32 ``(kinds, zones)``; ``NEVER`` where that cannot be.
        back: Of coming back from each way to a zone, likewise.
        row: Of a row of it, float32 ``(kinds,)``.
        elsewhere: Of being absent in another way from here on, float32 ``(kinds,)``.
        begin: Of beginning in it, float32 ``(kinds,)``.
    """

    zones: NDArray[np.int64]
    leave: NDArray[np.float32]
    back: NDArray[np.float32]
    row: NDArray[np.float32]
    elsewhere: NDArray[np.float32]
    begin: NDArray[np.float32]


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
        absences: Prices of being absent.
        bias: Price a row of each state, float32 ``(states,)``.
        costs: All other prices.
    """

    def __init__(self, absences: Absences, bias: NDArray[np.float32], costs: PathCosts) -> None:
        self._absences, self._bias, self._costs = absences, bias, costs
        self._cost = np.zeros(bias.size, np.float32)
        self._absent_cost = absences.begin.copy()
        self._pending: tuple[int, NDArray[np.uint8], NDArray[np.int32]] | None = None

    def push(self, first_row: int, evidence: NDArray[np.uint8], carrying: NDArray[np.uint8]) -> Iterator[PathChunk]:
        """Take the next chunk of evidence, uint8 ``(rows, states)``; yields the way through the chunk before it.

        ``carrying``: what ink is worth to a step sideways, of the same shape, and nowhere less than the evidence.
        """
        rows, states = evidence.shape
        back = np.empty((rows, states), np.uint8)
        back_absent = np.empty((rows, self._absent_cost.size), np.int32)
        _forward(
            evidence,
            carrying,
            self._cost,
            self._absent_cost,
            self._absences.zones,
            self._absences.leave,
            self._absences.back,
            self._bias,
            self._costs.sideways * STATE_COLUMNS,
            self._costs.sideways_ink * STATE_COLUMNS,
            self._absences.row,
            self._absences.elsewhere,
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
        """The state that is cheapest to be in now; absent ones are -1 and less."""
        if self._absent_cost.min() < self._cost.min():
            return -1 - int(self._absent_cost.argmin())
        return int(self._cost.argmin())

    def _decide(self, last_state: int) -> PathChunk:
        assert self._pending is not None
        first_row, back, back_absent = self._pending
        entry, leave, _ = _backward(back, back_absent, last_state)
        return PathChunk(first_row, entry, leave)


# No price is a NaN: a least one is found of many at once.
@njit(cache=True, nogil=True, fastmath={"nnan", "nsz"})
def _forward(  # type: ignore[no-untyped-def]  # noqa: C901 # pragma: no cover - compiled
    evidence,
    carrying,
    cost,
    absent_cost,
    zones,
    leave_costs,
    back_costs,
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
    kinds, places = leave_costs.shape
    ways = np.zeros((places, 4), np.int64)  # kinds of absence that each zone is left for, and come back to from, at all
    for zone in range(places):
        left, returned = np.flatnonzero(leave_costs[:, zone] < NEVER), np.flatnonzero(back_costs[:, zone] < NEVER)
        ways[zone] = left[0], left[-1] + 1, returned[0], returned[-1] + 1
    for row in range(rows):
        other = (absent_cost + elsewhere).argmin()
        for kind in range(kinds):
            gone[kind] = absent_cost[kind]
            back_absent[row, kind] = -1 - kind
            if absent_cost[other] + elsewhere[other] < gone[kind]:
                gone[kind] = absent_cost[other] + elsewhere[other]
                back_absent[row, kind] = -1 - other
        for zone in range(places):
            there = cost[zones[zone] : zones[zone + 1]]
            least = np.float32(NEVER)
            for x in range(len(there)):
                least = min(least, there[x])
            for kind in range(ways[zone, 0], ways[zone, 1]):
                if least + leave_costs[kind, zone] < gone[kind]:
                    gone[kind] = least + leave_costs[kind, zone]
                    at = 0
                    while there[at] != least:
                        at += 1
                    back_absent[row, kind] = zones[zone] + at
        for zone in range(places):
            came, candidate = 0, np.float32(NEVER)
            for kind in range(ways[zone, 2], ways[zone, 3]):
                if absent_cost[kind] + back_costs[kind, zone] < candidate:
                    came, candidate = kind, absent_cost[kind] + back_costs[kind, zone]
            came_by = np.uint8(3 + came)
            there, back_there = cost[zones[zone] : zones[zone + 1]], back[row, zones[zone] : zones[zone + 1]]
            for x in range(len(there)):
                back_there[x] = came_by if candidate < there[x] else np.uint8(0)
                there[x] = min(there[x], candidate)
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
        for kind in range(kinds):
            absent_cost[kind] = gone[kind] + absent_rows[kind]
            lowest = min(lowest, absent_cost[kind])
        for x in range(states):
            cost[x] += lacks[evidence[row, x]] + bias[x]
            lowest = min(lowest, cost[x])
        for x in range(states):  # keeps float32 sums exact on sheets of any length
            cost[x] -= lowest
        for kind in range(kinds):
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

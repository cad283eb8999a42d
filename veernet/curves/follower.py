"""One curve followed through chunks of evidence, and read off along its way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.curves.evidence import Evidence
from veernet.curves.path import NEVER, STATE_COLUMNS, Absences, PathChunk, PathCosts, PathFinder
from veernet.curves.runs import RUN_LEVEL, Positions, read_runs, strongest_within
from veernet.curves.turns import TURNS, turn_prices
from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, Scale

ByteArray = NDArray[np.uint8]
FloatArray = NDArray[np.float32]

#: Within so many columns of an edge a curve may go off scale.
_EDGE_PX = 8
#: Parts of a track by which it is known where a curve that wraps was left.
_PARTS = 4


@dataclass(frozen=True)
class Decided:
    """Some rows whose way is decided."""

    first_row: int
    positions: Positions


class Follower:
    """Follows one curve through chunks of evidence and reads it off along the way.

    Args:
        curve: The manifest's.
        scale: Of its track.
        costs: Prices of the dynamic program.
    """

    def __init__(self, curve: Curve, scale: Scale, costs: PathCosts) -> None:
        self.wrap = curve.wrap
        self.ring = TRACK_COLUMNS if curve.wrap else 0
        self._finder = PathFinder(*_state_prices(curve, scale, costs), costs)
        self._held: dict[int, Evidence] = {}
        self._pieces: list[Positions] = []
        self._ended = False

    def push(self, first_row: int, evidence: Evidence) -> Iterator[Decided]:
        """Take the next chunk; yields what it decides, one chunk behind."""
        self._held[first_row] = evidence
        way = self._narrowed(evidence.way)
        carrying = way if evidence.carrying is None else np.maximum(way, self._narrowed(evidence.carrying))
        for found in self._finder.push(first_row, self._states(way), self._states(carrying)):
            yield self._read(found)

    def follow(self, first_row: int, evidence: Evidence) -> None:
        """Take the next chunk of a curve that no other waits for."""
        for _ in self.push(first_row, evidence):
            pass

    def finish(self) -> Iterator[Decided]:
        """Yield the last chunk."""
        self._ended = True
        for way in self._finder.finish():
            yield self._read(way)

    def positions(self) -> Positions:
        """All that was read, from the top of the strip to its end."""
        if not self._ended:
            for _ in self.finish():
                pass
        return Positions.join(self._pieces)

    def _narrowed(self, evidence: ByteArray) -> ByteArray:
        """The evidence of each state, of one copy of the track."""
        if self.wrap:
            evidence = evidence[:, MARGIN : MARGIN + TRACK_COLUMNS]
        # Of neighbours first, and then every so manieth: both are done for many at once.
        width = evidence.shape[1] - STATE_COLUMNS + 1
        strongest = evidence[:, :width]
        for column in range(1, STATE_COLUMNS):
            strongest = np.asarray(cv2.max(strongest, evidence[:, column : column + width]), np.uint8)
        return np.ascontiguousarray(strongest[:, ::STATE_COLUMNS])

    def _states(self, narrowed: ByteArray) -> ByteArray:
        return np.tile(narrowed, (1, len(TURNS))) if self.wrap else narrowed

    def _read(self, way: PathChunk) -> Decided:
        evidence = self._held.pop(way.first_row)
        offset = MARGIN + TURNS.start * TRACK_COLUMNS if self.wrap else 0
        low, high, middle, support, rival = read_runs(
            evidence.seen, way.entry, way.leave, STATE_COLUMNS, offset, self.ring, RUN_LEVEL
        )
        own_support = strongest_within(evidence.own, low, high, self.ring)
        self._pieces.append(Positions(low, high, middle, support, rival, own_support))
        return Decided(way.first_row, self._pieces[-1])


def _state_prices(curve: Curve, scale: Scale, costs: PathCosts) -> tuple[Absences, FloatArray]:
    """Prices of absence, and of a row in each state."""
    if curve.wrap:
        prices = turn_prices(curve, scale, costs)
        return _off_its_turn(prices.size, costs), prices
    states = STRIP_WIDTH // STATE_COLUMNS
    return _off_its_scale(states, costs), np.zeros(states, np.float32)


def _off_its_turn(states: int, costs: PathCosts) -> Absences:
    """Absences of a curve that wraps: one for each part of a copy of the track, which it comes back within half a track of."""
    kinds = len(TURNS) * _PARTS
    parts, zones = np.arange(kinds)[:, None], np.arange(2 * kinds)
    from_part = np.abs(zones + 0.5 - 2.0 * (parts + 0.5))  # in zones, of which a track has two for each part
    leave, back = (
        np.where(may, costs.leave, NEVER).astype(np.float32) for may in (zones // 2 == parts, from_part < _PARTS)
    )
    bounds = np.arange(2 * kinds + 1) * states // (2 * kinds)
    each = np.ones(kinds, np.float32)
    return Absences(bounds, leave, back, costs.absent * each, costs.turn_lost * each, 0.0 * each)


def _off_its_scale(states: int, costs: PathCosts) -> Absences:
    """Absences of a curve that does not: somewhere unknown, beyond the left edge, beyond the right one."""
    reach = -(-(MARGIN + _EDGE_PX) // STATE_COLUMNS)
    bounds = np.array([0, reach, states - reach, states])
    leave = np.full((3, 3), NEVER, np.float32)
    leave[0] = costs.leave
    leave[1, 0] = leave[2, 2] = costs.leave_edge
    return Absences(
        bounds,
        leave,
        leave,
        np.array([costs.absent, costs.off_scale, costs.off_scale], np.float32),
        np.array([costs.leave, costs.elsewhere, costs.elsewhere], np.float32),
        np.array([0.0, costs.leave, costs.leave], np.float32),
    )

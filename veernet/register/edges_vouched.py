"""When the edges of a track are sure: frames of its scale block, lines across, its own lines and the tracks beside it vouch for them, and none says otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from veernet.register.bare_tracks import AS_WIDE_PX, slack
from veernet.register.combs import Comb

Floats = NDArray[np.float64]

_SEEN, _PLACED = 0.8, 0.9
_APART_INCHES = 0.2
_AT_EDGE_PX = 1.0
_AT_SCANS_EDGE_INCHES = 0.1
_AT_DECADE = 0.03
_FEW_DIVISIONS, _MANY_DIVISIONS = 5, 8
_PRINT_INCHES = 0.3
"""From the middle of the depth column to where its print ends, at the most."""
_STRAY_INCHES, _BLANK_SHARE = 0.1, 0.15
"""Of paper beside tracks that lines across may cover all the same, and of a track that they may leave blank."""
_BLANK = 0.25
"""How surely lines run across where they have faded, at the least."""
_TWO_LINES_PX, _RUNS_ON = 4.0, 0.9
"""From a line to the next that is not part of the same one, and how surely lines across run between them, at the least."""
_FEWEST_EVEN = 3
"""Parts of a track that are as wide as each other, for these to tell where it ends."""


@dataclass(frozen=True)
class Vouched:
    """Tracks side by side, and what is seen of the lines that make them.

    Args:
        columns: Of the lines, search px, increasing.
        strengths: Of each; 0 for one that may be beyond the scan's edge.
        found: The tracks, from the left.
        framed: Which lines go on into the scale block above them, and below them, ``(sides, lines)``; None if that is not known.
        stopped: Whether other lines were seen to end where these go on.
        covered: How surely lines run across from each line to the next; None if that is not known.
        depth_column: Where depths are printed.
        dpi: Of the search image.
    """

    columns: Floats
    strengths: Floats
    found: Sequence[Comb]
    framed: NDArray[np.bool_] | None
    stopped: bool
    covered: Floats | None
    depth_column: float | None
    dpi: float

    def sure(self, comb: Comb) -> bool:
        """Whether the edges of one of the tracks are those of one track."""
        beside = self._beside(comb)
        framed_well = self.stopped and self.framed is not None
        alone = not beside and comb.divisions in (0, 10) and not _bare(comb)
        known = alone if self.framed is None else self._frames(comb)
        agrees = self._agrees(comb, faded=framed_well and known)
        # Where nothing frames a block, lines across may tell the edges of a track by itself that has lost all lines between them.
        told_across = self.framed is None and agrees and not beside and not self._unseen(comb).any() and _bare(comb)
        # A strong line may run on where a faint grid ends: parts of one track all look alike. Lines across go from edge to edge of tracks, and tell.
        vouched = agrees and (framed_well or not beside)
        part = not vouched and (
            comb.divisions == 4 or (_may_be_part(comb) and any(_may_be_alike(comb, other) for other in beside))
        )
        placed = comb.placed >= _PLACED or (framed_well and self._framed_twice(comb))
        seen = comb.seen >= _SEEN or told_across or (framed_well and (_bare(comb) or (vouched and placed)))
        agrees = (agrees or self.covered is None) and not (_bare(comb) and self._goes_on(comb))
        return (known or told_across) and seen and not part and agrees and not self._cut_short(comb)

    def _cut_short(self, comb: Comb) -> bool:
        """Whether a line beside the scan's own edge is not where the track's other lines have its edge: the scan ends there, and the line may be what it has cut off."""
        last = self.columns.size - 1
        return any(
            abs(off) > _AT_EDGE_PX
            and abs(at - scans) == 1
            and self.strengths[scans] == 0.0
            and abs(self.columns[at] - self.columns[scans]) <= _AT_SCANS_EDGE_INCHES * self.dpi
            for at, scans, off in ((comb.first, 0, comb.off[0]), (comb.last, last, comb.off[1]))
        )

    def _beside(self, comb: Comb) -> list[Comb]:
        index = self.found.index(comb)
        return [
            other
            for other in (*self.found[max(0, index - 1) : index], *self.found[index + 1 : index + 2])
            if self._gap(comb, other) < _APART_INCHES * self.dpi
        ]

    def _goes_on(self, comb: Comb) -> bool:
        """Whether lines across run on to another line close beyond an edge: one of the two is a streak of the scanner's, and only other lines of the grid would tell which."""
        if self.covered is None:
            return False
        inside = {at for other in self.found for at in range(other.first, other.last)}
        beyond = [at for at in (comb.first - 1, comb.last) if 0 <= at < self.covered.size and at not in inside]
        apart = np.diff(self.columns)
        return any(
            _TWO_LINES_PX <= apart[at] < _APART_INCHES * self.dpi and self.covered[at] >= _RUNS_ON for at in beyond
        )

    def _gap(self, comb: Comb, other: Comb) -> float:
        columns = self.columns
        return float(
            min(abs(columns[comb.first] - columns[other.last]), abs(columns[comb.last] - columns[other.first]))
        )

    def _unseen(self, comb: Comb) -> NDArray[np.bool_]:
        """Which of a track's edges may be beyond the scan's."""
        return np.asarray(self.strengths[[comb.first, comb.last]] == 0.0)

    def _tells(self, comb: Comb) -> bool:
        """Whether a track of which one edge lies on the scan's own ends there: by its own lines, or as one as wide as another that is there, as most of a paper are."""
        others = [self._width(other) for other in self.found if not self._unseen(other).any()]
        return (
            _whole(comb) or self._even(comb) or any(abs(self._width(comb) - other) <= slack(other) for other in others)
        )

    def _even(self, comb: Comb) -> bool:
        """Whether a track that has lost its fine lines ends where the next of its strong ones would stand."""
        apart = np.diff(self.columns[comb.first : comb.last + 1])
        return _bare(comb) and apart.size >= _FEWEST_EVEN and float(np.ptp(apart)) <= AS_WIDE_PX

    def _width(self, comb: Comb) -> float:
        return float(self.columns[comb.last] - self.columns[comb.first])

    def _framed_twice(self, comb: Comb) -> bool:
        """Whether the outer lines of a track, and none between, frame a block above and another one below."""
        assert self.framed is not None
        lines = self.framed[:, comb.first : comb.last + 1]
        return len(lines) > 1 and bool(lines[:, [0, -1]].all() and not lines[:, 1:-1].any())

    def _frames(self, comb: Comb) -> bool:
        """Whether the outer lines of a track frame a block on one side, and neither side says otherwise.

        One that lies on the scan's own edge says what the other one does where the track's lines tell both, and so does one at which lines across end.
        """
        assert self.framed is not None
        lines = self.framed[:, comb.first : comb.last + 1]
        outer, inner = lines[:, [0, -1]], (lines[:, 1:-1] & self._may_part(comb)).any(axis=1)
        excused = (self._unseen(comb) & self._tells(comb)) | (self._across_end(comb) & ~outer.any(axis=0))
        if excused.sum() == 1:
            outer = np.repeat(outer[:, ~excused], 2, axis=1)
        says, differs = outer.all(axis=1) & ~inner, inner | (outer.any(axis=1) & ~outer.all(axis=1))
        differs |= ~outer.any(axis=1) & np.array([self._within_one(comb, side) for side in self.framed])
        return bool(says.any() and not differs.any())

    def _within_one(self, comb: Comb, framed: NDArray[np.bool_]) -> bool:
        """Whether frames on one side leave a track inside a larger one: lines across go on from it to the next frame on either hand."""
        left, right = np.flatnonzero(framed[: comb.first]), np.flatnonzero(framed[comb.last + 1 :])
        if self.covered is None or not left.size or not right.size:
            return False
        beside = np.r_[left[-1] : comb.first, comb.last : comb.last + 1 + right[0]]
        return bool((self.covered[beside] >= _BLANK).all())

    def _may_part(self, comb: Comb) -> NDArray[np.bool_]:
        """Which inner lines of a track may be edges of others: of one that is surely by decades only where these begin, for its lines stand as close as print."""
        columns = self.columns[comb.first : comb.last + 1]
        if not (_whole(comb) and comb.decades):
            return np.ones(columns.size - 2, bool)
        decades = comb.decades * (columns[1:-1] - columns[0]) / (columns[-1] - columns[0])
        return np.asarray(np.abs(decades - np.round(decades)) <= _AT_DECADE)

    def _across_end(self, comb: Comb) -> NDArray[np.bool_]:
        """At which edges of a track whose lines tell both lines across end."""
        if self.covered is None or not _whole(comb):
            return np.zeros(2, bool)
        beyond = np.pad(self.covered, 1)[[comb.first, comb.last + 1]]
        return np.asarray(beyond < _BLANK)

    def _agrees(self, comb: Comb, *, faded: bool) -> bool:
        """Whether lines run across the whole of a track, though they may have ``faded``, and across nothing beside it that is in no track but is no print of depths."""
        if self.covered is None:
            return False
        columns = self.columns
        # What is thought to end beyond the scan's edge may be part of the track beside it.
        there = [other for other in self.found if not self._unseen(other).any() or self._tells(other)]
        first = max((other.last for other in there if other.last <= comb.first), default=0)
        end = min((other.first for other in there if other.first >= comb.last), default=columns.size - 1)
        inches = np.diff(columns) / self.dpi
        beside = np.append(np.arange(first, comb.first), np.arange(comb.last, end))
        inside = np.arange(comb.first, comb.last)
        if self.depth_column is not None:
            print_px = _PRINT_INCHES * self.dpi
            beside = beside[
                (columns[beside] > self.depth_column + print_px) | (columns[beside + 1] < self.depth_column - print_px)
            ]
        blank = self.covered[inside] < _BLANK if faded else 1.0 - self.covered[inside]
        return bool(
            (self.covered[beside] * inches[beside]).sum() <= _STRAY_INCHES
            and (blank * inches[inside]).sum() <= _BLANK_SHARE * inches[inside].sum()
        )


def _whole(comb: Comb) -> bool:
    """Whether the lines of a grid tell both edges by themselves, so that one that lies on the scan's own edge need not be seen."""
    return (
        comb.seen >= _PLACED
        and comb.placed >= _PLACED
        and (comb.divisions >= _MANY_DIVISIONS or comb.decades > 1)
        and max(map(abs, comb.off)) <= _AT_EDGE_PX
    )


def _bare(comb: Comb) -> bool:
    """Whether a grid has lost all but strong lines, so that those that are missed are none of its own."""
    return not (comb.divisions or comb.decades)


def _may_be_part(comb: Comb) -> bool:
    """Whether a grid is that of a decade, or of half a track: what strong lines make of a larger one."""
    return comb.decades == 1 or 0 < comb.divisions <= _FEW_DIVISIONS


def _may_be_alike(comb: Comb, other: Comb) -> bool:
    """Whether two grids may be of the same lines: as long as both are not whole and different."""
    return (
        _bare(other)
        or min(comb.seen, other.seen) < _SEEN
        or (comb.divisions, comb.decades) == (other.divisions, other.decades)
    )

"""Whether strokes of a track may wrap: some go over both of its edges in about the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import correlate

from veernet.register.edge_strips import SAME_ROWS_INCHES, beside_edge, crossed, spans, widened
from veernet.register.lines_down import lines_down
from veernet.register.paper import Bits, Paper, Points
from veernet.register.pieces import no_speck_from, pieces_of

_WINDOW_ROWS = 256
_ABOUT_ROWS_INCHES = 0.1
"""Where pixels are coarse."""
_CROSSED_INCHES = 0.01
"""Of rows, where a stroke leaves and where it comes back together; what is left of one thin line is less."""
_AS_HIGH, _AS_HIGH_INCHES = 3.0, 0.03
"""Rows in which a stroke goes through the strip at one edge, over those at the other, at the most, and rows that the thickness of one may add."""
_DASH_PX, _LARGEST_SPECK_PX = 4, 9.0
_LINK_PX = (3, 7)
"""What is linked to one stroke on a coarse scan: few that leave go through the strips at both edges unbroken there."""
_FROM, _COMES = 4, 1.6
"""Widths of the strip from which such a stroke is followed to it, and of what is one at the least."""
_LONGER_THAN_DASHES_INCHES, _SHORT_OF_EDGE_PX = 0.2, 3
"""Of a stroke that is no dash, and from where its edge's own line is no more to where one ends that does not leave: a stroke is broken over fewer px."""
_STEEPEST, _FALLS = 0.04, 9
"""Rows that lines across fall a column, at the most, and windows over which that is steady."""
_ACROSS = 0.35
_MIDDLE = 0.1
"""At each side of a track, of its width: what is not looked at for lines across."""

_FLAT_INCHES, _BROKEN = 0.06, 0.08
"""Of ink that runs level, and share of a row that has such ink where a broken line may be."""
_APART_INCHES, _AGAIN = (0.04, 1.1), 0.5
"""Distances of lines across, and share of these rows that have another at the same distance."""

_FILLED, _HATCHED_INCHES, _MOST_HATCHED = 6, 0.1, 0.5
"""Strokes beside each other beyond which a row is hatched, rows about it that tell, and share of all rows that may be."""


def may_wrap(paper: Paper, left: Points, right: Points) -> bool:
    """Whether strokes cross both edges of a track at about the same rows anywhere.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    over = round((_ABOUT_ROWS_INCHES if paper.coarse else SAME_ROWS_INCHES) * paper.dpi)
    strips: list[list[Bits]] = []
    flat = [np.zeros(0)]
    for ink in _windows(paper, left, right):
        near, line = beside_edge(ink.shape[1], paper.dpi)
        if ink.shape[1] < 4 * (near + line):
            return True
        strokes = _without_lines_across(ink)
        if paper.coarse:
            sides = (strokes, strokes[:, ::-1])
            strips.append([_reached(seen[:, line:], near, paper.dpi)[:, None].view(np.uint8) for seen in sides])
        else:
            strips.append([strokes[:, line : line + near], strokes[:, -line - near : -line]])
        flat.append(_flat_share(ink, paper.dpi))
    if not strips:
        return False
    regular = _regular(np.concatenate(flat), paper.dpi)
    bounds = np.cumsum([0, *(len(sides[0]) for sides in strips)]).tolist()
    lefts, rights = (
        np.concatenate(
            [crossed(each[at], regular[first:end]) for each, (first, end) in zip(strips, pairwise(bounds), strict=True)]
        )
        for at in (0, 1)
    )
    both, fewest = lefts & widened(rights, over) & ~regular, max(1, round(_CROSSED_INCHES * paper.dpi))
    # Few tracks have such rows, and to look at all of their strokes takes time.
    if both.sum() >= fewest and not paper.coarse:
        narrowest = min(sides[0].shape[1] for sides in strips)
        at_left, at_right = (
            np.concatenate([(sides[at][:, ::-1] if at else sides[at])[:, :narrowest] for sides in strips])
            for at in (0, 1)
        )
        both &= _on_both_hands(at_left, at_right, over, round(_AS_HIGH_INCHES * paper.dpi))
    return bool(both.sum() >= fewest and (both & ~_hatched(paper, left, right)).sum() >= fewest)


@dataclass(frozen=True)
class _Through:
    """A stroke that goes through the strip beside an edge: its rows, and whether it may go inwards as it goes down, or up."""

    first: int
    end: int
    down: bool
    up: bool

    @classmethod
    def all_of(cls, strip: Bits) -> list[_Through]:
        """Those of a strip whose first column is next to the edge."""
        pieces, stats = pieces_of(np.ascontiguousarray(strip))
        through = np.flatnonzero(stats[:, cv2.CC_STAT_WIDTH] >= strip.shape[1])
        found = []
        for piece in through[through > 0].tolist():
            first = int(stats[piece, cv2.CC_STAT_TOP])
            end = first + int(stats[piece, cv2.CC_STAT_HEIGHT])
            outer, inner = (first + np.flatnonzero(pieces[first:end, at] == piece) for at in (0, -1))
            down, up = inner[-1] > outer[-1] + 1, inner[0] < outer[0] - 1
            level = not (down or up)
            found.append(cls(first, end, bool(down or level), bool(up or level)))
        return found

    def goes_on_in(self, other: _Through, over: int, spare: int) -> bool:
        """Whether this one may come back as the other one, at the opposite edge: in the same rows at both, leaning the same way and about as much."""
        lean = (self.down and other.up) or (self.up and other.down)
        apart = max(self.first, other.first) - min(self.end, other.end)
        low, high = sorted((self.end - self.first, other.end - other.first))
        return lean and apart <= over and high <= _AS_HIGH * low + spare


def _on_both_hands(lefts: Bits, rights: Bits, over: int, spare: int) -> NDArray[np.bool_]:
    """Rows of the strokes beside the left edge that may come back at the right one, or the other way round: not a blot, a word or a rest of a line there.

    Args:
        lefts: Strip beside the left edge, from the edge inwards.
        rights: That beside the right one, as wide.
        over: Rows by which these may be apart.
        spare: Rows by which one may be higher than the other for its thickness.
    """
    rows = np.zeros(len(lefts), bool)
    back = _Through.all_of(rights)
    for gone in _Through.all_of(lefts):
        if any(gone.goes_on_in(other, over, spare) for other in back):
            rows[gone.first : gone.end] = True
    return rows


def _reached(strokes: Bits, near: int, dpi: float) -> NDArray[np.bool_]:
    """Rows of the strokes, however broken, that come from well inside to the strip beside the left edge.

    Args:
        strokes: Of the track from behind the edge's own line on; lines down it are none.
        near: Width of the strip.
        dpi: Of the scan.
    """
    kept = np.where(lines_down(strokes.mean(axis=0), dpi), 0, strokes)[:, : _FROM * near].astype(np.uint8)
    ink = _unspecked(kept, dpi)
    linked, stats = pieces_of(np.asarray(cv2.dilate(ink, np.ones(_LINK_PX, np.uint8)), np.uint8))
    wide = stats[:, cv2.CC_STAT_WIDTH] - _LINK_PX[1] // 2
    come = (stats[:, cv2.CC_STAT_LEFT] < near) & (wide >= _COMES * near)
    come[0] = False
    return np.asarray((come[linked] & (ink > 0) & ~_turns_back(ink, dpi))[:, :near].any(axis=1))


def _unspecked(ink: Bits, dpi: float) -> Bits:
    pieces, stats = pieces_of(ink)
    area = stats[:, cv2.CC_STAT_AREA]
    large = area >= no_speck_from(area, _DASH_PX, _LARGEST_SPECK_PX, ink.size / dpi**2)
    large[0] = False
    return np.asarray(large[pieces].view(np.uint8))


def _turns_back(ink: Bits, dpi: float) -> NDArray[np.bool_]:
    """Ink of strokes, longer than dashes, that end short of the left edge: they come near it and go back, and do not leave."""
    pieces, stats = pieces_of(ink)
    long = stats[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1) >= _LONGER_THAN_DASHES_INCHES * dpi
    return np.asarray((long & (stats[:, cv2.CC_STAT_LEFT] >= _SHORT_OF_EDGE_PX))[pieces])


def _flat_share(ink: Bits, dpi: float) -> NDArray[np.float64]:
    """Share of each row that runs level for longer than dashes do."""
    runs = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((1, max(5, round(_FLAT_INCHES * dpi))), np.uint8))
    return np.asarray(runs.mean(axis=1))


def _strokes_beside(strokes: Bits, dpi: float) -> NDArray[np.intp]:
    """How many strokes each row has; lines down the track are none, nor are specks."""
    kept = np.where(lines_down(strokes.mean(axis=0), dpi), 0, strokes).astype(np.uint8)
    return np.asarray((np.diff(_unspecked(kept, dpi).astype(np.int8), axis=1) > 0).sum(axis=1))


def _hatched(paper: Paper, left: Points, right: Points) -> NDArray[np.bool_]:
    """Rows of a track about which most have more strokes than curves make: what goes over both edges there is hatching."""
    counts = [_strokes_beside(_without_lines_across(ink), paper.dpi) for ink in _windows(paper, left, right)]
    filled = uniform_filter1d((np.concatenate(counts) > _FILLED).astype(np.float64), round(_HATCHED_INCHES * paper.dpi))
    # Where nearly all is filled that is dirt, among which curves go on.
    hatched = filled > 0.5
    return np.asarray(hatched & (hatched.mean() <= _MOST_HATCHED))


def _regular(flat: NDArray[np.float64], dpi: float) -> NDArray[np.bool_]:
    """Rows of broken lines across: level ink that comes again at an even distance, as a curve's does not.

    Args:
        flat: Share of each row that runs level.
        dpi: Of the scan.
    """
    nearest, furthest = (round(inches * dpi) for inches in _APART_INCHES)
    seen = flat >= _BROKEN
    alike = correlate(seen.astype(np.float64), widened(seen, 1).astype(np.float64), "full", "fft")
    by_distance = alike[len(seen) - 1 :][nearest : furthest + 1]
    if not by_distance.size or by_distance.max() < _AGAIN * seen.sum():
        return np.zeros(len(seen), np.bool_)
    apart = nearest + int(by_distance.argmax())
    near = widened(seen, 1)
    above, below = np.roll(near, apart), np.roll(near, -apart)
    above[:apart], below[-apart:] = False, False
    return widened((seen & (above | below)) | (above & below), 1)


def _windows(paper: Paper, left: Points, right: Points) -> Iterator[Bits]:
    """The track in full resolution, window by window, sheared so that lines across run level."""
    end = int(left[-1][0])
    rows = np.arange(int(left[0][0]), end, _WINDOW_ROWS)
    starts, stops = (np.interp(rows + _WINDOW_ROWS / 2, *np.array(edge).T) for edge in (left, right))
    falls = [
        _fall(paper.crop(row, row + _WINDOW_ROWS, start, stop))
        for row, start, stop in zip(rows.tolist(), starts, stops, strict=True)
    ]
    falls = median_filter(np.array(falls, np.float64), _FALLS, mode="nearest")
    for row, start, stop, fall in zip(rows.tolist(), starts, stops, falls, strict=True):
        # What stands below a track, frames and the next block, is none of its strokes.
        high = min(_WINDOW_ROWS, end - row)
        spare = int(abs(fall) / 2) + 1
        first = max(0, row - spare)
        ink = paper.crop(first, row + high + spare, start, stop)
        if ink.size:
            yield _sheared(ink, row - first, high, fall)


def _sheared(ink: Bits, first: int, high: int, fall: float) -> Bits:
    """So many rows of ink from one on, each column moved as lines that fall by some rows from edge to edge do in it; paper where there is no ink."""
    columns = ink.shape[1]
    off = np.round(fall * (np.arange(columns) / columns - 0.5)).astype(np.intp)
    spare = int(np.abs(off).max())
    padded = np.pad(ink, ((max(0, spare - first), max(0, first + high + spare - len(ink))), (0, 0)))
    top = max(first, spare)
    # Columns beside each other are moved by the same rows: there are few such stretches.
    bounds = [0, *(np.flatnonzero(np.diff(off)) + 1).tolist(), columns]
    parts = [padded[top + off[left] : top + off[left] + high, left:right] for left, right in pairwise(bounds)]
    return np.concatenate(parts, axis=1)


def _fall(ink: Bits) -> float:
    """By how many rows lines across fall from edge to edge: by how far the rows of the right half are those of the left one, moved."""
    middle = ink.shape[1] // 2
    if not middle or len(ink) < 3:
        return 0.0
    halves = [half.mean(axis=1) - half.mean() for half in (ink[:, :middle], ink[:, -middle:])]
    most = min(len(ink) // 3, max(1, round(_STEEPEST * middle)))
    alike = np.correlate(halves[1], halves[0], "full")[len(ink) - 1 - most : len(ink) + most]
    return 2.0 * (int(alike.argmax()) - most)


def _without_lines_across(ink: Bits) -> Bits:
    """Ink but for the rows in which lines run across the track, these filled from above and below."""
    aside = max(1, round(_MIDDLE * ink.shape[1]))
    across = widened(ink[:, aside:-aside].mean(axis=1) > _ACROSS, 1)
    kept = np.where(across[:, None], 0, ink).astype(np.uint8)
    longest = max((end - first for first, end in spans(across)), default=0)
    closed = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((longest + 1, 1), np.uint8))
    return np.where(across[:, None], closed, ink).astype(np.uint8)

"""Whether strokes of a track may wrap, or surely do: one that does leaves over one edge and comes back over the other in the same rows."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter, uniform_filter1d
from scipy.signal import correlate

from veernet.register.lines_down import lines_down
from veernet.register.paper import Bits, Paper, Points
from veernet.register.pieces import no_speck_from, pieces_of

_WINDOW_ROWS = 256
_BESIDE_EDGE = 0.02
"""Width of the strip beside an edge, as a share of the track's, that a stroke crosses where it leaves."""
_LINE_INCHES = 0.025
"""From the middle of an edge to where its own line is no more."""
_SAME_ROWS_INCHES, _ABOUT_ROWS_INCHES = 0.05, 0.1
_CROSSED_INCHES = 0.01
"""Of rows, where a stroke leaves and where it comes back together; what is left of one thin line is less."""
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

_BAND_ROWS = 64
_LINE_COLUMNS, _LINE = 15, 0.08
"""A line runs down a column that has more ink than those about it, by this share of the rows."""
_SPECK_PX = 12
_THICKEST_PX = 15
_LONGEST_INCHES = 2.0
"""Of rows in which a curve is beyond an edge."""
_SHORTEST_PX = 4
_INSIDE = 0.85
"""Of the width, from the other edge: where a curve is that has come back over it."""
_BACK, _ELSEWHERE = 0.6, 0.15
"""Share of the rows beyond an edge in which there is a stroke that hangs at the other edge, and of those in which there is any other."""
_GONE = 0.1
_ROUNDS, _CUT_OFF = 4, 0.2
"""Times that a curve must be seen to wrap, and how many times it may be cut off at an edge for each."""
_ALIKE, _ALIKE_PX, _ALIKE_SHARE = 0.5, 1.5, 0.1
"""Lines of a grid are crossed at even distances, a curve crosses an edge at any."""


def may_wrap(paper: Paper, left: Points, right: Points) -> bool:
    """Whether strokes cross both edges of a track at about the same rows anywhere.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    over = round((_ABOUT_ROWS_INCHES if paper.coarse else _SAME_ROWS_INCHES) * paper.dpi)
    strips: list[list[Bits]] = []
    flat, beside = [np.zeros(0)], [np.zeros(0, np.intp)]
    for ink in _windows(paper, left, right):
        near, line = max(3, round(_BESIDE_EDGE * ink.shape[1])), max(2, round(_LINE_INCHES * paper.dpi))
        if ink.shape[1] < 4 * (near + line):
            return True
        strokes = _without_lines_across(ink)
        if paper.coarse:
            both = (strokes, strokes[:, ::-1])
            strips.append([_reached(seen[:, line:], near, paper.dpi)[:, None].view(np.uint8) for seen in both])
        else:
            strips.append([strokes[:, line : line + near], strokes[:, -line - near : -line]])
        flat.append(_flat_share(ink, paper.dpi))
        beside.append(_strokes_beside(strokes, paper.dpi))
    if not strips:
        return False
    regular = _regular(np.concatenate(flat), paper.dpi)
    bounds = np.cumsum([0, *(len(sides[0]) for sides in strips)]).tolist()
    lefts, rights = (
        np.concatenate(
            [
                _crossed(each[at], regular[first:end])
                for each, (first, end) in zip(strips, pairwise(bounds), strict=True)
            ]
        )
        for at in (0, 1)
    )
    hatched = _hatched(np.concatenate(beside), paper.dpi)
    crossing = int((lefts & _widened(rights, over) & ~regular & ~hatched).sum())
    return crossing >= max(1, round(_CROSSED_INCHES * paper.dpi))


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


def _hatched(beside: NDArray[np.intp], dpi: float) -> NDArray[np.bool_]:
    """Rows about which most have more strokes than curves make: what goes over both edges there is hatching.

    Args:
        beside: Strokes of each row.
        dpi: Of the scan.
    """
    filled = uniform_filter1d((beside > _FILLED).astype(np.float64), round(_HATCHED_INCHES * dpi)) > 0.5
    # Where nearly all is filled that is dirt, among which curves go on.
    return np.asarray(filled & (filled.mean() <= _MOST_HATCHED))


def _regular(flat: NDArray[np.float64], dpi: float) -> NDArray[np.bool_]:
    """Rows of broken lines across: level ink that comes again at an even distance, as a curve's does not.

    Args:
        flat: Share of each row that runs level.
        dpi: Of the scan.
    """
    nearest, furthest = (round(inches * dpi) for inches in _APART_INCHES)
    seen = flat >= _BROKEN
    alike = correlate(seen.astype(np.float64), _widened(seen, 1).astype(np.float64), "full", "fft")
    by_distance = alike[len(seen) - 1 :][nearest : furthest + 1]
    if not by_distance.size or by_distance.max() < _AGAIN * seen.sum():
        return np.zeros(len(seen), np.bool_)
    apart = nearest + int(by_distance.argmax())
    near = _widened(seen, 1)
    above, below = np.roll(near, apart), np.roll(near, -apart)
    above[:apart], below[-apart:] = False, False
    return _widened((seen & (above | below)) | (above & below), 1)


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


def wraps(paper: Paper, left: Points, right: Points) -> bool:
    """Whether the one curve of a track surely wraps: time and again it is gone over one edge, and hangs at the other one meanwhile.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    strokes = _strokes(_straight(paper, left, right))
    rounds: list[int] = []
    cut_off = 0
    for seen in (strokes, strokes[:, ::-1]):
        back, gone = _beyond(np.ascontiguousarray(seen), paper.search_dpi)
        rounds += back
        cut_off += gone
    if len(rounds) < _ROUNDS or cut_off > _CUT_OFF * len(rounds):
        return False
    usual = float(np.median(rounds))
    alike = np.abs(np.array(rounds) - usual) <= max(_ALIKE_PX, _ALIKE_SHARE * usual)
    return bool(alike.mean() <= _ALIKE)


def _straight(paper: Paper, left: Points, right: Points) -> Bits:
    """The track at the resolution in which things are looked for, its edges straight, ``(rows, columns)``."""
    rows = np.arange(int(left[0][0] / paper.factor), int(left[-1][0] / paper.factor), _BAND_ROWS)
    middles = (rows + _BAND_ROWS / 2) * paper.factor
    starts, stops = (np.interp(middles, *np.array(edge).T) / paper.factor for edge in (left, right))
    across = np.arange(int(np.median(stops - starts)))
    columns = np.clip(np.round(starts).astype(np.intp)[:, None] + across, 0, paper.search.shape[1] - 1)
    bands = [paper.search[row : row + _BAND_ROWS, at] for row, at in zip(rows, columns, strict=True)]
    return np.concatenate(bands)


def _strokes(ink: Bits) -> Bits:
    """Ink without the lines across and down, strokes that they went through mended."""
    profile = ink.mean(axis=0)
    down = _widened(profile - median_filter(profile, _LINE_COLUMNS, mode="nearest") > _LINE, 1)
    across = _widened(ink[:, ~down].mean(axis=1) > _ACROSS, 1)
    kept = np.where(across[:, None] | down, 0, ink).astype(np.uint8)
    for lines, turn in ((across[:, None], 1), (down[None], -1)):
        thick = 1 + min(_THICKEST_PX, max((end - first for first, end in _spans(lines.ravel())), default=0))
        mended = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((thick, 1)[::turn], np.uint8))
        kept = np.where(lines, mended, kept).astype(np.uint8)
    pieces, stats = pieces_of(kept)
    large = stats[:, cv2.CC_STAT_AREA] >= _SPECK_PX
    large[0] = False
    return large[pieces].astype(np.uint8)


def _beyond(strokes: Bits, dpi: float) -> tuple[list[int], int]:
    """Where the curve is beyond the right edge: the rows of each time that it has come back over the left one, and how often it is cut off."""
    width = strokes.shape[1]
    near, line = max(3, round(_BESIDE_EDGE * width)), max(2, round(_LINE_INCHES * dpi))
    if width < 4 * (near + line):
        return [], 0
    lefts = _widened(_crossed(strokes[:, line : line + near]), round(_SAME_ROWS_INCHES * dpi))
    rights = _spans(_widened(_crossed(strokes[:, -line - near : -line]), 1))
    rounds, cut_off = [], 0
    for (_, out), (back, _) in pairwise(rights):
        first, end = out - 1, back + 1
        if not _SHORTEST_PX <= end - first + 1 <= _LONGEST_INCHES * dpi:
            continue
        pieces, _ = pieces_of(np.ascontiguousarray(strokes[first:end, : int(_INSIDE * width)]))
        hanging = np.isin(pieces, np.setdiff1d(pieces[:, : line + near], 0))
        elsewhere = ((pieces > 0) & ~hanging).any(axis=1).mean()
        seen = hanging[:, line + near :].any(axis=1).mean()
        if elsewhere > _ELSEWHERE:
            continue
        if seen >= _BACK and lefts[first] and lefts[end - 1]:
            rounds.append(end - first)
        elif seen <= _GONE:
            cut_off += 1
    return rounds, cut_off


def _spans(rows: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First row of each stretch, and the row after its last."""
    ends = np.flatnonzero(np.diff(np.r_[False, rows, False].astype(np.int8))).tolist()
    return list(zip(ends[::2], ends[1::2], strict=True))


def _without_lines_across(ink: Bits) -> Bits:
    """Ink but for the rows in which lines run across the track, these filled from above and below."""
    aside = max(1, round(_MIDDLE * ink.shape[1]))
    across = _widened(ink[:, aside:-aside].mean(axis=1) > _ACROSS, 1)
    kept = np.where(across[:, None], 0, ink).astype(np.uint8)
    longest = max((end - first for first, end in _spans(across)), default=0)
    closed = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones((longest + 1, 1), np.uint8))
    return np.where(across[:, None], closed, ink).astype(np.uint8)


def _crossed(strip: Bits, lines: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
    """Rows of the strokes that go through a strip from side to side, but for those that lie in the rows of lines across with all their ink."""
    pieces, stats = pieces_of(np.ascontiguousarray(strip))
    through = stats[:, cv2.CC_STAT_WIDTH] >= strip.shape[1]
    if lines is not None:
        through &= np.isin(np.arange(len(through)), pieces[~lines])
    through[0] = False
    return np.asarray(through[pieces].any(axis=1))


def _widened(rows: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    column = np.ascontiguousarray(rows, np.uint8)[:, None]
    return np.asarray(cv2.dilate(column, np.ones((2 * by + 1, 1), np.uint8))[:, 0] > 0)

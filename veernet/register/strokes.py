"""How many curves are drawn in a track, by its strokes: what a scale block names is held against what runs below it.

Dashes and dots that follow each other are linked to strokes, and only those that go on down the paper count: specks, hatching and what is left of lines
across do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.lines_down import lines_down
from veernet.register.paper import Bits, Paper, Points
from veernet.register.pieces import no_speck_from, pieces_of

_BANDS, _BAND_INCHES = 48, 0.5
"""Places down the track that are looked at, and rows of each."""
_BESIDE_EDGE_INCHES = 0.05
"""What is not looked at beside each edge."""
_STRETCH = 0.125
"""Of the places: as much as a stamp or a note takes."""
_LEAST_ROWS = 0.1
"""Of a place, that must say something, lest few rows decide."""
_THICKEST_PX = 5
"""Of a line; the strokes that it crosses are mended."""
_SPECK_PX, _LARGEST_SPECK_INCHES = 4.0, 0.03
_FLAT_INCHES, _FLAT = 0.016, 2.5
"""Height, and width over it, of what is left of a line across."""
_SHORTEST_INCHES = 0.2
"""Of rows that a stroke goes on for."""
_BESIDE_PX = 7
_FILLED = 4
"""Strokes beside each other beyond which a row is hatched, and says nothing."""
_RUNS_LEVEL, _SAYS_NOTHING = -1, -2
"""For a number of strokes that cannot be told."""
_SHARES = (0.1, 0.025, 0.06)
"""Of the rows in which so many strokes must be seen for one, two and three curves: two that run close together are mostly seen as one."""


@dataclass(frozen=True)
class _Seeing:
    """What strokes are told from lines across by, and from each other.

    Attributes:
        link_inches: Between the dots of one curve, and between most dashes.
        level_inches: Length of a stroke in one row from which on it runs so nearly level that its dashes stand beside each other.
        across: Share of a row that a line across takes.
    """

    link_inches: float
    level_inches: float
    across: float


_FINELY = _Seeing(link_inches=0.06, level_inches=0.04, across=0.3)
_COARSELY = _Seeing(link_inches=0.08, level_inches=0.06, across=0.45)
"""Where a pixel more or less parts thin dashes, or makes a steep stroke a level one."""


def curves_drawn(paper: Paper, left: Points, right: Points) -> int:
    """Curves that run in a track, 3 for three or more.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
    """
    dpi, seeing = paper.search_dpi, _COARSELY if paper.coarse else _FINELY
    bands = _bands(paper, left, right)
    if not bands.size:
        return 0
    down = lines_down(bands.mean(axis=(0, 1)), dpi)
    counts = [_beside_each_other(_strokes(band, down, dpi, seeing), dpi, seeing) for band in bands]
    seen = [_share(counts, curves) >= share for curves, share in enumerate(_SHARES, start=1)]
    return sum(np.cumprod(seen).tolist())


def _share(counts: Sequence[NDArray[np.intp]], curves: int) -> float:
    """Share of the rows that have so many strokes, the stretch left out that has most of them: a stamp is in one place, curves run on."""
    # A stroke that runs level is one, and may be one alone.
    told = [np.where(count == _RUNS_LEVEL, 1, count) if curves == 1 else count for count in counts]
    some = np.array([(count >= curves).sum() for count in told], np.float64)
    rows = np.array([max((count >= 0).sum(), _LEAST_ROWS * count.size) for count in told], np.float64)
    stretch = np.ones(max(1, round(_STRETCH * len(counts))))
    most, there = (np.convolve(each, stretch, "valid") for each in (some, rows))
    worst = int(most.argmax())
    return float((some.sum() - most[worst]) / max(1.0, rows.sum() - there[worst]))


def _bands(paper: Paper, left: Points, right: Points) -> Bits:
    """Parts of the track, edges straight, search px, ``(bands, rows, columns)``."""
    high, aside = (round(inches * paper.search_dpi) for inches in (_BAND_INCHES, _BESIDE_EDGE_INCHES))
    first, last = left[0][0] / paper.factor, min(left[-1][0] / paper.factor, len(paper.search)) - high
    rows = np.unique(np.linspace(first, max(first, last), _BANDS).astype(np.intp))
    rows = rows[rows + high <= len(paper.search)]
    middles = (rows + high / 2) * paper.factor
    starts, stops = (np.interp(middles, *np.array(edge).T) / paper.factor for edge in (left, right))
    across = np.arange(aside, int(np.median(stops - starts)) - aside if rows.size else 0)
    if not across.size:
        return np.zeros((0, 0, 0), np.uint8)
    columns = np.clip(np.round(starts).astype(np.intp)[:, None] + across, 0, paper.search.shape[1] - 1)
    return np.stack([paper.search[row : row + high, at] for row, at in zip(rows, columns, strict=True)])


def _strokes(ink: Bits, down: NDArray[np.bool_], dpi: float, seeing: _Seeing) -> Bits:
    """The strokes of a band that go on down it, but for the rows of lines across."""
    across = _widened(ink[:, ~down].mean(axis=1) > seeing.across) if not down.all() else np.zeros(len(ink), bool)
    kept = np.where(across[:, None] | down, 0, ink).astype(np.uint8)
    for lines, kernel in ((across[:, None], (_THICKEST_PX, 1)), (down[None], (1, _THICKEST_PX))):
        mended = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones(kernel, np.uint8))
        kept = np.where(lines, mended, kept).astype(np.uint8)
    kept = _unspecked(kept, dpi)
    link = max(3, round(seeing.link_inches * dpi)) | 1
    linked = cv2.dilate(kept, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, link // 2 | 1), link)))
    pieces, stats = pieces_of(np.asarray(linked, np.uint8))
    long = stats[:, cv2.CC_STAT_HEIGHT] - link >= _SHORTEST_INCHES * dpi
    long[0] = False
    return (long[pieces] & (kept > 0)).astype(np.uint8)[~across]


def _unspecked(ink: Bits, dpi: float) -> Bits:
    """Ink without specks, the larger the more there are of them, and without what is left of lines across."""
    pieces, stats = pieces_of(ink)
    area, wide, high = stats[:, cv2.CC_STAT_AREA], stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    least = no_speck_from(area, _SPECK_PX, (_LARGEST_SPECK_INCHES * dpi) ** 2, ink.size / dpi**2)
    large = (area >= least) & ~((high <= _FLAT_INCHES * dpi) & (wide >= _FLAT * high))
    large[0] = False
    return large[pieces].astype(np.uint8)


def _beside_each_other(strokes: Bits, dpi: float, seeing: _Seeing) -> NDArray[np.intp]:
    """How many strokes each row has; `_RUNS_LEVEL` where one runs nearly level, `_SAYS_NOTHING` where it is hatched."""
    if not strokes.size:
        return np.zeros(0, np.intp)
    joined = np.asarray(cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((1, _BESIDE_PX), np.uint8)), np.uint8)
    count = (np.diff(np.pad(joined, ((0, 0), (1, 0))).astype(np.int8), axis=1) > 0).sum(axis=1)
    level = cv2.erode(strokes, np.ones((1, max(3, round(seeing.level_inches * dpi))), np.uint8)).any(axis=1)
    return np.where(count > _FILLED, _SAYS_NOTHING, np.where(level, _RUNS_LEVEL, count))


def _widened(lines: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(cv2.dilate(lines.astype(np.uint8)[None], np.ones((1, 3), np.uint8))[0] > 0)

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

from veernet.register.edge_strips import widened
from veernet.register.hatching import hatched_rows
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
_BORDER_PX, _ALONG = 3, 0.5
"""Columns of a border of what is looked at, and share of the rows of a piece that lie along it."""
_GRAINY = 2.0
"""Size of specks where there are very many, over that where there are few."""
_THICK_PX, _THICKLY, _QUITE_THICKLY = 3, 0.08, 0.3
"""What few specks that have grown together are as thick as, and share of a stroke that is: of any, and of most."""
_SIDE_BY_SIDE = 0.4
"""Share of rows in which specks that lie near each other do so side by side, at the least."""
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
_SHARES_OF_TWO = (0.1, 0.012, 0.06)
"""The same where two are named: of 35 such tracks of 100 dpi two strokes are seen in 2.2 % of the rows or more, three in 29 % where three run."""


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


def curves_drawn(paper: Paper, left: Points, right: Points, named: int = 0) -> int:
    """Curves that run in a track, 3 for three or more.

    Args:
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right one.
        named: Curves that are known to run in it: two of these need not be seen beside each other as often as others.
    """
    dpi, seeing = paper.search_dpi, _COARSELY if paper.coarse else _FINELY
    bands = _bands(paper, left, right)
    if not bands.size:
        return 0
    counts = _counts(bands, dpi, seeing)
    shares = _SHARES_OF_TWO if named == 2 else _SHARES
    seen = [_share(counts, curves) >= share for curves, share in enumerate(shares, start=1)]
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


def _counts(bands: Bits, dpi: float, seeing: _Seeing) -> list[NDArray[np.intp]]:
    """How many strokes go on down each of some bands in each of its rows, but those of lines across."""
    down = lines_down(bands.mean(axis=(0, 1)), dpi)
    parts = [_without_grid(band, down, seeing) for band in bands]
    kept = [_unspecked(ink, dpi) for ink, _ in parts]
    counts = [_beside_each_other(_going_on(ink, dpi, seeing, grainy=grainy), dpi, seeing) for ink, grainy in kept]
    if any((count > 1).any() for count in counts):
        # Hatching hides how many curves run along it, and is no curve.
        hatched = hatched_rows([ink for ink, _ in kept], dpi)
        counts = [np.where((count > 1) & rows, _RUNS_LEVEL, count) for count, rows in zip(counts, hatched, strict=True)]
    return [count[~across] for count, (_, across) in zip(counts, parts, strict=True)]


def _without_grid(ink: Bits, down: NDArray[np.bool_], seeing: _Seeing) -> tuple[Bits, NDArray[np.bool_]]:
    """Ink without lines, strokes that they cross mended, and which rows are lines across."""
    across = widened(ink[:, ~down].mean(axis=1) > seeing.across, 1) if not down.all() else np.zeros(len(ink), bool)
    kept = np.where(across[:, None] | down, 0, ink).astype(np.uint8)
    for lines, kernel in ((across[:, None], (_THICKEST_PX, 1)), (down[None], (1, _THICKEST_PX))):
        mended = cv2.morphologyEx(kept, cv2.MORPH_CLOSE, np.ones(kernel, np.uint8))
        kept = np.where(lines, mended, kept).astype(np.uint8)
    return kept, across


def _going_on(kept: Bits, dpi: float, seeing: _Seeing, *, grainy: bool) -> Bits:
    """Strokes that go on down a band; of one that is full of grain, which may follow each other as dots do, those that are thicker than grain."""
    link = max(3, round(seeing.link_inches * dpi)) | 1
    linked = cv2.dilate(kept, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (max(3, link // 2 | 1), link)))
    pieces, stats = pieces_of(np.asarray(linked, np.uint8))
    long = stats[:, cv2.CC_STAT_HEIGHT] - link >= _SHORTEST_INCHES * dpi
    long[0] = False
    long &= ~_along_border(kept, pieces, len(stats))
    if grainy:
        long &= ~_of_grain(kept, pieces, len(stats))
    return (long[pieces] & (kept > 0)).astype(np.uint8)


def _along_border(ink: Bits, pieces: NDArray[np.integer], count: int) -> NDArray[np.bool_]:
    """Which pieces of linked ink lie along the left or the right border in most of their rows: dark paper at the scan's edge, of which a track may begin."""
    along = np.zeros(count, bool)
    rows = np.bincount(
        np.unique(pieces[ink > 0].astype(np.intp) * len(ink) + np.nonzero(ink)[0]) // len(ink), minlength=count
    )
    for border in (slice(0, _BORDER_PX), slice(-_BORDER_PX, None)):
        at = np.where(ink[:, border] > 0, pieces[:, border], 0).max(axis=1)
        along |= np.bincount(at, minlength=count) >= _ALONG * rows
    return along


def _of_grain(ink: Bits, pieces: NDArray[np.integer], count: int) -> NDArray[np.bool_]:
    """Which pieces of linked ink are specks that lie near each other: hardly thicker than specks, or somewhat, and side by side in many rows."""
    thick = cv2.morphologyEx(ink, cv2.MORPH_OPEN, np.ones((_THICK_PX, _THICK_PX), np.uint8))
    inked, thickly = (np.bincount(pieces[each > 0], minlength=count) for each in (ink, thick))
    begun = np.diff(np.pad(ink, ((0, 0), (1, 0))).astype(np.int8), axis=1) > 0
    strokes = np.zeros((count, len(ink)), np.intp)
    np.add.at(strokes, (pieces[begun], np.nonzero(begun)[0]), 1)
    beside = (strokes > 1).sum(axis=1) > _SIDE_BY_SIDE * (strokes > 0).sum(axis=1)
    return np.asarray((thickly < _THICKLY * inked) | (beside & (thickly < _QUITE_THICKLY * inked)))


def _unspecked(ink: Bits, dpi: float) -> tuple[Bits, bool]:
    """Ink without specks, the larger the more there are of them, and without what is left of lines across; and whether it is full of specks."""
    pieces, stats = pieces_of(ink)
    area, wide, high = stats[:, cv2.CC_STAT_AREA], stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    least = no_speck_from(area, _SPECK_PX, (_LARGEST_SPECK_INCHES * dpi) ** 2, ink.size / dpi**2)
    large = (area >= least) & ~((high <= _FLAT_INCHES * dpi) & (wide >= _FLAT * high))
    large[0] = False
    return large[pieces].astype(np.uint8), least > _GRAINY * _SPECK_PX


def _beside_each_other(strokes: Bits, dpi: float, seeing: _Seeing) -> NDArray[np.intp]:
    """How many strokes each row has; `_RUNS_LEVEL` where one runs nearly level, `_SAYS_NOTHING` where it is hatched."""
    if not strokes.size:
        return np.zeros(0, np.intp)
    joined = np.asarray(cv2.morphologyEx(strokes, cv2.MORPH_CLOSE, np.ones((1, _BESIDE_PX), np.uint8)), np.uint8)
    count = (np.diff(np.pad(joined, ((0, 0), (1, 0))).astype(np.int8), axis=1) > 0).sum(axis=1)
    level = cv2.erode(strokes, np.ones((1, max(3, round(seeing.level_inches * dpi))), np.uint8)).any(axis=1)
    return np.where(count > _FILLED, _SAYS_NOTHING, np.where(level, _RUNS_LEVEL, count))

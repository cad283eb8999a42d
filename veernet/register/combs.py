"""Which lines down the paper make up which track: even ones, or those of decades, from edge to edge.

Every pair of lines may be the two edges of a track, every usual grid may lie between them; each such track is worth the lines that
it explains, less those that it misses or has no place for. A dynamic program finds the tracks side by side that are worth most together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

DIVISIONS = {10: 0.0, 20: -0.5, 5: -0.5, 8: -0.7, 4: -1.2, 15: -2.0, 6: -2.0, 16: -2.5, 12: -2.5}
"""Even spaces of linear grids, and what speaks against each."""
BARE = {1: -3.0, 2: -1.5, 3: -1.5}
"""Parts of a grid that has lost all but its strong lines: even ones or decades, which its lines do not tell."""
BARE_LEADS = {2: -2.0, 5: -3.0}
"""The same where decades are left that do not begin at the edge: first digits of such grids, and what speaks against each."""
LEADS = {1: 0.0, 2: 0.0, 5: -2.0, 4: -2.0, 3: -2.5, 6: -3.0}
"""First digit of log grids."""
DECADES = (1, 2, 3, 4, 5)

_MISSED = 0.7
_UNPLACED = 0.8
_OUTSIDE = 0.5
_A_TRACK = 2.6
_FRAMED = 1.5
_FRAME_INSIDE = 3.0
_UNVOUCHED = 2.0
"""Against each side of a bare grid at which neither a frame is nor lines across end."""
_LEFT_OUT, _MOST_LEFT_OUT, _MOST_BLANK = 8.0, 3.0, 1.5
"""Against an inch that lines across cover and no track, or a track and no lines across; and at the most, of each, from one line to the next."""
_STRONG = 0.15
_WEAKEST = 0.2
_NARROWEST_INCHES, _WIDEST_INCHES = 0.9, 6.2
_TOO_NARROW_PX = 5.0
_FEWEST_FOR_EDGES = 4
"""Lines between two edges that tell where these should be."""


@dataclass(frozen=True)
class Comb:
    """One track, by indices of the lines that are its edges.

    Divisions and decades are 0 where only strong lines are left, so that they are not known; else one of them is.

    Args:
        first: Its left edge.
        last: Its right edge.
        divisions: Even spaces.
        decades: Of a log grid.
        seen: Share of its lines that are there.
        placed: Share of the lines in it that are its own.
        off: How far to the right of each edge the others of its lines would have it, px.
    """

    first: int
    last: int
    divisions: int
    decades: int
    seen: float
    placed: float
    off: tuple[float, float] = (0.0, 0.0)


def combs(
    columns: Floats,
    strengths: Floats,
    framed: NDArray[np.bool_] | None,
    dpi: float,
    depth_column: float | None,
    covered: Floats | None = None,
) -> list[Comb]:
    """The tracks from the left.

    Args:
        columns: Of the lines, search px, increasing.
        strengths: Share of the rows in which each is there; 0 for one that may be beyond the scan's edge.
        framed: Which go on into a scale block; None where none was seen.
        dpi: Of the search image.
        depth_column: Where depths are printed: no track goes over it.
        covered: How surely lines run across from each line to the next, as `veernet.register.across.covered` says; None if that is not known.
    """
    if columns.size < 2:
        return []
    models, places, offsets = _models()
    weights = np.where(strengths > 0, np.clip(strengths / _STRONG, _WEAKEST, 1.0), 0.0)
    edge = np.zeros(columns.size) if framed is None else np.where(framed, 1.0, np.where(strengths > 0, -1.0, 0.0))
    inches = np.diff(columns) / dpi
    outside, inside = np.zeros(inches.size), np.zeros(inches.size)
    vouched = np.stack([edge > 0, edge > 0]).astype(np.float64)
    if covered is not None:
        outside = np.minimum(_LEFT_OUT * inches * covered, _MOST_LEFT_OUT)
        inside = np.minimum(_LEFT_OUT * inches * (1.0 - covered), _MOST_BLANK)
        before, after = np.append(0.0, covered), np.append(covered, 0.0)
        vouched = np.maximum(vouched, np.stack([after - before, before - after]))
    first, last, model = _best(
        columns,
        weights,
        edge,
        vouched,
        outside,
        np.append(0.0, np.cumsum(inside)),
        places,
        offsets,
        np.array([prior for _, _, prior in models]),
        np.array([not divisions and not decades for divisions, decades, _ in models]),
        _NARROWEST_INCHES * dpi,
        _WIDEST_INCHES * dpi,
        -1e9 if depth_column is None else depth_column,
    )
    found = []
    for start, end, which in zip(first.tolist(), last.tolist(), model.tolist(), strict=True):
        divisions, decades, _ = models[which]
        expected = columns[start] + places[offsets[which] : offsets[which + 1]] * (columns[end] - columns[start])
        apart = np.abs(columns[:, None] - expected) <= _tolerances(expected)
        seen, placed = apart.any(axis=0).mean(), apart.any(axis=1)[start : end + 1].mean()
        off = _off(columns, expected, apart, start, end)
        found.append(Comb(start, end, divisions, decades, float(seen), float(placed), off))
    return found


def _off(columns: Floats, expected: Floats, apart: NDArray[np.bool_], start: int, end: int) -> tuple[float, float]:
    """How far to the right of its edges the lines between these would have them."""
    inner, places = apart[start + 1 : end].any(axis=1), apart[start + 1 : end].argmax(axis=1)
    if inner.sum() < _FEWEST_FOR_EDGES:
        return (0.0, 0.0)
    should = expected[places[inner]]
    tilt, level = np.polyfit(should, columns[start + 1 : end][inner] - should, 1)
    return (float(level + tilt * columns[start]), float(level + tilt * columns[end]))


def _models() -> tuple[list[tuple[int, int, float]], Floats, NDArray[np.intp]]:
    """Divisions, decades and prior of each grid, and where its lines are as fractions of its width, one grid after the other."""
    models: list[tuple[int, int, float]] = []
    places: list[Floats] = []
    for divisions, prior in DIVISIONS.items():
        models.append((divisions, 0, prior))
        places.append(np.arange(divisions + 1) / divisions)
    for parts, prior in BARE.items():
        models.append((0, 0, prior))
        places.append(np.arange(parts + 1) / parts)
    for decades in DECADES[1:]:
        for lead, prior in BARE_LEADS.items():
            models.append((0, 0, prior))
            places.append(np.append(np.append(0.0, (np.arange(1, decades + 1) - np.log10(lead)) / decades), 1.0))
    for decades in DECADES:
        for lead, prior in LEADS.items():
            values = np.outer(10.0 ** np.arange(decades + 1), np.arange(1, 10)).ravel()
            inside = values[(values >= 0.999 * lead) & (values <= 1.001 * lead * 10.0**decades)]
            models.append((0, decades, prior))
            places.append(np.log10(inside / lead) / decades)
    offsets = np.cumsum([0, *(part.size for part in places)]).astype(np.intp)
    return models, np.concatenate(places), offsets


def _tolerances(expected: Floats) -> Floats:
    """How far from where it should be each line of a grid may be."""
    gaps = np.pad(np.diff(expected), 1, mode="edge")
    width = float(expected[-1] - expected[0])
    return np.array([_tolerance(width, gap) for gap in np.minimum(gaps[:-1], gaps[1:]).tolist()])


@numba.njit(cache=True)
def _tolerance(width: float, gap: float) -> float:
    """How far from where it should be a line may be: film stretches, and where lines are far apart they are told all the same."""
    return max(1.3, 0.006 * width, min(0.009 * width, 0.08 * gap))


@numba.njit(cache=True)
def _best(
    columns: Floats,
    weights: Floats,
    edge: Floats,
    vouched: Floats,
    outside: Floats,
    inside: Floats,
    places: Floats,
    offsets: NDArray[np.intp],
    priors: Floats,
    bare: NDArray[np.bool_],
    narrowest: float,
    widest: float,
    depth_column: float,
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]:
    """First and last line and grid of each track of the best row of tracks."""
    count = columns.size
    free = np.zeros(count + 1)  # best with the lines before one settled
    ended = np.full(count, -1e18)  # best with a track that ends at a line
    from_line = np.full(count, -1)
    from_model = np.full(count, -1)
    for last in range(count):
        for first in range(last):
            width = columns[last] - columns[first]
            if width < narrowest or width > widest or columns[first] < depth_column < columns[last]:
                continue
            before = max(free[first], ended[first])
            framed = _FRAMED * (edge[first] + edge[last]) + 0.5 * (weights[first] + weights[last]) - _A_TRACK
            for between in range(first + 1, last):
                if edge[between] > 0:
                    framed -= _FRAME_INSIDE
            framed -= inside[last] - inside[first]
            alone = _UNVOUCHED * (2.0 - vouched[0, first] - vouched[1, last])
            for model in range(priors.size):
                lines = places[offsets[model] : offsets[model + 1]]
                worth = priors[model] + framed - (alone if bare[model] else 0.0)
                worth += _explained(columns, weights, first, last, lines)
                if before + worth > ended[last]:
                    ended[last] = before + worth
                    from_line[last] = first
                    from_model[last] = model
        free[last + 1] = max(free[last] - _OUTSIDE * weights[last], ended[last])
        if last < count - 1:
            free[last + 1] -= outside[last]
    firsts, lasts, models = [0], [0], [0]
    at = count
    while at > 0:
        last = at - 1
        if from_line[last] >= 0 and ended[last] >= free[last] - _OUTSIDE * weights[last]:
            first = from_line[last]
            firsts.append(first)
            lasts.append(last)
            models.append(from_model[last])
            while ended[first] >= free[first] and from_line[first] >= 0:
                last = first
                first = from_line[last]
                firsts.append(first)
                lasts.append(last)
                models.append(from_model[last])
            at = first
        else:
            at -= 1
    return np.array(firsts[:0:-1]), np.array(lasts[:0:-1]), np.array(models[:0:-1])


@numba.njit(cache=True)
def _explained(columns: Floats, weights: Floats, first: int, last: int, lines: Floats) -> float:
    """What lines between two of them say for a grid."""
    left, width = columns[first], columns[last] - columns[first]
    worth = 0.0
    at = first
    for place in range(lines.size):
        expected = left + lines[place] * width
        gap = width
        if place > 0:
            gap = min(gap, (lines[place] - lines[place - 1]) * width)
        if place < lines.size - 1:
            gap = min(gap, (lines[place + 1] - lines[place]) * width)
        loose = _tolerance(width, gap)
        seen = 0.0
        near = False
        while at <= last and columns[at] < expected - loose:
            worth -= _UNPLACED * weights[at]
            at += 1
        while at <= last and columns[at] <= expected + loose:
            near = True
            seen = max(seen, weights[at])
            at += 1
        if near:
            worth += seen
        else:
            worth -= _MISSED if gap >= _TOO_NARROW_PX else 0.2
    return worth

"""Edges of tracks whose own line is lost, or was cut off: where the next line of an even grid would be.

Outer lines are the first to go: copies and scans cut them off, and they lie in the fold. Lines across, which run on to where they were, tell that there was one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.register.combs import Comb

Floats = NDArray[np.float64]

_FEWEST = 4
"""Spaces of a grid that tell how wide they are."""
_THERE = 0.2
"""Of a space: how far from where it is expected a line may be."""


def lost_edges(columns: Floats, strengths: Floats, found: Sequence[Comb], width_px: int) -> Floats:
    """Where edges may be whose lines are lost: one space beyond the last line on either side of each even grid, and up to a space beyond the scan's edge.

    Args:
        columns: Of the lines down the paper, search px, increasing.
        strengths: Of each; 0 for one that may be beyond the scan's edge.
        found: The tracks that these make.
        width_px: Of the search image.
    """
    there = columns[strengths > 0]
    places = []
    for comb in found:
        if comb.divisions < _FEWEST:
            continue
        space = float(columns[comb.last] - columns[comb.first]) / comb.divisions
        for edge, step in ((columns[comb.first], -space), (columns[comb.last], space)):
            place = _next_missing(there, float(edge), step)
            if -space < place < width_px - 1 + space:
                places.append(place)
    return np.unique(np.array(places, np.float64))


def _next_missing(there: Floats, edge: float, step: float) -> float:
    """Where the first line is missing, so many steps from an edge."""
    while True:
        place = edge + step
        nearest = float(there[np.abs(there - place).argmin()])
        if abs(nearest - place) > _THERE * abs(step):
            return place
        edge = nearest


def with_lost(columns: Floats, strengths: Floats, lost: Floats) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Lines with edges that are lost among them, as ones of no strength, and which these are."""
    every = np.concatenate([columns, lost])
    order = np.argsort(every, kind="stable")
    strong = np.concatenate([strengths, np.zeros(lost.size)])
    return every[order], strong[order], (np.arange(every.size) >= columns.size)[order]

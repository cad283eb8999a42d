"""Tracks that have lost all lines but their edges, beside others that are as wide: most of a paper are."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.register.combs import Comb

Floats = NDArray[np.float64]

AS_WIDE_PX, _AS_WIDE = 1.3, 0.004
"""By how much tracks of one width differ, search px at the least."""
_AS_STRONG = 0.7
"""Of the weakest edge of other tracks: a line that may be one."""


def bare_tracks(columns: Floats, strengths: Floats, found: Sequence[Comb], depth_column: float | None) -> list[Comb]:
    """Between tracks, pairs of lines as far apart as the edges of two others or more, one of which is such an edge itself.

    Args:
        columns: Of the lines down the paper, search px, increasing.
        strengths: Of each.
        found: The tracks that these make, from the left.
        depth_column: Where depths are printed: no track goes over it.
    """
    edges = [at for comb in found for at in (comb.first, comb.last) if strengths[at] > 0]
    widths = np.array([columns[comb.last] - columns[comb.first] for comb in found])
    if len(found) < 2 or not edges:
        return []
    usual = float(np.median(widths))
    near = slack(usual)
    if (np.abs(widths - usual) > near).any():
        return []
    bare: list[Comb] = []
    strong = np.flatnonzero(strengths >= _AS_STRONG * strengths[edges].min())
    for edge in edges:
        for at in strong[np.abs(np.abs(columns[strong] - columns[edge]) - usual) <= near].tolist():
            first, last = sorted((edge, int(at)))
            over_depths = depth_column is not None and columns[first] < depth_column < columns[last]
            if not over_depths and all(last <= comb.first or comb.last <= first for comb in (*found, *bare)):
                bare.append(Comb(first, last, 0, 0, 1.0, 0.0))
    return bare


def slack(width: float) -> float:
    """By how much the width of another track may differ for both to be of one, search px."""
    return max(AS_WIDE_PX, _AS_WIDE * width)

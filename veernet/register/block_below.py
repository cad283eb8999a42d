"""Whose the scale block below a pass is: its own, where it stands by the pass and well apart from whatever follows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.register.body import Columns

_LOOKED_AT_INCHES = 2.6
_NEAR_INCHES = 0.25
"""From the end of the grid's lines, and to that: where the frames of its own block begin."""
_BROKEN_INCHES = 0.06
"""Rows over which frames may be broken."""
_APART_INCHES, _TIMES_AS_FAR = 0.25, 3.0
"""From the block's last row to what follows it, at the least, and beside the gap between the grid and the block."""
_FRAMED = 0.5
"""Share of the frames that are there in a row of the block."""


def stands_by(columns: Columns, framed: NDArray[np.bool_], end: float, dpi: float) -> bool:
    """Whether the frames below a grid begin close to it and are followed by nothing for far longer: the block of a log that follows stands by that one.

    Args:
        columns: All lines of the grid.
        framed: Which of them go on below it (`veernet.register.body.framing`).
        end: The row after the grid's last, search px.
        dpi: Of the search image.
    """
    if not framed.any():
        return False
    ink = columns.there(end, end + _LOOKED_AT_INCHES * dpi)[:, framed].mean(axis=1) >= _FRAMED
    # Of the grid's last rows something may be left.
    grid_ends = int(ink.argmin())
    rows = np.flatnonzero(ink[grid_ends:])
    if not rows.size or max(rows[0], grid_ends) > _NEAR_INCHES * dpi:
        return False
    gaps = np.append(np.diff(rows), ink.size - grid_ends - rows[-1])
    ends = np.flatnonzero(gaps > _BROKEN_INCHES * dpi)
    return bool(ends.size and gaps[ends[0]] >= max(_APART_INCHES * dpi, _TIMES_AS_FAR * rows[0]))

"""Where between samples a peak has its top."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def vertex(before: ArrayLike, top: ArrayLike, after: ArrayLike) -> NDArray[np.float64]:
    """Where the parabola through three neighbours has its top, from the middle one, at most half a step off; 0 where it has none. They broadcast."""
    left, middle, right = (np.asarray(values, np.float64) for values in (before, top, after))
    curvature = left - 2.0 * middle + right
    bent = curvature < 0
    return np.where(bent, np.clip(0.5 * (left - right) / np.where(bent, curvature, -1.0), -0.5, 0.5), 0.0)


def vertices(rows: NDArray[np.floating], at: NDArray[np.integer]) -> NDArray[np.float64]:
    """Of each row ``(n, m)`` the :func:`vertex` about one of its inner places, ``(n,)``."""
    places = np.arange(len(rows))
    return vertex(*(rows[places, at + by] for by in (-1, 0, 1)))

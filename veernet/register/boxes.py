"""Boxes on the scan, as arrays: top row, left column, and the row and column after the last."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Boxed:
    """What has boxes, ``(n, 4)``: top, left, end, right."""

    boxes: NDArray[Any]

    @property
    def rows(self) -> NDArray[np.float64]:
        """Row of the middle of each."""
        return np.asarray((self.boxes[:, 0] + self.boxes[:, 2] - 1) / 2)

    @property
    def columns(self) -> NDArray[np.float64]:
        """Column of the middle of each."""
        return np.asarray((self.boxes[:, 1] + self.boxes[:, 3] - 1) / 2)

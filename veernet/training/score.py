"""How well a class map agrees with its labels: precision, recall and F1 of each curve, with a tolerance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation


@dataclass(frozen=True)
class ClassScore:
    """Pixel scores of one curve class over a set of strips."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = self.precision + self.recall
        return 2.0 * self.precision * self.recall / total if total else 0.0


class Tally:
    """Counts the agreement of class maps with labels over many strips.

    Args:
        curves: Curve classes, 1 to K.
        tolerance_px: A claimed pixel counts as right within this (Chebyshev) distance of a true one, and the reverse.
    """

    def __init__(self, curves: int, tolerance_px: int) -> None:
        self._curves = curves
        size = 2 * tolerance_px + 1
        self._reach = np.ones((size, size), bool)
        self._counts = np.zeros((curves, 4), np.int64)

    def add(self, classes: NDArray[np.uint8], labels: NDArray[np.uint8]) -> None:
        """Count one strip, both ``(rows, width)``."""
        for curve in range(1, self._curves + 1):
            claimed, true = classes == curve, labels == curve
            self._counts[curve - 1] += (
                np.count_nonzero(claimed & binary_dilation(true, self._reach)),
                np.count_nonzero(claimed),
                np.count_nonzero(true & binary_dilation(claimed, self._reach)),
                np.count_nonzero(true),
            )

    def scores(self) -> list[ClassScore]:
        """The scores of curve 1 to K so far."""
        return [
            ClassScore(right / max(claimed, 1), found / max(true, 1)) for right, claimed, found, true in self._counts
        ]

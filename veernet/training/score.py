"""How well class maps agree with their labels: precision, recall, F1 and IoU of each curve, within a tolerance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

#: A pixel within so many px of two curves' labels is at a crossing, or at a near-miss, which is as hard.
CROSSING_PX = 6


@dataclass(frozen=True)
class ClassScore:
    """Pixel scores of one curve class over a set of strips."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, which is the Dice coefficient."""
        total = self.precision + self.recall
        return 2.0 * self.precision * self.recall / total if total else 0.0

    @property
    def iou(self) -> float:
        """Intersection over union: a function of F1, with a tolerance as without one."""
        return self.f1 / (2.0 - self.f1)


class Tally:
    """Counts the agreement of what a network claims with labels over many strips.

    Args:
        curves: Curve classes, 1 to K.
        tolerances_px: A claimed pixel counts as right within so many px (Chebyshev) of a true one, and the reverse.
        crossings: Count only pixels within ``CROSSING_PX`` of the labels of two curves.
    """

    def __init__(self, curves: int, tolerances_px: Sequence[int] = (1,), crossings: bool = False) -> None:
        self._curves = curves
        self._tolerances = tuple(tolerances_px)
        self._crossings = crossings
        self._counts = np.zeros((len(self._tolerances), curves, 4), np.int64)

    def add(self, claims: BoolArray, labels: ByteArray) -> None:
        """Count one strip: what is claimed for each curve, bool ``(K, rows, width)``, and labels ``(rows, width)``."""
        truths = labels == np.arange(1, self._curves + 1, dtype=np.uint8)[:, None, None]
        counted = crossing_pixels(labels, self._curves) if self._crossings else np.ones(labels.shape, bool)
        for curve, (claimed, true) in enumerate(zip(claims, truths, strict=True)):
            for index, tolerance in enumerate(self._tolerances):
                self._counts[index, curve] += (
                    np.count_nonzero(claimed & counted & widened(true, tolerance)),
                    np.count_nonzero(claimed & counted),
                    np.count_nonzero(true & counted & widened(claimed, tolerance)),
                    np.count_nonzero(true & counted),
                )

    def scores(self, tolerance_px: int = 1) -> list[ClassScore]:
        """The scores of curve 1 to K so far, at one of the tolerances."""
        counts = self._counts[self._tolerances.index(tolerance_px)]
        return [ClassScore(right / max(claimed, 1), found / max(true, 1)) for right, claimed, found, true in counts]


def widened(mask: BoolArray, px: int) -> BoolArray:
    """A mask grown by so many px in all eight directions."""
    if px == 0:
        return mask
    size = 2 * px + 1
    return cv2.dilate(mask.view(np.uint8), np.ones((size, size), np.uint8)).view(bool)


def crossing_pixels(labels: ByteArray, curves: int) -> BoolArray:
    """Pixels within ``CROSSING_PX`` of the labels of two curves or more, bool ``(rows, width)``."""
    near = np.zeros(labels.shape, np.uint8)
    for curve in range(1, curves + 1):
        near += widened(labels == curve, CROSSING_PX)
    return np.asarray(near >= 2)

"""The printed depths of a logged pass."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from veernet.register.boxes import Boxed

Floats = NDArray[np.float64]
Turn = Literal[0, 90, 270]

_SAME_SCALE = 0.03
_SAME_DEPTH = 0.2
"""Of a step."""


@dataclass(frozen=True)
class Labels(Boxed):
    """The labels of a pass, from the top.

    Args:
        boxes: Full px, ``(n, 4)``: top, left, end, right.
        turned: Degrees by which their text is turned clockwise.
        texts: As read.
        chances: That each text is what is printed.
        depths: At which each stands.
        agreeing: Which say so on their own.
    """

    boxes: Floats
    turned: Turn
    texts: tuple[str, ...]
    chances: Floats
    depths: Floats
    agreeing: NDArray[np.bool_]

    def some(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Labels:
        """Those that are asked for."""
        texts = np.array(self.texts, object)[which]
        return Labels(
            self.boxes[which], self.turned, tuple(texts), self.chances[which], self.depths[which], self.agreeing[which]
        )


@dataclass(frozen=True)
class Pass:
    """One logged pass.

    Args:
        labels: Its printed depths.
        step: Depth from one label to the next.
        px_per_unit: Rows a unit of depth, full px.
        confidence: That the depths are right.
        margin: By how much this reading of its numbers is better than the next.
    """

    labels: Labels
    step: float
    px_per_unit: float
    confidence: float
    margin: float

    def row_at(self, depth: float) -> float:
        """Row of a depth, by the labels nearest to it."""
        rows, depths = self.labels.rows, self.labels.depths
        inside = float(np.interp(depth, depths, rows))
        return inside + self.px_per_unit * (min(depth - depths[0], 0.0) + max(depth - depths[-1], 0.0))


def continues(one: Pass, other: Pass) -> bool:
    """Whether both are parts of one pass."""
    if one.labels.turned != other.labels.turned or abs(one.px_per_unit / other.px_per_unit - 1) > _SAME_SCALE:
        return False
    at = np.array([other.row_at(depth) for depth in one.labels.depths])
    gap = max(one.labels.rows[0] - other.labels.rows[-1], other.labels.rows[0] - one.labels.rows[-1], 0.0)
    loose = _SAME_DEPTH * min(one.step, other.step) * other.px_per_unit + _SAME_SCALE * gap
    return bool(np.median(np.abs(at - one.labels.rows)) <= loose)


def overlap(one: Pass, other: Pass) -> bool:
    """Whether both have labels in the same rows."""
    margin = 0.5 * other.step * other.px_per_unit
    return bool(
        one.labels.rows[0] < other.labels.rows[-1] + margin and other.labels.rows[0] < one.labels.rows[-1] + margin
    )


def joined(one: Pass, other: Pass) -> Pass:
    """Both passes' labels, each depth once."""
    boxes = np.concatenate([one.labels.boxes, other.labels.boxes])
    both = Labels(
        boxes,
        one.labels.turned,
        one.labels.texts + other.labels.texts,
        np.concatenate([one.labels.chances, other.labels.chances]),
        np.concatenate([one.labels.depths, other.labels.depths]),
        np.concatenate([one.labels.agreeing, other.labels.agreeing]),
    )
    order = np.lexsort((~both.agreeing, both.depths))
    single = [int(order[0])] + [
        int(later) for early, later in pairwise(order) if both.depths[later] > both.depths[early]
    ]
    labels = both.some(np.array(single))
    rising = np.append(True, np.diff(labels.rows) > 0)
    labels = labels.some(rising)
    step = float(np.gcd.reduce(np.diff(labels.depths).astype(np.int64)))
    confidence = max(one.confidence, other.confidence)
    return replace(one, labels=labels, step=step, confidence=confidence, margin=one.margin + other.margin)

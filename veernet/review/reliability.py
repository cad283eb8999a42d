"""What confidences were worth: how often values were right, beside how sure they were said to be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet.review.evaluate import RIGHT_FRACTION
from veernet.review.samples import CurveSamples, FloatArray

#: Where one range of confidences ends and the next one begins.
_CONFIDENCES = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)


@dataclass(frozen=True)
class Reliability:
    """What values of a range of confidences were worth.

    Args:
        least: Confidence from which the range goes, up to the next one.
        share: Of all values with a truth and a confidence.
        confidence: Mean of the values in it.
        within_1: How many of them are within 1 % of the track.
    """

    least: float
    share: float
    confidence: float
    within_1: float


def reliability_of(curves: Sequence[CurveSamples]) -> list[Reliability]:
    """Confidences beside how often they were right, range by range; ranges without a value are left out, and curves of which nobody said."""
    confidences: list[FloatArray] = [np.zeros(0)]
    rights = [np.zeros(0, bool)]
    for one in curves:
        if one.confidence is not None:
            given = one.found & np.isfinite(one.truth) & np.isfinite(one.confidence)
            confidences.append(one.confidence[given].astype(np.float64))
            rights.append(one.track_error[given] <= RIGHT_FRACTION)
    confidence, right = np.concatenate(confidences), np.concatenate(rights)
    ranges = np.searchsorted(_CONFIDENCES, confidence, side="right") - 1
    return [
        Reliability(least, float(within.mean()), float(confidence[within].mean()), float(right[within].mean()))
        for least, within in ((least, ranges == index) for index, least in enumerate(_CONFIDENCES))
        if within.any()
    ]

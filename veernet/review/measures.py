"""Measures between series: error, correlation, noise and shift; of one curve, or of many at once.

A pair is a truth, what was got, and the rows that count: float64, float64 and bool, each ``(rows,)``, NaN where there is none. Measures of
several pairs take each about its own mean: that two curves lie apart in their tracks says nothing of how well either was followed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.peaks import vertex

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Pair = tuple[FloatArray, FloatArray, BoolArray]

#: Fewer samples than this correlate well with anything.
FEWEST_SAMPLES = 8

_MAX_SHIFT_STEPS = 20


def resample(depths: FloatArray, own: FloatArray, values: FloatArray) -> FloatArray:
    """Values at other depths: linear between two neighbours that both have one, else NaN."""
    order = np.argsort(own)
    x, y = own[order], values[order]
    above = np.clip(np.searchsorted(x, depths), 1, len(x) - 1) if len(x) > 1 else np.zeros(len(depths), np.intp)
    below = np.maximum(above - 1, 0)
    gap = np.where(x[above] > x[below], x[above] - x[below], 1.0)
    weight = (depths - x[below]) / gap
    # Rounded depths of the same index must meet their own sample, even where its neighbour is NULL.
    weight = np.where(np.abs(weight) < 1e-3, 0.0, np.where(np.abs(weight - 1) < 1e-3, 1.0, weight))
    between = y[below] * (1 - weight) + y[above] * weight
    result = np.where(weight == 0, y[below], np.where(weight == 1, y[above], between))
    return np.where((weight < 0) | (weight > 1), np.nan, result)


def mean(errors: FloatArray) -> float:
    """Mean, NaN of nothing."""
    return float(errors.mean()) if errors.size else math.nan


def p95(errors: FloatArray) -> float:
    """95th percentile, NaN of nothing; a sample itself, so that it stays defined where some are infinite."""
    return float(np.percentile(errors, 95, method="higher")) if errors.size else math.nan


def correlation(pairs: Sequence[Pair]) -> float:
    """Pearson's r; NaN where the truths or what was got do not vary."""
    return _correlation(pairs, 0)[1]


def snr_db(pairs: Sequence[Pair]) -> float:
    """Variance of the truth over mean squared error, in dB; infinite without error, NaN for a constant truth."""
    signal = noise = 0.0
    for truth, got, rows in pairs:
        both = rows & np.isfinite(truth) & np.isfinite(got)
        if both.any():
            signal += float(np.sum((truth[both] - truth[both].mean()) ** 2))
            noise += float(np.sum((got[both] - truth[both]) ** 2))
    if signal < 1e-24:
        return math.nan
    return math.inf if noise == 0 else 10 * math.log10(signal / noise)


def shift_steps(pairs: Sequence[Pair]) -> float:
    """How many samples further on what was got lies than its truth, from the lag of the best correlation.

    A parabola through the best lag and its neighbours gives fractions of a sample. NaN where too few samples meet.
    """
    reach = min(_MAX_SHIFT_STEPS, max((len(truth) for truth, _, _ in pairs), default=0) // 4)
    if reach < 1:
        return math.nan
    found = [_correlation(pairs, lag) for lag in range(-reach, reach + 1)]
    # A lag at which few samples are left must not win by chance.
    fewest = max(FEWEST_SAMPLES, found[reach][0] // 2)
    scores = np.array([score if samples >= fewest else math.nan for samples, score in found])
    if not np.isfinite(scores).any():
        return math.nan
    best = int(np.nanargmax(scores))
    shift = float(best - reach)
    if 0 < best < len(scores) - 1 and np.isfinite(scores[best - 1 : best + 2]).all():
        shift += float(vertex(*scores[best - 1 : best + 2]))
    return float(shift)


def _correlation(pairs: Sequence[Pair], lag: int) -> tuple[int, float]:
    """Samples that meet, and correlation, of the truth's rows that count with what was got `lag` samples further on."""
    samples, moments = 0, np.zeros(3)
    for truth, got, rows in pairs:
        n = len(truth) - abs(lag)
        if n < 2:
            continue
        here, there = (slice(0, n), slice(lag, lag + n)) if lag >= 0 else (slice(-lag, -lag + n), slice(0, n))
        both = rows[here] & np.isfinite(truth[here]) & np.isfinite(got[there])
        if both.sum() < 2:
            continue
        t, g = truth[here][both], got[there][both]
        t, g = t - t.mean(), g - g.mean()
        samples += len(t)
        moments += (t @ g, t @ t, g @ g)
    scale = math.sqrt(moments[1] * moments[2])
    return samples, float(moments[0] / scale) if min(moments[1:]) > 1e-24 * max(samples, 1) else math.nan

"""Measures between two series: error, correlation, noise and shift."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

_MAX_SHIFT_STEPS = 20


def resample(depths: NDArray[np.float64], own: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
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


def mean(errors: NDArray[np.float64]) -> float:
    """Mean, NaN of nothing."""
    return float(errors.mean()) if errors.size else math.nan


def p95(errors: NDArray[np.float64]) -> float:
    """95th percentile, NaN of nothing; a sample itself, so that it stays defined where some are infinite."""
    return float(np.percentile(errors, 95, method="higher")) if errors.size else math.nan


def correlation(truth: NDArray[np.float64], got: NDArray[np.float64]) -> float:
    """Pearson's r of two series of one length; NaN where one does not vary."""
    if truth.size < 2 or truth.std() < 1e-12 or got.std() < 1e-12:
        return math.nan
    return float(np.corrcoef(truth, got)[0, 1])


def snr_db(truth: NDArray[np.float64], got: NDArray[np.float64]) -> float:
    """Variance of the truth over mean squared error, in dB; infinite for equal series, NaN for a constant truth."""
    if truth.size < 2 or truth.var() < 1e-24:
        return math.nan
    noise = float(np.mean((got - truth) ** 2))
    return math.inf if noise == 0 else 10 * math.log10(float(truth.var()) / noise)


def depth_shift(
    truth: NDArray[np.float64], got: NDArray[np.float64], usable: NDArray[np.bool_], depths: NDArray[np.float64]
) -> float:
    """How much deeper `got` lies than `truth`, in units of `depths`, from the lag of the best correlation.

    Args:
        truth: float64 (rows,).
        got: (rows,), at the same depths.
        usable: (rows,), where both have a value.
        depths: (rows,), regular.
    """
    reach = min(_MAX_SHIFT_STEPS, len(depths) // 4)
    if reach < 1:
        return math.nan
    lags = range(-reach, reach + 1)
    scores = np.array([_lagged_correlation(truth, got, usable, lag) for lag in lags])
    if not np.isfinite(scores).any():
        return math.nan
    best = int(np.nanargmax(scores))
    shift = float(best - reach)
    if 0 < best < len(scores) - 1 and np.isfinite(scores[best - 1 : best + 2]).all():
        before, peak, after = scores[best - 1 : best + 2]
        bend = before - 2 * peak + after
        # The top of a parabola through the three: a shift of less than a step is what matters.
        shift += 0.5 * (before - after) / bend if bend < 0 else 0.0
    return shift * float((depths[-1] - depths[0]) / (len(depths) - 1))


def _lagged_correlation(
    truth: NDArray[np.float64], got: NDArray[np.float64], usable: NDArray[np.bool_], lag: int
) -> float:
    """Correlation of the truth with the curve `lag` samples further on."""
    n = len(truth) - abs(lag)
    first, second = (slice(0, n), slice(lag, lag + n)) if lag >= 0 else (slice(-lag, -lag + n), slice(0, n))
    both = usable[first] & usable[second]
    return correlation(truth[first][both], got[second][both])

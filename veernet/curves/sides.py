"""On which side of the other a curve runs, stretch by stretch: a chain of two states, told by traits of unknown size.

The forward-backward algorithm (Rabiner, A tutorial on hidden Markov models, 1989). What the two curves differ by in a trait is not known beforehand, and is
summed over, on a grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Trait:
    """What was measured of both curves in every stretch.

    Args:
        differences: By how much the left one has more of it, ``(stretches,)``; NaN where that was not measured.
        noise: Standard deviation of each difference.
        grid: By how much the first curve may have more of it than the second, ``(n,)``.
        prior: How likely each of these is, in any unit.
        stray_share: How often a difference is something else altogether, anywhere within the grid's reach.
    """

    differences: FloatArray
    noise: FloatArray
    grid: FloatArray
    prior: FloatArray
    stray_share: float

    def likelihood(self) -> FloatArray:
        """Of every stretch, side of the first curve (left, right) and step of the grid, ``(stretches, 2, n)``."""
        measured = np.isfinite(self.differences)
        difference, noise = np.where(measured, self.differences, 0.0), np.where(measured, self.noise, 1.0)
        expected = np.stack((self.grid, -self.grid))
        off = (difference[:, None, None] - expected) / noise[:, None, None]
        told = np.exp(-0.5 * off**2) / (np.sqrt(2.0 * np.pi) * noise[:, None, None])
        stray = 1.0 / float(np.ptp(self.grid))
        mixed = (1.0 - self.stray_share) * told + self.stray_share * stray
        return np.where(measured[:, None, None], mixed, 1.0)


def first_is_left(traits: Sequence[Trait], stays: FloatArray) -> FloatArray:
    """Probability that the first curve is the left one in each stretch, ``(stretches,)``; certain in the first, which names it.

    Args:
        traits: Independent of one another.
        stays: Of each contact between two stretches the log-odds that the curves part on their own sides.
    """
    stay = 1.0 / (1.0 + np.exp(-stays))
    likelihood, prior = np.ones((stays.size + 1, 2, 1)), np.ones(1)
    for trait in traits:
        likelihood = (likelihood[..., None] * trait.likelihood()[:, :, None, :]).reshape(stays.size + 1, 2, -1)
        prior = np.outer(prior, trait.prior).ravel()
    forward, backward = np.zeros_like(likelihood), np.ones_like(likelihood)
    forward[0, 0] = likelihood[0, 0] * prior
    for stretch in range(1, len(forward)):
        forward[stretch] = _beyond(forward[stretch - 1], stay[stretch - 1]) * likelihood[stretch]
        forward[stretch] /= forward[stretch].sum()
    for stretch in range(len(forward) - 2, -1, -1):
        backward[stretch] = _beyond(backward[stretch + 1] * likelihood[stretch + 1], stay[stretch])
        backward[stretch] /= backward[stretch].sum()
    sides = (forward * backward).sum(axis=2)
    return np.asarray(sides[:, 0] / sides.sum(axis=1))


def _beyond(sides: FloatArray, stay: float) -> FloatArray:
    """Weights of both sides beyond a contact."""
    return stay * sides + (1.0 - stay) * sides[::-1]

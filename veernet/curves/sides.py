"""On which side of the other a curve runs, stretch by stretch: a chain of two states, told by traits of unknown size.

The forward-backward algorithm (Rabiner, A tutorial on hidden Markov models, 1989). What the two curves differ by in a trait is not known beforehand, and is
summed over, on a grid.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numba import njit
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


def first_is_left(traits: Sequence[Trait], stays: FloatArray, named_at: int = 0) -> FloatArray:
    """Probability that the first curve is the left one in each stretch, ``(stretches,)``.

    Args:
        traits: One or more, independent of one another.
        stays: Of each contact between two stretches the log-odds that the curves part on their own sides.
        named_at: The stretch in which the first curve is the left one for certain, which is what names it.
    """
    stay = 1.0 / (1.0 + np.exp(-stays))
    *others, last = traits
    likelihood, prior = np.ones((stays.size + 1, 2, 1)), np.ones(1)
    for trait in others:
        likelihood = (likelihood[..., None] * trait.likelihood()[:, :, None, :]).reshape(stays.size + 1, 2, -1)
        prior = np.outer(prior, trait.prior).ravel()
    return np.asarray(_left(likelihood, prior, last.likelihood(), last.prior, stay, named_at))


#: Sizes of the traits that explain so much less than the best one, a logarithm, add nothing that counts.
_NEGLIGIBLE = 20.0


@njit(cache=True, nogil=True)
def _left(likelihood, prior, last_likelihood, last_prior, stay, named_at):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The chain gone through for every pair of sizes by itself, so that memory grows with stretches alone."""
    stretches = likelihood.shape[0]
    forward = np.empty((stretches, 2))
    left = np.zeros(stretches)
    total, best = 0.0, -np.inf
    for size in range(prior.size):
        for last in range(last_prior.size):
            evidence = np.log(prior[size] * last_prior[last])
            ours, theirs = 0.5, 0.5
            for stretch in range(stretches):
                if stretch > 0:
                    ours, theirs = _beyond(ours, theirs, stay[stretch - 1])
                ours *= likelihood[stretch, 0, size] * last_likelihood[stretch, 0, last]
                theirs *= likelihood[stretch, 1, size] * last_likelihood[stretch, 1, last]
                if stretch == named_at:
                    theirs = 0.0
                both = ours + theirs
                evidence += np.log(both)
                ours, theirs = ours / both, theirs / both
                forward[stretch] = ours, theirs
            if evidence < best - _NEGLIGIBLE:
                continue
            if evidence > best:
                left *= np.exp(best - evidence)
                total *= np.exp(best - evidence)
                best = evidence
            share = np.exp(evidence - best)
            total += share
            ours, theirs = 0.5, 0.5
            for stretch in range(stretches - 1, -1, -1):
                here = forward[stretch, 0] * ours
                left[stretch] += share * here / (here + forward[stretch, 1] * theirs)
                ours *= likelihood[stretch, 0, size] * last_likelihood[stretch, 0, last]
                theirs *= likelihood[stretch, 1, size] * last_likelihood[stretch, 1, last]
                if stretch == named_at:
                    theirs = 0.0
                both = ours + theirs
                if stretch > 0:
                    ours, theirs = _beyond(ours / both, theirs / both, stay[stretch - 1])
    return left / total


@njit(cache=True, nogil=True)
def _beyond(ours, theirs, stay):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Weights of both sides beyond a contact."""
    return stay * ours + (1.0 - stay) * theirs, stay * theirs + (1.0 - stay) * ours

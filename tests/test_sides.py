"""A chain of two states told by traits of unknown size: the same as going through every way there is."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from veernet.curves.sides import Trait, first_is_left

GRID = np.array([-2.0, -0.5, 0.5, 2.0])
numbers = st.floats(-3.0, 3.0)


def trait(differences: list[float | None], noise: float) -> Trait:
    """What was measured, None where it was not."""
    measured = np.array([np.nan if one is None else one for one in differences])
    return Trait(measured, np.full(measured.size, noise), GRID, np.array([1.0, 2.0, 3.0, 0.5]), 0.1)


def by_every_way(traits: list[Trait], stays: NDArray[np.float64], named_at: int) -> NDArray[np.float64]:
    """Probabilities by the sum over all ways of the chain and all sizes of the traits."""
    stretches = stays.size + 1
    stay = 1.0 / (1.0 + np.exp(-stays))
    left, total = np.zeros(stretches), 0.0
    for way in itertools.product((0, 1), repeat=stretches):
        if way[named_at] == 1:
            continue
        weight = float(np.prod([stay[i] if way[i] == way[i + 1] else 1.0 - stay[i] for i in range(stays.size)]))
        for one in traits:
            by_size = np.prod([one.likelihood()[i, side] for i, side in enumerate(way)], axis=0)
            weight *= float((by_size * one.prior).sum())
        left += weight * (np.array(way) == 0)
        total += weight
    return left / total


@settings(deadline=None)
@given(st.data(), st.integers(1, 5), st.integers(1, 3))
def test_probabilities_are_those_of_every_way_and_every_size(data: st.DataObject, stretches: int, kinds: int) -> None:
    """Whatever was measured, and wherever the first curve is known to be the left one."""
    measured = st.lists(st.none() | numbers, min_size=stretches, max_size=stretches)
    traits = [trait(data.draw(measured), data.draw(st.floats(0.3, 2.0))) for _ in range(kinds)]
    stays = np.array(data.draw(st.lists(numbers, min_size=stretches - 1, max_size=stretches - 1)))
    named_at = data.draw(st.integers(0, stretches - 1))
    found = first_is_left(traits, stays, named_at)
    np.testing.assert_allclose(found, by_every_way(traits, stays, named_at), rtol=1e-6)
    assert abs(found[named_at] - 1.0) < 1e-12


def test_a_long_chain_is_told_from_one_end_to_the_other() -> None:
    """A trait that is the same all along says on which side the first curve is 3,000 contacts on."""
    sides = np.random.default_rng(1).integers(0, 2, 3000)
    sides[0] = 0
    found = first_is_left([trait([2.0 if side == 0 else -2.0 for side in sides], 0.5)], np.zeros(2999))
    np.testing.assert_array_equal(found > 0.5, sides == 0)

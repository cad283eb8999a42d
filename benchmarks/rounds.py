"""Rounds: everything that is compared runs in turns, and what is read is the median of its rounds."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeVar

from benchmarks.results import Ratio

T = TypeVar("T")


def in_turns(rounds: int, things: Mapping[str, Callable[[], T]]) -> dict[str, list[T]]:
    """Do each thing once a round; a machine that is slower for a minute is so for all of them."""
    done: dict[str, list[T]] = {name: [] for name in things}
    for _ in range(rounds):
        for name, thing in things.items():
            done[name].append(thing())
    return done


def ratio(
    name: str,
    above: Sequence[float],
    below: Sequence[float],
    *,
    better: Literal["lower", "higher"] = "lower",
    goal: float | None = None,
) -> Ratio:
    """The median over the rounds of one series over another, round by round, with its noise.

    Args:
        name: What is put over what.
        above: A figure a round.
        below: The other's, of the same rounds.
        better: Which way is an improvement.
        goal: What it is to reach.
    """
    values = [a / b for a, b in zip(above, below, strict=True)]
    middle = statistics.median(values)
    noise = (max(values) - min(values)) / 2 / abs(middle) if middle else 0.0
    return Ratio(name=name, value=round(middle, 4), noise=round(noise, 4), better=better, goal=goal)

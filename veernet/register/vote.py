"""Which depths a chain of labels stands for: every reading of every label votes, and the numbers must go on evenly.

A chain fixes how many steps lie between its labels; what is left to find are the step and the first number. Each pair of them is
scored by the chance of all its numbers together, so that one misread label can move nothing, and the confidence is how far the best
pair is from the next one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

STEPS = {5: 5, 10: 5, 20: 10, 25: 25, 50: 25, 100: 50, 200: 100, 250: 50, 500: 100, 1000: 100}
"""Depths from one label of a chain to the next, and what each label is a multiple of: a chain may hold every other label only."""
DEEPEST = 40_000

_WORST = -9.0
"""A label that says something else costs this much, however sure it is: it may be another label's number, or no number."""
_MOST_A_LABEL = 4.0
"""And decides between two hypotheses by this much at the most."""
_READ = 0.5
_ALMOST = 0.5
"""A label that is one digit off counts so much against a verdict: it is misread rather than another number."""
_HYPOTHESES = 24
_FEWEST_READ = 3

Chances = Callable[[NDArray[np.intp], Sequence[str]], Floats]
"""Logarithms of the chances that some labels, by index, say some texts."""


@dataclass(frozen=True)
class Verdict:
    """What a chain stands for.

    Args:
        first: Depth of its first label.
        step: Depth from one place to the next.
        confidence: That both are right.
        margin: By how much the logarithm of the chance is above the next hypothesis's.
        agreeing: Labels that on their own say the number that they should.
        almost: Labels that on their own say a number of as many digits, one of them another.
        contradicting: Labels that on their own surely say another number.
        support: Logarithm of the chance of the number that each should be.
    """

    first: float
    step: float
    confidence: float
    margin: float
    agreeing: NDArray[np.bool_]
    almost: NDArray[np.bool_]
    contradicting: NDArray[np.bool_]
    support: Floats


def vote(
    places: NDArray[np.intp],
    readings: Sequence[tuple[str, float]],
    chances: Chances,
    prior: Callable[[int], float] = lambda _: 0.0,
) -> Verdict | None:
    """The depths of a chain; None if no reading is a number that could be one.

    Args:
        places: Of its labels, in steps below the first.
        readings: The best reading of each on its own, with its chance.
        chances: Asks the reader.
        prior: Logarithm of how usual the vertical scale is that a step would make.
    """
    numbers = [depth_of(text) for text, _ in readings]
    hypotheses = sorted(
        {
            (number - step * int(place), step)
            for number, place in zip(numbers, places, strict=True)
            if number is not None
            for step, part in STEPS.items()
            if number % part == 0 and number + step * int(places[-1] - place) <= DEEPEST
        }
    )
    if not hypotheses:
        return None
    read = np.array([-1 if number is None else number for number in numbers])
    agree = [int((read == first + step * places).sum()) for first, step in hypotheses]
    hypotheses = [hypotheses[index] for index in np.argsort(agree, kind="stable")[::-1][:_HYPOTHESES]]
    scores = _scores(hypotheses, places, chances)
    # Whoever misreads a digit everywhere misreads it alike: neighbours of the best are asked for, too, though nobody read them.
    before = np.array([prior(step) for _, step in hypotheses])
    best = hypotheses[int((scores.sum(axis=1) + before).argmax())]
    others = [
        (best[0] + shift, best[1])
        for shift in (*(n * best[1] for n in (-10, -5, -3, -2, -1, 1, 2, 3, 5, 10)), -10000, -1000, 1000, 10000)
        if best[0] + shift + best[1] * int(places[-1]) <= DEEPEST
    ]
    others = [other for other in others if other not in set(hypotheses)]
    if others:
        hypotheses = hypotheses + others
        scores = np.concatenate([scores, _scores(others, places, chances)])
        before = np.array([prior(step) for _, step in hypotheses])
    winner = int((scores.sum(axis=1) + before).argmax())
    lead = np.clip(scores[winner] - scores, -_MOST_A_LABEL, _MOST_A_LABEL).sum(axis=1) + before[winner] - before
    lead[winner] = np.inf
    margin = float(lead.min()) if len(hypotheses) > 1 else _MOST_A_LABEL
    first, step = hypotheses[winner]
    expected = first + step * places
    chance = np.array([chance for _, chance in readings])
    agreeing = read == expected
    almost = np.array([_almost(text, depth) for (text, _), depth in zip(readings, expected.tolist(), strict=True)])
    almost &= ~_go_on(read, expected)
    contradicting = (read >= 0) & ~agreeing & (chance >= _READ)
    said = agreeing.sum() + (contradicting * np.where(almost, _ALMOST, 1.0)).sum()
    confidence = _confidence(margin, int(agreeing.sum()), float(said))
    return Verdict(first, step, confidence, margin, agreeing, almost, contradicting, scores[winner])


def depth_of(text: str) -> int | None:
    """The depth that a text says, if it is one."""
    if not text.isdigit() or len(text) > 5 or (text.startswith("0") and len(text) != 4 and text != "0"):
        return None
    return int(text)


def written(depth: int) -> tuple[str, ...]:
    """How a depth is printed."""
    return (str(depth), f"{depth:04d}") if 0 < depth < 1000 else (str(depth),)


def _almost(text: str, depth: int) -> bool:
    return any(
        len(text) == len(other) and sum(a != b for a, b in zip(text, other, strict=True)) == 1
        for other in written(depth)
        if len(other) > 2
    )


def _go_on(read: NDArray[np.intp], expected: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which labels are off as the next one is: not misread, but the numbers of another pass, as a repeat section's are."""
    off = np.where(read >= 0, read - expected, 0)
    same = (np.diff(off) == 0) & (off[1:] != 0)
    return np.asarray(np.append(same, False) | np.append(False, same))


def _confidence(margin: float, count: int, said: float) -> float:
    """Few labels, a small margin or many that say otherwise: each alone makes it unsure."""
    by_margin = 1.0 / (1.0 + np.exp(-(margin - 4.0)))
    by_count = 1.0 - 0.5 ** max(0.0, 1.0 + 2.0 * (count - _FEWEST_READ + 1))
    by_agreement = min(1.0, 1.35 * count / said) if said else 0.0
    return float(by_margin * by_count * by_agreement)


def _scores(hypotheses: Sequence[tuple[int, int]], places: NDArray[np.intp], chances: Chances) -> Floats:
    """Logarithm of the chance of each hypothesis by each label, ``(hypotheses, labels)``; above zero depth stands something else."""
    pairs = [
        (index, label, text)
        for index, (first, step) in enumerate(hypotheses)
        for label, place in enumerate(places.tolist())
        if first + step * place >= 0
        for text in written(first + step * place)
    ]
    scores = np.full((len(hypotheses), places.size), _WORST)
    if pairs:
        rows, labels, texts = (np.array(part) for part in zip(*pairs, strict=True))
        np.maximum.at(scores, (rows, labels), chances(labels, texts.tolist()))
    return scores

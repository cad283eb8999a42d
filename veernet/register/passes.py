"""The logged passes of a scan, by their printed depths: where each begins and ends, and which depth each label stands for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.register.chains import chains
from veernet.register.first_digits import with_first_digits
from veernet.register.labels import Floats, Labels, Pass, Turn, continues, joined, overlap
from veernet.register.numbered import Asked, Reader, passes_of
from veernet.register.paper import Paper, of_narrow_paper, thickened, without_grain
from veernet.register.sought import completed
from veernet.register.told_chains import told_chains
from veernet.register.words import Words, clear, words

_SURE, _MOSTLY, _LIKELY = 0.95, 0.9, 0.5
_FEWEST_TYPICAL = 5
"""Labels that agree, to know by them how depths are printed on a paper."""
_COLUMN_INCHES = 0.5
"""From the middle of the column that depths are printed in."""


def passes_at(paper: Paper, read: Reader) -> tuple[Paper, list[Pass]]:
    """The passes of a scan, from the top, and the scan at the resolution at which they were found.

    Where its file does not tell that, a log may be half as wide as most are: print of a quarter of an inch is looked for in vain. And where grain
    joins all print, it is looked for without that; where pen or scanner has left next to nothing of it, with what is left made thicker.
    """
    found = find_passes(paper, read)
    if not paper.dpi_claimed and not _any_likely(found):
        narrow = of_narrow_paper(paper)
        other = find_passes(narrow, read)
        if _any_likely(other):
            return narrow, other
    if not _any_likely(found):
        looks = (find_passes(like(paper), read) for like in (without_grain, thickened))
        return paper, next(filter(_any_likely, looks), found)
    return paper, found


def _any_likely(found: Sequence[Pass]) -> bool:
    return any(one.confidence >= _LIKELY for one in found)


def find_passes(paper: Paper, read: Reader) -> list[Pass]:
    """The passes of a scan, from the top."""
    found: list[Pass] = []
    ask = Asked(paper, read)
    both = words(paper)
    alone = clear(paper, *both)
    for group in (alone, both):
        candidates = [(chain, of) for of in _left(paper, group, found) for chain in chains(of, paper.search_dpi)]
        for chain, of in sorted(candidates, key=lambda candidate: -candidate[0].score):
            turns = _turns(of, found)
            if turns and _inside(of.rows[chain.members] * paper.factor, found).mean() < _MOSTLY:
                found += passes_of(paper, of, chain, ask, turns)
    if _typical(found) is None and all(one.confidence < _SURE for one in found):
        found += _told(paper, alone, found, ask)
    whole = _completed(paper, both, _merged(found), ask)
    if _typical(whole) is not None:
        # In the column of depths lines may run through them.
        told = _told(paper, both, whole, ask)
        whole = _merged([*whole, *_completed(paper, both, told, ask)])
    return sorted((with_first_digits(paper, one, ask) for one in whole), key=lambda one: float(one.labels.rows[0]))


def _completed(paper: Paper, both: Sequence[Words], found: Sequence[Pass], ask: Asked) -> list[Pass]:
    """Some passes with those labels that were no words, or no numbers by themselves."""
    return [completed(paper, of, one, ask) for one in found for of in both if of.turned == bool(one.labels.turned)]


def _told(paper: Paper, group: Sequence[Words], known: Sequence[Pass], ask: Asked) -> list[Pass]:
    """The passes among words that are in none that is known, by what these say."""
    found = []
    for of in _left(paper, group, known):
        for turn in _turns(of, known):
            told, chained = told_chains(paper, of, ask, turn)
            found += [one for chain in chained for one in passes_of(paper, told, chain, ask, (turn,))]
    return found


def _left(paper: Paper, group: Sequence[Words], found: Sequence[Pass]) -> list[Words]:
    """Those words that may be depths of passes that were not found yet."""
    return [of.some(~_inside(of.rows * paper.factor, found) & _in_column(paper, of, found)) for of in group]


def _typical(found: Sequence[Pass]) -> Labels | None:
    """Labels that are surely printed depths: others of the paper stand and read as they do."""
    sure = [one.labels for one in found if one.confidence >= _SURE and one.labels.agreeing.sum() >= _FEWEST_TYPICAL]
    return max(sure, key=lambda labels: int(labels.agreeing.sum()), default=None)


def _turns(of: Words, found: Sequence[Pass]) -> tuple[Turn, ...]:
    """Ways in which words are to be read; none where depths are known to be printed otherwise."""
    typical = _typical(found)
    if typical is None:
        return (90, 270) if of.turned else (0,)
    return (typical.turned,) if of.turned == bool(typical.turned) else ()


def _in_column(paper: Paper, of: Words, found: Sequence[Pass]) -> NDArray[np.bool_]:
    """Which words may be depths by their column, where that is known."""
    typical = _typical(found)
    if typical is None:
        return np.ones(of.rows.size, bool)
    column = np.interp(of.rows * paper.factor, typical.rows, typical.columns)
    return np.asarray(np.abs(of.columns * paper.factor - column) <= _COLUMN_INCHES * paper.dpi)


def _inside(rows: Floats, found: Sequence[Pass]) -> NDArray[np.bool_]:
    """Which rows can add nothing, because depths that are sure stand there already."""
    inside = np.zeros(rows.size, bool)
    for one in found:
        if one.confidence >= _SURE:
            slack = 0.5 * one.step * one.px_per_unit
            inside |= (rows > one.labels.rows[0] - slack) & (rows < one.labels.rows[-1] + slack)
    return inside


def _merged(found: list[Pass]) -> list[Pass]:
    """Passes that go on from one another are one; of two that contradict each other in the same rows the better stays."""
    kept: list[Pass] = []
    for one in sorted(found, key=lambda each: -(each.confidence * each.labels.agreeing.sum())):
        for index, other in enumerate(kept):
            if continues(one, other):
                kept[index] = joined(other, one)
                break
            if overlap(one, other):
                break
        else:
            kept.append(one)
    return kept

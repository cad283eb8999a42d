"""What curve stands in a row of a scale block, and from what value to what: name, unit and both values vote together.

A name has units, and a curve in a unit is mostly drawn between one of a few pairs of values. So each curve in each unit at each scale is a hypothesis, and what is
printed of the name, the two values and a second scale speaks for it or against it by its chance; so does the print of the other scale block. One misread
letter or digit then moves nothing, and the confidence is the share that the winner has of all, names that nobody knows and unusual values among them.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeVar

import numpy as np

from veernet.register.mnemonics import KNOWN, RESISTIVITY_TOOLS, Known, Scale, usual_units
from veernet.register.spelling import Spelled
from veernet.register.text import Line
from veernet.register.value_print import NumberPrint, best_number

_Value = TypeVar("_Value")
Pair = tuple[float | None, float | None]
Second = Literal["none", "goes on", "tenfold", "unread"]

_TEMPER = 0.8
"""Of what is read: the steps of a line are not wholly independent."""
_NUMBERS = 1.125
"""Weight of a number's print over that of a name's: digits are read more surely than letters."""
_USUAL, _UNUSUAL = math.log(0.85), math.log(0.15 / 60)
_OTHER_UNIT = -4.0
"""For a unit that is not the one that is printed elsewhere in the block."""
_SECOND_UNIT = -1.0
"""For each unit but the usual one, where none is printed."""
_OFF_DECADES = -5.0
_LOG_ON_LINEAR = -2.0
_THE_SAME, _ANOTHER = math.log(0.8), math.log(0.2)
"""For the scale of a curve beside another in a log track."""
_ONE_TOOL, _TWICE = 1.5, -4.0
"""For a curve that the tool of another one of its track measures, too, and for one that is there already."""
_ONE_FACE = 0.8
"""Weight of a name's print in two blocks: an L that looks like an I at 100 dpi does so in both."""
_NOT_FOUND = math.log(0.05)
_SECONDS: dict[Second, float] = {"goes on": math.log(0.6), "tenfold": math.log(0.3), "unread": math.log(0.1 / 60)}


@dataclass(frozen=True)
class Values:
    """Numbers at the two edges of a row, as far as there are any."""

    left: Line | None
    right: Line | None
    _known: dict[tuple[str, float], float] = field(default_factory=dict, compare=False, repr=False)

    def chance(self, scale: Pair) -> float:
        """Logarithm of the chance of their print if these are the values, None where there is none."""
        return self._of("left", self.left, scale[0]) + self._of("right", self.right, scale[1])

    def free(self) -> tuple[Pair, float]:
        """The likeliest numbers, whatever they are, and the same for them."""
        values = tuple(None if line is None else best_number(line) for line in (self.left, self.right))
        sides = (("left", self.left, values[0]), ("right", self.right, values[1]))
        chance = sum(_NOT_FOUND if value is None else self._of(side, line, value) for side, line, value in sides)
        return (values[0], values[1]), chance

    def _of(self, side: str, line: Line | None, value: float | None) -> float:
        if line is None or value is None:
            return _NOT_FOUND
        if (side, value) not in self._known:
            self._known[side, value] = _NUMBERS * self._prints[side].chance(value)
        return self._known[side, value]

    @cached_property
    def _prints(self) -> dict[str, NumberPrint]:
        sides = (("left", self.left), ("right", self.right))
        return {side: NumberPrint.of(line) for side, line in sides if line is not None}


@dataclass(frozen=True)
class Row:
    """What one scale block has of a curve.

    Args:
        named: By the chances of its letters; None where no name is printed.
        unit: That is printed elsewhere in the block, as LAS files have it.
        values: At the edges.
        second: Those of a second scale, if there is one.
    """

    named: Spelled | None
    unit: str | None
    values: Values
    second: Values | None = None


@dataclass(frozen=True)
class Elected:
    """The winner, field by field; values are None where nothing was read."""

    known: Known | None
    mnemonic: float
    unit: str | None
    unit_share: float
    left: float | None
    left_share: float
    right: float | None
    right_share: float
    usual: bool
    second: Second
    second_share: float


@dataclass(frozen=True)
class _Hypothesis:
    known: Known | None
    unit: str | None
    left: float | None
    right: float | None
    usual: bool
    second: Second


def elected(
    rows: Sequence[Row], decades: int | None, beside: Scale | None = None, company: Collection[str] = ()
) -> Elected:
    """The winner of the vote on one curve.

    Args:
        rows: What each block has of it.
        decades: Of a log track; 0 of one whose lines are lost, which may be one; None of an even one.
        beside: The scale of another curve of a log track.
        company: Names of other curves of the track.
    """
    chances = {
        hypothesis: chance + _in_company(hypothesis.known, company)
        for hypothesis, chance in _hypotheses(rows, decades, beside)
    }
    most = max(chances.values())
    shares = {key: math.exp(_TEMPER * (chance - most)) for key, chance in chances.items()}
    whole = sum(shares.values())

    def name(hypothesis: _Hypothesis) -> str | None:
        return hypothesis.known.mnemonic if hypothesis.known else None

    best, mnemonic = _most(shares, name)
    named = {key: share for key, share in shares.items() if name(key) == best}
    unit, unit_share = _most(named, lambda key: key.unit)
    left, left_share = _most(shares, lambda key: key.left)
    right, right_share = _most(shares, lambda key: key.right)
    second, second_share = _most(shares, lambda key: key.second)
    top = max(named, key=lambda key: named[key])
    return Elected(
        known=top.known,
        mnemonic=mnemonic / whole,
        unit=unit,
        unit_share=unit_share / whole,
        left=left,
        left_share=left_share / whole,
        right=right,
        right_share=right_share / whole,
        usual=top.usual and (top.left, top.right) == (left, right),
        second=second,
        second_share=second_share / whole,
    )


def _in_company(known: Known | None, company: Collection[str]) -> float:
    """Nats for a curve beside others: one tool measures several, and none of them twice."""
    if known is None or not company:
        return 0.0
    if known.mnemonic in company:
        return _TWICE
    return _ONE_TOOL * any(known.mnemonic in tool and not tool.isdisjoint(company) for tool in RESISTIVITY_TOOLS)


def _most(shares: Mapping[_Hypothesis, float], of: Callable[[_Hypothesis], _Value]) -> tuple[_Value, float]:
    """The value that most shares together have, and how much that is."""
    sums: dict[_Value, float] = defaultdict(float)
    for hypothesis, share in shares.items():
        sums[of(hypothesis)] += share
    return max(sums.items(), key=lambda item: item[1])


def _hypotheses(
    rows: Sequence[Row], decades: int | None, beside: Scale | None = None
) -> Iterable[tuple[_Hypothesis, float]]:
    for known in KNOWN:
        for unit in known.units:
            name = _together(_name_chance(row, known, unit) for row in rows)
            for scale, usual in _scales(known, unit, decades):
                if beside is not None and unit == "OHMM":
                    usual = float(np.logaddexp(_ANOTHER + usual, _THE_SAME if scale == beside else -math.inf))
                values = sum(row.values.chance(scale) for row in rows)
                yield from _with_second(rows, known, unit, scale, True, name + usual + values)
            if all(row.values.left is None and row.values.right is None for row in rows):
                yield _Hypothesis(known, unit, None, None, False, "none"), name
            else:
                for pair, chance in _free(rows).items():
                    read = _whole(pair)
                    if read is None or not usual_units(known, read):
                        off = _UNUSUAL + _fitting(pair, decades)
                        yield from _with_second(rows, known, unit, pair, False, name + off + chance)
    other = _together(row.named.other if row.named else _NOT_FOUND for row in rows)
    for pair, chance in _free(rows).items():
        yield from _with_second(rows, None, None, pair, False, other + _UNUSUAL + chance)


def _together(chances: Iterable[float]) -> float:
    """What the names of two blocks say, which are printed in one face and read by one reader: both may be misread as the same."""
    each = list(chances)
    return sum(each) * (_ONE_FACE if len(each) > 1 else 1.0)


def _free(rows: Sequence[Row]) -> dict[Pair, float]:
    """Pairs of numbers as any block reads them at either edge, whatever they are, and the chance of all print if they are right."""
    lefts, rights = (_read([getattr(row.values, side) for row in rows]) for side in ("left", "right"))
    return {(left, right): sum(row.values.chance((left, right)) for row in rows) for left in lefts for right in rights}


def _read(lines: Sequence[Line | None]) -> set[float | None]:
    """The numbers of some lines; none only where there is no line."""
    found: set[float | None] = {best_number(line) for line in lines if line is not None}
    return found or {None}


def _whole(pair: Pair) -> Scale | None:
    left, right = pair
    return None if left is None or right is None else (left, right)


def _with_second(
    rows: Sequence[Row],
    known: Known | None,
    unit: str | None,
    pair: Pair,
    usual: bool,
    chance: float,
) -> Iterable[tuple[_Hypothesis, float]]:
    seconds = [row.second for row in rows if row.second is not None]
    left, right = pair
    if not seconds:
        yield _Hypothesis(known, unit, left, right, usual, "none"), chance
        return
    free = sum(second.free()[1] for second in seconds)
    yield _Hypothesis(known, unit, left, right, usual, "unread"), chance + _SECONDS["unread"] + free
    if left is None or right is None:
        return
    kinds: dict[Second, Scale] = {"goes on": (right, 2 * right - left), "tenfold": (10 * left, 10 * right)}
    for kind, second_scale in kinds.items():
        more = sum(second.chance(second_scale) for second in seconds)
        yield _Hypothesis(known, unit, left, right, usual, kind), chance + _SECONDS[kind] + more


def _name_chance(row: Row, known: Known, unit: str) -> float:
    """Logarithm of the chance of a row's name if it is a curve in a unit."""
    if row.named is None:
        return _NOT_FOUND
    with_it = row.named.named.get((known.mnemonic, unit), -math.inf)
    if row.unit in known.units:
        without = 0.0 if row.unit == unit else _OTHER_UNIT
    else:
        without = 0.0 if unit == known.unit else _SECOND_UNIT
    return float(np.logaddexp(with_it, row.named.named.get((known.mnemonic, None), -math.inf) + without))


def _scales(known: Known, unit: str, decades: int | None) -> list[tuple[Scale, float]]:
    """The pairs that a curve is usually drawn between in a unit, and how usual each is."""
    if unit == "OHMM":
        counts = (decades,) if decades else (1, 2, 3, 4)
        firsts = (0.01, 0.02, 0.1, 0.2, 1.0, 2.0, 10.0, 20.0)
        logs = [(first, float(f"{first * 10**count:g}")) for first in firsts for count in counts]
        off = _LOG_ON_LINEAR if decades is None else 0.0
        found = [(scale, off + _USUAL - math.log(len(logs)) + 0.7 * (scale[0] == 0.2)) for scale in logs]
        linear = known.units[unit]
        return found + [
            ((float(a), float(b)), _USUAL - math.log(len(linear)) + _fitting((a, b), decades)) for a, b in linear
        ]
    scales = known.units[unit]
    return [((float(a), float(b)), _USUAL - math.log(len(scales)) + _fitting((a, b), decades)) for a, b in scales]


def _fitting(scale: Pair, decades: int | None) -> float:
    """Nats against values that are not a log track's decades apart."""
    left, right = scale
    if not decades or left is None or right is None:
        return 0.0
    fits = left > 0 and right > 0 and abs(abs(math.log10(right / left)) - decades) < 0.01
    return 0.0 if fits else _OFF_DECADES

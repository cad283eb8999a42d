"""The block above a pass and the one below it: which of their curves are the same, and what they say together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from veernet.register.curves_told import Told
from veernet.register.draft import Curve, Found, Style

_FIELDS = ("mnemonic", "unit", "left", "right", "style", "wrap")
_AGREED = 0.97
_WORTH_A_VOTE = 0.4
"""Confidence from which on a reading counts for or against another."""
_DIFFER = 0.6
_BELOW_ALONE = 0.9
_LIKELY = 0.5
"""Confidence from which on another reading of the same print puts one in doubt."""


@dataclass(frozen=True)
class Seen:
    """A curve as one block tells it, how its sample line is drawn there, and how sure that is."""

    told: Told
    style: Style
    style_sure: float


def all_sure(curves: Sequence[Curve]) -> bool:
    """Whether the other block need not be asked."""
    return all(getattr(curve, key).sure for curve in curves for key in _FIELDS if key != "wrap")


def surer(first: tuple[Curve, ...], again: tuple[Curve, ...]) -> tuple[Curve, ...]:
    """Of two readings of the same blocks that which leaves less for a person; the first one where they are sure of different things.

    What one is sure of and the other one likely reads otherwise is not sure.

    Args:
        first: The curves of a track.
        again: The same, read in another way.
    """
    fields = [
        (getattr(one, key), getattr(other, key)) for one, other in zip(first, again, strict=False) for key in _FIELDS
    ]
    differ = any(one.sure and other.sure and one.value != other.value for one, other in fields)
    taken, left = (first, again) if differ or _told(again) <= _told(first) else (again, first)
    if len(taken) != len(left):
        return taken
    return tuple(_unless_otherwise(one, other) for one, other in zip(taken, left, strict=True))


def _unless_otherwise(curve: Curve, other: Curve) -> Curve:
    """A curve, none of its fields sure that is likely another in another reading of the same curve."""
    if curve.mnemonic.value != other.mnemonic.value:
        return curve
    updates = {}
    for key in _FIELDS:
        found, again = getattr(curve, key), getattr(other, key)
        if found.sure and again.value is not None and again.value != found.value and again.confidence >= _LIKELY:
            why = f"read as {again.value!r}, too"
            updates[key] = found.model_copy(update={"confidence": min(found.confidence, _BELOW_ALONE), "why": why})
    return curve.model_copy(update=updates)


def _told(curves: Sequence[Curve]) -> tuple[int, int]:
    """How much a reading tells: a curve more before all else, because another one may run in a track that was not read."""
    return len(curves), sum(getattr(curve, key).sure for curve in curves for key in _FIELDS)


def paired(above: Sequence[Seen], below: Sequence[Seen]) -> list[tuple[Seen | None, Seen | None]]:
    """The curves of two blocks in the order of the one above, then those that only the one below has.

    Curves of one name are one; as many curves in both are the same in the same order, whatever their names were read as.
    """
    left = list(below)
    pairs: list[tuple[Seen | None, Seen | None]] = []
    for place, seen in enumerate(above):
        name = seen.told.named.mnemonic
        twin = next((each for each in left if each.told.named.mnemonic == name), None)
        if twin is None and len(above) == len(below):
            other = below[place]
            names = [each.told.named.mnemonic for each in above]
            twin = other if other in left and other.told.named.mnemonic not in names else None
        if twin is not None:
            left.remove(twin)
        pairs.append((seen, twin))
    return pairs + [(None, each) for each in left]


def alike(above: Sequence[Seen], below: Sequence[Seen]) -> bool:
    """Whether two blocks have a name in common: one that has none may be that of the next log on the paper."""
    names = {seen.told.named.mnemonic for seen in above}
    return any(seen.told.named.mnemonic in names for seen in below)


def style_by(seen: Sequence[Seen]) -> Found[Style]:
    """How a curve is drawn: two blocks that agree are surer than one, two that differ are not sure."""
    first, *others = sorted(seen, key=lambda each: -each.style_sure)
    sure, why = first.style_sure, "by its sample line"
    for other in others:
        if other.style_sure >= _WORTH_A_VOTE:
            same = other.style == first.style
            sure = max(sure, _AGREED) if same else min(sure, _DIFFER)
            why = "both scale blocks say so" if same else f"the other scale block says {other.style!r}"
    return Found(value=first.style, confidence=sure, why=why)


def capped(curve: Curve) -> Curve:
    """A curve that only the block below names: that may be another log's."""
    updates = {}
    for key in _FIELDS:
        found: Found[Any] = getattr(curve, key)
        updates[key] = found.model_copy(update={"confidence": min(found.confidence, _BELOW_ALONE)})
    return curve.model_copy(update=updates)

"""What the block above a pass and the one below it say together: two that agree are surer than one, two that differ are not sure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from veernet.register.draft import Curve, Found

_FIELDS = ("mnemonic", "unit", "left", "right", "style", "wrap")
_AGREED = 0.97
_WORTH_A_VOTE = 0.4
"""Confidence from which on a reading counts for or against another."""
_DIFFER = 0.6
_BELOW_ALONE = 0.9


def all_sure(curves: Sequence[Curve]) -> bool:
    """Whether the other block need not be asked."""
    return all(getattr(curve, key).sure for curve in curves for key in _FIELDS if key != "wrap")


def joined(above: Sequence[Curve], below: Sequence[Curve]) -> tuple[Curve, ...]:
    """The curves of a track by both of its blocks, in the order of the one above."""
    left = list(below)
    found = []
    for curve in above:
        twin = next((other for other in left if other.mnemonic.value == curve.mnemonic.value), None)
        if twin is None:
            found.append(curve)
            continue
        left.remove(twin)
        found.append(
            curve.model_copy(update={key: _both(key, getattr(curve, key), getattr(twin, key)) for key in _FIELDS})
        )
    if not above:
        return tuple(_capped(curve) for curve in left)
    return tuple(found)


def _both(key: str, one: Found[Any], other: Found[Any]) -> Found[Any]:
    if one.value is None or other.value is None:
        return one if other.value is None else other
    first, second = sorted((one, other), key=lambda found: -found.confidence)
    if one.value == other.value:
        # That no second scale is printed says nothing the second time.
        if key == "wrap" or second.confidence < _WORTH_A_VOTE:
            return first
        return first.model_copy(
            update={"confidence": max(first.confidence, _AGREED), "why": "both scale blocks say so"}
        )
    if second.confidence < _WORTH_A_VOTE:
        return first
    why = f"the other scale block says {second.value!r}"
    return first.model_copy(update={"confidence": min(first.confidence, _DIFFER), "why": why})


def _capped(curve: Curve) -> Curve:
    """A curve that only the block below names: that may be another log's."""
    updates = {}
    for key in _FIELDS:
        found: Found[Any] = getattr(curve, key)
        updates[key] = found.model_copy(update={"confidence": min(found.confidence, _BELOW_ALONE)})
    return curve.model_copy(update=updates)

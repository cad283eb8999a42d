"""The vertical scales that logs are printed at, and what a unit they tell."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from veernet.register.paper import USUAL_WIDTH_INCHES

Unit = Literal["ft", "m"]

USUAL: dict[Unit, tuple[int, ...]] = {"ft": (240, 600, 1200), "m": (200, 240, 500, 1000)}
"""5, 2 and 1 inches a hundred feet; the same of metres, and the 1:240 that forms in feet left behind."""
INCHES: dict[Unit, float] = {"ft": 12.0, "m": 39.3701}

_FINEST: dict[Unit, dict[int, tuple[float, ...]]] = {
    "ft": {120: (1.0, 2.0), 240: (2.0, 5.0), 600: (5.0, 10.0), 1200: (10.0, 20.0, 25.0)},
    "m": {100: (0.5, 1.0), 200: (1.0,), 240: (1.0,), 500: (5.0,), 1000: (5.0, 10.0)},
}
"""Every how many units the finest lines are, of scales that a copy may be of: where these are lost, those that are left are some times as far from each other."""
AT_SCALE, NEAR_SCALE = 0.04, 0.1
"""By how much a scale is off that is surely met, and by how much paper, film and scanners stretch one, the worst that was seen being 6 %."""
_COPY, _STRANGE = -5.0, -10.0
_COPIED = (0.45, 1.1)
"""Size of a copy beside its original."""
_RATIO = re.compile(r"1\s?[:.]\s?(\d{3,4})(?!\d)")
_WORDS: dict[Unit, re.Pattern[str]] = {
    "ft": re.compile(r"(\b|IN)FEET(\b|SCALED?)"),
    "m": re.compile(r"(\b|IN)MET(RE|ER)S?(\b|SCALED?)"),
}
"""Readers lose the spaces of small captions, as in Depth in Metres scaled 1:200."""
_RESOLUTIONS = (100, 150, 200, 240, 300, 400, 600)
_FOLDED_INCHES, _ANY_INCHES = (8.2, 9.8), (3.8, 12.6)
"""Width of most papers, and of all that were seen, in inches."""
_MET, _MISSED = 0.012, 0.065
"""By how much a scale is off at the resolution of the scan, and by how much those are at the least that are told from it."""


@dataclass(frozen=True)
class VerticalScale:
    """A usual vertical scale, as 240 for 1:240, and how far a log is from it, as a share."""

    scale: int
    unit: Unit
    off: float


def nearest(px_per_unit: float, dpi: float) -> VerticalScale:
    """The usual scale that is nearest to some rows a unit of depth."""
    inches = px_per_unit / dpi
    scales = (
        VerticalScale(scale, unit, abs(INCHES[unit] / scale / inches - 1.0)) for unit in USUAL for scale in USUAL[unit]
    )
    return min(scales, key=lambda scale: scale.off)


def prior(px_per_unit: float, dpi: float) -> float:
    """Logarithm of how usual a scale is: copies of any size are less so, and what no copy makes of a usual one is hardly a scale."""
    if nearest(px_per_unit, dpi).off <= NEAR_SCALE:
        return 0.0
    inches = px_per_unit / dpi
    sizes = (inches * scale / INCHES[unit] for unit in USUAL for scale in USUAL[unit])
    return _COPY if any(_COPIED[0] <= size <= _COPIED[1] for size in sizes) else _STRANGE


def units_at_usual_resolutions(px_per_unit: float, width: int, dpi: float) -> tuple[frozenset[Unit], frozenset[Unit]]:
    """The units of depth whose usual scales a scan meets closely, and those that it nearly meets, where its file does not tell its resolution.

    Scanners have few resolutions: those count closely that a folded paper's width allows, nearly those that the width of any paper does.

    Args:
        px_per_unit: Rows a unit of depth.
        width: Of the scan, px.
        dpi: As it was guessed from that, for paper of usual width or half as wide.
    """
    folded = [
        each for each in _RESOLUTIONS if _FOLDED_INCHES[0] <= USUAL_WIDTH_INCHES * dpi / each <= _FOLDED_INCHES[1]
    ]
    any_width = [each for each in _RESOLUTIONS if _ANY_INCHES[0] <= width / each <= _ANY_INCHES[1]]
    met = frozenset(unit for unit in USUAL if _off(px_per_unit, folded, unit) <= _MET)
    return met, met | {unit for unit in USUAL if _off(px_per_unit, any_width, unit) <= _MISSED}


def _off(px_per_unit: float, resolutions: Sequence[int], unit: Unit) -> float:
    """By how much the nearest scale of a unit at some resolutions is off."""
    return min(
        (
            abs(INCHES[unit] * resolution / scale / px_per_unit - 1.0)
            for resolution in resolutions
            for scale in USUAL[unit]
        ),
        default=math.inf,
    )


def copied_units(px_per_unit: float, dpi: float, lines_every: float) -> frozenset[Unit]:
    """The units of depth that a log may be in that is a copy of any usual size.

    Args:
        px_per_unit: Rows a unit of depth.
        dpi: Of the scan.
        lines_every: Units of depth from one line across the paper to the next.
    """
    inches = px_per_unit / dpi
    return frozenset(
        unit
        for unit, scales in _FINEST.items()
        for scale, finest in scales.items()
        if _COPIED[0] <= inches * scale / INCHES[unit] <= _COPIED[1]
        and any(lines_every % distance == 0.0 for distance in finest)
    )


def may_be_copy(px_per_unit: float, dpi: float, unit: Unit) -> bool:
    """Whether a log is at a usual scale of a unit, or a copy of one that is."""
    inches = px_per_unit / dpi / INCHES[unit]
    return any(_COPIED[0] <= inches * scale <= _COPIED[1] for scale in USUAL[unit])


def printed_copy(texts: Iterable[str], px_per_unit: float, dpi: float) -> Unit | None:
    """The unit that is printed by name and by a scale that is usual for it, of which a log is a copy; None where these do not say the same, or not both.

    Args:
        texts: Lines above a log.
        px_per_unit: Rows a unit of depth.
        dpi: Of the scan.
    """
    lines = [text.upper() for text in texts]
    named = [unit for unit, words in _WORDS.items() if any(words.search(line) for line in lines)]
    if len(named) != 1:
        return None
    (unit,) = named
    said = {int(ratio) for line in lines for ratio in _RATIO.findall(line)} & set(USUAL[unit])
    inches = px_per_unit / dpi / INCHES[unit]
    return unit if any(_COPIED[0] <= inches * scale <= _COPIED[1] for scale in said) else None


def printed_units(texts: Iterable[str], px_per_unit: float, dpi: float) -> frozenset[Unit]:
    """The units of depth that printed words speak for: by name, or as 1:240, which is one unit's at any size of a copy.

    Args:
        texts: Lines above a log, from the top down: of several scales the last is its own, the others belong to logs before it.
        px_per_unit: Rows a unit of depth.
        dpi: Of the scan.
    """
    named: set[Unit] = set()
    by_scale: set[Unit] = set()
    for text in texts:
        named |= {unit for unit, words in _WORDS.items() if words.search(text.upper())}
        for said in _RATIO.findall(text):
            sizes = {unit: px_per_unit / dpi / (inches / int(said)) for unit, inches in INCHES.items() if int(said)}
            by_scale = {unit for unit, size in sizes.items() if _COPIED[0] <= size <= _COPIED[1]} or by_scale
    return frozenset(named | by_scale)

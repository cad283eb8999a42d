"""Which of two curves of one style bears which name.

Nothing on the strip says so: a style is all that a name is printed with. But curves have characters. A caliper hardly moves beside any other curve, and
neutron porosity reads more than density porosity wherever there is shale. How far two curves lie apart and how much more one moves than the other is
weighed by what is usual for their names (:mod:`veernet.training.characters` learned it from real logs); where that says little, or a name is
not known, the name is a guess, and confidence says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import Doubt, Trace

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Character:
    """How a curve of a name usually is, with the standard deviations between stretches of wells.

    Args:
        scale: Its usual values at the left edge and at the right one.
        units: What brings values in other units to those of the scale.
        level: Its mean, in widths of a track of that scale.
        restlessness: Logarithm of the mean bend of its course, in such widths.
    """

    scale: tuple[float, float]
    units: tuple[float, ...]
    level: tuple[float, float]
    restlessness: tuple[float, float]


#: By ``python -m veernet.training.characters LAS_DIR``: stretches of 40 m of the wells that are not held out.
CHARACTERS: dict[str, Character] = {
    "GR": Character((0.0, 150.0), (1.0,), (0.53, 0.11), (-4.17, 0.41)),
    "CALI": Character((125.0, 375.0), (1.0, 10.0, 25.4), (0.25, 0.12), (-5.49, 0.68)),
    "DPHI": Character((0.6, 0.0), (1.0, 0.01), (0.57, 0.07), (-4.01, 0.37)),
    "NPHI": Character((0.6, 0.0), (1.0, 0.01), (0.30, 0.07), (-3.97, 0.35)),
}
#: Bulk density is density porosity over a matrix of limestone (2.71 g/cm3, mud 1.00): what is 0.6 of the one is 1.684 of the other.
CHARACTERS["RHOB"] = replace(CHARACTERS["DPHI"], scale=(1.684, 2.71), units=(1.0, 0.001))
_NAMES = {
    "GR": ("GR", "GAM", "GAMMA", "SGR", "CGR", "ECGR", "GRD", "GRS"),
    "CALI": ("CALI", "CAL", "CALS", "CALX", "HCAL", "DCAL", "LCAL", "C1"),
    "DPHI": ("DPHI", "PHID", "DPH", "DPSS", "DPLS", "DPOR"),
    "NPHI": ("NPHI", "PHIN", "NPH", "TNPH", "NPSS", "NPLS", "NPOR", "CNC"),
    "RHOB": ("RHOB", "RHOZ", "DEN", "DENS", "ZDEN", "RHO"),
}
_CHARACTER_OF = {name: character for character, names in _NAMES.items() for name in names}
#: What other basins may add to the deviation of a difference, in level and in restlessness; and the most that a character is trusted.
_BASIN_LEVEL, _BASIN_RESTLESSNESS, _MOST_SURE = 0.15, 0.3, 0.95
_SURE = 0.9
#: Rows over which a course bends, and the most that a bend counts: a spike is one event, no restlessness.
_BEND_ROWS, _MOST_BEND = 8, 0.05
_FEWEST_ROWS = 200


def name_alike(traces: Sequence[Trace], curves: Sequence[Curve]) -> list[Trace]:
    """Two traces of one style in the order of the curves that they most likely are; as they come where nothing tells.

    Confidence is that times the probability that the names are right.
    """
    probability = _probability([trace.fraction.astype(np.float64) for trace in traces], curves)
    sure = max(probability, 1.0 - probability)
    named = traces if probability >= 0.5 else traces[::-1]
    return [
        replace(trace, confidence=trace.confidence * np.float32(sure), doubts=_doubts(trace, sure)) for trace in named
    ]


def _doubts(trace: Trace, sure: float) -> tuple[Doubt, ...]:
    known = np.flatnonzero(np.isfinite(trace.fraction))
    if sure >= _SURE or not known.size:
        return trace.doubts
    rows = int(known[0]), int(known[-1]) + 1
    return (Doubt(*rows, "nothing tells which of two curves of one style bears which name"), *trace.doubts)


def _probability(fractions: Sequence[FloatArray], curves: Sequence[Curve]) -> float:
    """That the first trace is the first curve."""
    names = [_CHARACTER_OF.get(curve.mnemonic.upper()) for curve in curves]
    if None in names or names[0] == names[1]:
        return 0.5
    characters = [CHARACTERS[str(name)] for name in names]
    # Each trace is read as either curve: the scales need not be the same.
    courses = [
        _course_as(fraction, curve, character)
        for fraction in fractions
        for curve, character in zip(curves, characters, strict=True)
    ]
    known = [one for one in courses if one is not None]
    if len(known) < len(courses):
        return 0.5
    odds = _log_likelihood(known[0], known[3], characters) - _log_likelihood(known[2], known[1], characters)
    return float(np.clip(1.0 / (1.0 + np.exp(-odds)), 1.0 - _MOST_SURE, _MOST_SURE))


def _log_likelihood(first: tuple[float, float], second: tuple[float, float], characters: Sequence[Character]) -> float:
    """Of how two courses differ in level and in restlessness, were they of these two characters."""
    usual = (("level", _BASIN_LEVEL), ("restlessness", _BASIN_RESTLESSNESS))
    total = 0.0
    for index, (trait, basin) in enumerate(usual):
        (one, one_spread), (other, other_spread) = (getattr(character, trait) for character in characters)
        spread = float(np.sqrt(one_spread**2 + other_spread**2 + basin**2))
        total -= 0.5 * ((first[index] - second[index] - (one - other)) / spread) ** 2
    return total


def _course_as(fraction: FloatArray, curve: Curve, character: Character) -> tuple[float, float] | None:
    """Level and restlessness of a trace that is read as this curve, as if its scale were the usual one; None where too little is known."""
    left, right = character.scale
    unit = min(character.units, key=lambda unit: abs(np.log(abs(unit * (curve.right - curve.left) / (right - left)))))
    usual = (unit * (curve.left + fraction * (curve.right - curve.left)) - left) / (right - left)
    return course(usual, _BEND_ROWS) if np.isfinite(usual).sum() >= _FEWEST_ROWS else None


def course(fraction: FloatArray, step: int) -> tuple[float, float] | None:
    """Level and restlessness of a course in track widths, its bends taken over so many samples; None where it has none."""
    bends = np.abs(fraction[2 * step :] - 2.0 * fraction[step:-step] + fraction[: -2 * step])
    bends = bends[np.isfinite(bends)]
    if not bends.size:
        return None
    return float(np.nanmean(fraction)), float(np.log(np.minimum(bends, _MOST_BEND).mean() + 1e-4))

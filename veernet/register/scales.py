"""The vertical scales that logs are printed at, and what a unit they tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Unit = Literal["ft", "m"]

USUAL: dict[Unit, tuple[int, ...]] = {"ft": (240, 600, 1200), "m": (200, 500, 1000)}
"""5, 2 and 1 inches a hundred feet; 5, 2 and 1 metres a metre of depth."""
INCHES: dict[Unit, float] = {"ft": 12.0, "m": 39.3701}

_NEAR = 0.10
"""By how much paper, film and scanners stretch a scale, the worst that was seen being 6 %."""
_STRANGE = -10.0


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
    """Logarithm of how usual a scale is."""
    return 0.0 if nearest(px_per_unit, dpi).off <= _NEAR else _STRANGE

"""Feet or metres: by the vertical scale, by what is printed, and by how far lines across are from each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from veernet.register.draft import Found
from veernet.register.scales import (
    AT_SCALE,
    NEAR_SCALE,
    Unit,
    copied_units,
    nearest,
    printed_copy,
    printed_units,
    units_at_usual_resolutions,
)

_WIDEST = 0.85
"""Resolution of a scan over that which is guessed from its width, at the least."""


def unit_of_depth(
    px_per_unit: float,
    dpi: float,
    dpi_claimed: bool,
    printed: Sequence[str],
    lines_every: Callable[[], float | None] = lambda: None,
    width: int = 0,
) -> Found[Unit]:
    """Feet or metres, by the vertical scale and by what is printed.

    Copies are smaller than what they are copies of: 1:240 in feet at five sixths is nearly 1:1000 in metres. Where nothing is printed a scale must be met closely,
    or lines run across as they do on one unit's grids only: every two feet.

    Args:
        px_per_unit: Rows a unit of depth.
        dpi: Of the scan.
        dpi_claimed: Whether the scan itself says so.
        printed: Lines above the log, from the top down.
        lines_every: Asks every how many units lines run across, None for what is not known.
        width: Of the scan, px, for scans that do not say at what resolution they were made.
    """
    scale = nearest(px_per_unit, dpi)
    by_scale = f"1:{scale.scale} with depths in {scale.unit} is {100 * scale.off:.0f} % off"
    said = printed_units(printed, px_per_unit, dpi)
    if len(said) == 1 and not (scale.off <= NEAR_SCALE and scale.unit not in said):
        (unit,) = said
        return Found(value=unit, confidence=0.97, why=f"printed in {unit}; {by_scale}")
    if dpi_claimed and len(said) == 1 and (copied_unit := printed_copy(printed, px_per_unit, dpi)) in said:
        return Found(value=copied_unit, confidence=0.96, why=f"a copy, printed in {copied_unit} with its scale")
    sure = dpi_claimed and scale.off <= AT_SCALE and not said
    if not (said or sure) and dpi_claimed and (copied := _of_a_copy(px_per_unit, dpi, lines_every())):
        return copied
    if not (said or dpi_claimed) and (usual := _of_usual_resolution(px_per_unit, width, dpi, lines_every)):
        return usual
    if said or scale.off > NEAR_SCALE:
        return Found(value=scale.unit, confidence=0.4, why=by_scale)
    return Found(value=scale.unit, confidence=0.97 if sure else 0.5, why=by_scale)


def _of_a_copy(px_per_unit: float, dpi: float, every: float | None) -> Found[Unit] | None:
    """The one unit that a copy of any size can be in whose lines run across at a distance; None where both can."""
    units = copied_units(px_per_unit, dpi, every) if every is not None else frozenset()
    if len(units) != 1:
        return None
    (unit,) = units
    return Found(value=unit, confidence=0.96, why=f"a copy whose lines are every {every:g} {unit}")


def _of_usual_resolution(
    px_per_unit: float, width: int, dpi: float, lines_every: Callable[[], float | None]
) -> Found[Unit] | None:
    """The one unit whose scale is met at a usual resolution, if the other's is not nearly met at any, or no lines run across as its do."""
    met, nearly = units_at_usual_resolutions(px_per_unit, width, dpi)
    if len(met) != 1:
        return None
    (unit,) = met
    if nearly == met:
        return Found(value=unit, confidence=0.96, why=f"at the usual resolutions only scales in {unit} are met")
    every = lines_every()
    # At any width that paper may have: the guess is right for the narrowest.
    if every is None or any(copied_units(px_per_unit, size * dpi, every) != met for size in (_WIDEST, 1.0)):
        return None
    return Found(
        value=unit, confidence=0.96, why=f"a scale in {unit} at a usual resolution, and lines every {every:g} {unit}"
    )

"""Feet or metres: by the vertical scale, by what is printed, by how far lines across are from each other, by where the well is, and by its curves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from veernet.register.draft import Found
from veernet.register.scales import (
    AT_SCALE,
    NEAR_SCALE,
    Unit,
    copied_units,
    may_be_copy,
    nearest,
    printed_copy,
    printed_units,
    units_at_usual_resolutions,
)

_DOUBTED = 0.6
_WIDEST = 0.85
"""Resolution of a scan over that which is guessed from its width, at the least."""


def unit_of_depth(
    px_per_unit: float,
    dpi: float,
    dpi_claimed: bool,
    printed: Sequence[str],
    lines_every: Callable[[], float | None] = lambda: None,
    width: int = 0,
    besides: Found[Unit] | None = None,
    earlier: Sequence[float] = (),
) -> Found[Unit]:
    """Feet or metres, by the vertical scale, by what is printed, by where the well is, and by its curves.

    Copies are smaller than what they are copies of: 1:240 in feet at five sixths is nearly 1:1000 in metres. Where nothing is printed a scale must be met closely,
    or lines run across as they do on one unit's grids only: every two feet.

    Args:
        px_per_unit: Rows a unit of depth.
        dpi: Of the scan.
        dpi_claimed: Whether the scan itself says so.
        printed: Lines above the log, from the top down.
        lines_every: Asks every how many units lines run across, None for what is not known.
        width: Of the scan, px, for scans that do not say at what resolution they were made.
        besides: What depths are in by all but themselves (`veernet.register.where_logged`), None for what is not known.
        earlier: Rows a unit of depth of the passes above it, whose blocks may be what is printed.
    """
    scale = nearest(px_per_unit, dpi)
    by_scale = f"1:{scale.scale} with depths in {scale.unit} is {100 * scale.off:.0f} % off"
    said = printed_units(printed, px_per_unit, dpi)
    # A scale that would make the pass above one of the other unit is that one's: one copy has one unit.
    if any((theirs := printed_units(printed, each, dpi)) and not theirs & said for each in earlier):
        said = frozenset()
    if len(said) == 1 and not (scale.off <= NEAR_SCALE and scale.unit not in said):
        (unit,) = said
        return Found(value=unit, confidence=0.97, why=f"printed in {unit}; {by_scale}")
    if dpi_claimed and len(said) == 1 and (copied_unit := printed_copy(printed, px_per_unit, dpi)) in said:
        return Found(value=copied_unit, confidence=0.96, why=f"a copy, printed in {copied_unit} with its scale")
    if dpi_claimed and len(said) == 1:
        by_lines = _of_a_copy(px_per_unit, dpi, lines_every())
        if by_lines is not None and by_lines.value in said:
            return by_lines
    told = _unprinted(px_per_unit, dpi, dpi_claimed, lines_every, width, by_scale) if not said else None
    if besides is not None and besides.value is not None and (not said or besides.value in said):
        may_be = not dpi_claimed or may_be_copy(px_per_unit, dpi, besides.value)
        return _with(besides, told, may_be, by_scale)
    if told is not None:
        return told
    return Found(value=scale.unit, confidence=0.4 if said or scale.off > NEAR_SCALE else 0.5, why=by_scale)


def _unprinted(
    px_per_unit: float,
    dpi: float,
    dpi_claimed: bool,
    lines_every: Callable[[], float | None],
    width: int,
    by_scale: str,
) -> Found[Unit] | None:
    """The unit by the scale and by lines across, surely; None where they do not tell."""
    scale = nearest(px_per_unit, dpi)
    if not dpi_claimed:
        return _of_usual_resolution(px_per_unit, width, dpi, lines_every)
    if scale.off <= AT_SCALE:
        return Found(value=scale.unit, confidence=0.97, why=by_scale)
    return _of_a_copy(px_per_unit, dpi, lines_every())


def _with(besides: Found[Unit], told: Found[Unit] | None, may_be: bool, by_scale: str) -> Found[Unit]:
    """Feet or metres where something else says which: sure where that can be, in doubt where scale or lines surely say otherwise."""
    if told is not None and told.value == besides.value:
        return told
    confidence = besides.confidence if told is None and may_be else _DOUBTED
    return besides.model_copy(
        update={"confidence": confidence, "why": f"{besides.why}; {told.why if told else by_scale}"}
    )


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

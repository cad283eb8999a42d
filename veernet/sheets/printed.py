"""What a sheet's own printed lines say about where its tracks and depths are, against what its manifest says.

Paper is skewed, drifts and stretches between the few places that a person has measured. Printed lines run straight down and straight
across it, all over: where a track's strip shows them tilted or beside where they should be, the strip is cut again along them.
Nothing moves without evidence: lines are looked for within a small reach of where the manifest puts them, one window of rows is
believed only with its neighbours, and a sheet that shows no lines stays where it is. A track whose lines are lost goes with
the others, because it is the paper that moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.depth_lines import WORTH_MOVING, DepthLines, Stretch, tick_column
from veernet.sheets.edge_lines import Drift, drift_of
from veernet.sheets.geometry import TRACK_COLUMNS, DepthRegister, StripGeometry
from veernet.sheets.profiles import Profiler, Profiles

__all__ = ["Profiler", "Refined", "refine"]

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class Refined:
    """Where strips lie by their printed lines.

    Args:
        geometries: One a track, moved where there was evidence.
        moved: What was moved and how far, for people.
        doubts: Ticks that the printed lines disagree with.
    """

    geometries: tuple[StripGeometry, ...]
    moved: tuple[str, ...]
    doubts: tuple[str, ...]


def refine(
    geometries: Sequence[StripGeometry], profiles: Sequence[Profiles], register: DepthRegister, names: Sequence[str]
) -> Refined:
    """Move strips to the printed lines that their profiles show.

    Args:
        geometries: Where the manifest puts the strips that the profiles are of.
        profiles: One a track.
        register: The manifest's ticks.
        names: One a track.
    """
    lines = _depth_lines(geometries, profiles)
    pivot_px = tick_column(lines, register)
    stretches = [line.stretch(register, pivot_px) if pivot_px is not None else None for line in lines]
    drifts = [drift_of(geometry, profile) for geometry, profile in zip(geometries, profiles, strict=True)]
    refined: list[StripGeometry] = []
    moved: list[str] = []
    for name, geometry, line, stretch, drift in zip(
        names, geometries, lines, _shared_stretch(stretches), _shared_drift(drifts), strict=True
    ):
        shift, told = line.shift(stretch, pivot_px)
        if drift is not None and np.abs(drift.by_px).max() >= WORTH_MOVING * geometry.widest_px() / TRACK_COLUMNS:
            geometry = drift.moved(geometry)
            told.insert(0, f"edges moved by up to {np.abs(drift.by_px).max():.1f} px")
        if told:
            moved.append(f"{name}: {', '.join(told)}, by its printed lines")
        refined.append(replace(geometry, shift=shift))
    return Refined(tuple(refined), tuple(moved), tuple(_doubts(stretches, register)))


def _depth_lines(geometries: Sequence[StripGeometry], profiles: Sequence[Profiles]) -> list[DepthLines]:
    """The depth lines of each track; one that does not show how steep they are has the others' slope."""
    lines = [DepthLines.of(profile, geometry) for profile, geometry in zip(profiles, geometries, strict=True)]
    slopes = [line.slope for line in lines if line.tilted]
    if not slopes:
        return lines
    slope = float(np.median(slopes))
    return [
        line if line.tilted else DepthLines.of(profile, geometry, slope)
        for line, profile, geometry in zip(lines, profiles, geometries, strict=True)
    ]


def _shared_stretch(stretches: Sequence[Stretch | None]) -> list[Stretch | None]:
    known = [stretch for stretch in stretches if stretch is not None]
    if not known:
        return list(stretches)
    rows_px = np.unique(np.concatenate([stretch.rows_px for stretch in known]))
    shared = Stretch(rows_px, np.mean([stretch.at(rows_px) for stretch in known], axis=0), {})
    return [stretch or shared for stretch in stretches]


def _shared_drift(drifts: Sequence[Drift | None]) -> list[Drift | None]:
    known = [drift for drift in drifts if drift is not None]
    if not known:
        return list(drifts)
    rows_px = np.unique(np.concatenate([drift.rows_px for drift in known]))
    shared = Drift(rows_px, np.mean([drift.at(rows_px) for drift in known], axis=0))
    return [drift or shared for drift in drifts]


def _doubts(stretches: Sequence[Stretch | None], register: DepthRegister) -> list[str]:
    """Ticks that the lines of more than half of the tracks disagree with."""
    off: dict[int, list[float]] = {}
    for stretch in stretches:
        for tick, by_px in (stretch.ticks_off if stretch else {}).items():
            off.setdefault(tick, []).append(by_px)
    return [
        f"tick at row {register.rows_px[tick]:g} ({register.depths[tick]:g}): the printed line is {np.median(by):+.1f} px from it"
        for tick, by in sorted(off.items())
        if len(by) * 2 > len(stretches)
    ]

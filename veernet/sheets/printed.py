"""What a sheet's own printed lines say about where its tracks and depths are, against what its manifest says.

Paper is skewed, drifts and stretches between the few places that a person has measured. Printed lines run straight down and straight
across it, all over: where they are tilted or beside where they should be, strips are cut again along them.
Nothing moves without evidence: lines are followed from the places that were measured, the tracks of a sheet are one paper, what
is found must be found by two halves of the evidence on their own, and a sheet that shows no lines stays where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from veernet.sheets.depth_lines import DepthLines, depth_lines
from veernet.sheets.edge_lines import edge_lines
from veernet.sheets.geometry import TRACK_COLUMNS, DepthRegister, RowShift, StripGeometry
from veernet.sheets.profiles import Profiler, Profiles
from veernet.sheets.refined import Refined

__all__ = ["Profiler", "Refined", "refine"]

_WORTH_MOVING = 0.4  # strip px; what is less is noise of the measurement
_KNOT_ROWS = 64

_UNSEEN = "no printed lines {} the tracks can be followed: {} rest on the manifest alone"
_ACROSS = "across", "depths between its ticks"
_DOWN = "down", "edges between the rows that it gives"


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
    lines = depth_lines(geometries, profiles, register)
    down = edge_lines(geometries, profiles)
    sideways = down.drifts or (None,) * len(geometries)
    refined: list[StripGeometry] = []
    moved: list[str] = []
    for name, geometry, drift in zip(names, geometries, sideways, strict=True):
        shift, told = _row_shift(geometry, lines)
        if drift is not None and drift.most_px >= _WORTH_MOVING * geometry.widest_px() / TRACK_COLUMNS:
            geometry = drift.moved(geometry)
            told.insert(0, f"edges moved by up to {drift.most_px:.1f} px")
        if told:
            moved.append(f"{name}: {', '.join(told)}, by its printed lines")
        refined.append(replace(geometry, shift=shift))
    off = lines.lift.ticks_off if lines.lift else {}
    doubts = [_UNSEEN.format(*told) for told, seen in ((_ACROSS, lines.seen), (_DOWN, down.seen)) if not seen]
    doubts += [
        f"tick at row {register.rows_px[tick]:g} ({register.depths[tick]:g}): the printed line is {by:+.1f} px from it"
        for tick, by in off.items()
    ]
    return Refined(tuple(refined), tuple(moved), tuple(doubts))


def _row_shift(geometry: StripGeometry, lines: DepthLines) -> tuple[RowShift | None, list[str]]:
    """By how much the rows of a strip shift, and what to tell of it; none where nothing is worth moving."""
    knots_px = geometry.source_row(np.unique(np.append(np.arange(0, geometry.rows, _KNOT_ROWS), geometry.rows - 1)))
    left_px, middle_px, right_px = geometry.column_px(knots_px.mean(), np.array([0.0, 0.5, 1.0]))
    lift_px = lines.shift_px(knots_px, middle_px)
    tilt_px = lines.shift_px(knots_px, right_px) - lines.shift_px(knots_px, left_px)
    most_lift_px, most_tilt_px = float(np.abs(lift_px).max()), float(np.abs(tilt_px).max())
    worth_px = _WORTH_MOVING / geometry.row_scale
    told = []
    if most_tilt_px >= worth_px:
        told.append(f"skew of {np.degrees(np.arctan(most_tilt_px / (right_px - left_px))):.2f} degrees taken out")
    if most_lift_px >= worth_px:
        told.append(f"depth lines moved by up to {most_lift_px:.1f} px")
    if not told:
        return None, []
    return RowShift(tuple(knots_px.tolist()), tuple(lift_px.tolist()), tuple(tilt_px.tolist())), told

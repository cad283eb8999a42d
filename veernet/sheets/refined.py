"""Where strips lie by their printed lines: known without what reads these lines, because a run is given it by its workers and imports the module of what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from veernet.sheets.geometry import StripGeometry


@dataclass(frozen=True)
class Refined:
    """Where strips lie by their printed lines.

    Args:
        geometries: One a track, moved where there was evidence.
        moved: What was moved and how far, for people.
        doubts: Ticks that the printed lines disagree with, and lines that cannot be seen.
    """

    geometries: tuple[StripGeometry, ...]
    moved: tuple[str, ...]
    doubts: tuple[str, ...]

"""What is true of a synthetic paper: all that a draft of its manifest can hold, in rows and columns of the scan.

Rows and columns are px, 0 at the centre of the top-left pixel, as in the manifest.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from veernet.training.warp import Warp

SectionKind = Literal["header", "scale", "main", "other", "repeat", "tail"]
Style = Literal["solid", "dashed", "dotted"]
Points = tuple[tuple[float, float], ...]

_EDGE_EVERY_PX = 500.0


@dataclass(frozen=True)
class LabelTruth:
    """A depth that is printed.

    Args:
        text: As printed.
        depth: What it means.
        row_px: Row of its depth line in the middle of the depth column, which is not always the middle of its ink.
        box: Of its ink: left, top, right, bottom.
        turned: Degrees by which it is turned clockwise.
        legible: False where it was left out or covered on purpose: nothing can be asked of it.
    """

    text: str
    depth: float
    row_px: float
    box: tuple[float, float, float, float]
    turned: Literal[0, 90, 270]
    legible: bool


@dataclass(frozen=True)
class SectionTruth:
    """Consecutive rows that are one thing.

    Args:
        kind: ``main`` is the logged pass, ``other`` the same log at another vertical scale, ``repeat`` the repeat section, ``scale`` a
            scale block. A pass is the rows of its grid; captions lie between sections.
        first_row: Its first row.
        end_row: The row after its last.
        vertical_scale: Of a pass, as 240 for 1:240, as printed originally; a reduced copy (``magnification``) has fewer px a unit.
        px_per_unit: Rows a unit of depth on the flat print.
        top: Depth at its first row.
        base: Depth at its last.
        caption: The words above it.
        ticks: Row of each depth whose multiple is labelled, label or not: ``(row_px, depth)``, as printed in the middle of the depth column.
        labels: Its printed depths.
    """

    kind: SectionKind
    first_row: float
    end_row: float
    vertical_scale: float | None = None
    px_per_unit: float | None = None
    top: float | None = None
    base: float | None = None
    caption: str = ""
    ticks: Points = ()
    labels: tuple[LabelTruth, ...] = ()


@dataclass(frozen=True)
class CurveTruth:
    """One curve as its scale block tells it.

    Args:
        mnemonics: What it may be called, its usual name first.
        printed: Its name as it stands there.
        units: What its unit may be called, as it stands there first.
        style: How it is drawn.
        left: Value at the track's left edge.
        right: Value at its right edge.
        backup: Values of the second scale, if one is printed.
        wrap: Whether it comes back at the other edge where it leaves the track.
    """

    mnemonics: tuple[str, ...]
    printed: str
    units: tuple[str, ...]
    style: Style
    left: float
    right: float
    backup: tuple[float, float] | None
    wrap: bool


@dataclass(frozen=True)
class TrackTruth:
    """One track: edges as ``(row_px, column_px)`` down all passes, how values go, divisions or decades, curves as printed top down."""

    left: Points
    right: Points
    scale: Literal["linear", "log"]
    divisions: int
    curves: tuple[CurveTruth, ...]


@dataclass(frozen=True)
class PaperTruth:
    """A whole paper.

    Args:
        rows: Of the scan.
        width_px: Of the scan.
        dpi: At which it was scanned.
        unit: Of its depths.
        magnification: Size of the copy over that of the original.
        sections: Top to bottom.
        tracks: Left to right.
        depth_column: Left and right edge on the flat print.
        skew: By how many rows a line across falls per column.
        well: Facts that the header shows, by the manifest's keys; the date in ISO form.
    """

    rows: int
    width_px: int
    dpi: int
    unit: Literal["ft", "m"]
    magnification: float
    sections: tuple[SectionTruth, ...]
    tracks: tuple[TrackTruth, ...]
    depth_column: tuple[float, float]
    skew: float
    well: dict[str, str]

    @property
    def passes(self) -> tuple[SectionTruth, ...]:
        """Sections that were logged: main, other and repeat."""
        return tuple(section for section in self.sections if section.ticks)


def scanned_truth(truth: PaperTruth, warp: Warp) -> PaperTruth:
    """The truth of a flat print as the scan of its warped paper has it."""
    column = 0.5 * sum(truth.depth_column)

    def row(flat_row: float, x: float = column) -> float:
        return float(warp.to_scan(np.array([x]), np.array([flat_row]))[1][0])

    def ticks(points: Points) -> Points:
        if not points:
            return ()
        rows = warp.to_scan(np.full(len(points), column), np.array([r for r, _ in points]))[1]
        return tuple((float(r), depth) for r, (_, depth) in zip(rows, points, strict=True))

    def label(printed: LabelTruth) -> LabelTruth:
        left, top, right, bottom = printed.box
        x, y = warp.to_scan(np.array([left, right, left, right]), np.array([top, top, bottom, bottom]))
        return replace(
            printed, row_px=row(printed.row_px), box=(float(x.min()), float(y.min()), float(x.max()), float(y.max()))
        )

    def edge(points: Points) -> Points:
        first, last = points[0][0], points[-1][0]
        rows = np.linspace(first, last, int((last - first) / _EDGE_EVERY_PX) + 2)
        columns = np.interp(rows, [r for r, _ in points], [c for _, c in points])
        x, y = warp.to_scan(columns, rows)
        return tuple((float(r), float(c)) for r, c in zip(y, x, strict=True))

    def section(flat: SectionTruth) -> SectionTruth:
        labels = tuple(label(printed) for printed in flat.labels)
        return replace(
            flat, first_row=row(flat.first_row), end_row=row(flat.end_row), ticks=ticks(flat.ticks), labels=labels
        )

    return replace(
        truth,
        skew=warp.skew,
        sections=tuple(section(flat) for flat in truth.sections),
        tracks=tuple(replace(track, left=edge(track.left), right=edge(track.right)) for track in truth.tracks),
    )

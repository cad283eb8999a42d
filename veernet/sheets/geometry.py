"""Where things are: rows to depths, and a track's strip to its place on the scan.

Rows and columns of the scan are pixels of the full resolution, 0 at the centre of the top-left one. Rows and columns of
a strip count from 0 at the centre of the first. All of it is float64 and exact to well under 1e-6 px.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from veernet.errors import ManifestError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from veernet.sheets.manifest import Depth, SheetManifest, Track

STRIP_WIDTH = 512
"""Columns of a strip."""
MARGIN = 16
"""Columns of a strip on either side of its track."""
TRACK_COLUMNS = STRIP_WIDTH - 2 * MARGIN
"""Columns of a strip between the track's edges."""
LEFT_EDGE_COLUMN = MARGIN - 0.5
"""Strip column of track fraction 0: the outer side of the first track column, not its centre."""

APRON_ROWS = 64
"""Strip rows above the first and below the last depth: what the network sees beyond the ends."""
TRACK_WIDTHS_PX = (24, 12_000)
"""Widths of a track on the scan that can be worked with: in less no curve can be told from the grid."""
ROWS_PER_STEP = 2.5
"""Strip rows that a LAS step has at least, so that the trace is never coarser than the log."""


def fraction_at(strip_column: ArrayLike) -> NDArray[np.float64]:
    """Track fraction (0 at the left edge, 1 at the right) of a strip column."""
    return (np.asarray(strip_column, np.float64) - LEFT_EDGE_COLUMN) / TRACK_COLUMNS


def strip_column(fraction: ArrayLike) -> NDArray[np.float64]:
    """Strip column of a track fraction: 15.5 for the left edge, 495.5 for the right."""
    return LEFT_EDGE_COLUMN + np.asarray(fraction, np.float64) * TRACK_COLUMNS


@dataclass(frozen=True)
class DepthRegister:
    """Which row is which depth: linear between ticks, with the outer slope beyond them.

    Args:
        rows_px: Rows of the ticks, strictly increasing, two or more.
        depths: Depth of each, strictly increasing, in the sheet's depth unit.
    """

    rows_px: tuple[float, ...]
    depths: tuple[float, ...]

    @classmethod
    def of(cls, depth: Depth) -> DepthRegister:
        """The register that a manifest's ticks describe."""
        return cls(tuple(row for row, _ in depth.ticks), tuple(tick for _, tick in depth.ticks))

    def depth_at(self, row_px: ArrayLike) -> NDArray[np.float64]:
        """Depth of each row."""
        return _along(row_px, self.rows_px, self.depths)

    def row_at(self, depth: ArrayLike) -> NDArray[np.float64]:
        """Row of each depth."""
        return _along(depth, self.depths, self.rows_px)

    def px_per_depth(self, top_depth: float, base_depth: float) -> float:
        """The fewest px that one unit of depth takes anywhere between the two depths."""
        slopes = np.diff(self.rows_px) / np.diff(self.depths)
        first, last = _segment((top_depth, base_depth), self.depths)
        return float(slopes[first : last + 1].min())


@dataclass(frozen=True)
class Edge:
    """One edge of a track: linear between its points, constant beyond the outer ones.

    Args:
        rows_px: Rows of the points, strictly increasing, one or more.
        columns_px: Column of each.
    """

    rows_px: tuple[float, ...]
    columns_px: tuple[float, ...]

    @classmethod
    def of(cls, edge: float | Sequence[tuple[float, float]]) -> Edge:
        """An edge as the manifest gives it: one column, or points `(row_px, column_px)`."""
        points = [(0.0, float(edge))] if isinstance(edge, int | float) else list(edge)
        return cls(tuple(float(row) for row, _ in points), tuple(float(column) for _, column in points))

    def column_px(self, row_px: ArrayLike) -> NDArray[np.float64]:
        """Column of the edge at each row."""
        return np.interp(np.asarray(row_px, np.float64), self.rows_px, self.columns_px)


@dataclass(frozen=True)
class RowShift:
    """How far below its row by the ticks a strip's row is printed: linear between knots, constant beyond them.

    Args:
        rows_px: Source rows of the knots by the ticks, strictly increasing.
        lift_px: The shift at the track's middle at each of them, source px down.
        tilt_px: By how much more the right edge is shifted than the left one.
    """

    rows_px: tuple[float, ...]
    lift_px: tuple[float, ...]
    tilt_px: tuple[float, ...]

    def at(self, row_px: ArrayLike, fraction: ArrayLike) -> NDArray[np.float64]:
        """The shift at each row and track fraction; the two broadcast."""
        row_px = np.asarray(row_px, np.float64)
        lift_px = np.interp(row_px, self.rows_px, self.lift_px)
        return lift_px + np.interp(row_px, self.rows_px, self.tilt_px) * (np.asarray(fraction, np.float64) - 0.5)

    @property
    def reach_px(self) -> int:
        """No row is shifted by more than this anywhere on the strip."""
        tilt_px = np.abs(self.tilt_px).max() * (0.5 + MARGIN / TRACK_COLUMNS)
        return math.ceil(float(np.abs(self.lift_px).max() + tilt_px))


@dataclass(frozen=True)
class StripGeometry:
    """Where one track's strip lies on the scan.

    Args:
        left: The track's left edge.
        right: Its right edge, right of the left one at every row.
        first_row_px: Source row whose upper side is the strip's upper side; may be negative or a fraction.
        row_scale: Strip rows per source row.
        rows: Rows of the strip.
        shift: How far from its row by the ticks a row is printed; None where it is not.
    """

    left: Edge
    right: Edge
    first_row_px: float
    row_scale: float
    rows: int
    shift: RowShift | None = None

    def source_row(self, strip_row: ArrayLike) -> NDArray[np.float64]:
        """Source row of a strip row by the ticks, both from their centres: what depths are read off by."""
        return self.first_row_px + (np.asarray(strip_row, np.float64) + 0.5) / self.row_scale - 0.5

    def strip_row(self, source_row_px: ArrayLike) -> NDArray[np.float64]:
        """Strip row of a source row: the inverse of `source_row`."""
        return (np.asarray(source_row_px, np.float64) - self.first_row_px + 0.5) * self.row_scale - 0.5

    def printed_row(self, row_px: ArrayLike, fraction: ArrayLike) -> NDArray[np.float64]:
        """Source row at which a row by the ticks is printed, at each track fraction; the two broadcast."""
        row_px = np.asarray(row_px, np.float64)
        return row_px + self.shift.at(row_px, fraction) if self.shift else row_px + 0.0 * np.asarray(fraction)

    @property
    def shift_reach_px(self) -> int:
        """No row is printed further than this from where the ticks put it."""
        return self.shift.reach_px if self.shift else 0

    def left_px(self, row_px: ArrayLike) -> NDArray[np.float64]:
        """Column of the left edge at each source row."""
        return self.left.column_px(row_px)

    def right_px(self, row_px: ArrayLike) -> NDArray[np.float64]:
        """Column of the right edge at each source row."""
        return self.right.column_px(row_px)

    def column_px(self, row_px: ArrayLike, fraction: ArrayLike) -> NDArray[np.float64]:
        """Column of each track fraction at each source row; the two broadcast."""
        left_px = self.left_px(row_px)
        return left_px + np.asarray(fraction, np.float64) * (self.right_px(row_px) - left_px)

    def narrowest_px(self) -> float:
        """Width of the track where it is narrowest, in source px."""
        return float(self._widths_px().min())

    def widest_px(self) -> float:
        """Width of the track where it is widest, in source px."""
        return float(self._widths_px().max())

    def _widths_px(self) -> NDArray[np.float64]:
        """Widths at every row where the track's width can have an extreme, within the strip's rows."""
        return _widths_px(self.left, self.right, *self.source_row([0, self.rows - 1]))


def strip_geometry(track: Track, depth: Depth) -> StripGeometry:
    """Lay a track's strip over the scan.

    The strip reaches from the first to the last depth of the sheet with `APRON_ROWS` beyond each. Its pitch keeps px
    square (at the track's mean width), but gives a LAS step `ROWS_PER_STEP` rows at least, or all the rows that the
    scan has.
    """
    register = DepthRegister.of(depth)
    top_row_px, base_row_px = (float(row) for row in register.row_at([depth.top_depth, depth.base_depth]))
    left, right = Edge.of(track.left), Edge.of(track.right)
    square = TRACK_COLUMNS / _mean_width_px(left, right, top_row_px, base_row_px)
    px_per_step = depth.step * register.px_per_depth(depth.top_depth, depth.base_depth)
    row_scale = max(square, min(1.0, ROWS_PER_STEP / px_per_step))
    first_row_px = top_row_px - APRON_ROWS / row_scale
    rows = math.ceil((base_row_px - first_row_px + 1) * row_scale) + APRON_ROWS
    return StripGeometry(left, right, first_row_px, row_scale, rows)


def sheet_geometries(manifest: SheetManifest, width_px: int, height_px: int, name: str) -> list[StripGeometry]:
    """Lay the strips of all tracks over a scan of the given size.

    Raises:
        ManifestError: The manifest speaks of places that the scan does not have.
    """
    remedy = f"take rows and columns off this scan at full size ({width_px} columns, {height_px} rows)"
    register = DepthRegister.of(manifest.depth)
    ends = {"depth.top": manifest.depth.top_depth, "depth.base": manifest.depth.base_depth}
    for key, end_depth in ends.items():
        row_px = float(register.row_at(end_depth))
        if not -0.5 <= row_px <= height_px - 0.5:
            found = (
                f"{key}: {end_depth:g} {manifest.depth.unit} would be row {row_px:.0f}, which the scan does not have"
            )
            raise ManifestError(name, found, remedy)
    geometries = [strip_geometry(track, manifest.depth) for track in manifest.tracks]
    for index, geometry in enumerate(geometries):
        found = _misfit(geometry, width_px)
        if found:
            raise ManifestError(name, f"tracks[{index}]{found}", remedy)
    return geometries


def _misfit(geometry: StripGeometry, width_px: int) -> str:
    """What is wrong with a track's edges on a scan so wide; empty if nothing is."""
    for key, edge in (("left", geometry.left), ("right", geometry.right)):
        # Half a px of slack either way: an edge may be the outer side of the outermost px.
        outside = [column for column in edge.columns_px if not -1 <= column <= width_px]
        if outside:
            return f".{key}: column {outside[0]:g} lies outside the scan"
    narrowest, widest = TRACK_WIDTHS_PX
    for track_px in (geometry.narrowest_px(), geometry.widest_px()):
        if not narrowest <= track_px <= widest:
            return f": the track is {track_px:g} px wide, not {narrowest} to {widest}"
    return ""


def source_rows(geometries: Sequence[StripGeometry], height_px: int) -> tuple[int, int]:
    """First row and end row (exclusive) of the scan that any of the strips shows."""
    first = min(math.floor(geometry.source_row(-1)) - geometry.shift_reach_px for geometry in geometries)
    end = max(math.ceil(geometry.source_row(geometry.rows)) + 1 + geometry.shift_reach_px for geometry in geometries)
    return max(0, min(first, height_px)), max(0, min(end, height_px))


def _segment(x: ArrayLike, xs: Sequence[float]) -> NDArray[np.intp]:
    """Index of the segment of `xs` that each `x` lies in, the outer ones reaching on."""
    return np.clip(np.searchsorted(xs, np.asarray(x, np.float64), side="right") - 1, 0, len(xs) - 2)


def _along(x: ArrayLike, xs: Sequence[float], ys: Sequence[float]) -> NDArray[np.float64]:
    """Piecewise linear through `(xs, ys)`, the outer segments going on."""
    x64, xs64, ys64 = (np.asarray(values, np.float64) for values in (x, xs, ys))
    segment = _segment(x64, xs)
    slope = np.diff(ys64) / np.diff(xs64)
    # From the nearer end, so that a tick's own x gives its own y to the last bit.
    return np.asarray(ys64[segment] + (x64 - xs64[segment]) * slope[segment])


def _corner_rows_px(left: Edge, right: Edge, top_row_px: float, base_row_px: float) -> NDArray[np.float64]:
    inner = [row for row in itertools.chain(left.rows_px, right.rows_px) if top_row_px < row < base_row_px]
    return np.unique([top_row_px, *inner, base_row_px])


def _widths_px(left: Edge, right: Edge, top_row_px: float, base_row_px: float) -> NDArray[np.float64]:
    rows_px = _corner_rows_px(left, right, top_row_px, base_row_px)
    return right.column_px(rows_px) - left.column_px(rows_px)


def _mean_width_px(left: Edge, right: Edge, top_row_px: float, base_row_px: float) -> float:
    rows_px = _corner_rows_px(left, right, top_row_px, base_row_px)
    widths_px = right.column_px(rows_px) - left.column_px(rows_px)
    return float(np.trapezoid(widths_px, rows_px) / (base_row_px - top_row_px))

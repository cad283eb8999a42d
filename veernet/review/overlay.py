"""The picture that proves a sheet: its scan, pale, with the traced curves in colour over it.

A curve is multiplied into the scan, so that it is dark where it covers ink and bright where it lies on bare paper: a
trace that has left its stroke is seen at a glance.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.errors import StorageError
from veernet.review.legend import add_frame
from veernet.review.lines import DOT_PERIOD_PX, draw_line
from veernet.review.palette import GREY_ENTRIES, PALETTE, plain_entry
from veernet.review.png import as_png
from veernet.review.record import LOW_CONFIDENCE
from veernet.review.shrink import shrunk

if TYPE_CHECKING:
    from veernet.curves.identity import Trace
    from veernet.sheets.geometry import DepthRegister, StripGeometry
    from veernet.sheets.manifest import Curve, SheetManifest
    from veernet.sheets.raster import Band

WIDTH_PX = 1400
MAX_PIECE_ROWS = 6000

_BLOCK_ROWS = 64  # rows of the picture resized at once; a whole number of scan rows makes them, so no seam shows
_BAR_PX = 5


class BandSource(Protocol):
    """Gives the rows of the scan top-down, as `Scan.bands` does."""

    def __call__(self, *, first_row: int, end_row: int) -> Iterator[Band]:
        """Bands of full width from `first_row` up to `end_row`, fewer where the scan ends."""


@dataclass(frozen=True)
class _View:
    """How scan rows and columns come to lie in a piece of the picture."""

    first_row_px: int
    scale: float

    def rows(self, source_row_px: NDArray[np.float64]) -> NDArray[np.float64]:
        return (source_row_px - self.first_row_px + 0.5) * self.scale - 0.5

    def columns(self, source_column_px: NDArray[np.float64]) -> NDArray[np.float64]:
        return (source_column_px + 0.5) * self.scale - 0.5


def draw_overlay(
    bands: BandSource,
    geometries: Sequence[StripGeometry],
    register: DepthRegister,
    traces_per_track: Sequence[Sequence[Trace]],
    directory: Path,
    stem: str,
    name: str,
    *,
    manifest: SheetManifest,
) -> list[Path]:
    """Draw the traced part of a sheet as one or more PNG pictures, top down.

    Args:
        bands: Reads the scan; called once.
        geometries: The strip of each track.
        register: Depths of the scan's rows.
        traces_per_track: For each track one trace a curve, each with a position for each of its strip's rows.
        directory: An existing folder for the pictures.
        stem: Their name: `<stem>.png`, `<stem>-02.png` and so on.
        name: The sheet, as the picture and errors call it.
        manifest: Names, styles and depth range of the curves.

    Raises:
        StorageError: A picture cannot be written.
        ScanError: The scan cannot be read, from `bands`.

    Memory is bounded by one piece of the picture and the traces.
    """
    top_px, base_px = (float(x) for x in register.row_at([manifest.depth.top_depth, manifest.depth.base_depth]))
    first_row = max(0, math.floor(min(geometry.source_row(0) for geometry in geometries)))
    end_row = math.ceil(max(geometry.source_row(geometry.rows - 1) for geometry in geometries)) + 1
    paths: list[Path] = []
    for row_px, scale, ink in _pieces(bands, first_row, end_row):
        view = _View(row_px, scale)
        canvas = np.asarray(cv2.LUT(ink, GREY_ENTRIES), np.uint8)
        number = itertools.count()
        for track, geometry, traces in zip(manifest.tracks, geometries, traces_per_track, strict=True):
            for order, (curve, trace) in enumerate(zip(track.curves, traces, strict=True)):
                _draw_curve(canvas, ink, view, geometry, curve, trace, (top_px, base_px), next(number), order)
        canvas = add_frame(canvas, manifest, register, view.rows, name)
        paths.append(_save(canvas, directory, stem, len(paths) + 1))
    return paths


def _pieces(bands: BandSource, first_row: int, end_row: int) -> Iterator[tuple[int, float, NDArray[np.uint8]]]:
    """The shrunk scan in pieces: first scan row, picture rows per scan row, darkness `(rows, columns)`."""
    blocks: list[NDArray[np.uint8]] = []
    piece_row, next_row = first_row, first_row
    pending: NDArray[np.uint8] | None = None
    block_px, piece_blocks = 0, 0

    def small(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height = max(1, round(len(rows) * _BLOCK_ROWS / block_px))
        return shrunk(rows, height, round(rows.shape[1] * _BLOCK_ROWS / block_px))

    for band in bands(first_row=first_row, end_row=end_row):
        pending = np.concatenate([pending, band.darkness]) if pending is not None and len(pending) else band.darkness
        if not block_px:
            block_px = max(_BLOCK_ROWS, round(_BLOCK_ROWS * pending.shape[1] / WIDTH_PX))
            total = math.ceil((end_row - first_row) / block_px)
            piece_blocks = math.ceil(total / math.ceil(total * _BLOCK_ROWS / MAX_PIECE_ROWS))
        while len(pending) >= block_px:
            blocks.append(small(pending[:block_px]))
            pending = pending[block_px:]
            next_row += block_px
            if len(blocks) == piece_blocks:
                yield piece_row, _BLOCK_ROWS / block_px, np.concatenate(blocks)
                blocks, piece_row = [], next_row
    if pending is not None and len(pending):
        blocks.append(small(pending))
    if blocks:
        yield piece_row, _BLOCK_ROWS / block_px, np.concatenate(blocks)


def _draw_curve(
    canvas: NDArray[np.uint8],
    ink: NDArray[np.uint8],
    view: _View,
    geometry: StripGeometry,
    curve: Curve,
    trace: Trace,
    range_px: tuple[float, float],
    number: int,
    order: int,
) -> None:
    """Draw one curve, and the bar at its side of the track, into the canvas."""
    shown_px = view.first_row_px + np.array([-1.0, len(canvas) / view.scale + 1])
    limits_px = np.clip(shown_px, *range_px)
    start, end = (int(np.clip(round(float(row)), 0, geometry.rows)) for row in geometry.strip_row(limits_px))
    if end - start < 2:
        return
    source_px = geometry.source_row(np.arange(start, end))
    fraction = np.asarray(trace.fraction[start:end], np.float64)
    wraps = np.floor(fraction) if curve.wrap else np.zeros_like(fraction)
    printed_px = geometry.printed_row(source_px, np.nan_to_num(fraction - wraps, nan=0.5))
    rows = view.rows(printed_px)
    columns = view.columns(geometry.column_px(printed_px, fraction - wraps))
    null = ~np.isfinite(fraction)
    low = ~null & (np.asarray(trace.confidence[start:end]) < LOW_CONFIDENCE)
    joined = ~null[1:] & ~null[:-1] & (wraps[1:] == wraps[:-1])
    draw_line(canvas, ink, np.stack([rows, columns], axis=1), joined, low, number)
    edge_px = geometry.left_px(source_px) if order == 0 else geometry.right_px(source_px)
    _draw_bar(canvas, rows, view.columns(edge_px), null, low, plain_entry(number), outward=-1 if order else 1)


def _draw_bar(
    canvas: NDArray[np.uint8],
    rows: NDArray[np.float64],
    edges: NDArray[np.float64],
    null: NDArray[np.bool_],
    low: NDArray[np.bool_],
    entry: int,
    outward: int,
) -> None:
    """A bar inside the track's edge: solid where there is no value, broken where confidence is low."""
    # From picture row to strip row, not back: a strip may have fewer rows than the picture.
    picture_rows = np.arange(max(0, math.ceil(rows[0])), min(len(canvas), math.floor(rows[-1]) + 1))
    nearest = np.interp(picture_rows, rows, np.arange(len(rows))).round().astype(int)
    marked = null[nearest] | (low[nearest] & (picture_rows % DOT_PERIOD_PX < DOT_PERIOD_PX // 2))
    first = edges[nearest[marked]].round().astype(int) - (_BAR_PX if outward < 0 else 0)
    columns = first[:, None] + np.arange(_BAR_PX)
    inside = (columns >= 0) & (columns < canvas.shape[1])
    canvas[np.broadcast_to(picture_rows[marked][:, None], columns.shape)[inside], columns[inside]] = entry


def _save(canvas: NDArray[np.uint8], directory: Path, stem: str, number: int) -> Path:
    path = directory / (f"{stem}.png" if number == 1 else f"{stem}-{number:02d}.png")
    try:
        path.write_bytes(as_png(canvas, 8, PALETTE[:, ::-1]))
    except OSError as error:
        raise StorageError(
            path.name, f"it cannot be written ({error.strerror})", f"make room and rights in {directory}"
        ) from error
    return path

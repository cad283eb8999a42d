"""The picture that proves a sheet: its scan, pale, with the traced curves in colour over it.

A curve is multiplied into the scan, so that it is dark where it covers ink and bright where it lies on bare paper: a
trace that has left its stroke is seen at a glance.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np
from numba import njit
from numpy.typing import NDArray

from veernet.errors import StorageError
from veernet.review.legend import add_frame, curve_colours
from veernet.review.record import LOW_CONFIDENCE

if TYPE_CHECKING:
    from veernet.curves.identity import Trace
    from veernet.sheets.geometry import DepthRegister, StripGeometry
    from veernet.sheets.manifest import Curve, SheetManifest
    from veernet.sheets.raster import Band

WIDTH_PX = 1400
MAX_PIECE_ROWS = 6000

_BLOCK_ROWS = 64  # rows of the picture resized at once; a whole number of scan rows makes them, so no seam shows
_INK_GREY = 70  # full ink in the picture
_LINE_PX = 3  # a little wider than most strokes, so that colour shows on both sides of the ink
_LINE_OPACITY = 0.8
_INK_TINT = 0.3  # of the colour that is left on full ink
_BAR_PX = 5
_SUBPIXEL_BITS = 4
_DOT_PX = 6  # of the picture, beside the pen's own width: low confidence is dotted
_DOT_PERIOD_PX = 15


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
    for row_px, scale, picture in _pieces(bands, first_row, end_row):
        view = _View(row_px, scale)
        canvas = np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
        colours = iter(curve_colours(manifest))
        for track, geometry, traces in zip(manifest.tracks, geometries, traces_per_track, strict=True):
            for order, (curve, trace) in enumerate(zip(track.curves, traces, strict=True)):
                _draw_curve(canvas, picture, view, geometry, curve, trace, (top_px, base_px), next(colours), order)
        canvas = add_frame(canvas, manifest, register, view.rows, name)
        paths.append(_save(canvas, directory, stem, len(paths) + 1))
    return paths


def _pieces(bands: BandSource, first_row: int, end_row: int) -> Iterator[tuple[int, float, NDArray[np.uint8]]]:
    """The pale scan in pieces: first scan row, picture rows per scan row, grey `(rows, columns)`."""
    blocks: list[NDArray[np.uint8]] = []
    piece_row, next_row = first_row, first_row
    pending: NDArray[np.uint8] | None = None
    block_px, piece_blocks = 0, 0

    def shrunk(rows: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height = max(1, round(len(rows) * _BLOCK_ROWS / block_px))
        width = round(rows.shape[1] * _BLOCK_ROWS / block_px)
        small = cv2.resize(rows, (width, height), interpolation=cv2.INTER_AREA)
        return np.asarray(255 - small * ((255 - _INK_GREY) / 255), np.uint8)

    for band in bands(first_row=first_row, end_row=end_row):
        pending = band.darkness if pending is None else np.concatenate([pending, band.darkness])
        if not block_px:
            block_px = max(_BLOCK_ROWS, round(_BLOCK_ROWS * pending.shape[1] / WIDTH_PX))
            total = math.ceil((end_row - first_row) / block_px)
            piece_blocks = math.ceil(total / math.ceil(total * _BLOCK_ROWS / MAX_PIECE_ROWS))
        while len(pending) >= block_px:
            blocks.append(shrunk(pending[:block_px]))
            pending = pending[block_px:]
            next_row += block_px
            if len(blocks) == piece_blocks:
                yield piece_row, _BLOCK_ROWS / block_px, np.concatenate(blocks)
                blocks, piece_row = [], next_row
    if pending is not None and len(pending):
        blocks.append(shrunk(pending))
    if blocks:
        yield piece_row, _BLOCK_ROWS / block_px, np.concatenate(blocks)


def _draw_curve(
    canvas: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    view: _View,
    geometry: StripGeometry,
    curve: Curve,
    trace: Trace,
    range_px: tuple[float, float],
    colour: tuple[int, int, int],
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
    confidence = np.asarray(trace.confidence[start:end])
    wraps = np.floor(fraction) if curve.wrap else np.zeros_like(fraction)
    printed_px = geometry.printed_row(source_px, np.nan_to_num(fraction - wraps, nan=0.5))
    rows = view.rows(printed_px)
    columns = view.columns(geometry.column_px(printed_px, fraction - wraps))
    null = ~np.isfinite(fraction)
    low = ~null & (confidence < LOW_CONFIDENCE)
    # Dots are measured along the curve, and steps between rows divided, else a near-horizontal run would be one dash or none.
    steps = np.nan_to_num(np.hypot(np.diff(rows), np.diff(columns)), nan=0.0) * (wraps[1:] == wraps[:-1])
    at = _divided(steps)
    along = np.floor(at).astype(np.int64)
    fine_rows, fine_columns = (np.interp(at, np.arange(len(rows)), values) for values in (rows, columns))
    length = np.interp(at, np.arange(len(rows)), np.concatenate(([0.0], np.cumsum(steps))))
    shown = ~null[along] & ~(low[along] & (length % _DOT_PERIOD_PX >= _DOT_PX)) & np.isfinite(fine_columns)
    _blend_line(canvas, picture, fine_rows, fine_columns, shown, wraps[along], colour)
    edge_px = geometry.left_px(source_px) if order == 0 else geometry.right_px(source_px)
    _draw_bar(canvas, rows, view.columns(edge_px), null, low, colour, outward=-1 if order else 1)


def _divided(steps: NDArray[np.float64]) -> NDArray[np.float64]:
    """Places along a line, counted in its points, so that none is further than a quarter of a dot from the next."""
    parts = np.maximum(1, np.ceil(steps / (_DOT_PX / 4))).astype(np.int64)
    first = np.cumsum(parts) - parts
    within = np.arange(parts.sum()) - np.repeat(first, parts)
    return np.append(np.repeat(np.arange(len(parts)), parts) + within / np.repeat(parts, parts), float(len(parts)))


def _blend_line(
    canvas: NDArray[np.uint8],
    picture: NDArray[np.uint8],
    rows: NDArray[np.float64],
    columns: NDArray[np.float64],
    shown: NDArray[np.bool_],
    wraps: NDArray[np.float64],
    colour: tuple[int, int, int],
) -> None:
    same = shown[1:] & shown[:-1] & (wraps[1:] == wraps[:-1])
    starts = np.concatenate(([0], np.flatnonzero(~same) + 1))
    points = np.stack([columns, rows], axis=1)
    points = np.where(np.isfinite(points), np.clip(points, -1e6, 1e6), 0)
    fixed = np.round(points * (1 << _SUBPIXEL_BITS)).astype(np.int32)
    drawn = shown[starts]
    runs = [
        fixed[start:end] for start, end in zip(starts[drawn], np.append(starts, len(shown))[1:][drawn], strict=True)
    ]
    if not runs:
        return
    left = max(0, math.floor(columns[shown].min()) - 4)
    right = min(canvas.shape[1], math.ceil(columns[shown].max()) + 5)
    if left >= right:
        return
    mask = np.zeros((len(canvas), right - left), np.uint8)
    shifted = [run - np.array([left << _SUBPIXEL_BITS, 0], np.int32) for run in runs]
    cv2.polylines(mask, shifted, False, 255, _LINE_PX, cv2.LINE_AA, _SUBPIXEL_BITS)
    _blend(canvas[:, left:right], picture[:, left:right], mask, np.asarray(colour, np.float32))


@njit(cache=True, nogil=True)
def _blend(canvas, picture, mask, colour):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Multiply a colour into a canvas where a mask says so: it is dark on ink and bright on bare paper."""
    one, full = np.float32(1), np.float32(255)
    for row in range(mask.shape[0]):
        for column in range(mask.shape[1]):
            if not mask[row, column]:
                continue
            opacity = mask[row, column] * np.float32(_LINE_OPACITY / 255)
            shade = np.float32(_INK_TINT) + np.float32(1 - _INK_TINT) * (picture[row, column] / full)
            for part in range(3):
                inked = colour[part] * shade
                canvas[row, column, part] = np.rint(canvas[row, column, part] * (one - opacity) + inked * opacity)


def _draw_bar(
    canvas: NDArray[np.uint8],
    rows: NDArray[np.float64],
    edges: NDArray[np.float64],
    null: NDArray[np.bool_],
    low: NDArray[np.bool_],
    colour: tuple[int, int, int],
    outward: int,
) -> None:
    """A bar inside the track's edge: solid where there is no value, broken where confidence is low."""
    # From picture row to strip row, not back: a strip may have fewer rows than the picture.
    picture_rows = np.arange(max(0, math.ceil(rows[0])), min(len(canvas), math.floor(rows[-1]) + 1))
    nearest = np.interp(picture_rows, rows, np.arange(len(rows))).round().astype(int)
    marked = null[nearest] | (low[nearest] & (picture_rows % _DOT_PERIOD_PX < _DOT_PERIOD_PX // 2))
    for row, edge in zip(picture_rows[marked], edges[nearest[marked]].round().astype(int), strict=True):
        start, end = sorted((edge, edge + outward * _BAR_PX))
        canvas[row, max(0, start) : max(0, end)] = colour


def _save(canvas: NDArray[np.uint8], directory: Path, stem: str, number: int) -> Path:
    path = directory / (f"{stem}.png" if number == 1 else f"{stem}-{number:02d}.png")
    # Flat paper and thin lines: unfiltered the quickest level leaves the bytes that level 4 makes of filtered rows, in a third of its time.
    settings = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_NONE]
    fine, data = cv2.imencode(".png", canvas, settings)
    try:
        path.write_bytes(data.tobytes() if fine else b"")
    except OSError as error:
        raise StorageError(
            path.name, f"it cannot be written ({error.strerror})", f"make room and rights in {directory}"
        ) from error
    return path

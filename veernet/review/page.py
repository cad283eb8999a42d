"""One HTML page a sheet: its scan by depth with the traced curves over it, and where not to trust them.

The page is one file that loads nothing. The scan stands in it as tiles, each in a block of its own, which the browser
decodes when they are scrolled to; the curves are numbers, which it draws over the rows that show. Lines are the traces,
values and doubtful stretches are those of the LAS file.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from veernet.review.html import embeddable, new_page, page_template
from veernet.review.legend import curve_colours
from veernet.review.record import LOW_CONFIDENCE
from veernet.review.tiles import TILE_ROWS, Picture, write_block, write_tiles

if TYPE_CHECKING:
    from veernet.curves.identity import Trace
    from veernet.curves.las import DepthLog, LogCurve
    from veernet.review.overlay import BandSource
    from veernet.review.record import CurveRecord, DepthRange, SheetRecord
    from veernet.sheets.geometry import DepthRegister, Edge, StripGeometry
    from veernet.sheets.manifest import Curve, SheetManifest, Track

WIDTH_PX = 1200
"""Columns of the embedded picture, at most."""
CONTEXT_ROWS_PX = (3000, 600)
"""Rows of the scan shown above and below the traced ones: the printed header above all."""

_GREYS = 16  # as many as an eye tells apart in shrunk bilevel ink; a third of the bytes that 256 take
_NO_VALUE = -(1 << 15)
_FRACTION_UNIT = 1 << 14  # of the 16-bit fractions: under a tenth of a px, and a track of reach on either side


def write_page(
    bands: BandSource,
    geometries: Sequence[StripGeometry],
    register: DepthRegister,
    traces_per_track: Sequence[Sequence[Trace]],
    log: DepthLog,
    record: SheetRecord,
    directory: Path,
    stem: str,
    *,
    manifest: SheetManifest,
) -> Path:
    """Write the page of a sheet, `<stem>.html`.

    Args:
        bands: Reads the scan; called once.
        geometries: The strip of each track.
        register: Depths of the scan's rows.
        traces_per_track: For each track one trace a curve, each with a position for each of its strip's rows.
        log: The values of the LAS file: the same curves, in the same order, on one ascending depth index.
        record: What the sheet's record says of these values; its outputs are not looked at.
        directory: An existing folder for the page.
        stem: Its name.
        manifest: Names, styles and scales of the curves.

    Raises:
        StorageError: The page cannot be written.
        ScanError: The scan cannot be read, from `bands`.

    Memory is bounded by one tile, the traces and the log.
    """
    path = directory / f"{stem}.html"
    head, _, foot = page_template("veernet.review", "page.html").partition("{{blocks}}")
    with new_page(path) as file:
        file.write(head)
        picture = _write_tiles(file, bands, geometries)
        log_curves = iter(log.curves)
        for index, (track, traces) in enumerate(zip(manifest.tracks, traces_per_track, strict=True)):
            for order, (curve, trace) in enumerate(zip(track.curves, traces, strict=True)):
                write_block(file, f"curve-{index}-{order}", _samples(curve, trace, next(log_curves)))
        sheet = _sheet(picture, geometries, register, log, record, stem, manifest)
        file.write(foot.replace("{{sheet}}", embeddable(sheet)))
    return path


def _write_tiles(file: TextIO, bands: BandSource, geometries: Sequence[StripGeometry]) -> Picture:
    """Write the tiles of the traced rows and of those about them."""
    above_px, below_px = CONTEXT_ROWS_PX
    first_row = min(math.floor(geometry.source_row(0)) - geometry.shift_reach_px for geometry in geometries)
    end_row = max(math.ceil(geometry.source_row(geometry.rows)) + geometry.shift_reach_px for geometry in geometries)
    return write_tiles(file, bands, max(0, first_row - above_px), end_row + below_px, max_width=WIDTH_PX, greys=_GREYS)


def _samples(curve: Curve, trace: Trace, log_curve: LogCurve) -> bytes:
    """The numbers of a curve, little-endian, one array after the other.

    By the log's depths values, float32; by strip rows fractions within the track, int16, and flags, uint8, of which the
    lowest bit is low confidence and the others are how often the curve has wrapped; by depths confidences in whole
    percent, uint8.
    """
    fraction = np.asarray(trace.fraction, np.float64)
    wraps = np.floor(np.nan_to_num(fraction)) if curve.wrap else np.zeros_like(fraction)
    folded = np.clip((fraction - wraps) * _FRACTION_UNIT, _NO_VALUE + 1, -_NO_VALUE - 1)
    fixed = np.where(np.isfinite(fraction), np.round(folded), _NO_VALUE)
    flags = (np.asarray(trace.confidence) < LOW_CONFIDENCE) + (wraps.astype(np.int64) % 128) * 2
    percent = np.floor(np.clip(np.asarray(log_curve.confidence, np.float64), 0, 1) * 100 + 1e-3)
    parts = (
        np.asarray(log_curve.values, "<f4"),
        fixed.astype("<i2"),
        flags.astype(np.uint8),
        percent.astype(np.uint8),
    )
    return b"".join(part.tobytes() for part in parts)


def _sheet(
    picture: Picture,
    geometries: Sequence[StripGeometry],
    register: DepthRegister,
    log: DepthLog,
    record: SheetRecord,
    stem: str,
    manifest: SheetManifest,
) -> dict[str, Any]:
    """Everything but tiles and samples, in px of the picture."""
    colours = iter(curve_colours(manifest))
    records = iter(record.curves)
    tracks = []
    for track, geometry in zip(manifest.tracks, geometries, strict=True):
        shift = geometry.shift
        top_px = (geometry.first_row_px - picture.first_row_px) * picture.scale
        tracks.append({
            "name": track.name, "scale": track.scale, "top": top_px, "pitch": picture.scale / geometry.row_scale, "rows": geometry.rows,
            "left": _knots(picture, geometry.left), "right": _knots(picture, geometry.right),
            "shift": shift and {"y": picture.rows(shift.rows_px), "lift": picture.lengths(shift.lift_px), "tilt": picture.lengths(shift.tilt_px)},
            "curves": [_curve(curve, track, next(records), next(colours), log) for curve in track.curves],
        })  # fmt: skip
    return {
        "stem": stem, "well": manifest.well.model_dump(exclude_none=True), "facts": _facts(log, record, register),
        "warnings": record.warnings, "moved": record.moved, "doubtful": LOW_CONFIDENCE,
        "unit": log.depth_unit, "top": float(log.depths[0]), "step": log.step, "depths": len(log.depths),
        "picture": {"width": picture.width, "height": picture.height, "tile": TILE_ROWS},
        "register": {"y": picture.rows(register.rows_px), "depth": register.depths}, "tracks": tracks,
    }  # fmt: skip


def _knots(picture: Picture, edge: Edge) -> dict[str, list[float]]:
    return {"y": picture.rows(edge.rows_px), "x": picture.columns(edge.columns_px)}


def _curve(
    curve: Curve, track: Track, record: CurveRecord, colour: tuple[int, int, int], log: DepthLog
) -> dict[str, Any]:
    """A curve's facts, its doubtful stretches as first and last index of the log's depths."""

    def indices(stretches: Sequence[DepthRange]) -> list[list[int]]:
        top = float(log.depths[0])
        return [[round((depth - top) / log.step) for depth in (one.top, one.base)] for one in stretches]

    return {
        **curve.model_dump(exclude_none=True), "log": track.scale == "log", "colour": "#{2:02x}{1:02x}{0:02x}".format(*colour),
        "coverage": record.coverage, "confidence": record.mean_confidence,
        "low": indices(record.low_confidence), "null": indices(record.null),
    }  # fmt: skip


def _facts(log: DepthLog, record: SheetRecord, register: DepthRegister) -> list[tuple[str, str]]:
    """What the page says of the sheet beside its well, by label."""
    top, base, unit = float(log.depths[0]), float(log.depths[-1]), log.depth_unit
    facts = [("Depths", f"{top:g} to {base:g} {unit}, every {log.step:g} {unit}: {len(log.depths)} rows")]
    dpi = next((float(value) for name, _, value, _ in log.parameters if name == "SDPI"), None)
    if dpi:
        per_inch = dpi / register.px_per_depth(top, base)
        facts.append(("Paper scale", f"about 1:{per_inch * (12 if unit == 'ft' else 100 / 2.54):.3g} ({dpi:g} dpi)"))
    if record.registered is not None:
        facts.append(("Registered", f"by machine, {record.registered.told}"))
    if record.source is not None:
        facts += [("Scan", record.source.uri), ("Scan SHA-256", record.source.sha256 or "")]
    facts += [("Model SHA-256", record.model_sha256)] if record.model_sha256 else []
    return facts + [(name, value) for name, value in record.versions.items() if name in ("veernet", "engine")]

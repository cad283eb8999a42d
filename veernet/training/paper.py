"""Whole synthetic papers with their truth: header, scale blocks, passes, repeat section, tail, dirt, and what the scanner made of it.

:mod:`veernet.training.sheet` draws what is digitised; this draws what must be registered first: nothing is told but the pixels.
"""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from veernet.sheets.geometry import TRACK_COLUMNS
from veernet.training.degrade import scan
from veernet.training.draw import Canvas
from veernet.training.paper_body import draw_pass, move_curves
from veernet.training.paper_dirt import soil
from veernet.training.paper_header import caption_rows, draw_caption, draw_header, draw_tail
from veernet.training.paper_plan import PaperRecipe
from veernet.training.paper_scales import draw_scale_block, scale_block_rows
from veernet.training.paper_truth import PaperTruth, Points, SectionTruth, TrackTruth, scanned_truth
from veernet.training.recipe import Clutter, Scan
from veernet.training.warp import Warp

ByteArray = NDArray[np.uint8]

_BAND_ROWS = 2048
_ROUGH = 0.5  # difficulty from which the scanner's threshold asks for no ink's leave
_THRESHOLD_SHARE = 0.6
_GAP_IN = 0.08
_STEEPEST_SWING = 0.02
_GREYS = 16


@dataclass(frozen=True)
class DrawnPaper:
    """A drawn paper: darkness uint8 ``(rows, columns)`` as scanned, and all that is true of it."""

    recipe: PaperRecipe
    darkness: ByteArray
    truth: PaperTruth


def draw_paper(recipe: PaperRecipe) -> DrawnPaper:
    """Draw a paper; the same recipe gives the same pixels. It takes three bytes a pixel."""
    rng = np.random.default_rng([recipe.seed, 9])
    ink, sections = _print_all(recipe, rng)
    soil(ink, recipe, sections, rng)
    truth = _flat_truth(recipe, ink, sections)
    if recipe.skew_degrees or recipe.wander_in or recipe.stretch_in:
        warp = _warp_of(recipe, ink.shape[0], ink.shape[1])
        ink, truth = warp.scanned(ink), scanned_truth(truth, warp)
    return DrawnPaper(recipe, _scanned(ink, recipe, rng), truth)


def write_paper(paper: DrawnPaper, directory: Path, stem: str) -> dict[str, Path]:
    """Write ``<stem>.tif``, as scanning services deliver it, and ``<stem>.truth.json``; returns their paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = {"scan": directory / f"{stem}.tif", "truth": directory / f"{stem}.truth.json"}
    height, width = paper.darkness.shape
    profile: dict[str, Any] = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8"}
    pixels = 255 - paper.darkness
    if paper.recipe.kind == "bilevel":
        profile |= {"nbits": 1, "compress": "CCITTFAX4"}
        pixels = (pixels > 127).astype(np.uint8)
    elif paper.recipe.kind == "palette":
        profile |= {"compress": "LZW", "photometric": "palette"}
        pixels = pixels // (256 // _GREYS)
    else:
        profile |= {"compress": "DEFLATE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a log is no map
        with rasterio.open(paths["scan"], "w", **profile) as tif:
            tif.write(pixels, 1)
            if paper.recipe.kind == "palette":
                tif.write_colormap(1, {level: (level * 255 // (_GREYS - 1),) * 3 + (255,) for level in range(_GREYS)})
            if paper.recipe.tagged:
                tif.update_tags(
                    TIFFTAG_XRESOLUTION=paper.recipe.dpi, TIFFTAG_YRESOLUTION=paper.recipe.dpi, TIFFTAG_RESOLUTIONUNIT=2
                )
    paths["truth"].write_text(json.dumps(asdict(paper.truth), indent=1) + "\n", encoding="utf-8")
    return paths


def _print_all(recipe: PaperRecipe, rng: np.random.Generator) -> tuple[ByteArray, tuple[SectionTruth, ...]]:
    """The flat print, and its sections."""
    header, tail = draw_header(recipe, rng), draw_tail(recipe, rng)
    block, gap = scale_block_rows(recipe), round(_GAP_IN * recipe.px_per_inch)
    above, below = (block if recipe.blocks in (where, "both") else 0 for where in ("above", "below"))
    bodies = [math.ceil((plan.base - plan.top) * recipe.px_per_unit(plan.scale)) for plan in recipe.passes]
    heads = [caption_rows(recipe, plan) + above + gap for plan in recipe.passes]
    height = len(header) + sum(heads) + sum(bodies) + len(bodies) * (below + gap) + len(tail)
    ink = np.zeros((height, header.shape[1]), np.uint8)
    ink[: len(header)] = header
    ink[height - len(tail) :] = tail
    sections = [SectionTruth("header", 0.0, float(len(header)))]
    moved = move_curves(recipe)
    row = len(header)
    for plan, head, body in zip(recipe.passes, heads, bodies, strict=True):
        draw_caption(ink, recipe, plan, row, rng)
        first = row + head
        if above:
            draw_scale_block(ink, recipe, plan, first - gap - block, rng)
            sections.append(SectionTruth("scale", float(first - gap - block), float(first - gap)))
        sections.append(draw_pass(ink, recipe, plan, float(first), moved, rng))
        row = first + body + gap
        if below:
            draw_scale_block(ink, recipe, plan, row, rng)
            sections.append(SectionTruth("scale", float(row), float(row + block)))
            row += block
    return ink, (*sections, SectionTruth("tail", float(height - len(tail)), float(height)))


def _flat_truth(recipe: PaperRecipe, ink: ByteArray, sections: tuple[SectionTruth, ...]) -> PaperTruth:
    inch = recipe.px_per_inch
    passes = [section for section in sections if section.ticks]
    first, last = passes[0].first_row, passes[-1].end_row

    def edge(column_in: float) -> Points:
        return ((first, column_in * inch), (last, column_in * inch))

    tracks = tuple(
        TrackTruth(
            edge(track.left_in),
            edge(track.left_in + track.width_in),
            "log" if track.decades else "linear",
            track.decades or track.divisions,
            tuple(curve.truth for curve in track.curves),
        )
        for track in recipe.tracks
    )
    column = (recipe.column_in[0] * inch, recipe.column_in[1] * inch)
    rows, width = ink.shape
    return PaperTruth(
        rows, width, recipe.dpi, recipe.unit, recipe.magnification, sections, tracks, column, 0.0, recipe.well
    )


def _warp_of(recipe: PaperRecipe, height: int, width: int) -> Warp:
    """The shape of the paper: it leans by less than its skew, because a feeder's rails hold it, and swings a few times."""
    rng = np.random.default_rng([recipe.seed, 3])
    inch = recipe.px_per_inch
    skew = math.tan(math.radians(recipe.skew_degrees))
    most = 0.35 * inch / height
    periods = [height * rng.uniform(0.4, 0.9) for _ in range(2)]
    swings = [
        float(np.clip(swing * inch, -_STEEPEST_SWING * period / (2 * np.pi), _STEEPEST_SWING * period / (2 * np.pi)))
        for swing, period in zip((recipe.wander_in, recipe.stretch_in), periods, strict=True)
    ]
    return Warp(width, skew, float(np.clip(skew, -most, most)), swings[0], periods[0], swings[1], periods[1])


def _scanned(ink: ByteArray, recipe: PaperRecipe, rng: np.random.Generator) -> ByteArray:
    """Scan a paper piece by piece, so that noise takes no more memory than a piece."""
    looks = replace(
        recipe.scan, shade_darkness=0.0, seam_row=-1.0, threshold=_threshold(recipe), salt=min(recipe.scan.salt, 0.004)
    )
    px = 2.5 * recipe.px_per_inch / TRACK_COLUMNS
    stains = int(2 * recipe.dirt)
    out = np.empty_like(ink)
    shade = _shade(ink.shape[1], recipe.scan, px)
    for first in range(0, len(ink), _BAND_ROWS):
        part = ink[first : first + _BAND_ROWS]
        if shade is not None:
            part = np.minimum(part.astype(np.uint16) + shade[None, :], 255).astype(np.uint8)
        clutter = Clutter(
            0,
            0,
            0,
            0,
            int(rng.poisson(40 * recipe.difficulty**2)),
            rng.poisson(stains),
            rng.poisson(stains),
            "none",
            0,
            0,
            -1.0,
        )
        out[first : first + _BAND_ROWS] = scan(Canvas(part, px, px, int(len(part) / px)), looks, clutter, rng)
    if recipe.kind == "palette":
        step = 256 // _GREYS
        np.multiply(out // step, 255 // (_GREYS - 1), out=out)
    return out


def _shade(width: int, looks: Scan, px: float) -> NDArray[np.uint16] | None:
    """Darkness that a shaded edge adds to each column, if there is one."""
    if not looks.shade_darkness:
        return None
    distance = np.arange(width) if looks.shade_darkness < 0 else width - 1 - np.arange(width)
    return np.asarray(abs(looks.shade_darkness) * np.exp(-distance / (looks.shade_px * px)), np.uint16)


def _threshold(recipe: PaperRecipe) -> float:
    """The scan's threshold: of a paper scanned with care no more than leaves the faintest curve and the depths on it."""
    looks = recipe.scan
    if recipe.difficulty >= _ROUGH:
        return looks.threshold
    px = 2.5 * recipe.px_per_inch / TRACK_COLUMNS
    pens = [
        (curve.stroke.thickness_px * px, curve.stroke.darkness) for track in recipe.tracks for curve in track.curves
    ]
    pens.append((max(1.0, 0.12 * recipe.labels.height_in * recipe.px_per_inch), recipe.labels.darkness))
    peaks = [
        darkness * math.erf(max(1.0, pen) / (2.0 * math.sqrt(2.0) * looks.blur_px)) if looks.blur_px > 0.2 else darkness
        for pen, darkness in pens
    ]
    return min(looks.threshold, _THRESHOLD_SHARE * min(peaks))

"""What tracing is worth: three programs on the same strips of drawn sheets, scored against what was drawn.

A classical program that never saw the network (:mod:`veernet.study.classical`), the class map read off row by row, and the full tracer
(:func:`veernet.curves.trace.trace_track`). Sheets are drawn from real logs of held-out wells; their strips are cut as the pipeline
cuts them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from veernet.curves.identity import Trace
from veernet.curves.trace import trace_track
from veernet.curves.values import curve_values, depth_index
from veernet.network.predict import Segmenter
from veernet.review.record import LOW_CONFIDENCE
from veernet.review.samples import CurveSamples, crossing_samples, lay_beside
from veernet.sheets.geometry import STRIP_WIDTH, DepthRegister, StripGeometry, fraction_at, sheet_geometries
from veernet.sheets.manifest import Curve, Track
from veernet.sheets.printed import Profiler, refine
from veernet.sheets.raster import Band
from veernet.sheets.strips import cut_strips
from veernet.study.classical import trace_classically
from veernet.study.frozen import held_out_wells
from veernet.study.held_out_sheets import SheetSet, drawn_sheets
from veernet.training.sheet import DrawnSheet

ByteArray = NDArray[np.uint8]
Program = Callable[[ByteArray, ByteArray, Sequence[Curve]], list[Trace]]

SEGMENTATION = "segmentation"
FULL_TRACER = "full tracer"

_STYLES = ("solid", "dashed", "dotted")
_TOUCHING_PX = 8


@dataclass
class Traced:
    """What the programs made of the sheets of a study.

    Args:
        samples: By set and program, every curve beside its truth, the two of an alike track one after the other.
        seconds: By program, and of the segmentation, as a clock counts them.
        cpu_seconds: The same, summed over the cores that worked: other work beside does not change it.
        megapixels: Of strip.
    """

    samples: dict[tuple[str, str], list[CurveSamples]] = field(default_factory=lambda: defaultdict(list))
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    cpu_seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    megapixels: float = 0.0

    @contextmanager
    def timed(self, program: str) -> Iterator[None]:
        """Count what is done within for a program."""
        started, cpu_started = time.perf_counter(), time.process_time()
        yield
        self.seconds[program] += time.perf_counter() - started
        self.cpu_seconds[program] += time.process_time() - cpu_started


def classical(strip: ByteArray, _classes: ByteArray, curves: Sequence[Curve]) -> list[Trace]:
    """No network: grid lines out, one joint dynamic program over ink."""
    return trace_classically(strip, curves)


def argmax_centroid(_strip: ByteArray, classes: ByteArray, curves: Sequence[Curve]) -> list[Trace]:
    """The class map read off row by row: the centroid of the pixels that are likeliest a curve's.

    A curve that wraps has its centroid on a ring, and goes on from row to row by less than half a track. Pixels of two curves of one style
    are parted at their common centroid, the left ones the first curve's.
    """
    background = 255 - np.minimum(classes.sum(axis=0, dtype=np.int16), 255)
    if len({curve.style for curve in curves}) == 1:
        weight = np.where(255 - background > background, 255.0 - background, 0.0)
        weights = [weight] if len(curves) == 1 else list(_parted(weight))
    else:
        first = int(_STYLES.index(curves[0].style) > _STYLES.index(curves[1].style))
        ranked = classes[[first, 1 - first]]
        weights = [np.where((one > background) & (one >= other), one, 0.0) for one, other in (ranked, ranked[::-1])]
    return [_centroids(weight, curve.wrap) for weight, curve in zip(weights, curves, strict=True)]


def full_tracer(strip: ByteArray, classes: ByteArray, curves: Sequence[Curve]) -> list[Trace]:
    """What the pipeline does."""
    return trace_track([classes], curves, strips=lambda: [strip])


PROGRAMS: dict[str, Program] = {
    "classical": classical,
    "argmax and centroid": argmax_centroid,
    FULL_TRACER: full_tracer,
}


def study_tracing(
    sets: Sequence[SheetSet], sheets: int, las_dir: Path, segmenter: Segmenter, console: Console
) -> Traced:
    """Trace so many sheets of each set by every program.

    Raises:
        SourceMissingError: The folder has no held-out LAS files, or too few that a sheet can be drawn from.
    """
    wells = held_out_wells(las_dir)
    traced = Traced()
    _warm_up(segmenter)
    for chosen in sets:
        for index, sheet in enumerate(drawn_sheets(chosen, sheets, wells)):
            for track, geometry, strip in cut(sheet):
                with traced.timed(SEGMENTATION):
                    classes = segmenter.classes(strip)
                traced.megapixels += strip.size / 1e6
                for name, program in PROGRAMS.items():
                    with traced.timed(name):
                        traces = program(strip, classes, track.curves)
                    traced.samples[chosen.name, name] += beside_truth(f"{index:03d}", sheet, track, geometry, traces)
        console.print(f"{chosen.name}: {sheets} sheets", highlight=False)
    return traced


def cut(sheet: DrawnSheet) -> list[tuple[Track, StripGeometry, ByteArray]]:
    """The strips of a sheet by its printed lines, darkness uint8 ``(rows, 512)``, with their tracks and geometries."""
    manifest, tracks = sheet.manifest, sheet.manifest.tracks
    height, width = sheet.darkness.shape
    geometries = sheet_geometries(manifest, width, height, manifest.well.name)
    strips = _strips(sheet.darkness, geometries)
    profilers = [Profiler() for _ in tracks]
    for profiler, strip in zip(profilers, strips, strict=True):
        profiler.add(strip)
    profiles = [profiler.profiles() for profiler in profilers]
    refined = refine(geometries, profiles, DepthRegister.of(manifest.depth), [track.name for track in tracks])
    if refined.moved:
        geometries = list(refined.geometries)
        strips = _strips(sheet.darkness, geometries)
    return list(zip(tracks, geometries, strips, strict=True))


def beside_truth(
    name: str, sheet: DrawnSheet, track: Track, geometry: StripGeometry, traces: Sequence[Trace]
) -> list[CurveSamples]:
    """The traces of a track at the depths of the sheet's log, beside what was drawn."""
    depth = sheet.manifest.depth
    register, depths = DepthRegister.of(depth), depth_index(depth)
    rows = np.asarray(geometry.strip_row(register.row_at(depths)))
    found = []
    for curve, trace in zip(track.curves, traces, strict=True):
        log = curve_values(trace, geometry, register, curve, track.scale, depths)
        warned = np.zeros(depths.size, bool)
        for doubt in trace.doubts:
            warned |= (rows >= doubt.first_row - 1) & (rows <= doubt.end_row)
        found.append(
            lay_beside(
                sheet.truth[curve.mnemonic],
                log.values,
                depths,
                curve,
                track.scale,
                sheet=name,
                depth_unit=depth.unit,
                low_confidence=log.confidence < LOW_CONFIDENCE,
                warned=warned,
                confidence=log.confidence,
            )
        )
    on_paper = [one.truth % 1.0 if one.curve.wrap else one.truth for one in found]
    return [replace(one, crossing=met) for one, met in zip(found, crossing_samples(on_paper), strict=True)]


def _strips(darkness: ByteArray, geometries: Sequence[StripGeometry]) -> list[ByteArray]:
    pieces: list[list[ByteArray]] = [[] for _ in geometries]
    for track, _, piece in cut_strips([Band(0, darkness)], geometries):
        pieces[track].append(piece)
    return [np.concatenate(some) for some in pieces]


def _parted(weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The pixels left and right of each row's centroid; both all of them where they lie close together."""
    columns = np.arange(STRIP_WIDTH)
    mass = np.maximum(weight.sum(axis=1, keepdims=True), 1e-9)
    centre = (weight * columns).sum(axis=1, keepdims=True) / mass
    spread = np.where(weight > 0, np.abs(columns - centre), 0.0).max(axis=1, keepdims=True)
    together = spread < _TOUCHING_PX / 2
    return np.where(together | (columns <= centre), weight, 0.0), np.where(together | (columns > centre), weight, 0.0)


def _centroids(weight: NDArray[np.float64], wrap: bool) -> Trace:
    at = fraction_at(np.arange(STRIP_WIDTH))
    mass = weight.sum(axis=1)
    known = mass > 0
    fraction = np.full(mass.size, np.nan)
    if wrap:
        turned = np.angle((weight[known] * np.exp(2j * np.pi * at)).sum(axis=1)) / (2 * np.pi)
        fraction[known] = np.unwrap(turned % 1.0, period=1.0)
    else:
        fraction[known] = (weight[known] * at).sum(axis=1) / mass[known]
    return Trace(fraction.astype(np.float32), (weight.max(axis=1) / 255.0).astype(np.float32))


def _warm_up(segmenter: Segmenter) -> None:
    """Have everything compiled before it is timed."""
    strip = np.zeros((64, STRIP_WIDTH), np.uint8)
    curves = [Curve(mnemonic=name, style="solid", left=0.0, right=1.0, wrap=name == "A") for name in "AB"]
    classes = segmenter.classes(strip)
    for program in PROGRAMS.values():
        program(strip, classes, curves)

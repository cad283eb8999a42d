"""What each stage of a sheet costs beside the least that could do its work: ``python benchmarks/stages.py --rows 40000``.

One sheet is drawn (2 tracks, 200 dpi, 5 inches to 100 ft, warped, with G4 as archives have it) and goes through the functions that the Dask workers
call, in one process, so that nothing but the work itself is counted. The floors are the same bytes decoded by GDAL alone, the same strips written
by zarr alone, and the same strips through the network alone, on the same threads. Each figure is the median of the rounds, which do all of it in
turns; what is read is the ratio to the bare forward passes, because machines differ.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import torch
import zarr
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from tasks import compute
from veernet import __version__
from veernet.curves.assemble import Provenance, assemble_log
from veernet.curves.las import write_las
from veernet.errors import VeerNetError
from veernet.review.record import DepthIndex, SheetRecord, Source, curve_record
from veernet.sheets.geometry import DepthRegister, sheet_geometries
from veernet.sheets.manifest import SheetManifest, read_manifest
from veernet.sheets.work import SHARD_ROWS, WorkStore
from veernet.training.layout import SheetRecipe, sample_sheet
from veernet.training.sheet import write_sheet

DPI, INCHES_PER_100FT = 200, 5.0
DIFFICULTY, WARP = 0.3, 1.0
NOTHING = "0" * 64
STAGES = ("tile", "segment", "trace", "overlay", "page", "LAS")


class Clock:
    """Wall and processor seconds by name, a list of rounds each."""

    def __init__(self) -> None:
        self.wall_s: dict[str, list[float]] = defaultdict(list)
        self.cpu_s: dict[str, list[float]] = defaultdict(list)

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        """Count what is done within."""
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        yield
        self.wall_s[name].append(time.perf_counter() - wall_s)
        self.cpu_s[name].append(time.process_time() - cpu_s)

    def median(self, name: str) -> tuple[float, float]:
        """Wall and processor seconds of the middling round."""
        return statistics.median(self.wall_s[name]), statistics.median(self.cpu_s[name])


def drawn(rows: int, folder: Path) -> tuple[Path, SheetManifest]:
    """A sheet of about so many rows: scan and manifest; drawn once into a folder."""
    stem = f"sheet-{rows}"
    manifest = folder / f"{stem}.sheet.yaml"
    if not manifest.exists():
        write_sheet(_recipe(rows), folder, stem)
    return folder / f"{stem}.tif", read_manifest(manifest.read_bytes(), manifest.name)


def _recipe(rows: int) -> SheetRecipe:
    for seed in range(500, 600):
        try:
            recipe = sample_sheet(seed, DIFFICULTY, rows * 100.0 / (DPI * INCHES_PER_100FT), None, WARP)
        except VeerNetError:
            continue
        if (recipe.dpi, recipe.inches_per_100ft) == (DPI, INCHES_PER_100FT):
            return recipe
    raise SystemExit(f"none of a hundred recipes has {DPI} dpi and {INCHES_PER_100FT:g} inches")


def told(result: object) -> object:
    """A result of a worker's function, which gives errors as results."""
    if isinstance(result, VeerNetError):
        raise result
    return result


def one_round(scan: Path, manifest: SheetManifest, clock: Clock, folder: Path) -> float:
    """Do the sheet once, floors and stages in turns; returns the megapixels of its strips."""
    with rasterio.open(scan) as opened:
        geometries = sheet_geometries(manifest, opened.width, opened.height, scan.name)
        with clock.timed("decode by GDAL alone"):
            for row in range(0, opened.height, 512):
                opened.read(1, window=Window(0, row, opened.width, min(512, opened.height - row)))
    register, store = DepthRegister.of(manifest.depth), folder / "work.zarr"
    names = [track.name for track in manifest.tracks]
    with clock.timed("tile"):
        refined, _ = told(compute.tile_sheet(scan, scan.name, geometries, register, names, store))  # type: ignore[misc]
    geometries = list(refined.geometries)
    work = WorkStore.open(store)
    strips = [np.concatenate(list(work.strip_bands(track))) for track in range(len(geometries))]
    with clock.timed("write by zarr alone"):
        for strip in strips:
            array = zarr.create_array(
                str(folder / "bare.zarr"),
                shape=strip.shape,
                chunks=(512, 512),
                shards=(SHARD_ROWS, 512),
                dtype="u1",
                overwrite=True,
            )
            for row in range(0, len(strip), SHARD_ROWS):
                array[row : row + SHARD_ROWS] = strip[row : row + SHARD_ROWS]
    segmenter = compute.segmenter(None)
    with clock.timed("forward passes alone"):
        for strip in strips:
            segmenter.classes(strip)
    with clock.timed("segment"):
        for track, geometry in enumerate(geometries):
            for row in range(0, geometry.rows, SHARD_ROWS):
                told(compute.segment_shard(store, track, row, geometry.rows, None))
    with clock.timed("trace"):
        traces = [told(compute.trace_strip(store, index, track)) for index, track in enumerate(manifest.tracks)]
    with clock.timed("LAS"):
        made = Provenance(scan.name, NOTHING, NOTHING, segmenter.digest, __version__, float(DPI), ())
        log = assemble_log(scan.stem, manifest, geometries, traces, made)  # type: ignore[arg-type]
        write_las(log, folder / f"{scan.stem}.las")
    depth = DepthIndex(
        unit=manifest.depth.unit, top=float(log.depths[0]), base=float(log.depths[-1]), step=manifest.depth.step
    )
    record = SheetRecord(
        sheet=scan.stem,
        status="done",
        source=Source(uri=scan.name, sha256=NOTHING),
        manifest_sha256=NOTHING,
        model_sha256=segmenter.digest,
        versions={},
        seconds={},
        depth=depth,
        curves=tuple(curve_record(c.mnemonic, log.depths, c.values, c.confidence) for c in log.curves),
    )
    with clock.timed("overlay"):
        told(compute.overlay(scan, geometries, manifest, traces, folder, scan.stem))  # type: ignore[arg-type]
    with clock.timed("page"):
        told(compute.page(scan, geometries, manifest, traces, log, record, folder))  # type: ignore[arg-type]
    return sum(strip.size for strip in strips) / 1e6


def table(clock: Clock, megapixels: float) -> Iterator[str]:
    """The figures in Markdown."""
    bare_wall_s, bare_cpu_s = clock.median("forward passes alone")
    yield "| what | wall, s | processor, s | s per megapixel of strip | of the bare forward passes (processor) |"
    yield "|---|---|---|---|---|"
    floors = ("decode by GDAL alone", "write by zarr alone", "forward passes alone")
    rows: list[tuple[str, Callable[[], tuple[float, float]]]] = [
        (name, lambda name=name: clock.median(name)) for name in (*floors, *STAGES)
    ]  # type: ignore[misc]
    rows.append(("all stages", lambda: tuple(map(sum, zip(*map(clock.median, STAGES), strict=True)))))  # type: ignore[arg-type, return-value]
    for name, seconds in rows:
        wall_s, cpu_s = seconds()
        yield f"| {name} | {wall_s:.2f} | {cpu_s:.2f} | {cpu_s / megapixels:.4f} | {cpu_s / bare_cpu_s:.2f} |"
    yield ""
    yield f"All stages one after the other take {sum(clock.median(name)[0] for name in STAGES) / bare_wall_s:.2f} times the wall time of the bare forward passes."


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000, help="rows of the scan")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, help="folder that keeps the drawn sheet")
    given = parser.parse_args()
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    clock = Clock()
    with tempfile.TemporaryDirectory() as scratch:
        cache = given.cache or Path(scratch)
        cache.mkdir(parents=True, exist_ok=True)
        scan, manifest = drawn(given.rows, cache)
        small_scan, small = drawn(2_000, cache)
        one_round(small_scan, small, Clock(), Path(scratch))  # compiles what is compiled when it is first used
        for _ in range(given.rounds):
            megapixels = one_round(scan, manifest, clock, Path(scratch))
    head = f"{given.rows} rows, {megapixels:.1f} megapixels of strip, {os.cpu_count()} cores, torch {torch.__version__}"
    sys.stdout.write(f"{head}\n\n")
    sys.stdout.write("\n".join(table(clock, megapixels)) + "\n")


if __name__ == "__main__":
    main()

"""What each stage of a sheet costs beside the least that could do its work: ``python benchmarks/stages.py --rows 40000`` for this alone.

One sheet (2 tracks, 200 dpi) goes through the functions that the Dask workers
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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import rasterio
import zarr
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

sys.path.insert(0, str(Path(__file__).parents[1]))  # run by its path, it sees its own folder alone

from benchmarks.report import markdown
from benchmarks.results import Item, Table
from benchmarks.rounds import ratio
from benchmarks.sheets import Paper, Sheet, drawn
from benchmarks.sizes import Size
from tasks import compute
from veernet import __version__
from veernet.curves.assemble import Provenance, assemble_log
from veernet.curves.las import write_las
from veernet.errors import VeerNetError
from veernet.review.record import DepthIndex, SheetRecord, Source, curve_record
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.geometry import DepthRegister, sheet_geometries
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.work import WorkStore

NOTHING = "0" * 64
STAGES = ("tile", "segment", "trace", "overlay", "page", "LAS")
DECODE, WRITE, FORWARD = "decode by GDAL alone", "write by zarr alone", "forward passes alone"


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


def told(result: object) -> object:
    """A result of a worker's function, which gives errors as results."""
    if isinstance(result, VeerNetError):
        raise result
    return result


def one_round(scan: Path, manifest: SheetManifest, clock: Clock, folder: Path) -> float:
    """Do the sheet once, floors and stages in turns; returns the megapixels of its strips."""
    with rasterio.open(scan) as opened:
        geometries = sheet_geometries(manifest, opened.width, opened.height, scan.name)
        with clock.timed(DECODE):
            for row in range(0, opened.height, 512):
                opened.read(1, window=Window(0, row, opened.width, min(512, opened.height - row)))
    register, store = DepthRegister.of(manifest.depth), folder / "work.zarr"
    names = [track.name for track in manifest.tracks]
    with clock.timed("tile"):
        refined, _ = told(compute.tile_sheet(scan, scan.name, geometries, register, names, store))  # type: ignore[misc]
    geometries = list(refined.geometries)
    work = WorkStore.open(store)
    strips = [np.concatenate(list(work.strip_bands(track))) for track in range(len(geometries))]
    with clock.timed(WRITE):
        for strip in strips:
            array = zarr.create_array(
                str(folder / "bare.zarr"),
                shape=strip.shape,
                chunks=(CHUNK_ROWS, 512),
                dtype="u1",
                overwrite=True,
            )
            for row in range(0, len(strip), CHUNK_ROWS):
                array[row : row + CHUNK_ROWS] = strip[row : row + CHUNK_ROWS]
    segmenter = compute.segmenter(None)
    with clock.timed(FORWARD):
        for strip in strips:
            segmenter.classes(strip)
    with clock.timed("segment"):
        for track, geometry in enumerate(geometries):
            for row in range(0, geometry.rows, CHUNK_ROWS):
                told(compute.segment_chunk(store, track, row, geometry.rows, None))
    with clock.timed("trace"):
        traces = [told(compute.trace_strip(store, index, track)) for index, track in enumerate(manifest.tracks)]
    with clock.timed("LAS"):
        made = Provenance(scan.name, NOTHING, NOTHING, segmenter.digest, __version__, 200.0, ())
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


def do_once(sheet: Sheet) -> None:
    """Do a sheet for nothing but what that leaves in this process: what is imported, loaded and compiled when it is first used."""
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as scratch:
        one_round(sheet.scan, sheet.manifest, Clock(), Path(scratch))


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """One sheet, stage by stage."""
    yield from found(size.sheet_rows, size.rounds, cache)


def found(rows: int, rounds: int, cache: Path) -> Iterator[Item]:
    """The rounds, and what they come to."""
    clock, sheet, small = Clock(), drawn(cache, Paper(rows)), drawn(cache, Paper(2_000))
    do_once(small)
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as scratch:
        for _ in range(rounds):
            megapixels = one_round(sheet.scan, sheet.manifest, clock, Path(scratch))
    what = f"{rows:,} rows"
    # Processor seconds: what else runs on the machine is in wall time first of all.
    for name in (DECODE, WRITE, *STAGES):
        yield ratio(f"{what}: {name} / {FORWARD}", clock.cpu_s[name], clock.cpu_s[FORWARD])
    for floor in (DECODE, WRITE):
        yield ratio(f"{what}: tile / {floor}", clock.cpu_s["tile"], clock.cpu_s[floor])
    summed = [sum(of) for of in zip(*(clock.wall_s[name] for name in STAGES), strict=True)]
    yield ratio(f"{what}: all stages one after the other / {FORWARD}, wall time", summed, clock.wall_s[FORWARD])
    yield table(what, clock, megapixels)


def table(what: str, clock: Clock, megapixels: float) -> Table:
    """Seconds of each, and the ratio to the forward passes."""
    rows = []
    for name in (DECODE, WRITE, FORWARD, *STAGES):
        wall_s, cpu_s = clock.median(name)
        of_forward = cpu_s / clock.median(FORWARD)[1]
        rows.append((name, f"{wall_s:.2f}", f"{cpu_s:.2f}", f"{cpu_s / megapixels:.4f}", f"{of_forward:.2f}"))
    return Table(
        title=f"Stages beside their floors: {what}, {megapixels:.1f} megapixels of strip",
        columns=("what", "wall, s", "processor, s", "processor, s per megapixel of strip", f"of the {FORWARD}"),
        rows=tuple(rows),
        note=f"In one process on {os.cpu_count()} cores; medians of the rounds.",
    )


def main() -> None:
    """Draw, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40_000, help="rows of the scan")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--cache", type=Path, default=Path("build/bench/sheets"), help="folder of the drawn sheet")
    given = parser.parse_args()
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    sys.stdout.write("\n".join(markdown(list(found(given.rows, given.rounds, given.cache)), ".")) + "\n")


if __name__ == "__main__":
    main()

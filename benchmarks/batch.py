"""How many rows the network is given at once: time and memory by the size of a tile, over one strip."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks import bare
from benchmarks.results import Item, Plot, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, drawn
from benchmarks.sizes import Size
from tasks import compute
from veernet.network.tiles import TILE_ROWS

TILES = (512, 1024, 2048, 4096, 8192)
_STRIP_ROWS = 16_384


def measure(size: Size, cache: Path) -> Iterator[Item]:
    """Each size of tile."""
    model = compute.segmenter(None)
    (drawn_strip, *_) = bare.strips_of(drawn(cache, Paper(size.growing_rows)))
    rows = min(_STRIP_ROWS, 2 * max(TILES)) if size.rounds > 1 else max(TILES)
    strip = np.resize(drawn_strip, (rows, drawn_strip.shape[1]))

    def seconds(tile_rows: int) -> float:
        started = time.perf_counter()
        model.classes(strip, tile_rows)
        return time.perf_counter() - started

    peaks_mb = {}
    for tile_rows in TILES:  # from the smallest, because what the kernel tells is the most so far
        seconds(tile_rows)
        peaks_mb[tile_rows] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    took = in_turns(size.rounds, {str(tile_rows): partial(seconds, tile_rows) for tile_rows in TILES})
    shipped = took[str(TILE_ROWS)]
    for tile_rows in TILES:
        if tile_rows != TILE_ROWS:
            yield ratio(f"forward passes in tiles of {tile_rows:,} rows / {TILE_ROWS:,}", took[str(tile_rows)], shipped)
    per_megapixel = {tile_rows: median(took[str(tile_rows)]) / (strip.size / 1e6) for tile_rows in TILES}
    yield Table(
        title="Rows that the network is given at once",
        columns=("rows of a tile", "s per megapixel", "the process's peak memory so far, MB"),
        rows=tuple((f"{tile:,}", f"{per_megapixel[tile]:.4f}", f"{peaks_mb[tile]:.0f}") for tile in TILES),
        note=f"Each tile has its halo besides. {TILE_ROWS:,} are what is shipped.",
    )
    yield Plot(
        name="tile-rows",
        title="Forward passes by rows of a tile",
        x="rows of a tile",
        y="s per megapixel",
        series={"forward passes": tuple(per_megapixel.items())},
    )

"""The least that could do the work: the network's forward passes over the strips of sheets, and nothing else."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import rasterio
from numpy.typing import NDArray

from benchmarks.sheets import Sheet
from tasks import compute
from veernet.errors import VeerNetError
from veernet.sheets.geometry import DepthRegister, sheet_geometries
from veernet.sheets.work import WorkStore

if TYPE_CHECKING:
    from veernet.network.predict import Segmenter


def strips_of(sheet: Sheet) -> list[NDArray[np.uint8]]:
    """The strips of a sheet's tracks as the network is given them, uint8 (rows, 512) each.

    Raises:
        VeerNetError: The sheet cannot be cut.
    """
    manifest, name = sheet.manifest, sheet.scan.name
    with rasterio.open(sheet.scan) as scan:
        geometries = sheet_geometries(manifest, scan.width, scan.height, name)
    names = [track.name for track in manifest.tracks]
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder:
        store = Path(folder) / "work.zarr"
        told = compute.tile_sheet(sheet.scan, name, geometries, DepthRegister.of(manifest.depth), names, store)
        if isinstance(told, VeerNetError):
            raise told
        work = WorkStore.open(store)
        return [np.concatenate(list(work.strip_bands(track))) for track in range(len(geometries))]


def forward_s(model: Segmenter, strips: Iterable[NDArray[np.uint8]]) -> float:
    """Seconds of the forward passes over strips."""
    started = time.perf_counter()
    for strip in strips:
        model.classes(strip)
    return time.perf_counter() - started


def forward_archive_s(model: Segmenter, made: list[list[NDArray[np.uint8]]], count: int) -> float:
    """Seconds of the forward passes of an archive of so many sheets that is made of these in turn; like sheets are passed once, and counted as often as they come."""
    return sum(forward_s(model, strips) * len(range(one, count, len(made))) for one, strips in enumerate(made))

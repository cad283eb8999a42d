"""A contact sheet: synthetic tracks in rows, with real ones among them where there are some to compare with."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.errors import ScanError
from veernet.sheets.geometry import STRIP_WIDTH, sheet_geometries, source_rows
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan
from veernet.sheets.strips import cut_strips
from veernet.training.instance import sample_instance

ByteArray = NDArray[np.uint8]

_ROWS = 256
_CAPTION_PX = 18
_COLUMNS = 4


def contact_sheet(path: Path, count: int, first_seed: int, real_manifests: list[Path]) -> None:
    """Write a PNG of ``count`` synthetic tracks, every third place taken by a real one while there are any.

    Raises:
        ManifestError, ScanError, SourceMissingError: One of the real sheets cannot be read.
        ScanError: The picture cannot be written.
    """
    real = [tile for manifest in real_manifests for tile in _real_tiles(manifest, first_seed)]
    np.random.default_rng(first_seed).shuffle(real)
    tiles: list[tuple[str, ByteArray]] = []
    for seed in range(first_seed, first_seed + count):
        tiles.append((f"synthetic, seed {seed}", sample_instance(seed, _ROWS).image))
        if len(tiles) % 3 == 2 and real:
            tiles.append(real.pop())
    rows = [_row(tiles[first : first + _COLUMNS]) for first in range(0, len(tiles), _COLUMNS)]
    path.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(path), np.vstack(rows)):
        raise ScanError(str(path), "the picture cannot be written", "choose a .png in a folder that can be written")


def _row(tiles: list[tuple[str, ByteArray]]) -> ByteArray:
    shown = np.full((_ROWS + _CAPTION_PX + 6, _COLUMNS * (STRIP_WIDTH + 6)), 255, np.uint8)
    for index, (caption, strip) in enumerate(tiles):
        left = index * (STRIP_WIDTH + 6)
        shown[: strip.shape[0], left : left + STRIP_WIDTH] = 255 - strip
        cv2.putText(shown, caption, (left + 4, _ROWS + 13), cv2.FONT_HERSHEY_SIMPLEX, 0.4, 90, 1, cv2.LINE_AA)
    return shown


def _real_tiles(manifest_path: Path, seed: int) -> list[tuple[str, ByteArray]]:
    """A few strips of each track of a real sheet, from places that the seed chooses."""
    manifest = read_manifest(manifest_path.read_bytes(), manifest_path.name)
    name = manifest_path.name.removesuffix(".sheet.yaml").removesuffix(".sheet.json")
    scan_path = manifest_path.with_name(manifest.source or f"{name}.tif")
    with open_scan(scan_path, name) as scan:
        geometries = sheet_geometries(manifest, scan.width, scan.height, name)
        first_row, end_row = source_rows(geometries, scan.height)
        pieces = list(cut_strips(scan.bands(first_row=first_row, end_row=end_row), geometries, _ROWS))
    rng = np.random.default_rng(seed)
    chosen = rng.choice(len(pieces), size=min(8, len(pieces)), replace=False)
    return [(f"real, {name}, track {pieces[i][0] + 1}", pieces[i][2]) for i in chosen]

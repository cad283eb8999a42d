"""How much damage of a scan its own file gives away: single bits turned, and 4 KiB lost, in each kind of compression.

``python benchmarks/silent_damage.py`` prints a row a kind: of so many trials, how many were noticed, how many changed pixels unnoticed, and
how many rows such a one changed at most.
"""

from __future__ import annotations

import argparse
import tempfile
import warnings
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning

from veernet.errors import ScanError
from veernet.sheets.raster import open_scan
from veernet.training.layout import sample_sheet
from veernet.training.sheet import write_sheet

KINDS = {
    "G4": {"compress": "CCITTFAX4", "nbits": 1},
    "LZW": {"compress": "LZW"},
    "deflate": {"compress": "DEFLATE"},
    "PackBits": {"compress": "PACKBITS"},
    "JPEG": {"compress": "JPEG"},
    "none": {"compress": "NONE"},
}
STRIP_ROWS = 32
LOST_BYTES = 4096


def scan_of(path: Path) -> NDArray[np.uint8]:
    """All darkness of a scan."""
    with open_scan(path, path.stem) as scan:
        return np.concatenate([band.darkness for band in scan.bands()])


def damaged(data: bytes, first: int, rng: np.random.Generator, lost_bytes: int) -> bytes:
    """The file with one bit turned behind its head, or so many bytes zeroed."""
    changed = bytearray(data)
    at = int(rng.integers(first, len(data) - lost_bytes))
    if lost_bytes:
        changed[at : at + lost_bytes] = bytes(lost_bytes)
    else:
        changed[at] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def trials(path: Path, count: int, lost_bytes: int) -> tuple[int, int, int]:
    """Of so many damaged copies: how many were noticed, how many changed pixels unnoticed, and rows changed at most by one."""
    whole, data = scan_of(path), path.read_bytes()
    with rasterio.open(path) as scan:
        first = int(scan.get_tag_item("BLOCK_OFFSET_0_0", "TIFF", bidx=1))
    copy, rng = path.with_name("damaged.tif"), np.random.default_rng(0)
    noticed, unnoticed, most = 0, 0, 0
    for _ in range(count):
        copy.write_bytes(damaged(data, first, rng, lost_bytes))
        try:
            rows = int((scan_of(copy) != whole).any(axis=1).sum())
        except ScanError:
            noticed += 1
            continue
        unnoticed += rows > 0
        most = max(most, rows)
    return noticed, unnoticed, most


HEAD = "| strips of 32 rows in | one bit: noticed | unnoticed | rows at most | 4 KiB: noticed | unnoticed |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=200)
    asked = parser.parse_args()
    warnings.simplefilter("ignore", NotGeoreferencedWarning)
    with tempfile.TemporaryDirectory() as folder:
        with rasterio.open(write_sheet(sample_sheet(3, 0.1, 200.0), Path(folder), "drawn")["scan"]) as scan:
            paper = scan.read()
        print(f"{HEAD}\n{'|---' * 6}|")  # noqa: T201
        for kind, options in KINDS.items():
            path = Path(folder) / f"{kind}.tif"
            pixels = paper if "nbits" in options else paper * 255
            shape = {"width": paper.shape[2], "height": paper.shape[1], "count": 1, "dtype": "uint8"}
            with rasterio.open(path, "w", driver="GTiff", **shape, blockysize=STRIP_ROWS, **options) as target:
                target.write(pixels)
            bits, lost = (trials(path, asked.trials, size) for size in (0, LOST_BYTES))
            print(f"| {kind} | {bits[0]} | {bits[1]} | {bits[2]} | {lost[0]} | {lost[1]} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

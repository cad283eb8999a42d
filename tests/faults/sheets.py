"""Sheets with faults, all made of one drawn sheet, and a run of the real command over all of them at once."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from veernet.curves.las_read import LasContent, read_strict
from veernet.review.record import SheetRecord
from veernet.training.layout import sample_sheet
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parents[2]
LIMIT_S = 300

Pixels = NDArray[Any]
#: A manifest of one curve with which nothing is wrong.
MANIFEST: dict[str, Any] = {
    "format": "veernet-sheet/1",
    "well": {"name": "W", "uwi": "1"},
    "depth": {"unit": "ft", "step": 0.5, "ticks": [[0, 0], [100, 50]]},
    "tracks": [
        {
            "name": "t",
            "left": 1,
            "right": 99,
            "scale": "linear",
            "curves": [{"mnemonic": "GR", "unit": "GAPI", "style": "solid", "left": 0, "right": 150}],
        }
    ],
}


@dataclass
class Folder:
    """A folder of sheets to digitise; each method adds one.

    Args:
        path: The folder.
    """

    path: Path
    manifest: dict[str, Any] = field(init=False)
    pixels: Pixels = field(init=False)

    def __post_init__(self) -> None:
        drawn = write_sheet(sample_sheet(3, 0.1, 50.0), self.path, "good")
        self.manifest = yaml.safe_load(drawn["manifest"].read_bytes())
        drawn["truth"].unlink()
        drawn["manifest"].unlink()
        with rasterio.open(drawn["scan"]) as scan:
            self.pixels = scan.read(1).astype(np.uint8)  # 1 for paper, 0 for ink
        drawn["scan"].unlink()

    def tiff(self, stem: str, pixels: Pixels | None = None, suffix: str = ".tif", **options: Any) -> Path:
        """A sheet whose scan is a TIFF (or what ``driver`` says) of these pixels; grey, in strips of 32 rows, unless told otherwise."""
        shown = self.pixels * 255 if pixels is None else pixels
        return write(self.sheet(stem, suffix=suffix), shown, **options)

    def sheet(self, stem: str, content: bytes | None = None, suffix: str = ".tif", **changes: Any) -> Path:
        """A sheet whose scan is a file of this content; of its manifest, keys may be changed."""
        scan = self.path / f"{stem}{suffix}"
        text = yaml.safe_dump({**self.manifest, "source": scan.name, **changes}, sort_keys=False)
        (self.path / f"{stem}.sheet.yaml").write_text(text)
        if content is not None:
            scan.write_bytes(content)
        return scan


def write(path: Path, pixels: Pixels, palette: dict[int, Any] | None = None, **options: Any) -> Path:
    """An image of ``(rows, width)`` or ``(bands, rows, width)`` pixels, by rasterio."""
    stack = pixels[None] if pixels.ndim == 2 else pixels
    count, height, width = stack.shape
    options = {"driver": "GTiff", "blockysize": 32, "compress": "DEFLATE", **options}
    if options["driver"] != "GTiff":
        del options["blockysize"], options["compress"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", width=width, height=height, count=count, dtype=stack.dtype, **options) as target:
            if palette:
                target.write_colormap(1, palette)
            target.write(stack)
    return path


def sparse(path: Path, pixels: Pixels, left_out: range, strip_rows: int = 32) -> Path:
    """A TIFF in strips, some of which are not in it."""
    height, width = pixels.shape
    shape = {"width": width, "height": height, "count": 1, "dtype": "uint8", "compress": "DEFLATE"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path, "w", driver="GTiff", **shape, SPARSE_OK=True, blockysize=strip_rows) as target:
            for strip in range(-(-height // strip_rows)):
                if strip not in left_out:
                    rows = pixels[strip * strip_rows : (strip + 1) * strip_rows]
                    target.write(rows[None], window=Window(0, strip * strip_rows, width, len(rows)))
    return path


def place_of(path: Path, block: tuple[int, int]) -> slice:
    """Where a strip or tile, across and down, lies in a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(path) as scan:
            across, down = block
            offset, size = (
                int(scan.get_tag_item(f"BLOCK_{what}_{across}_{down}", "TIFF", bidx=1)) for what in ("OFFSET", "SIZE")
            )
    return slice(offset, offset + size)


def flip(path: Path, place: slice, flips: int = 12, seed: int = 1) -> Path:
    """Turn single bits of a part of a file."""
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(place.start, place.stop, flips):
        data[at] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    return path


def zero(path: Path, start: int, size_bytes: int) -> Path:
    """Put zeros where a disk block was lost."""
    data = bytearray(path.read_bytes())
    data[start : start + size_bytes] = bytes(size_bytes)
    path.write_bytes(data)
    return path


@dataclass(frozen=True)
class Ended:
    """A run of the command that has ended.

    Args:
        folder: What it was asked to digitise.
        out: Where to.
        code: Its exit status.
        text: What it printed.
    """

    folder: Path
    out: Path
    code: int
    text: str

    def record(self, stem: str) -> SheetRecord:
        """The record of a sheet that has a result."""
        return SheetRecord.from_json((self.out / stem / f"{stem}.record.json").read_bytes())

    def las(self, stem: str) -> LasContent:
        """The LAS file of a sheet that has a result."""
        return read_strict(self.out / stem / f"{stem}.las")

    def reason(self, stem: str) -> str:
        """Why a sheet was set aside: its record and the one message say the same, and there is no other file of it."""
        record = self.record(stem)
        assert record.status == "set-aside"
        assert [f"{stem}.record.json"] == [path.name for path in (self.out / stem).iterdir()]
        assert record.error is not None
        told = f"set aside {record.error.subject}: {record.error.found}; {record.error.remedy}"
        assert self.text.splitlines().count(told) == 1, self.text
        return f"{record.error.found}; {record.error.remedy}"


def digitise(folder: Path, out: Path, url: str, *options: str) -> Ended:
    """Run ``veernet digitise`` over a folder, against a Prefect server that is there."""
    variables = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PREFECT_API_URL": url}
    done = subprocess.run(
        [*COMMAND, "digitise", str(folder), "--out", str(out), *options],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return Ended(folder, out, done.returncode, done.stdout)

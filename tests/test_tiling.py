"""The strips of a scan: decoded once where that can be, and the same whichever way they were had."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import rasterio

from veernet.sheets import held
from veernet.sheets.geometry import DepthRegister, strip_geometry
from veernet.sheets.held import HeldRows
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.raster import Band, Scan
from veernet.sheets.tiling import tile_scan
from veernet.sheets.work import WorkStore

ROWS, WIDTH = 1700, 607
SKEW = 0.012


def skewed_grid() -> np.ndarray:
    """Ink of a grid whose lines across fall by `SKEW` rows a column, one every 40 rows, and run down every 48 columns of the track."""
    row, column = np.mgrid[:ROWS, :WIDTH]
    across = np.round(row - SKEW * (column - 300)) % 40 < 2
    down = (column - 60) % 48 < 2
    return (across | down) & (column >= 60) & (column < 542)


@pytest.fixture
def manifest() -> SheetManifest:
    """One track, ticks at lines of the grid."""
    curve = {"mnemonic": "GR", "unit": "GAPI", "style": "solid", "left": 0, "right": 150}
    ticks = [[row, 1000 + row / 4] for row in (160, 560, 960, 1360)]
    track = {"name": "t1", "left": 60, "right": 541, "scale": "linear", "curves": [curve]}
    return SheetManifest.model_validate({
        "format": "veernet-sheet/1", "well": {"name": "Test 1", "uwi": "1"}, "tracks": [track],
        "depth": {"unit": "ft", "step": 0.5, "ticks": ticks},
    })  # fmt: skip


def tiled(folder: Path, manifest: SheetManifest, **written: Any) -> tuple[Any, np.ndarray]:
    """What tiling says, and the strip, of a scan of the grid written so."""
    ink = skewed_grid()
    shades = (~ink).astype(np.uint8) * (1 if written.get("nbits") == 1 else 255)
    with rasterio.open(
        folder / "a.tif", "w", driver="GTiff", width=WIDTH, height=ROWS, count=1, dtype="uint8", **written
    ) as scan:
        scan.write(shades, 1)
    geometry = strip_geometry(manifest.tracks[0], manifest.depth)
    refined, lost = tile_scan(
        folder / "a.tif", "a", [geometry], DepthRegister.of(manifest.depth), ["t1"], folder / "work"
    )
    assert () == lost
    return refined, np.concatenate(list(WorkStore.open(folder / "work").strip_bands(0)))


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_the_strip_is_the_same_held_or_decoded_again(
    tmp_path: Path, manifest: SheetManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of ink and paper alone, of grey, and of more than may be held: moved to its lines, and equal to the last bit."""
    refined, strip = tiled(tmp_path, manifest, nbits=1, compress="ccittfax4", blockysize=ROWS)
    assert "skew" in refined.moved[0]
    grey_refined, grey = tiled(tmp_path, manifest, compress="lzw")
    monkeypatch.setattr(held, "HELD_BYTES", 1000)
    long_refined, long = tiled(tmp_path, manifest, nbits=1, compress="ccittfax4")
    assert refined == grey_refined == long_refined
    np.testing.assert_array_equal(strip, grey)
    np.testing.assert_array_equal(strip, long)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
def test_rows_of_ink_and_paper_are_decoded_once(
    tmp_path: Path, manifest: SheetManifest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Though strips are cut twice."""
    rows: list[tuple[int, int]] = []
    read = Scan._read

    def counted(scan: Scan, first_row: int, end_row: int, *given: Any) -> Any:
        rows.append((first_row, end_row))
        return read(scan, first_row, end_row, *given)

    monkeypatch.setattr(Scan, "_read", counted)
    tiled(tmp_path, manifest, nbits=1, compress="ccittfax4")
    decoded = [row for first, end in rows for row in range(first, end)]
    assert len(decoded) == len(set(decoded))


def test_held_rows_are_given_as_they_came() -> None:
    """First row, width and every px, of bands of any height."""
    ink = np.random.default_rng(0).random((90, 37)) < 0.3
    bands = [Band(10 + first, ink[first : first + 40].astype(np.uint8) * 255) for first in range(0, 90, 40)]
    rows = HeldRows()
    assert rows.rows is None
    list(rows.holding(bands))
    assert (10, 100) == rows.rows
    for before, after in zip(bands, rows.bands(), strict=True):
        assert before.first_row == after.first_row
        np.testing.assert_array_equal(before.darkness, after.darkness)

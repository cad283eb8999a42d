"""The sheets that are measured: drawn by the project's generator, once, into a folder that is kept.

Two tracks with two curves each, 5 inches to 100 ft, on paper that is skewed, wanders and is stretched, G4 as archives have it. A wide sheet is
two of them side by side. An archive is a few drawn sheets over and over, no two of one content.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import yaml
from numpy.typing import NDArray

from veernet.sheets.manifest import SheetManifest, read_manifest
from veernet.training.layout import FOOTER_IN, HEADER_IN, SheetRecipe
from veernet.training.sheet import DrawnSheet, draw_sheet, warp_of

DIFFICULTY, INCHES_PER_100FT = 0.3, 5.0
TICK_FT = 50.0
#: Sheets of an archive that are drawn; the others are these with another pixel changed each.
DRAWN = 8


@dataclass(frozen=True)
class Paper:
    """A sheet to be drawn.

    Args:
        rows: About how many rows it has; a whole number of ticks fit.
        dpi: Resolution of its scan.
        halves: Drawn sheets side by side, of two tracks each.
        seed: Which one.
    """

    rows: int
    dpi: int = 200
    halves: int = 1
    seed: int = 500

    @property
    def stem(self) -> str:
        """What its files are called."""
        return f"rows-{self.rows}-dpi-{self.dpi}-tracks-{2 * self.halves}-{self.seed}"

    @property
    def recipe(self) -> SheetRecipe:
        """How it is drawn."""
        body_ft = (self.rows / self.dpi - HEADER_IN - FOOTER_IN) * 100.0 / INCHES_PER_100FT
        length_ft = TICK_FT * max(1, round(body_ft / TICK_FT))
        return SheetRecipe(
            seed=self.seed, base_depth=1000.0 + length_ft, dpi=self.dpi, difficulty=DIFFICULTY, drift_px=0.0
        )


@dataclass(frozen=True)
class Sheet:
    """A drawn sheet on the disk."""

    scan: Path
    manifest_path: Path

    @property
    def manifest(self) -> SheetManifest:
        """What its manifest says."""
        return read_manifest(self.manifest_path.read_bytes(), self.manifest_path.name)


def drawn(cache: Path, paper: Paper) -> Sheet:
    """A sheet; drawn if the folder does not have it yet."""
    sheet = Sheet(cache / f"{paper.stem}.tif", cache / f"{paper.stem}.sheet.yaml")
    if not sheet.manifest_path.exists():
        cache.mkdir(parents=True, exist_ok=True)
        halves = [draw_sheet(replace(paper.recipe, seed=paper.seed + half)) for half in range(paper.halves)]
        ink, flat = np.concatenate([half.darkness for half in halves], axis=1), _side_by_side(halves)
        scale = paper.dpi / 200
        warp = warp_of(
            replace(paper.recipe, skew_degrees=0.2, wander_px=4.0 * scale, stretch_px=3.0 * scale), ink.shape
        )
        _write_scan(sheet.scan, (warp.scanned(ink) < 128).astype(np.uint8)[None], paper.dpi)
        _write_manifest(sheet.manifest_path, warp.registered(flat, tick_every=2), sheet.scan.name)
    return sheet


def _side_by_side(halves: Sequence[DrawnSheet]) -> SheetManifest:
    """One manifest of several sheets of the same depths, one right of the other; names that would come twice get a number."""
    document: dict[str, Any] = halves[0].manifest.model_dump(mode="json", exclude_none=True)
    for number, half in enumerate(halves[1:], start=1):
        shift_px = number * half.darkness.shape[1]
        for track in half.manifest.model_dump(mode="json", exclude_none=True)["tracks"]:
            track["name"] += f"-{number + 1}"
            for side in ("left", "right"):
                track[side] = [[row, column + shift_px] for row, column in track[side]]
            for curve in track["curves"]:
                curve["mnemonic"] += str(number + 1)
            document["tracks"].append(track)
    return SheetManifest.model_validate(document)


def _write_scan(path: Path, pixels: NDArray[np.uint8], dpi: int) -> None:
    _, height, width = pixels.shape
    profile: dict[str, Any] = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, nbits=1, compress="CCITTFAX4") as file:
        file.write(pixels)
        file.update_tags(TIFFTAG_XRESOLUTION=dpi, TIFFTAG_YRESOLUTION=dpi, TIFFTAG_RESOLUTIONUNIT=2)


def _write_manifest(path: Path, manifest: SheetManifest, source: str) -> None:
    document = manifest.model_dump(mode="json", exclude_none=True) | {"source": source}
    path.write_text(yaml.safe_dump(document, sort_keys=False, default_flow_style=None, width=120))


def with_curves(sheet: Sheet, count: int) -> Sheet:
    """The same scan with a manifest of its first curves alone; the ink of the others stays, which costs nothing but doubts."""
    manifest, tracks, left = sheet.manifest, [], count
    for track in manifest.tracks:
        if left > 0:
            tracks.append(track.model_copy(update={"curves": track.curves[:left]}))
        left -= len(track.curves)
    path = sheet.scan.with_name(f"{sheet.scan.stem}-curves-{count}.sheet.yaml")
    _write_manifest(path, manifest.model_copy(update={"tracks": tuple(tracks)}), sheet.scan.name)
    return Sheet(sheet.scan, path)


def archive(cache: Path, folder: Path, paper: Paper, count: int, stem: str = "sheet") -> list[Sheet]:
    """Lay an archive of so many sheets into a folder, ``<stem>-00000`` and so on; returns those that all are made of, the first ``count`` of them where it is small."""
    made = [drawn(cache, replace(paper, seed=paper.seed + 10 * one)) for one in range(min(DRAWN, count))]
    folder.mkdir(parents=True, exist_ok=True)
    for one, sheet in enumerate(made):
        with rasterio.open(sheet.scan) as scan:
            pixels = scan.read()
        told = sheet.manifest_path.read_text()
        for number in range(one, count, len(made)):
            name = f"{stem}-{number:05d}"
            _write_scan(folder / f"{name}.tif", changed(pixels, number // len(made)), paper.dpi)
            (folder / f"{name}.sheet.yaml").write_text(told.replace(sheet.scan.name, f"{name}.tif") + f"# {name}\n")
    return made


def changed(pixels: NDArray[np.uint8], number: int) -> NDArray[np.uint8]:
    """The same pixels but for one in the margin, where no track is: another content, the same work."""
    own = pixels.copy()
    row, column = divmod(number, 40)
    own[..., row, column] = np.where(own[..., row, column], 0, own.max())
    return own

"""Places on real scans, registered or not, and what a network makes of them: the round of looking that no number replaces."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import yaml
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from veernet.errors import OptionError, ScanError
from veernet.network.targets import Network
from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS
from veernet.sheets.raster import open_scan
from veernet.study.measure import read_track

ByteArray = NDArray[np.uint8]

_ROWS = 256
_PER_PICTURE = 12
#: Blue, green, red: curve 1, curve 2.
_INKS = ((40, 40, 220), (220, 120, 0))


class Place(BaseModel):
    """A stretch of one track of a scan that is not registered: its edges at one row, taken to hold for a strip's height."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scan: str = Field(description="file name")
    row: int = Field(ge=0, description="scan row of the top")
    left: float = Field(description="the track's left edge, scan px")
    right: float = Field(description="its right edge")
    seen: str = Field("", description="what a person saw there")


def read_places(path: Path) -> list[Place]:
    """Read a YAML list of places.

    Raises:
        OptionError: The file is missing, or is no such list.
    """
    try:
        return TypeAdapter(list[Place]).validate_python(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise OptionError(str(path), f"not a list of places ({error})", "see docs/real-scans.yaml") from error


def picture_places(places: list[Place], folder: Path, network: Network, directory: Path) -> list[Path]:
    """Write pictures of places, strip and painted strip side by side, a dozen to a picture.

    Raises:
        SourceMissingError, ScanError: A scan cannot be read, or a picture cannot be written.
    """
    directory.mkdir(parents=True, exist_ok=True)
    tiles = [_tile(place, folder, network) for place in places]
    written = []
    for first in range(0, len(tiles), _PER_PICTURE):
        part = tiles[first : first + _PER_PICTURE]
        part += [np.full_like(part[0], 255)] * (len(part) % 2)
        path = directory / f"places-{first // _PER_PICTURE + 1:02d}.png"
        if not cv2.imwrite(str(path), np.vstack([np.hstack(part[i : i + 2]) for i in range(0, len(part), 2)])):
            raise ScanError(str(path), "the picture cannot be written", "choose a folder that can be written")
        written.append(path)
    return written


def _tile(place: Place, folder: Path, network: Network) -> ByteArray:
    strip = cut_place(place, folder)
    claims, _ = read_track(network, strip)
    paper = np.repeat(255 - strip[:, :, None], 3, axis=2)
    painted = paper // 2 + 127
    for claimed, ink in zip(claims, _INKS, strict=False):
        painted[claimed] = ink
    tile = np.hstack([paper, painted]).astype(np.uint8)
    cv2.putText(
        tile, f"{place.scan} row {place.row}", (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 140, 0), 1, cv2.LINE_AA
    )
    return tile


def cut_place(place: Place, folder: Path) -> ByteArray:
    """The strip of a place, darkness ``(256, 512)``, as a registered sheet's would be cut but for drift."""
    px = (place.right - place.left) / TRACK_COLUMNS
    with open_scan(folder / place.scan, place.scan) as scan:
        height = max(1, round(_ROWS * px))
        rows = np.concatenate([band.darkness for band in scan.bands(first_row=place.row, end_row=place.row + height)])
    left = round(place.left - MARGIN * px)
    padded = np.zeros((rows.shape[0], round(STRIP_WIDTH * px)), np.uint8)
    first, end = max(0, left), min(rows.shape[1], left + padded.shape[1])
    padded[:, first - left : end - left] = rows[:, first:end]
    interpolation = cv2.INTER_AREA if px > 1 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(padded, (STRIP_WIDTH, _ROWS), interpolation=interpolation), np.uint8)

"""The scan inside an HTML page: tiles of a few hundred rows, each in a block of its own, which a browser decodes when they are near.

`shared.js` reads them back.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import cv2
import numpy as np

from veernet.review.png import as_png
from veernet.review.shrink import shrunk

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from veernet.review.overlay import BandSource

TILE_ROWS = 1024
"""Rows of a tile; the last may have fewer."""

_BLOCK_ROWS = 64  # rows of the picture resized at once; a whole number of scan rows makes them, so no seam shows
# Times the width that is wanted: a scan as it is can be read better, takes less time and, of paper and ink alone, less room.
_NOT_WORTH_SHRINKING = 1.1


class Picture:
    """How rows and columns of the scan, 0 at a centre, come to lie in the picture, 0 at its upper left corner.

    Attributes:
        width: Columns of the picture.
        height: Its rows.
        scale: Rows of the picture per row of the scan, 1 at most.
        across: Columns of the picture per column of the scan.
        first_row_px: Row of the scan at the picture's top.
    """

    def __init__(self, first_row_px: int, width_px: int, max_width: int) -> None:
        self.first_row_px = first_row_px
        shrunk_by = width_px / max_width
        self.block_px = round(_BLOCK_ROWS * shrunk_by) if shrunk_by > _NOT_WORTH_SHRINKING else _BLOCK_ROWS
        self.scale = _BLOCK_ROWS / self.block_px
        self.width = round(width_px * self.scale)
        self.across = self.width / width_px
        self.height = 0

    def rows(self, row_px: Any) -> list[float]:
        """Picture rows of scan rows."""
        return [round(float((row - self.first_row_px + 0.5) * self.scale), 4) for row in row_px]

    def columns(self, column_px: Any) -> list[float]:
        """Picture columns of scan columns."""
        return [round(float((column + 0.5) * self.across), 4) for column in column_px]

    def lengths(self, length_px: Any) -> list[float]:
        """Picture rows that so many scan rows take."""
        return [round(float(length * self.scale), 5) for length in length_px]


def write_block(file: TextIO, name: str, data: bytes) -> None:
    """Write data that the page's script finds by its name; the browser itself makes nothing of it."""
    file.write(f'<script type="text/plain" id="{name}">{b64encode(data).decode()}</script>\n')


def write_tiles(
    file: TextIO, bands: BandSource, first_row: int, end_row: int, *, max_width: int, greys: int
) -> Picture:
    """Write rows of a scan as tiles, `tile-0` and so on; returns where the scan lies in them.

    Args:
        file: The page, where blocks may stand.
        bands: Reads the scan; called once.
        first_row: First row to show, on the scan.
        end_row: Row to stop before; the scan's end if beyond it.
        max_width: Columns of the picture, or a tenth more, at most; a wider scan is shrunk.
        greys: As many as are kept. Two take a bit a px, and so does a tile of paper and full ink alone.
    """
    blocks: list[NDArray[np.uint8]] = []
    tiles = 0
    picture: Picture | None = None
    for picture, block in _blocks(bands, first_row, end_row, max_width):
        blocks.append(block)
        picture.height += len(block)
        if len(blocks) == TILE_ROWS // _BLOCK_ROWS:
            write_block(file, f"tile-{tiles}", _png(np.concatenate(blocks), greys))
            blocks, tiles = [], tiles + 1
    if blocks:
        write_block(file, f"tile-{tiles}", _png(np.concatenate(blocks), greys))
    assert picture is not None, "the rows to show lie on the scan"
    return picture


def _blocks(
    bands: BandSource, first_row: int, end_row: int, max_width: int
) -> Iterator[tuple[Picture, NDArray[np.uint8]]]:
    """The picture's darkness by its next `_BLOCK_ROWS` rows or, at the scan's end, fewer."""
    picture: Picture | None = None
    pending = np.zeros((0, 0), np.uint8)
    for band in bands(first_row=first_row, end_row=end_row):
        pending = np.concatenate([pending, band.darkness]) if len(pending) else band.darkness
        picture = picture or Picture(first_row, pending.shape[1], max_width)
        whole = len(pending) // picture.block_px * picture.block_px
        for start in range(0, whole, picture.block_px):
            yield picture, shrunk(pending[start : start + picture.block_px], _BLOCK_ROWS, picture.width)
        pending = pending[whole:]
    if picture is not None and len(pending):
        paper = np.zeros((picture.block_px - len(pending), pending.shape[1]), np.uint8)
        block = shrunk(np.concatenate([pending, paper]), _BLOCK_ROWS, picture.width)
        yield picture, block[: math.ceil(len(pending) * picture.scale)]


def _png(darkness: NDArray[np.uint8], greys: int) -> bytes:
    """A grey picture with as many bits a px as its greys need."""
    bilevel = not (darkness + np.uint8(1) & np.uint8(0xFE)).any()
    greys = 2 if bilevel else greys
    step = 255 // (greys - 1)
    shades = np.array([greys - 1 - (ink + step // 2) // step for ink in range(256)], np.uint8)
    return as_png(np.asarray(cv2.LUT(darkness, shades), np.uint8), (greys - 1).bit_length())

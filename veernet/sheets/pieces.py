"""The strips and tiles of a TIFF: which of them its file holds, and whether they are what was written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from veernet.sheets.deflate import is_whole


class UnreadableError(Exception):
    """Rows that cannot be had, and why not; it stays within the readers of scans.

    Args:
        rows: Which, in words.
        why: A clause on them, as: are not in the file.
    """

    def __init__(self, rows: str, why: str) -> None:
        super().__init__(f"{rows} {why}")
        self.why = why


class Pieces:
    """The pieces that an open file stores its pixels in.

    Args:
        dataset: The open file.
        path: Where it is.
        bands: The bands that are read of it.
    """

    def __init__(self, dataset: Any, path: Path, bands: Sequence[int]) -> None:
        self._dataset = dataset
        self._path = path
        self._bands = bands
        self._is_tiff = dataset.driver == "GTiff"
        self._deflated = dataset.tags(ns="IMAGE_STRUCTURE").get("COMPRESSION") == "DEFLATE"
        self._one_strip: dict[int, bool] = {}
        self._whole: set[int] = set()

    @property
    def rows(self) -> int | None:
        """Rows of a piece that decodes by itself; None where the file is one piece."""
        return int(self._dataset.block_shapes[0][0]) if self._is_tiff and not self._is_one_strip(1) else None

    def check(self, first_row: int, end_row: int) -> None:
        """Refuse rows whose pieces the file does not hold: GDAL would make paper or ink of them.

        Raises:
            UnreadableError: One is not there, or is not what its checksum says.
        """
        if not self._is_tiff:
            return
        for band in self._bands:
            piece_rows, piece_columns = self._dataset.block_shapes[band - 1]
            downs = range(first_row // piece_rows, (end_row - 1) // piece_rows + 1)
            for down in [0] if self._is_one_strip(band) else downs:
                for across in range(math.ceil(self._dataset.width / piece_columns)):
                    if not self._stored(band, across, down):
                        raise UnreadableError(f"rows from {down * piece_rows} on", "are not in the file")
                    if not self._is_whole(band, across, down):
                        raise UnreadableError(f"rows from {down * piece_rows} on", "are not what their checksum says")

    def _is_one_strip(self, band: int) -> bool:
        """Whether a TIFF is all one strip: GDAL shows its lines as blocks, of which the first alone has a place."""
        if band not in self._one_strip:
            one_line = self._dataset.block_shapes[band - 1] == (1, self._dataset.width)
            self._one_strip[band] = one_line and not any(
                self._stored(band, 0, row) for row in range(1, self._dataset.height)
            )
        return self._one_strip[band]

    def _stored(self, band: int, across: int, down: int) -> bool:
        return self._dataset.get_tag_item(f"BLOCK_OFFSET_{across}_{down}", "TIFF", bidx=band) is not None

    def _is_whole(self, band: int, across: int, down: int) -> bool:
        """Whether a stored piece has not been damaged, as far as the file itself can say; asked of the file once."""
        if not self._deflated:
            return True
        offset, size_bytes = (
            int(self._dataset.get_tag_item(f"BLOCK_{key}_{across}_{down}", "TIFF", bidx=band) or 0)
            for key in ("OFFSET", "SIZE")
        )
        shape = (
            (self._dataset.height, self._dataset.width)
            if self._is_one_strip(band)
            else self._dataset.block_shapes[band - 1]
        )
        most_bytes = 2 * math.prod(shape) * self._dataset.count
        if offset not in self._whole and is_whole(self._path, offset, size_bytes, most_bytes):
            self._whole.add(offset)
        return offset in self._whole

"""A sheet of several pages, read top down as if it were one scan."""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.windows import Window

from veernet.sheets.darkness import INK
from veernet.sheets.pages import Page
from veernet.sheets.raster import BAND_ROWS, Band
from veernet.sheets.similarity import Similarity, warped


@dataclass(frozen=True)
class Placed:
    """A page on its sheet.

    Args:
        page: Which.
        shape: Its rows and columns.
        onto: From its px to those of the sheet.
    """

    page: Page
    shape: tuple[int, int]
    onto: Similarity

    @property
    def top(self) -> float:
        """Row of the sheet from which on it covers its width."""
        return float(self.onto.columns_rows([0, self.shape[1] - 1], 0)[1].max())

    @property
    def bottom(self) -> float:
        """Row of the sheet down to which it covers its width."""
        return float(self.onto.columns_rows([0, self.shape[1] - 1], self.shape[0] - 1)[1].min())

    @property
    def corners(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Columns and rows of its corners on the sheet."""
        height, width = self.shape
        return self.onto.columns_rows([0, width - 1, 0, width - 1], [0, 0, height - 1, height - 1])


class PagedScan:
    """A sheet of pages, read like a `veernet.sheets.raster.Scan`; one page is held decoded at a time.

    Args:
        placed: Its pages, top down.
        dpi: Resolution of its px, that of the first page.

    Attributes:
        width: Columns.
        height: Rows.
        dpi: As given.
    """

    def __init__(self, placed: Sequence[Placed], dpi: float | None) -> None:
        self.placed = tuple(placed)
        self.dpi = dpi
        self.width = max(math.ceil(page.corners[0].max() - 1e-3) for page in placed) + 1
        self.height = math.ceil(placed[-1].corners[1].max() - 1e-3) + 1
        # In the middle of what both show, each page gives way to the next.
        cuts = [round((upper.bottom + lower.top) / 2) + 1 for upper, lower in itertools.pairwise(placed)]
        self._ends = [*cuts, self.height]
        self._held: tuple[int, NDArray[np.uint8]] | None = None

    def bands(self, rows: int = BAND_ROWS, first_row: int = 0, end_row: int | None = None) -> Iterator[Band]:
        """Read the sheet, or some of its rows, once and top down.

        Args:
            rows: Rows of a band; the last one may have fewer.
            first_row: First row to read.
            end_row: Row to stop before; the sheet's end if absent or beyond it.

        Raises:
            ScanError: A page is damaged.
        """
        stop = self.height if end_row is None else min(end_row, self.height)
        for row in range(first_row, stop, rows):
            end = min(row + rows, stop)
            darkness = np.zeros((end - row, self.width), np.uint8)
            start = 0
            for index, page_end in enumerate(self._ends):
                first, last = max(row, start), min(end, page_end)
                if first < last:
                    part = warped(self._decoded(index), self.placed[index].onto, first, last, self.width)
                    darkness[first - row : last - row] = part
                start = page_end
            yield Band(row, darkness)

    def _decoded(self, index: int) -> NDArray[np.uint8]:
        if self._held is None or self._held[0] != index:
            self._held = None
            self._held = (index, self.placed[index].page.read().darkness)
        return self._held[1]

    def moved(self, onto: Similarity) -> PagedScan:
        """The sheet as it lies in another frame."""
        return PagedScan([replace(page, onto=onto @ page.onto) for page in self.placed], self.dpi)


def write_scan(sheet: PagedScan, path: Path) -> None:
    """Write a sheet as one TIFF, for stages that read it more than once."""
    profile = {
        "driver": "GTiff",
        "width": sheet.width,
        "height": sheet.height,
        "count": 1,
        "dtype": "uint8",
        "compress": "DEFLATE",
        "zlevel": 1,
        "blockysize": BAND_ROWS,
        "bigtiff": "IF_SAFER",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)  # a log is no map
        scan = rasterio.open(path, "w", **profile)
    with scan:
        for band in sheet.bands():
            scan.write(INK - band.darkness, 1, window=Window(0, band.first_row, sheet.width, len(band.darkness)))
        if sheet.dpi:
            scan.update_tags(TIFFTAG_XRESOLUTION=sheet.dpi, TIFFTAG_YRESOLUTION=sheet.dpi, TIFFTAG_RESOLUTIONUNIT=2)

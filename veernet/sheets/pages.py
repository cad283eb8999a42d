"""The pages of a sheet, one at a time: files of their own, or those of one TIFF or PDF.

A page is held decoded while its neighbours are matched with it, so that it may not have the size of a whole sheet.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
from numpy.typing import NDArray

from veernet.errors import ScanError
from veernet.sheets.darkness import INK
from veernet.sheets.kind import is_pdf
from veernet.sheets.raster import count_pages, open_scan

MAX_PAGES = 500
"""Pages of the longest sheet that is put together."""
MAX_PAGE_PIXELS = 300_000_000
"""Pixels of the largest page: 2,400 columns by 125,000 rows."""
MAX_PAGE_WIDTH = 30_000
"""Columns of the widest page."""

_ONE_AT_A_TIME = threading.Lock()  # PDFium must not be entered twice in one process
_POINTS_PER_INCH = 72.0
_PDF_DPI = 300.0  # of a page that is no scan, but drawn
_FILLS = 0.6  # of the page's area: the picture that is the scan
_SANE_DPI = (50.0, 1200.0)
_SAVE_ANEW = "save it anew, or its pages as TIFF files, and name these as pages in the manifest"


@dataclass(frozen=True)
class PageImage:
    """A decoded page.

    Args:
        darkness: uint8 `(rows, columns)`, 0 paper to 255 ink.
        dpi: Its resolution, if the file tells one that can be.
    """

    darkness: NDArray[np.uint8]
    dpi: float | None


@dataclass(frozen=True)
class Page:
    """Where a page is.

    Args:
        path: The file, on the local disk.
        index: Which of its pages, from 0.
        of: Pages of the file.
    """

    path: Path
    index: int = 0
    of: int = 1

    @property
    def title(self) -> str:
        """What people call it."""
        return f"page {self.index + 1} of {self.path.name}" if self.of > 1 else self.path.name

    def read(self) -> PageImage:
        """Decode it.

        Raises:
            ScanError: It is damaged, or too large to be held at once.
        """
        return _read_pdf(self) if is_pdf(self.path) else _read_image(self)


def pages_of(paths: Sequence[Path]) -> list[Page]:
    """The pages of some files, in their order.

    Raises:
        SourceMissingError, ScanError: A file is missing, no scan and no PDF, or has more pages than a sheet can have.
    """
    pages: list[Page] = []
    for path in paths:
        if is_pdf(path):
            with _pdf(path) as document:
                count = len(document)
        else:
            count = count_pages(path, path.name)
        if not 0 < len(pages) + count <= MAX_PAGES:
            found = f"the sheet has {len(pages) + count} pages with those of {path.name}"
            raise ScanError(path.name, found, f"a sheet has 1 to {MAX_PAGES}: cut it into several sheets")
        pages += [Page(path, index, count) for index in range(count)]
    return pages


def _check_size(page: Page, width: float, height: float) -> None:
    if width > MAX_PAGE_WIDTH or width * height > MAX_PAGE_PIXELS:
        found = f"it claims {width:.0f} columns by {height:.0f} rows"
        remedy = f"cut or shrink it to {MAX_PAGE_WIDTH} columns and {MAX_PAGE_PIXELS:,} pixels at most"
        raise ScanError(page.title, found, remedy)


def _read_image(page: Page) -> PageImage:
    with open_scan(page.path, page.title, page.index if page.of > 1 else None) as scan:
        _check_size(page, scan.width, scan.height)
        darkness = np.empty((scan.height, scan.width), np.uint8)
        for band in scan.bands():
            darkness[band.first_row : band.first_row + len(band.darkness)] = band.darkness
        return PageImage(darkness, scan.dpi)


def _read_pdf(page: Page) -> PageImage:
    with _pdf(page.path) as document:
        try:
            leaf = document[page.index]
            dpi = _pdf_dpi(page, leaf)
            width, height = (points * dpi / _POINTS_PER_INCH for points in leaf.get_size())
            _check_size(page, width, height)
            bitmap = leaf.render(scale=dpi / _POINTS_PER_INCH, draw_annots=False)
            colours = bitmap.to_numpy()
        except (pypdfium2.PdfiumError, MemoryError, ValueError) as error:
            raise ScanError(page.title, f"it cannot be rendered ({error})", _SAVE_ANEW) from error
        # As everywhere, a stroke is as dark as its darkest colour.
        darkness = INK - (colours if colours.ndim == 2 else colours[..., :3].min(axis=2))
        return PageImage(np.ascontiguousarray(darkness, np.uint8), dpi)


def _pdf_dpi(page: Page, leaf: Any) -> float:
    """Resolution of the picture that fills the page; that of a fine scan where none does."""
    page_width, page_height = leaf.get_size()
    best = _PDF_DPI
    for picture in leaf.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3):
        left, bottom, right, top = picture.get_bounds()
        columns, rows = picture.get_px_size()
        _check_size(page, min(columns, rows), max(columns, rows))
        if (right - left) * (top - bottom) >= _FILLS * page_width * page_height:
            # A picture may lie on its side; then its columns run down the page.
            upright = (columns >= rows) == (right - left >= top - bottom)
            best = (columns if upright else rows) / (right - left) * _POINTS_PER_INCH
    low, high = _SANE_DPI
    return best if low <= best <= high else _PDF_DPI


@contextmanager
def _pdf(path: Path) -> Iterator[Any]:
    with _ONE_AT_A_TIME:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError as error:
            found = f"it begins like a PDF but cannot be opened ({error})"
            raise ScanError(path.name, found, _SAVE_ANEW) from error
        try:
            yield document
        finally:
            document.close()

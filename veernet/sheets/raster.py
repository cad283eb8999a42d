"""Scans as full-width bands of darkness, top down, whatever the file's format.

A file is opened by the one GDAL driver that its content asks for, with nothing beside it looked at, and its size is
judged before a pixel is read. A decoder that merely logs what it could not decode counts as failed. A TIFF in strips or tiles is read
around those that are damaged, if the caller keeps note of what is lost. At most one band is held.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import rasterio
from rasterio._err import CPLE_BaseError
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from veernet.errors import ScanError
from veernet.memory import out_of_memory
from veernet.sheets.complaints import listening
from veernet.sheets.darkness import normaliser
from veernet.sheets.kind import check_upright, driver_of
from veernet.sheets.lost import LostRows
from veernet.sheets.pieces import Pieces, UnreadableError

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_SCAN_PIXELS = 4_000_000_000
"""Pixels of the largest scan that is taken: 2,400 columns by 1.6 million rows."""
MAX_SCAN_WIDTH = 40_000
"""Columns of the widest scan that is taken: a 36 inch plot at 1,100 dpi."""
MAX_SCAN_ROWS = 2_000_000
"""Rows of the longest scan that is taken: 250 m of paper at 200 dpi."""
MAX_BANDS = 8
"""Parts of a pixel, colours and what goes with them: each costs time at every read, asked for or not."""
MAX_BLOCK_BYTES = 256 << 20
"""The most that a scan's compressed pieces may take each, unpacked."""
BAND_ROWS = 512
"""Rows of a band, if the caller does not say otherwise."""

_GDAL = {
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml, to read or to write
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no other file beside the scan either
    "GDAL_CACHEMAX": 64 << 20,
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
    "GDAL_TIFF_DEFLATE_SUBCODEC": "ZLIB",  # libdeflate leaves the end of a piece unset whose stream goes on beyond it
}
# What a read of a damaged file raises; GDAL's own errors are no RasterioError everywhere.
_FAULTS = (RasterioError, CPLE_BaseError)
_CM_PER_INCH = 2.54
_SANE_DPI = (20, 4800)
_DAMAGED = "fetch it again, or scan or save it anew"


@dataclass(frozen=True)
class Band:
    """Consecutive full-width rows of a scan.

    Args:
        first_row: Row of the scan that the first row here is.
        darkness: uint8 `(rows, width)`, 0 paper to 255 ink.
    """

    first_row: int
    darkness: NDArray[np.uint8]


class Scan:
    """An open scan; `open_scan` makes them.

    Args:
        dataset: The open file.
        path: Where it is.
        name: What to call the sheet in errors.
        again: Opens the same file anew, with nothing of it decoded yet.

    Attributes:
        width: Columns.
        height: Rows.
        dpi: Resolution that the file claims, if it claims one that can be.
        bilevel: Whether its pixels are paper or full ink alone.
    """

    def __init__(self, dataset: Any, path: Path, name: str, again: Callable[[], AbstractContextManager[Any]]) -> None:
        self._dataset = dataset
        self._name = name
        self._again = again
        self._normaliser = normaliser(dataset, name)
        self._pieces = Pieces(dataset, path, self._normaliser.bands)
        self.width = int(dataset.width)
        self.height = int(dataset.height)
        self.dpi = _dpi(dataset.tags())
        self.bilevel = self._normaliser.bilevel

    def bands(
        self, rows: int = BAND_ROWS, first_row: int = 0, end_row: int | None = None, lost: LostRows | None = None
    ) -> Iterator[Band]:
        """Read the scan, or some of its rows, once and top down.

        Args:
            rows: Rows of a band; the last one may have fewer.
            first_row: First row to read.
            end_row: Row to stop before; the scan's end if absent or beyond it.
            lost: Takes note of strips and tiles that cannot be read, whose rows are then given as paper. Absent: they
                are refused.

        Raises:
            ScanError: The file is damaged or cut short in these rows, and no note is kept, or it is no TIFF in several pieces: of one piece,
                nothing can be trusted.
        """
        if rows < 1 or first_row < 0:
            msg = f"rows is {rows} and first_row {first_row}; the one must be positive, the other not negative"
            raise ValueError(msg)
        stop = self.height if end_row is None else min(end_row, self.height)
        for row in range(first_row, stop, rows):
            end = min(row + rows, stop)
            if lost is not None:
                yield Band(row, self._read_around(row, end, lost))
                continue
            try:
                yield Band(row, self._read(row, end))
            except UnreadableError as error:
                raise ScanError(self._name, str(error), _DAMAGED) from error

    def _read(self, first_row: int, end_row: int, dataset: Any = None) -> NDArray[np.uint8]:
        where = f"rows {first_row} to {end_row - 1}"
        window = Window(0, first_row, self.width, end_row - first_row)
        with rasterio.Env(**_GDAL), listening() as complaints:
            try:
                self._pieces.check(first_row, end_row)
                pixels = (dataset or self._dataset).read(list(self._normaliser.bands), window=window)
            except _FAULTS as error:
                if out_of_memory(error):
                    raise  # says nothing of the scan
                raise UnreadableError(where, f"cannot be read ({_clause(error)})") from error
        if complaints:
            raise UnreadableError(where, f"are damaged ({complaints[0]})")
        return self._normaliser.convert(pixels)

    def _read_around(self, first_row: int, end_row: int, lost: LostRows) -> NDArray[np.uint8]:
        """The rows, with paper for those of every damaged piece that they meet."""
        piece_rows = self._pieces.rows
        if piece_rows is None or not lost.meets(first_row, end_row):
            try:
                return self._read(first_row, end_row)
            except UnreadableError as error:
                if piece_rows is None:
                    raise ScanError(self._name, str(error), _DAMAGED) from error
        darkness = np.zeros((end_row - first_row, self.width), np.uint8)
        # What has been decoded is kept by GDAL, and read again without a complaint; not so in a file that is opened anew.
        with self._again() as dataset:
            for top in range(first_row // piece_rows * piece_rows, end_row, piece_rows):
                start, end = max(top, first_row), min(top + piece_rows, end_row)
                if lost.meets(start, end):
                    continue
                try:
                    darkness[start - first_row : end - first_row] = self._read(start, end, dataset)
                except UnreadableError as error:
                    lost.add(top, min(top + piece_rows, self.height), error.why)
        return darkness


@contextmanager
def open_scan(path: Path, name: str, page: int | None = None) -> Iterator[Scan]:
    """Open a scan, or one page of a TIFF of several.

    Args:
        path: A local TIFF, PNG or JPEG file.
        name: What to call the sheet in errors.
        page: Which page, from 0; None for a file that must have one only.

    Raises:
        SourceMissingError: There is no such file.
        ScanError: It is no image of these kinds, claims an absurd size, has several pages and none was asked for, or is
            damaged.
    """
    with _opened(path, name) as dataset:
        check_upright(path, dataset.tags(), name)
        if page is None:
            _check_pages(dataset, name)
        places = dataset.subdatasets or [None]
        if not 0 <= (page or 0) < len(places):
            raise ScanError(name, f"it has {len(places)} pages and no page {(page or 0) + 1}", _DAMAGED)
        place = places[page or 0]
    again = partial(_opened, path, name, place)
    with again() as dataset:
        _check_size(dataset, name)
        try:
            scan = Scan(dataset, path, name, again)
        except _FAULTS as error:
            raise ScanError(name, f"what it says of its pixels cannot be read ({_clause(error)})", _DAMAGED) from error
        yield scan


def count_pages(path: Path, name: str) -> int:
    """Pages of an image file: 1 but for a TIFF of several.

    Raises:
        SourceMissingError, ScanError: As `open_scan` does for a file that cannot be opened.
    """
    with _opened(path, name) as dataset:
        return max(1, len(dataset.subdatasets))


@contextmanager
def _opened(path: Path, name: str, place: str | None = None) -> Iterator[Any]:
    """A file by the driver of its content; ``place`` is GDAL's own name of a page of it."""
    driver = driver_of(path, name)
    with rasterio.Env(**_GDAL), warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            dataset = rasterio.open(place or path.resolve(), driver=driver)
        except (*_FAULTS, ValueError) as error:
            if out_of_memory(error):
                raise
            found = f"{path.name} begins like an image but cannot be opened ({_clause(error)})"
            raise ScanError(name, found, _DAMAGED) from error
    with dataset:
        yield dataset


def _check_size(dataset: Any, name: str) -> None:
    width, height = dataset.width, dataset.height
    if width > MAX_SCAN_WIDTH or height > MAX_SCAN_ROWS or width * height > MAX_SCAN_PIXELS:
        found = f"it claims {width} columns by {height} rows"
        most = f"{MAX_SCAN_WIDTH} columns, {MAX_SCAN_ROWS:,} rows and {MAX_SCAN_PIXELS:,} pixels"
        remedy = f"cut or shrink it to {most} at most"
        raise ScanError(name, found, remedy)
    if dataset.count > MAX_BANDS:
        raise ScanError(name, f"its pixels have {dataset.count} parts", "save it as grey, as a palette or as RGB")
    block_rows, block_columns = dataset.block_shapes[0]
    block_bytes = block_rows * block_columns * dataset.count * 2
    if block_bytes > MAX_BLOCK_BYTES:
        found = f"it is stored in pieces of {block_columns} columns by {block_rows} rows"
        raise ScanError(name, found, "save it in strips of fewer rows")


def _check_pages(dataset: Any, name: str) -> None:
    pages = len(dataset.subdatasets)
    if pages > 1:
        raise ScanError(name, f"it has {pages} pages", "have `veernet digitise` put them together, or join them to one")


def _dpi(tags: dict[str, str]) -> float | None:
    """Resolution in dots per inch, if both directions agree on one that a scanner could have had."""
    try:
        across, down = float(tags["TIFFTAG_XRESOLUTION"]), float(tags["TIFFTAG_YRESOLUTION"])
    except (KeyError, ValueError):
        return None
    unit = tags.get("TIFFTAG_RESOLUTIONUNIT", "2")[:1]
    dpi = across * (_CM_PER_INCH if unit == "3" else 1)
    low, high = _SANE_DPI
    return dpi if unit != "1" and across == down and low <= dpi <= high else None


def _clause(error: BaseException) -> str:
    """What GDAL found, from the innermost error, in one line."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(getattr(error, "errmsg", error)).split())[:200] or type(error).__name__

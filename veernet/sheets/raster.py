"""Scans as full-width bands of darkness, top down, whatever the file's format.

A file is opened by the one GDAL driver that its content asks for, with nothing beside it looked at, and its size is
judged before a pixel is read. A decoder that merely logs what it could not decode counts as failed. At most one band is
held.
"""

from __future__ import annotations

import logging
import math
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import rasterio
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.windows import Window

from veernet.errors import ScanError
from veernet.sheets.darkness import normaliser
from veernet.sheets.kind import check_upright, driver_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MAX_SCAN_PIXELS = 4_000_000_000
"""Pixels of the largest scan that is taken: 2,400 columns by 1.6 million rows."""
MAX_SCAN_WIDTH = 40_000
"""Columns of the widest scan that is taken: a 36 inch plot at 1,100 dpi."""
MAX_BLOCK_BYTES = 256 << 20
"""The most that a scan's compressed pieces may take each, unpacked."""
BAND_ROWS = 512
"""Rows of a band, if the caller does not say otherwise."""

_GDAL = {
    "GDAL_PAM_ENABLED": "NO",  # no .aux.xml, to read or to write
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",  # no other file beside the scan either
    "GDAL_CACHEMAX": 64 << 20,
    "GDAL_ERROR_ON_LIBJPEG_WARNING": "YES",
}
_LOGGERS = ("rasterio", "rasterio._err", "rasterio._env", "rasterio._io", "rasterio._base")
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

    Attributes:
        width: Columns.
        height: Rows.
        dpi: Resolution that the file claims, if it claims one that can be.
    """

    def __init__(self, dataset: Any, name: str) -> None:
        self._dataset = dataset
        self._name = name
        self._normaliser = normaliser(dataset, name)
        self.width = int(dataset.width)
        self.height = int(dataset.height)
        self.dpi = _dpi(dataset.tags())
        self._one_strip: dict[int, bool] = {}

    def bands(self, rows: int = BAND_ROWS, first_row: int = 0, end_row: int | None = None) -> Iterator[Band]:
        """Read the scan, or some of its rows, once and top down.

        Args:
            rows: Rows of a band; the last one may have fewer.
            first_row: First row to read.
            end_row: Row to stop before; the scan's end if absent or beyond it.

        Raises:
            ScanError: The file is damaged or cut short in these rows.
        """
        if rows < 1 or first_row < 0:
            msg = f"rows is {rows} and first_row {first_row}; the one must be positive, the other not negative"
            raise ValueError(msg)
        stop = self.height if end_row is None else min(end_row, self.height)
        for row in range(first_row, stop, rows):
            yield Band(row, self._read(row, min(row + rows, stop)))

    def _read(self, first_row: int, end_row: int) -> NDArray[np.uint8]:
        where = f"rows {first_row} to {end_row - 1}"
        window = Window(0, first_row, self.width, end_row - first_row)
        with rasterio.Env(**_GDAL), _complaints() as complaints:
            try:
                self._check_stored(first_row, end_row)
                pixels = self._dataset.read(list(self._normaliser.bands), window=window)
            except (RasterioError, MemoryError) as error:
                raise ScanError(self._name, f"{where} cannot be read ({_clause(error)})", _DAMAGED) from error
        if complaints:
            found = f"{where} are damaged: {complaints[0]}"
            raise ScanError(self._name, found, _DAMAGED)
        return self._normaliser.convert(pixels)

    def _check_stored(self, first_row: int, end_row: int) -> None:
        """Refuse rows whose blocks the file does not hold: GDAL would make paper or ink of them."""
        if self._dataset.driver != "GTiff":
            return
        for band in self._normaliser.bands:
            block_rows, block_columns = self._dataset.block_shapes[band - 1]
            downs = range(first_row // block_rows, (end_row - 1) // block_rows + 1)
            for down in [0] if self._is_one_strip(band) else downs:
                for across in range(math.ceil(self.width / block_columns)):
                    if not self._stored(band, across, down):
                        found = f"rows from {down * block_rows} on are not in the file"
                        raise ScanError(self._name, found, _DAMAGED)

    def _is_one_strip(self, band: int) -> bool:
        """Whether a TIFF is all one strip: GDAL shows its lines as blocks, of which the first alone has a place."""
        if band not in self._one_strip:
            one_line = self._dataset.block_shapes[band - 1] == (1, self.width)
            self._one_strip[band] = one_line and not any(self._stored(band, 0, row) for row in range(1, self.height))
        return self._one_strip[band]

    def _stored(self, band: int, across: int, down: int) -> bool:
        return self._dataset.get_tag_item(f"BLOCK_OFFSET_{across}_{down}", "TIFF", bidx=band) is not None


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
            _check_size(dataset, name)
            _check_pages(dataset, name)
            yield Scan(dataset, name)
            return
        places = dataset.subdatasets or [None]
        if not 0 <= page < len(places):
            raise ScanError(name, f"it has {len(places)} pages and no page {page + 1}", _DAMAGED)
        if places[page] is None:
            _check_size(dataset, name)
            yield Scan(dataset, name)
            return
    with _opened(path, name, places[page]) as dataset:
        _check_size(dataset, name)
        yield Scan(dataset, name)


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
        except (RasterioError, ValueError) as error:
            found = f"{path.name} begins like an image but cannot be opened ({_clause(error)})"
            raise ScanError(name, found, _DAMAGED) from error
    with dataset:
        yield dataset


def _check_size(dataset: Any, name: str) -> None:
    width, height = dataset.width, dataset.height
    if width > MAX_SCAN_WIDTH or width * height > MAX_SCAN_PIXELS:
        found = f"it claims {width} columns by {height} rows"
        remedy = f"cut or shrink it to {MAX_SCAN_WIDTH} columns and {MAX_SCAN_PIXELS:,} pixels at most"
        raise ScanError(name, found, remedy)
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


class _Ear(logging.Handler):
    """Collects what GDAL complains of in this thread; others may be reading other scans."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.complaints.append(record.getMessage().removeprefix("CPLE_AppDefined:")[:200])


@contextmanager
def _complaints() -> Iterator[list[str]]:
    """What GDAL logs while the block runs, whatever the program's own logging is set to."""
    ear = _Ear()
    for name in _LOGGERS:
        logging.getLogger(name).disabled = False
    logger = logging.getLogger(_LOGGERS[0])
    if not logger.isEnabledFor(logging.WARNING):
        logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield ear.complaints
    finally:
        logger.removeHandler(ear)

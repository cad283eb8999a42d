"""The scan opener: any file is read the same however it is read, or refused. What GDAL's C code breaks ends the process."""

from __future__ import annotations

import ctypes
import logging
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import MemoryFile

from fuzz.drawn import pixels_of
from fuzz.refusals import check_refusal
from veernet.errors import ScanError
from veernet.sheets.lost import LostRows
from veernet.sheets.raster import Scan, count_pages, open_scan

TOKENS = (
    r"II*\x00 MM\x00* II+\x00 \x89PNG IHDR IDAT PLTE tRNS IEND \xff\xd8\xff \xff\xc0 \xff\xc2 \xff\xda JFIF Exif Adobe"
)
MAX_INPUT_BYTES = 16384

_NAME = "scan"
_ROWS = 300
_M_PERTURB = -6
_COMPRESSIONS = ("NONE", "PACKBITS", "LZW", "DEFLATE", "ZSTD", "LZMA", "LERC", "WEBP", "JPEG")

Pixels = NDArray[np.uint8]

logging.getLogger("rasterio").addHandler(logging.NullHandler())


def seeds() -> Iterator[bytes]:
    """A corner of a drawn sheet as every kind of scan there is: codecs, depths, colours, strips, tiles, pages."""
    grey = pixels_of(2)
    bilevel = (grey > 127).astype(np.uint8)
    colour = np.stack([grey, np.roll(grey, 3, axis=0), np.roll(grey, 5, axis=1)])
    for compress in ("CCITTFAX4", "CCITTFAX3", "CCITTRLE", "LZW", "NONE"):
        yield _tiff(bilevel, nbits=1, compress=compress, blockysize=16)
        yield _tiff(bilevel, nbits=1, compress=compress, blockysize=grey.shape[0], photometric="MINISWHITE")
    for compress in _COMPRESSIONS:
        for pixels in (grey, colour):
            if compress != "WEBP" or pixels is colour:
                yield _tiff(pixels, compress=compress, blockysize=24, interleave="pixel")
                yield _tiff(pixels, compress=compress, tiled=True, blockxsize=16, blockysize=16, interleave="pixel")
    yield _tiff(grey.astype(np.uint16) * 257, compress="LZW", predictor=2, endianness="BIG")
    yield _tiff(grey // 16, nbits=4, compress="DEFLATE", bigtiff="YES")
    yield _tiff(np.stack([*colour, grey]), compress="DEFLATE", interleave="band")
    yield _tiff(colour, compress="JPEG", photometric="YCBCR", interleave="pixel")
    yield _tiff(grey, compress="LZW", TIFFTAG_XRESOLUTION="200", TIFFTAG_YRESOLUTION="200", sparse_ok=True)
    for suffix, flags in ((".png", []), (".jpg", []), (".jpg", [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])):
        for pixels in (grey, np.moveaxis(colour, 0, -1)):
            yield cv2.imencode(suffix, pixels, flags)[1].tobytes()
    yield cv2.imencode(".png", bilevel * 255, [cv2.IMWRITE_PNG_BILEVEL, 1])[1].tobytes()
    yield cv2.imencodemulti(".tif", [grey, grey[::2]])[1].tobytes()


def check(data: bytes) -> str:
    """Read a file that holds ``data``, in two ways; says in words what became of it.

    Raises:
        AssertionError: It read one way and not, or otherwise, another way; or its refusal does not fit a log.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scan"
        path.write_bytes(data)
        try:
            pages = count_pages(path, _NAME)
        except ScanError as error:
            return _said(error)
        return " / ".join(
            _check_page(path, page) for page in {None if pages == 1 else 0, None if pages == 1 else pages - 1}
        )


def _check_page(path: Path, page: int | None) -> str:
    _stain_memory(1)
    whole = _outcome(path, page, lambda scan: _joined(scan, 512))
    _stain_memory(2)
    pieces = _outcome(path, page, lambda scan: _joined(scan, 37))
    assert isinstance(whole, str) == isinstance(pieces, str), f"one way {_short(whole)}, another {_short(pieces)}"
    _stain_memory(3)
    lost = LostRows()
    around = _outcome(path, page, lambda scan: _joined(scan, 64, lost))
    if isinstance(whole, str) or isinstance(pieces, str):
        return _short(whole)
    assert np.array_equal(whole, pieces), "bands of another height hold other pixels"
    assert not isinstance(around, str), f"whole, but {around}"
    assert not lost.found, f"whole, but {lost.found}"
    assert np.array_equal(whole, around), "with note of what is lost, other pixels"
    return _short(whole)


def _stain_memory(byte: int) -> None:
    """Have glibc fill what it hands out, so that pixels that nobody has set are other ones at each reading."""
    if sys.platform == "linux":
        ctypes.CDLL(None).mallopt(_M_PERTURB, byte)


def _outcome(path: Path, page: int | None, read: Callable[[Scan], Pixels]) -> Pixels | str:
    try:
        with open_scan(path, _NAME, page) as scan:
            return read(scan)
    except ScanError as error:
        return _said(error)


def _joined(scan: Scan, rows: int, lost: LostRows | None = None) -> Pixels:
    """The first rows of a scan, and the last few."""
    assert scan.dpi is None or 0 < scan.dpi < 1e5
    parts = []
    for first_row in sorted({0, max(0, scan.height - _ROWS // 8)}):
        end_row = min(first_row + _ROWS, scan.height)
        bands = list(scan.bands(rows, first_row, end_row, lost))
        assert [band.first_row for band in bands] == list(range(first_row, end_row, rows))
        parts += [band.darkness for band in bands]
    joined = np.concatenate(parts)
    assert joined.dtype == np.uint8
    assert joined.shape[1] == scan.width
    return joined


def _said(error: ScanError) -> str:
    check_refusal(error, _NAME)
    # Words that the file has made up, as names of a PNG's chunks, would make every input a new one.
    return " ".join(re.findall(r"[A-Za-z]{5,}", re.sub(r"/\S*/|b'.*'|b\".*\"", "", error.found))[:12])


def _short(outcome: Pixels | str) -> str:
    return outcome if isinstance(outcome, str) else f"read, {len(np.unique(outcome)).bit_length()} bits of shades"


def _tiff(pixels: Pixels | NDArray[np.uint16], **options: object) -> bytes:
    stack = pixels[None] if pixels.ndim == 2 else pixels
    tags = {key: options.pop(key) for key in list(options) if key.startswith("TIFFTAG")}
    count, height, width = stack.shape
    with MemoryFile() as memory, warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        profile = {"driver": "GTiff", "width": width, "height": height, "count": count, "dtype": stack.dtype}
        with memory.open(**profile, **options) as dataset:
            dataset.write(stack)
            dataset.update_tags(**tags)
        return bytes(memory.read())

"""What kind of image a file is, told by its first bytes and not by its name."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import BinaryIO

from veernet.errors import ScanError, SourceMissingError

#: Suffixes that each GDAL driver in use answers to.
SUFFIXES = {"GTiff": (".tif", ".tiff"), "PNG": (".png",), "JPEG": (".jpg", ".jpeg")}

_TITLES = {"GTiff": "a TIFF", "PNG": "a PNG", "JPEG": "a JPEG"}
_MAGIC = {
    b"II*\0": "GTiff",
    b"MM\0*": "GTiff",
    b"II+\0": "GTiff",
    b"MM\0+": "GTiff",
    b"\x89PNG\r\n\x1a\n": "PNG",
    b"\xff\xd8\xff": "JPEG",
}
_NOT_IMAGES = {
    b"%PDF": "a PDF document",
    b"<vrtdataset": "a VRT document, which would read other files",
    b"<!doctype html": "an HTML page",
    b"<html": "an HTML page",
    b"<": "an XML or HTML document",
    b"PK": "a ZIP archive",
    b"\x1f\x8b": "a gzip archive",
    b"GIF8": "a GIF",
    b"BM": "a BMP",
}
_PDF_MAGIC = b"%PDF-"
_HEAD_BYTES = 512
_REMEDY = "fetch it again, or scan or save it as TIFF, PNG or JPEG"
_UPRIGHT = 1
_ORIENTATION_TAG = 274


def driver_of(path: Path, name: str) -> str:
    """The GDAL driver that the file's own bytes ask for.

    Raises:
        SourceMissingError: There is no such file.
        ScanError: It is empty, no image of a kind in use, or of another kind than its suffix says.
    """
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except FileNotFoundError as error:
        raise SourceMissingError(
            name,
            f"there is no file {path.name}",
            "check its name where it is given: in the manifest, or on the command line",
        ) from error
    except OSError as error:
        raise ScanError(name, f"{path.name} cannot be read ({error.strerror})", _REMEDY) from error
    driver = next((driver for magic, driver in _MAGIC.items() if head.startswith(magic)), None)
    if driver is None:
        raise ScanError(name, f"{path.name} is {_title(head)}, not an image of a log", _REMEDY)
    suffix = path.suffix.lower()
    promised = next((kind for kind, suffixes in SUFFIXES.items() if suffix in suffixes), driver)
    if promised != driver:
        found = f"{path.name} is {_TITLES[driver]} by its content"
        raise ScanError(name, found, f"rename it to {path.stem}{SUFFIXES[driver][0]}, and its manifest's source too")
    return driver


def is_pdf(path: Path) -> bool:
    """Whether a file is a PDF by its first bytes."""
    try:
        with path.open("rb") as file:
            return file.read(len(_PDF_MAGIC)) == _PDF_MAGIC
    except OSError:
        return False


def check_upright(path: Path, tags: dict[str, str], name: str) -> None:
    """Refuse a scan that asks to be turned: its rows would not be those that a viewer shows.

    Args:
        path: The scan's file; of a TIFF, the tag is read from there, for GDAL does not tell it.
        tags: What GDAL tells, a JPEG's orientation among it.
        name: What to call the sheet in errors.

    Raises:
        ScanError: Its orientation tag is there and not 1.
    """
    with path.open("rb") as file:
        head = file.read(4)
        file.seek(0)
        is_tiff = _MAGIC.get(head) == "GTiff"
        orientation = _orientation(file) if is_tiff else _integer(tags.get("EXIF_Orientation", ""))
    if orientation != _UPRIGHT:
        found = f"its orientation tag is {orientation}: viewers turn or mirror what its rows hold"
        raise ScanError(name, found, "save it upright (orientation 1), and take rows and columns off that")


def _title(head: bytes) -> str:
    if not head:
        return "an empty file"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    known = (title for start, title in _NOT_IMAGES.items() if text.startswith(start) or text.lower().startswith(start))
    return next(known, f"a file that begins with {head[:8]!r}")


def _integer(text: str) -> int:
    return int(text) if text.strip().isdecimal() else _UPRIGHT


def _orientation(file: BinaryIO) -> int:
    """Orientation tag of a TIFF's first page; upright if there is none, or the directory cannot be followed."""
    head = file.read(16)
    order = "<" if head[:1] == b"I" else ">"
    big = head[2:4] in {b"+\0", b"\0+"}
    offset_format, count_format, entry_bytes = ("Q", "Q", 20) if big else ("I", "H", 12)
    try:
        (offset,) = struct.unpack_from(order + offset_format, head, 8 if big else 4)
        file.seek(offset)
        (count,) = struct.unpack(order + count_format, file.read(struct.calcsize(count_format)))
        # Tags are few; a damaged count must not ask for the whole file.
        entries = io.BytesIO(file.read(min(count, 4096) * entry_bytes))
        while len(entry := entries.read(entry_bytes)) == entry_bytes:
            tag, kind = struct.unpack_from(order + "HH", entry)
            if tag == _ORIENTATION_TAG:
                value = struct.unpack_from(order + ("H" if kind == 3 else "I"), entry, 12 if big else 8)[0]
                return int(value) or _UPRIGHT
    except (struct.error, OSError, OverflowError, ValueError):
        return _UPRIGHT  # GDAL says what is wrong with it
    return _UPRIGHT

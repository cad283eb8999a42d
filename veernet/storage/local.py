"""Objects on a local disk: a file appears whole and on the disk, or not at all."""

from __future__ import annotations

import errno
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from veernet.location import Location

CHUNK_BYTES = 8 << 20


@dataclass(frozen=True)
class StoredObject:
    """An object as a listing tells of it.

    Args:
        uri: Where it is, without credentials.
        size_bytes: Its length.
        etag: What changes when its content does; S3's own ETag without quotes, or a file's identity and time of change.
            Equal ones at one place mean that it was left alone; of contents at two places they say nothing.
        modified_s: When it was last written, seconds since 1970.
    """

    uri: str
    size_bytes: int
    etag: str
    modified_s: float


def read(place: Location) -> tuple[StoredObject, Iterator[bytes]]:
    """Tell what is there, its length as it is promised, and give the content in chunks."""
    if place.path.is_dir():
        raise IsADirectoryError(errno.EISDIR, "is a folder")
    if place.path.exists() and not place.path.is_file():
        raise PermissionError(errno.EACCES, "is no regular file")
    return stat(place), _chunks(place.path)


def stat(place: Location) -> StoredObject:
    """Tell of one file what a listing does."""
    return _told(str(place.path), place.path.stat())


def _told(path: str, found: os.stat_result) -> StoredObject:
    # Whoever sets a file's time back cannot set back when that was done.
    times = f"{found.st_mtime_ns:x}-{found.st_ctime_ns:x}"
    return StoredObject(path, found.st_size, f"{found.st_ino:x}-{times}-{found.st_size:x}", found.st_mtime)


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


def write(place: Location, content: Path | bytes) -> None:
    """Store a file's content, or bytes, in place of what was there."""
    with written_whole(place.path) as sink:
        if isinstance(content, bytes):
            sink.write(content)
        else:
            sink.writelines(_chunks(content))


def create(place: Location, data: bytes) -> bool:
    """Store ``data`` unless something is there; whether it was stored."""
    path = place.path
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".veernet-", dir=path.parent) as folder:
        whole = Path(folder) / "whole"
        with written_whole(whole) as sink:
            sink.write(data)
        try:
            os.link(whole, path)  # unlike a rename, it never replaces
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


def remove(place: Location) -> None:
    """Remove a file, if there is one."""
    place.path.unlink(missing_ok=True)


def exists(place: Location) -> bool:
    """Whether there is a file."""
    return place.path.is_file()


def list_objects(folder: Location) -> Iterator[StoredObject]:
    """Give the files below a folder in the order of their paths, holding the names of one folder of each depth."""
    with os.scandir(folder.path) as entries:
        visible = [
            (
                f"{entry.name}/" if entry.is_dir(follow_symlinks=False) else entry.name,
                entry,
            )  # a link may lead in a circle
            for entry in entries
            if not entry.name.startswith(".")
        ]
    visible.sort(key=lambda named: named[0])  # as keys compare: "a-b/x" comes before "a/x"
    for name, entry in visible:
        if name.endswith("/"):
            yield from list_objects(Location("", entry.path))
        elif found := _found(entry):
            yield _told(entry.path, found)


def _found(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What a regular file is like; None for anything else, and for what is gone since it was listed."""
    try:
        return entry.stat() if entry.is_file() else None
    except FileNotFoundError:
        return None


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file that appears at ``path`` only when it is complete and on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with part.open("xb") as sink:
            yield sink
            sink.flush()
            os.fsync(sink.fileno())
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

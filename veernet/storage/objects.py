"""What the rest of VeerNet does with objects, wherever they are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from veernet.errors import StorageError
from veernet.location import Location, Source, resolve
from veernet.storage import local, s3
from veernet.storage.faults import TRIES, BrokenOffError, StorageDeniedError, asked_again, told
from veernet.storage.local import StoredObject, written_whole

_MD5 = re.compile(r"[0-9a-f]{32}")
#: Buckets whose ETags look like MD5 and are none, as those of objects under some kinds of encryption.
_TAGGED_OTHERWISE: set[str] = set()


@dataclass(frozen=True)
class Fetched:
    """An object that lies whole on the local disk.

    Args:
        path: Where it lies.
        uri: Where it came from, without credentials.
        size_bytes: Its length, equal to what the storage promised.
        sha256: Its digest, in hexadecimal.
        etag: What a listing would have told when it was fetched.
    """

    path: Path
    uri: str
    size_bytes: int
    sha256: str
    etag: str = ""


def fetch(source: Source, to_dir: Path) -> Fetched:
    """Bring the whole object into the folder ``to_dir`` under its own name, hashed on the way.

    One that is replaced while it is read is read again: half of it would be of one content, half of another. So is one that is not what its
    ETag stands for, where that is a digest; in some buckets it is none, and looks like one: the same bytes twice are then what is there.

    Raises:
        SourceMissingError: there is no such object.
        StorageError: it cannot be had, came shorter than promised ``TRIES`` times, or different each time.
    """
    place = resolve(source)
    path = to_dir / (place.name or "object")

    def once() -> tuple[Fetched, bool]:
        return asked_again(place, lambda: _fetch(place, path))

    fetched, as_tagged = once()
    if as_tagged or place.bucket in _TAGGED_OTHERWISE:
        return fetched
    again, as_tagged = once()
    if not as_tagged:
        if again.sha256 != fetched.sha256:
            found = "gave other bytes each time, and never those that its ETag stands for"
            raise StorageError(str(place), found, "look after the storage and the network to it, then try again")
        _TAGGED_OTHERWISE.add(place.bucket)
    return again


def _fetch(place: Location, path: Path) -> tuple[Fetched, bool]:
    """Bring an object near once; and whether it is what its ETag stands for, as far as that can be told."""
    digest, md5, size_bytes = hashlib.sha256(), hashlib.md5(usedforsecurity=False), 0
    with written_whole(path) as sink:
        promised, chunks = _at(place).read(place)
        for chunk in chunks:
            sink.write(chunk)
            digest.update(chunk)
            md5.update(chunk)
            size_bytes += len(chunk)
        if size_bytes != promised.size_bytes:
            found = f"gave {size_bytes} of the {promised.size_bytes} bytes that it promised, {TRIES} times over"
            raise BrokenOffError(str(place), found, "check the storage, or whether something still writes this object")
    told = _MD5.fullmatch(promised.etag)
    fetched = Fetched(path, str(place), size_bytes, digest.hexdigest(), promised.etag)
    return fetched, place.is_local or not told or promised.etag == md5.hexdigest()


def read_bytes(source: Source, max_bytes: int) -> bytes:
    """Read a small object; of one that is longer than promised no more than ``max_bytes`` and a chunk.

    Raises:
        SourceMissingError: there is no such object.
        StorageError: it cannot be had, or is longer than ``max_bytes`` (not retryable).
    """
    place = resolve(source)
    with told(place):
        promised, chunks = _at(place).read(place)
        promised_bytes, data = promised.size_bytes, b""
        if promised_bytes <= max_bytes:
            for chunk in chunks:
                data += chunk
                if len(data) > max_bytes:
                    break
    if max(promised_bytes, len(data)) > max_bytes:
        found = f"has {max(promised_bytes, len(data))} bytes, more than the {max_bytes} allowed here"
        raise StorageDeniedError(str(place), found, "check that this is the file you meant")
    if len(data) != promised_bytes:
        raise StorageError(str(place), f"gave {len(data)} of {promised_bytes} bytes", "try again")
    return data


def put_file(target: Source, path: Path) -> None:
    """Store the file at ``path`` as ``target``, whole or not at all; what was there before is replaced at once.

    Raises:
        SourceMissingError: there is no such file, or no such bucket.
        StorageError: it could not be stored; an earlier object is as it was.
    """
    place = resolve(target)
    with told(resolve(path)), path.open("rb"):
        pass  # whatever is wrong with it is said of the file, not of the target
    with told(place):
        _at(place).write(place, path)


def put_bytes(target: Source, data: bytes) -> None:
    """Store ``data`` as ``target``, as ``put_file`` does."""
    place = resolve(target)
    with told(place):
        _at(place).write(place, data)


def create_once(target: Source, data: bytes) -> bool:
    """Store ``data`` as ``target`` unless something is there; of many callers at most one is told True.

    That is the storage's own promise: S3 decides conditional puts one after the other, but OpenStack Swift looks before it writes, and may tell
    two at one moment.

    Raises:
        SourceMissingError: there is no such bucket.
        StorageError: the storage did not take it.
    """
    place = resolve(target)
    with told(place):
        return _at(place).create(place, data)


def remove(target: Source) -> None:
    """Remove the object at ``target``, if there is one; a local folder that it leaves empty stays.

    Raises:
        StorageError: the storage refused.
    """
    place = resolve(target)
    with told(place):
        _at(place).remove(place)


def exists(source: Source) -> bool:
    """Whether there is an object (not a folder) at ``source``.

    Raises:
        StorageError: the storage did not say.
    """
    place = resolve(source)
    with told(place):
        return _at(place).exists(place)


def stat(source: Source) -> StoredObject:
    """Tell of one object what a listing does.

    Raises:
        SourceMissingError: there is no such object.
        StorageError: the storage did not say.
    """
    place = resolve(source)
    with told(place):
        return _at(place).stat(place)


def is_folder(source: Source) -> bool:
    """Whether ``source`` is a local folder, or on S3 a bucket or a prefix with an object below it."""
    place = resolve(source)
    if place.is_local:
        return place.path.is_dir()
    return not place.key or next(list_objects(place), None) is not None


def list_objects(folder: Source) -> Iterator[StoredObject]:
    """Give the objects below ``folder``, at any depth and in the order of their keys; hidden ones are left out.

    However many there are, they are not held: S3 is asked for a page at a time, a disk for a folder at a time.

    Raises:
        SourceMissingError: there is no such local folder, or no such bucket.
        StorageError: the storage did not answer, or has a key that names no path, as ``a//b``.
    """
    place = resolve(folder)
    with told(place):
        yield from _at(place).list_objects(place)


def list_uris(folder: Source) -> Iterator[str]:
    """Give where the objects below ``folder`` are, as ``list_objects`` does."""
    return (found.uri for found in list_objects(folder))


class _Store(Protocol):
    """What a module that keeps objects gives: ``local`` and ``s3`` do."""

    def read(self, place: Location) -> tuple[StoredObject, Iterator[bytes]]: ...
    def stat(self, place: Location) -> StoredObject: ...
    def write(self, place: Location, content: Path | bytes) -> None: ...
    def create(self, place: Location, data: bytes) -> bool: ...
    def remove(self, place: Location) -> None: ...
    def exists(self, place: Location) -> bool: ...
    def list_objects(self, folder: Location) -> Iterator[StoredObject]: ...


def _at(place: Location) -> _Store:
    if place.is_local:
        return local
    return s3

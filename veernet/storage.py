"""One layer over local disks and S3: whole objects in, atomic objects out.

A scan is fetched whole and opened locally, because range reads of compressed strips save little and fail in ways that cannot be repaired.
S3 is set up by the usual ``AWS_*`` variables and by nothing else: no URI, option or record carries a credential.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, ClassVar, cast

from veernet.errors import SourceMissingError, StorageError
from veernet.location import Location, Source, redact, resolve

if TYPE_CHECKING:
    from obstore.store import ClientConfig, RetryConfig, S3Store

__all__ = [
    "Fetched",
    "Location",
    "StorageDeniedError",
    "create_once",
    "exists",
    "fetch",
    "is_folder",
    "list_uris",
    "put_bytes",
    "put_file",
    "read_bytes",
    "redact",
    "remove",
    "resolve",
]

CHUNK_BYTES = 8 << 20
FETCH_TRIES = 3
PAGE_OBJECTS = 1000

CONNECT_TIMEOUT_S = 10
STALL_TIMEOUT_S = 30
REQUEST_TIMEOUT_S = 900
RETRIES = 5
RETRY_TIMEOUT_S = 60


class StorageDeniedError(StorageError):
    """The storage answered, and says that we may not: asking again does not help."""

    reason: ClassVar[str] = "storage-denied"
    retryable: ClassVar[bool] = False


@dataclass(frozen=True)
class Fetched:
    """An object that lies whole on the local disk.

    Args:
        path: Where it lies.
        uri: Where it came from, without credentials.
        size_bytes: Its length, equal to what the storage promised.
        sha256: Its digest, in hexadecimal.
    """

    path: Path
    uri: str
    size_bytes: int
    sha256: str


def fetch(source: Source, to_dir: Path) -> Fetched:
    """Bring the whole object into the folder ``to_dir`` under its own name, hashed on the way.

    Raises:
        SourceMissingError: there is no such object.
        StorageError: it cannot be had, or came shorter than promised ``FETCH_TRIES`` times.
    """
    place = resolve(source)
    path = to_dir / (place.name or "object")
    promised_bytes = size_bytes = 0
    for _ in range(FETCH_TRIES):
        with _mapped(place), _written_whole(path) as sink:
            digest, size_bytes = hashlib.sha256(), 0
            promised_bytes, chunks = _open(place)
            for chunk in chunks:
                sink.write(chunk)
                digest.update(chunk)
                size_bytes += len(chunk)
        if size_bytes == promised_bytes:
            return Fetched(path, str(place), size_bytes, digest.hexdigest())
        path.unlink()
    found = f"gave {size_bytes} of the {promised_bytes} bytes that it promised, {FETCH_TRIES} times over"
    raise StorageError(str(place), found, "check the storage, or whether something still writes this object")


def read_bytes(source: Source, max_bytes: int) -> bytes:
    """Read a small object.

    Raises:
        SourceMissingError: there is no such object.
        StorageError: it cannot be had, or is longer than ``max_bytes`` (not retryable).
    """
    place = resolve(source)
    with _mapped(place):
        promised_bytes, chunks = _open(place)
        data = b""
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
        StorageError: it could not be stored; an earlier object is as it was.
    """
    place = resolve(target)
    with _mapped(resolve(path)):
        size_bytes = path.stat().st_size
    with _mapped(place):
        if place.is_local:
            with path.open("rb") as source, _written_whole(place.path) as sink:
                while chunk := source.read(CHUNK_BYTES):
                    sink.write(chunk)
            return
        import obstore

        obstore.put(_bucket(place.bucket), place.key, path)
        stored_bytes = obstore.head(_bucket(place.bucket), place.key)["size"]
    if stored_bytes != size_bytes:
        raise StorageError(str(place), f"kept {stored_bytes} of {size_bytes} bytes", "try again")


def put_bytes(target: Source, data: bytes) -> None:
    """Store ``data`` as ``target``, as ``put_file`` does."""
    place = resolve(target)
    with _mapped(place):
        if place.is_local:
            with _written_whole(place.path) as sink:
                sink.write(data)
        else:
            import obstore

            obstore.put(_bucket(place.bucket), place.key, data)


def create_once(target: Source, data: bytes) -> bool:
    """Store ``data`` as ``target`` unless something is there; of many callers at most one is told True.

    Raises:
        StorageError: the storage did not take it.
    """
    place = resolve(target)
    with _mapped(place):
        if place.is_local:
            return _create_local(place.path, data)
        import obstore
        from obstore.exceptions import AlreadyExistsError

        try:
            obstore.put(_bucket(place.bucket), place.key, data, mode="create")
        except AlreadyExistsError:
            return False
    return True


def _create_local(path: Path, data: bytes) -> bool:
    if path.exists():
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".veernet-", dir=path.parent) as folder:
        whole = Path(folder) / "whole"
        with _written_whole(whole) as sink:
            sink.write(data)
        try:
            os.link(whole, path)  # unlike a rename, it never replaces
        except FileExistsError:
            return False
    _sync_folder(path.parent)
    return True


def remove(target: Source) -> None:
    """Remove the object at ``target``, if there is one; a local folder that it leaves empty stays.

    Raises:
        StorageError: the storage refused.
    """
    place = resolve(target)
    with _mapped(place):
        if place.is_local:
            place.path.unlink(missing_ok=True)
            return
        import obstore

        with suppress(FileNotFoundError):  # S3 itself does not tell
            obstore.delete(_bucket(place.bucket), place.key)


def exists(source: Source) -> bool:
    """Whether there is an object (not a folder) at ``source``.

    Raises:
        StorageError: the storage did not say.
    """
    place = resolve(source)
    with _mapped(place):
        if place.is_local:
            return place.path.is_file()
        if not place.key:
            return False
        import obstore

        try:
            obstore.head(_bucket(place.bucket), place.key)
        except FileNotFoundError:
            return False
    return True


def is_folder(source: Source) -> bool:
    """Whether ``source`` is a local folder, or on S3 a bucket or a prefix with an object below it."""
    place = resolve(source)
    if place.is_local:
        return place.path.is_dir()
    return not place.key or next(list_uris(place), None) is not None


def list_uris(folder: Source) -> Iterator[str]:
    """Give the objects below ``folder``, at any depth, page by page and in the order of their names; hidden ones are left out.

    Raises:
        SourceMissingError: there is no such local folder.
        StorageError: the storage did not answer.
    """
    place = resolve(folder)
    with _mapped(place):
        if place.is_local:
            yield from _list_local(place.path)
            return
        import obstore

        for page in obstore.list(_bucket(place.bucket), place.key or None, chunk_size=PAGE_OBJECTS):
            for entry in page:
                location = Location(place.bucket, entry["path"])
                if "/." not in f"/{location.key.removeprefix(place.key)}":
                    yield str(location)


def _list_local(folder: Path) -> Iterator[str]:
    with os.scandir(folder) as entries:
        visible = sorted((entry for entry in entries if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in visible:
        if entry.is_dir(follow_symlinks=False):  # a link to a folder may lead round in a circle
            yield from _list_local(Path(entry.path))
        elif entry.is_file():
            yield entry.path


def _open(place: Location) -> tuple[int, Iterator[bytes]]:
    """Give the promised length in bytes, and the content in chunks."""
    if place.is_local:
        if place.path.is_dir():
            raise IsADirectoryError(errno.EISDIR, "is a folder")
        if place.path.exists() and not place.path.is_file():
            raise PermissionError(errno.EACCES, "is no regular file")
        return place.path.stat().st_size, _chunks(place.path)
    import obstore

    result = obstore.get(_bucket(place.bucket), place.key)
    return result.meta["size"], (bytes(chunk) for chunk in result.stream(min_chunk_size=CHUNK_BYTES))


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk


@contextmanager
def _written_whole(path: Path) -> Iterator[BinaryIO]:
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


@lru_cache(maxsize=16)
def _bucket(name: str) -> S3Store:
    from obstore.store import S3Store

    endpoint = next(
        (os.environ[key] for key in ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT") if os.environ.get(key)),
        None,
    )
    client: dict[str, Any] = {
        "connect_timeout": f"{CONNECT_TIMEOUT_S}s",
        "read_timeout": f"{int(STALL_TIMEOUT_S * 1000)}ms",
        "timeout": f"{REQUEST_TIMEOUT_S}s",  # a whole scan is one request; a stall is caught by the one above
        "allow_http": (endpoint or "").startswith("http://"),
    }
    retry: RetryConfig = {
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=RETRY_TIMEOUT_S),
        "backoff": {"init_backoff": timedelta(seconds=0.2), "max_backoff": timedelta(seconds=10), "base": 2},
    }
    config = {"endpoint": endpoint} if endpoint else {}
    return S3Store(name, client_options=cast("ClientConfig", client), retry_config=retry, **cast("Any", config))


@contextmanager
def _mapped(place: Location) -> Iterator[None]:
    """Turn what operating system and obstore raise into our errors.

    ``from None`` throughout: obstore's own messages dump requests, which may hold credentials.
    """
    from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError

    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise SourceMissingError(
            str(place), "is not there", "check the name, and that its disk or bucket is the one you mean"
        ) from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        remedy = "check the AWS_* credentials, their expiry and the bucket's policy"
        raise StorageDeniedError(str(place), _first_line(error), remedy) from None
    except (PermissionError, IsADirectoryError) as error:
        raise StorageDeniedError(str(place), _first_line(error), "check the path and its permissions") from None
    except OSError as error:
        if error.errno == errno.ENOSPC:
            raise StorageError(str(place), "the disk is full", "make room, or give another --out or TMPDIR") from None
        if error.errno in (errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.EEXIST):
            raise StorageDeniedError(str(place), _first_line(error), "give another place") from None
        raise StorageError(str(place), _first_line(error), "check the disk, then try again") from None
    except (BaseError, ValueError) as error:
        remedy = "check AWS_ENDPOINT_URL, AWS_REGION and the network, then try again"
        raise StorageError(str(place), _first_line(error), remedy) from None


def _first_line(error: Exception) -> str:
    message = error.strerror if isinstance(error, OSError) and error.strerror else str(error).strip().partition("\n")[0]
    return redact(message or type(error).__name__)

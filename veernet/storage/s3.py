"""Objects in a bucket, through obstore: one client a bucket, with time-outs, and retries for what can pass."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from veernet.errors import OptionError
from veernet.location import Location
from veernet.storage import faults
from veernet.storage.faults import BrokenOffError, asked_again, told
from veernet.storage.local import CHUNK_BYTES, StoredObject

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Store

PAGE_OBJECTS = 1000

CONNECT_TIMEOUT_S = 10
STALL_TIMEOUT_S = 30
REQUEST_TIMEOUT_S = 900
RETRIES = (
    10  # at waits that grow, at random, by half of BACKOFF_S each: some 16 s, in which a storage can be started again
)
BACKOFF_S = 0.5
RETRY_TIMEOUT_S = 60

_ENDPOINT_VARIABLES = ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL", "AWS_ENDPOINT")
_SIGNING_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
)


def read(place: Location) -> tuple[StoredObject, Iterator[bytes]]:
    """Tell what is there, its length as it is promised, and give the content in chunks as they come."""
    import obstore

    result = obstore.get(bucket(place.bucket), place.key)
    return _told_of(place.bucket, result.meta), (bytes(chunk) for chunk in result.stream(min_chunk_size=CHUNK_BYTES))


def write(place: Location, content: Path | bytes) -> None:
    """Store a file's content, or bytes, in place of what was there; S3 checks the digest that the request is signed with."""
    import obstore

    obstore.put(bucket(place.bucket), place.key, content)


def create(place: Location, data: bytes) -> bool:
    """Store ``data`` unless something is there; whether it was stored.

    A lost answer leaves open whether it was. Asked again, S3 says that something is there, and reading it tells whether it is ours.
    """
    asked = 0

    def ask() -> bool:
        nonlocal asked
        asked += 1
        return _create(place, data) or (asked > 1 and _holds(place, data))

    return asked_again(place, ask)


def _create(place: Location, data: bytes) -> bool:
    import obstore
    from obstore.exceptions import AlreadyExistsError

    try:
        obstore.put(bucket(place.bucket), place.key, data, mode="create")
    except AlreadyExistsError:
        return False
    return True


def _holds(place: Location, data: bytes) -> bool:
    found, chunks = read(place)
    return found.size_bytes == len(data) and b"".join(chunks) == data


def remove(place: Location) -> None:
    """Remove an object, if there is one; S3 does not tell."""
    import obstore

    asked_again(place, lambda: obstore.delete(bucket(place.bucket), place.key))


def exists(place: Location) -> bool:
    """Whether there is an object; a bucket that is not there has none."""
    import obstore

    if not place.key:
        return False
    with suppress(FileNotFoundError):
        obstore.head(bucket(place.bucket), place.key)
        return True
    return False


def list_objects(folder: Location) -> Iterator[StoredObject]:
    """Give the objects below a prefix in the order of their keys, asking for a page when the one before is used up.

    The client asks again where a page does not begin to come; where one breaks off, the listing goes on after the last key that came.
    """
    after, failed = "", 0
    while True:
        try:
            with told(folder):
                for page in _pages(folder, after):
                    yield from _visible(page, folder)
                    after, failed = page[-1]["path"], 0
            return
        except BrokenOffError:
            failed += 1
            if failed == faults.TRIES:
                raise
            time.sleep(faults.PAUSE_S * 2**failed)


def _pages(folder: Location, after: str) -> Iterator[Sequence[ObjectMeta]]:
    import obstore

    return obstore.list(bucket(folder.bucket), folder.key or None, offset=after or None, chunk_size=PAGE_OBJECTS)


def _visible(page: Sequence[ObjectMeta], folder: Location) -> Iterator[StoredObject]:
    for entry in page:
        below = entry["path"].removeprefix(folder.key)  # nothing is left of the mark that a console makes of a folder
        if below and "/." not in f"/{below}":
            yield _told_of(folder.bucket, entry)


def stat(place: Location) -> StoredObject:
    """Tell of one object what a listing does."""
    import obstore

    return _told_of(place.bucket, obstore.head(bucket(place.bucket), place.key))


def _told_of(bucket_name: str, meta: ObjectMeta) -> StoredObject:
    uri, etag = str(Location(bucket_name, meta["path"])), (meta["e_tag"] or "").strip('"')
    return StoredObject(uri, meta["size"], etag, meta["last_modified"].timestamp())


@lru_cache(maxsize=16)
def bucket(name: str) -> S3Store:
    """The client of a bucket, set up by the environment; it is kept, and with it its connections.

    Raises:
        OptionError: a variable holds what no request can be made of.
    """
    from obstore.store import S3Store

    variable = next((name for name in _ENDPOINT_VARIABLES if os.environ.get(name)), None)
    endpoint = os.environ[variable] if variable else ""
    if variable and not _is_endpoint(endpoint):
        found = "is no address of an S3 server"
        raise OptionError(variable, found, "write it as https://host:port, with no credentials in it")
    for signing in _SIGNING_VARIABLES:
        if re.search(r"[\x00-\x20\x7f]", os.environ.get(signing, "")):
            raise OptionError(signing, "has a space or a line break in it", "set it again without")
    client: dict[str, Any] = {
        "connect_timeout": f"{CONNECT_TIMEOUT_S}s",
        "read_timeout": f"{int(STALL_TIMEOUT_S * 1000)}ms",
        "timeout": f"{REQUEST_TIMEOUT_S}s",  # a whole scan is one request; a stall is caught by the one above
        "allow_http": endpoint.startswith("http://"),
    }
    retry: RetryConfig = {
        "max_retries": RETRIES,
        "retry_timeout": timedelta(seconds=RETRY_TIMEOUT_S),
        "backoff": {"init_backoff": timedelta(seconds=BACKOFF_S), "max_backoff": timedelta(seconds=10), "base": 2},
    }
    config = {"endpoint": endpoint} if endpoint else {}
    return S3Store(name, client_options=cast("ClientConfig", client), retry_config=retry, **cast("Any", config))


def _is_endpoint(text: str) -> bool:
    """Whether the client can be given this URL: over one that it cannot send to it panics."""
    with suppress(ValueError):
        parts = urlsplit(text)
        port = f":{parts.port}" if parts.port else ""
        return bool(re.fullmatch(rf"https?://([\w.-]+|\[[0-9a-fA-F:.]+\]){port}(/[\w./-]*)?", text))
    return False

"""One layer over local disks and S3: whole objects in, atomic objects out.

A scan is fetched whole and opened locally, because range reads of compressed strips save little and fail in ways that cannot be repaired.
S3 is set up by the usual ``AWS_*`` variables and by nothing else: no URI, option or record carries a credential.
"""

from veernet.location import Location, redact, resolve
from veernet.storage.faults import StorageDeniedError
from veernet.storage.local import StoredObject
from veernet.storage.objects import (
    Fetched,
    create_once,
    exists,
    fetch,
    is_folder,
    list_objects,
    list_uris,
    put_bytes,
    put_file,
    read_bytes,
    remove,
    stat,
)
from veernet.storage.together import put_files

__all__ = [
    "Fetched",
    "Location",
    "StorageDeniedError",
    "StoredObject",
    "create_once",
    "exists",
    "fetch",
    "is_folder",
    "list_objects",
    "list_uris",
    "put_bytes",
    "put_file",
    "put_files",
    "read_bytes",
    "redact",
    "remove",
    "resolve",
    "stat",
]

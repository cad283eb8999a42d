"""Several files put together: a folder has all of the new ones or all of the earlier ones, as far as storage allows."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from veernet.errors import VeerNetError
from veernet.location import Location
from veernet.storage.faults import told
from veernet.storage.local import CHUNK_BYTES, written_whole
from veernet.storage.objects import exists, fetch, put_file, remove


def put_files(folder: Location, files: Sequence[Path], *, again: bool) -> None:
    """Put files into ``folder`` under their own names, the last one last; where that fails, what was there before is there still.

    On a local disk all are written in full beside their targets before the first one is replaced, so that a full disk or a
    missing permission changes nothing. Object storage replaces one object at a time: what the objects held is brought near first, and put back
    where a later one fails. What no order of requests can give there, nor between the renames on a disk: where the process is killed, or the
    storage gone for good, between the first file and the last, both results are mixed. The last file is then still the earlier one, and
    digests in it do not fit, so that a record in that place tells.

    Args:
        folder: Where to.
        files: What to put.
        again: Whether anything may be there before.

    Raises:
        StorageError: The storage did not take them.
    """
    if folder.is_local:
        _replace_on_disk(folder, files)
        return
    with tempfile.TemporaryDirectory(prefix="veernet-before-") as near:
        before = {
            file.name: fetch(folder / file.name, Path(near)).path
            for file in files
            if again and exists(folder / file.name)
        }
        put: list[str] = []
        try:
            for file in files:
                put.append(file.name)  # before it is: S3 may have stored what it gave no answer to
                put_file(folder / file.name, file)
        except BaseException:
            for name in put:
                with suppress(VeerNetError):  # what went wrong first is what is told
                    if name in before:
                        put_file(folder / name, before[name])
                    else:
                        remove(folder / name)
            raise


def _replace_on_disk(folder: Location, files: Sequence[Path]) -> None:
    with told(folder), ExitStack() as replacing:
        for file in reversed(files):  # what is opened first is put in place last
            sink = replacing.enter_context(written_whole((folder / file.name).path))
            with file.open("rb") as source:
                while chunk := source.read(CHUNK_BYTES):
                    sink.write(chunk)
            sink.flush()
            os.fsync(sink.fileno())  # a disk that is full says so here at the latest

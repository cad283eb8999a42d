"""What a command is to read, and where its results go, looked at before anything is started."""

from __future__ import annotations

from collections.abc import Sequence

from veernet import storage
from veernet.errors import OptionError
from veernet.location import Location


def destination(out: str) -> Location:
    """The place that ``--out`` names.

    Raises:
        OptionError: No folder can be there: it, or what it would lie in, is a file on a local disk.
    """
    place = storage.resolve(out)
    if place.is_local:
        there = next(folder for folder in (place.path, *place.path.parents) if folder.exists())
        if not there.is_dir():
            raise OptionError(f"--out {out}", f"{there} is a file", "name a folder; it is made where it is missing")
    return place


def check_there(sources: Sequence[str]) -> None:
    """Refuse a call that names what is not there: it is mistyped more often than it is lost.

    Raises:
        OptionError: One of the sources names no place, or nothing is there.
        StorageError: The storage did not say.
    """
    places = [storage.resolve(source) for source in sources]
    # A folder first: S3's answer to a listing says what is wrong with credentials, and that to a look at one object does not.
    missing = [str(place) for place in places if not (storage.is_folder(place) or storage.exists(place))]
    if missing:
        raise OptionError(", ".join(missing), "no such file or folder", "check the path; nothing has been done")

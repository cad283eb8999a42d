"""The work store of one sheet: its strips and their class maps, as sharded zarr arrays.

A shard is what is written at once, by one writer, and what a reader can count on: a shard that was never written, was cut
short or has a flipped bit is an error when it is read, not paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import zarr
from obstore.store import from_url
from zarr.abc.store import Store
from zarr.codecs import Crc32cCodec, ZstdCodec
from zarr.core.sync import sync
from zarr.errors import BaseZarrError
from zarr.storage import LocalStore, ObjectStore

from veernet.errors import StorageError, WorkStoreError
from veernet.sheets.geometry import STRIP_WIDTH, StripGeometry

if TYPE_CHECKING:
    from numpy.typing import NDArray

FORMAT = "veernet-work/1"
SHARD_ROWS = 4096
"""Strip rows of a shard, the unit of writing."""
CHUNK_ROWS = 512
"""Strip rows of a chunk, the unit of reading."""
CLASSES = 2
"""Curves in a class map."""

_STRIPS, _CLASSES = "strips", "classes"
_REMEDY = "run the sheet again: its work is made anew"


class WorkStore:
    """Strips and class maps of one sheet. It pickles as its root, to be passed between processes.

    Attributes:
        root: Where it lies, a local path or a URL.
        rows: Strip rows of each track.
    """

    def __init__(self, root: str, group: zarr.Group) -> None:
        self.root = root
        self._group = group
        self._arrays: dict[str, zarr.Array[Any]] = {}
        self.rows: tuple[int, ...] = tuple(cast("list[int]", group.attrs["rows"]))

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkStore.open, (self.root,)

    @classmethod
    def create(cls, root: Path | str, geometries: Sequence[StripGeometry]) -> WorkStore:
        """Make an empty store for these strips, in place of what was at `root`.

        Raises:
            StorageError: It cannot be written there.
        """
        with _storage_faults(str(root)):
            attributes: Any = {"format": FORMAT, "rows": [geometry.rows for geometry in geometries]}
            group = zarr.create_group(_backend(str(root)), zarr_format=3, overwrite=True, attributes=attributes)
            for track, geometry in enumerate(geometries):
                _create_array(group, f"{_STRIPS}/{track}", (geometry.rows,))
                _create_array(group, f"{_CLASSES}/{track}", (CLASSES, geometry.rows))
        return cls(str(root), group)

    @classmethod
    def open(cls, root: Path | str) -> WorkStore:
        """Open a store that `create` made.

        Raises:
            WorkStoreError: There is none, or it is of another kind.
        """
        with _damage(str(root)):
            group = zarr.open_group(_backend(str(root)), mode="r+", zarr_format=3)
            found = group.attrs.get("format")
        if found != FORMAT:
            raise WorkStoreError(str(root), f"its format is {found!r}, not {FORMAT!r}", _REMEDY)
        return cls(str(root), group)

    def write_strip(self, track: int, first_row: int, piece: NDArray[np.uint8]) -> None:
        """Write one whole shard of a strip, darkness uint8 `(n, 512)`.

        Raises:
            ValueError: The piece is not one whole shard.
            StorageError: It cannot be written.
        """
        self._write(f"{_STRIPS}/{track}", first_row, piece)

    def write_classes(self, track: int, first_row: int, classes: NDArray[np.uint8]) -> None:
        """Write one whole shard of a class map, uint8 `(2, n, 512)`; raises as `write_strip`."""
        self._write(f"{_CLASSES}/{track}", first_row, classes)

    def read_strip(self, track: int, start_row: int, end_row: int) -> NDArray[np.uint8]:
        """Darkness uint8 `(end_row - start_row, 512)` of some rows of a strip.

        Raises:
            ValueError: The strip does not have these rows.
            WorkStoreError: A shard of them is missing or damaged.
        """
        return self._read(f"{_STRIPS}/{track}", start_row, end_row)

    def class_bands(self, track: int, rows: int = SHARD_ROWS) -> Iterator[NDArray[np.uint8]]:
        """The class map of a track, top down, as uint8 `(2, n, 512)` with `n = rows` but for the last.

        Raises:
            WorkStoreError: A shard is missing or damaged.
        """
        for row in range(0, self.rows[track], rows):
            yield self._read(f"{_CLASSES}/{track}", row, min(row + rows, self.rows[track]))

    def _write(self, path: str, first_row: int, values: NDArray[np.uint8]) -> None:
        array = self._array(path)
        *planes, rows, width = array.shape
        end_row = min(first_row + SHARD_ROWS, rows)
        expected = (*planes, end_row - first_row, width)
        if first_row % SHARD_ROWS or not 0 <= first_row < rows or values.shape != expected or values.dtype != np.uint8:
            msg = f"{path}: {values.dtype} {values.shape} at row {first_row} is no whole shard: uint8 {expected} is"
            raise ValueError(msg)
        with _storage_faults(f"{self.root} {path}"):
            array[..., first_row:end_row, :] = values

    def _read(self, path: str, start_row: int, end_row: int) -> NDArray[np.uint8]:
        array = self._array(path)
        if not 0 <= start_row <= end_row <= array.shape[-2]:
            msg = f"{path}: rows {start_row} to {end_row} of {array.shape[-2]}"
            raise ValueError(msg)
        where = f"{self.root} {path} rows {start_row} to {end_row - 1}"
        with _damage(where):
            # zarr reads a shard that is not there, or has no bytes, as if it were all fill.
            for shard in range(start_row // SHARD_ROWS, -(-end_row // SHARD_ROWS)):
                if not sync(array.store.getsize(_shard_key(array, shard))):
                    raise WorkStoreError(where, "a shard has 0 bytes", _REMEDY)
            return np.asarray(array[..., start_row:end_row, :], np.uint8)

    def _array(self, path: str) -> zarr.Array[Any]:
        if path not in self._arrays:
            with _damage(f"{self.root} {path}"):
                array = self._group[path]
            assert isinstance(array, zarr.Array)
            # zarr would not write a shard of zeros, and then it could not be told from a missing one.
            self._arrays[path] = array.with_config({"write_empty_chunks": True})
        return self._arrays[path]


def _create_array(group: zarr.Group, path: str, shape: tuple[int, ...]) -> None:
    planes = shape[:-1]
    group.create_array(
        path,
        shape=(*shape, STRIP_WIDTH),
        shards=(*planes, SHARD_ROWS, STRIP_WIDTH),
        chunks=(*planes, CHUNK_ROWS, STRIP_WIDTH),
        dtype="uint8",
        compressors=[ZstdCodec(level=1), Crc32cCodec()],
        fill_value=0,
    )


def _shard_key(array: zarr.Array[Any], shard: int) -> str:
    coordinates = (0,) * (array.ndim - 2) + (shard, 0)
    return f"{array.path}/{array.metadata.encode_chunk_key(coordinates)}"


def _backend(root: str) -> Store:
    return ObjectStore(from_url(root)) if "://" in root else LocalStore(root)


@contextmanager
def _damage(where: str) -> Iterator[None]:
    """Whatever zarr and its codecs raise of what they cannot read is one thing to us."""
    try:
        yield
    except WorkStoreError:
        raise
    except FileNotFoundError as error:
        raise WorkStoreError(where, "a part of it was never written, or is gone", _REMEDY) from error
    except (BaseZarrError, ValueError, KeyError, TypeError, RuntimeError, OSError) as error:
        found = f"it is damaged ({' '.join(str(error).split())[:120]})"
        raise WorkStoreError(where, found, _REMEDY) from error


@contextmanager
def _storage_faults(where: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found = f"it cannot be written ({error.strerror or type(error).__name__})"
        raise StorageError(where, found, "make room or give another work folder, then run it again") from error

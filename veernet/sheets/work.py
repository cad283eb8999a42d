"""The work store of one sheet: its strips and their class maps, between the stages, in zarr.

A chunk is the unit of writing: whoever writes, writes whole chunks (or up to the strip's end), so that any number of processes
may write at once. A chunk that is absent, cut short or changed is an error when read, never paper: every chunk is written, even
an empty one, carries a checksum, and is looked for before zarr reads it, for zarr fills what it misses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import zarr
from zarr.codecs import BloscCodec, Crc32cCodec

from veernet.errors import WorkStoreError
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.geometry import STRIP_WIDTH

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT = "veernet-work/2"
CURVES = 2
_REMEDY = "run the sheet again from its scan"
_DAMAGE = (ValueError, TypeError, LookupError, RuntimeError, OSError)


class HasRows(Protocol):
    """What the store needs to know of a strip's geometry."""

    @property
    def rows(self) -> int:
        """Rows of the strip."""


@dataclass(frozen=True)
class Bands:
    """Bands of rows from the top down, read when they are asked for, as often as they are.

    Args:
        read: Gives rows from one to another.
        end_row: How many there are.
        rows: Of a band.

    Raises:
        WorkStoreError: When they are read: a part was never written, or is damaged.
    """

    read: Callable[[int, int], NDArray[np.uint8]]
    end_row: int
    rows: int

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        for first_row in range(0, self.end_row, self.rows):
            yield self.read(first_row, min(first_row + self.rows, self.end_row))


class WorkStore:
    """Strips and class maps of one sheet. It pickles as its place, so that other processes may open it.

    Args:
        root: Where it lies.
        group: The open zarr group.
    """

    def __init__(self, root: str, group: zarr.Group) -> None:
        self.root = root
        self._group = group
        self._name = str(group.attrs["sheet"])
        self._rows = [int(rows) for rows in cast("list[int]", group.attrs["rows"])]
        self._arrays: dict[str, zarr.Array[Any]] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return WorkStore.open, (self.root,)

    @classmethod
    def create(cls, root: Path | str, geometries: Sequence[HasRows], name: str = "") -> WorkStore:
        """Lay an empty store out, in place of whatever was there.

        Args:
            root: Where to.
            geometries: One a track.
            name: What to call the sheet in errors; the last part of `root` if absent.

        Raises:
            WorkStoreError: It cannot be written there.
        """
        rows = [int(geometry.rows) for geometry in geometries]
        name = name or Path(root).name
        try:
            group = zarr.open_group(str(root), mode="w")
            for track, strip_rows in enumerate(rows):
                _lay_out(group, f"strips/{track}", (), strip_rows)
                _lay_out(group, f"classes/{track}", (CURVES,), strip_rows)
            # Last: a store that a kill left half laid out does not open.
            group.attrs.update({"format": _FORMAT, "sheet": name, "rows": rows})
        except OSError as error:
            found = f"no work store can be made at {root} ({error.strerror or error})"
            raise WorkStoreError(name, found, "free some space, or name another place") from error
        return cls(str(root), group)

    @classmethod
    def open(cls, root: Path | str) -> WorkStore:
        """Open a store that `create` made, from any process.

        Raises:
            WorkStoreError: There is none, or it is not laid out in full.
        """
        try:
            group = zarr.open_group(str(root), mode="r+")
            if group.attrs.get("format") != _FORMAT:
                raise WorkStoreError(str(root), f"it is no {_FORMAT} store", _REMEDY)
            return cls(str(root), group)
        except _DAMAGE as error:
            raise WorkStoreError(str(root), f"no work store can be opened ({_clause(error)})", _REMEDY) from error

    @property
    def tracks(self) -> int:
        """Tracks of the sheet."""
        return len(self._rows)

    def rows(self, track: int) -> int:
        """Rows of a track's strip."""
        return self._rows[track]

    def write_strip(self, track: int, first_row: int, piece: NDArray[np.uint8]) -> None:
        """Write a piece of a strip: darkness uint8 `(n, 512)`, whole chunks or up to the strip's end.

        Raises:
            ValueError: The piece is no such thing.
            WorkStoreError: It cannot be written.
        """
        self._write("strips", track, first_row, piece)

    def write_classes(self, track: int, first_row: int, classes: NDArray[np.uint8]) -> None:
        """Write a piece of a class map: uint8 `(2, n, 512)`, whole chunks or up to the strip's end.

        Raises:
            ValueError: The piece is no such thing.
            WorkStoreError: It cannot be written.
        """
        self._write("classes", track, first_row, classes)

    def read_strip(self, track: int, start_row: int, end_row: int) -> NDArray[np.uint8]:
        """Darkness uint8 `(end_row - start_row, 512)` of a track's strip.

        Raises:
            ValueError: The strip has no such rows.
            WorkStoreError: They were never written, or are damaged.
        """
        return self._read("strips", track, start_row, end_row)

    def read_classes(self, track: int, start_row: int, end_row: int) -> NDArray[np.uint8]:
        """Class map uint8 `(2, end_row - start_row, 512)` of a track's strip.

        Raises:
            ValueError: The strip has no such rows.
            WorkStoreError: They were never written, or are damaged.
        """
        return self._read("classes", track, start_row, end_row)

    def strip_bands(self, track: int, rows: int = CHUNK_ROWS) -> Bands:
        """The whole strip of a track, top down, in uint8 `(rows, 512)`; the last band may have fewer rows."""
        return Bands(partial(self.read_strip, track), self.rows(track), rows)

    def class_bands(self, track: int, rows: int = CHUNK_ROWS) -> Bands:
        """The whole class map of a track, top down, in uint8 `(2, rows, 512)`; the last band may have fewer rows."""
        return Bands(partial(self.read_classes, track), self.rows(track), rows)

    def _write(self, kind: str, track: int, first_row: int, piece: NDArray[np.uint8]) -> None:
        end_row = first_row + piece.shape[-2]
        whole = first_row % CHUNK_ROWS == 0 and (end_row % CHUNK_ROWS == 0 or end_row == self.rows(track))
        lead = piece.shape[:-2]
        shaped = piece.dtype == np.uint8 and piece.shape[-1] == STRIP_WIDTH and lead == _lead(kind)
        if not (whole and shaped and 0 <= first_row < end_row <= self.rows(track)):
            strip = f"{kind}/{track} of {self.rows(track)} rows"
            msg = f"{piece.dtype} {piece.shape} at row {first_row} is no whole number of chunks of {strip}"
            raise ValueError(msg)
        try:
            self._array(f"{kind}/{track}")[..., first_row:end_row, :] = piece
        except OSError as error:
            found = f"{kind}/{track} rows {first_row} to {end_row - 1} cannot be written ({error.strerror or error})"
            raise WorkStoreError(self._name, found, "free some space, or name another place") from error

    def _read(self, kind: str, track: int, start_row: int, end_row: int) -> NDArray[np.uint8]:
        if not 0 <= start_row <= end_row <= self.rows(track):
            msg = f"rows {start_row} to {end_row} of a strip of {self.rows(track)}"
            raise ValueError(msg)
        path = f"{kind}/{track}"
        try:
            array = self._array(path)
            for chunk in range(start_row // CHUNK_ROWS, -(-end_row // CHUNK_ROWS)):
                place = (*(0 for _ in _lead(kind)), chunk, 0)
                if not Path(self.root, path, array.metadata.encode_chunk_key(place)).exists():
                    raise WorkStoreError(self._name, f"{path} chunk {chunk} was never written", _REMEDY)
            return np.asarray(array[..., start_row:end_row, :], np.uint8)
        except _DAMAGE as error:
            found = f"{path} rows {start_row} to {end_row - 1} are damaged ({_clause(error)})"
            raise WorkStoreError(self._name, found, _REMEDY) from error

    def _array(self, path: str) -> zarr.Array[Any]:
        if path not in self._arrays:
            array = zarr.open_array(self._group.store, path=path, mode="r+")
            # Kept in no file, and not taken by `open_array`: zarr would leave blank paper out.
            self._arrays[path] = array.with_config({"write_empty_chunks": True})
        return self._arrays[path]


def _lead(kind: str) -> tuple[int, ...]:
    """Shape of an array before its rows and columns."""
    return (CURVES,) if kind == "classes" else ()


def _lay_out(group: zarr.Group, path: str, lead: tuple[int, ...], rows: int) -> None:
    group.create_array(
        path,
        shape=(*lead, rows, STRIP_WIDTH),
        chunks=(*lead, CHUNK_ROWS, STRIP_WIDTH),
        dtype="uint8",
        fill_value=0,
        # Half of the time of zstd's level 1, for half as many bytes again.
        compressors=[BloscCodec(typesize=1, cname="lz4", clevel=1, shuffle="noshuffle"), Crc32cCodec()],
    )


def _clause(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

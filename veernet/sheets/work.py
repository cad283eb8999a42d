"""The work store of one sheet: its strips and their class maps, between the stages, in zarr.

A shard is the unit of writing: whoever writes, writes whole shards (or up to the strip's end), so that any number of processes
may write at once. A shard or chunk that is absent, cut short or changed is an error when read, never paper: every chunk is
written, even an empty one, carries a checksum, and is looked for, where zarr would fill what it misses.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import numpy as np
import zarr
from zarr.codecs import BloscCodec, BytesCodec, Crc32cCodec, ShardingCodec
from zarr.core.dtype import UInt8
from zarr.core.group import GroupMetadata
from zarr.core.metadata.v3 import ArrayV3Metadata
from zarr.storage import LocalStore

from veernet.errors import WorkStoreError
from veernet.sheets.geometry import STRIP_WIDTH
from veernet.sheets.shard_file import CHUNK_ROWS, CODEC, LEVEL, DamagedError, packed, unpack
from veernet.sheets.shards import SHARD_ROWS

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FORMAT = "veernet-work/2"
CURVES = 2
_REMEDY = "run the sheet again from its scan"
_DAMAGE = (ValueError, TypeError, LookupError, OSError)


class HasRows(Protocol):
    """What the store needs to know of a strip's geometry."""

    @property
    def rows(self) -> int:
        """Rows of the strip."""


class WorkStore:
    """Strips and class maps of one sheet. It pickles as its place, so that other processes may open it.

    Args:
        root: Where it lies.
        name: What to call the sheet in errors.
        rows: Rows of each track's strip.
    """

    def __init__(self, root: str, name: str, rows: Sequence[int]) -> None:
        self.root = root
        self._name = name
        self._rows = list(rows)

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
            _lay_out(Path(root), rows, {"format": _FORMAT, "sheet": name, "rows": rows})
        except OSError as error:
            found = f"no work store can be made at {root} ({error.strerror or error})"
            raise WorkStoreError(name, found, "free some space, or name another place") from error
        return cls(str(root), name, rows)

    @classmethod
    def open(cls, root: Path | str) -> WorkStore:
        """Open a store that `create` made, from any process.

        Raises:
            WorkStoreError: There is none, or it is not laid out in full.
        """
        try:
            told = json.loads((Path(root) / "zarr.json").read_bytes()).get("attributes", {})
            if told.get("format") != _FORMAT:
                raise WorkStoreError(str(root), f"it is no {_FORMAT} store", _REMEDY)
            return cls(str(root), str(told["sheet"]), [int(rows) for rows in told["rows"]])
        except (*_DAMAGE, AttributeError) as error:
            raise WorkStoreError(str(root), f"no work store can be opened ({_clause(error)})", _REMEDY) from error

    @property
    def tracks(self) -> int:
        """Tracks of the sheet."""
        return len(self._rows)

    def rows(self, track: int) -> int:
        """Rows of a track's strip."""
        return self._rows[track]

    def write_strip(self, track: int, first_row: int, piece: NDArray[np.uint8]) -> None:
        """Write a piece of a strip: darkness uint8 `(n, 512)`, whole shards or up to the strip's end.

        Raises:
            ValueError: The piece is no such thing.
            WorkStoreError: It cannot be written.
        """
        self._write("strips", track, first_row, piece)

    def write_classes(self, track: int, first_row: int, classes: NDArray[np.uint8]) -> None:
        """Write a piece of a class map: uint8 `(2, n, 512)`, whole shards or up to the strip's end.

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

    def strip_bands(self, track: int, rows: int = SHARD_ROWS) -> Iterator[NDArray[np.uint8]]:
        """The whole strip of a track, top down, in uint8 `(rows, 512)`; the last band may have fewer rows.

        Raises:
            WorkStoreError: A part was never written, or is damaged.
        """
        for first_row in range(0, self.rows(track), rows):
            yield self.read_strip(track, first_row, min(first_row + rows, self.rows(track)))

    def class_bands(self, track: int, rows: int = SHARD_ROWS) -> Iterator[NDArray[np.uint8]]:
        """The whole class map of a track, top down, in uint8 `(2, rows, 512)`; the last band may have fewer rows.

        Raises:
            WorkStoreError: A part was never written, or is damaged.
        """
        for first_row in range(0, self.rows(track), rows):
            yield self.read_classes(track, first_row, min(first_row + rows, self.rows(track)))

    def _write(self, kind: str, track: int, first_row: int, piece: NDArray[np.uint8]) -> None:
        end_row = first_row + piece.shape[-2]
        whole = first_row % SHARD_ROWS == 0 and (end_row % SHARD_ROWS == 0 or end_row == self.rows(track))
        lead = piece.shape[:-2]
        shaped = piece.dtype == np.uint8 and piece.shape[-1] == STRIP_WIDTH and lead == _lead(kind)
        if not (whole and shaped and 0 <= first_row < end_row <= self.rows(track)):
            strip = f"{kind}/{track} of {self.rows(track)} rows"
            msg = f"{piece.dtype} {piece.shape} at row {first_row} is no whole number of shards of {strip}"
            raise ValueError(msg)
        try:
            for row in range(first_row, end_row, SHARD_ROWS):
                shard = packed(piece[..., row - first_row : row - first_row + SHARD_ROWS, :])
                _put(self._shard(kind, track, row // SHARD_ROWS), shard)
        except OSError as error:
            found = f"{kind}/{track} rows {first_row} to {end_row - 1} cannot be written ({error.strerror or error})"
            raise WorkStoreError(self._name, found, "free some space, or name another place") from error

    def _read(self, kind: str, track: int, start_row: int, end_row: int) -> NDArray[np.uint8]:
        if not 0 <= start_row <= end_row <= self.rows(track):
            msg = f"rows {start_row} to {end_row} of a strip of {self.rows(track)}"
            raise ValueError(msg)
        out = np.empty((*_lead(kind), end_row - start_row, STRIP_WIDTH), np.uint8)
        try:
            for shard in range(start_row // SHARD_ROWS, -(-end_row // SHARD_ROWS)):
                top = shard * SHARD_ROWS
                rows = slice(max(start_row, top), min(end_row, top + SHARD_ROWS))
                part = out[..., rows.start - start_row : rows.stop - start_row, :]
                self._unpack(kind, track, shard, rows.start - top, part)
        except OSError as error:
            found = f"{kind}/{track} rows {start_row} to {end_row - 1} cannot be read ({_clause(error)})"
            raise WorkStoreError(self._name, found, _REMEDY) from error
        return out

    def _unpack(self, kind: str, track: int, shard: int, first_row: int, out: NDArray[np.uint8]) -> None:
        """Read rows of a shard, from one of its own rows on."""
        try:
            data = self._shard(kind, track, shard).read_bytes()
            unpack(data, first_row, out)
        except FileNotFoundError:
            found = f"{kind}/{track} shard {shard} was never written"
        except DamagedError as error:
            found = f"{kind}/{track} shard {shard} is damaged: {error}"
        else:
            return
        raise WorkStoreError(self._name, found, _REMEDY)

    def _shard(self, kind: str, track: int, shard: int) -> Path:
        """The file of a shard, by zarr's naming: its place along each axis."""
        return Path(self.root, kind, str(track), "c", *("0" for _ in _lead(kind)), str(shard), "0")


def _lead(kind: str) -> tuple[int, ...]:
    """Shape of an array before its rows and columns."""
    return (CURVES,) if kind == "classes" else ()


def _lay_out(root: Path, rows: Sequence[int], attributes: dict[str, Any]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    nodes: dict[str, Any] = {kind: GroupMetadata() for kind in ("strips", "classes")}
    for track, strip_rows in enumerate(rows):
        nodes |= {f"{kind}/{track}": _metadata(_lead(kind), strip_rows) for kind in ("strips", "classes")}
    store = LocalStore(root)
    for _ in zarr.create_hierarchy(store=store, nodes=nodes):
        pass
    # Last: a store that a kill left half laid out does not open.
    zarr.open_group(store, mode="r+").attrs.update(attributes)


def _metadata(lead: tuple[int, ...], rows: int) -> ArrayV3Metadata:
    """What zarr is told of an array, whose shards are as `packed` makes them."""
    blosc = BloscCodec(typesize=1, cname=CODEC, clevel=LEVEL, shuffle="noshuffle")
    sharding = ShardingCodec(chunk_shape=(*lead, CHUNK_ROWS, STRIP_WIDTH), codecs=[BytesCodec(), blosc, Crc32cCodec()])
    return ArrayV3Metadata(
        shape=(*lead, rows, STRIP_WIDTH),
        data_type=UInt8(),
        chunk_grid={"name": "regular", "configuration": {"chunk_shape": [*lead, SHARD_ROWS, STRIP_WIDTH]}},
        chunk_key_encoding={"name": "default", "configuration": {"separator": "/"}},
        fill_value=0,
        codecs=[sharding],
        attributes={},
        dimension_names=None,
    )


def _put(path: Path, data: bytes) -> None:
    """Write a file that is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{uuid4().hex}.partial")
    try:
        partial.write_bytes(data)
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _clause(error: BaseException) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__

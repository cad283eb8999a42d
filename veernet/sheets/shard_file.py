"""A shard of a work store's array as the bytes of its file, laid out as zarr's sharding codec does: chunks, and after them an index of where each lies.

zarr reads what is written here, and tests ask it to. To write and read by zarr itself takes three times as long: a copy, a thread and a turn of an event loop
for each chunk, and the metadata again for each shard.
"""

from __future__ import annotations

from typing import Final

import google_crc32c
import numpy as np
from numcodecs import Blosc
from numpy.typing import NDArray

from veernet.sheets.shards import SHARD_ROWS

CHUNK_ROWS = 512
"""Rows of a chunk within a shard, the unit of reading."""
CODEC: Final = "lz4"
LEVEL: Final = 1
"""What chunks are compressed with by Blosc, unshuffled: half of the time of zstd's level 1, for half as many bytes again."""

_CHUNKS = SHARD_ROWS // CHUNK_ROWS
_BLOSC = Blosc(CODEC, clevel=LEVEL, shuffle=Blosc.NOSHUFFLE)
_CRC_BYTES = 4
# A shard ends with offset and length of each chunk, 8 bytes each, and a checksum of those.
_INDEX_BYTES = _CHUNKS * 16 + _CRC_BYTES
_ABSENT = 2**64 - 1


class DamagedError(Exception):
    """A shard is not what was written: how, as a clause."""


def packed(pixels: NDArray[np.uint8]) -> bytes:
    """The file of a shard, of pixels uint8 ``(..., n, columns)``; fewer rows than a shard has are the last of an array."""
    rows = pixels.shape[-2]
    parts, index, offset = [], np.full((_CHUNKS, 2), _ABSENT, "<u8"), 0
    for number, first in enumerate(range(0, rows, CHUNK_ROWS)):
        chunk = pixels[..., first : first + CHUNK_ROWS, :]
        if chunk.shape[-2] < CHUNK_ROWS:  # chunks are whole
            beyond = np.zeros((*chunk.shape[:-2], CHUNK_ROWS - chunk.shape[-2], chunk.shape[-1]), np.uint8)
            chunk = np.concatenate([chunk, beyond], axis=-2)
        parts.append(_checked(_BLOSC.encode(np.ascontiguousarray(chunk))))
        index[number] = offset, len(parts[-1])
        offset += len(parts[-1])
    return b"".join([*parts, _checked(index.tobytes())])


def unpack(data: bytes, first_row: int, out: NDArray[np.uint8]) -> None:
    """Read rows of a shard's file from one of its rows on into ``out``, uint8 ``(..., n, columns)``.

    Args:
        data: What the file holds.
        first_row: The first of them, counted in the shard.
        out: Filled.

    Raises:
        DamagedError: The file is cut short, or changed, or does not hold the rows.
    """
    if len(data) < _INDEX_BYTES:
        raise DamagedError("it is cut short")
    index = np.frombuffer(_unchecked(data[-_INDEX_BYTES:], "its index"), "<u8").reshape(_CHUNKS, 2)
    end_row = first_row + out.shape[-2]
    for number in range(first_row // CHUNK_ROWS, -(-end_row // CHUNK_ROWS)):
        offset, length = (int(place) for place in index[number])
        told = f"its chunk {number}"
        if _ABSENT in (offset, length):
            raise DamagedError(f"{told} was never written")
        shape = (*out.shape[:-2], CHUNK_ROWS, out.shape[-1])
        try:
            chunk = np.frombuffer(_BLOSC.decode(_unchecked(data[offset : offset + length], told)), np.uint8)
            chunk = chunk.reshape(shape)
        except (ValueError, RuntimeError) as error:
            raise DamagedError(f"{told} does not unpack ({error})") from error
        top = number * CHUNK_ROWS
        start, end = max(first_row, top), min(end_row, top + CHUNK_ROWS)
        out[..., start - first_row : end - first_row, :] = chunk[..., start - top : end - top, :]


def _checked(data: bytes) -> bytes:
    return data + google_crc32c.value(data).to_bytes(_CRC_BYTES, "little")


def _unchecked(data: bytes, what: str) -> bytes:
    body = data[:-_CRC_BYTES]
    if google_crc32c.value(body).to_bytes(_CRC_BYTES, "little") != data[-_CRC_BYTES:]:
        raise DamagedError(f"{what} is not what its checksum says")
    return body

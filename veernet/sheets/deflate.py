"""Whether a deflated piece of a TIFF is what was written: libtiff does not say so of one whose damage made it longer."""

from __future__ import annotations

import os
import zlib
from pathlib import Path
from typing import BinaryIO

_STEP_BYTES = 1 << 20


def is_whole(path: Path, offset: int, size_bytes: int, max_bytes: int) -> bool:
    """Whether a deflate stream of a file comes to its end, and its checksum holds.

    libtiff ends its reading where the piece is full, asks for no checksum then, and leaves in the last pixels what lay in memory before.

    Args:
        path: The file.
        offset: Byte at which the stream begins.
        size_bytes: Bytes that it has.
        max_bytes: The most that it may unpack to, which is held a MiB at a time.
    """
    with path.open("rb") as file:
        # What the directory of a damaged file says may lie anywhere.
        end = os.fstat(file.fileno()).st_size
        start = file.seek(min(offset, end))
        return _ends(file, min(size_bytes, end - start), max_bytes)


def _ends(file: BinaryIO, left_bytes: int, max_bytes: int) -> bool:
    stream, rest, unpacked_bytes = zlib.decompressobj(), b"", 0
    try:
        while not stream.eof and unpacked_bytes <= max_bytes:
            if not rest:
                rest = file.read(min(left_bytes, _STEP_BYTES))
                left_bytes -= len(rest)
            piece = stream.decompress(rest, _STEP_BYTES)
            rest = stream.unconsumed_tail
            unpacked_bytes += len(piece)
            if not piece and not rest and not left_bytes:
                return False
    except zlib.error:
        return False
    return stream.eof

"""PNG of pictures of few colours: as many bits a px as those take, none filtered, deflated by ISA-L.

zlib takes five times as long at its quickest level and leaves more; OpenCV would write three bytes a px.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
from isal import isal_zlib
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LEVEL = 1  # of ISA-L, which has four: 0 leaves a fifth more, 2 no less, and 3 takes four times as long
_GREY, _PALETTE = 0, 3


def as_png(pixels: NDArray[np.uint8], bits: int, palette: NDArray[np.uint8] | None = None) -> bytes:
    """A PNG file.

    Args:
        pixels: uint8 `(rows, columns)`, each less than `2 ** bits`: shades from black to white or, with a palette, its entries.
        bits: 1, 2, 4 or 8 a px.
        palette: Red, green and blue of each entry, uint8 `(entries, 3)`.
    """
    height, width = pixels.shape
    head = struct.pack(">IIBBBBB", width, height, bits, _GREY if palette is None else _PALETTE, 0, 0, 0)
    parts = {b"IHDR": head}
    if palette is not None:
        parts[b"PLTE"] = palette.tobytes()
    rows = np.zeros((height, 1 + -(-width * bits // 8)), np.uint8)  # 0 before each row's px: not filtered
    if bits == 8:
        rows[:, 1:] = pixels
    else:
        _pack(np.ascontiguousarray(pixels), bits, rows)
    parts |= {b"IDAT": isal_zlib.compress(rows, _LEVEL), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts.items())


@njit(cache=True, nogil=True)
def _pack(pixels, bits, rows):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Put several px into each byte, the first one highest."""
    a_byte = 8 // bits
    height, width = pixels.shape
    whole = width // a_byte
    for row in range(height):
        for byte in range(whole):
            packed = 0
            for place in range(a_byte):
                packed = (packed << bits) | pixels[row, byte * a_byte + place]
            rows[row, 1 + byte] = packed
        for column in range(whole * a_byte, width):
            rows[row, 1 + whole] |= pixels[row, column] << (8 - bits * (column % a_byte + 1))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))

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
    rows[:, 1:] = np.packbits(pixels, axis=1) if bits == 1 else _in_bytes(pixels, bits)
    parts |= {b"IDAT": isal_zlib.compress(rows, _LEVEL), b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts.items())


def _in_bytes(pixels: NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    """Several px in each byte, the first one highest."""
    while bits < 8:
        pairs = np.zeros((pixels.shape[0], -(-pixels.shape[1] // 2)), np.uint8)
        _pair(np.ascontiguousarray(pixels), bits, pairs)
        pixels, bits = pairs, 2 * bits
    return pixels


@njit(cache=True, nogil=True)
def _pair(pixels, bits, pairs):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Put two px of so many bits each into one of twice as many."""
    height, width = pixels.shape
    for row in range(height):
        for pair in range(np.uint64(width // 2)):
            pairs[row, pair] = (pixels[row, 2 * pair] << bits) | pixels[row, 2 * pair + 1]
        if width % 2:
            pairs[row, -1] = pixels[row, -1] << bits


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(kind)))

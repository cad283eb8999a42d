"""Rows of a scan kept between two readings, a bit a px, so that they are decoded once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from veernet.sheets.darkness import INK
from veernet.sheets.raster import Band

if TYPE_CHECKING:
    from numpy.typing import NDArray

HELD_BYTES = 32 << 20
"""The most that is kept: 2,500 columns by 107,000 rows. Of a longer scan nothing is, and it is read again."""


class HeldRows:
    """Rows of a scan of paper and full ink alone."""

    def __init__(self) -> None:
        self._bands: list[tuple[int, int, NDArray[np.uint8]]] | None = []
        self._bytes = 0

    def holding(self, bands: Iterable[Band]) -> Iterator[Band]:
        """Consecutive bands as they come, each kept on its way."""
        for band in bands:
            if self._bands is not None:
                packed = np.packbits(band.darkness, axis=1)
                self._bands.append((band.first_row, band.darkness.shape[1], packed))
                self._bytes += packed.nbytes
                if self._bytes > HELD_BYTES:
                    self._bands = None
            yield band

    @property
    def rows(self) -> tuple[int, int] | None:
        """First and end row of what is kept; None where nothing is."""
        if not self._bands:
            return None
        last_row, _, packed = self._bands[-1]
        return self._bands[0][0], last_row + len(packed)

    def bands(self) -> Iterator[Band]:
        """What is kept, as it came."""
        for first_row, width, packed in self._bands or ():
            darkness = np.unpackbits(packed, axis=1, count=width)
            darkness *= INK
            yield Band(first_row, darkness)

"""A whole scan as ink and paper, one bit a pixel, so that any part of it is at hand in little memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.shades import AROUND_INCHES, fine_ink, packed, stands_out, times_finer, unpacked
from veernet.sheets.darkness import INK
from veernet.sheets.raster import Scan

Bits = NDArray[np.uint8]
Points = Sequence[tuple[float, float]]
"""Of a line down the paper, ``(row_px, column_px)``, from the top."""

SEARCH_DPI = 140.0
"""Things are looked for at this resolution or the next finer one that a whole factor of the scan's gives."""
USUAL_WIDTH_INCHES = 8.5
"""Of a log on folded paper; where a scan does not tell its resolution."""

_FINE_DPI = 150
_HAS_SHADES = 0.5
"""Share of the bands of a scan that have more than paper and ink in them, for it to be a grey one."""
_BAND_ROWS = 512
"""Search rows that are read at once."""
_HALF = INK // 2
_SPECKS_INCHES = 0.02
"""From one speck of a broken stroke to the next."""
_GRAIN_INCHES = 0.017
"""Across what is looked at about a place for grain: as wide as strokes of print are."""


@dataclass(frozen=True)
class Paper:
    """A scan in bits.

    Args:
        width: Columns of the scan.
        dpi: Of the scan, as claimed, or guessed from its width.
        dpi_claimed: Whether the file says so.
        factor: Scan px a search px.
        full: The scan, eight columns a byte, ``(rows, ceil(width / 8))``.
        search: Ink reduced by the factor, uint8 0 or 1, ``(ceil(rows / factor), ceil(width / factor))``.
        shades: Of a grey scan, sixteen, two columns a byte, ``(rows, ceil(width / 2))``; None of others.
    """

    width: int
    dpi: float
    dpi_claimed: bool
    factor: int
    full: Bits
    search: Bits
    shades: Bits | None = None

    @property
    def finer(self) -> int:
        """How many times finer print can be read than bits of the scan have it."""
        return 1 if self.shades is None else times_finer(self.dpi)

    @property
    def print_factor(self) -> int:
        """Px of print, as it is read, to a px of the image in which its words are looked for."""
        return _factor(self.finer * self.dpi)

    @property
    def coarse(self) -> bool:
        """Whether thin strokes are broken and dashes are of a few pixels, and what runs close together runs together."""
        return self.dpi < _FINE_DPI

    @property
    def rows(self) -> int:
        """Rows of the scan."""
        return len(self.full)

    @property
    def search_dpi(self) -> float:
        """Resolution of the search image."""
        return self.dpi / self.factor

    def crop(self, top: float, end: float, left: float = 0, right: float | None = None) -> Bits:
        """Ink of a rectangle in full resolution, uint8 0 or 1; cut where it leaves the scan."""
        first, last = max(int(top), 0), min(int(np.ceil(end)), self.rows)
        start, stop = max(int(left), 0), self.width if right is None else min(int(np.ceil(right)), self.width)
        if last <= first or stop <= start:
            return np.zeros((0, 0), np.uint8)
        byte = start // 8
        part = np.unpackbits(self.full[first:last, byte : (stop + 7) // 8], axis=1)
        return part[:, start - byte * 8 : stop - byte * 8]

    def print_crop(self, top: float, end: float) -> Bits:
        """Ink of some rows for reading, uint8 0 or 1, `finer` times the scan's resolution."""
        if self.shades is None:
            return self.crop(top, end)
        rows = slice(max(int(top), 0), min(int(np.ceil(end)), self.rows))
        return fine_ink(unpacked(self.shades[rows], self.width), self.dpi, self.finer)


def paper_of(scan: Scan) -> Paper:
    """Read a scan once.

    Raises:
        ScanError: The file is damaged or cut short.
    """
    dpi = scan.dpi or scan.width / USUAL_WIDTH_INCHES
    factor = _factor(dpi)
    full, search, shades, grey = [], [], [], []
    for band in scan.bands(_BAND_ROWS * factor):
        ink = ink_of(band.darkness, dpi)
        full.append(np.packbits(ink, axis=1))
        search.append(_reduced(ink, factor))
        if not scan.bilevel:
            shades.append(packed(band.darkness))
            grey.append(_has_shades(band.darkness))
    # Files of many shades may have two that are used.
    told = bool(shades) and float(np.mean(grey)) > _HAS_SHADES
    return Paper(
        scan.width,
        dpi,
        scan.dpi is not None,
        factor,
        np.concatenate(full),
        np.concatenate(search),
        np.concatenate(shades) if told else None,
    )


def of_narrow_paper(paper: Paper) -> Paper:
    """The same scan, if its paper is half as wide as was guessed: a log of one track, or cut in two."""
    dpi = 2.0 * paper.dpi
    factor = _factor(dpi)
    band = _BAND_ROWS * factor
    search = [_reduced(paper.crop(first, first + band), factor) for first in range(0, paper.rows, band)]
    return replace(paper, dpi=dpi, factor=factor, search=np.concatenate(search))


def without_grain(paper: Paper) -> Paper:
    """The same scan with that ink alone which most about it is: strokes of print stay, grain goes, and thin lines and small print with it."""
    size = round(_GRAIN_INCHES * paper.dpi) | 1
    full, search = [], []
    for first in range(0, paper.rows, _BAND_ROWS * paper.factor):
        above = min(first, size)
        ink = paper.crop(first - above, first + _BAND_ROWS * paper.factor + size)
        count = cv2.boxFilter(ink, cv2.CV_16U, (size, size), normalize=False, borderType=cv2.BORDER_CONSTANT)
        mostly = (count > size * size // 2).view(np.uint8)[above : above + _BAND_ROWS * paper.factor]
        full.append(np.packbits(mostly, axis=1))
        search.append(_reduced(mostly, paper.factor))
    return replace(paper, full=np.concatenate(full), search=np.concatenate(search), shades=None)


def thickened(paper: Paper) -> Paper:
    """The same scan, its strokes thicker where words are looked for, so that those of which specks are left are strokes again; what they say is read as it is."""
    across = round(_SPECKS_INCHES * paper.search_dpi) | 1
    return replace(paper, search=np.asarray(cv2.dilate(paper.search, np.ones((across, across), np.uint8)), np.uint8))


def _factor(dpi: float) -> int:
    return max(1, int(dpi // SEARCH_DPI))


def _has_shades(darkness: NDArray[np.uint8]) -> bool:
    counts = np.bincount(darkness[::4, ::4].ravel(), minlength=256)
    return bool(counts[1:INK].sum() >= 0.002 * counts.sum())


def ink_of(darkness: NDArray[np.uint8], dpi: float) -> Bits:
    """What is ink: all that is dark in a bilevel scan; in a grey one what is darker than what is about it."""
    if not _has_shades(darkness):
        return (darkness > _HALF).view(np.uint8)
    return stands_out(darkness, round(AROUND_INCHES * dpi) | 1).view(np.uint8)


def _reduced(ink: Bits, factor: int) -> Bits:
    """A pixel is ink where a quarter of what it covers is: thin strokes stay, specks go."""
    if factor == 1:
        return ink
    # Where a pixel is a quarter of one or more, those that stand alone would grow to specks.
    ink = ink & (cv2.boxFilter(ink, -1, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT) > 1)
    rows, columns = (-size % factor for size in ink.shape)
    padded = np.pad(ink * np.uint8(INK), ((0, rows), (0, columns)))
    size = (padded.shape[1] // factor, padded.shape[0] // factor)
    return (cv2.resize(padded, size, interpolation=cv2.INTER_AREA) >= INK // 4).view(np.uint8)

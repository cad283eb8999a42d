"""Where two pages of a sheet may overlap: a search at low resolution, over all shifts, a little turned and resized each way.

A printed grid is the same everywhere, so that it cannot tell; what tells is what is left when it is taken out: curves, captions, depth
numbers.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.ndimage import maximum_filter

from veernet.sheets.similarity import Similarity, warped

FloatImage = NDArray[np.float32]
ByteImage = NDArray[np.uint8]

COLUMNS = 320
"""Columns at which places are looked for."""
LINE_PX = 31
"""A stroke that goes on straight for so long there is a line of the grid."""
LEAST_OVERLAP = 0.03
"""Rows that pages must share, of their width."""

_SCALES = np.linspace(-0.025, 0.025, 6)
_TURNS = np.radians(np.linspace(-1.0, 1.0, 6))
_SIDEWAYS = 0.15  # of the width
_CANDIDATES = 4
_NEIGHBOURS_PX = 5


def resized(image: ByteImage, by: float) -> ByteImage:
    """An image of another resolution, exactly so on both sides whatever rounding does to its size."""
    if by == 1.0:
        return image
    height, width = (max(1, round(side * by)) for side in image.shape)
    return warped(image, Similarity(by, (0.5 * by - 0.5) * (1 + 1j)), 0, height, width)


def content(image: NDArray[np.generic], line_px: int) -> FloatImage:
    """What is printed but for the lines of the grid, with a mean of about nothing."""
    dark = np.asarray(image, np.float32)
    down = cv2.blur(dark, (1, line_px), borderType=cv2.BORDER_REFLECT)
    across = cv2.blur(dark, (line_px, 1), borderType=cv2.BORDER_REFLECT)
    left = np.clip(dark - np.maximum(down, across), 0.0, 96.0)
    return np.asarray(left - cv2.blur(left, (line_px, line_px), borderType=cv2.BORDER_REFLECT), np.float32)


def places(upper: ByteImage, lower: ByteImage) -> Iterator[Similarity]:
    """Where the lower image may lie on the upper one, by a search at low resolution."""
    by = min(1.0, COLUMNS / upper.shape[1])
    above, below = (content(resized(image, by), LINE_PX) for image in (upper, lower))
    height, width = above.shape
    reach = round(_SIDEWAYS * width)
    size = tuple(fft.next_fast_len(n, real=True) for n in (height + len(below), width + below.shape[1]))
    seen = (above**2).mean() + (below**2).mean() + 1e-6
    spectra = [fft.rfft2(part, size) for part in (above, above**2, np.ones_like(above))]
    least = round(LEAST_OVERLAP * width)
    ridge = 0.5 * seen * width * 2 * least
    # Row and column of the lower image's first px on the upper one.
    rows = np.arange(max(0, height - len(below)), height - least)
    columns = np.arange(min(-reach, width - below.shape[1] - reach), max(reach, width - below.shape[1] + reach) + 1)
    at = np.ix_(rows % size[0], columns % size[1])
    found: list[tuple[float, Similarity]] = []
    middle = below.shape[1] / 2
    for scale in 1 + _SCALES:
        for turn in _TURNS:
            factor = scale * np.exp(1j * turn)
            about = Similarity(factor, middle * (1 - factor))
            turned = _turned(below, about)
            moved = [fft.rfft2(part, size) for part in (turned, np.ones_like(turned), turned**2)]
            product, one, other = (
                fft.irfft2(spectrum * np.conj(again), size)[at] for spectrum, again in zip(spectra, moved, strict=True)
            )
            # Both see the same part: squares of the upper where the lower lies, and of the lower where the upper does.
            likeness = product / (np.sqrt(np.clip(one, 0, None) * np.clip(other, 0, None)) + ridge)
            peaks = (likeness == maximum_filter(likeness, 2 * _NEIGHBOURS_PX + 1)) & (likeness > 0)
            for row, column in np.argwhere(peaks):
                place = Similarity(1, columns[column] + 1j * rows[row]) @ about
                found.append((float(likeness[row, column]), place))
    found.sort(key=lambda scored: -scored[0])
    taken: list[complex] = []
    for _, place in found:
        top = complex(*place.columns_rows(middle, 0))
        if all(abs(top - other) > 2 * _NEIGHBOURS_PX for other in taken):
            taken.append(top)
            offset = (0.5 * by - 0.5) * (1 + 1j)
            yield Similarity(1 / by, -offset / by) @ place @ Similarity(by, offset)
        if len(taken) == _CANDIDATES:
            return


def _turned(image: FloatImage, onto: Similarity) -> FloatImage:
    return np.asarray(cv2.warpAffine(image, onto.matrix, image.shape[::-1], flags=cv2.INTER_LINEAR), np.float32)

"""From the pixels of any kind of image to darkness: 0 for paper, 255 for full ink, whatever its colour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from rasterio.enums import ColorInterp

from veernet.errors import ScanError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from rasterio.io import DatasetReader

INK = 255
"""Darkness of full ink."""

_COLOURS = (ColorInterp.red, ColorInterp.green, ColorInterp.blue)
_BITS = {"uint8": 8, "uint16": 16}


class Normaliser:
    """Turns one scan's pixels into darkness.

    Args:
        bands: GDAL's numbers of the bands to read, the colours first and alpha last.
        convert: Takes their pixels, `(len(bands), rows, width)`, to darkness uint8 `(rows, width)`.
        bilevel: Whether all that comes of it is paper or full ink.
    """

    def __init__(
        self, bands: tuple[int, ...], convert: Callable[[NDArray[Any]], NDArray[np.uint8]], bilevel: bool = False
    ) -> None:
        self.bands = bands
        self.convert = convert
        self.bilevel = bilevel


def normaliser(dataset: DatasetReader, name: str) -> Normaliser:
    """How to read this scan's pixels as darkness.

    A stroke is as dark as its darkest colour, so that a red or green curve counts like a black one. What is transparent is
    paper.

    Raises:
        ScanError: Its pixels are of a kind that has no plain meaning as paper and ink.
    """
    kinds: list[ColorInterp] = list(dataset.colorinterp)
    types = sorted(set(dataset.dtypes))
    if len(types) != 1 or types[0] not in _BITS:
        found = f"its pixels are {' and '.join(types)} numbers"
        raise ScanError(name, found, "save it as 1, 8 or 16 bit grey, as a palette or as RGB")
    alpha = (kinds.index(ColorInterp.alpha) + 1,) if ColorInterp.alpha in kinds else ()
    if all(colour in kinds for colour in _COLOURS):
        bands = tuple(kinds.index(colour) + 1 for colour in _COLOURS)
        return Normaliser(bands + alpha, _of_colour(types[0], _full_scale(dataset), bool(alpha)))
    # GDAL calls a single MinIsWhite band undefined, and gives it a palette.
    if kinds[0] in {ColorInterp.gray, ColorInterp.palette} or (len(kinds) == 1 and kinds[0] is ColorInterp.undefined):
        table, full_scale = _table(dataset), _full_scale(dataset)
        bilevel = not alpha and set(table[: full_scale + 1].tolist()) <= {0, INK}
        return Normaliser((1, *alpha), _of_index(table, full_scale, bool(alpha)), bilevel)
    found = f"its pixels are made of {', '.join(kind.name for kind in kinds)}"
    raise ScanError(name, found, "save it as grey, as a palette or as RGB")


def _full_scale(dataset: DatasetReader) -> int:
    """The largest value that a pixel can have."""
    bits = dataset.tags(1, ns="IMAGE_STRUCTURE").get("NBITS") or _BITS[dataset.dtypes[0]]
    return int(2 ** int(bits) - 1)


def _table(dataset: DatasetReader) -> NDArray[np.uint8]:
    """Darkness of every value that a single band can have."""
    full_scale = _full_scale(dataset)
    table = np.zeros(2 ** _BITS[dataset.dtypes[0]], np.uint8)
    table[: full_scale + 1] = np.round(INK - np.arange(full_scale + 1) * (INK / full_scale))
    try:
        palette = dataset.colormap(1)
    except ValueError:  # it has none
        return table
    entries = np.array([palette[index] for index in sorted(palette)], np.float64)
    table[sorted(palette)] = np.round((INK - entries[:, :3].min(axis=1)) * entries[:, 3] / 255)
    return table


def _of_index(table: NDArray[np.uint8], full_scale: int, has_alpha: bool) -> Callable[..., NDArray[np.uint8]]:
    def convert(pixels: NDArray[Any]) -> NDArray[np.uint8]:
        darkness = _looked_up(table, pixels[0], full_scale)
        return _over_paper(darkness, pixels[1], full_scale) if has_alpha else darkness

    return convert


def _of_colour(dtype: str, full_scale: int, has_alpha: bool) -> Callable[..., NDArray[np.uint8]]:
    values = np.arange(1 << _BITS[dtype], dtype=dtype)
    table = np.clip(np.round(INK - values * np.float32(INK / full_scale)), 0, INK).astype(np.uint8)

    def convert(pixels: NDArray[Any]) -> NDArray[np.uint8]:
        darkness = _looked_up(table, pixels[:3].min(axis=0), full_scale)
        return _over_paper(darkness, pixels[3], full_scale) if has_alpha else darkness

    return convert


def _looked_up(table: NDArray[np.uint8], pixels: NDArray[Any], full_scale: int) -> NDArray[np.uint8]:
    # As numpy would, in a tenth of its time where there are 256 values at most, and in a hundredth of it where there are two.
    if pixels.dtype == np.uint8 and full_scale == 1 and {*table[:2].tolist()} == {0, INK}:
        return np.negative(pixels) if table[1] else np.subtract(pixels, np.uint8(1))
    if pixels.dtype == np.uint8 and table.size == 1 << 8:
        return np.asarray(cv2.LUT(pixels, table), np.uint8)
    return table[pixels]


def _over_paper(darkness: NDArray[np.uint8], alpha: NDArray[Any], full_scale: int) -> NDArray[np.uint8]:
    return np.round(darkness * (alpha / np.float32(full_scale))).astype(np.uint8)

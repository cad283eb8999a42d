"""The 256 colours of an overlay: greys of the scan, and each curve's colour over each of them, more or less opaque.

A px takes one byte where it would take three, which is what a picture costs to pack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Blue, green, red."""

#: Strong on paper, told apart by the colour-blind, none near grey.
CURVE_COLOURS: tuple[Colour, ...] = (
    (30, 30, 225),
    (235, 110, 0),
    (60, 150, 0),
    (190, 0, 190),
    (0, 125, 245),
    (150, 130, 0),
)
BLACK: Colour = (40, 40, 40)
TICK: Colour = (90, 160, 90)

GREYS = 16
"""Shades of the scan, entries from 0 for paper on: as many as an eye tells apart in shrunk ink."""
OPACITIES = 4
"""Steps of a curve's opacity, from 1."""
UNDER = 8
"""Shades of the scan that are told apart under a curve."""

_INK_GREY = 70  # full ink in the picture
_OPACITY = 0.8  # of a curve's line in its middle
_INK_TINT = 0.3  # of the colour that is left on full ink
_FRAME_GREYS = ((55, 55, 55), BLACK)  # of letters, beyond those of the scan
_PLAIN = GREYS + len(_FRAME_GREYS) + 1
BLENDED = _PLAIN + len(CURVE_COLOURS)
"""From this entry on colours are blended: by curve, opacity and shade, the shade running fastest."""


def _entries() -> NDArray[np.uint8]:
    ink = np.linspace(0, 1, GREYS)[:, None] * np.ones(3)
    under = np.linspace(0, 1, UNDER)[None, None, :, None]
    grey = 255 - under * (255 - _INK_GREY)
    opacity = (np.arange(1, OPACITIES + 1) * (_OPACITY / OPACITIES))[None, :, None, None]
    inked = np.array(CURVE_COLOURS)[:, None, None, :] * (_INK_TINT + (1 - _INK_TINT) * grey / 255)
    blended = grey * (1 - opacity) + inked * opacity
    parts = (255 - ink * (255 - _INK_GREY), _FRAME_GREYS, [TICK], CURVE_COLOURS, blended.reshape(-1, 3))
    return np.concatenate(parts).round().astype(np.uint8)


PALETTE = _entries()
"""Blue, green and red of each entry, uint8 `(entries, 3)`."""
TICK_ENTRY = GREYS + len(_FRAME_GREYS)
GREY_ENTRIES = np.array([(ink * (GREYS - 1) + 127) // 255 for ink in range(256)], np.uint8)
"""Entry of each darkness of the scan."""
UNDER_ENTRIES = np.array([(ink * (UNDER - 1) + 127) // 255 for ink in range(256)], np.uint8)
"""Shade under a curve of each darkness of the scan."""


def plain_entry(curve: int) -> int:
    """Entry of the colour of a curve of the sheet, unmixed."""
    return _PLAIN + curve % len(CURVE_COLOURS)


def first_blended(curve: int) -> int:
    """Entry of a curve's colour at the least opacity over bare paper; `UNDER` entries further on is the next opacity."""
    return BLENDED + curve % len(CURVE_COLOURS) * OPACITIES * UNDER


def nearest_entries(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Entries that come nearest to a small picture uint8 `(rows, columns, 3)`, as `(rows, columns)`."""
    entries = np.zeros(picture.shape[:2], np.uint8)
    inked = (picture[..., 0] & picture[..., 1] & picture[..., 2]) != 0xFF
    packed, place = np.unique(picture[inked].astype(np.int64) @ [1, 1 << 8, 1 << 16], return_inverse=True)
    colours = packed[:, None] >> [0, 8, 16] & 0xFF
    distance = ((colours[:, None] - PALETTE[:BLENDED].astype(np.int64)) ** 2).sum(axis=2)
    entries[inked] = distance.argmin(axis=1)[place]
    return entries

"""What paper and scanner do to the shape of a sheet: skew, a wandering edge, a stretch that no tick tells of."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.sheets.manifest import SheetManifest

FloatArray = NDArray[np.float64]

_BAND_ROWS = 1024


@dataclass(frozen=True)
class Warp:
    """Where a px of the scan lies on the flat print.

    Args:
        width: Columns of the sheet; it is turned about its middle column.
        skew: By how much its lines fall per column: the tangent of the angle by which it is turned.
        lean: By how much its edges run sideways per row; a feeder's rails keep it less than the skew on a long sheet.
        wander_px: How far it swings sideways.
        wander_period_px: Over how many rows.
        stretch_px: How far rows are moved along it.
        stretch_period_px: Over how many rows.
    """

    width: int
    skew: float
    lean: float
    wander_px: float
    wander_period_px: float
    stretch_px: float
    stretch_period_px: float

    def to_print(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Column and row on the print of a column and row of the scan."""
        wander = self.wander_px * np.sin(2 * np.pi * y / self.wander_period_px)
        stretch = self.stretch_px * np.sin(2 * np.pi * y / self.stretch_period_px)
        return x + self.lean * y + wander, y - self.skew * (x - self.width / 2) + stretch

    def to_scan(self, x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Column and row of the scan of a column and row on the print: the inverse, to well under 0.01 px."""
        u, v = np.asarray(x, np.float64), np.asarray(y, np.float64)
        for _ in range(40):
            printed_x, printed_y = self.to_print(u, v)
            u, v = u + (x - printed_x), v + (y - printed_y)
        return u, v

    def scanned(self, ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """The print as it lies on the scanner, uint8 ``(rows, columns)``; what is beyond its sides is paper."""
        out = np.zeros_like(ink)
        columns = np.arange(ink.shape[1], dtype=np.float64)
        reach = int(abs(self.skew) * ink.shape[1] + abs(self.stretch_px)) + 4
        for first in range(0, len(ink), _BAND_ROWS):
            rows = np.arange(first, min(first + _BAND_ROWS, len(ink)), dtype=np.float64)
            x, y = self.to_print(columns[None, :], rows[:, None])
            top = max(0, first - reach)
            part = ink[top : int(rows[-1]) + reach]
            out[first : first + rows.size] = cv2.remap(
                part, x.astype(np.float32), (y - top).astype(np.float32), cv2.INTER_LINEAR, borderValue=0
            )
        return out

    def registered(self, flat: SheetManifest, tick_every: int) -> SheetManifest:
        """The manifest that a person would give of the scan: the sheet's ticks, some left out, edges at two rows alone.

        Ticks are taken at the middle of the sheet.
        """
        ticks = flat.depth.ticks
        kept = [tick for index, tick in enumerate(ticks) if index % tick_every == 0 or index == len(ticks) - 1]
        _, rows = self.to_scan(np.full(len(kept), self.width / 2), np.array([row for row, _ in kept]))
        document = flat.model_dump(mode="json", exclude_none=True)
        document["depth"]["ticks"] = [[round(float(row), 2), depth] for row, (_, depth) in zip(rows, kept, strict=True)]
        for track in document["tracks"]:
            for side in ("left", "right"):
                points = np.array(track[side], np.float64)
                columns, at = self.to_scan(points[:, 1], points[:, 0])
                track[side] = np.round(np.column_stack([at, columns]), 2).tolist()
        return SheetManifest.model_validate(document)

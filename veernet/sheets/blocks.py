"""What lines across a sheet are read from: thin dark features of blocks of columns, of all tracks on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from veernet.sheets.geometry import StripGeometry
from veernet.sheets.profiles import BLOCK_CENTRES, BLOCKS, Profiles, without_median

FloatArray = NDArray[np.float64]

_LINE_ROWS = 15  # a printed line is thinner than half of this
_MOST_KEPT = 0.5
_ENOUGH_INK = 0.2


@dataclass(frozen=True)
class Blocks:
    """The thin dark features of every block of every track, on rows that all tracks share.

    Args:
        rows_px: Source rows.
        scale: Rows of the grid per source row.
        thin: ``(rows, blocks)``, each block with a deviation of 1.
        columns_px: Source column of the centre of each block.
        track_px: Source column of the middle of each block's track.
    """

    rows_px: FloatArray
    scale: float
    thin: NDArray[np.float32]
    columns_px: FloatArray
    track_px: FloatArray

    @classmethod
    def of(
        cls, geometries: Sequence[StripGeometry], profiles: Sequence[Profiles], enough_ink: float = _ENOUGH_INK
    ) -> Self:
        """Take them from the profiles of a sheet's strips.

        Args:
            geometries: One a strip.
            profiles: One a strip.
            enough_ink: The share of ink in a block's row that is all a line can have. Heavy lines must not outshout thin ones between them, nor a
                stroke that runs along one block a faint line through all of them.
        """
        scale = max(geometry.row_scale for geometry in geometries)
        first = min(float(geometry.source_row(0)) for geometry in geometries)
        last = max(float(geometry.source_row(geometry.rows - 1)) for geometry in geometries)
        rows_px = np.arange(first, last, 1.0 / scale)
        thin, columns, middles = [], [], []
        for geometry, profile in zip(geometries, profiles, strict=True):
            at = geometry.strip_row(rows_px)
            middle = float(geometry.source_row(geometry.rows / 2))
            features = _thin(profile.rows, enough_ink)
            thin += [np.interp(at, np.arange(len(features)), features[:, block]) for block in range(BLOCKS)]
            columns.append(geometry.column_px(middle, BLOCK_CENTRES + 0.5))
            middles.append(np.full(BLOCKS, float(geometry.column_px(middle, 0.5))))
        return cls(
            rows_px, scale, np.stack(thin, axis=1).astype(np.float32), np.concatenate(columns), np.concatenate(middles)
        )

    def near(self, rows_px: FloatArray, reach: int) -> Self | None:
        """The same with nothing on rows further than ``reach`` from all of some source rows; None where that would leave little out."""
        marked = np.zeros(len(self.thin), bool)
        at = np.rint((rows_px - self.rows_px[0]) * self.scale).astype(int)
        marked[at[(at >= 0) & (at < marked.size)]] = True
        kept = maximum_filter1d(marked, 2 * reach + 1)
        if kept.mean() > _MOST_KEPT:
            return None
        thin = self.thin * kept[:, None]
        return replace(self, thin=thin / (thin.std(axis=0) + 1e-3))

    def strength(self, slope: FloatArray, column_px: float, half: int | None) -> FloatArray:
        """How much of a line runs through each row at a column; by the left or right half of every track alone, if so asked."""
        rows = np.arange(len(self.thin), dtype=np.float64)
        strength = np.zeros(rows.size)
        for block, centre_px in enumerate(self.columns_px):
            if half is None or (centre_px > self.track_px[block]) == half:
                fall = slope * (centre_px - column_px) * self.scale
                strength += np.interp(rows + fall, rows, self.thin[:, block])
        strength = gaussian_filter1d(strength, 0.8)
        return strength / (strength.std() + 1e-6)


def _thin(rows: NDArray[np.float32], enough_ink: float) -> FloatArray:
    thin = np.clip(without_median(rows.T, _LINE_ROWS).T, 0.0, 255.0 * enough_ink)
    return np.asarray(thin / (thin.std(axis=0) + 1e-3), np.float64)

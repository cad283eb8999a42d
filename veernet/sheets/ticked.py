"""Where a sheet that was put together lies in its manifest's frame: shifted along it, and resized to the last px.

Lines that run down say how a sheet is resized to a px in its width; over its length that is many. The ticks of the first and the last depth lie
far apart, and printed lines at them and between them say the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.sheets.frame import BETTER, SIDEWAYS, STEP_PX, about_top
from veernet.sheets.geometry import DepthRegister
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.similarity import Similarity

FloatArray = NDArray[np.float64]

_SCALES_AGREE = 0.0025  # down and across
_CLOSEST_PX = 8.0
_MOST_LINES = 400
_STRONGER = 1.2  # times the others: a line at a tick
_BETWEEN = 0.35  # of the distance of two lines


def downwards(across: FloatArray, onto: Similarity, manifest: SheetManifest, width: int) -> Similarity | None:
    """``onto``, so that lines across a sheet come to its ticks and to the depths between them.

    Every line is like the next one: unless those at ticks are the stronger ones, the nearest are taken for theirs. None where the nearest are
    about as far as the next.

    Args:
        across: Features of the rows of the sheet as it lies by ``onto``, as `Lines.across`.
        onto: What brings the lines that run down to their places.
        manifest: Of the sheet.
        width: Columns of the sheet.
    """
    register = DepthRegister.of(manifest.depth)
    ticks_px = np.asarray(register.rows_px)
    strength = gaussian_filter1d(np.clip(across, 0.0, None), 1.0)
    comb = _Comb(np.clip(strength / (strength.std() + 1e-6), 0.0, 6.0), float(ticks_px[-1]))
    lines_px = _printed(comb, register)
    spacing = float(np.median(np.diff(lines_px)))
    half = int(0.5 * spacing / STEP_PX)
    near = np.asarray(np.arange(-half, half + 1) * STEP_PX, np.float64)
    score = comb.scores(lines_px, near)
    index, at = np.unravel_index(int(score.argmax()), score.shape)
    scale, shift = comb.scales[index], float(near[at])
    centre, step = len(comb.scales) // 2, max(1, round(1.5 / STEP_PX))
    here = float(score[max(0, centre - step) : centre + step + 1, np.abs(near) <= 1.5].max())
    # A sheet that lies in place sideways is the one that was measured, unless its lines clearly say otherwise.
    nowhere = index in {0, len(comb.scales) - 1}  # the scales end, and what is best at an end is no best
    if nowhere or score[index, at] < max(BETTER * here if onto == Similarity() else 0.0, 1.0):
        return onto
    most = int(SIDEWAYS * width / spacing)
    others = np.asarray(shift + np.arange(-most, most + 1) * spacing, np.float64)
    at_ticks = comb.scores(ticks_px, others)[index]
    stronger = _STRONGER * float(score[index, at])
    best = int(at_ticks.argmax())
    if at_ticks[best] >= max(stronger, _STRONGER * at_ticks[most]):
        shift = float(others[best])
    elif at_ticks[most] < stronger and abs(shift) > _BETWEEN * spacing:
        return None
    return about_top(width, complex(scale), 1j * shift) @ onto


@dataclass(frozen=True)
class _Comb:
    """How much of a line runs through each row of a sheet, and how far its last tick lies from its top."""

    strength: FloatArray
    height: float

    @property
    def scales(self) -> FloatArray:
        """Those at which lines down and lines across can both be in place."""
        steps = int(np.ceil(_SCALES_AGREE * self.height / STEP_PX))
        return np.asarray(1 + np.arange(-steps, steps + 1) * STEP_PX / self.height, np.float64)

    def scores(self, rows_px: FloatArray, shifts: FloatArray) -> FloatArray:
        """The mean strength at some rows, the sheet resized and shifted, ``(scales, shifts)``."""
        rows_px = rows_px[:: len(rows_px) // _MOST_LINES + 1]
        rows = np.arange(self.strength.size)
        return np.stack(
            [
                np.interp((rows_px[:, None] - shifts) / scale, rows, self.strength, left=0.0, right=0.0).mean(axis=0)
                for scale in self.scales
            ]
        )


def _printed(comb: _Comb, register: DepthRegister) -> FloatArray:
    """Rows by the ticks at which lines are printed: at ticks, and as often between them as lines stand out from what lies between."""
    depths = np.asarray(register.depths)
    gap = float(np.diff(depths).min())
    found: list[tuple[float, FloatArray]] = []
    for parts in (1, 2, 5, 10, 20, 25, 50):
        lines_px = register.row_at(
            depths[0] + gap / parts * np.arange(round((depths[-1] - depths[0]) / gap * parts) + 1)
        )
        spacing = float(np.median(np.diff(lines_px)))
        if spacing >= _CLOSEST_PX:
            shifts = np.arange(0.0, spacing, STEP_PX)
            scores = comb.scores(lines_px, shifts)
            between = np.roll(scores, round(0.5 * spacing / STEP_PX), axis=1)
            found.append((float((scores - between).max()), lines_px))
    most = max((contrast for contrast, _ in found), default=0.0)
    return next((lines for contrast, lines in reversed(found) if contrast >= 0.7 * most), np.asarray(register.rows_px))

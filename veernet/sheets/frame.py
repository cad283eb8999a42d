"""Where a sheet that was put together lies in its manifest's frame: turned, resized, shifted sideways.

Its pages follow the first one, and that lay on the scanner as it did: a little turned, resized and shifted against the sheet that the manifest
was measured on. Printed lines that run down are brought to the edges of the tracks. A sheet whose lines are there already stays where it
is, and so does one that shows no lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, maximum_filter1d, median_filter

from veernet.sheets.geometry import Edge
from veernet.sheets.manifest import SheetManifest, Track
from veernet.sheets.raster import Band
from veernet.sheets.similarity import Similarity

FloatArray = NDArray[np.float64]

WINDOW_ROWS = 128

_LINE_SHARE = 1 / 80  # of the width: a printed line is thinner than half of this
_TURN = np.radians(0.7)
_SCALE = 0.022
SIDEWAYS = 0.025  # of the width
_POOLED_WINDOWS = 16
STEP_PX = 0.5
_STAYS_PX = 2.0  # on 1,250 columns: how exactly a person takes an edge
BETTER = 1.15  # by how much lines must lie better than where they are
_CLEAR = 1.1  # and than anywhere else
_FEWEST_LINES = 4
_LINE = 3.0  # times the mean of all columns: a line


@dataclass(frozen=True)
class Lines:
    """The printed lines of a sheet.

    Args:
        down: Thin dark features of the columns, in windows of 128 rows, ``(windows, columns)``.
        across: Thin dark features of the rows.
    """

    down: NDArray[np.float32]
    across: FloatArray

    @classmethod
    def of(cls, bands: Iterable[Band], columns: Sequence[tuple[int, int]]) -> Lines:
        """Read them off a sheet, in bands of whole windows; rows are looked at between some columns, those of tracks."""
        down, across, width = [], [], 1
        for band in bands:
            width = band.darkness.shape[1]
            down += [
                band.darkness[first : first + WINDOW_ROWS].mean(axis=0, dtype=np.float32)
                for first in range(0, len(band.darkness), WINDOW_ROWS)
            ]
            across.append(np.stack([band.darkness[:, slice(*part)].mean(axis=1, dtype=np.float32) for part in columns]))
        rows = np.concatenate(across, axis=1).astype(np.float64)
        return cls(thin(np.stack(down), width), thin(rows, width).mean(axis=0))


def thin(profiles: NDArray[np.floating], width: int) -> NDArray[np.floating]:
    """What stands out of some profiles, ``(n, px)``, over less than a printed line's width on a sheet so wide."""
    size = round(_LINE_SHARE * width) | 1
    features = np.clip(profiles - median_filter(profiles, size=(1, size), mode="nearest"), 0.0, None)
    return np.asarray(features / (features.std() + 1e-3))


def sideways(down: NDArray[np.float32], manifest: SheetManifest) -> Similarity | None:
    """What brings the lines that run down a sheet to the edges of its tracks and the divisions between them.

    None where they do not lie there, and it is not certain where else.

    Args:
        down: Their features, as `Lines.down`.
        manifest: Of the sheet.
    """
    windows, width = down.shape
    rows_px = np.asarray((np.arange(windows) + 0.5) * WINDOW_ROWS - 0.5, np.float64)
    edges = [Edge.of(edge) for track in manifest.tracks for edge in (track.left, track.right)]
    drift = np.mean([edge.column_px(rows_px) - edge.column_px(0.0) for edge in edges], axis=0)
    turn = turn_of(down, rows_px, drift)
    upright = sheared(down, turn * rows_px + drift)
    expected = np.concatenate([_divisions(track) for track in manifest.tracks])
    found = [
        _placed(upright[part].mean(axis=0), expected) for part in (slice(None), slice(0, None, 2), slice(1, None, 2))
    ]
    best, *halves = found
    apart = max(abs(half.scale - best.scale) * width / 2 + abs(half.shift - best.shift) for half in halves)
    stays = _STAYS_PX * width / 1250
    onto = about_top(width, best.scale * np.exp(1j * turn), best.shift)
    moved, _ = onto.columns_rows(expected, rows_px[[0, -1], None])
    here = maximum_filter1d(_level(sheared(down, drift).mean(axis=0)), 3)
    if best.score < BETTER * float(np.interp(expected, np.arange(width), here).mean()):
        return Similarity()
    if not best.clear or apart > stays:
        return None if best.lines >= _FEWEST_LINES else Similarity()
    return onto if np.abs(moved - expected).max() > stays else Similarity()


def _divisions(track: Track) -> FloatArray:
    """Columns in which lines may run down a track at its top: at its tenths, or at the digits of its decades."""
    left, right = float(Edge.of(track.left).column_px(0.0)), float(Edge.of(track.right).column_px(0.0))
    parts = np.linspace(0.0, 1.0, 11)
    if track.scale == "log":
        ends = np.log10([track.curves[0].left, track.curves[0].right])
        digits = np.log10(np.arange(1, 10)) + np.arange(np.floor(ends.min()), np.ceil(ends.max()) + 1)[:, None]
        parts = (digits.ravel() - ends[0]) / (ends[1] - ends[0])
    return left + np.unique(parts[(parts > -1e-9) & (parts < 1 + 1e-9)]) * (right - left)


def about_top(width: int, factor: complex, shift: complex) -> Similarity:
    """Turned and resized about the middle of a sheet's top, which itself is shifted."""
    return Similarity(factor, width / 2 + shift - factor * width / 2)


def sheared(down: NDArray[np.float32], by_px: FloatArray) -> FloatArray:
    """Each window, its columns taken from so much further right."""
    at = np.arange(down.shape[1])
    return np.stack(
        [np.interp(at + by, at, window, left=0.0, right=0.0) for window, by in zip(down, by_px, strict=True)]
    )


def turn_of(
    down: NDArray[np.float32], from_pivot_px: FloatArray, drift: FloatArray, window_rows: int = WINDOW_ROWS
) -> float:
    """The lean of the lines that run down a sheet, in columns a row: first in pools of windows, then in all of them together.

    Args:
        down: Their features, as `Lines.down`.
        from_pivot_px: How far below the row that stays each window is.
        drift: How far to the right lines are known to run in each, px.
        window_rows: Rows of a window.
    """

    def sharpness(turn: float, pool: int) -> float:
        upright = sheared(down, turn * from_pivot_px + drift)
        return float(
            sum((upright[first : first + pool].sum(axis=0) ** 2).sum() for first in range(0, len(upright), pool))
        )

    best, reach = 0.0, _TURN
    pool = min(_POOLED_WINDOWS, len(down))
    while True:
        step = STEP_PX / (pool * window_rows)
        turns = best + np.arange(-np.ceil(reach / step), np.ceil(reach / step) + 1) * step
        best = float(turns[int(np.argmax([sharpness(turn, pool) for turn in turns]))])
        if pool >= len(down):
            return best
        pool, reach = min(4 * pool, len(down)), 2 * step


@dataclass(frozen=True)
class _Place:
    """Where lines lie: scale and shift, their mean strength, how many they are, and whether they clearly lie there and not elsewhere."""

    scale: float
    shift: float
    score: float
    lines: int
    clear: bool


def _level(profile: FloatArray) -> FloatArray:
    """Thin lines and thick ones, made more alike."""
    return np.sqrt(gaussian_filter1d(np.clip(profile, 0.0, None), 0.7))


def _placed(profile: FloatArray, expected: FloatArray) -> _Place:
    """Scale and shift at which the lines of a profile lie where they are expected."""
    width, level = profile.size, _level(profile)
    middle = width / 2
    steps = int(np.ceil(2 * _SCALE * middle / STEP_PX))
    scales = 1 + np.arange(-steps, steps + 1) * STEP_PX / (2 * middle)
    most = round(SIDEWAYS * width / STEP_PX)
    shifts = np.arange(-most, most + 1) * STEP_PX
    at = middle + (expected - middle - shifts[None, :, None]) / scales[:, None, None]
    seen = np.interp(at, np.arange(width), level, left=0.0, right=0.0)
    score = seen.mean(axis=2)
    best = np.unravel_index(int(score.argmax()), score.shape)
    away = np.abs(scales - scales[best[0]])[:, None] * middle + np.abs(shifts - shifts[best[1]])[None, :]
    lines = int((seen[best] > _LINE * level.mean()).sum())
    clear = lines >= _FEWEST_LINES and score[best] >= _CLEAR * float(score[away > 0.006 * width].max())
    return _Place(float(scales[best[0]]), float(shifts[best[1]]), float(score[best]), lines, bool(clear))

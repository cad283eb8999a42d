"""The lines that run down a sheet: how far paper swings them sideways between the rows at which its edges were measured.

As with the lines across, all tracks are read together, and what is found must be found by two parts of the sheet on their own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

from veernet.sheets.geometry import STRIP_WIDTH, TRACK_COLUMNS, Edge, StripGeometry
from veernet.sheets.profiles import COLUMN_WINDOW_ROWS, Profiles, without_median

FloatArray = NDArray[np.float64]

_LINE_COLUMNS = 25
_STEP_COLUMNS = 5  # from one window to the next
_LIKENESS = 0.5  # of a window and what was seen so far
_REPEATS = 0.7  # the likeness of every second window and the others, put back; curves alone mostly come to less
_SEEN_SHARE = 0.6
_NOISE_SHARE = 0.35  # of what was found, by which its two halves may differ
_NOISE_COLUMNS = 0.75
_FEWEST_WINDOWS = 6


@dataclass(frozen=True)
class Drift:
    """How far to the right of where the manifest puts them a track's lines run: at source rows, increasing, px."""

    rows_px: FloatArray
    by_px: FloatArray

    @property
    def most_px(self) -> float:
        """The farthest they run from there."""
        return float(np.abs(self.by_px).max())

    def moved(self, geometry: StripGeometry) -> StripGeometry:
        """A strip whose edges follow the drift."""
        rows_px = tuple(self.rows_px.tolist())
        left, right = (
            Edge(rows_px, tuple((edge.column_px(self.rows_px) + self.by_px).tolist()))
            for edge in (geometry.left, geometry.right)
        )
        return replace(geometry, left=left, right=right)


@dataclass(frozen=True)
class EdgeLines:
    """The lines that run down a sheet.

    Args:
        drifts: Of each track, between the rows at which the manifest gives its edges; empty where there is none, or where that cannot be told.
        seen: Whether there are lines to see.
    """

    drifts: tuple[Drift, ...] = ()
    seen: bool = False


def edge_lines(geometries: Sequence[StripGeometry], profiles: Sequence[Profiles]) -> EdgeLines:
    """Read them out of the profiles of a sheet's strips, cut where the manifest puts them.

    Followed is where the paper runs, which all tracks share; a track's drift is what its edges in the manifest do not know of that.
    """
    # Windows of the finest strip, at the rows of which the others' windows are taken.
    finest = max(geometries, key=lambda geometry: geometry.row_scale)
    windows = len(profiles[geometries.index(finest)].columns)
    if windows < _FEWEST_WINDOWS:
        return EdgeLines()
    rows_px = finest.source_row(np.minimum((np.arange(windows) + 0.5) * COLUMN_WINDOW_ROWS, finest.rows - 1))
    measured = [_measured_windows(geometry, rows_px) for geometry in geometries]
    start = int(np.flatnonzero(measured[0])[0])
    sharp = np.stack([_sharp(g, p, rows_px) for g, p in zip(geometries, profiles, strict=True)])
    lines = _Lines(
        sharp,
        uniform_filter1d(sharp, 3, axis=1, mode="nearest"),
        np.stack([_by_manifest(geometry, rows_px, start) for geometry in geometries]),
        np.array([TRACK_COLUMNS / geometry.widest_px() for geometry in geometries]),
    )
    whole = lines.followed(start, np.ones((len(geometries), STRIP_WIDTH), bool))
    if whole is None:
        return EdgeLines()
    found = [_between(by_px, known) for by_px, known in zip(whole - lines.by_manifest_px, measured, strict=True)]
    largest_noise_px = min(
        _NOISE_COLUMNS / float(lines.columns_per_px.max()), _NOISE_SHARE * float(np.quantile(np.abs(found), 0.9))
    )
    for split in _splits(len(geometries)):
        parts = [lines.followed(start, part) for part in split]
        if all(part is not None and _median_px(part - whole, measured) <= largest_noise_px for part in parts):
            return EdgeLines(tuple(Drift(rows_px, by_px) for by_px in found), seen=True)
    return EdgeLines(seen=True)


def _splits(tracks: int) -> list[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    """Ways to part what there is to see in two, each part bool ``(tracks, columns)``: left and right halves, and one track and the others."""
    left = np.broadcast_to(np.arange(STRIP_WIDTH) < STRIP_WIDTH // 2, (tracks, STRIP_WIDTH))
    splits = [(left, ~left)]
    for track in range(tracks if tracks > 2 else tracks - 1):
        own = np.broadcast_to((np.arange(tracks) == track)[:, None], (tracks, STRIP_WIDTH))
        splits.append((own, ~own))
    return splits


def _median_px(by_px: FloatArray, measured: Sequence[NDArray[np.bool_]]) -> float:
    """How far something runs sideways in the middling window, beside any of the tracks' measured windows."""
    return max(float(np.median(np.abs(_between(by_px, known)))) for known in measured)


@dataclass(frozen=True)
class _Lines:
    """The thin dark features of the columns of every track.

    Args:
        sharp: ``(tracks, windows, columns)``.
        smooth: The same, each window with its neighbours.
        by_manifest_px: How far the manifest's edges run sideways from the first window that was measured, ``(tracks, windows)``.
        columns_per_px: Strip columns per source px, of each track.
    """

    sharp: FloatArray
    smooth: FloatArray
    by_manifest_px: FloatArray
    columns_per_px: FloatArray

    def followed(self, start: int, columns: NDArray[np.bool_]) -> FloatArray | None:
        """How far the paper runs sideways from where it does in the window at which it starts, px; None where lines do not run all the way.

        Lines are followed from window to window, against the mean of what was seen so far: a step is small, though the way may
        be long.
        """
        windows = self.sharp.shape[1]
        offsets_px = np.arange(-_STEP_COLUMNS, _STEP_COLUMNS + 1) / self.columns_per_px.max()
        ways = self.by_manifest_px, self.columns_per_px
        by_px, seen = _follow(_by_window(self.smooth * columns[:, None]), *ways, start, offsets_px)
        if seen.mean() < _SEEN_SHARE:
            return None
        back = _put_back(_by_window(self.sharp * columns[:, None]), *ways, by_px)
        alternate = [back[first::2].mean(axis=0).ravel() for first in (0, 1)]
        if float(np.corrcoef(*alternate)[0, 1]) < _REPEATS:
            return None
        smooth = median_filter(by_px[seen], size=5, mode="nearest")
        return gaussian_filter1d(np.interp(np.arange(windows), np.flatnonzero(seen), smooth), 1.0, mode="nearest")


def _by_window(tracks: FloatArray) -> FloatArray:
    """Columns ``(tracks, windows, columns)`` as ``(windows, tracks, columns)``, each window in one piece."""
    return np.ascontiguousarray(tracks.swapaxes(0, 1))


@njit(cache=True, nogil=True)
def _follow(  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    thin, by_manifest_px, columns_per_px, start, offsets_px
):
    """How far windows ``(windows, tracks, columns)`` run sideways, each looked for near its neighbour, and which of them can be seen to."""
    windows, tracks, columns = thin.shape
    by_px, seen = np.zeros(windows), np.zeros(windows, np.bool_)
    seen[start] = True
    scores, back = np.empty(len(offsets_px)), np.empty(columns)
    for step in (1, -1):
        reference, near_px, index = thin[start].copy(), 0.0, start + step
        while 0 <= index < windows:
            window = thin[index]
            norm = np.sqrt((window * window).sum()) * np.sqrt((reference * reference).sum()) + 1e-6
            for way in range(len(offsets_px)):
                scores[way] = 0.0
                for track in range(tracks):
                    by = (near_px + offsets_px[way] - by_manifest_px[track, index]) * columns_per_px[track]
                    scores[way] += _agreement(window[track], reference[track], by) / norm
            best = scores.argmax()
            if 0 < best < len(offsets_px) - 1 and scores[best] >= _LIKENESS:
                curvature = scores[best - 1] - 2.0 * scores[best] + scores[best + 1]
                lean = 0.5 * (scores[best - 1] - scores[best + 1]) / curvature if curvature < 0 else 0.0
                near_px += offsets_px[best] + min(max(lean, -0.5), 0.5) * (offsets_px[1] - offsets_px[0])
                by_px[index], seen[index] = near_px, True
                for track in range(tracks):
                    _shift(window[track], (near_px - by_manifest_px[track, index]) * columns_per_px[track], back)
                    reference[track] = 0.8 * reference[track] + 0.2 * back
            index += step
    return by_px, seen


@njit(cache=True, nogil=True)
def _put_back(sharp, by_manifest_px, columns_per_px, by_px):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Windows ``(windows, tracks, columns)`` as they would be had the paper not run sideways."""
    back = np.empty(sharp.shape)
    for index in range(len(sharp)):
        for track in range(sharp.shape[1]):
            by = (by_px[index] - by_manifest_px[track, index]) * columns_per_px[track]
            _shift(sharp[index, track], by, back[index, track])
    return back


@njit(cache=True, nogil=True)
def _shift(row, by, shifted):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """Give each column what is so many columns further on; nothing comes in from beyond the ends."""
    columns, whole = len(row), math.floor(by)
    part = by - whole
    for column in range(columns):
        before = column + whole
        low = row[before] if 0 <= before < columns else 0.0
        high = row[before + 1] if -1 <= before < columns - 1 else 0.0
        shifted[column] = low + part * (high - low)


@njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz"})
def _agreement(row, reference, by):  # type: ignore[no-untyped-def]  # pragma: no cover - compiled
    """The scalar product of what :func:`_shift` makes of a row and another row."""
    columns, whole = len(row), math.floor(by)
    part = by - whole
    first, end = min(max(-whole, 0), columns), max(min(columns, columns - 1 - whole), 0)
    total = 0.0
    for column in range(first, end):
        low, high = row[column + whole], row[column + whole + 1]
        total += (low + part * (high - low)) * reference[column]
    if 0 <= -1 - whole < columns:
        total += part * row[0] * reference[-1 - whole]
    if 0 <= columns - 1 - whole < columns:
        total += (1.0 - part) * row[columns - 1] * reference[columns - 1 - whole]
    return total


def _sharp(geometry: StripGeometry, profile: Profiles, rows_px: FloatArray) -> FloatArray:
    """The thin dark features of a track's columns in the windows around some rows, ``(rows, columns)``."""
    sharp = np.clip(without_median(profile.columns, _LINE_COLUMNS), 0.0, None)
    window = np.clip(geometry.strip_row(rows_px) // COLUMN_WINDOW_ROWS, 0, len(sharp) - 1).astype(int)
    return np.asarray(sharp[window], np.float64)


def _by_manifest(geometry: StripGeometry, rows_px: FloatArray, start: int) -> FloatArray:
    middle = geometry.column_px(rows_px, 0.5)
    return middle - middle[start]


def _measured_windows(geometry: StripGeometry, rows_px: FloatArray) -> NDArray[np.bool_]:
    """Windows at rows at which the manifest gives an edge; the middle one for an edge that is one column all the way."""
    points = [row for edge in (geometry.left, geometry.right) if len(edge.rows_px) > 1 for row in edge.rows_px]
    measured = np.zeros(rows_px.size, bool)
    if not points:
        measured[rows_px.size // 2] = True
    for point in points:
        measured[int(np.abs(rows_px - point).argmin())] = True
    return measured


def _between(by_px: FloatArray, measured: NDArray[np.bool_]) -> FloatArray:
    """What runs sideways between windows that were measured: where an edge was measured it is right."""
    at = np.arange(by_px.size)
    return by_px - np.interp(at, at[measured], by_px[measured])

"""The lines that run down a track: how far paper swings them sideways between the rows at which its edges were measured."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, median_filter, uniform_filter1d

from veernet.sheets.geometry import STRIP_WIDTH, TRACK_COLUMNS, Edge, StripGeometry
from veernet.sheets.profiles import COLUMN_WINDOW_ROWS, Profiles, vertex

FloatArray = NDArray[np.float64]

_LINE_COLUMNS = 25
_STEP_COLUMNS = 5  # from one window to the next
_DRIFT_EVIDENCE = 0.5


@dataclass(frozen=True)
class Drift:
    """How far to the right of where the manifest puts them a track's lines run: at source rows, increasing, px."""

    rows_px: FloatArray
    by_px: FloatArray

    def at(self, rows_px: FloatArray) -> FloatArray:
        """The drift at each source row."""
        return np.interp(rows_px, self.rows_px, self.by_px)

    def moved(self, geometry: StripGeometry) -> StripGeometry:
        """A strip whose edges follow the drift."""
        rows_px = tuple(self.rows_px.tolist())
        left, right = (
            Edge(rows_px, tuple((edge.column_px(self.rows_px) + self.by_px).tolist()))
            for edge in (geometry.left, geometry.right)
        )
        return replace(geometry, left=left, right=right)


def drift_of(geometry: StripGeometry, profile: Profiles) -> Drift | None:
    """The drift of a track's lines between the rows at which the manifest gives its edges; None where they cannot be followed."""
    sharp = np.clip(
        profile.columns - median_filter(profile.columns, size=(1, _LINE_COLUMNS), mode="nearest"), 0.0, None
    )
    thin = uniform_filter1d(sharp, 3, axis=0, mode="nearest")
    windows = len(thin)
    centres = np.minimum((np.arange(windows) + 0.5) * COLUMN_WINDOW_ROWS, geometry.rows - 1)
    rows_px = geometry.source_row(centres)
    measured = _measured_windows(geometry, rows_px)
    if windows < 6:
        return None
    shifts, seen = _followed(thin, measured)
    if seen.mean() < 0.6 or not _run_all_the_way(sharp, shifts):
        return None
    drift = np.interp(np.arange(windows), np.flatnonzero(seen), median_filter(shifts[seen], size=5, mode="nearest"))
    drift = gaussian_filter1d(drift, 1.0, mode="nearest")
    drift -= np.interp(
        np.arange(windows), np.flatnonzero(measured), drift[measured]
    )  # where it was measured it is right
    return Drift(rows_px, drift * geometry.widest_px() / TRACK_COLUMNS)


def _measured_windows(geometry: StripGeometry, rows_px: FloatArray) -> NDArray[np.bool_]:
    """Windows at rows at which the manifest gives an edge; the middle one for an edge that is one column all the way."""
    points = [row for edge in (geometry.left, geometry.right) if len(edge.rows_px) > 1 for row in edge.rows_px]
    measured = np.zeros(rows_px.size, bool)
    if not points:
        measured[rows_px.size // 2] = True
    for point in points:
        measured[int(np.abs(rows_px - point).argmin())] = True
    return measured


def _followed(thin: FloatArray, measured: NDArray[np.bool_]) -> tuple[FloatArray, NDArray[np.bool_]]:
    """How many columns each window's lines lie to the right of those of the first window that was measured, and whether that can be told.

    Lines are followed from window to window, against the mean of what was seen so far: a step is small, though the way may
    be long.
    """
    start = int(np.flatnonzero(measured)[0])
    shifts, seen = np.zeros(len(thin)), np.zeros(len(thin), bool)
    shifts[start] = 0.0
    seen[start] = True
    for way in (range(start + 1, len(thin)), range(start - 1, -1, -1)):
        reference, at = thin[start].astype(np.float64), 0.0
        for index in way:
            by = _shift_of(thin[index], reference, at)
            if by is None:
                continue
            shifts[index], seen[index], at = by, True, by
            reference = 0.8 * reference + 0.2 * _moved(thin[index], -by)
    return shifts, seen


def _run_all_the_way(sharp: FloatArray, shifts: FloatArray) -> bool:
    """Whether the lines of every other window, moved to where they were followed to, are those of the windows between."""
    moved = np.array([_moved(window, -by) for window, by in zip(sharp, shifts, strict=True)])
    return float(np.corrcoef(moved[::2].mean(axis=0), moved[1::2].mean(axis=0))[0, 1]) > _DRIFT_EVIDENCE


def _shift_of(window: FloatArray, reference: FloatArray, near: float) -> float | None:
    """By how many columns a window is shifted from the reference, looked for near what its neighbour was shifted by."""
    offsets = np.arange(-_STEP_COLUMNS, _STEP_COLUMNS + 1, dtype=np.float64)
    norm = float(np.linalg.norm(window) * np.linalg.norm(reference)) + 1e-6
    scores = np.array([float(_moved(window, -(near + offset)) @ reference) / norm for offset in offsets])
    best = int(scores.argmax())
    if not 0 < best < offsets.size - 1 or scores[best] < _DRIFT_EVIDENCE:
        return None
    return near + offsets[best] + vertex(scores[best - 1 : best + 2])


def _moved(profile: FloatArray, columns: float) -> FloatArray:
    """A profile moved to the right by so many columns."""
    at = np.arange(STRIP_WIDTH)
    return np.interp(at - columns, at, profile, left=0.0, right=0.0)

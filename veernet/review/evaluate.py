"""How near a digitised log is to the truth, in the terms of the track it was drawn in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from rich.markup import escape
from rich.table import Table

from veernet.curves.las_read import LasContent, read_las
from veernet.errors import LasError
from veernet.review.measures import correlation, depth_shift, mean, p95, resample, snr_db

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, SheetManifest

WRONG_FRACTION = 0.03
"""Error, in track widths, beyond which a sample is wrong and not just imprecise."""

_METRES_PER_FOOT = 0.3048


@dataclass(frozen=True)
class CurveScore:
    """One curve against its truth. Shares are of all truth samples, so that a missing one counts as a miss.

    Args:
        mnemonic: The curve.
        unit: Its unit.
        depth_unit: ft or m, of all depths here.
        top_depth: First depth that has a truth.
        base_depth: Last depth that has a truth.
        samples: Depths that have a truth.
        coverage: Share of them that have a value.
        mean_error: Mean absolute error, in `unit`.
        p95_error: 95th percentile of the absolute error, in `unit`.
        mean_track_error: Mean absolute error in track widths; on a log track, of logarithms over log(right / left).
        p95_track_error: 95th percentile of the same.
        within_1: Share within 1 % of the track.
        within_2: Share within 2 % of the track.
        wrong: Share with a value more than 3 % of the track off.
        wrap_errors: Samples that are off by about a whole number of tracks.
        correlation: Pearson's r, in track space; NaN where a curve does not vary.
        snr_db: Variance of the truth over mean squared error, in track space, in dB.
        depth_shift: How much deeper the curve lies than its truth, by cross-correlation, to fractions of a step.
    """

    mnemonic: str
    unit: str
    depth_unit: str
    top_depth: float
    base_depth: float
    samples: int
    coverage: float
    mean_error: float
    p95_error: float
    mean_track_error: float
    p95_track_error: float
    within_1: float
    within_2: float
    wrong: float
    wrap_errors: int
    correlation: float
    snr_db: float
    depth_shift: float


def compare(truth_path: Path, got_path: Path, manifest: SheetManifest) -> list[CurveScore]:
    """Score each curve of the manifest that the truth has, over the manifest's depths, at the truth's samples.

    Raises:
        SourceMissingError: One of the files is not there.
        LasError: One of them is no LAS file, or the truth has none of the manifest's curves.
    """
    truth, got = read_las(truth_path), read_las(got_path)
    unit = manifest.depth.unit
    truth_depths, got_depths = _depths_in(unit, truth), _depths_in(unit, got)
    ends = sorted((manifest.depth.top_depth, manifest.depth.base_depth))
    inside = (truth_depths >= ends[0] - 1e-6) & (truth_depths <= ends[1] + 1e-6)
    scores = []
    for track in manifest.tracks:
        for curve in track.curves:
            if curve.mnemonic not in truth.curves:
                continue
            expected, depths = truth.curves[curve.mnemonic].values[inside], truth_depths[inside]
            if not _drawn(expected, curve, track.scale).any():
                continue
            column = got.curves.get(curve.mnemonic)
            found = np.full_like(depths, np.nan) if column is None else resample(depths, got_depths, column.values)
            scores.append(score_curve(expected, found, depths, curve, track.scale, depth_unit=unit))
    if not scores:
        names = ", ".join(curve.mnemonic for track in manifest.tracks for curve in track.curves)
        found_names = ", ".join(truth.curves) or "no curve"
        raise LasError(
            str(truth_path),
            f"it has {found_names}, but no value of {names} from {ends[0]:g} to {ends[1]:g} {unit}",
            "give the truth of this sheet, with the manifest's mnemonics",
        )
    return scores


def score_curve(
    truth_values: NDArray[np.float64],
    got_values: NDArray[np.float64],
    depths: NDArray[np.float64],
    curve: Curve,
    scale: str,
    *,
    depth_unit: str = "",
) -> CurveScore:
    """Score one curve.

    Args:
        truth_values: float64 (rows,), NaN where there is no truth; at least one is on the track, or the curve wraps.
        got_values: (rows,) at the same depths, NaN where there is none.
        depths: (rows,), regular.
        curve: Gives the track's ends.
        scale: linear or log.
        depth_unit: ft or m, handed on.
    """
    known = _drawn(truth_values, curve, scale)
    truth = _track_fraction(truth_values, curve, scale)
    got = _track_fraction(got_values, curve, scale)
    # On a log track a value of 0 or less is no position: it is there, but as wrong as can be.
    impossible = np.isfinite(got_values) & ~np.isfinite(got)
    both = known & np.isfinite(got_values)
    error = np.where(impossible, np.inf, np.abs(got - truth))[both]
    unit_error = np.abs(got_values - truth_values)[both]
    samples = int(known.sum())
    tracks_off = np.where(np.isfinite(error), np.round(np.where(np.isfinite(error), error, 0)), 0)
    wrapped = (tracks_off >= 1) & (np.abs(error - tracks_off) < WRONG_FRACTION)
    usable = both & np.isfinite(got) & np.isfinite(truth)
    return CurveScore(
        mnemonic=curve.mnemonic,
        unit=curve.unit or "",
        depth_unit=depth_unit,
        top_depth=float(depths[known].min()),
        base_depth=float(depths[known].max()),
        samples=samples,
        coverage=float(both.sum() / samples),
        mean_error=mean(unit_error),
        p95_error=p95(unit_error),
        mean_track_error=mean(error),
        p95_track_error=p95(error),
        within_1=float((error <= 0.01).sum() / samples),
        within_2=float((error <= 0.02).sum() / samples),
        wrong=float((error > WRONG_FRACTION).sum() / samples),
        wrap_errors=int(wrapped.sum()),
        correlation=correlation(truth[usable], got[usable]),
        snr_db=snr_db(truth[usable], got[usable]),
        depth_shift=depth_shift(truth, got, usable, depths),
    )


def score_table(scores: Sequence[CurveScore]) -> Table:
    """Scores for people: a column a curve, so that a sheet's few curves fit any terminal."""
    table = Table(title="digitised against truth", caption="% of the track; shares of all depths that have a truth")
    table.add_column("")
    for score in scores:
        table.add_column(escape(score.mnemonic), justify="right")
    for label, shown in _MEASURES:
        table.add_row(label, *(escape(shown(score)) for score in scores))
    return table


_MEASURES: tuple[tuple[str, Callable[[CurveScore], str]], ...] = (
    ("depths", lambda score: f"{score.top_depth:g} to {score.base_depth:g} {score.depth_unit}".strip()),
    ("coverage", lambda score: f"{score.coverage:.1%}"),
    ("mean error", lambda score: f"{score.mean_error:.3g} {score.unit}".strip()),
    ("mean, of track", lambda score: f"{score.mean_track_error:.2%}"),
    ("95th pc, of track", lambda score: f"{score.p95_track_error:.2%}"),
    ("within 1 %", lambda score: f"{score.within_1:.1%}"),
    ("within 2 %", lambda score: f"{score.within_2:.1%}"),
    ("wrong > 3 %", lambda score: f"{score.wrong:.1%}"),
    ("correlation", lambda score: f"{score.correlation:.4f}"),
    ("SNR", lambda score: f"{score.snr_db:.1f} dB"),
    ("depth shift", lambda score: f"{score.depth_shift:+.2f} {score.depth_unit}".strip()),
    ("wrap errors", lambda score: f"{score.wrap_errors}"),
)


def _depths_in(unit: str, log: LasContent) -> NDArray[np.float64]:
    if log.depth_unit == unit or log.depth_unit not in ("ft", "m"):
        return log.depths
    return log.depths * (_METRES_PER_FOOT if unit == "m" else 1 / _METRES_PER_FOOT)


def _drawn(values: NDArray[np.float64], curve: Curve, scale: str) -> NDArray[np.bool_]:
    """Where a value can be on paper: a curve that does not wrap is off scale beyond the edges, and NULL by contract."""
    fraction = _track_fraction(values, curve, scale)
    return np.asarray(np.isfinite(fraction) & (curve.wrap | ((fraction >= 0) & (fraction <= 1))), np.bool_)


def _track_fraction(values: NDArray[np.float64], curve: Curve, scale: str) -> NDArray[np.float64]:
    if scale == "log":
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.where(values > 0, np.log(values / curve.left), np.nan)
        return np.asarray(logs / math.log(curve.right / curve.left))
    return np.asarray((values - curve.left) / (curve.right - curve.left))

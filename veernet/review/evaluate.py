"""How near digitised logs are to the truth, in the terms of the track they were drawn in; one curve, or many pooled."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from veernet.review.measures import correlation, mean, p95, shift_steps, snr_db
from veernet.review.samples import BoolArray, CurveSamples, FloatArray, read_samples

if TYPE_CHECKING:
    from veernet.sheets.manifest import SheetManifest

RIGHT_FRACTION = 0.01
"""Error, in track widths, up to which a sample is right."""
WRONG_FRACTION = 0.03
"""Error, in track widths, beyond which a sample is wrong and not just imprecise."""


@dataclass(frozen=True)
class Score:
    """Curves against their truths. Shares are of all truth samples, so that a missing one counts as a miss.

    Args:
        name: The curve's mnemonic, or what curves these are.
        unit: The unit that all the curves have; None where theirs differ.
        curves: How many.
        samples: Depths that have a truth.
        coverage: Share of them that have a value.
        mean_error: Mean absolute error, in `unit`; NaN where units differ.
        p95_error: 95th percentile of the same.
        mean_track_error: Mean absolute error in track widths; on a log track, of logarithms over log(right / left).
        p95_track_error: 95th percentile of the same.
        within_1: Share within 1 % of the track.
        within_2: Share within 2 % of the track.
        wrong: Share with a value more than 3 % of the track off.
        wrap_errors: Samples that are off by about a whole number of tracks, one or more.
        correlation: Pearson's r, in track space, each curve about its own mean; NaN where they do not vary.
        snr_db: Variance of the truths over mean squared error, in track space, in dB.
        shift_steps: How much deeper the curves lie than their truths, by cross-correlation, in steps of the truth.
        wrong_doubted: Share of what is wrong that has a confidence below 0.9; NaN where nothing is, or nobody said.
        doubted: Share of all values that has; what flags everything flags nothing.
        wrong_warned: Share of what is wrong that lies in a stretch its record warns of; NaN as above.
    """

    name: str
    unit: str | None
    curves: int
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
    shift_steps: float
    wrong_doubted: float
    doubted: float
    wrong_warned: float


def compare(truth_path: Path, got_path: Path, manifest: SheetManifest) -> list[Score]:
    """Score each curve of the manifest that the truth has, over the manifest's depths, at the truth's samples.

    Raises:
        VeerNetError: As `read_samples` says.
    """
    samples = read_samples(truth_path.stem, truth_path, got_path, manifest)
    return [score(one.curve.mnemonic, [one]) for one in samples]


def score(name: str, curves: Sequence[CurveSamples], *, crossings: bool = False) -> Score:
    """Pool the samples of these curves, or only those at crossings, into one score; without any, it is NaN throughout."""
    rows = [np.isfinite(one.truth) & (one.crossing if crossings else True) for one in curves]
    given = [one for one, chosen in zip(curves, rows, strict=True) if chosen.any()]
    rows = [chosen for chosen in rows if chosen.any()]
    samples = int(sum(chosen.sum() for chosen in rows))
    units = {one.curve.unit or "" for one in given}
    error = _pooled(one.track_error[chosen & one.found] for one, chosen in zip(given, rows, strict=True))
    unit_error = _pooled(one.unit_error[chosen & one.found] for one, chosen in zip(given, rows, strict=True))
    unit_error = unit_error if len(units) == 1 else unit_error[:0]
    pairs = [(one.truth, one.got, chosen) for one, chosen in zip(given, rows, strict=True)]
    flags = list(zip(given, rows, strict=True))
    return Score(
        name=name,
        unit=units.pop() if len(units) == 1 else None,
        curves=len(given),
        samples=samples,
        coverage=_share(len(error), samples),
        mean_error=mean(unit_error),
        p95_error=p95(unit_error),
        mean_track_error=mean(error),
        p95_track_error=p95(error),
        within_1=_share((error <= RIGHT_FRACTION).sum(), samples),
        within_2=_share((error <= 0.02).sum(), samples),
        wrong=_share((error > WRONG_FRACTION).sum(), samples),
        wrap_errors=int(_turned(error).sum()),
        correlation=correlation(pairs),
        snr_db=snr_db(pairs),
        shift_steps=shift_steps(pairs),
        wrong_doubted=_flagged(flags, lambda one: one.low_confidence, wrong_only=True),
        doubted=_flagged(flags, lambda one: one.low_confidence, wrong_only=False),
        wrong_warned=_flagged(flags, lambda one: one.warned, wrong_only=True),
    )


def kinds_of(curves: Sequence[CurveSamples]) -> dict[str, list[CurveSamples]]:
    """The curves by kind, and all of them; kinds of which there is none are left out."""
    kinds: dict[str, Callable[[CurveSamples], bool]] = {
        "all curves": lambda _: True,
        "solid": lambda one: one.curve.style == "solid",
        "dashed/dotted": lambda one: one.curve.style != "solid",
        "log": lambda one: one.scale == "log",
        "linear": lambda one: one.scale == "linear",
    }
    chosen = {name: [one for one in curves if belongs(one)] for name, belongs in kinds.items()}
    return {name: some for name, some in chosen.items() if some}


def _turned(error: FloatArray) -> BoolArray:
    """Where an error is a whole number of tracks, one or more."""
    finite = np.where(np.isfinite(error), error, 0)
    turns = np.round(finite)
    return np.asarray((turns >= 1) & (np.abs(finite - turns) < WRONG_FRACTION), np.bool_)


def _flagged(
    curves: Sequence[tuple[CurveSamples, BoolArray]],
    flags_of: Callable[[CurveSamples], BoolArray | None],
    *,
    wrong_only: bool,
) -> float:
    """Share of the values (or of the wrong ones) that are flagged, over the curves of which it is known."""
    flagged = of = 0
    for one, rows in curves:
        flags = flags_of(one)
        if flags is None:
            continue
        counted = rows & one.found
        if wrong_only:
            counted = counted & (one.track_error > WRONG_FRACTION)
        of += int(counted.sum())
        flagged += int((counted & flags).sum())
    return _share(flagged, of)


def _share(part: int | np.int_, whole: int) -> float:
    return float(part / whole) if whole else math.nan


def _pooled(arrays: Iterable[FloatArray]) -> FloatArray:
    return np.concatenate([np.empty(0), *arrays])

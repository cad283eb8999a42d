"""Tracks of synthetic papers: how many, where the depth column stands, which curves run in each and how they are drawn."""

from __future__ import annotations

import numpy as np

from veernet.training.motion import load_bank
from veernet.training.paper_plan import CurvePlan, TrackPlan, Unit
from veernet.training.paper_truth import CurveTruth, Style
from veernet.training.paper_words import CORRELATION, LINEAR, LOGARITHMIC, KnownCurve
from veernet.training.recipe import Stroke


def sample_tracks(
    rng: np.random.Generator, left_in: float, unit: Unit
) -> tuple[tuple[TrackPlan, ...], tuple[float, float]]:
    """Tracks and depth column side by side; the column is mostly after the first track."""
    count = int(rng.choice([1, 2, 2, 2, 3, 3, 4]))
    place = int(rng.choice([0, 1, 1, 1, 1, count])) if count < 4 else int(rng.choice([0, 1, 2]))
    widths = [2.5] * count
    if count == 2 and rng.random() < 0.5:
        widths[1] = 5.0
    elif count == 4:
        widths = [1.9] * 4
    elif rng.random() < 0.1:
        widths = [float(rng.uniform(1.8, 3.0))] * count
    at, column, taken = left_in, (0.0, 0.0), set[str]()
    tracks: list[TrackPlan] = []
    for index in range(count + 1):
        if index == place:
            column = (at, at + float(rng.uniform(0.55, 0.9)))
            at = column[1]
        if index < count:
            tracks.append(_sample_track(rng, at, widths[index], index, unit, taken))
            at += widths[index]
    return tuple(tracks), column


def _sample_track(
    rng: np.random.Generator, left_in: float, width_in: float, index: int, unit: Unit, taken: set[str]
) -> TrackPlan:
    log = index > 0 and rng.random() < 0.45
    sets: tuple[tuple[KnownCurve, ...], ...] = CORRELATION if index == 0 else LOGARITHMIC if log else LINEAR
    fitting = [known for known in sets if not {curve.mnemonic for curve in known} & taken]
    known = fitting[rng.integers(len(fitting))] if fitting else ()
    most = int(rng.choice([1, 2, 2, 2, 3]))
    known = known[:most] if index == 0 or rng.random() > 0.04 else ()  # a track that nothing runs in
    taken |= {curve.mnemonic for curve in known}
    log_scale = known[0].scales[rng.integers(len(known[0].scales))] if known and log else (0.2, 2000)
    styles: list[Style] = ["solid", "dashed", "dotted"] if rng.random() < 0.9 else ["dashed", "solid", "dotted"]
    curves = tuple(
        _sample_curve(rng, curve, styles[i], i, unit, log_scale if log else None) for i, curve in enumerate(known)
    )
    return TrackPlan(
        left_in=left_in,
        width_in=width_in,
        decades=round(np.log10(log_scale[1] / log_scale[0])) if log else 0,
        decade_lines="edge" if rng.random() < 0.7 else "power",
        divisions=20 if width_in > 3.5 else int(rng.choice([10, 10, 10, 5, 8])),
        strong_every=5,
        curves=curves,
        hatch=("none", "wrapped", "left", "between")[rng.choice(4, p=[0.78, 0.14, 0.03, 0.05])],
        numbers=bool(rng.random() < 0.07),
    )


def _sample_curve(
    rng: np.random.Generator, known: KnownCurve, style: Style, index: int, unit: Unit, scale: tuple[float, float] | None
) -> CurvePlan:
    left, right = scale or known.scales[rng.integers(len(known.scales))]
    unit_index = int(rng.integers(len(known.units)))
    units = (known.units[unit_index], *known.units[:unit_index], *known.units[unit_index + 1 :])
    if unit == "m" and known.mnemonic in ("CALI", "BS"):
        left, right, units = 125.0, 375.0, ("MM",)
    wrap = known.wraps and rng.random() < 0.6
    backup = (
        (right, 2.0 * right - left)
        if wrap
        else (10.0 * left, 10.0 * right)
        if known.backup and rng.random() < 0.5
        else None
    )
    named = rng.random()
    printed = known.mnemonic if named < 0.5 else str(rng.choice(known.names))
    truth = CurveTruth((known.mnemonic, *known.also), printed, units, style, float(left), float(right), backup, wrap)
    dash, dot = float(rng.uniform(7.0, 16.0)), float(rng.uniform(1.0, 2.5))
    pattern = {"solid": (), "dashed": (dash, 0.6 * dash + 2.0), "dotted": (dot, dot + float(rng.uniform(2.5, 5.0)))}[
        style
    ]
    motion = int(rng.integers(len(load_bank())))
    still = known.mnemonic in ("BS", "TENS", "DRHO")
    return CurvePlan(
        truth,
        Stroke(
            style=style,
            thickness_px=float(np.clip(np.exp(rng.normal(0.65, 0.35)), 1.0, 5.0))
            if style == "solid"
            else float(rng.uniform(1.0, 2.4)),
            pattern_px=pattern,
            pattern_by_row=False,
            darkness=int(rng.integers(200, 256)),
            motion=motion,
            seed=int(rng.integers(2**31)),
            rows_per_sample=float(rng.uniform(3.0, 14.0)),
            amplitude=float(np.clip(load_bank()[motion].spread * rng.uniform(0.6, 1.6), 0.03, 0.2))
            * (0.05 if still else 1.0),
            centre=float(rng.uniform(0.25, 0.6)) + 0.1 * index,
            smooth=True,
            spikes=0,
            spike_reach=0.0,
            double_px=0.0,
            off_scale="wrap" if wrap else "cut",
        ),
    )

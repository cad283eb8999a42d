"""What a synthetic paper shows, decided by a seed, so that any one can be drawn again."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np

from veernet.training.paper_plan import INCHES_PER_UNIT, LabelPlan, PaperRecipe, PassPlan, Unit
from veernet.training.paper_tracks import sample_tracks
from veernet.training.paper_truth import SectionKind
from veernet.training.paper_words import sample_well
from veernet.training.recipe import Grid, sample_recipe

#: Depth lines by unit and vertical scale: every how many units a line is printed, a stronger one, and which may be heavy.
_LINES: dict[tuple[Unit, int], tuple[float, float, tuple[float, ...]]] = {
    ("ft", 240): (2.0, 10.0, (50.0, 100.0)),
    ("ft", 600): (10.0, 50.0, (50.0, 100.0)),
    ("ft", 1200): (20.0, 100.0, (100.0,)),
    ("m", 200): (1.0, 5.0, (25.0, 10.0)),
    ("m", 240): (1.0, 5.0, (25.0,)),
    ("m", 500): (5.0, 25.0, (25.0, 50.0)),
}
_LABELS: dict[tuple[Unit, int], tuple[float, ...]] = {
    ("ft", 240): (50.0, 50.0, 50.0, 100.0, 100.0, 25.0),
    ("ft", 600): (100.0, 100.0, 50.0),
    ("ft", 1200): (100.0,),
    ("m", 200): (25.0, 25.0, 10.0, 5.0, 50.0),
    ("m", 240): (25.0, 10.0),
    ("m", 500): (25.0, 50.0),
}
_FEWEST_LABELS = 6


def sample_paper(seed: int, difficulty: float | None = None, most_rows: int = 40_000) -> PaperRecipe:
    """The paper of a seed.

    Args:
        seed: Decides everything.
        difficulty: 0 for a clean print, 1 for ink nearly lost; the seed's own, up to 0.55, unless given.
        most_rows: Rows that its passes have together, at most, unless so few labels would be left that nobody could tell depths.
    """
    rng = np.random.default_rng([seed, 8])
    own_difficulty = float(rng.uniform(0.0, 0.55))
    difficulty = own_difficulty if difficulty is None else difficulty
    unit: Unit = "ft" if rng.random() < 0.75 else "m"
    dpi = int(rng.choice([100, 150, 200, 200, 200, 300, 300, 400]))
    magnification = float(rng.normal(1.0, 0.006)) if rng.random() < 0.88 else float(rng.uniform(0.5, 0.85))
    if dpi * magnification < 90:
        magnification = 1.0
    bends = rng.normal(0.0, (0.25, 0.02, 0.012)) * (rng.random(3) < 0.6)
    margin = (float(rng.choice([0.0, 0.02, 0.3, 0.6])), float(rng.choice([0.0, 0.02, 0.25, 0.5])))
    if bends[:2].any():  # whoever scans a crooked paper leaves room for it
        margin = (max(0.42, margin[0]), max(0.42, margin[1]))
    looks = sample_recipe(int(rng.integers(2**31)), difficulty)
    tracks, column = sample_tracks(rng, margin[0], unit)
    passes = _sample_passes(rng, unit, dpi * magnification, most_rows)
    kind: Literal["bilevel", "grey", "palette"] = ("bilevel", "grey", "palette")[rng.choice(3, p=[0.7, 0.18, 0.12])]
    scan = replace(
        looks.scan, mode="grey" if kind != "bilevel" else ("bilevel", "bilevel", "local")[int(rng.integers(3))]
    )
    grid = _sample_grid(rng, looks.grid, scan.threshold, difficulty)
    if kind == "palette":
        scan = replace(scan, jpeg_quality=0, paper=0, noise=0.0, grain=0.0, fade=0.3 * scan.fade)
    return PaperRecipe(
        seed=seed,
        difficulty=difficulty,
        dpi=dpi,
        tagged=bool(rng.random() < 0.95),
        kind=kind,
        unit=unit,
        magnification=magnification,
        margin_in=margin,
        tracks=tracks,
        column_in=column,
        lines_cross=bool(rng.random() < 0.08),
        labels=_sample_labels(rng, difficulty, column[1] - column[0], passes, dpi * magnification),
        passes=passes,
        face=str(rng.choice(["Helvetica", "Helvetica", "Times-Roman", "Courier", "sans", "plotter", "guide"])),
        scale_form=("ruled", "printer", "preprinted")[rng.choice(3, p=[0.5, 0.25, 0.25])],
        blocks=("above", "below", "both")[rng.choice(3, p=[0.4, 0.05, 0.55])],
        header=("turned", "upright", "typed")[rng.choice(3, p=[0.4, 0.45, 0.15])],
        well=sample_well(rng, unit),
        grid=grid,
        scan=scan,
        skew_degrees=float(bends[0]),
        wander_in=float(bends[1]),
        stretch_in=float(bends[2]),
        dirt=float(difficulty * rng.uniform(0.0, 2.0)),
    )


def _sample_grid(rng: np.random.Generator, looks: Grid, threshold: float, difficulty: float) -> Grid:
    """A grid whose strong lines outlive the scan, but for copies that have lost most of it; weak ones may break or go."""
    lost = rng.random() < 0.06 + 0.2 * difficulty
    strong = threshold * (rng.uniform(1.1, 1.6) if lost and difficulty > 0.25 else 1.6)
    minor = threshold * rng.uniform(0.0, 1.1) if lost else max(looks.minor_darkness, 0.6 * threshold)
    strong_darkness = min(255, round(strong if lost else max(looks.strong_darkness, strong)))
    return replace(looks, minor_darkness=min(round(minor), strong_darkness), strong_darkness=strong_darkness)


def _sample_passes(rng: np.random.Generator, unit: Unit, px_per_inch: float, most_rows: int) -> tuple[PassPlan, ...]:
    """Main pass, sometimes the same once more at a smaller scale, often a repeat section of its lower part."""
    scales, shares = ((240, 600, 1200), (0.62, 0.25, 0.13)) if unit == "ft" else ((200, 500, 240), (0.5, 0.35, 0.15))
    scale = int(scales[rng.choice(3, p=shares)])
    small = (
        {240: 600, 600: 1200, 200: 500}.get(scale, 0)
        if rng.random() < 0.25 and not (unit == "m" and scale == 240)
        else 0
    )
    repeated = rng.random() < 0.45
    rows = float(np.exp(rng.uniform(np.log(0.1 * most_rows), np.log(most_rows))))
    share = 1.0 + (scale / small if small else 0.0) + (0.3 if repeated else 0.0)
    every = float(rng.choice(_LABELS[unit, scale]))
    px_per_unit = px_per_inch * INCHES_PER_UNIT[unit] / scale
    length = max(min(rows, 0.9 * most_rows / share) / px_per_unit, (_FEWEST_LABELS + 0.7) * every)
    top = float(rng.uniform(0.5, max(1.0, (15000 if unit == "ft" else 4500) - length)))
    top = round(top if rng.random() < 0.7 else rng.uniform(0.1, 0.3) * top) + 0.5 * every * rng.random()

    def plan(
        kind: SectionKind, denominator: int, first: float, last: float, label_every: float, captions: tuple[str, ...]
    ) -> PassPlan:
        minor, medium, heavy = _LINES[unit, denominator]
        if label_every % minor:  # whoever labels every 25 ft prints a line there
            minor = 5.0
        strong = [step for step in heavy if label_every % step == 0 or step % label_every == 0] or [label_every]
        return PassPlan(
            kind, denominator, first, last, minor, medium, strong[0], label_every, str(rng.choice(captions))
        )

    inches = {240: "5 INCH", 600: "2 INCH", 1200: "1 INCH"}.get(scale if unit == "ft" else 0, f"1:{scale}")
    passes = [
        plan(
            "main",
            scale,
            top,
            top + length,
            every,
            ("", "", "MAIN PASS", f"{inches} MAIN LOG", f"MAIN SECTION {inches}"),
        )
    ]
    if small:
        fewer = float(max(_LABELS[unit, small]))
        passes.insert(
            int(rng.integers(2)),
            plan("other", small, top, top + length, fewer, ("", f"SCALE 1:{small}", "CORRELATION LOG")),
        )
    if repeated:
        last = top + length * rng.uniform(0.75, 1.0)
        first = max(top, last - max(3.3 * every, rng.uniform(0.15, 0.3) * length))
        captions = ("REPEAT SECTION", "REPEAT SECTION", "REPEAT ANALYSIS", "Repeat Section", "")
        passes.insert(len(passes) if rng.random() < 0.9 else 0, plan("repeat", scale, first, last, every, captions))
    return tuple(passes)


def _sample_labels(
    rng: np.random.Generator, difficulty: float, column_in: float, passes: tuple[PassPlan, ...], px_per_inch: float
) -> LabelPlan:
    turned: Literal[0, 90, 270] = (0, 90, 270)[rng.choice(3, p=[0.6, 0.3, 0.1])]
    digits = 4 if rng.random() < 0.1 else 1
    deepest = len(f"{max(plan.base for plan in passes):.0f}")
    tallest = column_in / (1.15 * deepest) if turned == 0 else 0.16
    height = float(np.clip(rng.uniform(0.07, 0.15), min(11.0 / px_per_inch, tallest), tallest))
    face = str(
        rng.choice(
            ["Helvetica", "Helvetica-Bold", "Times-Bold", "Courier", "Courier-Bold", "sans", "plotter", "guide", "dots"]
        )
    )
    faint = rng.random() < 0.25 * difficulty
    heavy = all(plan.label_every % plan.heavy == 0 for plan in passes)
    return LabelPlan(
        face=face,
        height_in=height,
        bolder_px=int(rng.random() < 0.15) * int(height * px_per_inch / 14),  # small print would fill in
        darkness=int(rng.integers(130, 200)) if faint else int(rng.integers(200, 256)),
        turned=turned,
        above=bool(heavy and turned == 0 and rng.random() < 0.12),
        digits=digits,
        missing=float(rng.uniform(0.0, 0.25)) * float(rng.random() < 0.3 + difficulty),
        crossed=float(rng.uniform(0.0, 0.3)) * float(rng.random() < 0.25),
        at=float(rng.choice([0.5, 0.5, 0.5, 0.42, 0.58])),
    )

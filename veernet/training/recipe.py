"""Every fact of a synthetic track, typed and seeded, so that any instance can be drawn again.

``sample_recipe(seed)`` decides; :mod:`veernet.training.draw` and :mod:`veernet.training.degrade` only carry out. Lengths
that belong to the print are in strip px (480 to the track), so that one recipe reads the same at every resolution.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from veernet.training.motion import load_bank

Style = Literal["solid", "dashed", "dotted", "chained"]
ScanMode = Literal["bilevel", "local", "grey"]
Companion = Literal["alone", "close", "crossing", "shadowing"]


@dataclass(frozen=True)
class Stroke:
    """One curve as it is drawn.

    Args:
        style: How the pen moves.
        thickness_px: Width of the stroke, strip px.
        pattern_px: Lengths of ink, gap, ink, gap along the stroke in strip px; empty for a solid one.
        pattern_by_row: The pattern runs down the rows (a chopped galvanometer) rather than along the stroke (a plotter).
        darkness: Ink, 0 to 255.
        motion: Index of the learned motion.
        seed: Seed of the curve that the motion draws.
        rows_per_sample: Strip rows to one sample of the motion.
        amplitude: Standard deviation of the curve in track fractions.
        centre: Its mean in track fractions.
        smooth: The pen rounds its corners.
        spikes: Sharp excursions of a few rows on top of the motion.
        spike_reach: How far they go, track fractions, to the right if positive.
        double_px: How far beside itself the stroke is printed once more, thinner, strip px; 0 for not.
        off_scale: What the pen does beyond the track: comes back at the other edge, is cut off at the edge, runs
            on into the margin, or stays on the edge.
    """

    style: Style
    thickness_px: float
    pattern_px: tuple[float, ...]
    pattern_by_row: bool
    darkness: int
    motion: int
    seed: int
    rows_per_sample: float
    amplitude: float
    centre: float
    smooth: bool
    spikes: int
    spike_reach: float
    double_px: float
    off_scale: Literal["wrap", "cut", "overshoot", "peg"]


@dataclass(frozen=True)
class Grid:
    """The printed grid of a track. Spacings and widths in strip px, levels of ink 0 to 255 (0: not printed).

    Args:
        decades: Log decades across the track; 0 for a linear grid.
        divisions: Divisions across a linear track.
        strong_every: Every which division, from the left edge, is strong.
        row_spacing_px: Distance of depth lines.
        row_strong_every: Every which depth line is strong.
        row_phase: Where in its spacing the first depth line lies, 0 to 1.
        minor_px: Width of weak lines.
        strong_px: Width of strong lines.
        minor_darkness: Ink of weak lines.
        strong_darkness: Ink of strong lines and edges.
        tilt_px: How far a depth line falls from the left edge to the right.
    """

    decades: int
    divisions: int
    strong_every: int
    row_spacing_px: float
    row_strong_every: int
    row_phase: float
    minor_px: float
    strong_px: float
    minor_darkness: int
    strong_darkness: int
    tilt_px: float


@dataclass(frozen=True)
class Clutter:
    """What else is on the paper: counts of each thing, and what fills the space beside a curve.

    ``stray`` is where a nearly straight line runs down the track that is none of its curves (cable tension, say), as a
    track fraction; negative for none.
    """

    texts: int
    arrows: int
    scribbles: int
    edge_ticks: int
    specks: int
    blots: int
    whiteouts: int
    hatch: Literal["none", "wrapped", "left", "between"]
    fill_darkness: int
    breaks: int
    stray: float
    stamps: int = 0


@dataclass(frozen=True)
class Scan:
    """What scanner and time did.

    Args:
        mode: Bilevel by one threshold, bilevel by a local one, or grey.
        width_px: Width of the scanned strip (track and margins) in px of the scan.
        row_stretch: Strip rows to a scan row, over strip columns to a scan column.
        blur_px: Blur of ink and optics, scan px.
        fade: Depth of the slow variation of the ink, 0 to 1.
        noise: Standard deviation of the sensor's noise, grey levels.
        grain: Standard deviation of the ink's blotchiness, grey levels.
        threshold: Grey level of a bilevel scan's threshold.
        shade_darkness: How dark the shade at one edge is, negative at the left edge, positive at the right one.
        shade_px: How far the shade reaches, strip px.
        paper: Grey level of the paper of a grey scan.
        jpeg_quality: Of a grey scan; 0 for none.
        drift_px: Sideways drift from top to bottom of the strip, strip px.
        seam_row: Where a seam shifts the sheet sideways, as a fraction of the rows; negative for none.
        seam_px: By how much.
        salt: Share of pixels flipped.
    """

    mode: ScanMode
    width_px: int
    row_stretch: float
    blur_px: float
    fade: float
    noise: float
    grain: float
    threshold: float
    shade_darkness: float
    shade_px: float
    paper: int
    jpeg_quality: int
    drift_px: float
    seam_row: float
    seam_px: float
    salt: float


@dataclass(frozen=True)
class TrackRecipe:
    """One synthetic track: one or two strokes over a grid with clutter, scanned.

    Args:
        seed: Seed of everything that is scattered rather than decided.
        strokes: The curves, most continuous style first.
        classes: The class of each curve's pixels, 1 to K.
        companion: How the second curve moves: on its own, close to the first, about the same place, or in the first
            one's shape, at a distance that changes slowly.
        companion_px: Standard deviation of its distance from the first where it keeps close or shadows it, in strip px.
    """

    seed: int
    strokes: tuple[Stroke, ...]
    classes: tuple[int, ...]
    companion: Companion
    companion_px: float
    grid: Grid
    clutter: Clutter
    scan: Scan


_STYLE_PAIRS: tuple[tuple[tuple[Style, Style], float], ...] = (
    (("solid", "dashed"), 0.67),
    (("solid", "dotted"), 0.15),
    (("solid", "solid"), 0.11),
    (("dashed", "dotted"), 0.07),
)
#: Where more than two curves are told apart, each style is a class of its own.
_STYLE_CLASSES: tuple[Style, ...] = ("solid", "dashed", "dotted", "chained")


def sample_recipe(seed: int, difficulty: float | None = None, curves: int = 2) -> TrackRecipe:
    """The recipe of a seed.

    Args:
        seed: Decides everything.
        difficulty: 0 (clean print) to 1 (nearly lost); the seed's own unless given.
        curves: Curves told apart in one track, K, 2 to 4.
    """
    rng = np.random.default_rng(seed)
    if difficulty is None:
        difficulty = float(rng.beta(1.1, 1.6))
    styles = _sample_styles(rng, curves)
    rows_per_sample = log_uniform(rng, 1.2, 14.0)
    strokes = tuple(_sample_stroke(rng, style, rows_per_sample) for style in styles)
    if rng.random() < 0.04:  # a track whose curves run elsewhere: grid and dirt alone
        strokes = tuple(replace(stroke, centre=3.0, off_scale="cut") for stroke in strokes)
    scan = _sample_scan(rng, difficulty)
    ways: tuple[Companion, ...] = ("alone", "close", "crossing")
    companion = ways[rng.choice(3, p=[0.4, 0.22, 0.38])]
    return TrackRecipe(
        seed=int(rng.integers(2**31)),
        strokes=strokes,
        classes=_classes(styles, curves),
        companion=companion,
        companion_px=log_uniform(rng, 4.0, 60.0),
        grid=_sample_grid(rng, scan.mode, scan.threshold),
        clutter=_sample_clutter(rng, difficulty),
        scan=scan,
    )


def _sample_styles(rng: np.random.Generator, curves: int) -> tuple[Style, ...]:
    """Styles of a track's curves, most continuous first: mostly as many as can be told apart, sometimes fewer."""
    if rng.random() < 0.27:
        return (("solid", "dashed", "dotted")[rng.choice(3, p=[0.66, 0.24, 0.10])],)
    pair = _STYLE_PAIRS[rng.choice(len(_STYLE_PAIRS), p=[p for _, p in _STYLE_PAIRS])][0]
    if curves == 2:
        return pair
    count = int(rng.integers(2, curves + 1))
    chosen = rng.choice(curves, count, replace=False)
    return tuple(_STYLE_CLASSES[index] for index in sorted(chosen))


def _classes(styles: tuple[Style, ...], curves: int) -> tuple[int, ...]:
    """The class of each curve's pixels.

    Of two classes the first is that of the more continuous style, whatever it is; one broken curve alone is of the
    second, and two curves of one style share the class of their style. Of three or four each style has its own.
    """
    if curves > 2:
        return tuple(_STYLE_CLASSES.index(style) + 1 for style in styles)
    if len(set(styles)) == 2:
        return (1, 2)
    return tuple(1 if style == "solid" else 2 for style in styles)


def log_uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A number between two, of which every ratio is as likely."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _sample_stroke(rng: np.random.Generator, style: Style, rows_per_sample: float) -> Stroke:
    thickness = float(np.clip(np.exp(rng.normal(0.75, 0.45)), 0.9, 8.0))
    if style != "solid":
        thickness = min(thickness, 4.0)
    pattern: tuple[float, ...] = ()
    if style in ("dashed", "chained"):
        dash = log_uniform(rng, 5.0, 22.0)
        gap = float(np.clip(dash * rng.uniform(0.3, 1.0), 3.0, 14.0)) + thickness  # the pen's round ends eat into it
        pattern = (dash, gap)
        if style == "chained" or rng.random() < 0.15:  # dash, gap, dot, gap
            pattern = (dash, gap, max(1.0, 0.15 * dash), gap)
    elif style == "dotted":
        pattern = dots(rng, thickness)
    motion = int(rng.integers(len(load_bank())))
    amplitude = load_bank()[motion].spread * log_uniform(rng, 0.3, 3.0)
    if rng.random() < 0.92:  # a stroke that fills the track from side to side in every row teaches little
        amplitude = min(amplitude, 0.07 * rows_per_sample)
    if rng.random() < 0.12:
        amplitude = log_uniform(rng, 0.001, 0.01)  # a caliper in gauge: nearly a ruled line
    off_scale = ("wrap", "cut", "overshoot", "peg")[rng.choice(4, p=[0.42, 0.38, 0.14, 0.06])]
    return Stroke(
        style=style,
        thickness_px=thickness,
        pattern_px=pattern,
        pattern_by_row=bool(rng.random() < 0.2),
        darkness=int(rng.integers(165, 256)),
        motion=motion,
        seed=int(rng.integers(2**31)),
        rows_per_sample=rows_per_sample * log_uniform(rng, 0.7, 1.4),
        amplitude=float(np.clip(amplitude, 0.0, 0.6)),
        centre=float(rng.uniform(-0.05, 1.05) if rng.random() < 0.25 else rng.uniform(0.08, 0.92)),
        smooth=bool(rng.random() < 0.6),
        spikes=int(rng.poisson(0.5)),
        spike_reach=log_uniform(rng, 0.15, 1.6) * (1.0 if rng.random() < 0.65 else -1.0),
        double_px=thickness + float(rng.uniform(0.5, 3.0)) if rng.random() < 0.03 else 0.0,
        off_scale=off_scale,  # type: ignore[arg-type]
    )


def dots(rng: np.random.Generator, thickness_px: float) -> tuple[float, float]:
    """The pattern of a dotted stroke: a dot and a gap, into which the pen's round ends eat."""
    return float(rng.uniform(0.8, 3.0)), float(rng.uniform(2.5, 8.0)) + 0.8 * thickness_px


def _sample_grid(rng: np.random.Generator, mode: ScanMode, threshold: float) -> Grid:
    strong_darkness = int(rng.integers(110, 256))
    minor_darkness = int(np.clip(strong_darkness * rng.uniform(0.35, 1.0), 40, 255))
    if mode == "bilevel" and rng.random() < 0.2:  # so near the threshold that lines break into dots and dashes
        minor_darkness = int(np.clip(threshold * rng.uniform(0.8, 1.4), 40, strong_darkness))
    if rng.random() < 0.10:
        minor_darkness = 0
    if rng.random() < 0.05:
        strong_darkness = 0
    minor_px = log_uniform(rng, 0.5, 2.2)
    linear = rng.random() < 0.72
    return Grid(
        decades=0 if linear else int(rng.integers(1, 5)),
        divisions=int(rng.choice([2, 4, 5, 8, 10, 20], p=[0.05, 0.08, 0.1, 0.07, 0.55, 0.15])),
        strong_every=int(rng.choice([2, 5, 10])),
        row_spacing_px=log_uniform(rng, 7.0, 80.0),
        row_strong_every=int(rng.choice([2, 5, 10])),
        row_phase=float(rng.random()),
        minor_px=minor_px,
        strong_px=minor_px * rng.uniform(1.0, 2.5),
        minor_darkness=minor_darkness,
        strong_darkness=strong_darkness,
        tilt_px=float(rng.normal(0.0, 1.5 if rng.random() < 0.8 else 14.0)),
    )


def _sample_clutter(rng: np.random.Generator, difficulty: float) -> Clutter:
    hatch = ("none", "wrapped", "left", "between")[rng.choice(4, p=[0.60, 0.28, 0.07, 0.05])]
    return Clutter(
        texts=int(rng.poisson(0.5)),
        arrows=int(rng.poisson(0.25)),
        scribbles=int(rng.poisson(0.4 * difficulty)),
        edge_ticks=int(rng.poisson(1.0)),
        specks=int(rng.poisson(60.0 * difficulty**2)),
        blots=int(rng.poisson(1.0 * difficulty)),
        whiteouts=int(rng.poisson(0.8 * difficulty)),
        hatch=hatch,  # type: ignore[arg-type]
        fill_darkness=int(rng.integers(60, 256)) if rng.random() < 0.06 else 0,
        breaks=int(rng.poisson(2.5 * difficulty)),
        stray=float(rng.choice([rng.uniform(0.02, 0.12), rng.uniform(0.88, 0.98)])) if rng.random() < 0.12 else -1.0,
    )


def _sample_scan(rng: np.random.Generator, difficulty: float) -> Scan:
    mode: ScanMode = ("bilevel", "local", "grey")[rng.choice(3, p=[0.62, 0.14, 0.24])]
    width_px = int(log_uniform(rng, 190.0, 1080.0))  # a 2.5 inch track at 72 to 400 dpi
    finest = max(1.0, width_px / 512)  # never more strip rows than the scan has, unless it is enlarged
    seam = rng.random() < 0.08
    return Scan(
        mode=mode,
        width_px=width_px,
        row_stretch=1.0 if rng.random() < 0.6 else float(rng.uniform(1.0, min(2.0, finest))),
        blur_px=float(rng.uniform(0.0, 0.5 + 0.7 * difficulty)),
        fade=float(rng.uniform(0.0, 0.7) * difficulty),
        noise=float(rng.uniform(0.0, 38.0) * difficulty),
        grain=float(rng.uniform(0.0, 60.0) * difficulty),
        threshold=float(rng.uniform(70.0, 130.0)),
        shade_darkness=float(rng.uniform(-220.0, 220.0)) if rng.random() < 0.15 * difficulty + 0.02 else 0.0,
        shade_px=log_uniform(rng, 20.0, 250.0),
        paper=int(rng.integers(0, 70)),
        jpeg_quality=int(rng.integers(20, 90)) if rng.random() < 0.6 else 0,
        drift_px=float(rng.normal(0.0, 2.0)),
        seam_row=float(rng.random()) if seam else -1.0,
        seam_px=float(rng.normal(0.0, 4.0)) if seam else 0.0,
        salt=float(rng.exponential(0.004)) * difficulty,
    )

"""Every fact of a synthetic paper, typed: what :func:`veernet.training.paper_recipe.sample_paper` decides and the others carry out.

Lengths that belong to the print are in inches of the original.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from veernet.training.paper_truth import CurveTruth, SectionKind
from veernet.training.recipe import Grid, Scan, Stroke

Unit = Literal["ft", "m"]

#: Inches of rock to a unit of depth.
INCHES_PER_UNIT: dict[Unit, float] = {"ft": 12.0, "m": 1.0 / 0.0254}


@dataclass(frozen=True)
class CurvePlan:
    """A curve: what is printed of it, its pen, and how it moves (``stroke.rows_per_sample`` is in 1/200 inch of paper)."""

    truth: CurveTruth
    stroke: Stroke


@dataclass(frozen=True)
class TrackPlan:
    """A track: where it is, inches from the paper's left edge, its grid and curves; ``decades`` 0 for a linear one.

    ``decade_lines`` says where a log grid is strong: at the decades counted from its left edge, or at powers of ten.
    """

    left_in: float
    width_in: float
    decades: int
    decade_lines: Literal["edge", "power"]
    divisions: int
    strong_every: int
    curves: tuple[CurvePlan, ...]
    hatch: Literal["none", "wrapped", "left", "between"]
    numbers: bool


@dataclass(frozen=True)
class LabelPlan:
    """How depths are printed.

    Args:
        face: Of the digits.
        height_in: Of the digits.
        bolder_px: Thickening of their strokes.
        darkness: Of their ink; faint ones break in a bilevel scan.
        turned: Degrees clockwise.
        above: They stand on their line rather than about it.
        digits: Fewest digits, padded with zeros.
        missing: Share that is left out or covered.
        crossed: Share that a curve runs across.
        at: Where in the column their middle is, as a fraction of its width.
    """

    face: str
    height_in: float
    bolder_px: int
    darkness: int
    turned: Literal[0, 90, 270]
    above: bool
    digits: int
    missing: float
    crossed: float
    at: float


@dataclass(frozen=True)
class PassPlan:
    """One logged pass: kind, 1:``scale``, depths, every how many units a line, a stronger, a heavy one and a label; caption, if any."""

    kind: SectionKind
    scale: int
    top: float
    base: float
    minor: float
    medium: float
    heavy: float
    label_every: float
    caption: str


@dataclass(frozen=True)
class PaperRecipe:
    """What a synthetic paper shows; ``magnification`` is the size of the copy, ``dirt`` how much is scrawled and stamped on it."""

    seed: int
    difficulty: float
    dpi: int
    tagged: bool
    kind: Literal["bilevel", "grey", "palette"]
    unit: Unit
    magnification: float
    margin_in: tuple[float, float]
    tracks: tuple[TrackPlan, ...]
    column_in: tuple[float, float]
    lines_cross: bool
    labels: LabelPlan
    passes: tuple[PassPlan, ...]
    face: str
    scale_form: Literal["ruled", "printer", "preprinted"]
    blocks: Literal["above", "below", "both"]
    header: Literal["turned", "upright", "typed"]
    well: dict[str, str]
    grid: Grid
    scan: Scan
    skew_degrees: float
    wander_in: float
    stretch_in: float
    dirt: float

    @property
    def px_per_inch(self) -> float:
        """Px of the scan to an inch of the original."""
        return self.dpi * self.magnification

    @property
    def width_in(self) -> float:
        """Width of the original, inches."""
        return max([track.left_in + track.width_in for track in self.tracks] + [self.column_in[1]]) + self.margin_in[1]

    def px_per_unit(self, scale: int) -> float:
        """Rows to a unit of depth at 1:``scale``."""
        return self.px_per_inch * INCHES_PER_UNIT[self.unit] / scale

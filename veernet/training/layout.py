"""How a synthetic sheet is laid out: its recipe, and the manifest that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from veernet.sheets.manifest import SheetManifest
from veernet.training.real_log import RealLog

HEADER_IN, FOOTER_IN, MARGIN_IN, DEPTH_COLUMN_IN = 2.0, 0.6, 0.25, 0.75

#: Mnemonic, unit, description, value at the left and the right edge, as sheets usually print them.
_LINEAR_CURVES = (
    ("GR", "GAPI", "Gamma Ray", 0.0, 150.0),
    ("CALI", "IN", "Caliper", 6.0, 16.0),
    ("DT", "US/F", "Delta Time", 140.0, 40.0),
    ("NPHI", "V/V", "Neutron Porosity", 0.45, -0.15),
)
_LOG_CURVES = (
    ("ILD", "OHMM", "Deep Induction", 0.2, 2000.0),
    ("ILM", "OHMM", "Medium Induction", 0.2, 2000.0),
)


#: The curves of the real LAS files that sheets are drawn from, at the scales of veernet.training.motion.
_REAL_CURVES = (
    ("GR", "API", "Gamma Ray", 0.0, 150.0),
    ("CALI", "MM", "Caliper", 125.0, 375.0),
    ("DPHI", "V/V", "Density Porosity", 0.6, 0.0),
    ("NPHI", "V/V", "Neutron Porosity", 0.6, 0.0),
)
_REAL_LOG_CURVES = (("ILD", "OHMM", "Deep Induction", 0.2, 2000.0),)


@dataclass(frozen=True)
class SheetRecipe:
    """What a synthetic sheet shows.

    Args:
        seed: Seed of everything that the other fields leave open.
        top_depth: First depth of the log, ft.
        base_depth: Last depth of the log, ft.
        dpi: Of the scan.
        inches_per_100ft: Vertical scale of the print: 5 or 2.
        difficulty: 0 for a clean print, 1 for ink nearly lost.
        log_scale: The second track is logarithmic.
        drift_px: Sideways drift of the paper from top to bottom.
        las: A real LAS file to draw; the learned motions where absent.
        skew_degrees: How far the paper is turned.
        wander_px: How far it swings sideways between the rows at which the manifest gives its edges.
        stretch_px: How far rows are moved along it between the manifest's ticks.
        alike: Both curves of a track are solid: nothing but how they move tells them apart.
    """

    seed: int
    top_depth: float = 1000.0
    base_depth: float = 1200.0
    dpi: int = 200
    inches_per_100ft: float = 5.0
    difficulty: float = 0.25
    log_scale: bool = False
    drift_px: float = 3.0
    las: str | None = None
    skew_degrees: float = 0.0
    wander_px: float = 0.0
    stretch_px: float = 0.0
    alike: bool = False


def sample_sheet(
    seed: int, difficulty: float | None = None, length_ft: float = 200.0, las: Path | None = None, warp: float = 0.0
) -> SheetRecipe:
    """The sheet of a seed; of a real LAS file, a stretch of at most ``length_ft`` that the seed chooses.

    ``warp`` is how far its paper is from flat: at 1 it is skewed by some 0.3 degrees, its edges swing by some 4 px and its rows by some 3 px
    at 200 dpi.

    Raises:
        SourceMissingError, OptionError: The LAS file is missing, or has no such stretch.
    """
    rng = np.random.default_rng(seed)
    top_depth = 50.0 * int(rng.integers(4, 160))
    log_scale = bool(rng.random() < 0.4)
    if las is not None:
        top_depth, base_depth = RealLog.read(las).stretch(length_ft, _real_mnemonics(log_scale), rng)
        length_ft = base_depth - top_depth
    dpi = int(rng.choice([150, 200, 200, 300]))
    shape = np.random.default_rng([seed, 2]).normal(0.0, 1.0, 3) * warp
    return SheetRecipe(
        seed=seed,
        top_depth=top_depth,
        base_depth=top_depth + length_ft,
        dpi=dpi,
        inches_per_100ft=float(rng.choice([5.0, 5.0, 2.0])),
        difficulty=float(rng.uniform(0.05, 0.45)) if difficulty is None else difficulty,
        log_scale=log_scale,
        drift_px=float(rng.normal(0.0, 4.0)),
        las=str(las) if las else None,
        skew_degrees=float(0.3 * shape[0]),
        wander_px=float(4.0 * shape[1] * dpi / 200),
        stretch_px=float(3.0 * shape[2] * dpi / 200),
    )


def _real_mnemonics(log_scale: bool) -> list[str]:
    second = _REAL_LOG_CURVES if log_scale else _REAL_CURVES[2:]
    return [curve[0] for curve in (*_REAL_CURVES[:2], *second)]


def lay_out(recipe: SheetRecipe) -> SheetManifest:
    """The manifest of a sheet: the one thing that says where everything on it is."""
    dpi = recipe.dpi
    px_per_ft = recipe.inches_per_100ft * dpi / 100.0
    first_px = HEADER_IN * dpi
    ticks = [
        [round(first_px + (depth - recipe.top_depth) * px_per_ft, 2), float(depth)]
        for depth in np.arange(recipe.top_depth, recipe.base_depth + 1e-6, 50.0)
    ]
    tracks = []
    for index in range(2):
        left = dpi * (MARGIN_IN + index * (2.5 + DEPTH_COLUMN_IN))
        log = index == 1 and recipe.log_scale
        known = _LOG_CURVES if log else _LINEAR_CURVES[2 * index : 2 * index + 2]
        if recipe.las:
            known = _REAL_LOG_CURVES if log else _REAL_CURVES[2 * index : 2 * index + 2]
        curves = [
            {
                "mnemonic": mnemonic,
                "unit": unit,
                "description": description,
                "style": "solid" if recipe.alike else ("solid", "dashed")[i],
                "left": at_left,
                "right": at_right,
                "wrap": mnemonic == "GR",
            }
            for i, (mnemonic, unit, description, at_left, at_right) in enumerate(known)
        ]
        last_px = ticks[-1][0]
        edges = {
            "left": [[first_px, round(left, 2)], [last_px, round(left + recipe.drift_px, 2)]],
            "right": [[first_px, round(left + 2.5 * dpi, 2)], [last_px, round(left + 2.5 * dpi + recipe.drift_px, 2)]],
        }
        tracks.append({"name": f"track-{index + 1}", **edges, "scale": "log" if log else "linear", "curves": curves})
    well = {
        "name": f"SYNTHETIC {recipe.seed}",
        "uwi": f"SYN-{recipe.seed:06d}",
        "company": "VeerNet",
        "field": "Drawn",
        "date": "2000-01-01",
    }
    depth = {"unit": "ft", "step": 0.5, "top": recipe.top_depth, "base": recipe.base_depth, "ticks": ticks}
    return SheetManifest.model_validate({"format": "veernet-sheet/1", "well": well, "depth": depth, "tracks": tracks})

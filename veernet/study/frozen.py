"""The frozen test set: tracks drawn from real logs of wells that nothing was learned from.

Committed are seeds, not pixels: test track ``i`` follows from ``FROZEN_SEED + i`` and the held-out LAS files of a folder
(:func:`veernet.training.motion.held_out`). Looks are those of training at a scan-like difficulty; how the curves move, wrap and cross
is what the wells did.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from veernet.errors import SourceMissingError
from veernet.sheets.geometry import TRACK_COLUMNS
from veernet.training.draw import FloatArray, path_rows
from veernet.training.instance import Instance, blank_canvas, draw_along
from veernet.training.motion import held_out
from veernet.training.real_log import RealLog
from veernet.training.recipe import TrackRecipe, sample_recipe

FROZEN_SEED = 3_000_000_000
FROZEN_TRACKS = 2000
#: What a decent scan looks like: 0 is a clean print, 1 is ink nearly lost.
DIFFICULTY = 0.3

_ROWS = 256
#: Strip rows to a foot of depth at 5 inches to 100 ft and a track of 2.5 inches.
_ROWS_PER_FT = 480 / 2.5 * 5 / 100
_SCALES = (1.0, 1.0, 0.48, 0.4)  # 5 inches to 100 ft, 1:240; 1:500; 2 inches
_PAIRS = (("GR", "CALI"), ("NPHI", "DPHI"))
_SINGLES = ("GR", "ILD", "NPHI", "CALI")


@dataclass(frozen=True, eq=False)
class TestTrack:
    """One test track.

    Args:
        seed: What it follows from.
        recipe: How it was drawn.
        instance: Strip and labels, uint8 ``(256, 512)``.
        truth: Where each curve is at each strip row, unwrapped fractions of the strip's track, float64 ``(256,)``.
    """

    __test__ = False  # not a test of pytest's

    seed: int
    recipe: TrackRecipe
    instance: Instance
    truth: tuple[FloatArray, ...]


def held_out_wells(las_dir: Path) -> list[Path]:
    """The LAS files of a folder that nothing was learned from.

    Raises:
        SourceMissingError: There are none.
    """
    wells = [path for path in sorted(las_dir.glob("*.[lL][aA][sS]")) if held_out(path.name)]
    if not wells:
        raise SourceMissingError(
            str(las_dir), "no LAS file of a held-out well", "give the folder of the real LAS files"
        )
    return wells


def frozen_track(index: int, wells: Sequence[Path], difficulty: float = DIFFICULTY) -> TestTrack:
    """Test track ``index``."""
    seed = FROZEN_SEED + index
    recipe = sample_recipe(seed, difficulty)
    recipe = replace(recipe, strokes=tuple(replace(stroke, double_px=0.0) for stroke in recipe.strokes))
    paths = _real_paths(np.random.default_rng([seed, 1]), len(recipe.strokes), wells)
    canvas = blank_canvas(recipe.scan, _ROWS)
    rows = np.arange(_ROWS)
    shift = np.interp(rows, canvas.shift_rows, canvas.shift_columns) / TRACK_COLUMNS
    truth = tuple(np.interp(rows, path_rows(_ROWS), path) + shift for path in paths)
    return TestTrack(seed, recipe, draw_along(recipe, paths, _ROWS), truth)


def _real_paths(rng: np.random.Generator, curves: int, wells: Sequence[Path]) -> list[FloatArray]:
    """Paths of one or two real curves over the depths of a strip, at a usual vertical scale."""
    depths_ft = (path_rows(_ROWS) + 0.5) / (_ROWS_PER_FT * rng.choice(_SCALES))
    while True:
        names = _PAIRS[rng.integers(len(_PAIRS))] if curves == 2 else (_SINGLES[rng.integers(len(_SINGLES))],)
        log = RealLog.read(wells[int(rng.integers(len(wells)))])
        known_ft = _known_depths(log, names)
        if known_ft.size < 2 or known_ft[-1] - known_ft[0] < np.ptp(depths_ft):
            continue
        top = rng.uniform(known_ft[0], known_ft[-1] - np.ptp(depths_ft))
        paths = [log.fraction(name, depths_ft - depths_ft[0] + top) for name in names]
        return paths if rng.random() < 0.7 else paths[::-1]


def _known_depths(log: RealLog, names: Sequence[str]) -> NDArray[np.float64]:
    """Depths at which all of these curves have values."""
    if not all(name in log.fractions for name in names):
        return np.zeros(0)
    return log.depths_ft[np.all([np.isfinite(log.fractions[name]) for name in names], axis=0)]

"""How curves of usual names lie and move, learned from real logs: what two curves of one style are named by.

``python -m veernet.training.characters LAS_DIR`` prints the figures that :data:`veernet.curves.naming.CHARACTERS` keeps. One well in five is held out
(:mod:`veernet.training.motion`), and what the names of those two by two are worth comes after them.
"""

from __future__ import annotations

import logging
import sys
import warnings
from collections import defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import lasio
import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import Trace
from veernet.curves.naming import CHARACTERS, course, name_alike
from veernet.sheets.manifest import Curve
from veernet.training.motion import USUAL_SCALES, as_fraction, held_out

FloatArray = NDArray[np.float64]

_STRETCH_SAMPLES = 160  # of 0.25 m
_ROWS_A_SAMPLE = 8
_NAMES = tuple(name for name, (_, _, logarithmic) in USUAL_SCALES.items() if not logarithmic)


def stretches_of(las_dir: Path, kept_out: bool) -> Iterator[dict[str, FloatArray]]:
    """Stretches of the wells of a folder, of each curve that is on its track throughout, in track fractions."""
    for path in sorted(las_dir.glob("*.[lL][aA][sS]")):
        if held_out(path.name) is not kept_out:
            continue
        las = lasio.read(path)
        there = set(las.keys())
        fractions = {name: as_fraction(name, np.asarray(las[name], np.float64)) for name in _NAMES if name in there}
        for first in range(0, len(las.index) - _STRETCH_SAMPLES + 1, _STRETCH_SAMPLES):
            pieces = {name: fraction[first : first + _STRETCH_SAMPLES] for name, fraction in fractions.items()}
            yield {name: piece for name, piece in pieces.items() if (np.abs(piece - 0.5) <= 0.5).mean() > 0.98}


def _print_characters(las_dir: Path) -> None:
    measured = defaultdict(list)
    for stretch in stretches_of(las_dir, kept_out=False):
        for name, fraction in stretch.items():
            measured[name].append(course(fraction, 1))
    for name, found in measured.items():
        means, spreads = np.mean(found, axis=0), np.std(found, axis=0)  # type: ignore[arg-type]
        (level, restlessness) = ((round(float(m), 2), round(float(s), 2)) for m, s in zip(means, spreads, strict=True))
        sys.stdout.write(f"{name}: level {level}, restlessness {restlessness}, {len(found)} stretches\n")


def _print_worth(las_dir: Path) -> None:
    right, sure = defaultdict(list), defaultdict(list)
    for stretch in stretches_of(las_dir, kept_out=True):
        for pair in combinations(sorted(stretch), 2):
            rows = [np.repeat(stretch[name], _ROWS_A_SAMPLE).astype(np.float32) for name in pair]
            traces = [Trace(row, np.ones(row.size, np.float32)) for row in rows]
            scales = [CHARACTERS[name].scale for name in pair]
            curves = [
                Curve(mnemonic=n, unit="", style="solid", left=s[0], right=s[1])
                for n, s in zip(pair, scales, strict=True)
            ]
            named = name_alike(traces, curves)
            right[pair].append(named[0].fraction is traces[0].fraction)
            sure[pair].append(float(named[0].confidence.max()))
    for pair, found in right.items():
        high = np.array(sure[pair]) >= 0.9
        of_sure = np.array(found)[high].mean() if high.any() else np.nan
        sys.stdout.write(
            f"{' and '.join(pair)}: {np.mean(found):.3f} right of {len(found)}; {high.mean():.2f} sure, {of_sure:.3f} right\n"
        )


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    _print_characters(Path(sys.argv[1]))
    _print_worth(Path(sys.argv[1]))

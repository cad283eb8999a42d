"""Real logs to draw sheets from: curves of a LAS file as track fractions by depth."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

import lasio
import numpy as np
from numpy.typing import NDArray

from veernet.errors import LasError, OptionError, SourceMissingError
from veernet.training.motion import USUAL_SCALES, as_fraction

FloatArray = NDArray[np.float64]

_FEET_PER_METRE = 1 / 0.3048
#: Sheets begin and end on a printed depth.
_PRINTED_EVERY_FT = 50.0


@dataclass(frozen=True, eq=False)
class RealLog:
    """A real log.

    Args:
        depths_ft: float64 ``(n,)``, increasing.
        fractions: Track fractions at these depths of each curve that is there, NaN where it has no value.
    """

    depths_ft: FloatArray
    fractions: dict[str, FloatArray]

    @classmethod
    @lru_cache(maxsize=4)
    def read(cls, path: Path) -> Self:
        """Read the usual curves of a LAS file.

        Raises:
            SourceMissingError: There is no such file.
            LasError: It is no LAS file.
        """
        if not path.is_file():
            raise SourceMissingError(str(path), "no such file", "check the path")
        logging.getLogger("lasio").setLevel(logging.ERROR)
        try:
            las = lasio.read(path)
        except Exception as error:
            raise LasError(str(path), f"not readable as LAS ({error})", "give a LAS 1.2 or 2.0 file") from error
        unit_ft = _FEET_PER_METRE if str(las.curves[0].unit).upper().startswith("M") else 1.0
        values = {name: np.asarray(las[name], np.float64) for name in USUAL_SCALES if name in las.keys()}  # noqa: SIM118
        return cls(las.index * unit_ft, {name: as_fraction(name, column) for name, column in values.items()})

    def fraction(self, mnemonic: str, depths_ft: FloatArray) -> FloatArray:
        """Track fractions of a curve at these depths, linear between samples, held at the ends of what is known."""
        fraction = self.fractions[mnemonic]
        known = np.isfinite(fraction)
        return np.interp(depths_ft, self.depths_ft[known], fraction[known])

    def stretch(self, length_ft: float, mnemonics: Sequence[str], rng: np.random.Generator) -> tuple[float, float]:
        """Top and base, on printed depths, of a stretch of at most this length in which all curves have values.

        Raises:
            OptionError: There is none.
        """
        missing = [name for name in mnemonics if name not in self.fractions]
        known = np.all([np.isfinite(self.fractions[name]) for name in mnemonics if name in self.fractions], axis=0)
        tops = np.arange(
            np.ceil(self.depths_ft[0] / _PRINTED_EVERY_FT) * _PRINTED_EVERY_FT,
            self.depths_ft[-1] - length_ft,
            _PRINTED_EVERY_FT,
        )
        inside = [(self.depths_ft >= top) & (self.depths_ft <= top + length_ft) for top in tops]
        whole = (
            [top for top, rows in zip(tops, inside, strict=True) if known[rows].mean() > 0.98] if not missing else []
        )
        if not whole:
            raise OptionError(
                "the LAS file",
                f"no {length_ft:g} ft in which {', '.join(mnemonics)} have values",
                "choose a shorter length or another file",
            )
        top = float(rng.choice(whole))
        return top, top + length_ft

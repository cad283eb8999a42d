"""How curves move down a well, learned from real logs and kept as a few numbers a well.

Each real curve, brought to track fractions at its usual scale, becomes an autoregressive model: its coefficients by
Yule-Walker (Box & Jenkins, *Time Series Analysis*, ch. 3) and the quantiles of its innovations, heavy tails and all, with the slow
swing of their size that beds make. A model draws any number of new curves that move as that one moved; no sample of the real
log is kept. ``python -m veernet.training.motion LAS_DIR`` learns the bank that ships with the package; one well in
five, chosen by the digest of its file name, is left out of it, so that truth drawn from those is new to the network.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import warnings
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import lasio
import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_toeplitz
from scipy.ndimage import gaussian_filter1d
from scipy.signal import lfilter

FloatArray = NDArray[np.float64]

#: Mnemonic: (value at the left edge, value at the right edge, whether the scale is logarithmic), as usually printed.
USUAL_SCALES: dict[str, tuple[float, float, bool]] = {
    "GR": (0.0, 150.0, False),
    "CALI": (125.0, 375.0, False),
    "ILD": (0.2, 2000.0, True),
    "DPHI": (0.6, 0.0, False),
    "NPHI": (0.6, 0.0, False),
}
_ORDER = 10
_QUANTILES = np.linspace(0.0, 1.0, 41)
_SWING_SAMPLES = 15.0


@dataclass(frozen=True)
class Motion:
    """One learned way to move, in track fractions a sample of the real log (0.25 m).

    Args:
        coefficients: Autoregressive coefficients, nearest lag first.
        innovations: Quantiles of the innovations divided by their slowly varying size.
        swing: Standard deviation of the logarithm of that size.
        spread: Standard deviation of the curve that it was learned from, in track fractions.
    """

    coefficients: FloatArray
    innovations: FloatArray
    swing: float
    spread: float

    def draw(self, samples: int, rng: np.random.Generator) -> FloatArray:
        """A new curve of so many samples, about zero, in units of its own spread."""
        warm_up = 200
        n = samples + warm_up
        noise = np.interp(rng.random(n), _QUANTILES, self.innovations)
        size = gaussian_filter1d(rng.standard_normal(n), _SWING_SAMPLES, mode="wrap")
        size *= self.swing / max(float(size.std()), 1e-9)
        feedback = np.concatenate(([1.0], -self.coefficients))
        curve = lfilter([1.0], feedback, noise * np.exp(size))[warm_up:]
        return np.asarray((curve - curve.mean()) / max(float(curve.std()), 1e-9))


def held_out(well_file: str) -> bool:
    """Whether the well of this file name stays out of everything that the network learns from."""
    return hashlib.sha256(Path(well_file).name.encode()).digest()[0] % 5 == 0


def as_fraction(mnemonic: str, values: FloatArray) -> FloatArray:
    """Values of a usual curve as track fractions at its usual scale; impossible values become NaN."""
    left, right, logarithmic = USUAL_SCALES[mnemonic]
    if logarithmic:
        values = np.where(values > 0, values, np.nan)
        return np.asarray(np.log(values / left) / np.log(right / left))
    return np.asarray((values - left) / (right - left))


def learn_motion(fraction: FloatArray) -> Motion | None:
    """The motion of one curve; None where there are too few samples or it does not move."""
    fraction = fraction[np.isfinite(fraction)]
    if fraction.size < 400 or float(fraction.std()) < 1e-4:
        return None
    centred = fraction - fraction.mean()
    n = centred.size
    covariance = np.array([centred[: n - lag] @ centred[lag:] / n for lag in range(_ORDER + 1)])
    covariance[0] *= 1.0 + 1e-6  # keeps the Toeplitz system well conditioned on very smooth curves
    coefficients = solve_toeplitz(covariance[:-1], covariance[1:])
    residual = lfilter(np.concatenate(([1.0], -coefficients)), [1.0], centred)[_ORDER:]
    size = np.log(gaussian_filter1d(np.abs(residual), _SWING_SAMPLES) + 1e-9)
    scaled = residual / np.exp(size)
    return Motion(coefficients, np.quantile(scaled, _QUANTILES), float(size.std()), float(centred.std()))


def learn_bank(las_dir: Path) -> list[Motion]:
    """Motions of every usual curve of every well in a folder, the held-out wells aside."""
    bank: list[Motion] = []
    for path in sorted(las_dir.glob("*.[lL][aA][sS]")):
        if held_out(path.name):
            continue
        las = lasio.read(path)
        for mnemonic in USUAL_SCALES.keys() & set(las.keys()):
            motion = learn_motion(as_fraction(mnemonic, np.asarray(las[mnemonic], dtype=np.float64)))
            if motion is not None:
                bank.append(motion)
    return bank


def save_bank(bank: list[Motion], path: Path) -> None:
    """Write a bank as one small npz."""
    np.savez_compressed(
        path,
        coefficients=np.array([m.coefficients for m in bank], np.float32),
        innovations=np.array([m.innovations for m in bank], np.float32),
        swing=np.array([m.swing for m in bank], np.float32),
        spread=np.array([m.spread for m in bank], np.float32),
    )


@cache
def load_bank() -> tuple[Motion, ...]:
    """The bank that ships with the package."""
    with (files("veernet.training") / "motion.npz").open("rb") as file, np.load(file, allow_pickle=False) as bank:
        columns = [bank[name].astype(np.float64) for name in ("coefficients", "innovations", "swing", "spread")]
    return tuple(Motion(c, i, float(sw), float(sp)) for c, i, sw, sp in zip(*columns, strict=True))


if __name__ == "__main__":
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    learned = learn_bank(Path(sys.argv[1]))
    save_bank(learned, Path(__file__).with_name("motion.npz"))
    sys.stdout.write(f"{len(learned)} motions learned\n")

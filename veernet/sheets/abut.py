"""Pages that have nothing in common: one begins where the other ends, if what is printed goes on across the cut.

Lines that run down a sheet say how the pages lie side by side, but they are the same everywhere on it; that no rows are missing, and that it is
this page that follows, only the curves can say.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.sheets.frame import sheared, thin, turn_of
from veernet.sheets.seams import Match
from veernet.sheets.similarity import Similarity, warped

FloatArray = NDArray[np.float64]
ByteImage = NDArray[np.uint8]

_END = 0.8  # of the width: rows of each page that are looked at
_WINDOW_ROWS = 64
_SCALES = np.linspace(-0.025, 0.025, 61)
_SIDEWAYS = 0.06  # of the width
_WIDTHS_AGREE = 0.03
_LINES_ALIKE = 0.7
_CURVES_ALIKE = 0.65
_LINES_MEET_PX = 1.5  # on 1,250 columns
_PERIODS = (6.0, 0.1)  # the finest, px, and the widest, of the width, of lines across
_PERIODIC = 4.0
_CUT_PX = 4  # rows on either side, on 1,250 columns
_CURVE_PX = 6.0  # how far a curve may run meanwhile, on as many
_SPAN = 0.5  # of the width: rows in which a curve does not stay in its column, and the grid does
_GRID = 3.0  # how much darker than its mean over so many rows a line may be


def abutted(upper: ByteImage, lower: ByteImage, scale: float) -> Match | None:
    """How the lower page goes on where the upper one ends; None where that is not certain.

    Args:
        upper: The upper page's darkness, uint8 ``(rows, columns)``.
        lower: The lower page's.
        scale: Size of the lower page's px in the upper's, to within some 2 %.
    """
    height, width = upper.shape
    if abs(scale * lower.shape[1] / width - 1) > _WIDTHS_AGREE + float(_SCALES.max()):
        return None
    turn, profile = _lines(upper[-round(_END * width) :], at_end=True)
    other_turn, other = _lines(lower[: round(_END * lower.shape[1])], at_end=False)
    scale, shift, alike = _side_by_side(profile, other, scale)
    if alike < _LINES_ALIKE or abs(scale * lower.shape[1] / width - 1) > _WIDTHS_AGREE:
        return None
    middle = lower.shape[1] / 2
    factor = scale * np.exp(1j * (other_turn - turn))
    onto = Similarity(factor, scale * middle + shift + 1j * (height + 0.5 * scale - 0.5) - factor * middle)
    curves = _going_on(upper, lower, onto)
    meet = _lines_meet(upper, lower, onto)
    return Match(onto, 0.0, curves, alike, 1) if curves >= _CURVES_ALIKE and meet else None


def _lines(end: ByteImage, at_end: bool) -> tuple[float, FloatArray]:
    """The lean of the lines that run down a page's end, in columns a row, and what they are at its last or first row."""
    windows = [end[first : first + _WINDOW_ROWS].mean(axis=0) for first in range(0, len(end), _WINDOW_ROWS)]
    down = np.asarray(thin(np.stack(windows), end.shape[1]), np.float32)
    from_cut = np.asarray((np.arange(len(down)) + 0.5) * _WINDOW_ROWS - (len(end) if at_end else 0.0), np.float64)
    turn = turn_of(down, from_cut, np.zeros(len(down)), _WINDOW_ROWS)
    return turn, np.asarray(sheared(down, turn * from_cut).mean(axis=0), np.float64)


def _side_by_side(profile: FloatArray, other: FloatArray, scale: float) -> tuple[float, float, float]:
    """Scale and shift at which two profiles of lines are most alike, and their correlation there."""
    first = gaussian_filter1d(profile, 1.0)
    first -= first.mean()
    reach = round(_SIDEWAYS * first.size)
    at = np.arange(first.size, dtype=np.float64)
    best = (scale, 0.0, -1.0)
    for by in scale * (1 + _SCALES):
        again = np.interp(at / by, np.arange(other.size), gaussian_filter1d(other, 1.0), left=0.0, right=0.0)
        again -= again.mean()
        lags = np.correlate(np.pad(first, reach), again, mode="valid")
        alike = lags / (np.linalg.norm(first) * np.linalg.norm(again) + 1e-6)
        top = int(alike.argmax())
        if alike[top] > best[2]:
            best = (float(by), float(top - reach), float(alike[top]))
    return best


def _going_on(upper: ByteImage, lower: ByteImage, onto: Similarity) -> float:
    """Correlation of what lies just above the cut with what lies just below it, the grid taken out."""
    height, width = upper.shape
    rows, blur = max(2, round(_CUT_PX * width / 1250)), _CURVE_PX * width / 1250
    span = min(round(_SPAN * width), height)
    above = _curves(upper[-span:], slice(span - rows, None), blur)
    below = _curves(warped(lower, onto, height, height + span, width), slice(0, rows), blur)
    return float((above * below).sum() / (np.linalg.norm(above) * np.linalg.norm(below) + 1e-6))


def _curves(end: ByteImage, at_cut: slice, blur_px: float) -> FloatArray:
    """Where the rows at the cut are darker than their columns are all over the end, with a mean of nothing."""
    dark = np.asarray(end, np.float32)
    dark = np.clip(dark - cv2.blur(dark, (end.shape[1] // 10 | 1, 1)), 0.0, None)
    grid = gaussian_filter1d(dark.mean(axis=0, dtype=np.float64), 1.5)
    curves = gaussian_filter1d(np.clip(dark[at_cut].mean(axis=0) - _GRID * grid, 0.0, None), blur_px)
    return np.asarray(curves - curves.mean(), np.float64)


def _lines_meet(upper: ByteImage, lower: ByteImage, onto: Similarity) -> bool:
    """Whether lines across the sheet go on in step below the cut: a row that is missing there would put them out of it."""
    height, width = upper.shape
    rows = min(round(_END * width), height, round(len(lower) * onto.scale))
    ends = (upper[-rows:], warped(lower, onto, height, height + rows, width))
    across = [np.asarray(thin(end.mean(axis=1)[None], width)[0], np.float64) for end in ends]
    spectra = [np.fft.rfft((part - part.mean()) * np.hanning(rows), 16 * rows) for part in across]
    cycles = np.fft.rfftfreq(16 * rows)
    regular = (cycles <= 1 / _PERIODS[0]) & (cycles >= 1 / (_PERIODS[1] * width))
    power = np.abs(spectra[0] * spectra[1])
    best = int(np.argmax(np.where(regular, power, 0.0)))
    if min(np.abs(spectrum[best]) / np.median(np.abs(spectrum[regular])) for spectrum in spectra) < _PERIODIC:
        return False
    # Both counted from the cut: the upper page's rows begin so many rows above it.
    phases = [np.angle(spectra[0][best]) - 2 * np.pi * cycles[best] * -rows, np.angle(spectra[1][best])]
    apart = np.angle(np.exp(1j * (phases[0] - phases[1]))) / (2 * np.pi * cycles[best])
    return bool(abs(apart) <= _LINES_MEET_PX * width / 1250)

"""How steep the lines across a sheet are."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from veernet.peaks import vertices
from veernet.sheets.blocks import Blocks
from veernet.smooth_path import smooth_path

FloatArray = NDArray[np.float64]

#: By how much the best shear must outdo the middling one.
SLOPE_EVIDENCE = 0.25

_WINDOW_ROWS = 512
_WINDOWS_AT_ONCE = 64
_STEEPEST = 0.044  # rows a column: two and a half degrees
_SLOPE_STEP = 1 / 960  # half a strip row across a track
_CLEAR = 1.0  # evidence that needs no second look
_SLOPES_AGREE = 1.5  # steps
_NEAR_ROWS = 24  # as far as slants and what moves lines take them


class _Look(NamedTuple):
    """What a look at some rows says: the slope at every row, and how sure it is; not at all where the odd blocks say something else than the even ones."""

    evidence: float
    slope: FloatArray


def slope_of(blocks: Blocks, expected_px: FloatArray, least_evidence: float = SLOPE_EVIDENCE) -> FloatArray:
    """The slope of the lines at every row, by the shears that make the blocks of a track agree best, window by window; zero where that cannot be told.

    A dense grid tells it best by all rows. Few lines, or faint ones, do by the rows at which they are expected, where less dirt is.

    Args:
        blocks: The sheet's.
        expected_px: Source rows about which there may be lines.
        least_evidence: What is enough to tell it.
    """
    best = _look(blocks)
    if best.evidence < _CLEAR:
        near = blocks.near(expected_px, _NEAR_ROWS)
        if near is not None:
            best = max(best, _look(near), key=attrgetter("evidence"))
    return best.slope if best.evidence >= least_evidence else np.zeros_like(best.slope)


def _look(blocks: Blocks) -> _Look:
    rows = len(blocks.thin)
    slopes = np.arange(-_STEEPEST, _STEEPEST + _SLOPE_STEP / 2, _SLOPE_STEP)
    odd = np.arange(blocks.columns_px.size) % 2 == 1
    firsts = list(range(0, max(rows - _WINDOW_ROWS // 2, 1), _WINDOW_ROWS // 2))
    contrast = np.array([_contrast(blocks, firsts, slopes, part) for part in (odd, ~odd)])
    both = contrast.sum(axis=0)
    paths = [smooth_path(rewards, 2, 0.1)[1] for rewards in (both, *contrast)]
    path = paths[0]
    agreed = np.median(np.abs(paths[1] - paths[2])) <= _SLOPES_AGREE
    evidence = float(np.take_along_axis(both, path[:, None], axis=1).mean()) / 2 if agreed else 0.0
    inner = np.clip(path, 1, slopes.size - 2)
    found = gaussian_filter1d(slopes[inner] + vertices(both, inner) * _SLOPE_STEP, 1.5, mode="nearest")
    centres = [min(first + _WINDOW_ROWS / 2, (first + rows) / 2) for first in firsts]
    return _Look(evidence, np.interp(np.arange(rows), centres, found))


def _contrast(blocks: Blocks, firsts: Sequence[int], slopes: FloatArray, part: NDArray[np.bool_]) -> FloatArray:
    """How much better some blocks of each track agree at each slope than at the middling one, in windows from some rows on.

    The blocks of a track, sheared and added, have as power their own powers, and what each two of them have in common, turned by how far they
    are apart: a few distances, however many the blocks. Returns ``(windows, slopes)``.
    """
    tracks, columns_px = blocks.track_px[part], blocks.columns_px[part]
    # Windows are as long as the first one, with nothing where the strip has ended.
    thin = np.zeros((firsts[-1] + min(_WINDOW_ROWS, len(blocks.thin)), columns_px.size), np.float32)
    thin[: len(blocks.thin)] = blocks.thin[: len(thin), part]
    windows = np.lib.stride_tricks.sliding_window_view(thin, len(thin) - firsts[-1], axis=0)
    length = windows.shape[-1]
    earlier, later = np.nonzero(np.triu(tracks[:, None] == tracks, 1))
    gaps_px, gap_of = np.unique(np.round(columns_px[later] - columns_px[earlier], 4), return_inverse=True)
    turn = np.exp(
        2j * np.pi / length * blocks.scale * gaps_px[:, None, None] * slopes
    )  # of the lowest frequency; the others are its powers
    turned = np.multiply.accumulate(np.repeat(turn, length // 4, axis=1), axis=1).reshape(-1, slopes.size)
    turning = np.concatenate([turned.real, -turned.imag])
    power = np.empty((len(firsts), slopes.size))
    for index in range(0, len(firsts), _WINDOWS_AT_ONCE):
        some = slice(index, index + _WINDOWS_AT_ONCE)
        spectrum = np.fft.rfft(windows[firsts[some]], axis=-1)[..., 1 : 1 + length // 4].astype(np.complex128)
        common = np.zeros((len(spectrum), gaps_px.size, length // 4), np.complex128)
        for pair, gap in enumerate(gap_of):
            common[:, gap] += spectrum[:, later[pair]] * spectrum[:, earlier[pair]].conj()
        common = common.reshape(len(spectrum), -1)
        parts = np.concatenate([common.real, common.imag], axis=1)
        own = (spectrum.real**2 + spectrum.imag**2).sum(axis=(1, 2))
        power[some] = own[:, None] + 2 * (parts @ turning)
    return power / (np.median(power, axis=1, keepdims=True) + 1e-6) - 1.0

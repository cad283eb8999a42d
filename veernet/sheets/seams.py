"""How two pages of a sheet join: the lower one's top matched with the upper one's bottom, by what is printed on both.

Places that a search at low resolution offers are fitted by what is printed beside the grid, and the best of them to a fraction of a px on
the full images, grid and all. It is certain only if it is good, all over the overlap, and clearly better than the next one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.sheets.overlaps import COLUMNS, LEAST_OVERLAP, LINE_PX, content, places, resized
from veernet.sheets.similarity import Similarity

FloatImage = NDArray[np.float32]
ByteImage = NDArray[np.uint8]

REACH = 1.5
"""Overlaps are looked for in so many widths of a page at its ends."""

_FINE_COLUMNS = 1600  # finer scans are matched at this width: it is a tenth of a px
_BLURS_PX = (4.0, 2.0, 1.2)
_STEPS = 12
_BLOCKS_ACROSS = 12

_LIKENESS = 0.55
_MARGIN = 0.15
_AGREEING = 0.6
_FEWEST_BLOCKS = 4


@dataclass(frozen=True)
class Match:
    """One way in which a page may go on another.

    Args:
        onto: From the lower page's px to the upper one's.
        overlap_rows: Rows of the upper page that both show.
        likeness: Correlation of what is printed there, the grid taken out.
        agreeing: Share of the overlap's parts with something printed in them that agree on their own.
        parts: How many such parts there are.
    """

    onto: Similarity
    overlap_rows: float
    likeness: float
    agreeing: float
    parts: int

    def certain(self, runner_up: float) -> bool:
        """Whether it can be relied on, beside the likeness of the next best match."""
        return (
            self.likeness >= max(_LIKENESS, runner_up + _MARGIN)
            and self.agreeing >= _AGREEING
            and self.parts >= _FEWEST_BLOCKS
        )


def matches(upper: ByteImage, lower: ByteImage, scales: tuple[float, ...]) -> list[Match]:
    """The ways in which one page's top goes on another's bottom, the most likely first, none a neighbour of another.

    Args:
        upper: The upper page's darkness, uint8 ``(rows, columns)``.
        lower: The lower page's.
        scales: Sizes of the lower page's px in the upper's, to within some 2 %; those to try.
    """
    shrink = min(1.0, _FINE_COLUMNS / upper.shape[1])
    skipped = max(0, len(upper) - round(REACH * upper.shape[1]))
    small = resized(upper[skipped:], shrink)
    to_upper = Similarity(1 / shrink, 0.5 / shrink - 0.5 + 1j * (0.5 / shrink - 0.5 + skipped))
    found: list[Match] = []
    for scale in scales:
        rows = min(len(lower), round(REACH * upper.shape[1] / scale))
        by = shrink * scale
        other = resized(lower[:rows], by)
        from_lower = Similarity(by, 0.5 * by - 0.5 + 1j * (0.5 * by - 0.5))
        for match in _fitted(small, other, list(places(small, other))):
            onto = to_upper @ match.onto @ from_lower
            found.append(replace(match, onto=onto, overlap_rows=match.overlap_rows / shrink))
    found.sort(key=lambda match: -match.likeness)
    apart: list[Match] = []
    for match in found:
        at = complex(*match.onto.columns_rows(lower.shape[1] / 2, 0))
        near = 0.02 * upper.shape[1]
        if all(abs(at - complex(*other.onto.columns_rows(lower.shape[1] / 2, 0))) > near for other in apart):
            apart.append(match)
    return apart


def _fitted(upper: ByteImage, lower: ByteImage, guesses: Sequence[Similarity]) -> list[Match]:
    """The matches near some guesses by what is printed beside the grid; the best of them to a fraction of a px."""
    line_px = max(LINE_PX, round(LINE_PX * upper.shape[1] / COLUMNS)) | 1
    above, below = content(upper, line_px), content(lower, line_px)
    ends = _blurred(above, _BLURS_PX[0]), _blurred(below, _BLURS_PX[0])
    fits = [onto for guess in guesses if (onto := _aligned(ends[0], ends[1], guess)) is not None]
    found = sorted((_judged(above, below, onto) for onto in fits), key=lambda match: -match.likeness)
    best = found[0].onto if found else None
    for blur_px in _BLURS_PX[1:]:
        if best is not None:
            best = _aligned(_blurred(upper, blur_px), _blurred(lower, blur_px), best)
    return found if best is None else [_judged(above, below, best), *found[1:]]


def _overlap(upper_shape: tuple[int, ...], lower_width: int, onto: Similarity) -> tuple[slice, slice]:
    """Rows and columns of the upper image that the lower one covers wholly."""
    height, width = upper_shape
    _, tops = onto.columns_rows([0, lower_width - 1], 0)
    lefts, _ = onto.columns_rows(0, [0, height - tops.min()])
    rights, _ = onto.columns_rows(lower_width - 1, [0, height - tops.min()])
    rows = slice(int(np.clip(np.ceil(tops.max()), 0, height)), height)
    return rows, slice(int(max(0, np.ceil(lefts.max()))), int(np.clip(rights.min(), 0, width)))


def _sampled(lower: FloatImage, onto: Similarity, rows: slice, columns: slice) -> FloatImage:
    """The lower image as it lies on some rows and columns of the upper one."""
    back = onto.inverse()
    window = Similarity(back.factor, back.factor * (columns.start + 1j * rows.start) + back.shift)
    size = (columns.stop - columns.start, rows.stop - rows.start)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(lower, window.matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE), np.float32
    )


def _blurred(image: NDArray[np.generic], by_px: float) -> FloatImage:
    return np.asarray(cv2.GaussianBlur(np.asarray(image, np.float32), (0, 0), by_px), np.float32)


def _aligned(upper: FloatImage, lower: FloatImage, onto: Similarity) -> Similarity | None:
    """The similarity near a guess at which two images differ least (Gauss and Newton); None where they slip off each other."""
    least = round(LEAST_OVERLAP * upper.shape[1])
    for _ in range(_STEPS):
        rows, columns = _overlap(upper.shape, lower.shape[1], onto)
        if rows.stop - rows.start < least or columns.stop - columns.start < upper.shape[1] // 2:
            return None
        seen, other = upper[rows, columns], _sampled(lower, onto, rows, columns)
        gain = float((seen * other).sum() / ((other * other).sum() + 1e-6))
        differs = seen - gain * other
        across, down = (
            np.asarray(cv2.Sobel(other, cv2.CV_32F, *order, ksize=3, scale=gain / 8), np.float32)
            for order in ((1, 0), (0, 1))
        )
        y, x = np.mgrid[rows, columns].astype(np.float32)
        middle = complex(float(x.mean()), float(y.mean()))
        x, y = x - middle.real, y - middle.imag
        weight = 1.0 / (1.0 + (differs / (2.0 * differs.std() + 1e-6)) ** 2)
        # If the lower image is to go by (dx, dy) more, what is seen at a px comes from there.
        moves = np.stack([-(across * x + down * y), -(down * x - across * y), -across, -down]).reshape(4, -1)
        weighted = moves * weight.ravel()
        normal = weighted @ moves.T
        step = np.linalg.solve(normal + np.eye(4) * 1e-6 * np.trace(normal), weighted @ differs.ravel())
        grown = complex(step[0], step[1])
        onto = Similarity(1 + grown, complex(step[2], step[3]) - grown * middle) @ onto
        if abs(grown) * upper.shape[1] / 2 + abs(complex(step[2], step[3])) < 0.01:
            break
    return onto


def _judged(upper: FloatImage, lower: FloatImage, onto: Similarity) -> Match:
    """How alike the two images are where they overlap, all over and part by part."""
    rows, columns = _overlap(upper.shape, lower.shape[1], onto)
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return Match(onto, 0.0, 0.0, 0.0, 0)
    seen, other = (_blurred(part, 1.5) for part in (upper[rows, columns], _sampled(lower, onto, rows, columns)))
    side = max(16, seen.shape[1] // _BLOCKS_ACROSS)
    products, ones, others = (_block_sums(part, side) for part in (seen * other, seen * seen, other * other))
    energy = np.sqrt(ones * others)
    total = float(np.sqrt(ones.sum() * others.sum())) + 1e-6
    printed = np.maximum(ones, others) > 0.25 * np.maximum(ones, others).mean()
    alike = products / (energy + 1e-6)
    agreeing = float((alike[printed] > 0.5 * _LIKENESS).mean()) if printed.any() else 0.0
    return Match(onto, float(rows.stop - rows.start), float(products.sum()) / total, agreeing, int(printed.sum()))


def _block_sums(image: NDArray[np.generic], side: int) -> NDArray[np.float64]:
    down = np.arange(0, max(image.shape[0] - side // 2, 1), side)
    across = np.arange(0, max(image.shape[1] - side // 2, 1), side)
    return np.add.reduceat(np.add.reduceat(np.asarray(image, np.float64), down, axis=0), across, axis=1)

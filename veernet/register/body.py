"""Which rows a pass's grid covers: its lines down the paper end where the scale block begins, but for those that frame the block."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.paper import Bits, Paper
from veernet.register.upright import WINDOW_ROWS, Run

Floats = NDArray[np.float64]

_ANYWHERE = 0.12
"""Share of rows in which there is ink at any column where no line runs."""
_FAINTEST = 0.2
_SUREST = 0.95
_STRONG, _SOLID, _UNBROKEN = 0.75, 0.8, 0.98
"""Shares of rows of lines that hardly break, of those that are seen to end, and of those that end only where the grid does."""
_GONE, _GONE_SHARE = 0.3, 0.03
"""Faint lines are lost together where so little of them is left; in so much of a pass, so that it may be so at its ends."""
_FRAME_INCHES, _AS_LONG = 0.16, 0.7
"""Length of a line in a scale block that is longer than print is tall, and its share of the longest but one: frames go on as far as each other."""
_BLOCK_INCHES = (0.03, 2.0)
"""From the grid: where the lines of a scale block may stand, so far that strong lines of a grid whose faint ones are lost end before its frames."""
_MOSTLY = 0.65
"""Share of the rows of a frame that has broken, where the line is as whole in the grid as those that frame the block: what runs through print there has half of them at the most."""
_BESIDE_INCHES, _ALONE = 0.035, 0.3
"""Columns beside such a frame that have no ink, and share of its rows in which that is so: letters of several rows of print have it in fewer."""
_WHOLE = 0.98
_NEXT_INCHES = 0.25
"""From the grid: where lines of its own block begin."""
_BROKEN_PX = 2
_GAP_INCHES = 0.3
_PARTED_INCHES, _PARTED, _PARTED_INSIDE = 0.03, 0.25, 0.5
"""Rows of a gap between a grid and the frames of its block, and share of its strong lines that still have ink there: of all of them, and of what is left of them anywhere inside."""
_FEWEST_FRAMED = 2
_MOST_FRAMED, _MOST_SHARE = 8, 0.4
"""Lines that frame a block at the most, or their share of all lines: more are another grid."""


@dataclass(frozen=True)
class Columns:
    """Where lines run down a pass: ink at each of them, row by row.

    Args:
        ink: Search rows of the scan, widened by a px to both sides.
        run: Whose swing they have.
        lines: Their columns, straightened search px.
    """

    ink: Bits
    run: Run
    lines: Floats

    @classmethod
    def of(cls, paper: Paper, run: Run, lines: Floats) -> Columns:
        """Those of a scan."""
        wide = np.asarray(cv2.dilate(paper.search, np.ones((1, 3), np.uint8)), np.uint8)
        return cls(wide, run, lines)

    def moved(self, by: float) -> Columns:
        """What runs so many px to the right of them."""
        return replace(self, lines=self.lines + by)

    def there(self, first: float, end: float) -> NDArray[np.bool_]:
        """Whether there is ink at each line in each search row from one to another, ``(rows, lines)``."""
        rows = np.arange(max(0, int(first)), min(len(self.ink), int(np.ceil(end))))
        at = np.round(self.lines[None] + self.run.swing_at(rows.astype(np.float64))[:, None]).astype(int)
        return np.asarray(self.ink[rows[:, None], np.clip(at, 0, self.ink.shape[1] - 1)] > 0)


def profile_of(profiles: Floats, run: Run, first: float, end: float) -> Floats:
    """Mean strength of a run's lines between two search rows, straightened, one a search column."""
    windows = np.arange(max(run.first, round(first / WINDOW_ROWS)), min(run.end, max(1, round(end / WINDOW_ROWS))))
    if windows.size == 0:
        return run.profile
    at = np.arange(profiles.shape[1], dtype=np.float64)
    return np.mean(
        [
            np.interp(at + run.swing[window - run.first], at, profiles[window], left=0.0, right=0.0)
            for window in windows
        ],
        axis=0,
    )


def extent(
    columns: Columns, inner: NDArray[np.bool_], inside: tuple[float, float], within: tuple[float, float], dpi: float
) -> tuple[float, float]:
    """First row of a grid and the row after its last, search px.

    Each row speaks for the grid or against it by the ink at its lines; the grid goes as far as makes the sum of that greatest, not over a gap,
    but as far as most of its unbroken lines, where there are such.

    Args:
        columns: Its lines.
        inner: Which of them speak; edges of tracks had better not, because they run on into scale blocks.
        inside: Two rows of it, as of its first and its last label.
        within: Rows that it lies in.
        dpi: Of the search image.
    """
    ink = columns.there(*inside)
    share = ink.mean(axis=0) if len(ink) else np.zeros(columns.lines.size)
    known = inner & (share >= _FAINTEST)
    if not known.any():
        return inside
    strong = known & (share >= _STRONG)
    if strong.any() and _lost_together(ink[:, known & ~strong], round(_GAP_INCHES * dpi)):
        known = strong
    outside = (columns.there(within[0], inside[0])[::-1], columns.there(inside[1], within[1]))
    solid = [np.arange(share.size) == index for index in np.flatnonzero(inner & (share >= _UNBROKEN))]
    above, below = (_ends(rows, share, known, solid, dpi) if len(rows) else 0 for rows in outside)
    return float(inside[0] - above), float(inside[1] + below)


def _ends(
    rows: NDArray[np.bool_], share: Floats, known: NDArray[np.bool_], solid: list[NDArray[np.bool_]], dpi: float
) -> int:
    """For how many rows a grid goes on: as far as most of its unbroken lines, because others may be lost before they end; one alone may be a curve."""
    ends = sorted(_rows_on(rows[:, some], share[some], dpi) for some in solid)
    if len(ends) > 1:
        return ends[(len(ends) - 1) // 2]
    return max([_rows_on(rows[:, known], share[known], dpi), *ends])


def _rows_on(ink: NDArray[np.bool_], share: Floats, dpi: float) -> int:
    """For how many rows of ink some lines go on, of which that share is there inside."""
    there = np.clip(share, None, _SUREST)
    seen, missed = np.log(there / _ANYWHERE), np.log((1 - there) / (1 - _ANYWHERE))
    worth = np.concatenate([[0.0], np.cumsum(np.where(ink, seen, missed).sum(axis=1))])
    over = np.flatnonzero(worth - np.maximum.accumulate(worth) < _GAP_INCHES * dpi * float(missed.sum()))
    return int(worth[: over[0] if over.size else None].argmax())


def _lost_together(ink: NDArray[np.bool_], rows: int) -> bool:
    """Whether some lines, row by row, have gaps of so many rows that they share: then these say nothing of where a grid ends."""
    count = len(ink) // rows
    if not count or not ink.shape[1]:
        return False
    parts = ink[: count * rows].reshape(count, -1).mean(axis=1)
    return bool((parts < _GONE * parts.mean()).mean() > _GONE_SHARE)


def parted(
    columns: Columns, inside: tuple[float, float], within: tuple[float, float], dpi: float
) -> tuple[float, float]:
    """The rows within others where a gap parts all strong lines from what goes on beyond, search px; those others where none does.

    A grid whose inner lines are lost is told by that from the frames of its block, which go on in the same columns.

    Args:
        columns: All lines of the grid.
        inside: Two rows of it, as of its first and its last label.
        within: Rows that it lies in.
        dpi: Of the search image.
    """
    ink = columns.there(*inside)
    strong = ink.mean(axis=0) >= _STRONG if len(ink) else np.zeros(columns.lines.size, bool)
    rows = max(3, round(_PARTED_INCHES * dpi))
    if strong.sum() < _FEWEST_FRAMED or len(ink) < rows:
        return within
    least = min(_PARTED, _PARTED_INSIDE * float(_mean_of(ink[:, strong], rows).min()))

    def until(outside: NDArray[np.bool_]) -> int | None:
        gaps = np.flatnonzero(_mean_of(outside[:, strong], rows) < least)
        return int(gaps[0]) if gaps.size else None

    above, below = until(columns.there(within[0], inside[0])[::-1]), until(columns.there(inside[1], within[1]))
    return (
        within[0] if above is None else float(inside[0] - above),
        within[1] if below is None else float(inside[1] + below),
    )


def _mean_of(ink: NDArray[np.bool_], rows: int) -> Floats:
    """Share of ink of so many rows on end, from each row on."""
    share = np.append(0.0, np.cumsum(ink.mean(axis=1)))
    return np.asarray((share[rows:] - share[:-rows]) / rows)


def stopped(columns: Columns, framed: NDArray[np.bool_], inside: tuple[float, float]) -> bool:
    """Whether a solid line ends with the grid, so that what goes on beyond is no line of the grid that merely lasts longer.

    Args:
        columns: All lines of the grid.
        framed: Which go on, as `framing` says.
        inside: Two rows of it.
    """
    return bool((columns.there(*inside).mean(axis=0)[~framed.any(axis=0)] >= _SOLID).any())


def framing(columns: Columns, body: tuple[float, float], dpi: float) -> NDArray[np.bool_]:
    """Which lines go on into the scale block above the grid, and which into that below it, ``(2, lines)``: those are edges of tracks.

    Args:
        columns: All lines of the grid.
        body: First row of the grid and the row after its last, search px.
        dpi: Of the search image.
    """
    near, far = (inches * dpi for inches in _BLOCK_INCHES)
    framed = np.zeros((2, columns.lines.size), bool)
    for side, (first, end) in enumerate(((body[0] - far, body[0] - near), (body[1] + near, body[1] + far))):
        if end > first and columns.lines.size:
            ink = columns.there(first, end)
            length = _lengths(ink if side else ink[::-1], round(_NEXT_INCHES * dpi))
            usual = float(np.sort(length)[-2:][0])
            there = length >= max(_FRAME_INCHES * dpi, _AS_LONG * usual)
            # What goes on for so long is the grid itself, whose other lines are lost.
            there &= usual < _WHOLE * (end - first)
            by = _BESIDE_INCHES * dpi
            alone = ink & ~(columns.moved(-by).there(first, end) | columns.moved(by).there(first, end))
            lines = (ink, alone) if side else (ink[::-1], alone[::-1])
            there |= _broken_frames(columns, body, *lines, there, int(usual))
            framed[side] = there & (_FEWEST_FRAMED <= there.sum() <= max(_MOST_FRAMED, _MOST_SHARE * there.size))
    ends = [_is_the_grids_end(columns, body, framed[side], framed[1 - side]) for side in (0, 1)]
    return framed & ~np.array(ends)[:, None]


def _is_the_grids_end(
    columns: Columns, body: tuple[float, float], framed: NDArray[np.bool_], other: NDArray[np.bool_]
) -> bool:
    """Whether what goes on beyond a grid on one side are all of its heavy lines, though those that frame a block on the ``other`` side are only some of them: faint ones were lost before it ends."""
    if other.sum() < _FEWEST_FRAMED or not (other & ~framed).sum() == 0 < (framed & ~other).sum():
        return False
    whole = columns.there(*body).mean(axis=0)
    return bool(framed[whole >= whole[other].min()].all())


def _broken_frames(
    columns: Columns,
    body: tuple[float, float],
    ink: NDArray[np.bool_],
    alone: NDArray[np.bool_],
    framed: NDArray[np.bool_],
    usual: int,
) -> NDArray[np.bool_]:
    """Which other lines have ink in most rows of a block beside those that frame it, ``framed``, and are as whole as these inside the grid; letters have more of it beside theirs, and less that stands ``alone``."""
    if framed.sum() < _FEWEST_FRAMED:
        return np.zeros(framed.size, bool)
    first = int(ink[:, framed].any(axis=1).argmax())
    rows = slice(first, first + usual)
    whole = columns.there(*body).mean(axis=0)
    as_whole = whole >= whole[framed].min()
    return np.asarray((ink[rows].mean(axis=0) >= _MOSTLY) & (alone[rows].mean(axis=0) >= _ALONE) & as_whole)


def _lengths(ink: NDArray[np.bool_], near: int) -> NDArray[np.intp]:
    """Rows of the longest stroke at each line that begins in the first rows, so many."""
    longest = np.zeros(ink.shape[1], np.intp)
    if len(ink) == 0:
        return longest
    closed = cv2.morphologyEx(ink.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((_BROKEN_PX + 1, 1), np.uint8))
    length = np.zeros(ink.shape[1], np.intp)
    for index, row in enumerate(closed):
        length = (length + 1) * row * ((length > 0) | (index < near))
        np.maximum(longest, length, out=longest)
    return longest

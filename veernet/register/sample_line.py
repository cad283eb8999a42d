"""How a curve is drawn, by the line that stands for it in the scale block."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.block_words import A_TAIL, Print, letter_rows, level_ink, tall_pieces
from veernet.register.curves_told import Told
from veernet.register.draft import Style

_SOLID, _DASHED = 0.93, 0.3
_DASH_INCHES, _LONGEST_DOT_INCHES, _THICK_DOT = 0.025, 0.03, 1.1
"""Length of a dash, at the least, and of a dot, at the most, which is about as long as the gap beside it, or shorter."""
_BROKEN, _GAP_INCHES = 0.8, 0.015
"""Share of a solid line that worn print leaves, at the least; its gaps, at the most: those between dashes are longer."""
_MARGIN = 0.04
_ABOVE_INCHES = 0.04
_BELOW_INCHES = 0.2
_TALLEST_INCHES = 0.3
"""Of print: so far above and below the rows that are looked at, words reach into them."""
_THICK_INCHES = 0.012
"""Over which a line that wanders is gathered."""
_FEWEST_STROKES, _LONGEST_DASH = 5, 0.2
"""Of a pattern; and length of one of its strokes over the track's width, at the most: longer ones are what is left of a solid line."""
_UNSEEN = 0.3
"""That a line which was not found is solid, as most are."""
_BELOW_VALUES = 0.9
"""Confidence in a line below values that stand where the name should be on it, at the most."""
_LEAST_GAP_INCHES = 0.01
_ALIKE, _ALIKE_PX, _MOST = 0.35, 1.0, 0.6
"""By how much gaps of one length differ, and share of a dashed line's that are of one."""
_GRAIN = 0.35
"""Length of grain over that of the strokes that most of a line's ink is in, at the most."""
_FREE = 0.2
"""Share of a row that words must leave for its ink to be judged."""


def style_of(printed: Print, told: Told, left: float, right: float, below: float) -> tuple[Style, float]:
    """Solid, dashed or dotted, and how sure that is.

    Args:
        printed: The block.
        told: The curve.
        left: Left edge of its track, full px.
        right: Right edge.
        below: First row of what stands below it.
    """
    box, above = told.row.box, _ABOVE_INCHES * printed.dpi
    if told.one_row:
        # The box of a name may reach over the line below it, which then begins where its letters end.
        foot = letter_rows(printed, (box.top_row, box.end_row), (left, right))[1]
        first, end = min(box.end_row - above, foot), below + 0.02 * printed.dpi
    else:
        first, end = told.box.top_row + above, below
    end = min(end, box.end_row + _BELOW_INCHES * printed.dpi)
    if not told.on_line:
        return _style_in(printed, (first, end), left, right)
    found = _style_in(printed, (first, 0.5 * (box.top_row + box.end_row)), left, right)
    if found[1] > _UNSEEN:
        return found
    # Values that stand close below their name may stand on the line themselves; what is below them may be the frame.
    style, sure = _style_in(printed, (first, end), left, right)
    return style, min(sure, _BELOW_VALUES)


def _style_in(printed: Print, rows: tuple[float, float], left: float, right: float) -> tuple[Style, float]:
    """The same of the line that stands in some rows."""
    dpi = printed.dpi
    margin = _MARGIN * (right - left)
    if round(rows[1] - rows[0]) <= 0:  # the next row begins where its line would be
        return "solid", _UNSEEN
    columns = (left + margin, right - margin)
    words, letters = _words(printed, rows, columns)
    ink, half = level_ink(printed, rows, columns), max(1, round(_THICK_INCHES * dpi) // 2)
    # The feet of letters would be gathered into the rows below them; a line that has grown together with letters is seen with these alone.
    line = _line(np.where(letters, 0, ink).astype(np.uint8), words, half)
    line = _line(ink, words, half) if line is None else line
    if line is None:
        return "solid", _UNSEEN
    if max(float(line.mean()), _mended(line, dpi)) >= _SOLID:
        return "solid", 0.95
    line = _ungrained(line, dpi)
    strokes = int((np.diff(line.astype(np.int8)) == 1).sum()) or 1
    mean, gap = line.sum() / strokes, (~line).sum() / strokes
    # Thick dots are as long as the shortest dashes, but no longer than what is between them.
    long = mean > (_DASH_INCHES if mean > _THICK_DOT * gap else _LONGEST_DOT_INCHES) * dpi
    if strokes >= _FEWEST_STROKES and _even(line, dpi):
        return "dashed" if long else "dotted", 0.95
    worn = _longest(line) >= _LONGEST_DASH * line.size
    return "solid" if worn else "dashed" if long else "dotted", 0.5


def _longest(line: NDArray[np.bool_]) -> int:
    """Px of a line's longest stroke."""
    ends = np.flatnonzero(np.diff(np.pad(line, 1).astype(np.int8)))
    return int((ends[1::2] - ends[::2]).max(initial=0))


def _ungrained(line: NDArray[np.bool_], dpi: float) -> NDArray[np.bool_]:
    """A line without grain in its gaps, which is short beside most of its ink, and with its strokes whole where grain has made holes in them."""
    hole = np.ones((1, max(1, round(_LEAST_GAP_INCHES * dpi))), np.uint8)
    whole = np.asarray(cv2.morphologyEx(line.view(np.uint8)[None], cv2.MORPH_CLOSE, hole)[0])
    steps = np.diff(np.pad(whole, 1).astype(np.int8))
    starts, ends = np.flatnonzero(steps == 1), np.flatnonzero(steps == -1)
    long = np.sort(ends - starts)
    usual = long[np.searchsorted(np.cumsum(long), 0.5 * long.sum())]
    for start, end in zip(starts, ends, strict=True):
        if end - start < _GRAIN * usual:
            whole[start:end] = 0
    return whole.view(np.bool_)


def _mended(line: NDArray[np.bool_], dpi: float) -> float:
    """Share of a line that has ink once gaps that are too short to part dashes are closed; 0 where it has so many that they may be a pattern."""
    if line.mean() < _BROKEN:
        return 0.0
    gap = np.ones((1, max(1, round(_GAP_INCHES * dpi)) + 1), np.uint8)
    return float(cv2.morphologyEx(line.view(np.uint8)[None], cv2.MORPH_CLOSE, gap).mean())


def _even(line: NDArray[np.bool_], dpi: float) -> bool:
    """Whether most gaps of a line are as long as each other: those that are drawn are, those of worn print are not."""
    steps = np.diff(line.astype(np.int8))
    ends, starts = np.flatnonzero(steps == -1), np.flatnonzero(steps == 1)
    starts = starts[starts > ends[0]] if ends.size else starts[:0]
    gaps = starts - ends[: starts.size]
    gaps = gaps[gaps >= max(1.0, _LEAST_GAP_INCHES * dpi)]
    if gaps.size < _FEWEST_STROKES - 2:
        return False
    usual = float(np.median(gaps))
    return float((np.abs(gaps - usual) <= max(_ALIKE_PX, _ALIKE * usual)).mean()) >= _MOST


def _words(
    printed: Print, rows: tuple[float, float], columns: tuple[float, float]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where words stand in ink that was levelled, and their letters alone: those of a long name do not stand in one row of a paper that was scanned askew."""
    over = round(_TALLEST_INCHES * printed.dpi)
    top, end = round(rows[0]) - over, round(rows[0]) + round(rows[1] - rows[0]) + over
    letters = level_ink(
        printed, (top + rows[0] - round(rows[0]), end + rows[0] - round(rows[0])), columns, printed.bare
    )
    found, tall = np.zeros(letters.shape, bool), np.zeros(letters.shape, bool)
    for line in printed.lines:
        middle = 0.5 * (line.left + line.right) - 0.5 * (columns[0] + columns[1])
        first = round(line.top - rows[0]) + over - round(printed.slope * middle)
        word = (
            slice(max(0, first), max(0, first + round(line.end - line.top))),
            slice(max(0, round(line.left - columns[0])), max(0, round(line.right - columns[0]))),
        )
        # The finder's boxes are larger than the letters, and would cover the line beside them.
        inked = np.flatnonzero(letters[word].any(axis=1))
        if not inked.size:
            continue
        word = (slice(word[0].start + int(inked[0]), word[0].start + int(inked[-1]) + 1), word[1])
        kept = letters[word]
        # Brackets and tails of letters reach the line below a long name: there they alone are in its way.
        across = kept.sum(axis=1) > A_TAIL * kept.sum(axis=1).max()
        found[word] |= across[:, None] | (cv2.dilate(kept, np.ones((3, 3), np.uint8)) > 0)
        tall[word] |= cv2.dilate(tall_pieces(kept, printed.dpi), np.ones((3, 3), np.uint8)) > 0
    return found[over:-over], tall[over:-over]


def _line(ink: NDArray[np.uint8], words: NDArray[np.bool_], half: int) -> NDArray[np.bool_] | None:
    """Along the first row of rows that are a line, which columns have ink, words left out; None where no row is one."""
    best: NDArray[np.bool_] | None = None
    for row in range(len(ink)):
        free = ~words[row]
        if free.mean() < _FREE:
            continue
        line = np.asarray(ink[max(0, row - half) : row + half + 1, free].any(axis=0), bool)
        share = float(line.mean())
        if best is None:
            best = line if share >= _DASHED else None
        elif share > float(best.mean()) + 0.02:
            best = line
        elif share < 0.5 * float(best.mean()):
            break
    return best

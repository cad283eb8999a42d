"""Each printed depth brought to its own line across the paper: a label stands near its line, not on it to the pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d, median_filter, uniform_filter1d

from veernet.register.beside import Beside, slopes_of, steady_path
from veernet.register.labels import Labels, Pass
from veernet.register.paper import Paper

Floats = NDArray[np.float64]

_STEP_PX = 0.5
_AROUND = 2.0
"""Times the reach of a label: so far other lines are looked for that might be meant."""
_LINE_SHARE = 0.35
"""Of a strip that a line covers at least."""
_OFF_COST = 0.25
_CHANGE_COST_INCHES, _CHANGE = 0.1, 0.4
"""From label to label a line's place below its label changes little; where it must all the same, it costs this much at the most."""
_UNEVEN_PX, _UNEVEN = 3.0, 0.02
"""By how much a line without a whole label may be off the middle of its neighbours: spliced and stretched paper does that."""
_EVEN_PX, _EVEN_INCHES = 1.5, 0.01
"""By how much rows of a paper that is neither spliced nor stretched are off the middle of their neighbours."""
_WHOLE = 0.2
"""By how much the size of a label may differ from its neighbours', so that its middle can be relied on."""
_THICKER, _ALONG_PX = 1.3, 1.5
"""Ink of a line with a stroke along it over that of others, and by how far its middle is out of place then, at the least."""
_FAINTER = 0.8
"""Of the usual strength of lines: what is out of place and under it is none; single lines of real paper stand up to 6 px out of place, and are as strong as others."""
_LEANING_PX = 2.0
_FEWEST_DIGITS, _GAP = 3, 0.15
"""A number of one digit less is shorter by a digit and the gap before it, which is so much of both."""
_RIVAL = 0.6
"""Of a line's strength: another one nearby that might be meant."""
_NEAREST = 0.35
"""Of the way to the nearest rival: so far off its usual place below its label a line may be."""
_OFF_MIDDLE = 0.2
"""Of an upright label's height: a line that is further off its middle cuts through it, as a line that is meant seldom does."""
_STRAY, _LOOSE = 8.0, 0.2
"""Labels that keep their place above their lines to a px all keep it: so many times their usual scatter, and so much of the reach, are let pass."""
_STANDS_OUT = 1.3
_HEAVIER, _RATHER = 1.2, 1.1
"""Times the ink of lines that are found, in the middling label: lines that are all alike differ by less, and heavy ones by more; what is between leaves a doubt."""
_APART_PX = 6.0
"""What is nearer is the same line."""
_NEAR_PLACE_PX = 3.0
_THICK_INCHES, _THICKEST_INCHES = 0.025, 0.05
"""Of a heavy line, and of any that is printed: what goes on longer is another one that runs into it."""
_NEIGHBOURS = 9
_MOST_STEPS, _FEWEST_LINES = 5, 3
"""From one printed depth on a line to the next, between which labels tell theirs; of so many lines, else only next to them."""


@dataclass(frozen=True)
class Placed:
    """The printed depths of a pass, from its first label on a line to its last one.

    Args:
        depths: Increasing by the pass's step.
        rows: Row of each, full px, at the middle of the depth column.
        on_line: Whether a line was found there.
        slope: Rows that lines fall per column to the right, at each.
        off: How far below its label's middle each line is, on average.
        told: Whether its row is sure: on a line, or between two that are, no further than a few steps, where its label says so, too, and all rows go on evenly.
        against: Depths near which a line is printed that may not be theirs: it is not where the label or the neighbours' lines say, or
            labels stand between two lines that are alike.
    """

    depths: Floats
    rows: Floats
    on_line: NDArray[np.bool_]
    slope: Floats
    off: float
    told: NDArray[np.bool_]
    against: int


def placed(paper: Paper, one: Pass) -> Placed:
    """Bring the printed depths of a pass to their lines."""
    labels = one.labels
    depths = np.arange(labels.depths[0], labels.depths[-1] + one.step / 2, one.step)
    whole = _whole(labels)
    about = _about(depths, labels, whole, one.px_per_unit)
    has_label = np.isin(depths, labels.depths[whole])
    columns = np.interp(depths, labels.depths, median_filter(labels.columns, 5, mode="nearest"))
    reach = _reach(labels, one)
    windows = [Beside.of(paper, row, column, _AROUND * reach + 8) for row, column in zip(about, columns, strict=True)]
    slope = slopes_of(windows, reach)
    wide = np.arange(-_AROUND * reach, _AROUND * reach + _STEP_PX / 2, _STEP_PX)
    around = np.stack(
        [window.strength(row + wide, fall) for window, row, fall in zip(windows, about, slope, strict=True)]
    )
    inside = np.abs(wide) <= reach + _STEP_PX / 2
    offsets, strength = wide[inside], around[:, inside]
    rewards = np.minimum(strength, 1.0) - _OFF_COST * (offsets / reach) ** 2
    most = max(2, round(_CHANGE_COST_INCHES * paper.dpi / _STEP_PX))
    path = steady_path(rewards, most, _CHANGE / most, _CHANGE)
    at, seen = _peaks(strength, path, offsets, _THICKEST_INCHES * paper.dpi)
    ink = _ink(around, _THICK_INCHES * paper.dpi)
    if heavier := _heavier(ink, at, wide, reach):
        path = np.clip(path + round(heavier / _STEP_PX), 0, offsets.size - 1)
        at, seen = _peaks(strength, path, offsets, _THICKEST_INCHES * paper.dpi)
    on_line = seen >= _LINE_SHARE
    rows = about + at
    even_px = max(_EVEN_PX, _EVEN_INCHES * paper.dpi)
    rivals = _rivals(around, ink, at, seen, wide, on_line)
    if on_line.any():
        usual = _usual(at, on_line & has_label)
        fainter = seen < _FAINTER * float(np.median(seen[on_line]))
        own_ink = np.array([np.interp(row, wide, shown) for row, shown in zip(at, ink, strict=True)])
        thicker = own_ink > _THICKER * float(np.median(own_ink[on_line]))
        pen = on_line & has_label & fainter & _strays(rows, about + usual, even_px)
        # A curve that runs along a line makes it thicker on one side.
        pen |= on_line & has_label & thicker & _strays(rows, about + usual, _ALONG_PX)
        on_line &= ~pen
        seen = np.where(pen, 0.0, seen)
        rows = np.where(on_line, rows, about + usual)
        off = np.abs(at - usual)
        stray = _STRAY * float(np.median(off[on_line & has_label])) if (on_line & has_label).any() else np.inf
        by_label = np.where(has_label, stray + _LOOSE * reach, np.inf)
        near = off <= np.maximum(np.minimum(_NEAREST * rivals.apart, by_label), _UNEVEN_PX)
        uneven = np.full(rows.size, _UNEVEN_PX + _UNEVEN * one.step * one.px_per_unit)
        uneven[[0, -1]] *= 2  # no neighbour on one side
        even = np.abs(rows - _neighbours(rows)) <= uneven
        on_line &= np.where(has_label, near, even | ((rivals.strength <= seen / _STANDS_OUT) & near))
    against = (seen >= _LINE_SHARE) & ~on_line
    told = on_line.copy()
    size = np.inf if labels.turned else float(np.median(labels.boxes[:, 2] - labels.boxes[:, 0]))
    if _between_two(at[on_line], rivals.apart[on_line], rivals.ink[on_line], size):
        against |= on_line
    against |= on_line & _leaning(windows, rows, slope, on_line)
    if on_line.sum() >= 2:
        # Lines on both sides tell better than a label where its own is: unless it says that the paper slipped there.
        between = np.interp(depths, depths[on_line], rows[on_line])
        lost = (seen < _LINE_SHARE) & (depths > depths[on_line][0]) & (depths < depths[on_line][-1])
        slipped = np.abs(rows - between) > _UNEVEN_PX + _UNEVEN * one.step * one.px_per_unit
        told |= lost & has_label & _between_lines(on_line) & (np.abs(rows - between) <= _UNEVEN_PX)
        rows = np.where(lost & ~slipped, between, rows)
        against |= lost & slipped
    kept = _within(told)
    even = np.abs(rows - _neighbours(rows))[kept] <= even_px
    return Placed(
        depths[kept],
        rows[kept],
        on_line[kept],
        slope[kept],
        float(np.median(at)),
        told[kept] if even.all() else on_line[kept],
        int(against.sum()),
    )


def _strays(rows: Floats, by_label: Floats, even_px: float) -> NDArray[np.bool_]:
    """Which rows are of no line of the grid but of a stroke near it: out of place among their neighbours, whose middle is where the label says."""
    middle = _neighbours(rows)
    off = np.abs(rows - middle)
    # A row that is out of place puts the middles beside it out of place, too, by half.
    most = maximum_filter1d(off, 3, mode="nearest")
    stray = (off > even_px) & (off >= most) & (np.abs(by_label - middle) <= even_px)
    stray[[0, -1]] = False  # they have neighbours on one side alone
    return np.asarray(stray)


def _leaning(windows: list[Beside], rows: Floats, slope: Floats, on_line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which lines lean otherwise than most of a paper whose lines are on one side of the depths alone: what tips them, paper or a pen, moves the depths by what nothing on the other side holds."""
    if not on_line.any():
        return on_line
    levers = np.array([window.lopsided(row, fall) for window, row, fall in zip(windows, rows, slope, strict=True)])
    usual = float(np.median(slope[on_line]))
    return np.asarray((np.median(levers[on_line]) > 0.0) & (np.abs(slope - usual) * levers > _LEANING_PX))


def _between_lines(on_line: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which depths have a line above and one below that are close to each other: of a label every 5 ft that of every 25 may be left."""
    at, where = np.arange(on_line.size), np.flatnonzero(on_line)
    below = np.searchsorted(where, at)
    inside = (below > 0) & (below < where.size)
    gap = where[np.clip(below, 0, where.size - 1)] - where[np.clip(below - 1, 0, where.size - 1)]
    return np.asarray(inside & (gap <= (_MOST_STEPS if where.size >= _FEWEST_LINES else 2)))


def _within(told: NDArray[np.bool_]) -> slice:
    """From the first depth that is told to the last one, where most are: between two lines a depth can be told, beyond them it is a guess."""
    where = np.flatnonzero(told)
    return slice(int(where[0]), int(where[-1]) + 1) if where.size > told.size / 2 else slice(None)


def _whole(labels: Labels) -> NDArray[np.bool_]:
    """Which labels are as large as those about them: what is broken or touched by other ink has its middle elsewhere."""
    sizes = labels.boxes[:, 2] - labels.boxes[:, 0]
    if labels.turned:
        digits = np.array([max(_FEWEST_DIGITS, len(str(int(depth)))) for depth in labels.depths])
        sizes = sizes / (digits - _GAP)
    # Mirrored, so that the outermost label has one voice among its neighbours.
    usual = median_filter(sizes, min(_NEIGHBOURS, sizes.size), mode="mirror")
    whole = np.abs(sizes - usual) <= _WHOLE * usual
    return np.asarray(whole) if whole.sum() >= 2 else np.ones(sizes.size, bool)


def _about(depths: Floats, labels: Labels, whole: NDArray[np.bool_], px_per_unit: float) -> Floats:
    """Where a label stands at each depth, or would."""
    rows, known = labels.rows[whole], labels.depths[whole]
    beyond = np.minimum(depths - known[0], 0.0) + np.maximum(depths - known[-1], 0.0)
    return np.asarray(np.interp(depths, known, rows) + beyond * px_per_unit)


def _reach(labels: Labels, one: Pass) -> float:
    """How far from the middle of a label its line may be, px."""
    sizes = labels.boxes[:, 2] - labels.boxes[:, 0]
    size = float(np.median(sizes)) * (0.4 if labels.turned else 0.8)
    return float(min(size, 0.24 * one.step * one.px_per_unit))


def _usual(at: Floats, known: NDArray[np.bool_]) -> Floats:
    """How far below its label a line is by those about it."""
    if not known.any():
        return np.full(at.size, float(np.median(at)))
    where = np.flatnonzero(known)
    # Mirrored, so that the outermost label has one voice and not those of all that would stand beyond it.
    smooth = median_filter(at[where], min(_NEIGHBOURS, where.size), mode="mirror")
    return np.asarray(np.interp(np.arange(at.size), where, smooth))


def _ink(strength: Floats, thick: float) -> Floats:
    """Of all of a line about each place: at 100 dpi a heavy one is hardly stronger at its top than a thin one, but twice as thick."""
    return np.asarray(uniform_filter1d(strength, round(max(thick, 2.0 * _NEAR_PLACE_PX) / _STEP_PX), mode="constant"))


def _heavier(ink: Floats, at: Floats, offsets: Floats, reach: float) -> float:
    """How far below the lines that were found heavier ones run all along, within reach; 0 for nowhere.

    Grids print every so manieth line heavy, and the depths that are labelled are among those.
    """
    by = np.arange(-2.0 * reach, 2.0 * reach + _STEP_PX / 2, _STEP_PX)
    beside = np.stack(
        [np.interp(own + by, offsets, row, left=0.0, right=0.0) for own, row in zip(at, ink, strict=True)]
    )
    usual = np.median(beside, axis=0)
    other = np.where((np.abs(by) > _APART_PX) & (np.abs(np.median(at) + by) <= reach), usual, 0.0)
    return float(by[other.argmax()]) if other.max() >= _HEAVIER * usual[by.size // 2] > 0.0 else 0.0


def _peaks(strength: Floats, path: NDArray[np.intp], offsets: Floats, thickest: float) -> tuple[Floats, Floats]:
    """The middle of the line nearest to each place of a path, and its strength: of all its ink, at most so many px."""
    at, seen = np.zeros(len(path)), np.zeros(len(path))
    near, most = round(_NEAR_PLACE_PX / _STEP_PX), round(max(thickest, 2.0 * _NEAR_PLACE_PX) / _STEP_PX)
    for index, place in enumerate(path):
        line = strength[index]
        low = max(place - near, 0)
        top = low + int(line[low : place + near + 1].argmax())
        first, end = _about_top(line, top, most)
        weight = np.clip(line[first:end] - 0.5 * line[top], 0.0, None)
        at[index] = float((weight * offsets[first:end]).sum() / weight.sum()) if weight.sum() > 0 else offsets[top]
        seen[index] = line[top]
    return at, seen


def _about_top(line: Floats, top: int, most: int) -> tuple[int, int]:
    """Where a line is at least half as strong as at its top, without a gap: its first place and the one after its last; just about the top if that is too thick for one line."""
    weak = np.append(np.append(-1, np.flatnonzero(line <= 0.5 * line[top])), line.size)
    above = int(np.searchsorted(weak, top))
    first, end = int(weak[above - 1]) + 1, int(weak[above])
    return (first, end) if end - first <= most else (max(top - most // 2, 0), min(top + most // 2 + 1, line.size))


@dataclass(frozen=True)
class _Rivals:
    """The nearest other line of each depth: how far it is, how strong, and how much ink it has for all of the depth's own; where there is none, beyond reach and of no strength."""

    apart: Floats
    strength: Floats
    ink: Floats


def _rivals(
    strength: Floats, ink: Floats, at: Floats, seen: Floats, offsets: Floats, on_line: NDArray[np.bool_]
) -> _Rivals:
    apart, other, beside = np.full(at.size, 2.0 * float(offsets[-1])), np.zeros(at.size), np.zeros(at.size)
    for index in np.flatnonzero(on_line):
        row = strength[index]
        peaks = np.flatnonzero((row[1:-1] >= row[:-2]) & (row[1:-1] > row[2:])) + 1
        peaks = peaks[(np.abs(offsets[peaks] - at[index]) > _APART_PX) & (row[peaks] >= _RIVAL * seen[index])]
        if peaks.size:
            nearest = peaks[np.abs(offsets[peaks] - at[index]).argmin()]
            apart[index], other[index] = abs(offsets[nearest] - at[index]), row[nearest]
            beside[index] = ink[index, nearest] / float(np.interp(at[index], offsets, ink[index]))
    # Where labels' lines are no heavier than others, one that stands alone may be a stroke of a pen where the label's own line is lost.
    usual = median_filter(apart, min(_NEIGHBOURS, apart.size), mode="nearest")
    return _Rivals(np.minimum(apart, usual), other, beside)


def _between_two(at: Floats, apart: Floats, ink: Floats, size: float) -> bool:
    """Whether labels of a size, if upright, may as well belong to the next lines: these are as near or cut through no labels, and are no lighter; or they are the heavier ones."""
    if at.size == 0:
        return False
    between = np.abs(np.median(at)) > min(_NEAREST * float(np.median(apart)), _OFF_MIDDLE * size)
    return bool(np.median(ink) > (1.0 / _HEAVIER if between else _RATHER))


def _neighbours(rows: Floats) -> Floats:
    """Where each row should be by those about it."""
    if rows.size < 3:
        return rows
    middle = 0.5 * (rows[:-2] + rows[2:])
    return np.concatenate([[2 * rows[1] - rows[2]], middle, [2 * rows[-2] - rows[-3]]])

"""What the rows of a scan are: header, scale block, the main pass, passes that repeat it, and the tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from veernet.register.draft import SURE, Kind, Section
from veernet.register.labels import Pass
from veernet.register.logged import Logged
from veernet.register.paper import Paper
from veernet.register.scales import nearest
from veernet.register.upright import Run

_SCALE_BLOCK_INCHES = 2.4
"""Above a pass: where its scale block is looked for."""
_GOES_ON_INCHES = 3.0
"""Lines of a scale block below a pass end within these."""
_SAME_SCALE = 0.05
_SURE_PASS = 0.5
_WHOLE = 0.8
_PARTLY_LABELLED, _UNLABELLED_STEPS = 0.8, 3.5
"""Share of its rows that the labels of a whole pass cover, and how many steps of it may lie beyond the first or the last one."""
_LONGER = 1.1
_STAND_ALIKE, _ASKEW_PX = 0.5, 30
"""Likeness of the lines of two runs of one log, and search px by which one may stand beside the other."""


@dataclass(frozen=True)
class Layout:
    """The sections of a scan.

    Args:
        sections: Top to bottom, without gaps.
        main: Index of the main pass's.
        of_pass: Index of each pass's.
    """

    sections: tuple[Section, ...]
    main: int
    of_pass: tuple[int, ...]


def laid_out(paper: Paper, passes: Sequence[Logged], lines: Sequence[Run] = ()) -> Layout:
    """The sections of a scan with at least one pass.

    Args:
        paper: The scan.
        passes: Its passes, from the top.
        lines: Runs of lines down the paper: where these go on for long outside of all passes, there is one that was not found.
    """
    main = max(range(len(passes)), key=lambda index: _extent(passes[index].one))
    sections: list[Section] = []
    of_pass = []
    row = 0.0
    for index, each in enumerate(passes):
        first, end = max(each.first_row, row), max(each.end_row, row + 1)
        if first > row:
            scale_row = max(row, first - _SCALE_BLOCK_INCHES * paper.dpi)
            if scale_row > row:
                sections.append(
                    Section(kind="header" if index == 0 else "other", first_row=row, end_row=scale_row, confidence=0.9)
                )
            sections.append(Section(kind="scale", first_row=scale_row, end_row=first, confidence=0.9))
        of_pass.append(len(sections))
        kind, confidence = _beside(each.one, passes[main].one)
        if index == main:
            kind, confidence = "main", _main_confidence(paper, passes, main, lines)
        sections.append(_section(each.one, kind, first, end, confidence))
        row = end
    if row < paper.rows:
        sections.append(Section(kind="tail", first_row=row, end_row=float(paper.rows), confidence=0.9))
    return Layout(tuple(sections), of_pass[main], tuple(of_pass))


def only_repeats_below(paper: Paper, layout: Layout, lines: Sequence[Run]) -> bool:
    """Whether no other log follows the main pass down the paper, so that the scale block below it is its own.

    Args:
        paper: The scan.
        layout: Its sections.
        lines: Runs of lines down the paper: where these go on for long below the last pass, there is one that was not found.
    """
    below = [layout.sections[index] for index in layout.of_pass if index > layout.main]
    end_row = max(layout.sections[index].end_row for index in layout.of_pass)
    lines_end = max((run.end_row for run in lines), default=0.0) * paper.factor
    return all(each.kind == "repeat" and each.confidence >= SURE for each in below) and (
        lines_end - end_row <= _GOES_ON_INCHES * paper.dpi
    )


def _extent(one: Pass) -> float:
    return float(one.labels.rows[-1] - one.labels.rows[0]) * (1.0 if one.confidence >= _SURE_PASS else 0.1)


def _section(one: Pass, kind: Kind, first: float, end: float, confidence: float) -> Section:
    labels = one.labels
    top = float(labels.depths[0] - (labels.rows[0] - first) / one.px_per_unit)
    base = float(labels.depths[-1] + (end - labels.rows[-1]) / one.px_per_unit)
    return Section(
        kind=kind, first_row=first, end_row=end, confidence=confidence, top=round(top, 1), base=round(base, 1)
    )


def _beside(one: Pass, main: Pass) -> tuple[Kind, float]:
    """What a pass is that is not the main one: a repeat has its scale and depths that the main one has, too."""
    same = abs(one.px_per_unit / main.px_per_unit - 1) <= _SAME_SCALE
    inside = (
        one.labels.depths[0] >= main.labels.depths[0] - 2 * main.step
        and one.labels.depths[-1] <= main.labels.depths[-1] + 2 * main.step
    )
    return ("repeat", 0.95 if one.confidence >= _SURE_PASS else 0.6) if same and inside else ("other", 0.8)


def _main_confidence(paper: Paper, passes: Sequence[Logged], index: int, lines: Sequence[Run]) -> float:
    """That the main pass is the whole of the log: no other goes on beyond it at its scale, and its lines are labelled throughout."""
    whole = passes[index]
    main = whole.one
    labels = main.labels
    span = labels.depths[-1] - labels.depths[0]
    confidence = 0.98 if main.confidence >= _SURE_PASS else 0.6
    for each in passes:
        other = each.one
        beyond = max(labels.depths[0] - other.labels.depths[0], other.labels.depths[-1] - labels.depths[-1])
        same = nearest(other.px_per_unit, paper.dpi) == nearest(main.px_per_unit, paper.dpi)
        if other is not main and other.confidence >= _SURE_PASS and same and beyond > (1 - _WHOLE) * span:
            confidence = 0.6
    # A longer grid whose depths could not be told, or not be found, is the log all the more.
    rows = whole.end_row - whole.first_row
    if (
        max(each.end_row - each.first_row for each in passes) > _LONGER * rows
        or _longest_elsewhere(paper, passes, whole.run, lines) > rows
    ):
        confidence = 0.6
    step = main.step * main.px_per_unit
    covered = labels.rows[-1] - labels.rows[0] + 2 * step >= _PARTLY_LABELLED * rows
    beyond_px = max(labels.rows[0] - whole.first_row, whole.end_row - labels.rows[-1])
    if not covered or beyond_px > _UNLABELLED_STEPS * step:
        confidence = min(confidence, 0.7)
    return confidence


def _longest_elsewhere(paper: Paper, passes: Sequence[Logged], like: Run | None, lines: Sequence[Run]) -> float:
    """Rows that lines down the paper go on for outside of all passes, at the most, where they stand as those of a pass do, as lines of a form do not."""
    longest = 0.0
    for run in lines:
        if like is not None and not _stand_alike(run, like):
            continue
        row = float(run.first_row * paper.factor)
        for each in passes:
            longest = max(longest, min(each.first_row, run.end_row * paper.factor) - row)
            row = max(row, each.end_row)
        longest = max(longest, run.end_row * paper.factor - row)
    return longest


def _stand_alike(run: Run, other: Run) -> bool:
    """Whether lines of two runs stand in the same columns, give or take what paper is askew by."""
    one, two = (each.profile - each.profile.mean() for each in (run, other))
    alike = np.correlate(one, two, "full")[one.size - 1 - _ASKEW_PX : one.size + _ASKEW_PX]
    return bool(alike.max() >= _STAND_ALIKE * np.sqrt((one**2).sum() * (two**2).sum()))

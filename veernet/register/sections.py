"""What the rows of a scan are: header, scale block, the main pass, passes that repeat it, and the tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from veernet.register.draft import Section
from veernet.register.paper import Paper
from veernet.register.passes import Pass
from veernet.register.scales import nearest
from veernet.register.upright import Run

_SCALE_BLOCK_INCHES = 2.4
"""Above a pass: where its scale block is looked for."""
_SAME_SCALE = 0.05
_SURE_PASS = 0.5
_WHOLE = 0.8
_PARTLY_LABELLED = 0.8
_MOST_UNLABELLED = 3
"""Steps of depth above the first label, and below the last one."""


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


def laid_out(paper: Paper, passes: Sequence[Pass], runs: Sequence[Run]) -> Layout:
    """The sections of a scan with at least one pass, by its passes from the top."""
    main = max(range(len(passes)), key=lambda index: _extent(passes[index]))
    bounds = _bounds(paper, passes, runs)
    sections: list[Section] = []
    of_pass = []
    row = 0.0
    for index, (one, (first, end)) in enumerate(zip(passes, bounds, strict=True)):
        if first > row:
            scale_row = max(row, first - _SCALE_BLOCK_INCHES * paper.dpi)
            if scale_row > row:
                sections.append(
                    Section(kind="header" if index == 0 else "other", first_row=row, end_row=scale_row, confidence=0.9)
                )
            sections.append(Section(kind="scale", first_row=scale_row, end_row=first, confidence=0.9))
        of_pass.append(len(sections))
        sections.append(_section(one, passes[main], first, end, _main_confidence(paper, passes, main, runs)))
        row = end
    if row < paper.rows:
        sections.append(Section(kind="tail", first_row=row, end_row=float(paper.rows), confidence=0.9))
    return Layout(tuple(sections), of_pass[main], tuple(of_pass))


def _extent(one: Pass) -> float:
    return float(one.labels.rows[-1] - one.labels.rows[0]) * (1.0 if one.confidence >= _SURE_PASS else 0.1)


def _bounds(paper: Paper, passes: Sequence[Pass], runs: Sequence[Run]) -> list[tuple[float, float]]:
    """First row of each pass and the row after its last: where its lines begin and end, halfway to its neighbours at the most."""
    bounds: list[tuple[float, float]] = []
    for index, one in enumerate(passes):
        rows, step = one.labels.rows, one.step * one.px_per_unit
        above = passes[index - 1].labels.rows[-1] if index else 0.0
        below = passes[index + 1].labels.rows[0] if index + 1 < len(passes) else float(paper.rows)
        first, end = float(rows[0]) - step, float(rows[-1]) + step
        own = [run for run in runs if run.end_row * paper.factor > rows[0] and run.first_row * paper.factor < rows[-1]]
        if own:
            first, end = float(own[0].first_row * paper.factor), float(own[-1].end_row * paper.factor)
        # Borders of a header may run on into the grid, but no log begins above zero depth.
        first = max(first, float(rows[0]) - min(_MOST_UNLABELLED * step, one.labels.depths[0] * one.px_per_unit))
        end = min(end, float(rows[-1]) + _MOST_UNLABELLED * step)
        first = min(max(first, (above + float(rows[0])) / 2 if index else 0.0), float(rows[0]))
        last_free = (float(rows[-1]) + below) / 2 if index + 1 < len(passes) else float(paper.rows)
        end = max(min(end, last_free), float(rows[-1]) + 1)
        first = max(first, bounds[-1][1]) if bounds else first
        bounds.append((first, end))
    return bounds


def _section(one: Pass, main: Pass, first: float, end: float, sure_of_main: float) -> Section:
    labels = one.labels
    top = float(labels.depths[0] - (labels.rows[0] - first) / one.px_per_unit)
    base = float(labels.depths[-1] + (end - labels.rows[-1]) / one.px_per_unit)
    kind, confidence = ("main", sure_of_main) if one is main else _beside(one, main)
    return Section(
        kind=kind,
        first_row=first,
        end_row=end,
        confidence=confidence,
        vertical_scale=None,
        top=round(top, 1),
        base=round(base, 1),
    )


def _beside(one: Pass, main: Pass) -> tuple[str, float]:
    """What a pass is that is not the main one: a repeat has its scale and depths that the main one has, too."""
    same = abs(one.px_per_unit / main.px_per_unit - 1) <= _SAME_SCALE
    inside = (
        one.labels.depths[0] >= main.labels.depths[0] - 2 * main.step
        and one.labels.depths[-1] <= main.labels.depths[-1] + 2 * main.step
    )
    return ("repeat", 0.95 if one.confidence >= _SURE_PASS else 0.6) if same and inside else ("other", 0.8)


def _main_confidence(paper: Paper, passes: Sequence[Pass], index: int, runs: Sequence[Run]) -> float:
    """That the main pass is the whole of the log: no other goes on beyond it at its scale, and its lines are labelled throughout."""
    main = passes[index]
    labels = main.labels
    span = labels.depths[-1] - labels.depths[0]
    confidence = 0.98
    for other in passes:
        beyond = max(labels.depths[0] - other.labels.depths[0], other.labels.depths[-1] - labels.depths[-1])
        same = nearest(other.px_per_unit, paper.dpi) == nearest(main.px_per_unit, paper.dpi)
        if other is not main and other.confidence >= _SURE_PASS and same and beyond > (1 - _WHOLE) * span:
            confidence = 0.6
    for run in runs:
        first, end = run.first_row * paper.factor, run.end_row * paper.factor
        if first < labels.rows[0] and end > labels.rows[-1] and end - first > 0:
            step = main.step * main.px_per_unit
            if (labels.rows[-1] - labels.rows[0] + 2 * step) / (end - first) < _PARTLY_LABELLED:
                confidence = min(confidence, 0.7)
    return confidence

"""A draft of a scan's sheet manifest, from its pixels alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from veernet.register.at_once import both
from veernet.register.depth_unit import unit_of_depth
from veernet.register.draft import SURE, Box, Curve, Depth, Draft, Found, Label, Tick, Track
from veernet.register.edge_course import edge_points
from veernet.register.header import Header, header_of, well_of
from veernet.register.labels import Pass
from veernet.register.line_distance import lines_every
from veernet.register.logged import Logged, logged
from veernet.register.may_wrap import may_wrap
from veernet.register.numbered import Reader
from veernet.register.numbers import read as read_numbers
from veernet.register.paper import Paper, paper_of
from veernet.register.passes import passes_at
from veernet.register.scale_block import Blocks
from veernet.register.scales import AT_SCALE, NEAR_SCALE, Unit, nearest
from veernet.register.sections import Layout, laid_out, only_repeats_below
from veernet.register.strokes import curves_drawn
from veernet.register.ticks import Placed, placed
from veernet.register.tracks import Grid
from veernet.register.upright import line_profiles, runs
from veernet.register.where_logged import unit_besides
from veernet.register.wraps import wraps
from veernet.sheets.raster import open_scan

_LINES_SEEN = 0.8
"""Share of printed depths that must have a line of their own, or between two that have, for the rows to be sure."""
_FEW_LABELS = 4
"""That must say their depths on their own; so few only at a usual scale."""
_A_LINE_IS_OFF = 0.9
_SEEN = 0.7
"""Share of a grid's lines that tells even ones from decades."""
_NO_SECOND_SCALE = 0.9
"""Confidence that none wraps of curves without a second scale, where all of the block was understood."""

Points = tuple[tuple[float, float], ...]
Scale = Literal["linear", "log"]


def register(path: Path, name: str, read: Reader = read_numbers) -> Draft:
    """Draft the manifest of a scan.

    Args:
        path: The scan.
        name: What to call it in messages and in the draft.
        read: Reader of printed numbers.

    Raises:
        SourceMissingError, ScanError: As `open_scan` does.
    """
    with open_scan(path, name) as scan:
        paper = paper_of(scan)
    return draft_of(paper, name, read)


def draft_of(paper: Paper, name: str, read: Reader = read_numbers) -> Draft:
    """Draft the manifest of a scan that was read."""
    paper, passes = passes_at(paper, read)
    draft = Draft(
        source=name,
        width_px=paper.width,
        rows=paper.rows,
        dpi=Found(value=paper.dpi, confidence=0.9 if paper.dpi_claimed else 0.2),
    )
    if not passes:
        return draft.model_copy(update={"well": well_of(Header(), name)})
    profiles = line_profiles(paper.search)
    lines = runs(profiles)
    whole = logged(paper, passes, profiles, lines)
    layout = laid_out(paper, whole, lines)
    main = whole[layout.of_pass.index(layout.main)]
    one = main.one
    ticks = placed(paper, one)
    section = layout.sections[layout.main]
    own = main.block_below or only_repeats_below(paper, layout, lines)
    first_depth_row = float(ticks.rows[0])
    later = [layout.sections[index].first_row for index in layout.of_pass if index > layout.main]
    blocks = Blocks(
        paper,
        section.first_row,
        section.end_row,
        first_depth_row=first_depth_row,
        next_row=min(later, default=float(paper.rows)),
        below_is_own=own,
    )
    header_end = next((each.end_row for each in layout.sections[:1] if each.kind == "header"), section.first_row)
    header, tracks = both(lambda: header_of(paper, section.first_row, header_end), lambda: _tracks(paper, main, blocks))
    column = _depth_column(paper, one)
    well = well_of(header, name, blocks.words)
    earlier = [each.one.px_per_unit for each in whole if each.end_row <= section.first_row]
    besides = unit_besides(well, [curve for track in tracks for curve in track.curves])
    return draft.model_copy(
        update={
            "sections": layout.sections,
            "main": layout.main,
            "depth": _depth(paper, one, ticks, blocks.told_above, besides, earlier),
            "labels": _labels(passes, layout),
            "depth_column": column,
            "tracks": tracks,
            "scale_blocks": blocks.drafted(),
            "well": well,
        }
    )


def _depth_column(paper: Paper, one: Pass) -> tuple[float, float]:
    middle, half = float(np.median(one.labels.columns)), 0.3 * paper.dpi
    return (round(middle - half, 1), round(middle + half, 1))


def _depth(
    paper: Paper,
    one: Pass,
    ticks: Placed,
    printed: Sequence[str],
    besides: Found[Unit] | None,
    earlier: Sequence[float],
) -> Depth:
    scale = nearest(one.px_per_unit, paper.dpi)
    seen = float(ticks.told.mean())
    agreeing = int(one.labels.agreeing.sum())
    by_lines = min(1.0, SURE + 0.4 * (seen - _LINES_SEEN)) if seen >= _LINES_SEEN else SURE * seen / _LINES_SEEN - 0.05
    confidence = max(0.0, one.confidence * by_lines) * (
        1.0 if agreeing >= _FEW_LABELS + (scale.off > AT_SCALE) else 0.8
    )
    if ticks.against:
        confidence = min(confidence, _A_LINE_IS_OFF)
    why = (
        f"{agreeing} of {one.labels.rows.size} labels read as they should, "
        f"{int(ticks.on_line.sum())} of {ticks.depths.size} depths are on a line, {ticks.against} near one that is out of place"
    )
    column = float(np.median(one.labels.columns))
    unit = unit_of_depth(
        one.px_per_unit,
        paper.dpi,
        paper.dpi_claimed,
        printed,
        lambda: lines_every(paper, ticks, column, one.step),
        paper.width,
        besides,
        earlier,
    )
    top, base = float(ticks.depths[0]), float(ticks.depths[-1])
    return Depth(
        confidence=round(confidence, 3),
        why=why,
        unit=unit,
        px_per_unit=Found(value=one.px_per_unit, confidence=one.confidence),
        vertical_scale=Found(
            value=scale.scale,
            confidence=0.97 if paper.dpi_claimed and scale.off <= NEAR_SCALE and scale.unit == unit.value else 0.4,
            why=unit.why,
        ),
        label_step=Found(value=one.step, confidence=one.confidence),
        ticks=tuple(
            Tick(row_px=round(float(row), 2), depth=float(depth), confidence=0.97 if on else 0.6, on_line=bool(on))
            for row, depth, on in zip(ticks.rows, ticks.depths, ticks.on_line, strict=True)
        ),
        top=Found(value=top, confidence=one.confidence, why="the first printed depth"),
        base=Found(value=base, confidence=one.confidence, why="the last printed depth"),
    )


def _labels(passes: Sequence[Pass], layout: Layout) -> tuple[Label, ...]:
    found = []
    for one, section in zip(passes, layout.of_pass, strict=True):
        labels = one.labels
        for index, box in enumerate(labels.boxes.tolist()):
            text = labels.texts[index]
            found.append(
                Label(
                    box=Box(top_row=box[0], left_px=box[1], end_row=box[2], end_px=box[3]),
                    row_px=float(labels.rows[index]),
                    text=text,
                    number=float(text) if text.isdigit() else None,
                    confidence=round(float(labels.chances[index]), 3),
                    used=bool(labels.agreeing[index]),
                    depth=float(labels.depths[index]),
                    turned=labels.turned,
                    section=section,
                )
            )
    return tuple(found)


def _tracks(paper: Paper, main: Logged, blocks: Blocks) -> tuple[Track, ...]:
    if main.run is None:
        return ()
    rows = (main.first_row, main.end_row - 1)
    tracks = []
    for index, grid in enumerate(main.grids, start=1):
        edges = zip((grid.left, grid.right), grid.rooms, strict=True)
        left, right = (_on_scan(edge_points(paper, main.run, at, room, rows), paper) for at, room in edges)
        parts = float(grid.divisions or grid.decades or 0) or None
        decades = grid.decades or (None if grid.divisions else 0)
        curves = blocks.curves(left, right, decades)
        drawn = curves_drawn(paper, left, right, len(curves))
        curves = with_wraps(curves, paper, left, right, drawn)
        tracks.append(
            Track(
                name=f"track-{index}",
                left=left,
                right=right,
                edges_confidence=grid.sure,
                scale=scale_of(grid, curves),
                divisions=Found(value=parts, confidence=grid.sure if parts else 0.0),
                curves=curves,
                curve_count=Found(value=drawn, confidence=0.9, why="strokes beside each other"),
            )
        )
    return tuple(tracks)


def _on_scan(points: Points, paper: Paper) -> Points:
    """The course of an edge that may have been cut off: then that of the scan's own."""
    return tuple((row, min(max(column, 0.0), paper.width - 1.0)) for row, column in points)


def scale_of(grid: Grid, curves: Sequence[Curve]) -> Found[Scale]:
    """Linear or logarithmic, by the grid's lines; where these are lost, by the values at its edges: whole decades are no linear scale."""
    ends = [(curve.left, curve.right) for curve in curves if curve.left.sure and curve.right.sure]
    decades = {_whole_decades(left.value or 0.0, right.value or 0.0) for left, right in ends}
    log = {count > 0 for count in decades}
    if grid.divisions and decades == {grid.divisions}:
        return Found(value="log", confidence=0.96, why="its values are as many decades as its lines part")
    if grid.decades and decades == {grid.decades}:
        return Found(value="log", confidence=0.97, why="by its lines, and its values are as many decades")
    if grid.divisions and True in log:
        return Found(value="linear", confidence=0.5, why="its lines are even, and its values whole decades")
    if grid.divisions and grid.seen < _SEEN and log == {False}:
        return Found(value="linear", confidence=0.96, why="by its values, and what is left of its lines is even")
    if grid.divisions or grid.decades:
        sure = 0.97 if grid.seen >= _SEEN else 0.6
        return Found(value="log" if grid.decades else "linear", confidence=sure, why="by its lines")
    if len(log) != 1:
        return Found(value="linear", confidence=0.5, why="its lines are lost")
    return Found(value="log" if log.pop() else "linear", confidence=0.96, why="by its values: its lines are lost")


def _whole_decades(left: float, right: float) -> int:
    """How many decades lie between two values, 0 where these are not whole."""
    decades = np.log10(right / left) if min(left, right) > 0 else 0.0
    return round(decades) if decades >= 1 and abs(decades - round(decades)) < 0.01 else 0


def _of_decades(curve: Curve) -> bool:
    """Whether a curve surely has a log scale."""
    return (
        curve.left.sure and curve.right.sure and _whole_decades(curve.left.value or 0.0, curve.right.value or 0.0) > 0
    )


def with_wraps(curves: tuple[Curve, ...], paper: Paper, left: Points, right: Points, drawn: int) -> tuple[Curve, ...]:
    """Sure of curves without a printed second scale, where their strokes tell whether they wrap.

    Args:
        curves: Of one track, as the scale block tells them.
        paper: The scan.
        left: The track's left edge, ``(row_px, column_px)``.
        right: Its right edge.
        drawn: Curves that run in it.
    """
    # On a coarse scan curves run together: where fewer strokes are seen than are named, another one may run there that nobody named.
    blurred = paper.coarse and drawn < len(curves)
    if blurred or all(curve.wrap.value for curve in curves):
        return curves
    if not may_wrap(paper, left, right):
        told = Found[bool](value=False, confidence=0.97, why="no stroke goes over both edges in the same rows")
    elif not paper.coarse and len(curves) == drawn == 1 and wraps(paper, left, right):
        told = Found[bool](value=True, confidence=0.96, why="its stroke goes over one edge and comes back at the other")
    elif all(_of_decades(curve) and curve.wrap.confidence >= _NO_SECOND_SCALE for curve in curves):
        why = "a scale of decades has room for all of a curve, and no second one is printed"
        told = Found[bool](value=False, confidence=0.96, why=why)
    else:
        return curves
    return tuple(curve if curve.wrap.value else curve.model_copy(update={"wrap": told}) for curve in curves)

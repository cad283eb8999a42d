"""The scale block above a pass: for each track which curves run in it, from what value to what, and how they are drawn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from veernet.register.draft import Box, Curve, Found, ScaleBlock, Style
from veernet.register.mnemonics import known_curve, mnemonic_of, unit_of
from veernet.register.paper import Paper
from veernet.register.text import Line, text_lines

_BLOCK_INCHES = 2.4
_EDGE_INCHES = 0.35
"""From an edge of the track to the number that is its value there."""
_NUMBER = re.compile(r"^[-+]?(\d+(\.\d*)?|\.\d+)$")
_OVER_INCHES = 0.06
_LEADING = re.compile(r"^([-+]?\d+(?:\.\d+)?)\s+(?=[A-Za-z])")
_TRAILING = re.compile(r"\s+([-+]?\d+(?:\.\d+)?)$")
_SURE_READ = 0.8
_SOLID, _DASHED = 0.93, 0.3


@dataclass(frozen=True)
class Block:
    """The words of a scale block, in full px."""

    lines: tuple[Line, ...]
    top: float
    end: float

    def drafted(self) -> tuple[ScaleBlock, ...]:
        """As a draft has it."""
        if not self.lines:
            return ()
        box = Box(
            top_row=min(line.top for line in self.lines),
            left_px=min(line.left for line in self.lines),
            end_row=max(line.end for line in self.lines),
            end_px=max(line.right for line in self.lines),
        )
        return (ScaleBlock(box=box, where="above", words=tuple(line.text for line in self.lines)),)


@dataclass(frozen=True)
class _Row:
    """One row of a track's part of the block: its name, and the numbers at the two edges."""

    name: str
    left: float | None
    right: float | None
    confidence: float
    box: Box


def block_above(paper: Paper, row: float) -> Block:
    """Read what stands above a row, full px."""
    first = max(0, int((row - _BLOCK_INCHES * paper.dpi) / paper.factor))
    last = max(first, int(row / paper.factor) + round(0.25 * paper.search_dpi))
    ink = paper.search[first:last]
    if ink.shape[0] < 32:
        return Block((), row, row)
    factor = paper.factor
    lines = tuple(
        replace(
            line,
            top=(line.top + first) * factor,
            end=(line.end + first) * factor,
            left=line.left * factor,
            right=line.right * factor,
        )
        for line in text_lines(ink)
    )
    return Block(lines, float(first * factor), row)


def curves_of(paper: Paper, block: Block, left: float, right: float) -> tuple[Curve, ...]:
    """The curves of the track between two columns, from the top of its scale block down."""
    rows = _rows(block, left, right, paper.dpi)
    curves: list[Curve] = []
    unread = 0
    for index, row in enumerate(rows):
        below = rows[index + 1].box.top_row if index + 1 < len(rows) else row.box.end_row + 0.25 * paper.dpi
        if curves and row.left is not None and _is_backup(curves[-1], row):
            backup = None if row.right is None else (row.left, row.right)
            curves[-1] = curves[-1].model_copy(
                update={
                    "backup": Found(
                        value=backup, confidence=row.confidence if backup else 0.0, why="a second scale is printed"
                    ),
                    "wrap": Found(value=True, confidence=row.confidence, why="a second scale goes on from the first"),
                }
            )
        elif (known_curve(row.name) or mnemonic_of(row.name)) and (row.left is not None or row.right is not None):
            curves.append(_curve(paper, row, left, right, below))
        elif row.left is not None or row.right is not None:
            unread += 1
    if unread:
        # A row that was not understood may be a second scale.
        doubtful = Found[bool](value=False, confidence=0.5, why="a row of the scale block was not understood")
        curves = [each if each.wrap.value else each.model_copy(update={"wrap": doubtful}) for each in curves]
    return tuple(curves)


def _rows(block: Block, left: float, right: float, dpi: float) -> list[_Row]:
    inside = [line for line in block.lines if line.right > left - 0.1 * dpi and line.left < right + 0.1 * dpi]
    groups: list[list[Line]] = []
    for line in sorted(inside, key=lambda line: (line.top + line.end) / 2):
        middle = (line.top + line.end) / 2
        if groups and middle < groups[-1][0].end - 0.3 * (groups[-1][0].end - groups[-1][0].top):
            groups[-1].append(line)
        else:
            groups.append([line])
    return [_row(sorted(group, key=lambda line: line.left), left, right, dpi) for group in groups]


def _row(group: Sequence[Line], left: float, right: float, dpi: float) -> _Row:
    numbers = [(line, number) for line in group if (number := _number(line.text)) is not None]
    near, over = _EDGE_INCHES * dpi, _OVER_INCHES * dpi
    lefts = [(line.left, line, number) for line, number in numbers if -over <= line.left - left < near]
    rights = [(-line.right, line, number) for line, number in numbers if -over <= right - line.right < near]
    words = [
        line for line in group if line.left > left - over and line.right < right + over and _number(line.text) is None
    ]
    at_left = min(lefts, key=lambda each: each[0], default=None)
    at_right = min(rights, key=lambda each: each[0], default=None)
    name = " ".join(line.text for line in words)
    values = [each[2] if each else None for each in (at_left, at_right)]
    sure = [each[1].confidence for each in (at_left, at_right) if each]
    # A number that stands close to its curve's name is read in one line with it.
    leading, trailing = _LEADING.match(name), _TRAILING.search(name)
    if values[0] is None and leading and words[0].left - left < near:
        values[0], name = float(leading.group(1)), name[leading.end() :]
        sure.append(0.9 * words[0].confidence)
    if values[1] is None and trailing and right - words[-1].right < near:
        values[1], name = float(trailing.group(1)), name[: trailing.start()]
        sure.append(0.9 * words[-1].confidence)
    box = Box(
        top_row=min(line.top for line in group),
        left_px=max(left, min(line.left for line in group)),
        end_row=max(line.end for line in group),
        end_px=min(right, max(line.right for line in group)),
    )
    chance = min(sure, default=0.0)
    return _Row(name, values[0], values[1], 0.96 if chance >= _SURE_READ else 0.9 * chance, box)


def _number(text: str) -> float | None:
    # The box's own lines are read as strokes beside a number.
    plain = text.strip("|[]!:_ ").replace("O", "0").replace("o", "0").replace(",", "").replace(" ", "")
    return float(plain) if _NUMBER.match(plain) else None


def _is_backup(curve: Curve, row: _Row) -> bool:
    """Whether a row is the second scale of the curve above: it goes on where that ends, under its name or none."""
    goes_on = row.left == curve.right.value
    known = known_curve(row.name)
    same = not row.name or (known is not None and known[0].mnemonic == curve.mnemonic.value)
    return goes_on and same


def _curve(paper: Paper, row: _Row, left: float, right: float, below: float) -> Curve:
    known = known_curve(row.name)
    unit = unit_of(row.name)
    name = mnemonic_of(row.name)
    style, sure = _style(paper, row, left, right, below)
    return Curve(
        mnemonic=Found(value=known[0].mnemonic, confidence=known[1], why=f"printed as {row.name!r}")
        if known
        else Found(value=name, confidence=0.7 if name else 0.0, why=f"printed as {row.name!r}"),
        unit=Found(value=known[0].unit, confidence=0.96 if known[1] > 0.9 else 0.8, why="usual for it")
        if known
        else Found(value=unit, confidence=0.7 if unit else 0.0),
        description=known[0].name if known else row.name,
        style=Found(value=style, confidence=sure, why="by its sample line"),
        left=Found(value=row.left, confidence=row.confidence),
        right=Found(value=row.right, confidence=row.confidence),
        wrap=Found(value=False, confidence=0.9, why="no second scale is printed, but the curve may wrap all the same"),
        box=row.box,
    )


def _style(paper: Paper, row: _Row, left: float, right: float, below: float) -> tuple[Style, float]:
    """How the sample line below the words is drawn: by the share of it that is ink."""
    margin = 0.04 * (right - left)
    end = min(below + 0.02 * paper.dpi, row.box.end_row + 0.2 * paper.dpi)
    ink = paper.crop(row.box.end_row - 0.04 * paper.dpi, end, left + margin, right - margin)
    if ink.size == 0:
        return "solid", 0.3
    share = ink.mean(axis=1)
    at = int(share.argmax())
    most = float(share[at])
    if most >= _SOLID:
        return "solid", 0.95
    if most < _DASHED:
        return "solid", 0.3
    line = ink[at]
    strokes = int((np.diff(line.astype(np.int8)) == 1).sum()) or 1
    long = line.sum() / strokes > 0.025 * paper.dpi
    kind: Literal["dashed", "dotted"] = "dashed" if long else "dotted"
    return kind, 0.95 if strokes >= 6 else 0.5

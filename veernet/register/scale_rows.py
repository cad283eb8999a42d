"""The rows of one track's part of a scale block: a number at either edge, and between them what may be a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from veernet.register.block_words import Print, letters_long, lines_between, without
from veernet.register.draft import Box
from veernet.register.edge_numbers import EDGE_INCHES, as_edge_number, edge_numbers, number_between
from veernet.register.mnemonics import Scale, named
from veernet.register.spelling import Spelled, spelled_names
from veernet.register.text import CHARACTERS, Line

_SAME_ROW = 0.6
"""Of a text's height: how far apart the middles of one row are."""
_IN_LINE = 0.9
_FEWEST_LETTERS, _MOST_LETTERS = 1, 40
"""Of a name."""
_TOO_LONG = 1.7
"""Letters that a line has room for, over those that were read: the others were lost."""
_A_NAME, _A_LETTER = 4.7, 5.5
"""Nats that one name of all that are known costs, and a letter of it that is not as it should be."""
_CLEAR_INCHES = 0.02
_ABOVE_INCHES = 0.16
"""From the values up to the top of a name that stands above them."""
_CLEARLY = 2.0
"""Nats by which a name must be likelier than one that nobody knows."""
_LEADING = re.compile(r"^(-?\d+(?:\.\d+)?)[.,:]?\s+(?=[A-Za-z])")
_TRAILING = re.compile(r"[\s:;,/|]+(-?\d+(?:\.\d+)?)[.,:]?$")
_RUN = re.compile(r"\brun\s*\d(\s*(&|and|,)\s*\d)*", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """One row of a track's part of a block.

    Args:
        words: Between the numbers.
        left: The number at the left edge.
        right: That at the right one.
        box: Of all of it, full px.
        spelled: What the words may name, letter by letter.
    """

    words: str
    left: Line | None
    right: Line | None
    box: Box
    spelled: Spelled | None = None

    @property
    def numbered(self) -> bool:
        """Whether there is a number at an edge."""
        return self.left is not None or self.right is not None

    @property
    def scale(self) -> Scale | None:
        """Both numbers."""
        return None if self.left is None or self.right is None else (float(self.left.text), float(self.right.text))

    @property
    def chance(self) -> float:
        """That the better of its numbers is read right, by its own looks."""
        return max(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def least_chance(self) -> float:
        """That the worse of its numbers is."""
        return min(0.0 if line is None else line.confidence for line in (self.left, self.right))

    @property
    def lost_a_point(self) -> bool:
        """Whether a number begins as only those do that have a point after it."""
        return any(line is not None and re.match(r"-?0\d", line.text) for line in (self.left, self.right))


def rows_of(printed: Print, left: float, right: float) -> list[Row]:
    """The rows between the edges of a track, from the top down."""
    lefts, rights = edge_numbers(printed, left, right)
    inside = [line for line in printed.lines if left <= (line.left + line.right) / 2 <= right]
    words = without(inside, lefts + rights)
    near = EDGE_INCHES * printed.dpi
    at_edges = [line for line in words if line.left - left < near or right - line.right < near]
    numbers = [number for line in at_edges if (number := as_edge_number(line, printed.dpi)) is not None]
    lefts += [line for line in numbers if line.left - left < near]
    rights += [line for line in numbers if right - line.right < near]
    words = without(words, lefts + rights)
    tagged = [(line, "left") for line in lefts] + [(line, "right") for line in rights]
    tagged += [(line, "words") for line in words]
    groups: list[list[tuple[Line, str]]] = []
    for line, kind in sorted(tagged, key=lambda each: _middle(printed, each[0])):
        height = min(line.end - line.top, groups[-1][0][0].end - groups[-1][0][0].top) if groups else 0.0
        if groups and _middle(printed, line) - _middle(printed, groups[-1][0][0]) < _SAME_ROW * height:
            groups[-1].append((line, kind))
        else:
            groups.append([(line, kind)])
    rows = [_row(printed, group, left, right) for group in groups]
    named_above = [False, *(row.spelled is not None and is_known(row.spelled) for row in rows[:-1])]
    missed = [
        _name_above(printed, row, left, right)
        for row, named_there in zip(rows, named_above, strict=False)
        if row.scale is not None and not row.words and not named_there
    ]
    return sorted([*rows, *(row for row in missed if row is not None)], key=lambda row: row.box.top_row)


def _name_above(printed: Print, row: Row, left: float, right: float) -> Row | None:
    """The name above two values that stand alone, if the finder of text has passed over it."""
    top, gap = row.box.top_row, _CLEAR_INCHES * printed.dpi
    best: Row | None = None
    for line in lines_between(printed, (top - _ABOVE_INCHES * printed.dpi, top), (left + gap, right - gap)):
        text, spelled = _told_by(printed, [line])
        if spelled is not None and is_known(spelled):
            box = Box(top_row=line.top, left_px=line.left, end_row=line.end, end_px=line.right)
            if best is None or best.spelled is None or _clearness(spelled) > _clearness(best.spelled):
                best = Row(text, None, None, box, spelled)
    return best


def _middle(printed: Print, line: Line) -> float:
    return printed.levelled((line.top + line.end) / 2, (line.left + line.right) / 2)


def _row(printed: Print, group: Sequence[tuple[Line, str]], left: float, right: float) -> Row:
    near = EDGE_INCHES * printed.dpi
    at_left = min((line for line, kind in group if kind == "left"), key=lambda line: line.left, default=None)
    at_right = max((line for line, kind in group if kind == "right"), key=lambda line: line.right, default=None)
    if at_left is not None and at_right is not None and at_left.right > at_right.left:
        at_left = at_right = None
    words = sorted((line for line, kind in group if kind == "words"), key=lambda line: line.left)
    # A number that stands close to its curve's name is read in one line with it.
    if words and (leading := _LEADING.match(words[0].text)) and words[0].left - left < near:
        number, words[0] = _parted(words[0], leading.end(1))
        at_left = _either(at_left, number)
    if words and (trailing := _TRAILING.search(words[-1].text)) and right - words[-1].right < near:
        words[-1], number = _parted(words[-1], trailing.start(1))
        at_right = _either(at_right, number)
    lines = [line for line in (at_left, at_right, *words) if line is not None] or [line for line, _ in group]
    rows = (min(line.top for line in lines), max(line.end for line in lines))
    # A number at an edge that could not be read as one is no part of the name beside it.
    words = [line for line in words if not _is_misread_number(line, left, right, near)] if len(words) > 1 else words
    text, spelled = _told_by(printed, words)
    if (at_left is not None or at_right is not None) and (spelled is None or not is_known(spelled)):
        gap = _CLEAR_INCHES * printed.dpi
        start = left + gap if at_left is None else at_left.right + 1
        stop = right - gap if at_right is None else at_right.left - 1
        for line in lines_between(printed, rows, (start, stop)):
            again_text, again = _told_by(printed, [line])
            if again is not None and (spelled is None or _clearness(again) > _clearness(spelled)):
                words, text, spelled = [line], again_text, again
    if spelled is not None and is_known(spelled) and (at_left is None) != (at_right is None):
        middle = 0.5 * (left + right)
        at_left = at_left or number_between(printed, rows, (left, middle), at_left=True)
        at_right = at_right or number_between(printed, rows, (middle, right), at_left=False)
    box = Box(
        top_row=rows[0],
        left_px=max(left, min(line.left for line in lines)),
        end_row=rows[1],
        end_px=min(right, max(line.right for line in lines)),
    )
    return Row(text, at_left, at_right, box, spelled)


def _is_misread_number(line: Line, left: float, right: float, near: float) -> bool:
    digits, letters = (sum(test(each) for each in line.text) for test in (str.isdigit, str.isalpha))
    return (line.left - left < near or right - line.right < near) and digits > 2 * letters


def _told_by(printed: Print, words: Sequence[Line]) -> tuple[str, Spelled | None]:
    text = _RUN.sub("", " ".join(line.text for line in words)).strip()
    return text, _spelled(printed, text, words)


def _parted(line: Line, at: int) -> tuple[Line, Line]:
    """A line in two, cut before a character of its text."""
    best = line.steps.argmax(axis=1)
    starts = np.flatnonzero(np.append(True, best[1:] != best[:-1]) & (best > 0))
    read = "".join(CHARACTERS[best[start] - 1] for start in starts)
    step = int(starts[min(at + len(read) - len(read.lstrip()), len(starts) - 1)])
    column = line.left + (line.right - line.left) * step / len(best)
    return (
        replace(line, right=column, text=line.text[:at].strip(), steps=line.steps[:step]),
        replace(line, left=column, text=line.text[at:].strip(), steps=line.steps[step:]),
    )


def _either(number: Line | None, other: Line) -> Line:
    """A number by itself or as it is read in one line with a name, whichever is surer."""
    return other if number is None or number.confidence < _IN_LINE * other.confidence else number


def _spelled(printed: Print, text: str, words: Sequence[Line]) -> Spelled | None:
    """What words may name: by their letters' chances, and as they were read with what stands about a name left out."""
    if not _FEWEST_LETTERS <= sum(letter.isalpha() for letter in text) <= _MOST_LETTERS:
        return None
    room = letters_long(printed, words)
    found = spelled_names(np.concatenate([line.steps for line in words]), room)
    by_text = named(text)
    if found is not None and by_text.known is not None and room < _TOO_LONG * len(text):
        key = (by_text.known.mnemonic, by_text.unit if by_text.unit in by_text.known.units else None)
        off = _A_NAME + _A_LETTER * (1 - by_text.likeness) * found.letters
        found.named[key] = max(found.named[key], found.path - off)
    return found


def _clearness(spelled: Spelled) -> float:
    """Nats by which a name that is known is likelier than one that nobody knows."""
    return max(spelled.named.values()) - spelled.other


def is_known(spelled: Spelled) -> bool:
    """Whether words are clearly likelier a name that is known than any other."""
    return _clearness(spelled) > _CLEARLY

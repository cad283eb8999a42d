"""The logged passes of a scan, by their printed depths: where each begins and ends, and which depth each label stands for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from veernet.register.chains import Chain, chains
from veernet.register.numbers import best_text, log_chance
from veernet.register.paper import Bits, Paper
from veernet.register.scales import prior
from veernet.register.vote import Verdict, depth_of, vote
from veernet.register.words import Words, clear, words

Floats = NDArray[np.float64]
Reader = Callable[[Sequence[Bits]], Floats]
Turn = Literal[0, 90, 270]

_MARGIN = 0.18
"""Around a label when it is read, of its height."""
_FEWEST = 3
_MOST_BEYOND = 6
_FIRST_LOOK, _SAMPLE = 4, 12
"""Labels of a chain that are read to see whether they are numbers at all, and which way they are turned."""
_FEWEST_ALIKE = 2
"""Of these that must go on evenly, so that the others are read, too."""
_JUNK = -5.0
"""Support under which a label rather is none."""
_UNREAD, _ALMOST = 0.3, 0.5
_SURE, _MOSTLY = 0.95, 0.9
_SAME_SCALE = 0.03
_SAME_DEPTH = 0.2
"""Of a step."""


@dataclass(frozen=True)
class Labels:
    """The labels of a pass, from the top.

    Args:
        boxes: Full px, ``(n, 4)``: top, left, end, right.
        turned: Degrees by which their text is turned clockwise.
        texts: As read.
        chances: That each text is what is printed.
        depths: At which each stands.
        agreeing: Which say so on their own.
    """

    boxes: Floats
    turned: Turn
    texts: tuple[str, ...]
    chances: Floats
    depths: Floats
    agreeing: NDArray[np.bool_]

    @property
    def rows(self) -> Floats:
        """Rows of their middles, full px."""
        return np.asarray((self.boxes[:, 0] + self.boxes[:, 2] - 1) / 2)

    @property
    def columns(self) -> Floats:
        """Columns of their middles."""
        return np.asarray((self.boxes[:, 1] + self.boxes[:, 3] - 1) / 2)

    def some(self, which: NDArray[np.bool_] | NDArray[np.intp]) -> Labels:
        """Those that are asked for."""
        texts = np.array(self.texts, object)[which]
        return Labels(
            self.boxes[which], self.turned, tuple(texts), self.chances[which], self.depths[which], self.agreeing[which]
        )


@dataclass(frozen=True)
class Pass:
    """One logged pass.

    Args:
        labels: Its printed depths.
        step: Depth from one label to the next.
        px_per_unit: Rows a unit of depth, full px.
        confidence: That the depths are right.
        margin: By how much this reading of its numbers is better than the next.
    """

    labels: Labels
    step: float
    px_per_unit: float
    confidence: float
    margin: float

    def row_at(self, depth: float) -> float:
        """Row of a depth, by the labels nearest to it."""
        rows, depths = self.labels.rows, self.labels.depths
        inside = float(np.interp(depth, depths, rows))
        return inside + self.px_per_unit * (min(depth - depths[0], 0.0) + max(depth - depths[-1], 0.0))


def find_passes(paper: Paper, read: Reader) -> list[Pass]:
    """The passes of a scan, from the top."""
    found: list[Pass] = []
    ask = _Asked(paper, read)
    both = words(paper)
    alone = [clear(paper, of) for of in both]
    for group in (alone, both):
        left = [of.some(~_inside(of.rows * paper.factor, found)) for of in group]
        candidates = [(chain, of) for of in left for chain in chains(of, paper.search_dpi)]
        for chain, of in sorted(candidates, key=lambda candidate: -candidate[0].score):
            if _inside(of.rows[chain.members] * paper.factor, found).mean() < _MOSTLY:
                found += _passes_of(paper, of, chain, ask)
    whole = [
        _completed(paper, of, one, ask) for one in _merged(found) for of in both if of.turned == bool(one.labels.turned)
    ]
    return sorted(whole, key=lambda one: float(one.labels.rows[0]))


def _inside(rows: Floats, found: Sequence[Pass]) -> NDArray[np.bool_]:
    """Which rows can add nothing, because depths that are sure stand there already."""
    inside = np.zeros(rows.size, bool)
    for one in found:
        if one.confidence >= _SURE:
            slack = 0.5 * one.step * one.px_per_unit
            inside |= (rows > one.labels.rows[0] - slack) & (rows < one.labels.rows[-1] + slack)
    return inside


class _Asked:
    """What the reader says of labels, each of which is read once: chains share words, and reading is what takes longest."""

    def __init__(self, paper: Paper, read: Reader) -> None:
        self._paper, self._read = paper, read
        self._known: dict[tuple[Turn, bytes], Floats] = {}

    def __call__(self, boxes: NDArray[np.int64], turned: Turn) -> Floats:
        """The reader's logarithms of some labels."""
        keys = [(turned, box.tobytes()) for box in boxes]
        new = [index for index, key in enumerate(keys) if key not in self._known]
        logs = self._read([label_crop(self._paper, boxes[index], turned) for index in new])
        self._known.update({keys[index]: log for index, log in zip(new, logs, strict=True)})
        return np.stack([self._known[key] for key in keys])


def _passes_of(paper: Paper, of: Words, chain: Chain, ask: _Asked) -> Iterator[Pass]:
    """The passes of a chain, its text read down the sheet or up it, whichever gives numbers."""
    boxes, places = of.boxes[chain.members], chain.places
    few, sample = (np.unique(np.linspace(0, len(boxes) - 1, count).astype(int)) for count in (_FIRST_LOOK, _SAMPLE))
    turns: tuple[Turn, ...] = (90, 270) if of.turned else (0,)
    numbered = [turn for turn in turns if any(map(_numbered, ask(boxes[few], turn)))]
    agree = {
        turn: _agreeing(paper, of.rows[chain.members], places, sample, ask(boxes[sample], turn)) for turn in numbered
    }
    # Noughts are noughts upside down, and sixes nines: which way is up is known by how the numbers go on.
    least = max([_FEWEST_ALIKE if len(boxes) > len(sample) else 1, *(0.5 * count for count in agree.values())])
    likely = [turn for turn, count in agree.items() if count >= least]
    found = [list(_consistent(paper, of.some(chain.members), places, ask(boxes, turn), turn)) for turn in likely]
    yield from max(
        found, key=lambda passes: sum(one.confidence * one.labels.agreeing.sum() for one in passes), default=[]
    )


def _numbered(logs: Floats) -> bool:
    """Whether a label is read as a number of two digits or more."""
    text, _ = best_text(logs)
    return len(text) >= 2 and text.isdigit()


def _agreeing(paper: Paper, rows: Floats, places: NDArray[np.intp], sample: NDArray[np.intp], logs: Floats) -> int:
    """How many of some labels of a chain go on evenly, as they are read."""
    pitch = float(np.median(np.diff(rows) / np.diff(places))) * paper.factor
    verdict = _voted(paper, pitch, places[sample] - places[0], [best_text(log) for log in logs], logs)
    return 0 if verdict is None else int(verdict.agreeing.sum())


def _voted(
    paper: Paper, pitch: float, places: NDArray[np.intp], readings: Sequence[tuple[str, float]], logs: Floats
) -> Verdict | None:
    return vote(
        places,
        readings,
        lambda which, texts: log_chance(logs[which], texts),
        lambda step: prior(pitch / step, paper.dpi),
    )


def label_crop(paper: Paper, box: NDArray[np.integer], turned: Turn) -> Bits:
    """The ink of a label with a small margin, its text upright."""
    top, left, end, right = (float(side) * paper.factor for side in box)
    margin = _MARGIN * ((right - left) if turned else (end - top))
    ink = paper.crop(top - margin, end + margin, left - margin, right + margin)
    return np.rot90(ink, {0: 0, 90: 1, 270: -1}[turned])


def _consistent(paper: Paper, of: Words, places: NDArray[np.intp], logs: Floats, turned: Turn) -> Iterator[Pass]:
    """The passes that one chain holds: it may run on from the main pass into a repeat section, or begin in a header."""
    if len(places) < _FEWEST:
        return
    readings = [best_text(log) for log in logs]
    pitch = float(np.median(np.diff(of.rows) / np.diff(places))) * paper.factor
    verdict = _voted(paper, pitch, places - places[0], readings, logs)
    if verdict is None:
        return
    first, last = _best_stretch(verdict)
    if last - first < _FEWEST:
        return
    part = slice(first, last)
    inner = _voted(paper, pitch, places[part] - places[first], readings[part], logs[part])
    if inner is not None:
        yield _pass(paper, of.some(np.arange(first, last)), places[part], readings[part], inner, turned)
    for rest in (slice(0, first), slice(last, len(places))):
        yield from _consistent(paper, of.some(np.arange(len(places))[rest]), places[rest], logs[rest], turned)


def _best_stretch(verdict: Verdict) -> tuple[int, int]:
    """The consecutive labels that support a verdict most."""
    worth = np.clip(verdict.support - _JUNK, -3.0, 3.0)
    # A label that cannot be read says nothing against the numbers about it, and one that is a digit off speaks for them.
    worth = np.where(verdict.almost, np.maximum(worth, _ALMOST), worth)
    worth = np.where(verdict.contradicting, worth, np.maximum(worth, -_UNREAD))
    best, first, last, start, total = 0.0, 0, 0, 0, 0.0
    for index, value in enumerate(worth.tolist()):
        if total <= 0:
            start, total = index, 0.0
        total += value
        if total > best:
            best, first, last = total, start, index + 1
    return first, last


def _pass(
    paper: Paper,
    of: Words,
    places: NDArray[np.intp],
    readings: Sequence[tuple[str, float]],
    verdict: Verdict,
    turned: Turn,
) -> Pass:
    depths = verdict.first + verdict.step * (places - places[0]).astype(np.float64)
    # What cannot be read at either end may be no label: a pass begins and ends with one that says its depth, but for one digit.
    ends = np.flatnonzero(verdict.agreeing | verdict.almost)
    kept = slice(ends[0], ends[-1] + 1) if ends.size else slice(None)
    boxes = of.boxes.astype(np.float64) * paper.factor
    texts = tuple(text for text, _ in readings)
    chances = np.array([chance for _, chance in readings])
    labels = Labels(boxes, turned, texts, chances, depths, verdict.agreeing).some(np.arange(depths.size)[kept])
    slope = float(np.median(np.diff(of.rows * paper.factor) / np.diff(depths)))
    return Pass(labels, verdict.step, slope, verdict.confidence, verdict.margin)


def _completed(paper: Paper, of: Words, one: Pass, ask: _Asked) -> Pass:
    """With the labels above its first and below its last that say what they should there."""
    for ahead, end in ((-1, 0), (1, -1)):
        for _ in range(_MOST_BEYOND):
            labels = one.labels
            depth = float(labels.depths[end]) + ahead * one.step
            row = float(labels.rows[end]) + ahead * one.step * one.px_per_unit
            near = (
                np.abs(of.rows * paper.factor - row) <= _SAME_DEPTH / 4 * one.step * one.px_per_unit + 0.05 * paper.dpi
            )
            near &= np.abs(of.columns * paper.factor - labels.columns[end]) <= 0.15 * paper.dpi
            which = np.flatnonzero(near)
            if depth < 0 or which.size == 0:
                break
            texts = [best_text(log) for log in ask(of.boxes[which], labels.turned)]
            says = [at for at, (text, _) in enumerate(texts) if depth_of(text) == depth]
            if not says:
                break
            text, chance = texts[says[0]]
            box = of.boxes[which[says[0]]].astype(np.float64) * paper.factor
            one = _joined(one, replace(one, labels=_one_label(box, labels.turned, text, chance, depth), margin=0.0))
    return one


def _one_label(box: Floats, turned: Turn, text: str, chance: float, depth: float) -> Labels:
    return Labels(box[None], turned, (text,), np.array([chance]), np.array([depth]), np.array([True]))


def _merged(found: list[Pass]) -> list[Pass]:
    """Passes that go on from one another are one; of two that contradict each other in the same rows the better stays."""
    kept: list[Pass] = []
    for one in sorted(found, key=lambda each: -(each.confidence * each.labels.agreeing.sum())):
        for index, other in enumerate(kept):
            if _continues(one, other):
                kept[index] = _joined(other, one)
                break
            if _overlap(one, other):
                break
        else:
            kept.append(one)
    return kept


def _continues(one: Pass, other: Pass) -> bool:
    if one.labels.turned != other.labels.turned or abs(one.px_per_unit / other.px_per_unit - 1) > _SAME_SCALE:
        return False
    at = np.array([other.row_at(depth) for depth in one.labels.depths])
    gap = max(one.labels.rows[0] - other.labels.rows[-1], other.labels.rows[0] - one.labels.rows[-1], 0.0)
    loose = _SAME_DEPTH * min(one.step, other.step) * other.px_per_unit + _SAME_SCALE * gap
    return bool(np.median(np.abs(at - one.labels.rows)) <= loose)


def _overlap(one: Pass, other: Pass) -> bool:
    margin = 0.5 * other.step * other.px_per_unit
    return bool(
        one.labels.rows[0] < other.labels.rows[-1] + margin and other.labels.rows[0] < one.labels.rows[-1] + margin
    )


def _joined(one: Pass, other: Pass) -> Pass:
    """Both passes' labels, each depth once."""
    boxes = np.concatenate([one.labels.boxes, other.labels.boxes])
    both = Labels(
        boxes,
        one.labels.turned,
        one.labels.texts + other.labels.texts,
        np.concatenate([one.labels.chances, other.labels.chances]),
        np.concatenate([one.labels.depths, other.labels.depths]),
        np.concatenate([one.labels.agreeing, other.labels.agreeing]),
    )
    order = np.lexsort((~both.agreeing, both.depths))
    single = [int(order[0])] + [
        int(later) for early, later in pairwise(order) if both.depths[later] > both.depths[early]
    ]
    labels = both.some(np.array(single))
    rising = np.append(True, np.diff(labels.rows) > 0)
    labels = labels.some(rising)
    step = float(np.gcd.reduce(np.diff(labels.depths).astype(np.int64)))
    confidence = max(one.confidence, other.confidence)
    return replace(one, labels=labels, step=step, confidence=confidence, margin=one.margin + other.margin)

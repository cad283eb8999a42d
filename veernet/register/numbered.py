"""Passes among chains of words: which of them are numbers that go on evenly, and what depths they say."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from veernet.register.chains import Chain
from veernet.register.labels import Labels, Pass, Turn
from veernet.register.numbers import CHARACTERS, LEAST, best_text, log_chance
from veernet.register.paper import Bits, Paper
from veernet.register.scales import prior
from veernet.register.vote import Verdict, vote
from veernet.register.words import Words

Floats = NDArray[np.float64]
Reader = Callable[[Sequence[Bits]], Floats]

MARGIN = 0.18
"""Around a label when it is read, of its height."""
_FEWEST = 3
_FIRST_LOOK, _SAMPLE = 4, 12
"""Labels of a chain that are read to see whether they are numbers at all, and which way they are turned."""
_FEWEST_ALIKE = 2
"""Of these that must go on evenly, so that the others are read, too."""
_JUNK = -5.0
"""Support under which a label rather is none."""
_UNREAD, _ALMOST = 0.3, 0.5
_NO_DIGITS = [CHARACTERS.index(each) + 1 for each in ".-"]


class Asked:
    """What the reader says of labels, each of which is read once: chains share words, and reading is what takes longest."""

    def __init__(self, paper: Paper, read: Reader) -> None:
        self._paper, self._read = paper, read
        self._known: dict[tuple[Turn, bytes], Floats] = {}

    def __call__(self, boxes: NDArray[np.int64], turned: Turn) -> Floats:
        """The reader's logarithms of some labels."""
        keys = [(turned, box.tobytes()) for box in boxes]
        new = [index for index, key in enumerate(keys) if key not in self._known]
        logs = self._read([label_crop(self._paper, boxes[index], turned) for index in new])
        self._known.update({keys[index]: _without_specks(log) for index, log in zip(new, logs, strict=True)})
        return np.stack([self._known[key] for key in keys])

    def of_ink(self, crops: Sequence[Bits]) -> list[Floats]:
        """Those of some ink, its text upright."""
        return [_without_specks(log) for log in self._read(crops)]


def _without_specks(log: Floats) -> Floats:
    """What a label says where specks and ends of lines before and behind its digits, read as points and minus signs, are none: depths have neither."""
    best = log.argmax(axis=1)
    digits = np.flatnonzero((best > 0) & ~np.isin(best, _NO_DIGITS))
    if not digits.size:
        return log
    outside = np.ones(len(log), bool)
    outside[digits[0] : digits[-1] + 1] = False
    bare = log.copy()
    bare[outside, 0] = np.logaddexp.reduce(log[outside][:, [0, *_NO_DIGITS]], axis=1)
    for column in _NO_DIGITS:
        bare[outside, column] = np.log(LEAST)
    return bare


def passes_of(paper: Paper, of: Words, chain: Chain, ask: Asked, turns: Sequence[Turn]) -> Iterator[Pass]:
    """The passes of a chain, its text read in each of some ways, whichever gives numbers."""
    boxes, places = of.boxes[chain.members], chain.places
    few, sample = (np.unique(np.linspace(0, len(boxes) - 1, count).astype(int)) for count in (_FIRST_LOOK, _SAMPLE))
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
    margin = MARGIN * ((right - left) if turned else (end - top))
    ink = paper.crop(top - margin, end + margin, left - margin, right + margin)
    return upright(ink, turned)


def upright(ink: Bits, turned: Turn) -> Bits:
    """The ink of print that is turned clockwise, its text upright."""
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
    # One label alone tells no rows a unit of depth.
    if inner is not None and inner.agreeing.sum() > 1:
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
    # What cannot be read at either end may be no label: a pass begins and ends with one that says its depth, but for one digit, if it stands next to
    # another such: beyond a gap it is rather another pass's.
    says = verdict.agreeing | verdict.almost
    beside = np.isin(places - 1, places[says]) | np.isin(places + 1, places[says])
    ends = np.flatnonzero(verdict.agreeing | (verdict.almost & beside))
    kept = slice(ends[0], ends[-1] + 1) if ends.size else slice(None)
    boxes = of.boxes.astype(np.float64) * paper.factor
    texts = tuple(text for text, _ in readings)
    chances = np.array([chance for _, chance in readings])
    labels = Labels(boxes, turned, texts, chances, depths, verdict.agreeing).some(np.arange(depths.size)[kept])
    slope = float(np.median(np.diff(of.rows * paper.factor) / np.diff(depths)))
    return Pass(labels, verdict.step, slope, verdict.confidence, verdict.margin)

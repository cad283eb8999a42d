"""Lines of print as registering cuts them out of scans, with what they say: what the reader of text is trained with.

A line is set in one of many faces, stretched, slanted and inked like no two of them are, printed among rules and other lines, scanned finely or
coarsely, and cut as scale blocks, headers and depth columns are (:mod:`veernet.register.block_words`), rules taken out and all.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.register.bare_ink import rules, unspecked, without_rules
from veernet.register.block_words import renderings
from veernet.register.edge_readings import SHOWN, as_lone_digit
from veernet.register.shades import fine_ink, times_finer
from veernet.register.text import CHARACTERS
from veernet.training.line_junk import sample_junk
from veernet.training.line_words import sample_words
from veernet.training.paper_strokes import WRITTEN
from veernet.training.paper_text import HAND_FACES, STROKE_FACES, TYPE_FACES, lay, letters

ByteArray = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

_FACES = (*TYPE_FACES, *HAND_FACES[:1])
_OFTEN = {"dots": 3.0, "plotter": 1.5, "guide": 1.5, "Courier": 1.5, "Courier-Bold": 1.5, "hand": 0.4}
_SHARES = np.array([_OFTEN.get(face, 1.0) for face in _FACES])
_SHARES /= _SHARES.sum()
_DPI = (100, 100, 150, 150, 200, 200, 240, 300, 400)
_HEIGHT_IN = (0.05, 0.16)
_SMALLEST_PX, _LARGEST_PX = 6.0, 40.0
_JUNK = 0.05
"""Of all lines, those that say nothing."""
_FINER = 3.0
"""Print is set so many times larger than it is scanned."""


@dataclass(frozen=True)
class PrintedLine:
    """Ink of a line, uint8 0 or 1 ``(rows, columns)``, and what it says: nothing, where it is no print."""

    ink: ByteArray
    text: str


def sample_line(rng: np.random.Generator) -> PrintedLine:
    """Draw a line."""
    while True:
        face = str(rng.choice(_FACES, p=_SHARES))
        text = _as_set("".join(each for each in sample_words(rng) if each in CHARACTERS).strip(), face)
        junk = rng.random() < _JUNK
        dpi = float(rng.choice(_DPI))
        height = float(np.clip(np.exp(rng.uniform(*np.log(_HEIGHT_IN))) * dpi, _SMALLEST_PX, _LARGEST_PX))
        ink = _scanned_line("" if junk else text, face, height, dpi, rng) if text else None
        if ink is not None and ink.any():
            break
    if junk:
        return PrintedLine(_shown(ink, rng), "")
    if text.isdigit() and len(text) == 1:
        return PrintedLine(as_lone_digit(ink), text * SHOWN)
    return PrintedLine(_shown(ink, rng), text)


def _as_set(text: str, face: str) -> str:
    """What a face makes of a line: faces of strokes have capitals alone, and few marks."""
    if face not in STROKE_FACES:
        return text
    return "".join(each for each in text.upper() if each in WRITTEN or each == " ").strip()


def _scanned_line(text: str, face: str, height: float, dpi: float, rng: np.random.Generator) -> ByteArray | None:
    """A line cut from what a scanner made of it, its rules taken out; junk where it says nothing; None where nothing is left."""
    large = height * _FINER
    word = _distorted(_set(text, face, large, rng) if text else sample_junk(large, rng), rng)
    margins = [round(float(each) * large) for each in rng.uniform(0.9, 1.8, 4)]
    paper = np.pad(word, ((margins[0], margins[1]), (margins[2], margins[3])))
    _print_around(paper, word.shape, margins, face, large, rng)
    scanned, finer = _scan(paper, height, dpi, rng)
    per_px = finer / _FINER
    box = [margins[0] * per_px, margins[2] * per_px]
    box += [box[0] + word.shape[0] * per_px, box[1] + word.shape[1] * per_px]
    fine_dpi = dpi * finer
    bare = without_rules(scanned, *rules(scanned, fine_dpi), fine_dpi, int(finer))
    if rng.random() < 0.5:
        bare = unspecked(bare, fine_dpi)
    return _cut(bare, box, height * finer, rng)


def _set(text: str, face: str, large: float, rng: np.random.Generator) -> ByteArray:
    """A line in large letters: as its face has it, or each for itself, touching or wide apart, and out of line, as of a worn typewriter."""
    if rng.random() < 0.8 or not all(each.isupper() or each.isdigit() or each == " " for each in text):
        return letters(text, face, large)
    apart, unsteady = float(rng.uniform(-0.06, 0.45)), float(rng.uniform(0.0, 0.12))
    pieces = []
    for each in text:
        glyph = letters(each, face, large) if each != " " else np.zeros((1, round(0.4 * large)), np.uint8)
        up = round(unsteady * large * (1.0 + float(np.clip(rng.normal(), -1.0, 1.0))))
        top = max(0, round(1.3 * large) - len(glyph) - up)
        piece = np.zeros((round(1.35 * large), max(1, glyph.shape[1] + round(apart * large))), np.uint8)
        rows, columns = min(len(glyph), len(piece) - top), min(glyph.shape[1], piece.shape[1])
        piece[top : top + rows, :columns] = glyph[:rows, :columns]
        pieces.append((piece * rng.uniform(0.75, 1.0)).astype(np.uint8))
    ink = np.concatenate(pieces, axis=1)
    inked = ink.max(axis=1) > 0
    return np.asarray(ink[inked.argmax() : len(ink) - inked[::-1].argmax()])


def _distorted(word: ByteArray, rng: np.random.Generator) -> ByteArray:
    """A line stretched, slanted and bolder or thinner: faces that nobody has at hand."""
    stretch = float(np.exp(rng.normal(0.0, 0.14)))
    slant = float(rng.normal(0.0, 0.12)) if rng.random() < 0.3 else 0.0
    tilt = float(rng.normal(0.0, 0.008))
    rows, columns = word.shape
    reach = abs(slant) * rows
    matrix = np.array([[stretch, -slant, slant * rows if slant > 0 else 0.0], [tilt, 1.0, max(0.0, -tilt * columns)]])
    size = (int(columns * stretch + reach) + 2, int(rows + abs(tilt) * columns) + 2)
    out = np.asarray(cv2.warpAffine(word, matrix, size, flags=cv2.INTER_LINEAR), np.uint8)
    bolder = int(rng.integers(0, max(2, round(0.09 * rows)))) if rng.random() < 0.35 else 0
    if bolder:
        out = np.asarray(cv2.dilate(np.pad(out, bolder), np.ones((bolder + 1, bolder + 1), np.uint8)), np.uint8)
    return out


def _print_around(
    paper: ByteArray, size: tuple[int, ...], margins: list[int], face: str, large: float, rng: np.random.Generator
) -> None:
    """Rules about a line and through it, lines above and below it, and samples of curves, in place."""
    rows, columns = size
    top, left = margins[0], margins[2]
    pen = max(1, round(rng.uniform(0.06, 0.2) * large))
    if rng.random() < 0.3:
        row = top + rows + round(rng.uniform(0.02, 0.6) * large) if rng.random() < 0.7 else top - round(0.3 * large)
        _rule(paper, row, pen, dashed=rng.random() < 0.3, large=large)
    if rng.random() < 0.07:
        _rule(paper, top + round(rng.uniform(0.1, 0.9) * rows), max(1, pen // 2), dashed=False, large=large)
    for column in (
        left - round(rng.uniform(0.15, 0.8) * large),
        left + columns + round(rng.uniform(0.15, 0.8) * large),
    ):
        if rng.random() < 0.2:
            paper[:, max(0, column) : max(0, column) + pen] = 255
    for row in (top - round(rng.uniform(0.35, 1.2) * large), top + rows + round(rng.uniform(0.35, 1.2) * large)):
        if rng.random() < 0.3:
            other = letters(sample_words(rng), face, large)
            lay(paper, other, left + round(rng.uniform(-1.0, 1.0) * large), row - (len(other) if row < top else 0))


def _rule(paper: ByteArray, row: int, pen: int, *, dashed: bool, large: float) -> None:
    band = paper[max(0, row) : max(0, row + pen)]
    band[:] = 255
    if dashed:
        band[:, np.arange(band.shape[1]) % round(1.6 * large) > round(0.9 * large)] = 0


def _scan(paper: ByteArray, height: float, dpi: float, rng: np.random.Generator) -> tuple[ByteArray, float]:
    """Ink of a scan of some print, and how many times finer than the scan it is."""
    size = (max(8, round(paper.shape[1] / _FINER)), max(8, round(paper.shape[0] / _FINER)))
    darkness = np.asarray(cv2.resize(paper, size, interpolation=cv2.INTER_AREA), np.float32)
    blur = float(rng.uniform(0.25, 0.25 + 0.055 * height))
    darkness = np.asarray(cv2.GaussianBlur(darkness, (0, 0), min(blur, 1.4)), np.float32)
    rough = float(rng.uniform(0.0, 45.0))
    noise = rng.standard_normal(darkness.shape, np.float32)
    if rng.random() < 0.6:
        noise = 2.0 * np.asarray(cv2.GaussianBlur(noise, (0, 0), 0.8), np.float32)
    darkness = darkness * float(rng.uniform(0.6, 1.0)) + rough * noise * (1.0 if rng.random() < 0.5 else 0.4)
    finer = times_finer(dpi)
    if finer > 1 and rng.random() < 0.4:
        grey = np.clip(darkness + rng.uniform(0.0, 40.0), 0, 255).astype(np.uint8)
        return fine_ink(grey, dpi, finer), float(finer)
    peak = float(np.percentile(darkness, 99.5))
    low, high = (0.28, 0.75) if rng.random() < 0.7 else (0.15, 0.4)
    ink = (darkness > peak * rng.uniform(low, high)).astype(np.uint8)
    flips = rng.random(ink.shape) < float(rng.choice([0.0, 0.0, 0.002, 0.01]))
    return np.where(flips, 1 - ink, ink).astype(np.uint8), 1.0


def _cut(bare: ByteArray, box: list[float], height: float, rng: np.random.Generator) -> ByteArray | None:
    """A line as its box has it, which the finder of text or its ink has drawn, tight or wide."""
    tight = rng.random() < 0.3
    up, down = (rng.uniform(-0.03, 0.06, 2) if tight else rng.uniform(0.0, 0.4, 2)) * height
    if rng.random() < 0.05:  # a line across runs through its feet, and took them away
        down = -rng.uniform(0.05, 0.22) * height
    before, behind = (rng.uniform(-0.02, 0.08, 2) if tight else rng.uniform(0.0, 0.6, 2)) * height
    top, left = max(0, round(box[0] - up)), max(0, round(box[1] - before))
    ink = bare[top : round(box[2] + down), left : round(box[3] + behind)]
    if min(ink.shape) < 4 or ink.mean() < 0.02:
        return None
    return np.ascontiguousarray(ink)


def _shown(ink: ByteArray, rng: np.random.Generator) -> ByteArray:
    """A line as it is, or in one of the ways in which it is shown to the reader once more."""
    if rng.random() < 0.5:
        return ink
    ways = renderings(ink)
    return ways[int(rng.integers(len(ways)))]

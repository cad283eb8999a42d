"""What people and time put on a paper: stamps, notes in hand, formation tops, tape, and what the scanner sees beside it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.training.paper_plan import PaperRecipe
from veernet.training.paper_rules import rule_down
from veernet.training.paper_text import lay, letters, put
from veernet.training.paper_truth import SectionTruth
from veernet.training.paper_words import SCRAWLS, STAMPS

ByteArray = NDArray[np.uint8]

_EVERY_IN = 25.0


def soil(ink: ByteArray, recipe: PaperRecipe, sections: tuple[SectionTruth, ...], rng: np.random.Generator) -> None:
    """Write, stamp and stain a paper, in place; the depth column is mostly spared, as people spare it."""
    inch = recipe.px_per_inch
    first, last = sections[0].first_row, sections[-1].end_row
    column = [edge * inch for edge in recipe.column_in]
    for _ in range(rng.poisson(recipe.dirt * (last - first) / (_EVERY_IN * inch))):
        row = float(rng.uniform(first, last))
        (_top_of_formation, _sum_in_hand, _stamp, _arrow)[rng.choice(4, p=[0.4, 0.25, 0.15, 0.2])](
            ink, row, column, inch, rng
        )
    if rng.random() < 0.5 * recipe.dirt:
        _tape(ink, inch, rng)
    if rng.random() < 0.15:  # the edge of the scanner's bed
        rule_down(ink, ink.shape[1] - 1 - rng.uniform(0.0, 0.05) * inch, 0, len(ink), rng.uniform(1.0, 4.0), 255)


def _aside(ink: ByteArray, column: list[float], reach: float, rng: np.random.Generator) -> float:
    """A column to write at that leaves the depth column free."""
    for _ in range(8):
        at = float(rng.uniform(0.0, max(1.0, ink.shape[1] - reach)))
        if at + reach < column[0] or at > column[1]:
            break
    return at


def _top_of_formation(ink: ByteArray, row: float, column: list[float], inch: float, rng: np.random.Generator) -> None:
    """A line across and the formation's name on it."""
    word, height = str(rng.choice(SCRAWLS)), rng.uniform(0.1, 0.2) * inch
    at = _aside(ink, column, height * len(word), rng)
    put(ink, word, at, row - 0.7 * height, "hand", height)
    ends = np.rint(
        [at - 0.3 * inch, row, at + rng.uniform(0.8, 2.0) * inch, row + rng.normal(0.0, 0.04) * inch]
    ).astype(int)
    layer = np.zeros((int(0.6 * inch), ink.shape[1]), np.uint8)
    middle = len(layer) // 2
    cv2.line(
        layer,
        (int(ends[0]), middle),
        (int(ends[2]), middle + int(ends[3] - ends[1])),
        240,
        max(1, round(0.012 * inch)),
        cv2.LINE_AA,
    )
    lay(ink, layer, 0, round(row) - middle)


def _sum_in_hand(ink: ByteArray, row: float, column: list[float], inch: float, rng: np.random.Generator) -> None:
    """A subtraction of depths: numbers that are none of the paper's own."""
    height = rng.uniform(0.1, 0.16) * inch
    depth, datum = int(rng.integers(1000, 9000)), int(rng.integers(500, 3000))
    at = _aside(ink, column, 5 * height, rng)
    for index, text in enumerate((f"{depth}", f"{datum}", f"{datum - depth}")):
        put(ink, text, at + 5 * height, row + 1.4 * index * height, "hand", height, align="right")


def _stamp(ink: ByteArray, row: float, column: list[float], inch: float, rng: np.random.Generator) -> None:
    """A stamp at an angle, inked unevenly."""
    word = letters(
        str(rng.choice(STAMPS)), str(rng.choice(["Times-Bold", "Helvetica-Bold"])), round(rng.uniform(0.12, 0.2) * inch)
    )
    plate = np.pad(word, int(0.08 * inch))
    cv2.rectangle(plate, (1, 1), (plate.shape[1] - 2, plate.shape[0] - 2), 255, max(1, round(0.015 * inch)))
    size = int(np.hypot(*plate.shape)) + 2
    canvas = np.zeros((size, size), np.uint8)
    lay(canvas, plate, (size - plate.shape[1]) // 2, (size - plate.shape[0]) // 2)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), float(rng.uniform(-70, 70)), 1.0)
    turned = np.asarray(cv2.warpAffine(canvas, turn, (size, size)), np.uint8)
    lay(ink, (turned * rng.uniform(0.4, 1.0)).astype(np.uint8), round(_aside(ink, column, size, rng)), round(row))


def _arrow(ink: ByteArray, row: float, column: list[float], inch: float, rng: np.random.Generator) -> None:
    """A curve's name with an arrow, as printers put it in a track."""
    word = str(rng.choice(["Gamma Ray", "Deep Induction", "Caliper", "SP", "Repeat", "CSG 3938", "Tension"]))
    height = 0.08 * inch
    at = _aside(ink, column, height * (len(word) + 4), rng)
    put(ink, word, at + 3 * height, row, "Helvetica", height)
    layer = np.zeros((int(2 * height) + 2, int(3 * height) + 2), np.uint8)
    middle = len(layer) // 2
    cv2.arrowedLine(
        layer, (layer.shape[1] - 2, middle), (1, middle), 255, max(1, round(0.012 * inch)), cv2.LINE_AA, 0, 0.35
    )
    lay(ink, layer, round(at), round(row) - middle)


def _tape(ink: ByteArray, inch: float, rng: np.random.Generator) -> None:
    """Dark rags at one side, where the copy was taped or torn."""
    side = rng.random() < 0.5
    for row in range(0, len(ink), max(1, int(1.5 * inch))):
        if rng.random() < 0.5:
            reach, tall = rng.uniform(0.02, 0.15) * inch, rng.uniform(0.1, 0.9) * inch
            rag = np.full((int(tall) + 1, int(reach) + 1), 255, np.uint8)
            rag[rng.random(rag.shape) < 0.2] = 0
            lay(ink, rag, 0 if side else ink.shape[1] - rag.shape[1], row)

"""Depths as papers print them, and numbers that only look like depths."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.training.paper_plan import PaperRecipe, PassPlan, TrackPlan
from veernet.training.paper_text import lay, put
from veernet.training.paper_truth import LabelTruth

FloatArray = NDArray[np.float64]
ByteArray = NDArray[np.uint8]


@dataclass(frozen=True)
class Register:
    """Depth to row on the flat print."""

    first_row: float
    top: float
    px_per_unit: float

    def row(self, depth: float) -> float:
        """Row of a depth."""
        return self.first_row + (depth - self.top) * self.px_per_unit

    def depths(self, rows: FloatArray) -> FloatArray:
        """Depths of rows."""
        return self.top + (rows - self.first_row) / self.px_per_unit


def multiples(step: float, first: float, last: float) -> list[float]:
    """Multiples of a step from ``first`` to ``last``."""
    return [step * index for index in range(int(np.ceil(first / step - 1e-9)), int(np.floor(last / step + 1e-9)) + 1)]


def print_labels(
    ink: ByteArray, recipe: PaperRecipe, plan: PassPlan, register: Register, rng: np.random.Generator
) -> Iterator[LabelTruth]:
    """Print the depths of a pass, some left out, scrawled over or crossed by a curve; yields what is printed, and whether it can be read."""
    looks, inch = recipe.labels, recipe.px_per_inch
    left, right = (edge * inch for edge in recipe.column_in)
    height = looks.height_in * inch
    column = left + looks.at * (right - left)
    turns = {0: 0, 90: 3, 270: 1}[looks.turned]
    reach = 0.6 * height if looks.turned == 0 else 0.5 * height * len(f"{plan.base:.0f}")
    first, last = register.row(plan.top), register.row(plan.base)
    for depth in multiples(plan.label_every, plan.top, plan.base):
        row = register.row(depth)
        if not first + reach < row < last - reach:
            continue  # half a number would stand beyond the pass
        text = f"{depth:0{looks.digits}.0f}"
        if rng.random() < looks.missing:
            if rng.random() < 0.5:
                continue
            scrawled = np.zeros((int(2 * reach) + 3, int(right - left)), np.uint8)
            scrawled[rng.random(scrawled.shape) < 0.35] = 255
            lay(ink, scrawled, round(left), round(row - reach))
        legible = not ink[round(row - reach) : round(row + reach), round(left + 3) : round(right - 3)].mean() > 60
        middle = row - 0.5 * height - 0.02 * inch if looks.above else row
        at = put(
            ink,
            text,
            column,
            middle,
            looks.face,
            height,
            align="centre",
            turns=turns,
            darkness=looks.darkness,
            bolder_px=looks.bolder_px,
        )
        if rng.random() < looks.crossed:
            _cross(ink, left, right, row, reach, max(1, round(0.012 * inch)), rng)
        box = (float(at[0]), float(at[1]), float(at[2]), float(at[3]))
        yield LabelTruth(text, depth, row, box, looks.turned, legible)


def _cross(
    ink: ByteArray, left: float, right: float, row: float, reach: float, pen_px: int, rng: np.random.Generator
) -> None:
    """A curve that swings out of its track over a number."""
    turn = np.linspace(0.0, np.pi, 24)
    columns = left + rng.uniform(0.5, 1.0) * (right - left) * np.sin(turn)
    rows = row + rng.uniform(-1.0, 1.0) * reach + (turn / np.pi - 0.5) * rng.uniform(1.0, 4.0) * reach
    points = np.rint(np.column_stack([columns, rows - rows.min() + pen_px + 1]) * 16).astype(np.int32).reshape(-1, 1, 2)
    layer = np.zeros((int(np.ptp(rows)) + 2 * pen_px + 4, ink.shape[1]), np.uint8)
    cv2.polylines(layer, [points], False, 255, pen_px, cv2.LINE_AA, 4)
    lay(ink, layer, 0, round(float(rows.min())) - pen_px - 1)


def print_side_numbers(
    ink: ByteArray, recipe: PaperRecipe, plan: PassPlan, track: TrackPlan, register: Register, rng: np.random.Generator
) -> None:
    """Numbers in a track that are no depths: line speed, volumes, temperatures at every labelled depth."""
    at = (track.left_in + track.width_in - 0.12) * recipe.px_per_inch
    value = float(rng.uniform(20, 900))
    for depth in multiples(plan.label_every, plan.top, plan.base):
        value += rng.normal(0.0, 4.0)
        put(ink, f"{value:.0f}", at, register.row(depth), recipe.face, 0.08 * recipe.px_per_inch, align="right")

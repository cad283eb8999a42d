"""Clutter on the paper, and what scanner and time do to it."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.sheets.geometry import MARGIN, STRIP_WIDTH, TRACK_COLUMNS, strip_column
from veernet.training.draw import Canvas, FloatArray, path_rows
from veernet.training.recipe import Clutter, Scan

ByteArray = NDArray[np.uint8]
FloatImage = NDArray[np.float32]

_WORDS = (
    "Gamma Ray",
    "SP Curve",
    "Caliper",
    "28",
    "1200",
    "Deep Induction",
    "CONFIDENTIAL",
    "GR",
    "TD 5202",
    "-31",
    "SFL",
    "4100",
)
_FONTS = (cv2.FONT_HERSHEY_SIMPLEX, cv2.FONT_HERSHEY_PLAIN, cv2.FONT_HERSHEY_DUPLEX, cv2.FONT_HERSHEY_SCRIPT_SIMPLEX)


def draw_clutter(canvas: Canvas, clutter: Clutter, path: FloatArray, rng: np.random.Generator) -> None:
    """Print and scrawl over the track: captions with arrows at the first curve, scribbles, stamps, ticks at its edges."""
    if clutter.stray >= 0.0:
        rows = path_rows(canvas.strip_rows)[::8]
        wander = np.cumsum(rng.normal(0.0, 0.35, rows.size))
        wander -= np.linspace(0.0, wander[-1], rows.size)
        points = canvas.points(strip_column(np.full(rows.size, clutter.stray)) + wander, rows)
        canvas.lines([points], rng.uniform(0.8, 2.2), 240)
    for _ in range(clutter.texts):
        _text(canvas, rng.uniform(MARGIN, STRIP_WIDTH - 120), rng.uniform(0, canvas.strip_rows), rng)
    for _ in range(clutter.arrows):
        row = rng.uniform(0, canvas.strip_rows)
        column = float(strip_column(np.interp([row], path_rows(canvas.strip_rows), path))[0])
        side = 1 if rng.random() < 0.7 else -1
        tail = column + side * rng.uniform(15, 60)
        points = canvas.points(np.array([tail, column + side * 3]), np.array([row + rng.normal(0, 6), row]))
        canvas.lines([points], rng.uniform(0.8, 2.0), 255)
        head = np.array([[3.0, 0.0], [12.0, -3.0], [12.0, 3.0]])
        cv2.fillPoly(canvas.ink, [canvas.points(column + side * head[:, 0], row + head[:, 1])], 255, cv2.LINE_AA, 4)
        _text(canvas, tail if side > 0 else tail - 90, row + rng.uniform(-4, 12), rng)
    for _ in range(clutter.scribbles):
        steps = np.cumsum(rng.normal(0, 7, (int(rng.integers(6, 30)), 2)), axis=0)
        origin = rng.uniform((0, 0), (STRIP_WIDTH, canvas.strip_rows))
        canvas.lines([canvas.points(origin[0] + steps[:, 0], origin[1] + steps[:, 1])], rng.uniform(0.8, 3.0), 230)
    for _ in range(clutter.stamps):
        _stamp(canvas, rng)
    for _ in range(clutter.edge_ticks):
        edge = MARGIN if rng.random() < 0.5 else MARGIN + TRACK_COLUMNS
        reach = rng.uniform(4, 22) * (1 if edge == MARGIN else -1)
        row = rng.uniform(0, canvas.strip_rows)
        canvas.lines([canvas.points(np.array([edge - reach * 0.4, edge + reach]), np.array([row, row]))], 1.5, 255)


def _text(canvas: Canvas, column: float, row: float, rng: np.random.Generator) -> None:
    x, y = (canvas.points(np.array([column]), np.array([row])).reshape(2) >> 4).tolist()
    scale = float(rng.uniform(0.35, 0.9)) * canvas.px_per_column
    thickness = max(1, round(scale * rng.uniform(1.0, 2.5)))
    word = _WORDS[rng.integers(len(_WORDS))]
    cv2.putText(canvas.ink, word, (x, y), _FONTS[rng.integers(len(_FONTS))], scale, 255, thickness, cv2.LINE_AA)


def _stamp(canvas: Canvas, rng: np.random.Generator) -> None:
    """A word in large letters at a slant, framed or not, in ink of any strength."""
    size = float(rng.uniform(0.7, 2.4))
    width, height = round(24 * size * rng.uniform(5, 12)), round(40 * size)
    block = np.zeros((height, width), np.uint8)
    word = _WORDS[rng.integers(len(_WORDS))]
    pen = max(1, round(size * rng.uniform(1.0, 4.0)))
    cv2.putText(block, word, (6, round(0.75 * height)), _FONTS[rng.integers(len(_FONTS))], size, 255, pen, cv2.LINE_AA)
    if rng.random() < 0.6:
        cv2.rectangle(block, (2, 2), (width - 3, height - 3), 255, max(1, pen // 2))
    angle = float(rng.normal(0.0, 25.0))
    place = np.array([rng.uniform(MARGIN, STRIP_WIDTH - MARGIN), rng.uniform(0, canvas.strip_rows)])
    turned = np.array(cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1.0), np.float64)
    turned[:, 2] += place - (width / 2, height / 2)
    turned[0] *= canvas.px_per_column
    turned[1] *= canvas.px_per_row
    shape = (canvas.ink.shape[1], canvas.ink.shape[0])
    layer = cv2.warpAffine(block, turned, shape, flags=cv2.INTER_LINEAR).astype(np.float32) * rng.uniform(0.35, 1.0)
    cv2.max(canvas.ink, layer.astype(np.uint8), dst=canvas.ink)


def break_stroke(canvas: Canvas, clutter: Clutter, path: FloatArray, rng: np.random.Generator) -> None:
    """Lose short stretches of a stroke, as worn paper does."""
    rows = path_rows(canvas.strip_rows)
    for _ in range(clutter.breaks):
        at = rng.integers(rows.size - 1)
        length = int(np.exp(rng.uniform(np.log(2), np.log(60)))) * 4
        piece = slice(at, min(at + length, rows.size))
        points = canvas.points(strip_column(path[piece] % 1.0), rows[piece])
        cv2.polylines(canvas.ink, [np.ascontiguousarray(points[::3])], False, 0, canvas.pen(7.0), cv2.LINE_8, 4)


def _slow_field(shape: tuple[int, int], cell_px: float, rng: np.random.Generator) -> FloatImage:
    """Smooth noise of unit standard deviation with features of about ``cell_px``."""
    coarse = rng.standard_normal((int(shape[0] / cell_px) + 3, int(shape[1] / cell_px) + 3)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC), np.float32)


def scan(canvas: Canvas, recipe: Scan, clutter: Clutter, rng: np.random.Generator) -> ByteArray:
    """What the scanner delivers of a canvas: darkness at the canvas's resolution, uint8."""
    ink = canvas.ink.astype(np.float32)
    shape = (ink.shape[0], ink.shape[1])
    px = canvas.px_per_column
    if recipe.blur_px > 0.2:
        ink = np.asarray(cv2.GaussianBlur(ink, (0, 0), recipe.blur_px), np.float32)
    if recipe.fade > 0.02:
        ink *= 1.0 - recipe.fade * np.clip(_slow_field(shape, 60 * px, rng) * 0.5 + 0.5, 0.0, 1.0)
    for _ in range(clutter.whiteouts):
        _blot(ink, px * rng.uniform(4, 30), -260.0, rng)
    for _ in range(clutter.blots):
        _blot(ink, px * rng.uniform(2, 18), 200.0, rng)
    if recipe.shade_darkness:
        distance = np.arange(shape[1], dtype=np.float32) / px
        if recipe.shade_darkness > 0:
            distance = STRIP_WIDTH - distance
        ink += abs(recipe.shade_darkness) * np.exp(-distance / recipe.shade_px)[None, :]
    if recipe.grain > 1.0:
        ink += recipe.grain * _slow_field(shape, max(2.0, 1.6 * px), rng)
    if recipe.noise > 1.0:
        ink += recipe.noise * rng.standard_normal(shape, np.float32)
    return _specks(_tone(ink, recipe), recipe, clutter, rng)


def _blot(ink: FloatImage, radius_px: float, darkness: float, rng: np.random.Generator) -> None:
    x, y = rng.uniform((0, 0), (ink.shape[1], ink.shape[0]))
    reach = int(3 * radius_px) + 1
    x0, x1 = max(0, int(x) - reach), min(ink.shape[1], int(x) + reach)
    y0, y1 = max(0, int(y) - reach), min(ink.shape[0], int(y) + reach)
    columns, rows = np.arange(x0, x1)[None, :] - x, np.arange(y0, y1)[:, None] - y
    blob = np.exp(-(columns**2 + rows**2) / (2 * radius_px**2)).astype(np.float32)
    grain = rng.uniform(0.4, 1.2, blob.shape).astype(np.float32)
    ink[y0:y1, x0:x1] += darkness * blob * grain


def _tone(ink: FloatImage, recipe: Scan) -> ByteArray:
    """Grey or bilevel, as the scan's mode says."""
    if recipe.mode == "grey":
        grey = np.clip(recipe.paper + ink * (1.0 - recipe.paper / 255.0), 0, 255).astype(np.uint8)
        if recipe.jpeg_quality:
            _, coded = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, recipe.jpeg_quality])
            grey = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE), np.uint8)
        return grey
    if recipe.mode == "local":
        size = int(ink.shape[1] / 12) | 1
        return np.where(ink > cv2.blur(ink, (size, size)) + 0.3 * recipe.threshold, 255, 0).astype(np.uint8)
    return np.where(ink > recipe.threshold, 255, 0).astype(np.uint8)


def _specks(image: ByteArray, recipe: Scan, clutter: Clutter, rng: np.random.Generator) -> ByteArray:
    height, width = image.shape
    flips = int(recipe.salt * image.size)
    if flips:
        at = rng.integers(image.size, size=flips)
        flat = image.reshape(-1)
        flat[at] = 255 - flat[at]
    for x, y in rng.integers(0, (width, height), (clutter.specks, 2)):
        size = int(rng.integers(1, 4))
        image[y : y + size, x : x + size] = 255 if rng.random() < 0.75 else 0
    return image

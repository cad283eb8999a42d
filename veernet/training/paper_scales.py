"""Scale blocks: above and below the tracks, a curve a row, with its name, unit, values at both edges and a sample of its line."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.training.paper_plan import PaperRecipe, PassPlan, TrackPlan
from veernet.training.paper_rules import frame, rule_across, rule_down
from veernet.training.paper_text import put
from veernet.training.paper_truth import CurveTruth

ByteArray = NDArray[np.uint8]

_ROW_IN = {"ruled": 0.2, "printer": 0.26, "preprinted": 0.24}
_TITLE_IN = 0.42
_TEXT_IN = 0.085
_LINE_IN = 0.012
_SMALLEST = 0.85
"""Of their usual height: names are printed no smaller as long as a shorter one does."""
#: What preprinted forms call the quantity of a track.
_QUANTITIES = {
    "GR": ("GAMMA RAY", "API UNITS"),
    "SP": ("SPONTANEOUS POTENTIAL", "millivolts"),
    "CALI": ("CALIPER", "HOLE DIAM."),
    "DT": ("INTERVAL TRANSIT TIME", "microseconds per foot"),
    "CILD": ("CONDUCTIVITY", "millimhos/m"),
    "NEUT": ("NEUTRON", "COUNTS/SECOND"),
    "RHOB": ("BULK DENSITY", "GRAMS/CC"),
}


def scale_block_rows(recipe: PaperRecipe) -> int:
    """Rows that a scale block takes."""
    rows = max([sum(1 + (curve.truth.backup is not None) for curve in track.curves) for track in recipe.tracks] + [1])
    title_in = _TITLE_IN if recipe.scale_form == "preprinted" else 0.06
    return round((title_in + rows * _ROW_IN[recipe.scale_form] + 0.06) * recipe.px_per_inch)


def draw_scale_block(ink: ByteArray, recipe: PaperRecipe, plan: PassPlan, top: int, rng: np.random.Generator) -> None:
    """Print a block with its first row at ``top``."""
    inch = recipe.px_per_inch
    bottom = top + scale_block_rows(recipe) - 1
    heavy = _LINE_IN * inch * (2.0 if recipe.scale_form == "preprinted" else 1.0)
    for track in recipe.tracks:
        left, right = track.left_in * inch, (track.left_in + track.width_in) * inch
        if recipe.scale_form == "preprinted":
            _print_title(ink, recipe, track, top)
        rows = [(curve.truth, scale) for curve in track.curves for scale in _scales(curve.truth)]
        row_px = _ROW_IN[recipe.scale_form] * inch
        head = top + (_TITLE_IN if recipe.scale_form == "preprinted" else 0.06) * inch
        if recipe.scale_form == "printer":  # printers fill their block from below
            head = bottom - 0.06 * inch - len(rows) * row_px
        for index, (curve, scale) in enumerate(rows):
            _print_row(ink, recipe, curve, scale, left, right, head + index * row_px)
        frame(ink, left, top, right, bottom, heavy)
    left, right = (edge * inch for edge in recipe.column_in)
    middle = 0.5 * (left + right)
    words = {"ft": ("DEPTH", "DEPTHS", "FEET", ""), "m": ("DEPTH", "METRES", "METERS", "M")}[recipe.unit]
    word = str(rng.choice(words))
    if recipe.scale_form == "preprinted":
        put(ink, word or "DEPTHS", middle, top + 0.3 * inch, "guide", 0.09 * inch, align="centre", turns=3)
    else:
        put(ink, f"1:{plan.scale}", middle, top + 0.13 * inch, recipe.face, _TEXT_IN * inch, align="centre")
        if word:
            put(ink, word, middle, top + 0.32 * inch, recipe.face, _TEXT_IN * inch, align="centre")
    if rng.random() < 0.5:
        edges = [column for track in recipe.tracks for column in (track.left_in, track.left_in + track.width_in)]
        frame(ink, min(edges) * inch, top, max(edges) * inch, bottom, heavy)


def _scales(curve: CurveTruth) -> list[tuple[float, float]]:
    return [(curve.left, curve.right)] + ([curve.backup] if curve.backup else [])


def _print_row(
    ink: ByteArray,
    recipe: PaperRecipe,
    curve: CurveTruth,
    scale: tuple[float, float],
    left: float,
    right: float,
    top: float,
) -> None:
    inch = recipe.px_per_inch
    pad, height = 0.04 * inch, _TEXT_IN * inch
    printer, ruled = recipe.scale_form == "printer", recipe.scale_form == "ruled"
    first = scale == (curve.left, curve.right)
    width = max(1.0, _LINE_IN * inch)
    if printer:
        sample, words, values = top + 0.125 * inch, top + 0.06 * inch, top + 0.19 * inch
        low, high = (f"{value:.4f}"[:6] for value in scale)
        face, typed = "dots", "dots"
    else:
        sample = top + (_ROW_IN[recipe.scale_form] - 0.03) * inch
        words = values = top + (0.08 if ruled else 0.11) * inch
        low, high = (f"{value:g}" for value in scale)
        face, typed = recipe.face, recipe.face if ruled else "Courier-Bold"
    rule_across(ink, sample, left, right, width, 255, curve.style, inch)
    put(ink, low, left + pad, values, typed, height)
    put(ink, high, right - pad, values, typed, height, align="right")
    if first or ruled:
        room = right - left - 2 * pad - (0.0 if printer else 2.4 * height * (1 + max(len(low), len(high))))
        name = _titled(recipe, curve.printed, curve.units[0])
        size = _fitting(name, room, height)
        if size < _SMALLEST * height:  # whoever has no room prints the mnemonic
            name = _titled(recipe, curve.mnemonics[0], curve.units[0])
            size = _fitting(name, room, height)
        put(ink, name, 0.5 * (left + right), words, face, max(0.6 * height, size), align="centre")


def _titled(recipe: PaperRecipe, name: str, unit: str) -> str:
    """A name with its unit, as the form has it."""
    if recipe.scale_form == "printer":
        return f"{name.upper()} ({unit.upper()})"
    return f"{name} ({unit})" if recipe.scale_form == "ruled" else f"{name.upper()}  {unit}"


def _fitting(name: str, room: float, height: float) -> float:
    """Height at which a name fits a room."""
    return min(height, room / (0.9 * len(name)))


def _print_title(ink: ByteArray, recipe: PaperRecipe, track: TrackPlan, top: int) -> None:
    """The quantity of a track in the heavy letters of a preprinted form, its unit below."""
    if not track.curves:
        return
    inch = recipe.px_per_inch
    first = track.curves[0].truth
    resistivity = first.units[0].upper().startswith("OHM")
    title, unit = (
        ("RESISTIVITY", "ohms. m2/m") if resistivity else _QUANTITIES.get(first.mnemonics[0], ("POROSITY", "percent"))
    )
    left, right = track.left_in * inch, (track.left_in + track.width_in) * inch
    middle = 0.5 * (left + right)
    put(
        ink,
        title,
        middle,
        top + 0.13 * inch,
        "guide",
        0.12 * inch if track.width_in > 2.2 else 0.085 * inch,
        align="centre",
    )
    put(ink, unit, middle, top + 0.29 * inch, "Helvetica", 0.08 * inch, align="centre")
    rule_across(ink, top + (_TITLE_IN - 0.02) * inch, left, right, 2 * _LINE_IN * inch, 255)
    rule_down(ink, left, top, top + _TITLE_IN * inch, 2 * _LINE_IN * inch, 255)

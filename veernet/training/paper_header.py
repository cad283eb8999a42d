"""Headers, captions and tails of synthetic papers: boxed forms with the facts of the well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from veernet.training.paper_plan import PaperRecipe, PassPlan
from veernet.training.paper_rules import frame, rule_across, rule_down
from veernet.training.paper_text import lay, put
from veernet.training.paper_words import FORM_ROWS, LOG_TITLES, RECORD_ROWS, REMARKS, STAMPS, printed_date

ByteArray = NDArray[np.uint8]

_FORM_IN = {"turned": 5.0, "upright": 6.2, "typed": 2.6}
_CAPTION_IN = 0.7
_FACTS = (
    ("COMPANY", "company"),
    ("WELL", "name"),
    ("FIELD", "field"),
    ("LOCATION", "location"),
    ("COUNTY", "county"),
    ("STATE", "state"),
    ("PROVINCE", "province"),
    ("API NO.", "api"),
    ("UWI", "uwi"),
)


def draw_header(recipe: PaperRecipe, rng: np.random.Generator) -> ByteArray:
    """The header as ink, uint8 ``(rows, columns of the paper)``, with the paper above it that the scanner took along."""
    inch = recipe.px_per_inch
    width = int(recipe.width_in * inch) + 1
    margin = recipe.margin_in[0] * inch
    lead = np.zeros((int(rng.uniform(0.0, 1.2) * inch), width), np.uint8)
    if len(lead) > 0.5 * inch:
        put(lead, f"REFERENCE NO. W {rng.integers(100, 9999)}", 0.3 * width, 0.4 * len(lead), "Times-Bold", 0.12 * inch)
        put(lead, str(rng.choice(STAMPS)), 0.55 * width, 0.75 * len(lead), "Times-Roman", 0.14 * inch)
    parts = [lead]
    body = int(recipe.width_in * inch - margin - recipe.margin_in[1] * inch)
    tall = int(_FORM_IN[recipe.header] * inch)
    if recipe.header == "turned":
        form = np.rot90(_form(tall, body, recipe, rng), 3)
    elif recipe.header == "upright":
        form = _form(body, tall, recipe, rng)
    else:
        form = _typed(body, tall, recipe, rng)
    sheet = np.zeros((form.shape[0], width), np.uint8)
    lay(sheet, form, round(margin), 0)
    parts.append(sheet)
    if rng.random() < 0.6:
        parts.append(_fine_print(width, margin, recipe))
    if recipe.header == "upright" and rng.random() < 0.5:
        parts.append(_completion_record(width, margin, recipe))
    return np.concatenate(parts)


def caption_rows(recipe: PaperRecipe, plan: PassPlan) -> int:
    """Rows that a pass's caption and the paper before it take."""
    return round((_CAPTION_IN + (0.6 if plan.caption else 0.0)) * recipe.px_per_inch)


def draw_caption(ink: ByteArray, recipe: PaperRecipe, plan: PassPlan, top: int, rng: np.random.Generator) -> None:
    """Print what stands above a pass, its first row at ``top``: its caption, if it has one, and sometimes where the data came from."""
    if not plan.caption:
        return
    inch, width = recipe.px_per_inch, ink.shape[1]
    face = str(rng.choice(["Helvetica", "Helvetica-Bold", "guide", "Times-Bold"]))
    at = rng.choice([0.5, 0.5, 0.3])
    put(ink, plan.caption, at * width, top + 0.35 * inch, face, rng.uniform(0.13, 0.24) * inch, align="centre")
    if rng.random() < 0.5:
        unit = {"ft": "Feet", "m": "Metres"}[recipe.unit]
        for index, line in enumerate(
            (
                "Database File:  " + recipe.well["name"].lower() + ".db",
                f"Charted by:  Depth in {unit} scaled 1:{plan.scale}",
            )
        ):
            put(
                ink,
                line,
                (recipe.margin_in[0] + 0.15) * inch,
                top + (0.72 + 0.17 * index) * inch,
                "Helvetica",
                0.09 * inch,
            )


def draw_tail(recipe: PaperRecipe, rng: np.random.Generator) -> ByteArray:
    """What follows the last pass: the well once more, or nothing; and the paper that the scanner took along."""
    inch = recipe.px_per_inch
    ink = np.zeros((int(rng.uniform(0.2, 2.5) * inch), int(recipe.width_in * inch) + 1), np.uint8)
    if rng.random() < 0.5 and len(ink) > inch:
        for index, (word, key) in enumerate(_FACTS[:3]):
            row = (0.25 + 0.22 * index) * inch
            put(ink, word, (recipe.margin_in[0] + 0.2) * inch, row, "Helvetica", 0.09 * inch)
            put(ink, recipe.well[key], (recipe.margin_in[0] + 1.2) * inch, row, "Courier-Bold", 0.09 * inch)
    return ink


def _form(width: int, height: int, recipe: PaperRecipe, rng: np.random.Generator) -> ByteArray:
    """A boxed form: banner, facts of the well, table of the run."""
    inch, face = recipe.px_per_inch, recipe.face
    ink = np.zeros((height, width), np.uint8)
    line = max(1.0, 0.012 * inch)
    banner = int(0.11 * height)
    plate = np.zeros((banner, width), np.uint8)
    put(plate, recipe.well["service_company"], 0.04 * width, 0.5 * banner, "Helvetica-Bold", 0.4 * banner)
    put(
        plate,
        str(rng.choice(LOG_TITLES)),
        0.97 * width,
        0.5 * banner,
        "Helvetica",
        min(0.3 * banner, 0.02 * width),
        align="right",
    )
    lay(ink, 255 - plate if rng.random() < 0.6 else plate, 0, 0)
    facts_end = int(0.44 * height)
    typed = str(rng.choice(["Courier", "Courier-Bold", "dots", "hand", face]))
    given = [(word, recipe.well[key]) for word, key in _FACTS if key in recipe.well]
    size = min(0.11 * inch, 0.045 * (facts_end - banner) * 10 / (len(given) + 1), 0.028 * width)
    step = (facts_end - banner) / (len(given) + 0.6)
    start = rng.choice([0.06, 0.3]) * width
    for index, (word, value) in enumerate(given):
        row = banner + (index + 0.7) * step
        put(ink, word, start, row, face, 0.8 * size)
        put(ink, value, start + 0.17 * width, row, typed, size)
        rule_across(ink, row + 0.75 * size, start + 0.16 * width, 0.85 * width, line, 255)
    if start > 0.2 * width:
        rule_down(ink, 0.27 * width, banner, facts_end, line, 255)
        for index, (word, value) in enumerate(given[:4]):
            put(
                ink,
                f"{word} {value}"[:26],
                (0.05 + 0.055 * index) * width,
                0.5 * (banner + facts_end),
                typed,
                0.6 * size,
                align="centre",
                turns=1,
            )
    rows = (("DATE", printed_date(recipe.well["date"], rng)), *((name, "") for name in FORM_ROWS))
    step = (height - facts_end - 2 * line) / len(rows)
    small = min(0.5 * step, 0.08 * inch, 0.02 * width)
    for index, (word, value) in enumerate(rows):
        row = facts_end + index * step
        rule_across(ink, row, 0, width - 1, line, 255)
        put(ink, word, 0.02 * width, row + 0.5 * step, face, small)
        value = value or (f"{rng.integers(10, 9999)}" if rng.random() < 0.7 else "")
        if value:
            put(ink, value, 0.32 * width, row + 0.5 * step, typed, 1.1 * small)
    for at in (0.3, 0.53, 0.77):
        rule_down(ink, at * width, facts_end, height, line, 255)
    frame(ink, 0.5 * line, 0.5 * line, width - 1 - 0.5 * line, height - 1 - 0.5 * line, 2 * line)
    return ink


def _typed(width: int, height: int, recipe: PaperRecipe, rng: np.random.Generator) -> ByteArray:
    """Lines of typing, no boxes."""
    ink = np.zeros((height, width), np.uint8)
    given = [(word, recipe.well[key]) for word, key in (("", "service_company"), *_FACTS) if key in recipe.well]
    lines = [f"{word}  {value}".strip() for word, value in given] + [f"DATE  {printed_date(recipe.well['date'], rng)}"]
    step = height / (len(lines) + 1)
    for index, text in enumerate(lines):
        put(
            ink,
            text,
            0.08 * width,
            (index + 0.8) * step,
            recipe.face,
            min(0.45 * step, 0.025 * width, 0.12 * recipe.px_per_inch),
        )
    return ink


def _fine_print(width: int, margin: float, recipe: PaperRecipe) -> ByteArray:
    inch = recipe.px_per_inch
    ink = np.zeros((int(0.9 * inch), width), np.uint8)
    size = min(0.06 * inch, 0.011 * width)
    for index, line in enumerate(REMARKS):
        put(ink, line, margin + 0.2 * inch, (0.2 + 0.16 * index) * inch, "Helvetica", size)
    return ink


def _completion_record(width: int, margin: float, recipe: PaperRecipe) -> ByteArray:
    """The ruled page that reproduction services put behind a header."""
    inch = recipe.px_per_inch
    ink = np.zeros((int(4.2 * inch), width), np.uint8)
    put(ink, "COMPLETION RECORD", 0.5 * width, 0.2 * inch, "guide", 0.12 * inch, align="centre")
    for index, word in enumerate(RECORD_ROWS):
        row = (0.55 + 0.36 * index) * inch
        put(ink, word, margin + 0.1 * inch, row, "plotter", 0.08 * inch)
        rule_across(ink, row + 0.08 * inch, margin, width - recipe.margin_in[1] * inch, max(1.0, 0.01 * inch), 255)
    return ink

"""What lines of print on logs say: numbers of depth and of scales, names with their units, and the words of headers."""

from __future__ import annotations

import numpy as np

from veernet.register.mnemonics import KNOWN, UNITS
from veernet.training.paper_words import (
    CORRELATION,
    FORM_ROWS,
    LINEAR,
    LOGARITHMIC,
    RECORD_ROWS,
    REMARKS,
    SERVICE_COMPANIES,
    STAMPS,
    printed_date,
    sample_well,
)

_CURVES = [curve for group in (*CORRELATION, *LOGARITHMIC, *LINEAR) for curve in group]
_CAPTIONS = ("MAIN PASS", "REPEAT SECTION", "5 INCH", "2 INCH", "DEPTH", "FEET", "METRES", "METERS", "SCALE")
_KEYS = ("COMPANY", "WELL", "FIELD", "COUNTY", "STATE", "PROVINCE", "API NO.", "UWI", "LOCATION", "DATE", "FILE NO.")
_RATIOS = (200, 240, 500, 600, 1000, 1200)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ANY = _LETTERS + _LETTERS.lower() + "00112233445566778899" + "-./()#&:'"


def sample_words(rng: np.random.Generator) -> str:
    """What a line says."""
    kind = (_depth, _value, _name, _header, _anything)[rng.choice(5, p=[0.18, 0.23, 0.26, 0.25, 0.08])]
    return kind(rng)


def _one(some: tuple[str, ...] | list[str], rng: np.random.Generator) -> str:
    return some[int(rng.integers(len(some)))]


def _depth(rng: np.random.Generator) -> str:
    step = int(rng.choice([5, 10, 25, 50, 50, 100, 100]))
    most = int(rng.choice([1000, 9999, 20000]))
    depth = int(rng.integers(1, most // step)) * step
    if rng.random() < 0.1:
        return f"1:{rng.choice(_RATIOS)}"
    return f"{depth:05d}" if rng.random() < 0.1 else f"{depth}"


def _value(rng: np.random.Generator) -> str:
    """A value at an edge of a track, as forms and printers write it."""
    if rng.random() < 0.15:
        return str(rng.integers(10))
    if rng.random() < 0.6:
        scales = [scale for known in KNOWN for some in known.units.values() for scale in some]
        value = float(scales[int(rng.integers(len(scales)))][int(rng.integers(2))])
    else:
        value = float(rng.choice([1, 0.1, 0.01, 0.001])) * float(rng.integers(0, 3000))
        value *= float(rng.choice([1.0, 1.0, 1.0, -1.0]))
    forms = (f"{value:g}", f"{value:g}", f"{value:.4f}"[:6], f"{value:.1f}", f"{value:.2f}", f"{value:.3f}")
    written = _one(forms, rng)
    return written.replace("0.", ".", 1) if rng.random() < 0.15 and written.lstrip("-").startswith("0.") else written


def _name(rng: np.random.Generator) -> str:
    """A curve's name, with its unit or without."""
    if rng.random() < 0.5:
        curve = _CURVES[int(rng.integers(len(_CURVES)))]
        name, unit = _one((*curve.names, curve.mnemonic, *curve.also), rng), _one(curve.units, rng)
    else:
        known = KNOWN[int(rng.integers(len(KNOWN)))]
        name = _one((known.name, known.mnemonic, *known.aliases), rng)
        unit = _one((known.unit, *UNITS.get(known.unit, ())), rng)
    if rng.random() < 0.12:  # mnemonics are many, and companies have new ones
        name = "".join(_one(list(_LETTERS), rng) for _ in range(int(rng.integers(2, 6))))
        name += str(rng.integers(1, 100)) if rng.random() < 0.2 else ""
    name, unit = _cased(name, rng), _cased(unit, rng)
    forms = (name, unit, f"{name} ({unit})", f"{name} ({unit})", f"{name} [{unit}]", f"{name} {unit}", f"({unit})")
    return _one(forms, rng)


def _header(rng: np.random.Generator) -> str:
    """A fact, a key, or some words of what is printed about them."""
    well = sample_well(rng, "ft" if rng.random() < 0.8 else "m")
    kind = rng.integers(6)
    if kind == 0:
        return printed_date(well["date"], rng)
    if kind <= 2:
        return _cased(_one([value for key, value in well.items() if key != "date"], rng), rng)
    if kind == 3:
        return _cased(_one((*_KEYS, *_CAPTIONS, *SERVICE_COMPANIES, *STAMPS), rng), rng)
    if kind == 4:
        return _cased(_one((*FORM_ROWS, *RECORD_ROWS), rng), rng)
    words = _one(REMARKS, rng).split()
    first = int(rng.integers(len(words) - 2))
    return _cased(" ".join(words[first : first + int(rng.integers(1, 7))]), rng)


def _anything(rng: np.random.Generator) -> str:
    return "".join(_one(list(_ANY), rng) for _ in range(int(rng.integers(2, 9))))


def _cased(words: str, rng: np.random.Generator) -> str:
    form = rng.random()
    return words.upper() if form < 0.5 else words if form < 0.85 else words.title() if form < 0.95 else words.lower()

"""What curves are called on paper: mnemonic, unit and words that LAS files have for them, and the scales they are usually drawn at."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

Scale = tuple[float, float]


@dataclass(frozen=True)
class Known:
    """A curve as the field knows it.

    Args:
        mnemonic: For LAS files.
        name: In words.
        aliases: What else it is called, in capitals.
        units: Its units, the usual one first, each with values at the left and right edge that it is usually drawn between.
    """

    mnemonic: str
    name: str
    aliases: tuple[str, ...]
    units: Mapping[str, tuple[Scale, ...]] = field(hash=False)

    @property
    def unit(self) -> str:
        """The usual one."""
        return next(iter(self.units))


_POROSITY = {
    "V/V": ((0.45, -0.15), (0.6, 0), (0.3, -0.1), (0.4, -0.1), (0.3, 0), (0.4, 0)),
    "PU": ((45, -15), (60, 0), (30, -10), (40, -10), (30, 0), (40, 0), (20, 0)),
}
_DENSITY = {
    "G/C3": ((2, 3), (1.95, 2.95), (1.9, 2.9), (1, 3), (2, 2.5), (1.5, 2.5)),
    "K/M3": ((2000, 3000), (1950, 2950), (1900, 2900)),
}
_DIAMETER = {"IN": ((6, 16), (4, 14), (5, 15), (6, 11), (8, 18), (10, 20), (6, 26)), "MM": ((125, 375), (100, 350))}
_RESISTIVITY: dict[str, tuple[Scale, ...]] = {
    "OHMM": (*((0.0, float(most)) for most in (5, 10, 20, 25, 40, 50, 100, 200, 250, 500, 1000)), (2, 200))
}
KNOWN = (
    Known(
        "GR",
        "Gamma Ray",
        ("GAMMA RAY", "GR", "GAMMA", "SGR", "CGR"),
        {
            "GAPI": tuple((0, most) for most in (100, 120, 150, 200)),
            "UGRA-EQ/T": ((0, 5), (0, 7.5), (0, 10), (0, 15), (0, 20)),
        },
    ),
    Known(
        "SP",
        "Spontaneous Potential",
        ("SPONTANEOUS POTENTIAL", "SP", "SELF POTENTIAL"),
        {"MV": ((-80, 20), (-160, 40), (-100, 0), (-200, 0), (-150, 50), (-120, 30), (0, 200))},
    ),
    Known(
        "CALI",
        "Caliper",
        ("CALIPER", "CAL", "CALI", "DCAL", "HCAL", "HOLE DIAM", "MICROLOG CALIPER", "CALIPER HOLE DIAM"),
        _DIAMETER,
    ),
    Known("BS", "Bit Size", ("BIT SIZE", "BS"), _DIAMETER),
    Known(
        "DT",
        "Delta Time",
        ("DELTA TIME", "DELTA T", "DT", "DELTAT", "INTERVAL TRANSIT TIME", "SONIC", "TRANSIT TIME", "BHC SONIC"),
        {"US/F": ((140, 40), (100, 40), (150, 50), (190, 90), (240, 40), (120, 40)), "US/M": ((500, 100), (450, 150))},
    ),
    Known(
        "SPHI",
        "Sonic Porosity",
        ("SONIC POROSITY", "SPHI"),
        {"PU": _POROSITY["PU"], "V/V": _POROSITY["V/V"]},
    ),
    Known(
        "NPHI",
        "Neutron Porosity",
        ("NEUTRON POROSITY", "NPHI", "CNL POROSITY", "CNL", "NEUTRON"),
        _POROSITY,
    ),
    Known("DPHI", "Density Porosity", ("DENSITY POROSITY", "DPHI"), _POROSITY),
    Known("RHOB", "Bulk Density", ("BULK DENSITY", "RHOB", "DENSITY", "RHOZ"), _DENSITY),
    Known(
        "DRHO",
        "Density Correction",
        ("CORRECTION", "DENSITY CORRECTION", "DRHO"),
        {"G/C3": ((-0.25, 0.25), (-0.75, 0.25), (-0.05, 0.45)), "K/M3": ((-250, 250), (-750, 250))},
    ),
    Known("PEF", "Photoelectric Factor", ("PEF", "PE", "PHOTOELECTRIC FACTOR"), {"B/E": ((0, 10), (0, 20))}),
    Known("ILD", "Deep Induction", ("DEEP INDUCTION", "ILD", "INDUCTION", "RILD", "6FF40 INDUCTION"), _RESISTIVITY),
    Known("ILM", "Medium Induction", ("MEDIUM INDUCTION", "ILM", "RILM"), _RESISTIVITY),
    Known("SFLU", "Spherically Focused", ("SPHERICALLY FOCUSED LOG", "SFL", "SFLU"), _RESISTIVITY),
    Known("LLD", "Deep Laterolog", ("DEEP LATEROLOG", "LLD", "LATEROLOG DEEP"), _RESISTIVITY),
    Known("LLS", "Shallow Laterolog", ("SHALLOW LATEROLOG", "LLS", "LATEROLOG SHALLOW"), _RESISTIVITY),
    Known("LL8", "Laterolog 8", ("LL8", "LATEROLOG 8"), _RESISTIVITY),
    Known("MSFL", "Micro Spherically Focused", ("MSFL", "MICRO SFL"), _RESISTIVITY),
    Known(
        "SN",
        "Short Normal",
        ("SHORT NORMAL", "SN", "R16", "16 NORMAL", "10 NORMAL", "AMP NORMAL", "16 NORMAL AMP NORMAL", "NORMAL"),
        _RESISTIVITY,
    ),
    Known("LN", "Long Normal", ("LONG NORMAL", "LN", "R64", "64 NORMAL"), _RESISTIVITY),
    Known("LAT", "Lateral", ("LATERAL", "LAT", "R18", "18 8 LATERAL", "32 LS LATERAL"), _RESISTIVITY),
    Known("MNOR", "Micro Normal", ("MICRONORMAL", "MICRO NORMAL", "MNOR"), _RESISTIVITY),
    Known("MINV", "Micro Inverse", ("MICROINVERSE", "MICRO INVERSE", "MINV"), _RESISTIVITY),
    Known(
        "COND",
        "Conductivity",
        ("CONDUCTIVITY", "COND", "CILD", "INDUCTION CONDUCTIVITY"),
        {"MMHO/M": tuple((most, 0) for most in (500, 1000, 2000, 4000))},
    ),
    Known(
        "NEUT",
        "Neutron",
        ("NEUTRON", "NEUT", "NEU"),
        {"CPS": ((0, 1000), (100, 1100), (120, 2700)), "NAPI": ((0, 1000), (100, 1100), (120, 2700))},
    ),
    Known(
        "TENS",
        "Tension",
        ("TENSION", "LTEN", "TENS", "LINE TENSION"),
        {"LBF": tuple((most, 0) for most in (2000, 5000, 10000, 15000, 20000))},
    ),
    Known("LSPD", "Line Speed", ("LSPD", "LINE SPEED", "CABLE SPEED"), {"FT/MIN": ()}),
)
RESISTIVITY_TOOLS = (
    frozenset({"ILD", "ILM", "LL8", "SFLU"}),
    frozenset({"LLD", "LLS", "MSFL"}),
    frozenset({"SN", "LN", "LAT"}),
    frozenset({"MNOR", "MINV"}),
)
"""Curves that one tool measures together: dual induction, dual laterolog, electrical survey, microlog."""

UNITS = {
    "GAPI": ("GAPI", "API", "APIUNITS", "APIUNIT"),
    "UGRA-EQ/T": ("MICROGRAMSRAEQTON",),
    "MV": ("MV", "MILLIVOLTS", "MILLIVOLT"),
    "IN": ("IN", "INCH", "INCHES", "DIAMININCHES"),
    "MM": ("MM",),
    "US/F": ("USF", "USECFT", "USFT", "MICROSECONDSPERFOOT", "MICROSECFT", "MICROSECONDSFOOT"),
    "US/M": ("USM", "USECM", "MICROSECONDSPERMETER"),
    "PU": ("PU", "PERCENT", "%", "POROSITYUNITS"),
    "V/V": ("VV", "DECIMAL", "DEC", "FRAC"),
    "G/C3": ("GC3", "GCC", "GMCC", "GRAMSCC", "GCM3", "GRAMSPERCC"),
    "K/M3": ("KM3", "KGM3"),
    "B/E": ("BE", "BARNSELECTRON"),
    "OHMM": ("OHMM", "OHMSM2M", "OHMSMM", "OHMM2M", "OHMSMSQM"),
    "MMHO/M": ("MMHO", "MMHOM", "MILLIMHOSM", "MMHOSM", "MILLIMHOSMOHMSM2M"),
    "CPS": ("CPS", "COUNTSSECOND", "STANDARDCOUNTSSECOND", "COUNTSSEC"),
    "NAPI": ("NAPI", "NEUTRONAPIUNITS"),
    "LBF": ("LBF", "LB", "LBS", "POUNDS"),
    "FT/MIN": ("FTMIN", "FPM"),
    "DEGF": ("DEGF",),
}
"""Units as LAS files have them, and how they are printed, without what stands between letters."""

_LONG_ENOUGH = 5
_LIKE = 0.84
_SHARED = 0.9
"""Likeness of a name that two curves have, where nothing tells which of them it is."""
_CONFUSED = str.maketrans({"0": "O", "D": "O", "1": "I", "L": "I", "5": "S", "8": "B", "N": "M"})
"""Letters that are read for each other, as one."""


@dataclass(frozen=True)
class Named:
    """What some words of a scale block name.

    Args:
        known: The curve; None if it is none of those that are known.
        mnemonic: Its mnemonic, or what the words would make as one; None if they name nothing.
        likeness: How like the words are to the name, 1 for all letters.
        unit: The unit that is printed with it, as LAS files have it.
    """

    known: Known | None
    mnemonic: str | None
    likeness: float
    unit: str | None


def named(words: str, unit: str | None = None, scale: Scale | None = None) -> Named:
    """What words name; where two curves are called so, the unit or the scale tells which.

    Args:
        words: As read.
        unit: That stands elsewhere in the block, as LAS files have it.
        scale: The values at its edges, as far as they were read.
    """
    bracket = re.search(r"[(<{\[]", words)
    name = _letters(words[: bracket.start()] if bracket else words)
    printed = _unit_in(words) or unit
    best: tuple[tuple[float, float], Known, str | None] | None = None
    shared = False
    for known in KNOWN:
        for alias in known.aliases:
            like, with_unit = _like(name, alias.replace(" ", ""), known, glued=bracket is None)
            if like < _LIKE:
                continue
            told = with_unit or printed
            fits = float(told in known.units) if told else 0.0
            if scale is not None:
                fits += 0.5 * bool(usual_units(known, scale))
            if best is None or (like, fits) > best[0]:
                best, shared = ((like, fits), known, told), False
            elif (like, fits) == best[0] and known is not best[1]:
                shared = True
    if best is not None:
        return Named(best[1], best[1].mnemonic, _SHARED * best[0][0] if shared else best[0][0], best[2])
    made = mnemonic_of(words)
    return Named(None, made, 1.0 if made else 0.0, printed)


def known_curve(words: str) -> tuple[Known, float] | None:
    """The curve that some words name, and how sure that is by the words alone."""
    found = named(words)
    if found.known is None:
        return None
    return found.known, 0.97 if found.likeness == 1.0 else 0.9 * found.likeness


def usual_units(known: Known, scale: Scale) -> tuple[str, ...]:
    """The units in which a curve is usually drawn between two values."""
    found = tuple(unit for unit, scales in known.units.items() if any(_near(scale, each) for each in scales))
    if not found and "OHMM" in known.units and _in_decades(scale):
        return ("OHMM",)
    return found


def unit_of(words: str) -> str | None:
    """A unit that words are, or that stands in brackets after them, as LAS files have it if it is known."""
    return _unit_in(words) or _unit(words)


def mnemonic_of(words: str) -> str | None:
    """A mnemonic of words that name no known curve, if they can be one."""
    name = re.sub(r"[(<{\[].*$", "", words).strip(" _-.,:|").upper()
    return name if re.fullmatch(r"[A-Z][A-Z0-9_\-]{1,7}", name) else None


def _letters(words: str) -> str:
    return re.sub(r"[^A-Z0-9%]", "", words.upper())


def _like(name: str, alias: str, known: Known, *, glued: bool) -> tuple[float, str | None]:
    """How like a name is to an alias, and the unit that stands glued to it, its bracket having been misread."""
    if name == alias:
        return 1.0, None
    if glued:
        for unit in known.units:
            for spelled in UNITS.get(unit, ()):
                if name in (alias + spelled, alias + spelled + spelled):
                    return 1.0, unit
    if len(alias) < _LONG_ENOUGH or abs(len(name) - len(alias)) > 0.3 * len(alias):
        return 0.0, None
    confused = name.translate(_CONFUSED) == alias.translate(_CONFUSED)
    return (0.98 if confused else difflib.SequenceMatcher(None, name, alias).ratio()), None


def _unit_in(words: str) -> str | None:
    found = re.search(r"[(<{\[]\s*([A-Za-z0-9/%.\-]{1,12})\s*[)>}\]|]?", words)
    if not found:
        return None
    return _unit(found.group(1)) or found.group(1).upper()


def _unit(words: str) -> str | None:
    plain = _letters(words)
    for unit, spelled in UNITS.items():
        if plain in spelled or plain.translate(_CONFUSED) in [each.translate(_CONFUSED) for each in spelled]:
            return unit
    if len(plain) > _LONG_ENOUGH:
        likes = [
            (difflib.SequenceMatcher(None, plain, each).ratio(), unit)
            for unit, spelled in UNITS.items()
            for each in spelled
            if len(each) > _LONG_ENOUGH
        ]
        like, unit = max(likes)
        return unit if like >= _LIKE else None
    return None


def _near(scale: Scale, usual: Scale) -> bool:
    return all(math.isclose(value, each, rel_tol=1e-6, abs_tol=1e-9) for value, each in zip(scale, usual, strict=True))


def _in_decades(scale: Scale) -> bool:
    """Whether two values are whole decades apart and begin at 1 or 2."""
    left, right = scale
    if left <= 0 or right <= left:
        return False
    decades, first = math.log10(right / left), left / 10 ** math.floor(math.log10(left) + 1e-9)
    return abs(decades - round(decades)) < 1e-6 and any(abs(first - each) < 1e-6 for each in (1, 2))

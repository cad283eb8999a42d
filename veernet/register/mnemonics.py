"""What curves are called on paper, and the mnemonic, unit and words that LAS files have for them."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """A curve by its mnemonic, usual unit and name."""

    mnemonic: str
    unit: str
    name: str


_CURVES = (
    (Known("GR", "GAPI", "Gamma Ray"), ("GAMMA RAY", "GR", "GAMMA", "GAMMARAY")),
    (Known("SP", "MV", "Spontaneous Potential"), ("SPONTANEOUS POTENTIAL", "SP", "SELF POTENTIAL")),
    (Known("CALI", "IN", "Caliper"), ("CALIPER", "CAL", "CALI", "DCAL", "HOLE DIAM", "MICROLOG CALIPER")),
    (
        Known("DT", "US/F", "Delta Time"),
        ("DELTA TIME", "DELTA T", "DT", "INTERVAL TRANSIT TIME", "SONIC", "TRANSIT TIME"),
    ),
    (Known("SPHI", "PU", "Sonic Porosity"), ("SONIC POROSITY", "SPHI")),
    (Known("NPHI", "V/V", "Neutron Porosity"), ("NEUTRON POROSITY", "NPHI", "NEUTRON")),
    (Known("DPHI", "V/V", "Density Porosity"), ("DENSITY POROSITY", "DPHI")),
    (Known("RHOB", "G/C3", "Bulk Density"), ("BULK DENSITY", "RHOB", "DENSITY")),
    (Known("DRHO", "G/C3", "Density Correction"), ("CORRECTION", "DENSITY CORRECTION", "DRHO")),
    (Known("PEF", "B/E", "Photoelectric Factor"), ("PEF", "PE", "PHOTOELECTRIC FACTOR")),
    (Known("ILD", "OHMM", "Deep Induction"), ("DEEP INDUCTION", "ILD", "INDUCTION", "RILD")),
    (Known("ILM", "OHMM", "Medium Induction"), ("MEDIUM INDUCTION", "ILM", "RILM")),
    (Known("SFLU", "OHMM", "Spherically Focused"), ("SPHERICALLY FOCUSED LOG", "SFL", "SFLU")),
    (Known("LLD", "OHMM", "Deep Laterolog"), ("DEEP LATEROLOG", "LLD", "LATEROLOG DEEP")),
    (Known("LLS", "OHMM", "Shallow Laterolog"), ("SHALLOW LATEROLOG", "LLS", "LATEROLOG SHALLOW")),
    (Known("SN", "OHMM", "Short Normal"), ("SHORT NORMAL", "16 NORMAL", "AMP NORMAL", "NORMAL")),
    (Known("LN", "OHMM", "Long Normal"), ("LONG NORMAL", "64 NORMAL")),
    (Known("LAT", "OHMM", "Lateral"), ("LATERAL", "LAT")),
    (Known("COND", "MMHO/M", "Conductivity"), ("CONDUCTIVITY", "COND")),
    (Known("TENS", "LBF", "Tension"), ("TENSION", "LTEN", "TENS")),
    (Known("LSPD", "FT/MIN", "Line Speed"), ("LSPD", "LINE SPEED", "CABLE SPEED")),
    (Known("MSFL", "OHMM", "Micro Spherically Focused"), ("MSFL", "MICRO SFL")),
)
_LONG_ENOUGH = 5


def known_curve(words: str) -> tuple[Known, float] | None:
    """The curve that some words name, and how sure that is."""
    name = re.sub(r"\(.*?\)|\(.*$", " ", words.upper())
    name = " ".join(re.sub(r"[^A-Z0-9 ]", " ", name).split())
    squeezed = name.replace(" ", "")
    best: tuple[Known, float] | None = None
    for known, names in _CURVES:
        for candidate in names:
            plain = candidate.replace(" ", "")
            likeness = difflib.SequenceMatcher(None, squeezed, plain).ratio()
            if likeness == 1.0 or (likeness > 0.84 and len(plain) >= _LONG_ENOUGH):
                sure = 0.97 if likeness == 1.0 else 0.9 * likeness
                if best is None or sure > best[1]:
                    best = (known, sure)
    return best


def unit_of(words: str) -> str | None:
    """The unit in brackets after a name, as a manifest takes it."""
    found = re.search(r"\(\s*([A-Za-z0-9/%]{1,12})\s*\)?", words)
    return found.group(1).upper() if found else None


def mnemonic_of(words: str) -> str | None:
    """A mnemonic of words that name no known curve, if they can be one."""
    name = re.sub(r"\(.*$", "", words).strip().upper()
    return name if re.fullmatch(r"[A-Z][A-Z0-9_\-]{1,7}", name) else None

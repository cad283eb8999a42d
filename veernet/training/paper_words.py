"""What stands on papers: curves as logging companies name and scale them, wells, companies, places. All wells are invented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class KnownCurve:
    """A curve as logs print it.

    Args:
        mnemonic: Its usual short name.
        names: Its names in words.
        units: How its unit is written, the usual way first.
        scales: Values at the left and right edge.
        also: Short names that mean the same curve.
        wraps: Whether it comes back at the other edge where it leaves the track.
        backup: Whether a second, ten times larger scale is printed below the first.
    """

    mnemonic: str
    names: tuple[str, ...]
    units: tuple[str, ...]
    scales: tuple[tuple[float, float], ...]
    also: tuple[str, ...] = ()
    wraps: bool = False
    backup: bool = False


_GR = KnownCurve("GR", ("Gamma Ray",), ("GAPI", "API"), ((0, 150), (0, 150), (0, 100), (0, 200), (0, 120)), wraps=True)
_SP = KnownCurve("SP", ("Spontaneous Potential", "SP"), ("MV", "mV"), ((-80, 20), (-160, 40), (-100, 0), (-200, 0)))
_CALI = KnownCurve("CALI", ("Caliper",), ("IN", "in"), ((6, 16), (4, 14), (5, 15)), also=("CAL", "DCAL", "HCAL"))
_BS = KnownCurve("BS", ("Bit Size",), ("IN", "in"), ((6, 16),))
_TENS = KnownCurve(
    "TENS", ("Tension", "Line Tension"), ("LBF", "lb"), ((10000, 0), (15000, 0), (5000, 0)), also=("LTEN",)
)
_DT = KnownCurve(
    "DT",
    ("Delta Time", "Interval Transit Time"),
    ("US/F", "usec/ft"),
    ((140, 40), (100, 40), (150, 50)),
    also=("DELTAT",),
)
_SPHI = KnownCurve("SPHI", ("Sonic Porosity",), ("PU", "%"), ((30, -10), (45, -15)))
_NPHI = KnownCurve(
    "NPHI", ("Neutron Porosity", "CNL Porosity"), ("V/V",), ((0.45, -0.15), (0.6, 0), (0.3, -0.1)), also=("CNL",)
)
_DPHI = KnownCurve("DPHI", ("Density Porosity",), ("V/V",), ((0.45, -0.15), (0.6, 0), (0.3, -0.1)))
_RHOB = KnownCurve("RHOB", ("Bulk Density",), ("G/C3", "G/CC"), ((1.95, 2.95), (2, 3)))
_DRHO = KnownCurve("DRHO", ("Density Correction", "Correction"), ("G/C3", "G/CC"), ((-0.25, 0.25), (-0.75, 0.25)))
_PEF = KnownCurve("PEF", ("Photoelectric Factor",), ("B/E",), ((0, 10), (0, 20)), also=("PE",))
_OHMM = ("OHMM", "ohm-m")
_LOG_SCALES = ((0.2, 2000), (0.2, 2000), (0.2, 200), (0.2, 20), (1, 1000), (2, 2000), (1, 100))
_ILD = KnownCurve("ILD", ("Deep Induction",), _OHMM, _LOG_SCALES)
_ILM = KnownCurve("ILM", ("Medium Induction",), _OHMM, _LOG_SCALES)
_SFL = KnownCurve("SFLU", ("Spherically Focused Log",), _OHMM, _LOG_SCALES, also=("SFL",))
_LLD = KnownCurve("LLD", ("Deep Laterolog", "Laterolog Deep"), _OHMM, _LOG_SCALES)
_LLS = KnownCurve("LLS", ("Shallow Laterolog", "Laterolog Shallow"), _OHMM, _LOG_SCALES)
_MSFL = KnownCurve("MSFL", ("Micro SFL",), _OHMM, _LOG_SCALES)
_SN = KnownCurve("SN", ('16" Normal', "Short Normal"), _OHMM, ((0, 10), (0, 20), (0, 50)), also=("R16",), backup=True)
_LN = KnownCurve("LN", ('64" Normal', "Long Normal"), _OHMM, ((0, 10), (0, 20), (0, 50)), also=("R64",), backup=True)
_LAT = KnownCurve("LAT", ("18'8 Lateral", "Lateral"), _OHMM, ((0, 10), (0, 20), (0, 50)), also=("R18",))
_CILD = KnownCurve(
    "CILD", ("Conductivity", "Induction Conductivity"), ("MMHO", "mmho/m"), ((1000, 0), (500, 0)), also=("COND",)
)
_NEUT = KnownCurve("NEUT", ("Neutron",), ("CPS", "NAPI"), ((120, 2700), (0, 1000), (100, 1100)), also=("NEU",))

#: What may run in a track: whether it is logarithmic, and its curves in the order in which they are taken.
CORRELATION = ((_GR, _CALI, _BS), (_GR, _CALI, _TENS), (_GR, _SP), (_SP, _GR), (_GR,), (_SP,), (_CALI, _GR))
LOGARITHMIC = ((_ILD, _ILM, _SFL), (_LLD, _LLS, _MSFL), (_ILD, _SFL), (_LLD, _LLS), (_ILM, _ILD))
LINEAR = (
    (_DT, _SPHI, _TENS),
    (_DT,),
    (_DPHI, _NPHI, _PEF),
    (_RHOB, _NPHI, _DRHO),
    (_RHOB, _DRHO),
    (_NPHI, _DPHI),
    (_SN, _LN),
    (_SN, _LAT, _LN),
    (_CILD,),
    (_NEUT,),
)

SERVICE_COMPANIES = (
    "SCHLUMBERGER",
    "HALLIBURTON",
    "WELEX",
    "DRESSER ATLAS",
    "GEARHART",
    "LOG-TECH",
    "PHOENIX",
    "BIRDWELL",
    "LANE-WELLS",
)
LOG_TITLES = (
    "INDUCTION ELECTRICAL LOG",
    "DUAL INDUCTION SFL",
    "BOREHOLE COMPENSATED SONIC LOG",
    "GAMMA RAY LOG",
    "FORMATION DENSITY LOG",
    "ELECTRICAL LOG",
)
REMARKS = (
    "All interpretations are opinions based on inferences from electrical or other",
    "measurements and we cannot and do not guarantee the accuracy or correctness of any",
    "interpretations, and we shall not be liable or responsible for any loss, costs,",
    "damages or expenses incurred or sustained by anyone resulting from any interpretation",
)
FORM_ROWS = (
    "RUN NO.", "DEPTH DRILLER", "DEPTH LOGGER", "BTM LOG INTERVAL", "TOP LOG INTERVAL", "CASING DRILLER", "CASING LOGGER", "BIT SIZE",
    "TYPE FLUID IN HOLE", "DENS. / VISC.", "PH / FLUID LOSS", "SOURCE OF SAMPLE", "RM @ MEAS. TEMP.", "RMF @ MEAS. TEMP.", "MAX REC. TEMP.",
    "EQUIP. / LOCATION", "RECORDED BY", "WITNESSED BY",
)  # fmt: skip
RECORD_ROWS = (
    "SPUD DATE",
    "COMP DATE",
    "DST RECORD",
    "CASING RECORD",
    "PERFORATING RECORD",
    "ACID, FRAC SHOT",
    "I P",
    "GOR",
    "T P",
    "REMARKS:",
)
STAMPS = (
    "CONFIDENTIAL",
    "MIDLAND, TEXAS 79701",
    "THE SUBSURFACE LIBRARY",
    "RECEIVED",
    "FILE COPY",
    "PENN, HILLS & TURNER",
)
SCRAWLS = (
    "San And.",
    "Ellen",
    "McKee",
    "Simp",
    "Joins",
    "Dev.",
    "TD",
    "WOLFCAMP",
    "Kc",
    "top Miss",
    "970' of pay",
    "tight",
    "W.C.",
)

_OPERATORS = (
    "KINNARD",
    "SIGNAL",
    "U.S. SMELTING",
    "GULF COAST",
    "STANFORD",
    "FOREST",
    "CABEEN",
    "HUMBLE CREEK",
    "WILLOW",
    "ORION",
)
_KINDS = ("OIL COMPANY", "OIL & GAS CO", "PETROLEUM CORP", "EXPLORATION INC", "ENERGY LLC", "REFINING & MINING CO")
_LEASES = (
    "HEINEN",
    "STATE",
    "PALMER",
    "WOHLERS",
    "IOWA REALTY TRUST",
    "ROGERS",
    "BAUM",
    "J M MARTIN",
    "MARTINEZ",
    "ELSA KLEIN",
)
_FIELDS = ("WILDCAT", "TEXAS HUGOTON", "GOMEZ", "PECOS VALLEY", "LITTLE KNIFE", "SPRABERRY", "EL DORADO", "BURBANK")
_PLACES = (
    ("PECOS", "TEXAS", "42"),
    ("NEMAHA", "KANSAS", "15"),
    ("LEA", "NEW MEXICO", "30"),
    ("SHERMAN", "TEXAS", "42"),
    ("DUNN", "NORTH DAKOTA", "33"),
    ("HANCOCK", "WEST VIRGINIA", "47"),
    ("OSAGE", "OKLAHOMA", "35"),
    ("WELD", "COLORADO", "05"),
)
_PROVINCES = (("LEDUC", "ALBERTA"), ("ESTEVAN", "SASKATCHEWAN"), ("VIKING", "ALBERTA"))


def sample_well(rng: np.random.Generator, unit: Literal["ft", "m"]) -> dict[str, str]:
    """Facts of an invented well, by the keys of the manifest's ``well``."""

    def one(words: tuple[str, ...]) -> str:
        return str(words[rng.integers(len(words))])

    number = int(rng.integers(1, 90))
    well = {
        "company": f"{one(_OPERATORS)} {one(_KINDS)}",
        "name": f"{one(_LEASES)} {one(('NO. ', '#', ''))}{number}{one(('', '', '-A', 'B'))}",
        "field": one(_FIELDS),
        "service_company": one(SERVICE_COMPANIES),
        "date": f"{rng.integers(1950, 2018)}-{rng.integers(1, 13):02d}-{rng.integers(1, 29):02d}",
    }
    if unit == "m":
        location = (
            f"{rng.integers(1, 17):02d}-{rng.integers(1, 37):02d}-{rng.integers(1, 90):03d}-{rng.integers(1, 30):02d}W4"
        )
        area, province = _PROVINCES[rng.integers(len(_PROVINCES))]
        return {
            **well,
            "field": area,
            "uwi": f"100/{location}/00",
            "location": location,
            "province": province,
            "country": "CANADA",
        }
    county, state, code = _PLACES[rng.integers(len(_PLACES))]
    api = f"{code}-{rng.integers(1, 500):03d}-{rng.integers(1, 40000):05d}" + one(("", "-0000", "-00-00"))
    location = f"SEC {rng.integers(1, 37)} T{rng.integers(1, 30)}S R{rng.integers(1, 40)}E"
    return {**well, "api": api, "county": county, "state": state, "location": location}


def printed_date(date: str, rng: np.random.Generator) -> str:
    """An ISO date as forms have it."""
    year, month, day = date.split("-")
    name = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")[int(month) - 1]
    forms = (
        f"{int(month)}-{int(day)}-{year}",
        f"{int(month):02d}/{int(day):02d}/{year}",
        f"{day}-{name}-{year}",
        f"{name} {int(day)}, {year}",
    )
    return forms[rng.integers(len(forms))]

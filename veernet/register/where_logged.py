"""Feet or metres by where and when a well was logged, and by what its other measures are in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from veernet.register.draft import Curve, Found
from veernet.register.facts import is_province, is_state
from veernet.register.scales import Unit

_METRIC = ("MM", "US/M", "K/M3")
_METRIC_SINCE = 1980
"""In Canada, whose oil industry went over to metres in 1979; before, and for some years of both, either may be printed."""


def unit_where(well: Mapping[str, Found[str]]) -> Unit | None:
    """The unit that depths have where a well is surely known to be; None where that does not tell.

    Wells of the United States, which a state or an API number names, are logged in feet to this day.

    Args:
        well: Its facts, by the keys of the manifest.
    """
    known = {key: fact.value for key, fact in well.items() if fact.value is not None and fact.sure}
    places = [known[key] for key in ("state", "province") if key in known]
    if any(map(is_state, places)):
        return "ft"
    year = int(known["date"][:4]) if "date" in known else 0
    return "m" if any(map(is_province, places)) and year >= _METRIC_SINCE else None


def unit_besides(well: Mapping[str, Found[str]], curves: Sequence[Curve]) -> Found[Unit] | None:
    """The unit that depths have by all but the depths themselves; None where nothing tells, or where the well was drilled says otherwise than its curves.

    Whoever measures a hole in millimetres, or time by the metre, logs it in metres. Inches and time by the foot say nothing: they are on metric logs, too.

    Args:
        well: Its facts, by the keys of the manifest.
        curves: All that were found.
    """
    place = unit_where(well)
    metric = next((curve.unit.value for curve in curves if curve.unit.sure and curve.unit.value in _METRIC), None)
    if metric is not None and place != "ft":
        return Found[Unit](value="m", confidence=0.96, why=f"a curve of this log is in {metric}")
    if place is None or metric is not None:
        return None
    return Found[Unit](value=place, confidence=0.96, why=f"wells are logged in {place} where this one is")

"""Feet or metres by where and when a well was logged."""

from __future__ import annotations

from collections.abc import Mapping

from veernet.register.draft import Found
from veernet.register.facts import is_province, is_state
from veernet.register.scales import Unit

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

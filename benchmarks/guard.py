"""Ratios against those that are committed: what got worse, what is new, what is missing. Never seconds, which are the machine's.

The committed file has ratios by class of machine (cores, device, precision) and size of run, because a ratio to the forward passes is another one
where these are quicker, or the sheets others. A ratio is worse when it has moved the wrong way by more than both runs' noise and a tenth besides, which is what
medians of a few rounds on a shared machine differ by when nothing has changed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from benchmarks.results import Ratio

COMMITTED = Path(__file__).with_name("ratios.json")
LEAST_TOLERANCE = 0.1

Ratios = Mapping[str, Ratio]


def read(path: Path, kept_as: str) -> dict[str, Ratio]:
    """The ratios that are kept for a class of machine and a size, by name; none where there are none."""
    if not path.exists():
        return {}
    kept = json.loads(path.read_text()).get(kept_as, {})
    return {name: Ratio(name=name, **values) for name, values in kept.items()}


def keep(path: Path, kept_as: str, ratios: Iterable[Ratio]) -> None:
    """Keep ratios for a class of machine and a size in place of those of the same name; others stay."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    mine = kept.setdefault(kept_as, {})
    for one in ratios:
        mine[one.name] = {"value": one.value, "noise": one.noise, "better": one.better}
    path.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")


def compare(kept: Ratios, found: Ratios) -> Iterator[str]:
    """Lines on what differs: what got worse first, then what got better, what is new and what was not measured."""
    both = [(kept[name], found[name]) for name in sorted(kept.keys() & found.keys())]
    for word, sign in (("worse", 1), ("better", -1)):
        for before, now in both:
            tolerance = LEAST_TOLERANCE + before.noise + now.noise
            if sign * _worsening(before, now) > tolerance:
                yield f"{word}: {now.name} was {before.value:.3g}, is {now.value:.3g} (tolerance {tolerance:.0%})"
    for name in sorted(found.keys() - kept.keys()):
        yield f"new: {name} is {found[name].value:.3g}"
    for name in sorted(kept.keys() - found.keys()):
        yield f"not measured: {name} was {kept[name].value:.3g}"


def _worsening(before: Ratio, now: Ratio) -> float:
    """By which share of what it was a ratio has moved the wrong way; negative the right way."""
    larger, smaller = (now, before) if now.better == "lower" else (before, now)
    return larger.value / smaller.value - 1.0 if smaller.value else 0.0

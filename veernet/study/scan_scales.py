"""Curves and wells that drafts give real scans, beside what a person read off their scale blocks and headers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from veernet.errors import OptionError
from veernet.register.draft import Curve, Draft, Found, Style, Track
from veernet.register.facts import letters

CURVE_FIELDS = ("mnemonic", "unit", "left", "right", "style", "wrap")

SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg")

_SAME_TRACK = 0.5


class PrintedCurve(BaseModel):
    """A curve as it is printed; what is None is not printed, or cannot be read by a person either."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    mnemonic: str
    unit: str | None = None
    left: float | None = None
    right: float | None = None
    style: Style | None = None
    wrap: bool | None = None


class PrintedTrack(BaseModel):
    """A track: about the columns between which it lies, px, and its curves."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    columns: tuple[float, float]
    curves: tuple[PrintedCurve, ...]


class PrintedScan(BaseModel):
    """What is printed on a scan: facts of the well by the manifest's keys, and tracks."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    well: dict[str, str]
    tracks: tuple[PrintedTrack, ...]


@dataclass(frozen=True)
class Asked:
    """One field of one scan.

    Args:
        scan: Its name.
        field: A key of a curve or of the well.
        right: Whether the draft has it right; None where it has nothing.
        sure: Whether the draft needs no person for it.
        detail: What was found, and what is printed.
    """

    scan: str
    field: str
    right: bool | None
    sure: bool
    detail: str


def read_scales(path: Path) -> dict[str, PrintedScan]:
    """Read a YAML file of printed scales by the scan's name without its ending.

    Raises:
        OptionError: The file is missing, or is no such list.
    """
    try:
        return TypeAdapter(dict[str, PrintedScan]).validate_python(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise OptionError(str(path), f"not a list of printed scales ({error})", "see docs/real-scales.yaml") from error


def scans_with_scales(folders: Iterable[Path], printed: Mapping[str, PrintedScan]) -> list[Path]:
    """The scans of some folders whose scales were read.

    Raises:
        OptionError: There is none.
    """
    found = [
        path
        for folder in folders
        for path in sorted(folder.glob("*"))
        if path.stem in printed and path.name.lower().endswith(SUFFIXES)
    ]
    if not found:
        names = ", ".join(map(str, folders))
        raise OptionError(names, "none of the scans whose scales were read is there", "name their folder")
    return found


def score_scales(scan: str, draft: Draft, printed: PrintedScan) -> list[Asked]:
    """Compare the curves and the well of a draft with what is printed."""
    asked = [
        _asked(scan, f"well.{key}", draft.well.get(key, Found[str]()), fact, letters)
        for key, fact in printed.well.items()
    ]
    for track in printed.tracks:
        drafted = next((each for each in draft.tracks if _overlap(each, track.columns) >= _SAME_TRACK), None)
        asked += _of_curves(scan, drafted.curves if drafted else (), track.curves)
    return asked


def markdown(asked: Iterable[Asked]) -> str:
    """The counts as a table, field by field, and below it what is wrong though a draft is sure of it."""
    every = list(asked)
    head = "| field | right | of these sure | not found | wrong | wrong though sure |\n|---|---|---|---|---|---|\n"
    fields = sorted({one.field for one in every}, key=lambda field: ("." in field, [*CURVE_FIELDS, field].index(field)))
    table = head + "".join(_row(field, [one for one in every if one.field == field]) for field in fields)
    astray = [f"- {one.scan}, {one.field}: {one.detail}\n" for one in every if one.right is False and one.sure]
    return table + ("\n" + "".join(astray) if astray else "")


def _overlap(track: Track, columns: tuple[float, float]) -> float:
    left, right = track.left[0][1], track.right[0][1]
    return (min(right, columns[1]) - max(left, columns[0])) / (max(right, columns[1]) - min(left, columns[0]))


def _of_curves(scan: str, found: Iterable[Curve], printed: Iterable[PrintedCurve]) -> Iterator[Asked]:
    left = list(found)
    for true in printed:
        curve = next((each for each in left if each.mnemonic.value == true.mnemonic), None)
        if curve is not None:
            left.remove(curve)
        for key in CURVE_FIELDS:
            wanted = getattr(true, key)
            if wanted is not None:
                yield _asked(scan, key, getattr(curve, key) if curve else Found[Any](), wanted)
    for curve in left:
        yield Asked(scan, "mnemonic", False, curve.mnemonic.sure, f"{curve.mnemonic.value} where none is printed")


def _asked(scan: str, field: str, found: Found[Any], wanted: Any, plain: Any = lambda value: value) -> Asked:
    if found.value is None:
        return Asked(scan, field, None, False, f"nothing, not {wanted}")
    if isinstance(wanted, float):
        right = math.isclose(found.value, wanted, rel_tol=1e-3, abs_tol=1e-6)
    else:
        right = plain(found.value) == plain(wanted)
    return Asked(scan, field, right, found.sure, f"{found.value}, not {wanted}")


def _row(field: str, asked: list[Asked]) -> str:
    right = [one for one in asked if one.right]
    wrong = [one for one in asked if one.right is False]
    counts = (
        len(right),
        sum(one.sure for one in right),
        sum(one.right is None for one in asked),
        len(wrong),
        sum(one.sure for one in wrong),
    )
    return f"| {field} | " + " | ".join(map(str, counts)) + " |\n"

"""The LAS writer: whatever texts and numbers a sheet brings, its file says that and nothing else, to every reader.

An input is groups of fields, between ASCII's own separators: ``options``, the well's texts, and then curves (C), parameters (P) and lines (O).
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from fuzz.drawn import manifest_of
from fuzz.refusals import check_refusal
from veernet.curves.las import DepthLog, LasVersion, LogCurve, log_curve, write_las
from veernet.curves.las_layout import WELL_ITEMS
from veernet.curves.las_read import read_las
from veernet.errors import LasError
from veernet.sheets.manifest import Curve, Well

TOKENS = """
    ~A ~V ~W ~C ~P ~O ~Other ~ASCII ~A_DATA : . # \\x5c " ' , ; { } | STRT STOP STEP NULL VERS WRAP YES DLM TAB COMMA WELL UWI API DEPT DEPTH M FT -999.25
    -999.2500 1e300 nan inf -0.0 1e-320 1.7e308 12:30 2010-12-12 1000 1,5 00123 NaN \u00b0 \u00b5 \u2028 \u202e \ufeff \ufb01 \u00bd \u2126 C P O log 1.2 2.0
"""
MAX_INPUT_BYTES = 2048

_GROUP, _FIELD = "\x1d", "\x1f"
_MAX_ROWS = 40
_TEXTS = tuple(attribute for attribute, _, _ in WELL_ITEMS)


def seeds() -> Iterator[bytes]:
    """The logs of drawn sheets, with a few values each, in both versions; and some with words that LAS reads as its own."""
    for seed in range(8):
        manifest = manifest_of(seed)
        well = [getattr(manifest.well, attribute) or "" for attribute in _TEXTS]
        options = ["1.2" if seed % 2 else "2.0", "1" if seed % 3 else "", manifest.depth.unit, "0.5", "250"]
        curves = [
            [
                "C",
                curve.mnemonic,
                curve.unit or "",
                curve.description or "",
                track.scale,
                str(curve.left),
                str(curve.right),
                "1 2.5 nan",
            ]
            for track in manifest.tracks
            for curve in track.curves
        ]
        rest = [["P", "SRC", "", f"drawn-{seed}.tif", "SCAN"], ["O", "Digitised.", "~A: no section"]]
        yield _packed([options, well, *curves, *rest])
    yield _packed(
        [
            ["2.0", "1", "m", "0.1524", "1000"],
            ["~A", ":", "a.b:c"],
            ["C", "GR", "API", "", "linear", "0", "150", "-999.25 1e300"],
        ]
    )
    yield _packed(
        [
            ["1.2", "", "ft", "-0.5", "90"],
            ["12:30", "1,5", "007"],
            ["P", "~P", "1000 lbf", "1e5", ""],
            ["O", "#", "\n~W"],
        ]
    )


def check(data: bytes) -> None:
    """Write what ``data`` says, and read it back.

    Raises:
        AssertionError: The writer failed by a fault of its own, or the file says something else.
    """
    log, version, confidence = unpacked(data)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.las"
        try:
            report = write_las(log, path, version=version, confidence=confidence)
        except LasError as error:
            check_refusal(error, path.name)
            return
        text = path.read_bytes().decode("ascii")
        _check_layout(text, log, version, confidence)
        found = read_las(path).curves
    assert report.rows == len(log.depths)
    names = list(found)[:: 2 if confidence else 1]
    for curve, name in zip(log.curves, names, strict=True):
        _check_values(curve, found[name].values, report.nulled.get(name, 0))


def unpacked(data: bytes) -> tuple[DepthLog, LasVersion, bool]:
    """The log that an input stands for; what is missing or no number there is something harmless."""
    options, well, *groups = [group.split(_FIELD) for group in (data.decode("utf-8", "replace") + _GROUP).split(_GROUP)]
    version, confidence, unit, step, top = _filled(options, ("2.0", "", "ft", "0.5", "250"))
    curves, parameters, other = [], [], []
    for group in groups:
        if group[0] == "C":
            curves.append(_curve(group))
        elif group[0] == "P":
            _, *item = _filled(group, ("P", "", "", "", ""))
            parameters.append((item[0], item[1], item[2], item[3]))
        elif group[0] == "O":
            other += group[1:]
    curves = curves or [_curve(["C"])]
    rows = max(len(curve.values) for curve in curves)
    texts = dict(zip(_TEXTS, _filled(well, ("",) * len(_TEXTS)), strict=True))
    spacing = _number(step, 0.5)
    with np.errstate(all="ignore"):
        depths = _number(top, 250.0) + spacing * np.arange(rows, dtype=np.float64)
    log = DepthLog(
        Well.model_construct(None, **texts),
        "m" if unit == "m" else "ft",
        abs(spacing),
        depths,
        [_extended(curve, rows) for curve in curves],
        parameters,
        other,
    )
    return log, "1.2" if version == "1.2" else "2.0", bool(confidence)


def _curve(group: list[str]) -> LogCurve:
    _, mnemonic, unit, description, scale, left, right, cells = _filled(group, ("C", "GR", "", "", "", "0", "150", "1"))
    edges = _number(left, 0.0), _number(right, 150.0)
    if edges[0] == edges[1]:
        edges = 0.0, 150.0
    scale = "log" if scale == "log" and min(edges) > 0 else "linear"
    curve = Curve.model_construct(
        mnemonic=mnemonic, unit=unit, description=description, style="solid", left=edges[0], right=edges[1], wrap=True
    )
    values = np.array([_any_number(cell) for cell in cells.split()[:_MAX_ROWS]] or [math.nan])
    return log_curve(curve, scale, values, np.linspace(0, 1, len(values), dtype=np.float32))


def _extended(curve: LogCurve, rows: int) -> LogCurve:
    more = (0, rows - len(curve.values))
    values = np.pad(curve.values, more, constant_values=math.nan)
    confidence = np.pad(curve.confidence, more)
    return LogCurve(curve.mnemonic, curve.unit, curve.description, values, confidence, curve.resolution)


def _check_layout(text: str, log: DepthLog, version: str, confidence: bool) -> None:
    """Six sections, as many lines in each as there are things to say, none too long: nothing came in by a text."""
    lines = text.split("\n")
    assert lines.pop() == "", "the last line has no end"
    assert text.isascii()
    assert all(line.isprintable() for line in lines)
    counts: dict[str, int] = {}
    section = ""
    for line in lines:
        if line.startswith("~"):
            section = line[1]
            assert section not in counts, f"{section} stands twice"
            counts[section] = 0
        elif section == "A" or not line.startswith("#"):
            counts[section] += 1
        assert len(line) <= 256 or (section == "A" and version == "2.0"), f"{len(line)} characters in ~{section}"
    curves = len(log.curves) * (2 if confidence else 1)
    assert list(counts) == list("VWCPOA")
    del counts["O"]
    expected = {"V": 2, "W": 4 + len(_TEXTS), "C": 1 + curves, "P": len(log.parameters), "A": len(log.depths)}
    assert counts == expected, f"{counts} for {expected}"


def _check_values(curve: LogCurve, found: NDArray[np.float64], nulled: int) -> None:
    """Every value as near as its resolution says, or NULL and counted."""
    finest = min(max(curve.resolution, 1e-12), 0.01)
    gone = np.isnan(found)
    assert nulled == int((gone & ~np.isnan(curve.values)).sum()), "values became NULL that nobody counted"
    off = np.abs(found - curve.values)[~gone]
    assert (off <= 1.51 * finest + 4e-16 * np.abs(curve.values[~gone])).all(), f"values are off by {off.max()}"


def _filled(given: list[str], otherwise: tuple[str, ...]) -> list[str]:
    return [*given[: len(otherwise)], *otherwise[len(given) :]]


def _any_number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _number(text: str, otherwise: float) -> float:
    value = _any_number(text)
    return value if math.isfinite(value) else otherwise


def _packed(groups: list[list[str]]) -> bytes:
    return _GROUP.join(_FIELD.join(group) for group in groups).encode()

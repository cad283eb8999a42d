"""LAS files, 1.2 or 2.0, that say what was meant: written, read back by two readers, compared, and only then put in place."""

from __future__ import annotations

import itertools
import math
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from veernet.curves.las_check import check
from veernet.curves.las_layout import MAX_LINE_CHARACTERS, NULL, WELL_ITEMS, header_text, row_widths, write_body
from veernet.curves.las_read import LasColumn, LasContent, read_las
from veernet.curves.las_text import (
    MAX_DESCRIPTION_CHARACTERS,
    MAX_PARAMETER_CHARACTERS,
    clean_lines,
    clean_mnemonic,
    clean_text,
    clean_unit,
)
from veernet.errors import LasError
from veernet.sheets.manifest import RESERVED_MNEMONICS

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, Well

__all__ = [
    "NULL",
    "DepthLog",
    "LasColumn",
    "LasContent",
    "LasReport",
    "LasVersion",
    "LogCurve",
    "log_curve",
    "read_las",
    "write_las",
]

LasVersion = Literal["1.2", "2.0"]

_CONFIDENCE_DECIMALS = 3
_MAX_DECIMALS = 12
_MAX_ABSOLUTE_VALUE = 1e12  # beyond it a value is a fault upstream, and unreadable in a column


@dataclass(frozen=True, eq=False)
class LogCurve:
    """One curve by depth.

    Args:
        mnemonic: Its name in ~Curve.
        unit: The unit of ``values``.
        description: Free text.
        values: float64 (rows,), NaN where there is none.
        confidence: (rows,), 0 to 1.
        resolution: The smallest difference worth keeping, in ``unit``; it decides the decimals written.
    """

    mnemonic: str
    unit: str
    description: str
    values: NDArray[np.float64]
    confidence: NDArray[np.float32]
    resolution: float = 1e-5


@dataclass(frozen=True, eq=False)
class DepthLog:
    """All curves of a sheet on one regular depth index.

    Args:
        well: Goes to ~Well.
        depth_unit: ft or m, of ``step`` and ``depths``.
        step: The distance of two depths; its sign is taken from ``depths``.
        depths: float64 (rows,), regular, ascending or descending.
        curves: At least one, each of ``rows`` values.
        parameters: (mnemonic, unit, value, description) for ~Parameter.
        other: Lines for ~Other.
    """

    well: Well
    depth_unit: str
    step: float
    depths: NDArray[np.float64]
    curves: Sequence[LogCurve]
    parameters: Sequence[tuple[str, str, str, str]] = ()
    other: Sequence[str] = ()


@dataclass(frozen=True)
class LasReport:
    """What writing did: rows written, and per mnemonic the values that were infinite or absurd and became NULL."""

    rows: int
    nulled: dict[str, int]


def log_curve(curve: Curve, scale: str, values: NDArray[np.float64], confidence: NDArray[np.float32]) -> LogCurve:
    """The curve of a manifest with its values, at a resolution of a hundredth of a strip column (1/48000 of the track).

    On a log track that is 1/48000 of the track's ratio, taken where it is finest: at the smallest value there is.
    """
    resolution = abs(curve.right - curve.left) / 48000
    if scale == "log":
        present = np.abs(values[np.isfinite(values) & (values != 0)])
        finest = min(curve.left, curve.right, float(present.min()) if present.size else math.inf)
        resolution = finest * abs(math.log(curve.right) - math.log(curve.left)) / 48000
    return LogCurve(curve.mnemonic, curve.unit or "", curve.description or "", values, confidence, resolution)


def write_las(log: DepthLog, path: Path, *, version: LasVersion = "2.0", confidence: bool = False) -> LasReport:
    """Write ``log`` as LAS to ``path``, which appears (or is replaced) only whole and checked.

    Args:
        log: What to write; header texts are cleaned to what LAS can hold.
        path: The file; its folder must exist.
        version: 2.0, or 1.2, which has in ~Well the description before the colon and the value behind it.
        confidence: Whether each curve is followed by its confidence, 0 to 1, as ``<mnemonic>_CONF``.

    Raises:
        LasError: The log breaks the standard (an irregular index, equal mnemonics, in 1.2 rows of over 256 characters),
            the disk refused, or the file does not read back as what was meant. What was at ``path`` before is then
            still there.
    """
    columns, nulled = _columns(log, path.name, confidence)
    decimals = [_depth_decimals(log, path.name), *(decimals for _, decimals in columns)]
    content = _content(log, [column for column, _ in columns], decimals, version)
    row_characters = sum(width + 1 for width in row_widths(content, decimals)) - 1
    if version == "1.2" and row_characters > MAX_LINE_CHARACTERS:
        found = f"{len(columns)} curves make rows of {row_characters} characters, and LAS 1.2 has {MAX_LINE_CHARACTERS}"
        raise LasError(path.name, found, "write LAS 2.0, or leave confidence out")
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("w", encoding="ascii", newline="\n") as file:
            file.write(header_text(content))
            write_body(content, decimals, file.write)
            file.flush()
            os.fsync(file.fileno())
        check(content, decimals, temporary, path.name)
        temporary.replace(path)
    except OSError as error:
        raise LasError(
            path.name, f"it cannot be written ({error.strerror})", f"make room and rights in {path.parent}"
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
    return LasReport(rows=len(content.depths), nulled=dict(nulled))


def _columns(log: DepthLog, name: str, confidence: bool) -> tuple[list[tuple[LasColumn, int]], Counter[str]]:
    columns: list[tuple[LasColumn, int]] = []
    nulled: Counter[str] = Counter()
    for curve in log.curves:
        mnemonic = clean_mnemonic(curve.mnemonic)
        description = clean_text(curve.description, MAX_DESCRIPTION_CHARACTERS)
        decimals = _decimals(curve.resolution)
        values, lost = _writable(np.asarray(curve.values, np.float64), decimals)
        if lost:
            nulled[mnemonic] = lost
        columns.append((LasColumn(mnemonic, clean_unit(curve.unit), description, values), decimals))
        if confidence:
            values, _ = _writable(np.asarray(curve.confidence, np.float64), _CONFIDENCE_DECIMALS)
            column = LasColumn(f"{mnemonic}_CONF", "", f"Confidence of {mnemonic}, 0 to 1", values)
            columns.append((column, _CONFIDENCE_DECIMALS))
    seen = Counter(column.mnemonic.upper() for column, _ in columns)
    for column, _ in columns:
        if not column.mnemonic or column.mnemonic.upper() in RESERVED_MNEMONICS or seen[column.mnemonic.upper()] > 1:
            raise LasError(
                name, f"the mnemonic {column.mnemonic!r} is empty, reserved or used twice", "rename it in the manifest"
            )
        if column.values.shape != log.depths.shape:
            raise LasError(
                name,
                f"{column.mnemonic} has {column.values.shape} values for {log.depths.shape} depths",
                "report this as a fault",
            )
    return columns, nulled


def _decimals(resolution: float) -> int:
    # Two at least, because NULL has two; a scale of absurd width or none has a resolution of infinity or 0.
    return math.ceil(-math.log10(min(max(10.0**-_MAX_DECIMALS, resolution), 0.01)))


def _writable(values: NDArray[np.float64], decimals: int) -> tuple[NDArray[np.float64], int]:
    """Values as they will stand in the file, and how many of them were lost for being infinite or absurd."""
    limit = min(_MAX_ABSOLUTE_VALUE, 2.0**53 / 10.0**decimals)  # beyond 2**53 the last decimal is not exact
    with np.errstate(invalid="ignore"):
        absurd = ~np.isnan(values) & ~(np.abs(values) < limit)
    # + 0.0 turns -0.0 into 0.0
    rounded = np.asarray(np.round(np.where(absurd, np.nan, values), decimals) + 0.0, np.float64)
    # A real value on NULL moves by one last decimal, which is less than a scan can hold.
    rounded[rounded == NULL] += 10.0**-decimals
    return rounded, int(absurd.sum())


def _depth_decimals(log: DepthLog, name: str) -> int:
    depths = log.depths
    if not depths.ndim == 1 or not depths.size or not log.curves:
        raise LasError(
            name, f"{depths.size} depths and {len(log.curves)} curves", "digitise at least one curve over one depth"
        )
    if not (np.abs(depths) < _MAX_ABSOLUTE_VALUE).all() or not 0 < abs(log.step) < _MAX_ABSOLUTE_VALUE:
        found = f"the depth index or its step is not a finite number, or beyond {_MAX_ABSOLUTE_VALUE:g}"
        raise LasError(name, found, "correct depth in the manifest")
    step = math.copysign(log.step, depths[-1] - depths[0]) if len(depths) > 1 else log.step
    decimals = next((d for d in range(2, 9) if max(abs(round(x, d) - x) for x in (depths[0], step)) < 1e-10), 8)
    drift = np.abs(depths - (round(depths[0], decimals) + np.arange(len(depths)) * round(step, decimals))).max()
    if drift > abs(step) / 100:
        raise LasError(
            name, f"the depths leave STRT + n x STEP by up to {drift:g}", "give a step of at most 8 decimals"
        )
    return decimals


def _content(log: DepthLog, columns: list[LasColumn], decimals: list[int], version: LasVersion) -> LasContent:
    """``log`` as a reader must find it."""
    unit = log.depth_unit.upper()
    depths = np.round(log.depths, decimals[0]) + 0.0
    step = math.copysign(log.step, depths[-1] - depths[0]) if len(depths) > 1 else log.step
    limits = (("STRT", depths[0]), ("STOP", depths[-1]), ("STEP", step))
    well = {key: f"{value:.{decimals[0]}f}" for key, value in limits} | {"NULL": f"{NULL}"}
    for attribute, mnemonic, _ in WELL_ITEMS:
        value = getattr(log.well, attribute)
        well[mnemonic] = "" if value is None else clean_text(str(value))
    names = _single([clean_mnemonic(mnemonic) or "P" for mnemonic, *_ in log.parameters])
    parameters = [
        (
            name,
            clean_unit(unit_) if clean_text(str(value)) else "",  # lasio writes 0 for an empty value with a unit
            clean_text(str(value), MAX_PARAMETER_CHARACTERS),
            clean_text(text, MAX_DESCRIPTION_CHARACTERS),
        )
        for name, (_, unit_, value, text) in zip(names, log.parameters, strict=True)
    ]
    curves = {column.mnemonic: column for column in columns}
    return LasContent(well, unit, depths, curves, parameters, clean_lines(list(log.other)), version)


def _single(mnemonics: list[str]) -> list[str]:
    """The mnemonics, each once and none reserved: readers rename what stands twice, each in a way of its own."""
    single: list[str] = []
    for mnemonic in mnemonics:
        taken = {other.upper() for other in single} | RESERVED_MNEMONICS.keys()
        numbered = (mnemonic if number == 1 else f"{mnemonic}_{number}" for number in itertools.count(1))
        single.append(next(name for name in numbered if name.upper() not in taken))
    return single

"""LAS files read in two ways: with lasio, which takes what the field produces, and strictly, by the standard."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any

import lasio
import numpy as np
from numpy.typing import NDArray

from veernet.errors import LasError, SourceMissingError

#: Larger files are refused before they are read: 10 million rows of 4 columns are 450 MB.
MAX_LAS_BYTES = 1 << 30

_DEPTH_UNITS = dict.fromkeys(("F", "FT", "FEET", "FOOT"), "ft") | dict.fromkeys(
    ("M", "METER", "METERS", "METRE", "METRES"), "m"
)
_DATA_ITEMS = ("STRT", "STOP", "STEP", "NULL")
_HEADER_LINE = re.compile(r"^(?P<mnemonic>[^.:\s]+)\s*\.(?P<unit>\S*)\s(?P<value>.*):(?P<description>[^:]*)$")


@dataclass(frozen=True, eq=False)
class LasColumn:
    """One curve of a LAS file; ``values`` float64 (rows,), NaN where the file has its NULL."""

    mnemonic: str
    unit: str
    description: str
    values: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LasContent:
    """What a LAS file says, and in which ``version``, 1.2 or 2.0.

    ``depths`` float64 (rows,) in ``depth_unit`` (ft, m, or as written where it is neither).
    """

    well: dict[str, str]
    depth_unit: str
    depths: NDArray[np.float64]
    curves: dict[str, LasColumn]
    parameters: list[tuple[str, str, str, str]] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    version: str = "2.0"


def read_las(path: Path) -> LasContent:
    """Any LAS file that lasio understands.

    Raises:
        SourceMissingError: There is no such file.
        LasError: It is no LAS file, has no rows, or a curve of it holds text.
    """
    text = _text_of(path)
    try:
        las = lasio.read(StringIO(text), mnemonic_case="preserve")
        table = [np.asarray(curve.data) for curve in las.curves]
    except Exception as error:  # lasio raises whatever its parsing stumbles on
        raise LasError(
            str(path), f"lasio cannot read it ({type(error).__name__}: {error})", "give a LAS 1.2 or 2.0 file"
        ) from error
    if not table or not len(table[0]):
        raise LasError(str(path), "it holds no rows of data", "give a LAS file with an index and at least one curve")
    for item, data in zip(las.curves, table, strict=True):
        if data.dtype.kind not in "fiu":
            raise LasError(
                str(path), f"curve {item.mnemonic} holds text, as {_first_text(data)!r}", "correct that cell"
            )
    columns = [
        LasColumn(str(item.mnemonic), str(item.unit), str(item.descr), data.astype(np.float64))
        for item, data in zip(las.curves, table, strict=True)
    ]
    return LasContent(
        well={str(item.mnemonic).upper(): str(item.value) for item in las.well},
        depth_unit=_depth_unit(columns[0].unit or str(las.well["STRT"].unit if "STRT" in las.well else "")),
        depths=columns[0].values,
        curves={column.mnemonic: column for column in columns[1:]},
        parameters=[(str(i.mnemonic), str(i.unit), str(i.value), str(i.descr)) for i in las.params],
        other=[line.strip() for line in str(las.other).splitlines() if line.strip()],
        version=str(las.version["VERS"].value) if "VERS" in las.version else "",
    )


def read_strict(path: Path) -> LasContent:
    """An unwrapped LAS 1.2 or 2.0 file, read by the letter and without lasio: the second opinion on what VeerNet writes.

    Raises:
        SourceMissingError: There is no such file.
        LasError: A line breaks the standard; named by its number.
    """
    sections, body = _sections(path, _text_of(path))
    version = {mnemonic: value for mnemonic, _, value, _ in _items(path, sections.get("V", []))}
    if version.get("VERS") not in ("1.2", "2.0") or version.get("WRAP") != "NO":
        raise LasError(str(path), f"~Version says {version}", "give an unwrapped LAS 1.2 or 2.0 file")
    # In 1.2, values of ~Well stand behind the colon, but for the four that describe the data.
    behind = version["VERS"] == "1.2"
    values = {
        mnemonic: description if behind and mnemonic not in _DATA_ITEMS else value
        for mnemonic, _, value, description in _items(path, sections.get("W", []))
    }
    heads = _items(path, sections.get("C", []))
    try:
        null = float(values["NULL"])
        table = np.loadtxt(StringIO(body), dtype=np.float64, ndmin=2, comments=None)
    except (KeyError, ValueError) as error:
        raise LasError(str(path), f"its data cannot be read ({error})", "write it again") from error
    if not table.size or table.shape[1] != len(heads):
        raise LasError(str(path), f"{len(heads)} curves but data of shape {table.shape}", "write it again")
    table[table == null] = np.nan
    columns = [LasColumn(head[0], head[1], head[3], table[:, i]) for i, head in enumerate(heads)]
    return LasContent(
        well=values,
        depth_unit=_depth_unit(columns[0].unit),
        depths=columns[0].values,
        curves={column.mnemonic: column for column in columns[1:]},
        parameters=_items(path, sections.get("P", [])),
        other=[line.strip() for _, line in sections.get("O", [])],
        version=version["VERS"],
    )


def _text_of(path: Path) -> str:
    try:
        size_bytes = path.stat().st_size
        if size_bytes > MAX_LAS_BYTES:
            raise LasError(str(path), f"it has {size_bytes} bytes", f"give a LAS file of at most {MAX_LAS_BYTES} bytes")
        return path.read_text(encoding="utf-8-sig", errors="replace")
    except FileNotFoundError as error:
        raise SourceMissingError(str(path), "there is no such file", "check the path") from error
    except OSError as error:
        raise LasError(
            str(path), f"it cannot be read ({error.strerror})", "check that it is a readable file"
        ) from error


def _first_text(data: NDArray[Any]) -> str:
    for cell in data:
        try:
            float(cell)
        except (TypeError, ValueError):
            return str(cell)
    return str(data[0])


def _depth_unit(unit: str) -> str:
    return _DEPTH_UNITS.get(unit.strip().strip(".").upper(), unit)


def _sections(path: Path, text: str) -> tuple[dict[str, list[tuple[int, str]]], str]:
    head, mark, rest = text.partition("\n~A")
    if not mark:
        raise LasError(str(path), "it has no ~A section", "write it again")
    sections: dict[str, list[tuple[int, str]]] = {}
    current: list[tuple[int, str]] | None = None
    for number, line in enumerate(head.splitlines(), start=1):
        if line.startswith("~"):
            if line[1:2] in sections:
                raise LasError(f"{path}, line {number}", f"a second section {line.strip()!r}", "write it again")
            current = sections.setdefault(line[1:2], [])
        elif current is None:
            raise LasError(f"{path}, line {number}", "text before the first section", "write it again")
        elif line.strip() and not line.startswith("#"):
            current.append((number, line))
    return sections, rest.partition("\n")[2]


def _items(path: Path, lines: Iterable[tuple[int, str]]) -> list[tuple[str, str, str, str]]:
    items = []
    for number, line in lines:
        found = _HEADER_LINE.match(line)
        if found is None:
            raise LasError(
                f"{path}, line {number}", f"{line!r} is no header line", "write MNEM.UNIT VALUE : DESCRIPTION"
            )
        items.append((found["mnemonic"], found["unit"], found["value"].strip(), found["description"].strip()))
    return items

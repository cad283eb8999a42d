"""A log laid out as the text of a LAS file, by CWLS 1.2 or 2.0."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import lasio
import numpy as np

from veernet.curves.las_read import LasContent

NULL = -999.25
INDEX = "DEPT"
#: What both editions allow a line, without its end; LAS 2.0 has dropped the limit for data since 2014.
MAX_LINE_CHARACTERS = 254
#: (attribute of Well, mnemonic, description), in the order of the standard
WELL_ITEMS = (
    ("company", "COMP", "COMPANY"),
    ("name", "WELL", "WELL"),
    ("field", "FLD", "FIELD"),
    ("location", "LOC", "LOCATION"),
    ("county", "CNTY", "COUNTY"),
    ("state", "STAT", "STATE"),
    ("province", "PROV", "PROVINCE"),
    ("country", "CTRY", "COUNTRY"),
    ("service_company", "SRVC", "SERVICE COMPANY"),
    ("date", "DATE", "LOG DATE"),
    ("uwi", "UWI", "UNIQUE WELL ID"),
    ("api", "API", "API NUMBER"),
)

_ROWS_PER_BLOCK = 8192  # bounds the Python objects alive while formatting


def header_text(content: LasContent) -> str:
    """Everything before the data, as lasio lays it out for the version that ``content`` names, 1.2 or 2.0."""
    las = lasio.LASFile()
    del las.version["DLM"]  # LAS 3.0
    descriptions = {"STRT": "START DEPTH", "STOP": "STOP DEPTH", "STEP": "STEP", "NULL": "NULL VALUE"}
    descriptions |= {mnemonic: text for _, mnemonic, text in WELL_ITEMS}
    for mnemonic in list(las.well.keys()):
        del las.well[mnemonic]
    for mnemonic, value in content.well.items():
        las.well.append(lasio.HeaderItem(mnemonic, "", value, descriptions[mnemonic]))
    las.append_curve(INDEX, np.empty(0), unit=content.depth_unit, descr="DEPTH")
    for column in content.curves.values():
        las.append_curve(column.mnemonic, np.empty(0), unit=column.unit, descr=column.description)
    for item in content.parameters:
        las.params.append(lasio.HeaderItem(*item))
    las.other = "\n".join(content.other)
    text = StringIO()
    limits = {key: content.well[key] for key in ("STRT", "STOP", "STEP")}
    las.write(text, version=float(content.version), wrap=False, **limits)
    head = text.getvalue().partition("\n~ASCII")[0]
    names = f"~A {INDEX} {' '.join(content.curves)}"
    return f"{head}\n{names if len(names) <= MAX_LINE_CHARACTERS else '~A'}\n"


def row_widths(content: LasContent, decimals: list[int]) -> list[int]:
    """Characters that each column of the data takes, the index first."""
    widths = []
    for j, values in enumerate([content.depths, *(column.values for column in content.curves.values())]):
        extremes = [NULL] if j else []
        if np.isfinite(values).any():
            extremes += [float(np.nanmin(values)), float(np.nanmax(values))]
        widths.append(max(len(f"{value:.{decimals[j]}f}") for value in extremes))
    return widths


def write_body(content: LasContent, decimals: list[int], write: Callable[[str], object]) -> None:
    """Write the data, a row a depth, each column at its own decimals and width."""
    # lasio formats cell by cell, which takes ten times as long as one format a block.
    table = np.column_stack([content.depths, *(column.values for column in content.curves.values())])
    table[np.isnan(table)] = NULL
    widths = row_widths(content, decimals)
    row = " ".join(f"%{width}.{d}f" for width, d in zip(widths, decimals, strict=True)) + "\n"
    for start in range(0, len(table), _ROWS_PER_BLOCK):
        block = table[start : start + _ROWS_PER_BLOCK]
        write((row * len(block)) % tuple(block.ravel().tolist()))

"""Whether a LAS file says what was meant, asked of two readers that share no code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from veernet.curves.las_read import LasContent, read_las, read_strict
from veernet.errors import LasError, VeerNetError


def check(meant: LasContent, decimals: list[int], path: Path, name: str) -> None:
    """Read the file at ``path`` with lasio and with the strict reader, and compare both with what was ``meant``.

    Args:
        meant: What the file has to say.
        decimals: Decimals of the index and of each curve, in order.
        path: The file.
        name: What to call it in an error.

    Raises:
        LasError: One of the readers cannot read it, or reads something else.
    """
    for reader, read in (("lasio", read_las), ("the strict reader", read_strict)):
        try:
            found = read(path)
        except VeerNetError as error:
            raise LasError(name, f"{reader} cannot read it back: {error.found}", "report this as a fault") from error
        difference = _difference(meant, found, decimals)
        if difference:
            raise LasError(name, f"{reader} reads back another {difference}", "report this as a fault")


def _difference(meant: LasContent, found: LasContent, decimals: list[int]) -> str:
    """The first thing in which two contents differ, or an empty string."""
    if meant.version != found.version:
        return f"version: {found.version}"
    for key, value in meant.well.items():
        if not _same_text(value, found.well.get(key, "")):
            return f"{key}: {found.well.get(key)!r} for {value!r}"
    if meant.depth_unit.lower() != found.depth_unit or not _same_values(meant.depths, found.depths, decimals[0]):
        return "depth index"
    if list(meant.curves) != list(found.curves):
        return f"set of curves: {list(found.curves)}"
    for column, places in zip(meant.curves.values(), decimals[1:], strict=True):
        other = found.curves[column.mnemonic]
        if (column.unit, column.description) != (other.unit, other.description):
            return f"header of {column.mnemonic}: {other.unit!r}, {other.description!r}"
        if not _same_values(column.values, other.values, places):
            return f"set of values of {column.mnemonic}"
    for mine, theirs in zip(meant.parameters, found.parameters, strict=False):
        if not all(_same_text(a, b) for a, b in zip(mine, theirs, strict=True)):
            return f"parameter: {theirs} for {mine}"
    if len(meant.parameters) != len(found.parameters) or meant.other != found.other:
        return "~Parameter or ~Other section"
    return ""


def _same_values(meant: NDArray[np.float64], found: NDArray[np.float64], decimals: int) -> bool:
    return meant.shape == found.shape and bool(
        np.allclose(meant, found, rtol=0, atol=0.1 * 10.0**-decimals, equal_nan=True)
    )


def _same_text(meant: str, found: str) -> bool:
    """Whether two header texts are equal, or the same number: lasio makes numbers of what looks like one."""
    if meant == found:
        return True
    try:
        return float(meant.replace(",", ".")) == float(found)
    except ValueError:
        return False

"""Cells of a table that a person opens with a spreadsheet, which takes some texts for formulas and runs them."""

from __future__ import annotations

from typing import TypeVar

T = TypeVar("T")

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def quoted(cell: T) -> T | str:
    """A cell as it stands, but for text that a spreadsheet would act on: that gets an apostrophe before it, which says text.

    Numbers are numbers, in text too: -0.5 is no formula.
    """
    if not isinstance(cell, str) or not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell

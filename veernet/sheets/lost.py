"""Rows of a damaged scan that cannot be read: which they are, and whether what is left is worth digitising."""

from __future__ import annotations

from dataclasses import dataclass, replace

from veernet.errors import ScanError

#: A scan that has lost more of the rows that are asked for is set aside whole.
MAX_LOST_SHARE = 0.75


@dataclass(frozen=True, order=True)
class Lost:
    """Rows of a scan, ``end_row`` exclusive, that cannot be read, and why not, as a clause on them: are not in the file."""

    first_row: int
    end_row: int
    why: str


class LostRows:
    """Notes the rows that a reader of a damaged scan has to do without."""

    def __init__(self) -> None:
        self._found: set[Lost] = set()

    def add(self, first_row: int, end_row: int, why: str) -> None:
        """Note rows, ``end_row`` exclusive; the same rows may be noted again."""
        self._found.add(Lost(first_row, end_row, why))

    def meets(self, first_row: int, end_row: int) -> bool:
        """Whether any of these rows is known to be lost."""
        return any(one.first_row < end_row and first_row < one.end_row for one in self._found)

    @property
    def found(self) -> tuple[Lost, ...]:
        """All that is lost, top down; neighbours are one, with why the first of them is."""
        runs: list[Lost] = []
        for one in sorted(self._found):
            if runs and runs[-1].end_row >= one.first_row:
                runs[-1] = replace(runs[-1], end_row=max(one.end_row, runs[-1].end_row))
            else:
                runs.append(one)
        return tuple(runs)

    def check(self, first_row: int, end_row: int, name: str) -> None:
        """Refuse a sheet, asked for from one row of the scan to before another, of which too little is left.

        Raises:
            ScanError: More than ``MAX_LOST_SHARE`` of its rows is lost.
        """
        inside = [one for one in self.found if one.first_row < end_row and first_row < one.end_row]
        gone = sum(min(one.end_row, end_row) - max(one.first_row, first_row) for one in inside)
        if gone > MAX_LOST_SHARE * (end_row - first_row):
            first = f"rows {inside[0].first_row} to {inside[0].end_row - 1} {inside[0].why}"
            found = f"{gone} of the {end_row - first_row} rows asked for are lost; {first}"
            raise ScanError(name, found, "fetch it again, or scan or save it anew")

"""What a record tells of doubtful stretches: briefly, with depths, and so that it can be read back."""

from __future__ import annotations

import numpy as np
import pytest

from veernet.curves.assemble import doubts, hardly_found
from veernet.curves.identity import Doubt, Trace
from veernet.curves.las import DepthLog, LogCurve
from veernet.sheets.geometry import Edge, StripGeometry
from veernet.sheets.manifest import SheetManifest, Well
from veernet.training.layout import SheetRecipe, lay_out

SHARES = "shares the ink of the track's other curve"
BENEATH = "carried along beneath the other curve"


def _told(*found: Doubt) -> list[str]:
    """Of the first curve of a sheet of one foot a row."""
    manifest = lay_out(SheetRecipe(seed=1))
    depth = manifest.depth.model_copy(update={"ticks": ((0.0, 1000.0), (1000.0, 2000.0))})
    track = manifest.tracks[0].model_copy(update={"curves": manifest.tracks[0].curves[:1]})
    sheet: SheetManifest = manifest.model_copy(update={"depth": depth, "tracks": (track,)})
    none = np.full(1000, np.nan, np.float32)
    geometry = StripGeometry(Edge.of(0.0), Edge.of(480.0), 0.0, 1.0, 1000)
    unit = sheet.depth.unit
    name = track.curves[0].mnemonic
    told = doubts(sheet, [geometry], [[Trace(none, none, tuple(found))]])
    return [line.replace(f"{name} ", "X ", 1).replace(f" {unit}: ", " U: ", 1) for line in told]


def test_many_stretches_of_one_doubt_are_one_line() -> None:
    """How often, and where; another doubt has a line of its own."""
    found = [Doubt(row, row + 3, SHARES) for row in (10, 20, 30)]
    told = _told(found[0], Doubt(12, 13, BENEATH), *found[1:])
    assert told == [
        f"X 3 times, 1010.0 to 1012.0, 1020.0 to 1022.0, 1030.0 to 1032.0 U: {SHARES}",
        f"X 1012.0 to 1012.0 U: {BENEATH}",
    ]


@pytest.mark.parametrize(("count", "more"), [(50, ""), (51, " and 1 more"), (400, " and 350 more")])
def test_a_line_does_not_grow_beyond_what_is_looked_up(count: int, more: str) -> None:
    """The number is told all the same; the confidence marks every stretch."""
    (told,) = _told(*(Doubt(2 * row, 2 * row + 1, SHARES) for row in range(count)))
    assert told.startswith(f"X {count} times, 1000.0 to 1000.0, ")
    assert told.endswith(f"1098.0 to 1098.0{more} U: {SHARES}")


def test_a_curve_that_was_hardly_found_is_told_of() -> None:
    """A sheet is done for its other curves; nobody opens it for the one that is missing, unless it says so."""
    found = np.where(np.arange(100) < 5, 1.0, np.nan)
    curves = [
        LogCurve(name, "GAPI", "", values, np.ones(100, np.float32), 0.1)
        for name, values in (("SP", found), ("GR", np.ones(100)), ("CALI", np.full(100, np.nan)))
    ]
    log = DepthLog(Well(name="W", uwi="1"), "ft", 1.0, np.arange(100.0), curves)
    assert [line.split(" depths")[0] for line in hardly_found(log)] == [
        "SP: values at 5% of the",
        "CALI: values at 0% of the",
    ]

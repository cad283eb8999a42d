"""How much is measured: the same measures at three sizes, and one so small that a test can run it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """How much of everything.

    Args:
        rounds: Rounds of each measure.
        sheet_rows: Rows of the one sheet that is looked at closely.
        lengths: Rows of the sheets whose length grows.
        growing_rows: Rows of the sheets that grow in width and curves, at 200 dpi.
        archive_sheets: Sheets of the archive that is compared with its bare forward passes.
        archive_rows: Rows of each.
        counts: Sheets of the archives that grow, of small sheets.
        part_limit_s: Seconds that one measure may take before it is given up.
    """

    rounds: int
    sheet_rows: int
    lengths: tuple[int, ...]
    growing_rows: int
    archive_sheets: int
    archive_rows: int
    counts: tuple[int, ...]
    part_limit_s: float


SIZES = {
    "smoke": Size(1, 1_500, (1_500, 2_500), 1_500, 4, 1_500, (4, 8), 300.0),
    "quick": Size(2, 10_000, (5_000, 20_000), 5_000, 12, 5_000, (10, 50), 600.0),
    "standard": Size(3, 40_000, (10_000, 40_000, 200_000), 10_000, 50, 10_000, (10, 100, 1_000), 900.0),
    "full": Size(5, 40_000, (10_000, 40_000, 200_000), 20_000, 50, 40_000, (10, 100, 1_000), 7_200.0),
}
#: Rows and resolution of the sheets of an archive that has many: half a second's work each.
SMALL_ROWS, SMALL_DPI = 500, 100

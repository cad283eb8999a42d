"""Rows that a damaged scan has lost: noted once, told in order, and without a value in any trace."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet.curves.identity import Doubt, Trace
from veernet.curves.unseen import unseen, without_lost
from veernet.errors import ScanError
from veernet.review.record import lost_stretches, told_of_lost
from veernet.sheets.geometry import DepthRegister, Edge, RowShift, StripGeometry
from veernet.sheets.lost import MAX_LOST_SHARE, Lost, LostRows

ROWS = 1000
REGISTER = DepthRegister((0.0, 1000.0), (0.0, 100.0))


def strip(shift: RowShift | None = None, row_scale: float = 1.0) -> StripGeometry:
    """A track of 480 columns from the top of a scan down."""
    return StripGeometry(Edge((0.0,), (10.0,)), Edge((0.0,), (490.0,)), 0.0, row_scale, ROWS, shift)


def trace() -> Trace:
    """A curve down the middle, with a doubt about rows 200 to 250."""
    half = np.full(ROWS, 0.5, np.float32)
    return Trace(half, half * 2, (Doubt(200, 250, "shares the ink"),))


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(1, 10)), max_size=12))
def test_what_is_lost_is_told_in_runs_that_do_not_touch(pieces: list[tuple[int, int]]) -> None:
    """In whatever order it was found, and however often."""
    lost = LostRows()
    for first, rows in [*pieces, *pieces[:2]]:
        lost.add(first, first + rows, "are damaged")
    gone = {row for first, rows in pieces for row in range(first, first + rows)}
    assert gone == {row for one in lost.found for row in range(one.first_row, one.end_row)}
    assert all(one.end_row < following.first_row for one, following in zip(lost.found, lost.found[1:], strict=False))
    assert all(lost.meets(row, row + 1) == (row in gone) for row in range(101))


def test_a_sheet_is_set_aside_when_little_of_it_is_left() -> None:
    """Of the rows that are asked for, not of the scan's."""
    lost = LostRows()
    lost.add(0, 100 + round(900 * MAX_LOST_SHARE), "are not in the file")
    lost.check(100, 1000, "sheet")
    lost.add(999, 1000, "are damaged")
    with pytest.raises(ScanError, match="676 of the 900 rows asked for are lost; rows 0 to 774 are not in the file"):
        lost.check(100, 1000, "sheet")


@pytest.mark.parametrize("row_scale", [0.5, 1.0, 2.5])
def test_a_trace_has_nothing_where_its_scan_is_lost_and_a_little_beside_it(row_scale: float) -> None:
    """And everything everywhere else; a doubt about what is not there is gone with it."""
    geometry = strip(row_scale=row_scale)
    first, end = (round(float(row)) for row in geometry.source_row([180, 270]))
    (left,) = without_lost([trace()], geometry, [Lost(first, end, "are damaged")])
    gone = np.isnan(left.fraction)
    source_px = geometry.source_row(np.arange(ROWS))
    assert gone[(source_px >= first - 1) & (source_px <= end)].all()
    assert 90 < gone.sum() < 90 + 2 * 20
    np.testing.assert_array_equal(left.confidence == 0, gone)
    assert () == left.doubts


def test_rows_that_tilted_paper_brings_into_the_damage_are_gone_too() -> None:
    """Across a skewed track, a strip row is not one row of the scan."""
    tilted = RowShift((0.0, 1000.0), (0.0, 0.0), (40.0, 40.0))
    lost = [Lost(500, 510, "are damaged")]
    flat, skewed = unseen(strip(), lost), unseen(strip(tilted), lost)
    assert skewed.sum() - flat.sum() == pytest.approx(40, abs=1)


def test_a_whole_scan_leaves_its_traces_as_they_are() -> None:
    """To the last bit, doubts included."""
    whole = trace()
    assert (whole,) == without_lost([whole], strip(), [])


def test_only_depths_that_were_asked_for_are_told() -> None:
    """Damage above the log is none of the log's; what reaches into it is told as far as it does."""
    lost = [Lost(0, 50, "a"), Lost(90, 201, "b"), Lost(950, 1000, "c")]
    (told,) = lost_stretches(lost, REGISTER, 10.0, 90.0)
    assert (10.0, 20.0, 90, 200) == (told.top, told.base, told.first_row, told.last_row)
    words = told_of_lost([told], "ft")
    assert "10.0 to 20.0 ft: every curve is NULL, because rows 90 to 200 of the scan b" == words[0]
    assert "fetch it again" in words[1]
    assert [] == told_of_lost([], "ft")

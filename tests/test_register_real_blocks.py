"""Layouts of scale blocks as they stand on real scans: below the log, far from it, with names that have no values, or that others have, too."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.test_register_names import DPI, EDGES, END_ROW, FIRST_ROW, Sheet
from veernet.register.block_words import Print
from veernet.register.curves_told import Told, curves_told
from veernet.register.draft import Box
from veernet.register.mnemonics import Named
from veernet.register.sample_line import style_of
from veernet.register.scale_block import Blocks
from veernet.register.scale_rows import Row
from veernet.register.text import Line


def row(words: str, top: float, low: str | None = None, high: str | None = None) -> Row:
    """A row of a block, values at its edges well read."""

    def value(text: str | None, left: float) -> Line | None:
        return None if text is None else Line(top, left, top + 10, left + 40, text, 0.9)

    return Row(words, value(low, 0), value(high, 300), Box(top_row=top, left_px=0, end_row=top + 10, end_px=340))


def names(*rows: Row) -> list[tuple[str | None, str | None]]:
    """The curves that some rows tell, and the units that they have, at 150 dpi."""
    return [(told.named.mnemonic, told.unit) for told in curves_told(rows, 150)]


def test_a_potential_that_is_spelled_out_is_a_curve_without_values_and_unit() -> None:
    """So many millivolts a division are drawn below it, and its unit was not read; tables of a header have no room for the word."""
    assert [("SP", None)] == names(row("SPONTANEOUS POTENTIAL", 0), row("mltvolts", 20))
    assert [] == names(row("SP", 0), row("mltvolts", 20))


def test_values_below_a_potential_that_heads_them_are_its_first_scale() -> None:
    """They would be its second one if it were a curve without values."""
    rows = [row("SPONTANEOUS POTENTIAL", 0), row("millivolts", 20), row("SP (MV)", 40, "-100", "0")]
    assert [((-100.0, 0.0), None)] == [(told.row.scale, told.second) for told in curves_told(rows, 150)]


def test_what_stands_below_a_potential_may_be_far_below_it() -> None:
    """Its cell is tall, for what is drawn in it: 1.6 inches, more than part two blocks otherwise."""
    below = [row("GAMMA RAY", 240), row("", 260, "0", "150")]
    assert ["SP", "GR"] == [name for name, _ in names(row("SPONTANEOUS POTENTIAL", 0), row("millivolts", 20), *below)]
    assert [("GR", None)] == names(row("CALI (IN)", 0, "6", "16"), *below)


def test_a_name_with_its_own_unit_is_no_heading_of_one_with_another() -> None:
    """The caliper's values were not read; a heading would have the unit of what it heads."""
    gamma = [row("GAMMA RAY (API)", 40), row("", 60, "0", "150")]
    assert [("CALI", "IN"), ("GR", "GAPI")] == names(row("CALIPER (INCHES)", 0), *gamma)
    assert [("GR", "GAPI")] == names(row("CALIPER", 0), *gamma)


@pytest.mark.parametrize(("above", "scale"), [(False, (0.0, 150.0)), (True, (0.0, 200.0))])
def test_of_two_blocks_that_name_the_same_curve_the_one_next_to_the_log_has_its_scale(
    above: bool, scale: tuple[float, float]
) -> None:
    """They stand so close that they look like one."""
    rows = [row("GR (API)", 0, "0", "150"), row("CALI (IN)", 40, "6", "16"), row("GR (API)", 140, "0", "200")]
    assert scale == next(told.row.scale for told in curves_told(rows, 150, above=above) if told.named.mnemonic == "GR")


@pytest.mark.parametrize(("top", "found"), [(60, ["SN", "LAT"]), (120, ["SN"])])
def test_the_last_name_without_values_is_a_curve_where_it_stands_close_below_one_in_the_same_unit(
    top: float, found: list[str]
) -> None:
    """Their heading says the unit; further below it may be a caption."""
    rows = [row("OHMM", 0), row("16 NORMAL", 20, "0", "10"), row("LATERAL", top)]
    assert found == [name for name, _ in names(*rows)]


def test_a_heading_has_no_unit_for_a_curve_that_never_has_it() -> None:
    """The caliper's own was not read."""
    rows = [row("GAMMA RAY (API)", 0), row("", 20, "0", "150"), row("CALIPER", 50, "6", "16")]
    assert [("GR", "GAPI"), ("CALI", None)] == names(*rows)


def test_values_stand_up_to_an_inch_and_a_fifth_below_their_name() -> None:
    """Where the zero of a curve is told is between them."""
    assert [("NEUT", "CPS")] == names(row("NEUTRON (CPS)", 0), row("", 180, "120", "420"))
    assert [] == names(row("NEUTRON (CPS)", 0), row("", 220, "120", "420"))


def test_induction_is_a_conductivity_where_its_values_are_one() -> None:
    """As the third track of old electric logs has it; from 0 to 20 it is a resistivity."""
    found = []
    for low, high in (("1000", "0"), ("0", "20")):
        sheet = Sheet()
        sheet.row("INDUCTION", low, high, 580)
        sheet.line(600)
        found.append([(curve.mnemonic.value, curve.unit.value) for curve in sheet.curves()])
    assert [[("COND", "MMHO/M")], [("ILD", "OHMM")]] == found


def test_a_name_beside_the_run_that_has_its_values_is_known_by_itself() -> None:
    """Read together they are no name: a streak of the copy runs through the run."""
    sheet = Sheet()
    sheet.row("", "0", "100", 580)
    sheet.words("%W#XQ", 580, left=190)
    sheet.words("NORMAL", 580, left=400)
    assert ["SN"] == [curve.mnemonic.value for curve in sheet.curves()]


def below(sheet: Sheet, *, own: bool) -> Blocks:
    """The blocks of a sheet, and whether no other log follows below."""
    return Blocks(sheet.paper, FIRST_ROW, END_ROW, below_is_own=own)


@pytest.mark.parametrize(("first", "found"), [(300, ["GR", "CALI"]), (500, [])])
def test_a_block_below_may_be_as_tall_as_one_above_but_begins_near_the_log(first: int, found: list[str]) -> None:
    """Its second curve stands half an inch further down, 2 inches from the log and more; what begins there is something else's."""
    sheet = Sheet()
    sheet.ink = np.pad(sheet.ink, ((0, 200), (0, 0)))
    sheet.row("GR (API)", "0", "150", END_ROW + first)
    sheet.row("CALI (IN)", "6", "16", END_ROW + first + round(0.5 * DPI))
    assert found == [curve.mnemonic.value for curve in below(sheet, own=True).curves(*EDGES)]


@pytest.mark.parametrize(("own", "found"), [(False, ["SN"]), (True, ["SN", "CALI", "BS"])])
def test_a_block_below_without_a_name_of_the_one_above_is_another_logs(own: bool, found: list[str]) -> None:
    """The next log on the paper may have lost its depths, so that none was found; where none follows it is the same log's."""
    sheet = Sheet()
    sheet.row("SHORT NORMAL", "", "20", 580)
    sheet.row("CALI (IN)", "6", "16", END_ROW + 100)
    sheet.row("BIT SIZE (IN)", "6", "16", END_ROW + 150)
    assert found == [curve.mnemonic.value for curve in below(sheet, own=own).curves(*EDGES)]


def test_an_unusual_number_that_can_hardly_be_read_is_no_value() -> None:
    """Strokes of curves that begin in a block, and what is left of its rules, look like digits."""
    sheet = Sheet()
    sheet.row("LATERAL (OHMM)", "0", "", 580)
    sheet.ink[570:590, 470:596:9] = 1
    (curve,) = sheet.curves()
    assert ("LAT", 0.0, None) == (curve.mnemonic.value, curve.left.value, curve.right.value)


def test_a_potential_without_values_is_drawn_as_its_sample_line_is() -> None:
    """That it is so is not sure: the line may be a rule of its cell."""
    sheet = Sheet()
    sheet.words("SPONTANEOUS POTENTIAL", 560)
    sheet.words("millivolts", 585)
    sheet.line(615, 15, 8)
    (curve,) = sheet.curves()
    assert ("SP", "dashed", False) == (curve.mnemonic.value, curve.style.value, curve.style.sure)


def print_of_line(row: int, columns: NDArray[np.bool_]) -> Print:
    """A block of 120 rows at 300 dpi, with nothing but a sample line."""
    ink = np.zeros((120, 700), np.uint8)
    ink[row : row + 3] = columns
    return Print(0, ink, np.zeros_like(ink), np.zeros_like(ink), 0.0, (), 300.0)


def told_of(name_top: float, values_top: float, *, on_line: bool) -> Told:
    """A curve with its values below its name."""
    values = Box(top_row=values_top, left_px=0, end_row=values_top + 20, end_px=700)
    name = Box(top_row=name_top, left_px=0, end_row=values_top + 20, end_px=700)
    nobody = Named(None, None, 0.0, None)
    return Told(nobody, None, None, Row("", None, None, values), name, one_row=False, on_line=on_line)


def test_values_close_below_their_name_may_stand_on_the_sample_line() -> None:
    """Where the name does not; that the line is not the frame below them is not sure."""
    block = print_of_line(70, np.arange(700) % 50 < 30)
    assert ("dashed", 0.9) == style_of(block, told_of(14, 48, on_line=True), 0.0, 700.0, 120.0)


@pytest.mark.parametrize(("longest", "style"), [(220, "solid"), (90, "dashed")])
def test_what_is_left_of_a_solid_line_is_longer_than_any_dash(longest: int, style: str) -> None:
    """Bad copies leave gaps of any length; which of the two it is is not sure."""
    columns = np.zeros(700, bool)
    for first, length in ((30, 60), (105, 40), (200, 80), (310, longest), (620, 30), (662, 30)):
        columns[first : first + length] = True
    found = style_of(print_of_line(70, columns), told_of(14, 48, on_line=False), 0.0, 700.0, 120.0)
    assert (style, 0.5) == found

"""Values of a scale block that are badly printed: read where they can be, and never guessed surely."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from test_register_names import EDGES, END_ROW, FIRST_ROW, LEFT, RIGHT, Sheet, found

from veernet.register.bare_ink import rules
from veernet.register.block_frame import in_frame
from veernet.register.block_words import Print, read_print
from veernet.register.curves_told import Told, curves_told
from veernet.register.draft import SURE, Box
from veernet.register.edge_numbers import edge_numbers
from veernet.register.edge_readings import NUMBER, Number, read_numbers
from veernet.register.mnemonics import Named, named
from veernet.register.sample_line import style_of
from veernet.register.scale_block import Blocks
from veernet.register.scale_rows import Row, grouped, rows_of
from veernet.register.scale_vote import Elected, Values, elected
from veernet.register.scale_vote import Row as VoteRow
from veernet.register.stray_numbers import without_strays
from veernet.register.text import Line
from veernet.register.track_vote import shared_log_scale, votes_in_track
from veernet.register.value_print import NumberPrint, best_number


@pytest.mark.parametrize(
    ("text", "number"),
    [("-0.150", True), ("10000.00", True), (".2", True), ("0.0185910198101", False), ("1.2.3", False)],
)
def test_numbers_are_as_long_as_values_are_printed(text: str, number: bool) -> None:
    """What is longer is a line of something else."""
    assert number == (NUMBER.match(text) is not None)


def broken_nought() -> NDArray[np.uint8]:
    """A nought of old type, which has lost what joins its two sides."""
    ink = np.zeros((30, 24), np.uint8)
    cv2.ellipse(ink, (12, 15), (6, 11), 0, 0, 360, 1, 3)
    ink[13:19, 4:9] = 0
    ink[:6, 11:13] = ink[-6:, 11:13] = 0
    return ink


def read(ink: NDArray[np.uint8], *, surely: bool = False) -> Number | None:
    """The number that some ink is, if it is one."""
    return next(iter(read_numbers([ink], [(0, 0, ink.shape[1], ink.shape[0])], 0, 0, surely=surely)), None)


def test_a_lone_digit_is_the_likeliest_one_where_there_must_be_one() -> None:
    """Where a name is known and the other value is, a number stands there: a nought in pieces is one."""
    number = read(broken_nought(), surely=True)
    assert number is not None
    assert ("0", True) == (number.text, number.lone)


@pytest.mark.parametrize("text", ["80", "200", "0.25"])
def test_a_minus_is_told_by_its_shape(text: str) -> None:
    """Readers take a thick and short one for a digit."""
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.6, 2)
    ink = np.zeros((20, width + 20), np.uint8)
    cv2.putText(ink, text, (16, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
    ink[9:12, 3:12] = 1
    signed, bare = read(ink), read(ink[:, 13:])
    assert signed is not None
    assert bare is not None
    assert ((f"-{text}", True), (text, False)) == ((signed.text, signed.minus), (bare.text, bare.minus))


@pytest.mark.parametrize("text", ["2.0000", "30.000", "0.2500"])
def test_a_number_is_read_though_its_digits_stand_far_apart(text: str) -> None:
    """As printers set them: readers pass over a point that is far from both its neighbours."""
    ink = np.zeros((20, 44 * len(text)), np.uint8)
    for place, letter in enumerate(text):
        cv2.putText(ink, letter, (44 * place + 4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
    number = read(ink)
    assert number is not None
    assert text == number.text
    assert number.confidence > 0.9


def test_heavy_letters_that_touch_are_no_rule() -> None:
    """The feet of a bold name make a line as long as a short rule's; the line below it is one."""
    ink = np.zeros((60, 300), np.uint8)
    for left in range(20, 120, 10):
        ink[10:24, left : left + 5] = 1
    ink[22:24, 20:115] = ink[10:12, 20:115] = 1
    ink[40:42, 20:115] = 1
    across, _ = rules(ink, 150)
    assert (0, 95) == (across[:30].any(axis=0).sum(), across[30:].any(axis=0).sum())


def test_a_value_is_read_through_a_dashed_line_that_goes_on_through_print() -> None:
    """The sample line of a printer's block runs through the feet of the name above it and the heads of the values below."""
    sheet = Sheet()
    sheet.words("SHALLOW LATEROLOG (OHMM)", 560)
    sheet.line(567, 12, 8)
    sheet.words("0.2000", 576, left=LEFT + 8)
    sheet.words("2000.0", 576, right=RIGHT - 6)
    (curve,) = sheet.curves(decades=4)
    assert ("LLS", "OHMM", 0.2, 2000.0, "dashed", False) == found(curve)
    assert curve.left.sure
    assert curve.right.sure


def test_a_value_may_stand_so_close_before_the_name_that_no_gap_is_left() -> None:
    """Long names fill the room between the values on this side, too."""
    sheet = Sheet()
    sheet.words("0.2DEEP INDUCTION (OHMM)", 560, left=LEFT + 8)
    sheet.words("2000", 560, right=RIGHT - 6)
    sheet.line(578)
    (curve,) = sheet.curves(decades=4)
    assert ("ILD", "OHMM", 0.2, 2000.0) == found(curve)[:4]


@pytest.mark.parametrize(("unit", "value"), [("(G/CC)", "3"), ("v/v", "-0.100")])
def test_a_value_is_cut_off_the_bracket_or_the_letter_that_it_touches(unit: str, value: str) -> None:
    """Long names in the typewriter's even letters fill the track."""
    scale = {"3": ("BULK DENSITY", "2", ("RHOB", 2.0, 3.0)), "-0.100": ("NEUTRON POROSITY", "0.3", ("NPHI", 0.3, -0.1))}
    name, low, told = scale[value]
    sheet = Sheet()
    sheet.words(low, 560, left=LEFT + 8)
    sheet.words(f"{name} {unit}{value}", 560, right=RIGHT - 6)
    sheet.line(578)
    (curve,) = sheet.curves()
    assert told == (curve.mnemonic.value, curve.left.value, curve.right.value)


def test_a_nought_before_a_name_that_is_taken_for_a_letter_is_one() -> None:
    """Letters stand beside it, as they do in words."""
    sheet = Sheet()
    sheet.words("O.2DEEP INDUCTION (OHMM)", 560, left=LEFT + 8)
    sheet.words("2000", 560, right=RIGHT - 6)
    sheet.line(578)
    (curve,) = sheet.curves(decades=4)
    assert ("ILD", "OHMM", 0.2, 2000.0) == found(curve)[:4]


def test_grain_that_was_read_parts_no_row_from_its_values() -> None:
    """It stands a little higher, near enough to the name, and too far from the values."""
    sheet = Sheet()
    printed = read_print(sheet.paper, 480, 690)
    lines = [
        (Line(498, 200, 546, 248, "0", 0.3), "words"),
        (Line(510, 220, 576, 500, "Laterolog Deep", 0.9), "words"),
        (Line(522, 110, 569, 150, "0.2", 0.9), "left"),
        (Line(530, 540, 570, 590, "2000", 0.9), "right"),
        (Line(580, 540, 620, 590, "4000", 0.9), "right"),
    ]
    assert [{"0", "0.2", "2000", "Laterolog Deep"}, {"4000"}] == [
        {line.text for line, _ in group} for group in grouped(printed, lines)
    ]


def test_a_track_that_has_lost_its_lines_may_well_be_logarithmic() -> None:
    """Of values that may both be decades apart and be usual where lines are even."""
    lines = []
    for text in ("2.0000", "2000.0"):
        ink = np.zeros((20, 110), np.uint8)
        cv2.putText(ink, text, (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
        lines.append(read(ink))
    left, right = lines
    rows = [VoteRow(None, "OHMM", Values(left, right))]
    even, lost, log = (elected(rows, decades).right_share for decades in (None, 0, 3))
    assert even < lost <= log


@pytest.mark.parametrize(("shares", "shared"), [((0.9, 0.85), True), ((0.9, 0.6), False), ((0.96,), True)])
def test_two_curves_that_likely_have_the_same_decades_vouch_for_each_other(
    shares: tuple[float, ...], shared: bool
) -> None:
    """As one does that is sure; each by itself may have lost a nought."""
    votes = [Elected(None, 1.0, "OHMM", 1.0, 2.0, 0.97, 2000.0, share, True, "none", 1.0) for share in shares]
    assert ((2.0, 2000.0) if shared else None) == shared_log_scale(votes)


@pytest.mark.parametrize(("value", "said"), [(150.0, True), (120.0, False), (-150.0, False)])
def test_a_value_that_its_print_does_not_say_is_a_guess(value: float, said: bool) -> None:
    """However usual it is."""
    ink = np.zeros((20, 60), np.uint8)
    cv2.putText(ink, "150", (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
    number = read(ink)
    assert number is not None
    assert said == NumberPrint.of(number).says(value)


def test_a_number_that_begins_with_a_nought_has_lost_its_point() -> None:
    """Nothing else is written so."""
    ink = np.zeros((20, 60), np.uint8)
    cv2.putText(ink, "02", (4, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 1, 2)
    number = read(ink)
    assert number is not None
    assert ("02", 0.2) == (number.text, best_number(number))
    assert [True, False] == [NumberPrint.of(number).says(value) for value in (0.2, 2.0)]


@pytest.mark.parametrize("slope", [0.0, 0.012])
def test_the_feet_of_letters_are_no_sample_line(slope: float) -> None:
    """The line runs close below a name that fills its track, on a paper that may have been scanned askew."""
    print_of_it = np.zeros((120, 700), np.uint8)
    columns = np.arange(700)
    inside = (columns >= 60) & (columns < 640)
    print_of_it[20:45, inside & (columns % 20 < 4)] = 1
    print_of_it[44:48, inside & (columns % 20 < 12)] = 1
    line = np.zeros_like(print_of_it)
    line[57:60] = 1
    bare, ink = (
        np.stack([np.roll(each[:, column], round(slope * (column - 350))) for column in columns], axis=1)
        for each in (print_of_it, print_of_it | line)
    )
    word = Line(14, 56, 51, 646, "DEEP INDUCTION", 1.0)
    block = Print(0, ink, bare, np.zeros_like(ink), slope, (word,), 300.0)
    values = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    name = Box(top_row=14, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, values), name, one_row=False)
    assert ("solid", 0.95) == style_of(block, told, 0.0, 700.0, 120.0)


@pytest.mark.parametrize(("gap", "style"), [(3, "solid"), (12, "dashed")])
def test_worn_print_leaves_a_solid_line_solid(gap: int, style: str) -> None:
    """Its gaps are shorter than those that are drawn."""
    ink = np.zeros((120, 700), np.uint8)
    ink[95:98] = 1
    ink[95:98, np.arange(700) % 60 < gap] = 0
    block = Print(0, ink, np.zeros_like(ink), np.zeros_like(ink), 0.0, (), 300.0)
    box = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=True)
    assert (style, 0.95) == style_of(block, told, 0.0, 700.0, 120.0)


def test_gaps_that_differ_are_not_surely_those_of_a_dashed_line() -> None:
    """A solid line was lost beside the letters that stand on it."""
    ink = np.zeros((120, 700), np.uint8)
    ink[95:98] = 1
    for first, gap in ((40, 35), (120, 9), (180, 1), (250, 60), (360, 18), (420, 2), (470, 100), (620, 5)):
        ink[95:98, first : first + gap] = 0
    block = Print(0, ink, np.zeros_like(ink), np.zeros_like(ink), 0.0, (), 300.0)
    box = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=True)
    assert style_of(block, told, 0.0, 700.0, 120.0)[1] < SURE


@pytest.mark.parametrize(
    ("on", "off", "style"), [(8, 8, "dotted"), (8, 5, "dashed"), (12, 12, "dashed"), (4, 3, "dotted")]
)
def test_thick_dots_are_no_dashes(on: int, off: int, style: str) -> None:
    """They are no longer than the gaps between them."""
    ink = np.zeros((120, 700), np.uint8)
    ink[95:98] = np.arange(700) % (on + off) < on
    block = Print(0, ink, np.zeros_like(ink), np.zeros_like(ink), 0.0, (), 300.0)
    box = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=True)
    assert (style, 0.95) == style_of(block, told, 0.0, 700.0, 120.0)


def test_a_row_read_down_to_the_frame_has_its_sample_line_above_that() -> None:
    """The finder's box of its name reaches over the dashes below it, almost to the rule that ends the block."""
    letters = np.zeros((140, 700), np.uint8)
    letters[66:80, 250:450] = np.arange(200) % 20 < 8
    ink = letters.copy()
    ink[86:89] = np.arange(700) % 50 < 30
    ink[110:113] = 1
    block = Print(0, ink, letters, np.zeros_like(ink), 0.0, (), 300.0)
    box = Box(top_row=62, left_px=0, end_row=104, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=True)
    assert ("dashed", 0.95) == style_of(block, told, 0.0, 700.0, np.inf)


def test_a_name_on_its_sample_line_and_the_values_below_are_two_rows() -> None:
    """The finder's boxes reach over each other, and dashes of the line stand in both; letters do not."""
    bare = np.zeros((60, 400), np.uint8)
    bare[4:18, 100:300] = np.arange(200) % 12 < 5
    bare[20:22, 10:390] = np.arange(380) % 14 < 9
    bare[25:38, 10:60] = np.arange(50) % 10 < 5
    bare[25:38, 340:390] = np.arange(50) % 10 < 5
    block = Print(0, bare, bare, np.zeros_like(bare), 0.0, (), 150.0)
    lines = [
        (Line(2, 96, 29, 304, "CORRECTION (G/CC)", 0.5), "words"),
        (Line(17, 8, 41, 62, "-0.750", 0.9), "left"),
        (Line(17, 338, 41, 392, "0.2500", 0.9), "right"),
    ]
    assert [{"CORRECTION (G/CC)"}, {"-0.750", "0.2500"}] == [
        {line.text for line, _ in group} for group in grouped(block, lines)
    ]


@pytest.mark.parametrize(("chance", "numbered"), [(0.11, False), (0.6, True)])
def test_a_speck_beside_a_name_is_not_its_value(monkeypatch: pytest.MonkeyPatch, chance: float, numbered: bool) -> None:
    """Its values stand on the row below."""
    sheet = Sheet()
    sheet.words("SP (MV)", 550)
    printed = read_print(sheet.paper, 480, 690)
    speck = Line(545, RIGHT - 30, 562, RIGHT - 18, "5", chance)
    monkeypatch.setattr("veernet.register.scale_rows.edge_numbers", lambda *_: ([], [speck]))
    monkeypatch.setattr("veernet.register.scale_rows.surer", lambda _, line: line)
    (row,) = [row for row in rows_of(printed, LEFT, RIGHT) if row.words]
    assert numbered == row.numbered


@pytest.mark.parametrize("grain", [0.02, 0.05])
def test_grain_between_dashes_leaves_them_surely_dashes(grain: float) -> None:
    """It parts their gaps into many that are not alike, or that are as short as those between dots."""
    rng = np.random.default_rng(2)
    ink = np.zeros((120, 700), np.uint8)
    ink[95:98] = np.arange(700) % 50 < 30
    ink |= (rng.random(ink.shape) < grain).astype(np.uint8)
    block = Print(0, ink, np.zeros_like(ink), np.zeros_like(ink), 0.0, (), 300.0)
    box = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=True)
    assert ("dashed", 0.95) == style_of(block, told, 0.0, 700.0, 120.0)


def test_a_curve_is_not_drawn_as_the_one_below_it_whose_name_was_not_understood() -> None:
    """Its own sample line is between the two."""
    sheet = Sheet()
    sheet.row("GR (API)", "0", "150", 560)
    sheet.row("?!?", "-80", "20", 598)
    sheet.line(612)
    (curve,) = sheet.curves()
    assert ("GR", False) == (curve.mnemonic.value, curve.style.sure)


def test_a_line_for_which_no_room_is_left_is_not_sure() -> None:
    """The next row was read where it would be."""
    block = Print(0, *(np.zeros((120, 700), np.uint8) for _ in range(3)), 0.0, (), 300.0)
    box = Box(top_row=66, left_px=0, end_row=86, end_px=700)
    told = Told(Named(None, None, 0.0, None), None, None, Row("", None, None, box), box, one_row=False)
    assert ("solid", 0.3) == style_of(block, told, 0.0, 700.0, 60.0)


@pytest.mark.parametrize("caption", ["Charted by: Depth in Feet scaled 1:1200", "Created Dec 1218:19:23 2010"])
def test_how_a_log_was_drawn_names_no_curve(caption: str) -> None:
    """The caption above a block ends with a number at an edge of the track."""
    sheet = Sheet()
    sheet.words(caption, 520, right=RIGHT - 6, size=0.55)
    sheet.row("SP (MV)", "-160", "40", 600)
    rows = rows_of(read_print(sheet.paper, 480, 690), LEFT, RIGHT)
    assert [(-160.0, 40.0)] == [row.scale for row in rows if row.numbered]


@pytest.mark.parametrize(("text", "unread"), [("136.60", True), ("1", False), ("111", False)])
def test_a_value_that_no_curve_takes_leaves_its_neighbours_unsure(text: str, unread: bool) -> None:
    """A whole curve may have been lost with its name, or a second scale; a speck is neither, nor are lines of the grid."""
    name, values, more = Box(**at(0)), Box(**at(20)), Box(**at(60))
    rows = [
        Row("SP (MV)", None, None, name),
        Row("", Line(20, 0, 30, 40, "-200.0", 0.9), Line(20, 300, 30, 340, "0.0000", 0.9), values),
        Row("JB", Line(60, 0, 70, 40, text, 0.3), None, more),
    ]
    (told,) = curves_told(rows, 150)
    assert told.unread == unread


@pytest.mark.parametrize(("tall", "unread"), [(10, True), (4, False)])
def test_the_upper_half_of_a_depth_on_the_first_line_is_no_value(tall: int, unread: bool) -> None:
    """Whatever it is read as."""
    rows = [
        Row("SP (MV)", Line(0, 0, 10, 40, "-200", 0.9), Line(0, 300, 10, 340, "0", 0.9), Box(**at(0))),
        Row("", None, Line(60, 300, 60 + tall, 340, "001", 0.3), Box(**at(60))),
    ]
    (told,) = curves_told(rows, 150)
    assert told.unread == unread


@pytest.mark.parametrize(("right", "names"), [("00.00", ["GR", "SP"]), ("", ["SP"])])
def test_two_numbers_below_a_name_are_its_values_however_they_are_misread(right: str, names: list[str]) -> None:
    """One that is lost may have been no number."""
    misread = Line(20, 300, 30, 340, right, 0.3) if right else None
    rows = [
        Row("GR (API)", None, None, Box(**at(0))),
        Row("", Line(20, 0, 30, 40, "0.0000", 0.5), misread, Box(**at(20))),
        Row("SP (MV)", None, None, Box(**at(40))),
        Row("", Line(60, 0, 70, 40, "-200.0", 0.9), Line(60, 300, 70, 340, "0.0000", 0.9), Box(**at(60))),
    ]
    told = curves_told(rows, 150)
    assert names == [each.named.mnemonic for each in told if each.row.left is not None and each.row.right is not None]


@pytest.mark.parametrize(("left", "right", "second"), [("1", "1", False), ("8", "1", False), ("1", "10", True)])
def test_two_strokes_that_look_like_digits_are_no_second_scale(left: str, right: str, second: bool) -> None:
    """They are the first of the curves, below the block."""
    rows = [
        Row("SP (MV)", Line(0, 0, 10, 40, "-200", 0.9), Line(0, 300, 10, 340, "0", 0.9), Box(**at(0))),
        Row("", Line(60, 0, 70, 40, left, 0.8), Line(60, 300, 70, 340, right, 0.4), Box(**at(60))),
    ]
    (told,) = curves_told(rows, 150)
    assert (second, False) == (told.second is not None, told.unread)


@pytest.mark.parametrize(("width", "names"), [(RIGHT + 3, ["GR", "CALI"]), (700, ["CALI"])])
def test_a_rule_that_the_scans_edge_cuts_off_says_nothing_of_the_frame(width: int, names: list[str]) -> None:
    """Of the last track the scan has the rule beside some rows, and not beside others."""
    sheet = Sheet()
    for row, name, low, high in ((580, "GR (API)", "0", "150"), (650, "CALI (IN)", "6", "16")):
        sheet.row(name, low, high, row)
        sheet.line(row + 18)
    sheet.ink[562:690, [LEFT, LEFT + 1]] = sheet.ink[632:690, [RIGHT, RIGHT + 1]] = 1
    sheet.ink = sheet.ink[:, :width].copy()
    assert names == [curve.mnemonic.value for curve in sheet.curves()]


def test_a_row_that_adjoins_a_framed_one_is_of_its_block_though_its_rule_is_worn() -> None:
    """Bad copies leave pieces of rules that are too short to be some."""
    sheet = Sheet()
    for row, name, low, high in ((610, "GR (API)", "0", "150"), (640, "CALI (IN)", "6", "16")):
        sheet.row(name, low, high, row)
        sheet.line(row + 14)
    sheet.ink[626:690, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 1
    assert ["GR", "CALI"] == [curve.mnemonic.value for curve in sheet.curves()]


@pytest.mark.parametrize(("chance", "names"), [(0.9, ["GR", "SP"]), (0.2, ["SP"])])
def test_what_was_hardly_read_close_to_a_frame_is_grain(chance: float, names: list[str]) -> None:
    """It stands close to everything."""
    blank, rules = np.zeros((200, 700), np.uint8), np.zeros((200, 700), np.uint8)
    rules[60:100, [LEFT, RIGHT]] = 1
    printed = Print(0, blank, blank, rules, 0.0, (), 200.0)
    told = curves_told(
        [
            Row("GR (API)", Line(40, 110, 50, 120, "0", chance), Line(40, 560, 50, 590, "150", chance), Box(**at(40))),
            Row("SP (MV)", Line(64, 110, 74, 120, "-80", 0.9), Line(64, 560, 74, 590, "20", 0.9), Box(**at(64))),
        ],
        200.0,
    )
    assert names == [each.named.mnemonic for each in in_frame(told, printed, LEFT, RIGHT, above=True)]


@pytest.mark.parametrize("above", [True, False])
def test_what_has_no_frame_beyond_the_last_row_of_a_block_adjoins_nothing(above: bool) -> None:
    """Nothing stands between it and the track, and it is kept above a track as it is left out below one."""
    blank, rules = np.zeros((200, 700), np.uint8), np.zeros((200, 700), np.uint8)
    rules[20:60, [LEFT, RIGHT]] = 1
    printed = Print(0, blank, blank, rules, 0.0, (), 200.0)
    rows = [
        Row(name, Line(top, 110, top + 10, 120, "0", 0.9), Line(top, 560, top + 10, 590, "150", 0.9), Box(**at(top)))
        for name, top in (("GR (API)", 40), ("SP (MV)", 90))
    ]
    told = curves_told(rows, 200.0)
    found = [each.named.mnemonic for each in in_frame(told, printed, LEFT, RIGHT, above=above)]
    assert (["GR", "SP"] if above else ["GR"]) == found


def test_of_two_frames_above_a_track_the_nearer_is_its_own() -> None:
    """Another log's block, which ends in what was read of its curves."""
    sheet = Sheet()
    for row, name in ((545, "SN (OHMM)"), (590, "LAT (OHMM)"), (650, "ILD (OHMM)")):
        sheet.row(name, "0", "20", row)
    for top, end in ((505, 563), (632, 690)):
        sheet.ink[top:end, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 1
    assert ["ILD"] == [curve.mnemonic.value for curve in sheet.curves()]


def test_a_piece_of_a_broken_rule_at_an_edge_is_no_value() -> None:
    """It looks like a 1 beside a heading, and the curve's own values like those of its second scale."""
    sheet = Sheet()
    sheet.words("NEUTRON POROSITY", 550)
    sheet.ink[538:560, [LEFT - 1, LEFT, LEFT + 1]] = 1
    sheet.row("", "30", "-10", 585)
    rows = rows_of(read_print(sheet.paper, 480, 690), LEFT, RIGHT)
    assert [(30.0, -10.0)] == [row.scale for row in rows if row.numbered]


def test_what_is_printed_below_the_frame_of_a_block_below_names_no_curve() -> None:
    """The next log's header, read badly."""
    sheet = Sheet()
    sheet.row("GR (API)", "0", "150", END_ROW + 30)
    sheet.line(END_ROW + 48)
    sheet.row("Conductivity (MMHO)", "1000", "0", END_ROW + 110)
    sheet.ink[END_ROW + 10 : END_ROW + 60, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 1
    assert ["GR"] == [curve.mnemonic.value for curve in sheet.curves()]


def test_a_block_whose_frame_was_taken_for_lines_of_the_grid_is_read() -> None:
    """A track that has lost all lines but its edges begins where its block does; the first depth is below both."""
    sheet = Sheet()
    sheet.row("GR (API)", "0", "150", 600)
    sheet.line(618)
    names = [
        [curve.mnemonic.value for curve in Blocks(sheet.paper, 560, END_ROW, first_depth_row=row).curves(*EDGES)]
        for row in (560.0, FIRST_ROW + 20.0)
    ]
    assert [[], ["GR"]] == names


@pytest.mark.parametrize("framed", [True, False])
def test_what_is_printed_above_the_frame_of_a_block_names_no_curve(framed: bool) -> None:
    """A table of tools, read badly, looks like one: where no frame tells, all that is named is a curve."""
    sheet = Sheet()
    sheet.row("Conductivity (MMHO)", "1000", "0", 540)
    for row, name, low, high in ((600, "GR (API)", "0", "150"), (640, "CALI (IN)", "6", "16")):
        sheet.row(name, low, high, row)
        sheet.line(row + 18)
    if framed:
        sheet.ink[582:690, [LEFT, LEFT + 1, RIGHT, RIGHT + 1]] = 1
    assert [curve.mnemonic.value for curve in sheet.curves()] == ([] if framed else ["COND"]) + ["GR", "CALI"]


def test_the_spacing_that_a_name_begins_with_is_no_value() -> None:
    """A long name reaches as far to the left as values do."""
    sheet = Sheet()
    sheet.words("64", 552, left=LEFT + 30)
    sheet.words('" NORMAL (OHMM)', 552, left=LEFT + 72)
    sheet.row("", "0.0000", "10.000", 582)
    rows = rows_of(read_print(sheet.paper, 480, 690), LEFT, RIGHT)
    assert [(0.0, 10.0)] == [row.scale for row in rows if row.numbered]


@pytest.mark.parametrize("lost", [True, False])
def test_values_below_a_row_that_has_lost_one_of_its_own_may_be_a_second_scales(lost: bool) -> None:
    """So they are not sure, as they would be below a name without any."""
    name, values = Box(**at(0)), Box(**at(20))
    rows = [
        Row("SN (OHMM)", Line(0, 0, 10, 40, "0", 0.9) if lost else None, None, name),
        Row("", Line(20, 0, 30, 40, "0", 0.9), Line(20, 300, 30, 340, "100", 0.9), values),
    ]
    (told,) = curves_told(rows, 150)
    assert (0.0, 100.0) == told.row.scale
    assert lost == told.unread


def at(row: float) -> dict[str, float]:
    """A box of ten rows."""
    return {"top_row": row, "left_px": 0.0, "end_row": row + 10.0, "end_px": 340.0}


def numbers(*texts: str, left: float = 5, tall: float = 14) -> list[Row]:
    """Rows of a block with a number at either edge, each read well."""
    return [
        Row(
            "",
            Line(40 * index, left, 40 * index + tall, left + 40, text, 0.9),
            Line(40 * index, 555, 40 * index + tall, 595, text, 0.9),
            Box(top_row=40 * index, left_px=left, end_row=40 * index + tall, end_px=595),
        )
        for index, text in enumerate(texts)
    ]


def block(*texts: str) -> Print:
    """A print of which these lines were read."""
    ink = np.zeros((400, 700), np.uint8)
    return Print(0, ink, ink, ink, 0.0, tuple(Line(0, 0, 10, 40, text, 0.9) for text in texts), 150.0)


def left_of(rows: list[Row]) -> list[str | None]:
    """The numbers at the left edge that are left."""
    return [None if row.left is None else row.left.text for row in rows]


def test_where_all_values_have_five_digits_a_lone_one_is_a_piece_of_a_line() -> None:
    """However well it is read."""
    values = ("0.0000", "150.00", "20.000")
    rows = without_strays(block(*values), numbers("0.0000", "1", "2.0000"))
    assert ["0.0000", None, "2.0000"] == left_of(rows)
    rows = without_strays(block("0", "150", "20.000"), numbers("0", "1", "2"))
    assert ["0", "1", "2"] == left_of(rows)


@pytest.mark.parametrize(("left", "tall", "kept"), [(5, 14, "4"), (5, 5, None), (30, 14, None), (10, 14, "4")])
def test_a_lone_digit_that_is_smaller_than_values_or_beside_their_column_is_grain(
    left: float, tall: float, kept: str | None
) -> None:
    """Values stand below each other and are as tall as each other."""
    lone = numbers("4", left=left, tall=tall)[0]
    rows = [replace(lone, right=None), *numbers("0", "100", "2000")[1:]]
    assert [kept, "100", "2000"] == left_of(without_strays(block(), rows))


def test_of_two_readings_of_one_number_in_two_rows_the_surer_is_the_value() -> None:
    """A row that was cut too tall has that of the next one in it."""
    first, second = numbers("0.2", "0.2")
    tall = replace(first, left=Line(10, 5, 54, 45, "8.2", 0.2), right=None)
    assert [None, "0.2"] == left_of(without_strays(block(), [tall, second]))


def test_a_value_whose_letters_were_not_told_for_digits_is_read_again_beside_the_other_one() -> None:
    """The finder of text has cut it off, and no name stands in its row."""
    sheet = Sheet()
    sheet.words("LLS (OHMM)", 552)
    sheet.row("", "0.2000", "2000.0", 582)
    printed = read_print(sheet.paper, 480, 690)
    lefts = [line for line in printed.lines if line.left < LEFT + 60]
    assert ["0.2000"] == [line.text for line in lefts]
    without = replace(printed, lines=tuple(line for line in printed.lines if line not in lefts))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(
            "veernet.register.scale_rows.edge_numbers", lambda *_: ([], edge_numbers(printed, LEFT, RIGHT)[1])
        )
        rows = rows_of(without, LEFT, RIGHT)
    assert [(0.2, 2000.0)] == [row.scale for row in rows if row.numbered]


def test_a_piece_of_a_long_name_that_reads_as_a_number_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """Letters go on behind it."""
    sheet = Sheet()
    sheet.words("SPHERICALLY FOCUSED LOG (OHMM)", 550, right=RIGHT - 4, size=0.78)
    piece = Line(541, RIGHT - 60, 559, RIGHT - 30, "100", 0.3)
    monkeypatch.setattr("veernet.register.scale_rows.edge_numbers", lambda *_: ([], [piece]))
    rows = rows_of(read_print(sheet.paper, 480, 690), LEFT, RIGHT)
    assert ["SFLU"] == [named(row.words).mnemonic for row in rows if row.words]
    assert not any(row.numbered for row in rows)


@pytest.mark.parametrize(
    ("dpi", "share", "sure"), [(100.0, 0.96, False), (200.0, 0.96, True), (100.0, 0.999, True), (200.0, 0.9, False)]
)
def test_on_a_coarse_scan_what_has_not_all_of_the_vote_is_not_sure(
    monkeypatch: pytest.MonkeyPatch, dpi: float, share: float, sure: bool
) -> None:
    """A 140 was printed as a 100 is."""
    sheet = Sheet()
    sheet.row("GR (API)", "0", "150", 640)
    sheet.line(658)

    def vote(*given: object) -> list[Elected]:
        return [replace(each, right_share=share) for each in votes_in_track(*given)]

    monkeypatch.setattr("veernet.register.voted_curves.votes_in_track", vote)
    (curve,) = Blocks(replace(sheet.paper, dpi=dpi), FIRST_ROW, END_ROW).curves(*EDGES)
    assert (150.0, sure) == (curve.right.value, curve.right.sure)
    assert curve.mnemonic.sure

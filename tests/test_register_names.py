"""Scale blocks and headers: names, units, values, styles and facts as they are printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.block_words import read_print
from veernet.register.draft import SURE, Curve, Found
from veernet.register.edge_numbers import edge_numbers
from veernet.register.facts import date_of, legal_of_uwi, letters, service_of, state_of, state_of_api
from veernet.register.header import Header, fact_of, header_of, vouched, well_of, with_legal
from veernet.register.mnemonics import named, unit_of, usual_units
from veernet.register.paper import Paper
from veernet.register.readings import READ_ONCE, Reading, agreed
from veernet.register.scale_block import Blocks

DPI = 200
LEFT, RIGHT = 100, 600
FIRST_ROW = 700
END_ROW = 1400
EDGES = ([(FIRST_ROW, LEFT + 0.5), (END_ROW, LEFT + 0.5)], [(FIRST_ROW, RIGHT + 0.5), (END_ROW, RIGHT + 0.5)])


@dataclass
class Sheet:
    """A sheet with one track of ten divisions, to print scale blocks on."""

    ink: NDArray[np.uint8]

    def __init__(self) -> None:
        self.ink = np.zeros((2000, 700), np.uint8)
        for column in range(LEFT, RIGHT + 1, 50):
            self.ink[FIRST_ROW:END_ROW, column : column + 2] = 1

    def words(self, text: str, row: int, left: int | None = None, right: int | None = None, size: float = 0.6) -> None:
        """Print words with their middle at a row; in the middle of the track unless they begin or end somewhere."""
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
        at = left if left is not None else right - width if right is not None else (LEFT + RIGHT - width) // 2
        cv2.putText(self.ink, text, (at, row + height // 2), cv2.FONT_HERSHEY_SIMPLEX, size, 1, 2)

    def row(self, name: str, low: str, high: str, row: int) -> None:
        """A name between two values."""
        self.words(low, row, left=LEFT + 8)
        self.words(high, row, right=RIGHT - 6)
        if name:
            self.words(name, row)

    def line(self, row: int, on: int = 1, off: int = 0) -> None:
        """A sample line, so many px drawn and so many not."""
        columns = np.arange(LEFT, RIGHT)
        self.ink[row : row + 3, columns[(columns - LEFT) % (on + off) < on]] = 1

    def curves(self, decades: int | None = None) -> tuple[Curve, ...]:
        """As they are read."""
        return Blocks(self.paper, FIRST_ROW, END_ROW).curves(*EDGES, decades)

    @property
    def paper(self) -> Paper:
        """As it is scanned."""
        return Paper(self.ink.shape[1], DPI, True, 1, np.packbits(self.ink, axis=1), self.ink)


def found(curve: Curve) -> tuple[object, ...]:
    """What a manifest has of a curve."""
    return tuple(getattr(curve, key).value for key in ("mnemonic", "unit", "left", "right", "style", "wrap"))


@pytest.fixture(scope="module")
def gamma_and_caliper() -> tuple[Curve, ...]:
    """Names and values on one row each, above the sample lines; the gamma ray's second scale goes on from its first."""
    sheet = Sheet()
    for top, name, low, high in (
        (500, "Gamma Ray (GAPI)", "0", "150"),
        (545, "Gamma Ray (GAPI)", "150", "300"),
        (590, "Caliper (in)", "6", "16"),
    ):
        sheet.row(name, low, high, top)
        sheet.line(top + 18, *((1, 0) if top < 590 else (15, 8)))
    return sheet.curves()


def test_names_units_values_and_styles_are_read_off_a_block(gamma_and_caliper: tuple[Curve, ...]) -> None:
    """A digit that stands alone is read, too, and all of it is sure."""
    gamma, caliper = gamma_and_caliper
    assert ("GR", "GAPI", 0.0, 150.0, "solid", True) == found(gamma)
    assert ("CALI", "IN", 6.0, 16.0, "dashed", False) == found(caliper)
    for curve in gamma_and_caliper:
        assert all(getattr(curve, key).sure for key in ("mnemonic", "unit", "left", "right", "style", "wrap"))


def test_a_block_that_prints_second_scales_says_which_curves_do_not_wrap(gamma_and_caliper: tuple[Curve, ...]) -> None:
    """One curve has one and the other has none."""
    assert (150.0, 300.0) == gamma_and_caliper[0].backup.value
    assert "another curve" in gamma_and_caliper[1].wrap.why


def test_values_may_stand_below_the_line_that_the_name_stands_on() -> None:
    """As plotters print it; of a log track the values must be its decades apart."""
    sheet = Sheet()
    sheet.line(560, 15, 8)
    sheet.ink[540:570, 255:445] = 0
    sheet.words("ILD (OHMM)", 552)
    sheet.row("", "0.2000", "2000.", 582)
    (curve,) = sheet.curves(decades=4)
    assert ("ILD", "OHMM", 0.2, 2000.0, "dashed") == found(curve)[:5]
    assert curve.left.sure
    (curve,) = sheet.curves(decades=3)
    assert not curve.left.sure


def test_a_value_may_stand_so_close_behind_the_unit_that_no_gap_is_left() -> None:
    """Long names fill the room between the values, and all is read as one word."""
    sheet = Sheet()
    sheet.words("0.2", 560, left=LEFT + 8)
    sheet.words("DEEP INDUCTION ohm-m2000", 560, right=RIGHT - 6)
    sheet.line(578)
    (curve,) = sheet.curves(decades=4)
    assert ("ILD", "OHMM", 0.2, 2000.0) == found(curve)[:4]


def test_brackets_of_a_long_name_leave_its_sample_line_to_be_seen() -> None:
    """The name fills the track, and its brackets reach down to the line."""
    sheet = Sheet()
    sheet.words("SPONTANEOUS POTENTIAL (MV)", 548, size=0.95)
    sheet.line(561, 15, 8)
    sheet.row("", "-160", "40", 585)
    (curve,) = sheet.curves()
    assert ("SP", "MV", -160.0, 40.0, "dashed") == found(curve)[:5]


def test_a_heading_gives_its_name_and_unit_to_the_values_below_it() -> None:
    """As preprinted forms have it; a sentence between is none of it."""
    sheet = Sheet()
    sheet.words("GAMMA RAY", 420, size=0.8)
    sheet.words("API UNITS", 455)
    sheet.words("RADIOACTIVITY INCREASES", 510)
    sheet.row("", "0", "200", 560)
    sheet.line(578)
    (curve,) = sheet.curves()
    assert ("GR", "GAPI", 0.0, 200.0, "solid") == found(curve)[:5]


def test_a_potential_without_a_zero_is_named_and_has_no_values() -> None:
    """So many millivolts a division are no values at the edges: a person sets them."""
    sheet = Sheet()
    sheet.words("SELF-POTENTIAL", 440, size=0.8)
    sheet.words("millivolts", 475)
    sheet.words("- 15 +", 560)
    (curve,) = sheet.curves()
    assert ("SP", "MV", None, None) == found(curve)[:4]


def test_a_name_among_others_whose_values_are_lost_is_a_curve_all_the_same() -> None:
    """Else a track of three curves would go through as one of two."""
    sheet = Sheet()
    for top, name, low, high in ((500, "ILD (OHMM)", "0.2", "200"), (590, "SFLU (OHMM)", "0.2", "200")):
        sheet.row(name, low, high, top)
        sheet.line(top + 18)
    sheet.row("Medium Induction (OHMM)", "", "", 545)
    assert {"ILD", "ILM", "SFLU"} == {curve.mnemonic.value for curve in sheet.curves(3)}


def test_an_unusual_scale_needs_a_person_or_the_other_block() -> None:
    """A lost sign or digit makes one; what the block below says in the same words is sure."""
    sheet = Sheet()
    sheet.row("Gamma Ray (GAPI)", "0", "160", 600)
    sheet.line(618)
    (curve,) = sheet.curves()
    assert 160.0 == curve.right.value
    assert not curve.right.sure
    sheet.row("Gamma Ray (GAPI)", "0", "160", END_ROW + 40)
    sheet.line(END_ROW + 58)
    (curve,) = sheet.curves()
    assert curve.right.sure


def test_rows_of_values_that_nothing_explains_leave_the_scale_in_doubt() -> None:
    """A block for three runs has three scales: which of them holds is not known."""
    sheet = Sheet()
    sheet.words("SHORT NORMAL", 480)
    for index, (low, high) in enumerate((("0", "50"), ("0", "100"), ("30", "200"))):
        sheet.row("", low, high, 520 + 40 * index)
    (curve,) = sheet.curves()
    assert "SN" == curve.mnemonic.value
    assert not curve.right.sure


def test_the_block_below_is_read_where_there_is_none_above() -> None:
    """But what it alone says needs a person: it may be another log's."""
    sheet = Sheet()
    sheet.row("Gamma Ray (GAPI)", "0", "150", END_ROW + 40)
    sheet.line(END_ROW + 58)
    (curve,) = sheet.curves()
    assert ("GR", "GAPI", 0.0, 150.0) == found(curve)[:4]
    assert not curve.left.sure


def test_of_two_blocks_above_a_pass_the_nearer_is_its_own() -> None:
    """The other one ends the pass before."""
    sheet = Sheet()
    for top, high in ((200, "200"), (600, "100")):
        sheet.row("Gamma Ray (GAPI)", "0", high, top)
        sheet.line(top + 18)
    (curve,) = sheet.curves()
    assert 100.0 == curve.right.value


def test_two_blocks_that_differ_are_not_believed() -> None:
    """Neither of two values that were both read well."""
    sheet = Sheet()
    for row, high in ((600, "100"), (END_ROW + 40, "150")):
        sheet.row("Gamma Ray (GAPI)", "0", high, row)
        sheet.line(row + 18, 1, 30)  # no sample line: the block below is asked, too
    (curve,) = sheet.curves()
    assert "GR" == curve.mnemonic.value
    assert not curve.right.sure


@pytest.mark.parametrize(
    ("text", "expected"), [("0", "0"), ("6", "6"), ("-10", "-10"), ("15000", "15000"), ("0.2", "0.2")]
)
def test_numbers_at_an_edge_are_read_through_rules(text: str, expected: str) -> None:
    """Although a rule runs below and beside them."""
    sheet = Sheet()
    sheet.words(text, 600, left=LEFT + 8)
    sheet.ink[612:615, LEFT:RIGHT] = 1
    sheet.ink[500:700, LEFT : LEFT + 3] = 1
    lefts, _ = edge_numbers(read_print(sheet.paper, 500, 690), LEFT, RIGHT)
    assert [expected] == [line.text for line in lefts]


@pytest.mark.parametrize(
    ("words", "mnemonic", "unit"),
    [
        ("Gamma Ray (GAPI)", "GR", "GAPI"),
        ("GammaRayGAPI)", "GR", "GAPI"),
        ("dCAL (in)", "CALI", "IN"),
        ("Delta Time (usec/ft) (usec/ft)", "DT", "US/F"),
        ("SELF-POTENTIAL", "SP", None),
        ('10" Normal', "SN", None),
        ("SFLU(OHMM)", "SFLU", "OHMM"),
        ("GAMMA RAY ZERO 0 DIV. TO LEFT", None, None),
    ],
)
def test_words_name_curves_as_the_field_calls_them(words: str, mnemonic: str | None, unit: str | None) -> None:
    """By mnemonic or in words, the unit in brackets or what is left of them."""
    found = named(words)
    assert (mnemonic, unit) == (found.mnemonic, found.unit)


def test_one_name_of_two_curves_is_told_by_unit_and_scale() -> None:
    """Neutron in counts is no porosity."""
    assert "NEUT" == named("NEUTRON", unit="CPS").mnemonic
    assert "NPHI" == named("NEUTRON", scale=(45.0, -15.0)).mnemonic
    assert named("NEUTRON").likeness < 1.0


@pytest.mark.parametrize(
    ("words", "unit"),
    [
        ("API UNITS", "GAPI"),
        ("milivoits", "MV"),
        ("-ohms. m2/m", "OHMM"),
        ("GRAMS/CC.", "G/C3"),
        ("MICROGRAMS RA-EQ/TON", "UGRA-EQ/T"),
        ("OF THIS LINE", None),
    ],
)
def test_units_are_known_as_they_are_spelled(words: str, unit: str | None) -> None:
    """A letter may be misread in a long one."""
    assert unit == unit_of(words)


def test_porosity_has_the_unit_of_its_scale() -> None:
    """45 to -15 are per cent, 0.45 to -0.15 a fraction."""
    known = named("NPHI").known
    assert known is not None
    assert ("PU",) == usual_units(known, (45.0, -15.0))
    assert ("V/V",) == usual_units(known, (0.45, -0.15))


def form(facts: Sequence[tuple[str, str]]) -> Paper:
    """A header that has words of a form, and beside each what was typed."""
    ink = np.zeros((900, 1400), np.uint8)
    for index, (word, fact) in enumerate(facts):
        row = 100 + 80 * index
        cv2.putText(ink, word, (80, row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 2)
        cv2.putText(ink, fact, (400, row), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 2)
        ink[row + 14 : row + 16, 380:1300] = 1
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink)


@pytest.fixture(scope="module")
def facts() -> dict[str, Found[str]]:
    """Of a form as Kansas has them."""
    typed = (
        ("COMPANY", "WILLOW OIL COMPANY"),
        ("WELL", "HEINEN NO. 12"),
        ("COUNTY", "NEMAHA"),
        ("STATE", "KANSAS"),
        ("API NO.", "15-131-20215"),
        ("DATE", "12/26/2010"),
        ("LOCATION", "Other Services"),
    )
    return well_of(header_of(form(typed), 900), "a.tif", ("Database File: heinen-no-12.db",))


def test_facts_are_read_beside_the_words_of_a_form(facts: dict[str, Found[str]]) -> None:
    """Words keep their spaces, dates become ISO, numbers digits."""
    read = {key: fact.value for key, fact in facts.items()}
    assert ("WILLOW OIL COMPANY", "HEINEN NO. 12", "Kansas") == (read["company"], read["name"], read["state"])
    assert ("1513120215", "2010-12-26") == (read["api"], read["date"])


def test_what_stands_in_another_cell_of_the_form_is_no_fact(facts: dict[str, Found[str]]) -> None:
    """An empty place has the next words of the form beside it."""
    assert "location" not in facts


def test_a_name_that_is_printed_twice_is_sure(facts: dict[str, Found[str]]) -> None:
    """Letter by letter, whatever stands between them."""
    assert facts["name"].sure


def test_a_name_that_was_cut_off_is_not_sure() -> None:
    """A well is never called by half its name, however well that half is read."""
    name = well_of(header_of(form([("WELL", "ROGER #")]), 900), "1_Roger_1986.tif").get("name", Found[str]())
    assert not name.sure


def test_a_name_that_stands_in_two_pieces_is_read_whole() -> None:
    """A lease and its number are often found as two lines: the first alone is another well's name, or none."""
    name = well_of(header_of(form([("WELL", "PALMER   #43-A")]), 900), "a.tif")["name"]
    assert "PALMER43A" == letters(name.value or "")


def test_a_name_with_more_beside_it_is_not_sure() -> None:
    """What stands too far behind it to be read with it may be of it all the same."""
    paper = form([("WELL", "PALMER")])
    assert well_of(header_of(paper, 900), "a.tif")["name"].sure
    cv2.putText(paper.search, "43", (640, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 2)
    more = Paper(paper.width, DPI, True, 1, np.packbits(paper.search, axis=1), paper.search)
    name = well_of(header_of(more, 900), "a.tif").get("name", Found[str]())
    assert not name.sure or "PALMER43" == letters(name.value or "")


@pytest.mark.parametrize(
    ("uwi", "place"),
    [
        ("100/13-20-062-02W4/00", "13-20-062-02W4"),
        ("100/13-20-062-02V4/00", None),
        ("100/17-20-062-02W4/00", None),
        ("42-077-28462", None),
    ],
)
def test_a_unique_well_identifier_has_a_place_of_the_survey(uwi: str, place: str | None) -> None:
    """Sixteen subdivisions, thirty-six sections, six meridians west: what is none of these was misread."""
    assert place == legal_of_uwi(uwi)


def test_an_identifier_that_contradicts_the_place_beside_it_leaves_both_in_doubt() -> None:
    """One of them was misread, and nothing tells which."""
    place = Found[str](value="13-20-062-02W4", confidence=0.96)
    agreeing, contradicting, misread = (
        with_legal({"location": place, "uwi": Found[str](value=f"100/13-20-062-{end}/00", confidence=0.96)})
        for end in ("02W4", "08W4", "02V4")
    )
    assert [True, True] == [agreeing[key].sure for key in ("uwi", "location")]
    assert [False, False] == [contradicting[key].sure for key in ("uwi", "location")]
    assert [False, True] == [misread[key].sure for key in ("uwi", "location")]


@pytest.mark.parametrize(("name", "sure"), [("PALMER #60", True), ("PALMER #6O", False), ("PALMER #I2", False)])
def test_a_letter_for_a_digit_in_the_number_of_a_well_is_never_sure(name: str, sure: bool) -> None:
    """It is misread alike wherever it is printed, so that two lines vouch for nothing."""
    fact = fact_of("name", name, 0.99)
    assert fact is not None
    assert sure == fact.sure
    doubted = {"name": fact.model_copy(update={"confidence": 0.6})}
    assert sure == vouched(doubted, [f"WELL {name}", name])["name"].sure


@pytest.mark.parametrize(
    ("read", "name"), [("lOWA REALTY", "IOWA REALTY"), ("SMlTH", "SMITH"), ("Hall", "Hall"), ("McCall", "McCall")]
)
def test_a_small_l_among_capitals_is_an_i_and_not_sure(read: str, name: str) -> None:
    """Both are a bar; so is an L that has lost its foot."""
    fact = fact_of("company", read, 0.99)
    assert fact is not None
    assert name == fact.value
    assert (read == name) is fact.sure


def test_no_county_has_a_number() -> None:
    """What stands beside the word is the place in the survey, where a form's row has both."""
    assert fact_of("county", "SEC 27 T17S R10E", 0.99) is None


def reading(text: str, chance: float = 0.99) -> Reading:
    """One of several of a line."""
    return Reading(text, letters(text), chance)


@pytest.mark.parametrize(
    ("other", "sure"),
    [
        (reading("PALMER 43"), True),
        (reading("PALMR 43", 0.95), True),
        (reading("PALMER 48", 0.7), False),
        (reading("PAIMER 43", 0.9), False),
        (reading("J PALMER 43", 0.3), False),
    ],
    ids=["alike", "a letter lost", "another digit", "another letter", "a letter more"],
)
def test_a_fact_is_sure_only_if_it_is_read_alike_however_it_is_shown(other: Reading, sure: bool) -> None:
    """Nothing else tells a misread digit of a number; letters that readers lose are no contradiction."""
    text, chance = agreed([*[reading("PALMER 43")] * 3, other])
    assert ("PALMER 43", sure) == (text, chance > READ_ONCE)


def test_two_readings_are_too_few_to_be_sure() -> None:
    """Each for itself is surer than it is right."""
    assert agreed([reading("PALMER 43")] * 2)[1] <= READ_ONCE
    assert agreed([reading("PALMER 43", 0.9)] * 3)[1] > READ_ONCE


def test_spaces_are_those_that_two_readings_have() -> None:
    """Readers lose them between words, and see one where letters stand apart."""
    lost = [reading("PALMER43"), reading("PALMER 43"), reading("PALMER 43"), reading("PALMER43"), reading("PALMER43")]
    added = [reading("PECOS"), reading("PE COS"), reading("PECOS")]
    assert ("PALMER 43", "PECOS") == (agreed(lost)[0], agreed(added)[0])


def row(ink: NDArray[np.uint8], at: int, *words: tuple[str, int]) -> None:
    """Print words side by side, each from a column on."""
    for text, column in words:
        cv2.putText(ink, text, (column, at), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 2)


def paper_of_ink(ink: NDArray[np.uint8]) -> Paper:
    """As it was scanned."""
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink)


def test_a_fact_ends_where_the_form_goes_on() -> None:
    """The state stands beside the county, and close behind it."""
    ink = np.zeros((900, 1400), np.uint8)
    row(ink, 100, ("COUNTY", 80), ("PECOS", 400), ("STATE", 560), ("TEXAS", 700))
    row(ink, 180, ("WELL", 80), ("STATE 2-36", 400))
    facts = well_of(header_of(paper_of_ink(ink), 900), "a.tif")
    assert ("PECOS", "Texas", "STATE236") == (
        facts["county"].value,
        facts["state"].value,
        letters(facts["name"].value or ""),
    )
    assert facts["county"].sure


def test_an_empty_county_is_not_the_state_beside_it() -> None:
    """Provinces have no counties, and forms for both leave the place empty."""
    ink = np.zeros((900, 1400), np.uint8)
    row(ink, 100, ("COUNTY", 80), ("STATE", 400), ("ALBERTA", 540))
    facts = well_of(header_of(paper_of_ink(ink), 900), "a.tif")
    assert ("county" in facts, facts["state"].value) == (False, "Alberta")


def test_a_name_that_goes_on_in_the_next_row_is_not_sure() -> None:
    """Companies are too long for their place more often than not."""
    ink = np.zeros((900, 1400), np.uint8)
    row(ink, 100, ("COMPANY", 80), ("ORION SMELTING", 400))
    assert well_of(header_of(paper_of_ink(ink), 900), "a.tif")["company"].sure
    row(ink, 144, ("& MINING COMPANY", 400))
    assert not well_of(header_of(paper_of_ink(ink), 900), "a.tif")["company"].sure


def test_a_name_that_runs_into_a_rule_is_not_sure() -> None:
    """What does not fit before the frame of a form is not printed."""
    ink = np.zeros((900, 1400), np.uint8)
    row(ink, 100, ("COMPANY", 80), ("ORION MINI", 400))
    end = int(np.flatnonzero(ink.any(axis=0))[-1])
    assert well_of(header_of(paper_of_ink(ink), 900), "a.tif")["company"].sure
    ink[20:300, end + 4 : end + 8] = 1
    assert not well_of(header_of(paper_of_ink(ink), 900), "a.tif").get("company", Found[str]()).sure


@pytest.mark.parametrize("turns", [0, 1], ids=["upright", "turned"])
def test_an_api_number_may_stand_below_its_word(turns: int) -> None:
    """In a place of its own, which is often too narrow for it."""
    ink, number = np.zeros((900, 1400), np.uint8), np.zeros((50, 240), np.uint8)
    row(ink, 100, ("API No.", 80), ("COMPANY", 400), ("ORION OIL", 600))
    ink[20:700, 330:333] = 1
    row(number, 36, ("15-131-20,215", 4))
    number = np.rot90(number, turns)
    ink[150 : 150 + number.shape[0], 70 : 70 + number.shape[1]] |= number
    api = well_of(header_of(paper_of_ink(ink), 900), "a.tif")["api"]
    assert (api.value or "").startswith("1513120215")
    assert api.sure


def test_only_the_form_tells_which_way_a_header_is_printed() -> None:
    """The caption and the scale block below it stand upright on either."""
    form_ink = np.zeros((600, 1000), np.uint8)
    for index, (word, fact) in enumerate((("COMPANY", "ORION OIL"), ("WELL", "HEINEN NO. 12"), ("FIELD", "WILDCAT"))):
        row(form_ink, 100 + 80 * index, (word, 40), (fact, 300))
    ink = np.zeros((1600, 1400), np.uint8)
    ink[:1000, :600] = np.rot90(form_ink, -1)
    for at in range(1060, 1580, 50):
        row(ink, at, ("COMPENSATED NEUTRON POROSITY LIMESTONE MATRIX", 100))
    paper = paper_of_ink(ink)
    assert "name" not in header_of(paper, 1600).facts
    assert "HEINEN NO. 12" == header_of(paper, 1600, 1000).facts["name"].value


def test_every_state_has_its_code() -> None:
    """A misread code is another state's, which then contradicts the one that is printed."""
    states = ("03-123-07579", "Arkansas"), ("30-025-02016", "New Mexico"), ("51-003-00001", "Hawaii")
    assert [name for _, name in states] == [state_of_api(number) for number, _ in states]


def test_half_a_name_is_not_vouched_for_by_the_whole() -> None:
    """What a narrow place has cut off stands in the whole name, too."""
    doubted = {"company": Found[str](value="SMELTING EXPLORAT", confidence=0.6)}
    printed = "SMELTING EXPLORAT"
    assert vouched(doubted, [printed, printed])["company"].sure
    assert not vouched(doubted, [printed, "COMPANY SMELTING EXPLORATION INC"])["company"].sure


def test_the_state_is_that_of_the_api_number() -> None:
    """Its first two digits are the state's code; a state that says otherwise makes both unsure."""
    assert "North Dakota" == well_of(Header(), "33-025-02016-0001.tif")["state"].value
    told = well_of(header_of(form([("STATE", "TEXAS"), ("API NO.", "15-131-20215")]), 900), "a.tif")
    assert not told["state"].sure
    assert not told["api"].sure


@pytest.mark.parametrize(
    ("text", "number", "sure"),
    [
        ("42-387-39839", "4238739839", True),
        ("42-387-39839-0000", "42387398390000", True),
        ("42-387-39839-OOO0", "4238739839", False),
        ("42-387-39839-00", "4238739839", False),
        ("42-387-39839--00-00", "42387398390000", True),
        ("42-387-39839 -00- 00", "42387398390000", True),
        ("42-387-39839 00", "4238739839", False),
    ],
)
def test_an_api_number_that_goes_on_and_cannot_be_read_to_its_end_is_not_sure(
    text: str, number: str, sure: bool
) -> None:
    """Its first ten digits are another well's number as far as a manifest goes."""
    fact = fact_of("api", text, 0.99)
    assert fact is not None
    assert (number, sure) == (fact.value, fact.sure)


@pytest.mark.parametrize(
    ("text", "date", "sure"),
    [
        ("12/26/2010", "2010-12-26", True),
        ("24-JUN-2018", "2018-06-24", True),
        ("DEC 12, 1998", "1998-12-12", True),
        ("7-25-53", "1953-07-25", False),
        ("4/5/2010", "2010-04-05", False),
        ("13/32/2010", None, False),
        ("3-24-1846", None, False),
    ],
)
def test_dates_are_taken_as_forms_have_them(text: str, date: str | None, sure: bool) -> None:
    """Sure where day, month and year cannot be taken for each other."""
    found = date_of(text)
    assert date == (found[0] if found else None)
    assert sure == (found is not None and found[1] >= SURE)


@pytest.mark.parametrize(
    ("text", "state"), [("TEIAS", "Texas"), ("NORTHDAKOTA", "North Dakota"), ("ALBERTA", "Alberta"), ("HLICO", None)]
)
def test_a_state_is_known_though_a_letter_is_misread(text: str, state: str | None) -> None:
    """But then it is not sure."""
    found = state_of(text)
    assert state == (found[0] if found else None)


def test_a_service_company_is_sure_only_where_a_line_is_its_name() -> None:
    """One that owns another is not the one that logged."""
    banner, owner = service_of("HALLIBURTON"), service_of("A Schlumberger Company of Texas")
    assert banner is not None
    assert owner is not None
    assert banner[1] >= SURE > owner[1]

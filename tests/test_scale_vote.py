"""Names and values of a scale block vote together by the chances of their letters."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.register.draft import SURE
from veernet.register.scale_vote import Row, Values, elected
from veernet.register.spelling import Spelled, spelled_names
from veernet.register.text import CHARACTERS, Line
from veernet.register.track_vote import votes_in_track
from veernet.register.value_print import NumberPrint, best_number, written


def printed(text: str, sure: float = 0.97, doubtful: dict[int, str] | None = None) -> NDArray[np.float32]:
    """What the reader makes of a text: a step for each character and none between them; doubtful ones are as likely another."""
    steps = np.full((2 * len(text) + 1, 1 + len(CHARACTERS)), (1.0 - sure) / len(CHARACTERS), np.float32)
    steps[::2, 0] = sure
    for index, character in enumerate(text):
        others = character + (doubtful or {}).get(index, "")
        for other in others:
            steps[2 * index + 1, CHARACTERS.index(other) + 1] = sure / len(others)
    return steps


def line(text: str, doubtful: dict[int, str] | None = None) -> Line:
    """A line of print that reads so."""
    return Line(0.0, 0.0, 10.0, 10.0 * len(text), text, 0.97, printed(text, doubtful=doubtful))


def names(text: str, doubtful: dict[int, str] | None = None) -> Spelled:
    """What the print of a name says."""
    found = spelled_names(printed(text, doubtful=doubtful))
    assert found is not None
    return found


def row(name: str, left: str | None, right: str | None, unit: str | None = None) -> Row:
    """A row of a scale block."""
    return Row(names(name), unit, Values(line(left) if left else None, line(right) if right else None))


@pytest.mark.parametrize(
    ("text", "mnemonic"), [("GAMMA RAY", "GR"), ("Caliper", "CALI"), ("SP", "SP"), ("NEUTRON POROSITY", "NPHI")]
)
def test_a_name_is_likelier_its_curve_than_any_other_or_none(text: str, mnemonic: str) -> None:
    """Capitals and spaces say nothing."""
    found = names(text)
    (best, _), chance = max(found.named.items(), key=lambda item: item[1])
    assert best == mnemonic
    assert chance > found.other


def test_letters_that_cannot_be_told_leave_a_name_what_it_is() -> None:
    """Blots that are as likely three other letters each."""
    found = names("GAMMA RAY", doubtful={1: "NRW", 6: "HPB"})
    assert max(found.named, key=lambda key: found.named[key])[0] == "GR"


@pytest.mark.parametrize(("text", "value"), [("02", 0.2), ("-025", -0.25), ("-00.00", 0.0), ("0.2", 0.2), ("0", 0.0)])
def test_a_point_is_put_behind_a_leading_nought_only_where_none_is(text: str, value: float) -> None:
    """Broken print has noughts of its own."""
    assert value == best_number(line(text))


def test_words_that_name_no_curve_are_none() -> None:
    """And no line at all says nothing."""
    found = names("XQWZKV")
    assert max(found.named.values()) < found.other
    assert spelled_names(np.zeros((0, 1 + len(CHARACTERS)), np.float32)) is None


def test_name_and_usual_values_make_each_other_sure() -> None:
    """A gamma ray from 0 to 150."""
    winner = elected([row("GAMMA RAY", "0", "150")], None)
    assert winner.known is not None
    assert (winner.known.mnemonic, winner.left, winner.right, winner.usual) == ("GR", 0.0, 150.0, True)
    assert min(winner.mnemonic, winner.left_share, winner.right_share) > 0.95


def test_a_digit_in_doubt_is_what_makes_a_usual_scale() -> None:
    """150, of which the middle may be a 6, an 8 or a 9; alone it would be one of the four."""
    values = Values(line("0"), line("150", doubtful={1: "689"}))
    winner = elected([Row(names("GAMMA RAY"), None, values)], None)
    assert (winner.left, winner.right) == (0.0, 150.0)
    assert winner.right_share > 0.8


def test_the_other_block_outvotes_a_misread_one() -> None:
    """What stands above and below the track is of one curve."""
    above, below = row("GAMMA RAY", "0", "150"), row("GAMMA RAY", "0", "160")
    winner = elected([above, below], None)
    assert (winner.left, winner.right) == (0.0, 150.0)


def test_values_that_are_not_usual_are_said_to_be_so() -> None:
    """They may be right, and they are not known to be."""
    winner = elected([row("GAMMA RAY", "13", "87")], None)
    assert (winner.left, winner.right, winner.usual) == (13.0, 87.0, False)


def test_values_that_are_no_decades_apart_are_not_a_log_tracks() -> None:
    """The same print, on a linear track and on one of four decades."""
    resistivity = row("DEEP INDUCTION", "0.2", "2000", unit="OHMM")
    assert elected([resistivity], 4).right_share > elected([resistivity], 3).right_share
    assert (elected([resistivity], 4).left, elected([resistivity], 4).right) == (0.2, 2000.0)


def test_what_both_blocks_are_read_as_is_not_twice_as_sure() -> None:
    """They are printed in one face: an L that looks like an I does so in both."""
    steps = printed("ILD")
    steps[1, CHARACTERS.index("I") + 1], steps[1, CHARACTERS.index("L") + 1] = 0.93, 0.05
    spelled = spelled_names(steps)
    one, two = (elected(count * [Row(spelled, None, Values(line("0.2"), line("20")))], 2) for count in (1, 2))
    assert one.known is not None
    assert "ILD" == one.known.mnemonic
    odds = [vote.mnemonic / (1.0 - vote.mnemonic) for vote in (one, two)]
    assert odds[0] < odds[1] < odds[0] ** 1.8


@pytest.mark.parametrize(("beside", "mnemonic"), [("LATEROLOG DEEP", "LLS"), ("DEEP INDUCTION", "LL8")])
def test_curves_of_one_tool_stand_beside_each_other(beside: str, mnemonic: str) -> None:
    """An S that may as well be an 8: shallow laterologs come with deep ones, laterologs of 8 electrodes with induction."""
    doubtful = Row(names("LLS", {2: "8"}), None, Values(line("0.2"), line("2000")))
    _, vote = votes_in_track([[row(beside, "0.2", "2000")], [doubtful]], 4)
    assert vote.known is not None
    assert mnemonic == vote.known.mnemonic
    assert vote.mnemonic > elected([doubtful], 4).mnemonic


def test_no_curve_stands_twice_in_a_track() -> None:
    """A letter that is lost would make one normal of the other."""
    doubtful = Row(names("SN (OHMM)", {0: "L"}), None, Values(line("0"), line("50")))
    _, vote = votes_in_track([[row("SN (OHMM)", "0", "50")], [doubtful]], None)
    assert vote.known is not None
    assert "LN" == vote.known.mnemonic
    assert vote.mnemonic >= SURE


def test_a_row_without_numbers_has_none() -> None:
    """Nothing stands in for them."""
    winner = elected([row("GAMMA RAY", None, None)], None)
    assert winner.known is not None
    assert (winner.known.mnemonic, winner.left, winner.right) == ("GR", None, None)


@pytest.mark.parametrize(
    ("value", "form"), [(0.2, ".2"), (0.45, "0.450"), (-0.15, "-0.15"), (2000.0, "2000.0"), (6.0, "6.")]
)
def test_a_number_is_known_in_each_way_that_it_is_written(value: float, form: str) -> None:
    """With a nought before its point or none, and filled up."""
    assert form in written(value)
    shown = NumberPrint.of(line(form))
    assert shown.chance(value) > shown.chance(value + 1.0) + 3.0

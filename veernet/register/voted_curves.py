"""Curves of a track as its scale blocks tell them: what their print was voted to say, field by field, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from veernet.register.curves_told import Told, name_of_values
from veernet.register.draft import SURE, Curve, Found, Style
from veernet.register.mnemonics import Known, Scale, usual_units
from veernet.register.scale_vote import Elected, Values
from veernet.register.scale_vote import Row as VoteRow
from veernet.register.track_vote import votes_in_track
from veernet.register.two_blocks import Seen, capped, style_by
from veernet.register.value_print import NumberPrint

_MOST = 0.97
_UNUSUAL = 0.9
_UNREAD = 0.6
_HARDLY = 0.2
"""Chance below which an unusual number is none: strokes of curves and rules look like digits."""
_READ = 0.7
"""Chance from which on a number is taken as read."""
_UNKNOWN = 0.7
"""Confidence in a name, a unit, of a curve that is none of those that are known."""


def voted_curves(
    pairs: Sequence[tuple[Seen | None, Seen | None]],
    decades: int | None,
    *,
    below_alone: bool = False,
    coarse: bool = False,
) -> tuple[Curve, ...]:
    """The curves of a track that are printed in the block above, the block below or both.

    Args:
        pairs: Each curve as the block above and the one below tell it; None where one has not got it.
        decades: Of a log track; 0 of one whose lines are lost, which may be one; None of an even one.
        below_alone: Whether what only the block below says may be sure.
        coarse: Whether the print is: what has not all of the vote is not sure then.
    """
    both = [[each for each in pair if each is not None] for pair in pairs]
    votes = votes_in_track([[_evidence(each.told) for each in seen] for seen in both], decades)
    unread = [
        any(each.told.unread for each in seen) or vote.second == "unread"
        for seen, vote in zip(both, votes, strict=True)
    ]
    wraps = _wraps(votes, unread)
    found = []
    for (above, _), seen, vote, doubtful, wrap in zip(pairs, both, votes, unread, wraps, strict=True):
        curve = _curve(seen, vote, wrap, decades, doubtful=doubtful)
        curve = _of_coarse_print(curve) if coarse else curve
        found.append(curve if above is not None or below_alone else capped(curve))
    return tuple(found)


def _of_coarse_print(curve: Curve) -> Curve:
    """A curve, none of what was voted on sure that has another likelihood left: below 150 dpi a 4 may be printed as a 0 is.

    Of 400 drawn papers 13 fields had 0.95 to 0.97 there, two of them wrong; none of 78 was on finer scans.
    """
    updates = {}
    for key in ("mnemonic", "unit", "left", "right"):
        field: Found[Any] = getattr(curve, key)
        if SURE <= field.confidence < _MOST:
            updates[key] = field.model_copy(
                update={"confidence": _UNUSUAL, "why": "it may be something else, as coarse as it is"}
            )
    return curve.model_copy(update=updates)


def _evidence(told: Told) -> VoteRow:
    second = Values(told.second.left, told.second.right) if told.second is not None else None
    return VoteRow(name_of_values(told), told.unit, Values(told.row.left, told.row.right), second)


def _curve(seen: Sequence[Seen], vote: Elected, wrap: Found[bool], decades: int | None, *, doubtful: bool) -> Curve:
    told = seen[0].told
    words = told.row.words if told.one_row else ""
    left, right = _values(seen, vote, decades, doubtful=doubtful)
    backup = Found[tuple[float, float]]()
    if vote.second in ("goes on", "tenfold") and vote.left is not None and vote.right is not None:
        goes_on = vote.second == "goes on"
        pair = (vote.right, 2 * vote.right - vote.left) if goes_on else (10 * vote.left, 10 * vote.right)
        backup = Found(value=pair, confidence=_certainty(vote.second_share), why="a second scale is printed")
    return Curve(
        mnemonic=_mnemonic(told, vote),
        unit=_unit(told, vote),
        description=vote.known.name if vote.known else words,
        style=_style(seen, vote),
        left=left,
        right=right,
        backup=backup,
        wrap=wrap,
        box=told.box,
    )


def _style(seen: Sequence[Seen], vote: Elected) -> Found[Style]:
    """How a curve is drawn; of one that nobody knows, whose row may be no curve's or be cut off, or that has no values, that is not sure."""
    found = style_by(seen)
    known = vote.known is not None and seen[0].told.row.numbered
    return found if known else found.model_copy(update={"confidence": min(found.confidence, _UNKNOWN)})


def _certainty(share: float) -> float:
    """Confidence in what has a share of all that may be."""
    return round(min(_MOST, share), 3)


def _mnemonic(told: Told, vote: Elected) -> Found[str]:
    why = f"printed as {told.row.words!r}" if told.one_row else "printed above its values"
    if vote.known is None:
        return Found(value=told.named.mnemonic, confidence=_UNKNOWN if told.named.mnemonic else 0.0, why=why)
    # Name, unit and scale vouch for one another.
    by_letters = told.named.likeness == 1.0 and told.named.known is vote.known
    # A unit that the letters of the name's own line were taken for says no more than these letters.
    own_unit = told.unit == told.named.unit and told.named.likeness < 1.0
    vouched = vote.usual or by_letters or (told.unit in vote.known.units and not own_unit)
    sure = _certainty(vote.mnemonic)
    return Found(
        value=vote.known.mnemonic, confidence=sure if vouched and told.row.numbered else min(sure, _UNUSUAL), why=why
    )


def _unit(told: Told, vote: Elected) -> Found[str]:
    if vote.known is None:
        return Found(value=told.unit, confidence=_UNKNOWN if told.unit else 0.0)
    read = told.unit == vote.unit and told.named.likeness == 1.0
    sure = _certainty(vote.unit_share)
    why = "by its name, its values and what is printed"
    return Found(value=vote.unit, confidence=sure if vote.usual or read else min(sure, _UNUSUAL), why=why)


def _values(
    seen: Sequence[Seen], vote: Elected, decades: int | None, *, doubtful: bool
) -> tuple[Found[float], Found[float]]:
    """The values at the edges: sure where they were read and are those that the curve is usually drawn between."""
    most, why = _MOST, ""
    scale = None if vote.left is None or vote.right is None else (vote.left, vote.right)
    if not vote.usual:
        most, why = _MOST if scale is not None and _agreed(seen, scale, vote.known) else _UNUSUAL, "an unusual scale"
    if doubtful:
        most, why = _UNREAD, "numbers below it were not understood"
    if decades and not any(_has_decades(pair, decades) for pair in _read_scales(seen, scale)):
        most, why = _UNREAD, f"its values are not {decades} decades apart"
    found = []
    for side, value, share in (("left", vote.left, vote.left_share), ("right", vote.right, vote.right_share)):
        lines = [line for each in seen if (line := getattr(each.told.row, side)) is not None]
        if value is None or not lines or (not vote.usual and all(line.confidence < _HARDLY for line in lines)):
            found.append(Found[float]())
        elif any(NumberPrint.of(line).says(value) for line in lines):
            found.append(Found[float](value=value, confidence=round(min(most, share), 3), why=why))
        else:
            guessed = "its print hardly says so"
            found.append(Found[float](value=value, confidence=round(min(_UNREAD, share), 3), why=why or guessed))
    return found[0], found[1]


def _read_scales(seen: Sequence[Seen], elected_scale: Scale | None) -> list[Scale]:
    """The scales that were read well, by themselves; without one of these, that which was elected."""
    rows = [each.told.row for each in seen if each.told.row.least_chance >= _READ]
    read = [row.scale for row in rows if not row.lost_a_point]
    # Two equal values are no scale: a speck before one of them was read as its point.
    kept = [scale for scale in read if scale is not None and scale[0] != scale[1]]
    return kept or ([] if elected_scale is None else [elected_scale])


def _agreed(seen: Sequence[Seen], scale: tuple[float, float], known: Known | None) -> bool:
    """Whether both blocks were read with an unusual scale that is no usual one with its signs or points lost, as faint print loses them twice."""
    if len(seen) < 2 or any(each.told.row.scale != scale for each in seen):
        return False
    if known is None:
        return True
    left, right = scale
    near = [
        (left * by * one, right * by * other) for by in (0.01, 0.1, 1.0, 10.0) for one in (1, -1) for other in (1, -1)
    ]
    ends = [(left * by, right) for by in (0.1, 10.0)] + [(left, right * by) for by in (0.1, 10.0)]
    return not any(usual_units(known, each) for each in near + ends)


def _has_decades(scale: tuple[float, float], decades: int) -> bool:
    left, right = scale
    return left > 0 and right > 0 and abs(abs(math.log10(right / left)) - decades) < 0.01


def _wraps(votes: Sequence[Elected], unread: Sequence[bool]) -> list[Found[bool]]:
    """The wrap of each: a second scale that goes on from the first says so, and where one curve has it, those without do not wrap."""
    printed = any(vote.second == "goes on" for vote in votes)
    found = []
    for vote in votes:
        if vote.second == "goes on":
            sure = _certainty(vote.second_share)
            found.append(Found[bool](value=True, confidence=sure, why="a second scale goes on from the first"))
        elif any(unread):
            why = "a row of the scale block was not understood"
            found.append(Found[bool](value=False, confidence=0.5, why=why))
        elif printed:
            why = "another curve's second scale is printed, none of this one"
            found.append(Found[bool](value=False, confidence=0.96, why=why))
        else:
            why = "no second scale is printed, but the curve may wrap all the same"
            found.append(Found[bool](value=False, confidence=0.9, why=why))
    return found

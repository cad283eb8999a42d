"""The well's facts, as far as its header can be read: words beside the form's own, and a number in the scan's file name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from veernet.register.api_number import api_in, may_be_api
from veernet.register.block_words import Print, print_of
from veernet.register.draft import SURE, Found
from veernet.register.facts import (
    date_of,
    has_bar,
    legal_of,
    legal_of_uwi,
    letters,
    one_case,
    service_of,
    state_of,
    state_of_api,
)
from veernet.register.form import READ_DPI, after, below, beside
from veernet.register.form_words import keys_of, says_form, stripped, without_key
from veernet.register.paper import Bits, Paper
from veernet.register.readings import READ_ONCE
from veernet.register.text import Line, text_boxes

Facts = dict[str, Found[str]]

_TALLEST_INCHES = 9.0
_LOOK_DPI = 60.0
_FEW_INCHES, _MORE = 4.0, 1.3
"""Of words that run across the paper; and how many times those that stand upright they are where the header is turned."""
_GOES_ON = re.compile(r"(#|&|,|\bNO\.?|[- ][A-Z]\.?)$", re.IGNORECASE)
"""What a fact ends with that was cut off."""
_WORDS = ("company", "name", "field", "county", "location")
"""Facts of any length, so that nothing but themselves tells whether they are whole."""
_MAY_BE: dict[str, Callable[[str], bool]] = {"api": may_be_api}
"""What texts are looked for beside a form's word, where not any will do."""
_SURE_READ = 0.95
"""Below, one fact in five has a letter that another was taken for: heavy print is read with more confidence than it deserves."""
_VOUCHED = 0.97
_DOUBTED = 0.6
"""Of facts that contradict each other."""
_FEWEST_LETTERS = 5
"""Of a fact that another line of print can vouch for."""
_LETTER_FOR_DIGIT = re.compile(r"\d[OQISZ]|\b[OQISZ]\d", re.IGNORECASE)
"""In the number of a well: a misread one looks the same wherever it is printed."""


@dataclass(frozen=True)
class Header:
    """What a header alone says, and its lines of print."""

    facts: Facts = field(default_factory=dict)
    texts: tuple[str, ...] = ()


def header_of(paper: Paper, until_row: float, form_row: float | None = None) -> Header:
    """Read a header.

    Args:
        paper: The scan.
        until_row: Row of the scan that the header ends above, full px.
        form_row: Row that its form surely ends above, if that is known: what follows, captions and scale blocks, stands upright whichever way the form does.
    """
    rows = min(until_row, _TALLEST_INCHES * paper.dpi)
    if rows < paper.dpi:
        return Header()
    printed = _print(paper, rows, min(rows, form_row or rows))
    return Header(_facts(printed), tuple(line.text for line in printed.lines))


def well_of(header: Header, name: str, words: Sequence[str] = ()) -> Facts:
    """The facts of a well.

    Args:
        header: Of its scan.
        name: Of the scan's file.
        words: Lines that are printed elsewhere on the scan, and may say the same.
    """
    found = _from_name(name)
    for key, fact in header.facts.items():
        if fact.confidence > found.get(key, Found[str]()).confidence:
            found[key] = fact
    if header.texts:
        found = vouched(found, [*header.texts, *words])
    return with_legal(_with_state(found))


def _from_name(name: str) -> Facts:
    """An API number that the scan is called by."""
    digits, _ = api_in(name)  # archives number the scans of a well behind it
    return {"api": Found(value=digits, confidence=0.96, why="the scan's file is called by it")} if digits else {}


def _print(paper: Paper, rows: float, form_rows: float) -> Print:
    """The print of a header as it is read: many are printed across the paper, as those rows of it tell that are its form's alone, unless they are few."""
    ink = paper.crop(0, rows)
    if _is_turned(paper, form_rows if form_rows >= paper.dpi else rows):
        ink = np.ascontiguousarray(np.rot90(ink))
    return print_of(ink, 0, paper.dpi, max(1, round(paper.dpi / READ_DPI)))


def _small(paper: Paper, rows: float, dpi: float) -> tuple[Bits, float]:
    """A header at about so many dots an inch, and at how many it is."""
    ink = paper.search[: int(rows / paper.factor)]
    scale = min(1.0, dpi / paper.search_dpi)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    small = cv2.resize(ink * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 80
    return small.astype(np.uint8), scale * paper.search_dpi


def _is_turned(paper: Paper, rows: float) -> bool:
    """Whether most words of a header run across the paper; where few are seen that say so, a finer look tells, for some of any form do."""
    turned, upright = _inches_of_words(*_small(paper, rows, _LOOK_DPI))
    if _FEW_INCHES > turned > _MORE * upright:
        turned, upright = _inches_of_words(*_small(paper, rows, READ_DPI))
    return turned > _MORE * upright


def _inches_of_words(ink: Bits, dpi: float) -> tuple[float, float]:
    """Length of words that run across the paper, and of those that stand upright."""

    def long_lines(seen: Bits) -> float:
        return sum(max(0.0, (right - left) - (end - top)) for top, left, end, right in text_boxes(seen)) / dpi

    return long_lines(np.ascontiguousarray(np.rot90(ink))), long_lines(ink)


def _facts(printed: Print) -> Facts:
    found: Facts = {}
    for line in printed.lines:
        for key, value, chance in _beside(line, printed):
            fact = fact_of(key, value, chance)
            if fact is not None and fact.confidence > found.get(key, Found[str]()).confidence:
                found[key] = fact
        service = service_of(line.text)
        if service and service[1] > found.get("service_company", Found[str]()).confidence:
            found["service_company"] = Found(value=service[0], confidence=service[1], why=f"printed as {line.text!r}")
    return found


def _beside(line: Line, printed: Print) -> list[tuple[str, str, float]]:
    """Keys and values that a line of a form gives: after its own first words, or to the right of it; a number of a well also below."""
    text = stripped(line.text)
    begins = line.text.index(text)
    found = []
    for key, at in keys_of(text):
        may_be = _MAY_BE.get(key, bool)
        value = beside(printed, line, may_be) if at is None else after(printed, line, begins + at)
        if value is not None:
            chance = min(value.chance, READ_ONCE) if value.partly and key in _WORDS else value.chance
            found.append((key, without_key(value.text, key), chance))
        elif key == "api" and at is None:
            found += [(key, number.text, number.chance) for number in below(printed, line, may_be)]
    return found


def fact_of(key: str, value: str, chance: float) -> Found[str] | None:
    """What stands beside a key of a form as a fact; None where it is none.

    Args:
        key: Of the manifest.
        value: As read.
        chance: That it is read right.
    """
    whole = not _GOES_ON.search(value)
    confidence = 0.96 if chance >= _SURE_READ and whole else round(0.9 * min(chance, 0.9), 3)
    if key == "date":
        date = date_of(value)
        return (
            None
            if date is None
            else Found(value=date[0], confidence=min(date[1], confidence), why="read off the header")
        )
    if key == "api":
        digits, all_of_it = api_in(value)
        sure = confidence if all_of_it else min(confidence, _DOUBTED)
        return None if digits is None else Found(value=digits, confidence=sure, why="read off the header")
    if key in ("state", "province"):
        state = state_of(value)
        return None if state is None else Found(value=state[0], confidence=state[1], why=f"printed as {value!r}")
    if (
        len(letters(value)) < 2
        or says_form(value)
        or (key != "uwi" and not any(letter.isalpha() for letter in value))
        or (key == "county" and any(letter.isdigit() for letter in value))
        or (key == "uwi" and sum(letter.isdigit() for letter in value) < 8)
    ):
        return None
    doubted = has_bar(value) or (key == "name" and _LETTER_FOR_DIGIT.search(value))
    sure = min(confidence, _DOUBTED) if doubted else confidence
    return Found(value=one_case(value), confidence=sure, why="read off the header")


def vouched(facts: Facts, texts: Sequence[str]) -> Facts:
    """With those as sure that two lines of print say, letter by letter."""
    found = dict(facts)
    for key, fact in facts.items():
        said = letters(fact.value or "")
        whole = len(said) >= _FEWEST_LETTERS and not _GOES_ON.search(fact.value or "")
        doubtful = key == "name" and _LETTER_FOR_DIGIT.search(fact.value or "")
        if fact.confidence >= SURE or not whole or doubtful or key in ("state", "date", "service_company"):
            continue
        if sum(_says_whole(text, said) for text in texts) >= 2:
            found[key] = fact.model_copy(update={"confidence": _VOUCHED, "why": "printed twice in the same letters"})
    return found


def _says_whole(text: str, said: str) -> bool:
    """Whether a line says so many letters and, before a mark that ends them, no more: half of a name vouches for none."""
    between = r"[^A-Z0-9]*"
    return re.search(between.join(said) + r"\s*([\\/.:;_|]|$)", text.upper()) is not None


def _with_state(facts: Facts) -> Facts:
    """With the state that the API number begins with; one that says otherwise makes neither sure."""
    api, state = facts.get("api", Found[str]()), facts.get("state", Found[str]())
    by_number = state_of_api(api.value or "")
    if by_number is None:
        return facts
    if state.value is None or state.value == by_number:
        sure = max(state.confidence, api.confidence)
        both = state.value is not None
        number = api.model_copy(update={"confidence": max(api.confidence, 0.9 if both else 0.0)})
        told = Found[str](value=by_number, confidence=sure, why="the API number begins with its code")
        return {**facts, "api": number, "state": told}
    if api.confidence >= SURE and state.confidence < SURE:
        told = Found[str](value=by_number, confidence=api.confidence, why="the API number begins with its code")
        return {**facts, "state": told}
    unsure = {key: min(facts[key].confidence, _DOUBTED) for key in ("api", "state")}
    return {**facts, **{key: facts[key].model_copy(update={"confidence": each}) for key, each in unsure.items()}}


def with_legal(facts: Facts) -> Facts:
    """With a UWI in doubt that is none of its survey's or that has another place than is printed beside it, and then that place, too."""
    uwi, place = facts.get("uwi", Found[str]()), facts.get("location", Found[str]())
    said, beside_it = legal_of_uwi(uwi.value or ""), legal_of(place.value or "")
    if uwi.value is None or (said is not None and beside_it in (None, said)):
        return facts
    why = f"the place beside it is {place.value!r}" if said and beside_it else "it has no place of the survey in it"
    doubted = {"uwi": uwi.model_copy(update={"confidence": min(uwi.confidence, _DOUBTED), "why": why})}
    if said is not None:
        doubted["location"] = place.model_copy(update={"confidence": min(place.confidence, _DOUBTED)})
    return {**facts, **doubted}

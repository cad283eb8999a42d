"""The well's facts, as far as its header can be read: words beside the form's own, and a number in the scan's file name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from veernet.register.block_words import Print, print_of
from veernet.register.draft import SURE, Found
from veernet.register.facts import (
    date_of,
    legal_of,
    legal_of_uwi,
    letters,
    one_case,
    service_of,
    state_of,
    state_of_api,
)
from veernet.register.form import after, beside, stripped
from veernet.register.paper import Bits, Paper
from veernet.register.text import Line, text_boxes

Facts = dict[str, Found[str]]

_KEYS = {
    "company": ("COMPANY", "OPERATOR"),
    "name": ("WELL", "WELL NAME"),
    "field": ("FIELD", "FIELD/BLOCK"),
    "county": ("COUNTY",),
    "state": ("STATE",),
    "province": ("PROVINCE",),
    "location": ("LOCATION",),
    "api": ("API NO", "API NUMBER", "API", "API SERIAL NO"),
    "uwi": ("UWI",),
    "service_company": ("SERVICE COMPANY",),
    "date": ("DATE",),
}
_READ_DPI = 110.0
"""At which words are looked for; they are read at the scan's own."""
_TALLEST_INCHES = 9.0
_LOOK_DPI = 60.0
_AFTER_KEY = " :._"
_LIKE_A_KEY = 0.8
_NO_VALUE = re.compile(r"^(SURVEY|LOGGED|COMPAN|SERVICES?\b|NO\.?$|NAME$|OF\b|DATE\b)", re.IGNORECASE)
"""Words that go on from a form's own: well surveying corporation, state of."""
_FORM = re.compile(r"OTHER SERV|ELEV|DATUM|FILING|\bRUN NO|SEC\b.*TWP|^SEC$|^TWP|^RGE", re.IGNORECASE)
"""Words of the form itself, which stand beside its empty places."""
_GOES_ON = re.compile(r"(#|&|,|\bNO\.?|[- ][A-Z]\.?)$", re.IGNORECASE)
"""What a fact ends with that was cut off."""
_SURE_READ = 0.85
_VOUCHED = 0.97
_DOUBTED = 0.6
"""Of facts that contradict each other."""
_FEWEST_LETTERS = 5
"""Of a fact that another line of print can vouch for."""
_LAST_STATE = 56
_API = re.compile(r"(?<!\d)(\d{2})-?(\d{3})-?(\d{5})(?:(\d{4})|-(\d{2})-(\d{2})|-(0000))?(?!\d)")
"""State, county, well, and the sidetrack and completion that may follow."""
_HYPHEN = re.compile(r"\s*-[\s-]*")
"""Readers see one twice, or a gap beside it."""
_API_GOES_ON = re.compile(r"\s*-|[\s.:,]*\d|[^\W_]")
_LETTER_FOR_DIGIT = re.compile(r"\d[OQISZ]|\b[OQISZ]\d", re.IGNORECASE)
"""In the number of a well: a misread one looks the same wherever it is printed."""


@dataclass(frozen=True)
class Header:
    """What a header alone says, and its lines of print."""

    facts: Facts = field(default_factory=dict)
    texts: tuple[str, ...] = ()


def header_of(paper: Paper, until_row: float) -> Header:
    """Read a header.

    Args:
        paper: The scan.
        until_row: Row of the scan that the header ends above, full px.
    """
    rows = min(until_row, _TALLEST_INCHES * paper.dpi)
    if rows < paper.dpi:
        return Header()
    printed = _print(paper, rows)
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
    digits, _ = _api_in(name)  # archives number the scans of a well behind it
    return {"api": Found(value=digits, confidence=0.96, why="the scan's file is called by it")} if digits else {}


def _api_in(text: str) -> tuple[str | None, bool]:
    """The digits of an API number that a text has, and whether they are all of it: sidetrack and completion are misread as any digits are."""
    text = _HYPHEN.sub("-", text)
    found = _API.search(text)
    if found is None or not 1 <= int(found.group(1)) <= _LAST_STATE:
        return None, False
    return "".join(part for part in found.groups() if part), _API_GOES_ON.match(text[found.end() :]) is None


def _print(paper: Paper, rows: float) -> Print:
    """The print of a header as it is read: many are printed across the paper."""
    ink = paper.crop(0, rows)
    if _is_turned(_small(paper, rows)):
        ink = np.ascontiguousarray(np.rot90(ink))
    return print_of(ink, 0, paper.dpi, max(1, round(paper.dpi / _READ_DPI)))


def _small(paper: Paper, rows: float) -> Bits:
    ink = paper.search[: int(rows / paper.factor)]
    scale = min(1.0, _LOOK_DPI / paper.search_dpi)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    return (cv2.resize(ink * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 80).astype(np.uint8)


def _is_turned(ink: Bits) -> bool:
    def long_lines(seen: Bits) -> float:
        return sum(max(0.0, (right - left) - (end - top)) for top, left, end, right in text_boxes(seen))

    return long_lines(np.ascontiguousarray(np.rot90(ink))) > 1.3 * long_lines(ink)


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
    """Keys and values that a line of a form gives: after its own first words, or to the right of it."""
    text = stripped(line.text)
    begins = line.text.index(text)
    found = []
    for key, names in _KEYS.items():
        for name in names:
            head, tail = text[: len(name)].upper(), stripped(text[len(name) :])
            if difflib.SequenceMatcher(None, head, name).ratio() < _LIKE_A_KEY or _NO_VALUE.match(tail):
                continue
            if tail and (text[len(name)] in _AFTER_KEY or (key == "state" and state_of(tail))):
                found.append((key, *after(printed, line, begins + len(name))))
            elif not tail:
                value = beside(printed, line)
                if value is not None:
                    found.append((key, *value))
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
        digits, all_of_it = _api_in(value)
        sure = confidence if all_of_it else min(confidence, _DOUBTED)
        return None if digits is None else Found(value=digits, confidence=sure, why="read off the header")
    if key in ("state", "province"):
        state = state_of(value)
        return None if state is None else Found(value=state[0], confidence=state[1], why=f"printed as {value!r}")
    if (
        len(letters(value)) < 2
        or _FORM.search(value)
        or (key != "uwi" and not any(letter.isalpha() for letter in value))
        or (key == "uwi" and sum(letter.isdigit() for letter in value) < 8)
    ):
        return None
    sure = min(confidence, _DOUBTED) if key == "name" and _LETTER_FOR_DIGIT.search(value) else confidence
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

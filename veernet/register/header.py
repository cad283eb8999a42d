"""The well's facts, as far as its header can be read: words beside the form's own, and a number in the scan's file name."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import cv2
import numpy as np

from veernet.register.draft import Found
from veernet.register.paper import Bits, Paper
from veernet.register.text import Line, text_boxes, text_lines

_KEYS = {
    "company": ("COMPANY",),
    "name": ("WELL", "WELL NAME"),
    "field": ("FIELD",),
    "county": ("COUNTY",),
    "state": ("STATE",),
    "location": ("LOCATION",),
    "api": ("API NO", "API NUMBER", "API"),
    "uwi": ("UWI",),
    "service_company": ("SERVICE COMPANY",),
    "date": ("DATE",),
}
_SERVICE = (
    "SCHLUMBERGER",
    "HALLIBURTON",
    "WELEX",
    "DRESSER ATLAS",
    "LANE WELLS",
    "BAKER HUGHES",
    "WEATHERFORD",
    "LOG-TECH",
    "THRUBIT",
)
_READ_DPI = 110.0
_TALLEST_INCHES = 9.0
_LOOK_DPI = 60.0
_AFTER_KEY = " :._"
_SURE_READ = 0.85
_DATES = (
    (re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$"), "{2}-{0:0>2}-{1:0>2}"),
    (re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$"), "{0}-{1:0>2}-{2:0>2}"),
)
_LAST_STATE = 56
_API = re.compile(r"(?<!\d)(\d{2})-?(\d{3})-?(\d{5})(?:(\d{4})|-(\d{2})-(\d{2}))?(?!\d)")
"""State, county, well, and the sidetrack and completion that may follow."""


def well_of(paper: Paper, until_row: float, name: str) -> dict[str, Found[str]]:
    """The facts of a header that ends at a row, full px."""
    found = _from_name(name)
    rows = min(until_row, _TALLEST_INCHES * paper.dpi)
    if rows >= paper.dpi:
        ink = _upright(_at(paper, rows, _LOOK_DPI), _at(paper, rows, _READ_DPI))
        for key, fact in _facts(text_lines(ink)).items():
            if fact.confidence > found.get(key, Found[str]()).confidence:
                found[key] = fact
    return found


def _from_name(name: str) -> dict[str, Found[str]]:
    """An API number that the scan is called by."""
    found = _API.search(name)
    if found and 1 <= int(found.group(1)) <= _LAST_STATE:
        digits = "".join(part for part in found.groups() if part)
        return {"api": Found(value=digits, confidence=0.96, why="the scan's file is called by it")}
    return {}


def _at(paper: Paper, rows: float, dpi: float) -> Bits:
    """The top of a scan at a resolution."""
    ink = paper.search[: int(rows / paper.factor)]
    scale = min(1.0, dpi / paper.search_dpi)
    size = (max(1, round(ink.shape[1] * scale)), max(1, round(ink.shape[0] * scale)))
    return (cv2.resize(ink * np.uint8(255), size, interpolation=cv2.INTER_AREA) > 80).astype(np.uint8)


def _upright(small: Bits, large: Bits) -> Bits:
    """A header as it is read: many are printed across the paper."""

    def long_lines(ink: Bits) -> float:
        return sum(max(0.0, (right - left) - (end - top)) for top, left, end, right in text_boxes(ink))

    if long_lines(np.ascontiguousarray(np.rot90(small))) > 1.3 * long_lines(small):
        return np.ascontiguousarray(np.rot90(large))
    return large


def _facts(lines: Sequence[Line]) -> dict[str, Found[str]]:
    found: dict[str, Found[str]] = {}
    for line in lines:
        for key, value, chance in _beside(line, lines):
            fact = _fact(key, value, chance)
            if fact is not None and fact.confidence > found.get(key, Found[str]()).confidence:
                found[key] = fact
        for service in _SERVICE:
            if service in line.text.upper() and "service_company" not in found:
                found["service_company"] = Found(value=service.title(), confidence=0.9, why=f"printed as {line.text!r}")
    return found


def _beside(line: Line, lines: Sequence[Line]) -> list[tuple[str, str, float]]:
    """Keys and values that a line of a form gives: after its own first words, or to the right of it."""
    text = line.text.strip(" .:_")
    found = []
    for key, names in _KEYS.items():
        for name in names:
            head, tail = text[: len(name)].upper(), text[len(name) :].strip(" .:_")
            if difflib.SequenceMatcher(None, head, name).ratio() < 0.86:
                continue
            if tail and text[len(name)] in _AFTER_KEY:
                found.append((key, tail, line.confidence))
            elif not tail:
                height = line.end - line.top
                right = [
                    other
                    for other in lines
                    if other.left >= line.right - height
                    and abs((other.top + other.end) / 2 - (line.top + line.end) / 2) < 0.7 * height
                    and other.left - line.right < 14 * height
                ]
                if right:
                    value = min(right, key=lambda other: other.left)
                    found.append((key, value.text.strip(" .:_"), min(line.confidence, value.confidence)))
    return found


def _fact(key: str, value: str, chance: float) -> Found[str] | None:
    if key == "date":
        for pattern, form in _DATES:
            found = pattern.match(value)
            if found:
                value = form.format(*found.groups())
                break
        else:
            return None
    if key == "api":
        digits = re.sub(r"\D", "", value)
        if len(digits) not in (10, 12, 14):
            return None
        value = digits
    if len(value) < 2:
        return None
    return Found(
        value=value, confidence=0.96 if chance >= _SURE_READ else round(0.9 * chance, 3), why="read off the header"
    )

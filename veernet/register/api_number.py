"""Numbers that wells are registered by in the United States, as they are printed."""

from __future__ import annotations

import re

_LAST_STATE = 56
_API = re.compile(r"(?<!\d)(\d{2})-?(\d{3})-?(\d{2}[.,]?\d{3})(?:(\d{4})|-(\d{2})-(\d{2})|-(0000))?(?!\d)")
"""State, county, well, some with its thousands parted, and the sidetrack and completion that may follow."""
_FEWEST_DIGITS = 8
_HYPHEN = re.compile(r"\s*-[\s-]*")
"""Readers see one twice, or a gap beside it."""
_API_GOES_ON = re.compile(r"\s*-|[\s.:,]*\d|[^\W_]")


def api_in(text: str) -> tuple[str | None, bool]:
    """The digits of an API number that a text has, and whether they are all of it: sidetrack and completion are misread as any digits are."""
    text = _HYPHEN.sub("-", text)
    found = _API.search(text)
    if found is None or not 1 <= int(found.group(1)) <= _LAST_STATE:
        return None, False
    return re.sub(r"\D", "", found.group()), _API_GOES_ON.match(text[found.end() :]) is None


def may_be_api(text: str) -> bool:
    """Whether a text has nearly as many digits as such a number, however these are misread."""
    return sum(letter.isdigit() for letter in text) >= _FEWEST_DIGITS

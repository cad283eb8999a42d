"""The words that forms of logs have of their own: what stands behind them are facts, and where the next of them stands a fact ends."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from veernet.register.facts import letters, state_of

KEYS = {
    "company": ("COMPANY", "OPERATOR"),
    "name": ("WELL", "WELL NAME"),
    "field": ("FIELD", "FIELD/BLOCK"),
    "county": ("COUNTY", "CNTY", "PARISH"),
    "state": ("STATE",),
    "province": ("PROVINCE",),
    "location": ("LOCATION",),
    "api": ("API NO", "API NUMBER", "API", "API SERIAL NO"),
    "uwi": ("UWI",),
    "service_company": ("SERVICE COMPANY",),
    "date": ("DATE",),
}
"""Of facts, as a manifest calls them."""
_OF_STATES = ("STATE", "PROVINCE", "PROV")
_ENDS = ("COUNTY", "CNTY", "PARISH", "LOCATION", "APINO", "APINUMBER", "APISERIALNO", "UWI", "SEC", "TWP", "RGE")
"""That no fact has as a word that stands by itself: companies, wells and fields are called so and so company, well or field."""
_STATE_WITHIN = re.compile(r"[\s.:_](STATE|PROVINCE|PROV)\b[\s.:_]*(.*)$", re.IGNORECASE)
_NO_VALUE = re.compile(r"^(SURVEY|LOGGED|COMPAN|SERVICES?\b|NO\.?$|NAME$|OF\b|DATE\b)", re.IGNORECASE)
"""Words that go on from a form's own: well surveying corporation, state of."""
_FORM = re.compile(r"OTHER SERV|ELEV|DATUM|FILING|\bRUN NO|SEC\b.*TWP|^SEC$|^TWP|^RGE", re.IGNORECASE)
"""Words of the form itself, which stand beside its empty places."""
_KEYS_END = re.compile(r"([A-Z]{2,7}) ?[:.] ?(\S.*)$", re.IGNORECASE)
_LIKE_A_KEY, _BARELY = 0.8, 0.7
_TRIM = " .:_-"
_AFTER_KEY = " :._"


def stripped(text: str) -> str:
    """A line of a form without what its rules leave at its ends."""
    return text.strip(_TRIM)


def keys_of(text: str) -> Iterator[tuple[str, int | None]]:
    """The facts whose words a stripped line begins with, and where in it what is said of them begins; None where the line is that word alone."""
    said = letters(text)
    for key, names in KEYS.items():
        for name in names:
            tail = stripped(text[len(name) :])
            if abs(len(said) - len(letters(name))) <= 1 and _like(said, letters(name)):
                yield key, None
            elif _like(text[: len(name)].upper(), name) and not _NO_VALUE.match(tail):
                if not tail:
                    yield key, None
                elif text[len(name)] in _AFTER_KEY or (key == "state" and state_of(tail)):
                    yield key, len(name)


def without_key(text: str, key: str) -> str:
    """A fact without the end of its key that was read with it, as in NTY: PECOS."""
    found = _KEYS_END.match(text)
    ends = found is not None and any(letters(name).endswith(letters(found.group(1))) for name in KEYS[key])
    return found.group(2) if found is not None and ends else text


def is_forms_own(text: str, beside_it: str | None = None) -> bool:
    """Whether a line begins with a word of the form, so that it is no fact nor a part of one.

    Args:
        text: Of the line.
        beside_it: What stands to the right of it; wells are called State, too, but no state's name follows then.
    """
    said = stripped(text)
    first, _, rest = said.partition(" ")
    if any(_like(letters(first), word) for word in _OF_STATES):
        behind = stripped(rest) or beside_it
        return behind is None or state_of(behind) is not None
    return any(_like(letters(said), word) if len(word) > 3 else letters(said) == word for word in _ENDS)


def says_form(text: str) -> bool:
    """Whether words of the form stand in a line that is taken for a fact."""
    return _FORM.search(text) is not None


def may_be_forms(text: str) -> bool:
    """Whether a line may begin with a word of the form, though that is badly read."""
    said = letters(stripped(text))
    names = [letters(name) for names in KEYS.values() for name in names]
    return says_form(text) or any(_like(said[: len(name)], name, _BARELY) for name in names)


def form_begins(text: str) -> int | None:
    """Where in a line the form goes on behind a fact, as in PECOS STATE TEXAS; None where it does not."""
    found = _STATE_WITHIN.search(text)
    return found.start(1) if found and (not found.group(2) or state_of(found.group(2))) else None


def _like(said: str, word: str, least: float = _LIKE_A_KEY) -> bool:
    return difflib.SequenceMatcher(None, said, word).ratio() >= least

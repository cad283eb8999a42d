"""What facts of a header can be: states, dates, service companies, as forms have them."""

from __future__ import annotations

import datetime
import difflib
import re

_STATES = {
    "01": "Alabama", "02": "Arizona", "03": "Arkansas", "04": "California", "05": "Colorado", "06": "Connecticut", "07": "Delaware",
    "09": "Florida", "10": "Georgia", "11": "Idaho", "12": "Illinois", "13": "Indiana", "14": "Iowa", "15": "Kansas", "16": "Kentucky",
    "17": "Louisiana", "18": "Maine", "19": "Maryland", "20": "Massachusetts", "21": "Michigan", "22": "Minnesota", "23": "Mississippi",
    "24": "Missouri", "25": "Montana", "26": "Nebraska", "27": "Nevada", "28": "New Hampshire", "29": "New Jersey", "30": "New Mexico",
    "31": "New York", "32": "North Carolina", "33": "North Dakota", "34": "Ohio", "35": "Oklahoma", "36": "Oregon", "37": "Pennsylvania",
    "38": "Rhode Island", "39": "South Carolina", "40": "South Dakota", "41": "Tennessee", "42": "Texas", "43": "Utah", "44": "Vermont",
    "45": "Virginia", "46": "Washington", "47": "West Virginia", "48": "Wisconsin", "49": "Wyoming", "50": "Alaska", "51": "Hawaii",
}  # fmt: skip
"""By the code that API numbers begin with."""
_PROVINCES = ("Alberta", "Saskatchewan", "British Columbia", "Manitoba", "Ontario", "Quebec")
_SERVICE = (
    "Schlumberger", "Halliburton", "Welex", "Dresser Atlas", "Lane Wells", "Lane-Wells", "Baker Hughes", "Weatherford", "Log-Tech", "ThruBit",
    "Gearhart", "Birdwell", "Phoenix", "McCullough", "Western Atlas",
)  # fmt: skip
_LIKE = 0.8
_NEARLY_ALL = 0.6
"""Share of a line's letters that a company's name makes in its banner."""
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_FIRST_YEAR = 1927
"""Of well logging."""
_LEGAL = re.compile(r"(\d\d)-?(\d\d)-?(\d{3})-?(\d\d)W(\d)")
_MOST_OF = (16, 36, 127, 34, 6)
"""Subdivisions, sections, townships, ranges and meridians of the survey of Western Canada."""
_UWI = re.compile(r"1\d\d/?(?P<legal>[-\dW]+)/?\d{1,2}")
_OWN_CASE = re.compile(r"^(Mc|Mac|De|Le|La)[A-Z][a-z]+$")
_BAR = re.compile(r"(?<=[A-Z])l(?=[A-Z])|\bl(?=[A-Z]{2})|(?<=[A-Z]{2})l\b")
_NUMBERS = re.compile(r"^(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4}|\d{2})$")
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})$")
_NAMED = re.compile(r"^(?P<day>\d{1,2})\s*[- ]\s*(?P<month>[A-Z]{3})[A-Z]*\.?\s*[-, ]\s*(?P<year>\d{4}|\d{2})$")
_NAMED_FIRST = re.compile(r"^(?P<month>[A-Z]{3})[A-Z]*\.?\s*(?P<day>\d{1,2})\s*[,.]?\s*(?P<year>\d{4})$")


def letters(text: str) -> str:
    """Letters and digits alone, in capitals."""
    return re.sub(r"[^A-Z0-9]", "", text.upper())


def one_case(text: str) -> str:
    """Words in capitals throughout where readers have mixed in small letters that look the same; a small L among them is an I."""
    text = _BAR.sub("I", text)
    words = re.findall(r"[A-Za-z]+", text)
    mixed = [
        word for word in words if not (word.islower() or word.isupper() or word.istitle() or _OWN_CASE.match(word))
    ]
    return text.upper() if mixed else text


def has_bar(text: str) -> bool:
    """Whether a small L stands among capitals, where an I does, or an L that has lost its foot."""
    return _BAR.search(text) is not None


def state_of(text: str) -> tuple[str, float] | None:
    """The state or province that words name, though a letter be misread, and how sure that is."""
    said = letters(text)
    likes = [
        (difflib.SequenceMatcher(None, said, letters(state)).ratio(), state)
        for state in (*_STATES.values(), *_PROVINCES)
    ]
    (like, state), (next_like, _) = sorted(likes, reverse=True)[:2]
    if like == 1.0:
        return state, 0.97
    return (state, round(0.9 * like, 3)) if like >= _LIKE and like - next_like > 0.1 else None


def is_state(name: str) -> bool:
    """Whether a state of the United States is called so."""
    return name in _STATES.values()


def is_province(name: str) -> bool:
    """Whether a province of Canada is called so."""
    return name in _PROVINCES


def state_of_api(number: str) -> str | None:
    """The state that an API number begins with."""
    return _STATES.get(number[:2])


def legal_of(text: str) -> str | None:
    """A place in the survey of Western Canada, as 13-20-062-02W4; None of what is none."""
    found = _LEGAL.fullmatch(re.sub(r"\s", "", text.upper()))
    if found is None or not all(0 < int(part) <= most for part, most in zip(found.groups(), _MOST_OF, strict=True)):
        return None
    return "{}-{}-{}-{}W{}".format(*found.groups())


def legal_of_uwi(text: str) -> str | None:
    """The place that a unique well identifier of that survey has; None of any other."""
    found = _UWI.fullmatch(re.sub(r"\s", "", text.upper()))
    return legal_of(found.group("legal")) if found else None


def service_of(text: str) -> tuple[str, float] | None:
    """The service company that a line names, and how sure that is: surest where it is all that the line says."""
    said = letters(text)
    for company in _SERVICE:
        name = letters(company)
        if name in said:
            return company, 0.96 if len(name) >= _NEARLY_ALL * len(said) else 0.9
        if len(name) > 7 and difflib.SequenceMatcher(None, said, name).ratio() >= _LIKE:
            return company, 0.85
    return None


def date_of(text: str) -> tuple[str, float] | None:
    """A date as forms have it, in ISO form; surest where day, month and year cannot be taken for each other."""
    plain = text.strip().upper()
    if found := _ISO.match(plain):
        return _date(int(found.group(1)), int(found.group(2)), int(found.group(3)), 0.96)
    if found := _NUMBERS.match(plain):
        first, second, year = (int(part) for part in found.groups())
        months_first = first <= 12
        month, day = (first, second) if months_first else (second, first)
        clear = len(found.group(3)) == 4 and (first == second or max(first, second) > 12)
        return _date(_year(year), month, day, 0.96 if clear else 0.9)
    found = _NAMED.match(plain) or _NAMED_FIRST.match(plain)
    if found is None or found.group("month") not in _MONTHS:
        return None
    digits, month = found.group("year"), _MONTHS.index(found.group("month")) + 1
    return _date(_year(int(digits)), month, int(found.group("day")), 0.96 if len(digits) == 4 else 0.9)


def _year(year: int) -> int:
    return year if year > 99 else 1900 + year if 1900 + year >= _FIRST_YEAR else 2000 + year


def _date(year: int, month: int, day: int, confidence: float) -> tuple[str, float] | None:
    try:
        date = datetime.date(year, month, day)
    except ValueError:
        return None
    return (date.isoformat(), confidence) if year >= _FIRST_YEAR else None

"""Free text made safe for the header of a LAS file: whatever goes in, every reader gets the same text out."""

from __future__ import annotations

import re
import textwrap

from text_unidecode import unidecode  # type: ignore[import-untyped]

#: CWLS 2.0 allows 256 characters a line; values and descriptions share it with mnemonic, unit and padding.
MAX_VALUE_CHARACTERS = 150
MAX_PARAMETER_CHARACTERS = 140  # its mnemonic and its unit are as free as its value
MAX_DESCRIPTION_CHARACTERS = 60
MAX_OTHER_CHARACTERS = 120

_MAX_MNEMONIC_CHARACTERS = 24
_NOT_PRINTABLE = re.compile(r"[^\x20-\x7e]+")
_NOT_MNEMONIC = re.compile(r"[^A-Za-z0-9_\-]+")
_NOT_UNIT = re.compile(r"[^A-Za-z0-9_/%*.^+\-]+|(?<=\.)\.+")  # lasio ends a mnemonic at the last of two dots


def clean_text(text: str, max_characters: int = MAX_VALUE_CHARACTERS) -> str:
    """``text`` as one line of printable ASCII without a colon, the delimiter of LAS headers.

    Characters beyond ASCII are transliterated, control characters become blanks, runs of blanks become one, colons
    become semicolons.
    """
    return _one_line(text).replace(":", ";")[:max_characters].strip()


def clean_mnemonic(text: str) -> str:
    """``text`` as a LAS mnemonic: letters, digits, ``_`` and ``-``, or empty if nothing of it is one."""
    return _NOT_MNEMONIC.sub("_", _one_line(text)).strip("_-")[:_MAX_MNEMONIC_CHARACTERS]


def clean_unit(text: str) -> str:
    """``text`` as a LAS unit: no blank, no delimiter, no bracket; empty if nothing is left."""
    unit = _NOT_UNIT.sub("_", _one_line(text)).strip("_.")[:_MAX_MNEMONIC_CHARACTERS]
    # lasio takes digits and the word behind them for one unit, as in "1000 lbf".
    return "" if unit.isdigit() else unit


def clean_lines(lines: list[str]) -> list[str]:
    """Lines fit for ~Other: printable ASCII, wrapped, none empty, none a section or a comment to a reader."""
    wrapped = (part for line in lines for part in textwrap.wrap(_one_line(line), MAX_OTHER_CHARACTERS))
    cleaned = (part.lstrip('~#" ').strip() for part in wrapped)
    return [part for part in cleaned if part]


def _one_line(text: str) -> str:
    # Control characters go first: unidecode would drop a newline between two words without leaving a blank.
    blanked = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(_NOT_PRINTABLE.sub(" ", str(unidecode(blanked))).split())

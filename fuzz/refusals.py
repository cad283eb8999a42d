"""What a refusal must be, whoever refuses: one printable line of bounded length that names its subject."""

from __future__ import annotations

from veernet.errors import VeerNetError

_MAX_CHARACTERS = 4000


def check_refusal(error: VeerNetError, subject: str) -> None:
    """Look at an error that a user would meet.

    Raises:
        AssertionError: It names something else, or does not fit a line of a log.
    """
    said = str(error)
    assert error.subject == subject, f"about {error.subject!r}, not {subject!r}"
    assert said.isprintable(), f"a refusal that is not one printable line: {said!r}"
    assert len(said) <= _MAX_CHARACTERS, f"a refusal of {len(said)} characters"
    assert error.remedy != "report this as a fault", said

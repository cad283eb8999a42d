"""Headers as they stand on real scans: hardly a word of them can be seen from afar, and their words grow together with what is typed beside them."""

from __future__ import annotations

import numpy as np
import pytest

from tests.test_register_names import paper_of_ink, row
from veernet.register.form_words import without_key
from veernet.register.header import header_of


@pytest.mark.parametrize(
    ("afar", "near", "read"),
    [((1.1, 0.3), (5.9, 19.6), True), ((1.1, 0.3), (6.0, 1.0), False), ((6.0, 1.0), (0.0, 9.0), False)],
)
def test_a_few_words_that_run_across_a_header_do_not_turn_it(
    afar: tuple[float, float], near: tuple[float, float], read: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Many forms have a strip of those at their edge; where hardly any other is seen a finer look tells."""
    looks = iter((afar, near))
    monkeypatch.setattr("veernet.register.header._inches_of_words", lambda *_: next(looks))
    ink = np.zeros((400, 1000), np.uint8)
    row(ink, 100, ("COMPANY", 40), ("ORION OIL", 300))
    assert read == ("company" in header_of(paper_of_ink(ink), 400).facts)


@pytest.mark.parametrize(
    ("text", "key", "fact"),
    [
        ("NTY: PECOS", "county", "PECOS"),
        ("CO. OF: TEXAS", "company", "CO. OF: TEXAS"),
        ("ST. LUCIE", "county", "ST. LUCIE"),
    ],
)
def test_the_end_of_a_forms_word_is_no_part_of_a_fact(text: str, key: str, fact: str) -> None:
    """The gap between the two was not where it was looked for; what is none of its word's ends stays."""
    assert fact == without_key(text, key)

"""The page on reliability says what the tests show, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from faults.table import FAULTS, PAGE, page_with, proofs, table


def test_the_table_in_the_page_is_that_of_the_tests() -> None:
    """After a new test, `python tests/faults/table.py` brings the page up to it."""
    text = PAGE.read_text(encoding="utf-8")
    assert page_with(text, table(proofs())) == text


def test_seventy_faults_are_numbered_without_a_gap() -> None:
    """Each stands in the table once."""
    assert list(range(1, 71)) == list(FAULTS)


@pytest.mark.parametrize("mark", ["fault(71, outcome='done')", "fault(2)", "fault(2, outcome='')", "fault()"])
def test_a_mark_that_says_no_row_or_no_outcome_is_an_error(tmp_path: Path, mark: str) -> None:
    """A slip in a mark must not lose a row of the table."""
    (tmp_path / "test_slip.py").write_text(f"import pytest\n\n@pytest.mark.{mark}\ndef test_it():\n    pass\n")
    with pytest.raises(ValueError, match=r"test_slip\.py::test_it: pytest\.mark\.fault"):
        proofs(tmp_path)


def test_a_test_may_show_several_faults_and_a_fault_have_several_tests(tmp_path: Path) -> None:
    """Rows list their tests in order, each once."""
    marks = "@pytest.mark.fault(22, outcome='done')\n@pytest.mark.fault(21, outcome='failed')"
    text = f"import pytest\n\n{marks}\ndef test_a():\n    pass\n\n@pytest.mark.fault(22, outcome='done')\ndef test_b():\n    pass\n"
    (tmp_path / "test_two.py").write_text(text)
    rows = table(proofs(tmp_path))
    assert "| 21 | the decoder segfaults | failed | `test_two.py::test_a` |" in rows
    assert "| 22 | a worker dies once | done | `test_two.py::test_a`, `test_two.py::test_b` |" in rows

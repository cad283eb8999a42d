"""What a person mistypes: told in a sentence and with exit code 2, before a server is started, an object written or a sheet begun."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import flows.archive_console
import flows.console
from flows.cli import app
from tasks.aside import leave_record, record_of
from tasks.state import Job, Sheet
from veernet import __version__, storage
from veernet.archive.listing import Standing
from veernet.errors import ScanError
from veernet.review.record import SheetRecord, failure_of
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

DIGEST = "0123456789abcdef" * 4


@pytest.fixture(autouse=True)
def _no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is started after all would be a failure."""

    def started() -> None:
        raise AssertionError("a server was started")

    monkeypatch.setattr(flows.console, "PrefectServer", started)
    monkeypatch.setattr(flows.archive_console, "PrefectServer", started)
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")


@pytest.fixture(scope="module")
def sheets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one sheet."""
    folder = tmp_path_factory.mktemp("sheets")
    write_sheet(SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100), folder, "a")["truth"].unlink()
    return folder


def _said(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [*map(str, arguments)], env={"COLUMNS": "200", "NO_COLOR": "1"})


@pytest.mark.parametrize("command", ["digitise", "archive"])
def test_what_is_not_there_is_refused_at_once(command: str, tmp_path: Path) -> None:
    """With the same exit code by every command."""
    ended = _said(command, tmp_path / "nothing", "--out", tmp_path / "out")
    assert (2, True) == (ended.exit_code, f"{tmp_path / 'nothing'}: " in ended.output), ended.output
    assert not (tmp_path / "out").exists()


def test_every_source_that_is_not_there_is_named(sheets: Path, tmp_path: Path) -> None:
    """And nothing is done of those that are."""
    ended = _said("digitise", sheets / "b.tif", sheets, sheets / "c.sheet.yaml", "--out", tmp_path / "out")
    assert (2, True, True) == (ended.exit_code, "b.tif" in ended.output, "c.sheet.yaml" in ended.output)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("command", ["digitise", "archive"])
@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_destination_that_is_a_file_is_refused_before_hours_are_spent(
    command: str, out: str, sheets: Path, tmp_path: Path
) -> None:
    """It, or what it would lie in."""
    (tmp_path / "file").write_text("precious")
    ended = _said(command, sheets, "--out", tmp_path / out)
    assert (2, True) == (ended.exit_code, f"{tmp_path / 'file'} is a file" in ended.output), ended.output
    assert "precious" == (tmp_path / "file").read_text()


def test_a_source_without_a_sheet_does_not_claim_the_destination(sheets: Path, tmp_path: Path) -> None:
    """It is told that there is none; the right source is then welcome there."""
    (tmp_path / "wrong").mkdir()
    (tmp_path / "wrong" / "lone.tif").write_text("a scan")
    ended = _said("archive", tmp_path / "wrong", "--out", tmp_path / "out", "--no-register")
    assert (0, True) == (ended.exit_code, "no sheet manifest in" in ended.output), ended.output
    assert "1 scans without one" in ended.output
    (tmp_path / "wrong" / "lone.tif").rename(tmp_path / "wrong" / "notes.txt")
    ended = _said("archive", tmp_path / "wrong", "--out", tmp_path / "out")
    assert (0, True) == (ended.exit_code, "no scan and no sheet manifest in" in ended.output), ended.output
    assert not (tmp_path / "out").exists()


def test_a_destination_of_another_archive_is_refused_before_a_server_is_started(sheets: Path, tmp_path: Path) -> None:
    """By both of its places."""
    from flows.archive_plan import plan

    assert Standing(pending=1) == plan(str(sheets), str(tmp_path / "out")).begin()
    (tmp_path / "other").mkdir()
    ended = _said("archive", tmp_path / "other", "--out", tmp_path / "out")
    assert (2, True) == (ended.exit_code, f"holds the results of {sheets}" in ended.output), ended.output


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--las-version", "3", "'3' is not one of '1.2', '2.0'"),
        ("--retry", "all", "'all' is not one of 'set-aside'"),
        ("--limit", "some", "Input should be a valid integer"),
        ("--stop-above", "120", "less than or equal to 100"),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_in_plain_words(option: str, value: str, said: str) -> None:
    """Without those of the libraries that looked at it."""
    ended = _said("archive", "in", "--out", "out", option, value)
    assert (2, True) == (ended.exit_code, said in ended.output), ended.output
    assert [] == [noise for noise in ("Value error", "unable to parse", "Traceback") if noise in ended.output]


def test_the_version_is_told() -> None:
    """In one line."""
    ended = _said("--version")
    assert (0, f"veernet {__version__}\n") == (ended.exit_code, ended.output)


def _failed(out: Path) -> Sheet:
    place = storage.resolve("/scans/a.tif")
    sheet = Sheet(Job("a", storage.resolve("/scans/a.sheet.yaml"), place, storage.resolve(out), out))
    return replace(sheet, failure=failure_of(ScanError("a.tif", "is cut short", "fetch it again"), "fetch"))


def test_the_record_of_a_sheet_that_was_set_aside_names_its_scan(tmp_path: Path) -> None:
    """Also where the scan could not be read, and so has no digest."""
    sheet = _failed(tmp_path)
    leave_record(sheet, record_of(sheet, DIGEST))
    record = SheetRecord.from_json((tmp_path / "a" / "a.record.json").read_bytes())
    assert record.source is not None
    assert ("/scans/a.tif", None, sheet.failure) == (record.source.uri, record.source.sha256, record.error)


@pytest.mark.parametrize(("status", "stays"), [("done", True), ("set-aside", False)])
def test_a_record_that_vouches_for_files_is_not_replaced_by_a_failure(tmp_path: Path, status: str, stays: bool) -> None:
    """An earlier result stays whole; an earlier failure makes room for the latest."""
    sheet, place = _failed(tmp_path), tmp_path / "a" / "a.record.json"
    place.parent.mkdir()
    before = SheetRecord.model_validate({"sheet": "a", "status": status}).to_json()
    place.write_bytes(before)
    leave_record(sheet, record_of(sheet, DIGEST))
    assert stays == (before == place.read_bytes())

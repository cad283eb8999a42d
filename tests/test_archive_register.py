"""An archive of scans of which most have no manifest: what is sure goes through and says so, what is not waits for a person, and is then done."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import dask
import pytest
import sure_of
from typer.testing import CliRunner

import flows.archive
from flows import archive_plan
from flows.archive_plan import plan
from flows.archive_report import Tally
from flows.cli import app
from flows.cluster import dask_client
from flows.register import editables
from veernet import storage
from veernet.archive.keys import REGISTER_VERSION, Shaping
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import NEEDS_A_PERSON, listed_sheets
from veernet.curves.las import read_las
from veernet.errors import NeedsPersonError, SourceMissingError
from veernet.register.draft import Draft
from veernet.register.page_server import edit_server
from veernet.review.record import SheetRecord
from veernet.sheets.manifest import read_manifest
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
PRELOAD = {"distributed.worker.preload": [sure_of.__file__]}
UNSURE = "north/unsure"


@dataclass(frozen=True)
class Step:
    """A run over the archive, and what it left."""

    tally: Tally
    registered: list[str]
    segmented: list[str]
    files: dict[str, bytes]
    entries: list[str]
    told: dict[str, Any]
    lists: dict[str, str]

    def record(self, name: str) -> SheetRecord:
        """The record in a sheet's folder."""
        return SheetRecord.from_json(self.files[f"{name}/{Path(name).name}.record.json"])

    def las(self, name: str) -> str:
        """The LAS file of a sheet."""
        return self.files[f"{name}/{Path(name).name}.las"].decode()


@dataclass
class Story:
    """What happened to one archive, step by step."""

    source: Path
    out: Path
    manifests: Path
    steps: dict[str, Step] = field(default_factory=dict)


def _draw(story: Story) -> None:
    """One sheet with its manifest, and four scans whose manifests lie elsewhere."""
    story.manifests.mkdir(parents=True)
    for seed, name in enumerate(("known", "sure", UNSURE, "dies")):
        path = story.source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
        drawn = write_sheet(recipe, path.parent, path.name)
        drawn["truth"].unlink()
        if name != "known":
            drawn["manifest"].rename(story.manifests / f"{path.name}.sheet.yaml")
    (story.manifests / "unsure.sheet.yaml").rename(story.manifests / "by-a-person.yaml")


def _status(out: Path, *options: str) -> str:
    return CliRunner().invoke(app, ["status", str(out), *options]).output


@pytest.fixture(scope="module")
def story(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """First run, second run, a touched scan, a draft that a person puts right, and a manifest beside a scan that was registered."""
    folder = tmp_path_factory.mktemp("registered")
    told = Story(folder / "scans", folder / "results", folder / "manifests")
    _draw(told)

    def step(name: str, address: str) -> None:
        seen: dict[str, list[str]] = {"register_scans": [], "segment": []}
        with pytest.MonkeyPatch.context() as patch:
            for stage, names in seen.items():
                _note(patch, stage, names)
            tally = flows.archive.run(str(told.source), str(told.out), dask=address, work=str(folder))
        files = {
            str(path.relative_to(told.out)): path.read_bytes()
            for path in told.out.rglob("*")
            if path.is_file() and ".veernet" not in path.parts
        }
        entries = sorted(str(path.relative_to(told.out / ".veernet/ledger")) for path in told.out.rglob("*.sheet/*"))
        status = json.loads(_status(told.out, "--json"))
        lists = {kind: _status(told.out, "--list", kind) for kind in ("set-aside", "needs-a-person", "registered")}
        told.steps[name] = Step(tally, seen["register_scans"], seen["segment"], files, entries, status, lists)

    with pytest.MonkeyPatch.context() as patch, dask.config.set(PRELOAD):
        patch.setenv("SURE_OF", str(told.manifests))
        with dask_client() as client:
            address = client.scheduler.address
            step("first", address)
            step("again", address)
            os.utime(told.source / "sure.tif", ns=(7, 7))
            step("touched", address)
            _save(told, told.out)
            step("saved", address)
            shutil.copy(told.out / "sure" / "sure.sheet.yaml", told.source)
            step("beside", address)
    return told


def _note(patch: pytest.MonkeyPatch, stage: str, names: list[str]) -> None:
    work = getattr(flows.archive, stage)

    def noted(batch: Any, label: str, **options: Any) -> Any:
        names.extend(sheet.name for sheet in batch)
        return work(batch, label, **options)

    patch.setattr(flows.archive, stage, noted)


def _save(story: Story, out: str | Path) -> None:
    """What the page of the unsure draft does when a person saves."""
    with edit_server(editables(storage.resolve(out))) as address:
        assert 1 == _read(address).count(": to do")
        page = f"{address}{UNSURE}"
        assert _read(page).lower().startswith("<!doctype html>")
        origin = re.match(r"http://[^/]+", address)
        assert origin is not None
        manifest = (story.manifests / "by-a-person.yaml").read_bytes()
        assert "saved" == _read(Request(page, manifest, {"Origin": origin[0]}))
        assert 1 == _read(address).count(": saved")


def _read(asked: str | Request) -> str:
    with urlopen(asked, timeout=30) as answer:
        return str(answer.read().decode())


def test_what_is_sure_goes_through_and_its_log_says_so(story: Story, tmp_path: Path) -> None:
    """In ~Parameter and ~Other of the LAS file, in the record, on the page: by machine, how sure, and of what the least."""
    first = story.steps["first"]
    assert (2, 1) == (first.tally.done, first.tally.registered)
    record, las = first.record("sure"), first.las("sure")
    assert record.registered is not None
    assert ("done", sure_of.LEAST, "tracks[0].curves[0].left") == (
        record.status,
        record.registered.confidence,
        record.registered.least_sure,
    )
    assert 1.0 == record.registered.fields["depth.ticks"]
    (tmp_path / "sure.las").write_text(las)
    told = {name: value for name, _, value, _ in read_las(tmp_path / "sure.las").parameters}
    assert (f"MACHINE, VERSION {REGISTER_VERSION}", "tracks[0].curves[0].left") == (told["REGB"], told["REGF"])
    assert sure_of.LEAST == float(told["REGC"])
    assert "Registered by machine, from the scan alone; the least sure field is tracks[0].curves[0].left" in las
    assert b"by machine, from the scan alone" in first.files["sure/sure.html"]


def test_what_is_on_the_scan_and_not_in_its_log_is_said(story: Story) -> None:
    """A track of too many curves is left out, and the reader of log, record and page is told."""
    first = story.steps["first"]
    (warning,) = [told for told in first.record("sure").warnings if "left out" in told]
    assert warning.startswith("crowded (")
    assert "crowded (" in first.las("sure")
    assert b"crowded (" in first.files["sure/sure.html"]


def test_what_a_person_registered_is_not_said_to_be_by_machine(story: Story) -> None:
    """Neither in the record nor in the log."""
    first = story.steps["first"]
    assert first.record("known").registered is None
    assert "machine" not in first.las("known")
    assert b"by machine" not in first.files["known/known.html"]


def test_the_manifest_that_was_made_lies_beside_its_log(story: Story) -> None:
    """With the draft that it is of; the record has the digests of both."""
    first = story.steps["first"]
    made = read_manifest(first.files["sure/sure.sheet.yaml"], "sure")
    assert read_manifest((story.manifests / "sure.sheet.yaml").read_bytes(), "sure").tracks == made.tracks
    names = {output.uri for output in first.record("sure").outputs}
    assert {"sure/sure.sheet.yaml", "sure/sure.draft.json"} <= names
    assert {"sure.register.html", "sure.draft.png"}.isdisjoint(Path(name).name for name in first.files)


def test_what_is_not_sure_is_never_digitised_and_left_with_all_that_a_person_needs(story: Story) -> None:
    """Draft, picture and page; and the reason names the fields that are not sure."""
    first = story.steps["first"]
    there = {Path(name).name for name in first.files if name.startswith(UNSURE)}
    assert {"unsure.draft.json", "unsure.draft.png", "unsure.register.html", "unsure.record.json"} == there
    record = first.record(UNSURE)
    assert record.error is not None
    assert record.registered is not None
    assert ("set-aside", "needs-a-person", "register") == (record.status, record.error.reason, record.error.stage)
    unsure = [path for path, confidence in record.registered.fields.items() if confidence < 0.95]
    assert unsure
    assert [path for path in unsure if path not in record.error.found] == []
    assert "veernet register --edit" in record.error.remedy
    assert Draft.from_json(first.files[f"{UNSURE}/unsure.draft.json"]).source == "unsure.tif"


def test_a_scan_that_kills_its_worker_takes_no_neighbour_along(story: Story) -> None:
    """It is set aside for that, after two tries, as in every other stage."""
    first = story.steps["first"]
    assert {"needs-a-person": 1, "worker-lost": 1} == first.tally.reasons
    record = first.record("dies")
    assert record.error is not None
    assert ("worker-lost", "register") == (record.error.reason, record.error.stage)


def test_who_waits_for_a_person_is_counted_apart(story: Story) -> None:
    """In the run's message, in the status and in its lists."""
    first = story.steps["first"]
    message = "2 done (1 of them registered by machine), 1 set aside, 1 needs a person, 0 were settled already"
    assert message == first.tally.message()
    assert (2, 1, 1, {"worker-lost": 1}, 0, 0) == tuple(
        first.told[name]
        for name in (
            "done",
            "registered_by_machine",
            "needs_a_person",
            "set_aside",
            "pending",
            "scans_without_manifest",
        )
    )


def test_the_second_run_registers_nothing(story: Story) -> None:
    """What was sure, what was not and what failed are settled alike."""
    first, again = story.steps["first"], story.steps["again"]
    assert (0, [], [], 4) == (again.tally.settled, again.registered, again.segmented, again.tally.already)
    assert (first.files, first.entries) == (again.files, again.entries)


def test_a_scan_that_was_only_touched_is_not_registered_again(story: Story) -> None:
    """Its content is known, and what registering makes of it."""
    touched = story.steps["touched"]
    assert (1, [], []) == (touched.tally.done, touched.registered, touched.segmented)
    assert 1 == touched.tally.registered


def test_what_a_person_saves_is_done_by_the_next_run_and_nothing_else(story: Story) -> None:
    """The manifest lies beside the scan, and its sheet is as one that always had one."""
    saved = story.steps["saved"]
    assert (1, [], [UNSURE]) == (saved.tally.done, saved.registered, saved.segmented)
    assert (story.source / f"{UNSURE}.sheet.yaml").exists()
    assert ("done", None) == (saved.record(UNSURE).status, saved.record(UNSURE).registered)
    assert 0 == saved.told["needs_a_person"]
    with pytest.raises(SourceMissingError, match="no sheet of it needs a person"):
        editables(storage.resolve(story.out))


def test_a_manifest_beside_the_scan_wins_over_the_one_that_was_made(story: Story) -> None:
    """It makes the sheet new, though traces are kept; the one that was made does not stay to be taken for it."""
    beside = story.steps["beside"]
    assert (1, [], []) == (beside.tally.done, beside.registered, beside.segmented)
    assert beside.record("sure").registered is None
    assert "machine" not in beside.las("sure")
    assert "sure/sure.sheet.yaml" not in beside.files


def test_nothing_is_registered_where_that_is_switched_off(story: Story, tmp_path: Path) -> None:
    """Scans without a manifest are counted, and no more."""
    shutil.copytree(story.source, tmp_path / "scans", ignore=shutil.ignore_patterns("unsure.sheet.yaml"))
    asked = plan(str(tmp_path / "scans"), str(tmp_path / "out"), register_first=False)
    assert ["known", "sure"] == [sheet.name for sheet in asked.sheets()]
    assert (2, 2) == (asked.standing().pending, asked.standing().scans_alone)


def test_a_better_reader_looks_again_at_what_has_no_manifest(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """And at nothing else; without one, what waits for a person is tried again only when that is asked for."""
    arguments = str(story.source), str(story.out)
    assert [] == [sheet.name for sheet in plan(*arguments).sheets()]
    assert ["dies"] == [sheet.name for sheet in plan(*arguments, retry="set-aside").sheets()]
    monkeypatch.setattr(archive_plan, "REGISTER_VERSION", archive_plan.REGISTER_VERSION + 1)
    assert ["dies"] == [sheet.name for sheet in plan(*arguments).sheets()]


def test_the_command_serves_the_pages_until_it_is_interrupted(story: Story, tmp_path: Path) -> None:
    """On this machine alone, under an address that cannot be guessed; the end is no failure."""
    for file in story.out.joinpath(UNSURE).glob("unsure.*"):
        if file.suffix in (".html", ".json") and "record" not in file.name:
            shutil.copy(file, tmp_path)
    command = [*COMMAND, "register", "--edit", str(tmp_path / "unsure.draft.json")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as served:
        assert served.stdout is not None
        said = [served.stdout.readline(), served.stdout.readline()]
        address = said[1].removeprefix("open ").strip()
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{30,}/unsure", address)
        assert "unsure" in _read(address)
        served.send_signal(signal.SIGINT)
        assert 0 == served.wait(timeout=30)


def test_an_archive_in_a_bucket_is_put_right_there(story: Story, bucket: str) -> None:
    """The page comes from the one folder of it, and the manifest goes beside the scan in the other."""
    source, out, shaping = f"{bucket}/scans", f"{bucket}/logs", Shaping("0" * 64, register=1)
    storage.put_bytes(f"{source}/{UNSURE}.tif", b"a scan")
    name = f"{UNSURE}/unsure.register.html"
    storage.put_bytes(f"{out}/{name}", story.steps["first"].files[name])
    ledger = Ledger(storage.resolve(out))
    ledger.claim(storage.resolve(source), shaping)
    (listed,) = listed_sheets(storage.resolve(source), ledger)
    entry = Entry(1, listed.token(shaping), "set-aside", NEEDS_A_PERSON)
    ledger.commit(UNSURE, entry, SheetRecord(sheet="unsure", status="set-aside"))
    _save(story, out)
    saved = storage.read_bytes(f"{source}/{UNSURE}.sheet.yaml", 1 << 20)
    assert (story.manifests / "by-a-person.yaml").read_bytes() == saved
    assert {UNSURE: True} == {name: one.saved for name, one in editables(storage.resolve(f"{out}/north")).items()}
    with pytest.raises(SourceMissingError, match="no sheet of it needs a person"):
        editables(storage.resolve(f"{out}/nor"))


@pytest.mark.parametrize("arguments", [[], ["a.tif"], ["--out", "x"], ["a.tif", "--edit", "x"]])
def test_too_little_and_too_much_are_refused(arguments: list[str]) -> None:
    """With what would do."""
    ended = CliRunner().invoke(app, ["register", *arguments])
    assert (2, True) == (ended.exit_code, "give SCAN... --out DIR, or --edit PLACE" in ended.output.replace("\n", " "))


def test_a_fault_of_ours_in_one_scan_takes_no_other_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told as one, and the command does not end well."""
    scans = [tmp_path / f"{name}.tif" for name in ("first", "second")]
    for scan in scans:
        scan.touch()
    seen = []

    def fails(scan: Path, *_: object, **__: object) -> None:
        seen.append(scan.name)
        raise IndexError("out of range")

    monkeypatch.setattr("veernet.register.writing.write_drafted", fails)
    ended = CliRunner().invoke(app, ["register", *map(str, scans), "--out", str(tmp_path / "out")])
    assert ["first.tif", "second.tif"] == seen
    assert 1 == ended.exit_code
    assert "set aside first.tif: IndexError: out of range; report this as a fault" in ended.output


def test_the_reason_is_a_sheets_own() -> None:
    """An archive full of unsure scans is gone through to its end."""
    from veernet.errors import SHEETS_OWN

    assert NeedsPersonError.reason in SHEETS_OWN

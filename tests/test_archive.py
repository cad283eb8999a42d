"""An archive of small drawn sheets through all that happens to archives, by the real flow, Prefect, Dask and disk."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from safetensors import safe_open
from safetensors.torch import save_file
from typer.testing import CliRunner

import flows.archive
from flows.archive_report import Tally
from flows.cli import app
from flows.cluster import dask_client
from veernet.errors import OptionError, WeightsError
from veernet.network.weights import shipped_weights
from veernet.review.record import SheetRecord
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parents[1]
LIMIT_S = 300
GOOD = ("a", "north/a", "north/deep/b")
ODD = "north/odd [link](javascript:alert(1)) <b>"


@dataclass(frozen=True)
class Step:
    """A run over the archive, and what it left."""

    tally: Tally
    segmented: list[str]
    seconds: float
    contents: dict[str, bytes]
    entries: list[str]

    def las(self) -> dict[str, bytes]:
        """The LAS files."""
        return _las(self.contents)


@dataclass
class Story:
    """What happened to one archive, step by step."""

    source: Path
    out: Path
    pristine: Path
    dask: str
    steps: dict[str, Step] = field(default_factory=dict)

    def record(self, name: str) -> SheetRecord:
        """The record in a sheet's folder, as the last step left it."""
        folder = self.out / name
        return SheetRecord.from_json((folder / f"{folder.name}.record.json").read_bytes())


def _draw(root: Path) -> None:
    for seed, name in enumerate((*GOOD, "cut", "bad", ODD)):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1060.0, dpi=150, difficulty=0.1)
        drawn = write_sheet(recipe, path.parent, path.name)
        drawn["truth"].unlink()
    cut = (root / "cut.tif").read_bytes()
    (root / "cut.tif").write_bytes(cut[: len(cut) // 100])  # of half of it half a log would come
    _edit(root / "bad.sheet.yaml", lambda manifest: manifest.update(colour="green"))
    (root / f"{ODD}.tif").unlink()
    shutil.copy(root / "a.tif", root / "alone.tif")


def _edit(path: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    manifest = yaml.safe_load(path.read_bytes())
    change(manifest)
    path.write_text(yaml.safe_dump(manifest, sort_keys=False))


def _contents(out: Path) -> dict[str, bytes]:
    """The results in a destination."""
    files = [path for path in out.rglob("*") if path.is_file() and not re.search(r"/\.", str(path))]
    return {str(path.relative_to(out)): path.read_bytes() for path in files}


def _las(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content in contents.items() if name.endswith(".las")}


def _entries(out: Path) -> list[str]:
    ledger = out / ".veernet" / "ledger"
    return sorted(str(path.relative_to(ledger)) for path in ledger.rglob("*.json"))


def _halve_scale(manifest: dict[str, Any]) -> None:
    curve = manifest["tracks"][0]["curves"][0]
    curve["right"] = curve["left"] + (curve["right"] - curve["left"]) / 2


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a Dask cluster with one worker."""
    with dask_client() as client:
        yield client.scheduler.address


@pytest.fixture(scope="module")
def story(prefect_url: str, cluster: str, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """First run, second run, touched files, a corrected scale, new weights, and what was set aside mended."""
    folder = tmp_path_factory.mktemp("archive")
    told = Story(folder / "scans", folder / "results", folder / "pristine", cluster)
    _draw(told.source)
    shutil.copytree(told.source, told.pristine)
    weights = folder / "other.safetensors"
    _other_weights(weights)

    def step(name: str, **options: Any) -> None:
        segmented: list[str] = []
        with pytest.MonkeyPatch.context() as patch:
            stage = flows.archive.segment

            def counted(batch: Any, label: str, weights: str | None) -> Any:
                segmented.extend(sheet.name for sheet in batch)
                return stage(batch, label, weights)

            patch.setattr(flows.archive, "segment", counted)
            started = time.monotonic()
            tally = flows.archive.run(str(told.source), str(told.out), dask=cluster, register_first=False, **options)
            seconds = time.monotonic() - started
        told.steps[name] = Step(tally, sorted(segmented), seconds, _contents(told.out), _entries(told.out))

    step("first")
    step("again")
    os.utime(told.source / "a.tif", ns=(7, 7))
    os.utime(told.source / "north" / "a.sheet.yaml", ns=(7, 7))
    step("touched")
    _edit(told.source / "a.sheet.yaml", _halve_scale)
    step("scale")
    step("limited", weights=str(weights), limit=1)
    step("weights", weights=str(weights))
    _edit(told.source / "bad.sheet.yaml", lambda manifest: manifest.pop("colour"))
    step("mended", weights=str(weights), prefix="b")
    step("retried", weights=str(weights), retry="set-aside")
    return told


def _other_weights(path: Path) -> None:
    """The shipped weights under another digest: their header says one thing more."""
    with safe_open(shipped_weights(), framework="pt") as file:
        header, state = file.metadata(), {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    save_file(state, path, {**header, "note": "other"})


def test_every_good_sheet_is_done_in_its_own_place(story: Story) -> None:
    """Sheets of one stem do not meet, and bad ones take nothing from their neighbours."""
    first = story.steps["first"]
    assert (3, {"bad-scan": 1, "bad-manifest": 1, "bad-option": 1}, 0) == (
        first.tally.done,
        dict(first.tally.reasons),
        first.tally.already,
    )
    assert {f"{name}/{Path(name).name}.las" for name in GOOD} == set(first.las())
    assert 3 == len(set(first.las().values()))


def test_each_sheet_has_one_entry_and_the_entry_its_record(story: Story) -> None:
    """Names tell how each ended, contents why."""
    first = story.steps["first"].entries
    assert 6 == len(first)
    assert {f"{name}.sheet" for name in (*GOOD, "bad", "cut", ODD)} == {str(Path(name).parent) for name in first}
    bad = next(name for name in first if name.startswith("bad.sheet/"))
    assert bad.endswith(".set-aside.bad-manifest.json")
    record = SheetRecord.from_json((story.out / ".veernet" / "ledger" / bad).read_bytes())
    assert record.error is not None
    assert ("set-aside", "fetch") == (record.status, record.error.stage)
    assert "colour" in record.error.found
    assert "veernet schema" in record.error.remedy


def test_a_sheet_that_is_set_aside_says_why_in_its_folder(story: Story) -> None:
    """A person who looks there finds a record and nothing that looks like a result."""
    assert {"cut/cut.record.json"} == {name for name in story.steps["first"].contents if name.startswith("cut/")}
    record = story.record("cut")
    assert record.error is not None
    assert ("set-aside", "bad-scan") == (record.status, record.error.reason)


@pytest.mark.fault(48, outcome="done")
def test_the_second_run_does_nothing(story: Story) -> None:
    """No batch is formed, nothing is written, and what was settled is counted."""
    first, again = story.steps["first"], story.steps["again"]
    assert (0, 0, 6, []) == (again.tally.done, again.tally.set_aside, again.tally.already, again.segmented)
    assert (first.contents, first.entries) == (again.contents, again.entries)
    assert again.seconds < 10


def test_files_that_were_only_touched_make_no_work(story: Story) -> None:
    """Their sheets are read and found to be known; the ledger notes what they now look like."""
    again, touched = story.steps["again"], story.steps["touched"]
    assert (2, 0, []) == (touched.tally.done, touched.tally.set_aside, touched.segmented)
    assert again.contents == touched.contents
    assert 2 == len(touched.entries) - len(again.entries)
    assert {"0002"} == {Path(name).name[:4] for name in set(touched.entries) - set(again.entries)}


@pytest.mark.fault(49, outcome="done")
def test_a_corrected_scale_needs_no_inference(story: Story) -> None:
    """One sheet gets a new LAS file from traces that were kept; the others are left alone."""
    touched, scale = story.steps["touched"], story.steps["scale"]
    assert (1, []) == (scale.tally.done, scale.segmented)
    changed = {name for name, content in scale.contents.items() if touched.contents.get(name) != content}
    assert {"a/a.las", "a/a.html", "a/a.record.json"} == changed - {"a/a.png"}
    name = next(name for name in scale.entries if name.startswith("a.sheet/0003"))
    record = SheetRecord.from_json((story.out / ".veernet" / "ledger" / name).read_bytes())
    assert {"fetch", "recall"} == set(record.seconds)


@pytest.mark.fault(49, outcome="done")
def test_new_weights_make_all_anew_and_a_limit_holds(story: Story) -> None:
    """What was done, and what was set aside, is pending under another model; a limit takes the first of it."""
    limited, weights = story.steps["limited"], story.steps["weights"]
    assert (1, 0, ["a"]) == (limited.tally.done, limited.tally.set_aside, limited.segmented)
    assert (2, 3, 1) == (weights.tally.done, weights.tally.set_aside, weights.tally.already)
    assert ["north/a", "north/deep/b"] == [name for name in weights.segmented if name in GOOD]


@pytest.mark.fault(49, outcome="done")
def test_a_mended_manifest_is_done_without_asking_for_a_retry(story: Story) -> None:
    """Its content is new; a prefix leaves the rest out of sight."""
    mended = story.steps["mended"]
    assert (1, 0, 0, ["bad"]) == (
        mended.tally.done,
        mended.tally.set_aside,
        mended.tally.already,
        mended.segmented,
    )
    assert "bad/bad.las" in mended.las()


def test_what_was_set_aside_is_tried_again_when_asked(story: Story) -> None:
    """And set aside again where nothing has changed, with an entry of its own."""
    mended, retried = story.steps["mended"], story.steps["retried"]
    assert (0, {"bad-scan": 1, "bad-option": 1}, 4) == (
        retried.tally.done,
        dict(retried.tally.reasons),
        retried.tally.already,
    )
    assert 2 == len(retried.entries) - len(mended.entries)


def test_status_tells_from_listings_how_the_archive_stands(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """Done, set aside by reason, pending; one object is read, which says what the destination is, and the manifests that may name the scan alone."""
    read: list[str] = []
    local = sys.modules["veernet.storage.local"]
    plain_read = local.read
    monkeypatch.setattr(local, "read", lambda place: read.append(place.name) or plain_read(place))
    ended = CliRunner().invoke(app, ["status", str(story.out), "--json"])
    told = json.loads(ended.output)
    assert (4, {"bad-scan": 1, "bad-option": 1}, 0, 1) == (
        told["done"],
        told["set_aside"],
        told["pending"],
        told["scans_without_manifest"],
    )
    assert ["archive.json", "cut.sheet.yaml", f"{Path(ODD).name}.sheet.yaml"] == read
    assert "set aside, bad-scan" in CliRunner().invoke(app, ["status", str(story.out)]).output
    listed = CliRunner().invoke(app, ["status", str(story.out), "--list", "set-aside"]).output.splitlines()
    assert sum(told["set_aside"].values()) == len(listed)
    assert any(line.endswith("  bad-scan") for line in listed)


def test_status_of_a_place_without_an_archive_says_so(tmp_path: Path) -> None:
    """One clear message, and the exit code of wrong usage."""
    ended = CliRunner().invoke(app, ["status", str(tmp_path)])
    assert (2, True) == (ended.exit_code, "no archive run has written here" in ended.output)


@pytest.mark.parametrize(
    ("options", "error", "found"),
    [
        ({"limit": 0}, OptionError, "--limit"),
        ({"weights": "/nowhere/w.safetensors"}, WeightsError, "cannot be read"),
    ],
)
def test_a_run_that_makes_no_sense_is_refused(
    story: Story, options: dict[str, Any], error: type[Exception], found: str
) -> None:
    """Before anything is started."""
    with pytest.raises(error, match=found):
        flows.archive.run(str(story.source), str(story.out), **options)


def test_the_run_is_to_be_seen_on_the_server(story: Story, prefect_url: str) -> None:
    """By its name and tags; one progress artifact and one table a run; a warning for each sheet set aside, none for done ones."""
    with httpx.Client(base_url=prefect_url, timeout=30) as api:
        runs = api.post("/flow_runs/filter", json={"sort": "START_TIME_ASC"}).json()
        runs = [run for run in runs if str(story.out) == run["parameters"].get("out")]
        first = runs[0]
        wanted = {"artifacts": {"flow_run_id": {"any_": [first["id"]]}}}
        artifacts = {artifact["key"]: artifact for artifact in api.post("/artifacts/filter", json=wanted).json()}
        in_run = {"logs": {"flow_run_id": {"any_": [first["id"]]}, "level": {"ge_": 30}}}
        warnings = [entry["message"] for entry in api.post("/logs/filter", json=in_run).json()]
    assert first["name"].startswith("archive ")
    assert {"archive", "veernet"} <= set(first["tags"])
    assert ("COMPLETED", "3 done, 3 set aside, 0 were settled already") == (
        first["state"]["type"],
        first["state"]["message"],
    )
    assert {"archive-progress", "archive-results", "archive-summary"} == set(artifacts)
    assert 100.0 == artifacts["archive-progress"]["data"]
    assert "sheets/minute" in artifacts["archive-progress"]["description"]
    assert 3 == len(warnings)
    told = "".join(str(artifact["data"]) + artifact["description"] for artifact in artifacts.values())
    assert [] == [markup for markup in ("](", "<b>", "javascript:alert(") if markup in told]


def _start(*arguments: str | Path, url: str) -> subprocess.Popen[str]:
    variables = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PREFECT_API_URL": url}
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def _until(holds: Callable[[], bool], run: subprocess.Popen[str]) -> None:
    give_up_s = time.monotonic() + LIMIT_S
    while not holds() and run.poll() is None and time.monotonic() < give_up_s:
        time.sleep(0.005)


@pytest.mark.fault(45, outcome="done")
def test_two_runs_at_once_do_no_harm(story: Story, prefect_url: str, tmp_path: Path) -> None:
    """Every sheet is entered once, and its files are those of a run that was alone."""
    source, out = story.pristine, tmp_path / "out"
    other = _start("archive", source, "--out", out, "--dask", story.dask, "--no-register", url=prefect_url)
    _until((out / ".veernet" / "archive.json").exists, other)
    tally = flows.archive.run(str(source), str(out), dask=story.dask, register_first=False)
    said, _ = other.communicate(timeout=LIMIT_S)
    assert (1, 6) == (other.returncode, tally.settled + tally.already), said
    assert story.steps["first"].las() == _las(_contents(tmp_path / "out"))
    assert 6 == len(_entries(tmp_path / "out"))


def test_a_run_that_was_killed_is_finished_by_the_same_command(story: Story, prefect_url: str, tmp_path: Path) -> None:
    """Nothing is lost, no sheet is done again after its entry, and every file but records is that of an undisturbed run."""
    out = tmp_path / "out"
    options: dict[str, Any] = {"dask": story.dask, "work": str(tmp_path), "register_first": False}
    asked = ("--no-register", "--dask", story.dask, "--work", tmp_path)
    killed = _start("archive", story.pristine, "--out", out, *asked, url=prefect_url)
    _until(lambda: any(out.rglob("*.las")), killed)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert -signal.SIGKILL == killed.returncode
    before = _entries(out)
    assert len(before) < 6
    tally = flows.archive.run(str(story.pristine), str(out), **options)
    assert (6 - len(before), len(before)) == (tally.settled, tally.already)
    undisturbed, got = story.steps["first"].contents, _contents(out)
    assert undisturbed.keys() == got.keys()
    moved = str(story.pristine).encode(), str(story.source).encode()  # a page names the place of its scan
    assert [] == [name for name in got if "record" not in name and undisturbed[name] != got[name].replace(*moved)]
    assert set(before) <= set(_entries(out))
    assert 6 == len(_entries(out))

"""The flow over a folder of one good sheet and many bad ones, by the real command against a real Prefect server."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import lasio
import numpy as np
import pytest
import rasterio
import yaml
from typer.testing import CliRunner

from flows.cli import app
from veernet.review.evaluate import compare
from veernet.review.record import SheetRecord
from veernet.sheets.manifest import read_manifest
from veernet.training.layout import sample_sheet
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parents[1]
LIMIT_S = 240


@dataclass(frozen=True)
class Ended:
    """A run of the command that has ended."""

    sheets: Path
    out: Path
    code: int
    text: str

    def message(self, stem: str) -> str:
        """What it said of a sheet that it set aside; exactly one message."""
        said = [line for line in self.text.splitlines() if line.startswith("set aside") and stem in line.split(";")[0]]
        assert 1 == len(said), self.text
        return said[0]


def _run(*arguments: str | Path, url: str | None, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {**os.environ, "COLUMNS": "200", "NO_COLOR": "1", **environment}
    variables.pop("PREFECT_API_URL", None)
    if url:
        variables["PREFECT_API_URL"] = url
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )


def _claim_90_gigapixels(path: Path) -> None:
    """A file of a few kB that claims 300,000 x 300,000 px."""
    profile: dict[str, Any] = {"driver": "GTiff", "width": 300_000, "height": 300_000, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **profile, tiled=True, blockxsize=16384, blockysize=16384, SPARSE_OK=True):
        pass


def _write_bad_sheets(folder: Path, scan: Path, manifest: dict[str, Any]) -> None:
    """Beside a good sheet, one sheet for each way of being bad."""

    def sheet(stem: str, content: bytes | None = scan.read_bytes(), **changes: Any) -> None:
        if content is not None:
            (folder / f"{stem}.tif").write_bytes(content)
        text = yaml.safe_dump({**manifest, "source": f"{stem}.tif", **changes}, sort_keys=False)
        (folder / f"{stem}.sheet.yaml").write_text(text)

    track, depth = manifest["tracks"][0], manifest["depth"]
    third = {"mnemonic": "SP", "unit": "MV", "style": "dotted", "left": -100, "right": 0}
    whole = scan.read_bytes()
    sheet("no-image", b"<html><body>404 Not Found</body></html>")
    sheet("cut-short", whole[: len(whole) // 2])
    sheet("gigapixels")
    _claim_90_gigapixels(folder / "gigapixels.tif")
    sheet("odd-key", colour="green")
    sheet("odd-ticks", depth={**depth, "ticks": depth["ticks"][::-1]})
    sheet("odd-edges", tracks=[{**track, "left": track["right"], "right": track["left"]}])
    sheet("three-curves", tracks=[{**track, "curves": [*track["curves"], third]}])
    sheet("blank", _blank(scan, folder / "blank.tif"))
    sheet("lost-scan", None)
    shutil.copy(scan, folder / "lone-scan.tif")


def _blank(scan: Path, path: Path) -> bytes:
    """The same sheet without a drop of ink."""
    with rasterio.open(scan) as source:
        paper = np.full((1, source.height, source.width), 255, np.uint8)
    profile: dict[str, Any] = {"driver": "GTiff", "count": 1, "dtype": "uint8", "compress": "deflate"}
    with rasterio.open(path, "w", height=paper.shape[1], width=paper.shape[2], **profile) as target:
        target.write(paper)
    return path.read_bytes()


@pytest.fixture(scope="module")
def ended(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run over a folder with one good sheet and many bad ones."""
    sheets, out = tmp_path_factory.mktemp("sheets"), tmp_path_factory.mktemp("out") / "results"
    drawn = write_sheet(sample_sheet(3, 0.1, 50.0), sheets, "good")
    drawn["truth"].rename(out.parent / "good.truth.las")
    _write_bad_sheets(sheets, drawn["scan"], yaml.safe_load(drawn["manifest"].read_bytes()))
    options = ("--las-version", "1.2", "--confidence")
    done = _run("digitise", sheets, "--out", out, *options, url=prefect_url)
    return Ended(sheets, out, done.returncode, done.stdout)


BAD = {
    "no-image": ("no-image.tif", "HTML", "scan"),
    "cut-short": ("cut-short.tif", "cannot be read", "fetch it again"),
    "gigapixels": ("gigapixels.tif", "300000 columns by 300000 rows", "cut or shrink it"),
    "odd-key": ("odd-key.sheet.yaml", "colour", "veernet schema"),
    "odd-ticks": ("odd-ticks.sheet.yaml", "ticks[1]", "increase"),
    "odd-edges": ("odd-edges.sheet.yaml", "tracks[0]", ""),
    "three-curves": ("three-curves.sheet.yaml", "tracks[0]", "two"),
    "blank": ("blank", "no curve", "manifest"),
    "lost-scan": ("lost-scan.tif", "is not there", "check"),
    "lone-scan": ("lone-scan.tif", "no sheet manifest", "write lone-scan.sheet.yaml beside it"),
}


@pytest.mark.parametrize(("stem", "parts"), BAD.items(), ids=list(BAD))
def test_a_bad_sheet_is_refused_by_one_message(ended: Ended, stem: str, parts: tuple[str, ...]) -> None:
    """The message names the file, the place in it and what would help."""
    message = ended.message(stem)
    assert [] == [part for part in parts if part not in message], message
    assert "; " in message


@pytest.mark.parametrize("stem", BAD)
def test_a_bad_sheet_leaves_a_record_that_says_why(ended: Ended, stem: str) -> None:
    """And no LAS or picture: what was wrong with which file, in what stage, and what would help."""
    assert [f"{stem}.record.json"] == [path.name for path in (ended.out / stem).iterdir()]
    record = SheetRecord.model_validate_json((ended.out / stem / f"{stem}.record.json").read_bytes())
    assert record.error is not None
    assert record.source is not None
    assert ("set-aside", True) == (record.status, f"{record.error.found}; {record.error.remedy}" in ended.message(stem))
    assert record.source.uri.startswith(f"{ended.sheets}/{stem}.")


def test_the_neighbours_of_bad_sheets_are_done(ended: Ended) -> None:
    """The good sheet of the same call has its files and no others, and the call still ends with 1."""
    expected = ["good.html", "good.las", "good.png", "good.record.json"]
    assert expected == sorted(path.name for path in (ended.out / "good").iterdir())
    assert {"good", *BAD} == {path.name for path in ended.out.iterdir()}
    assert 1 == ended.code
    assert "1 of 11 sheets done" in ended.text


def test_no_traceback_is_shown_for_bad_input(ended: Ended) -> None:
    """What the operator can mend is told in a sentence, not in a traceback."""
    assert "Traceback" not in ended.text
    assert "internal" not in ended.text


def test_the_las_says_what_the_manifest_says(ended: Ended) -> None:
    """Depths, null and well of the file are those of the manifest; each curve is there."""
    las = lasio.read(ended.out / "good" / "good.las")
    manifest = yaml.safe_load((ended.sheets / "good.sheet.yaml").read_bytes())
    depth, well = manifest["depth"], manifest["well"]
    header = {key: las.well[key].value for key in ("STRT", "STOP", "STEP", "NULL", "WELL", "UWI")}
    assert {
        "STRT": depth["top"],
        "STOP": depth["base"],
        "STEP": depth["step"],
        "NULL": -999.25,
        "WELL": well["name"],
        "UWI": well["uwi"],
    } == header
    curves = [curve["mnemonic"] for track in manifest["tracks"] for curve in track["curves"]]
    assert len(curves) == 4
    assert ["DEPT", *(name for curve in curves for name in (curve, f"{curve}_CONF"))] == las.keys()


def test_the_las_is_of_the_version_that_was_asked_for(ended: Ended) -> None:
    """It says 1.2, has the well's name behind its description, and no confidence beyond 0 to 1."""
    las = lasio.read(ended.out / "good" / "good.las")
    lines = [" ".join(line.split()) for line in (ended.out / "good" / "good.las").read_text().splitlines()]
    assert 1.2 == las.version["VERS"].value
    assert f"WELL. WELL : {las.well['WELL'].value}" in lines
    assert 0 <= las["GR_CONF"].min() < las["GR_CONF"].max() <= 1


@pytest.mark.parametrize(
    ("options", "expected"), [((), ("2.0", False)), (("--las-version", "1.2", "--confidence"), ("1.2", True))]
)
def test_las_2_0_without_confidence_is_written_unless_asked(
    options: tuple[str, ...], expected: tuple[str, bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the command hands on to the run."""
    handed: dict[str, Any] = {}
    monkeypatch.setattr("flows.console.digitise_watched", lambda *_, **given: handed.update(given) or True)
    ended = CliRunner().invoke(app, ["digitise", "a.tif", "--out", "out", *options])
    assert (0, expected) == (ended.exit_code, (handed["las_version"], handed["confidence"])), ended.output


def test_the_values_are_those_that_were_drawn(ended: Ended) -> None:
    """On a clean drawing the solid curves of the file lie where the drawn ones do."""
    text = (ended.sheets / "good.sheet.yaml").read_bytes()
    scores = compare(ended.out.parent / "good.truth.las", ended.out / "good" / "good.las", read_manifest(text, "good"))
    close = {score.name: score.within_2 for score in scores}
    assert close["GR"] > 0.9, close


def test_the_record_vouches_for_the_files(ended: Ended) -> None:
    """The record names every output, with digests that fit, and what they were made from."""
    import hashlib

    record = SheetRecord.model_validate_json((ended.out / "good" / "good.record.json").read_bytes())
    digests = {Path(output.uri).name: output.sha256 for output in record.outputs}
    files = [path for path in (ended.out / "good").iterdir() if not path.name.endswith(".record.json")]
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files} == digests
    assert record.source is not None
    assert hashlib.sha256((ended.sheets / "good.tif").read_bytes()).hexdigest() == record.source.sha256
    assert "done" == record.status


def test_the_run_is_to_be_seen_on_the_server(ended: Ended, prefect_url: str) -> None:
    """Stages are task runs, logs name the sheet, and a table artifact holds a row a sheet; nowhere a process's own server."""
    with httpx.Client(base_url=prefect_url, timeout=30) as api:
        runs = api.post("/flow_runs/filter", json={"sort": "START_TIME_DESC"}).json()
        own = {"id": {"any_": [run["id"] for run in runs if run["parameters"].get("out") == str(ended.out)]}}
        tasks = {run["name"].split()[0] for run in api.post("/task_runs/filter", json={"flow_runs": own}).json()}
        in_run = {"logs": {"flow_run_id": own["id"]}}
        logs = [entry["message"] for entry in api.post("/logs/filter", json=in_run).json()]
        artifacts = api.post("/artifacts/filter", json={"flow_runs": own}).json()
    assert {"fetch", "tile", "segment", "trace", "publish"} <= tasks
    assert any("good" in message for message in logs)
    tables = [artifact for artifact in artifacts if artifact["type"] == "table"]
    assert [11] == [table["data"].count('"sheet"') for table in tables]

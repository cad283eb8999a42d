"""The command line as a person meets it: in a process of its own, with nothing running and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from veernet import __version__
from veernet.training.layout import sample_sheet
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parents[1]
LIMIT_S = 240
CTRL_C_LIMIT_S = 10


def _environment(temporary: Path) -> dict[str, str]:
    """Without a Prefect server, and with a folder for temporary files in which litter shows."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    return {**kept, "COLUMNS": "200", "NO_COLOR": "1", "TMPDIR": str(temporary)}


def _start(temporary: Path, *arguments: str | Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *map(str, arguments)],
        cwd=ROOT,
        env=_environment(temporary),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _run(temporary: Path, *arguments: str | Path) -> tuple[int, str]:
    process = _start(temporary, *arguments)
    text, _ = process.communicate(timeout=LIMIT_S)
    return process.returncode, text


def _left_over(temporary: Path) -> list[str]:
    """Command lines of processes that were started with this folder for temporary files."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TMPDIR") == str(temporary) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
    return found


def _within(limit_s: float, condition: Any) -> bool:
    end_s = time.monotonic() + limit_s
    while time.monotonic() < end_s:
        if condition():
            return True
        time.sleep(0.1)
    return bool(condition())


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """An empty folder for temporary files."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    return folder


def test_help_answers_at_once(temporary: Path) -> None:
    """Help names every command and needs no engine; the best of three tries is what it takes."""
    taken_s = []
    for _ in range(3):
        started_s = time.perf_counter()
        code, text = _run(temporary, "--help")
        taken_s.append(time.perf_counter() - started_s)
        assert 0 == code
        assert [] == [name for name in ("digitise", "schema", "synth", "train", "evaluate", "demo") if name not in text]
    assert min(taken_s) < 0.5 * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def test_the_schema_is_json(temporary: Path) -> None:
    """What is printed is a JSON Schema and nothing else."""
    code, text = _run(temporary, "schema")
    assert 0 == code
    assert {"format", "well", "depth", "tracks"} <= set(json.loads(text)["properties"])


@pytest.mark.parametrize("arguments", [["digitise"], ["digitise", "a.tif"], ["digitise", "a.tif", "--out"], ["dig"]])
def test_bad_usage_ends_with_2(temporary: Path, arguments: list[str]) -> None:
    """A command that makes no sense is told so, and nothing is started."""
    code, text = _run(temporary, *arguments)
    assert 2 == code
    assert "Error" in text


def test_sheets_of_one_stem_are_refused_before_any_work(temporary: Path, tmp_path: Path) -> None:
    """Two sheets whose results would meet in one folder, on a disk that does not tell capitals apart, are refused."""
    for folder, stem in (("a", "well"), ("b", "WELL")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"{stem}.sheet.yaml").write_text("format: veernet-sheet/1\n")
    out = tmp_path / "out"
    code, text = _run(temporary, "digitise", tmp_path / "a", tmp_path / "b", "--out", out)
    assert 2 == code
    assert "WELL.sheet.yaml" in text
    assert "rename one of the two" in text
    assert not out.exists()


def test_a_run_of_its_own_needs_nothing_and_leaves_nothing(temporary: Path, tmp_path: Path) -> None:
    """With no server and no cluster around, a sheet is done, the command ends with 0, and no process or file stays."""
    drawn = write_sheet(sample_sheet(5, 0.1, 50.0), tmp_path / "sheets", "one")
    code, text = _run(temporary, "digitise", drawn["scan"], "--out", tmp_path / "out")
    assert 0 == code, text
    assert "1 of 1 sheets done" in text
    assert {"one.html", "one.las", "one.png", "one.record.json"} == {
        path.name for path in (tmp_path / "out" / "one").iterdir()
    }
    assert _within(3, lambda: [] == _left_over(temporary)), _left_over(temporary)
    assert [] == list(temporary.iterdir())
    record = json.loads((tmp_path / "out" / "one" / "one.record.json").read_bytes())
    assert __version__ == record["versions"]["veernet"]


@pytest.mark.fault(29, outcome="ended, nothing half-written")
@pytest.mark.parametrize("stage", ["starting", "working"])
def test_ctrl_c_ends_a_run_soon_and_cleanly(temporary: Path, tmp_path: Path, stage: str) -> None:
    """Ctrl-C, whenever it comes, ends the command within seconds; no process stays and nothing half-written is seen."""
    drawn = write_sheet(sample_sheet(5, 0.1, 3000.0), tmp_path / "sheets", "long")
    out = tmp_path / "out"
    process = _start(temporary, "digitise", drawn["scan"], "--out", out)
    sign = {"starting": "veernet-prefect-*/server.log", "working": "veernet-*/long/work.zarr/strips"}[stage]
    assert _within(LIMIT_S, lambda: any(temporary.glob(sign)) or process.poll() is not None)
    started_s = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does, to all of its group
    text, _ = process.communicate(timeout=LIMIT_S)
    taken_s = time.monotonic() - started_s
    assert 130 == process.returncode, text
    assert taken_s < CTRL_C_LIMIT_S, text
    assert "Traceback" not in text
    assert [] == list(out.rglob("*"))
    assert _within(3, lambda: [] == _left_over(temporary)), _left_over(temporary)
    assert [] == list(temporary.iterdir())

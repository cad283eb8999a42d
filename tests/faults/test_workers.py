"""Rows 21 to 27: what decoders do to the workers that run them, all of it in C, where neither exceptions nor Python's own time-outs reach.

``hostile.py`` is planted in the workers as a preload of theirs; the run knows nothing of it.
"""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import torch
from distributed import Client

import flows.archive
from faults import hostile
from flows.cluster import dask_client
from tasks.compute import look_at
from tasks.state import Job
from tasks.watch import UnforeseenError
from tasks.workers import submit, using
from veernet import storage
from veernet.archive.ledger import Ledger
from veernet.archive.listing import listed_sheets
from veernet.errors import VeerNetError
from veernet.network.predict import Segmenter
from veernet.network.tiles import HALO
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

PRELOAD = {"distributed.worker.preload": [str(Path(hostile.__file__))]}
GRACE_S = 10.0
NEIGHBOURS = 47


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file in which the workers write what they open."""
    path = tmp_path_factory.mktemp("hostile") / "opened.log"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOSTILE_LOG", str(path))
        yield path


@pytest.fixture(scope="module")
def cluster(log: Path) -> Iterator[Client]:
    """Two workers that somebody else has started, of which scans of certain names can make what they like."""
    with dask.config.set(PRELOAD), dask_client(workers=2) as owner:
        yield owner


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A sheet whose folder is there."""
    sheet = Job("a", None, None, storage.resolve(tmp_path / "out"), tmp_path)
    sheet.near.mkdir()
    return sheet


def _starts(log: Path) -> Counter[str]:
    return Counter(line.split()[2] for line in log.read_text().splitlines())


def _looked_at(name: str, job: Job, client: Client, deadline_s: float = 600.0) -> VeerNetError:
    """What comes of a scan of that name being opened on the workers."""
    with using(client, deadline_s), pytest.raises(VeerNetError) as told:
        submit(job, "fetch", 0.0, look_at, job.near / f"{name}.tif", f"{name}.tif").result()
    return told.value


@pytest.mark.fault(27, outcome="failed: the deadline ends the worker, the slot is free again")
@pytest.mark.parametrize("name", ["sleeps", "holds-the-lock"])
def test_a_decoder_that_hangs_is_ended_at_its_deadline(name: str, job: Job, cluster: Client, log: Path) -> None:
    """Also one that hangs with the interpreter's lock in its hand; and the worker's place is free again."""
    (job.near / f"{name}.tif").write_bytes(_TIFF)
    before = _starts(log)
    error = _looked_at(name, job, cluster, 2.0)
    assert ("deadline", True, 1) == (error.reason, error.retryable, (_starts(log) - before)[name])
    assert "not done within 2 s" in error.found
    with using(cluster):
        assert 6 == submit(job, "sum", 0.0, sum, [1, 2, 3]).result()


@pytest.mark.fault(21, outcome="failed: that sheet alone")
@pytest.mark.parametrize(("name", "told"), [("segfaults", "Segmentation fault"), ("aborts", "Aborted")])
def test_a_decoder_that_crashes_is_told_by_its_signal(name: str, told: str, job: Job, cluster: Client) -> None:
    """The worker is gone, and why it went is known."""
    (job.near / f"{name}.tif").write_bytes(_TIFF)
    error = _looked_at(name, job, cluster)
    assert ("crash", True) == (error.reason, error.retryable)
    assert told in error.found


@pytest.mark.fault(25, outcome="failed: an error, and the worker lives")
def test_a_decoder_that_wants_all_memory_gets_an_error(job: Job, log: Path) -> None:
    """The kernel refuses it what Dask does not allow it: neither the worker nor the machine falls to it."""
    (job.near / "hungry.tif").write_bytes(_TIFF)
    with dask.config.set(PRELOAD), pytest.MonkeyPatch.context() as patch:
        patch.setattr("distributed.system.MEMORY_LIMIT", 3 << 30)
        with dask_client() as client:
            pid = client.submit(os.getpid).result(timeout=60)
            error = _looked_at("hungry", job, client)
            assert pid == client.submit(os.getpid).result(timeout=60)
    assert ("memory", "a", False) == (error.reason, error.subject, error.retryable)


def test_a_fault_of_ours_in_a_worker_reaches_the_run_whatever_it_is(job: Job, cluster: Client) -> None:
    """Dask cannot pickle what comes of too deep a recursion; the run would wait for it for ever."""
    with using(cluster), pytest.raises(UnforeseenError, match="RecursionError: maximum recursion depth") as told:
        submit(job, "deep", 0.0, eval, "(lambda itself: itself(itself))(lambda itself: itself(itself))").result()
    assert "<lambda>" in "".join(told.value.__notes__)
    with using(cluster):
        assert 6 == submit(job, "sum", 0.0, sum, [1, 2, 3]).result()


# A TIFF's first bytes: enough to be taken for one, and given to the decoder.
_TIFF = b"II*\x00" + bytes(60)


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small sheet, to be copied."""
    recipe = SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
    return write_sheet(recipe, tmp_path_factory.mktemp("drawn"), "drawn")


def _put(folder: Path, drawn: dict[str, Path], *names: str) -> None:
    """The drawn sheet under other names."""
    folder.mkdir(exist_ok=True)
    manifest = drawn["manifest"].read_text()
    for name in names:
        shutil.copy(drawn["scan"], folder / f"{name}.tif")
        (folder / f"{name}.sheet.yaml").write_text(manifest.replace("drawn.tif", f"{name}.tif"))


def _ends(folder: Path, out: Path) -> dict[str, list[tuple[str, str]]]:
    """Every entry that the ledger has of each sheet: its status, and its reason where it has one."""
    ledger = Ledger(storage.resolve(out))
    return {
        sheet.name: [(e.status, e.detail if e.status == "set-aside" else "") for e in sheet.entries]
        for sheet in listed_sheets(storage.resolve(folder), ledger)
    }


@pytest.mark.fault(27, outcome="failed: set aside for its deadline")
def test_a_sheet_that_hangs_each_time_is_set_aside_for_its_deadline(
    cluster: Client, drawn: dict[str, Path], log: Path, prefect_url: str, tmp_path: Path
) -> None:
    """After two tries, on workers that are not the run's own."""
    _put(tmp_path / "in", drawn, "sleeps-always")
    flows.archive.run(
        str(tmp_path / "in"), str(tmp_path / "out"), dask=cluster.scheduler.address, work=str(tmp_path), deadline=2.0
    )
    assert {"sleeps-always": [("set-aside", "deadline")]} == _ends(tmp_path / "in", tmp_path / "out")
    assert 2 == _starts(log)["sleeps-always"]
    record = json.loads((tmp_path / "out" / "sleeps-always" / "sleeps-always.record.json").read_bytes())
    assert "--deadline" in record["error"]["remedy"]


@pytest.mark.fault(21, outcome="failed: that sheet alone")
@pytest.mark.fault(22, outcome="done, same bytes")
@pytest.mark.fault(23, outcome="failed after two tries, exit code not 0")
@pytest.mark.fault(24, outcome="done, and never computed again")
def test_a_poison_sheet_among_fifty_costs_two_tries_and_no_neighbour(
    cluster: Client, drawn: dict[str, Path], log: Path, prefect_url: str, tmp_path: Path
) -> None:
    """Nor does one that is unlucky once; and the files of all the others are the same to the byte."""
    good = [f"good-{number:02d}" for number in range(NEIGHBOURS)]
    _put(tmp_path / "in", drawn, *good, "killed-always", "segfaults-always", "unlucky")
    options = {"dask": cluster.scheduler.address, "work": str(tmp_path)}
    flows.archive.run(
        str(tmp_path / "in"), str(tmp_path / "out"), limit=1, **options
    )  # one is traced for all, to be quick
    opened = _starts(log)["good-00"]
    tally = flows.archive.run(str(tmp_path / "in"), str(tmp_path / "out"), **options)
    starts = _starts(log)
    assert (2, 2) == (starts["killed-always"], starts["segfaults-always"])
    assert {
        **{name: [("done", "")] for name in (*good, "unlucky")},
        "killed-always": [("set-aside", "worker-lost")],
        "segfaults-always": [("set-aside", "crash")],
    } == _ends(tmp_path / "in", tmp_path / "out")
    assert (NEIGHBOURS, 2, 1) == (tally.done, tally.set_aside, tally.already)
    assert opened == starts["good-00"]  # entered before, and not looked at again
    values = {_values(tmp_path / "out" / name / f"{name}.las") for name in (*good, "unlucky")}
    assert 1 == len(values)


def _values(las: Path) -> bytes:
    return las.read_bytes().partition(b"~A")[2]


def test_every_piece_of_work_is_bounded() -> None:
    """Nothing but one function hands work to Dask, but for the question which model there is."""
    root = Path(__file__).parents[2]
    handing = {
        path.relative_to(root).as_posix(): path.read_text().count(".submit(")
        for folder in ("flows", "tasks")
        for path in (root / folder).rglob("*.py")
        if ".submit(" in path.read_text()
    }
    assert {"tasks/workers.py": 2, "flows/batches.py": 1} == handing


def _small_gpu(segmenter: Segmenter, most_rows: int) -> list[int]:
    """Let a segmenter's device have memory for so many rows at once; returns what it was given, try by try.

    A stand-in for a GPU, which the machines that run these tests have not: the error is the very one that torch raises on it.
    """
    honest, given = segmenter._tile, []

    def tile(strip: Any, halo: Any) -> Any:
        given.append(strip.shape[0])
        if strip.shape[0] > most_rows:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return honest(strip, halo)

    segmenter._tile = tile  # type: ignore[method-assign]
    return given


@pytest.mark.fault(26, outcome="done: batch halved, same result")
@pytest.mark.fault(25, outcome="done by a smaller batch, else failed")
def test_a_gpu_without_memory_is_given_half_as_much() -> None:
    """Until it does, and the class map is the same."""
    strip = np.random.default_rng(1).integers(0, 255, (2500, 512), np.uint8)
    segmenter = Segmenter.load(device="cpu")
    whole = segmenter.classes(strip)
    given = _small_gpu(segmenter, 1600)
    np.testing.assert_array_equal(whole, segmenter.classes(strip))
    assert [2500, 1024 + HALO, 1024 + 2 * HALO, 452 + HALO] == [rows for rows in given if rows != 2048 + HALO]


@pytest.mark.fault(26, outcome="failed: out of memory for the smallest batch, too")
def test_a_gpu_without_any_memory_is_given_up(job: Job, cluster: Client) -> None:
    """The sheet is set aside for want of memory, and is not tried for ever."""
    segmenter = Segmenter.load(device="cpu")
    given = _small_gpu(segmenter, 10)
    with pytest.raises(torch.OutOfMemoryError):
        segmenter.classes(np.zeros((4096, 512), np.uint8))
    assert [4096, 2048 + HALO, 1024 + HALO, 512 + HALO] == given
    with using(cluster), pytest.raises(VeerNetError, match="more memory than a worker has") as told:
        submit(job, "segment", 1.0, _out_of_memory).result()
    assert "memory" == told.value.reason


def _out_of_memory() -> int:
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")

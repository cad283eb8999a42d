"""In which order a run's workers take what waits for them, and what a run waits for before it begins."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from distributed import Client, Scheduler, SpecCluster, Worker

from flows import loading as module
from flows.loading import loading
from tasks.state import Job, Sheet, each
from tasks.workers import submit, using
from veernet import storage
from veernet.errors import ScanError, VeerNetError, WeightsError

_begun: list[str] = []
_held = threading.Event()


def _hold() -> None:
    _held.wait(30)


def _begin(name: str) -> None:
    _begun.append(name)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """One worker, which is a thread of this process."""
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, "port": 0}}
    spec = {"one": {"cls": Worker, "options": {"nthreads": 1}}}
    with SpecCluster(workers=spec, scheduler=scheduler) as cluster, Client(cluster) as client, using(client):
        yield client


def _job(folder: Path, turn: int) -> Job:
    job = Job(f"sheet-{turn}", None, None, storage.resolve(folder / "out"), folder, turn=turn)
    job.near.mkdir(exist_ok=True)
    return job


def test_sheets_that_came_first_are_finished_first_and_no_batch_runs_dry(client: Client, tmp_path: Path) -> None:
    """What is short goes first; then what a batch gives one by one, so that it comes to its many pieces soon; each by turn."""
    _begun.clear()
    _held.clear()
    first, second, third = (_job(tmp_path, turn) for turn in range(3))
    waiting = [submit(first, "hold", 0.0, _hold)]

    def wants(job: Job, stage: str, **how: Any) -> None:
        waiting.append(submit(job, stage, 0.0, _begin, f"{stage} {job.turn}", **how))

    wants(first, "there", soon=True)  # Dask gives a worker one piece ahead
    for job in (third, first, second):
        wants(job, "segment", many=True)
    for job in (second, first):
        wants(job, "publish")
    wants(third, "tile")
    wants(third, "look", soon=True)
    give_up_s = time.monotonic() + 30
    known = lambda dask_scheduler: len(dask_scheduler.tasks)  # noqa: E731 - Dask pickles it whole
    while client.run_on_scheduler(known) < len(waiting) and time.monotonic() < give_up_s:
        time.sleep(0.05)
    time.sleep(0.2)  # from the scheduler to the worker
    _held.set()
    for piece in waiting:
        piece.result()
    assert ["there 0", "look 2", "publish 0", "publish 1", "tile 2", "segment 0", "segment 1", "segment 2"] == _begun


def test_sheets_of_a_batch_go_a_step_side_by_side_one_for_each_worker_and_one_more(
    client: Client, tmp_path: Path
) -> None:
    """Else workers wait for one another's sheets, however many there are; each comes out in its own place, and one that fails drops out alone."""
    batch = tuple(Sheet(_job(tmp_path, turn)) for turn in range(2 * (len(client.ncores()) + 1)))
    together = threading.Barrier(len(client.ncores()) + 1)

    def step(sheet: Sheet) -> Sheet:
        together.wait(30)
        if sheet.job.turn == 1:
            raise ScanError(sheet.name, "is torn", "mend it")
        return replace(sheet, dpi=float(sheet.job.turn))

    stepped = each(batch, "step", step, logging.getLogger(__name__))
    assert [sheet.name for sheet in batch] == [sheet.name for sheet in stepped]
    assert [0.0, None, 2.0, 3.0] == [sheet.dpi for sheet in stepped]
    assert [False, True, False, False] == [sheet.failure is not None for sheet in stepped]


def _describe(weights: str | None) -> dict[str, str] | VeerNetError:
    _held.wait(30)
    return {"sha256": str(weights)} if weights else WeightsError("weights", "are none", "give some")


@pytest.mark.usefixtures("client")
def test_a_run_goes_on_while_its_model_is_loaded_and_hears_of_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many batches wait for it."""
    monkeypatch.setattr(module, "describe_model", _describe)
    _held.clear()
    told: list[dict[str, str]] = []
    model = loading("fine", told.append)
    assert [] == told
    got: list[dict[str, str]] = []
    batches = [threading.Thread(target=lambda: got.append(model())) for _ in range(3)]
    for batch in batches:
        batch.start()
    _held.set()
    for batch in batches:
        batch.join()
    assert ([{"sha256": "fine"}], [{"sha256": "fine"}] * 3) == (told, got)


@pytest.mark.usefixtures("client")
def test_no_batch_goes_on_with_a_model_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By the workers, or by the run that hears of it: whoever asks again is refused again."""
    monkeypatch.setattr(module, "describe_model", _describe)
    _held.set()

    def refuse(_: object) -> None:
        raise WeightsError("weights", "are others here", "give the same")

    for model, why in ((loading(None, lambda _: None), "are none"), (loading("fine", refuse), "are others here")):
        for _ in range(2):
            with pytest.raises(WeightsError, match=why):
                model()

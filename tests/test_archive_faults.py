"""What goes wrong in archive runs: what may pass is tried again, what cannot is not, and nothing is entered that is not so."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import flows.archive
from flows.cluster import dask_client
from tasks import retries
from tasks.state import Job, Sheet, attempt, fail
from tasks.workers import WorkerLostError, result_of
from veernet import storage
from veernet.archive.clean import clean_work
from veernet.archive.elsewhere import Pages, digest_elsewhere, unchanged
from veernet.archive.keys import Shaping
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import ListedSheet, listed_sheets, standing, to_do
from veernet.archive.traces import Traced
from veernet.curves.identity import Doubt, Trace
from veernet.errors import ScanError, SourceMissingError, StorageError, VeerNetError, WorkStoreError
from veernet.review.record import SheetRecord
from veernet.sheets.geometry import Edge, RowShift, StripGeometry
from veernet.storage import StorageDeniedError, StoredObject
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

DIGEST = "0123456789abcdef" * 4
SHAPING = Shaping(DIGEST)
SHEET = Sheet(Job("a", None, None, storage.resolve("out"), Path()))
PASSING = StorageError("s3://b/a.tif", "S3 answered 503", "try again")


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "FIRST_PAUSE_S", 0.0)
    monkeypatch.setattr(retries, "in_use", lambda: True)  # as in a run


def _failing(*errors: Exception) -> tuple[list[int], Callable[[Sheet], Sheet]]:
    """A step that fails with one error after the other, then does its work; and what counts its tries."""
    tries: list[int] = []

    def step(sheet: Sheet) -> Sheet:
        tries.append(1)
        if len(tries) <= len(errors):
            raise errors[len(tries) - 1]
        return replace(sheet, dpi=200.0)

    return tries, step


def test_what_passes_costs_a_moment_only() -> None:
    """Two bad answers of the storage, then a good one: the sheet goes on, and nobody is warned."""
    tries, step = _failing(PASSING, PASSING)
    done = attempt(SHEET, "fetch", step, logging.getLogger("test"))
    assert (3, None, 200.0) == (len(tries), done.failure, done.dpi)


@pytest.mark.fault(35, outcome="failed")
@pytest.mark.fault(39, outcome="set aside")
@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (PASSING, (3, "storage")),
        (WorkerLostError("Dask", "4 workers died", "look at them"), (3, "worker-lost")),
        (WorkStoreError("a", "a chunk is damaged", "again"), (3, "damaged-work")),
        (StorageDeniedError("s3://b", "S3 answered 403", "check"), (1, "storage-denied")),
        (SourceMissingError("a.tif", "is not there", "check"), (1, "source-missing")),
        (ScanError("a.tif", "is cut short", "scan it again"), (1, "bad-scan")),
        (RuntimeError("a fault of ours"), (1, "error")),
    ],
)
def test_three_tries_for_what_may_pass_and_one_for_what_cannot(error: Exception, expected: tuple[int, str]) -> None:
    """Then the sheet is set aside for that reason."""
    tries, step = _failing(*[error] * 9)
    done = attempt(SHEET, "fetch", step, logging.getLogger("test"))
    assert done.failure is not None
    assert expected == (len(tries), done.failure.reason)


def test_pauses_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is unwell is not asked ever again at once."""
    slept = [0.0]
    monkeypatch.setattr(retries, "FIRST_PAUSE_S", 2.0)
    monkeypatch.setattr(time, "sleep", lambda seconds: slept.append(slept[-1] + seconds))
    monkeypatch.setattr(time, "monotonic", lambda: slept[-1])
    retries.pause(1)
    first_s = slept[-1]
    retries.pause(2)
    assert 2.0 <= first_s <= 3.0
    assert 8.0 <= slept[-1] - first_s <= 12.0


def test_work_that_kills_its_workers_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not as Dask's own error, and it may be worth another try; the cluster goes on, however long the next worker takes to come."""
    import dask

    impatient = {"distributed.scheduler.allowed-failures": 0, "distributed.deploy.lost-worker-timeout": "1 ms"}
    with dask.config.set(impatient), dask_client() as client:
        with pytest.raises(WorkerLostError, match="1 workers died") as told:
            result_of(client.submit(os._exit, 9))
        assert 3 == client.submit(sum, [1, 2]).result(timeout=60)
    assert told.value.retryable


@pytest.mark.fault(30, outcome="the run fails, and the next one goes on")
def test_nothing_is_entered_when_the_cluster_goes_away(
    prefect_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What fails then says nothing of the sheets: the run ends with an error, and all of them are still to be done."""
    recipe = SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
    write_sheet(recipe, tmp_path / "in", "a")
    ledger = Ledger(storage.resolve(tmp_path / "out"))
    with dask_client() as owner:

        def go_away(batch: Any, label: str) -> Any:
            threading.Thread(target=owner.shutdown, daemon=True).start()
            give_up_s = time.monotonic() + 60
            while flows.archive.current_client().status == "running" and time.monotonic() < give_up_s:
                time.sleep(0.1)
            error = WorkerLostError("Dask", "the workers were lost", "look at them")
            return tuple(fail(sheet, "tile", error, logging.getLogger("test")) for sheet in batch)

        monkeypatch.setattr(flows.archive, "tile", go_away)
        for stage in ("segment", "trace"):
            monkeypatch.setattr(flows.archive, stage, lambda batch, **_: batch)
        with pytest.raises(VeerNetError, match="scheduler is gone"):
            flows.archive.run(str(tmp_path / "in"), str(tmp_path / "out"), dask=owner.scheduler.address)
    assert [] == [sheet.entries for sheet in listed_sheets(storage.resolve(tmp_path / "in"), ledger) if sheet.entries]
    assert not (tmp_path / "out" / "a").exists()


def _with_pages(root: Path) -> tuple[ListedSheet, Entry]:
    """A sheet whose manifest names two pages, entered as it is."""
    drawn = write_sheet(SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100), root / "in", "a")
    text = drawn["manifest"].read_text().replace("source: a.tif", "pages: [p/1.tif, p/2.tif]")
    drawn["manifest"].write_text(text)
    drawn["scan"].unlink()
    (root / "in" / "p").mkdir()
    pages = [root / "in" / "p" / f"{number}.tif" for number in (1, 2)]
    for page in pages:
        page.write_text(page.name)
    ledger = Ledger(storage.resolve(root / "out"))
    listed = next(sheet for sheet in listed_sheets(storage.resolve(root / "in"), ledger) if sheet.manifests)
    used = [storage.stat(place) for place in (drawn["manifest"], *pages)]
    elsewhere = digest_elsewhere(listed, ((one.uri, one.size_bytes, one.etag) for one in used))
    entry = Entry(1, listed.token(SHAPING), "done", "c" * 32, elsewhere)
    ledger.commit("a", entry, SheetRecord(sheet="a", status="done"))
    return next(sheet for sheet in listed_sheets(storage.resolve(root / "in"), ledger) if sheet.manifests), entry


def test_a_page_that_was_replaced_makes_its_sheet_pending(tmp_path: Path) -> None:
    """A listing does not show which pages are whose; the manifest is read for it, and the sheet is else left alone."""
    listed, entry = _with_pages(tmp_path)
    assert entry.elsewhere
    assert [] == list(to_do([listed], SHAPING, unchanged=unchanged))
    (tmp_path / "in" / "p" / "2.tif").write_text("scanned anew")
    assert ["a"] == [sheet.name for sheet in to_do([listed], SHAPING, unchanged=unchanged)]


def test_pages_that_a_manifest_names_are_not_taken_for_scans_to_be_registered(tmp_path: Path) -> None:
    """Nor is what a manifest names that has a scan of its name; a scan that nobody names is one."""
    _with_pages(tmp_path)
    (tmp_path / "in" / "p" / "lone.tif").write_text("a scan")
    (tmp_path / "in" / "b.tif").write_text("a first page")
    (tmp_path / "in" / "b.sheet.yaml").write_text(
        (tmp_path / "in" / "a.sheet.yaml").read_text().replace("p/1.tif, p/2.tif", "b.tif, p/b-2.tif")
    )
    (tmp_path / "in" / "p" / "b-2.tif").write_text("its second page")
    source, ledger = storage.resolve(tmp_path / "in"), Ledger(storage.resolve(tmp_path / "out"))
    listed = list(Pages(source, ledger, SHAPING).without(listed_sheets(source, ledger)))
    assert (4, 1) == (
        standing(listed_sheets(source, ledger), SHAPING).scans_alone,
        standing(listed, SHAPING).scans_alone,
    )
    registering = replace(SHAPING, register=1)
    assert ["b", "p/lone"] == [sheet.name for sheet in to_do(listed, registering, unchanged=unchanged)]


def test_manifests_are_not_read_where_every_scan_has_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A listing shows all then, and nothing of an archive that is settled is opened."""
    listed, _ = _with_pages(tmp_path)
    listed.scans.append(StoredObject("/nowhere/a.tif", 1, "x", 0.0))
    monkeypatch.setattr(storage, "read_bytes", lambda *_: pytest.fail("a manifest was read"))
    pages = Pages(storage.resolve(tmp_path / "in"), Ledger(storage.resolve(tmp_path / "out")), SHAPING)
    assert [listed] == list(pages.without([listed]))


def test_a_page_that_is_gone_makes_its_sheet_pending(tmp_path: Path) -> None:
    """The run that takes it up says what is wrong."""
    listed, entry = _with_pages(tmp_path)
    (tmp_path / "in" / "p" / "1.tif").unlink()
    assert not unchanged(listed, entry)


def test_clearing_removes_old_work_and_what_killed_runs_left(tmp_path: Path) -> None:
    """And no result, ledger entry or young file."""
    ledger = Ledger(storage.resolve(tmp_path / "out"))
    ledger.claim(storage.resolve(tmp_path / "in"), SHAPING)
    kept, out = tmp_path / "out" / ".veernet" / "work", tmp_path / "out"
    old = [kept / "old.npz", out / "a" / f".{DIGEST[:16]}.part"]
    young = [kept / "new.npz", out / "b" / f".{DIGEST[:16]}.part"]
    results = [out / "a" / "a.las", out / "a" / ".part", out / ".veernet" / "ledger" / "a.sheet" / "x.json"]
    for path in (*old, *young, *results):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("12345")
        if path not in young:
            os.utime(path, (1, 1))
    cleaned = clean_work(str(out), 3600.0)
    assert (2, 10) == (cleaned.count, cleaned.size_bytes)
    assert [False] * 2 + [True] * 5 == [path.exists() for path in (*old, *young, *results)]


def _traced() -> Traced:
    fraction = np.array([0.1, np.nan, 1.25], np.float32)
    traces = (Trace(fraction, np.array([1, 0, 0.5], np.float32), (Doubt(1, 2, "contact"),)), Trace(fraction, fraction))
    bent = StripGeometry(
        Edge((0.0, 9.5), (1.1, 2.2)),
        Edge((0.0,), (500.0,)),
        -1.3,
        0.96,
        3,
        RowShift((0.0, 5.0), (0.1, 0.2), (0.0, 1.0)),
    )
    straight = StripGeometry(Edge((0.0,), (600.0,)), Edge((0.0,), (900.0,)), -1.3, 1.6, 3)
    return Traced((bent, straight), (traces, traces[:1]), 200.0, ("track-1 by 3 px",), ("tick 2",))


def test_kept_traces_come_back_to_the_last_bit() -> None:
    """Geometry, traces, their doubts and what was told of them; and the same give the same bytes."""
    kept = _traced().to_bytes()
    got = Traced.from_bytes(kept)
    assert kept == got.to_bytes() == _traced().to_bytes()
    assert _traced().geometries == got.geometries
    assert (_traced().dpi, _traced().moved, _traced().doubts) == (got.dpi, got.moved, got.doubts)
    for expected, trace in zip(_traced().traces[0], got.traces[0], strict=True):
        np.testing.assert_array_equal(expected.fraction, trace.fraction)
        np.testing.assert_array_equal(expected.confidence, trace.confidence)
        assert expected.doubts == trace.doubts


def test_damaged_traces_are_no_traces() -> None:
    """Cut short, changed or something else altogether, they are refused; nothing of them is run."""
    whole = _traced().to_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for bad in (b"", whole[:100], whole[:-30], bytes(flipped), b"\x80\x04\x95cos\nsystem\n"):
        with pytest.raises(WorkStoreError, match="damaged"):
            Traced.from_bytes(bad)

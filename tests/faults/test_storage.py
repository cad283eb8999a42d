"""Storage and disks that lie, stall, refuse, fill up and are killed: rows 34 to 49, where no other module makes them happen already."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from s3_proxy import DEAF_S, S3Proxy
from s3_server import S3Server

import flows.archive
from flows.cluster import dask_client
from veernet import storage
from veernet.archive.ledger import Ledger
from veernet.errors import StorageError, WorkStoreError
from veernet.location import resolve
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.work import WorkStore
from veernet.storage import (
    StorageDeniedError,
    create_once,
    fetch,
    objects,
    put_bytes,
    put_file,
    put_files,
    read_bytes,
    s3,
)
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

ROOT = Path(__file__).parents[2]
LIMIT_S = 60.0
NAMES = ("a.las", "a.html", "a.png", "a.record.json")


def _scan(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


@pytest.mark.fault(36, outcome="done")
def test_row_36_a_body_that_is_damaged_on_its_way_is_fetched_again(bucket: str, proxy: S3Proxy, tmp_path: Path) -> None:
    """It has the length that was promised; only the ETag, which is its digest, tells."""
    put_bytes(f"{bucket}/a.tif", _scan(100_000))
    proxy.asked.clear()
    proxy.faults = ["flip"]

    assert hashlib.sha256(_scan(100_000)).hexdigest() == fetch(f"{bucket}/a.tif", tmp_path).sha256
    assert 2 == len(proxy.asked)


@pytest.mark.fault(36, outcome="failed")
def test_row_36_a_body_that_is_damaged_each_time_is_never_taken_for_a_scan(
    bucket: str, proxy: S3Proxy, tmp_path: Path
) -> None:
    """Other bytes each time are no scan; the fault may pass."""
    put_bytes(f"{bucket}/a.tif", _scan(100_000))
    proxy.faults = ["flip", "retag"]

    with pytest.raises(StorageError, match="other bytes each time") as caught:
        fetch(f"{bucket}/a.tif", tmp_path)

    assert caught.value.retryable


def test_an_etag_that_is_no_digest_costs_a_bucket_one_fetch(bucket: str, proxy: S3Proxy, tmp_path: Path) -> None:
    """Under some encryption ETags look like digests and are none: the same bytes twice are believed, and then the bucket."""
    put_bytes(f"{bucket}/a.tif", _scan(1000))
    proxy.asked.clear()
    proxy.faults = ["retag"] * 3

    try:
        fetched = [fetch(f"{bucket}/a.tif", tmp_path).sha256 for _ in range(2)]
    finally:
        objects._TAGGED_OTHERWISE.clear()

    assert [hashlib.sha256(_scan(1000)).hexdigest()] * 2 == fetched
    assert 3 == len(proxy.asked)


@pytest.mark.fault(38, outcome="done")
def test_row_38_a_read_that_stalls_in_its_middle_goes_on_where_it_was(
    bucket: str, proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of the scan comes, then nothing."""
    monkeypatch.setattr(s3, "STALL_TIMEOUT_S", 0.3)
    put_bytes(f"{bucket}/a.tif", _scan(3_000_001))
    proxy.faults = ["pause"]
    began_s = time.monotonic()

    assert hashlib.sha256(_scan(3_000_001)).hexdigest() == fetch(f"{bucket}/a.tif", tmp_path).sha256
    assert time.monotonic() - began_s < DEAF_S


@pytest.mark.fault(38, outcome="done")
def test_row_38_a_write_that_nobody_takes_is_given_up_and_made_again(
    bucket: str, proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The storage accepts the connection and reads nothing of what is sent."""
    monkeypatch.setattr(s3, "STALL_TIMEOUT_S", 0.3)
    (tmp_path / "a.las").write_bytes(_scan(4_000_003))
    proxy.faults = ["deaf"]
    began_s = time.monotonic()

    put_file(f"{bucket}/a.las", tmp_path / "a.las")

    assert time.monotonic() - began_s < DEAF_S
    assert _scan(4_000_003) == read_bytes(f"{bucket}/a.las", 1 << 23)


@pytest.mark.fault(39, outcome="set aside")
def test_row_39_an_expired_token_is_told_after_one_request(bucket: str, proxy: S3Proxy, tmp_path: Path) -> None:
    """Nothing but new credentials helps, and S3's own words, which hold the old, are not repeated."""
    operations: list[Callable[[], object]] = [
        lambda: fetch(f"{bucket}/a.tif", tmp_path),
        lambda: put_bytes(f"{bucket}/a.las", b"~V"),
        lambda: create_once(f"{bucket}/a.json", b"{}"),
    ]
    for operation in operations:
        proxy.asked.clear()
        proxy.faults = ["expired"] * 9

        with pytest.raises(
            StorageDeniedError, match=r"S3 answered 400 ExpiredToken; check the AWS_\* credentials"
        ) as caught:
            operation()

        assert 1 == len(proxy.asked)
        assert "archive:reader" not in str(caught.value)


_WRITES_STRIPS = """
import sys
import numpy as np
from types import SimpleNamespace
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.work import WorkStore
store = WorkStore.create(sys.argv[1], [SimpleNamespace(rows=int(sys.argv[2]) * CHUNK_ROWS)])
print("laid out", flush=True)
for first_row in range(0, int(sys.argv[2]) * CHUNK_ROWS, CHUNK_ROWS):
    store.write_strip(0, first_row, np.random.default_rng(first_row).integers(1, 256, (CHUNK_ROWS, 512), np.uint8))
    print("written", flush=True)
"""


@pytest.mark.fault(42, outcome="done")
@pytest.mark.parametrize("written", [0, 1, 5])
def test_row_42_what_a_killed_writer_of_strips_left_is_right_or_refused(tmp_path: Path, written: int) -> None:
    """Chunk by chunk, whenever it was killed; the run that begins anew sweeps it."""
    import numpy as np

    chunks = 40  # more than are written while the kill is on its way
    writer = subprocess.Popen(
        [sys.executable, "-c", _WRITES_STRIPS, str(tmp_path / "w"), str(chunks)], stdout=subprocess.PIPE, cwd=ROOT
    )
    assert writer.stdout is not None
    for _ in range(1 + written):
        writer.stdout.readline()
    writer.kill()
    writer.communicate()

    store, outcomes = WorkStore.open(tmp_path / "w"), []
    for first_row in range(0, chunks * CHUNK_ROWS, CHUNK_ROWS):
        try:
            got = store.read_strip(0, first_row, first_row + CHUNK_ROWS)
        except WorkStoreError:
            outcomes.append("refused")
            continue
        assert (np.random.default_rng(first_row).integers(1, 256, (CHUNK_ROWS, 512), np.uint8) == got).all()
        outcomes.append("right")
    assert "refused" in outcomes
    assert sorted(outcomes, reverse=True) == outcomes  # in the order in which they were written
    WorkStore.create(tmp_path / "w", [_Rows(100)])
    assert [] == [path for path in (tmp_path / "w").rglob("c") if path.is_dir()]


class _Rows:
    def __init__(self, rows: int) -> None:
        self.rows = rows


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, of a quarter of a megabyte."""
    place = tmp_path / "disk"
    place.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", place], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        warnings.warn(f"no full disk is tested, because none can be mounted: {done.stderr.strip()}", stacklevel=1)
        pytest.skip(f"mounting is not allowed here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)


def _files(near: Path, content: bytes) -> list[Path]:
    near.mkdir()
    for name in NAMES:
        (near / name).write_bytes(content + name.encode())
    return [near / name for name in NAMES]


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.fault(46, outcome="failed")
def test_row_46_a_disk_that_fills_up_leaves_the_earlier_result(small_disk: Path, tmp_path: Path) -> None:
    """Whole, with nothing beside it; the error can be tried again, for somebody may make room."""
    put_files(resolve(small_disk / "a"), _files(tmp_path / "old", b"old "), again=False)
    before = _contents(small_disk / "a")

    with pytest.raises(StorageError, match="the disk is full; make room") as caught:
        put_files(resolve(small_disk / "a"), _files(tmp_path / "new", _scan(80_000)), again=True)

    assert caught.value.retryable
    assert before == _contents(small_disk / "a")


@pytest.mark.fault(46, outcome="set aside")
def test_row_46_a_disk_that_may_only_be_read_is_left_as_it_is(small_disk: Path, tmp_path: Path) -> None:
    """Trying again does not help; the error says what the system said."""
    put_files(resolve(small_disk / "a"), _files(tmp_path / "old", b"old "), again=False)
    before = _contents(small_disk / "a")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)

    with pytest.raises(StorageDeniedError, match="Read-only file system"):
        put_files(resolve(small_disk / "a"), _files(tmp_path / "new", b"new "), again=True)

    assert before == _contents(small_disk / "a")


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """Address of a Dask cluster with one worker."""
    with dask_client() as client:
        yield client.scheduler.address


def _archive(folder: Path) -> str:
    for seed, stem in enumerate("ab"):
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
        write_sheet(recipe, folder, stem)["truth"].unlink()
    return str(folder)


@pytest.mark.fault(46, outcome="failed")
def test_row_46_a_run_on_a_full_disk_fails_its_sheets_and_not_itself(
    small_disk: Path, tmp_path: Path, prefect_url: str, cluster: str
) -> None:
    """Each says that the disk is full; earlier files are whole; with more room the same command does both."""
    source, out = _archive(tmp_path / "in"), small_disk / "out"
    (out / "a").mkdir(parents=True)
    (out / "a" / "a.las").write_bytes(b"an earlier one")
    (small_disk / "ballast").write_bytes(b"0" * 170_000)

    full = flows.archive.run(source, str(out), dask=cluster)

    assert (0, {"storage": 2}) == (full.done, dict(full.reasons))
    assert all("the disk is full; make room" in why for _, why in full.first_set_aside)
    assert b"an earlier one" == (out / "a" / "a.las").read_bytes()
    assert [] == list(out.rglob("*.part"))
    (small_disk / "ballast").unlink()
    subprocess.run(["mount", "-o", "remount,size=16m", small_disk], check=True)
    assert 2 == flows.archive.run(source, str(out), dask=cluster, retry="set-aside").done


@pytest.mark.fault(46, outcome="failed")
def test_row_46_a_full_disk_for_work_is_named_as_that(
    small_disk: Path, tmp_path: Path, prefect_url: str, cluster: str
) -> None:
    """Not as damage to the scan, which has none: nothing of the sheets is lost, and another --work helps."""
    source, out = _archive(tmp_path / "in"), tmp_path / "out"

    full = flows.archive.run(source, str(out), dask=cluster, work=str(small_disk))

    assert (0, 2) == (full.done, full.set_aside)
    assert {"storage", "damaged-work"} >= set(full.reasons)
    assert all("free some space" in why or "make room" in why for _, why in full.first_set_aside), full.first_set_aside
    assert not list(out.rglob("*.las"))


_PUTS_OLD_AND_NEW = """
import sys
from veernet.location import resolve
from veernet.storage import put_file
old, new, target = sys.argv[1:]
put_file(target, resolve(old).path)
print("begun", flush=True)
while True:
    put_file(target, resolve(new).path)
    put_file(target, resolve(old).path)
"""


@pytest.mark.fault(47, outcome="done")
def test_row_47_a_las_file_whose_writer_is_killed_is_the_old_or_the_new(tmp_path: Path) -> None:
    """Ten times over, at random moments of its writing; what is left besides is hidden and no result."""
    for name in ("old", "new"):
        (tmp_path / name).write_bytes(name.encode() * 1_000_000)
    target = tmp_path / "out" / "a.las"
    whole = {(tmp_path / name).read_bytes() for name in ("old", "new")}
    rng, seen = random.Random(47), set()
    for _ in range(10):
        arguments = [str(tmp_path / "old"), str(tmp_path / "new"), str(target)]
        writer = subprocess.Popen(
            [sys.executable, "-c", _PUTS_OLD_AND_NEW, *arguments], stdout=subprocess.PIPE, cwd=ROOT
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(rng.uniform(0.0, 0.05))
        writer.kill()
        writer.communicate()
        seen.add(target.read_bytes())
        assert {"a.las"} == {path.name for path in target.parent.iterdir() if not path.name.startswith(".")}
    assert seen <= whole


@pytest.mark.fault(47, outcome="done")
def test_row_47_a_las_file_whose_storage_is_killed_is_the_old_or_the_new(s3_server: S3Server, bucket: str) -> None:
    """The put that was on its way waits for the storage to come back, and is then made whole."""
    old, new = b"old" * 1_000_000, b"new" * 1_000_000
    put_bytes(f"{bucket}/a.las", old)
    putting = threading.Thread(target=put_bytes, args=(f"{bucket}/a.las", new))
    putting.start()
    time.sleep(0.02)
    s3_server.kill()
    s3_server.start()
    at_once = read_bytes(f"{bucket}/a.las", 1 << 23)
    putting.join(LIMIT_S)

    assert at_once in (old, new)
    assert new == read_bytes(f"{bucket}/a.las", 1 << 23)


@pytest.mark.fault(40, outcome="done")
def test_row_40_a_scan_that_is_replaced_after_it_was_listed_is_done_again(
    tmp_path: Path, prefect_url: str, cluster: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The entry stands for what was listed, which is no longer there: the next run sees that, and does the sheet anew."""
    source, out = _archive(tmp_path / "in"), tmp_path / "out"
    plain = storage.fetch

    def replaced(place: storage.Location, to_dir: Path) -> storage.Fetched:
        if str(place).endswith("a.tif") and not (tmp_path / "in" / "done").exists():
            (tmp_path / "in" / "done").touch()
            (tmp_path / "in" / "a.tif").write_bytes((tmp_path / "in" / "b.tif").read_bytes())
        return plain(place, to_dir)

    monkeypatch.setattr(storage, "fetch", replaced)
    first = flows.archive.run(source, str(out), dask=cluster)
    second = flows.archive.run(source, str(out), dask=cluster)

    assert (2, 1, 1) == (first.done, second.done, second.already)
    assert 2 == len(list(Ledger(resolve(out)).folder.path.glob("a.sheet/*")))

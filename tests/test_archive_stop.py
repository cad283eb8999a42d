"""A run in which something else than the sheets is broken: it ends early and says so, rather than setting a whole archive aside."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_proxy import Fault, S3Proxy, s3_proxy
from s3_server import S3Server

import flows.archive
from flows.archive_console import standing_of
from flows.archive_report import LOOK_BACK, Tally, TooManyFailedError, watching
from flows.cluster import dask_client
from tasks.state import Job, Sheet
from veernet import storage
from veernet.errors import OptionError
from veernet.review.record import Failure
from veernet.storage import s3
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

SHEETS = 70
SHEET = Sheet(Job("a", None, None, storage.resolve("out"), Path()))


def _tally(reasons: str) -> Tally:
    """A run of which sheet after sheet ended so: (d)one, a (b)ad scan, a (s)torage that does not answer."""
    tally = Tally(total=len(reasons))
    for letter in reasons:
        reason = {"d": None, "b": "bad-scan", "s": "storage"}[letter]
        failure = Failure(reason=reason, subject="a", found="f", remedy="r", stage="fetch") if reason else None
        tally.count(Sheet(SHEET.job, failure=failure))
    return tally


def test_a_run_ends_early_when_more_than_half_of_the_latest_sheets_fail_by_no_fault_of_theirs() -> None:
    """The message has how many of how many failed, by what, how far the run has come, and what to do."""
    tally = _tally("d" * 500 + "s" * 26 + "d" * 24)
    with pytest.raises(TooManyFailedError, match=r"of the latest 50 sheets 26 failed .*\(26 for storage\)") as told:
        tally.check(50)
    assert "524 done, 26 set aside" in told.value.found
    assert "--retry set-aside" in told.value.remedy


@pytest.mark.parametrize(
    ("reasons", "stop_above"),
    [
        ("b" * 500, 50),  # an archive of bad scans is gone through to its end
        ("b" * 30 + "s" * 20, 50),
        ("s" * (LOOK_BACK - 1), 50),  # too few to tell
        ("s" * 25 + "d" * 25, 50),  # half is not more than half
        ("s" * 400 + "d" * 50, 50),  # what broke has been mended
        ("s" * 400, 100),  # never, if never is asked for
    ],
)
def test_a_run_goes_on_as_long_as_it_makes_sense(reasons: str, stop_above: int) -> None:
    """Bad sheets, and a few faults, are no reason to leave the others undone."""
    _tally(reasons).check(stop_above)


class _FromTheFirstScanOn(list[Fault | None]):
    """Credentials that expire when the first scan is asked for."""

    def __init__(self, proxy: S3Proxy) -> None:
        super().__init__()
        self._proxy = proxy

    def __bool__(self) -> bool:
        return any(asked.method == "GET" and ".tif" in asked.path for asked in list(self._proxy.asked))

    def pop(self, _: Any = 0) -> Fault | None:
        """The next request's."""
        return "expired"


@pytest.fixture
def expiring(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """A bucket with an archive of many sheets, whose credentials expire as soon as the first scan is asked for."""
    drawn = write_sheet(SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100), tmp_path, "a")
    s3_server.make_bucket("stops")
    store = s3_server.client("stops")
    import obstore

    for number, (kind, suffix) in itertools.product(range(SHEETS), (("scan", "tif"), ("manifest", "sheet.yaml"))):
        text = drawn[kind].read_bytes().replace(b"source: a.tif", b"")
        obstore.put(store, f"scans/s{number:03d}.{suffix}", text)
    with s3_proxy(s3_server.port) as proxy:
        for variable, value in {**s3_server.environment(), "AWS_ENDPOINT_URL": proxy.url}.items():
            monkeypatch.setenv(variable, value)
        s3.bucket.cache_clear()
        proxy.faults = _FromTheFirstScanOn(proxy)
        yield proxy.url
        s3.bucket.cache_clear()


@pytest.mark.fault(33, outcome="failed")
@pytest.mark.usefixtures("expiring")
def test_a_run_whose_credentials_expire_ends_early_and_loses_no_sheet(
    prefect_url: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some batches rather than at the archive's end; what it could not enter is still to be done."""
    seen: list[Tally] = []
    with dask_client() as client, watching(seen.append), pytest.raises(TooManyFailedError, match="storage-denied"):
        flows.archive.run("s3://stops/scans", "s3://stops/logs", dask=client.scheduler.address)
    assert LOOK_BACK <= seen[-1].set_aside < SHEETS
    for thread in threading.enumerate():  # nobody waits for what an ended run still had on its way
        if thread.name.startswith("batch"):
            thread.join(60)
    monkeypatch.setenv("AWS_ENDPOINT_URL", s3_server.url)
    s3.bucket.cache_clear()
    assert (0, {}, SHEETS) == tuple(standing_of("s3://stops/logs")[name] for name in ("done", "set_aside", "pending"))


@pytest.mark.parametrize("percentage", [-1, 101])
def test_a_percentage_that_is_none_is_refused(tmp_path: Path, percentage: int) -> None:
    """Before anything is started."""
    from flows.archive_plan import plan

    with pytest.raises(OptionError, match="--stop-above"):
        plan(str(tmp_path), str(tmp_path / "out"), stop_above=percentage)

"""An archive in a bucket of a real S3 server, its results in another: by the real flow, and through a storage that goes away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3_server import S3Server

import flows.archive
from flows.archive_console import standing_of
from flows.cluster import dask_client
from veernet.archive.clean import age_s, clean_work
from veernet.errors import OptionError
from veernet.storage import list_uris, put_file, s3
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

_numbers = itertools.count()


@pytest.fixture
def buckets(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """An archive of two sheets of one stem in a bucket, and an empty bucket."""
    number = next(_numbers)
    names = f"scans-{number}", f"logs-{number}"
    for variable, value in s3_server.environment().items():
        monkeypatch.setenv(variable, value)
    s3.bucket.cache_clear()
    for name in names:
        s3_server.make_bucket(name)
    for seed, folder in enumerate(("", "north")):
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1060.0, dpi=100, difficulty=0.1)
        drawn = write_sheet(recipe, tmp_path / f"{seed}", "a")
        for path in (drawn["scan"], drawn["manifest"]):
            put_file(f"s3://{'/'.join(filter(None, (names[0], 'old logs', folder, path.name)))}", path)
    yield f"s3://{names[0]}/old logs", f"s3://{names[1]}"
    s3.bucket.cache_clear()


@pytest.mark.fault(48, outcome="done")
def test_an_archive_in_a_bucket_is_done_once(buckets: tuple[str, str], prefect_url: str) -> None:
    """Results and ledger lie in the bucket; the second run does nothing; clearing work leaves all that matters."""
    source, out = buckets
    with dask_client() as client:
        first = flows.archive.run(source, out, dask=client.scheduler.address)
        found = {uri.removeprefix(f"{out}/") for uri in list_uris(out)}
        again = flows.archive.run(source, out, dask=client.scheduler.address)
    assert (2, 0, 0) == (first.done, first.set_aside, first.already)
    assert (0, 0, 2) == (again.done, again.set_aside, again.already)
    assert {
        f"{place}/a.{kind}" for place in ("a", "north/a") for kind in ("las", "html", "png", "record.json")
    } == found
    told = standing_of(out)
    assert (source, 2, {}, 0) == (told["source"], told["done"], told["set_aside"], told["pending"])
    assert [0, 2] == [clean_work(out, age_s(age)).count for age in ("1h", "0h")]
    assert found == {uri.removeprefix(f"{out}/") for uri in list_uris(out)}
    assert (2, 0) == (standing_of(out)["done"], standing_of(out)["pending"])


@pytest.mark.parametrize("age", ["", "30", "d", "-1d", "1w", "1.5h"])
def test_an_age_that_means_none_is_refused(age: str) -> None:
    """Rather than clearing what was not meant."""
    with pytest.raises(OptionError, match="--older-than"):
        age_s(age)


def test_only_what_is_old_enough_is_cleared(tmp_path: Path) -> None:
    """And nothing anywhere that is no archive's destination."""
    with pytest.raises(OptionError, match="no archive run has written here"):
        clean_work(str(tmp_path), 0.0)

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from veernet.errors import OptionError, SourceMissingError, StorageError
from veernet.storage import (
    StorageDeniedError,
    StoredObject,
    create_once,
    exists,
    faults,
    fetch,
    is_folder,
    list_objects,
    list_uris,
    local,
    put_bytes,
    put_file,
    read_bytes,
    redact,
    remove,
    resolve,
    s3,
)

BODY = b"scan" * 5000


class _Bucket(ThreadingHTTPServer):
    """A loopback endpoint that answers as a test tells it to; it is no S3, only what S3 does when it is unwell."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses: list[int] = []
        self.requests = 0
        self.stall_s = 0.0


class _Handler(BaseHTTPRequestHandler):
    server: _Bucket
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.requests += 1
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        body = BODY if status == 200 else b"<Error><Message>key AKIASECRETSECRET99 of hush-hush</Message></Error>"
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sat, 21 Nov 2026 02:00:00 GMT")
        self.end_headers()
        time.sleep(self.server.stall_s)
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def unwell_s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Bucket]:
    """An S3 endpoint on the loopback interface, with credentials that must not be seen again."""
    with _Bucket() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIASECRETSECRET99")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")
        monkeypatch.setenv("AWS_REGION", "us-east-1")
        s3.bucket.cache_clear()
        yield server
        s3.bucket.cache_clear()
        server.shutdown()


def test_fetch_gives_the_whole_object_with_its_size_and_digest(tmp_path: Path) -> None:
    """A fetched file equals its source, and so do its size and digest."""
    source = tmp_path / "a scan%20#1.tif"
    source.write_bytes(BODY)

    fetched = fetch(str(source), tmp_path / "here")

    assert (tmp_path / "here" / source.name, str(source)) == (fetched.path, fetched.uri)
    assert (len(BODY), hashlib.sha256(BODY).hexdigest()) == (fetched.size_bytes, fetched.sha256)
    assert fetched.path.read_bytes() == BODY


def test_a_missing_source_is_refused_by_name_and_leaves_nothing(tmp_path: Path) -> None:
    """Fetching what is not there names it, and makes no file."""
    with pytest.raises(SourceMissingError, match=r"nope\.tif"):
        fetch(tmp_path / "nope.tif", tmp_path / "here")

    assert not list((tmp_path / "here").iterdir())


@pytest.mark.parametrize("source", ["/dev/zero", "."])
def test_what_is_no_regular_file_is_refused_at_once(source: str, tmp_path: Path) -> None:
    """A device or a folder is not read as if it were a scan."""
    with pytest.raises(StorageDeniedError):
        fetch(source, tmp_path)


@pytest.mark.fault(36, outcome="failed")
def test_a_source_that_gives_less_than_promised_is_asked_again_and_then_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A short object is never taken for a whole one."""
    asked: list[int] = []
    promised = StoredObject("a.tif", 10, "", 0.0)
    monkeypatch.setattr(faults, "PAUSE_S", 0)
    monkeypatch.setattr(local, "read", lambda _place: (asked.append(1), (promised, iter([b"12345"])))[1])

    with pytest.raises(StorageError, match="5 of the 10 bytes"):
        fetch("a.tif", tmp_path)

    assert faults.TRIES == len(asked)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_write_that_fails_half_way_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A full disk, or a full quota, costs neither the earlier output nor litter."""
    target = tmp_path / "a.las"
    put_bytes(target, b"old")

    def full(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="disk is full"):
        put_bytes(target, b"new")

    assert target.read_bytes() == b"old"
    assert [target] == list(tmp_path.iterdir())


def test_put_file_makes_folders_and_replaces_what_was_there(tmp_path: Path) -> None:
    """A stored file equals its source, with the permissions of any new file."""
    source = tmp_path / "source"
    source.write_bytes(BODY)
    target = tmp_path / "deep" / "er" / "a.png"

    put_bytes(target, b"old")
    put_file(f"file://{target}", source)

    assert target.read_bytes() == BODY
    assert target.stat().st_mode == source.stat().st_mode


def test_of_many_creators_one_wins_and_its_bytes_stay(tmp_path: Path) -> None:
    """create_once says True to one caller only, and nobody sees half a file."""
    target = tmp_path / "record.json"
    datas = [str(number).encode() * 1000 for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda data: create_once(target, data), datas))

    assert won.count(True) == 1
    assert target.read_bytes() == datas[won.index(True)]
    assert create_once(target, b"late") is False
    assert [target] == list(tmp_path.iterdir())


def test_read_bytes_stops_at_its_bound(tmp_path: Path) -> None:
    """A manifest of a gigabyte is refused, one of the allowed size is read."""
    put_bytes(tmp_path / "m.yaml", b"12345")

    assert read_bytes(tmp_path / "m.yaml", max_bytes=5) == b"12345"
    with pytest.raises(StorageError, match="more than the 4 allowed"):
        read_bytes(tmp_path / "m.yaml", max_bytes=4)


def test_listing_is_lazy_sorted_and_leaves_hidden_files_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first name comes before later folders are opened."""
    for name in ("b/2.tif", "a/1.tif", "c/3.tif", "a/._1.tif", ".git/x"):
        put_bytes(tmp_path / name, b"")
    opened: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: (opened.append(Path(path).name), scandir(path))[1])

    listing = list_uris(tmp_path)

    assert not opened
    assert str(tmp_path / "a/1.tif") == next(listing)
    assert [tmp_path.name, "a"] == opened
    assert [str(tmp_path / "b/2.tif"), str(tmp_path / "c/3.tif")] == list(listing)


@given(st.sets(st.lists(st.sampled_from(["a", "a-b", "a.b", "a0", "A", "é"]), min_size=1, max_size=3).map(tuple)))
def test_a_local_listing_is_in_the_order_of_keys(paths: set[tuple[str, ...]]) -> None:
    """A bucket with the same names lists them in the same order, so that two listings can be walked side by side."""
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            with suppress(FileExistsError, NotADirectoryError):  # a name is a file or a folder here, not both
                Path(folder, *path[:-1]).mkdir(parents=True, exist_ok=True)
                Path(folder, *path).open("xb").close()

        listed = list(list_uris(folder))

        assert sorted(listed) == listed
        assert {str(path) for path in Path(folder).rglob("*") if path.is_file()} == set(listed)


def test_a_listed_file_tells_its_size_and_when_it_changed(tmp_path: Path) -> None:
    """Written again with other content of one length, its tag is another; left alone, it stays."""
    put_bytes(tmp_path / "a.tif", b"123")
    put_bytes(tmp_path / "b.tif", b"")
    a, b = list_objects(tmp_path)
    assert [(str(tmp_path / "a.tif"), 3), (str(tmp_path / "b.tif"), 0)] == [
        (a.uri, a.size_bytes),
        (b.uri, b.size_bytes),
    ]

    put_bytes(tmp_path / "a.tif", b"321")

    again, same = list_objects(tmp_path)
    assert a.etag != again.etag
    assert b == same


def test_a_folder_that_is_not_there_cannot_be_listed(tmp_path: Path) -> None:
    """An empty answer would look like an empty archive."""
    with pytest.raises(SourceMissingError):
        next(list_uris(tmp_path / "nope"))


def test_files_and_folders_are_told_apart(tmp_path: Path) -> None:
    """Exists is of objects, is_folder of folders."""
    put_bytes(tmp_path / "f", b"")

    assert (True, False) == (exists(tmp_path / "f"), is_folder(tmp_path / "f"))
    assert (False, True) == (exists(tmp_path), is_folder(tmp_path))


def test_an_s3_uri_is_taken_apart_as_written() -> None:
    """Keys may hold spaces, percent signs and question marks; a slash at the end says nothing."""
    place = resolve("s3://wells/in put/a%20b?.tif")

    assert ("wells", "in put/a%20b?.tif") == (place.bucket, place.key)
    assert "a%20b?.tif" == place.name
    assert "s3://wells/in put" == str(place.parent)
    assert "s3://wells/out/x.las" == str(resolve("s3://wells/out/") / "x.las")


@given(st.lists(st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_a_location_reads_back_as_itself(parts: list[str]) -> None:
    """Writing a place down and resolving it again changes nothing, on disk and on S3."""
    clean = [part for part in parts if part not in (".", "..")] or ["x"]
    for text in ("/data/" + "/".join(clean), "s3://wells/" + "/".join(clean)):
        assert resolve(str(resolve(text))) == resolve(text)


def test_relative_paths_and_file_uris_mean_the_same_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three ways to write one path."""
    monkeypatch.chdir(tmp_path)

    assert resolve("a b.tif") == resolve(tmp_path / "a b.tif") == resolve(f"file://{tmp_path}/a%20b.tif")


@pytest.mark.parametrize(
    "source",
    ["http://127.0.0.1/x", "https://h/x", "/vsis3/b/k", "/vsicurl/http://h/x", "gs://b/k", "s3://b b/k", "s3:///k", "",
     "s3://wells/a/../b", "s3://wells/..", "s3://wells/a//b", "a\0b", "file://elsewhere/x", "file:///a%00b"],
)  # fmt: skip
def test_other_kinds_of_places_are_refused(source: str) -> None:
    """Known schemes only: no web, no GDAL file systems, no way out of a prefix."""
    with pytest.raises(OptionError):
        resolve(source)


def test_credentials_in_a_uri_are_refused_without_repeating_them() -> None:
    """The message must be fit for a log."""
    with pytest.raises(OptionError) as caught:
        resolve("s3://AKIA123:hush-hush@wells/x.tif")

    assert "hush-hush" not in str(caught.value)
    assert "AKIA123" not in str(caught.value)


def test_redact_takes_out_what_must_not_be_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Environment values, URL passwords, signatures."""
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hush-hush")

    redacted = redact("at hush-hush http://me:pw@host/x?X-Amz-Signature=abc&n=1 AKIAABCDEFGHIJKLMNOP")

    assert "at *** http://***@host/x?X-Amz-Signature=***&n=1 ***" == redacted


@pytest.mark.fault(34, outcome="done")
def test_two_bad_answers_of_s3_cost_a_moment_only(unwell_s3: _Bucket, tmp_path: Path) -> None:
    """503 twice, then fine."""
    unwell_s3.statuses = [503, 503]

    fetched = fetch("s3://wells/in/a.tif", tmp_path)

    assert (len(BODY), hashlib.sha256(BODY).hexdigest()) == (fetched.size_bytes, fetched.sha256)
    assert unwell_s3.requests == 3


@pytest.mark.fault(39, outcome="set aside")
def test_a_refusal_of_s3_is_an_outcome_of_its_own_and_no_storm(unwell_s3: _Bucket, tmp_path: Path) -> None:
    """403 is asked once, cannot be retried, and its message holds no credential."""
    unwell_s3.statuses = [403] * 9

    with pytest.raises(StorageDeniedError, match="credentials") as caught:
        fetch("s3://wells/in/a.tif", tmp_path)

    assert unwell_s3.requests == 1
    assert not caught.value.retryable
    assert "hush-hush" not in str(caught.value)
    assert "AKIASECRETSECRET99" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_request_that_s3_cannot_take_is_not_made_again(unwell_s3: _Bucket, tmp_path: Path) -> None:
    """400 is what a wrong region or a proxy in the way gives."""
    unwell_s3.statuses = [400] * 9

    with pytest.raises(StorageDeniedError, match="S3 answered 400; check AWS_ENDPOINT_URL, AWS_REGION"):
        fetch("s3://wells/in/a.tif", tmp_path)

    assert unwell_s3.requests == 1


@pytest.mark.fault(39, outcome="set aside")
def test_an_object_that_s3_does_not_have_is_missing(unwell_s3: _Bucket, tmp_path: Path) -> None:
    """404 says that the source is missing, not that the storage failed."""
    unwell_s3.statuses = [404]

    with pytest.raises(SourceMissingError, match=r"s3://wells/in/a\.tif"):
        fetch("s3://wells/in/a.tif", tmp_path)


@pytest.mark.fault(38, outcome="failed")
def test_a_stalled_read_of_s3_ends(unwell_s3: _Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that gives nothing is given up, again and again, and then reported as retryable."""
    monkeypatch.setattr(s3, "STALL_TIMEOUT_S", 0.2)
    monkeypatch.setattr(s3, "RETRIES", 1)
    unwell_s3.stall_s = 1.5
    started = time.monotonic()

    with pytest.raises(StorageError) as caught:
        fetch("s3://wells/in/a.tif", tmp_path)

    assert caught.value.retryable
    assert time.monotonic() - started < 10


def test_a_removed_object_is_gone_and_may_be_removed_again(tmp_path: Path) -> None:
    """What is not there needs no removal, so asking twice is no fault."""
    target = tmp_path / "record.json"
    put_bytes(target, b"{}")
    remove(target)
    remove(target)
    assert not exists(target)

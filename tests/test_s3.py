"""The storage layer over a real S3 server, and over a network that is unwell."""

from __future__ import annotations

import hashlib
import logging
import os
import random
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import obstore
import pytest
from prefect_rows import all_rows
from s3_proxy import STALL_S, Fault, S3Proxy
from s3_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY, S3Server

from veernet.errors import OptionError, SourceMissingError, StorageError, VeerNetError
from veernet.review.evaluate import compare
from veernet.review.record import SheetRecord
from veernet.sheets.manifest import read_manifest
from veernet.storage import (
    StorageDeniedError,
    create_once,
    exists,
    fetch,
    is_folder,
    list_objects,
    list_uris,
    put_bytes,
    put_file,
    read_bytes,
    remove,
    s3,
)
from veernet.training.layout import sample_sheet
from veernet.training.sheet import write_sheet

COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]
ROOT = Path(__file__).parents[1]


def _scan(size_bytes: int) -> bytes:
    return random.Random(size_bytes).randbytes(size_bytes)


def _key(uri: str) -> dict[str, str]:
    """Bucket and key as boto3 wants them."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return {"Bucket": bucket, "Key": key}


@pytest.mark.parametrize("size_bytes", [0, 1_000_003, 23_000_003])
def test_a_stored_file_is_fetched_whole_with_its_digest(bucket: str, tmp_path: Path, size_bytes: int) -> None:
    """Nothing, a megabyte, and more than one part's worth come back byte for byte; spaces and signs in a name stay."""
    scan = _scan(size_bytes)
    (tmp_path / "scan").write_bytes(scan)
    uri = f"{bucket}/in put/a%20b+é?.tif"

    put_file(uri, tmp_path / "scan")
    fetched = fetch(uri, tmp_path / "near")

    assert (uri, size_bytes, hashlib.sha256(scan).hexdigest()) == (fetched.uri, fetched.size_bytes, fetched.sha256)
    assert scan == fetched.path.read_bytes()
    assert "a%20b+é?.tif" == fetched.path.name


def test_what_is_stored_is_what_other_clients_see(bucket: str, s3_server: S3Server) -> None:
    """boto3 reads what VeerNet stored, and the other way round; what was there before is replaced."""
    uri = f"{bucket}/out/a b/a.las"
    put_bytes(uri, b"old")
    put_bytes(uri, b"~Version")
    assert "~Version" == s3_server.boto("get_object", **_key(uri))["Body"]

    s3_server.boto("put_object", **_key(uri), Body="~Curve")
    assert b"~Curve" == read_bytes(uri, max_bytes=100)


def test_read_bytes_loads_no_more_than_it_may(bucket: str) -> None:
    """A manifest of a gigabyte is refused by its length."""
    put_bytes(f"{bucket}/m.yaml", b"12345")

    assert b"12345" == read_bytes(f"{bucket}/m.yaml", max_bytes=5)
    with pytest.raises(StorageDeniedError, match="more than the 4 allowed"):
        read_bytes(f"{bucket}/m.yaml", max_bytes=4)


@pytest.mark.fault(45, outcome="done")
def test_of_many_creators_in_a_bucket_one_wins_and_its_bytes_stay(bucket: str) -> None:
    """The server itself decides: all ask at one moment, one is told True, and who comes late changes nothing."""
    uri = f"{bucket}/record.json"
    datas = [str(number).encode() * 1000 for number in range(8)]
    at_once = threading.Barrier(len(datas))

    def create(data: bytes) -> bool:
        at_once.wait()
        return create_once(uri, data)

    with ThreadPoolExecutor(len(datas)) as pool:
        won = list(pool.map(create, datas))

    assert 1 == won.count(True)
    assert datas[won.index(True)] == read_bytes(uri, 5000)
    assert create_once(uri, b"late") is False
    assert datas[won.index(True)] == read_bytes(uri, 5000)


def test_an_object_is_put_only_if_none_is_there_by_the_servers_own_word(bucket: str, proxy: S3Proxy) -> None:
    """The condition goes with the request, and no question goes before it."""
    assert create_once(f"{bucket}/record.json", b"{}")

    assert [("PUT", "*")] == [(asked.method, asked.headers.get("if-none-match")) for asked in proxy.asked]


def test_a_removed_object_is_gone_from_the_bucket(bucket: str) -> None:
    """Only that one; asking twice is no fault."""
    put_bytes(f"{bucket}/a", b"")
    put_bytes(f"{bucket}/ab", b"")

    remove(f"{bucket}/a")
    remove(f"{bucket}/a")

    assert [False, True] == [exists(f"{bucket}/a"), exists(f"{bucket}/ab")]


def test_objects_and_prefixes_are_told_apart(bucket: str) -> None:
    """Exists is of objects, is_folder of what has an object below it; a name's beginning is no folder."""
    put_bytes(f"{bucket}/in/a.tif", b"")

    assert [True, False, False, False] == [exists(f"{bucket}/{key}") for key in ("in/a.tif", "in", "in/a", "")]
    assert [False, True, False, True] == [is_folder(f"{bucket}/{key}") for key in ("in/a.tif", "in", "i", "")]


def test_a_bucket_lists_as_a_disk_with_the_same_files_does(bucket: str, tmp_path: Path) -> None:
    """Order of keys, sizes, hidden ones left out; a tag changes with the content, and only then."""
    names = ("a/1.tif", "a-b/1.tif", "a.tif", "a/b/2.tif", "B.tif", "é.tif", ".git/x", "a/.hidden", "a0/._1.tif")
    for name in names:
        put_bytes(tmp_path / "in" / name, name.encode())
        put_bytes(f"{bucket}/in/{name}", name.encode())
    put_bytes(f"{bucket}/in-other/1.tif", b"")

    local, remote = list(list_objects(tmp_path / "in")), list(list_objects(f"{bucket}/in"))

    assert ["B.tif", "a-b/1.tif", "a.tif", "a/1.tif", "a/b/2.tif", "é.tif"] == [
        found.uri.removeprefix(f"{bucket}/in/") for found in remote
    ]
    assert [(found.uri.removeprefix(str(tmp_path)), found.size_bytes) for found in local] == [
        (found.uri.removeprefix(bucket), found.size_bytes) for found in remote
    ]
    assert [hashlib.md5(name.encode()).hexdigest() for name in ("B.tif", "a-b/1.tif")] == [
        found.etag for found in remote[:2]
    ]


def test_a_long_listing_is_asked_for_page_by_page(bucket: str, proxy: S3Proxy) -> None:
    """1,050 keys are two pages; the second is asked for only when the first is used up, and all come in order."""
    client, name = s3.bucket(bucket.removeprefix("s3://")), "in/{:04d}.tif"
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: obstore.put(client, name.format(number), b""), range(1050)))
    proxy.asked.clear()

    listing = list_uris(f"{bucket}/in")
    assert [] == proxy.asked
    first = [next(listing) for _ in range(1000)]
    time.sleep(0.2)
    pages_for_first = len(proxy.asked)
    rest = list(listing)

    assert [f"{bucket}/{name.format(number)}" for number in range(1050)] == first + rest
    assert (1, 2) == (pages_for_first, len(proxy.asked))


def test_the_mark_that_a_console_makes_of_a_folder_is_no_object(bucket: str, s3_server: S3Server) -> None:
    """A key that ends in a slash stands for the folder itself."""
    put_bytes(f"{bucket}/in/a.tif", b"")
    s3_server.boto("put_object", **_key(f"{bucket}/in/"))

    assert [f"{bucket}/in/a.tif"] == list(list_uris(f"{bucket}/in"))


def test_a_key_that_names_no_path_is_named(bucket: str, s3_server: S3Server) -> None:
    """A listing that left it out would look whole."""
    s3_server.boto("put_object", **_key(f"{bucket}/in//a.tif"), Body="")

    with pytest.raises(StorageDeniedError, match=r"'in//a\.tif'; rename"):
        list(list_uris(f"{bucket}/in"))


def _operations(uri: str, near: Path) -> dict[str, Callable[[], object]]:
    """All that asks the storage something about an object."""
    (near / "file").write_bytes(b"1")
    return {
        "fetch": lambda: fetch(uri, near / "near"),
        "read_bytes": lambda: read_bytes(uri, 10),
        "put_file": lambda: put_file(uri, near / "file"),
        "put_bytes": lambda: put_bytes(uri, b"1"),
        "create_once": lambda: create_once(uri, b"1"),
        "list_objects": lambda: list(list_objects(uri.rpartition("/")[0])),
        "remove": lambda: remove(uri),
        "exists": lambda: exists(uri),
    }


def _refusals(uri: str, near: Path, logged: pytest.LogCaptureFixture) -> dict[str, object]:
    """What each operation raised, or else gave; nothing that a log can show of it holds a credential."""
    raised, outcomes = "", dict[str, object]()
    with logged.at_level(logging.DEBUG):
        for name, operation in _operations(uri, near).items():
            try:
                outcomes[name] = operation()
            except VeerNetError as error:
                outcomes[name] = error
                logging.getLogger("test").error("failed", exc_info=error)
                raised += "".join([repr(error), *traceback.format_exception(error)])
    for secret in (
        os.environ["AWS_SECRET_ACCESS_KEY"],
        os.environ["AWS_ACCESS_KEY_ID"],
        "SignatureProvided",
        "AWS4-HMAC",
    ):
        assert secret not in raised + logged.text
    return outcomes


@pytest.mark.fault(39, outcome="set aside")
def test_a_key_that_is_not_there_is_missing(bucket: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """What reads says so and names it, what looks says no, what writes writes."""
    outcomes = _refusals(f"{bucket}/in/nope.tif", tmp_path, caplog)

    missing = {name for name, outcome in outcomes.items() if isinstance(outcome, SourceMissingError)}
    assert {"fetch", "read_bytes"} == missing
    assert f"{bucket}/in/nope.tif: is not there; check the name, and that its bucket is the one you mean" == str(
        outcomes["fetch"]
    )
    assert [] == list((tmp_path / "near").iterdir())


def test_a_bucket_that_is_not_there_is_said_to_be_missing(
    bucket: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Not its object: whoever mistypes the bucket of --out must not look for a file. Only a look at one object says no."""
    outcomes = _refusals("s3://no-such-bucket/in/a.tif", tmp_path, caplog)

    assert outcomes.pop("exists") is False
    assert [
        f"s3://no-such-bucket/in{'' if name == 'list_objects' else '/a.tif'}: there is no bucket no-such-bucket; "
        "check its name and AWS_ENDPOINT_URL, or make the bucket"
        for name in outcomes
    ] == [str(outcome) for outcome in outcomes.values()]
    assert {SourceMissingError} == {type(outcome) for outcome in outcomes.values()}


@pytest.mark.fault(39, outcome="set aside")
@pytest.mark.parametrize(
    ("variable", "value"),
    [("AWS_SECRET_ACCESS_KEY", "not-the-secret-key"), ("AWS_ACCESS_KEY_ID", "nobody-we-know")],
)
def test_wrong_credentials_are_refused_at_once_and_never_repeated(
    bucket: str,
    proxy: S3Proxy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    variable: str,
    value: str,
) -> None:
    """One request each, an error that says what to check; the server's own answer repeats the key and the signature."""
    monkeypatch.setenv(variable, value)

    outcomes = _refusals(f"{bucket}/in/a.tif", tmp_path, caplog)

    assert {StorageDeniedError} == {type(outcome) for outcome in outcomes.values()}
    assert all("S3 answered 403" in str(outcome) and "credentials" in str(outcome) for outcome in outcomes.values())
    assert "S3 answered 403 SignatureDoesNotMatch" in str(outcomes["fetch"])
    assert len(outcomes) == len(proxy.asked)


def test_nothing_at_the_endpoint_is_told_after_some_tries(
    bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Connection refused may pass, so the error is one that can be tried again."""
    monkeypatch.setattr(s3, "RETRIES", 1)
    with socket.socket() as nobody:  # has the port, and does not listen
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")

        outcomes = _refusals(f"{bucket}/in/a.tif", tmp_path, caplog)

    assert {StorageError} == {type(outcome) for outcome in outcomes.values()}
    assert {True} == {
        "nothing answers at the address of S3; check AWS_ENDPOINT_URL" in str(o) for o in outcomes.values()
    }


@pytest.mark.parametrize(
    "missing",
    [["AWS_ACCESS_KEY_ID"], ["AWS_SECRET_ACCESS_KEY"], ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]],
    ids=" and ".join,
)
def test_credentials_that_are_not_set_are_said_to_be_missing(
    bucket: str, monkeypatch: pytest.MonkeyPatch, missing: list[str]
) -> None:
    """Without both the client looks for a role of the machine, of which the operator may never have heard."""
    for variable in missing:
        monkeypatch.delenv(variable)
    monkeypatch.setattr(s3, "RETRIES", 0)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_METADATA_ENDPOINT", f"http://127.0.0.1:{nobody.getsockname()[1]}")

        with pytest.raises(
            StorageDeniedError, match=r"no credentials.*; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ):
            put_bytes(f"{bucket}/a", b"")


@pytest.mark.parametrize(
    "endpoint",
    ["nonsense", "http://", "ftp://host", "http://me:hush@host", "http://host:99999", "http://a host", " http://host"],
)
def test_an_endpoint_that_is_no_address_is_refused_without_repeating_it(
    bucket: str, monkeypatch: pytest.MonkeyPatch, endpoint: str
) -> None:
    """The client would panic over some of these."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)

    with pytest.raises(OptionError, match="AWS_ENDPOINT_URL: is no address") as caught:
        exists(f"{bucket}/a")

    assert "hush" not in str(caught.value)


def test_a_line_break_at_the_end_of_a_credential_is_named(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As it comes of `export AWS_ACCESS_KEY_ID="$(< file)"` gone wrong; the client would panic over it."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "archive:reader\n")

    with pytest.raises(OptionError, match=r"^AWS_ACCESS_KEY_ID: has a space or a line break in it"):
        put_bytes(f"{bucket}/a", b"")


@pytest.mark.fault(34, outcome="done")
@pytest.mark.fault(36, outcome="done")
@pytest.mark.fault(37, outcome="done")
def test_an_unwell_network_costs_a_fetch_a_moment_only(bucket: str, proxy: S3Proxy, tmp_path: Path) -> None:
    """503 twice, a reset, and a body cut short, which goes on where it broke."""
    scan = _scan(3_000_001)
    put_bytes(f"{bucket}/a.tif", scan)
    proxy.asked.clear()
    proxy.faults = ["busy", "busy", "reset", "cut"]

    fetched = fetch(f"{bucket}/a.tif", tmp_path)

    assert hashlib.sha256(scan).hexdigest() == fetched.sha256
    assert scan == fetched.path.read_bytes()
    assert ["GET"] * 5 == [asked.method for asked in proxy.asked]
    assert "bytes=1500000-3000000" == proxy.asked[4].headers["range"]


@pytest.mark.fault(40, outcome="done")
def test_an_object_replaced_while_it_is_read_is_fetched_again(
    bucket: str, s3_server: S3Server, proxy: S3Proxy, tmp_path: Path
) -> None:
    """Half of one version and half of another would be of the right length, and neither."""
    old, new = _scan(3_000_000), _scan(3_000_001)[1:]
    put_bytes(f"{bucket}/a.tif", old)
    proxy.faults = ["cut"]
    proxy.before_cut = lambda: s3_server.client(bucket.removeprefix("s3://")).put("a.tif", new)

    assert hashlib.sha256(new).hexdigest() == fetch(f"{bucket}/a.tif", tmp_path).sha256


@pytest.mark.fault(34, outcome="done")
@pytest.mark.fault(37, outcome="done")
def test_an_unwell_network_costs_a_put_a_moment_only(bucket: str, proxy: S3Proxy, tmp_path: Path) -> None:
    """503 twice, a reset, and an answer that was lost: put again, it is the same object; each is signed with its digest."""
    proxy.faults = ["busy", "busy", "reset", "lost"]

    put_bytes(f"{bucket}/a.las", b"~Version")

    assert ["PUT"] * 5 == [asked.method for asked in proxy.asked]
    assert {hashlib.sha256(b"~Version").hexdigest()} == {asked.headers["x-amz-content-sha256"] for asked in proxy.asked}
    assert b"~Version" == read_bytes(f"{bucket}/a.las", 100)


@pytest.mark.fault(38, outcome="done")
def test_a_storage_that_falls_silent_is_asked_again(
    bucket: str, proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No operation waits for an answer without an end."""
    monkeypatch.setattr(s3, "STALL_TIMEOUT_S", 0.3)
    put_bytes(f"{bucket}/in/a.tif", b"1")
    operations = _operations(f"{bucket}/in/a.tif", tmp_path)
    started = time.monotonic()

    for operation in operations.values():
        proxy.faults = ["stall"]
        operation()

    assert time.monotonic() - started < STALL_S * len(operations)


def test_a_large_file_is_put_part_by_part_through_an_unwell_network(
    bucket: str, proxy: S3Proxy, tmp_path: Path
) -> None:
    """Parts that fail are sent again, and no more than they."""
    scan = _scan(12_000_000)
    (tmp_path / "scan").write_bytes(scan)
    proxy.faults = ["busy", None, "busy", "reset", "lost"]

    put_file(f"{bucket}/a.tif", tmp_path / "scan")

    assert hashlib.sha256(scan).hexdigest() == fetch(f"{bucket}/a.tif", tmp_path / "near").sha256


@pytest.mark.fault(34, outcome="done")
@pytest.mark.fault(36, outcome="done")
@pytest.mark.fault(37, outcome="done")
def test_an_unwell_network_does_not_break_a_listing(bucket: str, proxy: S3Proxy) -> None:
    """Each of its pages is asked for again."""
    put_bytes(f"{bucket}/in/a.tif", b"")
    proxy.faults = ["busy", "reset", "cut"]

    assert [f"{bucket}/in/a.tif"] == list(list_uris(f"{bucket}/in"))


@pytest.mark.parametrize("fault", ["busy", "reset", "stall", "lost"])
def test_one_creator_wins_over_an_unwell_network(
    bucket: str, proxy: S3Proxy, monkeypatch: pytest.MonkeyPatch, fault: Fault
) -> None:
    """Whatever the network loses, the first is told that it was, and the second that it was not."""
    monkeypatch.setattr(s3, "STALL_TIMEOUT_S", 0.3)
    proxy.faults = [fault, None, None, fault]

    won = [create_once(f"{bucket}/record.json", data) for data in (b"first", b"second")]

    assert [True, False] == won
    assert b"first" == read_bytes(f"{bucket}/record.json", 100)


@pytest.mark.fault(35, outcome="failed")
def test_a_storage_that_stays_busy_is_given_up_within_bounds(
    bucket: str, proxy: S3Proxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """503 for ever: each operation ends as one that can be tried again later."""
    monkeypatch.setattr(s3, "RETRIES", 2)
    for name, operation in _operations(f"{bucket}/in/a.tif", tmp_path).items():
        proxy.asked.clear()
        proxy.faults = ["busy"] * 50

        with pytest.raises(StorageError, match="S3 answered 503") as caught:
            operation()

        assert caught.value.retryable, name
        assert 3 == len(proxy.asked), name


@pytest.mark.fault(37, outcome="done")
def test_a_server_that_is_killed_and_comes_back_has_lost_nothing(s3_server: S3Server, bucket: str) -> None:
    """A put that meets it dead waits for it; what was stored before stands."""
    put_bytes(f"{bucket}/before", b"1")
    s3_server.kill()
    back = threading.Timer(1.0, s3_server.start)
    back.start()

    put_bytes(f"{bucket}/after", b"2")
    back.join()

    assert (b"1", b"2") == (read_bytes(f"{bucket}/before", 9), read_bytes(f"{bucket}/after", 9))


def _digitise(bucket: str, prefect_url: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command over ``in/`` of a bucket."""
    return subprocess.run(
        [*COMMAND, "digitise", f"{bucket}/in/", "--out", f"{bucket}/out"],
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PREFECT_API_URL": prefect_url, **environment},
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=240,
        check=False,
    )


def test_a_sheet_in_a_bucket_becomes_a_las_file_in_the_bucket(
    bucket: str, s3_server: S3Server, prefect_url: str, tmp_path: Path
) -> None:
    """By the command alone, with the values that were drawn; no file of it and nothing on the server holds a credential."""
    drawn = write_sheet(sample_sheet(3, 0.1, 50.0), tmp_path, "good")
    store = s3_server.client(bucket.removeprefix("s3://"))
    for path in (drawn["scan"], drawn["manifest"]):
        store.put(f"in/{path.name}", path)

    done = _digitise(bucket, prefect_url)

    assert 0 == done.returncode, done.stdout
    made = {entry["path"]: bytes(store.get(entry["path"]).bytes()) for entry in store.list("out").collect()}
    assert {f"out/good/good.{kind}" for kind in ("las", "html", "png", "record.json")} == set(made)
    (tmp_path / "got.las").write_bytes(made["out/good/good.las"])
    manifest = read_manifest(drawn["manifest"].read_bytes(), "good")
    assert {score.name: score.within_2 for score in compare(drawn["truth"], tmp_path / "got.las", manifest)}["GR"] > 0.9
    record = SheetRecord.model_validate_json(made["out/good/good.record.json"])
    assert record.source is not None
    assert (f"{bucket}/in/good.tif", hashlib.sha256(drawn["scan"].read_bytes()).hexdigest()) == (
        record.source.uri,
        record.source.sha256,
    )
    kept = "".join(all_rows(prefect_url).values())
    assert bucket in kept
    for shown in (done.stdout, kept, *(content.decode("latin-1") for content in made.values())):
        assert SECRET_ACCESS_KEY not in shown
        assert ACCESS_KEY_ID not in shown


def test_wrong_credentials_end_the_command_with_one_message(bucket: str, prefect_url: str) -> None:
    """It says what S3 said and what to check, and holds neither key nor traceback."""
    done = _digitise(bucket, prefect_url, AWS_SECRET_ACCESS_KEY="not-the-secret-key")

    assert 1 == done.returncode
    assert f"{bucket}/in: S3 answered 403 SignatureDoesNotMatch; check the AWS_* credentials" in done.stdout
    assert [] == [word for word in ("not-the-secret-key", ACCESS_KEY_ID, "Traceback") if word in done.stdout]

"""Several files put together: an earlier result survives a put that fails, on a disk and in a bucket."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from veernet.errors import SourceMissingError, StorageError
from veernet.location import Location, resolve
from veernet.storage import list_objects, put_files, read_bytes, together

NAMES = ("a.las", "a.html", "a.png", "a.record.json")


@pytest.fixture(params=["disk", "bucket"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Location:
    """A folder to put files into."""
    root = str(tmp_path / "out") if request.param == "disk" else request.getfixturevalue("bucket")
    return resolve(root) / "north/a"


def _files(near: Path, content: str, names: tuple[str, ...] = NAMES) -> list[Path]:
    near.mkdir()
    for name in names:
        (near / name).write_text(f"{content} {name}")
    return [near / name for name in names]


def _found(folder: Location) -> dict[str, str]:
    try:
        found = list(list_objects(folder.parent))
    except SourceMissingError:  # a folder that nothing was put into is not there
        return {}
    return {one.uri.rpartition("/")[2]: read_bytes(one.uri, 1000).decode() for one in found}


@pytest.fixture
def fail_at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Let putting the file of a name fail: the disk is full, or S3 gone for the moment."""

    def at(name: str) -> None:
        put_file, fsync = together.put_file, os.fsync

        def put(target: Location, path: Path) -> None:
            if target.name == name and path.read_text().startswith("new"):
                put_file(target, path)  # stored, and the answer lost: the worst that can happen
                raise StorageError(str(target), "S3 answered 503", "try again")
            put_file(target, path)

        def sync(descriptor: int) -> None:
            written = Path(f"/proc/self/fd/{descriptor}").readlink()
            if written.suffix == ".part" and written.read_text() == f"new {name}":
                raise OSError(errno.ENOSPC, "No space left on device")
            fsync(descriptor)

        monkeypatch.setattr(together, "put_file", put)
        monkeypatch.setattr(os, "fsync", sync)

    return at


def test_files_are_put_in_place_of_earlier_ones(folder: Location, tmp_path: Path) -> None:
    """All of them, under their own names."""
    put_files(folder, _files(tmp_path / "1", "old"), again=False)
    put_files(folder, _files(tmp_path / "2", "new"), again=True)
    assert {name: f"new {name}" for name in NAMES} == _found(folder)


@pytest.mark.fault(46, outcome="failed")
@pytest.mark.parametrize("name", NAMES)
def test_an_earlier_result_survives_whichever_put_fails(
    folder: Location, tmp_path: Path, name: str, fail_at: Callable[[str], None]
) -> None:
    """What was there is there, whole and nothing besides; the error says what went wrong."""
    put_files(folder, _files(tmp_path / "1", "old"), again=False)
    fail_at(name)
    with pytest.raises(StorageError, match=r"503|full"):
        put_files(folder, _files(tmp_path / "2", "new"), again=True)
    assert {name: f"old {name}" for name in NAMES} == _found(folder)
    assert [] == list(tmp_path.rglob("*.part"))


def test_a_first_result_that_cannot_be_put_leaves_nothing(
    folder: Location, tmp_path: Path, fail_at: Callable[[str], None]
) -> None:
    """Half a result is none."""
    fail_at("a.record.json")
    with pytest.raises(StorageError):
        put_files(folder, _files(tmp_path / "2", "new"), again=False)
    assert {} == _found(folder)
    assert [] == list(tmp_path.rglob("*.part"))


def test_on_a_disk_the_last_file_appears_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record vouches for files that are there."""
    order: list[str] = []
    replace = Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda self, target: (order.append(Path(target).name), replace(self, target))[1]
    )
    put_files(resolve(tmp_path / "out"), _files(tmp_path / "1", "old"), again=False)
    assert list(NAMES) == order


def test_a_file_whose_time_was_set_back_has_another_etag(tmp_path: Path) -> None:
    """Neither size nor time tell that it was written again, and it must not pass for what it was."""
    path = tmp_path / "a.tif"
    path.write_text("one")
    before, times = next(list_objects(tmp_path)), path.stat()
    path.write_text("two")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    after = next(list_objects(tmp_path))
    assert (before.uri, before.size_bytes, before.modified_s) == (after.uri, after.size_bytes, after.modified_s)
    assert before.etag != after.etag

"""The work store gives back what was written, or says that it cannot."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np
import pytest

from veernet.errors import StorageError, WorkStoreError
from veernet.sheets.geometry import Edge, StripGeometry
from veernet.sheets.work import SHARD_ROWS, WorkStore

ROWS = (2 * SHARD_ROWS + 911, 307)
GEOMETRIES = [StripGeometry(Edge.of(0), Edge.of(480), 0, 1, rows) for rows in ROWS]
STRIPS = [np.random.default_rng(rows).integers(0, 256, (rows, 512), np.uint8) for rows in ROWS]
CLASSES = [np.stack([strip[::-1], strip]) for strip in STRIPS]


def fill(store: WorkStore) -> None:
    """Write all strips and class maps, shard by shard, the last one first."""
    for track, rows in enumerate(ROWS):
        for first_row in reversed(range(0, rows, SHARD_ROWS)):
            store.write_strip(track, first_row, STRIPS[track][first_row : first_row + SHARD_ROWS])
            store.write_classes(track, first_row, CLASSES[track][:, first_row : first_row + SHARD_ROWS])


@pytest.fixture
def filled(tmp_path: Path) -> WorkStore:
    """A store with everything in it."""
    store = WorkStore.create(tmp_path / "work", GEOMETRIES)
    fill(store)
    return store


def test_what_was_written_is_read_back(filled: WorkStore) -> None:
    """Any rows of a strip, across shards, and class maps band by band."""
    for start, end in ((0, ROWS[0]), (SHARD_ROWS - 7, SHARD_ROWS + 13), (ROWS[0] - 1, ROWS[0]), (5, 5)):
        np.testing.assert_array_equal(STRIPS[0][start:end], filled.read_strip(0, start, end))
    np.testing.assert_array_equal(STRIPS[1], filled.read_strip(1, 0, ROWS[1]))
    for track in (0, 1):
        bands = list(filled.class_bands(track, rows=1009))
        assert (2, 1009, 512) == bands[0].shape or track == 1
        np.testing.assert_array_equal(CLASSES[track], np.concatenate(bands, axis=1))


def test_a_store_passes_between_processes_as_its_root(filled: WorkStore) -> None:
    """The pickle is small and opens to the same store."""
    pickled = pickle.dumps(filled)
    assert len(pickled) < 500
    again: WorkStore = pickle.loads(pickled)
    assert (filled.root, ROWS) == (again.root, again.rows)
    np.testing.assert_array_equal(STRIPS[1], again.read_strip(1, 0, ROWS[1]))


def test_a_store_may_lie_behind_a_url(tmp_path: Path) -> None:
    """The same through an object store."""
    tmp_path.joinpath("work").mkdir()
    store = WorkStore.create(f"file://{tmp_path}/work", GEOMETRIES)
    fill(store)
    again = WorkStore.open(store.root)
    np.testing.assert_array_equal(STRIPS[0], again.read_strip(0, 0, ROWS[0]))
    (tmp_path / "work/strips/1/c/0/0").unlink()
    with pytest.raises(WorkStoreError, match="never written"):
        again.read_strip(1, 0, 1)


def test_blank_paper_counts_as_written(tmp_path: Path) -> None:
    """A shard of zeros is there, also when a store opened later wrote it."""
    store = WorkStore.create(tmp_path, GEOMETRIES)
    blank = np.zeros((307, 512), np.uint8)
    store.write_strip(1, 0, blank)
    WorkStore.open(tmp_path).write_classes(1, 0, np.zeros((2, 307, 512), np.uint8))
    np.testing.assert_array_equal(blank, store.read_strip(1, 0, 307))
    assert [(2, 307, 512)] == [band.shape for band in store.class_bands(1)]


def test_a_shard_that_was_never_written_is_an_error(tmp_path: Path) -> None:
    """Of the strip and of the class map, and only where rows of it are asked for."""
    store = WorkStore.create(tmp_path, GEOMETRIES)
    store.write_strip(0, 0, STRIPS[0][:SHARD_ROWS])
    np.testing.assert_array_equal(STRIPS[0][:SHARD_ROWS], store.read_strip(0, 0, SHARD_ROWS))
    with pytest.raises(WorkStoreError, match="strips/0 rows 4000 to 4096: a part of it was never written"):
        store.read_strip(0, 4000, SHARD_ROWS + 1)
    with pytest.raises(WorkStoreError, match="classes/1"):
        next(store.class_bands(1))


@pytest.mark.parametrize("keep", [0, 1, 1000, -1])
def test_a_shard_that_was_cut_short_is_an_error(filled: WorkStore, keep: int) -> None:
    """From no byte at all to one too few."""
    shard = Path(filled.root) / "strips/0/c/1/0"
    shard.write_bytes(shard.read_bytes()[:keep])
    with pytest.raises(WorkStoreError, match=r"0 bytes|damaged"):
        filled.read_strip(0, SHARD_ROWS, 2 * SHARD_ROWS)


@pytest.mark.parametrize("place", [0.0, 0.37, 0.9999])
def test_a_flipped_bit_is_an_error(filled: WorkStore, place: float) -> None:
    """In any chunk, and in the index that ends the shard."""
    shard = Path(filled.root) / "classes/0/c/0/1/0"
    content = bytearray(shard.read_bytes())
    content[int(place * len(content))] ^= 1
    shard.write_bytes(content)
    with pytest.raises(WorkStoreError, match=r"classes/0 rows .*damaged"):
        list(filled.class_bands(0))


def test_only_whole_shards_are_written(tmp_path: Path) -> None:
    """Two writers of one shard would lose each other's rows."""
    store = WorkStore.create(tmp_path, GEOMETRIES)
    for first_row, piece in ((1, STRIPS[0][:SHARD_ROWS]), (0, STRIPS[0][:512]), (2 * SHARD_ROWS, STRIPS[0][:910])):
        with pytest.raises(ValueError, match="no whole shard"):
            store.write_strip(0, first_row, piece)
    with pytest.raises(ValueError, match="no whole shard"):
        store.write_classes(1, 0, CLASSES[1].astype(np.float32))


def test_rows_beyond_the_strip_are_refused(filled: WorkStore) -> None:
    """Rather than fewer rows than were asked for."""
    with pytest.raises(ValueError, match="rows 300 to 308 of 307"):
        filled.read_strip(1, 300, 308)


def test_create_leaves_nothing_of_an_earlier_store(filled: WorkStore) -> None:
    """What a run that died has left does not count as written."""
    store = WorkStore.create(filled.root, GEOMETRIES[:1])
    assert ROWS[:1] == store.rows
    with pytest.raises(WorkStoreError):
        store.read_strip(0, 0, 1)
    assert not (Path(store.root) / "strips/1").exists()


def test_what_is_no_store_is_refused(tmp_path: Path) -> None:
    """Nothing at all, a damaged root, and a group of something else."""
    with pytest.raises(WorkStoreError):
        WorkStore.open(tmp_path / "nowhere")
    WorkStore.create(tmp_path, GEOMETRIES)
    root = tmp_path / "zarr.json"
    root.write_text(root.read_text().replace("veernet-work/1", "veernet-work/0"))
    with pytest.raises(WorkStoreError, match="'veernet-work/0'"):
        WorkStore.open(tmp_path)
    root.write_text("{")
    with pytest.raises(WorkStoreError):
        WorkStore.open(tmp_path)


def test_a_place_that_takes_no_writing_is_a_storage_error(tmp_path: Path) -> None:
    """A file where a folder should be stands for a full or read-only disk, which root can write to."""
    tmp_path.joinpath("file").write_text("")
    with pytest.raises(StorageError, match="cannot be written"):
        WorkStore.create(tmp_path / "file" / "work", GEOMETRIES)

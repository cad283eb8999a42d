from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from veernet.errors import WorkStoreError
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.work import WorkStore

Pixels = np.ndarray[Any, Any]
ROWS = 9973


def strips_of(*rows: int) -> list[Any]:
    """Stands in for the geometries of strips."""
    return [SimpleNamespace(rows=count) for count in rows]


def strip(rows: int = ROWS, seed: int = 1) -> Pixels:
    """Noise that no codec and no fill value could have made."""
    return np.random.default_rng(seed).integers(1, 256, (rows, 512), np.uint8)


def write_rows(store: WorkStore, pixels: Pixels, track: int = 0) -> None:
    """A whole strip, chunk by chunk."""
    for first_row in range(0, len(pixels), CHUNK_ROWS):
        store.write_strip(track, first_row, pixels[first_row : first_row + CHUNK_ROWS])


@pytest.fixture
def full(tmp_path: Path) -> WorkStore:
    """A store of one track whose strip and class map are written."""
    store = WorkStore.create(tmp_path / "well-7", strips_of(ROWS))
    write_rows(store, strip())
    for first_row in range(0, ROWS, CHUNK_ROWS):
        piece = strip()[first_row : first_row + CHUNK_ROWS]
        store.write_classes(0, first_row, np.stack([piece, 255 - piece]))
    return store


def chunk_file(store: WorkStore, chunk: int) -> Path:
    """Where a chunk of the strip lies on disk."""
    return Path(store.root) / "strips" / "0" / "c" / str(chunk) / "0"


def refusal(store: WorkStore, start_row: int = 0, end_row: int = ROWS) -> str:
    """What a reader in a fresh process would be told."""
    with pytest.raises(WorkStoreError) as caught:
        WorkStore.open(store.root).read_strip(0, start_row, end_row)
    assert caught.value.subject == "well-7"
    return caught.value.found


@pytest.mark.parametrize(
    ("start_row", "end_row"), [(0, ROWS), (0, 1), (4095, 4097), (511, 8200), (ROWS - 1, ROWS), (64, 64)]
)
def test_any_rows_read_back_as_written(full: WorkStore, start_row: int, end_row: int) -> None:
    """Rows cross chunks unseen."""
    assert np.array_equal(strip()[start_row:end_row], full.read_strip(0, start_row, end_row))


@pytest.mark.parametrize("rows", [4096, 1000])
def test_class_bands_together_are_the_class_map(full: WorkStore, rows: int) -> None:
    """Both curves, top down, nothing twice."""
    bands = list(full.class_bands(0, rows))
    assert [band.shape[1] for band in bands[:-1]] == [rows] * (len(bands) - 1)
    assert np.array_equal(np.stack([strip(), 255 - strip()]), np.concatenate(bands, axis=1))


@pytest.mark.parametrize("rows", [1, 300, 512, 4096, 4097])
def test_a_strip_of_any_length_is_held(tmp_path: Path, rows: int) -> None:
    """Also one shorter than a chunk."""
    store = WorkStore.create(tmp_path, strips_of(rows))
    write_rows(store, strip(rows))
    assert np.array_equal(strip(rows), WorkStore.open(tmp_path).read_strip(0, 0, rows))


def test_tracks_are_kept_apart(tmp_path: Path) -> None:
    """Each has its own rows and length."""
    store = WorkStore.create(tmp_path, strips_of(700, 900))
    for track, rows in enumerate((700, 900)):
        write_rows(store, strip(rows, seed=track), track)
    opened = WorkStore.open(tmp_path)
    assert (opened.tracks, opened.rows(0), opened.rows(1)) == (2, 700, 900)
    assert np.array_equal(strip(900, seed=1), opened.read_strip(1, 0, 900))


def test_blank_paper_counts_as_written(tmp_path: Path) -> None:
    """A strip of fill value reads as such, from a store opened anew and written there too."""
    WorkStore.create(tmp_path, strips_of(5000))
    write_rows(WorkStore.open(tmp_path), np.zeros((5000, 512), np.uint8))
    assert WorkStore.open(tmp_path).read_strip(0, 0, 5000).max() == 0


def test_rows_never_written_are_an_error(tmp_path: Path) -> None:
    """They are not paper."""
    store = WorkStore.create(tmp_path / "well-7", strips_of(ROWS))
    store.write_strip(0, 0, strip()[:CHUNK_ROWS])
    assert np.array_equal(strip()[:CHUNK_ROWS], store.read_strip(0, 0, CHUNK_ROWS))
    assert "strips/0 chunk 1 was never written" in refusal(store)


def test_class_bands_stop_at_what_was_never_written(tmp_path: Path) -> None:
    """A worker that died leaves no blank class map."""
    store = WorkStore.create(tmp_path, strips_of(ROWS))
    store.write_classes(0, 4096, np.zeros((2, 4096, 512), np.uint8))
    with pytest.raises(WorkStoreError, match="classes/0 chunk 0 was never written"):
        list(store.class_bands(0))


@pytest.mark.fault(41, outcome="failed")
def test_a_lost_chunk_is_an_error(full: WorkStore) -> None:
    """Left alone, zarr would fill it with paper."""
    chunk_file(full, 1).unlink()
    assert "chunk 1 was never written" in refusal(full)


@pytest.mark.fault(44, outcome="failed")
@pytest.mark.parametrize("kept_share", [0, 0.001, 0.5, 0.999])
def test_a_chunk_cut_short_is_an_error(full: WorkStore, kept_share: float) -> None:
    """From no byte at all to all but a few; its neighbours still read."""
    data = chunk_file(full, 1).read_bytes()
    chunk_file(full, 1).write_bytes(data[: int(len(data) * kept_share)])
    refusal(full)
    assert np.array_equal(strip()[:4096], WorkStore.open(full.root).read_strip(0, 0, 4096))


@pytest.mark.fault(43, outcome="failed")
@pytest.mark.parametrize("place_share", [0.0, 0.01, 0.3, 0.77, 0.99999, 1.0])
def test_a_flipped_bit_is_an_error(full: WorkStore, place_share: float) -> None:
    """In the pixels, in their checksum or in the index."""
    data = bytearray(chunk_file(full, 0).read_bytes())
    data[int((len(data) - 1) * place_share)] ^= 1
    chunk_file(full, 0).write_bytes(data)
    refusal(full)


@pytest.mark.parametrize("first_row", [0, 512, 4096])
def test_only_whole_chunks_are_written(tmp_path: Path, first_row: int) -> None:
    """A part of a chunk would race with the process that writes the rest."""
    store = WorkStore.create(tmp_path, strips_of(ROWS))
    with pytest.raises(ValueError, match="no whole number of chunks"):
        store.write_strip(0, first_row, strip(512))
    with pytest.raises(ValueError, match="no whole number of chunks"):
        store.write_classes(0, 0, strip(4096))


def test_rows_that_the_strip_has_not_are_refused(full: WorkStore) -> None:
    """A slice of numpy would come back shorter and say nothing."""
    with pytest.raises(ValueError, match="strip of 9973"):
        full.read_strip(0, 0, ROWS + 1)


def test_a_store_that_is_none_does_not_open(tmp_path: Path) -> None:
    """Nothing there, or something else."""
    with pytest.raises(WorkStoreError, match="no work store"):
        WorkStore.open(tmp_path / "none")
    (tmp_path / "zarr.json").write_text("{}")
    with pytest.raises(WorkStoreError, match="no veernet-work/2 store"):
        WorkStore.open(tmp_path)


@pytest.mark.fault(42, outcome="done")
def test_create_sweeps_what_an_earlier_run_left(full: WorkStore) -> None:
    """Half of an old sheet must not pass for the new one."""
    store = WorkStore.create(full.root, strips_of(ROWS))
    assert "chunk 0 was never written" in refusal(store)


def write_one(store: WorkStore, first_row: int) -> None:
    """What a worker does, in a process of its own."""
    store.write_strip(0, first_row, strip()[first_row : first_row + CHUNK_ROWS])


def test_processes_write_different_chunks_at_once(tmp_path: Path) -> None:
    """The store pickles as its place."""
    store = WorkStore.create(tmp_path, strips_of(ROWS))
    assert len(pickle.dumps(store)) < 500
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(write_one, [store] * 3, range(0, ROWS, CHUNK_ROWS)))
    assert np.array_equal(strip(), store.read_strip(0, 0, ROWS))


def test_another_process_opens_the_store(full: WorkStore) -> None:
    """By its place alone."""
    code = (
        "import sys; from veernet.sheets.work import WorkStore\n"
        "store = WorkStore.open(sys.argv[1]); print(store.read_strip(0, 4000, 4200).sum(dtype=int))"
    )
    run = [sys.executable, "-c", code, full.root]
    output = subprocess.run(run, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[1])
    assert int(output.stdout) == strip()[4000:4200].sum(dtype=int)

"""Rows 21 to 27: what decoders do to the workers that run them, all of it in C, where neither exceptions nor Python's own time-outs reach.

``hostile.py`` is planted in the workers as a preload of theirs; the run knows nothing of it.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask
import numpy as np
import pytest
import torch
from distributed import Client, get_worker

import flows.archive
from faults import hostile
from flows.cluster import dask_client
from tasks.compute import look_at
from tasks.state import Job
from tasks.watch import Piece
from tasks.workers import WorkerLostError, submit, using
from veernet import storage
from veernet.archive.ledger import Ledger
from veernet.archive.listing import listed_sheets
from veernet.errors import ScanError, VeerNetError
from veernet.network.predict import Segmenter
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

PRELOAD = {"distributed.worker.preload": [str(Path(hostile.__file__))]}
GRACE_S = 10.0
NEIGHBOURS = 47


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file in which the workers write what they open."""
    path = tmp_path_factory.mktemp("hostile") / "opened.log"
    path.touch()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOSTILE_LOG", str(path))
        yield path


@pytest.fixture(scope="module")
def cluster(log: Path) -> Iterator[Client]:
    """Two workers that somebody else has started, of which scans of certain names can make what they like."""
    with dask.config.set(PRELOAD), dask_client(workers=2) as owner:
        yield owner


@pytest.fixture
def job(tmp_path: Path) -> Job:
    """A sheet whose folder is there."""
    sheet = Job("a", None, None, storage.resolve(tmp_path / "out"), tmp_path)
    sheet.near.mkdir()
    return sheet


def _starts(log: Path) -> Counter[str]:
    return Counter(line.split()[2] for line in log.read_text().splitlines())


def _looked_at(name: str, job: Job, client: Client, deadline_s: float = 600.0) -> VeerNetError:
    """What comes of a scan of that name being opened on the workers."""
    with using(client, deadline_s), pytest.raises(VeerNetError) as told:
        submit(job, "fetch", 0.0, look_at, job.near / f"{name}.tif", f"{name}.tif").result()
    return told.value


@pytest.mark.fault(27, outcome="failed: the deadline ends the worker, the slot is free again")
@pytest.mark.parametrize("name", ["sleeps", "holds-the-lock"])
def test_a_decoder_that_hangs_is_ended_at_its_deadline(name: str, job: Job, cluster: Client, log: Path) -> None:
    """Also one that hangs with the interpreter's lock in its hand; and the worker's place is free again."""
    (job.near / f"{name}.tif").write_bytes(_TIFF)
    before = _starts(log)
    error = _looked_at(name, job, cluster, 2.0)
    begun_s = float(next(line.split()[0] for line in reversed(log.read_text().splitlines()) if line.endswith(name)))
    print(f"{name}: known {time.time() - begun_s - 2.0:.1f} s after its deadline")
    assert ("deadline", True, 1) == (error.reason, error.retryable, (_starts(log) - before)[name])
    assert "not done within 2 s" in error.found
    with using(cluster):
        assert 6 == submit(job, "sum", 0.0, sum, [1, 2, 3]).result()


@pytest.mark.fault(21, outcome="failed: that sheet alone")
@pytest.mark.parametrize(("name", "told"), [("segfaults", "Segmentation fault"), ("aborts", "Aborted")])
def test_a_decoder_that_crashes_is_told_by_its_signal(name: str, told: str, job: Job, cluster: Client) -> None:
    """The worker is gone, and why it went is known."""
    (job.near / f"{name}.tif").write_bytes(_TIFF)
    error = _looked_at(name, job, cluster)
    assert ("crash", True) == (error.reason, error.retryable)
    assert told in error.found


@pytest.mark.fault(25, outcome="failed: an error, and the worker lives")
def test_a_decoder_that_wants_all_memory_gets_an_error(job: Job, log: Path) -> None:
    """The kernel refuses it what Dask does not allow it: neither the worker nor the machine falls to it."""
    (job.near / "hungry.tif").write_bytes(_TIFF)
    with dask.config.set(PRELOAD), pytest.MonkeyPatch.context() as patch:
        patch.setattr("distributed.system.MEMORY_LIMIT", 3 << 30)
        with dask_client() as client:
            pid = client.submit(os.getpid).result(timeout=60)
            error = _looked_at("hungry", job, client)
            assert pid == client.submit(os.getpid).result(timeout=60)
    assert ("memory", "a", False) == (error.reason, error.subject, error.retryable)


# A TIFF's first bytes: enough to be taken for one, and given to the decoder.
_TIFF = b"II*\x00" + bytes(60)

"""A command of VeerNet run as its user runs it, with what it cost and what went on inside it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from benchmarks import probe
from benchmarks.meter import Meter, Sample

PROBE = Path(probe.__file__)
#: What the console script ``veernet`` does, wherever that lies.
VEERNET = (sys.executable, "-c", "from flows.cli import main; main()")
_LOOK_EVERY_S = 0.3


@dataclass(frozen=True)
class Note:
    """A piece of work on a worker: what, and from when to when on the monotonic clock."""

    what: str
    start_s: float
    end_s: float
    megapixels: float = 0.0

    @property
    def took_s(self) -> float:
        """Seconds from its begin to its end."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Watched:
    """What a run cost.

    Args:
        wall_s: From the command's start to its end.
        start_s: Of that, until the first rows of a scan were read.
        work_s: Of that, from then until the last record was written.
        notes: What the workers did.
        peaks_mb: Most memory by process, and of ``all`` at one time.
        samples: Every look at the processes.
    """

    wall_s: float
    start_s: float
    work_s: float
    notes: tuple[Note, ...]
    peaks_mb: Mapping[str, float]
    samples: tuple[Sample, ...]

    def seconds(self, what: str) -> float:
        """Seconds of all pieces of this name, over all workers."""
        return sum(note.took_s for note in self.notes if note.what == what)

    @property
    def forward_s(self) -> float:
        """Seconds in which workers computed the network's forward passes, summed over them."""
        return self.seconds("forward")

    @property
    def pieces(self) -> dict[str, float]:
        """Seconds of the workers by stage."""
        names = sorted({note.what for note in self.notes} - {"forward", "first rows"})
        return {name: self.seconds(name) for name in names}


def noting(folder: Path) -> dict[str, str]:
    """The environment in which Dask's workers leave their notes in a folder."""
    return {"DASK_DISTRIBUTED__WORKER__PRELOAD": json.dumps([str(PROBE)]), probe.FOLDER: str(folder)}


def veernet(
    arguments: Sequence[str | Path],
    out: Path,
    *,
    environment: Mapping[str, str] | None = None,
    notes: Path | None = None,
    workers: Mapping[str, int] | None = None,
) -> Watched:
    """Run ``veernet`` with these arguments and ``--out``, which must be empty so far.

    Args:
        arguments: Command, sources and options.
        out: Destination folder.
        environment: What it has beside this process's environment.
        notes: Folder of the notes of workers that run already; those of the run's own cluster are taken unless given.
        workers: Process numbers of such workers, by name.

    Raises:
        RuntimeError: It did not end with 0; the message has its last words.
    """
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as folder:
        near = Path(folder)
        given = {**os.environ, **(environment or {}), **({} if notes else noting(near))}
        before = _files(notes) if notes else {}
        with (near / "said").open("wb") as said:
            began, launched_s = time.time(), time.monotonic()
            run = subprocess.Popen(
                [*VEERNET, *map(str, arguments), "--out", str(out)], env=given, stdout=said, stderr=said
            )
            try:
                with Meter({"run": run.pid, **(workers or {})}, lambda: _begun(out), _LOOK_EVERY_S) as meter:
                    code = run.wait()
                    wall_s = time.monotonic() - launched_s
            finally:
                run.kill()
        if code:
            words = (near / "said").read_text(errors="replace")[-2000:]
            raise RuntimeError(f"veernet {arguments[0]} ended with {code}: {words}")
        noted = _notes(notes or near, before)
    first_s = min(note.end_s for note in noted if note.what == "first rows") - launched_s
    written_s = max(path.stat().st_mtime for path in out.rglob("*.record.json")) - began
    return Watched(wall_s, first_s, written_s - first_s, noted, meter.peaks_mb(), tuple(meter.samples))


def _begun(out: Path) -> int:
    """Sheets that have a folder: what costs next to nothing to look at."""
    with suppress(FileNotFoundError):
        return sum(1 for path in out.iterdir() if not path.name.startswith("."))
    return 0


def _files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_size for path in folder.glob("*.jsonl")}


def _notes(folder: Path, before: Mapping[Path, int]) -> tuple[Note, ...]:
    """Notes of a folder, but for what was there before."""
    lines = [
        line
        for path in sorted(folder.glob("*.jsonl"))
        for line in path.read_bytes()[before.get(path, 0) :].splitlines()
    ]
    return tuple(Note(**json.loads(line)) for line in lines)

"""What holds a piece of work to its bounds on a Dask worker: a deadline, memory, and a note that tells what a worker died of.

Nothing but the end of its process stops C code. So the deadline ends the worker, and whoever looks after that, Dask's nanny or an engine of containers, starts
another. The timer is ``faulthandler``'s: it is C code as well, and needs no lock of the interpreter, which what hangs may hold.
"""

from __future__ import annotations

import faulthandler
import pickle
import re
import resource
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, ClassVar, Self, TypeVar
from uuid import uuid4

from veernet.errors import VeerNetError
from veernet.memory import out_of_memory

T = TypeVar("T")

#: Where a GPU shows that is there to be used.
GPU_DEVICES = (Path("/dev/nvidiactl"), Path("/dev/dxg"))

#: What a worker may take of the memory that Dask allows it. Code and files that are mapped count there too, and at 95 % of it Dask's nanny ends the worker.
_SHARE_OF_MEMORY = 0.8
_ALONE = threading.Lock()
_TIMED_OUT = re.compile(rb"^Timeout \(", re.MULTILINE)
_FATAL = re.compile(rb"^Fatal Python error: (.+)$", re.MULTILINE)
_MAX_NOTE_BYTES = 1 << 20


class WorkerLostError(VeerNetError):
    """Workers died of a piece of work, or beside it, several times over."""

    reason: ClassVar[str] = "worker-lost"
    retryable: ClassVar[bool] = True


class PieceLostError(WorkerLostError):
    """A worker died while it did this very piece of work, and left no word of why: ``kill -9``, by the kernel too."""


class CrashError(PieceLostError):
    """A worker died of a fault in C code."""

    reason: ClassVar[str] = "crash"


class DeadlineError(PieceLostError):
    """A piece of work was not done by its deadline, and its worker was ended."""

    reason: ClassVar[str] = "deadline"


class MemoryShortError(VeerNetError):
    """A piece of work wanted more memory than a worker may have."""

    reason: ClassVar[str] = "memory"


class UnforeseenError(Exception):
    """What a piece of work raised that is no error of ours, as text: Dask cannot carry every exception to the run, which would then wait for it for ever."""

    @classmethod
    def of(cls, error: Exception) -> Self:
        """Tell of an error, and where it arose."""
        told = cls("".join(traceback.format_exception_only(error)).strip())
        told.add_note("".join(traceback.format_exception(error)))
        return told


@dataclass(frozen=True)
class Piece:
    """A piece of work that is given to the workers once.

    Args:
        subject: What errors call the sheet that it belongs to.
        stage: What is done.
        note: A file that is there while a worker does it; the workers and the run share its folder.
        limit_s: Seconds that it may take.
    """

    subject: str
    stage: str
    note: Path
    limit_s: float

    @classmethod
    def of(cls, subject: str, stage: str, near: Path, limit_s: float) -> Piece:
        """A new piece; its note will lie in the folder ``near``."""
        return cls(subject, stage, near / f".{stage}-{uuid4().hex}.running", limit_s)

    def lost(self) -> PieceLostError | None:
        """What a worker died of while it did this; None where none has begun it, or one has done it."""
        try:
            with self.note.open("rb") as file:
                said = file.read(_MAX_NOTE_BYTES)
        except FileNotFoundError:
            return None
        remedy = "look at the scan; if it is sound, try it again"
        if _TIMED_OUT.search(said):
            found = f"{self.stage} was not done within {self.limit_s:.0f} s, and its worker was ended"
            return DeadlineError(self.subject, found, f"{remedy} with a larger --deadline")
        if fatal := _FATAL.search(said):
            found = f"a worker died in {self.stage} ({fatal[1].decode(errors='replace')})"
            return CrashError(self.subject, found, remedy)
        found = f"a worker died in {self.stage} without a word, as it does when the kernel or a person kills it"
        return PieceLostError(self.subject, found, f"look at the workers' memory; {remedy}")


def packed(work: Callable[..., T | VeerNetError], *arguments: object) -> bytes:
    """A piece of work as ``watched`` wants it: a worker that has just been started must not import all of torch to tell what became of the one before it."""
    return pickle.dumps((work, arguments))


def watched(piece: Piece, given: bytes) -> Any:
    """Do a piece of work within its bounds; called on a worker.

    Dask gives what a dead worker was doing to the next one. It is not begun there a second time: whether it is worth another try
    is for the run to say, and what merely waited on the dead worker has no note and is not held to account for it. One piece is done at a time in a
    process, so that the one that is at fault is known.

    Errors are given as results: an ``UnforeseenError`` where it is none of ours.
    """
    with _ALONE:
        try:
            note = piece.note.open("xb", buffering=0)
        except FileExistsError:
            lost = piece.lost()
            assert lost is not None
            return lost
        try:
            work, arguments = pickle.loads(given)
            _bound_memory()
            with note, _ended_by(piece.limit_s, note):
                return work(*arguments)
        except Exception as error:  # noqa: BLE001 - whatever it is, the run has to be told
            if not out_of_memory(error):
                return UnforeseenError.of(error)
            found = f"{piece.stage} wants more memory than a worker has ({' '.join(str(error).split())[:200]})"
            return MemoryShortError(piece.subject, found, "give the workers more memory, or run fewer of them")
        finally:
            with suppress(FileNotFoundError):
                piece.note.unlink()


@contextmanager
def _ended_by(limit_s: float, note: IO[bytes]) -> Iterator[None]:
    """End this process when the time has passed; then, and when it dies of a fatal signal, the stack is in the note."""
    faulthandler.enable(note, all_threads=False)
    faulthandler.dump_traceback_later(limit_s, exit=True, file=note)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        faulthandler.disable()


@cache
def _bound_memory() -> None:
    """Let the kernel refuse this process more memory than Dask allows it: what asks for too much gets an error, and does not take the machine.

    Dask itself looks at a worker's memory from time to time only. That has to do where there is CUDA, which takes address space by the hundred GB.
    """
    limit_bytes = _memory_limit_bytes()
    if limit_bytes is None or _has_gpu():
        return
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    if hard == resource.RLIM_INFINITY or hard >= limit_bytes:
        resource.setrlimit(resource.RLIMIT_DATA, (limit_bytes, hard))


def _has_gpu() -> bool:
    return any(device.exists() for device in GPU_DEVICES)


def _memory_limit_bytes() -> int | None:
    """What Dask allows this process; a process that runs several workers, as a test's may, is not one worker's to bound."""
    from distributed import get_worker  # a second to import, and this module is wanted where no worker is

    try:
        worker = get_worker()
    except ValueError:
        return None
    limit_bytes = worker.memory_manager.memory_limit
    return int(_SHARE_OF_MEMORY * limit_bytes) if worker.nanny and limit_bytes else None

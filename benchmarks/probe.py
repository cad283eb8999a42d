"""Notes from inside a run, for a benchmark: when each piece of work began and ended on a Dask worker, and what of that was the network's.

Dask's workers load this file as they start, where ``DASK_DISTRIBUTED__WORKER__PRELOAD`` names it; nothing in the product knows of it. It puts
a stop watch around three functions and writes a line of JSON for each call into the folder ``VEERNET_BENCH_NOTES``, a file a process. Times are
those of the monotonic clock, which all processes of a machine share.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from functools import wraps
from pathlib import Path
from typing import Any

FOLDER = "VEERNET_BENCH_NOTES"


def dask_setup(_: object) -> None:
    """Called by Dask when the worker starts."""
    from tasks import compute, watch
    from veernet.sheets.raster import Scan

    notes = Path(os.environ[FOLDER]) / f"{os.getpid()}.jsonl"
    file = notes.open("a", buffering=1)

    def note(what: str, start_s: float, **more: Any) -> None:
        file.write(json.dumps({"what": what, "start_s": start_s, "end_s": time.monotonic(), **more}) + "\n")

    watch.watched = _pieces(watch.watched, note)
    Scan.bands = _first_reads(Scan.bands, note)  # type: ignore[method-assign]
    compute.segmenter = _forwards(compute.segmenter, note)  # type: ignore[assignment]


def _pieces(watched: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
    @wraps(watched)
    def timed(piece: Any, given: bytes) -> Any:
        start_s = time.monotonic()
        try:
            return watched(piece, given)
        finally:
            note(piece.stage, start_s)

    return timed


def _first_reads(bands: Callable[..., Iterator[Any]], note: Callable[..., None]) -> Callable[..., Iterator[Any]]:
    @wraps(bands)
    def timed(*args: Any, **kwargs: Any) -> Iterator[Any]:
        start_s, source = time.monotonic(), bands(*args, **kwargs)
        first = next(source, None)
        note("first rows", start_s)
        if first is not None:
            yield first
        yield from source

    return timed


def _forwards(segmenter: Callable[..., Any], note: Callable[..., None]) -> Callable[..., Any]:
    @wraps(segmenter)
    def timed(*args: Any) -> Any:
        model = segmenter(*args)
        if "classes" not in vars(model):
            bare = model.classes

            def classes(strip: Any, *more: Any) -> Any:
                start_s = time.monotonic()
                try:
                    return bare(strip, *more)
                finally:
                    note("forward", start_s, megapixels=strip.size / 1e6)

            model.classes = classes
        return model

    return timed

"""What runs on the Dask workers: whole pieces of work, called with places and slices rather than with arrays.

Each imports what it computes with when it is called: the run imports this module, too, and computes nothing. ``NEEDED`` is what a worker's process may
import before.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial, wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from veernet.errors import VeerNetError, WeightsError
from veernet.heap import keep_freed
from veernet.network.tiles import HALO, TILE_ROWS
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.geometry import DepthRegister, StripGeometry
from veernet.sheets.lost import Lost, LostRows

if TYPE_CHECKING:
    from veernet.curves.identity import Trace
    from veernet.curves.las import DepthLog
    from veernet.network.predict import Segmenter
    from veernet.register.drafted import Drafted
    from veernet.review.record import SheetRecord
    from veernet.sheets.manifest import SheetManifest, Track
    from veernet.sheets.refined import Refined

P = ParamSpec("P")
T = TypeVar("T")

#: Environment of the engine, which reads it when it is imported. Threads that wait for one another would else spin: where others want the cores too, that is twice
#: the forward pass's own time.
THREADS = {"OMP_WAIT_POLICY": "passive"}
#: Modules that every worker comes to need, and that take seconds to import; what registers scans is not among them, because most runs need none of it.
NEEDED = (
    "tasks.compute",
    "veernet.sheets.raster",
    "veernet.sheets.tiling",
    "veernet.sheets.work",
    "veernet.curves.trace",
    "veernet.review.overlay",
    "veernet.review.page",
    "veernet.network.predict",
)


def _told(work: Callable[P, T]) -> Callable[P, T | VeerNetError]:
    """Give an error of ours as the result: whether it is worth another try is for the run to say, and not for Dask.

    It goes without its cause: a cause that cannot be unpickled, as GDAL's, would make Dask raise a bare ``Exception``.
    """

    @wraps(work)
    def tell(*args: P.args, **kwargs: P.kwargs) -> T | VeerNetError:
        try:
            return work(*args, **kwargs)
        except VeerNetError as error:
            bare = error.with_traceback(None)
            bare.__cause__ = bare.__context__ = None
            return bare

    return tell


@lru_cache(maxsize=1)
def segmenter(weights: str | None) -> Segmenter:
    """This worker's one model, loaded when it is first asked for, so that workers that join late have it too."""
    for name, value in THREADS.items():
        os.environ.setdefault(name, value)
    from veernet.network.predict import Segmenter

    keep_freed()
    return Segmenter.load(Path(weights) if weights else None)


@_told
def describe_model(weights: str | None) -> dict[str, str]:
    """Load the model and say what it is; refuses bad weights before any sheet gets that far."""
    from veernet.sheets.work import CURVES

    model = segmenter(weights)
    if model.curves != CURVES:
        told = f"weights for {model.curves} curves a track"
        raise WeightsError(
            str(weights), told, f"sheets have up to {CURVES}: use weights trained with `curves: {CURVES}`"
        )
    return {"sha256": model.digest, "device": model.device.type, "precision": model.precision}


@dataclass(frozen=True)
class Look:
    """What is known of a scan before it is read.

    Args:
        pages: How many it has; of a scan of several nothing else is known.
        width: Columns.
        height: Rows.
        dpi: Resolution that it claims, if it claims one that can be.
    """

    pages: int
    width: int = 0
    height: int = 0
    dpi: float | None = None


@_told
def look_at(path: Path, name: str) -> Look:
    """Open a scan; on a worker, because a file that is made for it takes the process along that does."""
    from veernet.sheets.raster import count_pages, open_scan

    pages = count_pages(path, name)
    if pages > 1:
        return Look(pages)
    with open_scan(path, name) as scan:
        return Look(pages, scan.width, scan.height, scan.dpi)


@_told
def draft_sheet(scan_path: Path, name: str, directory: Path, stem: str) -> Drafted:
    """Register a scan that has no manifest, and write what comes of it."""
    from veernet.register.writing import write_drafted  # its readers are two networks, which most runs need not load

    return write_drafted(scan_path, name, directory, stem, show_sure=False)


@_told
def join_pages(
    files: Sequence[Path], manifest: SheetManifest | None, scan_path: Path, picture: Path
) -> tuple[str, ...]:
    """Put the pages of a sheet together and write them as one scan; a seam that is not certain leaves its picture.

    Returns how the pages lie, for people.
    """
    from veernet.sheets.chain import put_together
    from veernet.sheets.paged import write_scan
    from veernet.sheets.pages import pages_of

    sheet, told = put_together(pages_of(files), manifest, picture)
    write_scan(sheet, scan_path)
    return told


@_told
def tile_sheet(
    scan_path: Path,
    name: str,
    geometries: Sequence[StripGeometry],
    register: DepthRegister,
    tracks: Sequence[str],
    store: Path,
) -> tuple[Refined, tuple[Lost, ...]]:
    """Write the strips of a scan's tracks, cut where its printed lines are.

    Returns where the strips lie in the end, and rows of the scan that could not be read, for which they have paper.
    """
    from veernet.sheets.tiling import tile_scan

    return tile_scan(scan_path, name, geometries, register, tracks, store)


@_told
def segment_chunk(
    store: Path, track: int, first_row: int, rows: int, weights: str | None, tile_rows: int = TILE_ROWS
) -> int:
    """Segment one chunk of a strip, with its halo, at most ``tile_rows`` at a time, and write its class map; returns the strip rows done."""
    from veernet.sheets.work import WorkStore

    work = WorkStore.open(store)
    start, end = max(0, first_row - HALO), min(rows, first_row + CHUNK_ROWS + HALO)
    done = min(CHUNK_ROWS, rows - first_row)
    own = slice(first_row - start, first_row - start + done)
    work.write_classes(track, first_row, segmenter(weights).classes(work.read_strip(track, start, end), tile_rows, own))
    return done


@_told
def trace_strip(store: Path, index: int, track: Track) -> tuple[Trace, ...]:
    """Trace the curves of one track from its class map, and what the strip itself tells beside it."""
    from veernet.curves.trace import trace_track
    from veernet.sheets.work import WorkStore

    work = WorkStore.open(store)
    bands, strips = work.class_bands(index), partial(work.strip_bands, index)
    return tuple(trace_track(bands, track.curves, strips=strips, scale=track.scale))


@_told
def overlay(
    scan_path: Path,
    geometries: Sequence[StripGeometry],
    manifest: SheetManifest,
    traces: Sequence[Sequence[Trace]],
    directory: Path,
    stem: str,
) -> list[Path]:
    """Draw the traced curves over the scan; returns the pictures."""
    from veernet.review.overlay import draw_overlay
    from veernet.sheets.raster import open_scan

    with open_scan(scan_path, scan_path.name) as scan:
        return draw_overlay(
            partial(scan.bands, lost=LostRows()),
            geometries,
            DepthRegister.of(manifest.depth),
            traces,
            directory,
            stem,
            stem,
            manifest=manifest,
        )


@_told
def page(
    scan_path: Path,
    geometries: Sequence[StripGeometry],
    manifest: SheetManifest,
    traces: Sequence[Sequence[Trace]],
    log: DepthLog,
    record: SheetRecord,
    directory: Path,
) -> Path:
    """Write the sheet's page; returns it."""
    from veernet.review.page import write_page
    from veernet.sheets.raster import open_scan

    register = DepthRegister.of(manifest.depth)
    with open_scan(scan_path, scan_path.name) as scan:
        return write_page(
            partial(scan.bands, lost=LostRows()),
            geometries,
            register,
            traces,
            log,
            record,
            directory,
            record.sheet,
            manifest=manifest,
        )

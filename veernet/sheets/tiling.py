"""The strips of a scan, cut into the work store where its printed lines are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.geometry import DepthRegister, StripGeometry, source_rows
from veernet.sheets.held import HeldRows
from veernet.sheets.lost import Lost, LostRows
from veernet.sheets.printed import Profiler, Refined, refine
from veernet.sheets.raster import Band, Scan, open_scan
from veernet.sheets.strips import cut_strips
from veernet.sheets.work import WorkStore


def tile_scan(
    scan_path: Path,
    name: str,
    geometries: Sequence[StripGeometry],
    register: DepthRegister,
    tracks: Sequence[str],
    store: Path,
) -> tuple[Refined, tuple[Lost, ...]]:
    """Decode a scan top down, see where its printed lines are, and write the strips of its tracks there as whole chunks.

    Strips are cut twice, once to see and once to be written. Nearly all paper has moved, so that what the first cut would write would be
    written for nothing.

    Args:
        scan_path: A local file.
        name: What to call the sheet in errors.
        geometries: Where the manifest puts the strips.
        register: The manifest's ticks.
        tracks: Their names.
        store: Where the work store is to be.

    Returns:
        Where the strips lie in the end, and rows of the scan that could not be read, for which they have paper.

    Raises:
        ScanError, WorkStoreError: The scan cannot be read, or the store not be written.
    """
    lost, held = LostRows(), HeldRows()
    with open_scan(scan_path, name) as scan:
        profilers = [Profiler() for _ in geometries]
        first_row, end_row = source_rows(geometries, scan.height)
        bands = scan.bands(first_row=first_row, end_row=end_row, lost=lost)
        for track, _, piece in cut_strips(held.holding(bands) if scan.bilevel else bands, geometries, CHUNK_ROWS):
            profilers[track].add(piece)
        lost.check(first_row, end_row, name)
        refined = refine(geometries, [profiler.profiles() for profiler in profilers], register, tracks)
        first_row, end_row = source_rows(refined.geometries, scan.height)
        work = WorkStore.create(store, geometries)
        for track, strip_row, piece in cut_strips(
            _again(scan, held, first_row, end_row, lost), refined.geometries, CHUNK_ROWS
        ):
            work.write_strip(track, strip_row, piece)
        lost.check(first_row, end_row, name)
    return refined, lost.found


def _again(scan: Scan, held: HeldRows, first_row: int, end_row: int, lost: LostRows) -> Iterator[Band]:
    """Rows of a scan of which some have been held: only those beyond them are decoded."""
    if held.rows is None:
        yield from scan.bands(first_row=first_row, end_row=end_row, lost=lost)
        return
    held_row, held_end_row = held.rows
    # The lower ones first: the decoder stands there, and would have to begin at the scan's top for them.
    below = list(scan.bands(first_row=held_end_row, end_row=end_row, lost=lost))
    yield from scan.bands(first_row=first_row, end_row=held_row, lost=lost)
    yield from held.bands()
    yield from below

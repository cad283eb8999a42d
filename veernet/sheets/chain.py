"""Put a sheet together: each page matched with the one before it, and all of them laid in the frame of the manifest.

A page that does not go with the one before it for certain ends it, with a picture of the seam: a depth below a wrong one would be wrong.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from veernet.errors import ScanError
from veernet.sheets.abut import abutted
from veernet.sheets.frame import WINDOW_ROWS, Lines, sideways
from veernet.sheets.geometry import Edge
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.paged import PagedScan, Placed
from veernet.sheets.pages import Page, PageImage
from veernet.sheets.raster import MAX_SCAN_PIXELS, MAX_SCAN_WIDTH
from veernet.sheets.seams import REACH, Match, matches
from veernet.sheets.similarity import Similarity
from veernet.sheets.ticked import downwards

_NEXT_TO = 0.02  # scales that differ by less are tried as one
_PICTURE_COLUMNS = 700


def put_together(
    pages: Sequence[Page], manifest: SheetManifest | None, picture: Path
) -> tuple[PagedScan, tuple[str, ...]]:
    """Put a sheet together from its pages, in the frame of its manifest.

    Args:
        pages: Top to bottom.
        manifest: Its ticks and edges count down the whole sheet; None where it is still to be made, in the first page's frame.
        picture: Where to leave a picture of a seam that is not certain.

    Returns:
        The sheet, and how each page lies on it, for people.

    Raises:
        ScanError: A page cannot be read, or does not go with the one before it for certain.
    """
    sheet, told = _chained(pages, picture)
    if len(pages) == 1 or manifest is None:
        return sheet, told
    tracks = _track_columns(manifest, sheet.width)
    lines = Lines.of(sheet.bands(4 * WINDOW_ROWS), tracks)
    upright = sideways(lines.down, manifest)
    if upright is None:
        raise ScanError(
            pages[0].title,
            "the sheet's printed lines do not lie at the manifest's edges, and it is not certain where they do",
            "take the columns of the edges off the first page as it is",
        )
    if upright != Similarity():
        lines = Lines.of(sheet.moved(upright).bands(4 * WINDOW_ROWS), tracks)
    onto = downwards(lines.across, upright, manifest, sheet.width)
    if onto is None:
        raise ScanError(
            pages[0].title,
            "its lines lie between the manifest's ticks: it is not certain which of them is at which depth",
            "take the rows of the ticks off the first page as it is, and count on from there",
        )
    if onto != Similarity():
        told = (*told, f"the whole: {_told(onto)}, by the manifest's edges and ticks")
    return sheet.moved(onto), told


def _told(onto: Similarity) -> str:
    return f"turned by {onto.degrees:+.2f} degrees, resized by {100 * (onto.scale - 1):+.2f} %"


def _track_columns(manifest: SheetManifest, width: int) -> list[tuple[int, int]]:
    """Each track's columns, where it is narrowest, in sixths, so that a curve outshouts one part alone."""
    parts = []
    for track in manifest.tracks:
        left, right = max(Edge.of(track.left).columns_px), min(Edge.of(track.right).columns_px)
        bounds = np.clip(np.linspace(left, right, 7).astype(int), 0, width)
        parts += [(int(a), int(b)) for a, b in itertools.pairwise(bounds) if a < b]
    return parts or [(0, width)]


def _chained(pages: Sequence[Page], picture: Path) -> tuple[PagedScan, tuple[str, ...]]:
    """The pages on the plane of the first one, each matched with the one before it."""
    placed: list[Placed] = []
    told: list[str] = []
    upper: PageImage | None = None
    dpi: float | None = None
    for page in pages:
        image = page.read()
        height, width = image.darkness.shape
        onto = Similarity()
        if upper is None:
            dpi = image.dpi
        else:
            seam = _joined(placed[-1].page, page, upper, image, picture)
            onto = placed[-1].onto @ Similarity(1, 1j * (placed[-1].shape[0] - len(upper.darkness))) @ seam.onto
            told.append(f"{page.title}: {_told(seam.onto)}, {seam.overlap_rows:.0f} rows shared with the page before")
        placed.append(Placed(page, (height, width), onto))
        if len(placed) > 1 and placed[-1].bottom <= placed[-2].bottom:
            raise _refusal(placed[-2].page, page, upper, image, "the second ends above the end of the first", picture)
        # No more of it is looked at than its end.
        kept = image.darkness[-round(1.2 * REACH * width) :].copy()
        upper = PageImage(kept, image.dpi)
    sheet = PagedScan(placed, dpi)
    if sheet.width > MAX_SCAN_WIDTH or sheet.width * sheet.height > MAX_SCAN_PIXELS:
        found = f"its pages together have {sheet.width} columns by {sheet.height} rows"
        raise ScanError(pages[0].title, found, f"cut the sheet into several of {MAX_SCAN_PIXELS:,} pixels at most")
    return sheet, tuple(told)


def _joined(before: Page, page: Page, upper: PageImage, lower: PageImage, picture: Path) -> Match:
    """The match of two pages that is certain.

    Raises:
        ScanError: There is none.
    """
    found: list[Match] = []
    for scales in _scales(upper, lower):
        found = sorted([*found, *matches(upper.darkness, lower.darkness, scales)], key=lambda match: -match.likeness)
        if found and found[0].certain(_runner_up(found, upper)):
            return found[0]
    for scale in _scales(upper, lower)[-1]:
        match = abutted(upper.darkness, lower.darkness, scale)
        if match is not None:
            return match
    raise _refusal(before, page, upper, lower, _why(found, upper, lower), picture)


def _runner_up(found: Sequence[Match], upper: PageImage) -> float:
    """Likeness of the best match that is another one than the best of all."""
    width = upper.darkness.shape[1]
    tops = [complex(*match.onto.columns_rows(0, 0)) for match in found]
    return max(
        (m.likeness for m, top in zip(found, tops, strict=True) if abs(top - tops[0]) > 0.04 * width), default=0.0
    )


def _scales(upper: PageImage, lower: PageImage) -> list[tuple[float, ...]]:
    """Sizes of the lower page's px in the upper's: by what the files tell, and then the same, or by their widths."""
    tries: list[tuple[float, ...]] = []
    if upper.dpi and lower.dpi:
        tries.append((upper.dpi / lower.dpi,))
    known = tries[0] if tries else ()
    others: list[float] = []
    for scale in (1.0, upper.darkness.shape[1] / lower.darkness.shape[1]):
        if all(abs(scale / other - 1) > _NEXT_TO for other in (*known, *others)):
            others.append(scale)
    return [*tries, tuple(others)] if others else tries


def _why(found: Sequence[Match], upper: PageImage, lower: PageImage) -> str:
    for scales in _scales(lower, upper):
        reverse = matches(lower.darkness, upper.darkness, scales)
        if reverse and reverse[0].certain(reverse[1].likeness if len(reverse) > 1 else 0.0):
            return "the second page lies above the first"
    if not found:
        return "nothing that both show was found"
    best, following = found[0], _runner_up(found, upper)
    return (
        f"the best match has a likeness of {best.likeness:.2f} over {best.overlap_rows:.0f} rows, "
        f"in {best.agreeing:.0%} of its parts, and the next one {following:.2f}"
    )


def _refusal(before: Page, page: Page, upper: PageImage | None, lower: PageImage, why: str, picture: Path) -> ScanError:
    assert upper is not None
    _draw_seam(upper.darkness, lower.darkness, picture)
    return ScanError(
        f"{before.title} and {page.title}",
        f"it is not certain how these pages join: {why}",
        "check their order, or scan them again with an inch or two in common that shows curves or captions",
    )


def _draw_seam(upper: NDArray[np.uint8], lower: NDArray[np.uint8], picture: Path) -> None:
    """Both ends side by side: the first page's bottom to the left, the second's top to the right."""
    ends = []
    for end, from_bottom in ((upper, True), (lower, False)):
        by = _PICTURE_COLUMNS / end.shape[1]
        rows = min(len(end), round(REACH * end.shape[1]))
        part = end[-rows:] if from_bottom else end[:rows]
        ends.append(cv2.resize(part, (_PICTURE_COLUMNS, max(1, round(rows * by))), interpolation=cv2.INTER_AREA))
    height = max(len(end) for end in ends)
    canvas = np.full((height, 2 * _PICTURE_COLUMNS + 20), 128, np.uint8)
    canvas[height - len(ends[0]) :, :_PICTURE_COLUMNS] = 255 - ends[0]
    canvas[: len(ends[1]), _PICTURE_COLUMNS + 20 :] = 255 - ends[1]
    picture.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(picture), canvas)

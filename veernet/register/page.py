"""The page to put a draft right: one HTML file with the scan by rows, the draft over it, and every field of the manifest.

It loads nothing, and saves `<stem>.sheet.yaml`. A bilevel scan stands in it at full size, a bit a px, so that a line can be
placed by the px; another one is shrunk to `GREY_WIDTH_PX` columns. What a person may type is checked by the manifest's own
schema and the rules of `page_rules.js`, which a test holds to those of `veernet.sheets.manifest`.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from veernet.register.draft import LAS_STEP, SURE, Draft
from veernet.register.page_resume import resumed
from veernet.review.html import embeddable, new_page, page_template
from veernet.review.tiles import TILE_ROWS, write_tiles
from veernet.sheets.geometry import TRACK_WIDTHS_PX
from veernet.sheets.manifest import MAX_LAS_ROWS, SheetManifest, json_schema

if TYPE_CHECKING:
    from veernet.review.overlay import BandSource

GREY_WIDTH_PX = 1600
"""Columns of the embedded picture, at most, where the scan is not bilevel."""

SUFFIX = ".register.html"
"""Of the names of these pages, after the sheet's stem."""

_SHEET = re.compile(r'(?<=<script type="application/json" id="sheet">).*(?=</script>)')
_GREYS = 16
_PROBES = 5  # stretches of rows by which a scan is judged to be bilevel
_PROBE_ROWS = 64


def write_page(
    bands: BandSource,
    draft: Draft,
    directory: Path,
    stem: str,
    *,
    manifest: SheetManifest | None = None,
) -> Path:
    """Write the page of a draft, `<stem>.register.html`.

    Args:
        bands: Reads the scan; called a few times.
        draft: What was found on the scan.
        directory: An existing folder for the page.
        stem: Name of the page and of the manifest that it saves.
        manifest: What a person made of it before, to go on from.

    Raises:
        StorageError: The page cannot be written.
        ScanError: The scan cannot be read, from `bands`.

    Memory is bounded by one tile.
    """
    path = directory / f"{stem}{SUFFIX}"
    bilevel = _is_bilevel(bands, draft.rows)
    head, _, foot = page_template("veernet.register", "page.html").partition("{{blocks}}")
    with new_page(path) as file:
        file.write(head)
        width, greys = (draft.width_px, 2) if bilevel else (GREY_WIDTH_PX, _GREYS)
        picture = write_tiles(file, bands, 0, draft.rows, max_width=width, greys=greys)
        sheet: dict[str, Any] = {
            "stem": stem, **_beginning(draft, manifest),
            "picture": {
                "width": picture.width, "height": picture.height, "tile": TILE_ROWS, "across": picture.across, "scale": picture.scale,
            },
            "rules": {"sure": SURE, "las_step": LAS_STEP, "las_rows": MAX_LAS_ROWS, "track_widths": TRACK_WIDTHS_PX, "schema": json_schema()},
        }  # fmt: skip
        file.write(foot.replace("{{sheet}}", embeddable(sheet)))
    return path


def resumed_page(page: str, manifest: SheetManifest) -> str:
    """A page that `write_page` wrote, made to begin with a manifest that was saved since."""
    found = _SHEET.search(page)
    assert found is not None, "every page has its draft"
    sheet = json.loads(found[0])
    sheet |= _beginning(Draft.model_validate(sheet["draft"]), manifest)
    return f"{page[: found.start()]}{embeddable(sheet)}{page[found.end() :]}"


def _beginning(draft: Draft, manifest: SheetManifest | None) -> dict[str, Any]:
    """What a person goes on from."""
    if manifest is None:
        return {"draft": draft.model_dump(mode="json"), "step": None, "origin": {"source": draft.source}}
    origin = manifest.model_dump(mode="json", include={"source", "pages", "sha256"}, exclude_none=True)
    return {"draft": resumed(draft, manifest).model_dump(mode="json"), "step": manifest.depth.step, "origin": origin}


def _is_bilevel(bands: BandSource, rows: int) -> bool:
    """Whether some rows here and there are paper and full ink alone."""
    for probe in range(_PROBES):
        first_row = int((rows - _PROBE_ROWS) * probe / (_PROBES - 1)) if rows > _PROBE_ROWS else 0
        for band in islice(bands(first_row=first_row, end_row=first_row + _PROBE_ROWS), 1):
            if np.isin(band.darkness, (0, 255), invert=True).any():
                return False
    return True

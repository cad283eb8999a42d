"""What seeds are made of: manifests of drawn sheets, and a corner of a drawn scan."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.manifest import SheetManifest
from veernet.training.layout import lay_out, sample_sheet
from veernet.training.sheet import draw_sheet

Way = tuple[str | int, ...]


def manifest_of(seed: int) -> SheetManifest:
    """The manifest of a drawn sheet."""
    return lay_out(sample_sheet(seed))


def document_of(seed: int) -> dict[str, Any]:
    """The same as plain values."""
    return manifest_of(seed).model_dump(mode="json", exclude_none=True)


def places_in(value: Any, way: Way = ()) -> list[Way]:
    """Every place in a document, as the keys that lead there."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way, *(deeper for key, part in parts for deeper in places_in(part, (*way, key)))]


def document_with(document: dict[str, Any], value: Any, *way: str | int) -> dict[str, Any]:
    """The document with another value at a place."""
    changed = copy.deepcopy(document)
    place: Any = changed
    for part in way[:-1]:
        place = place[part]
    place[way[-1]] = value
    return changed


def pixels_of(seed: int) -> NDArray[np.uint8]:
    """Grey pixels of a drawn sheet where its first track begins, uint8 ``(72, 56)``, 0 for ink."""
    recipe = replace(sample_sheet(seed), dpi=100)
    recipe = replace(recipe, base_depth=recipe.top_depth + 50.0)
    sheet = draw_sheet(recipe)
    row = int(sheet.manifest.depth.ticks[0][0])
    return np.ascontiguousarray(255 - sheet.darkness[row : row + 72, 60:116])

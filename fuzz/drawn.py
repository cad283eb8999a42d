"""What seeds are made of: manifests of drawn sheets, and a corner of a drawn scan."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from veernet.sheets.manifest import SheetManifest
from veernet.training.layout import lay_out, sample_sheet
from veernet.training.sheet import draw_sheet


def manifest_of(seed: int) -> SheetManifest:
    """The manifest of a drawn sheet."""
    return lay_out(sample_sheet(seed))


def document_of(seed: int) -> dict[str, Any]:
    """The same as plain values."""
    return manifest_of(seed).model_dump(mode="json", exclude_none=True)


def pixels_of(seed: int) -> NDArray[np.uint8]:
    """Grey pixels of a drawn sheet where its first track begins, uint8 ``(72, 56)``, 0 for ink."""
    recipe = replace(sample_sheet(seed), dpi=100)
    recipe = replace(recipe, base_depth=recipe.top_depth + 50.0)
    sheet = draw_sheet(recipe)
    row = int(sheet.manifest.depth.ticks[0][0])
    return np.ascontiguousarray(255 - sheet.darkness[row : row + 72, 60:116])

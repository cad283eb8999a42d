"""Columns of a track in which lines of its grid run down it, by how much ink they have beside what is next to them."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

_LINE = 0.08
"""Share of rows in which a column of a line has ink and those beside it have none."""
_THICKEST_INCHES = 0.035


def lines_down(profile: NDArray[np.float64], dpi: float) -> NDArray[np.bool_]:
    """Which columns have a line, and those next to them.

    What is as narrow as a line stands out of what is left and right of it, however close to each other the lines of a log grid are; where a curve
    runs more often than elsewhere is wider.

    Args:
        profile: Share of rows with ink of each column.
        dpi: Of the columns.
    """
    wide = max(3, round(_THICKEST_INCHES * dpi)) + 1
    # Beyond the ends there is no paper that would make a line of what is broad.
    padded = np.pad(
        profile.astype(np.float32)[None], ((0, 0), (wide, wide)), mode="reflect" if profile.size > wide else "edge"
    )
    broad = cv2.morphologyEx(padded, cv2.MORPH_OPEN, np.ones((1, wide), np.uint8))[0, wide:-wide]
    narrow = (profile - broad > _LINE).astype(np.uint8)
    return np.asarray(cv2.dilate(narrow[None], np.ones((1, 3), np.uint8))[0] > 0)

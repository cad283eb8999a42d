"""The scan inside a page, and the median that printed lines stand out of."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from io import StringIO

import cv2
import numpy as np
import pytest
from scipy.ndimage import median_filter

from veernet.review.tiles import write_tiles
from veernet.sheets.profiles import without_median
from veernet.sheets.raster import Band

COLUMNS = 333  # no whole number of bytes, at one bit a px or at four


@pytest.mark.parametrize("greys", [2, 16])
def test_a_tile_holds_the_scan_in_as_many_greys_as_are_asked_for(greys: int) -> None:
    """Each px in the nearest of them, in a picture that any reader of PNG decodes."""
    darkness = np.random.default_rng(5).integers(0, 256, (128, COLUMNS), np.uint8)

    def bands(*, first_row: int, end_row: int) -> Iterator[Band]:
        yield Band(first_row, darkness[first_row:end_row])

    page = StringIO()
    write_tiles(page, bands, 0, 128, max_width=COLUMNS, greys=greys)
    data = re.findall(r'id="tile-\d+">([^<]*)<', page.getvalue())
    shown = cv2.imdecode(np.frombuffer(b64decode(data[0]), np.uint8), cv2.IMREAD_GRAYSCALE)
    assert shown.shape == darkness.shape
    assert greys == len(np.unique(shown))
    assert np.abs(shown.astype(int) - (255 - darkness.astype(int))).max() <= 255 // (greys - 1) // 2 + 1


def test_rows_that_are_filtered_as_one_do_not_look_into_each_other() -> None:
    """What stands out of each is what would stand out of it alone."""
    rows = np.random.default_rng(8).random((7, 61)).astype(np.float32)
    rows[::2] += 5.0
    alone = [row - median_filter(row, 15, mode="nearest") for row in rows]
    np.testing.assert_array_equal(alone, without_median(rows, 15))

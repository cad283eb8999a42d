"""Pictures: packed as tightly as their colours allow, and read back by others as what they were."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from veernet.review.png import as_png
from veernet.review.shrink import shrunk


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_greys_are_read_back_as_they_were(bits: int) -> None:
    """Also where the last byte of a row is not full."""
    shades = np.random.default_rng(bits).integers(0, 2**bits, (13, 37)).astype(np.uint8)
    read = cv2.imdecode(np.frombuffer(as_png(shades, bits), np.uint8), cv2.IMREAD_UNCHANGED)
    np.testing.assert_array_equal(shades * (255 // (2**bits - 1)), read)


def test_colours_are_read_back_as_the_palette_has_them() -> None:
    """Red, green and blue, in this order."""
    palette = np.array([[255, 255, 255], [250, 10, 20], [1, 2, 3]], np.uint8)
    entries = np.array([[0, 1, 2], [2, 2, 1]], np.uint8)
    read = cv2.imdecode(np.frombuffer(as_png(entries, 8, palette), np.uint8), cv2.IMREAD_COLOR)
    np.testing.assert_array_equal(palette[entries], read[:, :, ::-1])


@pytest.mark.parametrize(("height", "width"), [(64, 1195), (67, 700), (31, 417), (1, 1), (67, 1251)])
def test_a_shrunk_picture_is_the_mean_of_what_it_covers(height: int, width: int) -> None:
    """To the rounding, as OpenCV's; a picture that is to keep its size is given back."""
    pixels = np.random.default_rng(width).integers(0, 256, (67, 1251)).astype(np.uint8)
    expected = cv2.resize(pixels, (width, height), interpolation=cv2.INTER_AREA)
    assert np.abs(expected.astype(int) - shrunk(pixels, height, width)).max() <= 1

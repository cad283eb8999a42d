"""How print of a coarse grey scan is made out: by its shades, where a bit a pixel would close its letters."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from numpy.typing import NDArray

from veernet.register.block_words import read_print
from veernet.register.draft import Curve, Found
from veernet.register.paper import Paper, ink_of, paper_of
from veernet.register.scale_block import Blocks
from veernet.register.shades import fine_ink, packed, times_finer, unpacked
from veernet.register.two_blocks import surer
from veernet.sheets.raster import open_scan
from veernet.training.paper_rules import frame, rule_across
from veernet.training.paper_text import put

DPI = 100.0


def scanned(print_of_it: NDArray[np.uint8], times: int, blur: float = 0.35) -> NDArray[np.uint8]:
    """Darkness of print at so many times the resolution, as a scanner's lens and pixels have it; the lens blurs by a share of a pixel."""
    size = (print_of_it.shape[1] // times, print_of_it.shape[0] // times)
    soft = cv2.GaussianBlur(print_of_it, (0, 0), blur * times)
    return np.asarray(cv2.resize(soft, size, interpolation=cv2.INTER_AREA), np.uint8)


def grey(darkness: NDArray[np.uint8]) -> Paper:
    """A scan at 100 dpi with its shades."""
    ink = ink_of(darkness, DPI)
    return Paper(darkness.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink, packed(darkness))


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=9)))
def test_shades_are_what_darkness_was_but_for_a_sixteenth(darkness: NDArray[np.uint8]) -> None:
    """However wide the scan is."""
    again = unpacked(packed(darkness), darkness.shape[1])
    assert darkness.shape == again.shape
    assert np.abs(again.astype(int) - darkness).max() <= 16


@given(st.sampled_from([0, 255]))
def test_paper_and_full_ink_stay_what_they_are(darkness: int) -> None:
    """They are the ends of the scale."""
    assert darkness == unpacked(packed(np.full((1, 3), darkness, np.uint8)), 3).max()


@pytest.mark.parametrize(("dpi", "times"), [(75.0, 4), (100.0, 3), (150.0, 2), (200.0, 3), (300.0, 2), (600.0, 1)])
def test_print_is_looked_at_as_finely_as_a_copy_at_half_size_asks_for(dpi: float, times: int) -> None:
    """Of a coarse scan only print of usual size can be read."""
    assert times == times_finer(dpi)


def test_shades_part_strokes_that_bits_join() -> None:
    """Between two of them lies less than a pixel of paper, and the whole pixel is half as dark as they are."""
    darkness = np.zeros((40, 60), np.uint8)
    darkness[10:30, 22:24] = darkness[10:30, 25:27] = 255
    darkness[10:30, 24] = 125
    bits, fine = ink_of(darkness, DPI)[20], fine_ink(darkness, DPI, 3)[60]
    assert [1, 2] == [int((np.diff(row.astype(int)) == 1).sum()) for row in (bits, fine)]


def test_a_coarse_grey_scan_is_read_by_its_shades() -> None:
    """A printer's heavy digits, whose holes bits fill; they stand where they do in the scan."""
    page = np.zeros((300, 1500), np.uint8)
    left, top, right, end = put(page, "100.00", 600, 150, "dots", 26.0)
    printed = read_print(grey(scanned(page, 3)), 0, 100)
    (line,) = printed.lines
    assert ("100.00", 3) == (line.text, printed.finer)
    middle = [0.5 * (line.top + line.end), 0.5 * (line.left + line.right)]
    assert [0.5 * (top + end), 0.5 * (left + right)] == pytest.approx(middle, abs=6)


def test_a_block_whose_bits_leave_something_unsure_is_read_again_by_its_shades() -> None:
    """A printer's block, its left value closed to blots; what is found stands where it does in the scan."""
    page = np.zeros((1500, 1000), np.uint8)
    frame(page, 100, 600, 850, 690, 3.6)
    rule_across(page, 640, 100, 850, 3.6, 255, "solid", 300.0)
    put(page, "GR (GAPI)", 475, 620, "dots", 25.5, align="centre")
    put(page, "0.0000", 112, 658, "dots", 25.5)
    put(page, "150.00", 838, 658, "dots", 25.5, align="right")
    paper = grey(scanned(page, 3, blur=1.2))
    edges = [((230.0, column), (490.0, column)) for column in (100 / 3, 850 / 3)]
    (by_bits,), (by_shades,) = (Blocks(each, 231, 490).curves(*edges) for each in (replace(paper, shades=None), paper))
    assert not (by_bits.left.sure and by_bits.right.sure)
    assert (0.0, 150.0, True) == (by_shades.left.value, by_shades.right.value, by_shades.right.sure)
    assert by_shades.left.sure
    assert by_shades.box is not None
    assert [200, 223] == pytest.approx([by_shades.box.top_row, by_shades.box.end_row], abs=6)


@pytest.mark.parametrize(("darkest", "dpi", "kept"), [(140, 100, True), (255, 100, False), (140, 300, True)])
def test_shades_are_kept_of_scans_that_have_some(tmp_path: Path, darkest: int, dpi: int, kept: bool) -> None:
    """A grey file may hold nothing but paper and ink."""
    path = tmp_path / "grey.tif"
    pixels = np.full((1, 400, 600), 255, np.uint8)
    pixels[:, :, 100:300:4] = 255 - darkest
    kind = {"driver": "GTiff", "height": 400, "width": 600, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **kind) as dataset:
        dataset.write(pixels)
        dataset.update_tags(TIFFTAG_XRESOLUTION=dpi, TIFFTAG_YRESOLUTION=dpi, TIFFTAG_RESOLUTIONUNIT=2)
    with open_scan(path, "grey.tif") as scan:
        assert kept == (paper_of(scan).shades is not None)


def curve(right: float, sure: bool) -> Curve:
    """One that surely ends at a value, or not surely."""
    return Curve(
        mnemonic=Found(value="GR", confidence=0.97), right=Found(value=right, confidence=0.97 if sure else 0.4)
    )


@pytest.mark.parametrize(
    ("first", "again", "taken"),
    [
        ((curve(150, True),), (curve(150, False),), "first"),
        ((curve(160, False),), (curve(150, True),), "again"),
        ((curve(150, True),), (curve(150, False), curve(20, False)), "again"),
        ((curve(150, True),), (curve(160, True), curve(20, True)), "first"),
        ((), (curve(150, True),), "again"),
    ],
)
def test_of_two_readings_that_is_taken_which_tells_more(
    first: tuple[Curve, ...], again: tuple[Curve, ...], taken: str
) -> None:
    """Unless they are sure of different things: neither is worth more than the other then."""
    assert {"first": first, "again": again}[taken] == surer(first, again)


def reading(right: float, confidence: float) -> Curve:
    """A gamma ray that ends at a value, as sure as that."""
    return Curve(mnemonic=Found(value="GR", confidence=0.97), right=Found(value=right, confidence=confidence))


@pytest.mark.parametrize(("other", "confidence", "sure"), [(100.0, 0.9, False), (100.0, 0.3, True), (200.0, 0.9, True)])
def test_what_one_reading_is_sure_of_and_the_other_likely_reads_otherwise_is_not_sure(
    other: float, confidence: float, sure: bool
) -> None:
    """On a scan in grain its shades said 200 for 100."""
    (curve,) = surer((reading(other, confidence),), (reading(200.0, 0.97),))
    assert 200.0 == curve.right.value
    assert sure == curve.right.sure

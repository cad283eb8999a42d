from __future__ import annotations

import logging
import struct
import tracemalloc
import warnings
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import rasterio
from hypothesis import given
from hypothesis import strategies as st
from processes import peak_kb

from veernet.errors import ScanError, SourceMissingError
from veernet.sheets.raster import BAND_ROWS, open_scan

SCANS = Path(__file__).parents[2] / "shared" / "data" / "scans"
needs_scans = pytest.mark.skipif(not SCANS.exists(), reason=f"NO REAL SCANS: {SCANS} is absent")

Pixels = np.ndarray[Any, Any]


@pytest.fixture(autouse=True)
def _plain_tiffs() -> Any:
    """Writing test images need not tell that they have no geography."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        yield


def write_tiff(path: Path, pixels: Pixels, palette: dict[int, Any] | None = None, **options: Any) -> Path:
    """A TIFF of `(rows, width)` or `(bands, rows, width)` pixels."""
    stack = pixels[None] if pixels.ndim == 2 else pixels
    count, height, width = stack.shape
    with rasterio.open(
        path, "w", driver="GTiff", width=width, height=height, count=count, dtype=stack.dtype, **options
    ) as dataset:
        if palette:
            dataset.write_colormap(1, palette)
        dataset.write(stack)
    return path


def speckle(rows: int, width: int) -> Pixels:
    """Bilevel noise, 1 for paper and 0 for one px of ink in twenty."""
    return (np.random.default_rng(7).random((rows, width)) > 0.05).astype(np.uint8)


def write_g4(path: Path, rows: int = 2000, strip_rows: int = 32) -> Path:
    """Bilevel noise in G4."""
    return write_tiff(path, speckle(rows, 811), compress="CCITTFAX4", nbits=1, blockysize=strip_rows)


def darkness_of(path: Path, **options: Any) -> Pixels:
    """The whole scan, or the rows asked for."""
    with open_scan(path, path.stem) as scan:
        return np.concatenate([band.darkness for band in scan.bands(**options)])


def refusal(path: Path) -> str:
    """What VeerNet says when it refuses to read a scan."""
    with pytest.raises(ScanError) as caught:
        darkness_of(path)
    assert caught.value.subject == path.stem
    assert caught.value.retryable is False
    return caught.value.found


def with_bits_flipped(path: Path, flips: int = 5) -> Path:
    """The same file with bits of its middle turned."""
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(1)
    for place in rng.integers(len(data) // 4, len(data) * 3 // 4, flips):
        data[place] ^= 1 << int(rng.integers(8))
    path.write_bytes(data)
    return path


# --- what good scans give -------------------------------------------------------------------------------------------------


@needs_scans
def test_ink_of_a_min_is_white_scan_is_255() -> None:
    """The real G4 scan is mostly paper, and has nothing between paper and ink."""
    with open_scan(SCANS / "kinney-heinen.tif", "kinney-heinen") as scan:
        assert (scan.width, scan.height, scan.dpi) == (1664, 17864, 200.0)
        pixels = np.concatenate([band.darkness for band in scan.bands(first_row=4000, end_row=6000)])
    assert np.unique(pixels).tolist() == [0, 255]
    assert 0.02 < (pixels == 255).mean() < 0.25


@needs_scans
def test_ink_of_a_palette_scan_is_dark() -> None:
    """The real palette scan is mostly white paper."""
    with open_scan(SCANS / "wohlford-gr.tif", "wohlford-gr") as scan:
        assert (scan.width, scan.height, scan.dpi) == (1243, 27008, 150.0)
        pixels = np.concatenate([band.darkness for band in scan.bands(first_row=4000, end_row=6000)])
    assert np.median(pixels) <= 8
    assert 0.02 < (pixels > 128).mean() < 0.3


RAMP = np.arange(256, dtype=np.uint8)[None].repeat(3, axis=0)


@pytest.mark.parametrize(
    ("pixels", "options", "expected"),
    [
        (RAMP, {}, 255 - RAMP),
        (RAMP, {"photometric": "MINISWHITE"}, RAMP),
        (RAMP.astype(np.uint16) * 257, {}, 255 - RAMP),
        (RAMP.astype(np.uint16) * 257, {"photometric": "MINISWHITE"}, RAMP),
        (RAMP // 16, {"nbits": 4}, 255 - RAMP // 16 * 17),
        (RAMP // 16, {"nbits": 4, "photometric": "MINISWHITE"}, RAMP // 16 * 17),
        (RAMP // 128, {"nbits": 1}, 255 - RAMP // 128 * 255),
        (np.stack([RAMP, np.full_like(RAMP, 0), np.full_like(RAMP, 255)]), {}, np.full_like(RAMP, 255)),
        (np.stack([RAMP, np.full_like(RAMP, 254), np.full_like(RAMP, 255)]), {}, 255 - np.minimum(RAMP, 254)),
        (np.stack([RAMP, RAMP, RAMP]).astype(np.uint16) * 257, {}, 255 - RAMP),
        (np.stack([RAMP * 0, RAMP]), {"alpha": "yes"}, RAMP),
        (np.stack([RAMP * 0, RAMP * 0, RAMP * 0, RAMP]), {}, RAMP),
        (np.stack([RAMP * 0, RAMP * 0, RAMP * 0, 255 - RAMP]), {"photometric": "CMYK"}, 255 - RAMP),
    ],
    ids=[
        "grey",
        "white-is-0",
        "grey16",
        "white-is-0-16",
        "grey4",
        "white-is-0-4",
        "bilevel",
        "blue",
        "red16",
        "rgb16",
        "grey-alpha",
        "rgb-alpha",
        "cmyk",
    ],
)
def test_every_kind_of_pixel_becomes_darkness(
    tmp_path: Path, pixels: Pixels, options: dict[str, Any], expected: Pixels
) -> None:
    """0 is paper and 255 is ink, whichever way round and however deep the file has it; a colour is as dark as its darkest part."""
    assert darkness_of(write_tiff(tmp_path / "ramp.tif", pixels, **options)).tolist() == expected.tolist()


def test_a_palette_is_looked_up(tmp_path: Path) -> None:
    """The numbers of a palette mean nothing by themselves."""
    palette = {0: (255, 255, 255, 255), 1: (0, 160, 0, 255), 2: (250, 250, 200, 255), 3: (0, 0, 0, 255)}
    path = write_tiff(tmp_path / "palette.tif", np.array([[0, 1, 2, 3, 1]], np.uint8), palette, photometric="PALETTE")
    assert darkness_of(path).tolist() == [[0, 255, 55, 255, 255]]


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_png_and_jpeg_are_welcome_under_their_own_names(tmp_path: Path, suffix: str) -> None:
    """A white page with a black bar."""
    page = np.full((64, 64), 255, np.uint8)
    page[16:32] = 0
    cv2.imwrite(str(tmp_path / f"page{suffix}"), page)
    pixels = darkness_of(tmp_path / f"page{suffix}")
    assert np.abs(pixels.astype(int) - (255 - page)).max() <= 8


def test_a_scan_of_one_pixel_is_read(tmp_path: Path) -> None:
    """The smallest scan there is."""
    assert darkness_of(write_tiff(tmp_path / "dot.tif", np.zeros((1, 1), np.uint8))).tolist() == [[255]]


@pytest.mark.parametrize("name", ["a b", "a#b?c", "a!b", "zip+a:b", "Brønn-7"])
def test_odd_file_names_are_only_names(tmp_path: Path, name: str) -> None:
    """A file name is never taken for an address."""
    assert darkness_of(write_tiff(tmp_path / "plain.tif", RAMP).rename(tmp_path / f"{name}.tif")).shape == (3, 256)


@given(rows=st.integers(1, 150), first_row=st.integers(0, 140), end_row=st.none() | st.integers(0, 300))
def test_bands_are_the_rows_asked_for_in_order(
    tmp_path_factory: pytest.TempPathFactory, rows: int, first_row: int, end_row: int | None
) -> None:
    """Whatever the cut, the bands together are the rows, and an end beyond the scan is the scan's end."""
    path = tmp_path_factory.getbasetemp() / "rows.tif"
    pixels = np.random.default_rng(3).integers(0, 256, (131, 17)).astype(np.uint8)
    if not path.exists():
        write_tiff(path, pixels, compress="LZW", blockysize=16)
    with open_scan(path, "rows") as scan:
        bands = list(scan.bands(rows, first_row, end_row))
    expected = (255 - pixels)[first_row:end_row]
    assert sum(len(band.darkness) for band in bands) == len(expected)
    assert all(len(band.darkness) == rows for band in bands[:-1])
    for band in bands:
        start = band.first_row - first_row
        assert band.darkness.tolist() == expected[start : start + len(band.darkness)].tolist()


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"TIFFTAG_XRESOLUTION": "300", "TIFFTAG_YRESOLUTION": "300", "TIFFTAG_RESOLUTIONUNIT": "2"}, 300.0),
        ({"TIFFTAG_XRESOLUTION": "100", "TIFFTAG_YRESOLUTION": "100", "TIFFTAG_RESOLUTIONUNIT": "3"}, 254.0),
        ({"TIFFTAG_XRESOLUTION": "200", "TIFFTAG_YRESOLUTION": "100", "TIFFTAG_RESOLUTIONUNIT": "2"}, None),
        ({"TIFFTAG_XRESOLUTION": "0", "TIFFTAG_YRESOLUTION": "0", "TIFFTAG_RESOLUTIONUNIT": "2"}, None),
        ({}, None),
    ],
)
def test_a_resolution_that_cannot_be_is_none(tmp_path: Path, tags: dict[str, str], expected: float | None) -> None:
    """Zero, or one way unlike the other, is no resolution."""
    path = write_tiff(tmp_path / "dpi.tif", RAMP)
    with rasterio.open(path, "r+") as dataset:
        dataset.update_tags(**tags)
    with open_scan(path, "dpi") as scan:
        assert scan.dpi == expected


# --- what must not be read ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "title"),
    [
        (b"", "an empty file"),
        (b"not an", "a file that begins with"),
        (b"\n<!DOCTYPE html><html><body>404 Not Found</body></html>", "an HTML page"),
        (b"%PDF-1.4 ...", "a PDF document"),
    ],
)
def test_a_file_that_is_no_image_is_called_what_it_is(tmp_path: Path, content: bytes, title: str) -> None:
    """Archives deliver error pages and documents under the names of scans."""
    path = tmp_path / "sheet.tif"
    path.write_bytes(content)
    assert title in refusal(path)


def test_a_missing_file_is_not_a_bad_scan(tmp_path: Path) -> None:
    """Nothing there is another fault than something wrong there."""
    with pytest.raises(SourceMissingError), open_scan(tmp_path / "none.tif", "none"):
        pass


def test_a_png_renamed_tif_is_refused_by_its_true_kind(tmp_path: Path) -> None:
    """What comes under another name may have been mixed up with another."""
    cv2.imwrite(str(tmp_path / "page.png"), RAMP)
    (tmp_path / "page.png").rename(tmp_path / "page.tif")
    assert "a PNG" in refusal(tmp_path / "page.tif")


@pytest.mark.parametrize("space", ["", " \n", "\ufeff"])
def test_a_vrt_renamed_tif_is_refused_unread(tmp_path: Path, space: str) -> None:
    """A VRT would hand out whatever local file it names."""
    secret = write_tiff(tmp_path / "secret.tif", RAMP)
    band = f"<VRTRasterBand band='1'><SimpleSource><SourceFilename>{secret}</SourceFilename></SimpleSource></VRTRasterBand>"
    vrt = tmp_path / "sheet.tif"
    vrt.write_text(f"{space}<VRTDataset rasterXSize='256' rasterYSize='3'>{band}</VRTDataset>")
    assert "a VRT document" in refusal(vrt)


@pytest.mark.parametrize("strip_rows", [32, 2000])
@pytest.mark.parametrize("share", [0.5, 0.01, 0.9])
def test_a_tiff_cut_short_is_refused(tmp_path: Path, share: float, strip_rows: int) -> None:
    """A download that ended early, in strips or in one."""
    path = write_g4(tmp_path / "cut.tif", strip_rows=strip_rows)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    refusal(path)


def test_a_tiff_of_a_header_alone_is_refused(tmp_path: Path) -> None:
    """Cut right after its first bytes."""
    path = tmp_path / "head.tif"
    path.write_bytes(b"II*\0\x08\0\0\0")
    assert "cannot be opened" in refusal(path)


@pytest.mark.parametrize(("width", "height"), [(100_000, 900_000), (2_000, 3_000_000), (50_000, 10)])
def test_a_few_bytes_that_claim_gigapixels_are_refused_unread(tmp_path: Path, width: int, height: int) -> None:
    """The size is judged before any memory is taken for it."""
    path = tmp_path / "huge.tif"
    shape = {"width": width, "height": height, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", driver="GTiff", **shape, SPARSE_OK=True, blockysize=height):
        pass
    assert path.stat().st_size < 4096
    tracemalloc.start()
    assert f"{width} columns by {height} rows" in refusal(path)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


def test_one_huge_tile_is_refused_unread(tmp_path: Path) -> None:
    """A piece that must be unpacked whole may not take any memory it likes."""
    path = tmp_path / "tile.tif"
    shape = {"width": 32_768, "height": 32_768, "count": 1, "dtype": "uint8"}
    tile = {"tiled": True, "blockxsize": 32_768, "blockysize": 32_768, "compress": "deflate"}
    with rasterio.open(path, "w", driver="GTiff", **shape, **tile, SPARSE_OK=True):
        pass
    assert "pieces of 32768 columns" in refusal(path)


def test_bit_flips_in_g4_are_damage_though_the_decoder_only_logs_them(tmp_path: Path) -> None:
    """GDAL calls such a read fine."""
    path = with_bits_flipped(write_g4(tmp_path / "flip.tif"))
    with rasterio.open(path) as dataset:
        dataset.read()
    assert "damaged" in refusal(path)


def test_damage_is_seen_whatever_the_logging_is_set_to(tmp_path: Path) -> None:
    """A program that silences its loggers must not silence corruption."""
    path = with_bits_flipped(write_g4(tmp_path / "flip.tif"))
    loggers = [logging.getLogger("rasterio"), logging.getLogger("rasterio._err")]
    try:
        loggers[0].setLevel(logging.CRITICAL)
        loggers[1].disabled = True
        assert "damaged" in refusal(path)
    finally:
        loggers[0].setLevel(logging.NOTSET)
        loggers[1].disabled = False


@pytest.mark.parametrize("compress", ["LZW", "DEFLATE"])
def test_bit_flips_in_compressed_strips_are_refused(tmp_path: Path, compress: str) -> None:
    """A strip that does not unpack is damage."""
    path = write_tiff(tmp_path / "flip.tif", speckle(2000, 811) * 255, compress=compress, blockysize=16)
    refusal(with_bits_flipped(path))


def test_a_hole_in_a_jpeg_tiff_is_damage_though_the_decoder_only_logs_it(tmp_path: Path) -> None:
    """4 KiB of zeros in the middle, as a lost disk block leaves them."""
    noise = np.random.default_rng(5).integers(0, 256, (1000, 800)).astype(np.uint8)
    path = write_tiff(tmp_path / "hole.tif", noise, compress="JPEG", blockysize=64)
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 4096] = bytes(4096)
    path.write_bytes(data)
    refusal(path)


@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_png_or_jpeg_cut_short_is_refused(tmp_path: Path, suffix: str) -> None:
    """As a TIFF is."""
    path = tmp_path / f"cut{suffix}"
    cv2.imwrite(str(path), np.random.default_rng(5).integers(0, 256, (1000, 800)).astype(np.uint8))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    refusal(path)


@pytest.mark.parametrize("strip_rows", [1, 20, 500])
def test_missing_strips_are_not_taken_for_paper_or_ink(tmp_path: Path, strip_rows: int) -> None:
    """A sparse TIFF leaves strips out, which GDAL reads as zeros."""
    path = tmp_path / "sparse.tif"
    shape = {"width": 100, "height": 1000, "count": 1, "dtype": "uint8", "compress": "deflate"}
    with rasterio.open(path, "w", driver="GTiff", **shape, SPARSE_OK=True, blockysize=strip_rows) as dataset:
        dataset.write(np.full((1, 500, 100), 7, np.uint8), window=rasterio.windows.Window(0, 0, 100, 500))
    assert "rows from 500 on are not in the file" in refusal(path)
    assert darkness_of(path, end_row=500).min() == 248


def test_several_pages_are_refused_by_name(tmp_path: Path) -> None:
    """The first page alone would pass for the whole log."""
    cv2.imwritemulti(str(tmp_path / "pages.tif"), [RAMP] * 3)
    assert "3 pages" in refusal(tmp_path / "pages.tif")


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_pixels_that_are_no_image_are_refused(tmp_path: Path, dtype: type) -> None:
    """An elevation model has neither paper nor ink."""
    assert np.dtype(dtype).name in refusal(write_tiff(tmp_path / "model.tif", RAMP.astype(dtype)))


def test_a_scan_that_asks_to_be_turned_is_refused(tmp_path: Path) -> None:
    """The manifest's rows and columns come from a viewer that turned it."""
    path = write_tiff(tmp_path / "turned.tif", RAMP)
    data = bytearray(path.read_bytes())
    # The sample format tag (339, SHORT, 1) says nothing for bytes, so it may give its place to an orientation of 6.
    place = data.index(struct.pack("<HHI", 339, 3, 1))
    data[place : place + 12] = struct.pack("<HHII", 274, 3, 1, 6)
    path.write_bytes(data)
    assert "orientation tag is 6" in refusal(path)


def test_a_hostile_sidecar_is_not_read(tmp_path: Path) -> None:
    """What lies beside a scan has no say in what it shows."""
    path = write_tiff(tmp_path / "scan.tif", RAMP)
    entries = "".join(f"<Entry c1='{c}' c2='{c}' c3='{c}' c4='255'/>" for c in (255, 0))
    band = (
        f"<PAMRasterBand band='1'><ColorInterp>Palette</ColorInterp><ColorTable>{entries}</ColorTable></PAMRasterBand>"
    )
    tag = "<Metadata><MDI key='TIFFTAG_XRESOLUTION'>999</MDI><MDI key='TIFFTAG_YRESOLUTION'>999</MDI></Metadata>"
    Path(f"{path}.aux.xml").write_text(f"<PAMDataset>{tag}{band}</PAMDataset>")
    assert darkness_of(path).tolist() == (255 - RAMP).tolist()
    with open_scan(path, "scan") as scan:
        assert scan.dpi is None
    assert sorted(file.name for file in tmp_path.iterdir()) == ["scan.tif", "scan.tif.aux.xml"]


# --- what it costs --------------------------------------------------------------------------------------------------------


def peak_bytes(path: Path) -> int:
    """Peak memory of a process that reads all bands of a scan, decoder and all."""
    code = (
        "import sys; from pathlib import Path; from veernet.sheets.raster import open_scan\n"
        "with open_scan(Path(sys.argv[1]), 'x') as scan:\n"
        "    for band in scan.bands(): pass"
    )
    return peak_kb(code, path) * 1024


def test_memory_does_not_grow_with_height(tmp_path: Path) -> None:
    """A sheet of 240,000 rows takes what one of 2,400 takes, but for a bounded cache: less than a quarter of its pixels."""
    rows = 240_000
    shape = {"width": 2003, "count": 1, "dtype": "uint8", "compress": "DEFLATE", "zlevel": 1, "blockysize": 64}
    for name, height in (("short", 2_400), ("long", rows)):
        with rasterio.open(tmp_path / f"{name}.tif", "w", driver="GTiff", height=height, **shape) as dataset:
            page = np.zeros((1, 2_400, 2003), np.uint8)
            for row in range(0, height, 2_400):
                dataset.write(page, window=rasterio.windows.Window(0, row, 2003, 2_400))
    growth = peak_bytes(tmp_path / "long.tif") - peak_bytes(tmp_path / "short.tif")
    assert growth < (64 << 20) + 8 * BAND_ROWS * 2003 < rows * 2003 / 4

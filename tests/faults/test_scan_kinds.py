"""Rows 6 to 20: scans of every kind, some of which are none."""

from __future__ import annotations

import http.server
import json
import struct
import threading
import tracemalloc
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
import rasterio
from processes import peak_kb
from rasterio.windows import Window

from faults.sheets import MANIFEST, Ended, Folder, digitise, write
from veernet.errors import ManifestError, OptionError, ScanError
from veernet.location import resolve
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


class _Visitors(http.server.BaseHTTPRequestHandler):
    """Counts who comes."""

    came: list[str]

    def do_GET(self) -> None:
        self.came.append(self.path)
        self.send_error(404)

    do_HEAD = do_GET  # noqa: N815 - as the server asks for it

    def log_message(self, *_: object) -> None:
        """Nothing: what comes is counted."""


@pytest.fixture(scope="module")
def metadata_service() -> Iterator[tuple[str, list[str]]]:
    """A server on loopback that has credentials to give away, and who came to it."""
    came: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Visitors", (_Visitors,), {"came": came}))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", came
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def ended(prefect_url: str, metadata_service: tuple[str, list[str]], tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run over sheets whose scans are odd, and a good one."""
    folder = Folder(tmp_path_factory.mktemp("odd"))
    _add_what_is_no_scan(folder, metadata_service[0])
    _add_pixels_of_all_kinds(folder)
    _add_odd_layouts(folder)
    return digitise(folder.path, tmp_path_factory.mktemp("out") / "results", prefect_url)


def _add_what_is_no_scan(folder: Folder, url: str) -> None:
    folder.sheet("empty", b"")
    folder.sheet("eight-bytes", b"II*\0\x08\0\0\0")
    folder.sheet("error-page", b"\n<!DOCTYPE html><html><body>503 Slow Down</body></html>")
    cv2.imwrite(str(folder.sheet("honest-png", suffix=".png")), folder.pixels * 255)
    folder.sheet("renamed-png", (folder.path / "honest-png.png").read_bytes())
    _, jpeg = cv2.imencode(".jpg", folder.pixels * 255)
    folder.sheet("renamed-jpeg", jpeg.tobytes())
    height, width = folder.pixels.shape
    secret = write(folder.path.parent / f"{folder.path.name}-secret.tif", folder.pixels * 255)
    folder.sheet("disguised", _vrt(secret, width, height).encode())
    folder.sheet("by-vsi", source=f"/vsicurl/{url}/scan.tif")
    folder.sheet("by-loopback", source=f"{url}/scan.tif")
    folder.sheet("by-metadata", source="http://169.254.169.254/latest/meta-data/")
    huge = folder.sheet("huge")
    shape = {"width": 100_000, "height": 1_000_000, "count": 1, "dtype": "uint8"}
    with rasterio.open(
        huge, "w", driver="GTiff", **shape, tiled=True, blockxsize=16384, blockysize=16384, SPARSE_OK=True
    ):
        pass
    assert huge.stat().st_size < 100_000


def _vrt(path: Path, width: int, height: int) -> str:
    source = f"<SimpleSource><SourceFilename>{path}</SourceFilename></SimpleSource>"
    band = f"<VRTRasterBand dataType='Byte' band='1'>{source}</VRTRasterBand>"
    return f"<VRTDataset rasterXSize='{width}' rasterYSize='{height}'>{band}</VRTDataset>"


def _add_pixels_of_all_kinds(folder: Folder) -> None:
    paper = folder.pixels
    grey = paper * 255
    folder.tiff("good")
    folder.tiff("white-is-0", 1 - paper, nbits=1, photometric="MINISWHITE", compress="CCITTFAX4")
    folder.tiff("palette", 1 - paper, palette={0: (255, 255, 255, 255), 1: (0, 0, 0, 255)}, photometric="PALETTE")
    folder.tiff("sixteen-bit", paper.astype(np.uint16) * 65535)
    folder.tiff("alpha", np.stack([np.zeros_like(grey), 255 - grey]), alpha="yes")
    folder.tiff("cmyk", np.stack([np.zeros_like(grey)] * 3 + [255 - grey]), photometric="CMYK")
    folder.tiff("elevations", paper.astype(np.float32))
    folder.tiff("all-white", np.ones_like(paper), nbits=1, compress="CCITTFAX4")
    folder.tiff("all-black", np.zeros_like(paper), nbits=1, compress="CCITTFAX4")


def _add_odd_layouts(folder: Folder) -> None:
    grey = folder.pixels * 255
    folder.tiff("one-strip", folder.pixels, nbits=1, compress="CCITTFAX4", blockysize=len(grey))
    cv2.imwritemulti(str(folder.sheet("two-pages")), [grey[:450], grey[420:]])
    sidecar = folder.tiff("with-sidecar")
    entries = "".join(f"<Entry c1='{c}' c2='{c}' c3='{c}' c4='255'/>" for c in (255, 0))
    band = (
        f"<PAMRasterBand band='1'><ColorInterp>Palette</ColorInterp><ColorTable>{entries}</ColorTable></PAMRasterBand>"
    )
    Path(f"{sidecar}.aux.xml").write_text(f"<PAMDataset>{band}</PAMDataset>")
    _turn(folder.tiff("turned"))
    for stem, across, down in (("no-dpi", 0, 0), ("absurd-dpi", 1_000_000, 1_000_000), ("two-dpi", 200, 100)):
        with rasterio.open(folder.tiff(stem), "r+") as scan:
            scan.update_tags(TIFFTAG_XRESOLUTION=across, TIFFTAG_YRESOLUTION=down, TIFFTAG_RESOLUTIONUNIT=2)
    folder.tiff("one-pixel", np.zeros((1, 1), np.uint8))
    narrow = {
        "name": "t",
        "left": 2.0,
        "right": 28.0,
        "scale": "linear",
        "curves": folder.manifest["tracks"][0]["curves"][:1],
    }
    write(folder.sheet("narrow", tracks=[narrow]), grey[:, 100:130])


def _turn(path: Path) -> None:
    """Say in its orientation tag that a scan lies on its side; the tag takes the place of one that says nothing."""
    data = bytearray(path.read_bytes())
    place = data.index(struct.pack("<HHI", 339, 3, 1))
    data[place : place + 12] = struct.pack("<HHII", 274, 3, 1, 6)
    path.write_bytes(data)


def assert_same_log(ended: Ended, stem: str) -> None:
    """The sheet has the very values of the good one."""
    assert ended.record(stem).status == "done"
    las, good = ended.las(stem), ended.las("good")
    assert las.depths.tolist() == good.depths.tolist()
    for name, column in good.curves.items():
        np.testing.assert_array_equal(las.curves[name].values, column.values, err_msg=f"{name} of {stem}")


@pytest.mark.fault(6, outcome="set aside, called what it is")
@pytest.mark.parametrize(
    ("stem", "title"),
    [("empty", "an empty file"), ("eight-bytes", "cannot be opened"), ("error-page", "an HTML page")],
)
def test_row_06_what_is_no_image_is_called_what_it_is(ended: Ended, stem: str, title: str) -> None:
    """Archives deliver nothing, stumps and error pages under the names of scans."""
    assert title in ended.reason(stem)


@pytest.mark.fault(7, outcome="set aside under a false name, done under its own")
def test_row_07_a_png_or_jpeg_is_welcome_under_its_own_name_only(ended: Ended) -> None:
    """A file of another kind than its name says may be another file; the remedy is its right name."""
    assert "is a PNG by its content; rename it to renamed-png.png" in ended.reason("renamed-png")
    assert "is a JPEG by its content; rename it to renamed-jpeg.jpg" in ended.reason("renamed-jpeg")
    assert_same_log(ended, "honest-png")


@pytest.mark.fault(8, outcome="set aside, no other file opened")
def test_row_08_a_vrt_under_the_name_of_a_tiff_is_set_aside(ended: Ended) -> None:
    """It would hand out any local file that it names."""
    assert "a VRT document, which would read other files" in ended.reason("disguised")


@pytest.mark.fault(8, outcome="set aside, no other file opened")
@pytest.mark.parametrize("space", ["", " \n", "\ufeff"])
def test_row_08_gdal_is_not_even_asked_about_a_vrt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, space: str) -> None:
    """Its first bytes tell, whatever stands before them: no driver is given the chance to follow it."""
    asked: list[object] = []
    monkeypatch.setattr(rasterio, "open", lambda *arguments, **_: asked.append(arguments))
    path = tmp_path / "sheet.tif"
    path.write_text(space + _vrt(tmp_path / "secret.tif", 3, 3))
    with pytest.raises(ScanError, match="a VRT document"), open_scan(path, "sheet"):
        pass
    assert [] == asked


@pytest.mark.fault(9, outcome="refused in the manifest")
@pytest.mark.parametrize("key", ["source", "pages"])
@pytest.mark.parametrize(
    "reference",
    [
        "<VRTDataset rasterXSize='3' rasterYSize='3'></VRTDataset>",
        " <VRTDataset/>",
        "/vsicurl/http://example.org/a.tif",
        "/vsizip/a.zip/a.tif",
        "vsi/../../vsimem/a.tif",
        "MEM:::DATAPOINTER=1,PIXELS=3,LINES=3",
        "mem:::DATAPOINTER=1,PIXELS=3,LINES=3",
        "GTIFF_DIR:2:/etc/a.tif",
        "gtiff_dir:2:/etc/a.tif",
        "file:///etc/passwd",
        "/etc/passwd",
        "../secret.tif",
        "..\\secret.tif",
        "s3://bucket/../../secret.tif",
        "s3://key:secret@bucket/a.tif",
    ],
)
def test_row_09_a_manifest_names_scans_beside_it_or_in_s3_and_nothing_else(key: str, reference: str) -> None:
    """Neither GDAL's own kinds of names nor a way out of the folder."""
    place = {key: reference if key == "source" else [reference]}
    with pytest.raises(ManifestError, match=rf"{key}.*: "):
        read_manifest(json.dumps({**MANIFEST, **place}).encode(), "sheet.yaml")


@pytest.mark.fault(9, outcome="refused in the manifest")
def test_row_09_nul_is_no_part_of_a_name() -> None:
    """What cannot be printed is taken out before the name is used."""
    read = read_manifest(json.dumps({**MANIFEST, "source": "a\0.tif"}).encode(), "sheet.yaml")
    assert read.source == "a.tif"


@pytest.mark.fault(9, outcome="refused in the manifest")
def test_row_09_a_sheet_with_such_a_source_is_set_aside(ended: Ended, metadata_service: tuple[str, list[str]]) -> None:
    """By the flow, too, and GDAL's own client asks nobody."""
    assert "is not the path of a scan" in ended.reason("by-vsi")
    assert [] == metadata_service[1]


@pytest.mark.fault(10, outcome="refused, no request made")
def test_row_10_no_request_is_made_to_an_address_in_a_manifest(
    ended: Ended, metadata_service: tuple[str, list[str]]
) -> None:
    """Loopback and the cloud's metadata service would answer with what no archive may have."""
    for stem in ("by-loopback", "by-metadata"):
        assert "a source of the kind 'http' is not read" in ended.reason(stem)
    assert [] == metadata_service[1]


@pytest.mark.fault(10, outcome="refused, no request made")
def test_row_10_nor_to_one_on_the_command_line(metadata_service: tuple[str, list[str]]) -> None:
    """What a person types is held to the same kinds of places."""
    with pytest.raises(OptionError, match="of a kind that is not read"):
        resolve(f"{metadata_service[0]}/scan.tif")
    assert [] == metadata_service[1]


@pytest.mark.fault(11, outcome="set aside on its size, before any read")
def test_row_11_a_few_bytes_that_claim_gigapixels_are_set_aside_unread(ended: Ended) -> None:
    """The size is judged before memory is taken for it."""
    assert "it claims 100000 columns by 1000000 rows" in ended.reason("huge")
    tracemalloc.start()
    with pytest.raises(ScanError), open_scan(ended.folder / "huge.tif", "huge"):
        pass
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.fault(14, outcome="done, the same values")
def test_row_14_one_strip_gives_what_many_strips_give(ended: Ended) -> None:
    """The whole sheet as a single piece of G4."""
    assert_same_log(ended, "one-strip")


@pytest.mark.fault(15, outcome="done as the pages of one sheet, or set aside by name")
def test_row_15_a_tiff_of_two_pages_is_one_sheet(ended: Ended) -> None:
    """Both pages are in the log, which the first alone would end half way."""
    record, good = ended.record("two-pages"), ended.record("good")
    assert record.status == "done"
    assert record.depth == good.depth
    assert {one.mnemonic: one.coverage for one in record.curves}["ILD"] > 0.9
    assert any("page" in told for told in record.moved), record.moved


@pytest.mark.fault(16, outcome="ignored")
def test_row_16_what_lies_beside_a_scan_has_no_say(ended: Ended) -> None:
    """The sidecar would turn black into white."""
    assert_same_log(ended, "with-sidecar")


@pytest.mark.fault(17, outcome="done, the same values; what is no image is set aside by name")
@pytest.mark.parametrize("stem", ["white-is-0", "palette", "sixteen-bit", "alpha", "cmyk"])
def test_row_17_paper_and_ink_are_what_they_are_in_every_kind_of_pixel(ended: Ended, stem: str) -> None:
    """The same sheet, written in each."""
    assert_same_log(ended, stem)


@pytest.mark.fault(17, outcome="done, the same values; what is no image is set aside by name")
def test_row_17_pixels_with_no_paper_and_ink_are_refused_by_name(ended: Ended) -> None:
    """An elevation model in 32 bit numbers."""
    assert "its pixels are float32 numbers" in ended.reason("elevations")


@pytest.mark.fault(18, outcome="a turned scan is set aside; a resolution that cannot be is none")
def test_row_18_a_scan_that_asks_to_be_turned_is_set_aside(ended: Ended) -> None:
    """A viewer turns it, so that the manifest's rows are not the file's."""
    assert "its orientation tag is 6" in ended.reason("turned")


@pytest.mark.fault(18, outcome="a turned scan is set aside; a resolution that cannot be is none")
@pytest.mark.parametrize("stem", ["no-dpi", "absurd-dpi", "two-dpi"])
def test_row_18_a_resolution_that_cannot_be_is_not_passed_on(ended: Ended, stem: str) -> None:
    """Nothing depends on it: the values are the same, and the LAS file claims none."""
    assert_same_log(ended, stem)
    assert "SDPI" not in [name for name, *_ in ended.las(stem).parameters]


@pytest.mark.fault(19, outcome="set aside: no curve")
@pytest.mark.parametrize("stem", ["all-white", "all-black"])
def test_row_19_a_scan_of_nothing_is_never_an_empty_log(ended: Ended, stem: str) -> None:
    """Neither paper alone nor ink alone is a curve."""
    assert "no curve was found" in ended.reason(stem)


@pytest.mark.fault(20, outcome="set aside where the manifest does not fit, else done")
def test_row_20_the_smallest_scans_have_a_clean_end(ended: Ended) -> None:
    """One px, on which no track can lie; and 30 columns, in which one can."""
    assert "take rows and columns off this scan at full size (1 columns, 1 rows)" in ended.reason("one-pixel")
    record = ended.record("narrow")
    assert record.status in ("done", "set-aside")
    assert record.error is None or record.error.reason == "no-curve"


def test_no_odd_sheet_has_done_harm_to_another(ended: Ended) -> None:
    """All ended, none with a traceback, and the command says that not all are done."""
    assert ended.record("good").status == "done"
    assert "Traceback" not in ended.text
    assert ended.code == 1


# --- what it costs --------------------------------------------------------------------------------------------------------

_IMPORTS = """
import sys
from pathlib import Path
"""


def peak_mb(body: str, *arguments: object) -> float:
    """Peak memory in MB of a process of its own that runs this code."""
    return peak_kb(_IMPORTS + body, *arguments) / 1024


_READ = """
from veernet.sheets.raster import open_scan
with open_scan(Path(sys.argv[1]), "x") as scan:
    rows = sum(len(band.darkness) for band in scan.bands())
assert rows == int(sys.argv[2]), rows
"""


def deflate_bomb(path: Path, width: int, height: int) -> Path:
    """A TIFF whose single strip unpacks to a thousand times its size."""
    packer = zlib.compressobj(6)
    rows = 1000
    strip = b"".join(packer.compress(bytes(width * rows)) for _ in range(height // rows)) + packer.flush()
    entries = [
        (256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 8), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 4, height), (279, 4, len(strip)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(entries)) + b"".join(
        struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in entries
    )
    path.write_bytes(b"II*\0" + struct.pack("<I", 8 + len(strip)) + strip + directory + bytes(4))
    return path


@pytest.mark.fault(12, outcome="bounded: as much memory as a small scan takes, and one pass over the pixels")
def test_row_12_a_bomb_in_one_strip_takes_no_more_memory_than_a_scan(tmp_path: Path) -> None:
    """400 MB unpacked from 400 kB are read in bands, as any scan is."""
    bomb = deflate_bomb(tmp_path / "bomb.tif", 4_000, 100_000)
    assert bomb.stat().st_size < 500_000
    small = deflate_bomb(tmp_path / "small.tif", 4_000, 1_000)
    assert peak_mb(_READ, bomb, 100_000) - peak_mb(_READ, small, 1_000) < 150


@pytest.mark.fault(12, outcome="bounded: as much memory as a small scan takes, and one pass over the pixels")
def test_row_12_a_strip_that_must_be_unpacked_whole_may_not_be_huge(tmp_path: Path) -> None:
    """A tile of a gigabyte is refused before it is unpacked."""
    path = tmp_path / "tile.tif"
    shape = {"width": 32_768, "height": 32_768, "count": 1, "dtype": "uint8", "compress": "deflate"}
    with rasterio.open(
        path, "w", driver="GTiff", **shape, tiled=True, blockxsize=32_768, blockysize=32_768, SPARSE_OK=True
    ):
        pass
    with pytest.raises(ScanError, match="pieces of 32768 columns by 32768 rows"), open_scan(path, "tile"):
        pass


_TILE = """
from tasks.compute import tile_sheet
from veernet.errors import VeerNetError
from veernet.sheets.geometry import DepthRegister, sheet_geometries
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan
path, manifest = Path(sys.argv[1]), read_manifest(Path(sys.argv[2]).read_bytes(), "x")
with open_scan(path, "x") as scan:
    geometries = sheet_geometries(manifest, scan.width, scan.height, "x")
told = tile_sheet(path, "x", geometries, DepthRegister.of(manifest.depth), ["t"], Path(sys.argv[3]))
assert not isinstance(told, VeerNetError), told
"""


@pytest.mark.fault(13, outcome="done; a worker that cuts it into strips takes less than 800 MB")
def test_row_13_a_sheet_of_240_000_rows_is_cut_into_strips_within_the_memory_budget(tmp_path: Path) -> None:
    """The profiles of its printed lines are what grows, by less than a kB a row; inference and tracing go chunk by chunk."""
    track = {**MANIFEST["tracks"][0], "left": 10.0, "right": 490.0}
    peaks = {}
    for rows in (12_000, 240_000):
        depth = {"unit": "ft", "step": 0.5, "ticks": [[100, 1000], [rows - 100, 1000 + (rows - 200) / 20]]}
        manifest, scan = tmp_path / f"high-{rows}.sheet.json", tmp_path / f"high-{rows}.tif"
        manifest.write_text(json.dumps({**MANIFEST, "tracks": [track], "depth": depth}))
        page = (np.random.default_rng(2).random((1, 2_000, 500)) > 0.05).astype(np.uint8)
        shape = {"width": 500, "height": rows, "count": 1, "dtype": "uint8", "nbits": 1, "compress": "CCITTFAX4"}
        with rasterio.open(scan, "w", driver="GTiff", **shape, blockysize=500) as target:
            for row in range(0, rows, 2_000):
                target.write(page, window=Window(0, row, 500, 2_000))
        peaks[rows] = peak_mb(_TILE, scan, manifest, tmp_path / f"{rows}.zarr")
    assert peaks[240_000] < 800, peaks
    assert (peaks[240_000] - peaks[12_000]) * 1e6 / 228_000 < 1000, peaks

"""Sheets in pages: cut apart on purpose, turned and resized, and put together again."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
import rasterio
from numpy.typing import NDArray
from rasterio.errors import NotGeoreferencedWarning
from typer.testing import CliRunner

from flows.cli import app
from veernet.errors import ScanError, SourceMissingError
from veernet.sheets.chain import put_together
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.paged import PagedScan, write_scan
from veernet.sheets.pages import Page, pages_of
from veernet.sheets.raster import open_scan
from veernet.sheets.similarity import Similarity, warped
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import draw_sheet

RECIPE = SheetRecipe(seed=5, base_depth=1400.0, difficulty=0.3)
DPI = 200

Darkness = NDArray[np.uint8]


@pytest.fixture(autouse=True)
def _plain_tiffs() -> Any:
    """Writing test images need not tell that they have no geography."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield


@dataclass(frozen=True)
class Piece:
    """A page as it came off the scanner, and where it truly lies on the sheet."""

    darkness: Darkness
    onto: Similarity


@pytest.fixture(scope="module")
def sheet() -> tuple[Darkness, SheetManifest]:
    """A drawn sheet of 400 ft."""
    drawn = draw_sheet(RECIPE)
    return drawn.darkness, drawn.manifest


def scanned(part: Darkness, first_row: int, degrees: float, scale: float, rng: np.random.Generator) -> Piece:
    """Some rows of a sheet, laid on a scanner askew, at another size, with noise of its own."""
    height, width = part.shape
    factor = scale * np.exp(1j * np.radians(degrees))
    corners = factor * np.array([0, width - 1, 1j * (height - 1), width - 1 + 1j * (height - 1)])
    lies = Similarity(factor, -complex(corners.real.min(), corners.imag.min()))
    columns, rows = (int(np.ceil(np.ptp(side))) + 1 for side in (corners.real, corners.imag))
    page = warped(part, lies, 0, rows, columns)
    noisy = np.clip(page + rng.normal(0, 10, page.shape), 0, 255).astype(np.uint8)
    return Piece(noisy, Similarity(1, 1j * first_row) @ lies.inverse())


def cut(darkness: Darkness, pages: int, seed: int, degrees: float = 0.3, resized: float = 0.01) -> list[Piece]:
    """A sheet in overlapping pages, each turned and resized by as much as that either way."""
    rng = np.random.default_rng(seed)
    overlaps = rng.integers(150, 400, pages - 1)
    rows = (len(darkness) + overlaps.sum()) / pages
    firsts = [0, *(round((index + 1) * rows - overlaps[: index + 1].sum()) for index in range(pages - 1))]
    return [
        scanned(
            darkness[first : first + round(rows) + 1],
            first,
            rng.uniform(-degrees, degrees),
            1 + rng.uniform(-resized, resized),
            rng,
        )
        for first in firsts
    ]


def write(path: Path, darkness: Darkness, dpi: float | None = DPI, **profile: Any) -> Path:
    """A page as a grey TIFF, or as the profile says."""
    pixels = (255 - darkness)[None]
    if profile.get("nbits") == 1:
        pixels = (pixels > 127).astype(np.uint8)
    if profile.get("count") == 3:
        pixels = np.repeat(pixels, 3, axis=0)
    height, width = darkness.shape
    shape = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8"}
    with rasterio.open(path, "w", **{**shape, **profile}) as file:
        file.write(pixels)
        if dpi:
            file.update_tags(TIFFTAG_XRESOLUTION=dpi, TIFFTAG_YRESOLUTION=dpi, TIFFTAG_RESOLUTIONUNIT=2)
    return path


def written(pieces: Sequence[Piece], folder: Path) -> list[Page]:
    """Pages in files of their own."""
    return pages_of([write(folder / f"p{i}.tif", piece.darkness) for i, piece in enumerate(pieces, start=1)])


def furthest_px(together: PagedScan, pieces: Sequence[Piece]) -> float:
    """How far any place of any page lies from where it truly is on the sheet."""
    worst = 0.0
    for page, piece in zip(together.placed, pieces, strict=True):
        height, width = page.shape
        columns, rows = np.meshgrid(np.linspace(0, width - 1, 5), np.linspace(0, height - 1, 9))
        found, true = (np.array(onto.columns_rows(columns, rows)) for onto in (page.onto, piece.onto))
        worst = max(worst, float(np.abs(found - true).max()))
    return worst


@pytest.fixture(scope="module")
def seven(sheet: tuple[Darkness, SheetManifest], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The sheet in seven pages, and what became of them."""
    pieces, folder = cut(sheet[0], 7, seed=1), tmp_path_factory.mktemp("seven")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        pages = written(pieces, folder)
    together, told = put_together(pages, sheet[1], folder / "seam.png")
    return pieces, pages, together, told, folder


def test_seven_pages_lie_where_they_lay_on_the_sheet(seven: Any) -> None:
    """Within a px everywhere, the first page's own turn and size taken out by the manifest, and no seam in doubt."""
    pieces, _, together, told, folder = seven
    assert furthest_px(together, pieces) < 1.0
    assert 7 == len(told)
    assert not (folder / "seam.png").exists()


def test_bands_of_pages_show_the_sheet(seven: Any, sheet: tuple[Darkness, SheetManifest]) -> None:
    """Whatever the bands, they are the same rows, and they are those of the whole sheet."""
    together = seven[2]
    whole = np.concatenate([band.darkness for band in together.bands()])
    assert (together.height, together.width) == whole.shape
    rows = slice(1000, 1611)
    again = list(together.bands(97, rows.start, rows.stop))
    assert [band.first_row for band in again] == list(range(rows.start, rows.stop, 97))
    assert np.array_equal(np.concatenate([band.darkness for band in again]), whole[rows])
    blurred = [cv2.GaussianBlur(part[:4500, :1240], (0, 0), 2).astype(float) for part in (whole, sheet[0])]
    assert np.corrcoef(blurred[0].ravel(), blurred[1].ravel())[0, 1] > 0.97


def test_what_is_written_is_what_was_put_together(seven: Any, tmp_path: Path) -> None:
    """As one scan, with the first page's resolution."""
    together = seven[2]
    write_scan(together, tmp_path / "sheet.tif")
    with open_scan(tmp_path / "sheet.tif", "sheet") as scan:
        assert (scan.width, scan.height, scan.dpi) == (together.width, together.height, DPI)
        for band, other in zip(scan.bands(), together.bands(), strict=True):
            assert np.array_equal(band.darkness, other.darkness)


def test_pages_whose_lines_lie_at_the_manifest_stay_put(sheet: tuple[Darkness, SheetManifest], tmp_path: Path) -> None:
    """The first page is left to the last bit: its manifest was measured on it."""
    darkness, manifest = sheet
    pieces = [Piece(darkness[:2500], Similarity()), scanned(darkness[2200:], 2200, 0.2, 1.0, np.random.default_rng(1))]
    together, _ = put_together(written(pieces, tmp_path), manifest, tmp_path / "seam.png")
    assert Similarity() == together.placed[0].onto
    first = next(iter(together.bands(2000))).darkness
    assert np.array_equal(first[:, : darkness.shape[1]], darkness[:2000])
    assert furthest_px(together, pieces) < 1.0


def test_pages_of_other_widths_modes_and_resolutions_go_together(
    sheet: tuple[Darkness, SheetManifest], tmp_path: Path
) -> None:
    """Grey at 200 dpi, then bilevel at 300, then colour at 150 without its left margin, and one that tells no resolution."""
    darkness, manifest = sheet
    rng = np.random.default_rng(2)
    sizes = [(0, 1400, 1.0, 0), (1150, 2500, 1.5, 0), (2200, 3600, 0.75, 30), (3300, len(darkness), 1.0, 0)]
    pieces = []
    for first, end, scale, left in sizes:
        piece = scanned(darkness[first:end, left:], first, rng.uniform(-0.2, 0.2), scale, rng)
        pieces.append(replace(piece, onto=Similarity(1, left) @ piece.onto))
    profiles: list[dict[str, Any]] = [
        {},
        {"dpi": 300, "nbits": 1, "compress": "CCITTFAX4"},
        {"dpi": 150, "count": 3, "compress": "JPEG", "photometric": "YCBCR"},
        {"dpi": None, "compress": "LZW"},
    ]
    paths = [
        write(tmp_path / f"p{i}.tif", piece.darkness, **profile)
        for i, (piece, profile) in enumerate(zip(pieces, profiles, strict=True))
    ]
    together, _ = put_together(pages_of(paths), manifest, tmp_path / "seam.png")
    assert furthest_px(together, pieces) < 1.5


# --- what is refused ------------------------------------------------------------------------------------------------------


def refusal(pages: Sequence[Page], manifest: SheetManifest, picture: Path) -> ScanError:
    """Why pages are not put together; there is a picture of the seam."""
    with pytest.raises(ScanError) as caught:
        put_together(pages, manifest, picture)
    shown = cv2.imread(str(picture), cv2.IMREAD_GRAYSCALE)
    assert shown is not None
    assert shown.std() > 10
    return caught.value


@pytest.mark.parametrize(("order", "names"), [((0, 2, 1, 3), "p1.tif and p3.tif"), ((1, 0, 2, 3), "p2.tif and p1.tif")])
def test_pages_in_the_wrong_order_are_refused_by_name(
    sheet: tuple[Darkness, SheetManifest], tmp_path: Path, order: tuple[int, ...], names: str
) -> None:
    """Lines of the grid go on from any page to any other; what is drawn over them does not."""
    pages = written(cut(sheet[0], 4, seed=3), tmp_path)
    error = refusal([pages[index] for index in order], sheet[1], tmp_path / "seam.png")
    assert names == error.subject
    assert "not certain" in error.found
    assert "order" in error.remedy


def grid(rows: int, width: int) -> Darkness:
    """Ruled paper and nothing else, every line like the next one of its kind."""
    paper = np.zeros((rows, width), np.uint8)
    paper[::20] = 120
    paper[::100] = 200
    paper[:, 50::50] = 120
    paper[:, 50::500] = 255
    return paper


def test_a_bare_grid_is_no_evidence(sheet: tuple[Darkness, SheetManifest], tmp_path: Path) -> None:
    """Pages with nothing but a grid fit in many ways, all of them well."""
    paper = grid(3000, 1200)
    rng = np.random.default_rng(4)
    pieces = [scanned(paper[:1700], 0, 0.1, 1.0, rng), scanned(paper[1400:], 1400, -0.1, 1.0, rng)]
    assert "not certain" in refusal(written(pieces, tmp_path), sheet[1], tmp_path / "seam.png").found


def test_a_curve_that_repeats_itself_is_no_evidence(sheet: tuple[Darkness, SheetManifest], tmp_path: Path) -> None:
    """A pattern that fits as well a period further fits nowhere for certain."""
    paper = grid(3000, 1200)
    rows = np.arange(len(paper))
    curve = np.rint(600 + 150 * np.sin(2 * np.pi * rows / 100)).astype(int)
    for by in range(-1, 2):
        paper[rows, curve + by] = 255
    rng = np.random.default_rng(4)
    pieces = [scanned(paper[:1700], 0, 0.1, 1.0, rng), scanned(paper[1400:], 1400, -0.1, 1.0, rng)]
    assert "and the next one" in refusal(written(pieces, tmp_path), sheet[1], tmp_path / "seam.png").found


def test_pages_with_rows_missing_between_them_are_refused(
    sheet: tuple[Darkness, SheetManifest], tmp_path: Path
) -> None:
    """Nothing in common, and 30 rows lost: every depth below would move."""
    pieces = [Piece(sheet[0][:2000], Similarity()), Piece(sheet[0][2030:], Similarity(1, 2030j))]
    assert "not certain" in refusal(written(pieces, tmp_path), sheet[1], tmp_path / "seam.png").found


def test_pages_that_abut_go_together_where_curves_and_lines_go_on(tmp_path: Path) -> None:
    """Cut with a knife, and not a row lost."""
    drawn, rng = draw_sheet(replace(RECIPE, seed=11, base_depth=1250.0)), np.random.default_rng(5)
    pieces = [
        scanned(part, first, 0.0, scale, rng)
        for part, first, scale in ((drawn.darkness[:1750], 0, 1.0), (drawn.darkness[1750:], 1750, 1.01))
    ]
    together, _ = put_together(written(pieces, tmp_path), drawn.manifest, tmp_path / "seam.png")
    assert furthest_px(together, pieces) < 2.5


# --- files of several pages -----------------------------------------------------------------------------------------------


def test_pages_are_joined_by_command_to_measure_a_manifest_on(seven: Any, tmp_path: Path) -> None:
    """In the frame of the first page, whose own px stay where they are."""
    pieces, _, _, _, folder = seven
    names = [str(folder / f"p{i}.tif") for i in range(1, 8)]
    done = CliRunner().invoke(app, ["join", *names, "--out", str(tmp_path / "whole.tif")])
    assert done.exit_code == 0, done.output
    assert "p7.tif" in done.output
    with open_scan(tmp_path / "whole.tif", "whole") as scan:
        first = next(iter(scan.bands(200, 0, 200))).darkness
        assert scan.height > 6 * len(pieces[0].darkness) * 0.7
    height, width = 200, pieces[0].darkness.shape[1]
    assert np.abs(first[:height, :width].astype(int) - pieces[0].darkness[:height]).mean() < 1.0

    mixed = CliRunner().invoke(app, ["join", names[0], names[4], "--out", str(tmp_path / "mixed.tif")])
    assert mixed.exit_code == 1
    assert str(tmp_path / "mixed.seam.png") in mixed.output.replace("\n", "")
    assert (tmp_path / "mixed.seam.png").exists()


def test_a_tiff_of_several_pages_equals_its_pages(seven: Any, sheet: tuple[Darkness, SheetManifest]) -> None:
    """Page for page the same pixels, and so the same sheet."""
    pieces, pages, *_, folder = seven
    path = folder / "sheet.tif"
    assert cv2.imwritemulti(str(path), [255 - piece.darkness for piece in pieces])
    inside = pages_of([path])
    assert ["page 1 of sheet.tif", "page 7 of sheet.tif"] == [inside[0].title, inside[-1].title]
    for page, alone in zip(inside, pages, strict=True):
        assert np.array_equal(alone.read().darkness, page.read().darkness)


def write_pdf(path: Path, pieces: Sequence[Piece], dpi: float) -> Path:
    """Each page a picture that fills it."""
    document = pypdfium2.PdfDocument.new()
    for piece in pieces:
        height, width = piece.darkness.shape
        size = (width / dpi * 72, height / dpi * 72)
        page = document.new_page(*size)
        picture = pypdfium2.PdfImage.new(document)
        picture.set_bitmap(
            pypdfium2.PdfBitmap.new_native(width, height, pypdfium2.raw.FPDFBitmap_BGR, rev_byteorder=False)
        )
        bitmap = pypdfium2.PdfBitmap.new_native(width, height, pypdfium2.raw.FPDFBitmap_BGR)
        bitmap.to_numpy()[:] = (255 - piece.darkness)[..., None]
        picture.set_bitmap(bitmap)
        picture.set_matrix(pypdfium2.PdfMatrix().scale(*size))
        page.insert_obj(picture)
        page.gen_content()
    document.save(path)
    return path


def test_a_pdf_of_scans_goes_together_like_its_scans(sheet: tuple[Darkness, SheetManifest], tmp_path: Path) -> None:
    """Its pages are rendered at the resolution of the pictures in them."""
    pieces = cut(sheet[0], 3, seed=6)
    pages = pages_of([write_pdf(tmp_path / "sheet.pdf", pieces, DPI)])
    image = pages[0].read()
    assert image.dpi == pytest.approx(DPI, rel=0.002)
    assert np.abs(np.array(image.darkness.shape) - pieces[0].darkness.shape).max() <= 1
    together, _ = put_together(pages, sheet[1], tmp_path / "seam.png")
    assert furthest_px(together, pieces) < 1.5


def test_a_pdf_page_that_is_drawn_is_rendered_at_300_dpi(tmp_path: Path) -> None:
    """Where no picture fills it."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(72, 144)
    document.save(tmp_path / "drawn.pdf")
    image = pages_of([tmp_path / "drawn.pdf"])[0].read()
    assert (600, 300) == image.darkness.shape
    assert image.darkness.max() == 0


@pytest.mark.parametrize("name", ["huge.pdf", "huge.tif"])
def test_a_page_that_claims_gigapixels_is_refused_before_it_is_rendered(tmp_path: Path, name: str) -> None:
    """A page is held decoded, so that it may not be as large as a sheet."""
    path = tmp_path / name
    if name == "huge.pdf":
        document = pypdfium2.PdfDocument.new()
        document.new_page(14_400, 14_400)
        document.save(path)
    else:
        shape = {"driver": "GTiff", "width": 20_000, "height": 60_000, "count": 1, "dtype": "uint8"}
        with rasterio.open(path, "w", **shape, SPARSE_OK=True, blockysize=64):
            pass
    with pytest.raises(ScanError, match=r"claims \d+ columns by 60000 rows"):
        pages_of([path])[0].read()


def test_a_pdf_that_is_none_or_not_there_is_refused(tmp_path: Path) -> None:
    """By its name, with what was found."""
    (tmp_path / "cut.pdf").write_bytes(b"%PDF-1.7\nnothing more")
    with pytest.raises(ScanError, match=r"cut\.pdf.*cannot be opened"):
        pages_of([tmp_path / "cut.pdf"])
    with pytest.raises(SourceMissingError):
        pages_of([tmp_path / "none.pdf"])

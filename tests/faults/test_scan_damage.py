"""Rows 1 to 5: scans that lost a part. What is left of them is digitised, what is lost is NULL, and everything says so."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from faults.sheets import Ended, Folder, digitise, flip, place_of, sparse, zero
from flows.archive_console import names_of
from tasks.filing import Filing
from tasks.state import Job, Sheet
from veernet.archive.keys import Shaping
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import listed_sheets, standing
from veernet.archive.traces import Traced
from veernet.location import resolve
from veernet.review.record import SheetRecord
from veernet.sheets.lost import Lost
from veernet.storage import Fetched

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")


@pytest.fixture(scope="module")
def ended(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """One run over damaged sheets and a good one."""
    folder = Folder(tmp_path_factory.mktemp("damaged"))
    bilevel = {"pixels": folder.pixels, "compress": "CCITTFAX4", "nbits": 1}
    folder.tiff("good", **bilevel)
    cut = folder.tiff("cut-half", **bilevel).read_bytes()
    (folder.path / "cut-half.tif").write_bytes(cut[: len(cut) // 2])
    folder.sheet("cut-short", cut[: len(cut) // 100])
    folder.sheet("cut-directory", _with_directory_last(cut)[: len(cut) // 2])
    strips = folder.tiff("flipped-g4", **bilevel)
    for down in (9, 14):
        flip(strips, place_of(strips, (0, down)))
    tiles = folder.tiff("flipped-tiles", tiled=True, blockxsize=256, blockysize=128)
    flip(tiles, place_of(tiles, (1, 3)))
    grey = np.clip(folder.pixels * 230.0 + np.random.default_rng(3).normal(0, 12, folder.pixels.shape), 0, 255)
    hole = folder.tiff("hole-jpeg", pixels=grey.astype(np.uint8), compress="JPEG")
    zero(hole, place_of(hole, (0, 10)).start, 4096)
    plain = folder.tiff("flipped-plain", compress="NONE")
    _manifest_with_digest(folder, plain.stem, plain.read_bytes())
    flip(plain, place_of(plain, (0, 9)))
    whole = folder.tiff("whole-plain", compress="NONE")
    _manifest_with_digest(folder, whole.stem, whole.read_bytes())
    sparse(folder.sheet("sparse"), folder.pixels * 255, range(12, 15))
    one_strip = folder.tiff("flipped-one-strip", **{**bilevel, "blockysize": len(folder.pixels)})
    flip(one_strip, place_of(one_strip, (0, 0)), flips=3)
    return digitise(folder.path, tmp_path_factory.mktemp("out") / "results", prefect_url)


def _with_directory_last(data: bytes) -> bytes:
    """The same TIFF with its directory at its end, as scanners write it."""
    start = int.from_bytes(data[4:8], "little")
    entries = int.from_bytes(data[start : start + 2], "little")
    directory = data[start : start + 2 + entries * 12 + 4]
    return data[:4] + len(data).to_bytes(4, "little") + data[8:] + directory


def _manifest_with_digest(folder: Folder, stem: str, content: bytes) -> None:
    folder.sheet(stem, content, sha256=hashlib.sha256(content).hexdigest())


def assert_partial(ended: Ended, stem: str, rows: list[tuple[int, int]], why: str) -> None:
    """The sheet has lost these rows (first, last) and nothing else, and says so everywhere a reader may look."""
    record, las, good = ended.record(stem), ended.las(stem), ended.las("good")
    assert record.status == "partial"
    assert [(one.first_row, one.last_row) for one in record.lost] == rows
    assert all(why in one.why for one in record.lost), record.lost
    told = [
        *(one.told("ft") for one in record.lost),
        "the scan is damaged, and may be so elsewhere without a trace: fetch it again",
    ]
    assert list(record.warnings[: len(told)]) == told
    other = " ".join(las.other)
    assert all(f"every curve is NULL, because rows {first} to {last} of the scan" in other for first, last in rows), (
        other
    )
    assert f"partial {stem}: the scan is damaged at depths" in ended.text
    near = np.zeros(len(las.depths), np.bool_)
    for one in record.lost:
        gone = (las.depths >= one.top) & (las.depths <= one.base)
        assert gone.any()
        assert all(np.isnan(column.values[gone]).all() for column in las.curves.values())
        near |= (las.depths >= one.top - 2.0) & (las.depths <= one.base + 2.0)
    for name in ("GR", "ILD"):  # of the dashed ones, dashes beside the damage may go with it
        kept = np.isfinite(good.curves[name].values) & ~near
        apart = np.abs(las.curves[name].values - good.curves[name].values)[kept]
        assert np.isfinite(apart).mean() > 0.95
        assert np.nanmedian(apart) < 0.01 * np.nanmax(np.abs(good.curves[name].values))


@pytest.mark.fault(1, outcome="partial where half is left, set aside where next to nothing is")
def test_row_01_a_tiff_cut_short_gives_what_is_left_of_it(ended: Ended) -> None:
    """Cut at 50 %: the upper part is a log, and below it everything is NULL. Cut at 1 %, or before its directory: nothing to be had."""
    record = ended.record("cut-half")
    (lost,) = record.lost
    assert (record.status, lost.base) == ("partial", ended.las("good").depths[-1])
    assert_partial(ended, "cut-half", [(lost.first_row, lost.last_row)], "cannot be read")
    assert "cannot be opened" in ended.reason("cut-short")
    assert "cannot be opened" in ended.reason("cut-directory")


@pytest.mark.fault(2, outcome="partial: the strips or tiles that complain are NULL")
def test_row_02_bit_flips_in_g4_strips_cost_these_strips(ended: Ended) -> None:
    """Two strips of 32 rows do not decode; all the others do."""
    assert_partial(ended, "flipped-g4", [(288, 319), (448, 479)], "Fax4Decode")


@pytest.mark.fault(2, outcome="partial: the strips or tiles that complain are NULL")
def test_row_02_bit_flips_in_a_tile_cost_the_rows_of_that_tile(ended: Ended) -> None:
    """What one tile has lost is lost to all tracks beside it, because rows are what a log is made of."""
    assert_partial(ended, "flipped-tiles", [(384, 511)], "checksum")


@pytest.mark.fault(2, outcome="set aside where the scan is one strip, of which nothing can be trusted")
def test_row_02_bit_flips_in_a_single_strip_leave_nothing_to_trust(ended: Ended) -> None:
    """Each row of G4 is told by the one before, and where it went wrong is not where the decoder notices."""
    assert "damaged" in ended.reason("flipped-one-strip")


@pytest.mark.fault(3, outcome="partial: the strips that complain are NULL")
def test_row_03_a_hole_in_a_jpeg_costs_the_strips_in_it(ended: Ended) -> None:
    """4 KiB of zeros, as a lost disk block leaves them."""
    lost = ended.record("hole-jpeg").lost
    assert lost[0].first_row == 320
    assert_partial(ended, "hole-jpeg", [(one.first_row, one.last_row) for one in lost], "")


@pytest.mark.fault(4, outcome="set aside where the manifest gives a digest; else nothing can tell")
def test_row_04_flips_in_plain_pixels_are_found_by_the_digest(ended: Ended) -> None:
    """No decoder can tell; the same file as it was is done."""
    assert "sha256" in ended.reason("flipped-plain")
    assert ended.record("whole-plain").status == "done"


@pytest.mark.fault(5, outcome="partial")
def test_row_05_strips_that_are_not_in_the_file_are_neither_paper_nor_ink(ended: Ended) -> None:
    """Three strips of a sparse TIFF."""
    assert_partial(ended, "sparse", [(384, 479)], "not in the file")


def test_an_archive_counts_what_is_done_in_part_and_names_it(tmp_path: Path) -> None:
    """It is settled, as far as it can be, until its scan changes; whoever can get a better scan finds it by name."""
    source, out = tmp_path / "scans", tmp_path / "out"
    source.mkdir()
    for name in ("part.sheet.yaml", "part.tif"):
        (source / name).write_text(name)
    ledger, shaping = Ledger(resolve(out)), Shaping("0" * 64)
    ledger.claim(resolve(source), shaping)
    (sheet,) = listed_sheets(resolve(source), ledger)
    filing = Filing(ledger, sheet, shaping)
    record = SheetRecord(sheet="part", status="partial")
    digests = Fetched(source / "part.tif", "part.tif", 8, "1" * 64)
    made = Sheet(Job("part", None, None, resolve(out), tmp_path), manifest_file=digests, scan=digests, record=record)
    entry = filing.done(made)
    assert ledger.commit("part", entry, record)
    assert Entry.of_name(entry.name) == entry
    counted = standing(listed_sheets(resolve(source), ledger), shaping)
    assert (counted.done, counted.partial, counted.pending) == (1, 1, 0)
    assert ["part"] == list(names_of(str(out), "partial"))
    (source / "part.tif").write_text("a better scan")
    assert standing(listed_sheets(resolve(source), ledger), shaping).pending == 1


def test_kept_traces_know_what_their_scan_has_lost() -> None:
    """A corrected scale does not make a partial sheet a whole one."""
    traced = Traced((), (), None, (), (), (Lost(32, 64, "are not in the file"),))
    assert Traced.from_bytes(traced.to_bytes()).lost == traced.lost


def test_the_good_neighbour_is_done_and_the_command_does_not_end_with_0(ended: Ended) -> None:
    """A sheet that is done in part is not done."""
    assert ended.record("good").status == "done"
    assert ended.record("good").lost == ()
    assert ended.code == 1
    assert "Traceback" not in ended.text

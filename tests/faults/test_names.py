"""Rows 54 to 65: names and texts of strangers, in files, headers, tables and pages."""

from __future__ import annotations

import csv
import json
import re
import string
import tracemalloc
from pathlib import Path
from typing import Any

import httpx
import lasio
import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_las import curve_of, log_of

from faults.sheets import MANIFEST, Ended, Folder, digitise
from flows.markup import plain, plain_uri
from flows.sources import find_jobs
from veernet.archive.keys import Shaping
from veernet.archive.ledger import Ledger
from veernet.archive.listing import gather, listed_sheets, standing
from veernet.curves import las as las_module
from veernet.curves.las import NULL, DepthLog, write_las
from veernet.curves.las_read import read_las, read_strict
from veernet.curves.las_text import clean_mnemonic
from veernet.errors import LasError, ManifestError, OptionError
from veernet.location import resolve
from veernet.review.cells import quoted
from veernet.review.html import embeddable, page_template
from veernet.review.samples import CurveSamples
from veernet.review.score_table import write_csv
from veernet.sheets.manifest import Curve, Well, read_manifest
from veernet.storage import StoredObject

MARKUP = "<script>alert(1)</script><img src=x onerror=alert(1)> [a](javascript:alert(1)) | `b` _c_ **d**"
FORMULA = "=HYPERLINK(1)"


def manifest_with(**curve: Any) -> bytes:
    """A manifest whose curve is another."""
    track: dict[str, Any] = MANIFEST["tracks"][0]
    return json.dumps({**MANIFEST, "tracks": [{**track, "curves": [{**track["curves"][0], **curve}]}]}).encode()


@pytest.fixture(scope="module")
def ended(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A run over sheets whose names and texts mean harm."""
    folder = Folder(tmp_path_factory.mktemp("hostile"))
    well = {
        **folder.manifest["well"],
        "name": f"../../x {MARKUP}",
        "company": "A\n~A\n1 2 3",
        "field": "Þórður 7 – Nordsjø",
    }
    folder.manifest["well"] = well
    folder.tiff("=a&b_[c]`d`")
    folder.sheet("error", b"", suffix=".tif", **{MARKUP: 1})
    return digitise(folder.path, tmp_path_factory.mktemp("out") / "results", prefect_url)


# --- names of files -------------------------------------------------------------------------------------------------------


@pytest.mark.fault(54, outcome="stays under its prefix, or is refused")
def test_row_54_a_well_name_leads_nowhere(ended: Ended) -> None:
    """It goes into the header, and the sheet's files are where its own name says."""
    made = {path.relative_to(ended.out.parent).parts[:2] for path in ended.out.parent.rglob("*") if path.is_file()}
    assert made == {("results", "=a&b_[c]`d`"), ("results", "error")}
    assert ended.las("=a&b_[c]`d`").well["WELL"].startswith("../../x ")


@pytest.mark.fault(54, outcome="stays under its prefix, or is refused")
@pytest.mark.parametrize(
    "name", ["...sheet.yaml", "..sheet.yaml", "a\\b.sheet.yaml", "a\nb.sheet.yaml", "a:b.sheet.yaml"]
)
def test_row_54_a_sheet_whose_name_names_no_folder_is_refused(tmp_path: Path, name: str) -> None:
    """A stem of two dots would put its results above their place."""
    (tmp_path / name).write_text("")
    with pytest.raises(OptionError, match="cannot name a folder of results"):
        find_jobs([str(tmp_path / name)], str(tmp_path / "out"), tmp_path)


@pytest.mark.fault(54, outcome="stays under its prefix, or is refused")
def test_row_54_an_archive_does_not_list_it(tmp_path: Path) -> None:
    """Names that begin with a dot are nobody's sheets, in a folder as in a bucket."""
    source = tmp_path / "scans"
    source.mkdir()
    for name in ("...sheet.yaml", "..sheet.yaml", ".veernet.sheet.yaml", "good.sheet.yaml"):
        (source / name).write_text("")
    assert ["good"] == [sheet.name for sheet in listed_sheets(resolve(source), Ledger(resolve(tmp_path / "out")))]


@pytest.mark.fault(54, outcome="stays under its prefix, or is refused")
@pytest.mark.parametrize("place", ["a\0b.tif", "s3://bucket/a/../../b", "s3://bucket/a//b", "s3://bucket/..", ""])
def test_row_54_no_place_has_a_nul_or_a_way_up_in_it(place: str) -> None:
    """Wherever it was given."""
    with pytest.raises(OptionError):
        resolve(place)


@pytest.mark.fault(55, outcome="refused: `veernet digitise` puts each into a folder of its stem; an archive keeps both")
def test_row_55_sheets_whose_names_differ_by_capitals_only_do_not_meet(tmp_path: Path) -> None:
    """On some disks they would be one folder; an archive, which has its own places, keeps both."""
    for name in ("Well.sheet.yaml", "WELL.sheet.yaml"):
        (tmp_path / "scans" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "scans" / name).write_text("")
    with pytest.raises(OptionError, match="would go to the same folder"):
        find_jobs([str(tmp_path / "scans")], str(tmp_path / "out"), tmp_path)
    listed = listed_sheets(resolve(tmp_path / "scans"), Ledger(resolve(tmp_path / "out")))
    assert ["WELL", "Well"] == [sheet.name for sheet in listed]


@pytest.mark.fault(55, outcome="refused: `veernet digitise` puts each into a folder of its stem; an archive keeps both")
def test_row_55_mnemonics_that_cleaning_makes_equal_are_refused(tmp_path: Path) -> None:
    """LAS has no brackets, and two curves of one name would be one to a reader."""
    log = log_of(curve_of([1, 2], "GR[1]"), curve_of([3, 4], "GR_1"))
    with pytest.raises(LasError, match="used twice"):
        write_las(log, tmp_path / "a.las")
    assert [] == list(tmp_path.iterdir())


# --- headers --------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(56, outcome="cleaned; both readers find one and the same")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(alphabet=st.sampled_from("~A#:.\n\r\t\x85\u2028 1é\0")), min_size=3, max_size=3))
def test_row_56_no_header_value_opens_a_section_or_a_line(tmp_path: Path, texts: list[str]) -> None:
    """As lasio reads it and as the letter of the standard does, values are these and data are all there."""
    well = Well(name=f"W{texts[0]}", uwi="1", company=f"C{texts[1]}")
    log = log_of(
        curve_of([1, 2, np.nan]),
        well=well,
        other=[texts[2], "~A", "~A 1 2"],
        parameters=[("P", "", texts[2], texts[0])],
    )
    write_las(log, tmp_path / "a.las")
    for read in (read_las, read_strict):
        found = read(tmp_path / "a.las")
        np.testing.assert_array_equal(found.curves["GR"].values, [1, 2, np.nan])
        assert found.well["WELL"].startswith("W")
    sections = [line for line in (tmp_path / "a.las").read_text().splitlines() if line.startswith("~")]
    assert ["~V", "~W", "~C", "~P", "~O", "~A"] == [line[:2] for line in sections]


@pytest.mark.fault(56, outcome="cleaned; both readers find one and the same")
def test_row_56_nor_does_one_of_a_manifest(ended: Ended) -> None:
    """A company of three lines is one of one line in the file that the run wrote."""
    assert ended.las("=a&b_[c]`d`").well["COMP"] == "A ~A 1 2 3"
    read = lasio.read(ended.out / "=a&b_[c]`d`" / "=a&b_[c]`d`.las")
    assert len(read["DEPT"]) == len(ended.las("=a&b_[c]`d`").depths)


@pytest.mark.fault(57, outcome="refused in the manifest; cleaned where a program gives it")
@pytest.mark.parametrize("mnemonic", ["G.R", "G:R", "#GR", "~GR", "G R", "", "A" * 33, "ГР"])
def test_row_57_a_mnemonic_that_las_cannot_hold_is_refused(mnemonic: str) -> None:
    """By the manifest, with the key's path."""
    with pytest.raises(ManifestError, match=r"tracks\[0\]\.curves\[0\]\.mnemonic"):
        read_manifest(manifest_with(mnemonic=mnemonic), "sheet.yaml")


@pytest.mark.fault(57, outcome="refused in the manifest; cleaned where a program gives it")
@pytest.mark.parametrize("unit", ["1000 lbf", "a.b", "a:b", "#", "~A", "a\nb"])
def test_row_57_so_is_a_unit(unit: str) -> None:
    """A blank in it would make the rest of it a value."""
    with pytest.raises(ManifestError, match=r"tracks\[0\]\.curves\[0\]\.unit"):
        read_manifest(manifest_with(unit=unit), "sheet.yaml")


@pytest.mark.fault(57, outcome="refused in the manifest; cleaned where a program gives it")
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from(".:#~ \nAB1"), min_size=1), st.text(st.sampled_from(".:#~ \nAB1")))
def test_row_57_what_comes_past_the_manifest_is_cleaned(tmp_path: Path, mnemonic: str, unit: str) -> None:
    """A log that a program makes is written so that it reads back, or not at all."""
    if not clean_mnemonic(mnemonic):
        with pytest.raises(LasError, match="is empty, reserved or used twice"):
            write_las(log_of(curve_of([1, 2], mnemonic, unit)), tmp_path / "a.las")
        return
    write_las(log_of(curve_of([1, 2], mnemonic, unit)), tmp_path / "a.las")
    (found,) = read_strict(tmp_path / "a.las").curves.values()
    assert set(found.mnemonic) <= set(string.ascii_letters + string.digits + "_-")
    assert not set(found.unit) & set(" :#~")
    assert found.values.tolist() == [1, 2]


@pytest.mark.fault(58, outcome="refused in the manifest")
@pytest.mark.parametrize("other", ["GR", "gr", "DEPT", "Depth"])
def test_row_58_a_mnemonic_that_is_there_twice_is_refused(other: str) -> None:
    """In another track, in other capitals, or as the index: readers rename the second one, or lose it."""
    track: dict[str, Any] = MANIFEST["tracks"][0]
    second = {**track, "name": "u", "curves": [{**track["curves"][0], "mnemonic": other}]}
    with pytest.raises(ManifestError, match=f"mnemonic {other} of u is"):
        read_manifest(json.dumps({**MANIFEST, "tracks": [track, second]}).encode(), "sheet.yaml")


@pytest.mark.fault(59, outcome="transliterated")
def test_row_59_letters_beyond_ascii_are_spelt_in_ascii(ended: Ended) -> None:
    """The file is ASCII to its last byte, and a person still reads the name."""
    data = (ended.out / "=a&b_[c]`d`" / "=a&b_[c]`d`.las").read_bytes()
    assert data.isascii()
    assert ended.las("=a&b_[c]`d`").well["FLD"] == "Thordur 7 - Nordsjo"


@pytest.mark.fault(60, outcome="NULL, and counted")
def test_row_60_what_is_no_reading_becomes_null_and_is_counted(tmp_path: Path) -> None:
    """Infinities and 1e300 are faults of a program, and 300 digits fit no column."""
    report = write_las(log_of(curve_of([1, np.inf, -np.inf, 1e300, np.nan, 2])), tmp_path / "a.las")
    assert {"GR": 3} == report.nulled
    for read in (read_las, read_strict):
        np.testing.assert_array_equal(
            read(tmp_path / "a.las").curves["GR"].values, [1, np.nan, np.nan, np.nan, np.nan, 2]
        )
    assert max(map(len, (tmp_path / "a.las").read_text().splitlines())) < 256


@pytest.mark.fault(61, outcome="told apart: it moves by one last decimal")
def test_row_61_a_reading_that_equals_null_is_still_a_reading(tmp_path: Path) -> None:
    """It moves by less than a scan can show, and NULL stays NULL."""
    write_las(log_of(curve_of([NULL, np.nan, 3.0], resolution=0.01)), tmp_path / "a.las")
    for read in (read_las, read_strict):
        first, second, third = read(tmp_path / "a.las").curves["GR"].values
        assert abs(first - NULL) == pytest.approx(0.01)
        assert np.isnan(second)
        assert third == 3.0


@pytest.mark.fault(62, outcome="they agree: read back by two readers before the file is put in place")
@pytest.mark.parametrize("turned", [False, True])
def test_row_62_start_stop_and_step_are_those_of_the_index(tmp_path: Path, turned: bool) -> None:
    """Taken from the text itself, by no reader of ours, for logs from the top down and from the bottom up."""
    log = log_of(curve_of(np.arange(7)))
    if turned:
        log = DepthLog(log.well, "m", 0.5, log.depths[::-1].copy(), log.curves)
    write_las(log, tmp_path / "a.las")
    head, _, body = (tmp_path / "a.las").read_text().partition("~A")
    depths = [float(line.split()[0]) for line in body.splitlines()[1:]]
    start, stop, step = (
        float(re.search(rf"^{key}\.\S+\s+(\S+)", head, re.MULTILINE)[1]) for key in ("STRT", "STOP", "STEP")
    )  # type: ignore[index]
    assert (depths[0], depths[-1]) == (start, stop)
    np.testing.assert_allclose(np.diff(depths), step, atol=1e-9)


@pytest.mark.fault(62, outcome="they agree: read back by two readers before the file is put in place")
@pytest.mark.parametrize("key", ["STRT", "STOP", "STEP", "NULL"])
def test_row_62_a_header_that_says_otherwise_is_never_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    """The check is what it claims: a writer with a fault in it is found out, and leaves no file."""
    true_header = las_module.header_text

    def false_header(content: Any) -> str:
        return re.sub(rf"^({key}\.\S*\s+)\S+", r"\g<1>7.25", true_header(content), flags=re.MULTILINE)

    monkeypatch.setattr(las_module, "header_text", false_header)
    with pytest.raises(LasError, match=r"reads? (it )?back"):
        write_las(log_of(curve_of([1, 2, np.nan])), tmp_path / "a.las")
    assert [] == list(tmp_path.iterdir())


# --- reports --------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(63, outcome="quoted")
def test_row_63_no_cell_of_a_table_of_scores_is_a_formula(tmp_path: Path) -> None:
    """Sheets, mnemonics and units are strangers' texts; a spreadsheet would run some of them."""
    curve = Curve(mnemonic="-GR", unit="@SUM(1)", style="solid", left=0, right=150)
    depths, values, no = np.arange(5.0), np.linspace(-2, 2, 5), np.zeros(5, np.bool_)
    write_csv(
        [CurveSamples(FORMULA, curve, "linear", "ft", depths, values, values, ~no, 0 * values, no)], tmp_path / "a.csv"
    )
    (row,) = csv.DictReader((tmp_path / "a.csv").open(newline=""))
    assert [f"'{FORMULA}", "'-GR", "'@SUM(1)"] == [row["sheet"], row["curve"], row["unit"]]
    assert not [cell for cell in row.values() if quoted(cell) != cell]


@pytest.mark.fault(63, outcome="quoted")
@given(st.sampled_from("=+-@\t\r\n"), st.text())
def test_row_63_text_that_a_spreadsheet_acts_on_begins_with_an_apostrophe(first: str, rest: str) -> None:
    """But for numbers, which are what they look like."""
    cell = quoted(first + rest)
    try:
        float(first + rest)
    except ValueError:
        assert cell == "'" + first + rest
    else:
        assert cell == first + rest


@pytest.mark.fault(64, outcome="escaped; the page's policy lets nothing else run or load")
def test_row_64_a_page_holds_hostile_names_as_text(ended: Ended) -> None:
    """What ends an element or begins one stands in the page's data in other letters."""
    text = (ended.out / "=a&b_[c]`d`" / "=a&b_[c]`d`.html").read_text()
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "\\u003cscript>alert(1)" in text
    policy = re.search(r'http-equiv="Content-Security-Policy"\s+content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe" not in policy[1]
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", text)


@pytest.mark.fault(64, outcome="escaped; the page's policy lets nothing else run or load")
def test_row_64_artifacts_hold_them_as_text_too(ended: Ended, prefect_url: str) -> None:
    """Prefect shows Markdown: neither tables nor summaries of the run have any that is not its own."""
    with httpx.Client(base_url=prefect_url, timeout=30) as api:
        artifacts = api.post("/artifacts/filter", json={}).json()
    mine = [one for one in artifacts if "b  c  d" in str(one["data"])]
    assert mine
    for artifact in mine:
        assert not set("<>`") & set(str(artifact["data"])), artifact
        assert "](" not in str(artifact["data"])
    assert "script" in ended.record("error").error.found  # type: ignore[union-attr]


@pytest.mark.fault(64, outcome="escaped; the page's policy lets nothing else run or load")
@given(st.text(), st.sampled_from(["http://", "https://", "FTP://", "www.", "a@"]), st.text())
def test_row_64_no_text_is_a_link_by_itself(before: str, link: str, after: str) -> None:
    """A bare address becomes a link where Markdown is shown."""
    assert not re.search(r"(?i)(https?|ftp)://|www\.|\w@", plain(before + link + after))


@pytest.mark.fault(64, outcome="escaped; the page's policy lets nothing else run or load")
@given(st.text(alphabet=st.sampled_from(string.printable + "é\u2028")))
def test_row_64_no_text_keeps_its_markup(text: str) -> None:
    """In a cell, in a link and in the data of a page."""
    assert not set(plain(text)) & set("<>[]()`*_|#!&\\\r\n")
    assert re.fullmatch(r"[A-Za-z0-9/:.~%-]*", plain_uri(text))
    data = embeddable({"name": text})
    assert "<" not in data
    assert json.loads(data) == {"name": text}


@pytest.mark.fault(64, outcome="escaped; the page's policy lets nothing else run or load")
def test_row_64_the_policy_names_the_pages_one_script_by_its_digest() -> None:
    """Another one in the same page would not run."""
    head = page_template("veernet.review", "page.html")
    assert len(re.findall(r"script-src[^;]*'sha256-", head)) == 1
    assert "{{script-hash}}" not in head


# --- listings -------------------------------------------------------------------------------------------------------------


@pytest.mark.fault(
    65, outcome="every error of a manifest is told at once; a listing of any length is read in bounded memory"
)
def test_row_65_all_that_is_wrong_with_a_manifest_is_told_at_once() -> None:
    """There is no list of an archive but its manifests: of one with many slips, no slip waits for the next run."""
    track: dict[str, Any] = MANIFEST["tracks"][0]
    wrong = {
        **MANIFEST,
        "colour": "green",
        "well": {"name": 7.5, "uwi": "1"},
        "depth": {"unit": "yd", "step": "x", "ticks": []},
    }
    wrong["tracks"] = [{**track, "scale": "cubic"}]
    with pytest.raises(ManifestError) as caught:
        read_manifest(json.dumps(wrong).encode(), "sheet.yaml")
    for key in ("colour", "well.name", "depth.unit", "depth.step", "depth.ticks", "tracks[0].scale"):
        assert key in caught.value.found


@pytest.mark.fault(
    65, outcome="every error of a manifest is told at once; a listing of any length is read in bounded memory"
)
def test_row_65_a_byte_order_mark_is_no_error_and_a_key_twice_is_one() -> None:
    """Editors of one system write the one, people the other."""
    text = yaml.safe_dump(MANIFEST).encode()
    assert read_manifest(b"\xef\xbb\xbf" + text, "sheet.yaml") == read_manifest(text, "sheet.yaml")
    assert read_manifest(b"\xef\xbb\xbf" + json.dumps(MANIFEST).encode(), "sheet.json") == read_manifest(
        text, "sheet.yaml"
    )
    with pytest.raises(ManifestError, match="stands twice"):
        read_manifest(text + b"format: veernet-sheet/1\n", "sheet.yaml")


@pytest.mark.fault(
    65, outcome="every error of a manifest is told at once; a listing of any length is read in bounded memory"
)
def test_row_65_a_sheet_that_is_there_twice_is_one_sheet_with_two_manifests(tmp_path: Path) -> None:
    """It is set aside by both names, and not done by one of them."""
    source = tmp_path / "scans"
    source.mkdir()
    for suffix in ("yaml", "json"):
        (source / f"a.sheet.{suffix}").write_text("")
    (sheet,) = listed_sheets(resolve(source), Ledger(resolve(tmp_path / "out")))
    assert ["a.sheet.json", "a.sheet.yaml"] == sorted(one.uri.rpartition("/")[2] for one in sheet.manifests)
    with pytest.raises(OptionError, match="would go to the same folder"):
        find_jobs([str(source)], str(tmp_path / "out"), tmp_path)


@pytest.mark.fault(
    65, outcome="every error of a manifest is told at once; a listing of any length is read in bounded memory"
)
def test_row_65_a_long_listing_is_counted_in_bounded_memory() -> None:
    """Ten thousand sheets take what some tens take: no more are held."""

    def keys(sheets: int) -> Any:
        for number in range(sheets):
            name = f"{number:07d}"
            for suffix, kind in ((".sheet.yaml", "manifests"), (".tif", "scans")):
                yield f"{name}{suffix}", name, kind, StoredObject(f"s3://b/{name}{suffix}", 1, f"{number}", 0.0)

    tracemalloc.start()
    counted = standing(gather(keys(10_000)), Shaping("0" * 64))
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert counted.pending == 10_000
    assert peak_bytes < 2 << 20

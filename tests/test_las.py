"""LAS files: what is written reads back whole, whatever goes in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import lasio
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from veernet.curves import las as las_module
from veernet.curves.las import NULL, DepthLog, LasVersion, LogCurve, log_curve, read_las, write_las
from veernet.curves.las_layout import WELL_ITEMS
from veernet.curves.las_read import read_strict
from veernet.curves.las_text import clean_lines, clean_mnemonic, clean_text, clean_unit
from veernet.errors import LasError, SourceMissingError
from veernet.sheets.manifest import Curve, Well

WELL = Well(name="D&K Heinen No. 1-4", api="15-131-20215-00-00", company="Kinney Oil Company", county="Nemaha")
VERSIONS: tuple[LasVersion, ...] = ("1.2", "2.0")


def curve_of(values: Any, mnemonic: str = "GR", unit: str = "GAPI", resolution: float = 150 / 48000) -> LogCurve:
    """A curve with full confidence."""
    array = np.asarray(values, np.float64)
    return LogCurve(mnemonic, unit, "Gamma Ray", array, np.ones(len(array), np.float32), resolution)


def log_of(*curves: LogCurve, **other: Any) -> DepthLog:
    """A log from 250 ft down, half a foot a step, unless told otherwise."""
    depths = 250 + 0.5 * np.arange(len(curves[0].values))
    return DepthLog(**{"well": WELL, "depth_unit": "ft", "step": 0.5, "depths": depths, "curves": curves, **other})


def test_header_says_where_the_log_begins_ends_and_steps(tmp_path: Path) -> None:
    """STRT, STOP, STEP, NULL and their units, and the well section, are what the log is."""
    write_las(log_of(curve_of([1, 2, 3])), tmp_path / "a.las")
    well = lasio.read(str(tmp_path / "a.las")).well
    assert [250.0, 251.0, 0.5, NULL] == [well[key].value for key in ("STRT", "STOP", "STEP", "NULL")]
    assert ["FT"] * 3 == [well[key].unit for key in ("STRT", "STOP", "STEP")]
    assert [WELL.name, WELL.api, WELL.company, WELL.county, ""] == [
        well[key].value for key in ("WELL", "API", "COMP", "CNTY", "UWI")
    ]


def test_both_readers_find_values_and_nulls(tmp_path: Path) -> None:
    """Both lasio and the strict reader agree on every value and on every gap."""
    values = np.array([12.345, np.nan, 0.0, -3.2, 149.999])
    write_las(log_of(curve_of(values), curve_of(values[::-1], "DT", "US/F")), tmp_path / "a.las")
    for read in (read_las, read_strict):
        content = read(tmp_path / "a.las")
        np.testing.assert_array_equal(values, content.curves["GR"].values)
        np.testing.assert_array_equal(values[::-1], content.curves["DT"].values)
        assert ("ft", 250.0, 252.0) == (content.depth_unit, content.depths[0], content.depths[-1])


def test_descending_metric_log_has_a_negative_step(tmp_path: Path) -> None:
    """A log from the bottom up says so in its header, in metres."""
    depths = 1000 - 0.1524 * np.arange(4)
    write_las(log_of(curve_of([1, 2, 3, 4]), depths=depths, depth_unit="m", step=0.1524), tmp_path / "a.las")
    content = read_las(tmp_path / "a.las")
    assert ("m", "-0.1524", "999.5428") == (content.depth_unit, content.well["STEP"], content.well["STOP"])
    np.testing.assert_allclose(depths, content.depths, atol=1e-9)


@pytest.mark.parametrize(("resolution", "expected"), [(150 / 48000, 3), (10 / 48000, 4), (5.0, 2), (1.8e-6, 6)])
def test_decimals_hold_what_a_scan_can_hold(tmp_path: Path, resolution: float, expected: int) -> None:
    """One unit in the last decimal is at most the resolution, and NULL's two decimals are always there."""
    write_las(log_of(curve_of([1 / 3, 2 / 3], resolution=resolution)), tmp_path / "a.las")
    cell = (tmp_path / "a.las").read_text().splitlines()[-1].split()[1]
    assert expected == len(cell.partition(".")[2])


def test_log_track_keeps_its_small_values(tmp_path: Path) -> None:
    """On 0.2 to 2000 ohmm, a hundredth of a column at 0.2 is not rounded away."""
    curve = Curve(mnemonic="ILD", unit="OHMM", style="solid", left=0.2, right=2000)
    values = np.array([0.2, 0.2 * 10 ** (4 / 48000), 2000.0])
    write_las(log_of(log_curve(curve, "log", values, np.ones(3, np.float32))), tmp_path / "a.las")
    found = read_las(tmp_path / "a.las").curves["ILD"].values
    assert np.abs(np.log10(found / values)).max() * 48000 / 4 < 0.5
    assert found[0] < found[1]


def test_value_that_equals_null_is_told_apart(tmp_path: Path) -> None:
    """A real -999.25 moves by one last decimal instead of vanishing."""
    write_las(log_of(curve_of([NULL, -999.2502, 1.0])), tmp_path / "a.las")
    assert [-999.249, -999.249, 1.0] == read_las(tmp_path / "a.las").curves["GR"].values.tolist()


def test_infinite_and_absurd_values_become_null_and_are_counted(tmp_path: Path) -> None:
    """Values like inf and 1e300 never reach the file; the report says how many there were."""
    report = write_las(log_of(curve_of([np.inf, -np.inf, 1e300, np.nan, 5])), tmp_path / "a.las")
    assert (5, {"GR": 3}) == (report.rows, report.nulled)
    np.testing.assert_array_equal([np.nan] * 4 + [5], read_las(tmp_path / "a.las").curves["GR"].values)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    name=st.text(max_size=300), text=st.text(max_size=300), unit=st.text(max_size=9), version=st.sampled_from(VERSIONS)
)
def test_any_text_makes_a_file_that_reads_back(
    tmp_path: Path, name: str, text: str, unit: str, version: LasVersion
) -> None:
    """No text in the well section, ~Parameter or ~Other breaks the file, nor opens a section in it."""
    well = WELL.model_construct(**{**WELL.model_dump(), "name": name, "location": text})
    log = log_of(curve_of([1, 2], unit=unit), well=well, parameters=[("SRC", unit, text, name)], other=[text, name])
    write_las(log, tmp_path / "a.las", version=version)
    lines = (tmp_path / "a.las").read_text("ascii").splitlines()
    assert ["~V", "~W", "~C", "~P", "~O", "~A"] == [line[:2] for line in lines if line.startswith("~")]
    assert max(map(len, lines)) <= 256


@pytest.mark.parametrize(
    ("cleaned", "expected"),
    [
        (clean_text("a\n~A  b:\t10:30"), "a ~A b; 10;30"),
        (clean_text("Grötzingen\x00 Nr. 7 “x”"), 'Grotzingen Nr. 7 "x"'),
        (clean_mnemonic("~G.R:#1 x"), "G_R_1_x"),
        (clean_unit("(1000 lbf)"), "1000_lbf"),
        (clean_unit("1000"), ""),
        (clean_lines(["~A fake", "", "# no comment", "x: y\nz"]), ["A fake", "no comment", "x: y z"]),
    ],
)
def test_header_text_is_cleaned(cleaned: object, expected: object) -> None:
    """Delimiters, control characters and letters beyond ASCII give way to what LAS can hold."""
    assert expected == cleaned


@pytest.mark.parametrize(
    ("log", "found"),
    [
        (log_of(curve_of([1, 2]), curve_of([1, 2], "gr")), "used twice"),
        (log_of(curve_of([1, 2], "DEPT")), "reserved"),
        (log_of(curve_of([1, 2], "~:")), "empty"),
        (log_of(curve_of([1, 2, 3]), depths=np.array([250, 250.5, 251.2])), "STRT"),
        (log_of(curve_of([1, 2]), depths=np.array([250, np.nan])), "finite"),
        (log_of(curve_of([1, 2]), depths=np.array([250, 250.5, 251])), "values"),
        (log_of(curve_of([]), depths=np.array([])), "0 depths"),
    ],
)
def test_log_against_the_standard_is_refused(tmp_path: Path, log: DepthLog, found: str) -> None:
    """Equal mnemonics and irregular or empty indices are errors, and leave no file."""
    with pytest.raises(LasError, match=found):
        write_las(log, tmp_path / "a.las")
    assert [] == list(tmp_path.iterdir())


def test_damage_while_writing_leaves_the_earlier_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that does not read back as meant is thrown away, and the one before it stays."""
    path = tmp_path / "a.las"
    write_las(log_of(curve_of([1, 2])), path)
    before = path.read_bytes()
    body = las_module.write_body

    def flipped(content: Any, decimals: Any, write: Any) -> None:
        body(content, decimals, lambda text: write(text.replace("7.000", "8.000")))

    monkeypatch.setattr(las_module, "write_body", flipped)
    with pytest.raises(LasError, match="reads back another set of values of GR"):
        write_las(log_of(curve_of([1, 7])), path)
    assert ([path], before) == (list(tmp_path.iterdir()), path.read_bytes())


def test_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """A missing folder is named with what to do."""
    with pytest.raises(LasError, match="make room and rights"):
        write_las(log_of(curve_of([1, 2])), tmp_path / "none" / "a.las")


@pytest.mark.parametrize("version", VERSIONS)
def test_confidence_curves_follow_their_curves(tmp_path: Path, version: LasVersion) -> None:
    """On request each curve is followed by its confidence, without a unit, to three decimals."""
    log = log_of(replace(curve_of([1, 2]), confidence=np.array([0.98765, 0], np.float32)), curve_of([3, 4], "DT"))
    write_las(log, tmp_path / "a.las", version=version, confidence=True)
    content = read_strict(tmp_path / "a.las")
    assert ["GR", "GR_CONF", "DT", "DT_CONF"] == list(content.curves)
    assert ("", "0.988") == (content.curves["GR_CONF"].unit, (tmp_path / "a.las").read_text().split()[-8])
    assert ([0.988, 0.0], [1.0, 1.0]) == tuple(content.curves[name].values.tolist() for name in ("GR_CONF", "DT_CONF"))


def test_a_confidence_curve_must_not_take_the_name_of_another(tmp_path: Path) -> None:
    """A sheet that has a curve GR_CONF of its own is refused, and only where confidence is asked for."""
    log = log_of(curve_of([1, 2]), curve_of([3, 4], "GR_CONF"))
    write_las(log, tmp_path / "a.las")
    with pytest.raises(LasError, match="'GR_CONF' is empty, reserved or used twice"):
        write_las(log, tmp_path / "a.las", confidence=True)


def test_las_1_2_has_descriptions_first_in_its_well_section(tmp_path: Path) -> None:
    """By CWLS 1.2, ~Well has the description before the colon, but for STRT, STOP, STEP and NULL; nothing else differs."""
    log = log_of(curve_of([1, 2]), parameters=[("SRC", "", "a.tif", "SCAN")])
    lines = {}
    for version in VERSIONS:
        write_las(log, tmp_path / "a.las", version=version)
        lines[version] = [" ".join(line.split()) for line in (tmp_path / "a.las").read_text().splitlines()]
    only = {
        version: [line for line in lines[version] if line not in lines[other]]
        for version, other in (VERSIONS, VERSIONS[::-1])
    }
    assert ["VERS. 1.2 : CWLS LOG ASCII STANDARD - VERSION 1.2", "COMP. COMPANY : Kinney Oil Company"] == only["1.2"][
        :2
    ]
    assert ["VERS. 2.0 : CWLS log ASCII Standard -VERSION 2.0", "COMP. Kinney Oil Company : COMPANY"] == only["2.0"][:2]
    assert {"STRT.FT 250.00 : START DEPTH", "NULL. -999.25 : NULL VALUE", "SRC. a.tif : SCAN"} <= {*lines["1.2"]}
    assert 1 + len(WELL_ITEMS) == len(only["1.2"])


def test_both_readers_find_the_same_in_1_2_as_in_2_0(tmp_path: Path) -> None:
    """Well, depths, values and gaps are those of the log, whatever the version it says it is."""
    log = log_of(curve_of([12.5, np.nan, 3]), curve_of([1, 2, 3], "DT", "US/F"), other=["Digitised."])
    for version in VERSIONS:
        write_las(log, tmp_path / "a.las", version=version)
        for read in (read_las, read_strict):
            content = read(tmp_path / "a.las")
            assert (version, WELL.name, WELL.api, "", "Digitised.") == (
                content.version,
                content.well["WELL"],
                content.well["API"],
                content.well["UWI"],
                content.other[0],
            )
            np.testing.assert_array_equal([12.5, np.nan, 3], content.curves["GR"].values)


def test_a_file_of_the_other_version_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 1.2 file that says it is 2.0 has every value of ~Well for a description: it never reaches its place."""
    header = las_module.header_text
    monkeypatch.setattr(las_module, "header_text", lambda content: header(content).replace(" 1.2 :", " 2.0 :"))
    with pytest.raises(LasError, match=r"reads back another version: 2\.0"):
        write_las(log_of(curve_of([1, 2])), tmp_path / "a.las", version="1.2")
    assert [] == list(tmp_path.iterdir())


def test_las_1_2_keeps_its_rows_within_256_characters(tmp_path: Path) -> None:
    """Thirty curves do not fit a row of LAS 1.2, which the error says; LAS 2.0 has no such limit for data."""
    log = log_of(*(curve_of([1, 2], f"C{index}") for index in range(30)))
    write_las(log, tmp_path / "a.las")
    with pytest.raises(
        LasError, match=r"30 curves make rows of \d+ characters.*; write LAS 2\.0, or leave confidence out"
    ):
        write_las(log, tmp_path / "a.las", version="1.2")
    assert 31 == len((tmp_path / "a.las").read_text().splitlines()[-1].split())


def test_mnemonics_keep_their_capitals(tmp_path: Path) -> None:
    """A curve that the manifest calls Gr is Gr in the file."""
    write_las(log_of(curve_of([1, 2], "Gr")), tmp_path / "a.las")
    assert [["Gr"]] * 2 == [list(read(tmp_path / "a.las").curves) for read in (read_las, read_strict)]


def test_long_log_reads_back_to_its_last_row(tmp_path: Path) -> None:
    """Blocks of the body join without a seam, and depth does not drift."""
    values = np.random.default_rng(7).uniform(0, 150, 20011)
    write_las(log_of(curve_of(values)), tmp_path / "a.las")
    content = read_strict(tmp_path / "a.las")
    np.testing.assert_allclose(values, content.curves["GR"].values, atol=0.0005001)
    assert 250 + 0.5 * 20010 == content.depths[-1]


def test_garbage_cell_is_named(tmp_path: Path) -> None:
    """A curve with a bad cell, which lasio turns into strings, is refused by that cell."""
    path = tmp_path / "a.las"
    write_las(log_of(curve_of([1, 2, 3])), path)
    path.write_text(path.read_text().replace("2.000", "2.x00"))
    with pytest.raises(LasError, match=r"curve GR holds text, as '2\.x00'"):
        read_las(path)


@pytest.mark.parametrize("data", [b"", b"<html>not found</html>", b"\x89PNG\r\n\x1a\n" + bytes(99)])
def test_file_that_is_no_las_is_refused(tmp_path: Path, data: bytes) -> None:
    """An empty file, a web page and a picture are no LAS files."""
    path = tmp_path / "a.las"
    path.write_bytes(data)
    for read in (read_las, read_strict):
        with pytest.raises(LasError, match=r"a\.las"):
            read(path)


def test_missing_file_is_told_apart(tmp_path: Path) -> None:
    """A path that leads nowhere is not called a bad LAS file."""
    with pytest.raises(SourceMissingError):
        read_las(tmp_path / "none.las")


@pytest.mark.parametrize(
    ("line", "replacement"),
    [("~Curve", "~Well twice\n~Curve"), ("GR  .GAPI", "GR GAPI"), (" 2.0 ", " 3.0 "), ("251.00", "251.00 9")],
)
def test_strict_reader_refuses_what_the_standard_does(tmp_path: Path, line: str, replacement: str) -> None:
    """A repeated section, a header line without its dot, another version and a ragged row are all noticed."""
    path = tmp_path / "a.las"
    write_las(log_of(curve_of([1, 2, 3])), path)
    assert line in path.read_text()
    path.write_text(path.read_text().replace(line, replacement))
    with pytest.raises(LasError):
        read_strict(path)


def test_real_logs_are_read() -> None:
    """Files of the field have their curves, in metres or feet, and gaps where they say NULL."""
    folder = Path(__file__).parents[2] / "shared" / "data" / "las"
    if not folder.is_dir():
        pytest.skip(f"REAL LOGS NOT TESTED: no {folder}")
    contents = [read_las(path) for path in sorted(folder.glob("*.LAS"))[:8]]
    assert {"ft", "m"} >= {content.depth_unit for content in contents}
    assert all("GR" in content.curves and np.nanmax(content.curves["GR"].values) > 0 for content in contents)

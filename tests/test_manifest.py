"""The sheet manifest: read as its contract says, or refused with key, finding and remedy."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from veernet.errors import ManifestError
from veernet.sheets.manifest import MAX_BYTES, json_schema, read_manifest

SCANS = Path(__file__).parents[2] / "shared" / "data" / "scans"

GOOD: dict[str, Any] = {
    "format": "veernet-sheet/1",
    "source": "a.tif",
    "well": {"name": "A 1", "api": "15-131-20215", "date": "2010-12-12"},
    "depth": {"unit": "ft", "step": 0.5, "top": 250, "base": 300, "ticks": [[100, 250], [600, 300]]},
    "tracks": [
        {
            "name": "track-1",
            "left": 1,
            "right": [[0, 499], [700, 503.5]],
            "scale": "linear",
            "curves": [
                {"mnemonic": "GR", "unit": "GAPI", "style": "solid", "left": 0, "right": 150, "wrap": True},
                {"mnemonic": "CALI", "unit": "IN", "style": "dashed", "left": 16, "right": 6},
            ],
        }
    ],
}


def changed(path: str, value: Any) -> bytes:
    """The good manifest with one key set (or, given ..., removed)."""
    document = copy.deepcopy(GOOD)
    *way, last = (int(part) if part.isdigit() else part for part in path.split("."))
    place: Any = document
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return yaml.safe_dump(document).encode()


def test_a_good_manifest_is_read_in_yaml_and_in_json() -> None:
    """JSON is YAML."""
    assert read_manifest(yaml.safe_dump(GOOD).encode(), "m") == read_manifest(json.dumps(GOOD).encode(), "m")


def test_top_and_base_default_to_the_outer_ticks() -> None:
    """As the contract says."""
    manifest = read_manifest(changed("depth.top", ...), "m")
    assert (manifest.depth.top_depth, manifest.depth.base_depth) == (250.0, 300.0)


def test_a_bare_date_and_a_bare_number_are_the_text_they_look_like() -> None:
    """YAML would make a date and an integer of them."""
    text = yaml.safe_dump(GOOD).replace("'2010-12-12'", "2010-12-12").replace("15-131-20215", "1513120215")
    well = read_manifest(text.encode(), "m").well
    assert (well.date, well.api) == ("2010-12-12", "1513120215")


@pytest.mark.parametrize("text", ["NO", "0123", "12:30", "2010-12-12", "1_000", "on", "0x1F", "151312021500001234567"])
def test_text_of_the_well_is_as_it_was_written(text: str) -> None:
    """YAML 1.1 would make a truth, an octal, a time, a date or a number of it."""
    document = yaml.safe_dump(GOOD).replace("15-131-20215", text)
    assert read_manifest(document.encode(), "m").well.api == text


@pytest.mark.parametrize(("text", "expected"), [("1e-3", 0.001), ("2", 2.0), ("0.25", 0.25), (".5", 0.5), ("1.", 1.0)])
def test_numbers_are_read_however_they_are_written(text: str, expected: float) -> None:
    """As in JSON and in Python."""
    document = yaml.safe_dump(GOOD).replace("step: 0.5", f"step: {text}")
    assert read_manifest(document.encode(), "m").depth.step == expected


def test_text_is_one_printable_line() -> None:
    """A line end in a header would make a LAS file that nobody reads."""
    well = read_manifest(changed("well.name", " A\n~A 1\t\u0007\u202e B "), "m").well
    assert well.name == "A ~A 1 B"


def test_json_may_be_indented_with_tabs() -> None:
    """YAML may not."""
    assert read_manifest(json.dumps(GOOD, indent="\t").encode(), "m") == read_manifest(changed("well.name", "A 1"), "m")


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("format", "veernet-sheet/2", r"format: .*veernet-sheet/1"),
        ("sauce", "a.tif", r"sauce: unknown key \(did you mean 'source'\?\)"),
        ("tracks.0.curves.0.stile", "solid", r"tracks\[0\]\.curves\[0\]\.stile: unknown key \(did you mean 'style'"),
        ("pages", ["a.tif"], "both source and pages"),
        ("well.api", ..., "neither uwi nor api"),
        ("well.name", ..., r"well\.name: required"),
        ("well.date", "12/12/2010", r"well\.date"),
        ("depth.ticks", [[100, 250], [90, 300]], r"ticks\[1\] is \[90.0, 300.0\]"),
        ("depth.ticks", [[100, 250], [600, 250]], r"ticks\[1\]"),
        ("depth.ticks", [[100, 250]], r"depth\.ticks"),
        ("depth.base", 200, "base 200 does not lie below top 250"),
        ("depth.step", 0, r"depth\.step"),
        ("depth.step", 1e-9, "LAS rows"),
        ("depth.unit", "fathom", r"depth\.unit.*'fathom'"),
        ("tracks.0.right", 0.5, "the edges cross: at row 0"),
        ("tracks.0.right", [[0, 499], [700, 0]], "the edges cross: at row 700"),
        ("tracks.0.right", [[10, 499], [10, 500]], "rows must increase strictly"),
        ("tracks.0.right", "499 px", r"tracks\[0\]\.right"),
        ("tracks.0.scale", "log", "GR goes from 0 to 150 on a log track; both must be positive"),
        ("tracks.0.curves.0.right", 0, "left and right are both 0"),
        ("tracks.0.curves.0.right", float("inf"), r"curves\[0\]\.right"),
        ("tracks.0.curves.1.mnemonic", "gr", "mnemonic gr of track-1 is also in track-1"),
        ("tracks.0.curves.1.mnemonic", "DEPT", "the name of the index"),
        ("tracks.0.curves.1.mnemonic", "A:B", r"curves\[1\]\.mnemonic"),
        ("tracks.0.curves.1.mnemonic", "A\n~A", r"curves\[1\]\.mnemonic"),
        ("tracks.0.curves.1.unit", "API UNITS", r"curves\[1\]\.unit"),
        ("tracks.0.curves.1.style", "wavy", r"curves\[1\]\.style.*'wavy'"),
        (
            "tracks.0.curves",
            GOOD["tracks"][0]["curves"] + [{**GOOD["tracks"][0]["curves"][0], "mnemonic": "SP"}],
            "3 curves",
        ),
        ("tracks", [], "tracks"),
        ("source", "http://169.254.169.254/latest", "'http' is not read"),
        ("source", "file:///etc/passwd", "'file' is not read"),
        ("source", "/vsicurl/http://x", "not the path of a scan"),
        ("source", "<VRTDataset/>", "not the path of a scan"),
        ("source", "GTIFF_DIR:2:a.tif", "is not read|not the path of a scan"),
        ("source", "MEM:::DATAPOINTER=1", "is not read|not the path of a scan"),
        ("source", "/etc/passwd", "beside the manifest"),
        ("source", "../other/a.tif", "beside the manifest"),
        ("source", "s3://key:secret@bucket/a.tif", "without credentials"),
        ("source", "s3://bucket", "no bucket and key"),
        ("tracks.0.curves.0.left", True, r"curves\[0\]\.left"),
        ("tracks.0.curves.0.left", "0", r"curves\[0\]\.left.*'0'"),
        ("well.location", 1.50, r"well\.location: .*quotes"),
        ("well.location", False, r"well\.location"),
    ],
)
def test_a_manifest_that_breaks_the_contract_is_refused(path: str, value: Any, found: str) -> None:
    """Naming the file and the key, and what would do."""
    with pytest.raises(ManifestError, match=found) as caught:
        read_manifest(changed(path, value), "well.sheet.yaml")
    assert str(caught.value).startswith("well.sheet.yaml: ")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", "not a mapping"),
        (b"- a\n- b\n", "not a mapping"),
        (b"\xff\xfe\x00broken", "not readable"),
        (b"a: [1, 2", "not readable"),
        (b"format: a\nformat: b\n", "'format' stands twice"),
        (b'{"format": "a", "well": {"api": "1", "api": "2"}}', "'api' stands twice"),
        (b"[" * 100_000, "not readable"),
        (b'{"a":' * 50_000, "not readable"),
        (b"a: &x [1]\nb: *x\n", "aliases"),
        (b"!!python/object/apply:os.system ['true']", "not readable"),
        (b" " * (MAX_BYTES + 1), "no manifest"),
    ],
)
def test_a_file_that_is_no_manifest_is_refused(text: bytes, found: str) -> None:
    """And nothing in it is run."""
    with pytest.raises(ManifestError, match=found):
        read_manifest(text, "m.sheet.yaml")


@given(st.binary(max_size=400))
def test_no_bytes_whatever_make_it_fail_otherwise(text: bytes) -> None:
    """A manifest is read or refused."""
    try:
        read_manifest(text, "m")
    except ManifestError as error:
        assert str(error).startswith("m: ")  # noqa: PT017 - the only failure there may be


def test_the_schema_explains_every_key() -> None:
    """So that an editor can help."""
    schema = json_schema()
    parts = {"SheetManifest": schema, **schema["$defs"]}
    keys = [(part, key, value) for part in parts for key, value in parts[part]["properties"].items()]
    assert [] == [f"{part}.{key}" for part, key, value in keys if not value.get("description")]
    assert schema["properties"]["format"]["const"] == "veernet-sheet/1"
    assert "comes back at the other" in schema["$defs"]["Curve"]["properties"]["wrap"]["description"]
    json.dumps(schema)


@pytest.mark.skipif(not SCANS.is_dir(), reason=f"NO REAL SCANS at {SCANS}: the real manifests are not read")
@pytest.mark.parametrize("name", ["kinney-heinen", "wohlford-gr"])
def test_the_real_manifests_are_read(name: str) -> None:
    """Both sheets of the evaluation set."""
    manifest = read_manifest((SCANS / f"{name}.sheet.yaml").read_bytes(), name)
    assert manifest.source == f"{name}.tif"

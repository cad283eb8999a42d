"""What fuzzing found is mended for good, and what fuzzing asks of the readers and the writer holds for inputs made another way."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import las as las_target
from fuzz import manifest as manifest_target
from fuzz import scan as scan_target
from fuzz import weights as weights_target
from fuzz.drawn import document_of, document_with, places_in

GROUP, FIELD = "\x1d", "\x1f"


def manifest_with(value: Any, *way: str | int) -> bytes:
    """A drawn sheet's manifest with one of its values set."""
    return json.dumps(document_with(document_of(1), value, *way)).encode()


def las_with(*groups: list[str]) -> bytes:
    """The LAS target's input."""
    return GROUP.join(FIELD.join(group) for group in groups).encode()


FOUND_MANIFESTS = {
    "key that speaks to a terminal": manifest_with(1, "\x1b[31m\nFAKE: done"),
    "key of 400 kB": manifest_with(1, "x" * 400_000),
    "unit that speaks to a terminal": manifest_with("\x1b[2J", "tracks", 0, "curves", 0, "unit"),
    "unit that turns the line": manifest_with("\u202e", "tracks", 0, "curves", 0, "unit"),
    "curve that says what is NULL": manifest_with("Null", "tracks", 0, "curves", 0, "mnemonic"),
    "broken YAML that is quoted": "{a: b\ufeff c: d: e}".encode(),
}


@pytest.mark.parametrize("data", FOUND_MANIFESTS.values(), ids=FOUND_MANIFESTS)
def test_manifests_that_fuzzing_found_are_read_or_refused_in_a_line(data: bytes) -> None:
    """Keys and units of a stranger once went as they were into messages, terminals and the LAS file's curves."""
    manifest_target.check(data)


OPTIONS, WELL = ["2.0", "1", "ft", "0.5", "250"], ["A 1", "15-131-20215"]


FOUND_LOGS = {
    "narrow scale": las_with(OPTIONS, WELL, ["C", "GR", "", "", "linear", "0", "1e-322", "1 2"]),
    "wide scale": las_with(OPTIONS, WELL, ["C", "GR", "", "", "linear", "-1e308", "1e308", "1 2"]),
    "wide log scale": las_with(OPTIONS, WELL, ["C", "ILD", "", "", "log", "1e-300", "1e308", "1 2"]),
    "wide log scale turned": las_with(OPTIONS, WELL, ["C", "ILD", "", "", "log", "1e308", "1e-300", "1 2"]),
    "depths of 300 digits": las_with(["2.0", "", "ft", "1e298", "1e300"], WELL),
    "step of 200 digits": las_with(["2.0", "", "ft", "1e231", "0"], WELL),
    "two dots in a unit": las_with(OPTIONS, WELL, ["C", "GR", "a..b", "", "linear", "0", "150", "1"]),
    "parameter with everything long": las_with(OPTIONS, WELL, ["P", "x" * 99, "x" * 99, "x" * 999, "x" * 99]),
    "parameters of one name": las_with(OPTIONS, WELL, ["P", "A", "", "1"], ["P", "a"], ["P", "a_2"], ["P", "A"]),
    "parameters that say how to read": las_with(
        OPTIONS, WELL, ["P", "NULL", "", "7"], ["P", "DLM", "", "TAB"], ["C", "GR", "", "", "", "0", "1", "7"]
    ),
    "curve that says what is NULL": las_with(OPTIONS, WELL, ["C", "NULL", "", "", "linear", "0", "150", "7"]),
    "well named like a section": las_with(OPTIONS, ["~ASCII", "", "1"]),
}


@pytest.mark.parametrize("data", FOUND_LOGS.values(), ids=FOUND_LOGS)
def test_logs_that_fuzzing_found_are_written_as_meant_or_refused(data: bytes) -> None:
    """Scales and depths that only a slip of the pen gives, and texts of every length, once broke the writer or its lines."""
    las_target.check(data)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None)
@given(way=st.sampled_from(places_in(document_of(1))[1:]), value=JSON_VALUES)
def test_any_value_anywhere_in_a_manifest_is_read_or_refused(way: tuple[str | int, ...], value: Any) -> None:
    """A manifest keeps its contract, or the refusal is one printable line; nothing else comes out."""
    manifest_target.check(manifest_with(value, *way))


TEXT = st.text(max_size=60) | st.sampled_from(las_target.TOKENS.split())
CURVES = st.tuples(
    st.just("C"),
    TEXT,
    TEXT,
    TEXT,
    st.sampled_from(["linear", "log"]),
    *[st.floats().map(str)] * 2,
    st.floats().map(str),
)
ITEMS = st.tuples(st.just("P"), TEXT, TEXT, TEXT, TEXT) | st.tuples(st.just("O"), TEXT, TEXT)
LOG_OPTIONS = st.tuples(
    st.sampled_from(["1.2", "2.0"]),
    st.sampled_from(["", "1"]),
    st.sampled_from(["ft", "m"]),
    st.floats().map(str),
    st.floats().map(str),
)


@settings(max_examples=150, deadline=None)
@given(options=LOG_OPTIONS, well=st.lists(TEXT, max_size=12), groups=st.lists(CURVES | ITEMS, max_size=5))
def test_any_log_is_written_as_meant_or_refused(
    options: tuple[str, ...], well: list[str], groups: list[tuple[str, ...]]
) -> None:
    """No text opens a section or adds a line, every value stands within its resolution or is NULL and counted."""
    las_target.check(las_with(list(options), well, *map(list, groups)))


WEIGHTS = next(seed for seed in weights_target.seeds() if not seed.startswith(b"R"))
HEADER, TENSORS = json.loads(WEIGHTS.partition(b"\0")[0]), WEIGHTS.partition(b"\0")[2]


def weights_with(tensors: bytes = TENSORS, header: dict[str, str] | None = None, **body: Any) -> bytes:
    """A small network's weights file with something else in its header, or in the body that this asks for."""
    about = HEADER["__metadata__"]
    about = {**about, "body": json.dumps({**json.loads(about["body"]), **body}), **(header or {})}
    return json.dumps({**HEADER, "__metadata__": about}).encode() + b"\0" + tensors


FOUND_WEIGHTS = {
    "layers of 90 GB": weights_with(channels=[50_000] * 4),
    "infinite width": weights_with(header={"body": '{"width": 1e999, "channels": [2, 2, 2, 2], "heads": 1}'}),
    "heads that do not divide": weights_with(heads=3),
    "no heads": weights_with(heads=0),
    "width of no tokens": weights_with(width=33),
    "no curves": weights_with(header={"curves": "0"}),
    "header that speaks to a terminal": weights_with(header={"curves": "\x1b[2J"}),
    "no tensors": json.dumps({"__metadata__": HEADER["__metadata__"]}).encode(),
}


@pytest.mark.parametrize("data", FOUND_WEIGHTS.values(), ids=FOUND_WEIGHTS)
def test_weights_that_fuzzing_found_are_refused(data: bytes) -> None:
    """Nothing is allocated for what a header merely claims, and what is loaded runs."""
    assert "a network" not in weights_target.check(data)


@settings(max_examples=40, deadline=None)
@given(
    key=st.sampled_from(sorted(HEADER["__metadata__"])),
    value=st.text(max_size=9) | st.integers().map(str),
    cut=st.integers(0, 99),
)
def test_any_header_of_weights_makes_a_network_or_is_refused(key: str, value: str, cut: int) -> None:
    """Whatever it asks for, however short the tensors are."""
    weights_target.check(weights_with(TENSORS[: len(TENSORS) - cut], header={key: value}))


CASES = Path(__file__).with_name("fuzz_cases")


def tall_scan(rows: int, compression: int = 5, stored_bytes: int = 4, parts: int = 1) -> bytes:
    """A TIFF of one column and one strip, whose data are a few bytes."""
    tags = {256: 1, 257: rows, 258: 8, 259: compression, 262: 1, 273: 8, 277: parts, 278: rows, 279: stored_bytes}
    entries = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in tags.items())
    return b"II*\0" + struct.pack("<I", 12) + b"\x80\0\0\0" + struct.pack("<H", len(tags)) + entries + bytes(4)


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ((CASES / "deflate-too-long.tif").read_bytes(), "their checksum"),
        (tall_scan(2_000_000_000), "claims columns"),
        (tall_scan(9, parts=20_000), "pixels parts"),
        (tall_scan(9, compression=8, stored_bytes=2**32 - 1), "their checksum"),
    ],
    ids=[
        "deflate that damage made longer",
        "two thousand million rows",
        "twenty thousand colours",
        "strip of 4 GB in 200 bytes",
    ],
)
def test_scans_that_fuzzing_found_are_refused(data: bytes, found: str) -> None:
    """GDAL gives the end of the one from memory, other pixels each time, and of the other every row would be asked after."""
    assert found in scan_target.check(data)


SCANS = list(scan_target.seeds())


def test_a_scan_whose_pieces_hold_more_than_it_claims_reads_the_same_each_time() -> None:
    """GDAL would otherwise give what lay in memory for the end of a piece whose stream goes on beyond it."""
    as_it_is, narrower = (struct.pack("<HHII", 256, 3, 1, width) for width in (56, 53))
    narrow = [scan.replace(as_it_is, narrower) for scan in SCANS if as_it_is in scan]
    assert len(narrow) > 20
    for scan in narrow:
        scan_target.check(scan)


@settings(max_examples=60, deadline=None)
@given(
    scan=st.sampled_from(SCANS), place=st.floats(0, 1), other=st.binary(min_size=1, max_size=4), cut=st.integers(0, 3)
)
def test_any_damage_to_a_scan_is_read_around_or_refused(scan: bytes, place: float, other: bytes, cut: int) -> None:
    """However a damaged file is read, it gives the same pixels, or is refused each time."""
    at = int(place * len(scan))
    scan_target.check(scan[:at] + other + scan[at + len(other) + (0, 0, 0, 9)[cut] :])


@pytest.mark.parametrize("target", [manifest_target, las_target, scan_target, weights_target])
def test_every_seed_is_sound(target: Any) -> None:
    """What fuzzing begins with breaks nothing."""
    seeds = list(target.seeds())
    assert seeds
    for seed in seeds:
        target.check(seed)

"""The page to put a draft right, in a real browser: what a person does there is what the saved manifest says."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cv2
import numpy as np
import pytest
from browser import colour, expect, press, settle

from veernet.errors import ManifestError, SourceMissingError, StorageError
from veernet.location import resolve
from veernet.register.draft import Draft
from veernet.register.page import SUFFIX, write_page
from veernet.register.page_server import edit_server, editables_below
from veernet.review.tiles import TILE_ROWS
from veernet.sheets.geometry import sheet_geometries
from veernet.sheets.manifest import SheetManifest, read_manifest
from veernet.sheets.raster import Band

ROWS, WIDTH, GUTTER = 3000, 900, 116
FIRST_TICK_ROW, FIRST_DEPTH = 400, 1000  # 10 px a foot, a printed depth every 10 ft
HOSTILE = "</script><script>window.taken = true</script><img src=x onerror='window.taken = true'>{{sheet}}"


def sure(value: Any, confidence: float = 0.99, why: str = "") -> dict[str, Any]:
    """A value as a draft has it."""
    return {"value": value, "confidence": confidence, "why": why}


def curve(mnemonic: str, left: float, right: float, **other: Any) -> dict[str, Any]:
    """A curve of a draft."""
    found = {
        "mnemonic": mnemonic,
        "unit": "GAPI",
        "style": "solid",
        "left": left,
        "right": right,
        "wrap": False,
        **other,
    }
    return {key: value if isinstance(value, dict) else sure(value) for key, value in found.items()}


def track(name: str, left: float, right: float, *curves: dict[str, Any], scale: str = "linear") -> dict[str, Any]:
    """A track of a draft, with straight edges."""
    return {
        "name": name, "left": [[0.0, left]], "right": [[0.0, right]], "edges_confidence": 0.99, "scale": sure(scale),
        "curves": list(curves), "curve_count": sure(len(curves)),
    }  # fmt: skip


def row_of(depth: float) -> float:
    """Row at which a depth is printed."""
    return FIRST_TICK_ROW + 10.0 * (depth - FIRST_DEPTH)


def drafted() -> dict[str, Any]:
    """A draft of which nothing is doubtful: header to row 300, main pass to row 2300, repeat to row 2900, tail."""
    depths = range(FIRST_DEPTH, 1181, 10)
    ends = [("header", 0, 200), ("scale", 200, 300), ("main", 300, 2300), ("repeat", 2300, 2900), ("tail", 2900, ROWS)]
    label = {"confidence": 0.9, "used": True, "section": 2}
    return {
        "source": "a.tif", "width_px": WIDTH, "rows": ROWS, "dpi": sure(120.0), "main": 2, "depth_column": [402, 498],
        "sections": [{"kind": kind, "first_row": top, "end_row": end, "confidence": 0.99} for kind, top, end in ends],
        "depth": {
            "confidence": 0.99, "unit": sure("ft"), "top": sure(1000.0), "base": sure(1180.0), "line_step": sure(2.0),
            "ticks": [{"row_px": row_of(depth), "depth": depth, "confidence": 0.99, "on_line": True} for depth in depths],
        },
        "labels": [
            {**label, "box": {"top_row": row_of(depth) - 9, "left_px": 425, "end_row": row_of(depth) + 9, "end_px": 475},
             "row_px": row_of(depth), "text": str(depth), "number": depth, "depth": depth}
            for depth in depths
        ],
        "tracks": [
            track("track-1", 50.0, 400.0, curve("GR", 0, 150, wrap=True), curve("CALI", 6, 16, style="dashed", unit="IN")),
            track("track-2", 500.0, 850.0, curve("RES", 0.2, 2000, unit="OHMM"), scale="log"),
        ],
        "well": {"name": sure("Test 1"), "api": sure("15-131"), "company": sure("Kinney")},
    }  # fmt: skip


def scan(rows: int = ROWS, width: int = WIDTH) -> np.ndarray:
    """Darkness of a paper that the draft is true of: a line 3 px thick every 10 ft, and the depths in figures."""
    paper = np.zeros((rows, width), np.uint8)
    for depth in range(FIRST_DEPTH, 1181, 10):
        row = int(row_of(depth))
        for left, right in ((50, 400), (500, 850)):
            paper[row - 1 : row + 2, left:right] = 255
        cv2.putText(paper, str(depth), (427, row + 6), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 2)
    for column in (50, 400, 500, 850):
        paper[300:2900, column] = 255
    return np.where(paper > 127, 255, 0).astype(np.uint8)


def bands_of(paper: np.ndarray) -> Any:
    """A scan's rows, as `Scan.bands` gives them."""

    def bands(*, first_row: int, end_row: int) -> Iterator[Band]:
        for start in range(first_row, min(end_row, len(paper)), 500):
            yield Band(start, paper[start : min(start + 500, end_row)])

    return bands


@pytest.fixture
def opened(pages: Any, tmp_path: Path) -> Any:
    """A function that writes a draft's page and opens it."""

    def open_page(
        draft: dict[str, Any] | None = None, paper: np.ndarray | None = None, width: int = 1400, **other: Any
    ) -> Any:
        bands, found = bands_of(scan() if paper is None else paper), Draft.model_validate(draft or drafted())
        path = write_page(bands, found, tmp_path, "a", **other)
        page = pages.open(path, width)
        settle(page)
        return page

    return open_page


def saved(page: Any, presses: int = 1) -> SheetManifest:
    """What the page saves, read as every run reads it."""
    for _ in range(presses - 1):
        press(page, "Control+s")
    with page.expect_download() as download:
        page.keyboard.press("Control+s")
    assert "a.sheet.yaml" == download.value.suggested_filename
    return read_manifest(Path(download.value.path()).read_bytes(), "a.sheet.yaml")


def said(page: Any) -> Any:
    """Where the page says what it did or wants."""
    return page.get_by_role("status")


def to_check(page: Any) -> list[str]:
    """What the page has left to check."""
    return page.locator("#stops button").all_text_contents()


def in_window(page: Any, column: float, row: float) -> tuple[float, float]:
    """Where in the canvas a px of the scan is shown."""
    return tuple(page.evaluate("([column, row]) => [cssX(column), cssY(row)]", [column, row]))


def show(page: Any, row: float) -> None:
    """Scroll to a row at 1:1."""
    page.get_by_role("button", name="1:1").click()
    page.evaluate("(row) => centre(Y(row))", row)
    settle(page)


def drag(page: Any, start: tuple[float, float], down: float, across: float = 0.0) -> None:
    """Drag from a px of the scan by so many of them, at 1:1."""
    x, y = in_window(page, *start)
    box = page.locator("#log").bounding_box()
    page.mouse.move(box["x"] + x, box["y"] + y)
    page.mouse.down()
    for part in (0.5, 1.0):
        page.mouse.move(box["x"] + x + part * across, box["y"] + y + part * down)
        settle(page)
    page.mouse.up()
    settle(page)


def click(page: Any, column: float, row: float) -> None:
    """Click a px of the scan."""
    x, y = in_window(page, column, row)
    page.locator("#log").click(position={"x": x, "y": y})
    settle(page)


def point(page: Any, column: float, row: float) -> None:
    """Hold the pointer over a px of the scan."""
    x, y = in_window(page, column, row)
    page.locator("#log").hover(position={"x": x, "y": y})
    settle(page)


def fill(page: Any, label: str, text: str) -> None:
    """Type into a field and leave it."""
    page.get_by_label(label, exact=True).fill(text)
    page.locator("#view").focus()
    settle(page)


def test_a_sheet_is_registered_from_its_draft_in_a_dozen_keys_and_three_words(opened: Any) -> None:
    """Next, a number typed, a tick put on its line, a curve renamed, the rest accepted, saved: and the manifest is right."""
    draft = drafted()
    del draft["well"]["api"]
    draft["depth"]["ticks"][7]["row_px"] += 6
    draft["tracks"][0]["curves"][1]["mnemonic"] = sure("dCAL", 0.6, "no known mnemonic")
    draft["tracks"][1]["curves"][0]["right"] = sure(200.0, 0.5, "a digit may be lost")
    draft["tracks"][1]["edges_confidence"] = 0.8
    page = opened(draft)
    actions = 0

    def act(*keys: str, text: str = "") -> None:
        nonlocal actions
        page.keyboard.type(text)
        press(page, *keys)
        actions += len(keys) + (1 if text else 0)

    act("n")
    expect(said(page)).to_contain_text("Well, API number: neither UWI nor API number is given")
    act("Enter", text="15-131")
    expect(said(page)).to_contain_text("Tick 1070 ft: it lies 6 px below where its neighbours put it")
    act("l")
    expect(page.locator("#tick-off")).to_contain_text("0.0 px off its neighbours")
    act("Enter")
    expect(said(page)).to_contain_text("track-1, dCAL, name: no known mnemonic")
    act("Enter", text="CALI")
    expect(said(page)).to_contain_text("track-2, edges")
    act("Enter")
    expect(said(page)).to_contain_text("track-2, RES, right: a digit may be lost")
    act("Enter", text="2000")
    expect(said(page)).to_have_text("Nothing is left to check. Save (s).")
    with page.expect_download() as download:
        act("s")
    manifest = read_manifest(Path(download.value.path()).read_bytes(), "a")
    assert (
        SheetManifest.model_validate(
            Draft.model_validate(drafted() | {"well": draft["well"] | {"api": sure("15-131")}}).to_manifest()
        )
        == manifest
    )
    assert actions <= 12


def test_a_draft_without_doubts_is_saved_as_it_is(opened: Any) -> None:
    """The manifest is the draft's own, and the page says that there is nothing to check."""
    page = opened()
    expect(page.locator("#standing")).to_have_text("nothing left to check")
    assert SheetManifest.model_validate(Draft.model_validate(drafted()).to_manifest()) == saved(page)


def test_a_dragged_tick_takes_depth_with_it_and_comes_back(opened: Any) -> None:
    """The ruler follows while it is dragged; one undo takes the whole drag back, redo does it again."""
    page = opened()
    show(page, row_of(1050))
    click(page, 300, row_of(1055))
    drag(page, (300, row_of(1050)), 20)
    depth_there = "depthOf(900)"
    assert 1040 + 100 / 12 == pytest.approx(page.evaluate(depth_there), abs=0.05)
    expect(page.locator("#tick-off")).to_contain_text("+20.0 px off its neighbours, 12.00 | 8.00 px/ft")
    press(page, "z")
    assert 1050 == pytest.approx(page.evaluate(depth_there), abs=1e-6)
    press(page, "y")
    assert (920, 1050) == pytest.approx(saved(page).depth.ticks[5], abs=0.05)


def test_arrows_move_by_a_px_and_with_shift_by_a_tenth(opened: Any) -> None:
    """Ticks up and down, edges left and right; what is not selected stays."""
    page = opened()
    show(page, row_of(1050))
    click(page, 300, row_of(1050))
    press(page, "ArrowDown", "ArrowDown", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowDown")
    click(page, 400, row_of(1055))
    press(page, "ArrowRight", "Shift+ArrowLeft")
    manifest = saved(page)
    assert (901.2, 1050) == manifest.depth.ticks[5]
    assert (50, 400.9) == (manifest.tracks[0].left, manifest.tracks[0].right)
    assert (500, 850) == (manifest.tracks[1].left, manifest.tracks[1].right)


def test_a_tick_that_is_off_shows_as_a_jump_and_a_misread_number_does_not(opened: Any) -> None:
    """The one is to be checked, red in the gutter and across the rail; the other is marked beside its number alone."""
    draft = drafted()
    draft["depth"]["ticks"][7]["row_px"] += 6
    draft["labels"][12] |= {"text": "1126", "number": 1126}
    page = opened(draft)
    assert ["Tick 1070 ft it lies 6 px below where its neighbours put it"] == to_check(page)
    show(page, row_of(1070))
    assert [192, 28, 40] == colour(page, "log", 21, in_window(page, 0, row_of(1065))[1])  # too long above it
    assert [192, 28, 40] != colour(page, "log", 21, in_window(page, 0, row_of(1045))[1])
    expect(page.locator("#agree")).to_have_text("Of 19 numbers as read 17 agree within 3 px, 2 do not.")
    show(page, row_of(1120))
    click(page, 426, row_of(1120) - 8)
    expect(page.locator("#selected")).to_contain_text("By the ticks 1120.0 stands here, not 1126.")


def test_ticks_are_added_typed_and_removed(opened: Any) -> None:
    """A tick at the pointer takes the number printed there; digits go to the selected tick; Delete removes it."""
    draft = drafted()
    del draft["depth"]["ticks"][5]
    page = opened(draft)
    show(page, row_of(1050))
    point(page, 300, row_of(1050) + 4)
    press(page, "t", "Enter")
    click(page, 300, row_of(1060))
    press(page, "Delete")
    click(page, 300, row_of(1030))
    press(page, "1")
    page.keyboard.type("031")
    press(page, "Enter")
    ticks = saved(page, 2).depth.ticks
    assert (row_of(1050), 1050) in ticks
    assert [1000, 1010, 1020, 1031, 1040, 1050, 1070] == [depth for _, depth in ticks][:7]


def test_depths_that_are_all_wrong_by_the_same_are_shifted_at_once(opened: Any) -> None:
    """The number of one tick is typed, and the others, top and base get the same change."""
    page = opened()
    show(page, row_of(1050))
    click(page, 300, row_of(1050))
    press(page, "2")
    page.keyboard.type("050")
    press(page, "Enter")
    page.get_by_role("button", name="Shift all").click()
    depth = saved(page, 2).depth
    assert [2000 + 10 * step for step in range(19)] == [at for _, at in depth.ticks]
    assert (2000, 2180) == (depth.top, depth.base)


def test_an_edge_moves_whole_or_by_one_of_its_points(opened: Any) -> None:
    """Dragged away from a point the edge moves as it is; b puts a point on it, which moves alone and can be removed."""
    page = opened()
    show(page, 1000)
    drag(page, (500, 1010), 0, 7)
    assert 507 == saved(page).tracks[1].left
    click(page, 507, 1010)
    point(page, 507, 900)
    press(page, "b")
    point(page, 507, 1100)
    press(page, "b")
    drag(page, (507, 1100), 4, -5)
    np.testing.assert_allclose(saved(page).tracks[1].left, [(0, 507), (900, 507), (1104, 502)], atol=0.01)
    press(page, "Delete")
    assert 507 == saved(page).tracks[1].left


def test_rows_that_are_marked_as_a_repeat_are_not_registered(opened: Any) -> None:
    """A cut at the pointer begins a section; what is not the main pass loses its ticks, and a base below it is refused."""
    page = opened()
    show(page, 1705)
    point(page, 300, 1705)
    press(page, "x")
    expect(page.get_by_label("Kind of section 4").last).to_have_value("other")
    page.get_by_label("Kind of section 4").last.select_option("repeat")
    fill(page, "Last depth", "1130")
    depth = saved(page).depth
    assert (1700, 1130) == depth.ticks[-1]
    assert 1130 == depth.base
    fill(page, "First row of section 3", "250")
    edges = "state.sections.map(({ first_row, end_row }) => [first_row, end_row])"
    assert [[200, 250], [250, 1705]] == page.evaluate(edges)[1:3]
    press(page, "z")
    assert [[200, 300], [300, 1705]] == page.evaluate(edges)[1:3]
    page.get_by_label("Kind of section 5").select_option("main")
    settle(page)
    expect(page.get_by_label("Kind of section 3")).to_have_value("other")


def test_fields_are_checked_as_they_are_typed(opened: Any) -> None:
    """Each breach is told in words at its field and in the list; nothing is saved before all are put right."""
    page = opened()
    page.get_by_label("Name, curve 1 of track-1").fill("CALI")
    page.get_by_label("Left, curve 1 of track-2").fill("-1")
    page.get_by_label("Unit, curve 2 of track-1").fill("in ch")
    page.get_by_label("Well, date").fill("June")
    settle(page)
    assert ["Well, date", "track-1, CALI, unit"] == [text.split(" “")[0] for text in to_check(page)]
    fill(page, "Well, date", "2010-12-12")
    fill(page, "Unit, curve 2 of track-1", "IN")
    assert [
        "track-1, CALI, name CALI is also in track-1; give each curve its own name",
        "track-2, RES, left -1 to 2000 on a log track; both must be positive",
    ] == to_check(page)
    expect(page.get_by_label("Left, curve 1 of track-2")).to_have_attribute("aria-invalid", "true")
    press(page, "s")
    expect(said(page)).to_contain_text("Not saved. track-1, CALI, name")
    fill(page, "Name, curve 1 of track-1", "GR")
    fill(page, "Left, curve 1 of track-2", "0,2")
    assert [0.2, "2010-12-12"] == [saved(page).tracks[1].curves[0].left, saved(page).well.date]


def test_doubts_are_saved_only_when_asked_for_twice(opened: Any) -> None:
    """The first time the page says what is left; a change in between asks anew."""
    draft = drafted()
    draft["depth"]["unit"] = sure("ft", 0.7, "no word says so")
    page = opened(draft)
    press(page, "s")
    expect(said(page)).to_contain_text("Not saved yet: 1 still to check, first Depth, unit.")
    fill(page, "Well, county", "Nemaha")
    press(page, "s")
    expect(said(page)).to_contain_text("Not saved yet")
    assert "ft" == saved(page).depth.unit
    page.get_by_label("Depth unit").select_option("m")
    settle(page)
    assert ("m", 0.1) == (saved(page).depth.unit, saved(page).depth.step)
    assert [] == to_check(page)


def test_curves_and_tracks_are_added_removed_and_left_out(opened: Any) -> None:
    """A track of three curves is not digitised unless one is taken out; a new track has its edges on the scan."""
    draft = drafted()
    draft["tracks"][1]["curves"] = [curve(name, 1, 1000) for name in ("ILD", "ILM", "SFLU")]
    draft["tracks"][1]["curve_count"] = sure(3)
    page = opened(draft)
    expect(page.locator("#edges-1")).to_contain_text("3 curves are drawn: not yet digitised")
    assert ["track-1"] == [one.name for one in saved(page).tracks]
    page.get_by_label("track-2, digitise").check()
    settle(page)
    assert [
        "track-2, curves 3 curves; one or two of a track can be told apart today: remove the others, or do not digitise this track"
    ] == to_check(page)
    page.get_by_label("Remove curve 2 of track-2").click()
    settle(page)
    assert ["ILD", "SFLU"] == [one.mnemonic for one in saved(page).tracks[1].curves]
    page.get_by_role("button", name="Add a track").click()
    page.locator("#track-2").get_by_role("button", name="Add a curve").click()
    for label, text in (("Name", "SP"), ("Left", "-80"), ("Right", "20")):
        fill(page, f"{label}, curve 1 of track-3", text)
    page.get_by_label("Style, curve 1 of track-3").select_option("dotted")
    settle(page)
    track = saved(page).tracks[2]
    assert (-80, 20, "dotted", "linear") == (
        *(getattr(track.curves[0], key) for key in ("left", "right", "style")),
        track.scale,
    )
    page.get_by_label("Remove track-1").click()
    settle(page)
    assert ["track-2", "track-3"] == [one.name for one in saved(page).tracks]


def test_a_scan_of_which_nothing_was_found_is_registered_by_hand(opened: Any) -> None:
    """Two ticks, a track with its edges dragged to their lines, a curve and the well's names make a manifest."""
    page = opened({key: drafted()[key] for key in ("source", "width_px", "rows")}, width=1600)
    missing = ["Well, name", "Well, API number", "Main section", "Depth, unit", "Depth ticks", "Tracks"]
    assert all(any(told.startswith(name) for told in to_check(page)) for name in missing), to_check(page)
    show(page, row_of(1050))
    for depth in (1040, 1070):
        point(page, 300, row_of(depth) + 3)
        press(page, "t")
        page.keyboard.type(str(depth))
        press(page, "Enter")
    page.get_by_role("button", name="Add a track").click()
    settle(page)
    drag(page, (10, 1000), 0, 40)
    drag(page, (899, 1000), 0, -499)
    press(page, "l")  # of an edge it means nothing, and does nothing
    for depth in (1040, 1070):
        click(page, 300, row_of(depth) + 3)
        press(page, "l")
        expect(page.get_by_label("Row of the tick")).to_have_value(f"{row_of(depth):.0f}")
    page.get_by_role("button", name="Add a curve").click()
    for label, text in (
        ("Name, curve 1 of track-1", "GR"),
        ("Left, curve 1 of track-1", "0"),
        ("Right, curve 1 of track-1", "150"),
        ("Well, name", "A"),
        ("Well, UWI", "1"),
    ):
        fill(page, label, text)
    page.get_by_label("Depth unit").select_option("ft")
    settle(page)
    manifest = saved(page, 2)
    assert ((800, 1040), (1100, 1070)) == manifest.depth.ticks
    (track,) = manifest.tracks
    assert (50, 400, "GR") == (track.left, track.right, track.curves[0].mnemonic)


WHOLE: dict[str, Any] = {
    "format": "veernet-sheet/1", "source": "a.tif", "well": {"name": "Test 1", "api": "1"},
    "depth": {"unit": "ft", "step": 0.5, "top": 1000.0, "base": 1100.0, "ticks": [[400.0, 1000.0], [900.0, 1050.0], [1400.0, 1100.0]]},
    "tracks": [
        {"name": "one", "left": [[0.0, 50.0], [1000.0, 55.0]], "right": 400.0, "scale": "linear", "curves": [{"mnemonic": "GR", "style": "solid", "left": 0.0, "right": 150.0}]},
        {"name": "two", "left": 500.0, "right": 850.0, "scale": "log", "curves": [{"mnemonic": "RES", "style": "dashed", "unit": "OHMM", "left": 0.2, "right": 20.0, "wrap": True}]},
    ],
}  # fmt: skip
GONE = object()
BROKEN: list[tuple[str, Any]] = [
    ("well.name", GONE), ("well.name", ""), ("well.name", "x" * 201), ("well.api", GONE), ("well.date", "12/12/2010"), ("depth.unit", "feet"), ("depth.unit", GONE),
    ("depth.step", 0.0), ("depth.step", GONE), ("depth.step", 1e-6), ("depth.top", 1100.0), ("depth.top", 900.0), ("depth.base", 1400.0), ("depth.base", "deep"),
    ("depth.ticks", []), ("depth.ticks", [[400.0, 1000.0]]), ("depth.ticks.1.0", 400.0), ("depth.ticks.1.1", 1000.0), ("depth.ticks.1.1", 1100.0), ("tracks", []),
    ("tracks.0.name", ""), ("tracks.0.left", []), ("tracks.0.left", [[5.0, 50.0], [5.0, 51.0]]), ("tracks.0.left", 399.5), ("tracks.0.left", 390.0), ("tracks.0.left.1.1", 410.0),
    ("tracks.0.left", -2.0), ("tracks.1.right", 901.0), ("tracks.0.right", [[0.0, 400.0], [1.0, 20.0], [2.0, 400.0]]), ("tracks.0.scale", "log10"), ("tracks.0.scale", "log"),
    ("tracks.0.curves", []), ("tracks.0.curves", [{"mnemonic": name, "style": "solid", "left": 0.0, "right": 1.0} for name in "ABC"]),
    ("tracks.0.curves.0.mnemonic", "G R"), ("tracks.0.curves.0.mnemonic", "res"), ("tracks.0.curves.0.mnemonic", "depth"), ("tracks.0.curves.0.mnemonic", GONE), ("tracks.0.curves.0.style", "dash"),
    ("tracks.0.curves.0.unit", "a.b"), ("tracks.0.curves.0.left", 150.0), ("tracks.0.curves.0.left", GONE), ("tracks.0.curves.0.left", "0"), ("tracks.0.curves.0.wrap", "perhaps"),
    ("tracks.1.curves.0.left", 0.0), ("tracks.1.curves.0.right", -20.0), ("tracks.0.curves.0.colour", "red"),
]  # fmt: skip
SOUND: list[tuple[str, Any]] = [
    ("well.name", "Test 1"), ("well.field", "Wildcat"), ("depth.top", GONE), ("depth.base", GONE), ("depth.unit", "m"), ("tracks.0.left", -1.0), ("tracks.1.right", 900.0), ("tracks.0.left", 376.0),
    ("tracks.0.curves.0.unit", ""), ("tracks.0.curves.0.description", "Gamma Ray"), ("tracks.0.curves.0.left", 300.0), ("tracks.1.curves.0.left", 2000.0), ("depth.ticks.1.0", 1399.0),
]  # fmt: skip


def changed(path: str, value: Any) -> dict[str, Any]:
    """The whole manifest with one value replaced."""
    document: dict[str, Any] = copy.deepcopy(WHOLE)
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    part: Any = document
    for step in steps:
        part = part[step]
    if value is GONE:
        del part[last]
    else:
        part[last] = value
    return document


def refused(document: dict[str, Any]) -> bool:
    """Whether a run would refuse it for this scan."""
    try:
        sheet_geometries(SheetManifest.model_validate(document), WIDTH, ROWS, "a")
    except (ManifestError, ValueError):
        return True
    return False


def test_the_page_refuses_what_a_run_refuses_and_nothing_else(opened: Any) -> None:
    """Every breach of the manifest's rules is found by the page's, at its field; what is sound passes both."""
    page = opened()
    for path, value in BROKEN:
        assert refused(changed(path, value)), path
        found = page.evaluate("(manifest) => problemsOf(manifest)", changed(path, value))
        assert found, (path, value)
        parts = path.split(".")
        assert any(one["path"].startswith(parts[0]) and len(one["why"]) > 10 for one in found), (path, found)
    for path, value in SOUND:
        assert not refused(changed(path, value)), path
        assert [] == page.evaluate("(manifest) => problemsOf(manifest)", changed(path, value)), path


def test_the_next_page_goes_on_from_the_saved_manifest(opened: Any) -> None:
    """What was saved stands in the page with no doubt left, labels and sections beside it; with no draft at all, too."""
    draft = drafted()
    draft["depth"]["confidence"] = 0.2
    page = opened(draft)
    fill(page, "Name, curve 1 of track-1", "SGR")
    fill(page, "LAS step", "0.25")
    manifest = saved(page, 2)
    assert ("SGR", 0.25, "a.tif") == (manifest.tracks[0].curves[0].mnemonic, manifest.depth.step, manifest.source)
    manifest = manifest.model_copy(
        update={"source": None, "pages": ("a1.tif", "a2.tif"), "sha256": ("0" * 64, "1" * 64)}
    )
    blank = {key: draft[key] for key in ("source", "width_px", "rows")}
    for before, sections in ((draft, 5), (blank, 1)):
        page = opened(before, manifest=manifest)
        assert [] == to_check(page)
        expect(page.locator("#sections select")).to_have_count(sections)
        assert manifest == saved(page)


def test_the_loupe_shows_the_scan_at_full_size(opened: Any) -> None:
    """A scan of 3000 columns is shrunk in the view and not in the loupe: a line 3 px thick is 12 px there, the tick in its middle."""
    draft = drafted() | {"width_px": 3000}
    paper = np.zeros((ROWS, 3000), np.uint8)
    paper[:, :WIDTH] = scan()
    page = opened(draft, paper)
    page.evaluate("select({ kind: 'tick', index: 5, column: 200 })")
    settle(page)
    expect(page.locator("#view")).to_have_attribute("aria-busy", "false")
    middle = page.locator("#loupe").bounding_box()["height"] / 2
    darkness = [max(colour(page, "loupe", 100, middle + off)) for off in (-10, -4, 3, 10)]
    assert [255, 0, 0, 255] == darkness
    assert 0.5 > page.evaluate("zoom * picture.across")


def test_a_grey_scan_is_shrunk_and_its_ticks_still_lie_on_their_lines(opened: Any) -> None:
    """At 1600 of 3200 columns rows are those of the scan: a tick moved onto its line in the page is there on the scan."""
    paper = cv2.resize(scan(), None, fx=3200 / WIDTH, fy=1.0, interpolation=cv2.INTER_AREA)
    draft = drafted() | {"width_px": 3200, "tracks": [track("one", 200.0, 1400.0, curve("GR", 0, 1))]}
    draft["depth"]["ticks"][3]["row_px"] += 5
    page = opened(draft, (paper * 0.8).astype(np.uint8))
    assert 1600 == page.evaluate("picture.width")
    press(page, "n", "l")
    expect(page.locator("#tick-off")).to_contain_text("off its neighbours, 10.0")
    assert row_of(1030) == pytest.approx(page.evaluate("state.depth.ticks[3].row_px"), abs=0.6)


def test_nothing_of_a_scan_is_read_as_markup(opened: Any) -> None:
    """Text that closes the script element, or looks like a mark of the template, stays text wherever it was read."""
    draft = drafted()
    draft["well"]["name"] = sure(HOSTILE, 0.2, HOSTILE)
    draft["well"]["field"] = sure("{{blocks}}")
    draft["tracks"][0]["curves"][0]["mnemonic"] = sure(HOSTILE)
    draft["tracks"][0]["name"] = draft["sections"][3]["caption"] = draft["labels"][0]["text"] = HOSTILE
    page = opened(draft)
    click(page, 426, row_of(1000) - 8)
    press(page, "n", "Enter", "Enter")
    expect(page.locator("h1")).to_contain_text(HOSTILE)
    expect(page.get_by_label("Well, field")).to_have_value("{{blocks}}")
    assert page.evaluate("window.taken") is None
    assert 0 == page.locator("img").count()


def test_no_other_script_or_style_works_in_the_page(browser: Any, tmp_path: Path) -> None:
    """Whatever is slipped into the file, the browser heeds its own script and style, and asks nobody for anything."""
    path = write_page(bands_of(scan()), Draft.model_validate(drafted()), tmp_path, "a")
    slipped = (
        "<script>window.taken = true</script><style>h1 { color: red }</style><img src='https://example.invalid/a.png'>"
    )
    path.write_text(path.read_text().replace("<noscript>", f"{slipped}<noscript>"))
    page = browser.new_page()
    refusals: list[str] = []
    page.on("console", lambda message: refusals.append(message.text))
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_have_text("a – Test 1")
    assert page.evaluate("window.taken") is None
    assert page.evaluate("fetch('https://example.invalid/').then(() => false, () => true)")
    for what in ("script-src", "style-src", "img-src", "connect-src"):
        assert any("Content Security Policy" in text and what in text for text in refusals), what
    page.close()


def test_a_long_sheet_keeps_few_tiles_decoded(opened: Any) -> None:
    """60,000 rows with 590 ticks: however it is scrolled, a handful of tiles are held, and its end is the scan's."""
    rows = 60_000
    paper = np.zeros((rows, WIDTH), np.uint8)
    paper[np.arange(rows) % 1000 >= 980] = 255
    draft = drafted() | {"rows": rows, "labels": []}
    draft["sections"] = [{"kind": "main", "first_row": 0, "end_row": rows, "confidence": 0.99}]
    draft["main"] = 0
    draft["depth"] |= {
        "base": sure(6800.0),
        "ticks": [{"row_px": 400 + 100 * i, "depth": 1000 + 10 * i, "confidence": 1.0} for i in range(590)],
    }
    page = opened(draft, paper)
    page.get_by_role("button", name="1:1").click()
    most = 0
    for part in np.linspace(0, 1, 30):
        page.evaluate("(part) => scrollTo(part * picture.height * zoom)", part)
        settle(page)
        most = max(
            most, page.evaluate("Array.from({ length: tileCount }, (_, i) => tiles.bitmap(i)).filter(Boolean).length")
        )
    assert 1 <= most <= 5
    press(page, "End")
    x, y = in_window(page, 30, rows - 10)
    assert max(colour(page, "log", x, y)) < 150
    assert min(colour(page, "log", x, y - 30)) > 250
    assert rows / TILE_ROWS - 1 < page.locator("script[id^=tile-]").count() < rows / TILE_ROWS + 1


@pytest.mark.parametrize("width", [1920, 1280, 1000])
def test_the_page_fits_its_window(opened: Any, width: int) -> None:
    """Nothing sticks out but what scrolls in its own pane, the scan has most of the room, and a field that is gone to is in view."""
    draft = drafted()
    draft["tracks"][1]["curves"][0]["right"] = sure(200.0, 0.5, "a digit may be lost")
    page = opened(draft, width=width)
    size = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]")
    assert [width, 900] == size
    assert page.locator("#fields").evaluate("(fields) => fields.scrollWidth <= fields.clientWidth")
    assert page.locator("#view").bounding_box()["width"] > 0.5 * width
    press(page, "n")
    pane, field = page.locator("#fields").bounding_box(), page.locator(":focus").bounding_box()
    assert pane["y"] <= field["y"]
    assert field["y"] + field["height"] <= pane["y"] + pane["height"]


def test_a_page_that_cannot_be_written_says_what_to_do(tmp_path: Path) -> None:
    """A folder that is not there is named with its remedy."""
    with pytest.raises(StorageError, match="make room and rights"):
        write_page(bands_of(scan()), Draft.model_validate(drafted()), tmp_path / "none", "a")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """The address of a folder with one page, and where that page saves."""
    write_page(bands_of(scan()), Draft.model_validate(drafted()), tmp_path, "a")
    with edit_server(editables_below(resolve(tmp_path))) as url:
        yield url, tmp_path / "a.sheet.yaml"


def status_of(url: str, body: bytes | None = None, **headers: str) -> int:
    """The status of an answer."""
    try:
        with urlopen(Request(url, body, headers), timeout=10) as answer:
            return answer.status
    except HTTPError as error:
        return error.code


def test_a_served_page_saves_beside_itself_and_goes_on_from_there(browser: Any, served: tuple[str, Path]) -> None:
    """Without a download; loaded again it begins with what was saved, and the list says so."""
    url, path = served
    page = browser.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.goto(url)
    expect(page.locator("li")).to_have_text("a: to do")
    page.get_by_role("link", name="a").click()
    settle(page)
    fill(page, "Name, curve 1 of track-1", "SGR")
    press(page, "s")
    expect(said(page)).to_have_text("Saved a.sheet.yaml.")
    assert "SGR" == read_manifest(path.read_bytes(), "a").tracks[0].curves[0].mnemonic
    page.reload()
    settle(page)
    expect(page.get_by_label("Name, curve 1 of track-1")).to_have_value("SGR")
    page.goto(url)
    expect(page.locator("li")).to_have_text("a: saved")
    page.close()
    assert [] == troubles


def test_a_stranger_is_not_answered_and_nothing_unsound_is_saved(served: tuple[str, Path]) -> None:
    """Without the token, by another name, from another page, beyond the folder, or with what no run would take: refused."""
    url, path = served
    origin, sound = url.rsplit("/", 2)[0], json.dumps(WHOLE).encode()
    assert 200 == status_of(url)
    assert 403 == status_of(f"{origin}/guessed/a")
    assert 403 == status_of(url, Host="evil.example")
    assert 404 == status_of(f"{url}..%2Fa")
    assert 403 == status_of(f"{url}a", sound)
    assert 403 == status_of(f"{url}a", sound, Origin="http://evil.example")
    assert 403 == status_of(f"{url}..%2Fb", sound, Origin=origin)
    assert 400 == status_of(f"{url}a", b"{}", Origin=origin)
    assert [f"a{SUFFIX}"] == [one.name for one in path.parent.iterdir()]
    assert 200 == status_of(f"{url}a", sound, Origin=origin)
    assert sound == path.read_bytes()


def test_a_folder_without_pages_says_what_to_do(tmp_path: Path) -> None:
    """There is nothing to serve, and the error says how to come by it."""
    with pytest.raises(SourceMissingError, match="veernet register SCAN"):
        editables_below(resolve(tmp_path))

"""The page of a sheet, in a real browser: curves lie on their ink, readings are those of the log, doubts are found, and nothing is loaded."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from browser import colour as colour_of
from browser import expect, press, settle

from veernet.curves.assemble import Provenance, assemble_log
from veernet.curves.identity import Trace
from veernet.curves.las import DepthLog
from veernet.errors import ScanError, StorageError
from veernet.review.page import CONTEXT_ROWS_PX, write_page
from veernet.review.record import SheetRecord, Source, curve_record
from veernet.review.tiles import TILE_ROWS
from veernet.sheets.geometry import DepthRegister, RowShift, StripGeometry, strip_geometry
from veernet.sheets.manifest import SheetManifest
from veernet.sheets.raster import Band

GUTTER = 62  # px of the window left of the scan
HOSTILE = "</script><script>window.taken = true</script><img src=x onerror='window.taken = true'>{{sheet}}"
# Counts pictures that are decoded and not yet let go.
COUNTING = """const make = window.createImageBitmap;
window.pictures = { made: 0, live: 0, most: 0 };
window.createImageBitmap = async (...given) => {
  const bitmap = await make(...given), close = bitmap.close.bind(bitmap);
  pictures.made++; pictures.live++; pictures.most = Math.max(pictures.most, pictures.live);
  bitmap.close = () => { pictures.live--; close(); };
  return bitmap;
};"""


@dataclass
class Sheet:
    """What a page is made of; rows and columns are px of a scan that is shown without shrinking if it is 1200 wide at most."""

    manifest: SheetManifest
    geometries: list[StripGeometry]
    traces: list[tuple[Trace, ...]]
    darkness: np.ndarray | None
    rows: int
    width: int
    warnings: tuple[str, ...] = ("GR 1020.0 to 1021.0 ft: shares ink",)
    moved: tuple[str, ...] = ("track-1: 5 px down",)

    @property
    def register(self) -> DepthRegister:
        """Depths of its rows."""
        return DepthRegister.of(self.manifest.depth)

    @property
    def log(self) -> DepthLog:
        """Its values."""
        made = Provenance("a.tif", "0" * 64, "1" * 64, "2" * 64, "0", 120.0)
        return assemble_log("a", self.manifest, self.geometries, self.traces, made)

    def bands(self, *, first_row: int, end_row: int) -> Iterator[Band]:
        """The scan, 300 rows at a time; without darkness of its own a bar of ink every 1000 rows."""
        for start in range(first_row, min(end_row, self.rows), 300):
            rows = np.arange(start, min(start + 300, end_row, self.rows))
            if self.darkness is not None:
                yield Band(start, self.darkness[rows])
            else:
                yield Band(
                    start, np.repeat(np.where(rows % 1000 >= 980, 255, 0).astype(np.uint8)[:, None], self.width, 1)
                )

    def write(self, directory: Path) -> Path:
        """Its page."""
        log = self.log
        record = SheetRecord(
            sheet="a",
            status="done",
            source=Source(uri="a.tif", sha256="0" * 64),
            curves=tuple(curve_record(one.mnemonic, log.depths, one.values, one.confidence) for one in log.curves),
            warnings=self.warnings,
            moved=self.moved,
        )
        return write_page(
            self.bands, self.geometries, self.register, self.traces, log, record, directory, "a", manifest=self.manifest
        )

    def place(self, track: int, order: int, depth: float) -> tuple[float, float]:
        """Column and row at which a curve is printed at a depth."""
        geometry, trace = self.geometries[track], self.traces[track][order]
        row = float(self.register.row_at(depth))
        fraction = float(np.interp(geometry.strip_row(row), np.arange(geometry.rows), trace.fraction)) % 1
        printed = float(geometry.printed_row(row, fraction))
        return float(geometry.column_px(printed, fraction)), printed


def sheet(rows: int = 3000, width: int = 900, shift_px: float = 6.0, **well: str) -> Sheet:
    """Two tracks, 10 px a foot from row 200, with edges that lean and print that lies below its ticks.

    GR wraps for 20 ft from 1050 ft; CALI has no value from 1100 to 1110 ft and little confidence from 1150 to 1152 ft;
    RES is on a log scale.
    """
    k = width / 900

    def track(name: str, left: float, right: float, scale: str, *curves: dict[str, Any]) -> dict[str, Any]:
        edges = {key: [[0, x * k], [rows, (x + 20) * k]] for key, x in (("left", left), ("right", right))}
        return {"name": name, "scale": scale, "curves": list(curves), **edges}

    gr = {"mnemonic": "GR", "unit": "GAPI", "style": "solid", "left": 0, "right": 150, "wrap": True}
    cali = {"mnemonic": "CALI", "unit": "IN", "style": "dashed", "left": 6, "right": 16}
    res = {"mnemonic": "RES", "unit": "OHMM", "style": "solid", "left": 0.2, "right": 2000}
    base = 1000 + (rows - 400) / 10
    manifest = SheetManifest.model_validate({
        "format": "veernet-sheet/1",
        "well": {"name": "Test 1", "uwi": "1", **well},
        "depth": {"unit": "ft", "step": 0.5, "ticks": [[200, 1000], [rows - 200, base]]},
        "tracks": [track("track-1", 50, 450, "linear", gr, cali), track("track-2", 500, 800, "log", res)],
    })  # fmt: skip
    shift = RowShift((0.0, float(rows)), (shift_px, shift_px), (4.0, 4.0)) if shift_px else None
    geometries = [replace(strip_geometry(track, manifest.depth), shift=shift) for track in manifest.tracks]
    depths = [DepthRegister.of(manifest.depth).depth_at(one.source_row(np.arange(one.rows))) for one in geometries]
    swing = [np.sin(depth / 4) for depth in depths]
    one = 0.3 + 0.15 * swing[0] + ((depths[0] >= 1050) & (depths[0] < 1070))
    two = np.where((depths[0] >= 1100) & (depths[0] < 1110), np.nan, 0.7 - 0.1 * swing[0])
    low = np.where((depths[0] >= 1150) & (depths[0] < 1152), 0.4, 0.99)
    traces = [
        (trace(one), trace(two, np.where(np.isfinite(two), low, 0))),
        (trace(0.5 + 0.3 * swing[1]),),
    ]
    return Sheet(manifest, geometries, traces, None, rows, width)


def trace(fraction: np.ndarray, confidence: np.ndarray | float = 0.99) -> Trace:
    """A trace as the tracer gives it."""
    return Trace(
        fraction.astype(np.float32), np.broadcast_to(np.float32(confidence), fraction.shape).astype(np.float32)
    )


def inked(drawn: Sheet) -> Sheet:
    """The sheet with a stroke of ink along every curve."""
    darkness = np.zeros((drawn.rows, drawn.width), np.uint8)
    for geometry, traces in zip(drawn.geometries, drawn.traces, strict=True):
        for one in traces:
            fine = np.arange(0, geometry.rows - 1, 0.1)
            fraction = np.interp(fine, np.arange(geometry.rows), one.fraction)
            fine, fraction = fine[np.isfinite(fraction)], fraction[np.isfinite(fraction)] % 1
            ticked = geometry.source_row(fine)
            rows = geometry.printed_row(ticked, fraction)
            columns = geometry.column_px(rows, fraction).round().astype(int)
            for aside in range(-2, 3):
                for row in (np.floor(rows), np.ceil(rows)):
                    darkness[np.clip(row.astype(int), 0, drawn.rows - 1), columns + aside] = 255
    drawn.darkness = darkness
    return drawn


@pytest.fixture
def opened(pages: Any, tmp_path: Path) -> Any:
    """A function that writes a sheet's page and opens it."""

    def open_page(drawn: Sheet | None = None, width: int = 1400, height: int = 900) -> Any:
        page = pages.open((drawn or sheet()).write(tmp_path), width, height, COUNTING)
        settle(page)
        return page

    return open_page


def go_to(page: Any, depth: float) -> None:
    """Type a depth and go there."""
    page.get_by_label("Depth, ft").fill(str(depth))
    press(page, "Enter")


def in_window(page: Any, column: float, row: float, first_row: int = 0) -> tuple[float, float]:
    """Where in the canvas a px of the scan is shown, at 1:1."""
    left, top, height = page.evaluate(
        "(({ scrollLeft, scrollTop, clientHeight }) => [scrollLeft, scrollTop, clientHeight])(document.getElementById('view'))"
    )
    return GUTTER - left + column + 0.5, height / 2 - top + row - first_row + 0.5


def colour(page: Any, x: float, y: float) -> list[int]:
    """Red, green and blue of one canvas pixel."""
    return colour_of(page, "log", x, y)


def is_coloured(rgb: list[int]) -> bool:
    """Whether a pixel is of a curve's colour, rather than grey."""
    return max(rgb) - min(rgb) > 50


def point_at(page: Any, drawn: Sheet, track: int, order: int, depth: float) -> None:
    """Move the pointer onto a curve."""
    x, y = in_window(page, *drawn.place(track, order, depth))
    page.locator("#log").hover(position={"x": x, "y": y})
    settle(page)


def reading(page: Any, curve: int) -> str:
    """The value told of a curve."""
    return page.locator("td.value").nth(curve).text_content()


def middle_depth(page: Any) -> float:
    """The depth told without a pointer: that of the middle of the view."""
    page.mouse.move(5, 5)
    settle(page)
    return float(page.locator("#here").text_content().removesuffix(" ft"))


def test_curves_lie_on_their_ink(opened: Any) -> None:
    """At 1:1, wrapped or not and where print lies below its ticks, a curve's colour stands on its stroke, beside which is paper."""
    drawn = inked(sheet())
    page = opened(drawn)
    press(page, "1")
    for depth in (1031.0, 1058.0, 1093.0, 1140.0):
        go_to(page, depth - 7)
        places = [in_window(page, *drawn.place(track, order, depth)) for track, order in ((0, 0), (0, 1), (1, 0))]
        with_curves = [colour(page, *at) for at in places]
        assert [True] * 3 == [is_coloured(rgb) for rgb in with_curves]
        assert [0, 2, 1] == [int(np.argmax(rgb)) for rgb in with_curves]  # red, blue and green, in the manifest's order
        assert [[255] * 3] * 3 == [colour(page, x + 14, y) for x, y in places]
        page.get_by_role("button", name="Curves").click()
        settle(page)
        ink = [colour(page, *at) for at in places]
        assert all(max(rgb) < 140 and not is_coloured(rgb) for rgb in ink), ink
        press(page, "c")


def test_a_wide_scan_is_shrunk_with_its_curves(opened: Any) -> None:
    """A scan of 3000 columns is 1200 wide in the page, and its curves still lie on their ink."""
    drawn = inked(sheet(width=3000))
    page = opened(drawn)
    press(page, "1")
    go_to(page, 1085)
    column, row = drawn.place(0, 0, 1090.0)
    x, y = in_window(page, (column + 0.5) * 0.4 - 0.5, (row + 0.5) * 0.4 - 0.5)
    assert is_coloured(colour(page, x, y))
    press(page, "c")
    assert max(colour(page, x, y)) < 160


def test_a_line_is_broken_in_doubt_and_does_not_cross_the_track_where_it_wraps(opened: Any) -> None:
    """GR leaves at 0.9 and comes back at 0.1, with paper between; CALI's stretch of low confidence is dashed, and what is sure is not."""
    drawn = sheet(shift_px=0)
    depths = drawn.register.depth_at(drawn.geometries[0].source_row(np.arange(drawn.geometries[0].rows)))
    confidence = np.where(depths < 1080, 0.4, 0.99)
    drawn.traces[0] = (trace(np.where(depths < 1100, 0.9, 1.1)), trace(np.full(depths.shape, 0.6), confidence))
    page = opened(drawn)
    press(page, "1")
    go_to(page, 1093)
    geometry = drawn.geometries[0]
    across = [in_window(page, float(geometry.column_px(row, 0.35)), row) for row in range(1180, 1220)]
    assert not any(is_coloured(colour(page, *at)) for at in across)
    assert [True, True] == [
        is_coloured(colour(page, *in_window(page, *drawn.place(0, 0, depth)))) for depth in (1095, 1105)
    ]
    shares = []
    for top, base in ((1070, 1078), (1082, 1090)):
        places = [in_window(page, *drawn.place(0, 1, depth)) for depth in np.arange(top, base, 0.1)]
        shares.append(np.mean([is_coloured(colour(page, *at)) for at in places]))
    assert 0.3 < shares[0] < 0.8
    assert 1.0 == shares[1]


def test_doubts_of_a_curve_that_are_near_each_other_are_one_stop(opened: Any) -> None:
    """What lies ten px apart is looked at once, and both reasons are told."""
    drawn = sheet()
    one, two = drawn.traces[0]
    depths = drawn.register.depth_at(drawn.geometries[0].source_row(np.arange(one.fraction.size)))
    null = (depths >= 1153) & (depths < 1154)
    drawn.traces[0] = (one, Trace(np.where(null, np.nan, two.fraction), np.where(null, 0, two.confidence)))
    page = opened(drawn)
    press(page, "n", "n")
    expect(page.get_by_role("status")).to_have_text("2 of 2: 1150.0 to 1154.0 ft: CALI no value, low confidence")


def test_a_curve_that_is_switched_off_is_gone_with_its_doubts(opened: Any) -> None:
    """Its ink shows bare, the others stay, and the doubtful stretches are those of the others."""
    drawn = inked(sheet())
    page = opened(drawn)
    press(page, "1")
    go_to(page, 1120)
    places = [in_window(page, *drawn.place(track, order, 1125.0)) for track, order in ((0, 0), (0, 1), (1, 0))]
    expect(page.locator("#longest li")).to_have_count(2)
    page.get_by_label("CALI").uncheck()
    settle(page)
    assert [True, False, True] == [is_coloured(colour(page, *at)) for at in places]
    expect(page.locator("#longest li")).to_have_count(0)
    expect(page.get_by_role("button", name="Next doubtful")).to_be_disabled()
    page.get_by_label("CALI").press("Space")
    settle(page)
    assert [True] * 3 == [is_coloured(colour(page, *at)) for at in places]
    expect(page.get_by_role("button", name="Next doubtful")).to_be_enabled()


def test_the_pointer_reads_depth_and_values(opened: Any) -> None:
    """On a curve the depth is the trace's, within a px, and every curve's value that of the nearest row of the LAS file."""
    drawn = sheet()
    log = drawn.log
    page = opened(drawn)
    press(page, "1")
    for depth, (track, order) in ((1040.0, (0, 0)), (1060.5, (0, 0)), (1083.0, (0, 1)), (1130.0, (1, 0))):
        go_to(page, depth + 9)
        point_at(page, drawn, track, order, depth)
        assert depth == pytest.approx(float(page.locator("#here").text_content().removesuffix(" ft")), abs=0.1)
        values = [one.values[round((depth - 1000) / 0.5)] for one in log.curves]
        told = [float(reading(page, curve).split()[0]) for curve in range(3)]
        np.testing.assert_allclose(told, values, atol=0.1, rtol=1e-3)
        assert ["GAPI", "IN", "OHMM"] == [reading(page, curve).split()[1] for curve in range(3)]
    point_at(page, drawn, 0, 0, 1128.0)
    assert "wrap" not in reading(page, 0)
    go_to(page, 1055)
    point_at(page, drawn, 0, 0, 1061.0)
    assert 150 < float(reading(page, 0).split()[0]) < 300
    assert reading(page, 0).endswith("(wrap 1)")
    expect(page.locator("#live")).to_contain_text(f"GR {reading(page, 0)}")


def test_where_there_is_no_value_the_reading_says_null(opened: Any) -> None:
    """Null is said of the log's depths without a value, a dash beyond the log, and low confidence is told as it is."""
    page = opened()
    go_to(page, 1105)
    assert "NULL" == reading(page, 1)
    go_to(page, 1151)
    expect(page.locator("td.doubt")).to_have_text("40 %")
    press(page, "End", "PageDown")
    assert "–" == reading(page, 1)
    expect(page.locator("#where")).to_contain_text("outside the LAS file")


def test_next_and_previous_lead_from_doubt_to_doubt(opened: Any) -> None:
    """By key and by button the view's middle goes to each stretch in turn and stays at the last one; after scrolling, to the nearest."""
    page = opened()
    where = page.get_by_role("status")
    press(page, "n")
    expect(where).to_have_text("1 of 2: 1100.0 to 1110.0 ft: CALI no value")
    assert 1105.0 == pytest.approx(middle_depth(page), abs=0.3)
    page.get_by_role("button", name="Next doubtful").click()
    settle(page)
    expect(where).to_have_text("2 of 2: 1150.0 to 1152.0 ft: CALI low confidence")
    assert 1151.0 == pytest.approx(middle_depth(page), abs=0.3)
    press(page, "n")
    expect(where).to_contain_text("2 of 2")
    press(page, "p")
    assert 1105.0 == pytest.approx(middle_depth(page), abs=0.3)
    go_to(page, 1130)
    press(page, "p")
    assert 1105.0 == pytest.approx(middle_depth(page), abs=0.3)
    go_to(page, 1130)
    page.get_by_role("button", name="1150.0 to 1152.0 ft").click()
    settle(page)
    assert 1151.0 == pytest.approx(middle_depth(page), abs=0.3)


def test_a_doubt_at_the_other_side_of_the_scan_is_brought_into_view(opened: Any) -> None:
    """At twice its size the scan is wider than the view; the stretch's track is scrolled to."""
    drawn = sheet()
    (only,) = drawn.traces[1]
    depths = drawn.register.depth_at(drawn.geometries[1].source_row(np.arange(only.fraction.size)))
    drawn.traces[1] = (Trace(np.where((depths >= 1040) & (depths < 1042), np.nan, only.fraction), only.confidence),)
    page = opened(drawn, width=1100)
    press(page, "2")
    assert 0 == page.evaluate("document.getElementById('view').scrollLeft")
    press(page, "n")
    expect(page.get_by_role("status")).to_contain_text("RES no value")
    left, width = page.evaluate(
        "(({ scrollLeft, clientWidth }) => [scrollLeft, clientWidth])(document.getElementById('view'))"
    )
    assert left <= 2 * 500
    assert 2 * 820 <= left + width - GUTTER


def test_doubts_are_marked_at_the_tracks_edge_and_on_the_rail(opened: Any) -> None:
    """The second curve's bar stands inside the right edge: whole for no value, broken for low confidence; the rail has both."""
    drawn = sheet(shift_px=0)
    page = opened(drawn)
    press(page, "1")
    edge = drawn.geometries[0].right_px
    bars = {}
    for top, base in ((1100.5, 1109.0), (1150.0, 1151.5), (1120.0, 1130.0)):
        go_to(page, top - 2)
        rows = np.arange(*(float(drawn.register.row_at(depth)) for depth in (top, base)))
        bars[top] = np.mean([is_coloured(colour(page, *in_window(page, float(edge(row)) - 3, row))) for row in rows])
    assert 1.0 == bars[1100.5]
    assert 0.2 < bars[1150.0] < 0.8
    assert 0.0 == bars[1120.0]
    script = """([lane, depths]) => {
      const rail = document.getElementById("rail"), copy = new OffscreenCanvas(rail.width, rail.height).getContext("2d", { willReadFrequently: true });
      copy.drawImage(rail, 0, 0);
      return depths.map((y) => [...copy.getImageData(48 + 9 * lane, Math.round(y * rail.height), 1, 1).data].slice(0, 3));
    }"""
    press(page, "Home")
    places = [float(drawn.register.row_at(depth)) / 3000 for depth in (1105, 1200)]
    assert [True, False] == [is_coloured(rgb) for rgb in page.evaluate(script, [1, places])]


def test_a_click_on_the_rail_goes_there(opened: Any) -> None:
    """The middle of the view becomes what was clicked, and dragging goes on from there."""
    page = opened(sheet(shift_px=0))
    rail = page.locator("#rail").bounding_box()
    page.mouse.move(rail["x"] + 20, rail["y"] + rail["height"] * 0.4)
    page.mouse.down()
    settle(page)
    assert 1100 == pytest.approx(float(page.locator("#here").text_content().removesuffix(" ft")), abs=1)
    page.mouse.move(rail["x"] + 20, rail["y"] + rail["height"] * 0.5)
    page.mouse.up()
    assert 1130 == pytest.approx(middle_depth(page), abs=1)
    assert "1130" == page.get_by_role("slider").get_attribute("aria-valuenow")


def test_keys_scroll_zoom_and_go_to_a_depth(opened: Any) -> None:
    """Arrows and pages move, zoom keeps the middle, a depth off the sheet is refused in words, and letters in the field are letters."""
    page = opened()
    go_to(page, 1120)
    assert 1120 == pytest.approx(middle_depth(page), abs=0.3)
    for key, sign in (("ArrowDown", 1), ("PageDown", 1), ("ArrowUp", -1), ("PageUp", -1)):
        page.locator("#view").focus()
        before = middle_depth(page)
        press(page, key)
        assert sign * (middle_depth(page) - before) > 1
    for key, name in (("2", "2:1"), ("1", "1:1"), ("f", "Fit")):
        before = middle_depth(page)
        press(page, key)
        assert before == pytest.approx(middle_depth(page), abs=0.3)
        expect(page.get_by_role("button", name=name)).to_have_attribute("aria-pressed", "true")
    before = middle_depth(page)
    press(page, "g")
    page.keyboard.type("n12")
    press(page, "Enter")
    expect(page.get_by_role("status")).to_have_text("There is 1000.0 to 1260.0 ft on this sheet.")
    assert before == middle_depth(page)


def test_every_control_is_reached_by_the_tab_key(opened: Any) -> None:
    """From the view on in the order they stand, each with a name."""
    page = opened()
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(15):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent"))
    wanted = ["previous", "next", "depth", "Go", "zoom-fit", "zoom-1", "zoom-2", "curves", "view", "rail", "panel"]
    shown = ["show-0-0", "show-0-1", "show-1-0"]
    start = reached.index("previous") if "previous" in reached else 0
    assert [*wanted, *shown][: 15 - start] == reached[start : start + 14]


def test_the_facts_stand_beside_it(opened: Any) -> None:
    """Well, company, date, depths, scale of the paper, coverage and confidence, warnings and what was moved."""
    page = opened(sheet(company="Kinney", date="2010-12-12"))
    panel = page.get_by_label("Readings and facts")
    expect(page.locator("h1")).to_have_text("Test 1")
    for told in (
        "Kinney", "2010-12-12", "1000 to 1260 ft, every 0.5 ft: 521 rows", "about 1:144 (120 dpi)", "GR 1020.0 to 1021.0 ft: shares ink",
        "track-1: 5 px down", "0 to 150 GAPI, wraps; coverage 100.0 %, mean confidence 99.0 %", "0.2 to 2000 OHMM, logarithmic",
    ):  # fmt: skip
        expect(panel).to_contain_text(told)


def test_nothing_on_a_sheet_is_read_as_markup(opened: Any) -> None:
    """Header text that closes the script element, or looks like a mark of the template, stays text."""
    drawn = sheet(company=HOSTILE, field="{{blocks}}")
    drawn.warnings = drawn.moved = (HOSTILE,)
    drawn.manifest = drawn.manifest.model_copy(
        update={"well": drawn.manifest.well.model_copy(update={"name": HOSTILE})}
    )
    page = opened(drawn)
    expect(page.locator("h1")).to_have_text(HOSTILE)
    expect(page.locator("#warnings")).to_have_text(HOSTILE)
    expect(page.locator("#facts")).to_contain_text("{{blocks}}")
    assert page.evaluate("window.taken") is None
    assert 0 == page.locator("img").count()


def test_no_other_script_or_style_works_in_the_page(browser: Any, tmp_path: Path) -> None:
    """Whatever is slipped into the file, the browser heeds the script and the style that the page came with and no other."""
    path = sheet().write(tmp_path)
    slipped = (
        "<script>window.taken = true</script><style>h1 { color: red }</style><img src='https://example.invalid/a.png'>"
    )
    path.write_text(path.read_text().replace("<main>", f"<main>{slipped}"))
    page = browser.new_page()
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text))
    page.goto(path.as_uri())
    expect(page.locator("h1")).to_have_text("Test 1")
    assert page.evaluate("window.taken") is None
    assert 3 == sum("Content Security Policy" in text for text in refused)
    page.close()


def test_a_long_sheet_scrolls_to_its_end_with_few_tiles_decoded(opened: Any) -> None:
    """60,000 rows: however it is scrolled, no more than a handful of tiles are held, and the last rows are the scan's."""
    drawn = sheet(rows=60_000, shift_px=0)
    page = opened(drawn)
    press(page, "1")
    for _ in range(12):
        press(page, "PageDown")
    press(page, "End")
    x, y = in_window(page, 30, 59_990)
    assert max(colour(page, x, y)) < 140
    assert min(colour(page, x, y - 30)) > 250
    rail = page.locator("#rail").bounding_box()
    for turn, part in enumerate(np.linspace(1, 0, 40)):
        page.mouse.click(rail["x"] + 9, rail["y"] + part * (rail["height"] - 1))
        if turn % 3 == 0:
            settle(page)  # what is scrolled past sooner may never be decoded
    counts = page.evaluate("pictures")
    assert counts["made"] > 20
    assert counts["most"] <= 8
    assert counts["live"] <= 4
    assert 60_000 / TILE_ROWS - 1 < page.locator("script[id^=tile-]").count() < 60_000 / TILE_ROWS + 1


def test_rows_far_from_the_log_are_left_out(opened: Any) -> None:
    """The page begins at the header above the first depth, and depths still lie where they are printed."""
    drawn = sheet(rows=12_000, shift_px=0)
    depth = {"unit": "ft", "step": 0.5, "top": 1800, "base": 1900, "ticks": drawn.manifest.depth.ticks}
    drawn.manifest = SheetManifest.model_validate({**drawn.manifest.model_dump(), "depth": depth})
    drawn.geometries = [strip_geometry(track, drawn.manifest.depth) for track in drawn.manifest.tracks]
    drawn.traces = [tuple(trace(np.full(drawn.geometries[i].rows, 0.5)) for _ in range(2 - i)) for i in range(2)]
    page = opened(drawn)
    press(page, "1")
    go_to(page, 1880)
    assert 1880 == pytest.approx(middle_depth(page), abs=0.1)
    x, y = GUTTER + 30, page.evaluate("document.getElementById('view').clientHeight") / 2
    assert max(colour(page, x, y - 10)) < 140  # 1880 ft is row 9000, where a bar ends
    assert min(colour(page, x, y + 10)) > 250
    rows = page.evaluate("JSON.parse(document.getElementById('sheet').textContent).picture.height")
    assert rows < 1000 + sum(CONTEXT_ROWS_PX) + 400


@pytest.mark.parametrize(("width", "height"), [(1400, 900), (900, 700), (600, 800)])
def test_the_page_fits_its_window(opened: Any, width: int, height: int) -> None:
    """Nothing sticks out of the window but what scrolls in its own pane, and the scan has most of the room."""
    page = opened(width=width, height=height)
    assert [width, height] == page.evaluate(
        "[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
    )
    assert page.locator("#panel").evaluate("(panel) => panel.scrollWidth <= panel.clientWidth")
    assert page.locator("#view").bounding_box()["width"] > 0.5 * width


def test_memory_is_bounded_by_a_tile_and_not_by_the_sheet(tmp_path: Path) -> None:
    """A scan of 135 MB is written with 24 MB, most of which are the traces and the log."""
    drawn = sheet(rows=60_000, width=2250, shift_px=0)
    tracemalloc.start()
    path = drawn.write(tmp_path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 24e6
    assert path.stat().st_size < 6e6


def test_a_page_that_cannot_be_finished_is_not_left_behind(tmp_path: Path) -> None:
    """A scan that breaks off halfway raises as it is; a folder that is not there says what to do."""
    drawn = sheet()

    whole = drawn.bands

    def broken(*, first_row: int, end_row: int) -> Iterator[Band]:
        yield from whole(first_row=first_row, end_row=900)
        raise ScanError("a", "rows 900 to 1200 are damaged", "fetch it again")

    drawn.bands = broken
    with pytest.raises(ScanError):
        drawn.write(tmp_path)
    assert [] == list(tmp_path.iterdir())
    drawn.bands = whole
    with pytest.raises(StorageError, match=r"a\.html.*it cannot be written"):
        drawn.write(tmp_path / "nowhere")

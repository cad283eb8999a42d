"""Drafts of sheet manifests from scans alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from veernet.errors import DraftError
from veernet.register.chains import chains
from veernet.register.doubts import doubts
from veernet.register.draft import Draft, Found
from veernet.register.header import Header, well_of
from veernet.register.mnemonics import known_curve
from veernet.register.numbers import best_text, log_chance, read
from veernet.register.paper import Paper, paper_of
from veernet.register.passes import find_passes
from veernet.register.picture import draw_draft
from veernet.register.registering import draft_of, register
from veernet.register.scales import nearest
from veernet.register.tracks import grids, lines_of
from veernet.register.upright import Run, line_profiles, runs
from veernet.register.vote import vote
from veernet.register.words import Words
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan

SCANS = Path(__file__).parents[2] / "shared" / "data" / "scans"
DPI = 200
PX_PER_FT = 10.0
FIRST_ROW = 900


def certain(numbers: Sequence[int | None]):  # type: ignore[no-untyped-def]
    """A reader that is sure of some numbers, and says of every other that it hardly can be."""
    readings = [("" if number is None else str(number), 0.9) for number in numbers]

    def chances(which: NDArray[np.intp], texts: Sequence[str]) -> NDArray[np.float64]:
        said = [numbers[int(label)] for label in which]
        likely = [number is not None and number == int(text) for number, text in zip(said, texts, strict=True)]
        return np.where(likely, -0.1, -8.0)

    return readings, chances


def test_one_misread_number_moves_nothing() -> None:
    """Ten labels, one of which says something else: the depths are those of the nine."""
    readings, chances = certain([100, 200, 300, 700, 500, 600, 700, 800, 900, 1000])
    verdict = vote(np.arange(10), readings, chances)
    assert verdict is not None
    assert (100, 100) == (verdict.first, verdict.step)
    assert verdict.confidence > 0.99
    assert [3] == np.flatnonzero(verdict.contradicting).tolist()


def test_labels_that_could_not_be_read_are_counted_all_the_same() -> None:
    """Depths go on over labels that say nothing and over places where none stands."""
    readings, chances = certain([None, 250, None, 400, 450, 500])
    verdict = vote(np.array([0, 1, 2, 4, 5, 6]), readings, chances)
    assert verdict is not None
    assert (200, 50) == (verdict.first, verdict.step)


def test_labels_that_contradict_each_other_are_not_believed() -> None:
    """Two that agree against six that do not are no depth register."""
    readings, chances = certain([100, 200, 900, 150, 720, 310, 880, 410])
    verdict = vote(np.arange(8), readings, chances)
    assert verdict is None or verdict.confidence < 0.5


def test_printed_depths_stand_at_even_distances_among_other_print() -> None:
    """Of 300 scattered words and a column of 12 with one missing, the column is the longest chain, and the gap is counted."""
    rng = np.random.default_rng(11)
    places = np.array([0, 1, 2, 3, 4, 6, 7, 8, 9, 10, 11, 12])
    rows, columns = rng.uniform(0, 6000, 300), rng.uniform(0, 1500, 300)
    rows, columns = np.append(rows, 300 + 400 * places), np.append(columns, 740 + 0.01 * 400 * places)
    boxes = np.stack([rows - 9, columns - 20, rows + 9, columns + 20], axis=1).astype(np.int64)
    best = chains(Words(boxes, turned=False), DPI)[0]
    assert set(range(300, 312)) <= set(best.members.tolist())
    kept = np.isin(best.members, np.arange(300, 312))
    assert places.tolist() == (best.places[kept] - best.places[kept][0]).tolist()


def test_lines_are_followed_as_paper_swings() -> None:
    """Lines that swing by 30 px in 4,000 rows are one run, and its swing is theirs within a px."""
    rows = np.arange(4000)
    swing = 15 * np.sin(rows / 900)
    search = np.zeros((4000, 800), np.uint8)
    for column in range(100, 701, 50):
        search[rows, np.round(column + swing).astype(int)] = 1
    (run,) = runs(line_profiles(search))
    found = run.swing_at(rows) - run.swing_at(0.0)
    assert np.abs(found - (swing - swing[0]))[100:-100].max() < 1.5


def test_paper_may_swing_within_inches() -> None:
    """Lines that swing by 14 px every 900 rows are met within a px and a half at all of these; a window that is stained keeps what its neighbours say."""
    rows = np.arange(4000)
    swing = 7 * np.sin(rows / 143)
    search = np.zeros((4000, 900), np.uint8)
    for column in range(100, 801, 70):
        search[rows, np.round(column + swing).astype(int)] = 1
    search[1920:2016, 200:] = 0
    (run,) = runs(line_profiles(search))
    found = run.swing_at(rows) - run.swing_at(0.0)
    off = np.abs(found - np.median(found - swing) - swing)
    assert off[100:-150].max() < 1.5


def run_with_lines(columns: Sequence[float]) -> Run:
    """A straight run with some lines."""
    profile = np.zeros(1200)
    profile[np.round(columns).astype(int)] = 0.5
    return Run(0, 50, np.zeros(50), np.ones(50), profile)


def test_a_linear_grid_and_a_log_grid_are_told_apart() -> None:
    """Ten even spaces left of the depth column, three decades right of it."""
    linear = np.linspace(50, 450, 11)
    decades = 600 + 180 * np.unique(np.log10(np.outer(10.0 ** np.arange(3), np.arange(1, 11)).ravel()))
    left, right = grids(lines_of(run_with_lines([*linear, *decades]).profile), 1200, DPI, 520.0)
    assert (10, None) == (left.divisions, left.decades)
    assert (None, 3) == (right.divisions, right.decades)
    assert [50, 450, 600, 1140] == pytest.approx([left.left, left.right, right.left, right.right], abs=1)


@pytest.mark.parametrize(
    ("px_per_unit", "scale", "unit"), [(10.0, 240, "ft"), (4.0, 600, "ft"), (39.37, 200, "m"), (16.2, 500, "m")]
)
def test_the_vertical_scale_tells_feet_from_metres(px_per_unit: float, scale: int, unit: str) -> None:
    """No usual scale in feet is near one in metres."""
    found = nearest(px_per_unit, DPI)
    assert (scale, unit) == (found.scale, found.unit)


def test_curves_are_known_by_their_names_though_misread() -> None:
    """A letter or two may be wrong in a long name; none in a short one."""
    known = known_curve("Gamna Ray (GAPI)")
    assert known is not None
    assert "GR" == known[0].mnemonic
    assert known[1] < 0.95
    assert known_curve("GX") is None


def blank(rows: int = 3000) -> NDArray[np.uint8]:
    """A sheet of paper."""
    return np.zeros((rows, 1600), np.uint8)


def draw_pass(ink: NDArray[np.uint8], row: int, depths: Sequence[int], said: dict[int, str] | None = None) -> None:
    """A logged pass: two tracks of ten divisions, lines every 10 ft, a number every 50 ft."""
    first, last = depths[0] - 20, depths[-1] + 20
    end = row + round((last - first) * PX_PER_FT)
    for left in (100, 800):
        for column in range(left, left + 601, 60):
            ink[row:end, column : column + 2] = 1
        for depth in range(first, last + 1, 10):
            at = row + round((depth - first) * PX_PER_FT)
            ink[at - (depth % 50 == 0) : at + 2, left : left + 601] = 1
    for depth in depths:
        text = (said or {}).get(depth, str(depth))
        (width, height), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_DUPLEX, 0.8, 1)
        at = row + round((depth - first) * PX_PER_FT)
        cv2.putText(ink, text, (750 - width // 2, at + height // 2), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 1)


def on_paper(ink: NDArray[np.uint8]) -> Paper:
    """As if it had been scanned at 200 dpi."""
    return Paper(ink.shape[1], DPI, True, 1, np.packbits(ink, axis=1), ink)


@pytest.fixture(scope="module")
def drafted() -> tuple[Paper, Draft]:
    """A paper with a main pass from 200 to 800 ft, one of whose numbers is wrong, and a repeat of its last 200 ft."""
    ink = blank(11_000)
    draw_pass(ink, FIRST_ROW, range(200, 801, 50), {450: "850"})
    draw_pass(ink, 8200, range(600, 801, 50))
    paper = on_paper(ink)
    return paper, draft_of(paper, "4702900080_gr.tif")


def test_every_printed_depth_is_put_on_its_line(drafted: tuple[Paper, Draft]) -> None:
    """Within a px, the number that is printed wrong included."""
    _, draft = drafted
    assert list(range(200, 801, 50)) == [tick.depth for tick in draft.depth.ticks]
    true = np.array([FIRST_ROW + (tick.depth - 180) * PX_PER_FT for tick in draft.depth.ticks])
    assert np.abs(np.array([tick.row_px for tick in draft.depth.ticks]) - true).max() < 1.0
    assert ("ft", 240) == (draft.depth.unit.value, draft.depth.vertical_scale.value)
    assert draft.depth.confidence >= 0.95


def test_a_repeat_section_is_known_and_left_out(drafted: tuple[Paper, Draft]) -> None:
    """Its depths have been logged before, at the same scale."""
    _, draft = drafted
    assert draft.main is not None
    assert ["main", "repeat"] == [each.kind for each in draft.sections if each.kind in ("main", "repeat")]
    assert draft.sections[draft.main].end_row < 8200
    assert max(tick.row_px for tick in draft.depth.ticks) < draft.sections[draft.main].end_row


def test_sections_lie_end_to_end(drafted: tuple[Paper, Draft]) -> None:
    """From the first row to the last, without a gap."""
    _, draft = drafted
    bounds = [0.0] + [section.end_row for section in draft.sections]
    assert bounds[:-1] == [section.first_row for section in draft.sections]
    assert 11_000 == bounds[-1]


def test_edges_of_tracks_are_found(drafted: tuple[Paper, Draft]) -> None:
    """Within two px, both tracks with ten divisions."""
    _, draft = drafted
    edges = [(track.left[0][1], track.right[0][1]) for track in draft.tracks]
    assert np.abs(np.array(edges) - np.array([(100.5, 700.5), (800.5, 1400.5)])).max() < 2
    assert [10, 10] == [track.divisions.value for track in draft.tracks]


def test_what_was_not_found_needs_a_person(drafted: tuple[Paper, Draft]) -> None:
    """No curve: the sheet does not go through. No name of the well: it may stay out, because no depth and no value rests on it."""
    _, draft = drafted
    needed = [doubt.path for doubt in doubts(draft)]
    assert "tracks" in needed
    assert not draft.well.get("name")
    assert "well.name" not in needed
    assert "depth.ticks" not in needed


def test_the_picture_shows_scan_and_draft(drafted: tuple[Paper, Draft]) -> None:
    """As tall as the scan at its scale, ticks in colour across it."""
    paper, draft = drafted
    picture = draw_draft(paper, draft)
    row = round(draft.depth.ticks[3].row_px * 900 / 1600)
    assert round(11_000 * 900 / 1600) == len(picture)
    assert (picture[row - 1 : row + 2, 210:1110].astype(int).std(axis=2) > 10).any()


def test_a_draft_comes_back_from_json_as_it_was(drafted: tuple[Paper, Draft]) -> None:
    """And what is none is refused."""
    _, draft = drafted
    assert draft == Draft.from_json(draft.to_json())
    with pytest.raises(DraftError, match="it is no draft"):
        Draft.from_json("{}")


def test_a_header_fact_that_is_not_sure_stays_out_of_an_unattended_manifest() -> None:
    """A person sees it, a sheet that goes through by itself does not have it."""
    facts = {"name": Found[str](value="A 1", confidence=0.99), "field": Found[str](value="Wildcot", confidence=0.5)}
    draft = Draft(source="a.tif", width_px=1, rows=1, well=facts)
    assert {"name": "A 1", "field": "Wildcot"} == draft.to_manifest()["well"]
    assert {"name": "A 1", "uwi": "unknown"} == draft.to_manifest(only_sure_facts=True)["well"]


def test_a_well_whose_name_is_not_sure_is_called_unknown_and_known_by_its_scan() -> None:
    """So that a manifest says nothing of a well that may be wrong, and still tells one from the other."""
    facts = {"name": Found[str](value="HENEN", confidence=0.5), "api": Found[str](value="4217325497", confidence=0.96)}
    draft = Draft(source="box-7.tif", width_px=1, rows=1, well=facts)
    assert {"name": "unknown, scan box-7", "api": "4217325497"} == draft.to_manifest(only_sure_facts=True)["well"]


def test_a_scan_without_a_log_says_so() -> None:
    """Nothing is made up on bare paper."""
    draft = draft_of(on_paper(blank()), "bare.tif")
    assert draft.main is None
    assert "depth" in [doubt.path for doubt in doubts(draft)]


@pytest.mark.parametrize(
    ("name", "api"),
    [
        ("4702900080_gr_d2.tif", "4702900080"),
        ("30-025-07268_0692.tif", "3002507268"),
        ("42371030860000.tif", "42371030860000"),
        ("99000123456.tif", None),
        ("ALS471.tif", None),
    ],
)
def test_an_api_number_in_a_files_name_is_taken(name: str, api: str | None) -> None:
    """State, county and well, with or without dashes; other numbers are none."""
    found = well_of(Header(), name).get("api")
    assert api == (found.value if found else None)


def test_a_reader_asks_for_the_chance_of_any_number() -> None:
    """What is printed is far likelier than another number of as many digits."""
    ink = np.zeros((40, 120), np.uint8)
    cv2.putText(ink, "4700", (12, 32), cv2.FONT_HERSHEY_DUPLEX, 1.0, 1, 2)
    logs = read([ink])
    assert "4700" == best_text(logs[0])[0]
    true, other = log_chance(logs[[0, 0]], ["4700", "4100"])
    assert true > other + 2


@pytest.fixture(scope="module")
def kinney() -> Draft:
    """The draft of a real scan, made without its manifest."""
    scan = SCANS / "kinney-heinen.tif"
    if not scan.exists():
        pytest.skip(f"the real scans are not at {SCANS}")
    return register(scan, scan.name)


def test_a_real_sheet_is_registered_as_its_manifest_has_it(kinney: Draft) -> None:
    """Depths and edges within 2 px, the repeat left out, curves and scales of what goes through right."""
    true = read_manifest((SCANS / "kinney-heinen.sheet.yaml").read_bytes(), "kinney-heinen")
    ticks = {tick.depth: tick.row_px for tick in kinney.depth.ticks}
    assert np.abs([ticks[depth] - row for row, depth in true.depth.ticks]).max() <= 2
    for got, want in zip(kinney.tracks, true.tracks, strict=True):
        assert [want.left, want.right] == pytest.approx([got.left[0][1], got.right[0][1]], abs=2)
        for curve, wanted in zip(got.curves, want.curves, strict=False):
            assert (wanted.mnemonic, wanted.unit) == (curve.mnemonic.value, curve.unit.value)
            assert (wanted.left, wanted.right) == (curve.left.value, curve.right.value)
            assert (wanted.style, wanted.wrap) == (curve.style.value, curve.wrap.value)
    assert ["main", "repeat"] == [each.kind for each in kinney.sections if each.kind in ("main", "repeat")]


def test_a_track_of_three_curves_is_drafted_but_not_digitised(kinney: Draft) -> None:
    """The sonic track has a tension curve, too: all three are named, and the track stays out of the manifest."""
    sonic = kinney.tracks[1]
    assert ["DT", "SPHI", "TENS"] == [curve.mnemonic.value for curve in sonic.curves]
    assert not sonic.digitised
    assert ["track-1"] == [track["name"] for track in kinney.to_manifest()["tracks"]]


def test_bits_are_those_of_the_scan(tmp_path: Path) -> None:
    """A crop has the scan's own ink, wherever it begins."""
    rng = np.random.default_rng(5)
    darkness = (rng.random((300, 203)) < 0.2).astype(np.uint8) * 255
    cv2.imwrite(str(tmp_path / "a.png"), 255 - darkness)
    with open_scan(tmp_path / "a.png", "a.png") as scan:
        paper = paper_of(scan)
    assert np.array_equal(darkness[17:250, 13:199] > 0, paper.crop(17, 250, 13, 199) > 0)


def test_every_other_label_alone_may_say_odd_hundreds() -> None:
    """A chain that caught 300, 500, 700 ... only goes by 200, though none of them is a multiple of it."""
    readings, chances = certain([300, 500, 700, 900, 1100])
    verdict = vote(np.arange(5), readings, chances)
    assert verdict is not None
    assert (300, 200) == (verdict.first, verdict.step)


@pytest.mark.parametrize(("quarters", "turned"), [(-1, 90), (1, 270)])
def test_depths_are_read_down_the_sheet_or_up_it(quarters: int, turned: int) -> None:
    """Numbers that were turned either way are the same numbers."""
    ink = blank(4200)
    for index, depth in enumerate(range(3100, 3900, 100)):
        label = np.zeros((30, 90), np.uint8)
        cv2.putText(label, str(depth), (5, 25), cv2.FONT_HERSHEY_DUPLEX, 0.8, 1, 1)
        ink[200 + 500 * index : 290 + 500 * index, 700:730] = np.rot90(label, quarters)
    (found,) = find_passes(on_paper(ink), read)
    assert turned == found.labels.turned
    assert list(range(3100, 3900, 100)) == found.labels.depths.tolist()

"""What registering leaves of a scan, and what it says of tracks that are not digitised."""

from __future__ import annotations

from pathlib import Path

import pytest

from veernet.register import registering
from veernet.register.doubts import doubts
from veernet.register.draft import Curve, Draft, Found, Track
from veernet.register.page_resume import resumed
from veernet.register.writing import write_drafted
from veernet.sheets.manifest import read_manifest
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small drawn sheet and its manifest."""
    recipe = SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
    return write_sheet(recipe, tmp_path_factory.mktemp("sheet"), "a")


def _sure(sheet: dict[str, Path], monkeypatch: pytest.MonkeyPatch, *more: Track) -> Draft:
    """What registering is made to find: all that the manifest says, for sure, and more tracks."""
    manifest = read_manifest(sheet["manifest"].read_bytes(), "a")
    draft = resumed(Draft(source="a.tif", width_px=600, rows=1000), manifest)
    draft = draft.model_copy(update={"tracks": (*draft.tracks, *more)})
    monkeypatch.setattr(registering, "draft_of", lambda *_: draft)
    return draft


def _track(name: str, *names: str, sure: float = 0.97, drawn: int | None = None) -> Track:
    """A track of which no more is told than its curves' names; of the first, how surely."""
    curves = tuple(Curve(mnemonic=Found(value=one, confidence=sure if one == names[0] else 0.97)) for one in names)
    count = Found(value=drawn, confidence=0.9)
    return Track(
        name=name, left=((0.0, 1.0),), right=((0.0, 9.0),), edges_confidence=0.97, curves=curves, curve_count=count
    )


def test_a_sure_draft_leaves_a_manifest_and_no_more_than_asked_for(
    sheet: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Picture and page are for a person; the manifest says that none has seen it, and is read by every run."""
    _sure(sheet, monkeypatch)
    left = write_drafted(sheet["scan"], "a.tif", tmp_path, "a", show_sure=False)
    assert {"a.draft.json", "a.sheet.yaml"} == {path.name for path in tmp_path.iterdir()}
    assert left.manifest is not None
    assert left.manifest.read_text().startswith("# Registered by machine from the scan alone; least sure is ")
    assert (
        read_manifest(sheet["manifest"].read_bytes(), "a").depth == read_manifest(left.manifest.read_bytes(), "a").depth
    )
    write_drafted(sheet["scan"], "a.tif", tmp_path, "a", show_sure=True)
    assert {"a.draft.png", "a.register.html"} <= {path.name for path in tmp_path.iterdir()}


def test_fields_that_are_sure_and_do_not_fit_need_a_person(
    sheet: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Two curves of one name make no manifest, however sure each of them is."""
    draft = _sure(sheet, monkeypatch)
    again = draft.model_copy(update={"tracks": (draft.tracks[0], draft.tracks[0].model_copy(update={"name": "again"}))})
    monkeypatch.setattr(registering, "draft_of", lambda *_: again)
    left = write_drafted(sheet["scan"], "a.tif", tmp_path, "a", show_sure=False)
    assert (None, ["the manifest"]) == (left.manifest, [doubt.path for doubt in left.unsure])
    assert "give each curve its own" in left.unsure[0].why
    assert {"a.draft.json", "a.draft.png", "a.register.html"} == {path.name for path in tmp_path.iterdir()}


def test_tracks_that_are_left_out_are_named_with_their_curves(
    sheet: dict[str, Path], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Three curves cannot be told apart, and a track of none has nothing to be followed."""
    _sure(sheet, monkeypatch, _track("track-7", "DT", "SPHI", "TENS"), _track("track-8"))
    left = write_drafted(sheet["scan"], "a.tif", tmp_path, "a", show_sure=False)
    assert ("track-7 (DT, SPHI, TENS)", "track-8 (no curve of it was named)") == left.left_out


@pytest.mark.parametrize(("drawn", "sure", "person"), [(2, 0.9, True), (2, 0.97, False), (3, 0.9, False)])
def test_a_track_is_not_left_out_for_a_name_that_may_be_none(
    sheet: dict[str, Path], monkeypatch: pytest.MonkeyPatch, drawn: int, sure: float, person: bool
) -> None:
    """A line of a caption was taken for a third curve: strokes or names must surely be three."""
    draft = _sure(sheet, monkeypatch, _track("track-7", "BS", "GR", "CALI", sure=sure, drawn=drawn))
    assert person == any("track-7 is left out" in doubt.why for doubt in doubts(draft))

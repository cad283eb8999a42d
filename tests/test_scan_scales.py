"""Comparing drafts with what a person read off real scans' scale blocks and headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from veernet.errors import OptionError
from veernet.register.draft import Curve, Draft, Found, Track
from veernet.study.scan_scales import PrintedScan, markdown, read_scales, scans_with_scales, score_scales

PRINTED = Path(__file__).parents[1] / "docs" / "real-scales.yaml"


def draft(right: float, confidence: float, columns: tuple[float, float] = (100, 600)) -> Draft:
    """One track with a gamma ray from 0 to a value."""
    curve = Curve(
        mnemonic=Found(value="GR", confidence=0.97),
        left=Found(value=0.0, confidence=0.96),
        right=Found(value=right, confidence=confidence),
    )
    edges = [((0.0, column), (900.0, column)) for column in columns]
    track = Track(name="track-1", left=edges[0], right=edges[1], edges_confidence=0.97, curves=(curve,))
    well = {"name": Found(value="STATE NO. 1", confidence=0.7)}
    return Draft(source="a.tif", width_px=700, rows=900, tracks=(track,), well=well)


@pytest.fixture
def printed() -> PrintedScan:
    """A gamma ray from 0 to 150 in a track, and a well."""
    curve = {"mnemonic": "GR", "unit": "GAPI", "left": 0, "right": 150}
    return PrintedScan.model_validate(
        {"well": {"name": "State No 1"}, "tracks": [{"columns": [98, 605], "curves": [curve]}]}
    )


def test_every_field_that_is_printed_is_asked_for(printed: PrintedScan) -> None:
    """Right, absent or wrong; of words the letters count."""
    asked = {one.field: one.right for one in score_scales("a", draft(100.0, 0.6), printed)}
    assert {"well.name": True, "mnemonic": True, "unit": None, "left": True, "right": False} == asked


def test_a_wrong_value_that_a_draft_is_sure_of_stands_by_itself(printed: PrintedScan) -> None:
    """It is the one fault that matters."""
    assert "a, right: 100.0, not 150.0" in markdown(score_scales("a", draft(100.0, 0.96), printed))
    assert "a, right" not in markdown(score_scales("a", draft(100.0, 0.6), printed))


def test_curves_of_another_track_do_not_count(printed: PrintedScan) -> None:
    """A track that was found elsewhere is none of those that are printed."""
    asked = score_scales("a", draft(150.0, 0.96, (350, 1100)), printed)
    assert [None] * 4 == [one.right for one in asked if not one.field.startswith("well")]


def test_the_scales_of_the_real_scans_can_be_read() -> None:
    """With at least one track of each, whose values differ at its edges."""
    scales = read_scales(PRINTED)
    assert len(scales) >= 12
    for scan in scales.values():
        for track in scan.tracks:
            assert track.columns[0] < track.columns[1]
            assert all(curve.left is None or curve.left != curve.right for curve in track.curves)


def test_what_is_no_list_of_scales_is_refused(tmp_path: Path) -> None:
    """So is a folder without any of the scans."""
    (tmp_path / "a.yaml").write_text("- 1\n")
    with pytest.raises(OptionError, match="real-scales"):
        read_scales(tmp_path / "a.yaml")
    with pytest.raises(OptionError, match="none of the scans"):
        scans_with_scales([tmp_path], read_scales(PRINTED))

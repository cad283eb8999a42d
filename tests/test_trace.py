"""The tracer on class maps whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from veernet.curves.identity import Trace
from veernet.curves.path import CHUNK_ROWS
from veernet.curves.trace import trace_track
from veernet.sheets.geometry import LEFT_EDGE_COLUMN, STRIP_WIDTH, TRACK_COLUMNS

Floats = NDArray[np.float64]


@dataclass
class Drawn:
    """What the tracer asks of a manifest's curve."""

    style: str = "solid"
    mnemonic: str = "X"
    left: float = 0.0
    right: float = 1.0
    wrap: bool = False


def class_map(*fractions: Floats, wrap: bool = False) -> NDArray[np.uint8]:
    """The perfect class map of curves given at row boundaries (n + 1 track fractions each)."""
    rows = fractions[0].size - 1
    classes = np.zeros((2, rows, STRIP_WIDTH), np.uint8)
    columns = np.arange(STRIP_WIDTH)
    for index, fraction in enumerate(fractions):
        ends = fraction * TRACK_COLUMNS + LEFT_EDGE_COLUMN
        low, high = np.minimum(ends[:-1], ends[1:]), np.maximum(ends[:-1], ends[1:])
        for turn in (-1, 0, 1, 2) if wrap else (0,):
            left, right = (side - turn * TRACK_COLUMNS for side in (low, high))
            band = (columns >= left[:, None] - 1.5) & (columns <= right[:, None] + 1.5)
            inside = (columns >= 15) & (columns <= 496)
            classes[index][band & inside] = 255
    return classes


def middles(fraction: Floats) -> Floats:
    """Truth at the middle of each row."""
    return np.asarray((fraction[:-1] + fraction[1:]) / 2)


def wave(rows: int, centre: float, amplitude: float, period: float, phase: float = 0.0) -> Floats:
    """A sine down the track at row boundaries."""
    return np.asarray(centre + amplitude * np.sin(2 * np.pi * (np.arange(rows + 1) / period + phase)))


def test_a_single_curve_is_followed_to_a_fraction_of_a_pixel() -> None:
    """Mean error under a third of a strip column."""
    truth = wave(600, 0.5, 0.3, 90)
    (trace,) = trace_track([class_map(truth)], [Drawn()])
    assert np.isfinite(trace.fraction).all()
    assert np.abs(trace.fraction - middles(truth)).mean() * TRACK_COLUMNS < 0.34
    assert trace.confidence.min() > 0.5


def test_confidence_falls_with_steepness() -> None:
    """A row is a hundred columns wide in a spike: half a row off is wrong by a tenth of the track."""
    truth = np.interp(np.arange(601), [0, 300, 304, 308, 600], [0.3, 0.3, 0.9, 0.3, 0.3])
    (trace,) = trace_track([class_map(truth)], [Drawn()])
    assert trace.confidence[:290].min() > 0.9
    assert trace.confidence[301:307].max() < 0.6


def test_a_near_horizontal_spike_keeps_its_peak() -> None:
    """Two rows out, two rows back: the tip is not clipped."""
    truth = np.full(201, 0.2)
    truth[100], truth[101] = 0.9, 0.2
    (trace,) = trace_track([class_map(truth)], [Drawn()])
    assert np.nanmax(trace.fraction) == pytest.approx(0.55, abs=0.36)
    truth[101] = 0.9
    truth[102] = 0.2
    (trace,) = trace_track([class_map(truth)], [Drawn()])
    assert np.nanmax(trace.fraction) == pytest.approx(0.9, abs=0.01)


def test_ink_carries_a_steep_stroke_on_where_the_network_lost_it() -> None:
    """A gamma ray spike goes over its scale twice, eight rows from layer to layer; where it runs into another line little of it is claimed."""
    truth = np.interp(np.arange(401), [0, 190, 202, 214, 400], [0.3, 0.3, 2.3, 0.3, 0.3])
    ink = class_map(truth, wrap=True)[0]
    classes = np.stack([ink, np.zeros_like(ink)])
    classes[0, 194:210, 150:240] = 0
    (trace,) = trace_track([classes], [Drawn(wrap=True)], strips=lambda: [ink])
    assert np.abs(trace.fraction - middles(truth))[199:204].max() < 0.1
    assert trace.confidence[195:209].max() < 0.5


@pytest.mark.parametrize("ragged", [False, True])
def test_a_line_across_the_track_leads_no_curve_to_another_ones_ink(ragged: bool) -> None:
    """Where a stroke fades, a scrap elsewhere is no better for lying on the same printed depth line, nor on its ragged edge."""
    truth = np.full(401, 0.3)
    stroke, scrap = class_map(truth), class_map(np.full(401, 0.6))
    classes = stroke.copy()
    classes[0, 195:207] = scrap[0, 195:207]
    strip = np.maximum(stroke[0], classes[0])
    strip[[196, 205], 16:496] = 255
    if ragged:
        strip[[197, 204], 140:340] = 255
    (trace,) = trace_track([classes], [Drawn()], strips=lambda: [strip])
    known = np.isfinite(trace.fraction)
    assert np.abs(trace.fraction[known] - 0.3).max() < 0.02


def test_two_crossing_curves_keep_their_classes() -> None:
    """The one beneath is carried across the crossing."""
    first, second = wave(800, 0.5, 0.3, 160), wave(800, 0.5, 0.25, 160, 0.5)
    classes = class_map(first, second)
    classes[1][classes[0] > 0] = 0
    traces = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    for trace, truth in zip(traces, (first, second), strict=True):
        assert np.abs(trace.fraction - middles(truth)).max() < 0.02


def test_ink_of_the_solid_class_that_the_solid_curve_leaves_is_the_dashed_ones() -> None:
    """A network calls long dashes solid at times; the solid curve runs elsewhere meanwhile, and is left alone."""
    solid, dashed = wave(400, 0.3, 0.1, 90), wave(400, 0.7, 0.1, 70)
    classes = class_map(solid, dashed)
    classes[0, 150:220] |= classes[1, 150:220]
    classes[1, 150:220] = 0
    traces = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    for trace, truth in zip(traces, (solid, dashed), strict=True):
        assert np.abs(trace.fraction - middles(truth)).max() < 0.02
    assert traces[1].confidence[160:210].max() < traces[1].confidence[:140].min()


def test_a_third_line_on_the_track_is_not_the_dashed_curve() -> None:
    """Cable tension looks solid, and is not what the manifest names; where the dashed curve is gone, there is no value."""
    solid, dashed, third = wave(800, 0.3, 0.1, 90), wave(800, 0.6, 0.05, 70), np.full(801, 0.9)
    for seen in (slice(0, 800), slice(280, 400)):  # all the way, or in a piece to which the curve would have to leap
        classes = class_map(solid, dashed)
        classes[1, 300:380] = 0
        classes[0, seen] |= class_map(third)[0, seen]
        _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
        assert np.isnan(trace.fraction[310:370]).all()
        assert np.nanmax(np.abs(trace.fraction - middles(dashed))) < 0.02


def test_a_dashed_curve_may_be_called_solid_for_as_long_as_it_goes_on_in_its_own_class() -> None:
    """Hundreds of rows of long dashes, at either end of which the network knew better."""
    solid, dashed = wave(900, 0.3, 0.1, 90), wave(900, 0.7, 0.02, 200)
    classes = class_map(solid, dashed)
    classes[0, 300:540] |= classes[1, 300:540]
    classes[1, 300:540] = 0
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert np.abs(trace.fraction - middles(dashed)).max() < 0.02


@pytest.mark.parametrize("dashed_on_paper", [True, False])
def test_a_line_that_the_network_calls_solid_is_the_dashed_curve_if_it_breaks_off_again_and_again(
    dashed_on_paper: bool,
) -> None:
    """Long dashes fill the network's window; a third line has no gaps on the strip, and is not what the manifest names."""
    solid, line = wave(900, 0.3, 0.02, 200), wave(900, 0.7, 0.05, 200)
    claimed = class_map(solid, line)
    strip = claimed.max(axis=0)
    if dashed_on_paper:
        strip[np.arange(900) % 50 >= 36] = claimed[0, np.arange(900) % 50 >= 36]
    classes = np.stack((strip | claimed.max(axis=0), np.zeros_like(strip)))
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")], strips=lambda: [strip[:400], strip[400:]])
    if dashed_on_paper:
        assert np.abs(trace.fraction - middles(line)).max() < 0.02
    else:
        assert np.isnan(trace.fraction).all()


def test_a_third_line_of_which_the_network_saw_pieces_has_no_gaps_where_it_sways_between_them() -> None:
    """It is to the left of where the pieces lie, and has its ink there."""
    solid, line = wave(900, 0.3, 0.02, 200), wave(900, 0.7, 0.007, 50)
    claimed = class_map(solid, line)
    strip = claimed.max(axis=0)
    classes = np.stack((strip.copy(), np.zeros_like(strip)))
    unseen = line[:-1] < 0.6965
    classes[0, unseen] = class_map(solid)[0, unseen]
    assert 0.2 < unseen.mean() < 0.6
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")], strips=lambda: [strip])
    assert np.isnan(trace.fraction).all()


def test_the_manifest_may_name_the_dashed_curve_first() -> None:
    """Class 1 is the more continuous style, whatever the order."""
    solid, dashed = wave(300, 0.3, 0.1, 90), wave(300, 0.7, 0.1, 90)
    dashed_trace, solid_trace = trace_track([class_map(solid, dashed)], [Drawn("dashed"), Drawn("solid")])
    assert np.abs(dashed_trace.fraction - middles(dashed)).max() < 0.02
    assert np.abs(solid_trace.fraction - middles(solid)).max() < 0.02


def test_a_wrapping_curve_goes_on_by_whole_tracks_and_comes_back() -> None:
    """Out over the right edge, in from the left one, and back again."""
    truth = wave(1000, 0.8, 0.6, 400)
    (trace,) = trace_track([class_map(truth, wrap=True)], [Drawn(wrap=True)])
    assert np.nanmax(trace.fraction) > 1.35
    assert np.nanmean(np.abs(trace.fraction - middles(truth)) < 0.01) > 0.99


def test_a_printed_line_that_the_network_claims_does_not_draw_the_curve_away() -> None:
    """The curve is seen less well than the line, and is followed all the same."""
    truth = np.interp(np.arange(601), [0, 100, 300, 500, 600], [0.3, 0.32, 0.38, 0.33, 0.3])
    classes = class_map(truth) // 2
    line = round(LEFT_EDGE_COLUMN + 0.6 * TRACK_COLUMNS)
    classes[0, :, line - 1 : line + 2] = 200
    strip = np.zeros((600, STRIP_WIDTH), np.uint8)
    strip[:, line - 2 : line + 3] = 255
    (drawn_away,) = trace_track([classes], [Drawn()])
    assert np.abs(drawn_away.fraction - 0.6).max() < 0.01
    (trace,) = trace_track([classes], [Drawn()], strips=lambda: [strip])
    assert np.abs(trace.fraction - middles(truth)).max() < 0.01


def test_a_straight_stretch_on_a_printed_line_is_in_doubt() -> None:
    """Where the curve wanders, or where no line is printed, it is not."""
    truth = np.interp(np.arange(601), [0, 200, 201, 400, 401, 600], [0.3, 0.3, 0.5, 0.5, 0.6, 0.8])
    strip = np.zeros((600, STRIP_WIDTH), np.uint8)
    strip[:, round(LEFT_EDGE_COLUMN + 0.5 * TRACK_COLUMNS)] = 255
    (trace,) = trace_track([class_map(truth)], [Drawn()], strips=lambda: [strip[:300], strip[300:]])
    assert trace.confidence[210:390].max() <= 0.4
    assert trace.confidence[:190].min() > 0.9 * 0.5
    assert trace.confidence[420:].min() > 0.9
    assert [(200 <= doubt.first_row <= 205, 396 <= doubt.end_row <= 401) for doubt in trace.doubts] == [(True, True)]


def test_a_curve_off_scale_is_null_and_found_again() -> None:
    """Beyond the edge there is no ink and so no value."""
    truth = wave(1000, 0.7, 0.5, 400)
    (trace,) = trace_track([class_map(truth)], [Drawn()])
    on_track = (middles(truth) > 0.005) & (middles(truth) < 0.995)
    assert np.isfinite(trace.fraction[on_track]).mean() > 0.98
    assert np.isnan(trace.fraction[middles(truth) > 1.01]).all()


def test_what_comes_in_at_the_other_edge_is_not_a_curve_that_does_not_wrap() -> None:
    """The print wraps it, the manifest does not: while it is off scale at the left, ink at the right is none of its values.

    For 40 rows at a time here; the dynamic program believes in a return elsewhere after about 55.
    """
    truth = wave(1000, 0.25, 0.45, 130)
    classes = class_map(truth, wrap=True)
    (trace,) = trace_track([classes], [Drawn()])
    off_scale = middles(truth) < -0.01
    assert 100 < np.count_nonzero(off_scale)
    assert np.isnan(trace.fraction[off_scale]).all()
    assert np.isfinite(trace.fraction[middles(truth) > 0.01]).mean() > 0.98


def test_a_gap_that_a_curve_leaves_and_enters_steeply_is_null() -> None:
    """It has a peak in there, or is off scale: a straight line across would be a value out of nothing."""
    at = np.arange(301)
    truth = np.interp(at, [0, 140, 150, 160, 300], [0.5, 0.5, 0.9, 0.5, 0.5])
    classes = class_map(truth)
    classes[:, 145:155] = 0
    (trace,) = trace_track([classes], [Drawn()])
    assert np.isnan(trace.fraction[146:154]).all()
    assert np.isfinite(trace.fraction[:140]).all()


def test_a_way_over_paper_is_no_value() -> None:
    """Ink at the end of a jump is no ink along it."""
    truth = np.interp(np.arange(301), [0, 150, 151, 300], [0.4, 0.4, 0.5, 0.5])
    classes = class_map(truth)
    classes[:, 150] = 0
    classes[0, 150, 250:256] = 255
    (trace,) = trace_track([classes], [Drawn()])
    known = trace.fraction[np.isfinite(trace.fraction)]
    assert (np.minimum(np.abs(known - 0.4), np.abs(known - 0.5)) < 0.05).all()


def test_a_piece_of_a_wrapping_curve_between_two_gaps_is_in_doubt() -> None:
    """It may be on another turn."""
    truth = np.full(401, 0.5)
    classes = class_map(truth, wrap=True)
    classes[:, 150:180] = classes[:, 200:230] = 0
    (trace,) = trace_track([classes], [Drawn(wrap=True)])
    assert trace.confidence[182:198].max() <= 0.4
    assert any(doubt.first_row <= 190 < doubt.end_row for doubt in trace.doubts)
    assert trace.confidence[:140].min() > 0.9


def test_a_long_gap_in_the_ink_is_null_and_a_short_one_is_bridged() -> None:
    """Nothing is guessed for longer than the ink supports."""
    truth = wave(600, 0.5, 0.2, 200)
    classes = class_map(truth)
    classes[:, 100:108] = 0
    classes[:, 300:380] = 0
    (trace,) = trace_track([classes], [Drawn()])
    assert np.abs(trace.fraction[100:108] - middles(truth)[100:108]).max() < 0.01
    assert np.isnan(trace.fraction[312:368]).all()
    assert (trace.confidence[312:368] == 0).all()


def test_an_empty_class_map_has_no_curve() -> None:
    """NULL everywhere, at no confidence."""
    traces = trace_track([np.zeros((2, 300, STRIP_WIDTH), np.uint8)], [Drawn(), Drawn("dashed")])
    assert all(np.isnan(trace.fraction).all() and not trace.confidence.any() for trace in traces)


def test_a_curve_beneath_the_other_ones_stroke_is_carried_along_it_and_flagged() -> None:
    """They run on one line for 40 rows; only the solid one is seen there."""
    solid = np.full(301, 0.5)
    dashed = np.interp(np.arange(301), [0, 120, 160, 300], [0.8, 0.5, 0.5, 0.8])
    classes = class_map(solid, dashed)
    classes[1][classes[0] > 0] = 0
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert np.abs(trace.fraction - middles(dashed)).max() < 0.02
    assert trace.confidence[125:155].max() <= 0.5
    assert any(doubt.first_row <= 140 < doubt.end_row for doubt in trace.doubts)


def test_a_dashed_curve_is_carried_straight_across_the_other_ones_stroke_and_flagged() -> None:
    """The crossing falls between two dashes; the ink in the gap is the solid curve's."""
    solid = np.interp(np.arange(301), [0, 130, 170, 300], [0.3, 0.45, 0.55, 0.7])
    dashed = np.full(301, 0.5)
    classes = class_map(solid, dashed)
    classes[1, 142:158] = 0
    classes[0, 130:136] &= ~classes[1, 130:136]
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert np.abs(trace.fraction[142:158] - 0.5).max() < 0.01
    assert trace.confidence[142:158].max() <= 0.5
    assert any(doubt.first_row <= 150 < doubt.end_row for doubt in trace.doubts)


def test_a_curve_that_the_other_ones_stroke_does_not_hide_stays_unknown() -> None:
    """Thirty rows of bare paper are no gap of a dash, though the other curve crosses them."""
    solid = np.interp(np.arange(301), [0, 145, 155, 300], [0.2, 0.3, 0.7, 0.8])
    dashed = np.full(301, 0.5)
    classes = class_map(solid, dashed)
    classes[1, 135:165] = 0
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert np.isnan(trace.fraction[138:148]).all()


def test_a_dashed_curve_that_comes_to_light_beside_the_solid_one_now_and_then_is_one_curve() -> None:
    """As two resistivities do: of 60 rows it is seen in 14, a few columns beside the other's stroke, and is flagged where it is not."""
    solid = wave(900, 0.5, 0.1, 300)
    dashed = solid + 8.0 / TRACK_COLUMNS
    classes = class_map(solid, dashed)
    seen = np.arange(900) % 60 < 14
    classes[1, ~seen] = 0
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    known = slice(0, 854)
    assert np.abs(trace.fraction - middles(dashed))[known].max() < 0.02
    assert trace.confidence[known][~seen[known]].max() <= 0.5
    assert trace.confidence[known][seen[known]].min() > 0.5


def test_what_goes_unseen_beside_a_stroke_for_longer_than_curves_share_one_is_unknown() -> None:
    """After 300 rows without a dash nothing says that the dashed curve is still there."""
    solid = wave(900, 0.5, 0.2, 300)
    dashed = solid + 8.0 / TRACK_COLUMNS
    classes = class_map(solid, dashed)
    classes[1, 300:600] = 0
    _, trace = trace_track([classes], [Drawn("solid"), Drawn("dashed")])
    assert np.isnan(trace.fraction[305:595]).all()


def crossing_alike(pens: tuple[float, float]) -> tuple[Floats, Floats, NDArray[np.uint8], NDArray[np.uint8]]:
    """Two solid curves that touch three times and cross twice, their class map, and the strip as pens of two widths draw it."""
    at = np.arange(1201)
    first = np.interp(at, [0, 300, 600, 900, 1200], [0.3, 0.5, 0.7, 0.5, 0.3])
    second = np.interp(at, [0, 300, 450, 600, 900, 1200], [0.7, 0.5, 0.5, 0.69, 0.5, 0.7])
    classes = class_map(first, second)
    classes[0] |= classes[1]
    classes[1] = 0
    strip = np.zeros((1200, STRIP_WIDTH), np.uint8)
    for curve, width in zip((first, second), pens, strict=True):
        centre = middles(curve) * TRACK_COLUMNS + LEFT_EDGE_COLUMN
        strip[np.abs(np.arange(STRIP_WIDTH) - centre[:, None]) <= width / 2] = 255
    return first, second, classes, strip


def test_two_curves_of_one_style_are_told_apart_by_their_pens() -> None:
    """Whatever their slopes say at a contact, the broad pen is the first curve's as far as the strip goes."""
    first, second, classes, strip = crossing_alike((4.0, 2.0))
    traces = trace_track([classes], [Drawn(), Drawn()], strips=lambda: [strip[:500], strip[500:]])
    away = np.abs(middles(first) - middles(second)) > 0.03
    for trace, truth in zip(traces, (first, second), strict=True):
        assert np.abs(trace.fraction - middles(truth))[away].max() < 0.01
        assert trace.confidence[away].min() > 0.9 * 0.5  # half, because nothing tells their names


def test_contacts_of_two_curves_of_one_style_are_in_doubt() -> None:
    """Nor is anything below a contact sure where no pen tells it."""
    first, second = np.linspace(0.2, 0.8, 401), np.linspace(0.8, 0.2, 401)
    classes = class_map(first, second)
    classes[0] |= classes[1]
    classes[1] = 0
    traces = trace_track([classes], [Drawn(), Drawn()])

    away = np.abs(middles(first) - middles(second)) > 0.02
    for trace, truth in zip(traces, (first, second), strict=True):
        assert np.abs(trace.fraction - middles(truth))[away].max() < 0.01
        assert any(d.reason.endswith("touch") and d.first_row <= 200 < d.end_row for d in trace.doubts)
        assert trace.confidence[198:202].max() <= 0.5
        assert trace.confidence[:190].min() > 0.9 * 0.5
        assert trace.confidence[210:].max() < 0.95


def test_two_curves_of_one_style_that_touch_all_the_way_are_in_doubt_all_the_way() -> None:
    """There is nothing that names them."""
    classes = class_map(np.full(301, 0.5), np.full(301, 0.512))
    classes[0] |= classes[1]
    classes[1] = 0
    for trace in trace_track([classes], [Drawn(), Drawn()]):
        assert trace.confidence.max() <= 0.5


def test_equal_pens_leave_what_slopes_cannot_tell_in_doubt() -> None:
    """Of curves that come together and part again either way is as likely."""
    _, _, classes, strip = crossing_alike((3.0, 3.0))
    traces = trace_track([classes], [Drawn(), Drawn()], strips=lambda: [strip])
    assert max(trace.confidence[1000:].max() for trace in traces) < 0.9
    assert any(doubt.first_row <= 1100 < doubt.end_row for doubt in traces[0].doubts)


def same(one: Trace, other: Trace) -> bool:
    """Equal to the last bit."""
    return np.array_equal(one.fraction, other.fraction, equal_nan=True) and np.array_equal(
        one.confidence, other.confidence
    )


@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(1, 5000), max_size=6, unique=True))
def test_values_do_not_depend_on_where_bands_begin(cuts: list[int]) -> None:
    """The same rows in other pieces give the same bits."""
    truth = wave(2 * CHUNK_ROWS + 905, 0.6, 0.5, 333)
    classes = class_map(truth, wrap=True)
    (whole,) = trace_track([classes], [Drawn(wrap=True)])
    (cut,) = trace_track(np.split(classes, sorted(cuts), axis=1), [Drawn(wrap=True)])
    assert same(whole, cut)

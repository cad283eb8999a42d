"""How well drafts of manifests agree with what was drawn: field by field, sure or not, on papers that a seed draws.

What counts is asked of every field by itself: is it right, wrong or not found, and was the draft sure of it? A paper goes through where nothing
needs a person (:func:`veernet.register.doubts.doubts`); one that goes through with anything wrong is the one fault that matters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from veernet.register.doubts import doubts
from veernet.register.draft import SURE, Curve, Draft, Track
from veernet.sheets.geometry import DepthRegister, Edge
from veernet.training.paper_truth import CurveTruth, PaperTruth, SectionTruth, TrackTruth

#: How far a printed depth or an edge may be off.
TOLERANCE_PX = 2.0
#: In the order of tables.
FIELDS = (
    "main pass",
    "repeat left out",
    "unit",
    "depths",
    "edges",
    "grid",
    "names",
    "units",
    "scales",
    "styles",
    "wraps",
    "well",
)

_SAME_TRACK = 0.7
_EDGE_ROWS = 9


@dataclass(frozen=True)
class Verdict:
    """One field of a draft.

    Args:
        field: One of ``FIELDS``.
        right: Whether it is; None where nothing was found.
        sure: Whether the draft needs no person for it.
        detail: What is off, for people.
    """

    field: str
    right: bool | None
    sure: bool
    detail: str = ""

    @property
    def misleads(self) -> bool:
        """Whether it is wrong and the draft is sure of it."""
        return self.right is False and self.sure


@dataclass(frozen=True)
class DraftScore:
    """A draft beside the truth.

    Args:
        through: Whether nothing needs a person.
        verdicts: One a field, in the order of ``FIELDS``.
        depth_px: How far the worst printed depth is off, NaN without ticks.
        edge_px: How far the worst edge of a track that was found is off, NaN where none was.
    """

    through: bool
    verdicts: tuple[Verdict, ...]
    depth_px: float
    edge_px: float

    @property
    def wrong(self) -> tuple[Verdict, ...]:
        """Fields that are wrong, or, of a draft that goes through, not found; facts of the well stay out where they are not sure."""
        if not self.through:
            return tuple(v for v in self.verdicts if v.right is False)
        return tuple(v for v in self.verdicts if (v.misleads if v.field == "well" else v.right is not True))


def score_draft(draft: Draft, truth: PaperTruth) -> DraftScore:
    """Compare a draft with what was drawn."""
    chosen = _chosen_pass(draft, truth)
    depth_px = _depth_px(draft, truth, chosen) if chosen else float("nan")
    pairs = _track_pairs(draft, truth, chosen) if chosen else []
    edge_px = max([_edge_px(track, drawn, chosen) for track, drawn in pairs if drawn and chosen], default=float("nan"))
    verdicts = (
        _main_verdict(draft, chosen),
        _repeat_verdict(draft, truth, chosen),
        _verdict("unit", draft.depth.unit.value, truth.unit, draft.depth.unit.sure),
        Verdict(
            "depths",
            None if np.isnan(depth_px) else depth_px <= TOLERANCE_PX,
            draft.depth.confidence >= SURE,
            f"{depth_px:.1f} px off",
        ),
        _edges_verdict(pairs, truth, edge_px),
        _grid_verdict(pairs),
        *_curve_verdicts(pairs),
        _well_verdict(draft, truth),
    )
    return DraftScore(not doubts(draft), verdicts, depth_px, edge_px)


def _verdict(field: str, found: str | None, true: str, sure: bool) -> Verdict:
    return Verdict(field, None if found is None else found == true, sure and found is not None, f"{found}, not {true}")


def _chosen_pass(draft: Draft, truth: PaperTruth) -> SectionTruth | None:
    """The pass that the draft's main section lies on, by rows that both have; None where it lies on none."""
    if draft.main is None:
        return None
    main = draft.sections[draft.main]

    def shared(drawn: SectionTruth) -> float:
        return min(main.end_row, drawn.end_row) - max(main.first_row, drawn.first_row)

    best = max(truth.passes, key=shared)
    return best if shared(best) > 0.5 * (best.end_row - best.first_row) else None


def _main_verdict(draft: Draft, chosen: SectionTruth | None) -> Verdict:
    sure = draft.main is not None and draft.sections[draft.main].confidence >= SURE
    if draft.main is None:
        return Verdict("main pass", None, False)
    kind = chosen.kind if chosen else "no pass"
    return Verdict("main pass", kind in ("main", "other"), sure, f"{kind} was taken for it")


def _repeat_verdict(draft: Draft, truth: PaperTruth, chosen: SectionTruth | None) -> Verdict:
    """Whether the rows that would be digitised lie on one pass that is no repeat; a finger's width of its ends is no matter."""
    if chosen is None or draft.depth.top.value is None or draft.depth.base.value is None or len(draft.depth.ticks) < 2:
        return Verdict("repeat left out", None, False)
    top, base = (float(row) for row in _register(draft).row_at([draft.depth.top.value, draft.depth.base.value]))
    slack = 0.25 * truth.dpi
    inside = top >= chosen.first_row - slack and base <= chosen.end_row + slack and chosen.kind != "repeat"
    rows = f"rows {top:.0f} to {base:.0f} of a pass from {chosen.first_row:.0f} to {chosen.end_row:.0f}"
    return Verdict("repeat left out", inside, draft.depth.top.sure and draft.depth.base.sure, rows)


def _register(draft: Draft) -> DepthRegister:
    return DepthRegister(
        tuple(tick.row_px for tick in draft.depth.ticks), tuple(tick.depth for tick in draft.depth.ticks)
    )


def _depth_px(draft: Draft, truth: PaperTruth, chosen: SectionTruth) -> float:
    """How far off the worst of the depths is that are printed in the pass.

    A line of a skewed paper has many rows: those in the middle of the depth column and of the sheet are equally right, as long as all ticks
    keep to one of them; strips find the skew themselves.
    """
    printed = [label for label in chosen.labels if label.legible]
    rows, depths = ([getattr(tick, key) for tick in draft.depth.ticks] for key in ("row_px", "depth"))
    if len(rows) < 2 or not printed:
        return float("nan")
    if min(np.diff(rows)) <= 0 or min(np.diff(depths)) <= 0:
        return float("inf")
    off = _register(draft).row_at([label.depth for label in printed]) - np.array([label.row_px for label in printed])
    to_middle = truth.skew * (0.5 * truth.width_px - 0.5 * sum(truth.depth_column))
    return float(min(np.abs(off - fall).max() for fall in (0.0, to_middle)))


def _track_pairs(draft: Draft, truth: PaperTruth, chosen: SectionTruth) -> list[tuple[Track, TrackTruth | None]]:
    """Each track of the draft with the drawn one that it mostly lies on."""
    middle = 0.5 * (chosen.first_row + chosen.end_row)
    spans = [(_column(track.left, middle), _column(track.right, middle)) for track in truth.tracks]
    pairs: list[tuple[Track, TrackTruth | None]] = []
    for track in draft.tracks:
        left, right = _column(track.left, middle), _column(track.right, middle)
        shares = [(min(right, r) - max(left, x)) / (max(right, r) - min(left, x)) for x, r in spans]
        best = int(np.argmax(shares))
        pairs.append((track, truth.tracks[best] if shares[best] >= _SAME_TRACK else None))
    return pairs


def _column(points: tuple[tuple[float, float], ...], row: float) -> float:
    return float(Edge.of(points).column_px(row))


def _edge_px(track: Track, drawn: TrackTruth, chosen: SectionTruth) -> float:
    rows = np.linspace(chosen.first_row, chosen.end_row, _EDGE_ROWS)
    sides = ((track.left, drawn.left), (track.right, drawn.right))
    return max(
        float(np.abs(Edge.of(found).column_px(rows) - Edge.of(true).column_px(rows)).max()) for found, true in sides
    )


def _edges_verdict(pairs: list[tuple[Track, TrackTruth | None]], truth: PaperTruth, edge_px: float) -> Verdict:
    sure = bool(pairs) and all(track.edges_confidence >= SURE for track, _ in pairs if track.digitised)
    if any(drawn is None for track, drawn in pairs if track.digitised):
        return Verdict("edges", False, sure, "a track where none was drawn")
    if np.isnan(edge_px):
        return Verdict("edges", None, sure)
    found = {id(drawn) for _, drawn in pairs}
    if any(id(drawn) not in found for drawn in truth.tracks if 1 <= len(drawn.curves) <= 2):
        return Verdict("edges", None if edge_px <= TOLERANCE_PX else False, sure, "a track was not found")
    return Verdict("edges", edge_px <= TOLERANCE_PX, sure, f"{edge_px:.1f} px off")


def _grid_verdict(pairs: list[tuple[Track, TrackTruth | None]]) -> Verdict:
    told = [(track.scale, drawn.scale) for track, drawn in pairs if drawn and drawn.curves and track.digitised]
    if not told or any(found.value is None for found, _ in told):
        return Verdict("grid", None, False)
    wrong = [f"{found.value}, not {true}" for found, true in told if found.value != true]
    return Verdict("grid", not wrong, all(found.sure for found, _ in told), "; ".join(wrong))


def _curve_verdicts(pairs: list[tuple[Track, TrackTruth | None]]) -> Iterator[Verdict]:
    """Of the curves in tracks that would be digitised: names, units, scales, styles, wraps."""
    curves = [pair for track, drawn in pairs if drawn and track.digitised for pair in _curve_pairs(track, drawn)]
    crowded = [
        f"{track.name} has {len(drawn.curves)} curves"
        for track, drawn in pairs
        if drawn and track.digitised and len(drawn.curves) > 2
    ]
    lost = any(len(track.curves) < len(drawn.curves) for track, drawn in pairs if drawn and len(drawn.curves) <= 2)
    for field, keys in (
        ("names", ("mnemonic",)),
        ("units", ("unit",)),
        ("scales", ("left", "right")),
        ("styles", ("style",)),
        ("wraps", ("wrap",)),
    ):
        founds = [getattr(curve, key) for curve, _ in curves for key in keys]
        sure = bool(founds) and all(found.sure for found in founds)
        wrong = [
            f"{curve.mnemonic.value}: {'/'.join(str(getattr(curve, key).value) for key in keys)}"
            for curve, true in curves
            if not _agrees(field, curve, true)
        ]
        wrong += crowded if field == "names" else []
        missing = not curves or lost or any(found.value is None for found in founds)
        yield Verdict(field, False if wrong else None if missing else True, sure, "; ".join(wrong))


def _curve_pairs(track: Track, drawn: TrackTruth) -> Iterator[tuple[Curve, CurveTruth | None]]:
    """Each curve of a draft with the drawn one of its name; else with the one in its place, if no other curve has that one's name."""
    named = {index: _named(curve, drawn) for index, curve in enumerate(track.curves)}
    for index, curve in enumerate(track.curves):
        place = drawn.curves[index] if index < len(drawn.curves) else None
        free = place if place is not None and all(place is not other for other in named.values()) else None
        yield curve, named[index] or free


def _named(curve: Curve, drawn: TrackTruth) -> CurveTruth | None:
    called = (curve.mnemonic.value or "").upper()
    return next((true for true in drawn.curves if called in true.mnemonics), None)


def _agrees(field: str, curve: Curve, true: CurveTruth | None) -> bool:
    """Whether what was found of a curve is right; what was not found is not wrong."""
    if true is None:
        return curve.mnemonic.value is None
    if field == "names":
        return curve.mnemonic.value is None or curve.mnemonic.value.upper() in true.mnemonics
    if field == "units":
        return curve.unit.value is None or _plain(curve.unit.value) in {_plain(unit) for unit in true.units}
    if field == "scales":
        sides = ((curve.left.value, true.left), (curve.right.value, true.right))
        return all(found is None or bool(np.isclose(found, value, rtol=1e-3, atol=1e-6)) for found, value in sides)
    if field == "styles":
        return curve.style.value in (None, true.style)
    return curve.wrap.value in (None, true.wrap)


def _well_verdict(draft: Draft, truth: PaperTruth) -> Verdict:
    """What a manifest says of the well: its name and its number, each left out where it is not sure."""
    keys = [key for key in ("name", "uwi", "api") if key in truth.well]
    found = {key: draft.well[key] for key in keys if key in draft.well and draft.well[key].value is not None}
    wrong = {key: fact for key, fact in found.items() if _plain(str(fact.value)) != _plain(truth.well[key])}
    told = "; ".join(f"{key} {fact.value!r}, not {truth.well[key]!r}" for key, fact in wrong.items())
    misled = any(fact.sure for fact in wrong.values())
    sure = misled or (len(found) == len(keys) and all(fact.sure for fact in found.values()))
    return Verdict("well", False if wrong else None if len(found) < len(keys) else True, sure, told)


def _plain(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "", text.upper())

"""Going on where a person left off: a saved manifest, as a draft of which every field is sure."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from veernet.register.draft import Curve, Depth, Draft, Found, Section, Tick, Track

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve as SheetCurve
    from veernet.sheets.manifest import EdgePx, SheetManifest
    from veernet.sheets.manifest import Track as SheetTrack

Value = TypeVar("Value")

_WHY = "from the sheet's manifest"


def resumed(draft: Draft, manifest: SheetManifest) -> Draft:
    """The draft with what a manifest says in place of what was found.

    Labels and sections stay as they were read; so do tracks that cannot be digitised and are not in the manifest. A draft
    of nothing but the scan's name and size makes one of the manifest alone.
    """
    depth = manifest.depth
    ticks = tuple(Tick(row_px=row, depth=at, confidence=1.0) for row, at in depth.ticks)
    named = {track.name for track in manifest.tracks}
    others = tuple(track for track in draft.tracks if not track.digitised and track.name not in named)
    sections, main = draft.sections, draft.main
    if main is None:
        sections, main = (Section(kind="main", first_row=0, end_row=draft.rows, confidence=1.0),), 0
    found_depth: Depth = draft.depth.model_copy(
        update={
            "confidence": 1.0,
            "why": _WHY,
            "unit": _sure(depth.unit),
            "top": _sure(depth.top_depth),
            "base": _sure(depth.base_depth),
            "ticks": ticks,
        }
    )
    well = manifest.well.model_dump(exclude_none=True)
    return draft.model_copy(
        update={
            "sections": tuple(
                section.model_copy(update={"confidence": 1.0}) if index == main else section
                for index, section in enumerate(sections)
            ),
            "main": main,
            "depth": found_depth,
            "tracks": tuple(_track(track) for track in manifest.tracks) + others,
            "well": {key: _sure(value) for key, value in well.items()},
        }
    )


def _sure(value: Value | None) -> Found[Value]:
    return Found(value=value, confidence=1.0, why=_WHY)


def _track(track: SheetTrack) -> Track:
    return Track(
        name=track.name,
        left=_points(track.left),
        right=_points(track.right),
        edges_confidence=1.0,
        scale=_sure(track.scale),
        curves=tuple(_curve(curve) for curve in track.curves),
        curve_count=_sure(len(track.curves)),
    )


def _curve(curve: SheetCurve) -> Curve:
    return Curve(
        mnemonic=_sure(curve.mnemonic),
        unit=_sure(curve.unit or ""),
        description=curve.description or "",
        style=_sure(curve.style),
        left=_sure(curve.left),
        right=_sure(curve.right),
        wrap=_sure(curve.wrap),
    )


def _points(edge: EdgePx) -> tuple[tuple[float, float], ...]:
    return ((0.0, edge),) if isinstance(edge, int | float) else edge

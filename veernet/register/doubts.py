"""What of a draft needs a person, field by field: a sheet goes through only where nothing does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from veernet.register.draft import MOST_DIGITISED, SURE, Curve, Draft, Found


@dataclass(frozen=True)
class Doubt:
    """A field that is not sure.

    Args:
        path: Its key in the manifest, as ``tracks[0].curves[1].left``.
        confidence: Of what was found there; 0 where nothing was.
        why: A clause for people.
    """

    path: str
    confidence: float
    why: str


def doubts(draft: Draft) -> tuple[Doubt, ...]:
    """What needs a person before the sheet can be digitised, in the manifest's order; nothing if it goes through."""
    return tuple(_doubts(draft))


def needed(draft: Draft) -> tuple[Doubt, ...]:
    """Every field that must be sure, whether it is or not, in the manifest's order."""
    return tuple(Doubt(*told) for told in _needed(draft))


def confidence(draft: Draft) -> float:
    """How sure the whole registration is: as its least sure field that is digitised."""
    return min([1.0, *(found for _, found, _ in _needed(draft))])


def _doubts(draft: Draft) -> Iterator[Doubt]:
    for path, found, why in _needed(draft):
        if found < SURE:
            yield Doubt(path, found, why)


def _needed(draft: Draft) -> Iterator[tuple[str, float, str]]:
    if draft.main is None:
        yield "depth", 0.0, "no logged pass was found"
        return
    main = draft.sections[draft.main]
    yield "depth.top", main.confidence, f"rows {main.first_row:.0f} to {main.end_row:.0f} may not be the main pass"
    yield _of("depth.unit", draft.depth.unit)
    yield "depth.ticks", draft.depth.confidence if len(draft.depth.ticks) >= 2 else 0.0, draft.depth.why
    yield _of("depth.top", draft.depth.top)
    yield _of("depth.base", draft.depth.base)
    tracks = [(index, track) for index, track in enumerate(t for t in draft.tracks if t.digitised)]
    if not tracks:
        yield "tracks", 0.0, "no track with one or two named curves was found"
    for track in draft.tracks:
        if (track.curve_count.value or 0) > len(track.curves):
            why = f"{track.curve_count.value} curves are drawn in {track.name} and {len(track.curves)} named"
            yield "tracks", 1 - track.curve_count.confidence, why
        elif not track.digitised and (track.curve_count.value or 0) <= MOST_DIGITISED < len(track.curves):
            least = min((curve.mnemonic for curve in track.curves), key=lambda found: found.confidence)
            why = f"{track.name} is left out, and its {len(track.curves)} names are not all sure"
            yield "tracks", least.confidence, why
    for index, track in tracks:
        yield f"tracks[{index}].left", track.edges_confidence, "its edges are not sure"
        yield _of(f"tracks[{index}].scale", track.scale)
        for curve_index, curve in enumerate(track.curves):
            yield from _of_curve(f"tracks[{index}].curves[{curve_index}]", curve)


def _of_curve(path: str, curve: Curve) -> Iterator[tuple[str, float, str]]:
    for key in ("mnemonic", "unit", "style", "left", "right", "wrap"):
        yield _of(f"{path}.{key}", getattr(curve, key))


def _of(path: str, found: Found[Any] | None) -> tuple[str, float, str]:
    if found is None or found.value is None:
        return path, 0.0, "it was not found"
    return path, found.confidence, found.why or f"{found.value} is not sure"

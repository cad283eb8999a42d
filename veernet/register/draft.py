"""The draft of a sheet manifest, ``veernet-draft/1``: what was found on a scan, where it was found, and how sure that is.

Rows and columns are px of the full-size scan, 0 at the centre of the top-left pixel, as in the manifest. A confidence is the
chance that the value is right, from 0 to 1; 0 with no value means that nothing was found.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from veernet.errors import DraftError
from veernet.sheets.manifest import FORMAT as MANIFEST_FORMAT

FORMAT: Literal["veernet-draft/1"] = "veernet-draft/1"
SURE = 0.95
"""Confidence from which on a field needs no person."""
MOST_DIGITISED = 2
"""Curves of a track that can be digitised today."""
LAS_STEP = {"ft": 0.5, "m": 0.1}
"""Distance of LAS rows by unit, as logging companies deliver them."""

Confidence = float
Kind = Literal["header", "scale", "main", "repeat", "other", "tail"]
Style = Literal["solid", "dashed", "dotted"]
Value = TypeVar("Value")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Found(_Part, Generic[Value]):
    """A value, how sure it is, and why, in a clause for people."""

    value: Value | None = None
    confidence: Confidence = 0.0
    why: str = ""

    @property
    def sure(self) -> bool:
        """Whether it needs no person."""
        return self.value is not None and self.confidence >= SURE


class Box(_Part):
    """A rectangle of the scan: its first row and column, and those after its last."""

    top_row: float
    left_px: float
    end_row: float
    end_px: float

    def at(self, times: float) -> Box:
        """The same at so many times the resolution."""
        return Box(**{side: times * value for side, value in self})


class Section(_Part):
    """Consecutive rows of the scan that are one thing.

    Args:
        kind: ``main`` is a logged pass; ``repeat`` one whose depths were logged before; ``scale`` a scale block; ``other`` a pass
            of another log, or at another vertical scale, on the same paper.
        first_row: Its first row.
        end_row: The row after its last.
        confidence: That the kind is right.
        vertical_scale: Of a pass, as 240 for 1:240.
        top: Of a pass: depth at its first row.
        base: Of a pass: depth at its last row.
        caption: The words it was known by.
    """

    kind: Kind
    first_row: float
    end_row: float
    confidence: Confidence
    vertical_scale: float | None = None
    top: float | None = None
    base: float | None = None
    caption: str = ""


class Label(_Part):
    """A printed depth, as it was read.

    Args:
        box: Around its ink.
        row_px: Row of its middle.
        text: As read, before it was judged as a number.
        number: What the text says as a depth.
        confidence: That the number is right, by its own looks.
        used: Whether the fit of depth rests on it.
        depth: By the fit, the depth at which a label stands here, whatever was read.
        turned: Degrees by which the text is turned clockwise.
        section: Index of its section.
    """

    box: Box
    row_px: float
    text: str
    number: float | None
    confidence: Confidence
    used: bool = False
    depth: float | None = None
    turned: Literal[0, 90, 270] = 0
    section: int | None = None


class Tick(_Part):
    """A printed depth and its row: on the grid line itself where one was found (`on_line`), else by the fit."""

    row_px: float
    depth: float
    confidence: Confidence
    on_line: bool = False


class Depth(_Part):
    """Which rows of the main pass are which depths.

    Args:
        confidence: That every printed depth of the pass lies where the ticks put it.
        why: What that rests on.
        unit: Feet or metres.
        px_per_unit: Rows a unit of depth.
        vertical_scale: As 240 for 1:240.
        label_step: From one printed depth to the next.
        line_step: From one line across to the next, in the unit.
        ticks: Rows and depths, both increasing.
        top: First depth that was logged.
        base: Last one.
    """

    confidence: Confidence = 0.0
    why: str = ""
    unit: Found[Literal["ft", "m"]] = Found()
    px_per_unit: Found[float] = Found()
    vertical_scale: Found[float] = Found()
    label_step: Found[float] = Found()
    line_step: Found[float] = Found()
    ticks: tuple[Tick, ...] = ()
    top: Found[float] = Found()
    base: Found[float] = Found()


class Curve(_Part):
    """One curve of a track, as its scale block tells it.

    Args:
        mnemonic: Name for ~Curve.
        unit: Of its values.
        description: In words, as printed.
        style: How it is drawn.
        left: Value at the track's left edge.
        right: Value at its right edge.
        backup: Values at the two edges of the second scale, if one is printed.
        wrap: Whether a stroke that leaves at one edge comes back at the other.
        box: Where this was read.
    """

    mnemonic: Found[str] = Found()
    unit: Found[str] = Found()
    description: str = ""
    style: Found[Style] = Found()
    left: Found[float] = Found()
    right: Found[float] = Found()
    backup: Found[tuple[float, float]] = Found()
    wrap: Found[bool] = Found()
    box: Box | None = None


class Track(_Part):
    """One track.

    Args:
        name: As ``track-1``, counted from the left.
        left: Its left edge, ``(row_px, column_px)`` with rows increasing.
        right: Its right edge.
        edges_confidence: That both are right.
        scale: How values go from edge to edge.
        divisions: Of a linear grid, usually 10; of a log grid, decades.
        curves: Those that the scale block names.
        curve_count: Curves that are drawn in it.
    """

    name: str
    left: tuple[tuple[float, float], ...]
    right: tuple[tuple[float, float], ...]
    edges_confidence: Confidence
    scale: Found[Literal["linear", "log"]] = Found()
    divisions: Found[float] = Found()
    curves: tuple[Curve, ...] = ()
    curve_count: Found[int] = Found()

    @property
    def digitised(self) -> bool:
        """Whether it can be digitised today: one or two curves."""
        return 1 <= max(len(self.curves), self.curve_count.value or 0) <= MOST_DIGITISED


class ScaleBlock(_Part):
    """A scale block: where it is, whether above or below its tracks, and its words in reading order."""

    box: Box
    where: Literal["above", "below"]
    words: tuple[str, ...] = ()


class Draft(_Part):
    """What was found on one scan.

    Args:
        source: The scan's file name.
        width_px: Its columns.
        rows: Its rows.
        dpi: Its resolution.
        sections: Top to bottom, without gaps.
        main: Index of the section that the manifest is drafted for.
        depth: Of that section.
        labels: Printed depths of all sections.
        depth_column: Of the main section, left and right edge: where its depths are printed.
        tracks: Of the main section, from left to right.
        scale_blocks: Of the scan.
        well: Header facts, by the manifest's keys.
    """

    format: Literal["veernet-draft/1"] = FORMAT
    source: str
    width_px: int
    rows: int
    dpi: Found[float] = Found()
    sections: tuple[Section, ...] = ()
    main: int | None = None
    depth: Depth = Depth()
    labels: tuple[Label, ...] = ()
    depth_column: tuple[float, float] | None = None
    tracks: tuple[Track, ...] = ()
    scale_blocks: tuple[ScaleBlock, ...] = ()
    well: dict[str, Found[str]] = {}

    def to_json(self) -> str:
        """The draft as a JSON document."""
        return self.model_dump_json(indent=1) + "\n"

    @classmethod
    def from_json(cls, text: str | bytes, name: str = "draft") -> Draft:
        """Read one back.

        Raises:
            DraftError: It is none.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise DraftError(name, f"it is no draft ({where}: {first['msg']})", "register the scan again") from error

    def to_manifest(self, *, only_sure_facts: bool = False) -> dict[str, Any]:
        """The sheet manifest as far as it was found; what was not found is left out.

        Tracks that cannot be digitised today are left out, too.

        Args:
            only_sure_facts: Leave out what the header says if that is not sure, for a sheet that no person looks at. A well whose name or
                number is not sure is called unknown, and told apart by the scan's name: no depth and no value rests on these.
        """
        depth: dict[str, Any] = {
            "unit": self.depth.unit.value,
            "step": LAS_STEP.get(self.depth.unit.value or ""),
            "top": self.depth.top.value,
            "base": self.depth.base.value,
            "ticks": [[round(tick.row_px, 2), tick.depth] for tick in self.depth.ticks],
        }
        return {
            "format": MANIFEST_FORMAT,
            "source": self.source,
            "well": self._well(only_sure_facts),
            "depth": _given(depth),
            "tracks": [_track(track) for track in self.tracks if track.digitised],
        }

    def _well(self, only_sure_facts: bool) -> dict[str, str]:
        facts = {
            key: found.value for key, found in self.well.items() if found.value and (found.sure or not only_sure_facts)
        }
        if only_sure_facts:
            facts.setdefault("name", f"unknown, scan {self.source.rsplit('.', 1)[0]}")
            if not facts.keys() & {"uwi", "api"}:
                facts["uwi"] = "unknown"
        return facts


def _track(track: Track) -> dict[str, Any]:
    edges = {"left": _edge(track.left), "right": _edge(track.right), "scale": track.scale.value}
    return _given({"name": track.name, **edges, "curves": [_curve(curve) for curve in track.curves]})


def _edge(points: tuple[tuple[float, float], ...]) -> float | list[list[float]]:
    columns = {column for _, column in points}
    return columns.pop() if len(columns) == 1 else [[row, column] for row, column in points]


def _curve(curve: Curve) -> dict[str, Any]:
    keys = ("mnemonic", "unit", "style", "left", "right", "wrap")
    found = {key: getattr(curve, key).value for key in keys}
    return _given({**found, "description": curve.description or None})


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value is not None}

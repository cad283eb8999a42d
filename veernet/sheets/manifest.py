"""The sheet manifest, ``veernet-sheet/1``: what cannot be read off the pixels for certain.

A manifest is refused before a pixel is read, with the file, the key's path, what was found and what would do.
"""

from __future__ import annotations

import difflib
import math
import re
from itertools import pairwise
from typing import Annotated, Any, Literal, Self, get_args
from urllib.parse import urlsplit

import numpy as np
import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    field_validator,
    model_validator,
)

from veernet.errors import ManifestError, one_line
from veernet.sheets.documents import parse_document

FORMAT: Literal["veernet-sheet/1"] = "veernet-sheet/1"
#: Larger files are no manifests.
MAX_BYTES = 1 << 19
#: More LAS rows than this are a slip of the step, not a log.
MAX_LAS_ROWS = 2_000_000
#: What LAS readers look for under these names, in whatever section, so that no curve may bear one.
RESERVED_MNEMONICS = dict.fromkeys(("DEPT", "DEPTH"), "the index") | dict.fromkeys(
    ("VERS", "WRAP", "DLM", "NULL"), "what says how the file is read"
)

_HOW = "correct it there; `veernet schema` prints every key with its meaning"
_MAX_KEY_CHARACTERS = 60  # of an unknown key, in a message

# Strict: neither true nor "250" is a number.
Number = Annotated[float, Field(allow_inf_nan=False, strict=True)]


# Header lines of a LAS file are made of this.
_OneLine = BeforeValidator(lambda value: one_line(value) if isinstance(value, str) else value)
Text = Annotated[str, _OneLine, StringConstraints(min_length=1, max_length=200)]
Point = Annotated[tuple[Number, Number], Field(description="[row_px, column_px]")]
Scale = Literal["linear", "log"]
EdgePx = Number | tuple[Point, ...]
_EDGE = (
    "a column in px of the full-size scan, 0 at the centre of the leftmost, or [[row_px, column_px], ...] with rows "
    "increasing; linear between the points"
)


def _scan_reference(text: str) -> str:
    """Accept a path relative to the manifest or an s3 URI: nothing that a raster library might open by another door."""
    scheme = urlsplit(text).scheme
    if scheme not in ("", "s3"):
        raise ValueError(
            f"a source of the kind {scheme!r} is not read; give a path relative to the manifest, or s3://bucket/key"
        )
    if text.lstrip().startswith("<") or re.match(r"/vsi|\w+:(?!//)", text, re.IGNORECASE):
        raise ValueError("this is not the path of a scan; give a path relative to the manifest, or s3://bucket/key")
    if ".." in re.split(r"[/\\]", text) or (scheme == "" and text.startswith(("/", "\\"))):
        raise ValueError("the scan must lie beside the manifest or below it; give a path relative to the manifest")
    if scheme == "s3" and not re.fullmatch(r"s3://[a-z0-9][a-z0-9._-]+/[^?#]+", text):
        raise ValueError("this is no bucket and key; write s3://bucket/key, without credentials or a query")
    return text


ScanReference = Annotated[Text, AfterValidator(_scan_reference)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class Well(_Part):
    """The well, for ~Well of the LAS file. One of uwi and api is required."""

    name: Text = Field(description="name of the well, as on the log's header")
    uwi: Text | None = Field(None, description="unique well identifier; this or api is required")
    api: Text | None = Field(None, description="API number; this or uwi is required")
    company: Text | None = Field(None, description="the company that the well was drilled for")
    field: Text | None = Field(None, description="oil or gas field; Wildcat where there is none")
    location: Text | None = Field(None, description="where the well is, as on the log's header")
    county: Text | None = Field(None, description="county, where the country has them")
    state: Text | None = Field(None, description="state, where the country has them")
    province: Text | None = Field(None, description="province, where the country has them")
    country: Text | None = Field(None, description="country, by name or two letters")
    service_company: Text | None = Field(None, description="the company that ran the log")
    date: Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = Field(
        None, description="date of the log, YYYY-MM-DD"
    )

    @field_validator("*", mode="before")
    @classmethod
    def _whole_numbers_as_text(cls, value: Any) -> Any:
        """A bare API number is the text that it looks like; of a fraction, YAML has lost how it was written."""
        if isinstance(value, float):
            raise ValueError("this is text: put it in quotes")
        return str(value) if type(value) is int else value

    @model_validator(mode="after")
    def _identified(self) -> Self:
        if not (self.uwi or self.api):
            raise ValueError("neither uwi nor api is given; give one of them")
        return self


class Depth(_Part):
    """Which rows are which depths, and what depths the LAS file has."""

    unit: Literal["ft", "m"] = Field(
        description="feet or metres: what the printed depths are, and those of the LAS file"
    )
    step: Annotated[Number, Field(gt=0, description="distance from one row of the LAS file to the next, in the unit")]
    top: Number | None = Field(None, description="first depth to digitise; absent: the first tick")
    base: Number | None = Field(None, description="last depth to digitise; absent: the last tick")
    ticks: tuple[tuple[Number, Number], ...] = Field(
        min_length=2,
        description="two or more printed depths, [row_px, depth], both strictly increasing; depth is linear between "
        "ticks and goes on beyond the outer ones, and more ticks take up more of the paper's stretch",
    )

    @property
    def top_depth(self) -> float:
        """First depth to digitise."""
        return self.ticks[0][1] if self.top is None else self.top

    @property
    def base_depth(self) -> float:
        """Last depth to digitise."""
        return self.ticks[-1][1] if self.base is None else self.base

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for index, (tick, following) in enumerate(pairwise(self.ticks), start=1):
            if not (following[0] > tick[0] and following[1] > tick[1]):
                raise ValueError(
                    f"ticks[{index}] is {list(following)} after {list(tick)}; rows and depths must both increase strictly"
                )
        if self.base_depth <= self.top_depth:
            raise ValueError(f"base {self.base_depth:g} does not lie below top {self.top_depth:g}; give a deeper base")
        if (self.base_depth - self.top_depth) / self.step > MAX_LAS_ROWS:
            raise ValueError(f"a step of {self.step:g} would make over {MAX_LAS_ROWS} LAS rows; give a larger step")
        return self


class Curve(_Part):
    """One curve of a track."""

    mnemonic: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_\-\[\]]{1,32}$")] = Field(
        description="name in ~Curve: letters, digits, _ - [ ]"
    )
    unit: Annotated[str, StringConstraints(pattern=r"^[^\s.:#~]{0,32}$"), _OneLine] | None = Field(
        None, description="unit of the values: no spaces, dots, colons, # or ~"
    )
    description: Text | None = Field(None, description="what the curve is, in words, as Gamma Ray")
    style: Literal["solid", "dashed", "dotted"] = Field(
        description="how it is drawn: what tells two curves of one track apart"
    )
    left: Number = Field(description="value at the track's left edge; may be the larger one")
    right: Number = Field(description="value at the track's right edge")
    wrap: bool = Field(
        False, description="true: a stroke that leaves at one edge comes back at the other; false: off scale is NULL"
    )

    @model_validator(mode="after")
    def _has_a_scale(self) -> Self:
        if self.left == self.right:
            raise ValueError(f"left and right are both {self.left:g}; give the values at the two edges")
        return self


def zero_fraction(curve: Curve, scale: Scale) -> float | None:
    """Where a curve whose scale has values of one sign alone would reach zero, in track fractions: 0 or less, or 1 or more.

    None where zero lies between the ends of the scale, or the scale is logarithmic.
    """
    if scale == "log" or curve.left * curve.right < 0.0:
        return None
    return curve.left / (curve.left - curve.right)


class Track(_Part):
    """One track: its edges on the scan and the one or two curves in it."""

    name: Text = Field(description="what to call the track in messages, as track-1")
    left: EdgePx = Field(description=f"left edge of the track: {_EDGE}")
    right: EdgePx = Field(description=f"right edge of the track: {_EDGE}")
    scale: Scale = Field(description="how values go from edge to edge: evenly, or by decades")
    curves: tuple[Curve, ...] = Field(min_length=1, description="the one or two curves in the track")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(self.curves) > 2:
            names = ", ".join(curve.mnemonic for curve in self.curves)
            raise ValueError(
                f"{len(self.curves)} curves ({names}); one or two a track can be told apart today: leave out the others"
            )
        _check_edge("left", self.left)
        _check_edge("right", self.right)
        rows = sorted(
            {row for edge in (self.left, self.right) if not isinstance(edge, float) for row, _ in edge} | {0.0}
        )
        left, right = (_columns(edge, rows) for edge in (self.left, self.right))
        for row, at_left, at_right in zip(rows, left, right, strict=True):
            if at_right - at_left < 1.0:
                raise ValueError(
                    f"the edges cross: at row {row:g} left is column {at_left:g} and right is {at_right:g}; "
                    "the right edge must lie right of the left one at every row"
                )
        if self.scale == "log":
            for curve in self.curves:
                if curve.left <= 0 or curve.right <= 0:
                    raise ValueError(
                        f"{curve.mnemonic} goes from {curve.left:g} to {curve.right:g} on a log track; both must be positive"
                    )
        return self


class SheetManifest(_Part):
    """One sheet: one scanned log, one LAS file."""

    format: Literal["veernet-sheet/1"] = Field(description="what this file is, and which edition of its rules it keeps")
    source: ScanReference | None = Field(
        None, description="the scan, relative to the manifest or s3://; absent: the scan of the same stem"
    )
    pages: Annotated[tuple[ScanReference, ...], Field(min_length=1)] | None = Field(
        None, description="instead of source: the pieces of the sheet, top to bottom"
    )
    sha256: Digest | tuple[Digest, ...] | None = Field(
        None,
        description="sha256 of the scan, in hexadecimal, or a list with one a page; a file of another is set aside",
    )
    well: Well = Field(description="which well it is")
    depth: Depth = Field(description="which rows are which depths")
    tracks: tuple[Track, ...] = Field(min_length=1, description="the tracks to digitise, and the curves in each")

    @property
    def digests(self) -> tuple[str, ...]:
        """What the scan's files must have as their sha256, in their order; empty where nothing is said."""
        return (self.sha256,) if isinstance(self.sha256, str) else self.sha256 or ()

    @model_validator(mode="after")
    def _names_are_single(self) -> Self:
        if self.source is not None and self.pages is not None:
            raise ValueError("both source and pages are given; give one of them")
        if self.sha256 is not None and len(self.digests) != len(self.pages or [""]):
            raise ValueError(f"sha256 has {len(self.digests)} digests; give one for each file of the scan")
        seen: dict[str, str] = {}
        for track in self.tracks:
            for curve in track.curves:
                key = curve.mnemonic.upper()
                if key in seen or key in RESERVED_MNEMONICS:
                    other = f"also in {seen[key]}" if key in seen else f"the name of {RESERVED_MNEMONICS[key]}"
                    raise ValueError(f"mnemonic {curve.mnemonic} of {track.name} is {other}; give each curve its own")
                seen[key] = track.name
        return self


def read_manifest(text: bytes, name: str) -> SheetManifest:
    """Read a manifest in YAML or JSON.

    Args:
        text: The file's bytes.
        name: The file's name, for messages.

    Raises:
        ManifestError: It breaks the contract; the message names key, finding and remedy.
    """
    if len(text) > MAX_BYTES:
        raise ManifestError(
            name, f"{len(text)} bytes, which is no manifest", f"a manifest has at most {MAX_BYTES} bytes"
        )
    try:
        document = parse_document(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        found = one_line(str(error))[:300] or type(error).__name__
        raise ManifestError(name, f"not readable as YAML or JSON: {found}", _HOW) from error
    if not isinstance(document, dict):
        raise ManifestError(name, "not a mapping of keys", "begin it with `format: veernet-sheet/1`")
    try:
        return SheetManifest.model_validate(document)
    except ValidationError as error:
        raise ManifestError(name, "; ".join(_findings(error)), _HOW) from error


def json_schema() -> dict[str, Any]:
    """The JSON Schema of the manifest."""
    schema = SheetManifest.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": FORMAT, **schema}


def _findings(error: ValidationError) -> list[str]:
    findings = []
    for issue in error.errors(include_url=False)[:8]:
        path = _path(issue["loc"])
        message = issue["msg"].removeprefix("Value error, ")
        if issue["type"] == "extra_forbidden":
            key = str(issue["loc"][-1])[:_MAX_KEY_CHARACTERS]
            path = ".".join(filter(None, (_path(issue["loc"][:-1]), key)))  # a key may look like a union's member
            message = "unknown key" + _nearest(key)
        elif issue["type"] == "missing":
            message = "required, but absent"
        elif _is_scalar(issue.get("input")):
            message = f"{message[:1].lower()}{message[1:]}, not {str(issue['input'])[:60]!r}"
        finding = f"{path}: {message}" if path else message
        if finding not in findings:
            findings.append(finding)
    return findings


def _path(location: tuple[int | str, ...]) -> str:
    """``tracks[0].curves[1].left`` of pydantic's location, without the names of union members."""
    path = ""
    for part in location:
        if isinstance(part, int):
            path += f"[{part}]"
        elif not re.search(r"[\[(]|^(float|function-)", part):
            name = part[:_MAX_KEY_CHARACTERS]
            path += f".{name}" if path else name
    return path


def _nearest(key: str) -> str:
    known = {name for part in (SheetManifest, Well, Depth, Track, Curve) for name in part.model_fields}
    near = difflib.get_close_matches(key, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def _check_edge(key: str, edge: float | tuple[Point, ...]) -> None:
    if isinstance(edge, float):
        return
    if not edge:
        raise ValueError(f"{key} has no points; give a column, or [[row_px, column_px], ...]")
    for point, following in pairwise(edge):
        if following[0] <= point[0]:
            raise ValueError(f"{key}: row {following[0]:g} after {point[0]:g}; rows must increase strictly")


def _columns(edge: float | tuple[Point, ...], rows: list[float]) -> list[float]:
    if isinstance(edge, float):
        return [edge] * len(rows)
    points = np.array(edge, np.float64)
    return [float(column) for column in np.interp(rows, points[:, 0], points[:, 1])]


def _is_scalar(value: Any) -> bool:
    return (
        value is not None
        and not isinstance(value, dict | list | tuple | BaseModel)
        and not (isinstance(value, float) and math.isnan(value))
    )


assert get_args(SheetManifest.model_fields["format"].annotation) == (FORMAT,)

"""What was made from what: the record of one sheet, written last, so that its presence means the sheet is settled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from veernet.curves.identity import stretches
from veernet.errors import VeerNetError
from veernet.sheets.geometry import DepthRegister
from veernet.sheets.lost import Lost

FORMAT: Literal["veernet-record/1"] = "veernet-record/1"
#: Fewer than nine in ten of such samples are within 1 % of the track.
LOW_CONFIDENCE = 0.9

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Status = Literal["done", "partial", "set-aside", "failed"]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Source(_Part):
    """A file that went in, or came out: where it is, and its digest; none of one that could not be read whole."""

    uri: str
    sha256: Sha256 | None = None


class DepthRange(_Part):
    """Depths of a stretch, both ends included, in the sheet's depth unit."""

    top: float
    base: float


class DepthIndex(_Part):
    """The depths of the LAS file."""

    unit: str
    top: float
    base: float
    step: float


class CurveRecord(_Part):
    """How much of a curve there is, how far it is to be trusted, and where it is not."""

    mnemonic: str
    coverage: float = Field(ge=0, le=1, description="share of the depths that have a value")
    mean_confidence: float | None = Field(ge=0, le=1, description="over the depths that have a value")
    low_confidence: tuple[DepthRange, ...] = ()
    null: tuple[DepthRange, ...] = ()


class LostStretch(_Part):
    """Depths of which the scan has lost some rows, both ends included: no curve has a value there."""

    top: float
    base: float
    first_row: int = Field(description="of the scan, in px")
    last_row: int
    why: str = Field(description="a clause on these rows, as: cannot be read")

    def told(self, unit: str) -> str:
        """The same in words."""
        rows = f"rows {self.first_row} to {self.last_row} of the scan"
        return f"{self.top:.1f} to {self.base:.1f} {unit}: every curve is NULL, because {rows} {self.why}"


class Registered(_Part):
    """That no person gave the manifest, but a machine made it from the scan alone."""

    version: int = Field(description="of registering")
    draft_sha256: Sha256 = Field(description="of <stem>.draft.json")
    confidence: float = Field(ge=0, le=1, description="that of the least sure field")
    least_sure: str = Field(description="that field, by its key in the manifest")
    fields: Mapping[str, float] = Field(description="confidence of every field that must be sure")
    left_out: tuple[str, ...] = Field(default=(), description="tracks that are not digitised, with their curves")

    @property
    def told(self) -> str:
        """The same in words."""
        return f"from the scan alone; the least sure field is {self.least_sure}, with {self.confidence:.2f}"

    @property
    def told_of_left_out(self) -> tuple[str, ...]:
        """What a reader of the log must know that is on the paper and not in it."""
        return tuple(
            f"{track} is on the scan and left out: a track of one or two named curves is digitised"
            for track in self.left_out
        )


class Failure(_Part):
    """Why there is no LAS file: what was found, what to do, and where it happened."""

    reason: str
    subject: str = Field(description="the file, option or sheet that it is about")
    found: str
    remedy: str
    stage: str


class SheetRecord(_Part):
    """The record of one sheet: `<stem>.record.json`."""

    format: Literal["veernet-record/1"] = FORMAT
    sheet: str
    status: Status
    source: Source | None = None
    manifest_sha256: Sha256 | None = None
    registered: Registered | None = Field(default=None, description="absent where a person gave the manifest")
    model_sha256: Sha256 | None = None
    versions: Mapping[str, str] = {}
    seconds: Mapping[str, float] = Field(default={}, description="seconds per stage")
    depth: DepthIndex | None = None
    curves: tuple[CurveRecord, ...] = ()
    lost: tuple[LostStretch, ...] = Field(default=(), description="what a damaged scan no longer shows")
    moved: tuple[str, ...] = Field(default=(), description="what followed the printed lines rather than the manifest")
    warnings: tuple[str, ...] = ()
    outputs: tuple[Source, ...] = ()
    error: Failure | None = None

    def to_json(self) -> bytes:
        """UTF-8 JSON, indented, ended by a newline; equal records give equal bytes."""
        return self.model_dump_json(indent=2).encode() + b"\n"

    @classmethod
    def from_json(cls, data: bytes) -> SheetRecord:
        """The record that `to_json` wrote; anything else raises `pydantic.ValidationError`."""
        return cls.model_validate_json(data)


def failure_of(error: BaseException, stage: str) -> Failure:
    """What a record says of an error met in `stage`; an error that is not ours is named by its class."""
    if isinstance(error, VeerNetError):
        return Failure(reason=error.reason, subject=error.subject, found=error.found, remedy=error.remedy, stage=stage)
    found = f"{type(error).__name__}: {error}"
    return Failure(reason="error", subject="VeerNet", found=found, remedy="report this as a fault", stage=stage)


def curve_record(
    mnemonic: str,
    depths: NDArray[np.float64],
    values: NDArray[np.float64],
    confidence: NDArray[np.float32],
    low: float = LOW_CONFIDENCE,
) -> CurveRecord:
    """Sum up one curve.

    Args:
        mnemonic: Its name.
        depths: float64 (rows,).
        values: (rows,), NaN where there is none.
        confidence: (rows,), 0 to 1.
        low: Confidence under which a stretch is named.
    """
    there = np.isfinite(values)
    mean = float(np.clip(confidence[there].mean(dtype=np.float64), 0, 1)) if there.any() else None
    return CurveRecord(
        mnemonic=mnemonic,
        coverage=round(float(there.mean()), 6) if there.size else 0.0,
        mean_confidence=None if mean is None else round(mean, 4),
        low_confidence=_ranges(depths, there & (confidence < low)),
        null=_ranges(depths, ~there),
    )


def lost_stretches(lost: Sequence[Lost], register: DepthRegister, top: float, base: float) -> tuple[LostStretch, ...]:
    """What is lost of a scan between two depths.

    Args:
        lost: Rows of the scan.
        register: Their depths.
        top: First depth that was asked for.
        base: Last depth that was asked for.
    """
    found = []
    for one in lost:
        ends = register.depth_at([one.first_row, one.end_row - 1])
        if ends[1] >= top and ends[0] <= base:
            first, last = (round(float(depth), 6) for depth in np.clip(ends, top, base))
            found.append(
                LostStretch(top=first, base=last, first_row=one.first_row, last_row=one.end_row - 1, why=one.why)
            )
    return tuple(found)


def told_of_lost(lost: Sequence[LostStretch], unit: str) -> list[str]:
    """What a reader of the log must know of a damaged scan, in words; nothing of a whole one."""
    if not lost:
        return []
    return [
        *(one.told(unit) for one in lost),
        "the scan is damaged, and may be so elsewhere without a trace: fetch it again",
    ]


def _ranges(depths: NDArray[np.float64], flags: NDArray[np.bool_]) -> tuple[DepthRange, ...]:
    """Ranges of depths over which the flag stands."""
    return tuple(
        DepthRange(top=round(float(depths[start]), 6), base=round(float(depths[end - 1]), 6))
        for start, end in stretches(flags)
    )

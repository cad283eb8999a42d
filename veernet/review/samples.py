"""A digitised log laid beside its truth, sample by sample, in the terms of the track it was drawn in."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError
from scipy.ndimage import binary_dilation

from veernet.curves.las_read import LasColumn, LasContent, read_las
from veernet.errors import LasError, VeerNetError
from veernet.review.measures import resample
from veernet.review.record import LOW_CONFIDENCE, SheetRecord

if TYPE_CHECKING:
    from veernet.sheets.manifest import Curve, SheetManifest

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

#: Two curves so near each other, in track widths, are at a crossing, or at a near-miss, which is as hard.
CROSSING_FRACTION = 0.02
#: So many samples before and after a crossing still belong to it.
CROSSING_SAMPLES = 3

_METRES_PER_FOOT = 0.3048
_ENDS = re.compile(r"(-?[\d.]+) to (-?[\d.]+)")
_STRETCHES = re.compile(
    rf"(?P<mnemonic>\S+) (?:\d+ times, )?(?P<stretches>{_ENDS.pattern}(?:, {_ENDS.pattern})*)(?: and \d+ more)? \S+: "
)
_STRETCH_ROUNDING = 0.0501  # of the depths in a warning


@dataclass(frozen=True, eq=False)
class CurveSamples:
    """One curve of one sheet beside its truth, at the truth's samples, top to bottom. Every array is ``(rows,)``.

    Args:
        sheet: Its stem.
        curve: As the manifest has it.
        scale: linear or log.
        depth_unit: ft or m.
        depths: float64, ascending.
        truth: float64, in track widths from the left edge (on a log track, of logarithms); NaN where nothing was drawn.
        got: The same of what was digitised; NaN where there is none, and where a log track has no place for it.
        found: bool, whether there is a value.
        unit_error: float64, distance of the two in the curve's unit; NaN where there is none.
        crossing: bool, whether another curve of the track is near here.
        low_confidence: bool, whether the value was called doubtful; None where nobody said.
        warned: bool, whether the record warns of this depth; None without a record.
        missed: Whether the sheet has no result at all.
        confidence: float, 0 to 1; None where nobody said.
    """

    sheet: str
    curve: Curve
    scale: str
    depth_unit: str
    depths: FloatArray
    truth: FloatArray
    got: FloatArray
    found: BoolArray
    unit_error: FloatArray
    crossing: BoolArray
    low_confidence: BoolArray | None = None
    warned: BoolArray | None = None
    missed: bool = False
    confidence: NDArray[np.floating] | None = None

    @property
    def track_error(self) -> FloatArray:
        """float64 (rows,), in track widths; infinite for a value that has no place in the track, NaN where there is none."""
        return np.where(self.found & ~np.isfinite(self.got), np.inf, np.abs(self.got - self.truth))


def read_samples(sheet: str, truth_path: Path, got_path: Path | None, manifest: SheetManifest) -> list[CurveSamples]:
    """Each curve of the manifest that the truth has, over the manifest's depths.

    Args:
        sheet: What to call the sheet.
        truth_path: LAS file with the true values.
        got_path: LAS file to be judged; None where there is none, and then every sample is missing. The record beside
            it, if there is one, says what was doubted.
        manifest: Gives the tracks.

    Raises:
        SourceMissingError: One of the files is not there.
        LasError: One of them is no LAS file, or the truth has none of the manifest's curves.
        VeerNetError: The record is none.
    """
    truth, got = read_las(truth_path), read_las(got_path) if got_path else None
    record = _record_beside(got_path) if got_path else None
    unit = manifest.depth.unit
    ends = sorted((manifest.depth.top_depth, manifest.depth.base_depth))
    truth_depths = _depths_in(unit, truth)
    rows = np.argsort(truth_depths, kind="stable")
    rows = rows[(truth_depths[rows] >= ends[0] - 1e-6) & (truth_depths[rows] <= ends[1] + 1e-6)]
    depths = truth_depths[rows]
    found: list[CurveSamples] = []
    for track in manifest.tracks:
        columns = [(curve, _column(truth, curve.mnemonic)) for curve in track.curves]
        present = [curve for curve, column in columns if column]
        expected = [column.values[rows] for _, column in columns if column]
        crossings = crossing_samples([_on_paper(v, c, track.scale) for v, c in zip(expected, present, strict=True)])
        for curve, values, crossing in zip(present, expected, crossings, strict=True):
            if not _drawn(values, curve, track.scale).any():
                continue
            column = _column(got, curve.mnemonic)
            digitised = np.full_like(depths, np.nan)
            if got and column:
                digitised = resample(depths, _depths_in(unit, got), column.values)
            told = _column(got, f"{curve.mnemonic}_CONF")
            sure = resample(depths, _depths_in(unit, got), told.values) if got and told else None
            found.append(
                lay_beside(
                    values,
                    digitised,
                    depths,
                    curve,
                    track.scale,
                    sheet=sheet,
                    depth_unit=unit,
                    crossing=crossing,
                    low_confidence=_low_confidence(curve.mnemonic, depths, sure, record),
                    confidence=sure,
                    warned=_warned(curve.mnemonic, depths, record),
                    missed=got is None,
                )
            )
    if not found:
        names = ", ".join(curve.mnemonic for track in manifest.tracks for curve in track.curves)
        raise LasError(
            str(truth_path),
            f"it has {', '.join(truth.curves) or 'no curve'}, but no value of {names} from {ends[0]:g} to {ends[1]:g} {unit}",
            "give the truth of this sheet, with the manifest's mnemonics",
        )
    return found


def lay_beside(
    truth_values: FloatArray,
    got_values: FloatArray,
    depths: FloatArray,
    curve: Curve,
    scale: str,
    *,
    sheet: str = "",
    depth_unit: str = "",
    crossing: BoolArray | None = None,
    low_confidence: BoolArray | None = None,
    warned: BoolArray | None = None,
    missed: bool = False,
    confidence: NDArray[np.floating] | None = None,
) -> CurveSamples:
    """Values of one curve at ``depths``, float64 (rows,), in its unit, as `CurveSamples`; the other arguments are its own."""
    truth = np.where(
        _drawn(truth_values, curve, scale), _track_fraction(truth_values, curve, scale), np.nan
    )  # beyond the edges there is nothing to find
    return CurveSamples(
        sheet=sheet,
        curve=curve,
        scale=scale,
        depth_unit=depth_unit,
        depths=depths,
        truth=truth,
        got=_track_fraction(got_values, curve, scale),
        found=np.isfinite(got_values),
        unit_error=np.abs(got_values - truth_values),
        crossing=np.zeros(len(depths), bool) if crossing is None else crossing,
        low_confidence=low_confidence,
        warned=warned,
        missed=missed,
        confidence=confidence,
    )


def crossing_samples(positions: list[FloatArray]) -> list[BoolArray]:
    """Where each curve of a track meets another one: within 2 % of the track, or changing sides, and three samples about.

    Args:
        positions: For each curve float64 (rows,), its place on paper in track widths; NaN where it is not drawn.

    Returns:
        For each curve bool (rows,).
    """
    met = [np.zeros(len(position), bool) for position in positions]
    for one, other in combinations(range(len(positions)), 2):
        apart = positions[one] - positions[other]
        near = np.abs(apart) <= CROSSING_FRACTION
        # Steep curves pass each other between two samples; a wrap changes sides, too, but by half a track or more.
        passed = (np.sign(apart[1:]) * np.sign(apart[:-1]) < 0) & (np.abs(np.diff(apart)) < 0.5)
        near[1:] |= passed
        near[:-1] |= passed
        near = binary_dilation(near, iterations=CROSSING_SAMPLES)
        met[one] |= near
        met[other] |= near
    return met


def _column(log: LasContent | None, mnemonic: str) -> LasColumn | None:
    """The curve of this name, in whatever capitals other programs write it."""
    named = {name.upper(): column for name, column in log.curves.items()} if log else {}
    return named.get(mnemonic.upper())


def _depths_in(unit: str, log: LasContent) -> FloatArray:
    if log.depth_unit == unit or log.depth_unit not in ("ft", "m"):
        return log.depths
    return log.depths * (_METRES_PER_FOOT if unit == "m" else 1 / _METRES_PER_FOOT)


def _drawn(values: FloatArray, curve: Curve, scale: str) -> BoolArray:
    """Where a value can be on paper: a curve that does not wrap is off scale beyond the edges, and NULL by contract."""
    fraction = _track_fraction(values, curve, scale)
    return np.asarray(np.isfinite(fraction) & (curve.wrap | ((fraction >= 0) & (fraction <= 1))), np.bool_)


def _on_paper(values: FloatArray, curve: Curve, scale: str) -> FloatArray:
    """Where the ink is, in track widths."""
    fraction = _track_fraction(values, curve, scale)
    return np.where(_drawn(values, curve, scale), fraction % 1.0 if curve.wrap else fraction, np.nan)


def _track_fraction(values: FloatArray, curve: Curve, scale: str) -> FloatArray:
    if scale == "log":
        with np.errstate(invalid="ignore", divide="ignore"):
            logs = np.where(values > 0, np.log(values / curve.left), np.nan)
        return np.asarray(logs / math.log(curve.right / curve.left))
    return np.asarray((values - curve.left) / (curve.right - curve.left))


def _record_beside(got_path: Path) -> SheetRecord | None:
    path = got_path.with_name(f"{got_path.stem}.record.json")
    if not path.is_file():
        return None
    try:
        return SheetRecord.from_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise VeerNetError(
            str(path), "it is no record of VeerNet", "digitise the sheet again, or move this file away"
        ) from error


def _low_confidence(
    mnemonic: str, depths: FloatArray, confidence: FloatArray | None, record: SheetRecord | None
) -> BoolArray | None:
    """By the log's own confidence curve, or else by the stretches in its record, which mean the same."""
    if confidence is not None:
        return np.asarray(confidence < LOW_CONFIDENCE, np.bool_)
    found = next((curve for curve in record.curves if curve.mnemonic == mnemonic), None) if record else None
    return _inside(depths, [(s.top, s.base) for s in found.low_confidence], 1e-6) if found else None


def _warned(mnemonic: str, depths: FloatArray, record: SheetRecord | None) -> BoolArray | None:
    if record is None:
        return None
    told = [found for warning in record.warnings if (found := _STRETCHES.match(warning))]
    ends = [pair for found in told if found["mnemonic"] == mnemonic for pair in _ENDS.findall(found["stretches"])]
    return _inside(depths, [(float(top), float(base)) for top, base in ends], _STRETCH_ROUNDING)


def _inside(depths: FloatArray, stretches: list[tuple[float, float]], slack: float) -> BoolArray:
    inside = np.zeros(len(depths), bool)
    for stretch in stretches:
        inside |= (depths >= min(stretch) - slack) & (depths <= max(stretch) + slack)
    return inside

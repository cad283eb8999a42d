"""Put a sheet's traces together as one log by depth, with what a reader of the file must know of how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import Trace
from veernet.curves.las import DepthLog, LogCurve, log_curve
from veernet.curves.values import curve_values, depth_index
from veernet.errors import NoCurveError
from veernet.sheets.geometry import DepthRegister, StripGeometry
from veernet.sheets.manifest import SheetManifest

if TYPE_CHECKING:
    from veernet.review.record import Registered

#: Stretches of one doubt about one curve that are told by depth; the confidence tells all.
_MOST_NAMED = 50
#: Depths at which a curve has a value, below which share a reader is told.
_HARDLY = 0.25


@dataclass(frozen=True)
class Provenance:
    """What a log was made from and by.

    Args:
        scan_name: The scan's file name.
        scan_sha256: Its digest.
        manifest_sha256: Digest of the manifest.
        model_sha256: Digest of the weights.
        version: VeerNet's version.
        dpi: Resolution that the scan claims, if any.
        lost: What the scan no longer shows, in words, by depth.
        registered: How a machine made the manifest, if no person did.
    """

    scan_name: str
    scan_sha256: str
    manifest_sha256: str
    model_sha256: str
    version: str
    dpi: float | None
    lost: tuple[str, ...] = ()
    registered: Registered | None = None


def assemble_log(
    name: str,
    manifest: SheetManifest,
    geometries: Sequence[StripGeometry],
    traces: Sequence[Sequence[Trace]],
    made: Provenance,
) -> DepthLog:
    """The log of a sheet, every curve of every track on one depth index.

    Raises:
        NoCurveError: Not one value could be read.
    """
    register = DepthRegister.of(manifest.depth)
    depths = depth_index(manifest.depth)
    curves: list[LogCurve] = []
    for track, geometry, track_traces in zip(manifest.tracks, geometries, traces, strict=True):
        for curve, trace in zip(track.curves, track_traces, strict=True):
            log = curve_values(trace, geometry, register, curve, track.scale, depths)
            curves.append(log_curve(curve, track.scale, log.values, log.confidence))
    if not any(np.isfinite(curve.values).any() for curve in curves):
        raise NoCurveError(
            name,
            "no curve was found between the edges of any track",
            "check the tracks' edges and the depths in the manifest against the scan",
        )
    depth = manifest.depth
    parameters = [
        ("VERN", "", made.version, "VEERNET VERSION"),
        ("NTCK", "", str(len(depth.ticks)), "DEPTH TICKS USED"),
    ]
    if made.dpi:
        parameters.append(("SDPI", "", f"{made.dpi:g}", "SCAN RESOLUTION, DPI"))
    parameters += _registration(made.registered)
    other = [
        f"Digitised from {made.scan_name} by VeerNet {made.version}.",
        f"scan sha256 {made.scan_sha256}",
        f"manifest sha256 {made.manifest_sha256}",
        f"model sha256 {made.model_sha256}",
        *_told_of(made.registered),
        *made.lost,
    ]
    for track in manifest.tracks:
        for curve in track.curves:
            found = next(log for log in curves if log.mnemonic == curve.mnemonic)
            known = np.isfinite(found.values)
            confidence = float(found.confidence[known].mean()) if known.any() else 0.0
            wraps = "wraps" if curve.wrap else "off scale is NULL"
            other.append(
                f"{curve.mnemonic} {track.scale} {curve.left:g} to {curve.right:g} {curve.style}, {wraps}; "
                f"coverage {known.mean():.3f}, mean confidence {confidence:.2f}"
            )
    return DepthLog(manifest.well, depth.unit, depth.step, depths, curves, parameters, other)


def _registration(registered: Registered | None) -> list[tuple[str, str, str, str]]:
    """Parameters that tell of a registration that no person has seen."""
    if registered is None:
        return []
    return [
        ("REGB", "", f"MACHINE, VERSION {registered.version}", "REGISTERED BY"),
        ("REGC", "", f"{registered.confidence:.3f}", "LOWEST CONFIDENCE OF REGISTRATION"),
        ("REGF", "", registered.least_sure, "FIELD OF LOWEST CONFIDENCE"),
    ]


def _told_of(registered: Registered | None) -> list[str]:
    """The same in words, with what is not in the log for it."""
    return [] if registered is None else [f"Registered by machine, {registered.told}.", *registered.told_of_left_out]


def doubts(
    manifest: SheetManifest, geometries: Sequence[StripGeometry], traces: Sequence[Sequence[Trace]]
) -> list[str]:
    """What a reader must be told of each track, a line for each doubt about a curve, with its depths."""
    register = DepthRegister.of(manifest.depth)
    told: list[str] = []
    for track, geometry, track_traces in zip(manifest.tracks, geometries, traces, strict=True):
        if len(track.curves) == 2 and track.curves[0].style == track.curves[1].style:
            names = " and ".join(curve.mnemonic for curve in track.curves)
            told.append(
                f"{track.name}: {names} are both {track.curves[0].style}; told apart by their pens and their course, named by how such curves usually lie and move"
            )
        for curve, trace in zip(track.curves, track_traces, strict=True):
            for reason in dict.fromkeys(doubt.reason for doubt in trace.doubts):
                alike = [doubt for doubt in trace.doubts if doubt.reason == reason]
                rows = np.array([(doubt.first_row, doubt.end_row - 1) for doubt in alike])
                depths = register.depth_at(geometry.source_row(rows.ravel())).reshape(-1, 2)
                told.append(f"{curve.mnemonic} {_stretches(depths, manifest.depth.unit)}: {reason}")
    return told


def hardly_found(log: DepthLog) -> list[str]:
    """A line for each curve that has a value at few of the depths: off scale, not logged there, or not seen."""
    covered = {curve.mnemonic: float(np.isfinite(curve.values).mean()) for curve in log.curves}
    return [
        f"{mnemonic}: values at {share:.0%} of the depths alone; see on the overlay whether it is off scale or was not found"
        for mnemonic, share in covered.items()
        if share < _HARDLY
    ]


def _stretches(depths: NDArray[np.float64], unit: str) -> str:
    """How many stretches (n, 2) there are, and the depths of as many as a reader looks up; what scores doubts reads them, too."""
    times = f"{len(depths)} times, " if len(depths) > 1 else ""
    named = ", ".join(f"{top:.1f} to {base:.1f}" for top, base in depths[:_MOST_NAMED])
    more = f" and {len(depths) - _MOST_NAMED} more" if len(depths) > _MOST_NAMED else ""
    return f"{times}{named}{more} {unit}"

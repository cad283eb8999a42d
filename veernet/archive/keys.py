"""What decides that a sheet is done: its content and what shaped its result, never its name or its time.

A token stands for what a listing shows, so that nothing is read to know that a sheet is done. A content key stands for what was read,
and is the same for a file that was only copied or touched. A trace key leaves out what traces do not depend on.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from veernet.sheets.manifest import Curve, SheetManifest, Track, zero_fraction

#: To be counted up by whoever changes what is written for the same scan, manifest and model.
SHAPING_VERSION = 11
#: To be counted up by whoever changes what registering makes of the same scan: what it set aside, and what it let through, is then done again.
REGISTER_VERSION = 14

#: How the content keys of sheets end that were registered by machine.
REGISTERED = "-registered"

_DIGITS = 32  # 128 bits of sha256: names stay readable, and two keys are never the same by chance


@dataclass(frozen=True)
class Shaping:
    """What shapes the result of a sheet beside the sheet itself.

    Args:
        model_sha256: Digest of the weights.
        las_version: Of the LAS files, 1.2 or 2.0.
        confidence: Whether they have confidence curves.
        version: The ``SHAPING_VERSION`` of the code that wrote them.
        register: The ``REGISTER_VERSION`` of what registers scans without a manifest; 0 where nothing does. It shapes the results of these scans alone.
    """

    model_sha256: str
    las_version: str = "2.0"
    confidence: bool = False
    version: int = SHAPING_VERSION
    register: int = 0


def token(objects: Iterable[tuple[str, int, str]], shaping: Shaping, *, registered: bool = False) -> str:
    """The token of a sheet.

    Args:
        objects: Name relative to the archive, size in bytes and ETag of each of its objects, in any order.
        shaping: What shapes its result.
        registered: Whether it has no manifest but the one that registering makes.
    """
    return _key("token", sorted(objects), *_shape(shaping, registered))


def elsewhere_digest(objects: Iterable[tuple[str, int, str]]) -> str:
    """What a token is extended by for objects that the listing does not show beside the manifest: URI, size and ETag of each."""
    return _key("elsewhere", sorted(objects))


def content_key(scan_sha256: str, manifest_sha256: str, shaping: Shaping) -> str:
    """The content key of a sheet: the same content gives the same files, byte for byte on the same engine."""
    return _key("content", scan_sha256, manifest_sha256, *_shape(shaping, registered=False))


def registered_key(scan_sha256: str, shaping: Shaping) -> str:
    """The content key of a sheet that has no manifest but the one that registering makes: known before that is done, and told from others by its end."""
    return f"{_key('content', scan_sha256, *_shape(shaping, registered=True))}{REGISTERED}"


def trace_key(scan_sha256: str, manifest: SheetManifest, model_sha256: str, version: int = SHAPING_VERSION) -> str:
    """The key of a sheet's traces: a new well name leaves it as it is, and so does a mnemonic or a scale of curves that their styles tell apart."""
    return _key("traces", scan_sha256, _tracing(manifest), model_sha256, version)


def _tracing(manifest: SheetManifest) -> dict[str, Any]:
    """The parts of a manifest that geometry and traces are made from, and the names that the notes on them hold."""
    depth = manifest.depth
    return {
        "depth": [depth.ticks, depth.top_depth, depth.base_depth, depth.step, depth.unit],
        "tracks": [
            [track.name, track.left, track.right, [_course(curve, track) for curve in track.curves], *_names(track)]
            for track in manifest.tracks
        ],
    }


def _course(curve: Curve, track: Track) -> list[Any]:
    """How a curve runs; of its scale only where zero is, on whose other side one that wraps does not go: see ``veernet.curves.turns``."""
    return [curve.style, curve.wrap, zero_fraction(curve, track.scale) if curve.wrap else None]


def _names(track: Track) -> list[Any]:
    """What curves of one style are told apart by beside their course: see ``veernet.curves.naming``."""
    if len({curve.style for curve in track.curves}) == len(track.curves):
        return []
    return [[curve.mnemonic, curve.left, curve.right] for curve in track.curves]


def _shape(shaping: Shaping, registered: bool) -> list[Any]:
    shape = asdict(shaping)
    register = shape.pop("register")
    return [shape, register] if registered else [shape]


def _key(kind: str, *parts: Any) -> str:
    text = json.dumps([kind, *parts], sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]

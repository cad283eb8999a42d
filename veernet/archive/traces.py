"""Traces kept from one run to the next, so that a corrected scale needs neither tiling nor inference. No code is ever loaded."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from veernet.curves.identity import Doubt, Trace
from veernet.errors import WorkStoreError
from veernet.sheets.geometry import Edge, RowShift, StripGeometry
from veernet.sheets.lost import Lost

_FORMAT = "veernet-traces/1"
_DAMAGE = (zipfile.BadZipFile, zlib.error, ValueError, LookupError, TypeError, OSError, EOFError)


@dataclass(frozen=True)
class Traced:
    """What publishing a sheet needs of the stages before it.

    Args:
        geometries: One a track, as its printed lines have it.
        traces: One a curve of each track.
        dpi: What the scan claims.
        moved: What followed the printed lines, in words.
        doubts: What a reader must be told of that.
        lost: Rows of the scan that could not be read.
    """

    geometries: tuple[StripGeometry, ...]
    traces: tuple[tuple[Trace, ...], ...]
    dpi: float | None
    moved: tuple[str, ...]
    doubts: tuple[str, ...]
    lost: tuple[Lost, ...] = ()

    def to_bytes(self) -> bytes:
        """An npz of its arrays and the JSON of the rest; the same in, the same bytes out."""
        about = {
            "format": _FORMAT,
            "geometries": [asdict(geometry) for geometry in self.geometries],
            "doubts_of_traces": [
                [[asdict(doubt) for doubt in trace.doubts] for trace in traces] for traces in self.traces
            ],
            "dpi": self.dpi,
            "moved": self.moved,
            "doubts": self.doubts,
            "lost": [asdict(one) for one in self.lost],
        }
        arrays = {
            f"{kind}-{track}-{curve}": getattr(trace, kind)
            for track, traces in enumerate(self.traces)
            for curve, trace in enumerate(traces)
            for kind in ("fraction", "confidence")
        }
        text = json.dumps(about, default=lambda number: number.item())  # numpy's numbers are none to json
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, about=np.frombuffer(text.encode(), np.uint8), **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Traced:
        """What `to_bytes` gave.

        Raises:
            WorkStoreError: It is something else, or damaged.
        """
        try:
            with np.load(io.BytesIO(data), allow_pickle=False) as file:
                about = json.loads(file["about"].tobytes())
                if about["format"] != _FORMAT:
                    raise ValueError(about["format"])
                traces = tuple(
                    tuple(
                        Trace(
                            file[f"fraction-{track}-{curve}"],
                            file[f"confidence-{track}-{curve}"],
                            tuple(Doubt(**doubt) for doubt in doubts),
                        )
                        for curve, doubts in enumerate(curves)
                    )
                    for track, curves in enumerate(about["doubts_of_traces"])
                )
            geometries = tuple(_geometry(geometry) for geometry in about["geometries"])
            lost = tuple(Lost(**one) for one in about.get("lost", ()))  # earlier traces are of whole scans
            return cls(geometries, traces, about["dpi"], tuple(about["moved"]), tuple(about["doubts"]), lost)
        except _DAMAGE as error:
            found = f"kept traces are damaged ({type(error).__name__})"
            raise WorkStoreError("kept traces", found, "they are made again from the scan") from error


def _geometry(told: dict[str, Any]) -> StripGeometry:
    shift = told["shift"]
    return StripGeometry(
        left=Edge(*map(tuple, (told["left"]["rows_px"], told["left"]["columns_px"]))),
        right=Edge(*map(tuple, (told["right"]["rows_px"], told["right"]["columns_px"]))),
        first_row_px=told["first_row_px"],
        row_scale=told["row_scale"],
        rows=told["rows"],
        shift=RowShift(*map(tuple, (shift["rows_px"], shift["lift_px"], shift["tilt_px"]))) if shift else None,
    )

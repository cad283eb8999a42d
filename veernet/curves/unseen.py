"""What becomes of traces where the scan is lost: nothing, whatever the network and the tracer make of the paper put in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from veernet.curves.identity import Doubt, Trace
from veernet.sheets.geometry import StripGeometry
from veernet.sheets.lost import Lost

# A stroke that is cut off lies elsewhere than it seems within about its own width, whatever its slope.
_MARGIN_ROWS = 10
_REACH_PX = 2  # of the interpolation that a strip is cut with


def unseen(geometry: StripGeometry, lost: Sequence[Lost]) -> NDArray[np.bool_]:
    """Whether each row of a strip, bool ``(rows,)``, shows lost rows of the scan anywhere across it, or lies beside such a one."""
    ticked_px = geometry.source_row(np.arange(geometry.rows))
    ends_px = [geometry.printed_row(ticked_px, fraction) for fraction in (0.0, 1.0)]
    reach_px = _REACH_PX + _MARGIN_ROWS / geometry.row_scale
    above_px, below_px = np.minimum(*ends_px) - reach_px, np.maximum(*ends_px) + reach_px
    mask = np.zeros(geometry.rows, np.bool_)
    for one in lost:
        mask |= (below_px >= one.first_row) & (above_px <= one.end_row - 1)
    return mask


def without_lost(traces: Sequence[Trace], geometry: StripGeometry, lost: Sequence[Lost]) -> tuple[Trace, ...]:
    """The traces of a strip with nothing where its scan is lost, and no doubts about what is not there."""
    if not lost:
        return tuple(traces)
    mask = unseen(geometry, lost)
    return tuple(
        replace(
            trace,
            fraction=np.where(mask, np.float32(np.nan), trace.fraction),
            confidence=np.where(mask, np.float32(0), trace.confidence),
            doubts=tuple(doubt for doubt in trace.doubts if not _within(doubt, mask)),
        )
        for trace in traces
    )


def _within(doubt: Doubt, mask: NDArray[np.bool_]) -> bool:
    return bool(mask[doubt.first_row : doubt.end_row].all())

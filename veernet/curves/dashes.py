"""Long strokes of a class map, and whether they are dashed on paper, whatever the network calls them.

It sees a stroke through a window, and long dashes fill it: it calls them solid, gaps and all. On the strip the gaps are there.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter1d

from veernet.curves.identity import stretches
from veernet.curves.runs import RUN_LEVEL

ByteArray = NDArray[np.uint8]
BoolArray = NDArray[np.bool_]

#: Rows that a stroke may go unseen and be one.
JOINED_ROWS = 33
#: Of rows joined so, every so manieth tells what hangs together.
_SAMPLED_ROWS = 4
#: A row of a gap has less than this share of the stroke's usual ink: a printed line may run beside it. And so many rows has a gap at least and at most.
_GAP_INK, _SHORTEST_GAP, _LONGEST_GAP = 0.7, 3, 60
#: Gaps at least, rows to a gap at most, and the share of a dashed stroke that is gaps.
_FEWEST_GAPS, _ROWS_TO_A_GAP, _GAPS_SHARE = 3, 120, (0.08, 0.6)
#: Columns to either side of where a stroke lies in which its ink may be: between the pieces that the network saw of it, it need not run straight.
_SWAY_PX = 2


@dataclass(frozen=True, eq=False)
class Stroke:
    """A stroke of some evidence.

    Args:
        box: Its rows and columns.
        part: What lies within it there, between its pieces too, bool.
        seen: What of that is ink, bool.
    """

    box: tuple[slice, slice]
    part: BoolArray
    seen: BoolArray

    @property
    def rows(self) -> int:
        """How long it is."""
        return int(self.part.shape[0])

    def ends(self) -> list[tuple[int, int]]:
        """Row and column of its first and last ink."""
        rows, columns = np.nonzero(self.seen)
        top, left = self.box[0].start, self.box[1].start
        return [(int(rows[end]) + top, int(columns[end]) + left) for end in (0, -1)]

    def is_dashed(self, strip: ByteArray) -> bool:
        """Whether it breaks off again and again on the strip, darkness uint8 ``(rows, 512)``."""
        rows, columns = self.box
        about = np.zeros((self.rows, strip.shape[1]), np.uint8)
        about[:, columns] = self.part
        swayed = cv2.dilate(about, np.ones((1, 2 * _SWAY_PX + 1), np.uint8))
        ink = np.where(swayed > 0, strip[rows], 0).sum(axis=1, dtype=np.int64)
        if not ink.any():
            return False
        gaps = stretches(ink < _GAP_INK * np.median(ink[ink > 0]))
        lengths = [end - first for first, end in gaps if _SHORTEST_GAP <= end - first <= _LONGEST_GAP]
        least, most = _GAPS_SHARE
        enough = len(lengths) >= max(_FEWEST_GAPS, self.rows / _ROWS_TO_A_GAP)
        return enough and least <= sum(lengths) / self.rows <= most


def long_strokes(evidence: ByteArray, more_than_rows: int) -> list[Stroke]:
    """The strokes of some evidence, uint8 ``(rows, 512)``, that are longer than that."""
    seen = np.asarray(cv2.threshold(evidence, RUN_LEVEL - 1, 1, cv2.THRESH_BINARY)[1], np.uint8)
    joined_rows = maximum_filter1d(seen.max(axis=1), JOINED_ROWS)
    # Cheaper to ask first, and mostly so.
    if not any(end - first > more_than_rows for first, end in stretches(joined_rows > 0)):
        return []
    joined = cv2.dilate(seen, np.ones((JOINED_ROWS, 3), np.uint8))
    _, parts, measured, _ = cv2.connectedComponentsWithStats(joined[::_SAMPLED_ROWS], connectivity=8)
    found = []
    for part in np.flatnonzero(measured[1:, cv2.CC_STAT_HEIGHT] * _SAMPLED_ROWS > more_than_rows) + 1:
        left, top, width, height = (int(side) for side in measured[part, :4])
        columns = slice(left, left + width)
        rows = slice(top * _SAMPLED_ROWS, min((top + height) * _SAMPLED_ROWS, len(seen)))
        inside = np.repeat(parts[top : top + height, columns] == part, _SAMPLED_ROWS, axis=0)[: rows.stop - rows.start]
        found.append(Stroke((rows, columns), inside, inside & (seen[rows, columns] > 0)))
    return found

"""Depths that drafts give real scans, beside those that a person read off them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml
from pydantic import TypeAdapter, ValidationError

from veernet.errors import OptionError
from veernet.register.draft import SURE, Draft
from veernet.sheets.geometry import DepthRegister

TOLERANCE_PX = 3.0

Printed = list[tuple[float, float]]
"""Printed depths of a scan: the number, and the row of its line in the middle of the depth column, px."""


@dataclass(frozen=True)
class DepthScore:
    """The depths of a draft beside printed ones.

    Args:
        scan: Its name.
        labels: Printed depths that were looked at.
        right: Of these, within `TOLERANCE_PX` of where the draft has them.
        beyond: Of these, above the first tick of the draft or below its last one.
        worst_px: How far the worst is off that is not beyond; NaN where all are.
        confidence: Of the draft's depths.
        found: The draft's first and last tick; None where it has none.
        why: What the draft says of its depths.
    """

    scan: str
    labels: int
    right: int
    beyond: int
    worst_px: float
    confidence: float
    found: tuple[float, float] | None
    why: str

    @property
    def sure(self) -> bool:
        """Whether the draft needs no person for its depths."""
        return self.confidence >= SURE

    @property
    def misleads(self) -> bool:
        """Whether a depth that the draft is sure of is wrong."""
        return self.sure and self.worst_px > TOLERANCE_PX


def read_printed(path: Path) -> dict[str, Printed]:
    """Read a YAML file of printed depths by the scan's name without its ending.

    Raises:
        OptionError: The file is missing, or is no such list.
    """
    try:
        return TypeAdapter(dict[str, Printed]).validate_python(yaml.safe_load(path.read_text()))
    except (OSError, yaml.YAMLError, ValidationError) as error:
        raise OptionError(str(path), f"not a list of printed depths ({error})", "see docs/real-depths.yaml") from error


def scans_with_printed(folder: Path, printed: Mapping[str, Printed]) -> list[Path]:
    """The scans of a folder whose depths were read.

    Raises:
        OptionError: There is none.
    """
    found = [path for path in sorted(folder.glob("*")) if path.stem in printed]
    if not found:
        raise OptionError(str(folder), "none of the scans whose depths were read is there", "name their folder")
    return found


def score_depths(scan: str, draft: Draft, printed: Printed) -> DepthScore:
    """Compare the depths of a draft with printed ones."""
    ticks, depth = draft.depth.ticks, draft.depth
    if len(ticks) < 2:
        return DepthScore(scan, len(printed), 0, len(printed), float("nan"), depth.confidence, None, depth.why)
    numbers, rows = np.array(printed, np.float64).T
    register = DepthRegister(tuple(tick.row_px for tick in ticks), tuple(tick.depth for tick in ticks))
    off = np.abs(register.row_at(numbers) - rows)
    beyond = (numbers < ticks[0].depth) | (numbers > ticks[-1].depth)
    worst = float(off[~beyond].max()) if (~beyond).any() else float("nan")
    right = int((off[~beyond] <= TOLERANCE_PX).sum())
    ends = (ticks[0].depth, ticks[-1].depth)
    return DepthScore(scan, len(printed), right, int(beyond.sum()), worst, depth.confidence, ends, depth.why)


def markdown(scores: Iterable[DepthScore]) -> str:
    """The scores as a table, scan by scan."""
    head = "| scan | depths found | right of those looked at | worst, px | sure | what it rests on |\n|---|---|---|---|---|---|\n"
    return head + "".join(_row(score) for score in scores)


def _row(score: DepthScore) -> str:
    found = "none" if score.found is None else f"{score.found[0]:g} to {score.found[1]:g}"
    beyond = f", {score.beyond} beyond" if score.beyond and score.found is not None else ""
    worst = "" if np.isnan(score.worst_px) else f"{score.worst_px:.1f}"
    sure = "**wrong**" if score.misleads else "yes" if score.sure else f"no, {score.confidence:.2f}"
    return f"| {score.scan} | {found} | {score.right} of {score.labels}{beyond} | {worst} | {sure} | {score.why} |\n"

"""What the study of tracing found, as tables in Markdown and as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from veernet.curves.identity import stretches
from veernet.review.evaluate import RIGHT_FRACTION, WRONG_FRACTION, Score, kinds_of, score
from veernet.review.reliability import Reliability, reliability_of
from veernet.review.samples import CROSSING_SAMPLES, CurveSamples
from veernet.study.tracing import FULL_TRACER, PROGRAMS, SEGMENTATION, Traced

_KINDS = {"all curves": "all", "solid": "solid", "dashed/dotted": "dashed"}
_COLUMNS = (
    "| sheets | program | samples | coverage | within 1 % | within 2 % | wrong > 3 % | mean error | r | SNR, dB |"
)
_SWAPPED_COLUMNS = "| sheets | program | samples swapped | of them flagged | swaps | of them flagged |"
_CONFIDENCE_COLUMNS = "| sheets | confidence | of all values | mean confidence | within 1 % |"
_TIME_COLUMNS = "| | s per megapixel | of the segmentation | CPU s per megapixel | of the segmentation |"


@dataclass(frozen=True)
class Row:
    """One program on one kind of curves of one set, everywhere or at crossings alone."""

    sheets: str
    program: str
    curves: str
    crossings: bool
    score: Score


@dataclass(frozen=True)
class Swaps:
    """How often two curves of one style changed places, and whether that was told.

    Args:
        samples: Values that are wrong by more than 3 % of the track, and within 1 % of the track's other curve.
        flagged: Of these, at a confidence below 0.9 or in a stretch that the trace doubts.
        of: All values.
        stretches: Runs of such values.
        stretches_flagged: Of these, such as hold a flagged sample, or begin at most three samples after one.
    """

    samples: int
    flagged: int
    of: int
    stretches: int
    stretches_flagged: int


def rows_of(traced: Traced) -> list[Row]:
    """Every set and program: all curves, solid and dashed ones, everywhere and at crossings alone."""
    return [
        Row(sheets, program, _KINDS[kind], crossings, score(kind, curves, crossings=crossings))
        for crossings in (False, True)
        for (sheets, program), samples in traced.samples.items()
        for kind, curves in kinds_of(samples).items()
        if kind in _KINDS
    ]


def swaps_of(curves: Sequence[CurveSamples]) -> Swaps:
    """Swaps among curves of which each two that follow each other share a track."""
    samples = flagged = of = runs = runs_flagged = 0
    for pair in zip(curves[::2], curves[1::2], strict=True):
        for one, other in (pair, pair[::-1]):
            swapped = (one.track_error > WRONG_FRACTION) & (np.abs(one.got - other.truth) <= RIGHT_FRACTION)
            flags = np.zeros(len(swapped), bool)
            for told in (one.low_confidence, one.warned):
                flags |= told if told is not None else False
            samples, flagged = samples + int(swapped.sum()), flagged + int((swapped & flags).sum())
            of += int((one.found & np.isfinite(one.truth)).sum())
            for first, end in stretches(swapped):
                runs += 1
                runs_flagged += bool(flags[max(0, first - CROSSING_SAMPLES) : end].any())
    return Swaps(samples, flagged, of, runs, runs_flagged)


def markdown(traced: Traced) -> str:
    """The tables of the study: all curves, crossings alone, solid and dashed apart, swaps, what confidences are worth, and what each program costs."""
    rows = rows_of(traced)
    parts = []
    for title, kinds, crossings in (
        ("All curves", ("all",), False),
        ("At crossings alone", ("all",), True),
        ("Solid and dashed apart", ("solid", "dashed"), False),
        ("Solid and dashed apart, at crossings alone", ("solid", "dashed"), True),
    ):
        chosen = [row for row in rows if row.curves in kinds and row.crossings == crossings and row.score.samples]
        mixed = {row.sheets for row in chosen if row.curves == "dashed"} if "dashed" in kinds else None
        lines = [_shown(row) for row in chosen if mixed is None or row.sheets in mixed]
        parts.append(_table(title, _COLUMNS, lines))
    alike = {key: curves for key, curves in traced.samples.items() if _alike(curves)}
    swapped = [_shown_swaps(*key, swaps_of(curves)) for key, curves in alike.items()]
    if swapped:
        parts.append(_table("Two curves of one style: swaps", _SWAPPED_COLUMNS, swapped))
    parts.append(
        _table(
            "Confidence of the full tracer",
            _CONFIDENCE_COLUMNS,
            [
                _shown_reliability(sheets, one)
                for (sheets, program), curves in traced.samples.items()
                if program == FULL_TRACER
                for one in reliability_of(curves)
            ],
        )
    )
    cost = [_shown_cost(traced, name) for name in (SEGMENTATION, *PROGRAMS)]
    parts.append(_table(f"Time, over {traced.megapixels:.0f} megapixels of strip", _TIME_COLUMNS, cost))
    return "\n".join(parts)


def write_csv(traced: Traced, path: Path) -> None:
    """Write a row a set, program, kind of curves and place: every measure, and the program's seconds per megapixel."""
    with path.open("w", encoding="utf-8", newline="") as file:
        records = [_record(row, traced) for row in rows_of(traced)]
        writer = csv.DictWriter(file, list(records[0]))
        writer.writeheader()
        writer.writerows(records)


def _record(row: Row, traced: Traced) -> dict[str, Any]:
    measures = {name: value for name, value in asdict(row.score).items() if name not in ("name", "unit")}
    return {
        "sheets": row.sheets,
        "program": row.program,
        "kind": row.curves,
        "where": "crossings" if row.crossings else "everywhere",
        **{name: "" if isinstance(value, float) and math.isnan(value) else value for name, value in measures.items()},
        "seconds_per_megapixel": traced.seconds[row.program] / traced.megapixels,
        "cpu_seconds_per_megapixel": traced.cpu_seconds[row.program] / traced.megapixels,
        "segmentation_seconds_per_megapixel": traced.seconds[SEGMENTATION] / traced.megapixels,
        "segmentation_cpu_seconds_per_megapixel": traced.cpu_seconds[SEGMENTATION] / traced.megapixels,
    }


def _alike(curves: Sequence[CurveSamples]) -> bool:
    return {one.curve.style for one in curves} == {"solid"}


def _table(title: str, columns: str, lines: Sequence[str]) -> str:
    return "\n".join([f"### {title}", "", columns, "|---" * (columns.count("|") - 1) + "|", *lines]) + "\n"


def _shown(row: Row) -> str:
    found = row.score
    cells = [
        row.sheets,
        row.program if row.curves == "all" else f"{row.program}, {row.curves}",
        f"{found.samples:,}",
        *(f"{share:.1%}" for share in (found.coverage, found.within_1, found.within_2)),
        f"{found.wrong:.2%}",
        f"{found.mean_track_error:.2%}",
        f"{found.correlation:.3f}",
        f"{found.snr_db:.1f}",
    ]
    return "| " + " | ".join(cells) + " |"


def _shown_swaps(sheets: str, program: str, swaps: Swaps) -> str:
    share = f"{swaps.samples / max(swaps.of, 1):.1%}"
    flagged = f"{swaps.flagged / swaps.samples:.0%}" if swaps.samples else "-"
    return f"| {sheets} | {program} | {share} | {flagged} | {swaps.stretches} | {swaps.stretches_flagged} |"


def _shown_reliability(sheets: str, found: Reliability) -> str:
    at_least = f"from {found.least:g}"
    return f"| {sheets} | {at_least} | {found.share:.1%} | {found.confidence:.3f} | {found.within_1:.1%} |"


def _shown_cost(traced: Traced, program: str) -> str:
    cells = [program]
    for spent in (traced.seconds, traced.cpu_seconds):
        cells += [f"{spent[program] / traced.megapixels:.3f}", f"{spent[program] / spent[SEGMENTATION]:.1%}"]
    return "| " + " | ".join(cells) + " |"

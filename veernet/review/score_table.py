"""Scores for people, as tables of a terminal's width, and for programs, as CSV."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from veernet.errors import OptionError
from veernet.review.cells import quoted
from veernet.review.evaluate import Score, kinds_of, score
from veernet.review.reliability import Reliability, reliability_of
from veernet.review.samples import CurveSamples

_LABEL_COLUMNS = 24
_SCORE_COLUMNS = 15


def print_scores(
    console: Console, curves: Sequence[CurveSamples], *, by_kind: bool, without_truth: Sequence[str] = ()
) -> None:
    """Print what these curves score over all depths, and at crossings alone, and what their logs' confidences were worth.

    Args:
        console: Where to; its width is kept.
        curves: At least one.
        by_kind: Pool them by kind, as of many sheets, instead of showing each curve.
        without_truth: Sheets to name as not judged.
    """
    groups = kinds_of(curves) if by_kind else {one.curve.mnemonic: [one] for one in curves}
    if not by_kind and len(curves) > 1:
        groups["all"] = list(curves)
    sheets = dict.fromkeys(one.sheet for one in curves)
    missed = dict.fromkeys(one.sheet for one in curves if one.missed)
    title = f"{len(sheets)} sheets against truth" if by_kind else _what(curves)
    for told, crossings in ((title, False), ("at crossings of two curves alone", True)):
        scores = [score(name, some, crossings=crossings) for name, some in groups.items()]
        if any(one.samples for one in scores):
            for table in score_tables(told, scores, console.width):
                console.print(table)
    if reliability := reliability_of(curves):
        console.print(_reliability_table(reliability))
    for told, names in (("missed, no result, counted as NULL", missed), ("not judged, no truth", without_truth)):
        if names:
            console.print(f"{told}: {escape(', '.join(names))}", highlight=False, soft_wrap=True)


def score_tables(title: str, scores: Sequence[Score], width: int = 120) -> Iterator[Table]:
    """A row a measure and a column a score; several tables where ``width`` columns do not hold all scores."""
    at_once = max(1, (width - _LABEL_COLUMNS) // _SCORE_COLUMNS)
    for first in range(0, len(scores), at_once):
        chosen = scores[first : first + at_once]
        table = Table(title=escape(title), title_justify="left")
        table.add_column("")
        for one in chosen:
            table.add_column(escape(one.name), justify="right", overflow="fold")
        for label, shown in _MEASURES:
            table.add_row(label, *(escape(shown(one)) for one in chosen))
        yield table


def _reliability_table(ranges: Sequence[Reliability]) -> Table:
    table = Table(title="confidences, and how many of their values are within 1 %", title_justify="left")
    for label in ("confidence from", "share of values", "on average", "within 1 %"):
        table.add_column(label, justify="right")
    for one in ranges:
        table.add_row(f"{one.least:.2f}", f"{one.share:.1%}", f"{one.confidence:.2f}", f"{one.within_1:.1%}")
    return table


def score_table(scores: Sequence[Score]) -> Table:
    """One table of all scores, however wide."""
    return next(score_tables("digitised against truth", scores, _LABEL_COLUMNS + _SCORE_COLUMNS * len(scores)))


def write_csv(curves: Sequence[CurveSamples], path: Path) -> None:
    """Write a row a sheet and curve: what it is, its score, and its score at crossings; empty where there is none.

    Raises:
        OptionError: The file cannot be written.
    """
    rows = [{key: quoted(cell) for key, cell in _row(one).items()} for one in curves]
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise OptionError(
            str(path), f"it cannot be written ({error.strerror})", "name a file in a folder that is there"
        ) from error


def _what(curves: Sequence[CurveSamples]) -> str:
    depths = np.concatenate([one.depths[np.isfinite(one.truth)] for one in curves])
    return f"{curves[0].sheet} against truth, {depths.min():g} to {depths.max():g} {curves[0].depth_unit}"


def _row(one: CurveSamples) -> dict[str, object]:
    depths = one.depths[np.isfinite(one.truth)]
    what: dict[str, object] = {
        "sheet": one.sheet,
        "curve": one.curve.mnemonic,
        "result": "missed" if one.missed else "done",
        "style": one.curve.style,
        "scale": one.scale,
        "unit": one.curve.unit or "",
        "depth_unit": one.depth_unit,
        "top_depth": round(float(depths[0]), 6),
        "base_depth": round(float(depths[-1]), 6),
        "step": round(float(np.median(np.diff(one.depths))), 6) if len(one.depths) > 1 else "",
    }
    for prefix, crossings in (("", False), ("crossing_", True)):
        measures = asdict(score("", [one], crossings=crossings))
        what |= {f"{prefix}{key}": _cell(measures[key]) for key in measures if key not in ("name", "unit", "curves")}
    return what


def _cell(value: float) -> object:
    if isinstance(value, int):
        return value
    return "" if math.isnan(value) else f"{value:.6g}"


def _shown(pattern: str, value: float, unit: str = "") -> str:
    if math.isnan(value):
        return "-"
    text = pattern.format(value)
    return f"{text.replace('-', '+') if text == '-0.00' else text} {unit}".strip()


_MEASURES: tuple[tuple[str, Callable[[Score], str]], ...] = (
    ("curves", lambda s: f"{s.curves}"),
    ("samples with a truth", lambda s: f"{s.samples:,}"),
    ("coverage", lambda s: _shown("{:.1%}", s.coverage)),
    ("mean error", lambda s: _shown("{:.3g}", s.mean_error, s.unit or "")),
    ("95th percentile", lambda s: _shown("{:.3g}", s.p95_error, s.unit or "")),
    ("mean, of track", lambda s: _shown("{:.2%}", s.mean_track_error)),
    ("95th pc, of track", lambda s: _shown("{:.2%}", s.p95_track_error)),
    ("within 1 %", lambda s: _shown("{:.1%}", s.within_1)),
    ("within 2 %", lambda s: _shown("{:.1%}", s.within_2)),
    ("wrong > 3 %", lambda s: _shown("{:.2%}", s.wrong)),
    ("off by whole tracks", lambda s: f"{s.wrap_errors}"),
    ("correlation", lambda s: _shown("{:.4f}", s.correlation)),
    ("signal to noise", lambda s: _shown("{:.1f}", s.snr_db, "dB")),
    ("depth shift", lambda s: _shown("{:+.2f}", s.shift_steps, "steps")),
    ("wrong: conf. < 0.9", lambda s: _shown("{:.1%}", s.wrong_doubted)),
    ("all: conf. < 0.9", lambda s: _shown("{:.1%}", s.doubted)),
    ("wrong: warned of", lambda s: _shown("{:.1%}", s.wrong_warned)),
)

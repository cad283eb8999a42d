"""The results of a study as a table in Markdown."""

from __future__ import annotations

from statistics import mean, pstdev
from typing import Any

from rich.table import Table

_ONE_PX = 1

_COLUMNS = (
    "| asked | P 1 | R 1 | F1 1 | P 2 | R 2 | F1 2 | F1 1 strict | F1 2 strict | IoU 1 | IoU 2 | F1 1 at crossings | F1 2 at crossings"
    " | claimed twice | traced | mean error | within 1 % | wrong > 3 % |"
)


def target_table(results: dict[str, Any]) -> str:
    """One row an arm: means over the seeds at 1 px tolerance, with the spread of F1 over the seeds."""
    lines = [_COLUMNS, "|---" * (_COLUMNS.count("|") - 1) + "|"]
    return "\n".join(lines + [_row(arm) for arm in results["arms"]]) + "\n"


def score_table(scores: dict[str, Any]) -> Table:
    """The scores of one network (:func:`veernet.study.measure.measure`) for a console."""
    table = Table(title="F1 within 0, 1 and 2 px; precision and recall within 1 px")
    for heading in ("", "precision", "recall", "F1 strict", "F1 1 px", "F1 2 px", "IoU 1 px"):
        table.add_column(heading, justify="left" if not heading else "right")
    for place in ("classes", "crossings"):
        for number, curve in enumerate(scores[place], start=1):
            values = [curve["precision"][1], curve["recall"][1], *curve["f1"], curve["iou"][1]]
            where = f"curve {number}" + (", crossings" if place == "crossings" else "")
            table.add_row(where, *(f"{value:.3f}" for value in values))
    trace = scores["trace"]
    table.caption = (
        f"claimed twice {scores['claimed_twice']:.2%}; traced {trace['coverage']:.2%}, mean error"
        f" {trace['mean_error']:.2%} of the track, within 1 % {trace['within_1']:.2%}, wrong by more than 3 % {trace['wrong_3']:.2%}"
    )
    return table


def _row(arm: dict[str, Any]) -> str:
    runs = arm["runs"]

    def over(place: str, curve: int, name: str, tolerance: int = _ONE_PX) -> list[float]:
        return [run[place][curve][name][tolerance] for run in runs]

    cells = [arm["name"]]
    for curve in (0, 1):
        cells += [f"{mean(over('classes', curve, name)):.2f}" for name in ("precision", "recall")]
        f1 = over("classes", curve, "f1")
        cells.append(f"**{mean(f1):.3f}** ± {pstdev(f1):.3f}")
    cells += [f"{mean(over('classes', curve, 'f1', 0)):.3f}" for curve in (0, 1)]
    cells += [f"{mean(over('classes', curve, 'iou')):.3f}" for curve in (0, 1)]
    cells += [f"{mean(over('crossings', curve, 'f1')):.3f}" for curve in (0, 1)]
    cells.append(f"{mean(run['claimed_twice'] for run in runs):.1%}")
    traced = ("coverage", "mean_error", "within_1", "wrong_3")
    cells += [f"{mean(run['trace'][name] for run in runs):.2%}" for name in traced]
    return "| " + " | ".join(cells) + " |"

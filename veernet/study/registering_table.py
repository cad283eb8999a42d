"""The study of registering: draw papers, have each registered, and tell in one table what went through and what was right."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from veernet.errors import VeerNetError
from veernet.register.draft import Draft
from veernet.study.registering import FIELDS, DraftScore, score_draft
from veernet.training.paper import draw_paper, write_paper
from veernet.training.paper_plan import PaperRecipe
from veernet.training.paper_recipe import sample_paper

Register = Callable[[Path], Draft]

_MOST_CURVES = 2
"""Of a track that can be digitised today."""


@dataclass(frozen=True)
class Registered:
    """One paper: what was drawn, the rows of its scan, how its draft scores (None where there is none), how long that took, why it failed."""

    recipe: PaperRecipe
    rows: int
    score: DraftScore | None
    seconds: float
    failure: str = ""


def study_registering(
    register: Register,
    papers: int,
    out: Path,
    console: Console,
    first_seed: int = 0,
    difficulty: float | None = None,
    most_rows: int = 40_000,
) -> list[Registered]:
    """Draw so many papers, register and score each; drafts stay in ``out``, scans go.

    Args:
        register: From the path of a scan to its draft; a :class:`VeerNetError` is a paper that was not registered.
        papers: How many.
        out: Folder for drafts and for the scan that is being registered.
        console: Told of each paper.
        first_seed: Of the first paper; the others follow.
        difficulty: Of all; each seed's own unless given.
        most_rows: Rows of the passes of a paper.
    """
    return list(_study(register, papers, out, console, first_seed, difficulty, most_rows))


def _study(
    register: Register,
    papers: int,
    out: Path,
    console: Console,
    first_seed: int,
    difficulty: float | None,
    most_rows: int,
) -> Iterator[Registered]:
    for seed in range(first_seed, first_seed + papers):
        paper = draw_paper(sample_paper(seed, difficulty, most_rows))
        paths = write_paper(paper, out, f"paper-{seed}")
        rows, truth = paper.truth.rows, paper.truth
        recipe = paper.recipe
        del paper  # its pixels
        started = time.perf_counter()
        try:
            draft = register(paths["scan"])
        except VeerNetError as error:
            done = Registered(recipe, rows, None, time.perf_counter() - started, str(error))
        else:
            seconds = time.perf_counter() - started
            (out / f"paper-{seed}.draft.json").write_text(draft.to_json(), encoding="utf-8")
            done = Registered(recipe, rows, score_draft(draft, truth), seconds)
        paths["scan"].unlink()
        console.print(_line(done), highlight=False, soft_wrap=True, markup=False)
        yield done


def _line(done: Registered) -> str:
    if done.score is None:
        return f"paper {done.recipe.seed}: {done.failure}"
    wrong = (
        ", ".join(f"{verdict.field}{' (sure)' if verdict.sure else ''}" for verdict in done.score.wrong)
        or "nothing wrong"
    )
    state = "through" if done.score.through else "needs a person"
    return f"paper {done.recipe.seed}: {state}; {wrong}; {done.seconds:.1f} s"


def markdown(done: list[Registered]) -> str:
    """What went through, what of it was right; then field by field; then papers that went through with something wrong."""
    scores = [one.score for one in done if one.score is not None]
    through = [score for score in scores if score.through]
    right = [score for score in through if not score.wrong]
    long = [one.seconds * 40_000 / one.rows for one in done if one.rows > 10_000]
    left_out = sum(all(len(track.curves) > _MOST_CURVES for track in one.recipe.tracks) for one in done)
    lines = [
        f"{len(done)} papers, seeds {done[0].recipe.seed} to {done[-1].recipe.seed}: {len(through)} through ({len(through) / len(done):.1%}), "
        f"{len(right)} of these right" + (f" ({len(right) / len(through):.1%})" if through else "") + ".",
        *(
            [f"{left_out} have only tracks of more curves than are digitised: such a paper cannot go through."]
            if left_out
            else []
        ),
        f"Seconds a sheet: median {np.median([one.seconds for one in done]):.1f}"
        + (f"; of 40,000 rows, {np.median(long):.1f}." if long else "."),
        "",
        "| field | right | wrong | not found | sure | wrong though sure |",
        "|---|---|---|---|---|---|",
    ]
    for index, field in enumerate(FIELDS):
        verdicts = [score.verdicts[index] for score in scores]
        counts = [sum(v.right is state for v in verdicts) for state in (True, False, None)]
        counts[2] += len(done) - len(scores)
        lines.append(
            f"| {field} | "
            + " | ".join(map(str, [*counts, sum(v.sure for v in verdicts), sum(v.misleads for v in verdicts)]))
            + " |"
        )
    astray = [one for one in done if one.score and one.score.through and one.score.wrong]
    if astray:
        lines += ["", "Through, and not right:", ""]
        lines += [
            f"- paper {one.recipe.seed}: " + "; ".join(f"{v.field} ({v.detail})" for v in one.score.wrong)
            for one in astray
            if one.score
        ]
    return "\n".join(lines) + "\n"


def write_csv(done: list[Registered], path: Path) -> None:
    """One row a paper: what was drawn, and the verdict of every field as right, wrong or absent, with + where the draft was sure."""
    drawn = ("seed", "difficulty", "dpi", "kind", "unit", "scale", "passes", "tracks", "rows")
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow([*drawn, "seconds", "through", "depth_px", "edge_px", *FIELDS, "failure"])
        for one in done:
            recipe, score = one.recipe, one.score
            main = next(plan.scale for plan in recipe.passes if plan.kind == "main")
            facts = [
                recipe.seed,
                f"{recipe.difficulty:.2f}",
                recipe.dpi,
                recipe.kind,
                recipe.unit,
                main,
                len(recipe.passes),
                len(recipe.tracks),
                one.rows,
            ]
            words = {True: "right", False: "wrong", None: "absent"}
            found = [words[v.right] + "+" * v.sure for v in score.verdicts] if score else [""] * len(FIELDS)
            measures = [score.through, f"{score.depth_px:.2f}", f"{score.edge_px:.2f}"] if score else ["", "", ""]
            table.writerow([*facts, f"{one.seconds:.2f}", *measures, *found, one.failure])

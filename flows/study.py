"""``veernet study``: measurements that justify decisions, each one command."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.guard import guarded, new_console

app = typer.Typer(help="Measure what decisions rest on.", no_args_is_help=True)

_Las = Annotated[Path, typer.Option("--las", help="Folder of the real LAS files; tests come from its held-out wells.")]


@app.command()
def targets(
    las: _Las,
    out: Annotated[Path, typer.Option("--out", help="Folder of the study; one that was broken off goes on.")],
    steps: Annotated[int, typer.Option(min=1, help="Optimiser steps of each run.")] = 100,
    scratch: Annotated[bool, typer.Option(help="Start from random weights: some thousand steps, for a GPU.")] = False,
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each arm.")] = 3,
    tests: Annotated[int, typer.Option(min=1, max=2000, help="Test tracks.")] = 200,
) -> None:
    """Train and score the binary stack at six weights and the multiclass head with each loss, side by side."""
    console = new_console()

    def run() -> None:
        from veernet.study.page import write_page
        from veernet.study.table import target_table
        from veernet.study.targets import StudyPlan, study_targets

        plan = StudyPlan(steps=steps, seeds=seeds, tests=tests, scratch=scratch)
        results = study_targets(plan, las, out, console)
        (out / "target-shapes.md").write_text(target_table(results))
        write_page(results, out / "target-shapes.html")
        console.print(f"table {out / 'target-shapes.md'}, page {out / 'target-shapes.html'}")

    guarded(console, run)


@app.command()
def scans(
    places: Annotated[Path, typer.Argument(help="YAML of places on scans; see docs/real-scans.yaml.")],
    folder: Annotated[Path, typer.Option("--scans", help="Folder that the scans are in.")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the pictures.")],
    weights: Annotated[Path | None, typer.Option(help="Weights to look at; the shipped ones unless given.")] = None,
) -> None:
    """Picture what a network makes of places on real scans, registered or not: strip beside class map."""
    console = new_console()

    def run() -> None:
        from veernet.network.weights import load_weights, shipped_weights
        from veernet.study.places import picture_places, read_places

        pictures = picture_places(read_places(places), folder, load_weights(weights or shipped_weights()), out)
        for path in pictures:
            console.print(str(path), soft_wrap=True)

    guarded(console, run)


@app.command()
def network(
    las: _Las,
    weights: Annotated[Path | None, typer.Option(help="Weights to score; the shipped ones unless given.")] = None,
    tests: Annotated[int, typer.Option(min=1, max=2000, help="Test tracks; the frozen set has 2,000.")] = 2000,
    difficulty: Annotated[float, typer.Option(min=0, max=1, help="0 clean, 0.3 scan-like, 1 nearly lost.")] = 0.3,
) -> None:
    """Score weights on the frozen test set: every class, crossings alone, and what the tracer makes of them."""
    console = new_console()

    def run() -> None:
        import torch

        from veernet.network.weights import load_weights, shipped_weights
        from veernet.study.frozen import frozen_track, held_out_wells
        from veernet.study.measure import measure
        from veernet.study.table import score_table

        wells = held_out_wells(las)
        model = load_weights(weights or shipped_weights())
        model = model.to("cuda" if torch.cuda.is_available() else "cpu", memory_format=torch.channels_last)  # type: ignore[call-overload]
        console.print(score_table(measure(model, (frozen_track(index, wells, difficulty) for index in range(tests)))))

    guarded(console, run)


@app.command()
def tracing(
    las: _Las,
    out: Annotated[Path, typer.Option("--out", help="Folder for the tables.")],
    weights: Annotated[Path | None, typer.Option(help="Weights to trace by; the shipped ones unless given.")] = None,
    sheets: Annotated[int, typer.Option(min=1, max=500, help="Drawn sheets of each kind.")] = 50,
    warp: Annotated[float, typer.Option(min=0, max=3, help="Skew and stretch of the paper; 0 for flat alone.")] = 1.0,
) -> None:
    """Trace drawn sheets by a classical program, by argmax and centroid, and by the full tracer, and score all three."""
    console = new_console()

    def run() -> None:
        from veernet.network.predict import Segmenter
        from veernet.study.held_out_sheets import sheet_sets
        from veernet.study.tracing import study_tracing
        from veernet.study.tracing_table import markdown, write_csv

        traced = study_tracing(sheet_sets(warp), sheets, las, Segmenter.load(weights), console)
        out.mkdir(parents=True, exist_ok=True)
        (out / "tracing.md").write_text(markdown(traced), encoding="utf-8")
        write_csv(traced, out / "tracing.csv")
        console.print(f"tables {out / 'tracing.md'}, {out / 'tracing.csv'}", soft_wrap=True)

    guarded(console, run)


@app.command()
def registering(
    out: Annotated[Path, typer.Option("--out", help="Folder for drafts, truths and the tables.")],
    papers: Annotated[int, typer.Option(min=1, max=5000, help="Drawn papers.")] = 200,
    first_seed: Annotated[int, typer.Option(min=0, help="Seed of the first paper; the others follow.")] = 0,
    difficulty: Annotated[
        float | None, typer.Option(min=0, max=1, help="Of all papers; each seed's own, up to 0.55, unless given.")
    ] = None,
    rows: Annotated[int, typer.Option(min=1000, help="Rows that the passes of a paper have at most.")] = 40_000,
) -> None:
    """Draw whole papers, register each from its scan alone, and score the drafts field by field against what was drawn."""
    console = new_console()

    def run() -> None:
        from veernet.register.registering import register
        from veernet.study.registering_table import markdown, study_registering, write_csv

        done = study_registering(
            lambda scan: register(scan, scan.name), papers, out, console, first_seed, difficulty, rows
        )
        (out / "registering.md").write_text(markdown(done), encoding="utf-8")
        write_csv(done, out / "registering.csv")
        console.print(f"tables {out / 'registering.md'}, {out / 'registering.csv'}", soft_wrap=True)

    guarded(console, run)


@app.command()
def depths(
    printed: Annotated[Path, typer.Argument(help="YAML of printed depths; see docs/real-depths.yaml.")],
    folder: Annotated[Path, typer.Option("--scans", help="Folder that the scans are in.")],
) -> None:
    """Register real scans and compare their depths with those that a person read off them."""
    console = new_console()

    def run() -> None:
        from veernet.register.registering import register
        from veernet.study.scan_depths import markdown, read_printed, scans_with_printed, score_depths

        true = read_printed(printed)
        scans = scans_with_printed(folder, true)
        scores = (score_depths(scan.stem, register(scan, scan.name), true[scan.stem]) for scan in scans)
        console.print(markdown(scores), soft_wrap=True, markup=False, highlight=False)

    guarded(console, run)


@app.command()
def scales(
    printed: Annotated[Path, typer.Argument(help="YAML of printed scales; see docs/real-scales.yaml.")],
    folders: Annotated[list[Path], typer.Option("--scans", help="Folder that scans are in; may be given again.")],
) -> None:
    """Register real scans and compare their curves and wells with what a person read off their scale blocks and headers."""
    console = new_console()

    def run() -> None:
        from veernet.register.registering import register
        from veernet.study.scan_scales import markdown, read_scales, scans_with_scales, score_scales

        true = read_scales(printed)
        asked = [
            one
            for scan in scans_with_scales(folders, true)
            for one in score_scales(scan.stem, register(scan, scan.name), true[scan.stem])
        ]
        console.print(markdown(asked), soft_wrap=True, markup=False, highlight=False)

    guarded(console, run)

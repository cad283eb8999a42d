"""The command ``veernet``. Every import that costs time waits until its command needs it."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from flows.guard import guarded, new_console
from flows.study import app as study


class _Commands(TyperGroup):
    """The commands, which refuse a value without the words of the library that looked at it."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ").partition(", unable to parse")[0]
            raise


app = typer.Typer(
    cls=_Commands,
    help="Scanned well logs to LAS files.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

app.add_typer(study, name="study")


def _tell_version(asked: bool) -> None:
    if asked:
        from veernet import __version__

        typer.echo(f"veernet {__version__}")
        raise typer.Exit


@app.callback()
def _veernet(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version, and end.")
    ] = False,
) -> None:
    pass


_Out = Annotated[str, typer.Option("--out", help="Destination folder: a local path or s3://bucket/prefix.")]
_Weights = Annotated[Path | None, typer.Option(help="Weights of the network; the shipped ones unless given.")]
_Dask = Annotated[str | None, typer.Option(help="Dask scheduler to use, as tcp://host:8786.")]
_Workers = Annotated[
    int | None,
    typer.Option(
        min=1, help="Worker processes of the run's own Dask cluster; by GPUs, or cores and memory, unless given."
    ),
]
_Work = Annotated[Path | None, typer.Option(help="Folder for work arrays; with --dask one that all share.")]
_Deadline = Annotated[
    float | None, typer.Option(help="Seconds that any one piece of a sheet's work may take; by its size unless given.")
]
_LasVersion = Annotated[Literal["1.2", "2.0"], typer.Option(help="LAS version to write.")]
_Confidence = Annotated[bool, typer.Option("--confidence", help="Add a curve <mnemonic>_CONF for each.")]
_Register = Annotated[
    bool, typer.Option("--register/--no-register", help="Register scans without a manifest first, or only count them.")
]
_KeepUi = Annotated[bool, typer.Option("--keep-ui", help="Keep the run's own Prefect UI open afterwards.")]


@app.command()
def digitise(
    sources: Annotated[list[str], typer.Argument(help="Scans, sheet manifests, or folders of them; local or s3://.")],
    out: _Out,
    weights: _Weights = None,
    dask: _Dask = None,
    workers: _Workers = None,
    work: _Work = None,
    deadline: _Deadline = None,
    las_version: _LasVersion = "2.0",
    confidence: _Confidence = False,
    keep_ui: _KeepUi = False,
) -> None:
    """Digitise sheets into LAS files; ends with 0 only when every sheet is done."""
    console = new_console()
    from flows.console import digitise_watched

    all_done = guarded(
        console,
        lambda: digitise_watched(
            sources,
            out,
            console,
            keep_ui=keep_ui,
            weights=_absolute(weights),
            dask=dask,
            workers=workers,
            work=_absolute(work),
            deadline=deadline,
            las_version=las_version,
            confidence=confidence,
        ),
    )
    raise typer.Exit(0 if all_done else 1)


@app.command()
def archive(
    source: Annotated[str, typer.Argument(help="The archive: a folder of scans and sheet manifests, local or s3://.")],
    out: _Out,
    weights: _Weights = None,
    dask: _Dask = None,
    workers: _Workers = None,
    work: _Work = None,
    deadline: _Deadline = None,
    las_version: _LasVersion = "2.0",
    confidence: _Confidence = False,
    limit: Annotated[int | None, typer.Option(min=1, help="Do at most so many sheets.")] = None,
    prefix: Annotated[str, typer.Option(help="Only sheets whose path in the archive begins so.")] = "",
    retry: Annotated[
        Literal["set-aside", "needs-a-person"] | None, typer.Option(help="Try again what was set aside, or not sure.")
    ] = None,
    stop_above: Annotated[
        int,
        typer.Option(min=0, max=100, help="End early when more % of the latest 50 sheets fail by no fault of theirs."),
    ] = 50,
    register_first: _Register = True,
    keep_ui: _KeepUi = False,
) -> None:
    """Digitise whatever of an archive is not settled yet; ends with 0 only when none of that was set aside."""
    console = new_console()
    from flows.archive_console import archive_watched

    all_done = guarded(
        console,
        lambda: archive_watched(
            source,
            out,
            console,
            keep_ui=keep_ui,
            weights=_absolute(weights),
            dask=dask,
            workers=workers,
            work=_absolute(work),
            deadline=deadline,
            las_version=las_version,
            confidence=confidence,
            limit=limit,
            prefix=prefix,
            retry=retry,
            stop_above=stop_above,
            register_first=register_first,
        ),
    )
    raise typer.Exit(0 if all_done else 1)


@app.command()
def status(
    out: Annotated[str, typer.Argument(metavar="DEST", help="Destination of `veernet archive`.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    listed: Annotated[
        Literal["set-aside", "needs-a-person", "partial", "registered", "pending"] | None,
        typer.Option("--list", help="Name these sheets, a line each, instead."),
    ] = None,
) -> None:
    """Show how many sheets of an archive are done, set aside and pending, from listings alone."""
    console = new_console()
    from flows.archive_console import names_of, standing_of, standing_table

    if listed is not None:

        def name_them() -> None:
            for name in names_of(out, listed):
                typer.echo(name)

        guarded(console, name_them)
        return
    told = guarded(console, lambda: standing_of(out))
    if as_json:
        typer.echo(json.dumps(told, indent=2))
    else:
        console.print(standing_table(told))


@app.command()
def clean(
    out: Annotated[str, typer.Argument(metavar="DEST", help="Destination of `veernet archive`.")],
    older_than: Annotated[str, typer.Option(help="Age from which on work goes, as 30d or 12h.")] = "30d",
) -> None:
    """Remove the traces that archive runs keep in a destination; no result is ever removed."""
    console = new_console()

    def remove() -> None:
        from veernet.archive.clean import age_s, clean_work

        removed = clean_work(out, age_s(older_than))
        console.print(f"removed {removed.count} files of work, {removed.size_bytes / 1e6:.1f} MB")

    guarded(console, remove)


@app.command()
def deploy(
    pool: Annotated[str, typer.Option("--work-pool", help="Work pool, made where it is missing.")] = "veernet",
    low_at_once: Annotated[int | None, typer.Option(min=1, help="Backfill runs at one time; 2 at first.")] = None,
    file: Annotated[Path, typer.Option(help="The deployments.")] = Path("prefect.yaml"),
) -> None:
    """Put deployments, work pool, queues and the automation that ends dead runs on the server that PREFECT_API_URL names."""
    console = new_console()

    def put() -> None:
        from flows.deployments import deploy as put_on_server

        done = put_on_server(pool, low_at_once, file)
        console.print(f"made: {', '.join(done.made) or 'nothing that was not there'}", highlight=False, soft_wrap=True)
        console.print(f"deployments in {done.pool}: {', '.join(done.deployments)}", highlight=False, soft_wrap=True)
        told = f"a worker runs them: prefect worker start --pool {done.pool} --type process --limit 4"
        console.print(told, style="dim", highlight=False, soft_wrap=True)

    guarded(console, put)


@app.command()
def certificates(
    out: Annotated[Path, typer.Option("--out", help="Folder for them; only its owner may read it.")],
) -> None:
    """Make the certificates of a Dask cluster that is to be reached from other machines: set DASK_CONFIG to OUT/dask.yaml on all of them."""
    console = new_console()

    def make() -> None:
        from flows.certificates import CONFIG, make_certificates

        make_certificates(out)
        told = f"for scheduler, workers and runs alike: DASK_CONFIG={out.absolute() / CONFIG}"
        console.print(told, markup=False, highlight=False, soft_wrap=True)

    guarded(console, make)


@app.command()
def register(
    scans: Annotated[
        list[Path] | None, typer.Argument(help="Scans, or folders of scans that have no manifest.")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="Folder for drafts, pictures, pages and manifests.")] = None,
    edit: Annotated[
        str | None,
        typer.Option(
            metavar="PLACE", help="Instead: serve the pages of a folder, of an archive's DEST, or of a draft."
        ),
    ] = None,
) -> None:
    """Draft the manifests of scans that nobody registered; ends with 0 only when none of them needs a person."""
    console = new_console()

    def do() -> bool:
        from flows.register import edit_drafts, register_scans
        from veernet.errors import OptionError

        if edit is not None and not (scans or out):
            edit_drafts(edit, console, threading.Event().wait)
            return True
        if edit is not None or not scans or out is None:
            raise OptionError(
                "veernet register", "is given too little or too much", "give SCAN... --out DIR, or --edit PLACE"
            )
        return register_scans(scans, out, console)

    raise typer.Exit(0 if guarded(console, do) else 1)


@app.command()
def join(
    pages: Annotated[list[Path], typer.Argument(help="The pages, top to bottom: scans, TIFFs of several pages, PDFs.")],
    out: Annotated[Path, typer.Option("--out", help="The scan to write, a TIFF.")],
) -> None:
    """Put the pages of a sheet together as one scan: what to measure the ticks and edges of its manifest on."""
    console = new_console()

    def join_pages() -> None:
        from veernet.errors import OptionError, ScanError
        from veernet.sheets.chain import put_together
        from veernet.sheets.paged import write_scan
        from veernet.sheets.pages import pages_of

        if out.suffix.lower() not in (".tif", ".tiff"):
            raise OptionError(str(out), "is no TIFF by its name", "give --out a name that ends in .tif")
        out.parent.mkdir(parents=True, exist_ok=True)
        picture = out.with_suffix(".seam.png")
        try:
            sheet, told = put_together(pages_of(pages), None, picture)
        except ScanError as error:
            if not picture.exists():
                raise
            raise ScanError(
                error.subject, error.found, f"look at both ends in {picture}, and {error.remedy}"
            ) from error
        write_scan(sheet, out)
        for line in (*told, f"{out}: {sheet.width} x {sheet.height} px"):
            console.print(line, markup=False, highlight=False, soft_wrap=True)

    guarded(console, join_pages)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the sheet manifest."""
    from veernet.sheets.manifest import json_schema

    typer.echo(json.dumps(json_schema(), indent=2))


@app.command()
def evaluate(
    truth: Annotated[Path, typer.Argument(help="LAS file with the true values, or a folder of them with manifests.")],
    got: Annotated[Path, typer.Argument(help="LAS file to be judged, or a folder of results, GOT/<stem>/<stem>.las.")],
    manifest: Annotated[Path | None, typer.Option(help="The sheet's manifest; a folder has its own.")] = None,
    table: Annotated[Path | None, typer.Option("--csv", help="Write a row a sheet and curve to this file.")] = None,
) -> None:
    """Compare LAS files with the truth, curve by curve, and at crossings alone."""
    console = new_console()

    def compare_files() -> None:
        from veernet.errors import OptionError
        from veernet.review.pairs import one_pair, pair_folders, read_pairs
        from veernet.review.score_table import print_scores, write_csv

        if truth.is_dir() or got.is_dir():
            if manifest is not None:
                found, remedy = "folders bring their own manifests", "leave --manifest out"
                raise OptionError(str(manifest), found, remedy)
            pairs, without_truth = pair_folders(truth, got)
        else:
            pairs, without_truth = [one_pair(truth, got, manifest)], []
        curves = read_pairs(pairs)
        print_scores(console, curves, by_kind=truth.is_dir(), without_truth=without_truth)
        if table is not None:
            write_csv(curves, table)

    guarded(console, compare_files)


@app.command()
def synth(
    out: Annotated[Path, typer.Option("--out", help="Folder for the sheets.")] = Path("out/synth"),
    count: Annotated[int, typer.Option(min=1, help="Sheets, or tracks of a contact sheet, to draw.")] = 1,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the first; the others count on.")] = 0,
    length: Annotated[float, typer.Option(min=50, max=20000, help="Length of each log in ft.")] = 200.0,
    difficulty: Annotated[float | None, typer.Option(min=0, max=1, help="0 clean, 1 nearly lost.")] = None,
    las: Annotated[Path | None, typer.Option(help="A real LAS file to draw; learned motions otherwise.")] = None,
    warp: Annotated[float, typer.Option(min=0, max=5, help="How far the paper is from flat; 1 is usual.")] = 0.0,
    contact_sheet: Annotated[Path | None, typer.Option(help="Draw one PNG of training tracks instead.")] = None,
    beside: Annotated[Path | None, typer.Option(help="With --contact-sheet: a folder of real sheets.")] = None,
) -> None:
    """Draw synthetic sheets with their manifests and their truth as LAS."""
    console = new_console()

    def draw() -> None:
        if contact_sheet is not None:
            from veernet.training.contact import contact_sheet as draw_contact_sheet

            real = sorted(beside.glob("*.sheet.yaml")) if beside else []
            draw_contact_sheet(contact_sheet, max(count, 24), seed, real)
            console.print(f"contact sheet: {contact_sheet}")
            return
        from veernet.training.layout import sample_sheet
        from veernet.training.sheet import write_sheet

        for index in range(seed, seed + count):
            paths = write_sheet(sample_sheet(index, difficulty, length, las, warp), out, f"synth-{index:04d}")
            console.print(f"{paths['scan']}  truth {paths['truth'].name}")

    guarded(console, draw)


@app.command()
def train(
    out: Annotated[Path, typer.Option("--out", help="Folder of the run; one that holds a checkpoint is resumed.")],
    config: Annotated[Path | None, typer.Option(help="YAML of the run's settings; see docs/training.md.")] = None,
    minutes: Annotated[float | None, typer.Option(min=0.1, help="Time budget.")] = None,
    target: Annotated[str | None, typer.Option(help="multiclass (one softmax) or binary (a sigmoid a curve).")] = None,
    loss: Annotated[str | None, typer.Option(help="Losses by name, as cross-entropy+dice or weighted-bce:42.")] = None,
    curves: Annotated[int | None, typer.Option(help="Curves told apart in one track: 2, 3 or 4.")] = None,
) -> None:
    """Train a network on synthetic tracks, or resume a training."""
    console = new_console()

    def run_training() -> None:
        from veernet.training.train import read_config
        from veernet.training.train import train as run

        given = {"minutes": minutes, "target": target, "loss": loss, "curves": curves}
        settings = read_config(config, {name: value for name, value in given.items() if value is not None})
        console.print(f"weights: {run(settings, out, console)}")

    guarded(console, run_training)


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the demonstration.")] = Path("demo"),
    seed: Annotated[int, typer.Option(min=0, help="Seed of the sheet.")] = 7,
) -> None:
    """Draw a sheet, digitise it, and compare the result with what was drawn."""
    console = new_console()
    from flows.console import run_demo

    raise typer.Exit(0 if guarded(console, lambda: run_demo(out, seed, console)) else 1)


def _absolute(path: Path | None) -> str | None:
    """A path as workers need it, which may run elsewhere."""
    return str(path.absolute()) if path else None


def main() -> None:
    """The console script."""
    # Prefect says everything twice, once here and once in its UI; the UI is enough.
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
    app()

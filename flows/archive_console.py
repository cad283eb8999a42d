"""An archive run, and how an archive stands, as a person at a terminal sees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Literal

from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from flows.server import PrefectServer, serve_until_interrupt
from flows.uncollected import uncollected
from veernet.archive.listing import NEEDS_A_PERSON

if TYPE_CHECKING:
    from rich.console import Console

    from flows.archive_plan import Plan
    from flows.archive_report import Tally
    from veernet.archive.ledger import About, Ledger
    from veernet.archive.listing import ListedSheet, Standing

Which = Literal["set-aside", "needs-a-person", "partial", "registered", "pending"]
_PLANNED = ("weights", "las_version", "confidence", "limit", "prefix", "retry", "stop_above", "register_first")


def archive_watched(source: str, out: str, console: Console, *, keep_ui: bool = False, **options: Any) -> bool:
    """Run the flow under a progress bar; returns whether every sheet that it had to do is done.

    Raises:
        VeerNetError: Nothing could be started, or the archive could not be listed to its end.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[told]}"), TimeElapsedColumn())
    from flows.archive_plan import plan

    asked = plan(source, out, **{name: options[name] for name in _PLANNED})
    if not any(True for _ in asked.sheets()):  # no server is worth its start for that, nor the engine its import
        console.print(_nothing_to_do(asked, asked.begin()), markup=False, highlight=False, soft_wrap=True)
        return True
    with PrefectServer() as server, ExitStack() as meanwhile:  # seconds of imports, while the server starts
        from flows.cluster import getting_ready

        meanwhile.enter_context(getting_ready(options.get("dask"), options.get("workers")))
        with uncollected():
            from flows.archive import run
            from flows.archive_report import watching

        server.wait_ready()
        console.print(f"watch it at {server.ui_url}", style="dim", highlight=False)
        latest: list[Tally] = []
        try:
            with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
                bar = progress.add_task("listing", total=None, told="")

                def show(tally: Tally) -> None:
                    latest[:] = [tally]
                    told = f"{tally.settled} of {tally.total}, {tally.reasons.total()} not done; {tally.pace()}"
                    progress.update(bar, description="sheets", completed=tally.settled, total=tally.total, told=told)

                with watching(show):
                    run(source, out, **options)
        finally:  # a run that ends early has something to tell, too
            for tally in latest:
                _sum_up(tally, out, console)
        if keep_ui and server.own:
            serve_until_interrupt(server)
    return not any(tally.reasons or tally.partial for tally in latest)


def _nothing_to_do(asked: Plan, found: Standing) -> str:
    settled = found.done + found.all_set_aside
    if settled:
        wait = found.set_aside.get(NEEDS_A_PERSON, 0)
        told = f" ({wait} of them need a person)" if wait else ""
        return f"0 done, 0 set aside, {settled} were settled already{told}, in {asked.ledger.out}"
    where = f"{asked.source}/{asked.prefix}" if asked.prefix else str(asked.source)
    if asked.shaping.register:
        return f"no scan and no sheet manifest in {where}; nothing was done"
    return f"no sheet manifest in {where}, and {found.scans_alone} scans without one; nothing was done"


def _sum_up(tally: Tally, out: str, console: Console) -> None:
    """Say how a run ended, and of the sheets that it set aside the first by name."""
    console.print(f"{tally.message()}, in {escape(out)}", highlight=False, soft_wrap=True)
    for reason, count in tally.reasons.most_common():
        colour, told = ("yellow", "need a person") if reason == NEEDS_A_PERSON else ("red", "set aside")
        of = "" if reason == NEEDS_A_PERSON else f" for {escape(reason)}"
        console.print(f"[bold {colour}]{told}[/] {count}{of}", highlight=False, soft_wrap=True)
    for folder, why in tally.first_set_aside:
        console.print(f"  {escape(folder)}: {escape(why)}", highlight=False, soft_wrap=True)
    if tally.set_aside:
        told = f"veernet status {escape(out)} --list set-aside names all of them; --retry set-aside tries them again"
        console.print(told, style="dim", highlight=False, soft_wrap=True)
    if tally.needs_person:
        told = f"veernet register --edit {escape(out)} shows what needs a person; what is saved there is done by the same command again"
        console.print(told, style="dim", highlight=False, soft_wrap=True)


def standing_of(out: str) -> dict[str, Any]:
    """How the archive of a destination stands, from listings and from manifests that have no scan of their name: what ``veernet status --json`` prints.

    Raises:
        VeerNetError: It is no archive's destination, or the storage did not answer.
    """
    from veernet import storage
    from veernet.archive.ledger import Ledger
    from veernet.archive.listing import standing

    ledger = Ledger(storage.resolve(out))
    about = ledger.read_about()
    counted = standing(_listed(ledger, about), about.shaping)
    needs_person = counted.set_aside.pop(NEEDS_A_PERSON, 0)
    return {
        "source": about.source,
        "destination": str(ledger.out),
        "model_sha256": about.model_sha256,
        "done": counted.done,
        "done_in_part": counted.partial,
        "registered_by_machine": counted.registered,
        "needs_a_person": needs_person,
        "set_aside": dict(sorted(counted.set_aside.items())),
        "pending": counted.pending,
        "pending_with_an_earlier_result": counted.changed,
        "gone_from_source": counted.gone,
        "scans_without_manifest": counted.scans_alone,
    }


def _listed(ledger: Ledger, about: About) -> Iterator[ListedSheet]:
    """What the last run looked at, and all else of the archive, without pages."""
    from veernet import storage
    from veernet.archive.elsewhere import Pages
    from veernet.archive.listing import listed_sheets

    source = storage.resolve(about.source)
    return Pages(source, ledger, about.shaping).without(listed_sheets(source, ledger))


def names_of(out: str, which: Which) -> Iterator[str]:
    """The sheets of an archive that are set aside, each with its reason, or that need a person, are registered by machine, done in part or pending; from listings alone, as they come.

    Raises:
        VeerNetError: As ``standing_of``.
    """
    from veernet import storage
    from veernet.archive.ledger import Ledger

    ledger = Ledger(storage.resolve(out))
    about = ledger.read_about()
    for sheet in _listed(ledger, about):
        if not sheet.is_sheet(about.shaping):
            continue
        entry = sheet.settled(about.shaping)
        if entry is None:
            kinds, told = {"pending"}, sheet.name
        elif entry.detail == NEEDS_A_PERSON:
            kinds, told = {NEEDS_A_PERSON}, sheet.name
        else:
            kinds = {entry.status, *(["registered"] if entry.registered else [])}
            told = sheet.name if entry.has_files else f"{sheet.name}  {entry.detail}"
        if which in kinds:
            yield told


def standing_table(told: Mapping[str, Any]) -> Table:
    """The same as a table."""
    sheets = told["done"] + sum(told["set_aside"].values()) + told["needs_a_person"] + told["pending"]
    table = Table(title=f"{sheets} sheets of {escape(told['source'])}", title_justify="left")
    table.add_column("sheets that are", overflow="fold")
    table.add_column("", justify="right", no_wrap=True)
    table.add_row("[green]done[/]", str(told["done"]))
    if told["done_in_part"]:
        table.add_row("[yellow]  of these in part[/], their scans damaged", str(told["done_in_part"]))
    if told["registered_by_machine"]:
        table.add_row("  of these registered by machine", str(told["registered_by_machine"]))
    if told["needs_a_person"]:
        table.add_row("[yellow]needs a person[/], to register them", str(told["needs_a_person"]))
    for reason, count in told["set_aside"].items():
        table.add_row(f"[red]set aside[/], {escape(reason)}", str(count))
    table.add_row("pending", str(told["pending"]))
    for name, words in (
        ("pending_with_an_earlier_result", "  of these with an earlier result, by other content, model or options"),
        ("gone_from_source", "gone from the source, with their results still here"),
        ("scans_without_manifest", "scans without a manifest of their name"),
    ):
        if told[name]:
            table.add_row(words, str(told[name]))
    return table

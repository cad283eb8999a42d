"""``veernet register``: drafts of sheet manifests from scans alone, each with its picture and its page, and the pages to put them right."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from veernet.errors import OptionError, SourceMissingError, VeerNetError
from veernet.sheets.names import is_scan

if TYPE_CHECKING:
    from rich.console import Console

    from veernet.location import Location
    from veernet.register.page_server import Editable

_DRAFT_SUFFIXES = (".draft.json", ".draft.png", ".register.html")


def scans_of(places: Sequence[Path]) -> list[Path]:
    """The scans that are named, and those of folders that have no manifest beside them.

    Raises:
        SourceMissingError: A place is not there.
        OptionError: There is no scan to register.
    """
    found: list[Path] = []
    for place in places:
        if not place.exists():
            raise SourceMissingError(str(place), "no such file or folder", "name a scan or a folder of scans")
        if place.is_dir():
            inside = sorted(path for path in place.iterdir() if is_scan(path.name))
            found += [path for path in inside if not list(place.glob(f"{path.stem}.sheet.*"))]
        else:
            found.append(place)
    if not found:
        raise OptionError(
            ", ".join(map(str, places)), "every scan there has a manifest", "name the scan to register it again"
        )
    return found


def register_scans(places: Sequence[Path], out: Path, console: Console) -> bool:
    """Draft the manifests of some scans into a folder; whether every one of them needs no person.

    For each there are a draft, a picture and a page, and the manifest itself where nothing of it is in doubt.
    """
    out.mkdir(parents=True, exist_ok=True)
    every = True
    for scan in scans_of(places):
        try:
            every &= _register(scan, out, console)
        except Exception as error:  # noqa: BLE001 - a fault of ours in one scan must not take the others
            told = str(error)
            if not isinstance(error, VeerNetError):
                console.print(traceback.format_exc(), style="dim", markup=False, highlight=False, soft_wrap=True)
                told = f"{scan.name}: {type(error).__name__}: {error}; report this as a fault"
            console.print(f"[bold red]set aside[/] {escape(told)}", highlight=False, soft_wrap=True)
            every = False
    return every


def _register(scan: Path, out: Path, console: Console) -> bool:
    from veernet.register.writing import write_drafted

    drafted = write_drafted(scan, scan.name, out, scan.stem, show_sure=True)
    if not drafted.unsure:
        told = f"{escape(scan.name)}: registered, {drafted.least_sure.confidence:.2f} sure"
        console.print(told, highlight=False, soft_wrap=True)
        return True
    first = ", ".join(doubt.path for doubt in drafted.unsure[:4])
    more = ", ..." if len(drafted.unsure) > 4 else ""
    told = f"{escape(scan.name)}: needs a person for {len(drafted.unsure)} fields ({escape(first)}{more})"
    console.print(told, highlight=False, soft_wrap=True)
    return False


def edit_drafts(place: str, console: Console, wait: Callable[[], object]) -> None:
    """Serve the pages of some drafts, and say where; what is saved lies where the next run looks.

    Args:
        place: A folder of drafts, the destination of an archive or a folder in it, or one draft.
        console: Told the address.
        wait: Comes back, or is interrupted, when it is enough.

    Raises:
        SourceMissingError: There is nothing to put right.
        StorageError: The storage did not answer.
    """
    from urllib.parse import quote

    from veernet import storage
    from veernet.register.page_server import edit_server

    pages = editables(storage.resolve(place))
    with edit_server(pages) as address, suppress(KeyboardInterrupt):
        opened = f"{address}{quote(next(iter(pages)))}" if len(pages) == 1 else address
        console.print(f"{len(pages)} to put right, {sum(one.saved for one in pages.values())} of them saved before")
        console.print(f"open {opened}", markup=False, highlight=False, soft_wrap=True)
        console.print("until you press Ctrl-C; whoever has this address can save there", style="dim")
        wait()


def editables(place: Location) -> dict[str, Editable]:
    """The drafts of a place, by name.

    What an archive run has set aside is saved beside its scan, where runs look for manifests; any other draft beside its page.

    Raises:
        SourceMissingError: There are none.
    """
    from veernet import storage
    from veernet.register.page import SUFFIX
    from veernet.register.page_server import editable, editables_below

    stem = next((place.name.removesuffix(end) for end in _DRAFT_SUFFIXES if place.name.endswith(end)), None)
    folder = place if stem is None else place.parent
    destination = _destination(folder)
    if destination is not None:
        return _waiting(destination, folder)
    if stem is None:
        return editables_below(folder)
    page = folder / f"{stem}{SUFFIX}"
    if not storage.exists(page):
        raise SourceMissingError(str(page), "no such page", "draft its sheet first: veernet register SCAN --out DIR")
    return {stem: editable(page)}


def _destination(folder: Location) -> Location | None:
    """The destination of an archive that a folder is, or lies in."""
    from veernet import storage
    from veernet.archive.ledger import Ledger

    while not storage.exists(Ledger(folder).about):
        if folder.parent == folder or not folder.key:
            return None
        folder = folder.parent
    return folder


def _waiting(destination: Location, folder: Location) -> dict[str, Editable]:
    """The sheets of an archive below a folder of its destination that need a person; their manifests go beside their scans."""
    from veernet import storage
    from veernet.archive.ledger import Ledger, last_of
    from veernet.archive.listing import NEEDS_A_PERSON, listed_sheets
    from veernet.register.page import SUFFIX
    from veernet.register.page_server import Editable

    ledger = Ledger(destination)
    source = storage.resolve(ledger.read_about().source)
    below = str(folder).removeprefix(str(destination)).strip("/")
    pages: dict[str, Editable] = {}
    for sheet in listed_sheets(source, ledger, below):
        waits = any(entry.detail == NEEDS_A_PERSON for entry in last_of(sheet.entries))
        if waits and sheet.scans and f"{sheet.name}/".startswith(f"{below}/" if below else ""):
            page = destination / sheet.name / f"{sheet.stem}{SUFFIX}"
            uri = sheet.manifests[0].uri if sheet.manifests else str(source / f"{sheet.name}.sheet.yaml")
            pages[sheet.name] = Editable(page, storage.resolve(uri), bool(sheet.manifests))
    if not pages:
        raise SourceMissingError(str(folder), "no sheet of it needs a person", "run `veernet archive` first, or again")
    return pages

"""``veernet register``: drafts of sheet manifests from scans alone, each with its picture and its page."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape

from tasks.fetch import SCAN_SUFFIXES
from veernet.errors import OptionError, SourceMissingError, VeerNetError

if TYPE_CHECKING:
    from rich.console import Console


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
            inside = sorted(path for path in place.iterdir() if path.name.lower().endswith(SCAN_SUFFIXES))
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
        except VeerNetError as error:
            console.print(f"[bold red]set aside[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            every = False
    return every


def _register(scan: Path, out: Path, console: Console) -> bool:
    import yaml

    from veernet.register.doubts import confidence, doubts
    from veernet.register.page import write_page
    from veernet.register.paper import paper_of
    from veernet.register.picture import write_picture
    from veernet.register.registering import draft_of
    from veernet.sheets.manifest import read_manifest
    from veernet.sheets.raster import open_scan

    with open_scan(scan, scan.name) as opened:
        paper = paper_of(opened)
        draft = draft_of(paper, scan.name)
        (out / f"{scan.stem}.draft.json").write_text(draft.to_json(), encoding="utf-8")
        write_picture(paper, draft, out / f"{scan.stem}.draft.png")
        write_page(partial(opened.bands), draft, out, scan.stem)
    needed = doubts(draft)
    if not needed:
        manifest = yaml.safe_dump(draft.to_manifest(only_sure_facts=True), sort_keys=False, allow_unicode=True)
        read_manifest(manifest.encode(), scan.name)
        (out / f"{scan.stem}.sheet.yaml").write_text(manifest, encoding="utf-8")
        console.print(f"{escape(scan.name)}: registered, {confidence(draft):.2f} sure", highlight=False, soft_wrap=True)
        return True
    first = ", ".join(doubt.path for doubt in needed[:4])
    told = f"{escape(scan.name)}: needs a person for {len(needed)} fields ({escape(first)}{', ...' if len(needed) > 4 else ''})"
    console.print(told, highlight=False, soft_wrap=True)
    return False

"""Register a scan and write what is left of it: the draft; where all of it is sure the manifest, and where not what a person needs to put it right."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import yaml

from veernet.errors import ManifestError
from veernet.register import registering
from veernet.register.at_once import both
from veernet.register.doubts import Doubt, doubts, needed
from veernet.register.draft import Draft
from veernet.register.drafted import Drafted
from veernet.register.page import write_page
from veernet.register.paper import paper_of
from veernet.register.picture import write_picture
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan


def write_drafted(scan_path: Path, name: str, directory: Path, stem: str, *, show_sure: bool) -> Drafted:
    """Register a scan.

    Args:
        scan_path: The scan.
        name: What messages and the manifest call it: the name of its file.
        directory: An existing folder for the files.
        stem: Their name.
        show_sure: Whether picture and page are made of a draft that needs no person, too.

    Raises:
        ScanError: The scan cannot be read.
        StorageError: A file cannot be written.
    """
    with open_scan(scan_path, name) as scan:
        paper = paper_of(scan)
        draft = registering.draft_of(paper, name)
        file = directory / f"{stem}.draft.json"
        file.write_text(draft.to_json(), encoding="utf-8")
        drafted = _made(draft, file, directory / f"{stem}.sheet.yaml")
        if not (drafted.unsure or show_sure):
            return drafted
        picture = directory / f"{stem}.draft.png"
        _, page = both(
            lambda: write_picture(paper, draft, picture),
            lambda: write_page(partial(scan.bands), draft, directory, stem),
        )
    return replace(drafted, shown=(picture, page))


def _made(draft: Draft, file: Path, path: Path) -> Drafted:
    """The draft with the manifest that it makes, if it makes one."""
    drafted = Drafted(draft.width_px, draft.rows, needed(draft), doubts(draft), _left_out(draft), file)
    if drafted.unsure:
        return drafted
    text = yaml.safe_dump(draft.to_manifest(only_sure_facts=True), sort_keys=False, allow_unicode=True)
    told = f"# Registered by machine from the scan alone; least sure is {drafted.least_sure.path} ({drafted.least_sure.confidence:.2f}).\n"
    manifest = f"{told}{text}".encode()
    try:
        read_manifest(manifest, path.name)
    except ManifestError as error:  # fields that are sure one by one need not fit each other
        return replace(drafted, unsure=(Doubt("the manifest", 0.0, error.found),))
    path.write_bytes(manifest)
    return replace(drafted, manifest=path)


def _left_out(draft: Draft) -> tuple[str, ...]:
    tracks = (track for track in draft.tracks if not track.digitised)
    named = ((track.name, [curve.mnemonic.value or "?" for curve in track.curves]) for track in tracks)
    return tuple(f"{name} ({', '.join(curves) or 'no curve of it was named'})" for name, curves in named)

"""What a user names, scans, manifests and folders of them, as one job a sheet."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from flows.places import check_there, destination
from tasks.state import Job
from veernet import storage
from veernet.errors import OptionError, VeerNetError
from veernet.location import Location
from veernet.sheets.manifest import MAX_BYTES, read_manifest
from veernet.sheets.names import is_scan

_MANIFEST = re.compile(r"\.sheet\.(yaml|yml|json)$", re.IGNORECASE)
_MANIFEST_SUFFIXES = (".sheet.yaml", ".sheet.json", ".sheet.yml")


def find_jobs(sources: Sequence[str], out: str, work_dir: Path) -> list[Job]:
    """One job a sheet, in the order named; a sheet that is named twice is one job.

    A file that is neither scan nor manifest is a job all the same: fetching refuses it, and no other with it.

    Raises:
        OptionError: A source names no place, or nothing is there; a folder holds no sheet; two sheets have one stem; no
            results can go to ``out``.
    """
    check_there(sources)
    into = destination(out)
    jobs: dict[str, Job] = {}
    for source in sources:
        place = storage.resolve(source)
        if not _MANIFEST.search(place.name) and storage.is_folder(place):
            found = _in_folder(place, into, work_dir)
            if not found:
                raise OptionError(str(place), "no scan and no sheet manifest in this folder", "name another folder")
        else:
            found = [_single(place, into, work_dir)]
        for job in found:
            _add(jobs, job)
    return list(jobs.values())


def _add(jobs: dict[str, Job], job: Job) -> None:
    """Results of two sheets must not meet in one folder, nor on a disk that does not tell capitals apart."""
    other = jobs.setdefault(job.stem.casefold(), job)
    if (other.manifest, other.scan) != (job.manifest, job.scan):
        raise OptionError(
            str(job.manifest or job.scan),
            f"its results would go to the same folder as those of {other.manifest or other.scan}",
            "rename one of the two, or digitise them into different destinations",
        )


def _single(place: Location, out: Location, work_dir: Path) -> Job:
    if match := _MANIFEST.search(place.name):
        stem = place.name[: match.start()]
        return Job(_checked(stem, place), place, None, out, work_dir)
    stem = place.name.rpartition(".")[0] or place.name
    beside = [place.parent / f"{stem}{suffix}" for suffix in _MANIFEST_SUFFIXES]
    manifest = next((candidate for candidate in beside if storage.exists(candidate)), None)
    return Job(_checked(stem, place), manifest, place, out, work_dir)


def _in_folder(folder: Location, out: Location, work_dir: Path) -> list[Job]:
    places = [storage.resolve(uri) for uri in storage.list_uris(folder)]
    results = f"{out}/"  # results of an earlier run are no scans
    jobs = list(_pair([place for place in places if not str(place).startswith(results)], out, work_dir))
    if all(job.manifest is not None for job in jobs):
        return jobs
    named = {place for job in jobs if job.manifest is not None for place in _named_by(job.manifest)}
    return [job for job in jobs if job.manifest is not None or job.scan not in named]


def _named_by(manifest: Location) -> list[Location]:
    """The scans that a manifest names, so that pages are not taken for sheets of their own; none if it cannot be read."""
    try:
        read = read_manifest(storage.read_bytes(manifest, MAX_BYTES), manifest.name)
    except VeerNetError:  # fetching will refuse it, and say why
        return []
    named = read.pages or ((read.source,) if read.source else ())
    return [manifest.named(reference) for reference in named]


def _pair(places: Sequence[Location], out: Location, work_dir: Path) -> Iterable[Job]:
    """Manifests with their scans, and scans that have none."""
    scans = {(place.parent, place.name.rpartition(".")[0]): place for place in places if is_scan(place.name)}
    taken = set()
    for place in places:
        if match := _MANIFEST.search(place.name):
            stem = place.name[: match.start()]
            taken.add((place.parent, stem))
            yield Job(_checked(stem, place), place, scans.get((place.parent, stem)), out, work_dir)
    for key, place in scans.items():
        if key not in taken:
            yield Job(_checked(key[1], place), None, place, out, work_dir)


def _checked(stem: str, place: Location) -> str:
    if not stem or stem in (".", "..") or re.search(r'[/\\\x00-\x1f:*?"<>|]', stem):
        raise OptionError(repr(str(place)), "its name cannot name a folder of results", "rename it")
    return stem

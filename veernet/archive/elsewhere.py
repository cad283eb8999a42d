"""Scans that lie elsewhere than beside their manifest under its name: the manifest alone says where, and it is read for these sheets only."""

from __future__ import annotations

from collections.abc import Iterable

from veernet import storage
from veernet.archive.keys import elsewhere_digest
from veernet.archive.ledger import Entry
from veernet.archive.listing import ListedSheet
from veernet.errors import VeerNetError
from veernet.location import Location
from veernet.sheets.manifest import MAX_BYTES, read_manifest


def digest_elsewhere(listed: ListedSheet, used: Iterable[tuple[str, int, str]]) -> str:
    """Digest of those objects, by URI, size and ETag, that the listing does not show with the sheet; empty where there are none."""
    beside = {found.uri for found in (*listed.manifests, *listed.scans)}
    others = [one for one in used if one[0] not in beside]
    return elsewhere_digest(others) if others else ""


def unchanged(listed: ListedSheet, entry: Entry) -> bool:
    """Whether an entry that fits what is listed fits what lies elsewhere, too.

    What cannot be read counts as changed: the run that then takes the sheet up says what is wrong with it.
    """
    if not entry.elsewhere:
        return True
    try:
        found = [storage.stat(place) for place in _named(listed)]
    except VeerNetError:
        return False
    return entry.elsewhere == digest_elsewhere(listed, ((one.uri, one.size_bytes, one.etag) for one in found))


def scans_elsewhere(listed: ListedSheet) -> tuple[str, ...]:
    """URIs of the scans that a sheet's manifest names, where none lies beside it under its name; none if it cannot be read."""
    if listed.scans or not listed.manifests:
        return ()
    try:
        return tuple(str(place) for place in _named(listed))
    except VeerNetError:  # the run that takes the sheet up says what is wrong with it
        return ()


def _named(listed: ListedSheet) -> list[Location]:
    """The scans that a sheet's manifest names.

    Raises:
        VeerNetError: It cannot be read.
    """
    manifest = storage.resolve(listed.manifests[0].uri)
    told = read_manifest(storage.read_bytes(manifest, MAX_BYTES), manifest.name)
    return [manifest.named(reference) for reference in told.pages or ((told.source,) if told.source else ())]

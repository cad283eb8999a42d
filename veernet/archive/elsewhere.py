"""Scans that lie elsewhere than beside their manifest under its name: the manifest alone says where, and it is read for these sheets only."""

from __future__ import annotations

from collections.abc import Iterable

from veernet import storage
from veernet.archive.keys import elsewhere_digest
from veernet.archive.ledger import Entry
from veernet.archive.listing import ListedSheet
from veernet.errors import VeerNetError
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
    manifest = storage.resolve(listed.manifests[0].uri)
    try:
        told = read_manifest(storage.read_bytes(manifest, MAX_BYTES), manifest.name)
        named = told.pages or ((told.source,) if told.source else ())
        found = [storage.stat(manifest.named(reference)) for reference in named]
    except VeerNetError:
        return False
    return entry.elsewhere == digest_elsewhere(listed, ((one.uri, one.size_bytes, one.etag) for one in found))

"""Scans that lie elsewhere than beside their manifest under its name: the manifest alone says where, and it is read for these sheets only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from veernet import storage
from veernet.archive.keys import Shaping, elsewhere_digest
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import ListedSheet, asked, listed_sheets
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


@dataclass(frozen=True)
class Pages:
    """The scans of an archive that belong to a sheet of another name: pages, and what a manifest names as its source.

    Args:
        source: The archive.
        ledger: Of its destination.
        shaping: What is to shape its results.
    """

    source: Location
    ledger: Ledger
    shaping: Shaping

    def without(self, sheets: Iterable[ListedSheet]) -> Iterator[ListedSheet]:
        """The sheets as listed, without such scans; manifests are read when the first scan comes that has none of its name."""
        for sheet in sheets:
            if not sheet.manifests and sheet.scans:
                sheet.scans = [scan for scan in sheet.scans if hash(scan.uri) not in self._named]
            if sheet.manifests or sheet.scans or sheet.entries:
                yield sheet

    @cached_property
    def _named(self) -> frozenset[int]:
        """Hashes of the URIs of all that a manifest names that is not beside it: hashes, because an archive may consist of pages."""
        answers = asked(listed_sheets(self.source, self.ledger), self._scans_elsewhere)
        return frozenset(hash(uri) for _, uris in answers for uri in uris)

    def _scans_elsewhere(self, listed: ListedSheet) -> tuple[str, ...]:
        """URIs of the scans that a sheet's manifest names; none if it cannot be read.

        Where a scan lies beside it and a result tells that there was no other, it need not be.
        """
        entry = listed.settled(self.shaping)
        beside = listed.scans and entry is not None and entry.has_files and not entry.elsewhere
        if not listed.manifests or beside:
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

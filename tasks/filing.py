"""Where an archive run files how each of its sheets ended."""

from __future__ import annotations

from dataclasses import dataclass, field

from tasks.state import Job, Sheet
from veernet.archive.elsewhere import digest_elsewhere
from veernet.archive.keys import Shaping, content_key, registered_key, trace_key
from veernet.archive.ledger import Entry, Ledger, Status
from veernet.archive.listing import ListedSheet, next_number
from veernet.location import Location


@dataclass(frozen=True)
class Filing:
    """Where the ledger has, or will have, how one sheet ended.

    Args:
        ledger: Of the destination.
        listed: The sheet, as it was listed.
        shaping: What shapes its result.
    """

    ledger: Ledger
    listed: ListedSheet
    shaping: Shaping

    def done(self, sheet: Sheet) -> Entry:
        """The entry of a sheet that is done, wholly unless its record says otherwise; its files must have been fetched."""
        partial = sheet.record is not None and sheet.record.status == "partial"
        return self._entry(sheet, "partial" if partial else "done", self.content(sheet))

    def set_aside(self, sheet: Sheet) -> Entry:
        """The entry of a sheet that is set aside."""
        assert sheet.failure is not None
        return self._entry(sheet, "set-aside", sheet.failure.reason)

    def content(self, sheet: Sheet) -> str:
        """Content key of a sheet whose files have been fetched."""
        assert sheet.scan is not None
        if not self.listed.manifests:
            return registered_key(sheet.scan.sha256, self.shaping)
        assert sheet.manifest_file is not None
        return content_key(sheet.scan.sha256, sheet.manifest_file.sha256, self.shaping)

    def traces(self, sheet: Sheet) -> Location:
        """Where the traces of a sheet whose files have been fetched are kept."""
        assert sheet.scan is not None
        assert sheet.manifest is not None
        key = trace_key(sheet.scan.sha256, sheet.manifest, self.shaping.model_sha256, self.shaping.version)
        return self.ledger.work / f"{key}.npz"

    def _entry(self, sheet: Sheet, status: Status, detail: str) -> Entry:
        used = [(fetched.uri, fetched.size_bytes, fetched.etag) for fetched in sheet.fetched]
        elsewhere = digest_elsewhere(self.listed, used)
        number, token = next_number(self.listed.entries), self.listed.token(self.shaping)
        return Entry(number, token, status, detail, elsewhere)


@dataclass(frozen=True)
class ArchiveJob(Job):
    """One sheet of an archive, with where its outcome is filed."""

    filing: Filing = field(kw_only=True)

    @property
    def name(self) -> str:
        """Its path in the archive: two sheets may have one stem."""
        return self.filing.listed.name


def filing_of(sheet: Sheet) -> Filing:
    """Where a sheet of an archive run is filed."""
    assert isinstance(sheet.job, ArchiveJob)
    return sheet.job.filing

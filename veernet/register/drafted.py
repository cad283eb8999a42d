"""What registering leaves of a scan: known without what reads scans, because a run is given it by its workers and imports the module of what it is given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from veernet.register.doubts import Doubt


@dataclass(frozen=True)
class Drafted:
    """A draft that was written.

    Args:
        width_px: Columns of the scan.
        rows: Its rows.
        fields: Every field that must be sure, with its confidence.
        unsure: Those that are not; empty where the sheet can be digitised.
        left_out: Tracks that were found and are none that can be digitised, in words.
        draft: The file ``<stem>.draft.json``.
        manifest: The file ``<stem>.sheet.yaml``; None where something is unsure.
        shown: The files ``<stem>.draft.png`` and ``<stem>.register.html``, where they were made.
    """

    width_px: int
    rows: int
    fields: tuple[Doubt, ...]
    unsure: tuple[Doubt, ...]
    left_out: tuple[str, ...]
    draft: Path
    manifest: Path | None = None
    shown: tuple[Path, ...] = ()

    @property
    def least_sure(self) -> Doubt:
        """The least sure field that must be sure: the whole is as sure as that."""
        return min(self.fields, key=lambda field: field.confidence)

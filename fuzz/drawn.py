"""What seeds are made of: manifests of drawn sheets, and small pieces of log."""

from __future__ import annotations

from typing import Any

from veernet.sheets.manifest import SheetManifest
from veernet.training.layout import lay_out, sample_sheet


def manifest_of(seed: int) -> SheetManifest:
    """The manifest of a drawn sheet."""
    return lay_out(sample_sheet(seed))


def document_of(seed: int) -> dict[str, Any]:
    """The same as plain values."""
    return manifest_of(seed).model_dump(mode="json", exclude_none=True)

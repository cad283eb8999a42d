"""What files are called: which are scans by their names."""

from __future__ import annotations

SCAN_SUFFIXES = (".tif", ".tiff", ".png", ".jpg", ".jpeg", ".pdf")
#: Pictures of drafts and of seams, which may be left beside scans and are none.
PICTURE_SUFFIXES = (".draft.png", ".seam.png")


def is_scan(name: str) -> bool:
    """Whether a file is a scan by its name."""
    return name.lower().endswith(SCAN_SUFFIXES) and not name.lower().endswith(PICTURE_SUFFIXES)

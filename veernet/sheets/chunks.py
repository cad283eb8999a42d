"""The unit in which strips are inferred and work stores written: known without zarr, whose import takes half a second."""

from __future__ import annotations

CHUNK_ROWS = 4096
"""Rows of a chunk, and of what is inferred at once."""

"""The unit in which work stores are written: known without zarr, whose import takes half a second."""

from __future__ import annotations

SHARD_ROWS = 4096
"""Rows of a shard."""

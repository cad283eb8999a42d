"""How strips are cut into tiles for the network: known without the engine that runs it, whose import takes seconds and 200 MB."""

from __future__ import annotations

#: Rows of one attention window; tiles begin on multiples of it.
ROW_ALIGN = 128
#: Rows a tile needs beyond its own on either side: a window, which is what attention reaches, and the 54 rows that the convolutions before it do.
HALO = 192
#: Rows of a tile without its halo; peak memory of a forward pass is about 0.4 GB at this size.
TILE_ROWS = 4096
#: Rows of the smallest tile that is tried where there is no memory for larger ones.
LEAST_TILE_ROWS = 512

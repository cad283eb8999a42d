"""What the C library does with memory that this process frees."""

from __future__ import annotations

import ctypes

#: The most that is kept, beside what is in use.
KEPT_BYTES = 512 << 20
#: Pieces up to this size are cut from what is kept; glibc takes no larger bound. Tensors of a tile are smaller, but for two.
LARGEST_KEPT_BYTES = 32 << 20

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # of malloc.h


def keep_freed() -> None:
    """Have freed memory kept for what asks next, rather than given back to the kernel, which clears every page of it before it gives it out again.

    Each layer of a network frees and asks for tens of MB: that clearing is a tenth of a forward pass, and under what Dask sets for its workers
    (``MALLOC_TRIM_THRESHOLD_=65536``) a third of it. Does nothing where the C library is not glibc.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        mallopt(_M_MMAP_THRESHOLD, LARGEST_KEPT_BYTES)

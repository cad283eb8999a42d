"""Whether an error says that there was no memory; each library has its own way."""

from __future__ import annotations

import sys


def out_of_memory(error: BaseException) -> bool:
    """Whether an error, or what it came from, means that memory was refused: by a GPU, by the kernel, or by a limit."""
    if isinstance(error, MemoryError) or _by_gdal(error) or _by_torch(error) or _by_opencv(error):
        return True
    return error.__cause__ is not None and out_of_memory(error.__cause__)


def _by_gdal(error: BaseException) -> bool:
    rasterio = sys.modules.get("rasterio._err")  # what is not loaded raised nothing, and takes seconds to load
    return rasterio is not None and isinstance(error, rasterio.CPLE_OutOfMemoryError)


def _by_torch(error: BaseException) -> bool:
    """A GPU's has a class of its own, a CPU's only a text."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(error, RuntimeError):
        return False
    return isinstance(error, torch.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)


def _by_opencv(error: BaseException) -> bool:
    cv2 = sys.modules.get("cv2")
    return cv2 is not None and isinstance(error, cv2.error) and error.code == cv2.Error.StsNoMem

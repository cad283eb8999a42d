"""What GDAL complains of while it reads: it logs what it could not decode, and calls the read fine."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_LOGGERS = ("rasterio", "rasterio._err", "rasterio._env", "rasterio._io", "rasterio._base")


class _Ear(logging.Handler):
    """Collects what GDAL complains of in this thread; others may be reading other scans."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.complaints: list[str] = []
        self._thread = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        if record.thread == self._thread:
            self.complaints.append(record.getMessage().removeprefix("CPLE_AppDefined:")[:200])


@contextmanager
def listening() -> Iterator[list[str]]:
    """What GDAL logs while the block runs, whatever the program's own logging is set to."""
    ear = _Ear()
    for name in _LOGGERS:
        logging.getLogger(name).disabled = False
    logger = logging.getLogger(_LOGGERS[0])
    if not logger.isEnabledFor(logging.WARNING):
        logger.setLevel(logging.WARNING)
    logger.addHandler(ear)
    try:
        yield ear.complaints
    finally:
        logger.removeHandler(ear)

"""VeerNet: scanned well logs to LAS. Science only; nothing in here knows the engine that runs it."""

__version__ = "0.1.0"

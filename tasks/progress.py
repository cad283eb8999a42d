"""How far each sheet is, told to whoever listens; nobody has to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str, str, float], None]

_listeners: list[Listener] = []


def report(sheet: str, stage: str, share: float) -> None:
    """Tell every listener that a sheet has done this share (0 to 1) of a stage."""
    for listener in _listeners:
        listener(sheet, stage, share)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Hear every report for as long as the context lasts."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)

"""Ctrl-C ends a command within seconds, whatever it was doing."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

#: Seconds that an orderly end may take after Ctrl-C. A thread inside C code can hold it up for longer.
GRACE_S = 7.0
EXIT_CODE = 130


class Interrupt:
    """Whether Ctrl-C came. Libraries turn a KeyboardInterrupt into errors of their own, so the exception does not tell."""

    def __init__(self) -> None:
        self.came = False
        self._deadline: threading.Timer | None = None

    def come(self, number: int, frame: FrameType | None) -> None:
        """Begin an orderly end; a second Ctrl-C, or the end of the grace, ends the process there and then.

        Nothing outlives that: the server and the workers watch for this process, and results appear whole or not at all.
        """
        if self.came:
            os._exit(EXIT_CODE)
        self.came = True
        self._deadline = threading.Timer(GRACE_S, os._exit, (EXIT_CODE,))
        self._deadline.daemon = True
        self._deadline.start()
        signal.default_int_handler(number, frame)

    def over(self) -> None:
        """The orderly end has been reached."""
        if self._deadline is not None:
            self._deadline.cancel()


@contextmanager
def interrupts() -> Iterator[Interrupt]:
    """Take Ctrl-C in hand for as long as the context lasts; in a thread that is not the main one, do nothing."""
    interrupt = Interrupt()
    if threading.current_thread() is not threading.main_thread():
        yield interrupt
        return
    before = signal.signal(signal.SIGINT, interrupt.come)
    try:
        yield interrupt
    finally:
        interrupt.over()
        signal.signal(signal.SIGINT, before)

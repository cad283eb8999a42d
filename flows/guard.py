"""How every command speaks, and how it ends when something is wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

import typer
from rich.markup import escape

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")


def new_console() -> Console:
    """Where a command speaks."""
    from rich.console import Console

    return Console()


def guarded(console: Console, work: Callable[[], T]) -> T:
    """Do the work; an error of ours is one clear message and exit code 1, of usage or a missing file 2, Ctrl-C is 130."""
    from flows.interrupt import interrupts
    from veernet.errors import OptionError, SourceMissingError, VeerNetError

    with interrupts() as interrupt:
        try:
            return work()
        except BaseException as error:
            if interrupt.came or isinstance(error, KeyboardInterrupt):
                console.print("interrupted; what was done is done, nothing is half-written")
                raise typer.Exit(130) from None
            if not isinstance(error, VeerNetError):
                raise
            console.print(f"[bold red]error[/] {escape(str(error))}", highlight=False, soft_wrap=True)
            raise typer.Exit(2 if isinstance(error, OptionError | SourceMissingError) else 1) from error

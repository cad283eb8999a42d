"""The process of a run's own Prefect server; ``server.py`` starts it, as a script that needs nothing of this project.

It lives exactly as long as its standard input stays open. The run holds the other end, so that whatever ends the run,
kill -9 included, ends the server too and takes its folder along.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import socket
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession, AsyncSessionTransaction


def _end_with_input(home: str) -> None:
    while os.read(0, 1 << 12):  # sys.stdin would be locked, and the end of a server that did not start be told as that
        pass
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)  # a graceful end would wait for connections; the database is temporary


def kept_tables() -> Path:
    """Where an empty database of this version of Prefect is kept for the user's later runs."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return caches / "veernet" / f"prefect-{version('prefect')}.db"


def put_tables(database: Path, kept: Path) -> None:
    """Begin a run's database as a copy of the one that is kept: making the tables takes a hundred migrations and seconds.

    The server brings any database up to date, so that a copy is never wrong, at most of no use. One that is damaged is made again.

    Args:
        database: The run's, of which there is nothing yet.
        kept: Made where there is none.

    Raises:
        OSError: The disk refused; the database is then still to be made.
        sqlite3.Error: Likewise.
    """
    if not _whole(kept):
        from prefect.server.database import provide_database_interface

        asyncio.run(provide_database_interface().create_db())
        kept.parent.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        with closing(sqlite3.connect(database)) as made:
            made.execute("VACUUM INTO ?", (str(part),))
        part.replace(kept)  # whole, or not at all, whoever else does the same
    else:
        shutil.copyfile(kept, database)


def _whole(kept: Path) -> bool:
    if not kept.exists():
        return False
    try:
        with closing(sqlite3.connect(f"{kept.as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check").fetchone() == ("ok",))
    except sqlite3.Error:
        return False


def transactions_wait() -> None:
    """Have the server's transactions take SQLite's one lock for writing when they begin, and wait for it.

    Prefect's begin by reading and ask for the lock where they first write, which SQLite refuses at once, without waiting, where another wrote meanwhile: one call in
    ten is answered 503 while four clients write, one in twenty while one does. A client asks again, but three refusals in a row end a run.

    What is read by another connection meanwhile, within the same call, begins as Prefect has it: it would wait for its own call for ever.
    """
    from prefect.server.database.configurations import SQLITE_BEGIN_MODE, AioSqliteConfiguration

    begin = AioSqliteConfiguration.begin_transaction

    @asynccontextmanager
    async def at_once(
        self: AioSqliteConfiguration, session: AsyncSession, with_for_update: bool = False
    ) -> AsyncIterator[AsyncSessionTransaction]:
        outermost = SQLITE_BEGIN_MODE.get() is None
        async with begin(self, session, with_for_update or outermost) as transaction:
            await session.connection()  # begins in SQLite, too, by the mode that is set now
            mode = SQLITE_BEGIN_MODE.set("DEFERRED")
            try:
                yield transaction
            finally:
                SQLITE_BEGIN_MODE.reset(mode)

    AioSqliteConfiguration.begin_transaction = at_once  # type: ignore[method-assign]


def main(listening_fd: int, home: str) -> None:
    """Serve Prefect's API and UI on a socket that already listens, until standard input closes."""
    threading.Thread(target=_end_with_input, args=(home,), daemon=True, name="end-with-input").start()
    with suppress(OSError, sqlite3.Error):  # what cannot be kept is made anew each time, by the server itself
        put_tables(Path(home) / "prefect.db", kept_tables())
    gc.disable()  # for imports, as in `uncollected`: they are all of what the server's start takes
    transactions_wait()
    import uvicorn
    from prefect.server.api.server import create_app

    gc.enable()
    config = uvicorn.Config(create_app, factory=True, log_level="error", access_log=False, lifespan="on")
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening_fd)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

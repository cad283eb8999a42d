"""The process of a run's own Prefect server; ``server.py`` starts it, as a script that needs nothing of this project.

It lives exactly as long as its standard input stays open. The run holds the other end, so that whatever ends the run,
kill -9 included, ends the server too and takes its folder along.
"""

from __future__ import annotations

import os
import shutil
import socket
import sys
import threading


def _end_with_input(home: str) -> None:
    while sys.stdin.buffer.read(1 << 12):
        pass
    shutil.rmtree(home, ignore_errors=True)
    os._exit(0)  # a graceful end would wait for connections; the database is temporary


def main(listening_fd: int, home: str) -> None:
    """Serve Prefect's API and UI on a socket that already listens, until standard input closes."""
    threading.Thread(target=_end_with_input, args=(home,), daemon=True, name="end-with-input").start()
    import uvicorn

    config = uvicorn.Config(
        "prefect.server.api.server:create_app", factory=True, log_level="error", access_log=False, lifespan="on"
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listening_fd)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])

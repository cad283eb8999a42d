"""Between a client and the S3 server: passes on what is asked, but for what a test wants to go wrong on the way."""

from __future__ import annotations

import http.client
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Literal

#: 503 without asking the server; a reset before it is asked; silence, then a reset; a reset after it has done what was asked; half of
#: the answer's body; a bit of it flipped; an ETag that is no digest, though it looks like one; silence in the middle of the body; a request
#: whose body nobody reads, then a reset; credentials that have expired.
Fault = Literal["busy", "reset", "stall", "lost", "cut", "flip", "retag", "pause", "deaf", "expired"]
STALL_S = 1.5
#: For so long that whoever waits for it has no time-out.
DEAF_S = 120.0


@dataclass(frozen=True)
class Asked:
    """A request as it came: method, path with query, and the headers by lower-case name."""

    method: str
    path: str
    headers: dict[str, str]


class S3Proxy(ThreadingHTTPServer):
    """A loopback proxy before the S3 server at ``port``.

    Attributes:
        faults: What is done to the next requests, one each; None, and the list's end, leave a request alone.
        asked: The requests that came, in order.
        before_cut: Called when an answer has been had that will be cut short.
    """

    daemon_threads = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream_port = port
        self.faults: list[Fault | None] = []
        self.asked: list[Asked] = []
        self.before_cut: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: connections that break are what it is for."""


@contextmanager
def s3_proxy(port: int) -> Iterator[S3Proxy]:
    """Serve a proxy for the time of the context."""
    with S3Proxy(port) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()


class _Handler(BaseHTTPRequestHandler):
    server: S3Proxy
    protocol_version = "HTTP/1.1"

    def _pass(self) -> None:
        self.server.asked.append(
            Asked(self.command, self.path, {name.lower(): value for name, value in self.headers.items()})
        )
        fault = self.server.faults.pop(0) if self.server.faults else None
        if fault == "deaf":
            time.sleep(DEAF_S)
            self._reset()
            return
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if fault == "busy":
            self._answer(503, {}, b"<Error><Code>SlowDown</Code></Error>")
        elif fault == "expired":
            self._answer(400, {}, b"<Error><Code>ExpiredToken</Code><Message>of archive:reader</Message></Error>")
        elif fault in ("reset", "stall"):
            time.sleep(STALL_S if fault == "stall" else 0)
            self._reset()
        else:
            upstream = http.client.HTTPConnection("127.0.0.1", self.server.upstream_port)
            upstream.request(self.command, self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            content, headers = answer.read(), dict(answer.headers)
            upstream.close()
            if fault == "cut":
                self.server.before_cut()
            if fault == "flip" and content:
                content = content[:-1] + bytes([content[-1] ^ 1])
            if fault == "retag":
                headers["ETag"] = '"0123456789abcdef0123456789abcdef"'
            if fault == "lost":
                self._reset()
            else:
                self._answer(answer.status, headers, content, cut=fault in ("cut", "pause"))
            if fault == "pause":
                time.sleep(DEAF_S)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass  # noqa: N815 - so http.server names them

    def _answer(self, status: int, headers: dict[str, str], content: bytes, cut: bool = False) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content[: len(content) // 2] if cut else content)
        if cut:
            self.close_connection = True

    def _reset(self) -> None:
        """Break the connection as a machine that went away does: no goodbye."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        os.close(self.connection.detach())
        self.close_connection = True

    def log_message(self, *args: object) -> None:
        """Say nothing."""

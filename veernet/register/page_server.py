"""Pages to put drafts right, served on the loopback interface, so that they save beside themselves instead of by download.

Only who knows the address, with its random token, is answered, and only for the pages that are in the folder at the start.
What is saved is a manifest that every run would accept, or nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import NamedTemporaryFile
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote

from veernet.errors import ManifestError, SourceMissingError
from veernet.register.page import SUFFIX, resumed_page
from veernet.sheets.manifest import MAX_BYTES, read_manifest

HOST = "127.0.0.1"


@contextmanager
def edit_server(directory: Path) -> Iterator[str]:
    """Serve the pages of a folder and of those below it; gives the address of their list.

    Raises:
        SourceMissingError: There are none.
    """
    pages = {
        str(path.relative_to(directory)).removesuffix(SUFFIX): path for path in sorted(directory.rglob(f"*{SUFFIX}"))
    }
    if not pages:
        remedy = "draft its sheets first: veernet register SCAN... --out DIR"
        raise SourceMissingError(str(directory), f"no page *{SUFFIX} lies there or below", remedy)
    token = secrets.token_urlsafe(24)

    class Handler(_Handler):
        """Of this folder."""

    Handler.pages, Handler.token = pages, token
    server = ThreadingHTTPServer((HOST, 0), Handler)
    Handler.host = f"{HOST}:{server.server_port}"
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, name="register-pages", daemon=True)
    thread.start()
    try:
        yield f"http://{Handler.host}/{token}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def manifest_path(page: Path) -> Path:
    """Where the manifest of a page's sheet is saved."""
    return page.with_name(page.name.removesuffix(SUFFIX) + ".sheet.yaml")


class _Handler(BaseHTTPRequestHandler):
    pages: dict[str, Path]
    token: str
    host: str

    def do_GET(self) -> None:
        """Answer with the list of pages, or with one, which begins with what was saved of it."""
        name = self._asked()
        if name == "":
            self._answer(HTTPStatus.OK, self._list(), "text/html")
        elif name in self.pages:
            page = self.pages[name]
            text, saved = page.read_text(encoding="utf-8"), manifest_path(page)
            if saved.exists():
                try:
                    text = resumed_page(text, read_manifest(saved.read_bytes(), saved.name))
                except ManifestError as error:
                    return self._answer(HTTPStatus.CONFLICT, f"{error}")
            self._answer(HTTPStatus.OK, text, "text/html")
        elif name is not None:
            self._answer(HTTPStatus.NOT_FOUND, "there is no such page")
        return None

    def do_POST(self) -> None:
        """Save a manifest beside its page, whole or not at all."""
        name, length = self._asked(), int(self.headers.get("Content-Length") or 0)
        if name is None:
            return
        if name not in self.pages or self.headers.get("Origin") != f"http://{self.host}":
            self._answer(HTTPStatus.FORBIDDEN, "only the page itself may save")
        elif not 0 < length <= MAX_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a manifest has at most {MAX_BYTES} bytes")
        else:
            text, path = self.rfile.read(length), manifest_path(self.pages[name])
            try:
                read_manifest(text, path.name)
                _replace(path, text)
            except (ManifestError, OSError) as error:
                self._answer(HTTPStatus.BAD_REQUEST, f"{error}")
            else:
                self._answer(HTTPStatus.OK, "saved")

    def _asked(self) -> str | None:
        """The page that is asked for by who may ask, empty for their list; others are refused."""
        token, _, name = self.path.removeprefix("/").partition("/")
        # A foreign name that leads here, in a browser that was lured to it, is no way in.
        if self.headers.get("Host") != self.host or not secrets.compare_digest(token.encode(), self.token.encode()):
            self._answer(HTTPStatus.FORBIDDEN, "open the address that `veernet register --edit` printed")
            return None
        return unquote(name)

    def _list(self) -> str:
        def line(name: str, page: Path) -> str:
            state = "saved" if manifest_path(page).exists() else "to do"
            return f'<li><a href="/{self.token}/{quote(name)}">{escape(name)}</a>: {state}</li>'

        lines = "".join(line(name, page) for name, page in self.pages.items())
        return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>VeerNet register</title><ul>{lines}</ul></html>'

    def _answer(self, status: HTTPStatus, text: str, kind: str = "text/plain") -> None:
        body = text.encode()
        self.send_response(status)
        headers = {
            "Content-Type": f"{kind}; charset=utf-8",
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Referrer-Policy": "no-referrer",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        }
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Say nothing: the address is a secret."""


def _replace(path: Path, text: bytes) -> None:
    """Write a file near and put it in place, so that nobody reads half of it."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        near = Path(file.name)
        try:
            file.write(text)
            file.flush()
            near.chmod(0o644)
            near.replace(path)
        except BaseException:
            near.unlink(missing_ok=True)
            raise

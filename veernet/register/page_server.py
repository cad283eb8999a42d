"""Pages to put drafts right, served on the loopback interface, so that they save where a run looks instead of by download.

Only who knows the address, with its random token, is answered, and only for the pages that were named at the start: no path comes of what is asked.
What is saved is a manifest that every run would accept, or nothing.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote

from veernet import storage
from veernet.errors import ManifestError, SourceMissingError, StorageError
from veernet.location import Location
from veernet.register.page import SUFFIX, resumed_page
from veernet.sheets.manifest import MAX_BYTES, read_manifest

HOST = "127.0.0.1"
_MAX_PAGE_BYTES = 1 << 30


@dataclass(frozen=True)
class Editable:
    """A draft that a person can put right.

    Args:
        page: Its page.
        manifest: Where what is saved goes, and what is there is gone on from.
        saved: Whether there is something when serving begins.
    """

    page: Location
    manifest: Location
    saved: bool


def editable(page: Location) -> Editable:
    """A page that saves beside itself."""
    manifest = page.parent / f"{page.name.removesuffix(SUFFIX)}.sheet.yaml"
    return Editable(page, manifest, storage.exists(manifest))


def editables_below(folder: Location) -> dict[str, Editable]:
    """The pages of a folder and of those below it, which save beside themselves, each by its path without suffix.

    Raises:
        SourceMissingError: There are none.
    """
    uris = [uri for uri in storage.list_uris(folder) if uri.endswith(SUFFIX)]
    if not uris:
        remedy = "draft its sheets first: veernet register SCAN... --out DIR"
        raise SourceMissingError(str(folder), f"no page *{SUFFIX} lies there or below", remedy)
    return {uri.removeprefix(f"{folder}/").removesuffix(SUFFIX): editable(storage.resolve(uri)) for uri in uris}


@contextmanager
def edit_server(pages: Mapping[str, Editable]) -> Iterator[str]:
    """Serve some pages, each by its name; gives the address of their list."""
    token = secrets.token_urlsafe(24)

    class Handler(_Handler):
        """Of this folder."""

    Handler.pages, Handler.token = pages, token
    Handler.saved = {name for name, one in pages.items() if one.saved}
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


class _Handler(BaseHTTPRequestHandler):
    pages: Mapping[str, Editable]
    saved: set[str]
    token: str
    host: str

    def do_GET(self) -> None:
        """Answer with the list of pages, or with one, which begins with what was saved of it."""
        name = self._asked()
        if name == "":
            self._answer(HTTPStatus.OK, self._list(), "text/html")
        elif name is not None and name in self.pages:
            try:
                self._answer(HTTPStatus.OK, _page(self.pages[name]), "text/html")
            except (ManifestError, SourceMissingError, StorageError) as error:
                self._answer(HTTPStatus.CONFLICT, f"{error}")
        elif name is not None:
            self._answer(HTTPStatus.NOT_FOUND, "there is no such page")

    def do_POST(self) -> None:
        """Save a manifest, whole or not at all."""
        name, length = self._asked(), int(self.headers.get("Content-Length") or 0)
        if name is None:
            return
        if name not in self.pages or self.headers.get("Origin") != f"http://{self.host}":
            self._answer(HTTPStatus.FORBIDDEN, "only the page itself may save")
        elif not 0 < length <= MAX_BYTES:
            self._answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"a manifest has at most {MAX_BYTES} bytes")
        else:
            text, place = self.rfile.read(length), self.pages[name].manifest
            try:
                read_manifest(text, place.name)
                storage.put_bytes(place, text)
            except (ManifestError, StorageError) as error:
                self._answer(HTTPStatus.BAD_REQUEST, f"{error}")
            else:
                self.saved.add(name)
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
        def line(name: str) -> str:
            state = "saved" if name in self.saved else "to do"
            return f'<li><a href="/{self.token}/{quote(name)}">{escape(name)}</a>: {state}</li>'

        lines = "".join(map(line, self.pages))
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


def _page(one: Editable) -> str:
    """A page, which begins with what was saved of it.

    Raises:
        ManifestError: What was saved has been spoilt since.
        SourceMissingError: The page is gone.
        StorageError: The storage does not answer.
    """
    text = storage.read_bytes(one.page, _MAX_PAGE_BYTES).decode()
    try:
        saved = storage.read_bytes(one.manifest, MAX_BYTES)
    except SourceMissingError:
        return text
    return resumed_page(text, read_manifest(saved, one.manifest.name))

"""A real browser for tests of pages. A test module that imports this skips, and says so, where there is none."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

sync_api = pytest.importorskip("playwright.sync_api", reason="no playwright: .venv/bin/pip install playwright")
expect = sync_api.expect
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
if CHROMIUM is None:
    pytest.skip("no chromium on the path: apt-get install chromium fonts-dejavu-core", allow_module_level=True)

QUIET = ["gpu", "quic", "background-networking", "component-update", "sync"]


@contextmanager
def launched() -> Iterator[Any]:
    """Chromium without a window, and without any traffic of its own."""
    with sync_api.sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--no-first-run", *(f"--disable-{what}" for what in QUIET)]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


class Pages:
    """Opens pages and hears whatever they complain of or ask for beyond themselves."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._pages: list[Any] = []
        self.troubles: list[str] = []

    def open(self, path: Path, width: int = 1280, height: int = 900, script: str = "") -> Any:
        """Open a file, in a window of that size; ``script`` runs before its own."""
        page = self._browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(10_000)
        page.add_init_script(script)
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", lambda request: self._heed(request.url, path))
        page.goto(path.as_uri())
        self._pages.append(page)
        return page

    def _heed(self, url: str, path: Path) -> None:
        if url != path.as_uri() and not url.startswith(("data:", "blob:")):
            self.troubles.append(url)

    def close(self) -> None:
        """Close all of them; each must have been content and loaded nothing."""
        for page in self._pages:
            page.close()
        assert self.troubles == []


def settle(page: Any) -> None:
    """Wait until everything that shows of a scan is drawn."""
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    expect(page.locator("#view")).to_have_attribute("aria-busy", "false")


def press(page: Any, *keys: str) -> None:
    """Press keys, each after what the one before it did is drawn."""
    for key in keys:
        page.keyboard.press(key)
        settle(page)


def colour(page: Any, canvas: str, x: float, y: float) -> list[int]:
    """Red, green and blue of one pixel of the canvas of this id."""
    # A copy is read: reading the page's own canvas twice makes the browser advise other settings on the console.
    script = """([id, x, y]) => {
      const copy = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
      copy.drawImage(document.getElementById(id), -x, -y);
      return [...copy.getImageData(0, 0, 1, 1).data].slice(0, 3);
    }"""
    return page.evaluate(script, [canvas, int(x), int(y)])

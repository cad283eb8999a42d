"""The Prefect API of a run: the one that is configured, or else one server of the run's own that never outlives it.

Prefect's own way, a hidden server in every process that runs a task, costs each of them seconds and leaves servers behind.
"""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar, NoReturn, Self
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from veernet.errors import VeerNetError
from veernet.location import redact

START_TIMEOUT_S = 180.0
CONFIGURED_TIMEOUT_S = 60.0  # for a server that is being started again
STOP_TIMEOUT_S = 5.0

# Each try waits twice as long as the one before. A server of the run's own that is gone does not come back: five tries, Prefect's default, are minutes.
_RETRIES = "2"
# Schedules, work pools and automations have no part in a run that starts and watches itself; each would poll the database.
_IDLE_SERVICES = ("CANCELLATION_CLEANUP", "FOREMAN", "LATE_RUNS", "PAUSE_EXPIRATIONS", "SCHEDULER", "TRIGGERS")
# Nor have blocks. To look for all kinds of them in all that is installed, and to enter them, would take a third of the server's start.
_WITHOUT_BLOCKS = {
    "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
    "PREFECT_SERVER_MEMOIZE_BLOCK_AUTO_REGISTRATION": "false",
}


class ServerError(VeerNetError):
    """The run's own Prefect server did not start, or died."""

    reason: ClassVar[str] = "prefect-server"


class PrefectServer:
    """The Prefect API of a run, in two halves, so that other work can be done while a server starts.

    ``with PrefectServer() as server: ...; url = server.wait_ready(); ...``. Entering starts a server where the environment names
    none and comes back at once; ``wait_ready`` makes this process and its later children use it. Only there is Prefect imported, which takes a second,
    and a profile of Prefect's looked at: where that names a server, ours is ended unused.

    Attributes:
        own: Whether the server is this run's own; certain after ``wait_ready`` only, as is ``url``.
        url: The API's URL, which answers then.
    """

    def __init__(self) -> None:
        self.own = False
        self.url = ""
        self._home = Path()
        self._process: subprocess.Popen[bytes] | None = None
        self._undo = ExitStack()

    def __enter__(self) -> Self:
        os.environ.setdefault("DO_NOT_TRACK", "1")  # read when Prefect is first imported
        if configured := os.environ.get("PREFECT_API_URL"):
            self.url = configured
            return self
        self.own = True
        self._undo.enter_context(_sigterm_unwinds())
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def ui_url(self) -> str:
        """Where a person watches."""
        return self.url.removesuffix("/api")

    def _start(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="veernet-prefect-"))
        with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
            script = Path(__file__).with_name("server_process.py")
            with (self._home / "server.log").open("wb") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", str(script), str(listening.fileno()), str(self._home)],
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=_server_environment(self._home, self.url),
                    pass_fds=[listening.fileno()],
                    start_new_session=True,  # Ctrl-C is for the run, which still has its end to report
                )

    def wait_ready(self, timeout_s: float = START_TIMEOUT_S) -> str:
        """Wait until the server answers, and use it from now on; a configured one is used as it is.

        Returns:
            The URL of the API.

        Raises:
            ServerError: the server died or did not answer in time.
        """
        if self.own and (configured := configured_url()):
            self.stop()
            self.own, self.url = False, configured
        if not self.own:
            self._wait_for_configured()
            return self.url
        give_up_s = time.monotonic() + timeout_s
        while not _answers(self.url):
            if self._process is None or self._process.poll() is not None:
                raise ServerError("Prefect server", f"died while starting: {self._last_words()}", _REMEDY)
            if time.monotonic() > give_up_s:
                raise ServerError("Prefect server", f"did not answer within {timeout_s:.0f} s", _REMEDY)
            time.sleep(0.1)
        used = {"PREFECT_API_URL": self.url, "PREFECT_HOME": str(self._home), "PREFECT_CLIENT_MAX_RETRIES": _RETRIES}
        self._undo.enter_context(_used(used))
        return self.url

    def _wait_for_configured(self) -> None:
        """Wait until somebody listens where the configured server should: the first call would not, and end the run in a traceback."""
        place = urlsplit(self.url)
        if place.scheme in getproxies() and not proxy_bypass(place.hostname or ""):
            return  # the proxy knows whether it is there
        address = place.hostname or "", place.port or (443 if place.scheme == "https" else 80)
        give_up_s = time.monotonic() + CONFIGURED_TIMEOUT_S
        while True:
            try:
                socket.create_connection(address, timeout=CONFIGURED_TIMEOUT_S).close()
                return
            except OSError as error:
                if time.monotonic() > give_up_s:
                    found = f"nobody answers at {redact(self.url)} ({error.strerror or error})"
                    raise ServerError("Prefect server", found, _REMEDY_CONFIGURED) from None
            time.sleep(0.5)

    def _last_words(self) -> str:
        with suppress(OSError):
            lines = (self._home / "server.log").read_text(errors="replace").split("\n")
            return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
        return "it said nothing"

    def stop(self) -> None:
        """End the run's own server for certain; a configured one is left alone. Twice is once."""
        process, self._process = self._process, None
        try:
            self._undo.close()
        finally:
            if process is not None:
                _end(process)
            if self._home != Path():  # Ctrl-C may have come between the folder and the process
                shutil.rmtree(self._home, ignore_errors=True)


_REMEDY_CONFIGURED = "start it, or unset PREFECT_API_URL, so that the run starts one of its own"
_REMEDY = "set PREFECT_API_URL to a server that runs, or install the versions that requirements.lock names"


@contextmanager
def prefect_server(keep: bool = False) -> Iterator[str]:
    """Give the URL of the run's Prefect API, starting a server for the time of the context where none is configured.

    Args:
        keep: Whether to go on serving after the context's body has ended, until Ctrl-C; for the run's own server only.

    Raises:
        ServerError: the run's own server did not start.
    """
    with PrefectServer() as server:
        yield server.wait_ready()
        if keep and server.own:
            serve_until_interrupt(server)


def serve_until_interrupt(server: PrefectServer) -> None:
    """Say where the UI is, and wait for Ctrl-C."""
    from rich.console import Console

    Console(stderr=True).print(f"The run can be seen at {server.ui_url} until you press Ctrl-C.")
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def configured_url() -> str | None:
    """Give the API URL that the environment or the active Prefect profile sets, if any."""
    if url := os.environ.get("PREFECT_API_URL"):
        return url
    from prefect.settings import get_current_settings

    return get_current_settings().api.url


def _server_environment(home: Path, url: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    idle = {f"PREFECT_SERVER_SERVICES_{service}_ENABLED": "false" for service in _IDLE_SERVICES}
    return inherited | idle | _WITHOUT_BLOCKS | {
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home}/prefect.db",
        "PREFECT_SERVER_UI_API_URL": url,
        "PREFECT_SERVER_UI_ENABLED": "true",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_STATIC_DIRECTORY": str(home / "ui"),
    }  # fmt: skip


def _answers(url: str) -> bool:
    connection = http.client.HTTPConnection(url.split("/")[2], timeout=1)  # loopback never goes through a proxy
    try:
        connection.request("GET", "/api/health")
        response = connection.getresponse()
        return response.status == 200 and json.loads(response.read()) is True
    except (OSError, ValueError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def _used(variables: Mapping[str, str]) -> Iterator[None]:
    """Make this process, its threads and its later children use these Prefect settings."""
    from prefect.context import refresh_global_settings_context
    from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

    proxies_off = ",".join(filter(None, [os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1"]))
    values = {**variables, "NO_PROXY": proxies_off, "no_proxy": proxies_off}
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    refresh_global_settings_context()  # for threads that were started without this one's context
    try:
        updates: dict[Any, Any] = {
            PREFECT_API_URL: variables["PREFECT_API_URL"],
            PREFECT_HOME: variables["PREFECT_HOME"],
        }
        with temporary_settings(updates=updates):
            try:
                yield
            finally:
                _send_what_waits()
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        refresh_global_settings_context()


def _send_what_waits() -> None:
    """Send Prefect's queued logs and events while there is still a server; it would complain of their loss much later."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    APILogWorker.drain_all(timeout=STOP_TIMEOUT_S)
    EventsWorker.drain_all(timeout=STOP_TIMEOUT_S)


@contextmanager
def _sigterm_unwinds() -> Iterator[None]:
    """Let SIGTERM leave through every ``finally``; without this the server still ends, but temporary files may stay."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return

    def leave(number: int, _: object) -> NoReturn:
        raise SystemExit(128 + number)

    signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        with suppress(OSError):
            process.stdin.close()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

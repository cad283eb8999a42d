"""The compose file as processes: its services' very commands, environments and health checks, on the loopback interface of this machine.

An engine gives each service a host name, fixed ports and paths of its own; here they are replaced by free ports and a folder. What the images of others
would run is taken from this machine: PostgreSQL, and Redis for Valkey.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

import psutil
import yaml

from flows.certificates import make_certificates

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent
HEALTHY_S = 90.0
STOP_S = 5.0

_VARIABLE = re.compile(r"\$\{(\w+)(?::([-?])([^}]*))?\}")


class ProgramMissingError(Exception):
    """A program that a service needs is not on this machine; the message names it."""


def read_compose(given: dict[str, str], path: Path = ROOT / "docker-compose.yml") -> dict[str, Any]:
    """Read the compose file with its variables filled in, as ``docker compose config`` gives it.

    Raises:
        KeyError: a variable that must be given is not.
    """

    def value(found: re.Match[str]) -> str:
        name, kind, other = found.groups()
        if given.get(name) or kind is None:
            return given[name]
        if kind == "?":
            raise KeyError(f"{name}: {other}")
        return str(other)

    return dict(yaml.safe_load(_VARIABLE.sub(value, path.read_text())))


def environment_of(service: dict[str, Any]) -> dict[str, str]:
    """Give what a service's environment adds to its image's."""
    return {name: str(value) for name, value in (service.get("environment") or {}).items()}


def free_port() -> int:
    """Find a port nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postgres_bin() -> Path:
    """Where PostgreSQL's own programs are; Debian keeps them off the PATH.

    Raises:
        ProgramMissingError: they are not here.
    """
    beside = shutil.which("initdb")
    places = [Path(beside)] if beside else sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not places:
        raise ProgramMissingError("initdb (on Debian: apt install postgresql)")
    return places[-1].parent


def program(*names: str) -> str:
    """The first of these programs that is here.

    Raises:
        ProgramMissingError: none is.
    """
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise ProgramMissingError(f"{names[-1]} (on Debian: apt install {names[-1].replace('cli', 'server')})")
    return found


class Composed:
    """The services of the compose file, each a process in a session of its own.

    Args:
        folder: Where data, work and logs lie; PostgreSQL's own user must be able to reach it.
        given: The variables of ``.env``.
        s3_url: Where the storage is that stands for the service ``s3``.
    """

    def __init__(self, folder: Path, given: dict[str, str], s3_url: str) -> None:
        self.folder = folder
        self.services: dict[str, Any] = read_compose(given)["services"]
        self._given = given
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        ports = {
            name: free_port()
            for name in ("postgres", "valkey", "prefect-server", "worker", "scheduler", "dask", "dask-worker")
        }
        self.ports = ports
        self._replaced = [
            ("@postgres:5432", f"@127.0.0.1:{ports['postgres']}"),
            ("valkey:6379", f"127.0.0.1:{ports['valkey']}"),
            ("prefect-server:4200", f"127.0.0.1:{ports['prefect-server']}"),
            ("127.0.0.1:4200", f"127.0.0.1:{ports['prefect-server']}"),
            ("127.0.0.1:8080", f"127.0.0.1:{ports['worker']}"),
            ("dask-scheduler:8786", f"127.0.0.1:{ports['scheduler']}"),
            ("127.0.0.1:8787", f"127.0.0.1:{ports['dask']}"),
            ("127.0.0.1:8790", f"127.0.0.1:{ports['dask-worker']}"),
            ("http://s3:7070", s3_url),
            ("/app/health.py", str(ROOT / "compose" / "health.py")),
        ]
        self._whole = {
            "0.0.0.0": "127.0.0.1",
            "4200": str(ports["prefect-server"]),
            "8786": str(ports["scheduler"]),
            ":8787": f"127.0.0.1:{ports['dask']}",
            ":8790": f"127.0.0.1:{ports['dask-worker']}",
            "/work": str(folder / "work"),
            "/certificates/dask/dask.yaml": str(folder / "certificates" / "dask.yaml"),
        }
        (folder / "work").mkdir()
        make_certificates(folder / "certificates")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def api_url(self) -> str:
        """Of the Prefect server."""
        return f"http://127.0.0.1:{self.ports['prefect-server']}/api"

    def here(self, text: str) -> str:
        """What a service's setting is on this machine."""
        if text in self._whole:
            return self._whole[text]
        for there, here in self._replaced:
            text = text.replace(there, here)
        return text

    def environment(self, name: str) -> dict[str, str]:
        """Give the whole environment of a service, as its process here needs it; nothing of Prefect's own comes from outside."""
        outside = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("PREFECT_", "AWS_", "VEERNET_", "DASK_"))
        }
        told = {key: self.here(value) for key, value in environment_of(self.services[name]).items()}
        image = {"PYTHONUNBUFFERED": "1", "DO_NOT_TRACK": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        home = {"PREFECT_HOME": str(self.folder / name), "PREFECT_WORKER_WEBSERVER_PORT": str(self.ports["worker"])}
        return {**outside, **image, **home, **told, "PATH": f"{BIN}:{os.environ['PATH']}"}

    def command(self, name: str) -> list[str]:
        """A service's command, with the program that this machine has for it.

        Raises:
            ProgramMissingError: it has none.
        """
        said = [self.here(part) for part in self.services[name]["command"]]
        if name == "postgres":
            at = [
                "-D",
                str(self._data(name)),
                "-p",
                str(self.ports[name]),
                "-h",
                "127.0.0.1",
                "-k",
                str(self._data(name)),
            ]
            return [*_as_postgres(), str(postgres_bin() / said[0]), *said[1:], *at]
        if name == "valkey":
            at = ["--port", str(self.ports[name]), "--bind", "127.0.0.1", "--dir", str(self._data(name))]
            return [program(said[0], "redis-server"), *said[1:], *at]
        return [str(BIN / said[0]), *said[1:]]

    def health_check(self, name: str) -> list[str]:
        """A service's health check, as a command here."""
        kind, *said = self.services[name]["healthcheck"]["test"]
        said = [self.here(part) for part in said]
        if name == "postgres":
            return [program(said[0]), *said[1:], "--host", "127.0.0.1", "--port", str(self.ports[name])]
        if kind == "CMD-SHELL":
            client = program("valkey-cli", "redis-cli")
            return ["sh", "-c", said[0].replace("valkey-cli", f"{client} -p {self.ports[name]}")]
        return [str(BIN / said[0]), *said[1:]]

    def _data(self, name: str) -> Path:
        folder = self.folder / f"{name}-data"
        if not folder.exists():
            folder.mkdir()
            if name == "postgres":
                self._initialise(folder)
        return folder

    def _initialise(self, folder: Path) -> None:
        """Do what PostgreSQL's image does when it is first started."""
        told = environment_of(self.services["postgres"])
        secret = self.folder / "password"
        secret.write_text(told["POSTGRES_PASSWORD"])
        if _as_postgres():
            shutil.chown(folder, "postgres", "postgres")
            shutil.chown(secret, "postgres", "postgres")
        options = [
            "-D",
            str(folder),
            "-U",
            told["POSTGRES_USER"],
            "--auth=scram-sha-256",
            f"--pwfile={secret}",
            "--no-sync",
        ]
        create = f"CREATE DATABASE {told['POSTGRES_DB']}\n"
        single = [str(postgres_bin() / "postgres"), "--single", "-D", str(folder), "postgres"]
        for command, said in (([str(postgres_bin() / "initdb"), *options], ""), (single, create)):
            subprocess.run(
                [*_as_postgres(), *command], input=said.encode(), check=True, capture_output=True, cwd=self.folder
            )

    def start(self, name: str) -> None:
        """Start a service."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                # Whatever ends the tests, kill -9 included, ends the service too.
                [program("setpriv"), "--pdeathsig", "KILL", *self.command(name)],
                env=self.environment(name),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def pid(self, name: str) -> int:
        """The number of a service's process, which runs."""
        return self._processes[name].pid

    def well(self, name: str) -> bool:
        """Whether a service's health check is content."""
        checked = subprocess.run(self.health_check(name), env=self.environment(name), capture_output=True, check=False)
        return checked.returncode == 0

    def wait_healthy(self, *names: str) -> None:
        """Wait until the health checks of services are content.

        Raises:
            RuntimeError: one died, or was not well in time; its last words are told.
        """
        give_up_s = time.monotonic() + HEALTHY_S
        for name in names:
            while not self.well(name):
                if self._processes[name].poll() is not None or time.monotonic() > give_up_s:
                    raise RuntimeError(f"{name} is not well: {self.log(name)[-3000:]}")
                time.sleep(0.3)

    def log(self, name: str) -> str:
        """What a service has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def run(self, name: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Give a command in a service, as ``docker compose exec`` does."""
        return subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            env=self.environment(name),
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
        )

    def kill(self, name: str) -> None:
        """End a service and all that it started by ``kill -9``."""
        self._end({name: self._processes.pop(name)}, patience_s=0.0)

    def stop(self) -> None:
        """End every service, and all that they started; twice is once."""
        running, self._processes = self._processes, {}
        self._end(dict(reversed(running.items())), STOP_S)

    def _end(self, running: dict[str, subprocess.Popen[bytes]], patience_s: float) -> None:
        tree = [child for process in running.values() for child in _tree(process.pid)]
        if patience_s:
            for process in running.values():
                process.send_signal(signal.SIGINT if process is running.get("postgres") else signal.SIGTERM)
            psutil.wait_procs(tree, timeout=patience_s)
        for child in tree:
            if child.is_running():
                child.kill()
        for process in running.values():
            process.wait()


def _tree(pid: int) -> list[psutil.Process]:
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    return [program("setpriv"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]

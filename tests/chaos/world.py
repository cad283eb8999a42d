"""The processes of a campaign, each of which can be killed at any moment and started again: storage, Prefect server, Dask, and the command itself."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Literal, Self

import httpx
import psutil
from composed import free_port
from s3_server import S3Server

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
#: What is killed. Of Dask's workers sometimes the one process, which its nanny starts again, sometimes nanny and all.
Victim = Literal["worker", "flow", "server", "storage"]
VICTIMS: tuple[Victim, ...] = ("worker", "flow", "server", "storage")
WORKERS = 2
READY_S = 180.0
#: For what a killed command leaves behind to end by itself.
ORPHANS_S = 20.0
_COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]


class World:
    """Everything that an archive run stands on, and the run, as processes of this machine.

    Args:
        folder: Where data, work and logs lie.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.work = folder / "work"
        for made in (self.logs, self.work):
            made.mkdir(parents=True, exist_ok=True)
        self.storage = S3Server(folder / "storage")
        self._scheduler = f"tcp://127.0.0.1:{free_port()}"
        self._server_port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._flows = 0

    def __enter__(self) -> Self:
        try:
            self.storage.start()
            self._start("scheduler", *self._dask("scheduler", "--port", self._scheduler.rpartition(":")[2]))
            self.start("server")
            for number in range(WORKERS):
                self._start_worker(number)
            self._wait_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for name in list(self._processes):
            self._kill(name)
        self.storage.__exit__()

    @property
    def api_url(self) -> str:
        """Of the Prefect server."""
        return f"http://127.0.0.1:{self._server_port}/api"

    @property
    def journal(self) -> Path:
        """What the storage was asked, and what it answered."""
        return self.storage.folder / "journal.jsonl"

    @property
    def asked(self) -> int:
        """How much the storage has been asked, in bytes of its journal."""
        return self.journal.stat().st_size if self.journal.exists() else 0

    @property
    def database(self) -> Path:
        """What the Prefect server keeps."""
        return self.folder / "prefect" / "prefect.db"

    def begin(self, source: str, out: str, *options: str) -> subprocess.Popen[bytes]:
        """Start ``veernet archive`` over all that is here; its words go to a log of its own."""
        self._flows += 1
        options = ("--dask", self._scheduler, "--work", str(self.work), *options)
        command = [*_COMMAND, "archive", source, "--out", out, *options]
        return self._start("flow", *command, log=f"flow-{self._flows:03d}", **self.storage.environment())

    def said(self) -> str:
        """What the last command has said."""
        return (self.logs / f"flow-{self._flows:03d}.log").read_text(errors="replace")

    def runs(self, victim: Victim) -> bool:
        """Whether there is one to kill."""
        if victim == "storage":
            return self.storage.runs
        names = self._workers() if victim == "worker" else [victim]
        return any(name in self._processes and self._processes[name].poll() is None for name in names)

    def kill(self, victim: Victim, choice: float) -> str:
        """End one by ``kill -9`` in the middle of whatever it does.

        Args:
            victim: Of which kind.
            choice: From 0 to 1, which of several.

        Returns:
            The name of the process.
        """
        if victim == "storage":
            self.storage.kill()
            return "storage"
        if victim == "flow":
            self._processes["flow"].kill()  # and no child of it: those must end by themselves
            return "flow"
        if victim == "server":
            self._kill("server")
            return "server"
        running = [name for name in self._workers() if name in self._processes]
        name = running[int(choice * len(running))]
        children = psutil.Process(self._processes[name].pid).children(recursive=True)
        if choice * len(running) % 1 < 0.5 and children:
            for child in children:
                child.kill()
            return f"{name}, below its nanny"
        self._kill(name)
        return name

    def start(self, victim: Victim) -> None:
        """Start again whatever of this kind does not run."""
        if victim == "storage" and not self.storage.runs:
            self.storage.start()
        elif victim == "server":
            self._start(
                "server",
                str(BIN / "prefect"),
                "server",
                "start",
                "--host",
                "127.0.0.1",
                "--port",
                str(self._server_port),
            )
        elif victim == "worker":
            for number in range(WORKERS):
                if f"worker-{number}" not in self._processes:
                    self._start_worker(number)

    def ended(self, flow: subprocess.Popen[bytes]) -> None:
        """Note that the command has ended.

        Raises:
            RuntimeError: it left processes behind that do not end by themselves.
        """
        self._processes.pop("flow", None)
        left = [process for process in psutil.process_iter() if _in_session(process, flow.pid)]
        _, staying = psutil.wait_procs(left, timeout=ORPHANS_S)
        for process in staying:
            process.kill()
        if staying:
            raise RuntimeError(f"the command left processes behind: {staying}")

    def _workers(self) -> list[str]:
        return [f"worker-{number}" for number in range(WORKERS)]

    def _dask(self, *arguments: str) -> list[str]:
        return [str(BIN / "dask"), *arguments, "--host", "127.0.0.1", "--no-dashboard"]

    def _start_worker(self, number: int) -> None:
        threads = str(max(1, (os.cpu_count() or 1) // WORKERS))
        cores = {f"{library}_NUM_THREADS": threads for library in ("OMP", "MKL", "OPENBLAS", "NUMBA")}
        folder = self.folder / f"dask-{number}"
        shutil.rmtree(folder, ignore_errors=True)
        options = ["--nworkers", "1", "--nthreads", "1", "--local-directory", str(folder)]
        self._start(f"worker-{number}", *self._dask("worker", self._scheduler, *options), **cores)

    def _start(self, name: str, *command: str, log: str = "", **variables: str) -> subprocess.Popen[bytes]:
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT_", "AWS_", "DASK_"))}
        settings = {
            "PREFECT_API_URL": self.api_url,
            "PREFECT_HOME": str(self.folder / "prefect"),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{self.database}",
            "NO_PROXY": "127.0.0.1",
            "no_proxy": "127.0.0.1",
            "DO_NOT_TRACK": "1",
            "PYTHONUNBUFFERED": "1",
            "NO_COLOR": "1",
            "COLUMNS": "200",
        }
        self.database.parent.mkdir(exist_ok=True)
        # Whatever ends the campaign, kill -9 included, ends the process too.
        dying = [shutil.which("setpriv") or "", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        with (self.logs / f"{log or name}.log").open("ab") as sink:
            self._processes[name] = subprocess.Popen(
                [*dying, *command],
                env={**outside, **settings, **variables},
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self._processes[name]

    def _kill(self, name: str) -> None:
        process = self._processes.pop(name)
        try:
            tree = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        except psutil.NoSuchProcess:
            tree = []
        for each in tree:
            if each.is_running():
                each.kill()
        process.wait()

    def _wait_ready(self) -> None:
        from distributed import Client

        give_up_s = time.monotonic() + READY_S
        while not _well(self.api_url):
            if time.monotonic() > give_up_s or self._processes["server"].poll() is not None:
                raise RuntimeError(f"no Prefect server: {(self.logs / 'server.log').read_text()[-2000:]}")
            time.sleep(0.3)
        with Client(self._scheduler, timeout=READY_S) as client:
            client.wait_for_workers(WORKERS, timeout=READY_S)


def _well(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def _in_session(process: psutil.Process, session: int) -> bool:
    try:
        return process.pid != session and os.getsid(process.pid) == session and process.status() != psutil.STATUS_ZOMBIE
    except (ProcessLookupError, psutil.NoSuchProcess):
        return False

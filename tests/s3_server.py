"""A real S3 server for tests: OpenStack Swift on the loopback interface, in a process and an environment of its own.

What a mock would make up is asked of it: signatures, conditional puts, listings page by page, what it says in refusal.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from obstore.store import S3Store

ROOT = Path(__file__).parents[1]
VENV = ROOT / ".venv-s3"
PYTHON = VENV / "bin" / "python"
PROCESS = Path(__file__).with_name("s3_process.py")
REQUIREMENTS = Path(__file__).with_name("requirements-s3.txt")
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 5

ACCESS_KEY_ID = "archive:reader"
SECRET_ACCESS_KEY = "hush-hush-hush"
REGION = "us-east-1"

# Method and arguments of boto3's client come in, its answer goes out; a body is told as text.
_BOTO = """
import json, sys, boto3
method, arguments = sys.argv[1], json.loads(sys.argv[2])
answer = getattr(boto3.client("s3"), method)(**arguments)
if "Body" in answer:
    answer["Body"] = answer["Body"].read().decode("latin-1")
print(json.dumps(answer, default=str))
"""


class S3UnavailableError(Exception):
    """No S3 server can be had on this machine; the message says why."""


class S3Server:
    """An S3 server that can be ended in the middle of things and started again on the same port and data.

    Args:
        folder: Where its data lies; the file system must have extended attributes.
        port: Where it listens; a free one is found, and kept for the life of this object, where none is given.

    Raises:
        S3UnavailableError: the folder's file system cannot hold its data.
    """

    def __init__(self, folder: Path, port: int = 0) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        _check_attributes(folder)
        self.folder = folder
        # Bound but not listening: while the server is down nobody else gets its port, and who connects is refused.
        self._kept = socket.socket()
        self._kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._kept.bind(("127.0.0.1", port))
        self.port: int = self._kept.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._kept.close()

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        """Whether it has been started, and neither stopped nor killed since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The number of its process, which runs."""
        assert self._process is not None
        return self._process.pid

    def environment(self) -> dict[str, str]:
        """Give the variables by which VeerNet, or any other client, finds it and signs."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def start(self) -> None:
        """Start it, and come back when it answers.

        Raises:
            S3UnavailableError: its environment cannot be set up.
            RuntimeError: it died or did not answer in time.
        """
        assert self._process is None, "it runs already"
        set_up()
        arguments = [str(self.folder), str(self.port), ACCESS_KEY_ID, SECRET_ACCESS_KEY]
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(PYTHON), "-P", "-W", "ignore", str(PROCESS), *arguments],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests, which end it when they are done with it
            )
        give_up_s = time.monotonic() + START_TIMEOUT_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > give_up_s:
                self.kill()
                raise RuntimeError(f"the S3 server did not start: {(self.folder / 'server.log').read_text()[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True
        return False

    def stop(self) -> None:
        """End it as it ends when the tests' own process does; twice is once."""
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def kill(self) -> None:
        """End it by ``kill -9``, in the middle of whatever it does; twice is once."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            process.stdin.close()

    def client(self, bucket: str) -> S3Store:
        """Give a client that is not VeerNet's own, for ``obstore.put(server.client("wells"), ...)`` and the like."""
        return S3Store(
            bucket,
            endpoint=self.url,
            region=REGION,
            access_key_id=ACCESS_KEY_ID,
            secret_access_key=SECRET_ACCESS_KEY,
            client_options={"allow_http": True},
        )

    def boto(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method of boto3's S3 client, which lives in the server's environment; half a second each."""
        done = subprocess.run(
            [str(PYTHON), "-c", _BOTO, method, json.dumps(arguments)],
            env={**os.environ, **self.environment()},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
        return dict(json.loads(done.stdout))

    def make_bucket(self, name: str) -> None:
        """Make a bucket; no harm where it is there."""
        self.boto("create_bucket", Bucket=name)


def set_up() -> None:
    """Set up the server's environment where it is not, or not as the requirements say; once for all test processes.

    Raises:
        S3UnavailableError: it cannot be installed.
    """
    stamp, wanted = VENV / "ready.stamp", f"{sys.version}\n{REQUIREMENTS.read_text()}"
    VENV.mkdir(exist_ok=True)
    with (VENV / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if stamp.exists() and stamp.read_text() == wanted:
            return
        pip = [str(PYTHON), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "1"]
        for command in ([sys.executable, "-m", "venv", str(VENV)], [*pip, "-r", str(REQUIREMENTS)]):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
                raise S3UnavailableError(f"no S3 server could be installed in {VENV.name}: {said}")
        stamp.write_text(wanted)


def _check_attributes(folder: Path) -> None:
    """Swift keeps what it knows of an object in extended attributes of its file."""
    probe = folder / "probe"
    probe.write_bytes(b"")
    try:
        os.setxattr(probe, "user.veernet", b"1")
    except (OSError, AttributeError) as error:
        raise S3UnavailableError(f"the S3 server needs extended attributes, which {folder} lacks: {error}") from None
    finally:
        probe.unlink()

"""Rows 66 to 70: who may come in, and what is told to whom."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import httpx
import psutil
import pytest
import yaml
from composed import BIN, ROOT, free_port
from distributed import Client, Security
from prefect_rows import all_rows
from typer.testing import CliRunner

from flows.certificates import make_certificates
from flows.cli import app
from flows.cluster import dask_client
from veernet.errors import OptionError
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

SECRET = "planted-where-it-must-not-be-told"
COMMAND = [sys.executable, "-c", "from flows.cli import main; main()"]


def _doors(processes: list[psutil.Process]) -> dict[str, str]:
    """Addresses that these processes listen at, each with the program behind it."""
    return {
        f"{door.laddr.ip}:{door.laddr.port}": " ".join(process.cmdline())[:200]
        for process in processes
        for door in process.net_connections(kind="inet")
        if door.status == psutil.CONN_LISTEN
    }


@pytest.mark.fault(66, outcome="loopback by default")
@pytest.mark.fault(67, outcome="off; what is left of it is on loopback")
def test_all_that_a_run_starts_listens_on_the_loopback_interface(prefect_url: str) -> None:
    """Its Prefect server, its scheduler, its workers and their nannies."""
    with dask_client(workers=1) as client:
        client.submit(sum, [1, 2]).result(timeout=60)
        doors = _doors([this := psutil.Process(), *this.children(recursive=True)])
        dashboard = httpx.get(client.dashboard_link, trust_env=False).status_code if client.dashboard_link else 404
    assert len(doors) >= 4  # server, scheduler, nanny, worker
    assert {} == {
        door: who for door, who in doors.items() if not ipaddress.ip_address(door.rpartition(":")[0]).is_loopback
    }
    assert 404 == dashboard


@contextmanager
def _scheduler(folder: Path, **settings: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """A scheduler as the compose file starts it, on this machine alone; its port, and its process."""
    port = free_port()
    command = [
        BIN / "dask",
        "scheduler",
        "--protocol",
        "tls",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-dashboard",
    ]
    environment = {**os.environ, "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true", **settings}
    with (folder / "scheduler.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, text=True)
    try:
        yield port, process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A set that the command made."""
    folder = tmp_path_factory.mktemp("doors") / "certificates"
    done = CliRunner().invoke(app, ["certificates", "--out", str(folder)])
    assert 0 == done.exit_code, done.output
    assert f"DASK_CONFIG={folder / 'dask.yaml'}" in done.output.replace("\n", "")
    return folder


def test_certificates_are_for_their_owner_alone_and_never_written_over(certificates: Path) -> None:
    """And the key that could make more of them is nowhere."""
    assert {0o600} == {path.stat().st_mode & 0o777 for path in certificates.iterdir()}
    assert 0o700 == certificates.stat().st_mode & 0o777
    before = {path.name: path.read_bytes() for path in certificates.iterdir()}
    assert {"ca.pem", "scheduler.pem", "worker.pem", "client.pem", "dask.yaml"} == set(before)
    assert b"PRIVATE" not in before["ca.pem"]
    with pytest.raises(OptionError, match="holds certificates already"):
        make_certificates(certificates)
    assert before == {path.name: path.read_bytes() for path in certificates.iterdir()}


def _security(folder: Path) -> Security:
    pem = {role: str(folder / f"{role}.pem") for role in ("ca", "client")}
    return Security(tls_ca_file=pem["ca"], tls_client_cert=pem["client"], require_encryption=True)


@pytest.fixture(scope="module")
def scheduler(certificates: Path) -> Iterator[int]:
    """The port of a scheduler that has its certificates, with one worker."""
    config = {"DASK_CONFIG": str(certificates / "dask.yaml")}
    with _scheduler(certificates.parent, **config) as (port, _):
        command = [
            BIN / "dask",
            "worker",
            f"tls://127.0.0.1:{port}",
            "--host",
            "127.0.0.1",
            "--nthreads",
            "1",
            "--no-dashboard",
        ]
        with (certificates.parent / "worker.log").open("w") as log:
            worker = subprocess.Popen(
                command, env={**os.environ, **config}, cwd=certificates.parent, stdout=log, stderr=log
            )
        try:
            with Client(f"tls://127.0.0.1:{port}", security=_security(certificates), timeout=60) as client:
                client.wait_for_workers(1, timeout=60)
            yield port
        finally:
            worker.terminate()
            worker.wait()


@pytest.mark.fault(66, outcome="TLS: nobody without a certificate is let in")
def test_a_stranger_runs_no_code_on_a_scheduler_with_certificates(
    scheduler: int, certificates: Path, tmp_path: Path
) -> None:
    """Neither in the clear, nor with certificates of his own making; who has ours does."""
    mark = tmp_path / "run-by-a-stranger"
    make_certificates(tmp_path / "his")
    strangers = [
        (f"tcp://127.0.0.1:{scheduler}", None),
        (f"tls://127.0.0.1:{scheduler}", _security(tmp_path / "his")),
    ]
    for address, security in strangers:
        with pytest.raises((OSError, TypeError, ValueError)), Client(address, security=security, timeout=3) as client:
            client.run_on_scheduler(mark.touch)
    assert not mark.exists()
    with Client(f"tls://127.0.0.1:{scheduler}", security=_security(certificates), timeout=30) as client:
        client.submit(mark.touch).result(timeout=60)
    assert mark.exists()


def test_a_run_uses_a_cluster_with_certificates(scheduler: int, certificates: Path) -> None:
    """By the settings that the command wrote; and its own cluster, which needs none of them, starts all the same."""
    with dask.config.set(dict(_flat(yaml.safe_load((certificates / "dask.yaml").read_text())))):
        with dask_client(f"tls://127.0.0.1:{scheduler}") as client:
            assert 3 == client.submit(sum, [1, 2]).result(timeout=60)
        with dask_client(workers=1) as client:
            assert 3 == client.submit(sum, [1, 2]).result(timeout=60)


def _flat(settings: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


@pytest.mark.fault(66, outcome="beyond loopback without TLS it does not start")
def test_a_scheduler_of_the_compose_file_without_certificates_does_not_start(tmp_path: Path) -> None:
    """As it is set there: encryption is required, and there is nothing to encrypt with."""
    with _scheduler(tmp_path, DASK_CONFIG=str(tmp_path / "dask.yaml")) as (_, process):
        assert 0 != process.wait(60)
    assert "TLS" in (tmp_path / "scheduler.log").read_text()


@pytest.mark.fault(66, outcome="beyond loopback without TLS it does not start")
@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.7:8786", "10.0.0.7:8786", "tcp://dask.example:8786", "tcp://[2001:db8::1]:8786"]
)
def test_a_run_does_not_go_to_a_scheduler_beyond_this_machine_without_tls(address: str) -> None:
    """It says how to make certificates, and has connected to nothing."""
    with pytest.raises(OptionError, match=r"not encrypted.*veernet certificates"), dask_client(address):
        pass


@pytest.fixture(scope="module")
def ran(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder of an archive run with a sheet that is done and one that fails, and what it said, where each place that may hold a secret holds one."""
    folder = tmp_path_factory.mktemp("ran")
    recipe = SheetRecipe(seed=1, top_depth=1000.0, base_depth=1050.0, dpi=100, difficulty=0.1)
    drawn = write_sheet(recipe, folder / "in", "good")
    text = drawn["manifest"].read_text()
    (folder / "in" / "elsewhere.sheet.yaml").write_text(text.replace("good.tif", "s3://nowhere/scan.tif"))
    places = ["--out", str(folder / "out"), "--work", str(folder / "work")]
    return folder, _command(folder, prefect_url, "archive", str(folder / "in"), *places)


@pytest.mark.fault(68, outcome="none are kept")
def test_no_result_is_kept_whatever_prefect_is_set_to(ran: tuple[Path, str]) -> None:
    """There is no pickle for anybody to put another one in the place of: this run was told to keep all of its results."""
    folder, said = ran
    assert "1 done, 1 set aside" in said
    assert [] == [path for path in (folder / "results").rglob("*") if path.is_file()]


@pytest.mark.fault(70, outcome="redacted, and never a flow parameter")
def test_a_secret_of_the_environment_is_told_nowhere(ran: tuple[Path, str], prefect_url: str) -> None:
    """Not on the screen, in a log, a record, a page, a result, or a row of Prefect's; with a sheet that is done and one that fails for its storage."""
    folder, said = ran
    told = {"screen": said, **_all_files(folder), **all_rows(prefect_url)}
    assert {"good.las", "good.html", "good.record.json", "elsewhere.record.json"} <= {
        Path(where).name for where in told
    }
    assert "elsewhere" in told["logs"]
    assert [] == [where for where, what in told.items() if SECRET in what]


@pytest.mark.fault(70, outcome="redacted, and never a flow parameter")
def test_a_secret_in_a_url_is_refused_and_not_repeated(prefect_url: str, tmp_path: Path) -> None:
    """Before it becomes a parameter of a flow."""
    for arguments in (
        ["archive", f"s3://key:{SECRET}@bucket/scans", "--out", str(tmp_path / "out")],
        ["digitise", f"s3://key:{SECRET}@bucket/a.tif", "--out", str(tmp_path / "out")],
        ["digitise", f"https://user:{SECRET}@example.org/a.tif", "--out", str(tmp_path / "out")],
    ):
        said = _command(tmp_path, prefect_url, *arguments)
        assert SECRET not in said
        assert "Traceback" not in said
    assert [] == [where for where, what in all_rows(prefect_url).items() if SECRET in what]


def _command(folder: Path, prefect_url: str, *arguments: str) -> str:
    """What the command says where the environment has a secret in each place that one could be in."""
    (folder / "work").mkdir(exist_ok=True)
    environment = {
        **os.environ,
        "PREFECT_API_URL": prefect_url,
        "PREFECT_API_AUTH_STRING": f"operator:{SECRET}",
        "PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true",
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(folder / "results"),
        "AWS_ACCESS_KEY_ID": "planted-key",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": SECRET,
        "AWS_ENDPOINT_URL": f"http://user:{SECRET}@127.0.0.1:9",
    }
    done = subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return done.stdout + done.stderr


def _all_files(folder: Path) -> dict[str, str]:
    return {str(path): path.read_bytes().decode(errors="replace") for path in folder.rglob("*") if path.is_file()}

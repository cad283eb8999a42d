from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import httpx
import pytest
from distributed import Client, Scheduler, SpecCluster, Worker, get_worker
from processes import alive, eventually

from flows import cluster
from flows.cluster import dask_client, usual_workers
from flows.server import PrefectServer, ServerError, prefect_server
from tasks.workers import GPU, inference_workers, submit_inference, using
from veernet.errors import OptionError

ROOT = Path(__file__).parents[1]

RUN = """
import os, signal, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs tests in the background has it ignored
from flows.server import PrefectServer
with PrefectServer() as server:
    if sys.argv[1] == "ready":
        server.wait_ready()
    print(server._process.pid, server._home, flush=True)
    time.sleep(60)
"""


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """No Prefect API is configured, whatever server other tests of this process use."""
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr("flows.server.configured_url", lambda: None)


@pytest.mark.usefixtures("unconfigured")
def test_a_server_answers_inside_the_context_and_is_gone_after_an_exception() -> None:
    """Flows run against it, the UI is served, and neither process, folder nor setting stays."""
    pids: list[int] = []

    with pytest.raises(ZeroDivisionError), PrefectServer() as server:  # noqa: PT012
        url = server.wait_ready()
        from prefect import flow
        from prefect.settings import get_current_settings

        assert server._process is not None
        pids.append(server._process.pid)
        home = server._home
        assert url == os.environ["PREFECT_API_URL"] == get_current_settings().api.url
        with urllib.request.urlopen(server.ui_url, timeout=10) as page:
            assert page.status == 200
        assert flow(lambda: 7, name="seven")() == 7
        raise ZeroDivisionError

    assert not alive(pids[0])
    assert not home.exists()
    assert "PREFECT_API_URL" not in os.environ


@pytest.mark.fault(28, outcome="ended, with its server")
@pytest.mark.fault(29, outcome="ended, with its server")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGINT])
def test_the_server_ends_with_its_run_however_that_ends(number: signal.Signals) -> None:
    """Neither a signal nor kill -9 leaves a server or its folder behind."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    command = [sys.executable, "-c", RUN, "starting"]
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        assert run.stdout is not None
        pid, home = run.stdout.readline().split()
        assert alive(int(pid))
        run.send_signal(number)
        run.wait(30)

    assert eventually(lambda: not alive(int(pid)))
    assert eventually(lambda: not Path(home).exists())


def test_a_configured_server_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PREFECT_API_URL is set nothing is started."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        configured = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        monkeypatch.setenv("PREFECT_API_URL", configured)

        with PrefectServer() as server:
            assert (False, None) == (server.own, server._process)
        with prefect_server(keep=True) as url:
            assert url == configured


def test_a_server_that_a_profile_of_prefects_names_takes_the_place_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which is started before anybody knows of the profile, and ended unused."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        configured = f"http://127.0.0.1:{listening.getsockname()[1]}/api"
        monkeypatch.delenv("PREFECT_API_URL", raising=False)
        monkeypatch.setattr("flows.server.configured_url", lambda: configured)

        with PrefectServer() as server:
            assert server._process is not None
            pid, home = server._process.pid, server._home
            assert configured == server.wait_ready() == server.url
            assert not server.own
            assert eventually(lambda: not alive(pid) and not home.exists())
            assert "PREFECT_API_URL" not in os.environ


def test_the_server_of_a_run_enters_no_kinds_of_blocks(prefect_url: str) -> None:
    """To look for them in all that is installed is a third of a start, and no run has need of any."""
    assert [] == httpx.post(f"{prefect_url}/block_types/filter", json={}, trust_env=False).json()


def test_a_configured_server_that_is_being_started_again_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is begun while the server is away for a moment must not end for it."""
    with socket.socket() as away:
        away.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_API_URL", f"http://127.0.0.1:{away.getsockname()[1]}/api")
        back = threading.Timer(0.3, away.listen)
        back.start()

        with prefect_server() as url:
            socket.create_connection(("127.0.0.1", away.getsockname()[1])).close()
        back.join()
    assert url == os.environ["PREFECT_API_URL"]


def test_a_configured_server_that_is_not_there_is_told_as_that(monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line, and not in Prefect's traceback; a password in the address is not repeated."""
    monkeypatch.setattr("flows.server.CONFIGURED_TIMEOUT_S", 0.1)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("PREFECT_API_URL", f"http://me:hush@127.0.0.1:{nobody.getsockname()[1]}/api")

        with (
            PrefectServer() as server,
            pytest.raises(ServerError, match=r"nobody answers at http://\*\*\*@127") as told,
        ):
            server.wait_ready()
    assert "hush" not in str(told.value)


@pytest.mark.usefixtures("unconfigured")
def test_a_server_that_dies_at_start_is_told_with_its_last_words() -> None:
    """The run does not wait for what is dead."""
    with PrefectServer() as server:  # noqa: SIM117
        with pytest.raises(ServerError, match="died"):  # noqa: PT012
            assert server._process is not None
            server._process.kill()
            server.wait_ready()


def test_a_local_cluster_works_in_other_processes_that_share_the_cores() -> None:
    """A task runs elsewhere, with its share of the cores for its libraries, and that process is gone afterwards."""
    with dask_client() as client:
        pid = client.submit(os.getpid).result(timeout=30)
        threads = client.submit(os.environ.get, "OMP_NUM_THREADS").result(timeout=30)
        workers = client.scheduler_info()["workers"].values()

    assert pid != os.getpid()
    assert str(max(1, (os.cpu_count() or 1) // len(workers))) == threads
    assert {1} == {worker["nthreads"] for worker in workers}
    assert {"127.0.0.1"} == {worker["host"] for worker in workers}
    assert not alive(pid)


@pytest.mark.parametrize(
    ("cores", "memory_gb", "workers"), [(1, 16, 1), (2, 16, 2), (2, 3, 1), (8, 32, 4), (64, 512, 8), (2, 1, 1)]
)
def test_a_machine_has_a_worker_for_every_two_cores_as_far_as_there_is_memory(
    cores: int, memory_gb: int, workers: int
) -> None:
    """Two on two cores: the stages beside the network use one core each."""
    assert workers == usual_workers(cores, memory_gb << 30)


def test_a_cluster_whose_worker_is_busy_still_ends() -> None:
    """Leaving does not wait for a long task."""
    with dask_client() as client:
        pid = client.submit(os.getpid).result(timeout=30)
        client.submit(time.sleep, 120)
        time.sleep(0.3)

    assert eventually(lambda: not alive(pid))


def test_an_address_where_nobody_answers_is_refused_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a closed port nor something that is no scheduler holds the run up."""
    monkeypatch.setattr(cluster, "CONNECT_TIMEOUT_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        for address in ("tcp://127.0.0.1:9", f"tcp://127.0.0.1:{mute.getsockname()[1]}", "nonsense"):
            started = time.monotonic()
            with pytest.raises(OptionError, match="no Dask scheduler answers"), dask_client(address):
                pass
            assert time.monotonic() - started < 5


def test_a_named_cluster_is_used_and_left_running() -> None:
    """A second client at the same address works, and the cluster outlives it."""
    with dask_client() as owner:
        with dask_client(owner.scheduler.address) as guest:
            assert guest.submit(sum, [1, 2, 3]).result(timeout=30) == 6
        assert owner.submit(sum, [2, 3, 5]).result(timeout=30) == 10


def test_the_network_runs_on_gpu_workers_where_there_are_any() -> None:
    """A worker that offers the resource takes all of it, one that does not takes none."""
    workers = {"cpu": {}, "gpu": {"resources": {GPU: 1}}}
    spec = {name: {"cls": Worker, "options": {"nthreads": 1, **options}} for name, options in workers.items()}
    scheduler = {"cls": Scheduler, "options": {"dashboard": False, "port": 0}}
    with SpecCluster(workers=spec, scheduler=scheduler) as cluster, Client(cluster) as client, using(client):
        assert inference_workers() == (1, True)
        ran_on = [submit_inference(lambda: get_worker().name) for _ in range(6)]
        assert {future.result(timeout=30) for future in ran_on} == {"gpu"}


@pytest.mark.parametrize("workers", [0, -1])
def test_a_senseless_number_of_workers_is_refused(workers: int) -> None:
    """One worker is the least."""
    with pytest.raises(OptionError, match="--workers"), dask_client(workers=workers):
        pass

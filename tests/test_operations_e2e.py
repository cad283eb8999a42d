"""The whole of the compose file, run by hand: every service's very command, one night's run, and what it leaves in the bucket."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import obstore
import pytest
from composed import Composed, ProgramMissingError, postgres_bin, program
from s3_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, S3Server

from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

SHEETS = ("north/well-1", "north/well-2", "well-3")
LOGIN = ("operator", "a-secret")
AUTH = ":".join(LOGIN)
GIVEN = {
    "POSTGRES_PASSWORD": "pg-secret",
    "VALKEY_PASSWORD": "broker-secret",
    "PREFECT_AUTH": AUTH,
    "S3_ACCESS_KEY": ACCESS_KEY_ID,
    "S3_SECRET_KEY": SECRET_ACCESS_KEY,
    "AWS_REGION": REGION,
    "VEERNET_SOURCE": "s3://e2e-scans",
    "VEERNET_OUT": "s3://e2e-logs/las",
    "VEERNET_BY_HAND": "s3://e2e-logs/by-hand",
    "VEERNET_CORES": str(os.cpu_count() or 1),
}
#: Task runs that three sheets leave, as one batch does.
STAGES = ("fetch", "recall", "tile", "segment", "trace", "keep", "publish", "settle")
RUN_S = 120.0


class Prefect:
    """The Prefect API as a browser has it."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str) -> Any:
        """Read something."""
        return self._client.get(path).raise_for_status().json()

    def post(self, path: str, **told: Any) -> Any:
        """Ask for something."""
        return self._client.post(path, json=told).raise_for_status().json()

    def run(self, deployment: str, **parameters: Any) -> dict[str, Any]:
        """Run a deployment, and give its flow run when it has ended."""
        found = self.get(f"/deployments/name/{deployment}")
        run = self.post(f"/deployments/{found['id']}/create_flow_run", parameters=parameters)
        give_up_s = time.monotonic() + RUN_S
        while run["state"]["type"] in ("SCHEDULED", "PENDING", "RUNNING"):
            assert time.monotonic() < give_up_s, f"{deployment} is still {run['state']['name']}"
            time.sleep(0.5)
            run = self.get(f"/flow_runs/{run['id']}")
        return dict(run)


@pytest.fixture(scope="module")
def composed(s3_server: S3Server) -> Iterator[Composed]:
    """Every service but the storage's own and the one that needs a GPU, with three sheets in the bucket and the deployments made."""
    try:
        postgres_bin(), program("valkey-server", "redis-server"), program("valkey-cli", "redis-cli"), program("setpriv")
    except ProgramMissingError as error:
        warnings.warn(f"the compose file is not tested end to end: there is no {error}", stacklevel=1)
        pytest.skip(f"there is no {error}")
    folder = Path(tempfile.mkdtemp(prefix="veernet-e2e-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    try:
        _put_sheets(s3_server, folder / "drawn")
        with Composed(folder, GIVEN, s3_server.url) as services:
            for name in ("postgres", "valkey", "dask-scheduler"):
                services.start(name)
            services.wait_healthy("postgres", "valkey")
            for name in ("prefect-server", "dask-worker"):
                services.start(name)
            services.wait_healthy("prefect-server", "dask-scheduler")
            assert not services.well("prefect-services")  # what listens nowhere is told by its own signs of life alone
            for name in ("prefect-services", "prefect-worker"):
                services.start(name)
            done = services.run("prefect-worker", "veernet", "deploy")
            assert 0 == done.returncode, done.stdout + done.stderr
            services.wait_healthy("prefect-services", "prefect-worker", "dask-worker")
            yield services
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def prefect(composed: Composed) -> Iterator[Prefect]:
    """Its Prefect server."""
    with httpx.Client(base_url=composed.api_url, auth=LOGIN, timeout=30, trust_env=False) as client:
        yield Prefect(client)


def _put_sheets(server: S3Server, folder: Path) -> None:
    for bucket in ("e2e-scans", "e2e-logs"):
        server.make_bucket(bucket)
    for seed, sheet in enumerate(SHEETS):
        recipe = SheetRecipe(seed=seed, top_depth=1000.0, base_depth=1060.0, dpi=100, difficulty=0.1)
        drawn = write_sheet(recipe, folder / str(seed), Path(sheet).name)
        for path in (drawn["scan"], drawn["manifest"]):
            obstore.put(server.client("e2e-scans"), str(Path(sheet).parent / path.name), path.read_bytes())


def _in_bucket(server: S3Server, prefix: str) -> set[str]:
    return {found["path"] for page in obstore.list(server.client("e2e-logs"), prefix=prefix) for found in page}


def test_a_night_puts_every_log_into_the_bucket(composed: Composed, prefect: Prefect, s3_server: S3Server) -> None:
    """By worker, Dask, PostgreSQL and storage; a backfill after it finds all settled, and a sheet by hand has a folder of its own."""
    night = prefect.run("nightly/nightly")
    assert ("COMPLETED", "3 done, 0 set aside, 0 were settled already") == (
        night["state"]["type"],
        night["state"]["message"],
    ), composed.log("prefect-worker")[-3000:]
    logs = {f"las/{sheet}/{Path(sheet).name}.las" for sheet in SHEETS}
    assert logs == {key for key in _in_bucket(s3_server, "las/") if key.endswith(".las")}

    backfill = prefect.run("backfill/backfill", prefix="north/")
    assert ("COMPLETED", "0 done, 0 set aside, 2 were settled already", "low") == (
        backfill["state"]["type"],
        backfill["state"]["message"],
        backfill["work_queue_name"],
    )

    by_hand = prefect.run("digitise/digitise", sources=["s3://e2e-scans/well-3.sheet.yaml"])
    assert "COMPLETED" == by_hand["state"]["type"], by_hand["state"]["message"]
    assert "by-hand/well-3/well-3.las" in _in_bucket(s3_server, "by-hand/")


def test_what_runs_say_of_themselves_goes_through_the_broker(prefect: Prefect) -> None:
    """Task runs reach the database only as events: without a broker between API and services there would be none. And they are few: a stage a batch."""
    prefect.run("nightly/nightly")
    nights = {"flows": {"name": {"any_": ["nightly"]}}, "task_runs": {"state": {"type": {"any_": ["COMPLETED"]}}}}
    give_up_s = time.monotonic() + 30
    while len(found := prefect.post("/task_runs/filter", **nights)) < len(STAGES):
        assert time.monotonic() < give_up_s, f"only {len(found)} task runs were recorded"
        time.sleep(0.5)
    assert sorted(STAGES) == sorted(run["name"].split()[0] for run in found)


def test_deploying_again_changes_nothing(composed: Composed, prefect: Prefect) -> None:
    """A queue that a person has paused stays so."""
    queue = prefect.get("/work_pools/veernet/queues/low")
    httpx.patch(
        f"{composed.api_url}/work_pools/veernet/queues/low",
        json={"is_paused": True},
        auth=LOGIN,
        trust_env=False,
    ).raise_for_status()
    done = composed.run("prefect-worker", "veernet", "deploy")
    assert "made: nothing that was not there" in done.stdout
    again = prefect.get("/work_pools/veernet/queues/low")
    assert (queue["id"], True) == (again["id"], again["is_paused"])


@pytest.mark.fault(70, outcome="told nowhere")
def test_no_secret_is_told_in_a_log(composed: Composed) -> None:
    """Of no service, whatever it was given."""
    secrets = [GIVEN[name] for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD", "S3_SECRET_KEY")]
    told = {log.name: log.read_text(errors="replace") for log in composed.folder.glob("*.log")}
    assert {} == {name: secret for name, text in told.items() for secret in [*secrets, AUTH] if secret in text}
    assert 7 == len(told)


@pytest.mark.fault(69, outcome="a password, required in compose")
def test_a_server_without_the_password_answers_nothing(composed: Composed) -> None:
    """But its health."""
    asked = [
        httpx.get(f"{composed.api_url}{path}", trust_env=False).status_code for path in ("/health", "/admin/version")
    ]
    assert [200, 401] == asked

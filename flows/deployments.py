"""What a Prefect server needs to run archives by itself: a work pool with its queues, the deployments, and an end for runs that died."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import httpx
import yaml
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.exceptions import ObjectAlreadyExists

from flows.server import configured_url
from veernet.errors import OptionError, VeerNetError

#: The file that has the deployments, in the folder where the command is given.
PREFECT_FILE = Path("prefect.yaml")
#: Queues of the pool and their priorities; 1 goes first.
QUEUES = {"high": 1, "low": 10}
#: Runs of the queue ``low`` at one time, unless asked otherwise; fewer than a worker takes, so that ``high`` finds it free.
LOW_AT_ONCE = 2
#: Seconds without a heartbeat after which a run counts as dead: six heartbeats of the least interval, so that a busy server crashes none.
SILENCE_S = 180
#: What deployments are tagged with whose runs are crashed when they fall silent.
HEARTBEAT_TAG = "heartbeat"
ZOMBIES = "veernet: crash runs whose heartbeat has stopped"

_VARIABLE = re.compile(r"\{\{ *\$(\w+) *\}\}")
_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDS = {
    f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed", "Paused", "Suspended")
}


class DeployError(VeerNetError):
    """The server did not take what it was to be given."""

    reason: ClassVar[str] = "deploy"


@dataclass(frozen=True)
class Deployed:
    """What is on the server now.

    Args:
        pool: The work pool.
        made: What had not been there before: pool, queues and automation by name.
        deployments: Names of the deployments, as ``archive/nightly``.
    """

    pool: str
    made: tuple[str, ...]
    deployments: tuple[str, ...]


def deploy(pool: str, low_at_once: int | None = None, file: Path = PREFECT_FILE) -> Deployed:
    """Bring a server to where deployments run by themselves; what is there already stays as a person has set it.

    Args:
        pool: Work pool, made where it is missing.
        low_at_once: Runs of the queue ``low`` at one time; as it is, or ``LOW_AT_ONCE`` in a new queue, unless given.
        file: The deployments.

    Raises:
        OptionError: No server is configured, or there is no such file.
        DeployError: The server refused, or did not answer.
    """
    url = configured_url()
    if url is None:
        raise OptionError(
            "PREFECT_API_URL", "is not set", "set it to the API of the Prefect server, as http://host:4200/api"
        )
    if not file.is_file():
        remedy = "give the command in the folder that has it, or name it with --file"
        raise OptionError(str(file), "there is no such file here", remedy)
    try:
        with get_client(sync_client=True) as client:
            made = [*_make_pool(client, pool), *_make_queues(client, pool, low_at_once), *_make_automation(client)]
            _deploy_all(file, pool)
            deployments = sorted(
                f"{client.read_flow(found.flow_id).name}/{found.name}"
                for found in client.read_deployments()
                if found.work_pool_name == pool
            )
    except httpx.HTTPError as error:
        remedy = "look whether the server runs, and whether PREFECT_API_AUTH_STRING is the server's"
        raise DeployError(url, f"did not take it ({_in_short(error)})", remedy) from None
    return Deployed(pool, tuple(made), tuple(deployments))


def _make_pool(client: SyncPrefectClient, pool: str) -> list[str]:
    try:
        client.create_work_pool(WorkPoolCreate(name=pool, type="process", description="VeerNet's runs, each a process"))
    except ObjectAlreadyExists:
        return []
    return [f"work pool {pool}"]


def _make_queues(client: SyncPrefectClient, pool: str, low_at_once: int | None) -> list[str]:
    there = {queue.name: queue for queue in client.read_work_queues(work_pool_name=pool)}
    made = []
    for name, priority in QUEUES.items():
        limit = (low_at_once or LOW_AT_ONCE) if name == "low" else None
        if name not in there:
            client.create_work_queue(name, priority=priority, concurrency_limit=limit, work_pool_name=pool)
            made.append(f"queue {name}")
        elif name == "low" and low_at_once is not None:
            client.update_work_queue(there[name].id, concurrency_limit=limit)
    return made


def zombie_automation() -> AutomationCore:
    """The automation that gives a run its end when the process that was to tell of it is gone.

    It waits for a run's next heartbeat, or its end, from each heartbeat on, and looks only at runs of our deployments: ``prefect.yaml`` gives these a
    heartbeat every 30 s and a tag. Any other run's default is one in three minutes, which would be silence.
    """
    return AutomationCore(
        name=ZOMBIES,
        description=f"No heartbeat for {SILENCE_S} s: the run's process is gone. What it had settled stays so; run it again.",
        trigger=EventTrigger(
            after={_HEARTBEAT},
            expect={_HEARTBEAT, *_ENDS},
            match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
            match_related=ResourceSpecification(
                {"prefect.resource.role": ["tag"], "prefect.resource.id": [f"prefect.tag.{HEARTBEAT_TAG}"]}
            ),
            for_each={"prefect.resource.id"},
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENCE_S),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=f"no heartbeat for {SILENCE_S} s")],
    )


def _make_automation(client: SyncPrefectClient) -> list[str]:
    if client.read_automations_by_name(ZOMBIES):
        return []
    client.create_automation(zombie_automation())
    return [f"automation {ZOMBIES!r}"]


def _deploy_all(file: Path, pool: str) -> None:
    """Have Prefect itself read the file, so that its own command gives the same.

    What it takes from the environment and is not set there is left out first: Prefect would make an empty text of it.
    """
    told: dict[str, Any] = yaml.safe_load(file.read_text(encoding="utf-8"))
    for deployment in told["deployments"]:
        deployment["work_pool"]["name"] = pool
        deployment["parameters"] = {
            name: value
            for name, value in deployment.get("parameters", {}).items()
            if all(os.environ.get(variable) for variable in _VARIABLE.findall(str(value)))
        }
    with tempfile.TemporaryDirectory(prefix="veernet-deploy-") as folder:
        path = Path(folder) / PREFECT_FILE.name
        path.write_text(yaml.safe_dump(told), encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(path)],
            env={**os.environ, "PREFECT_LOGGING_LEVEL": "ERROR", "NO_COLOR": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        said = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        raise DeployError(str(file), f"was not deployed ({' '.join(said[-3:]) or 'no reason given'})", "correct it")


def _in_short(error: Exception) -> str:
    with suppress(AttributeError):
        return f"HTTP {error.response.status_code}"  # type: ignore[attr-defined]
    return type(error).__name__

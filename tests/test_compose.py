"""The compose file and the Dockerfile, as far as they can be checked without an engine; what they run is run by test_operations_e2e.py."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from composed import BIN, ROOT, environment_of, read_compose
from prefect.settings import get_current_settings
from prefect_redis.client import RedisMessagingSettings

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
#: Every variable that .env must have, filled in.
GIVEN = {name: f"x-{name.lower()}" for name in re.findall(r"\$\{(\w+):\?", COMPOSE.read_text())}
SERVICES: dict[str, Any] = read_compose(GIVEN)["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}

each_service = pytest.mark.parametrize("name", SERVICES)


def test_the_file_is_what_the_compose_specification_allows(tmp_path: Path) -> None:
    """By its schema, with variables filled in and merges resolved; a misspelt key is refused."""

    def judged(told: dict[str, Any]) -> int:
        path = tmp_path / "docker-compose.yml"
        path.write_text(yaml.safe_dump(told))
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode

    told = read_compose(GIVEN)
    assert 0 == judged(told)
    told["services"]["postgres"]["helthcheck"] = {}
    assert 1 == judged(told)


def test_it_has_every_service_of_an_archive() -> None:
    """And only the one that needs a GPU waits to be asked for."""
    assert {
        "postgres", "valkey", "s3", "prefect-server", "prefect-services", "prefect-worker",
        "dask-scheduler", "dask-worker", "dask-gpu-worker",
    } == set(SERVICES)  # fmt: skip
    assert {"dask-gpu-worker": ["gpu"]} == {
        name: service["profiles"] for name, service in SERVICES.items() if "profiles" in service
    }


@each_service
def test_every_service_is_looked_after(name: str) -> None:
    """A health check that is tried more than once, a new start after an end, limits, logs that do not fill the disk."""
    service = SERVICES[name]
    assert {"test", "interval", "timeout", "retries"} <= set(service["healthcheck"])
    assert "unless-stopped" == service["restart"]
    assert {"cpus", "memory"} == set(service["deploy"]["resources"]["limits"])
    assert {"max-size", "max-file"} == set(service["logging"]["options"])


@each_service
def test_every_image_is_one_version(name: str) -> None:
    """Three numbers, or a version of ours: what is started on Monday is what was started on Friday."""
    image = SERVICES[name]["image"]
    assert re.search(r":v?\d+\.\d+(\.\d+)?(-[a-z]+[\d.]*)?$", image), image
    assert "latest" not in image


@pytest.mark.fault(69, outcome="loopback")
@each_service
def test_every_port_is_on_the_loopback_interface(name: str) -> None:
    """A Dask scheduler that others reach runs whatever they send it."""
    assert [] == [port for port in SERVICES[name].get("ports", []) if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)]


@each_service
def test_every_volume_is_named_and_every_service_waited_for_is_there(name: str) -> None:
    """Or the engine would refuse the file, or keep data in a folder nobody knows."""
    service = SERVICES[name]
    assert {mount.split(":")[0] for mount in service.get("volumes", [])} <= set(read_compose(GIVEN)["volumes"])
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert {"service_healthy"} >= {told["condition"] for told in service.get("depends_on", {}).values()}


@pytest.mark.parametrize("name", OURS)
def test_every_command_of_our_image_exists(name: str) -> None:
    """With the options that it is given: its help is asked for with all of them."""
    program, *arguments = SERVICES[name]["command"]
    assert (BIN / program).exists()
    asked = [str(BIN / program), *arguments, "--help"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    options = [argument for argument in arguments if argument.startswith("--")]
    assert [] == [option for option in options if option not in done.stdout]


@pytest.mark.parametrize("name", OURS)
def test_services_of_ours_have_no_more_rights_than_they_need(name: str) -> None:
    """Not root, no capability, none to be had."""
    assert ["ALL"] == OURS[name]["cap_drop"]
    assert ["no-new-privileges:true"] == OURS[name]["security_opt"]
    assert "user" not in OURS[name]


@each_service
def test_every_setting_is_one_that_prefect_knows(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Prefect ignores a variable it does not know, and the database would grow for ever."""
    for key, value in environment_of(SERVICES[name]).items():
        if key.startswith("PREFECT_"):
            monkeypatch.setenv(key, value)
    read = type(get_current_settings())().to_environment_variables(exclude_unset=True)
    known = {
        *read,
        *_aliases(),
        *(f"PREFECT_REDIS_MESSAGING_{field.upper()}" for field in RedisMessagingSettings.model_fields),
    }
    assert set() == {key for key in environment_of(SERVICES[name]) if key.startswith("PREFECT_")} - known


def _aliases() -> set[str]:
    return {"PREFECT_MESSAGING_BROKER", "PREFECT_MESSAGING_CACHE"}


def test_the_server_forgets_what_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs with all that is theirs after 30 days, events after two."""
    for key, value in environment_of(SERVICES["prefect-services"]).items():
        monkeypatch.setenv(key, value)
    server = type(get_current_settings())().server
    assert {"events", "flow_runs", "orphans"} == server.services.db_vacuum.enabled_vacuum_types
    assert (30, 2) == (server.services.db_vacuum.retention_period.days, server.events.retention_period.days)


def test_api_and_services_share_database_and_broker() -> None:
    """Two processes with a broker each lose every event, and with it every task run."""
    server, services = (environment_of(SERVICES[name]) for name in ("prefect-server", "prefect-services"))
    assert services == {key: value for key, value in server.items() if key != "PREFECT_SERVER_UI_API_URL"}
    assert "--no-services" in SERVICES["prefect-server"]["command"]


def test_no_secret_stands_in_a_file_that_is_kept() -> None:
    """What must be given has no default in the compose file and no value in the example."""
    assert set(GIVEN) <= set(re.findall(r"^#?(\w+)=", EXAMPLE, re.MULTILINE))
    secret = r"^(\w*(?:PASSWORD|AUTH|KEY))=(.*)$"
    assert {"POSTGRES_PASSWORD", "VALKEY_PASSWORD", "PREFECT_AUTH", "S3_ACCESS_KEY", "S3_SECRET_KEY"} == {
        name for name, value in re.findall(secret, EXAMPLE, re.MULTILINE) if not value
    }
    for name, service in SERVICES.items():
        for key, value in environment_of(service).items():
            if re.search(r"PASSWORD|AUTH|SECRET|ACCESS_KEY", key):
                assert "x-" in value, f"{name} has {key} from elsewhere than .env"


def test_the_image_is_small_and_not_root() -> None:
    """Two stages from one pinned slim image, wheels alone, no compiler, what was locked; services bring their own health checks."""
    assert re.search(r"ARG PYTHON=3\.11\.\d+-slim", DOCKERFILE)
    assert ["build"] == re.findall(r"^FROM python:\$\{PYTHON\} AS (\w+)$", DOCKERFILE, re.MULTILINE)
    final = DOCKERFILE.rpartition("\nFROM ")[2]
    assert re.search(r"^USER (?!root)\w+$", final, re.MULTILINE)
    assert "pip install" not in final
    assert "--only-binary :all: --constraint requirements.lock" in DOCKERFILE
    assert not re.search(r"HEALTHCHECK|gcc|build-essential|:latest", DOCKERFILE)


def test_all_that_the_image_copies_is_there_and_not_ignored() -> None:
    """The context holds nothing else: no data, no .env, no environment of this machine."""
    copied = [
        source
        for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.MULTILINE)
        for source in re.sub(r"--\S+ ", "", line).split()[:-1]
    ]
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert [] == [source for source in copied if not (ROOT / source).exists()]
    assert set(copied) == allowed

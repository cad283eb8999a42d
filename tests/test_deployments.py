"""Deployments on a real Prefect server: what `veernet deploy` makes, what a backfill takes, and whom it lets go first."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.flows import load_flow_from_entrypoint
from prefect.states import Completed, Pending, Running, Scheduled
from prefect.utilities.callables import parameter_schema

import flows.giving_way
from flows.archive_plan import Plan
from flows.backfill_plan import BackfillPlan, Choice
from flows.deployments import SILENCE_S, ZOMBIES, deploy
from flows.giving_way import GivingWay, why_wait
from veernet import storage
from veernet.archive.keys import Shaping
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import ListedSheet
from veernet.errors import OptionError, VeerNetError
from veernet.review.record import SheetRecord
from veernet.storage import StoredObject

ROOT = Path(__file__).parents[1]
PREFECT_FILE = ROOT / "prefect.yaml"
DEPLOYMENTS: dict[str, Any] = {told["name"]: told for told in yaml.safe_load(PREFECT_FILE.read_text())["deployments"]}
POOL = "a-pool"
SHAPING = Shaping("0" * 64)
LOGGER = logging.getLogger("test")
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def client(prefect_url: str) -> Iterator[SyncPrefectClient]:
    """Of a server on which everything has been deployed."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("VEERNET_SOURCE", "s3://scans")
        environment.delenv("VEERNET_DASK", raising=False)
        done = deploy(POOL, file=PREFECT_FILE)
    assert (f"work pool {POOL}", "queue high", "queue low", f"automation {ZOMBIES!r}") == done.made
    assert ("backfill/backfill", "digitise/digitise", "nightly/nightly") == done.deployments
    with get_client(sync_client=True) as client:
        yield client


def _run(client: SyncPrefectClient, deployment: str, state: Any) -> FlowRun:
    found = client.read_deployment_by_name(deployment)
    return client.create_flow_run_from_deployment(found.id, parameters={"source": "a", "out": "b"}, state=state)


def test_nightly_runs_by_itself_in_the_queue_that_goes_first(client: SyncPrefectClient) -> None:
    """And never twice at a time; the backfill waits in a queue of its own, of which so many runs go at once."""
    nightly = client.read_deployment_by_name("nightly/nightly")
    assert (POOL, "high", False, 1) == (
        nightly.work_pool_name,
        nightly.work_queue_name,
        nightly.paused,
        nightly.global_concurrency_limit.limit if nightly.global_concurrency_limit else None,
    )
    assert [("0 2 * * *", True)] == [(told.schedule.cron, told.active) for told in nightly.schedules]
    assert "low" == client.read_deployment_by_name("backfill/backfill").work_queue_name
    queues = {queue.name: queue for queue in client.read_work_queues(work_pool_name=POOL)}
    assert queues["high"].priority < queues["low"].priority
    assert (None, 2) == (queues["high"].concurrency_limit, queues["low"].concurrency_limit)


def test_what_the_environment_does_not_say_is_left_to_the_flow(client: SyncPrefectClient) -> None:
    """Rather than standing there as a placeholder."""
    assert {"source": "s3://scans"} == client.read_deployment_by_name("nightly/nightly").parameters


def test_prefect_s_own_command_gives_the_same(
    client: SyncPrefectClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Once the work pool is there and every variable is set."""
    for name in ("SOURCE", "OUT", "DASK", "WORK", "BY_HAND"):
        monkeypatch.setenv(f"VEERNET_{name}", f"a-{name.lower()}")
    file = tmp_path / "prefect.yaml"
    file.write_text(PREFECT_FILE.read_text().replace("name: veernet,", f"name: {POOL},"))
    before = {deployment.id for deployment in client.read_deployments()}
    command = [sys.executable, "-m", "prefect", "--no-prompt", "deploy", "--all", "--prefect-file", str(file)]
    assert 0 == subprocess.run(command, capture_output=True, check=False).returncode
    place = {"source": "a-source", "out": "a-out", "dask": "a-dask", "work": "a-work"}
    assert place == client.read_deployment_by_name("backfill/backfill").parameters
    assert before == {deployment.id for deployment in client.read_deployments()}


def test_deploying_again_makes_nothing_and_leaves_what_a_person_set(client: SyncPrefectClient) -> None:
    """But for a number that is given."""
    low = client.read_work_queue_by_name("low", work_pool_name=POOL)
    client.update_work_queue(low.id, is_paused=True, priority=7)
    assert () == deploy(POOL, file=PREFECT_FILE).made
    assert () == deploy(POOL, 5, PREFECT_FILE).made
    again = client.read_work_queue_by_name("low", work_pool_name=POOL)
    assert (True, 7, 5) == (again.is_paused, again.priority, again.concurrency_limit)
    client.update_work_queue(low.id, is_paused=False)


@pytest.mark.fault(28, outcome="the stale run is marked crashed")
def test_a_run_that_falls_silent_is_crashed(client: SyncPrefectClient) -> None:
    """The automation waits from each heartbeat on, for several of the next."""
    [automation] = client.read_automations_by_name(ZOMBIES)
    assert automation.enabled
    assert {"prefect.flow-run.heartbeat"} == automation.trigger.after
    assert {"prefect.flow-run.heartbeat", "prefect.flow-run.Crashed"} < automation.trigger.expect
    assert timedelta(seconds=SILENCE_S) == automation.trigger.within
    assert ["prefect.tag.heartbeat"] == automation.trigger.match_related["prefect.resource.id"]
    assert ["CRASHED"] == [action.state.value for action in automation.actions]


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_form_of_every_deployment_explains_its_fields(name: str) -> None:
    """Each parameter has a description, and what the file sets is a parameter."""
    told = DEPLOYMENTS[name]
    flow = load_flow_from_entrypoint(told["entrypoint"])
    fields = parameter_schema(flow).properties
    assert [] == [field for field, about in fields.items() if not about.get("description")]
    assert set(told["parameters"]) <= set(fields)
    assert name == flow.name


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_deployment_s_runs_give_signs_of_life_often_enough_for_the_automation(name: str) -> None:
    """Six in the time after which it takes a run for dead; a run without the tag is left alone, whatever its rhythm is."""
    assert "heartbeat" in DEPLOYMENTS[name]["tags"]
    every_s = int(DEPLOYMENTS[name]["work_pool"]["job_variables"]["env"]["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"])
    assert SILENCE_S / 6 >= every_s


def test_deploying_nowhere_says_what_to_set(prefect_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No server, no file, a server that is not there, a file with a flow that is not: each in one sentence."""
    with pytest.raises(OptionError, match=r"nothing\.yaml: there is no such file"):
        deploy(POOL, file=tmp_path / "nothing.yaml")
    broken = tmp_path / "prefect.yaml"
    broken.write_text(PREFECT_FILE.read_text().replace("flows.backfill.backfill", "flows.backfill.nothing"))
    with pytest.raises(VeerNetError, match="was not deployed"):
        deploy(POOL, file=broken)
    monkeypatch.setattr("flows.deployments.configured_url", lambda: None)
    with pytest.raises(OptionError, match="PREFECT_API_URL: is not set"):
        deploy(POOL, file=PREFECT_FILE)


def test_a_backfill_waits_for_runs_of_higher_priority_alone(client: SyncPrefectClient) -> None:
    """While they are under way; not for its like, nor for a run that is only planned; and nightly waits for nobody."""
    own = _run(client, "backfill/backfill", Running())
    _run(client, "backfill/backfill", Running())
    _run(client, "nightly/nightly", Scheduled())
    assert "" == why_wait(own.id)
    nightly = _run(client, "nightly/nightly", Pending())
    assert "comes first" in why_wait(own.id)
    assert "" == why_wait(nightly.id)
    client.set_flow_run_state(nightly.id, Completed(), force=True)
    assert "" == why_wait(own.id)


def test_a_paused_queue_holds_the_run_that_is_under_way(client: SyncPrefectClient) -> None:
    """Prefect itself would only let no other run begin."""
    own = _run(client, "backfill/backfill", Running())
    low = client.read_work_queue_by_name("low", work_pool_name=POOL)
    client.update_work_queue(low.id, is_paused=True)
    assert "the work queue low is paused" == why_wait(own.id)
    client.update_work_queue(low.id, is_paused=False)
    assert "" == why_wait(own.id)


def test_a_run_that_came_from_no_queue_waits_for_nothing(client: SyncPrefectClient) -> None:
    """As one that a person starts on a terminal."""
    flow = load_flow_from_entrypoint("flows.backfill.backfill")
    assert "" == why_wait(client.create_flow_run(flow, parameters={"source": "a", "out": "b"}).id)


def test_giving_way_says_why_once_and_asks_seldom(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A million sheets are handed over; the server is not asked a million times, and one that is down holds nobody up."""
    reasons = iter(["a comes first", "a comes first", "b comes first", ""])
    clock = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(flows.giving_way.time, "monotonic", lambda: clock.now_s)
    monkeypatch.setattr(flows.giving_way.time, "sleep", lambda seconds: setattr(clock, "now_s", clock.now_s + seconds))
    wait = GivingWay(lambda: next(reasons), LOGGER)
    with caplog.at_level(logging.INFO):
        for _ in range(1000):
            wait()
    assert ["waiting: a comes first", "waiting: b comes first", "going on"] == caplog.messages
    assert 3 * flows.giving_way.LOOK_S == clock.now_s
    clock.now_s += flows.giving_way.LOOK_S

    def refuse() -> str:
        raise httpx.ConnectError("nobody is there")

    GivingWay(refuse, LOGGER)()


@given(st.lists(st.text("abc/ -", min_size=1), unique=True), st.integers(1, 7))
def test_shares_have_no_sheet_in_common_and_leave_none_out(names: list[str], parts: int) -> None:
    """Whatever the names are."""
    sheets = [ListedSheet(name) for name in names]
    shares = [{s.name for s in sheets if Choice(share=f"{k}/{parts}").takes(s)} for k in range(1, parts + 1)]
    assert sorted(names) == sorted(name for share in shares for name in share)


@pytest.mark.parametrize("share", ["", "0/2", "3/2", "1/0", "1", "a/b", "1/2/3"])
def test_a_share_that_is_none_is_refused(share: str) -> None:
    """Rather than leaving sheets out in silence."""
    with pytest.raises(OptionError, match="share"):
        Choice(share=share).check(None)


@pytest.mark.parametrize("limit", [None, 100_001])
def test_an_order_that_would_hold_the_archive_in_memory_is_refused(limit: int | None) -> None:
    """The archive's own order takes no memory."""
    with pytest.raises(OptionError, match="order: is 'newest'"):
        Choice(order="newest").check(limit)
    Choice(order="newest").check(100_000)
    Choice().check(limit)


def test_days_in_the_wrong_order_are_refused() -> None:
    """They would take nothing."""
    with pytest.raises(OptionError, match="first_day"):
        Choice(first_day=date(2026, 2, 1), last_day=date(2026, 1, 1)).check(None)


def test_days_count_whole_in_utc_and_the_newest_object_decides() -> None:
    """A corrected manifest makes an old scan new."""
    day = date(2026, 3, 4)
    midnight_s = datetime(2026, 3, 4, tzinfo=UTC).timestamp()

    def taken(*written_s: float) -> bool:
        objects = [StoredObject(f"a{index}", 1, "e", at) for index, at in enumerate(written_s)]
        sheet = ListedSheet("a", manifests=objects[:1], scans=objects[1:])
        return Choice(first_day=day, last_day=day).takes(sheet)

    assert [False, True, True, False] == [taken(midnight_s + s) for s in (-1, 0, 86_399, 86_400)]
    assert taken(midnight_s, 0.0)
    assert not taken(midnight_s, midnight_s + 86_400)


@pytest.fixture
def wide(tmp_path: Path) -> Plan:
    """An archive of five sheets, written a day apart, d first; the last one, c, has a result of other weights from today."""
    scans = tmp_path / "scans"
    scans.mkdir()
    for days, name in enumerate("dbaec"):
        for suffix in (".sheet.yaml", ".tif"):
            path = scans / f"{name}{suffix}"
            path.write_text(name)
            _touch(path, 10 - days)
    ledger = Ledger(storage.resolve(tmp_path / "out"))
    entry = Entry(1, "1" * 32, "done", "2" * 32)
    ledger.commit("c", entry, SheetRecord(sheet="c", status="done"))
    return Plan(storage.resolve(scans), ledger, SHAPING, None, "", None, 100)


def _touch(path: Path, days_ago: int) -> None:
    at = (datetime.now(UTC) - timedelta(days=days_ago)).timestamp()
    os.utime(path, (at, at))


def _names(wide: Plan, choice: Choice, limit: int | None = None) -> str:
    narrowed = BackfillPlan.narrowed(replace(wide, limit=limit), choice, lambda: None)
    names = "".join(sheet.name for sheet in narrowed.sheets())
    assert len(names) == narrowed.to_do(narrowed.standing())  # what the progress bar counts to
    return names


def test_a_backfill_takes_what_was_chosen_in_the_order_that_was_asked_for(wide: Plan) -> None:
    """By name, by time, by day, and no more than the limit."""
    assert "abcde" == _names(wide, Choice())
    assert "ab" == _names(wide, Choice(), 2)
    assert "cea" == _names(wide, Choice(order="newest"), 3)
    assert "db" == _names(wide, Choice(order="oldest"), 2)
    assert "bd" == _names(wide, Choice(last_day=TODAY - timedelta(days=9)))
    assert "ce" == _names(wide, Choice(first_day=TODAY - timedelta(days=7)))


def test_a_backfill_of_old_results_leaves_those_without_one(wide: Plan) -> None:
    """And those made since."""
    assert "" == _names(wide, Choice(made_before=TODAY))
    assert "c" == _names(wide, Choice(made_before=TODAY + timedelta(days=1)))


def test_a_run_is_held_between_any_two_sheets(wide: Plan) -> None:
    """Each is handed over only when the run may go on."""
    told: list[str] = []
    narrowed = BackfillPlan.narrowed(wide, Choice(), lambda: told.append("asked"))
    told.extend(sheet.name for sheet in narrowed.sheets())
    assert ["asked", "a", "asked", "b", "asked", "c", "asked", "d", "asked", "e"] == told

"""The database of a run's own Prefect server: its tables are made once for a user and never stand in the way of a start, and many may write at once."""

from __future__ import annotations

import sqlite3
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from flows.server import PrefectServer
from flows.server_process import kept_tables, put_tables


@pytest.fixture(autouse=True)
def _unconfigured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    monkeypatch.setattr("flows.server.configured_url", lambda: None)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def _tables(database: Path) -> set[str]:
    with closing(sqlite3.connect(database)) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_damaged_tables_are_made_again_by_the_server_that_meets_them() -> None:
    """It starts all the same, and the next one finds them whole."""
    kept = kept_tables()
    kept.parent.mkdir()
    kept.write_bytes(b"SQLite format 3\0" + bytes(5000))
    with PrefectServer() as server:
        server.wait_ready()
    assert {"flow_run", "task_run", "artifact"} <= _tables(kept)
    assert [kept] == list(kept.parent.iterdir())


def test_a_run_begins_with_a_copy_of_what_is_kept(tmp_path: Path) -> None:
    """And leaves what is kept as it is."""
    kept, database = tmp_path / "kept.db", tmp_path / "prefect.db"
    with closing(sqlite3.connect(kept)) as connection:
        connection.execute("CREATE TABLE flow_run (id)")
    before = kept.read_bytes()
    put_tables(database, kept)
    assert ({"flow_run"}, before) == (_tables(database), kept.read_bytes())


@pytest.mark.fault(32, outcome="done")
def test_whoever_writes_while_others_do_is_served_and_not_refused() -> None:
    """SQLite has one lock for writing; Prefect's own way to it refuses one call in ten of four clients, with 503."""
    state = {"type": "RUNNING"}
    with PrefectServer() as server:
        url = server.wait_ready()
        with httpx.Client(base_url=url, timeout=60, trust_env=False) as api:
            flow = api.post("/flows/", json={"name": "a"}).raise_for_status().json()["id"]

            def make(number: int) -> int:
                run = {"flow_id": flow, "name": str(number), "state": state}
                return api.post("/flow_runs/", json=run).status_code

            with ThreadPoolExecutor(8) as threads:
                answers = Counter(threads.map(make, range(160)))
    assert {201: 160} == answers

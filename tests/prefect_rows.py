"""All that Prefect's API shows of what ran."""

from collections.abc import Iterator

import httpx


def all_rows(prefect_url: str) -> dict[str, str]:
    """Every row that the Prefect API shows of runs, tasks, logs, artifacts and events, whatever else the server was asked to do before: it shows a page at a time."""
    with httpx.Client(base_url=prefect_url, timeout=30, trust_env=False) as api:
        pages = {kind: list(_pages(api, kind)) for kind in ("flow_runs", "task_runs", "logs", "artifacts", "variables")}
        runs = [run["id"] for page in pages["flow_runs"] for run in page.json()]
        pages["flow_run_states"] = [api.get("/flow_run_states/", params={"flow_run_id": run}) for run in runs]
        pages["events"] = list(_pages_of_events(api))
        return {kind: "".join(page.raise_for_status().text for page in of_kind) for kind, of_kind in pages.items()}


def _pages(api: httpx.Client, kind: str) -> Iterator[httpx.Response]:
    offset, found = 0, -1
    while found:
        page = api.post(f"/{kind}/filter", json={"offset": offset}).raise_for_status()
        found = len(page.json())
        offset += found
        yield page


def _pages_of_events(api: httpx.Client) -> Iterator[httpx.Response]:
    page = api.post("/events/filter", json={}).raise_for_status()
    yield page
    while following := page.json()["next_page"]:
        page = api.get(following).raise_for_status()
        yield page

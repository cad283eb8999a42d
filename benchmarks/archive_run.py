"""What an archive run costs, with every service of the compose file as a process: ``python benchmarks/archive_run.py --sheets 200``.

Small sheets lie in a bucket of a real S3 server, two Dask workers compute, Prefect's server keeps its books in PostgreSQL. ``veernet archive`` runs
over them twice. Told are time, processor time and memory of every process, and rows of every table. ``--night 20`` does something else: it starts
the deployment *backfill* over the sheets, lets *nightly* come with so many new ones in its middle, and tells from the ledger who was done when.

A sheet's share of ``wall time x cores`` falls into what the Dask workers compute, what the storage takes, bookkeeping (the run's own process with the
LAS files that it writes, Dask's scheduler and nannies, Prefect's server and services, database and broker), and the rest: cores that idled, or worked
for others. Overhead is bookkeeping; counted between two moments at which all places are taken, it leaves out what a run costs once. What services
take at rest, while nobody asks anything of them, is told beside it: it goes by the hour, not by the sheet.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import obstore
from rasterio.errors import NotGeoreferencedWarning

sys.path.insert(0, str(Path(__file__).parents[1]))  # run by its path, it sees its own folder alone
sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from composed import BIN, Composed
from s3_server import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, S3Server

from benchmarks.database import database_rows
from benchmarks.meter import Meter, Sample
from benchmarks.sheets import Paper, archive
from benchmarks.sizes import SMALL_DPI, SMALL_ROWS

SCANS, LOGS = "bench-scans", "bench-logs"
LOGIN = ("operator", "a-secret")
GIVEN = {
    "POSTGRES_PASSWORD": "pg-secret",
    "VALKEY_PASSWORD": "broker-secret",
    "PREFECT_AUTH": ":".join(LOGIN),
    "S3_ACCESS_KEY": ACCESS_KEY_ID,
    "S3_SECRET_KEY": SECRET_ACCESS_KEY,
    "AWS_REGION": REGION,
    "VEERNET_SOURCE": f"s3://{SCANS}",
    "VEERNET_OUT": f"s3://{LOGS}/las",
    "VEERNET_BY_HAND": f"s3://{LOGS}/by-hand",
    "VEERNET_CORES": "1",
}
WORKERS = 2
#: Seconds in which what is told of a run reaches the database.
SETTLING_S = 10.0
#: Seconds in which services are watched that nobody asks anything of.
AT_REST_S = 15.0
#: Sheets that can be on their way at one time.
IN_FLIGHT = 48
LATE = datetime.max.replace(tzinfo=UTC)
SERVICES = ("postgres", "valkey", "prefect-server", "prefect-services", "dask-scheduler", "dask-worker")


def put_sheets(server: S3Server, cache: Path, folder: str, count: int) -> None:
    """Put sheets into the bucket, no two of one content."""
    store = server.client(SCANS)
    with tempfile.TemporaryDirectory(prefix="veernet-bench-") as near:
        archive(cache, Path(near), Paper(SMALL_ROWS, SMALL_DPI), count, folder)
        for number, manifest in enumerate(sorted(Path(near).glob("*.sheet.yaml"))):
            stem = manifest.name.removesuffix(".sheet.yaml")
            key = f"{folder}/f{number // 50:03d}/{stem}"
            obstore.put(store, f"{key}.tif", manifest.with_name(f"{stem}.tif").read_bytes())
            obstore.put(store, f"{key}.sheet.yaml", manifest.read_bytes())


@contextmanager
def services(server: S3Server, *, worker: bool) -> Iterator[Composed]:
    """Run what stands behind an archive run; with ``worker`` what takes runs from queues, too."""
    folder = Path(tempfile.mkdtemp(prefix="veernet-bench-"))
    folder.chmod(0o755)  # PostgreSQL runs as a user of its own
    try:
        with Composed(folder, GIVEN, server.url) as composed:
            dask = composed.services["dask-worker"]["command"]
            dask[dask.index("--nworkers") + 1] = str(WORKERS)
            dask[dask.index("--dashboard-address") :] = ["--no-dashboard"]
            for names in (("postgres", "valkey", "dask-scheduler"), ("prefect-server", "dask-worker")):
                for name in names:
                    composed.start(name)
                composed.wait_healthy(*(name for name in names if name != "dask-worker"))
            composed.start("prefect-services")
            if worker:
                composed.run("prefect-worker", "veernet", "deploy").check_returncode()
                composed.start("prefect-worker")
            composed.wait_healthy("prefect-services", *(["prefect-worker"] if worker else []))
            yield composed
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class Prefect:
    """The Prefect API, as far as it is asked."""

    def __init__(self, composed: Composed) -> None:
        self._client = httpx.Client(base_url=composed.api_url, auth=LOGIN, timeout=30, trust_env=False)

    def post(self, path: str, **told: Any) -> Any:
        """Ask for something."""
        return self._client.post(path, json=told).raise_for_status().json()

    def get(self, path: str) -> Any:
        """Read something."""
        return self._client.get(path).raise_for_status().json()

    def begin(self, deployment: str, **parameters: Any) -> str:
        """Have a deployment run; gives the id of its run."""
        found = self.get(f"/deployments/name/{deployment}")
        return str(self.post(f"/deployments/{found['id']}/create_flow_run", parameters=parameters)["id"])

    def ended(self, run: str) -> str:
        """Wait for a run; tells how it ended."""
        while (state := self.get(f"/flow_runs/{run}")["state"])["type"] in ("SCHEDULED", "PENDING", "RUNNING"):
            time.sleep(2)
        return f"{state['name']}, {state['message']}"

    def share_done(self) -> float:
        """How far the run is that began last, 0 to 1, as its progress artifact says."""
        wanted = {"key": {"any_": ["archive-progress"]}}
        found = self.post("/artifacts/filter", artifacts=wanted, sort="CREATED_DESC", limit=1)
        return float(found[0]["data"]) / 100 if found else 0.0


def in_bucket(server: S3Server, prefix: str) -> list[tuple[str, datetime]]:
    """Keys of the destination, and when each was written."""
    pages = obstore.list(server.client(LOGS), prefix=prefix)
    return [(found["path"], found["last_modified"]) for page in pages for found in page]


def start_archive(composed: Composed) -> subprocess.Popen[bytes]:
    """Start ``veernet archive`` over the bucket."""
    command = [BIN / "veernet", "archive", f"s3://{SCANS}/years", "--out", GIVEN["VEERNET_OUT"]]
    placed = ["--dask", f"tls://127.0.0.1:{composed.ports['scheduler']}", "--work", str(composed.folder / "work")]
    return subprocess.Popen([*command, *placed], env=composed.environment("prefect-worker"), cwd=composed.folder)


def archive_twice(server: S3Server, composed: Composed, sheets: int) -> Iterator[str]:
    """Run over the sheets, and again; tell what it cost."""
    url = composed.environment("prefect-server")["PREFECT_SERVER_DATABASE_CONNECTION_URL"].replace("+asyncpg", "")
    standing = {"s3": server.pid, **{name: composed.pid(name) for name in SERVICES}}
    at_rest = idling(standing)
    prefect, before, started_s = Prefect(composed), database_rows(url), time.monotonic()
    run = start_archive(composed)
    with Meter({"run": run.pid, **standing}, lambda: round(prefect.share_done() * sheets)) as meter:
        codes = [run.wait()]
        wall_s = time.monotonic() - started_s
        time.sleep(SETTLING_S)
        after = database_rows(url)
    started_s = time.monotonic()
    codes.append(start_archive(composed).wait())
    again_s = time.monotonic() - started_s
    logs = sum(key.endswith(".las") for key, _ in in_bucket(server, "las/"))
    yield f"{sheets} sheets, {logs} LAS files, exit codes {codes[0]} and {codes[1]}"
    yield f"wall {wall_s:.1f} s, {wall_s / sheets:.3f} s a sheet; the second run took {again_s:.1f} s"
    going = [sample for sample in meter.samples if "run" in sample.memory_mb]
    yield from costs(going, sheets, at_rest)
    yield from memory(going)
    rows = {name: after[name] - before.get(name, 0) for name in after}
    yield "\n| rows of | in all | a sheet |\n|---|---|---|"
    for name, count in sorted(rows.items(), key=lambda row: -row[1]):
        if count > 0:
            yield f"| {name} | {count} | {count / sheets:.2f} |"
    yield f"| all tables | {sum(rows.values())} | {sum(rows.values()) / sheets:.2f} |"


def idling(standing: Mapping[str, int]) -> dict[str, float]:
    """Processor seconds a second that services take when nobody asks anything of them: polling, signs of life."""
    meter = Meter(standing, lambda: 0)
    first = meter.look()
    time.sleep(AT_REST_S)
    last = meter.look()
    return {name: (used - first.cpu_s[name]) / (last.at_s - first.at_s) for name, used in last.cpu_s.items()}


def costs(samples: list[Sample], sheets: int, at_rest: Mapping[str, float]) -> Iterator[str]:
    """Processor time a sheet by process: of the whole run, of its middle, and what of the latter goes on without sheets, too."""
    first, last = samples[0], samples[-1]
    begun = next(sample for sample in samples if sample.settled >= min(sheets, IN_FLIGHT))
    ended = next(sample for sample in samples if sample.settled >= max(begun.settled, sheets - IN_FLIGHT))
    spans = [(first, last, sheets), (begun, ended, max(1, ended.settled - begun.settled))]
    cores = os.cpu_count() or 1
    yield f"\n| ms of processor a sheet | whole run | steady ({spans[1][2]} sheets) | at rest |\n|---|---|---|---|"
    share = np.array([1e3 * cores * (end.at_s - start.at_s) / count for start, end, count in spans])
    totals = {kind: np.zeros(3) for kind in ("compute", "storage", "bookkeeping")}
    for name in sorted(last.cpu_s):
        used = np.array([1e3 * (end.cpu_s[name] - start.cpu_s.get(name, 0.0)) / count for start, end, count in spans])
        if name == "run":
            used[0] = 1e3 * last.cpu_s[name] / sheets  # it began with nothing
        used = np.append(used, at_rest.get(name, 0.0) * share[1] / cores)
        kind = "compute" if name.startswith("dask-worker") else "storage" if name == "s3" else "bookkeeping"
        totals[kind] += used
        yield f"| {name} | {used[0]:.1f} | {used[1]:.1f} | {used[2]:.1f} |"
    rest = share - np.sum(list(totals.values()), axis=0)[:2]
    for kind, used in totals.items():
        yield f"| **{kind}** | {used[0]:.1f} | {used[1]:.1f} | {used[2]:.1f} |"
    for kind, used in {"idle, or others": rest, f"wall x {cores} cores": share}.items():
        yield f"| **{kind}** | {used[0]:.1f} | {used[1]:.1f} | |"


def memory(samples: list[Sample]) -> Iterator[str]:
    """Memory of every process by sheets settled."""
    last = samples[-1].settled
    marks = sorted({mark for mark in (1, 50, *range(100, last, max(100, last // 800 * 100)), last) if mark <= last})
    at = {mark: next(sample for sample in samples if sample.settled >= mark) for mark in marks}
    yield f"\n| MB at sheet | {' | '.join(map(str, at))} |\n|---|{'---|' * len(at)}"
    for name in sorted(samples[-1].memory_mb):
        yield f"| {name} | {' | '.join(f'{sample.memory_mb.get(name, 0):.0f}' for sample in at.values())} |"


def a_night(server: S3Server, composed: Composed, cache: Path, sheets: int) -> Iterator[str]:
    """Let *nightly* come for sheets of its own when *backfill* has settled its first; tell who was done when."""
    prefect = Prefect(composed)
    put_sheets(server, cache, "tonight", sheets)
    backfill = prefect.begin("backfill/backfill", prefix="years/")
    while not prefect.share_done():
        time.sleep(0.5)
    came = datetime.now(UTC)
    nightly = prefect.begin("nightly/nightly", prefix="tonight/")
    states = {name: prefect.ended(run) for name, run in (("nightly", nightly), ("backfill", backfill))}
    entered = {"tonight": [], "years": []}
    for key, when in in_bucket(server, "las/.veernet/ledger/"):
        entered[key.split("/")[3]].append(when)
    night, years = sorted(entered["tonight"]), sorted(entered["years"])
    parts = [sum(start <= when < end for when in years) for start, end in pairwise((years[0], came, night[-1], LATE))]
    yield f"nightly: {states['nightly']}; its {len(night)} sheets were entered {_after(came, night)} s after it came"
    yield f"backfill: {states['backfill']}; entered before nightly came {parts[0]}, until its last sheet {parts[1]}, after {parts[2]}"
    yield f"the last of the backfill's {(years[-1] - night[-1]).total_seconds():.0f} s after the last of the night's"


def _after(came: datetime, when: list[datetime]) -> str:
    return f"{(when[0] - came).total_seconds():.0f} to {(when[-1] - came).total_seconds():.0f}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=200, help="sheets of the archive")
    parser.add_argument("--night", type=int, default=0, help="sheets of a night that comes in the middle of a backfill")
    parser.add_argument("--cache", type=Path, default=Path("build/bench/sheets"), help="folder of the drawn sheets")
    options = parser.parse_args()
    options.cache.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # no scan has a place on earth
    with tempfile.TemporaryDirectory(prefix="veernet-bench-s3-") as folder, S3Server(Path(folder)) as server:
        for bucket in (SCANS, LOGS):
            server.make_bucket(bucket)
        put_sheets(server, options.cache, "years", options.sheets)
        with services(server, worker=bool(options.night)) as composed:
            told = (
                a_night(server, composed, options.cache, options.night)
                if options.night
                else archive_twice(server, composed, options.sheets)
            )
            for line in told:
                print(line, flush=True)  # noqa: T201


if __name__ == "__main__":
    main()

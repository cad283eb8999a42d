"""``python -m benchmarks [--size SIZE] [--only PART ...]``: measure, report, and say what got worse than the committed ratios.

Each measure runs in a process of its own, writes what it finds as it finds it, and is given up after a while: one that fails takes nothing of the
others. Results lie in ``build/bench/results.jsonl``, the report beside them; drawn sheets are kept there from run to run. Once all of them are there in
a size that counts, the report goes into docs/performance.md, too. ``--keep`` makes its ratios those that later runs are compared with.
"""

from __future__ import annotations

import argparse
import importlib
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path

from benchmarks import guard
from benchmarks.report import markdown, put_between, write_plots
from benchmarks.results import RUN, Failed, Ran, Ratio, Results
from benchmarks.sizes import SIZES

PARTS = {
    "stages": "each stage of a sheet beside the least that could do its work",
    "start": "from the command to the first rows read",
    "end_to_end": "the real command beside the bare forward passes",
    "batch": "rows that the network is given at once",
    "growth": "length, resolution, tracks, curves of a sheet",
    "two_workers": "two workers beside one",
    "archives": "few sheets to many",
    "side_by_side": "beside a plain script",
    "gpu": "a GPU, where there is one",
}
#: Sizes whose figures are fit to be shown.
SHOWN = ("standard", "full")
BUILD = Path("build/bench")
PAGE, PLOTS = Path("docs/performance.md"), Path("docs/performance")


def main() -> int:
    """Measure what is asked for; 1 if a measure failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="standard", help="10, 30 or some hundred minutes on two cores")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=list(PARTS), help="these measures alone")
    parser.add_argument("--build", type=Path, default=BUILD, help="folder of results and drawn sheets")
    parser.add_argument("--keep", action="store_true", help="keep the ratios, for later runs to be compared with")
    parser.add_argument("--report", action="store_true", help="measure nothing: report what is there")
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    results = Results(options.build / "results.jsonl")
    if options.part:
        return _measure(options.part, options.size, options.build / "sheets", results)
    if not options.report:
        from benchmarks.machine import ran

        results.begin(ran(options.size), options.only)
        for part in options.only:
            _in_its_own_process(part, options.size, options.build, results)
    return _report(results, options.build, keep=options.keep)


def _in_its_own_process(part: str, size: str, build: Path, results: Results) -> None:
    started = time.monotonic()
    _say(f"{part}: {PARTS[part]}")
    command = [sys.executable, "-m", "benchmarks", "--size", size, "--build", str(build), "--part", part]
    limit_s = SIZES[size].part_limit_s
    # Whatever it starts is ended with it, and whatever it leaves lying is removed.
    with tempfile.TemporaryDirectory(prefix="veernet-bench-", ignore_cleanup_errors=True) as scratch:
        child = subprocess.Popen(command, start_new_session=True, env={**os.environ, "TMPDIR": scratch})
        try:
            child.wait(limit_s)
        except subprocess.TimeoutExpired:
            results.add(part, Failed(why=f"given up after {limit_s:.0f} s"))
        finally:
            if child.poll() is None:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    if child.returncode < 0 and not any(isinstance(item, Failed) and item.part == part for item in results.items()):
        results.add(part, Failed(why=f"its process was ended by signal {-child.returncode}"))
    _say(f"{part}: {time.monotonic() - started:.0f} s")


def _measure(part: str, size: str, cache: Path, results: Results) -> int:
    from rasterio.errors import NotGeoreferencedWarning

    warnings.simplefilter("ignore", NotGeoreferencedWarning)  # no scan has a place on earth
    cache.mkdir(parents=True, exist_ok=True)
    try:
        for item in importlib.import_module(f"benchmarks.{part}").measure(SIZES[size], cache):
            results.add(part, item)
            if isinstance(item, Ratio):
                _say(f"  {item.name}: {item.value:.2f} ±{item.noise:.0%}")
    except Exception as error:  # noqa: BLE001 - what the others found must not be lost
        traceback.print_exc()
        results.add(part, Failed(why=f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"))
        return 1
    return 0


def _report(results: Results, build: Path, *, keep: bool) -> int:
    order = [RUN, *PARTS]
    items = sorted(results.items(), key=lambda item: order.index(item.part))
    ran = next(item for item in items if isinstance(item, Ran))
    (build / "report.md").write_text("\n".join(markdown(items, "plots", PARTS)) + "\n")
    write_plots(items, build / "plots")
    missing = set(PARTS) - {"gpu"} - {item.part for item in items}
    if not missing and ran.size in SHOWN:
        report = "\n".join(markdown(items, f"{PLOTS.name}/{ran.device}", PARTS))
        PAGE.write_text(put_between(PAGE.read_text(), report, ran.device))
        write_plots(items, PLOTS / ran.device)
    ratios = {item.name: item for item in items if isinstance(item, Ratio)}
    kept = guard.read(guard.COMMITTED, ran.kept_as)
    _say(
        f"against what {guard.COMMITTED.name} has for {ran.kept_as}:" + ("" if kept else " nothing; --keep keeps this")
    )
    for line in guard.compare(kept, ratios) if kept else ():
        _say(f"  {line}")
    if keep:
        guard.keep(guard.COMMITTED, ran.kept_as, ratios.values())
    failed = [item for item in items if isinstance(item, Failed)]
    for item in failed:
        _say(f"not measured: {item.part}: {item.why}")
    _say(f"report: {build / 'report.md'}")
    return 1 if failed else 0


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())

"""The benchmarks: what they compare, what they tell, and that their probe hears what goes on inside a run."""

from __future__ import annotations

import itertools
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import lasio
import numpy as np
import pytest
import rasterio

from benchmarks import guard, plain_script, stages
from benchmarks.__main__ import PARTS, main
from benchmarks.meter import Meter
from benchmarks.plots import svg
from benchmarks.report import markdown, marks, put_between
from benchmarks.results import Plot, Ran, Ratio, Results, Table
from benchmarks.rounds import in_turns, ratio
from benchmarks.sheets import Paper, archive, drawn, with_curves
from benchmarks.watched import Watched, veernet
from veernet.training.sheet import draw_sheet

pytestmark = pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")

SMALL = Paper(600, dpi=100)
MACHINE = "2 cores, no GPU, bf16"
PLAIN_RIGHT = 0.9


def ratios(**values: float) -> dict[str, Ratio]:
    """Ratios by name."""
    return {name: Ratio(name=name, value=value) for name, value in values.items()}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where sheets are drawn, once."""
    return tmp_path_factory.mktemp("drawn")


@pytest.fixture(scope="module")
def run(cache: Path, prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> Watched:
    """The real command over one small sheet."""
    given = {"PREFECT_API_URL": prefect_url}
    return veernet(["digitise", drawn(cache, SMALL).manifest_path], tmp_path_factory.mktemp("out"), environment=given)


def test_a_ratio_that_got_worse_is_named() -> None:
    """With what it was, what it is, and what would have been let pass."""
    (line,) = guard.compare(ratios(tile=0.20, trace=0.05), ratios(tile=0.26, trace=0.05))
    assert line == "worse: tile was 0.2, is 0.26 (tolerance 10%)"


def test_a_ratio_within_tolerance_is_not_named() -> None:
    """A tenth, and the noise of both runs."""
    before = {"tile": Ratio(name="tile", value=0.20, noise=0.10)}
    assert [] == list(guard.compare(before, {"tile": Ratio(name="tile", value=0.255, noise=0.10)}))
    assert ["worse"] == [
        line.split(":")[0] for line in guard.compare(before, {"tile": Ratio(name="tile", value=0.265, noise=0.10)})
    ]


def test_what_should_be_high_is_worse_when_it_falls() -> None:
    """Two workers' work over one's, as the case in point; a rise of it is told as better."""
    high = {"two": Ratio(name="two", value=1.9, better="higher")}
    low = {"two": Ratio(name="two", value=1.5, better="higher")}
    assert ["worse: two was 1.9, is 1.5 (tolerance 10%)"] == list(guard.compare(high, low))
    assert ["better: two was 1.5, is 1.9 (tolerance 10%)"] == list(guard.compare(low, high))


def test_new_and_missing_ratios_are_told() -> None:
    """Neither a measure that was dropped nor one that nobody has committed goes by in silence."""
    assert ["new: page is 0.1", "not measured: tile was 0.2"] == list(guard.compare(ratios(tile=0.2), ratios(page=0.1)))


def test_ratios_are_kept_by_class_of_machine(tmp_path: Path) -> None:
    """A GPU's replace none of a CPU's, and a run of some measures drops none of the others'."""
    path = tmp_path / "ratios.json"
    assert {} == guard.read(path, MACHINE)
    guard.keep(path, MACHINE, ratios(tile=0.2, page=0.1).values())
    guard.keep(path, "16 cores, a GPU, bf16", ratios(tile=5.0).values())
    guard.keep(path, MACHINE, ratios(page=0.05).values())
    assert ratios(tile=0.2, page=0.05) == guard.read(path, MACHINE)


def test_a_ratio_is_the_median_of_its_rounds_with_half_their_range_as_noise() -> None:
    """Round by round, so that a machine that was slower for one round moves neither."""
    found = ratio("tile / forward", [2.0, 6.0, 1.1], [10.0, 20.0, 5.0], goal=0.25)
    assert (0.22, 0.2273) == (found.value, found.noise)
    assert found.met


def test_what_is_compared_runs_in_turns() -> None:
    """All of one round before any of the next."""
    count = itertools.count()
    assert {"a": [0, 2, 4], "b": [1, 3, 5]} == in_turns(3, {"a": lambda: next(count), "b": lambda: next(count)})


def test_results_of_another_size_are_not_mixed_in(tmp_path: Path) -> None:
    """What was measured anew replaces what there was of it; the rest stays only if it was measured alike."""
    results, quick = Results(tmp_path / "results.jsonl"), Ran(size="quick", machine=MACHINE, about=())
    results.begin(quick, PARTS)
    results.add("start", Ratio(name="start", value=1.0))
    results.add("stages", Ratio(name="tile", value=0.2))
    results.begin(quick, ["start"])
    assert ["run", "stages"] == [item.part for item in results.items()]
    results.begin(quick.model_copy(update={"size": "full"}), ["start"])
    assert ["run"] == [item.part for item in results.items()]


def test_a_measure_that_fails_is_reported_and_takes_nothing_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its reason is in the report, what was found before stays, and the command ends with 1."""
    import benchmarks.gpu

    def breaks(*_: object) -> Iterator[Ratio]:
        yield Ratio(name="found before it broke", value=1.0)
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(benchmarks.gpu, "measure", breaks)
    Results(tmp_path / "results.jsonl").begin(Ran(size="smoke", machine=MACHINE, about=()), PARTS)
    given = ["benchmarks", "--build", str(tmp_path), "--size", "smoke"]
    monkeypatch.setattr(sys, "argv", [*given, "--part", "gpu"])
    assert main() == 1
    monkeypatch.setattr(sys, "argv", [*given, "--report"])
    assert main() == 1
    assert "not measured: gpu: RuntimeError: the disk is full" in capsys.readouterr().out
    report = (tmp_path / "report.md").read_text()
    assert "found before it broke" in report
    assert "**Not measured: gpu**: RuntimeError: the disk is full" in report


def test_a_report_has_ratios_with_their_goals_then_tables_then_plots() -> None:
    """A goal that is missed is told in bold."""
    items = [
        Ran(size="quick", machine=MACHINE, about=("2 cores", "torch 2")),
        Table(part="start", title="Start", columns=("with", "s"), rows=(("a server", "7.1"),)),
        Plot(part="growth", name="length", title="By length", x="rows", y="s", series={}),
        Ratio(name="end to end", value=1.5, noise=0.02, goal=1.25),
        Ratio(name="two workers", value=1.9, better="higher", goal=1.8),
    ]
    assert list(markdown(items, "performance", {"start": "to the first rows", "growth": "length"})) == [
        "`make bench`, size quick: 2 cores; torch 2.",
        "",
        "| ratio | median | noise | goal | |",
        "|---|---|---|---|---|",
        "| end to end | 1.5 | ±2% | at most 1.25 | **not met** |",
        "| two workers | 1.9 | ±0% | at least 1.8 | met |",
        "",
        "### To the first rows",
        "",
        "**Start**",
        "",
        "| with | s |",
        "|---|---|",
        "| a server | 7.1 |",
        "",
        "### Length",
        "",
        "![By length](performance/length.svg)",
    ]


def test_a_report_takes_its_own_place_in_a_page_and_no_other() -> None:
    """What people write around it stays, and the report of another device."""
    (begin, end), (other, end_of_other) = marks("cpu"), marks("gpu")
    rest = f"{end}\n\nWritten by hand.\n{other}\nold\n{end_of_other}\n"
    page = put_between(f"# Costs\n\n{begin}\nold\n{rest}", "new\n", "cpu")
    assert f"# Costs\n\n{begin}\n\nnew\n\n{rest}" == page
    with pytest.raises(ValueError, match="once each"):
        put_between("# Costs\n", "new", "cpu")


@pytest.mark.parametrize("device", ["cpu", "gpu"])
def test_the_page_of_costs_has_a_place_for_the_report(device: str) -> None:
    """Without it a run of half an hour would end in an error."""
    page = (Path(__file__).parents[1] / "docs/performance.md").read_text()
    assert "\n\nnew\n\n" in put_between(page, "new", device)


def test_a_plot_has_each_point_at_its_place() -> None:
    """Twice the value is twice as far from the axis; names are escaped."""
    plot = Plot(
        name="p", title="a < b", x="rows", y="s", series={"wall & all": ((0.0, 0.0), (50.0, 2.0), (100.0, 4.0))}
    )
    root = ElementTree.fromstring(svg(plot))
    (line,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    points = np.array([point.split(",") for point in line.attrib["points"].split()], float)
    np.testing.assert_allclose(points[1] - points[0], points[2] - points[1], atol=0.11)
    assert points[2][0] > points[0][0]
    assert points[2][1] < points[0][1]
    texts = {text.text for text in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a < b", "wall & all", "rows", "s", "0", "100", "4"} <= texts


def test_a_wide_sheet_is_two_drawn_ones_of_the_same_depths(cache: Path) -> None:
    """Twice as wide, four tracks from left to right, no mnemonic twice; drawn once."""
    sheet, narrow = drawn(cache, Paper(600, dpi=100, halves=2)), drawn(cache, SMALL)
    with rasterio.open(sheet.scan) as wide, rasterio.open(narrow.scan) as half:
        assert (2 * half.width, half.height) == (wide.width, wide.height)
    tracks = sheet.manifest.tracks
    lefts = [track.left[0][1] for track in tracks if not isinstance(track.left, float)]
    assert len(lefts) == 4
    assert sorted(lefts) == lefts
    written_ns = sheet.scan.stat().st_mtime_ns
    assert drawn(cache, Paper(600, dpi=100, halves=2)).scan.stat().st_mtime_ns == written_ns


@pytest.mark.parametrize(("count", "tracks"), [(1, [1]), (2, [2]), (3, [2, 1]), (4, [2, 2])])
def test_a_sheet_with_fewer_curves_is_the_same_scan(cache: Path, count: int, tracks: list[int]) -> None:
    """Its manifest leaves out the last ones, and a track that has none left."""
    fewer = with_curves(drawn(cache, SMALL), count)
    assert tracks == [len(track.curves) for track in fewer.manifest.tracks]
    assert fewer.manifest.source == drawn(cache, SMALL).scan.name


def test_each_stage_is_told_beside_the_forward_passes(cache: Path) -> None:
    """With all that a worker does for a sheet, through the functions that it calls."""
    told = list(stages.found(2_000, 1, cache))
    names = {item.name for item in told if isinstance(item, Ratio)}
    assert {f"2,000 rows: {stage} / forward passes alone" for stage in stages.STAGES} <= names
    (table,) = (item for item in told if isinstance(item, Table))
    assert {row[0] for row in table.rows} == {stages.DECODE, stages.WRITE, stages.FORWARD, *stages.STAGES}


def test_the_plain_script_finds_the_curves_that_it_is_compared_for(cache: Path, tmp_path: Path) -> None:
    """A script that found nothing would be a poor thing to be quicker than."""
    paper = Paper(2_000)
    sheet, truth = drawn(cache, paper), draw_sheet(paper.recipe).truth
    plain_script.main(str(sheet.scan), str(sheet.manifest_path), str(tmp_path / "plain.las"))
    las = lasio.read(tmp_path / "plain.las")
    for mnemonic in ("CALI", "DT", "NPHI"):  # GR wraps, of which it knows nothing
        values, true = np.asarray(las[mnemonic], float), truth[mnemonic]
        there = np.isfinite(values) & np.isfinite(true)
        assert np.corrcoef(values[there], true[there])[0, 1] > PLAIN_RIGHT


def test_no_two_sheets_of_an_archive_are_of_one_content(cache: Path, tmp_path: Path) -> None:
    """Each differs in one pixel of the margin, and each manifest names its own scan."""
    made = archive(cache, tmp_path, SMALL, 10)
    assert len(made) == 8
    scans = sorted(tmp_path.glob("*.tif"))
    assert len({scan.read_bytes() for scan in scans}) == 10
    for scan in scans:
        assert f"source: {scan.name}" in scan.with_suffix(".sheet.yaml").read_text()


def test_memory_of_a_process_is_told_while_it_lives() -> None:
    """100 MB more in a child are 100 MB more in what its parent is told to take."""
    script = (
        "import sys, time; held = bytearray(int(sys.argv[1])); held[::4096] = b'x' * len(held[::4096]);"
        "print('held', flush=True); time.sleep(60)"
    )
    peaks = []
    for held in (1, 100_000_000):
        with subprocess.Popen([sys.executable, "-c", script, str(held)], stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                assert process.stdout.readline()  # it may take a while to get there
                with Meter({"child": process.pid}, every_s=0.1) as meter:
                    while len(meter.samples) < 3:
                        time.sleep(0.05)
            finally:
                process.kill()
        peaks.append(meter.peaks_mb()["child"])
    assert peaks[1] - peaks[0] == pytest.approx(100, abs=10)


def test_the_probe_hears_what_the_workers_do(run: Watched) -> None:
    """Every stage that runs on workers, the first rows read, and of the network's work the forward passes."""
    assert {"fetch", "tile", "segment", "trace", "publish"} <= set(run.pieces)
    assert 0 < run.forward_s <= run.pieces["segment"]
    assert 0 < run.start_s < run.start_s + run.work_s <= run.wall_s


def test_what_each_process_of_a_run_takes_is_told(run: Watched) -> None:
    """The run and its workers by name, and all of them at one time."""
    assert {"run", "dask-worker 1", "all"} <= set(run.peaks_mb)
    assert max(run.peaks_mb["run"], run.peaks_mb["dask-worker 1"]) < run.peaks_mb["all"]


def test_a_command_that_fails_is_told_with_its_last_words(tmp_path: Path) -> None:
    """A benchmark that measures nothing must say why."""
    with pytest.raises(RuntimeError, match="no such file"):
        veernet(["digitise", tmp_path / "absent.sheet.yaml"], tmp_path / "out")

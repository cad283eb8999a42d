"""Sheets in pages by the real command: one that goes together, and one whose pages are in the wrong order."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings
from pathlib import Path

import cv2
import pytest
import rasterio
import yaml
from rasterio.errors import NotGeoreferencedWarning

from veernet.review.evaluate import compare
from veernet.review.record import SheetRecord
from veernet.sheets.manifest import read_manifest
from veernet.sheets.raster import open_scan
from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

CUTS = ((0, 1100), (800, 1900), (1650, 10_000))
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def ended(prefect_url: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """A folder of manifests and their pages, and the command run over it."""
    folder = tmp_path_factory.mktemp("paged")
    paths = write_sheet(SheetRecipe(seed=5, base_depth=1200.0, difficulty=0.1), folder, "whole")
    manifest = yaml.safe_load(paths["manifest"].read_bytes())
    del manifest["source"]
    with open_scan(paths["scan"], "whole") as scan:
        pages = [255 - next(iter(scan.bands(end - first, first, end))).darkness for first, end in CUTS]
    for stem, order in (("apart", (0, 1, 2)), ("mixed-up", (0, 2, 1))):
        names = [f"{stem}-p{number}.tif" for number in range(1, 4)]
        for name, index in zip(names, order, strict=True):
            height, width = pages[index].shape
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", NotGeoreferencedWarning)
                with rasterio.open(
                    folder / name, "w", driver="GTiff", width=width, height=height, count=1, dtype="uint8"
                ) as file:
                    file.write(pages[index], 1)
        (folder / f"{stem}.sheet.yaml").write_text(yaml.safe_dump({**manifest, "pages": names}))
    assert cv2.imwritemulti(str(folder / "inside.tif"), pages)
    (folder / "inside.sheet.yaml").write_text(yaml.safe_dump({**manifest, "source": "inside.tif"}))
    command = [
        sys.executable,
        "-c",
        "from flows.cli import main; main()",
        "digitise",
        folder,
        "--out",
        folder / "out",
    ]
    done = subprocess.run(
        list(map(str, command)),
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", "NO_COLOR": "1", "PREFECT_API_URL": prefect_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=400,
        check=False,
    )
    return folder, done


@pytest.mark.parametrize("stem", ["apart", "inside"])
def test_pages_give_the_log_of_the_whole_sheet(ended: tuple[Path, subprocess.CompletedProcess[str]], stem: str) -> None:
    """Within 1 % of the track at 97 % of the samples, whether the pages are files or lie in one."""
    folder, _ = ended
    manifest = read_manifest((folder / "whole.sheet.yaml").read_bytes(), "whole")
    logs = [folder / "out" / name / f"{name}.las" for name in ("whole", stem)]
    assert all(score.within_1 > 0.97 for score in compare(*logs, manifest))


def test_the_record_vouches_for_all_pages(ended: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """It names each of them."""
    folder, _ = ended
    record = SheetRecord.model_validate_json((folder / "out" / "apart" / "apart.record.json").read_bytes())
    assert record.source is not None
    assert [f"apart-p{number}.tif" for number in (1, 2, 3)] == [
        uri.rpartition("/")[2] for uri in record.source.uri.split(", ")
    ]
    assert any("apart-p2.tif" in told for told in record.moved), "the record says how they lie"


def test_pages_are_no_sheets_of_their_own(ended: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    """The folder has four sheets, whatever else lies in it."""
    folder, done = ended
    assert {path.name for path in (folder / "out").iterdir()} == {"whole", "apart", "inside", "mixed-up"}
    assert "3 of 4 sheets done" in done.stdout


def test_a_seam_in_doubt_is_pictured_where_the_results_would_be(
    ended: tuple[Path, subprocess.CompletedProcess[str]],
) -> None:
    """And the message names both pages and the picture, which beside the record of why is all that there is."""
    folder, done = ended
    picture = folder / "out" / "mixed-up" / "mixed-up.seam.png"
    said = next(line for line in done.stdout.splitlines() if line.startswith("set aside"))
    assert "mixed-up-p1.tif and mixed-up-p2.tif" in said, said
    assert str(picture) in done.stdout.replace("\n", "")
    assert {picture, picture.with_name("mixed-up.record.json")} == set(picture.parent.iterdir())
    assert 1 == done.returncode

"""What the archive of a campaign holds: good sheets of many names and formats, no two alike, and what must become of each sheet."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import cv2
import rasterio
import yaml

from veernet.training.layout import SheetRecipe
from veernet.training.sheet import write_sheet

#: Drawings that all sheets are copies of, each copy with pixels and a well name of its own.
DRAWINGS = 4
TOP_FT, BASE_FT, DPI = 1000.0, 1060.0, 150

#: Names that a shell, a spreadsheet, a web page or a file system could take for more than names; all of them fit for folders.
ODD_NAMES = (
    "a b%20c", "well.1", "=1+1", "-rf", "$(touch x)", "{{7+7}}", "é-ñ-ß", "a'b&c;d", "@SUM(1)", "~A", "[x](javascript)", "b..",
)  # fmt: skip
#: What a header may hold that is none of its own line.
_ODD_HEADER = {
    "name": "WELL ~A\n~Curve Information\nDEPT.FT : injected",
    "company": '<img src=x onerror="alert(1)">',
    "field": "=cmd|' /C calc'!A0",
    "location": "# ~Other: a\tb : c . d",
}


@dataclass(frozen=True)
class Expected:
    """What must become of a sheet.

    Args:
        name: Its path in the archive without suffix.
        kind: What was done to it, in words.
        outcome: ``done``: its LAS is that of an undisturbed run. ``set-aside``: none, for ``reason``. ``either``: damage that may cost
            the sheet or some of its depths; set aside for ``reason``, or done in part, with a record of what is lost.
        reason: Why it is set aside, as records name it.
        found: What the record must say was found, as a regular expression.
    """

    name: str
    kind: str = "good"
    outcome: Literal["done", "set-aside", "either"] = "done"
    reason: str = ""
    found: str = ""

    def told(self) -> dict[str, str]:
        """The same for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Place:
    """Where the files of one sheet are on the disk while they are made.

    Args:
        folder: Of the archive.
        name: Of the sheet.
        number: Which of the archive's sheets it is, from 0.
    """

    folder: Path
    name: str
    number: int

    @property
    def stem(self) -> str:
        """Its name without the folder."""
        return self.name.rpartition("/")[2]

    def file(self, suffix: str) -> Path:
        """A file of the sheet, as ``.tif``."""
        return self.folder / f"{self.name}{suffix}"

    @property
    def manifest(self) -> Path:
        """Its manifest."""
        return self.file(".sheet.yaml")

    @property
    def scan(self) -> Path:
        """Its scan, where that is a TIFF."""
        return self.file(".tif")

    def edit(self, **changes: Any) -> None:
        """Change keys of its manifest; one that becomes None is taken out."""
        told = yaml.safe_load(self.manifest.read_bytes()) | changes
        self.manifest.write_text(yaml.safe_dump({key: value for key, value in told.items() if value is not None}))


def draw(folder: Path) -> list[Path]:
    """Draw the sheets that all others are copies of; gives their scans, each with its manifest beside it."""
    drawn = []
    for seed in range(DRAWINGS):
        recipe = SheetRecipe(seed=seed, top_depth=TOP_FT, base_depth=BASE_FT, dpi=DPI, difficulty=0.1)
        drawn.append(write_sheet(recipe, folder, f"drawing-{seed}")["scan"])
    return drawn


def lay_down(drawn: Sequence[Path], place: Place) -> None:
    """Put a good sheet of its own content at its place: a few pixels of its margin spell its number."""
    scan = drawn[place.number % len(drawn)]
    place.scan.parent.mkdir(parents=True, exist_ok=True)
    with rasterio.open(scan) as source:
        pixels, profile, tags = source.read(1), source.profile, source.tags()
    ink = pixels.min()
    for bit in range(12):
        if place.number >> bit & 1:
            pixels[4 + 2 * (bit // 6), 4 + 2 * (bit % 6)] = ink
    options = {"nbits": 1} if pixels.max() == 1 else {}
    with rasterio.open(place.scan, "w", **profile, **options) as target:
        target.write(pixels, 1)
        target.update_tags(**tags)
    shutil.copy(scan.with_name(f"{scan.stem}.sheet.yaml"), place.manifest)
    well = yaml.safe_load(place.manifest.read_bytes())["well"]
    place.edit(source=place.scan.name, well={**well, "name": f"CAMPAIGN {place.number}"})


def as_other_image(place: Place, suffix: Literal[".png", ".jpg"]) -> None:
    """The same scan in another format that is welcome under its own name."""
    with rasterio.open(place.scan) as source:
        pixels = source.read(1)
    grey = pixels * (255 if pixels.max() == 1 else 1)
    cv2.imwrite(str(place.file(suffix)), grey)
    place.scan.unlink()
    place.edit(source=place.file(suffix).name)


def with_odd_header(place: Place) -> None:
    """Header values that would open a section, run in a page or count in a spreadsheet."""
    well = yaml.safe_load(place.manifest.read_bytes())["well"]
    place.edit(well={**well, **_ODD_HEADER})


def good_names(count: int) -> list[str]:
    """Names of good sheets: in folders of different depth, some odd, some equal but for case."""
    names = []
    for number in range(count):
        folder = ("", "north/", "north/deep er/", "süd/")[number % 4]
        odd = number // 8
        if number % 8 == 3 and odd < len(ODD_NAMES):
            names.append(f"{folder}{ODD_NAMES[odd]}")
        elif number % 8 in (5, 6):  # a pair of them, in one folder
            names.append(f"twins/{'Well' if number % 8 == 5 else 'well'}-{number // 8}")
        else:
            names.append(f"{folder}s{number:03d}")
    return names


def good(drawn: Sequence[Path], place: Place) -> Expected:
    """Lay down a good sheet: most as TIFF, some as PNG or JPEG, some with a header that asks for trouble."""
    lay_down(drawn, place)
    if place.number % 8 == 1:
        as_other_image(place, ".png")
        return Expected(place.name, "good, as PNG")
    if place.number % 8 == 2:
        as_other_image(place, ".jpg")
        return Expected(place.name, "good, as JPEG")
    if place.number % 8 == 4:
        with_odd_header(place)
        return Expected(place.name, "good, with a hostile header")
    return Expected(place.name, "good")

"""Ways in which a sheet of an archive is bad, each with the reason for which it must be set aside."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import rasterio
import yaml

from chaos.sheets import Expected, Place, lay_down

#: Read by a disguised VRT, if anything is.
_LEAK = "/etc/hostname"
_HTML = "<!DOCTYPE html><html><body><h1>403 Forbidden</h1></body></html>\n"


@dataclass(frozen=True)
class Way:
    """One way of being bad.

    Args:
        kind: In words.
        spoil: What makes it of a good sheet.
        reason: For which it is set aside.
        found: What its record must say, as a regular expression.
        outcome: ``either`` where the damage may cost some depths only.
        stem: Its name, where that is what is wrong; ``{}`` stands for its number.
    """

    kind: str
    spoil: Callable[[Place], object]
    reason: str
    found: str
    outcome: Literal["set-aside", "either"] = "set-aside"
    stem: str = "b{}"


def _cut(share: float) -> Callable[[Place], object]:
    def cut(place: Place) -> None:
        whole = place.scan.read_bytes()
        place.scan.write_bytes(whole[: int(len(whole) * share)])

    return cut


def _bytes(content: bytes) -> Callable[[Place], object]:
    return lambda place: place.scan.write_bytes(content + b"\0" * place.number)


def _written(place: Place, pixels: np.ndarray[Any, Any], **options: Any) -> None:
    rows, columns = pixels.shape
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "uint8"}
    with rasterio.open(place.scan, "w", **(profile | options)) as target:
        target.write(pixels, 1)


def _grey(place: Place) -> np.ndarray[Any, Any]:
    with rasterio.open(place.scan) as source:
        pixels = source.read(1)
    return pixels * (255 if pixels.max() == 1 else 1)


def _flipped(place: Place) -> None:
    """G4 strips with bits flipped, where a decoder logs what it could not read and gives something all the same."""
    ink = (_grey(place) < 128).astype(np.uint8)
    _written(place, ink, compress="CCITTFAX4", nbits=1, photometric="MINISWHITE", blockysize=32)
    content, rng = bytearray(place.scan.read_bytes()), random.Random(place.number)
    for _ in range(12):
        at = rng.randrange(len(content) // 4, len(content) * 3 // 4)
        content[at] ^= 1 << rng.randrange(8)
    place.scan.write_bytes(content)


def _sparse(place: Place) -> None:
    """A TIFF of which some strips were never written."""
    pixels = _grey(place)
    rows, columns = pixels.shape
    profile = {"driver": "GTiff", "width": columns, "height": rows, "count": 1, "dtype": "uint8"}
    with rasterio.open(place.scan, "w", **profile, compress="LZW", blockysize=64, sparse_ok=True) as target:
        half = rows // 128 * 64
        target.write(pixels[:half], 1, window=rasterio.windows.Window(0, 0, columns, half))


def _huge(place: Place) -> None:
    profile = {"driver": "GTiff", "width": 100_000, "height": 1_000_000, "count": 1, "dtype": "uint8"}
    options = {"tiled": True, "blockxsize": 8192, "blockysize": 8192, "compress": "DEFLATE", "sparse_ok": True}
    with rasterio.open(place.scan, "w", **profile, **options, BIGTIFF="YES") as target:
        target.update_tags(number=str(place.number))


def _white(place: Place) -> None:
    pixels = np.full_like(_grey(place), 255)
    pixels[1, place.number] = 254
    _written(place, pixels)


def _as_png_named_tif(place: Place) -> None:
    import cv2

    done, content = cv2.imencode(".png", _grey(place))
    assert done
    place.scan.write_bytes(content.tobytes())


def _vrt(place: Place) -> None:
    place.scan.write_text(
        f'<VRTDataset rasterXSize="600" rasterYSize="900"><!-- {place.number} --><VRTRasterBand dataType="Byte" band="1">'
        f"<SimpleSource><SourceFilename>{_LEAK}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )


def _manifest(**changes: Any) -> Callable[[Place], object]:
    return lambda place: place.edit(**changes)


def _manifest_of(change: Callable[[dict[str, Any]], object]) -> Callable[[Place], object]:
    def edit(place: Place) -> None:
        told = yaml.safe_load(place.manifest.read_bytes())
        change(told)
        place.edit(**told)

    return edit


def _text(content: bytes) -> Callable[[Place], object]:
    return lambda place: place.manifest.write_bytes(content + f"\n# {place.number}\n".encode())


def _two_manifests(place: Place) -> None:
    told = yaml.safe_load(place.manifest.read_bytes())
    place.file(".sheet.json").write_text(json.dumps(told))


def _same_curve_twice(told: dict[str, Any]) -> None:
    told["tracks"][1]["curves"][0]["mnemonic"] = told["tracks"][0]["curves"][0]["mnemonic"].lower()


def _flat_scale(told: dict[str, Any]) -> None:
    told["tracks"][0]["curves"][0]["right"] = told["tracks"][0]["curves"][0]["left"]


def _bomb(place: Place) -> None:
    """Aliases of aliases: a few hundred bytes that would be a billion."""
    lines = ["a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 10)]
    place.manifest.write_text("\n".join([*lines, f"# {place.number}"]))


WAYS = (
    Way("cut at half", _cut(0.5), "bad-scan", r"cannot be read|damaged|cannot be opened|not in the file|are lost", "either"),
    Way("cut at 1 %", _cut(0.01), "bad-scan", r"cannot be read|damaged|cannot be opened|not in the file|are lost"),
    Way("bits flipped in G4", _flipped, "bad-scan", r"damaged|cannot be read|cannot be opened|are lost", "either"),
    Way("strips never written", _sparse, "bad-scan", r"not in the file|are lost", "either"),
    Way("an HTML error page", _bytes(_HTML.encode()), "bad-scan", r"an HTML page"),
    Way("an empty file", lambda place: place.scan.write_bytes(b""), "bad-scan", r"an empty file"),
    Way("a VRT in disguise", _vrt, "bad-scan", r"a VRT document"),
    Way("a PNG named .tif", _as_png_named_tif, "bad-scan", r"is a PNG by its content"),
    Way("a claim of 100 gigapixels", _huge, "bad-scan", r"claims 100000 columns"),
    Way("all white", _white, "no-curve", r"no curve|nothing"),
    Way("one pixel", lambda place: _written(place, np.full((1, 1), place.number % 256, np.uint8)), "bad-manifest", r"scan"),
    Way("no scan", lambda place: place.scan.unlink(), "source-missing", r"is not there"),
    Way("an unknown key", _manifest(colour="green"), "bad-manifest", r"colour: unknown key"),
    Way("ticks out of order", _manifest_of(lambda told: told["depth"]["ticks"].reverse()), "bad-manifest", r"increase strictly"),
    Way("a mnemonic twice", _manifest_of(_same_curve_twice), "bad-manifest", r"give each curve its own"),
    Way("a scale of no width", _manifest_of(_flat_scale), "bad-manifest", r"left and right are both"),
    Way("not YAML", _text(b"format: [veernet-sheet/1\n\t:"), "bad-manifest", r"not readable as YAML"),
    Way("an alias bomb", _bomb, "bad-manifest", r"."),
    Way("half a megabyte of manifest", _text(b"# " + b"x" * (1 << 19)), "bad-manifest", r"which is no manifest"),
    Way("a source on the web", _manifest(source="http://169.254.169.254/latest/meta-data"), "bad-manifest", r"source: "),
    Way("a source of GDAL's own", _manifest(source="/vsicurl/http://127.0.0.1/x.tif"), "bad-manifest", r"source: "),
    Way("a source outside", _manifest(source="../../etc/passwd"), "bad-manifest", r"source: "),
    Way("two manifests", _two_manifests, "bad-manifest", r"2 manifests"),
    Way("a name no folder can have", lambda _: None, "bad-option", r"cannot name a folder", stem='<b>{}"'),
    Way("a name with a drive", lambda _: None, "bad-option", r"cannot name a folder", stem="C:b{}"),
)  # fmt: skip


def bad(drawn: Sequence[Path], place: Place, way: Way) -> Expected:
    """Lay down a sheet and spoil it."""
    lay_down(drawn, place)
    way.spoil(place)
    return Expected(place.name, way.kind, way.outcome, way.reason, way.found)


def bad_name(way: Way, number: int) -> str:
    """Name of the bad sheet of a number."""
    return ("", "north/", "old/")[number % 3] + way.stem.format(number)

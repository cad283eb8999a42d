"""Which results belong to which truths: two folders paired sheet by sheet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from veernet.errors import ManifestMissingError, OptionError, SourceMissingError
from veernet.review.samples import CurveSamples, read_samples
from veernet.sheets.manifest import read_manifest

_MANIFEST = ".sheet.yaml"
_TRUTH = ".truth.las"


@dataclass(frozen=True)
class SheetPair:
    """One sheet: its truth and manifest, and its result or None where it has none."""

    sheet: str
    truth: Path
    got: Path | None
    manifest: Path


def pair_folders(truth: Path, got: Path) -> tuple[list[SheetPair], list[str]]:
    """Pair the sheets of a folder of truths with the results of ``veernet digitise``.

    Args:
        truth: Holds ``<stem>.sheet.yaml`` and ``<stem>.truth.las`` (or ``<stem>.las``).
        got: Holds ``<stem>/<stem>.las``.

    Returns:
        The sheets by stem, and the stems of manifests that have no truth.

    Raises:
        OptionError: One of the folders is not there, or there is no sheet with a truth.
        ManifestMissingError: A truth has no manifest.
    """
    for folder in (truth, got):
        if not folder.is_dir():
            raise OptionError(str(folder), "no such folder", "give two folders, or two LAS files with --manifest")
    stems = {path.name.removesuffix(_MANIFEST) for path in truth.glob(f"*{_MANIFEST}")}
    for path in sorted(truth.glob(f"*{_TRUTH}")):
        stem = path.name.removesuffix(_TRUTH)
        if stem not in stems:
            raise ManifestMissingError(str(path), "a truth without a manifest", f"put {stem}{_MANIFEST} beside it")
    pairs, without_truth = [], []
    for stem in sorted(stems):
        candidates = (truth / f"{stem}{_TRUTH}", truth / f"{stem}.las")
        found = next((path for path in candidates if path.is_file()), None)
        result = got / stem / f"{stem}.las"
        if found is None:
            without_truth.append(stem)
        else:
            pairs.append(SheetPair(stem, found, result if result.is_file() else None, truth / f"{stem}{_MANIFEST}"))
    if not pairs:
        raise OptionError(
            str(truth), "no sheet with a truth in this folder", f"put <stem>{_TRUTH} beside each <stem>{_MANIFEST}"
        )
    return pairs, without_truth


def one_pair(truth: Path, got: Path, manifest: Path | None) -> SheetPair:
    """Two LAS files and the manifest of their sheet.

    Raises:
        OptionError: No manifest is named.
        SourceMissingError: It is not there.
    """
    if manifest is None:
        raise OptionError(str(truth), "scores need the tracks' scales", "name the sheet's manifest with --manifest")
    if not manifest.is_file():
        raise SourceMissingError(str(manifest), "no such file", "check the path")
    return SheetPair(truth.stem.removesuffix(".truth"), truth, got, manifest)


def read_pairs(pairs: Iterable[SheetPair]) -> list[CurveSamples]:
    """The samples of all curves of these sheets, some 40 bytes a sample; a sheet without a result misses every one.

    Raises:
        ManifestError: A manifest breaks its contract.
        VeerNetError: As `read_samples` says.
    """
    found: list[CurveSamples] = []
    for pair in pairs:
        manifest = read_manifest(pair.manifest.read_bytes(), pair.manifest.name)
        found += read_samples(pair.sheet, pair.truth, pair.got, manifest)
    return found

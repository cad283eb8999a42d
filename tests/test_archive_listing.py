"""Which sheets an archive has and how they stand, from listings alone."""

from __future__ import annotations

import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from veernet import storage
from veernet.archive.keys import REGISTERED, Shaping, content_key, trace_key
from veernet.archive.ledger import Entry, Ledger
from veernet.archive.listing import NEEDS_A_PERSON, ListedSheet, Retry, gather, listed_sheets, standing, to_do
from veernet.errors import OptionError
from veernet.review.record import SheetRecord
from veernet.sheets.manifest import SheetManifest
from veernet.storage import StorageDeniedError, StoredObject
from veernet.training.layout import SheetRecipe, lay_out

DIGEST = "0123456789abcdef" * 4
SHAPING = Shaping(DIGEST)
REGISTERING = replace(SHAPING, register=1)
TOKEN, OTHER, CONTENT = "1" * 32, "2" * 32, "c" * 32

# Dots, slashes, what sorts on either side of them, and letters that suffixes begin with.
_names = st.text(alphabet="a./-0~sS", min_size=1, max_size=7).filter(
    lambda name: all(part.strip(".") and not part.startswith(".") for part in name.split("/"))
)
_suffixes = st.sampled_from([".sheet.yaml", ".sheet.json", ".tif", ".TIF", ".jpeg", ".sheet/0001", ".sheet/0002"])


@given(st.lists(st.tuples(_names, _suffixes), unique_by=lambda pair: pair[0] + pair[1], max_size=40))
@settings(deadline=None)
def test_what_belongs_to_a_sheet_is_brought_together_however_names_sort(found: list[tuple[str, str]]) -> None:
    """Whatever its neighbours are called, each sheet comes once and has all that is its own."""
    expected: dict[str, list[str]] = defaultdict(list)
    keyed = sorted((name + suffix, name) for name, suffix in found)
    for key, name in keyed:
        expected[name].append(key)
    got = list(gather((key, name, "manifests", StoredObject(key, 0, "", 0.0)) for key, name in keyed))
    assert len(expected) == len(got)
    assert expected == {sheet.name: [one.uri for one in sheet.manifests] for sheet in got}


def test_sheets_are_let_go_as_soon_as_no_more_of_them_can_come() -> None:
    """Of a hundred thousand sheets, those that are over come out before the next are looked at: memory stays flat."""
    looked_at = 0

    def keys() -> Iterator[tuple[str, str, str, StoredObject | Entry]]:
        nonlocal looked_at
        for looked_at in range(100_000):
            key = f"{looked_at:06d}.sheet.yaml"
            yield key, key.removesuffix(".sheet.yaml"), "manifests", StoredObject(key, 0, "", 0.0)

    lags = [looked_at - index for index, _ in enumerate(gather(keys()))]
    assert 1 == max(lags)
    assert 100_000 == len(lags)


def _write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.fixture
def archive(tmp_path: Path) -> tuple[Path, Ledger]:
    """An archive of four sheets, some of names that sort oddly, and a scan alone; its destination lies within."""
    source = tmp_path / "scans"
    _write(source, *(f"{name}{suffix}" for name in ("a", "a/a", "a-b/a", "a.b") for suffix in (".sheet.yaml", ".tif")))
    _write(source, "alone.tif", "notes.txt", "results/a/a.png", "results/a/a.tif")
    return source, Ledger(storage.resolve(source / "results"))


def _listed(archive: tuple[Path, Ledger], prefix: str = "") -> dict[str, ListedSheet]:
    source, ledger = archive
    return {sheet.name: sheet for sheet in listed_sheets(storage.resolve(source), ledger, prefix)}


def _settle(archive: tuple[Path, Ledger], name: str, **changes: object) -> Entry:
    """Enter a result of a sheet as it now is."""
    sheet = _listed(archive)[name]
    number = max((entry.number for entry in sheet.entries), default=0) + 1
    entry = replace(Entry(number, sheet.token(SHAPING), "done", CONTENT), **changes)  # type: ignore[arg-type]
    assert archive[1].commit(name, entry, SheetRecord(sheet=sheet.stem, status="done"))
    return entry


def test_every_sheet_is_listed_with_its_scan_and_results_are_no_scans(archive: tuple[Path, Ledger]) -> None:
    """Sheets of one stem in different folders are told apart."""
    listed = _listed(archive)
    assert {"a", "a/a", "a-b/a", "a.b", "alone"} == set(listed)
    assert {"a": 1, "a/a": 1, "a-b/a": 1, "a.b": 1, "alone": 0} == {n: len(s.manifests) for n, s in listed.items()}
    assert {1} == {len(sheet.scans) for sheet in listed.values()}


@pytest.mark.parametrize("picture", ["a.draft.png", "a/x.SEAM.PNG"])
def test_pictures_that_veernet_leaves_beside_scans_are_no_scans(archive: tuple[Path, Ledger], picture: str) -> None:
    """A scan may be called a draft all the same."""
    before = set(_listed(archive))
    _write(archive[0], picture, "well.draft.tif")
    assert {"well.draft"} == set(_listed(archive)) - before


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [("a", {"a", "a/a", "a-b/a", "a.b", "alone"}), ("a/", {"a/a"}), ("a-", {"a-b/a"}), ("al", {"alone"})],
)
def test_a_prefix_chooses_by_the_beginning_of_names(
    archive: tuple[Path, Ledger], prefix: str, expected: set[str]
) -> None:
    """It may end within a name."""
    assert expected == set(_listed(archive, prefix))


def test_a_sheet_that_was_entered_is_done_and_its_neighbours_are_not(archive: tuple[Path, Ledger]) -> None:
    """Nothing but names is read to know it."""
    _settle(archive, "a")
    _settle(archive, "a-b/a", status="set-aside", detail="bad-scan")
    counted = standing(_listed(archive).values(), SHAPING)
    assert (1, {"bad-scan": 1}, 2, 0, 0, 1) == (
        counted.done,
        counted.set_aside,
        counted.pending,
        counted.changed,
        counted.gone,
        counted.scans_alone,
    )
    assert {"a/a", "a.b"} == {sheet.name for sheet in to_do(_listed(archive).values(), SHAPING)}
    assert {"a/a", "a.b", "a-b/a"} == {
        sheet.name for sheet in to_do(_listed(archive).values(), SHAPING, retry="set-aside")
    }


@pytest.mark.fault(49, outcome="done")
@pytest.mark.parametrize(
    "shaping", [Shaping(DIGEST[::-1]), Shaping(DIGEST, "1.2"), Shaping(DIGEST, confidence=True), replace(SHAPING, version=SHAPING.version + 1)]
)  # fmt: skip
def test_another_model_option_or_version_makes_a_sheet_pending(archive: tuple[Path, Ledger], shaping: Shaping) -> None:
    """And its count says that there was a result before."""
    _settle(archive, "a")
    counted = standing(_listed(archive).values(), shaping)
    assert (0, 4, 1) == (counted.done, counted.pending, counted.changed)


@pytest.mark.parametrize("changed", ["a.sheet.yaml", "a.tif"])
def test_a_changed_object_makes_its_sheet_pending(archive: tuple[Path, Ledger], changed: str) -> None:
    """Manifest and scan alike; and no other sheet."""
    _settle(archive, "a")
    _settle(archive, "a/a")
    (archive[0] / changed).write_text("something else")
    assert {"a", "a-b/a", "a.b"} == {sheet.name for sheet in to_do(_listed(archive).values(), SHAPING)}


def test_a_sheet_that_went_back_to_earlier_content_is_pending(archive: tuple[Path, Ledger]) -> None:
    """The files in its folder are those of the later content."""
    first = _settle(archive, "a")
    _settle(archive, "a", token=OTHER, detail="d" * 32)
    assert "a" in {sheet.name for sheet in to_do(_listed(archive).values(), SHAPING)}
    _settle(archive, "a", token=first.token)
    assert "a" not in {sheet.name for sheet in to_do(_listed(archive).values(), SHAPING)}


def test_where_runs_over_different_contents_met_the_sheet_is_pending(archive: tuple[Path, Ledger]) -> None:
    """Nobody knows whose files are in its folder."""
    first = _settle(archive, "a")
    _settle(archive, "a", number=first.number, token=OTHER, detail="d" * 32)
    assert "a" in {sheet.name for sheet in to_do(_listed(archive).values(), SHAPING)}


def test_what_was_set_aside_and_then_done_is_done(archive: tuple[Path, Ledger]) -> None:
    """The last entry counts."""
    _settle(archive, "a", status="set-aside", detail="storage")
    _settle(archive, "a")
    assert (1, {}) == (standing(_listed(archive).values(), SHAPING).done, standing([], SHAPING).set_aside)


def test_a_sheet_whose_manifest_is_gone_is_counted_apart(archive: tuple[Path, Ledger]) -> None:
    """Its result stays."""
    _settle(archive, "a.b")
    (archive[0] / "a.b.sheet.yaml").unlink()
    counted = standing(_listed(archive).values(), SHAPING)
    assert (0, 3, 1) == (counted.done, counted.pending, counted.gone)


def test_a_scan_alone_is_a_sheet_where_scans_are_registered(archive: tuple[Path, Ledger]) -> None:
    """And a result of its own settles it, which is told apart in the count."""
    before = standing(_listed(archive).values(), REGISTERING)
    assert (5, 0) == (before.pending, before.scans_alone)
    _settle(archive, "alone", token=_listed(archive)["alone"].token(REGISTERING), detail=f"{CONTENT}{REGISTERED}")
    after = standing(_listed(archive).values(), REGISTERING)
    assert (1, 1, 4) == (after.done, after.registered, after.pending)


def test_a_better_reader_makes_pending_what_has_no_manifest_and_nothing_else(archive: tuple[Path, Ledger]) -> None:
    """Sheets with a manifest are what they were, whether scans are registered or not."""
    _settle(archive, "a")
    _settle(archive, "alone", token=_listed(archive)["alone"].token(REGISTERING), detail=f"{CONTENT}{REGISTERED}")
    better = replace(REGISTERING, register=REGISTERING.register + 1)
    assert (1, 1) == (
        standing(_listed(archive).values(), better).done,
        standing(_listed(archive).values(), SHAPING).done,
    )
    assert "alone" in {sheet.name for sheet in to_do(_listed(archive).values(), better)}


def test_what_needs_a_person_is_tried_again_by_its_own_name(archive: tuple[Path, Ledger]) -> None:
    """Storage that failed and a draft that is unsure are not mended by the same thing."""
    for name, reason in (("a", "storage"), ("alone", NEEDS_A_PERSON)):
        told = _listed(archive)[name].token(REGISTERING)
        _settle(archive, name, token=told, status="set-aside", detail=reason)
    for retry, expected in ((None, 0), ("set-aside", 1), (NEEDS_A_PERSON, 1)):
        assert expected == standing(_listed(archive).values(), REGISTERING).tried_again(retry)
    again = {
        retry: {"a", "alone"} & {sheet.name for sheet in to_do(_listed(archive).values(), REGISTERING, retry=retry)}
        for retry in get_args(Retry)
    }
    assert {"set-aside": {"a"}, NEEDS_A_PERSON: {"alone"}} == again


def test_a_manifest_that_is_lost_does_not_let_a_machine_do_the_sheet_over(archive: tuple[Path, Ledger]) -> None:
    """What a person registered stays as it is, and is counted as gone."""
    _settle(archive, "a.b")
    (archive[0] / "a.b.sheet.yaml").unlink()
    assert "a.b" not in {sheet.name for sheet in to_do(_listed(archive).values(), REGISTERING)}
    assert 1 == standing(_listed(archive).values(), REGISTERING).gone


def test_an_entry_is_made_once(archive: tuple[Path, Ledger]) -> None:
    """The second of two runs is told that it was not the first, and changes nothing."""
    entry = Entry(1, TOKEN, "done", CONTENT)
    first, second = (SheetRecord(sheet="a", status="done", seconds={"tile": s}) for s in (1.0, 2.0))
    assert [True, False] == [archive[1].commit("a", entry, record) for record in (first, second)]
    assert first == archive[1].record("a", entry)


@given(
    st.builds(
        Entry,
        st.integers(1, 10**6),
        st.sampled_from([TOKEN, OTHER]),
        st.just("set-aside"),
        st.sampled_from(["bad-scan", "no-curve"]),
        st.sampled_from(["", CONTENT]),
    )
)
def test_an_entry_is_read_off_its_name(entry: Entry) -> None:
    """All of it."""
    assert entry == Entry.of_name(entry.name)


@pytest.mark.parametrize("name", ["", "0001.json", f"1.{TOKEN}.done.{CONTENT}.json", f"0001.{TOKEN}.done.{CONTENT}.js"])
def test_other_objects_are_no_entries(name: str) -> None:
    """What somebody else put there is left alone."""
    assert Entry.of_name(name) is None


def test_a_destination_belongs_to_one_archive(archive: tuple[Path, Ledger], tmp_path: Path) -> None:
    """Sheets of one name from two archives would meet in one folder."""
    source, ledger = archive
    ledger.claim(storage.resolve(source), SHAPING)
    ledger.claim(storage.resolve(source), replace(SHAPING, confidence=True))
    assert replace(SHAPING, confidence=True) == ledger.read_about().shaping
    with pytest.raises(OptionError, match="holds the results of"):
        ledger.claim(storage.resolve(tmp_path / "other"), SHAPING)


def test_the_destination_cannot_be_the_archive_itself(archive: tuple[Path, Ledger]) -> None:
    """Results would be taken for scans."""
    with pytest.raises(OptionError, match="both source and destination"):
        list(listed_sheets(archive[1].out, archive[1]))


def test_a_storage_that_lists_in_no_order_is_refused(
    archive: tuple[Path, Ledger], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sheets would come in pieces."""
    unordered = [StoredObject(f"{archive[0]}/{name}.tif", 1, "x", 0.0) for name in "ba"]
    monkeypatch.setattr(storage, "list_objects", lambda _: iter(unordered))
    with pytest.raises(StorageDeniedError, match="order"):
        _listed(archive)


@given(st.lists(_names, unique=True, min_size=1, max_size=8))
@settings(deadline=None, max_examples=40)
def test_listings_of_a_real_folder_and_its_ledger_meet(names: list[str]) -> None:
    """Every sheet of a disk meets its own entry, whatever slashes and dots its name has."""
    with tempfile.TemporaryDirectory() as folder:
        source, ledger = Path(folder) / "in", Ledger(storage.resolve(Path(folder) / "out"))
        try:
            _write(source, *(f"{name}.sheet.yaml" for name in names))
        except (FileExistsError, NotADirectoryError, IsADirectoryError):
            return  # a name that is another one's folder
        for name in names:
            ledger.commit(name, Entry(1, TOKEN, "done", CONTENT), SheetRecord(sheet=name, status="done"))
        listed = {sheet.name: sheet for sheet in listed_sheets(storage.resolve(source), ledger)}
        assert dict.fromkeys(names, (1, 1)) == {n: (len(s.manifests), len(s.entries)) for n, s in listed.items()}


def _changed(manifest: SheetManifest, **curve: object) -> SheetManifest:
    """The manifest with its first curve changed."""
    document = manifest.model_dump(mode="json")
    document["tracks"][0]["curves"][0].update(curve)
    return SheetManifest.model_validate_json(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "same"),
    [
        ({"right": 200.0}, True),
        ({"left": 10.0, "right": 200.0}, False),
        ({"mnemonic": "SP"}, True),
        ({"unit": "MV", "description": "Spontaneous"}, True),
        ({"style": "dotted"}, False),
        ({"wrap": False}, False),
    ],
)
def test_traces_are_kept_through_corrections_that_do_not_touch_them(change: dict[str, object], same: bool) -> None:
    """A scale from the same zero or a name does not; a style or a wrap does, and where the zero of one that wraps is."""
    manifest = lay_out(SheetRecipe(1))
    changed = _changed(manifest, **change)
    assert manifest != changed
    assert same == (trace_key(DIGEST, manifest, DIGEST) == trace_key(DIGEST, changed, DIGEST))


@pytest.mark.parametrize("change", [{"left": 10.0, "right": 200.0}, {"mnemonic": "SP"}])
def test_names_and_scales_make_new_traces_of_two_curves_of_one_style(change: dict[str, object]) -> None:
    """They are what the two are named by."""
    manifest = lay_out(SheetRecipe(1))
    alike = _changed(manifest, style=manifest.tracks[0].curves[1].style)
    assert trace_key(DIGEST, alike, DIGEST) != trace_key(DIGEST, _changed(alike, **change), DIGEST)


def test_ticks_and_edges_make_new_traces() -> None:
    """They say where the strips lie; and so do model and scan."""
    manifest = lay_out(SheetRecipe(1))
    depth = manifest.depth.model_copy(update={"ticks": ((0.0, 1.0), (100.0, 2.0))})
    track = manifest.tracks[0].model_copy(update={"left": 3.25})
    others = [
        trace_key(DIGEST, manifest.model_copy(update={"depth": depth}), DIGEST),
        trace_key(DIGEST, manifest.model_copy(update={"tracks": (track, *manifest.tracks[1:])}), DIGEST),
        trace_key(DIGEST[::-1], manifest, DIGEST),
        trace_key(DIGEST, manifest, DIGEST[::-1]),
        trace_key(DIGEST, manifest, DIGEST),
    ]
    assert 5 == len(set(others))


def test_content_is_known_by_digests_alone() -> None:
    """The same bytes give the same key, whatever they are called and whenever they were written."""
    assert content_key(DIGEST, DIGEST, SHAPING) == content_key(DIGEST, DIGEST, Shaping(DIGEST))
    assert content_key(DIGEST, DIGEST, SHAPING) != content_key(DIGEST[::-1], DIGEST, SHAPING)


def test_a_copied_and_a_touched_file_have_other_tokens(archive: tuple[Path, Ledger]) -> None:
    """What a listing shows has changed; whether the content has is found by reading."""
    before = _listed(archive)["a"].token(SHAPING)
    os.utime(archive[0] / "a.tif", ns=(1, 1))
    assert before != _listed(archive)["a"].token(SHAPING)

"""The campaign's own parts: its verifier sees every kind of wrong, its archive is what it says, its kills come of the seed alone."""

from __future__ import annotations

import hashlib
import json
import re
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chaos import verify
from chaos.bad import WAYS
from chaos.campaign import Campaign, begin, make_archive
from chaos.killing import Kill, plan_of
from chaos.verify import credentials_in, judge
from chaos.world import VICTIMS, World
from s3_server import S3UnavailableError, set_up

LAS = b"""~V
 VERS. 2.0 :
 WRAP. NO :
~W
 STRT.FT 1000 :
 STOP.FT 1000.5 :
 STEP.FT 0.5 :
 NULL. -999.25 :
~C
 DEPT.FT :
 GR.GAPI :
~A
 1000 50
 1000.5 51
"""
GOOD = {"name": "north/a", "kind": "good", "outcome": "done", "reason": "", "found": ""}
BAD = {"name": "b", "kind": "cut", "outcome": "set-aside", "reason": "bad-scan", "found": "cannot be read"}
DONE = ".veernet/ledger/north/a.sheet/0001." + "0" * 32 + ".done." + "1" * 32 + ".json"
ASIDE = ".veernet/ledger/b.sheet/0001." + "0" * 32 + ".set-aside.bad-scan.json"
ARCHIVE = {"north/a.tif": b"scan", "north/a.sheet.yaml": b"manifest", "b.tif": b"sc", "b.sheet.yaml": b"manifest"}

Bucket = dict[str, bytes]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _record(**changes: Any) -> bytes:
    outputs = [{"uri": "a/a.las", "sha256": _digest(LAS)}, {"uri": "a/a.html", "sha256": _digest(b"page")}]
    told = {
        "status": "done",
        "source": {"uri": "s3://scans/north/a.tif", "sha256": _digest(b"scan")},
        "manifest_sha256": _digest(b"manifest"),
        "outputs": outputs,
        "warnings": [],
    }
    return json.dumps(told | changes).encode()


def _aside(**changes: Any) -> bytes:
    error = {"reason": "bad-scan", "found": "rows 0 to 511 cannot be read", "remedy": "fetch it again"}
    return json.dumps({"status": "set-aside", "error": error | changes}).encode()


def _bucket() -> Bucket:
    """A destination that is as it must be."""
    return {
        ".veernet/archive.json": b"{}",
        ".veernet/work/" + "2" * 32 + ".npz": b"traces",
        DONE: _record(),
        "north/a/a.las": LAS,
        "north/a/a.html": b"page",
        "north/a/a.record.json": _record(),
        ASIDE: _aside(),
        "b/b.record.json": _aside(),
    }


def _found(results: Bucket, noted: list[dict[str, Any]] | None = None, undisturbed: Bucket | None = None) -> set[str]:
    """Of which kinds are the faults that the verifier finds."""
    verdict = judge([GOOD, BAD], results, undisturbed or _bucket(), ARCHIVE, noted or [], "logs", "scans")
    return {kind for kind in ("lost", "wrong", "reasons", "litter", "twice") if getattr(verdict, kind)}


def test_a_destination_as_it_must_be_has_no_fault() -> None:
    """And both sheets are counted."""
    verdict = judge([GOOD, BAD], _bucket(), _bucket(), ARCHIVE)
    assert (True, 1, 1) == (verdict.good, verdict.done, verdict.set_aside)


def _without(*keys: str) -> Callable[[Bucket], object]:
    return lambda bucket: [bucket.pop(key) for key in keys]


def _with(**contents: bytes) -> Callable[[Bucket], object]:
    places = {"las": "north/a/a.las", "html": "north/a/a.html", "record": "north/a/a.record.json", "done": DONE}
    places |= {"aside": ASIDE, "aside_record": "b/b.record.json", "litter": "north/a/a.las.part", "bad_las": "b/b.las"}
    places |= {"second": DONE.replace("0001", "0002"), "traces": ".veernet/work/" + "3" * 32 + ".npz"}
    return lambda bucket: bucket.update({places[name]: content for name, content in contents.items()})


_OTHER = _record(source={"uri": "", "sha256": _digest(b"other")})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_without(DONE, "north/a/a.record.json"), {"lost"}),
        (_without("north/a/a.record.json"), {"lost"}),
        (_without(DONE), {"lost"}),
        (_without("north/a/a.las"), {"wrong"}),
        (_with(las=LAS.replace(b" 51", b" 52")), {"wrong"}),
        (_with(html=b"another page"), {"wrong"}),
        (_with(record=_record(versions={})), {"wrong"}),
        (_with(record=_OTHER, done=_OTHER), {"wrong"}),
        (_with(record=_record(manifest_sha256=""), done=_record(manifest_sha256="")), {"wrong"}),
        (_with(aside=_aside(found="is all white"), aside_record=_aside(found="is all white")), {"reasons"}),
        (_with(aside=_aside(reason="storage"), aside_record=_aside(reason="storage")), {"reasons"}),
        (_with(aside=_aside(remedy=""), aside_record=_aside(remedy="")), {"reasons"}),
        (_with(litter=b""), {"litter"}),
        (_with(bad_las=LAS), {"litter"}),
        (_with(traces=b""), {"litter"}),
        (_with(second=_record()), {"twice"}),
    ],
)
def test_every_kind_of_wrong_is_seen(change: Callable[[Bucket], object], expected: set[str]) -> None:
    """Each by its own name and by no other, so that a table of zeros means what it says."""
    bucket = _bucket()
    change(bucket)
    told = _found(bucket)
    assert expected == told - ({"litter"} if "lost" in expected else set())


def test_a_las_file_that_nobody_can_read_is_wrong_though_an_undisturbed_run_makes_the_same() -> None:
    """Equal is not enough: another reader must take it."""
    torn = LAS.replace(b"~A\n", b"")
    outputs = [{"uri": "a/a.las", "sha256": _digest(torn)}, {"uri": "a/a.html", "sha256": _digest(b"page")}]
    bucket = _bucket()
    _with(las=torn, record=_record(outputs=outputs), done=_record(outputs=outputs))(bucket)
    assert {"wrong"} == _found(bucket, undisturbed=bucket)


def test_damage_that_does_not_show_in_the_result_is_wrong() -> None:
    """Of a damaged scan a part may be saved, under that name, and with a record of the depths that are lost."""
    half = {**GOOD, "outcome": "either", "kind": "cut at half"}
    assert judge([half, BAD], _bucket(), _bucket(), ARCHIVE).reasons
    told = {"status": "partial", "warnings": ["1000 to 1000.5 ft are lost"]}
    bucket = _bucket()
    del bucket[DONE]
    for lost, good in (([], False), ([{"top": 1000, "base": 1000.5}], True)):
        bucket[DONE.replace("done", "partial")] = bucket["north/a/a.record.json"] = _record(**told, lost=lost)
        assert good == judge([half, BAD], bucket, _bucket(), ARCHIVE).good
    assert judge([GOOD, BAD], bucket, _bucket(), ARCHIVE).lost


def _asked(*asked: tuple[str, str, int | None]) -> list[dict[str, Any]]:
    """A journal: method, path and answer of each request; None where it was cut off."""
    lines: list[dict[str, Any]] = []
    for number, (method, path, status) in enumerate(asked):
        lines.append({"s": float(number), "number": str(number), "method": method, "path": path, "query": ""})
        if status is not None:
            lines.append({"s": number + 0.5, "number": str(number), "status": status})
    return lines


ENTER = ("PUT", f"/logs/{DONE}", 200)


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ([("GET", "/scans/north/a.tif", 200), ("PUT", "/logs/north/a/a.las", 200), ENTER], set()),
        ([ENTER, ("PUT", "/logs/north/a/a.las", 200)], {"twice"}),
        ([ENTER, ("GET", "/scans/north/a.tif", 200)], {"twice"}),
        ([ENTER, ("GET", "/logs/north/a/a.las", 200), ("PUT", "/logs/north/ab/ab.las", 200)], set()),
        ([("PUT", f"/logs/{DONE}", 503), ("PUT", "/logs/north/a/a.las", 200), ENTER], set()),
        ([("PUT", f"/logs/{DONE}", None), ("PUT", "/logs/north/a/a.las", 200), ENTER], set()),
        ([("PUT", f"/logs/{DONE}", None), ("PUT", f"/logs/{DONE}", 412), ("GET", "/scans/north/a.tif", 200)], {"twice"}),
    ],
)  # fmt: skip
def test_work_after_the_entry_is_work_done_twice(
    journal: list[tuple[str, str, int | None]], expected: set[str]
) -> None:
    """Before it, a run that was killed may have fetched and put what it liked; where the answer was lost, the entry stood."""
    assert expected == _found(_bucket(), _asked(*journal))


def test_a_credential_is_found_wherever_it_stands() -> None:
    """By the name of what holds it, and without repeating it."""
    texts = [("a.log", b"all is well"), ("b.html", b"<!-- hush-hush -->")]
    assert ["b.html: hus..."] == credentials_in(texts, ["hush-hush"])


def test_the_verifier_knows_nothing_of_what_it_judges() -> None:
    """It imports nothing of this project, so that a fault there cannot hide itself here."""
    imported = re.findall(r"^\s*(?:from|import) (\w+)", Path(verify.__file__).read_text(), re.MULTILINE)
    assert "lasio" in imported
    assert set() == set(imported) & {"veernet", "tasks", "flows", "chaos", "faults"}


def test_an_archive_holds_every_way_of_being_bad_once(tmp_path: Path) -> None:
    """Under names that differ, each sheet of other content than all others."""
    expected = make_archive(tmp_path / "archive", 1, len(WAYS) + 8, len(WAYS))
    counted = Counter(one.kind for one in expected if one.outcome != "done")
    assert Counter(way.kind for way in WAYS) == counted
    assert len(expected) == len({one.name for one in expected})
    scans = [path.read_bytes() for path in (tmp_path / "archive").rglob("*.*") if path.suffix != ".yaml"]
    assert len(scans) == len(set(scans))


def test_kills_come_of_the_seed_alone() -> None:
    """The same again for the same one; of each kind of process as many as of the others, all within the run."""
    plan = plan_of(3, 8)
    assert plan_of(3, 8) == plan
    assert plan_of(4, 8) != plan
    assert dict.fromkeys(VICTIMS, 2) == Counter(kill.victim for kill in plan)
    assert all(0 <= kill.at_share <= 1 for kill in plan)
    assert sorted(kill.at_share for kill in plan) == [kill.at_share for kill in plan]


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Campaign]:
    """Eight sheets, three of them bad, with all that digitises them, done once in peace."""
    try:
        set_up()
        world = World(tmp_path_factory.mktemp("campaign"))
    except S3UnavailableError as error:
        warnings.warn(f"no campaign is run: {error}", stacklevel=1)
        pytest.skip(str(error))
    with world:
        yield begin(world, 5, 8, 3, say=lambda _: None)


@pytest.mark.fault(22, outcome="done")
@pytest.mark.fault(28, outcome="done")
def test_an_archive_whose_worker_and_run_are_killed_is_done_as_if_they_were_not(campaign: Campaign) -> None:
    """The same command again finishes it: nothing lost, wrong, left lying about, done twice or told to whom it does not concern."""
    kills = [Kill(0.2, 0.0, "worker", 0.5, 0.1), Kill(0.6, 0.0, "flow", 0.0, 0.0)]
    outcome = campaign.round("disturbed", kills)
    assert ["worker-0, below its nanny", "flow"] == [name for _, _, name in outcome.disturbed.kills]
    assert (5, 3) == (outcome.verdict.done, outcome.verdict.set_aside)
    assert outcome.good, outcome

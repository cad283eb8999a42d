"""Judges a campaign by what lies in the bucket, and by what the storage noted of every request. It knows nothing of VeerNet but its documents.

Given are what each sheet must become, the objects of the destination, those of an undisturbed run, and those of the archive.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import lasio

Objects = Mapping[str, bytes]
_ENTRY = re.compile(
    r"\.veernet/ledger/(?P<sheet>.+)\.sheet/(?P<number>\d+)\.[^/]+?\.(?P<status>done|partial|set-aside)\.[^/]+\.json",
    re.DOTALL,
)
_TRACES = re.compile(r"\.veernet/work/[0-9a-f]{32}\.npz")
_RESULT = re.compile(r"\.(las|html|png|record\.json)|-\d\d+\.png")


@dataclass
class Verdict:
    """What is not as it must be; all empty is good.

    Args:
        lost: Good sheets without a result that says done.
        wrong: Results that differ from those of the undisturbed run, cannot be read, or do not fit their record.
        reasons: Bad sheets that were done, or set aside for what is not their reason.
        litter: Objects that nobody asked for.
        twice: Sheets that were fetched or written again after their entry, or entered twice.
        leaked: Where a credential stands.
        done: Sheets done as they should be.
        set_aside: Sheets set aside as they should be.
    """

    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    litter: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    leaked: list[str] = field(default_factory=list)
    done: int = 0
    set_aside: int = 0

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return not any((self.lost, self.wrong, self.reasons, self.litter, self.twice, self.leaked))


def judge(
    expected: Sequence[Mapping[str, str]],
    results: Objects,
    undisturbed: Objects,
    archive: Objects,
    noted: Iterable[Mapping[str, Any]] = (),
    out: str = "",
    source: str = "",
) -> Verdict:
    """Judge the destination of a campaign.

    Args:
        expected: What must become of each sheet: name, outcome, reason, found (see ``chaos.sheets.Expected``).
        results: The destination, by key.
        undisturbed: That of a run that nobody disturbed, by key.
        archive: What both were made from, by key.
        noted: The storage's journal.
        out: Bucket of the destination, in the journal.
        source: Bucket of the archive, in the journal.
    """
    verdict, known = Verdict(), {".veernet/archive.json"}
    entries = _entries(results)
    for sheet in expected:
        name, stem = sheet["name"], sheet["name"].rpartition("/")[2]
        folder = {
            key
            for key in results
            if key.startswith(f"{name}/{stem}") and _RESULT.fullmatch(key[len(f"{name}/{stem}") :])
        }
        mine = entries.get(name, [])
        known |= {key for key, _, _ in mine}
        status = mine[-1][1] if mine else "none"
        record = _json(results.get(f"{name}/{stem}.record.json"))
        if not mine or record is None:
            verdict.lost.append(f"{name}: {'no record' if mine else 'no entry'} ({sheet['kind']})")
            continue
        if [number for _, _, number in mine] != list(range(1, len(mine) + 1)) or [s for _, s, _ in mine].count(
            "done"
        ) > 1:
            verdict.twice.append(f"{name}: entries {[key.rpartition('/')[2] for key, _, _ in mine]}")
        if record != _json(results[mine[-1][0]]):
            verdict.wrong.append(f"{name}: its record is not that of its entry")
        if (status, sheet["outcome"]) in (("done", "done"), ("partial", "either")):
            known |= folder
            _judge_done(verdict, sheet, folder, record, results, undisturbed, archive)
        elif status == "set-aside" and sheet["outcome"] != "done":
            known.add(f"{name}/{stem}.record.json")
            _judge_set_aside(verdict, sheet, record)
        else:
            known |= folder
            error = record.get("error") or {}
            told = f"{name}: {status} ({error.get('reason')}: {error.get('found')}), and was {sheet['kind']}"
            (verdict.lost if sheet["outcome"] == "done" else verdict.reasons).append(told)
    traces = {key for key in results if _TRACES.fullmatch(key)}
    traced = sum(sheet["outcome"] != "set-aside" or sheet["reason"] == "no-curve" for sheet in expected)
    if len(traces) > traced:
        verdict.litter.append(f"{len(traces)} kept traces of {traced} sheets that can be traced")
    verdict.litter += sorted(set(results) - known - traces)
    verdict.twice += _again(noted, [sheet["name"] for sheet in expected], out, source)
    return verdict


def _judge_done(
    verdict: Verdict,
    sheet: Mapping[str, str],
    folder: set[str],
    record: Mapping[str, Any],
    results: Objects,
    undisturbed: Objects,
    archive: Objects,
) -> None:
    name, stem = sheet["name"], sheet["name"].rpartition("/")[2]
    las = f"{name}/{stem}.las"
    wrong: list[str] = []
    if results.get(las) != undisturbed.get(las) or las not in results:
        wrong.append("its LAS is not that of the undisturbed run")
    else:
        wrong += _unreadable(results[las])
    told = {f"{name.removesuffix(stem)}{one['uri']}": one["sha256"] for one in record["outputs"]}
    if told != {key: _digest(results[key]) for key in folder if not key.endswith(".record.json")}:
        wrong.append("its files are not those of its record")
    manifest = archive.get(f"{name}.sheet.yaml")
    if manifest is None or record["manifest_sha256"] != _digest(manifest):
        wrong.append("its record speaks of another manifest")
    if record["source"]["sha256"] not in {_digest(archive[key]) for key in archive if key.startswith(f"{name}.")}:
        wrong.append("its record speaks of another scan")
    if sheet["outcome"] == "either" and not (record.get("lost") and record["warnings"]):
        wrong.append(f"it was {sheet['kind']}, and its record names no depths that are lost")
    verdict.wrong += [f"{name}: {what}" for what in wrong]
    verdict.done += not wrong


def _judge_set_aside(verdict: Verdict, sheet: Mapping[str, str], record: Mapping[str, Any]) -> None:
    error = record.get("error") or {}
    reason, found = str(error.get("reason")), str(error.get("found"))
    if reason != sheet["reason"] or not re.search(sheet["found"], found) or not error.get("remedy"):
        verdict.reasons.append(f"{sheet['name']}: set aside for {reason}: {found}; it was {sheet['kind']}")
    else:
        verdict.set_aside += 1


def _unreadable(las: bytes) -> list[str]:
    """What another reader finds wrong with a LAS file: sections, index, and whether there are values at all."""
    try:
        read = lasio.read(io.StringIO(las.decode("ascii")))
    except (ValueError, KeyError, lasio.exceptions.LASDataError, lasio.exceptions.LASHeaderError) as error:
        return [f"its LAS cannot be read: {error!r}"]
    if (
        len(read.curves) < 2
        or not len(read.index)
        or not any(c.data.dtype.kind == "f" and (c.data == c.data).any() for c in read.curves[1:])
    ):
        return ["its LAS has no values"]
    if [read.index[0], read.index[-1]] != [read.well["STRT"].value, read.well["STOP"].value]:
        return ["the depths of its LAS are not those that it states"]
    return []


def _entries(results: Objects) -> dict[str, list[tuple[str, str, int]]]:
    """Key, status and number of each sheet's ledger entries, in their order."""
    found: dict[str, list[tuple[str, str, int]]] = {}
    for key in sorted(results):
        if told := _ENTRY.fullmatch(key):
            found.setdefault(told["sheet"], []).append((key, told["status"], int(told["number"])))
    return found


def _again(noted: Iterable[Mapping[str, Any]], sheets: Sequence[str], out: str, source: str) -> list[str]:
    """Sheets of which something was fetched or written after the storage had said that their done entry stands.

    Where its answer was cut off by a kill, the entry stands from the next refusal to put it again, or from the last time it was asked.
    """
    lines = list(noted)
    status = {line["number"]: line["status"] for line in lines if "status" in line}
    asked = [line for line in lines if "method" in line]
    twice = []
    for name in sheets:
        stem = name.rpartition("/")[2]
        entry = f"/{out}/.veernet/ledger/{name}.sheet/"
        puts = [
            line
            for line in asked
            if line["method"] == "PUT" and line["path"].startswith(entry) and ".set-aside." not in line["path"]
        ]
        stored = [line["s"] for line in puts if status.get(line["number"], 0) // 100 == 2]
        open_ended = [line["s"] for line in puts if line["number"] not in status]
        if not (stored or open_ended):
            continue
        since_s = min(stored) if stored else max(open_ended)
        late = {
            f"{line['method']} {line['path']}"
            for line in asked
            if line["s"] > since_s
            and (
                (line["method"] in ("PUT", "POST", "DELETE") and line["path"].startswith(f"/{out}/{name}/{stem}"))
                or (
                    line["method"] == "GET"
                    and re.fullmatch(rf"/{source}/{re.escape(name)}\.(tif|png|jpg)", line["path"])
                )
            )
        }
        twice += [f"{name}: after its entry {what}" for what in sorted(late)]
    return twice


def journal_of(path: Path) -> list[dict[str, Any]]:
    """What the storage noted of the requests that it had."""
    return [json.loads(line) for line in path.read_text().splitlines()]


def repeated(noted: Iterable[Mapping[str, Any]], out: str) -> int:
    """How many LAS files were put once more: the price of kills between a sheet's files and its entry."""
    puts = [
        line["path"] for line in noted if line.get("method") == "PUT" and re.fullmatch(rf"/{out}/.+\.las", line["path"])
    ]
    return len(puts) - len(set(puts))


def credentials_in(texts: Iterable[tuple[str, bytes]], secrets: Sequence[str]) -> list[str]:
    """Where any of these secrets stands, by name."""
    return [f"{name}: {secret[:3]}..." for name, text in texts for secret in secrets if secret.encode() in text]


def _json(text: bytes | None) -> Any:
    try:
        return None if text is None else json.loads(text)
    except ValueError:
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()

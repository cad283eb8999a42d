"""Records: what a run leaves behind is complete, stable and JSON."""

from __future__ import annotations

import json

import numpy as np
import pytest
from pydantic import ValidationError

from veernet.errors import ScanError
from veernet.review.record import CurveRecord, DepthRange, SheetRecord, Source, curve_record, failure_of

DIGEST = "0123456789abcdef" * 4


def test_record_comes_back_from_its_json() -> None:
    """All of it is in the JSON, and equal records give equal bytes."""
    record = SheetRecord(
        sheet="kinney-heinen",
        status="done",
        source=Source(uri="s3://logs/kinney.tif", sha256=DIGEST),
        versions={"veernet": "0.1.0"},
        seconds={"fetch": 0.5},
        curves=(CurveRecord(mnemonic="GR", coverage=0.5, mean_confidence=None, null=(DepthRange(top=1, base=2),)),),
        warnings=("ticks disagree",),
    )
    assert record == SheetRecord.from_json(record.to_json())
    assert record.to_json() == SheetRecord.from_json(record.to_json()).to_json()
    assert "veernet-record/1" == json.loads(record.to_json())["format"]


@pytest.mark.parametrize(
    "wrong", [{"status": "fine"}, {"speed": 1}, {"manifest_sha256": "abc"}, {"seconds": {"fetch": float("nan")}}]
)
def test_record_refuses_what_it_does_not_know(wrong: dict[str, object]) -> None:
    """An unknown status or key, a cut digest, a number that JSON does not have."""
    with pytest.raises(ValidationError):
        SheetRecord.model_validate({"sheet": "a", "status": "done", **wrong})


def test_curve_is_summed_up_with_its_weak_and_empty_stretches() -> None:
    """Coverage and confidence over what is there, and both kinds of stretch as depths with both ends in."""
    depths = 100 + 0.5 * np.arange(10)
    values = np.array([np.nan, np.nan, 1, 1, 1, 1, 1, np.nan, 1, 1])
    confidence = np.array([0, 0, 1, 1, 0.25, 0.25, 1, 0, 1, 0.25], np.float32)
    expected = CurveRecord(
        mnemonic="GR",
        coverage=0.7,
        mean_confidence=0.6786,
        low_confidence=(DepthRange(top=102, base=102.5), DepthRange(top=104.5, base=104.5)),
        null=(DepthRange(top=100, base=100.5), DepthRange(top=103.5, base=103.5)),
    )
    assert expected == curve_record("GR", depths, values, confidence)


def test_curve_without_a_value_has_no_confidence() -> None:
    """Nothing traced: coverage 0, one empty stretch, and no mean of nothing."""
    depths = np.array([1.0, 2, 3])
    got = curve_record("GR", depths, np.full(3, np.nan), np.zeros(3, np.float32))
    assert (0.0, None, (DepthRange(top=1, base=3),)) == (got.coverage, got.mean_confidence, got.null)


def test_failure_keeps_reason_finding_and_remedy() -> None:
    """Our own errors are told in their own words, others by their class."""
    ours = failure_of(ScanError("a.tif", "it is cut short", "scan it again"), "fetch")
    assert ("bad-scan", "it is cut short", "scan it again", "fetch") == (
        ours.reason,
        ours.found,
        ours.remedy,
        ours.stage,
    )
    theirs = failure_of(ZeroDivisionError("by zero"), "trace")
    assert ("error", "ZeroDivisionError: by zero", "trace") == (theirs.reason, theirs.found, theirs.stage)

"""Rows 50 to 53: what the network is made of, and what it answers."""

from __future__ import annotations

import hashlib
import io
import logging
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from typer.testing import CliRunner

from flows.archive_plan import weights_digest
from flows.cli import app
from tasks.compute import describe_model, segment_chunk, segmenter
from veernet.errors import WeightsError
from veernet.network.body import BodyConfig
from veernet.network.predict import Segmenter
from veernet.network.targets import Network
from veernet.network.weights import load_weights, save_weights, shipped_weights
from veernet.review.record import failure_of
from veernet.sheets.chunks import CHUNK_ROWS
from veernet.sheets.work import WorkStore


class _Bomb:
    """Runs code where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.mark,)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Weights of a small network."""
    path = tmp_path / "small.safetensors"
    save_weights(Network(BodyConfig(channels=(16, 16, 16, 16))), path, {})
    return path


@pytest.mark.fault(50, outcome="refused, nothing run: safetensors alone are read")
@pytest.mark.parametrize("name", ["evil.pt", "evil.safetensors"])
def test_row_50_a_file_that_runs_code_does_not_run_it(tmp_path: Path, name: str) -> None:
    """The same file does run its code where torch loads it as it pleases: the fault is a real one."""
    mark, path = tmp_path / "it-ran", tmp_path / name
    torch.save({"weight": _Bomb(mark)}, path)
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(path)
    assert isinstance(describe_model(str(path)), WeightsError)
    assert not mark.exists()
    torch.load(io.BytesIO(path.read_bytes()), weights_only=False)
    assert mark.exists()


@pytest.mark.fault(50, outcome="refused, nothing run: safetensors alone are read")
def test_row_50_nor_does_a_bare_pickle(tmp_path: Path) -> None:
    """Whatever it is called."""
    mark, path = tmp_path / "it-ran", tmp_path / "w.safetensors"
    path.write_bytes(pickle.dumps(_Bomb(mark)))
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(path)
    assert not mark.exists()


@pytest.mark.fault(51, outcome="refused before the first sheet")
@pytest.mark.parametrize("kept", [0, 7, 1000, -1])
def test_row_51_weights_cut_short_are_refused(small: Path, kept: int) -> None:
    """Wherever they were cut."""
    small.write_bytes(small.read_bytes()[:kept])
    with pytest.raises(WeightsError, match="not a whole safetensors file"):
        load_weights(small)


@pytest.mark.fault(51, outcome="refused before the first sheet")
def test_row_51_weights_of_another_shape_are_refused(small: Path) -> None:
    """What the header says and what the tensors are must be one network."""
    state = load_file(small)
    name = next(name for name, tensor in state.items() if tensor.ndim == 4)
    header = {"format": "veernet-weights/1", "target": "multiclass", "curves": "2"}
    body = '{"width": 512, "channels": [16, 16, 16, 16], "heads": 4}'
    save_file({**state, name: state[name][:1].clone()}, small, {**header, "body": body})
    with pytest.raises(WeightsError, match="do not fit"):
        load_weights(small)


@pytest.mark.fault(51, outcome="refused before the first sheet")
def test_row_51_weights_of_another_digest_are_another_model(tmp_path: Path) -> None:
    """One changed byte of them is seen by the digest that a run, its keys and its records name them by."""
    path = tmp_path / "changed.safetensors"
    data = bytearray(shipped_weights().read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    told = describe_model(str(path))
    assert not isinstance(told, WeightsError)
    assert told["sha256"] == weights_digest(str(path)) == hashlib.sha256(data).hexdigest()
    assert told["sha256"] != weights_digest(None)


@pytest.mark.fault(51, outcome="refused before the first sheet")
def test_row_51_a_run_with_such_weights_ends_before_its_first_sheet(tmp_path: Path) -> None:
    """The command says what is wrong with them, and leaves nothing."""
    scans, out = tmp_path / "scans", tmp_path / "out"
    scans.mkdir()
    (scans / "a.sheet.yaml").write_text("format: veernet-sheet/1\n")
    ended = CliRunner().invoke(
        app, ["archive", str(scans), "--out", str(out), "--weights", str(tmp_path / "no.safetensors")]
    )
    assert ended.exit_code != 0
    assert "no.safetensors" in ended.output
    assert not out.exists() or not [path for path in out.rglob("*") if path.is_file()]


@pytest.mark.fault(52, outcome="set aside, with the network named as the reason")
def test_row_52_an_answer_that_is_no_number_is_no_class_map(tmp_path: Path) -> None:
    """Weights of large, finite numbers overflow on the way; the chunk is refused, and not written."""
    network = Network(BodyConfig(channels=(16, 16, 16, 16)))
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.fill_(1e30)
    path = tmp_path / "large.safetensors"
    save_weights(network, path, {})
    geometry = type("Geometry", (), {"rows": 64})()
    store = WorkStore.create(tmp_path / "work.zarr", [geometry])
    store.write_strip(0, 0, np.full((64, 512), 200, np.uint8))
    told = segment_chunk(tmp_path / "work.zarr", 0, 0, 64, str(path))
    assert isinstance(told, WeightsError)
    failure = failure_of(told, "segment")
    assert (failure.reason, failure.stage) == ("bad-weights", "segment")
    assert "NaN" in failure.found
    with pytest.raises(Exception, match="never written"):
        store.read_classes(0, 0, 64)
    segmenter.cache_clear()
    assert CHUNK_ROWS > 64


@pytest.mark.fault(53, outcome="fp32, and a line in the log")
def test_row_53_a_cpu_without_bf16_computes_in_fp32_and_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Emulated, it would take five times as long; with the instructions for it, nothing is said."""
    precisions = {}
    for able in (False, True):
        monkeypatch.setattr(torch.cpu, "get_capabilities", lambda able=able: {"avx512_bf16": able, "amx_bf16": False})
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="veernet"):
            model = Segmenter(Network(BodyConfig(channels=(16, 16, 16, 16))).eval(), "0" * 64, "cpu")
        said = [record.getMessage() for record in caplog.records]
        precisions[able] = (model.precision, said)
    assert precisions[True] == ("bf16", [])
    (line,) = precisions[False][1]
    assert precisions[False][0] == "fp32"
    assert "no bf16" in line

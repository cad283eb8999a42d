"""The manifest reader: any bytes are a manifest that keeps its contract, or refused in one printable line."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import yaml

from fuzz.drawn import document_of, document_with, places_in
from fuzz.refusals import check_refusal
from veernet.errors import ManifestError
from veernet.sheets.manifest import MAX_LAS_ROWS, read_manifest

TOKENS = """
    format source pages well depth tracks name uwi api date unit step top base ticks left right scale curves mnemonic description style wrap
    linear log solid dashed dotted true null ft s3:// ../ /vsimem/ &a *a !! --- %YAML <<: - ? | > \\x5cud800
    1e308 -1e308 .inf .nan 1e400 5e-324 1e-3 0x1F 1_000 2010-12-12 999999999999999999999999
"""
MAX_INPUT_BYTES = 4096

_NAME = "well.sheet.yaml"
_SLIPS: tuple[Any, ...] = (None, True, -1, 1e308, "x", "../x", [], [[0, 1], [0, 1]], {})


def seeds() -> Iterator[bytes]:
    """Manifests of drawn sheets, in YAML as people and as programs write it, and in JSON; one of a sheet in pages."""
    for seed in range(8):
        document = document_of(seed)
        yield yaml.safe_dump(document, sort_keys=False).encode()
        yield yaml.safe_dump(document, sort_keys=False, default_flow_style=True).encode()
        yield json.dumps(document).encode()
    yield yaml.safe_dump({**document_of(1), "pages": ["roll/p1.tif", "roll/p2.pdf"]}).encode()
    yield from _slips()
    yield yaml.safe_dump({**document_of(2), "source": "s3://bucket/a/b.tif"}).encode()


def _slips() -> Iterator[bytes]:
    """A small manifest with one value wrong, each value in turn: what a person gets wrong, and where refusals part."""
    document = document_of(1)
    document = {**document, "source": "a.tif", "tracks": document["tracks"][:1]}
    for way in places_in(document)[1:]:
        for value in _SLIPS:
            yield json.dumps(document_with(document, value, *way)).encode()


def check(data: bytes) -> None:
    """Read ``data`` as a manifest.

    Raises:
        AssertionError: It was accepted and breaks the contract, or refused in a way that a log cannot hold.
    """
    try:
        manifest = read_manifest(data, _NAME)
    except ManifestError as error:
        check_refusal(error, _NAME)
        return
    assert manifest == read_manifest(manifest.model_dump_json().encode(), _NAME), "it does not survive being written"
    unprintable = [text for text in _texts(manifest.model_dump()) if not text.isprintable()]
    assert not unprintable, f"text that no log can hold: {unprintable}"
    for place in (manifest.source, *(manifest.pages or ())):
        assert place is None or place.startswith("s3://") or _stays_below(place), f"a way out of the folder: {place!r}"
    depth = manifest.depth
    assert depth.step > 0
    assert 0 < (depth.base_depth - depth.top_depth) / depth.step <= MAX_LAS_ROWS


def _stays_below(place: str) -> bool:
    return (os.path.normpath(f"/sheets/{place}") + "/").startswith("/sheets/")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, tuple | list):
        for part in value:
            yield from _texts(part)

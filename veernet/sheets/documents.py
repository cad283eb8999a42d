"""YAML and JSON documents, read strictly: no key twice, nothing run, nothing that grows, text left as it was written."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

import yaml


def parse_document(text: bytes) -> Any:
    """Parse a document.

    Raises:
        yaml.YAMLError: It is neither YAML nor JSON, or has types that are not plain.
        ValueError: It has a key twice, a key that is no text, or an alias.
        RecursionError: It is nested absurdly deep.
    """
    if text.lstrip().startswith(b"{"):
        # Not all JSON is YAML: tabs are not.
        with contextlib.suppress(json.JSONDecodeError, UnicodeDecodeError):
            return json.loads(text, object_pairs_hook=_single_keys)
    return yaml.load(text, Loader=_StrictLoader)


def _single_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    mapping = dict(pairs)
    if len(mapping) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the key {twice!r} stands twice")
    return mapping


class _StrictLoader(yaml.SafeLoader):
    """YAML's safe types as of its version 1.2, no key twice, no references to other parts (which can grow without bound).

    Under YAML 1.1 ``NO`` would be false, ``010`` eight, ``12:30`` a number, a date no text, and ``1e-3`` no number.
    """

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise ValueError("aliases (*name) are not read; write the value out")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:  # noqa: ARG002 - always deep
        mapping: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                raise ValueError(f"line {key_node.start_mark.line + 1}: {key!r} is not the name of a key")
            if key in mapping:
                raise ValueError(f"line {key_node.start_mark.line + 1}: the key {key!r} stands twice")
            mapping[key] = self.construct_object(value_node, deep=True)
        return mapping


_StrictLoader.yaml_implicit_resolvers = {}
for _kind, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("int", r"[-+]?(0|[1-9][0-9]*)", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("float", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)", "-+."),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"^(?:{_pattern})$"), list(_first))
_StrictLoader.add_constructor("tag:yaml.org,2002:map", _StrictLoader.construct_mapping)

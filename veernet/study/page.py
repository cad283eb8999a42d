"""The study of target shapes as one HTML file: the results stand in it, and it loads nothing from anywhere."""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any

FORMAT = "veernet-target-study/1"


def write_page(results: dict[str, Any], path: Path) -> None:
    """Write the results of a target study as a page that a browser opens from disk.

    Raises:
        ValueError: The results are of another format, or lack one of the two targets that the page compares.
    """
    if results.get("format") != FORMAT:
        raise ValueError(f"expected results of format {FORMAT}, got {results.get('format')!r}")
    if not any(arm["target"] == "binary" and arm["weight"] for arm in results["arms"]):
        raise ValueError("no binary arm with a weight among the results: the lever would have nowhere to stand")
    if not any(arm["target"] == "multiclass" for arm in results["arms"]):
        raise ValueError("no multiclass arm among the results: there is nothing to compare with")
    template = files("veernet.study").joinpath("page.html").read_text(encoding="utf-8")
    # The results go in last, so that nothing in them is taken for a mark of the template.
    page = template.replace("{{script-hash}}", _script_hash(template)).replace("{{results}}", _embeddable(results))
    path.write_text(page, encoding="utf-8", newline="\n")


def _script_hash(template: str) -> str:
    """The content security policy's name of the template's one script; no other can run."""
    (script,) = re.findall(r"<script>(.*?)</script>", template, re.DOTALL)
    return "sha256-" + b64encode(sha256(script.encode()).digest()).decode()


def _embeddable(results: dict[str, Any]) -> str:
    """JSON that cannot end the element it stands in."""
    return json.dumps(_finite(results), allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _finite(value: Any) -> Any:
    """The same tree with null for NaN and infinity, which JSON does not have; the page shows null as a dash."""
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

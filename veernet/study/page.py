"""The study of target shapes as one HTML file: the results stand in it, and it loads nothing from anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from veernet.review.html import embeddable, page_template

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
    page = page_template("veernet.study", "page.html").replace("{{results}}", embeddable(results))
    path.write_text(page, encoding="utf-8", newline="\n")

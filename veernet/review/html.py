"""What the HTML pages of VeerNet share: one file each, which loads nothing and runs the one script that it came with."""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, TextIO

from veernet.errors import StorageError

_INCLUDE = re.compile(r"\{\{include (?:([\w.]+)/)?([\w.]+)\}\}\n")


def page_template(package: str, name: str) -> str:
    """A page's template, with the files that it includes in place and its content security policy filled in.

    `{{include name}}` is a file beside the template, `{{include package/name}}` one of another package.
    The marks `{{script-hash}}` and `{{style-hash}}` become the policy's names of the template's one script and one
    style sheet, so that no other of either kind works in the page. Put data in after this, so that nothing in it is
    taken for a mark.

    Args:
        package: The package that the template lies in.
        name: Its file name.
    """
    text = _INCLUDE.sub(lambda mark: _read(mark[1] or package, mark[2]), _read(package, name))
    for element in ("script", "style"):
        mark = f"{{{{{element}-hash}}}}"
        if mark in text:
            text = text.replace(mark, _hash(text, element))
    return text


@contextmanager
def new_page(path: Path) -> Iterator[TextIO]:
    """A file to write a page into; where that fails, whyever, there is none.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            yield file
    except OSError as error:
        path.unlink(missing_ok=True)
        found = f"it cannot be written ({error.strerror})"
        raise StorageError(path.name, found, f"make room and rights in {path.parent}") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def embeddable(tree: Any) -> str:
    """JSON of a tree that cannot end the element it stands in; NaN and infinity, which JSON lacks, become null."""
    strict = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
    try:
        text = strict.encode(tree)
    except ValueError:
        text = strict.encode(_finite(tree))
    return text.replace("<", "\\u003c")


def _read(package: str, name: str) -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str, element: str) -> str:
    (content,) = re.findall(rf"<{element}>(.*?)</{element}>", text, re.DOTALL)
    return "sha256-" + b64encode(sha256(content.encode()).digest()).decode()


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

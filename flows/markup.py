"""Text that came from a file name or a manifest, for places where markup is acted on."""

from __future__ import annotations

import re
from urllib.parse import quote

# What becomes a link by itself, without any markup (GitHub Flavored Markdown, 6.9).
_LINKS_ITSELF = re.compile(r"(?i)(?<=http)(?=:)|(?<=https)(?=:)|(?<=ftp)(?=:)|(?<=www)(?=\.)|(?=@)")


def plain(text: str) -> str:
    """The text without anything that Markdown or HTML would act on; what would become a link by itself is broken by a space."""
    bare = "".join(" " if character in "<>[]()`*_|#!&\\\r\n" else character for character in text)
    return _LINKS_ITSELF.sub(" ", bare)


def plain_uri(uri: str) -> str:
    """A path or URI of which only letters, digits and ``/:.-~`` stand as they are; what reads URIs reads the rest."""
    return quote(uri, safe="/:").replace("_", "%5F")

"""Text that came from a file name or a manifest, for places where markup is acted on."""

from __future__ import annotations

from urllib.parse import quote


def plain(text: str) -> str:
    """The text without anything that Markdown or HTML would act on."""
    return "".join(" " if character in "<>[]()`*_|#!&\\\r\n" else character for character in text)


def plain_uri(uri: str) -> str:
    """A path or URI of which only letters, digits and ``/:.-~`` stand as they are; what reads URIs reads the rest."""
    return quote(uri, safe="/:").replace("_", "%5F")

"""Where an object or folder is: a local path, or a bucket and key. No place carries a credential."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from veernet.errors import OptionError

_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:(?=/|\w+:)")
_SECRET_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


@dataclass(frozen=True)
class Location:
    """A place of an object or folder: a local path, or a bucket and key.

    Args:
        bucket: The S3 bucket; empty for the local disk.
        key: The object's key without a slash at either end, or the absolute local path.
    """

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.bucket else self.key

    def __truediv__(self, name: str) -> Location:
        return resolve(f"{str(self).rstrip('/')}/{name}")

    @property
    def is_local(self) -> bool:
        """Whether it is on a local disk."""
        return not self.bucket

    @property
    def path(self) -> Path:
        """The local path; only where ``is_local``."""
        if self.bucket:
            raise OptionError(str(self), "is not on a local disk", "fetch it first")
        return Path(self.key)

    @property
    def name(self) -> str:
        """The last part, as ``kinney-heinen.tif``."""
        return self.key.rpartition("/")[2]

    @property
    def parent(self) -> Location:
        """The folder that it lies in."""
        return Location(self.bucket, self.key.rpartition("/")[0] or ("" if self.bucket else "/"))

    def named(self, reference: str) -> Location:
        """Where a file is that this one names: relative to its own folder, or s3:// anywhere."""
        return resolve(reference) if reference.startswith("s3://") else self.parent / reference


Source = str | Path | Location


def resolve(source: Source) -> Location:
    """Tell where ``source`` is: a local path (relative ones from here), ``file://`` or ``s3://bucket/key``.

    Raises:
        OptionError: it is of another scheme, carries credentials, or names no place.
    """
    if isinstance(source, Location):
        return source
    text = str(source)
    if not text or "\0" in text:
        raise OptionError(repr(text), "names no file", "give a path or s3://bucket/key")
    if isinstance(source, str) and text.startswith("s3://"):
        return _resolve_s3(text)
    if isinstance(source, str) and text.startswith("file:"):
        parts = urlsplit(text)
        if parts.netloc not in ("", "localhost") or not parts.path.startswith("/") or "%00" in parts.path:
            raise OptionError(redact(text), "is no file URI of this machine", "write file:///absolute/path")
        text = unquote(parts.path)
    elif _SCHEME.match(text) or text.startswith(("/vsi", "//")):
        raise OptionError(redact(text), "is of a kind that is not read", "give a local path or s3://bucket/key")
    return Location("", os.path.abspath(os.path.expanduser(text)))  # noqa: PTH100, PTH111 - must not follow links


def _resolve_s3(text: str) -> Location:
    bucket, _, key = text.removeprefix("s3://").partition("/")
    if "@" in bucket or ":" in bucket:
        found, remedy = (
            "has credentials or a port in it",
            "write s3://bucket/key and set AWS_ACCESS_KEY_ID and the like",
        )
        raise OptionError(f"s3://...@{bucket.rpartition('@')[2]}", found, remedy)
    key = key.strip("/")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{1,62}", bucket) or any(
        part in ("", ".", "..") for part in key.split("/")[:-1]
    ):
        raise OptionError(text, "is no bucket and key", "write s3://bucket/key, with no '//' or '..' in the key")
    if key.rpartition("/")[2] in (".", ".."):
        raise OptionError(text, "is no bucket and key", "write s3://bucket/key, with no '//' or '..' in the key")
    return Location(bucket, key)


def redact(text: str) -> str:
    """Take credentials out of ``text``: values of the AWS variables, ``user:password@``, signatures in queries."""
    for variable in _SECRET_VARIABLES:
        secret = os.environ.get(variable, "")
        if len(secret) > 3:
            text = text.replace(secret, "***")
    text = re.sub(r"(?<=//)[^/\s@]+@", "***@", text)
    text = re.sub(r"(?i)((?:x-amz-[a-z-]*|signature|awsaccesskeyid|sig|token)=)[^&\s\"']+", r"\1***", text)
    return re.sub(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", "***", text)

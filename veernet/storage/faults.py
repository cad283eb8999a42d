"""What operating system and S3 say when they fail, in our words.

Of what S3 and its client say only the status, the code and the kind of fault are taken: the rest repeats requests, which hold credentials.
"""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ClassVar, TypeVar

from veernet.errors import SourceMissingError, StorageError, VeerNetError
from veernet.location import Location, redact

T = TypeVar("T")

TRIES = 3
PAUSE_S = 0.25

_NO_CREDENTIALS = re.compile(
    r"Missing (AccessKeyId|SecretAccessKey)|/latest/(api/token|meta-data)|//169\.254\.170\.\d+"
)
_CREDENTIAL_CODES = ("AuthorizationQueryParametersError", "ExpiredToken", "InvalidToken", "TokenRefreshRequired")
_PASSING_STATUSES = (408, 429)


class StorageDeniedError(StorageError):
    """The storage answered, and says that we may not: asking again does not help."""

    reason: ClassVar[str] = "storage-denied"
    retryable: ClassVar[bool] = False


class BrokenOffError(StorageError):
    """The storage broke off, and its client did not ask again by itself, as it does not in the middle of an answer."""


@contextmanager
def told(place: Location) -> Iterator[None]:
    """Turn what operating system and obstore raise about ``place`` into our errors.

    ``from None`` throughout, because a traceback would show the messages that we took care not to repeat.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except OSError as error:
        # What the operating system raises has a number; what obstore raises under the same names has none.
        raise (_of_disk if error.errno is not None else _of_s3)(place, error) from None
    except (BaseError, ValueError) as error:
        raise _of_s3(place, error) from None


def asked_again(place: Location, ask: Callable[[], T]) -> T:
    """What ``ask`` gives; where ``place`` breaks off and its client does not ask again by itself, ``TRIES`` times in all.

    Raises:
        VeerNetError: as ``told`` does.
    """
    for failed in range(1, TRIES):
        try:
            with told(place):
                return ask()
        except BrokenOffError:
            time.sleep(PAUSE_S * 2**failed)
    with told(place):
        return ask()


def _of_disk(place: Location, error: OSError) -> VeerNetError:
    said = redact(error.strerror or str(error) or type(error).__name__)
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return SourceMissingError(str(place), "is not there", "check the name, and that its disk is the one you mean")
    if isinstance(error, PermissionError | IsADirectoryError):
        return StorageDeniedError(str(place), said, "check the path and its permissions")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(str(place), "the disk is full", "make room, or give another --out, --work or TMPDIR")
    if error.errno in (errno.EROFS, errno.ENAMETOOLONG, errno.ELOOP, errno.EEXIST):
        return StorageDeniedError(str(place), said, "give another place")
    return StorageError(str(place), said, "check the disk, then try again")


def _of_s3(place: Location, error: Exception) -> VeerNetError:
    text = str(error)
    status, code = _answer(text)
    if _NO_CREDENTIALS.search(text):
        found = "there are no credentials, neither in both variables nor by a role of this machine"
        return StorageDeniedError(str(place), found, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    if code == "NoSuchBucket":
        return SourceMissingError(
            str(place), f"there is no bucket {place.bucket}", "check its name and AWS_ENDPOINT_URL, or make the bucket"
        )
    if status == 404 or isinstance(error, FileNotFoundError):
        return SourceMissingError(str(place), "is not there", "check the name, and that its bucket is the one you mean")
    if bad_key := re.search(r'Path "(.*?)" contained|parsing Path "(.*?)": Encountered', text, re.DOTALL):
        found = f"there is a key that names no path, {redact(bad_key[1] or bad_key[2])!r}"
        return StorageDeniedError(str(place), found, "rename this object, or name a folder that does not hold it")
    if status is None:
        remedy = "check AWS_ENDPOINT_URL and the network, then try again"
        tried_again = "RetryError" in text and "retries: 0," not in text
        return (StorageError if tried_again else BrokenOffError)(str(place), _unanswered(text), remedy)
    said = f"S3 answered {status}" + (f" {code}" if code else "")
    if status in (401, 403) or code in _CREDENTIAL_CODES:
        remedy = "check the AWS_* credentials, their expiry, this machine's clock and the bucket's policy"
        return StorageDeniedError(str(place), said, remedy)
    if status < 500 and status not in _PASSING_STATUSES:
        return StorageDeniedError(str(place), said, "check AWS_ENDPOINT_URL, AWS_REGION and the bucket's rules")
    return StorageError(str(place), f"{said}, several times over", "look after the storage, then try again")


def _answer(text: str) -> tuple[int | None, str]:
    """Give the status of S3's last answer and the code in its body, as far as there are any."""
    status = re.search(r"status code: (\d{3})", text)
    code = re.search(r"<Code>(\w+)</Code>", text)
    return int(status[1]) if status else None, code[1] if code else ""


def _unanswered(text: str) -> str:
    """Tell why there was no whole answer, by words of the client's that cannot hold more than that."""
    if "dns error" in text:
        return "the address of S3 is not known to the network"
    if "Connection refused" in text:
        return "nothing answers at the address of S3"
    if re.search(r"\bkind: Timeout|TimedOut|timed out", text):
        return "S3 did not answer in time, several times over"
    if re.search(r"(?i)certificate|UnknownIssuer|InvalidCertificate", text):
        return "the certificate of S3 is not trusted here"
    return "the connection to S3 broke, several times over"

"""What more than one test module stands on."""

from __future__ import annotations

import itertools
import os
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from s3_proxy import S3Proxy, s3_proxy
from s3_server import S3Server, S3UnavailableError, set_up

from flows.server import prefect_server
from veernet.storage import s3

_numbers = itertools.count()
SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def prefect_url() -> Iterator[str]:
    """URL of a real Prefect API that lives as long as the test session."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    with prefect_server() as url:
        yield url


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """A real S3 server that lives as long as the test session; without one its tests skip and say why."""
    try:
        set_up()
        server = S3Server(tmp_path_factory.mktemp("s3"))
    except S3UnavailableError as error:
        warnings.warn(f"nothing is tested against S3: {error}", stacklevel=1)  # a skip alone is a letter among others
        pytest.skip(str(error))
    with server:
        yield server


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """URI of an empty bucket of its own, which VeerNet is set up to reach."""
    name = f"wells-{next(_numbers)}"
    s3_server.make_bucket(name)
    for variable, value in s3_server.environment().items():
        monkeypatch.setenv(variable, value)
    s3.bucket.cache_clear()
    yield f"s3://{name}"
    s3.bucket.cache_clear()


@pytest.fixture
def proxy(bucket: str, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[S3Proxy]:
    """What lies between VeerNet and the bucket, and can be told to fail."""
    with s3_proxy(s3_server.port) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        monkeypatch.setattr(s3, "BACKOFF_S", 0.1)
        s3.bucket.cache_clear()
        yield proxy


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A real Chromium; modules that use it import `browser`, which skips without.

    It lives no longer than its module: Playwright keeps an event loop running in this thread, in which no flow could run.
    """
    from browser import launched

    with launched() as chromium:
        yield chromium


@pytest.fixture
def pages(browser: Any) -> Iterator[Any]:
    """Opens pages; afterwards each must have been content and loaded nothing."""
    from browser import Pages

    pages = Pages(browser)
    yield pages
    pages.close()

"""What more than one test module stands on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.server import prefect_server

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def prefect_url() -> Iterator[str]:
    """URL of a real Prefect API that lives as long as the test session."""
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    with prefect_server() as url:
        yield url

"""Servers and data that tests share."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

FIXTURES = Path(
    os.environ.get("GLEANERY_FIXTURES", Path(__file__).parents[2] / "shared" / "fixtures")
)
EVALSET = FIXTURES.parent / "evalset" / "dev.jsonl"


def wait_until(condition: Callable[[], object], *, seconds: float) -> None:
    """Poll ``condition`` each 10 ms; fail after ``seconds``."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{condition} still false after {seconds} s")
        time.sleep(0.01)


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """Folder of the recordings; the test skips, by name, where it is missing."""
    if not FIXTURES.is_dir():
        pytest.skip("recordings: set GLEANERY_FIXTURES to the fixtures folder")
    return FIXTURES

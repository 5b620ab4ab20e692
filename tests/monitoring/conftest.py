"""What tests of monitoring share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def patient_scrapes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a source that is well may need more than the 5 s that an operator waits."""
    monkeypatch.setattr("monitoring.exporter.ANSWER_SECONDS", 60)

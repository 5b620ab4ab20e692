"""What a job's end is called."""

from __future__ import annotations

import signal

import pytest

pytest.importorskip("scrapyd", reason="needs gleanery[server]")

from crawlers.scrapyd.outcome import Exit, outcome
from storage.jobs import Job

KILLED = Exit(signal=signal.SIGTERM)


@pytest.mark.parametrize(
    ("reason", "ended", "draining", "state"),
    [
        ("finished", Exit(code=0), False, ("finished", "finished")),
        ("finished", KILLED, True, ("finished", "finished")),
        ("finished", KILLED, False, ("failed", "killed by SIGTERM")),
        ("shutdown", KILLED, True, ("queued", "drained")),
        (None, KILLED, True, ("queued", "drained")),
        ("shutdown", Exit(code=0), False, ("cancelled", "shutdown")),
        (None, Exit(code=1, last_words="no such host"), False, ("failed", "no such host")),
    ],
)
def test_a_jobs_end_is_called_what_it_was(reason, ended, draining, state):
    """A node's signal that meets a crawl which has done its work makes no failure of it."""
    job = Job(job="one", spider="google", reason=reason)

    assert outcome(job, ended, draining=draining) == state

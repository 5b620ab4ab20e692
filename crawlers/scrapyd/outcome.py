"""How a job ended, by what its process left behind."""

from __future__ import annotations

import signal as signals
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gleanery.close_reasons import did_its_work

if TYPE_CHECKING:
    from storage.jobs import Job, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Exit:
    """How a process ended."""

    code: int | None = None
    """Exit status; ``None`` if it was killed."""
    signal: int | None = None
    """What killed it."""
    last_words: str = ""
    """End of what it wrote to stderr."""

    @property
    def signal_name(self) -> str | None:
        """E.g. ``SIGKILL``."""
        return None if self.signal is None else signals.Signals(self.signal).name


def outcome(job: Job, ended: Exit, *, draining: bool) -> tuple[State, str]:
    """Return the state a job ends in and the reason; ``queued`` if it is to go on elsewhere."""
    if job.cancel:
        return "cancelled", job.reason or "cancelled"
    if draining and not did_its_work(job.reason or ""):
        return "queued", "drained"
    if ended.signal_name and not draining:  # else it was on its way out when the node's signal came
        return "failed", f"killed by {ended.signal_name}"
    if job.reason == "shutdown":  # somebody signalled the process itself
        return "cancelled", "shutdown"
    if ended.code or not job.reason:
        return "failed", job.reason or ended.last_words or f"exit code {ended.code}"
    return ("finished" if did_its_work(job.reason) else "failed"), job.reason

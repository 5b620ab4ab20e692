"""What has happened to jobs since the last look."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from monitoring.source import counter
from storage.jobs import ACTIVE, ENDED

if TYPE_CHECKING:
    from prometheus_client import Metric

    from monitoring.crawl_counts import CrawlCounts
    from storage.jobs import JobLedger

AGAIN = 200
"""Events that are read once more: a transaction with a lower number may end later."""
EVENTS = (
    "queued",
    "started",
    "stalled",
    "goes on",
    "to be cancelled",
    "drained",
    "anomaly",
    *ENDED,
)
"""Labels that there are; ``lost`` once for each attempt that was. Others count as ``other``."""


class JobNews:
    """Counts events from the first look on, and hands changed jobs to ``counts``."""

    def __init__(self, counts: CrawlCounts) -> None:
        self._counts = counts
        self._last: int | None = None
        self._read: set[int] = set()
        self._active: set[str] = set()
        self._events = Counter[str](dict.fromkeys(EVENTS, 0))

    def nothing_yet(self) -> None:
        """Note that there is no ledger: whatever will be in it is news."""
        self._last = 0

    def read(self, ledger: JobLedger) -> None:
        """Look at the ledger.

        Raises:
            StoreError: It is away; the next look catches up.
        """
        changed = self._changed(ledger)
        active = ledger.in_states(*ACTIVE)
        names = {job.job for job in active}
        left = ledger.named([*(self._active - names), *(changed - names)])
        for job in (*active, *left):
            self._counts.note(job)
        self._active = names

    def metrics(self) -> list[Metric]:
        """Return ``gleanery_job_events_total``."""
        values = {(event,): float(number) for event, number in self._events.items()}
        return [counter("gleanery_job_events", "What happened to jobs", values, ["event"])]

    def _changed(self, ledger: JobLedger) -> set[str]:
        """Count what is new; return the jobs that it happened to."""
        if self._last is None:
            self._last = ledger.last_event()
            self._read = {n for n, _ in ledger.events_after(self._last - AGAIN)}
            return set()
        changed = set[str]()
        for number, event in ledger.events_after(self._last - AGAIN):
            if number in self._read:
                continue
            self._read.add(number)
            self._last = max(self._last, number)
            changed.add(event.job)
            self._events[event.event if event.event in self._events else "other"] += 1
        self._read = {n for n in self._read if n > self._last - AGAIN}
        return changed

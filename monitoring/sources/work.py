"""The work queue: videos that wait for whoever has time."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from monitoring.source import Source, gauge
from pipelines.work.enqueue import queue_of
from storage.work import Counts

if TYPE_CHECKING:
    from prometheus_client import Metric


class WorkSource(Source):
    """Counts of the queue in Redis, or in ``HOME/work.db``."""

    name: ClassVar[str] = "work"

    def read(self) -> list[Metric]:
        counts = self._counts()
        jobs = {
            ("queued",): float(counts.queued - counts.delayed),
            ("delayed",): float(counts.delayed),
            ("leased",): float(counts.leased),
            ("parked",): float(counts.parked),
            ("done",): float(counts.done),
        }
        limit = float(self.config.work_limit)
        return [
            gauge("gleanery_work_jobs", "Jobs of the work queue", jobs, ["state"]),
            gauge("gleanery_work_workers", "Workers heard of", {(): float(counts.workers)}),
            gauge("gleanery_work_limit", "Jobs that may wait; 0 = any number", {(): limit}),
        ]

    def _counts(self) -> Counts:
        if not self.config.redis_url and not (self.config.home / "work.db").exists():
            return Counts()  # opening it would make it
        with queue_of(self.config) as queue:
            return queue.counts()

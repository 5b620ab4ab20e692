"""What a worker counts, for Prometheus; names and labels are listed in docs/metrics.md."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

if TYPE_CHECKING:
    from pipelines.work.worker import Watch

# a series more for each counter, of no use to anybody
disable_created_metrics()  # type: ignore[no-untyped-call]
SECONDS = (0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)


class WorkMetrics:
    """A worker's watch that counts, and tells another watch of everything."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._jobs = Counter(
            "gleanery_worker_jobs", "Jobs that left this worker", ["outcome"], registry=registry
        )
        self._steps = Histogram(
            "gleanery_worker_step_seconds",
            "Time of steps, by how they ended",
            ["step", "outcome"],
            buckets=SECONDS,
            registry=registry,
        )

    def step(self, identity: str, step: str, done: float, total: float | None, unit: str) -> None:
        """Pass it on."""
        self._watch.step(identity, step, done, total, unit)

    def step_ended(self, step: str, outcome: str, seconds: float) -> None:
        """Count a step."""
        self._steps.labels(step, outcome).observe(seconds)
        self._watch.step_ended(step, outcome, seconds)

    def ended(self, identity: str, outcome: str) -> None:
        """Count a job."""
        self._jobs.labels(outcome).inc()
        self._watch.ended(identity, outcome)

"""What the model server counts, for Prometheus; names and labels are listed in docs/metrics.md."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from starlette.requests import Request
from starlette.responses import Response

from model_server.engine_set import EngineSet
from model_server.schema import Capability

# a series more for each counter, of no use to anybody
disable_created_metrics()  # type: ignore[no-untyped-call]
LABELS = ("engine", "capability")
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
SIZES = (1, 2, 4, 8, 16, 32, 64)


class ServerMetrics:
    """Metrics of one server, in a registry of its own."""

    def __init__(self, engines: EngineSet) -> None:
        """Listen to every engine of ``engines``."""
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        prefix = "gleanery_model"
        self.calls = Counter(
            f"{prefix}_calls",
            "Calls that ended, by outcome",
            (*LABELS, "outcome"),
            registry=registry,
        )
        self.call_seconds = Histogram(
            f"{prefix}_call_seconds", "Waiting and computing of answered calls",
            LABELS, buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.documents = Counter(
            f"{prefix}_documents", "Documents, texts or images answered", LABELS, registry=registry
        )
        self.tokens = Counter(f"{prefix}_tokens", "Tokens of those", LABELS, registry=registry)
        self.batch_documents = Histogram(
            f"{prefix}_batch_documents", "Documents that ran at once",
            LABELS, buckets=SIZES, registry=registry,
        )  # fmt: skip
        self.batch_seconds = Histogram(
            f"{prefix}_batch_seconds", "Time of the engine over one batch",
            LABELS, buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self.crashes = Counter(
            f"{prefix}_batch_failures", "Batches the engine failed over", LABELS, registry=registry
        )
        waiting = Gauge(
            f"{prefix}_queue_documents", "Documents that wait", ["engine"], registry=registry
        )
        ready = Gauge(
            f"{prefix}_engine_ready", "1 once loaded and self-tested", ["engine"], registry=registry
        )
        for name, runner in engines.runners.items():
            runner.listener = _EngineListener(self, name)
            waiting.labels(name).set_function(partial(getattr, runner, "waiting"))
            ready.labels(name).set_function(partial(getattr, runner, "ready"))

    async def answer(self, _: Request) -> Response:
        """Answer ``GET /metrics``."""
        return Response(generate_latest(self.registry), media_type=CONTENT_TYPE_LATEST)


class _EngineListener:
    """See :class:`model_server.runner.Listener`."""

    def __init__(self, metrics: ServerMetrics, engine: str) -> None:
        self._metrics, self._engine = metrics, engine

    def batch_ran(self, capability: Capability, tokens: Sequence[int], seconds: float) -> None:
        labels = (self._engine, capability)
        self._metrics.documents.labels(*labels).inc(len(tokens))
        self._metrics.tokens.labels(*labels).inc(sum(tokens))
        self._metrics.batch_documents.labels(*labels).observe(len(tokens))
        self._metrics.batch_seconds.labels(*labels).observe(seconds)

    def batch_failed(self, capability: Capability) -> None:
        self._metrics.crashes.labels(self._engine, capability).inc()

    def call_ended(self, capability: Capability, outcome: str, seconds: float) -> None:
        self._metrics.calls.labels(self._engine, capability, outcome).inc()
        if outcome == "answered":
            self._metrics.call_seconds.labels(self._engine, capability).observe(seconds)

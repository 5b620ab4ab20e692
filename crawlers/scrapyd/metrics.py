"""``/metrics`` of a scrapyd node; names and labels are listed in docs/metrics.md."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector
from twisted.internet.threads import deferToThread
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from storage.home_metrics import disk_numbers
from storage.spool.metrics import SpoolNumbers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import Metric
    from twisted.web.server import Request

    from gleanery.config import Config

# a series more for each counter, of no use to anybody
disable_created_metrics()
logger = logging.getLogger(__name__)


class NodeNumbers:
    """Numbers of one node, in a registry of its own."""

    def __init__(self, config: Config) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        registry.register(_Home(config))
        self.ended = Counter(
            "gleanery_scrapyd_jobs",
            "Attempts of jobs that ended here, by what became of the job",
            ["spider", "state"],
            registry=registry,
        )
        self.running = Gauge(
            "gleanery_scrapyd_running_jobs", "Jobs that run here", registry=registry
        )
        self.slots = Gauge(
            "gleanery_scrapyd_slots", "Jobs that run here at once, at most", registry=registry
        )


class MetricsPage(Resource):
    """Behind the same password as all that scrapyd serves."""

    isLeaf = True

    def __init__(self, root: Any) -> None:
        super().__init__()
        self._root = root  # it knows its launcher only when all has been put together

    def render_GET(self, request: Request) -> int:
        """Answer in a thread: the spool may have to be counted."""
        gone: list[Any] = []
        request.notifyFinish().addErrback(gone.append)

        def send(text: bytes) -> None:
            if not gone:
                request.setHeader("Content-Type", CONTENT_TYPE_LATEST)
                request.write(text)
                request.finish()

        made = deferToThread(generate_latest, self._root.launcher.numbers.registry)
        made.addCallback(send)
        made.addErrback(lambda failure: logger.error("No metrics: %s", failure))
        return NOT_DONE_YET


class _Home(Collector):
    """The spools and the disk of this node."""

    def __init__(self, config: Config) -> None:
        self._home = config.home
        self._spools = SpoolNumbers(config.home, max_bytes=config.spool_max_bytes)

    def collect(self) -> Iterator[Metric]:
        try:
            yield from [*disk_numbers(self._home), *self._spools.read()]
        except OSError:
            logger.warning("%s cannot be read", self._home, exc_info=True)

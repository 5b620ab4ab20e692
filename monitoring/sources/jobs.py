"""The jobs' ledger: jobs by state, nodes, and what crawls have counted."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from crawlers.scrapyd.places import ledger_of
from items.clock import from_iso
from monitoring.crawl_counts import CrawlCounts
from monitoring.job_news import JobNews
from monitoring.source import Source, gauge
from storage.jobs import STATES

if TYPE_CHECKING:
    from prometheus_client import Metric

    from gleanery.config import Config
    from storage.jobs import JobLedger, Node

NODE_SECONDS = 3600.0
"""Time for which a silent node is told of; a node that was stopped in good order is forgotten."""
MOST_NODES = 200


class JobsSource(Source):
    """Reads states each time; events and counts are added up from this program's start on."""

    name: ClassVar[str] = "jobs"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._ledger: JobLedger | None = None
        self._counts = CrawlCounts()
        self._news = JobNews(self._counts)

    def read(self) -> list[Metric]:
        if (ledger := self._opened()) is None:
            self._news.nothing_yet()
            return [_states({}), *_nodes([]), *self._news.metrics(), *self._counts.metrics()]
        self._news.read(ledger)
        nodes = ledger.nodes(within_seconds=NODE_SECONDS)[:MOST_NODES]
        return [
            _states(ledger.counts()),
            *_nodes(nodes),
            *self._news.metrics(),
            *self._counts.metrics(),
        ]

    def _opened(self) -> JobLedger | None:
        in_file = "mysql" not in self.config.store
        if in_file and not (self.config.home / "jobs.db").exists():
            return None  # opening it would make it
        self._ledger = self._ledger or ledger_of(self.config)
        return self._ledger


def _states(counts: dict[str, int]) -> Metric:
    values = {(state,): float(counts.get(state, 0)) for state in STATES}
    return gauge("gleanery_jobs", "Jobs of all scrapyd nodes", values, ["state"])


def _nodes(nodes: list[Node]) -> list[Metric]:
    now, labels = datetime.now(UTC), ["node"]
    silent = {(n.name,): _age(n, now) for n in nodes}
    return [
        gauge("gleanery_node_silent_seconds", "Time since a scrapyd node was heard of",
              silent, labels),
        gauge("gleanery_node_slots", "Jobs that a node runs at once, at most",
              {(n.name,): float(n.slots) for n in nodes}, labels),
        gauge("gleanery_node_running_jobs", "Jobs that a node runs",
              {(n.name,): float(len(n.running)) for n in nodes}, labels),
        gauge("gleanery_node_draining", "1 while a node takes no more jobs",
              {(n.name,): float(n.draining) for n in nodes}, labels),
    ]  # fmt: skip


def _age(node: Node, now: datetime) -> float:
    at = from_iso(node.heartbeat_at)
    return max(0.0, (now - at).total_seconds()) if at else 0.0

"""Crawls' queues: how much waits, is under way, and is given up."""

from __future__ import annotations

import time
from collections import defaultdict
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import unquote

from crawlers.frontier.opened import connected
from crawlers.frontier.sqlite_control import SqliteControl
from gleanery.errors import FrontierError, FrontierUnavailableError
from monitoring.source import Source, counter, gauge

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from prometheus_client import Metric

    from crawlers.frontier.report import DepthCounts, FrontierReport
    from gleanery.config import Config

MOST_CRAWLS = 50
"""Crawls told of by name: those with workers first, then those with the most to do."""
DEEPEST = 10
"""Depths from here on are told of together, as ``10+``."""
LOOK_SECONDS = 60.0
"""Time between two looks for new crawls in Redis, whose keys have to be scanned for them."""
_STATES = ("queued", "in_flight", "done", "pruned", "dead")
_TOTALS = {
    "items": "Items stored by all workers of a crawl",
    "bytes": "Bytes fetched by all workers of a crawl",
    "reclaimed": "Requests taken back from workers that died",
    "repeated": "Links that led to where the crawl had been",
}


class FrontierSource(Source):
    """Reports of the crawls in Redis, or in ``HOME/frontier``."""

    name: ClassVar[str] = "frontier"

    def __init__(self, config: Config) -> None:
        super().__init__(config)
        self._looked_at = float("-inf")
        self._names: list[str] = []
        self._total = 0

    def read(self) -> list[Metric]:
        reports = [*self._reports()]
        known = gauge(
            "gleanery_frontier_crawls", "Crawls that have a queue", {(): float(self._total)}
        )
        return [known, _requests(reports), *_states(reports), *_totals(reports)]

    def _reports(self) -> Iterator[FrontierReport]:
        yield from self._in_redis() if self.config.redis_url else self._in_files()

    def _in_files(self) -> Iterator[FrontierReport]:
        paths = [*(self.config.home / "frontier").glob("*.db")]
        paths.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        self._total = len(paths)
        for path in paths[:MOST_CRAWLS]:
            try:
                yield SqliteControl(path, unquote(path.stem)).stats()
            except FrontierError:  # ended and emptied, or none of ours
                continue

    def _in_redis(self) -> Iterator[FrontierReport]:
        from crawlers.frontier.redis_control import RedisControl, crawls  # noqa: PLC0415 - an extra

        with connected(self.config.redis_url) as client:
            if time.monotonic() - self._looked_at > LOOK_SECONDS or not self._names:
                rows = sorted(crawls(client), key=lambda r: (-r.workers, -r.queued - r.in_flight))
                self._names, self._total = [row.crawl for row in rows[:MOST_CRAWLS]], len(rows)
                self._looked_at = time.monotonic()
            for name in self._names:
                try:
                    yield RedisControl(client, name).stats()
                except FrontierUnavailableError:
                    raise
                except FrontierError:  # dropped since we looked
                    continue


def _requests(reports: Iterable[FrontierReport]) -> Metric:
    values: defaultdict[tuple[str, ...], float] = defaultdict(float)
    for report in reports:
        for row in report.depths:
            for state in _STATES:
                values[report.crawl, _depth(row), state] += getattr(row, state)
    return gauge(
        "gleanery_frontier_requests",
        "Requests of a crawl by depth and state",
        values,
        ["crawl", "depth", "state"],
    )


def _depth(row: DepthCounts) -> str:
    return str(row.depth) if row.depth < DEEPEST else f"{DEEPEST}+"


def _states(reports: list[FrontierReport]) -> list[Metric]:
    labels = ["crawl"]
    oldest = {(r.crawl,): r.oldest_lease.age_ms / 1000 if r.oldest_lease else 0.0 for r in reports}
    return [
        gauge("gleanery_frontier_workers", "Processes that take part in a crawl",
              {(r.crawl,): float(len(r.workers)) for r in reports}, labels),
        gauge("gleanery_frontier_paused", "1 while somebody has paused the crawl",
              {(r.crawl,): float(r.state == "paused") for r in reports}, labels),
        gauge("gleanery_frontier_oldest_lease_seconds",
              "Age of the request that has been under way for longest; 0 if none is",
              oldest, labels),
    ]  # fmt: skip


def _totals(reports: list[FrontierReport]) -> list[Metric]:
    families = [
        counter(
            f"gleanery_frontier_{name}",
            text,
            {(r.crawl,): float(r.counters[name]) for r in reports},
            ["crawl"],
        )
        for name, text in _TOTALS.items()
    ]
    done = {(r.crawl,): float(r.done) for r in reports}
    text = "Requests that have ended, in all depths of a crawl"
    return [*families, counter("gleanery_frontier_done", text, done, ["crawl"])]

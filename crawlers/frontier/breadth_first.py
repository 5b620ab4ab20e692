"""Exact breadth-first order in one process, with Scrapy's own queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrapy.core.scheduler import Scheduler

if TYPE_CHECKING:
    from scrapy import Request


class BreadthFirstScheduler(Scheduler):
    """Scrapy's scheduler with a barrier between levels.

    The settings make it FIFO with depth as priority; that alone lets requests of depth d+1 leave
    while depth d is still being fetched or parsed, and so overtake their elder siblings. Here
    nothing of a level leaves before every shallower request has ended: its callback has run, its
    items have left the pipelines, its children are queued, and all seeds have been read.
    """

    def next_request(self) -> Request | None:
        """Return the next request, or ``None`` while a shallower one is under way."""
        depth = self._next_depth()
        if depth is None or depth > self._shallowest_under_way():
            return None
        return super().next_request()

    def _next_depth(self) -> int | None:
        queues = [q for q in (self.mqs, self.dqs) if q is not None]
        depths = [q.curprio for q in queues if q.curprio is not None]
        return min(depths) if depths else None

    def _shallowest_under_way(self) -> float:
        assert self.crawler is not None
        assert self.crawler.engine is not None
        engine = self.crawler.engine
        if engine._start is not None:  # seeds are still being read: they are depth 0
            return 0
        assert engine._slot is not None
        # robots.txt and other requests of Scrapy's own carry no depth
        depths = [r.meta["depth"] for r in engine._slot.inprogress if "depth" in r.meta]
        return min(depths, default=float("inf"))

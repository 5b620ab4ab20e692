"""Says each second in the jobs' ledger that a job lives, and what it has found so far, where."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import run_in_thread

from crawlers.branches import Branches
from gleanery.errors import StoreError

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from storage.branch import Branch
    from storage.jobs import JobLedger
    from storage.jobs.history import JobHistory

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
MOST = 300
"""Stats that are kept, by name; a spider that counts more is cut."""
_PROGRESS = ("response_received_count", "item_scraped_count", "item_dropped_count")


class JobPulse:
    """Extension: heartbeat, live stats and close reason of a job that scrapyd started."""

    def __init__(self, crawler: Crawler, ledger: JobLedger, history: JobHistory) -> None:
        self.crawler = crawler
        self.ledger, self.history = ledger, history
        self.branches = Branches(crawler)
        self.job: str = crawler.settings["JOB"]
        self._beats: asyncio.Task[None] | None = None
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not crawler.settings.get("JOB"):
            raise NotConfigured
        from storage.jobs import open_jobs  # noqa: PLC0415 - needs gleanery[server]
        from storage.jobs.history import JobHistory  # noqa: PLC0415

        ledger = open_jobs(crawler.settings.get, Path(crawler.settings["HOME"]))
        return cls(crawler, ledger, JobHistory(ledger))

    def spider_opened(self) -> None:
        self._beats = asyncio.get_running_loop().create_task(self._beat())

    async def spider_closed(self, spider: Spider, reason: str) -> None:
        if self._beats:
            self._beats.cancel()
            with suppress(asyncio.CancelledError):
                await self._beats
        await self._say(reason)
        self.ledger.close()

    async def _beat(self) -> None:
        with suppress(StoreError):  # an earlier attempt's; the picture begins anew without them
            self.branches.restore(await run_in_thread(self.history.branches, self.job))
        while True:
            await self._say(None)
            await asyncio.sleep(BEAT_SECONDS)

    async def _say(self, reason: str | None) -> None:
        stats = self.crawler.stats.get_stats()
        progress = sum(int(stats.get(name, 0)) for name in _PROGRESS)
        plain = {key: _plain(stats[key]) for key in sorted(stats)[:MOST]}
        branches = self.branches.take() if self.branches.changed else []
        try:
            await run_in_thread(self._write, progress, plain, branches, reason)
        except StoreError as error:  # a crawl goes on without it
            logger.warning("No heartbeat: %s", error, extra={"spider": self.crawler.spider})

    def _write(
        self, progress: int, stats: dict[str, Any], branches: list[Branch], reason: str | None
    ) -> None:
        self.ledger.beat(self.job, pid=os.getpid(), progress=progress, stats=stats)
        if branches:
            self.history.keep_branches(self.job, branches)
        if reason is not None:
            self.ledger.closed(self.job, reason)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, bool | int | float | None) else str(value)[:500]

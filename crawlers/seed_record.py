"""Which seeds a crawl began with, noted in its store."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Self, cast

from scrapy import signals

from crawlers.frontier.crawl_name import crawl_name
from gleanery.errors import StoreError
from gleanery.signals import seed_begun
from items.clock import utc_now
from storage import configured_store
from storage.seeds_begun import note_begun

if TYPE_CHECKING:
    from scrapy import Spider
    from scrapy.crawler import Crawler

    from items import Seed

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
"""Seeds that begin within that time are noted together."""


class SeedRecord:
    """Extension: writes soon after seeds have begun; what could not be written, at the end again.

    A store that is away holds nothing up: that a record is missing is logged.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._waiting: list[Seed] = []
        self._writing: asyncio.Task[None] | None = None
        self._closing = asyncio.Event()
        crawler.signals.connect(self.seed_begun, seed_begun)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def seed_begun(self, seed: Seed) -> None:
        """Have it noted."""
        self._waiting.append(seed)
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_soon(), name="seeds")

    async def spider_closed(self) -> None:
        """Note what is left."""
        self._closing.set()
        if self._writing:
            await self._writing
        await self._write()
        if self._waiting:
            logger.error("Not noted: seeds that this crawl began with (시드를 기록하지 못했습니다)")

    async def _write_soon(self) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), PAUSE_SECONDS)
        await self._write()

    async def _write(self) -> None:
        seeds, self._waiting = self._waiting, []
        try:
            if seeds:
                await asyncio.to_thread(self._note, seeds)
        except StoreError as error:
            self._waiting = [*seeds, *self._waiting]
            logger.warning("Seeds are not noted yet: %s", error)

    def _note(self, seeds: list[Seed]) -> None:
        settings = self.crawler.settings
        crawl = crawl_name(cast("Spider", self.crawler.spider), settings)
        with configured_store(settings.get) as store:
            note_begun(store, crawl, seeds, utc_now(), job=settings["JOB"] or None)

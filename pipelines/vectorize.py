"""Queue the work that an item's videos need; the crawl goes on without it."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

from gleanery.config import Config
from gleanery.errors import StoreError, StoreUnavailableError
from gleanery.tracing import traceparent
from pipelines.work.plan import TRACE, Wishes, steps_for
from platforms.media import refusal, video_sources
from storage.work import Rules, open_queue

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

    from items import Item
    from storage.work.job import Put

logger = logging.getLogger(__name__)

ASK_SECONDS = (0.1, 2.0)
"""First and longest wait before the queue is asked for room again."""


class VectorizePipeline:
    """Puts a job for each item that has a video, if ``DOWNLOAD_MEDIA`` has ``videos``.

    A full queue, or one that is away, holds an item for ``WORK_PATIENCE_SECONDS`` at most, and with
    it the crawl. Then the item is stored without a job and counted; ``gleanery work enqueue`` finds
    it by what it lacks.
    """

    def __init__(self, crawler: Crawler) -> None:
        settings = crawler.settings
        if "videos" not in settings.getlist("DOWNLOAD_MEDIA"):
            raise NotConfigured
        self.crawler, self.stats = crawler, crawler.stats
        self.wishes = wishes_of(settings)
        self.licence = settings["MEDIA_LICENCE"]
        self.max_seconds = settings.getfloat("MEDIA_MAX_SECONDS")
        self.limit = settings.getint("WORK_LIMIT")
        self.patience = settings.getfloat("WORK_PATIENCE_SECONDS")
        rules = Rules(
            lease_seconds=settings.getfloat("WORK_LEASE_SECONDS"),
            max_attempts=settings.getint("WORK_ATTEMPTS"),
        )
        self.queue = open_queue(settings["REDIS_URL"] or "", Path(settings["HOME"]), rules)
        self._is_open = False
        self._opening = asyncio.Lock()
        self._patient_again = 0.0  # monotonic
        self._warned = False

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def close_spider(self) -> None:
        await asyncio.to_thread(self.queue.close)

    async def process_item(self, item: Item) -> Item:
        """Return ``item`` once its job is queued, or cannot be for now."""
        if not video_sources(item):
            return item
        if why := refusal(item, licence=self.licence, max_seconds=self.max_seconds):
            self.stats.inc_value(f"vectorize/refused/{why}")
            return item
        outcome = await self._put(item)
        self.stats.inc_value(f"vectorize/{outcome}")
        if outcome in ("full", "unavailable") and not self._warned:
            self._warned = True
            logger.warning(
                "Items are stored without a job (vectorize/%s): `gleanery work enqueue` catches up",
                outcome,
                extra={"spider": self.crawler.spider},
            )
        return item

    async def _put(self, item: Item) -> str:
        steps = steps_for(item, self.wishes)
        began, pause = time.monotonic(), ASK_SECONDS[0]
        # Who has waited in vain has waited for all: the others do not queue up behind a dead queue.
        patience = self.patience if began >= self._patient_again else 0
        while True:
            outcome = await self._try(item, steps)
            waited = time.monotonic() - began
            if outcome in ("queued", "known") or waited >= patience:
                self.stats.inc_value("vectorize/waited_seconds", round(waited))
                good = outcome in ("queued", "known")
                self._patient_again = 0 if good else time.monotonic() + self.patience
                return outcome
            await asyncio.sleep(min(pause, patience - waited))
            pause = min(2 * pause, ASK_SECONDS[1])

    async def _try(self, item: Item, steps: list[str]) -> Put | str:
        try:
            async with self._opening:
                if not self._is_open:
                    await asyncio.to_thread(self.queue.open)
                    self._is_open = True
            trace = traceparent()  # whoever does the job goes on with it
            payload = {TRACE: trace} if trace else None
            return await asyncio.to_thread(
                self.queue.put, item.identity, steps, payload, limit=self.limit
            )
        except StoreUnavailableError as error:
            logger.debug("The work queue is away: %s", error)
        except StoreError as error:
            logger.error("The work queue refused: %s", error)
        return "unavailable"


def wishes_of(settings: BaseSettings) -> Wishes:
    """Read what a crawl's settings ask for."""
    return Wishes.of(
        Config.model_construct(
            **{
                name: settings.get(name.upper())
                for name in ("video_engine", "model_server_url", "model_engines_file")
            },
            audio_plan=settings["AUDIO_PLAN"],
            classify_enabled=settings.getbool("CLASSIFY_ENABLED"),
            classify_kinds=tuple(settings.getlist("CLASSIFY_KINDS")),
            work_key_frames=settings.getint("WORK_KEY_FRAMES"),
            work_key_frames_svg=settings.getbool("WORK_KEY_FRAMES_SVG"),
        )
    )

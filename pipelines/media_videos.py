"""Have the crawl itself download the videos of its items."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

from scrapy import Request
from scrapy.http.request import NO_CALLBACK

from items import MediaFile
from pipelines.once import Once
from platforms.media.plan import video_sources

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item

logger = logging.getLogger(__name__)

SLOT = "ytdlp"
"""Downloader slot of their own: a site's pages do not wait for its videos."""


class CrawledVideos:
    """Asks for videos by ``ytdlp+https`` (``crawlers.handlers.ytdlp``), few at once."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self._slots = asyncio.Semaphore(crawler.settings.getint("MEDIA_VIDEO_CONCURRENCY"))
        self._video = Once(self._fetch)

    async def of(self, item: Item) -> list[MediaFile]:
        """Return an item's videos but those that are refused.

        None at all if one has to be tried later: the item's job then fetches them together.
        """
        urls = [source.url for source in video_sources(item)]
        answers = await asyncio.gather(*map(self._video, urls))
        if any(status not in (200, 404) for status, _ in answers):
            return []
        pairs = zip(urls, answers, strict=True)
        found = [(url, file) for url, (status, file) in pairs if status == 200]
        return [MediaFile.from_dict(file | {"source": url}) for url, file in found]

    async def _fetch(self, url: str) -> tuple[int, dict[str, Any]]:
        """Return the answer's status, 0 if there was none, and what it says."""
        assert self.crawler.engine
        request = Request(
            f"ytdlp+{url}",
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={"download_slot": SLOT, "give_up_log_level": logging.DEBUG},
        )
        extra = {"spider": self.crawler.spider}
        try:
            async with self._slots:
                response = await self.crawler.engine.download_async(request)
        except Exception as error:
            logger.warning("No video from %s: %r", url, error, extra=extra)
            return 0, {}
        said = json.loads(response.body)
        if response.status != 200:
            logger.warning("Not downloaded: %s", said["error"]["message"], extra=extra)
        return response.status, said

"""Keep to the pace that a platform states, through the downloader's slot."""

from __future__ import annotations

import logging
from time import monotonic
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from platforms.reddit.api import RedditApi
from platforms.reddit.pace import Pace

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

SLOT = "reddit"
"""All requests to Reddit share it; ``RedditSpider`` gives it a concurrency of one."""
SHORTEST_DELAY_SECONDS = 0.001
"""With no delay at all, Scrapy 2.19 starts more requests of a slot than its concurrency allows."""
PATIENCE = 20
"""How often one request may be answered 429 before it counts as failed."""


class RedditRateLimitMiddleware:
    """Holds the slot as long as ``x-ratelimit-*`` and ``Retry-After`` ask.

    Nothing sleeps and no request waits inside a middleware: the slot's next turn is put off, which
    holds for whatever is in its queue.
    """

    def __init__(self, crawler: Crawler) -> None:
        if getattr(crawler.spider, "platform", None) != "reddit":
            raise NotConfigured
        self.crawler = crawler
        self.owns = RedditApi.from_settings(crawler.settings).owns
        self.pace = Pace()
        crawler.signals.connect(self.response_downloaded, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Assign the slot; AutoThrottle must not shorten what Reddit asks for."""
        if self.owns(request.url):
            request.meta["download_slot"] = SLOT
            request.meta["autothrottle_dont_adjust_delay"] = True

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Put off the slot's next turn; this signal comes before the slot looks at its queue."""
        if request.meta.get("download_slot") != SLOT:
            return
        headers = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.items()
            if values
        }
        wait = self.pace.wait_after(response.status, headers)
        assert self.crawler.engine
        slot = self.crawler.engine.downloader.slots[SLOT]
        slot.delay, slot.lastseen = max(wait, SHORTEST_DELAY_SECONDS), monotonic()
        slot.close()  # forgets a turn planned by the delay before; the downloader plans anew
        if wait:
            self.crawler.stats.inc_value("reddit/waited_milliseconds", round(wait * 1000))
        if wait > 10:
            logger.info("Reddit asks to wait %.0f s", wait, extra={"spider": self.crawler.spider})

    async def process_response(self, request: Request, response: Response) -> Response | Request:
        """Ask again what was answered 429; the slot does the waiting."""
        if response.status != 429 or request.meta.get("download_slot") != SLOT:
            return response
        self.crawler.stats.inc_value("reddit/rate_limited")
        times = request.meta.get("rate_limited", 0) + 1
        if times > PATIENCE:
            return response
        return request.replace(dont_filter=True, meta={**request.meta, "rate_limited": times})

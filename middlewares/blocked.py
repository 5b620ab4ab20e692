"""Step back where a site says that we are too much."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.utils.asyncio import call_later
from scrapy.utils.httpobj import urlparse_cached

from gleanery.retry_after import retry_after_seconds

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)

LONGEST_WAIT_SECONDS = 120.0
"""A site may ask for more; we wait so long and try again: a whole level waits with it."""
SHORTEST_WAIT_SECONDS = 1.0
_CAPTCHA = re.compile(
    rb"g-recaptcha|h-captcha|cf-challenge|challenge-platform|px-captcha|datadome", re.IGNORECASE
)
_LOOKED_AT = 50_000


class BlockedMiddleware:
    """Counts refusals of a site, and holds its slot as long as ``Retry-After`` asks.

    Spiders that keep to a platform's own limits (``download_slot``) are left alone. Nothing sleeps:
    the slot's next turn is put off. Retrying is RetryMiddleware's work.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        crawler.signals.connect(self.response_downloaded, signals.response_downloaded)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    def response_downloaded(self, response: Response, request: Request) -> None:
        """Put off the slot's next turn; this signal comes before the slot looks at its queue."""
        if response.status not in (429, 503) or request.meta.get("autothrottle_dont_adjust_delay"):
            return
        wait = seconds_asked(response.headers.get("Retry-After"))
        if not wait:
            return
        assert self.crawler.engine
        downloader = self.crawler.engine.downloader
        slot = downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is None:
            return
        slot.close()  # forgets a turn planned before
        slot.latercall = call_later(wait, downloader._latercall, slot)
        self.crawler.stats.inc_value("blocked/waited_seconds", round(wait))
        host = urlparse_cached(request).hostname
        logger.info("%s asks to wait %.0f s", host, wait, extra={"spider": self.crawler.spider})

    async def process_response(self, request: Request, response: Response) -> Response:
        """Count what looks like a refusal to talk to us."""
        if response.status in (403, 429):
            self.crawler.stats.inc_value(f"blocked/{response.status}")
        if response.status in (403, 429, 503) and _CAPTCHA.search(response.body[:_LOOKED_AT]):
            self.crawler.stats.inc_value("blocked/captcha")
        return response


def seconds_asked(header: bytes | None) -> float:
    """Read ``Retry-After``: 0 for none, else between 1 and 120 seconds."""
    wait = retry_after_seconds((header or b"").decode("latin-1"))
    return min(max(wait, SHORTEST_WAIT_SECONDS), LONGEST_WAIT_SECONDS) if wait else 0.0

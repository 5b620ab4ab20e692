"""robots.txt, where it does not answer (RFC 9309, 2.3.1.4)."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware as ScrapyRobotsTxt
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    IgnoreRequest,
)
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import RobotParser
from scrapy.utils.httpobj import urlparse_cached
from scrapy.utils.misc import build_from_crawler

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response

logger = logging.getLogger(__name__)


NOT_THERE = (IgnoreRequest, CannotResolveHostError, DownloadConnectionRefusedError)
"""What keeps us from robots.txt and from every page of its site alike."""


class NothingAllowed(RobotParser):
    """What a site allows that cannot tell us."""

    @classmethod
    def from_crawler(cls, crawler: Crawler, robotstxt_body: bytes) -> NothingAllowed:
        return cls()

    def allowed(self, url: str | bytes, user_agent: str | bytes) -> bool:
        return False


class RobotsTxtMiddleware(ScrapyRobotsTxt):
    """Scrapy's, but a robots.txt that is not to be had closes its site for this crawl.

    Scrapy goes ahead where robots.txt fails, and reads the page of a 5xx error as rules. RFC 9309
    asks for the contrary: a server error or no answer means "disallow", 4xx (but 429) "allow".
    One warning and one count of ``robotstxt/unreachable`` for each site.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._stats = crawler.stats
        self._rules: dict[str, asyncio.Task[RobotParser | None]] = {}

    async def robot_parser(self, request: Request) -> RobotParser | None:
        """Return the rules of the request's site, fetched once; ``None`` allows everything.

        What is not HTTP to Scrapy asks for itself (``platforms.media.robots``).
        """
        parts = urlparse_cached(request)
        if parts.scheme not in ("http", "https"):
            return None
        site = parts.netloc
        if site not in self._rules:
            self._rules[site] = asyncio.create_task(self._fetch(request, site))
        return await asyncio.shield(self._rules[site])

    async def _fetch(self, request: Request, site: str) -> RobotParser | None:
        asked = Request(
            f"{urlparse_cached(request).scheme}://{site}/robots.txt",
            priority=self.DOWNLOAD_PRIORITY,
            meta={"dont_obey_robotstxt": True, "give_up_log_level": logging.DEBUG},
            callback=NO_CALLBACK,
        )
        self._stats.inc_value("robotstxt/request_count")
        assert self.crawler.engine
        try:
            response = await self.crawler.engine.download_async(asked)
        except NOT_THERE:  # its pages fail likewise, and tell why
            return None
        except Exception as error:
            return self._close(site, str(error) or type(error).__name__)
        return await self._read(response, request, site)

    async def _read(self, response: Response, request: Request, site: str) -> RobotParser:
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status >= 500 or response.status == 429:
            return self._close(site, f"status {response.status}")
        body = b"" if response.status >= 400 else response.body
        rules: RobotParser = build_from_crawler(self._parserimpl, self.crawler, body)
        if parsed := getattr(signals, "robots_parsed", None):  # not in Scrapy 2.16
            await self.crawler.signals.send_catch_log_async(
                signal=parsed, robotparser=rules, request=request
            )
        return rules

    def _close(self, site: str, why: str) -> NothingAllowed:
        self._stats.inc_value("robotstxt/unreachable")
        logger.warning(
            "No robots.txt of %s (%s): nothing of it is fetched",
            site,
            why,
            extra={"spider": self.crawler.spider},
        )
        return NothingAllowed()

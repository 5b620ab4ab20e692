"""Send what a web spider asks through ``WEB_PROXY``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy.exceptions import NotConfigured

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class WebProxyMiddleware:
    """Sets ``meta["proxy"]`` on every request of a spider with ``uses_web_proxy``.

    Scrapy makes the requests for robots.txt itself, so the spider cannot do it.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.proxy = crawler.settings["WEB_PROXY"]
        if not self.proxy or not getattr(crawler.spider, "uses_web_proxy", False):
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Let the request go through the proxy, unless it names one of its own."""
        request.meta.setdefault("proxy", self.proxy)

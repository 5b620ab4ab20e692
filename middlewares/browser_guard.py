"""Keep the browser inside the same address guard as our other requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured
from scrapy_playwright.page import PageMethod

from platforms.guard_proxy import GuardProxy
from platforms.web.browser import settle

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler


class BrowserGuardMiddleware:
    """Runs a ``GuardProxy`` and gives it to every request that goes to a browser.

    With ``WEB_PROXY`` the browser uses that one: only it knows what names lead to.
    """

    def __init__(self, crawler: Crawler) -> None:
        if "BROWSER_CONTEXT" not in crawler.settings:
            raise NotConfigured
        self.stats = crawler.stats
        self.context = crawler.settings.getdict("BROWSER_CONTEXT")
        self.proxied = bool(crawler.settings["WEB_PROXY"])
        self.guard = GuardProxy(
            crawler.settings.getlist("ALLOWED_ADDRESSES"), on_refused=self._count
        )
        crawler.signals.connect(self.spider_opened, signals.spider_opened)
        crawler.signals.connect(self.spider_closed, signals.spider_closed)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def spider_opened(self) -> None:
        if not self.proxied:
            self.context["proxy"] = {"server": await self.guard.start()}

    async def spider_closed(self) -> None:
        await self.guard.stop()

    def _count(self) -> None:
        self.stats.inc_value("google/address_refused")

    async def process_request(self, request: Request) -> None:
        """Let the request pass; a browser's goes through the guard."""
        if request.meta.get("playwright"):
            request.meta["playwright_context"] = "guarded"
            request.meta["playwright_context_kwargs"] = self.context
            request.meta["playwright_page_methods"] = [PageMethod(settle)]

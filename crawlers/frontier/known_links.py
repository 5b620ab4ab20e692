"""Drops links at the spider's door that the frontier has already."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request
from scrapy.exceptions import NotConfigured

from crawlers.frontier.current import current_scheduler, is_chosen

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from scrapy.crawler import Crawler
    from scrapy.http import Response

PAUSE_AFTER = 50
"""Links dropped in a row after which other tasks get a turn."""


class KnownLinksMiddleware:
    """Saves what Scrapy does to a request before the scheduler turns it down.

    Nine of ten links on a page are known as a rule. Each costs as much as all else about it: the
    other middlewares, a task, the signal ``request_scheduled`` and what listens to it. To be put
    next to the spider (a high number), outside of nothing that changes what a request asks for.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not is_chosen(crawler.settings):
            raise NotConfigured
        return cls(crawler)

    def process_spider_output(self, response: Response, result: Iterable[Any]) -> Iterable[Any]:
        return (output for output in result if not self._is_known(output))

    async def process_spider_output_async(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        dropped = 0
        async for output in result:
            if not self._is_known(output):
                yield output
                dropped = 0
            elif (dropped := dropped + 1) % PAUSE_AFTER == 0:
                await asyncio.sleep(0)

    def _is_known(self, output: Any) -> bool:
        return isinstance(output, Request) and current_scheduler(self.crawler).turns_down(output)

"""Stop after ``max_items``."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self

from scrapy.exceptions import DropItem, NotConfigured

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

    from items import Item


class OverBudget(DropItem):
    """This run wants no more items."""

    untried = True
    """The frontier puts the item's page back, for a run that goes on with the crawl."""


class BudgetPipeline:
    """Lets exactly ``max_items`` items pass, then ends the crawl with the reason ``max_items``."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        arguments = getattr(crawler.spider, "arguments", None)
        self.left = getattr(arguments, "max_items", 0)
        if not self.left:
            raise NotConfigured

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        return cls(crawler)

    async def process_item(self, item: Item) -> Item:
        """Return ``item``, or raise ``OverBudget`` if the budget is spent."""
        if self.left <= 0:
            self.crawler.stats.inc_value("budget/dropped")
            raise OverBudget("max_items reached", log_level="DEBUG")
        self.left -= 1
        if not self.left:
            self._closing = asyncio.create_task(
                self.crawler.engine.close_spider_async(reason="max_items")
            )
        return item

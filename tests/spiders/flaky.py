"""A spider and a pipeline that fail a page's first attempts, for real."""

from __future__ import annotations

import asyncio
from pathlib import Path

from scrapy.exceptions import DropItem

from tests.spiders.graph import GraphSpider


class FlakySpider(GraphSpider):
    """Its callback breaks on page 2 for good, and on page 3 the first time."""

    name = "flaky"

    async def parse(self, response):
        page = response.url.rsplit("/", 1)[1]
        async for output in super().parse(response):
            yield output
        if page == "2" or (page == "3" and first_time(self, page)):
            raise RuntimeError(f"page {page} breaks the callback")


class FlakyPipeline:
    """Refuses page 5 the first time, and drops page 6 on purpose."""

    def __init__(self, crawler):
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)

    async def process_item(self, item):
        if item.external_id == "5" and first_time(self.crawler.spider, "5"):
            raise RuntimeError("page 5 is refused")
        if item.external_id == "6":
            raise DropItem("page 6 is not wanted")
        return item


def first_time(spider, page: str) -> bool:
    mark = Path(spider.crawler.settings["HOME"]) / f"seen-{page}"
    known = mark.exists()
    mark.touch()
    return not known


class CrossingPipeline:
    """Lets page 5 be under way twice at once: the first visit, on the longer way, then fails.

    Page 1, which leads to page 5 on the shorter way, is held up until the first visit is here.
    """

    def __init__(self) -> None:
        self.visits = 0
        self.first, self.second = asyncio.Event(), asyncio.Event()

    async def process_item(self, item):
        if item.external_id == "1":
            await asyncio.wait_for(self.first.wait(), 120)
        if item.external_id == "5":
            self.visits += 1
            if self.visits == 1:
                self.first.set()
                await asyncio.wait_for(self.second.wait(), 120)
                await asyncio.sleep(0.5)  # until the second visit's callback has ended
                raise RuntimeError("the longer way is refused")
            if self.visits == 2:
                self.second.set()
                await asyncio.sleep(1)  # it ends after the first visit has
        return item

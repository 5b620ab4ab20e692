"""A spider that yields many articles from each page: a load for item pipelines."""

from __future__ import annotations

from typing import ClassVar

import scrapy

from items import Article
from spiders.base import GleanerySpider, SpiderArguments

WORDS = "정부는 오늘 새로운 정책을 발표했다. The council met again on Monday. " * 8


class BurstArguments(SpiderArguments):
    SEED_KINDS: ClassVar[tuple[str, ...]] = ("page",)
    page: str | None = None
    """Address of anything that answers with 200."""
    items: int = 1000
    """Articles that it yields."""
    pages: int = 1
    """Pages that share them: ``page`` leads to the others, ``1``, ``2`` … beside it."""


class BurstSpider(GleanerySpider):
    name = "burst"
    platform = "burst"
    Arguments = BurstArguments

    async def start_seed(self, seed):
        yield scrapy.Request(seed.value)

    def parse(self, response, first=0):
        if first == 0:
            for other in range(1, self.arguments.pages):
                yield response.follow(str(other), cb_kwargs={"first": other})
        for number in range(first, self.arguments.items, self.arguments.pages):
            yield Article(
                platform="burst",
                external_id=str(number),
                url=f"{response.url}?{number}",
                title=f"article {number}",
                text=f"{number % 19} {WORDS}",
            )

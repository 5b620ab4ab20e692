"""A spider that finds whatever people may write on one page, in every field of an item."""

from __future__ import annotations

from typing import ClassVar

import scrapy

from spiders.base import GleanerySpider, SpiderArguments
from tests.contracts.store_items import odd_items


class OddArguments(SpiderArguments):
    SEED_KINDS: ClassVar[tuple[str, ...]] = ("page",)
    page: str | None = None
    """Address of anything that answers with 200."""


class OddSpider(GleanerySpider):
    name = "odd"
    platform = "odd"
    Arguments = OddArguments

    async def start_seed(self, seed):
        yield scrapy.Request(seed.value)

    async def parse(self, response):
        for item in odd_items():
            yield item

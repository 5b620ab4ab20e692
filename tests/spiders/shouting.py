"""A spider that logs what a page says, and fails of it: what an attacker would wish for."""

from __future__ import annotations

import logging
from typing import ClassVar

import scrapy

from items import Article
from spiders.base import GleanerySpider, SpiderArguments

logger = logging.getLogger(__name__)


class ShoutingArguments(SpiderArguments):
    SEED_KINDS: ClassVar[tuple[str, ...]] = ("page",)
    page: str | None = None
    """Address of the only page."""


class ShoutingSpider(GleanerySpider):
    name = "shouting"
    platform = "shouting"
    Arguments = ShoutingArguments

    async def start_seed(self, seed):
        yield scrapy.Request(seed.value)

    async def parse(self, response):
        text = response.css("p::text").get("")
        logger.warning("It says %s", text, extra={"spider": self})
        yield Article(platform="shouting", external_id=text, url=response.url, title=text)
        raise ValueError(text)

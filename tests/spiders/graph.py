"""A spider of ``tests.graph_site``: every page is an article, every link is followed."""

from __future__ import annotations

import gzip
from typing import ClassVar

import scrapy

from items import Article
from spiders.base import GleanerySpider, SpiderArguments


class GraphArguments(SpiderArguments):
    SEED_KINDS: ClassVar[tuple[str, ...]] = ("page",)
    page: str | None = None
    """Address of the first page."""


class GraphSpider(GleanerySpider):
    name = "graph"
    platform = "graph"
    Arguments = GraphArguments

    async def start_seed(self, seed):
        yield scrapy.Request(seed.value)

    async def parse(self, response):
        yield Article(
            platform="graph",
            external_id=response.url.rsplit("/", 1)[1],
            url=response.url,
            title=response.css("title::text").get(""),
            text=response.css("p::text").get(""),
            raw_html=gzip.compress(response.body),
            category=response.css("meta[name=category]::attr(content)").get(),
        )
        for request in response.follow_all(css="a"):
            yield self.follow(request)

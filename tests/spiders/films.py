"""A spider that asks for videos by ``ytdlp+http`` itself, and tells what it was answered."""

from __future__ import annotations

import json

import scrapy

from items import Article, MediaFile
from tests.spiders.graph import GraphSpider


class FilmsSpider(GraphSpider):
    """Each address of its seed is a video."""

    name = "films"

    async def start_seed(self, seed):
        for url in seed.value.split():
            yield scrapy.Request(f"ytdlp+{url}", meta={"handle_httpstatus_list": [404]})

    async def parse(self, response):
        url = response.url.removeprefix("ytdlp+")
        said = json.loads(response.body)
        found = response.status == 200
        yield Article(
            platform="films",
            external_id=url,
            url=url,
            text="" if found else said["error"]["message"],
            media_files=[MediaFile(**said)] if found else [],
        )

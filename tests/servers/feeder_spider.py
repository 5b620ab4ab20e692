"""A spider as users of scrapy-redis have it, which knows nothing of this project."""

from __future__ import annotations

from scrapy_redis.spiders import RedisSpider

from items import Article


class FeederSpider(RedisSpider):
    name = "feeder"
    max_idle_time = 1

    def parse(self, response):
        yield Article(platform="feeder", external_id=response.url, url=response.url, title="page")

"""The spider of ``tests.graph_site``, counting what reaches Scrapy's engine."""

from __future__ import annotations

from scrapy import signals

from tests.spiders.graph import GraphSpider


class CountingSpider(GraphSpider):
    name = "counting"

    @classmethod
    def from_crawler(cls, crawler, *args, **kwargs):
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.count, signals.request_scheduled)
        return spider

    def count(self):
        self.crawler.stats.inc_value("scheduled")

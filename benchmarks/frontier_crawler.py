"""One crawl of ``benchmarks.frontier``, in a process of its own: prints one line of JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import scrapy
from scrapy.crawler import AsyncCrawlerProcess


class BenchSpider(scrapy.Spider):
    """Follows every link and measures how late the event loop is."""

    name = "bench"
    start_url = ""

    async def start(self) -> Any:
        self.lags: list[float] = []
        self.cpu = time.process_time()
        self.times: dict[str, list[float]] = {}
        self._beat = asyncio.create_task(self._heartbeat())
        yield scrapy.Request(self.start_url)

    async def _heartbeat(self) -> None:
        while True:
            began = time.perf_counter()
            await asyncio.sleep(0.01)
            self.lags.append(time.perf_counter() - began - 0.01)

    def closed(self, reason: str) -> None:
        self.closed_at = time.perf_counter()
        self.cpu = time.process_time() - self.cpu

    def parse(self, response: Any) -> Any:
        host = urlsplit(response.url).hostname or ""
        self.times.setdefault(host, []).append(time.perf_counter())
        for link in response.xpath("//a/@href").getall():
            yield response.follow(link)


def main() -> None:
    """Crawl ``argv[1]`` with the settings in ``argv[2]`` (JSON)."""
    settings = {
        "LOG_LEVEL": "ERROR",
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "CONCURRENT_REQUESTS": 32,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
        "DOWNLOAD_DELAY": 0,
        "ROBOTSTXT_OBEY": False,
        "DEPTH_PRIORITY": 1,
    }
    process = AsyncCrawlerProcess(settings | json.loads(sys.argv[2]))
    crawler = process.create_crawler(BenchSpider)
    process.crawl(crawler, start_url=sys.argv[1])
    process.start()
    stats = crawler.stats.get_stats()
    idle = 1.0 if "frontier/exchanges" in stats else 0.0  # FRONTIER_IDLE_SECONDS, at the very end
    lags = sorted(crawler.spider.lags)
    pages = stats.get("response_received_count", 0)
    print(
        json.dumps(
            {
                "pages": pages,
                "rate": pages / max(0.001, stats["elapsed_time_seconds"] - idle),
                "lag_p99_ms": 1000 * lags[int(len(lags) * 0.99)] if lags else 0.0,
                "cpu_ms": 1000 * crawler.spider.cpu / max(1, pages),
                "hosts": crawler.spider.times,
                "closed": crawler.spider.closed_at,
                "exchanges": stats.get("frontier/exchanges", 0),
                "reason": stats["finish_reason"],
            }
        )
    )


if __name__ == "__main__":
    main()

"""Pages a second of our whole crawl against plain Scrapy doing the same fetches.

The site is ``tests.graph_site`` in a process of its own: a tree of 1,500 pages, 2 KB each. Ours
keeps exact breadth-first order, dedups, validates and stores every page before it counts as done;
plain Scrapy follows the same links with its default scheduler and only counts. Both run with 16
requests at once, no throttle, robots.txt obeyed. Interleaved, medians of ``ROUNDS``.
"""

from __future__ import annotations

import json
import multiprocessing
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.goals import Goal, show
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

PAGES, LINKS, ROUNDS = 1500, 8, 5
SETTINGS = {
    "SPIDER_MODULES": "tests.spiders",
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
    "LOG_LEVEL": "WARNING",
}
PLAIN = """
import json, sys, scrapy
from scrapy.crawler import AsyncCrawlerProcess
class Plain(scrapy.Spider):
    name = "plain"
    start_urls = [sys.argv[1]]
    def parse(self, response):
        yield {"url": response.url, "title": response.css("title::text").get()}
        yield from response.follow_all(css="a")
process = AsyncCrawlerProcess({"LOG_LEVEL": "WARNING", "CONCURRENT_REQUESTS": 16,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 16, "DOWNLOAD_DELAY": 0, "ROBOTSTXT_OBEY": True,
    "TELNETCONSOLE_ENABLED": False})
crawler = process.create_crawler(Plain)
process.crawl(crawler)
process.start()
stats = crawler.stats.get_stats()
print(json.dumps({"pages": stats["item_scraped_count"], "seconds": stats["elapsed_time_seconds"]}))
"""


def serve(connection: multiprocessing.connection.Connection, latency: float) -> None:
    """Serve the site and send its address."""
    links = {
        n: [c for c in range(n * LINKS + 1, n * LINKS + LINKS + 1) if c < PAGES]
        for n in range(PAGES)
    }
    texts = dict.fromkeys(range(PAGES), "lorem ipsum " * 150)
    with GraphSite(links, texts=texts, jitter=latency) as site:
        connection.send(site.url)
        connection.recv()


def plain(url: str) -> float:
    """Return pages a second of plain Scrapy."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", PLAIN, url],
        capture_output=True,
        text=True,
        check=True,
        cwd=tempfile.gettempdir(),
    )
    row = json.loads(done.stdout.splitlines()[-1])
    assert row["pages"] == PAGES, row
    return float(row["pages"] / row["seconds"])


def ours(url: str) -> float:
    """Return pages a second of our crawl, store included."""
    with tempfile.TemporaryDirectory() as home:
        result = scrapy_crawl("graph", Path(home), settings=SETTINGS, page=url, max_depth=9)
    assert result.stats["item_scraped_count"] == PAGES, result.log[-2000:]
    return float(PAGES / result.stats["elapsed_time_seconds"])


def compare(latency: float) -> tuple[float, float]:
    """Return the medians (ours, plain) against a site that answers within ``latency`` seconds."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.Process(target=serve, args=(there, latency), daemon=True)
    process.start()
    url = f"{here.recv()}/page/0"
    rounds = [(ours(url), plain(url)) for _ in range(ROUNDS)]
    here.send("stop")
    process.join(5)
    return median(r[0] for r in rounds), median(r[1] for r in rounds)


def main() -> None:
    """Measure and print."""
    goals = []
    for latency in (0.0, 0.05):
        ours_rate, plain_rate = compare(latency)
        where = f"site answering in 0-{latency * 1000:.0f} ms"
        goals += [
            Goal(f"{where}: ours, pages/s", ours_rate),
            Goal(f"{where}: plain Scrapy, pages/s", plain_rate),
            Goal(f"{where}: ours / plain Scrapy", ours_rate / plain_rate, ">= 0.8"),
        ]
    show(goals)


if __name__ == "__main__":
    main()

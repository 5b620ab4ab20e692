"""Links that the frontier has already never reach Scrapy's engine."""

from __future__ import annotations

import pytest

from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

PAGES = 6
EVERY_PAGE = list(range(PAGES))
LINKS = {0: EVERY_PAGE[1:], 1: [0] * 200} | dict.fromkeys(range(2, PAGES), EVERY_PAGE)
KNOWN = 200 + 4 * PAGES


@pytest.mark.parametrize(
    ("order", "scheduled"),
    [("strict", PAGES), ("relaxed", PAGES + KNOWN)],
    ids=["strict", "relaxed, where depth counts, too"],
)
def test_a_known_link_is_dropped_as_soon_as_the_spider_yields_it(tmp_path, order, scheduled):
    settings = {
        "SPIDER_MODULES": "tests.spiders",
        "CONCURRENT_REQUESTS": 1,
        "FRONTIER_ORDER": order,
    }
    with GraphSite(LINKS) as site:
        result = scrapy_crawl(
            "counting", tmp_path, settings=settings, page=f"{site.url}/page/0", max_depth=9
        )

    assert site.fetched == EVERY_PAGE
    assert result.stats["item_scraped_count"] == PAGES
    assert result.stats["frontier/repeated"] == KNOWN
    assert result.stats["scheduled"] == scheduled

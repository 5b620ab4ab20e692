"""The order of a crawl without servers, through ``scrapy crawl``."""

from __future__ import annotations

import pytest

from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite

TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(13)}
"""Three links a page, four levels: 1 + 3 + 9 + 27 = 40 pages."""
SETTINGS = {"SPIDER_MODULES": "tests.spiders", "CONCURRENT_REQUESTS_PER_DOMAIN": 16}


def depths_of(items):
    return [row["depth"] for row in items]


@pytest.mark.parametrize("jitter", [0.0, 0.05], ids=["steady", "random latency"])
def test_no_page_is_fetched_before_every_shallower_one_is_done(tmp_path, jitter):
    """Exact breadth-first with 16 requests at once, however slow each page is."""
    with GraphSite(TREE, jitter=jitter) as site:
        result = scrapy_crawl(
            "graph", tmp_path, settings=SETTINGS, page=f"{site.url}/page/0", max_depth=3
        )

    assert result.returncode == 0, result.log
    assert depths_of(result.items) == [0] + [1] * 3 + [2] * 9 + [3] * 27
    level_of = {int(row["external_id"]): row["depth"] for row in result.items}
    assert [level_of[n] for n in site.fetched] == sorted(level_of[n] for n in site.fetched)


def test_a_page_reached_twice_is_fetched_once_at_its_smallest_depth(tmp_path):
    links = {0: [1, 2], 1: [3], 2: [1, 3], 3: [0, 1]}
    with GraphSite(links, jitter=0.02) as site:
        result = scrapy_crawl(
            "graph", tmp_path, settings=SETTINGS, page=f"{site.url}/page/0", max_depth=9
        )

    assert sorted(site.fetched) == [0, 1, 2, 3]
    assert {row["external_id"]: row["depth"] for row in result.items} == {
        "0": 0,
        "1": 1,
        "2": 1,
        "3": 2,
    }


def test_max_depth_and_max_items_end_a_crawl(tmp_path):
    with GraphSite(TREE) as site:
        shallow = scrapy_crawl(
            "graph", tmp_path / "a", settings=SETTINGS, page=f"{site.url}/page/0", max_depth=1
        )
        few = scrapy_crawl(
            "graph", tmp_path / "b", settings=SETTINGS, page=f"{site.url}/page/0", max_items=5
        )

    assert len(shallow.items) == 4
    assert len(few.items) == 5
    assert few.report["reason"] == "max_items"

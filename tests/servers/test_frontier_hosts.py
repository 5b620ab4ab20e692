"""One slow host among others: it waits for itself, with default settings."""

from __future__ import annotations

import threading
from contextlib import contextmanager

import pytest

from tests.conftest import wait_until
from tests.crawl import scrapy_crawl
from tests.graph_site import GraphSite
from tests.spiders.batch import BATCH

SLOW, FAST = 40, 60
SHARE = 4
"""``CONCURRENT_REQUESTS_PER_DOMAIN`` by default."""


class GatedSite(GraphSite):
    """Answers nothing before its gate opens; counts who waits there."""

    def __init__(self, **more):
        self.gate = threading.Event()
        self.waiting = self.most = 0
        self._counting = threading.Lock()
        super().__init__({}, address="127.0.0.2", **more)

    def page(self, number):
        with self._counting:
            self.waiting += 1
            self.most = max(self.most, self.waiting)
        assert self.gate.wait(300)
        with self._counting:
            self.waiting -= 1
        return super().page(number)


@pytest.fixture(params=["redis", "file"])
def queue_settings(request):
    """Where the queue lies."""
    if request.param == "file":
        return {}
    return {"REDIS_URL": request.getfixturevalue("redis_url")}


@contextmanager
def opened_when_fast_ones_are_done(slow, fast):
    """Open the gate once all pages of the fast sites were fetched; all but the first one is."""

    def open_it():
        wait_until(lambda: sum(len(site.fetched) for site in fast) > FAST, seconds=120)
        slow.gate.set()

    opener = threading.Thread(target=open_it, daemon=True)
    opener.start()
    yield
    opener.join()


@pytest.mark.slow
@pytest.mark.parametrize("robots", ["", "User-agent: *\nCrawl-delay: 0.05\n"], ids=["", "delay"])
def test_other_hosts_are_done_while_a_slow_one_has_not_answered_once(
    queue_settings, tmp_path, robots
):
    """Its links come first; it never has more requests than its share."""
    with GatedSite(robots=robots) as slow, GraphSite({}, address="127.0.0.3") as second:
        links = [f"{slow.url}/page/{1000 + n}" for n in range(SLOW)]
        links += [f"{second.url}/page/{n}" for n in range(1, FAST // 2 + 1)]
        links += list(range(FAST // 2 + 1, FAST + 1))
        with (
            GraphSite({0: links}) as first,
            opened_when_fast_ones_are_done(slow, [first, second]),
        ):
            result = scrapy_crawl(
                "graph",
                tmp_path,
                settings=queue_settings | {"SPIDER_MODULES": "tests.spiders"},
                page=f"{first.url}/page/0",
                max_depth=1,
            )

    assert result.stats["item_scraped_count"] == 1 + SLOW + FAST
    assert sorted(slow.fetched) == list(range(1000, 1000 + SLOW))
    assert 1 <= slow.most <= SHARE


def test_a_single_host_fills_a_batch_of_more_than_its_share(queue_settings, tmp_path):
    """What is fetched and waits for a model leaves room for the next."""
    with GraphSite({0: list(range(1, BATCH + 1))}) as site:
        result = scrapy_crawl(
            "batch",
            tmp_path,
            settings=queue_settings | {"SPIDER_MODULES": "tests.spiders"},
            page=f"{site.url}/page/0",
            max_depth=1,
        )

    assert result.stats["item_scraped_count"] == BATCH + 1
    assert sorted(site.fetched) == list(range(BATCH + 1))

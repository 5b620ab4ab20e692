"""Stop a crawl, start it again: nothing lost, nothing fetched twice."""

from __future__ import annotations

import signal

import pytest

from tests.conftest import wait_until
from tests.crawl import scrapy_crawl, start_crawl
from tests.graph_site import GraphSite

TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}
SETTINGS = {"SPIDER_MODULES": "tests.spiders"}


def test_a_crawl_stopped_by_sigterm_goes_on_where_it_was(tmp_path):
    settings = SETTINGS | {"JOBDIR": str(tmp_path / "queue")}
    with GraphSite(TREE, jitter=0.1) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl("graph", tmp_path, settings=settings, **arguments) as process:
            wait_until(lambda: len(site.fetched) > 15, seconds=60)
            process.send_signal(signal.SIGTERM)
            process.wait(180)
        stopped_at = len(site.fetched)
        again = scrapy_crawl("graph", tmp_path, settings=settings, **arguments)
        with again.store() as store:
            stored = {row["external_id"]: row["depth"] for row in store.scan()}

    assert stopped_at < 121
    assert sorted(site.fetched) == list(range(121))
    assert sorted(map(int, stored)) == list(range(121))
    assert [stored[str(n)] for n in site.fetched] == sorted(stored.values())


@pytest.mark.slow
def test_two_crawls_may_share_a_store(tmp_path):
    with GraphSite(TREE, jitter=0.01) as site:
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        shared = SETTINGS | {"STORE_PATH": str(tmp_path / "gleanery.db")}
        with start_crawl("graph", tmp_path / "other", settings=shared, **arguments) as other:
            result = scrapy_crawl("graph", tmp_path, settings=shared, **arguments)
        with result.store() as store:
            total = store.stats(classified_kinds=[]).total

    assert other.returncode == result.returncode == 0
    assert total == 121
    assert "store/failed" not in result.stats

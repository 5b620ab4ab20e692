"""A whole crawl on what is not one plain Redis: Valkey, and a Redis Cluster of three nodes."""

from __future__ import annotations

import pytest

from storage.redis_address import open_redis
from tests.cli import gleanery
from tests.crawl import scrapy_crawl, start_crawl
from tests.frontier_workers import FRONTIER_SCHEDULER
from tests.graph_site import GraphSite
from tests.redis_servers import cluster, one_server, valkey_program

TREE = {n: [3 * n + 1, 3 * n + 2, 3 * n + 3] for n in range(40)}


def valkey(folder):
    return one_server(valkey_program(), folder)


@pytest.mark.slow
@pytest.mark.parametrize("server", [valkey, cluster])
def test_two_workers_crawl_and_the_command_reports(server, tmp_path):
    with server(tmp_path) as url, GraphSite(TREE, jitter=0.05) as site:
        given = {
            "SPIDER_MODULES": "tests.spiders",
            "SCHEDULER": FRONTIER_SCHEDULER,
            "REDIS_URL": url,
            "FRONTIER_CRAWL": "graph",
            "CONCURRENT_REQUESTS_PER_DOMAIN": 16,
        }
        arguments = {"page": f"{site.url}/page/0", "max_depth": 9}
        with start_crawl("graph", tmp_path / "a", settings=given, **arguments) as other:
            result = scrapy_crawl("graph", tmp_path / "b", settings=given, **arguments)
            assert other.wait(180) == 0
        report = gleanery(tmp_path, "frontier", "stats", "graph", "--redis", url, "--json").json
        listed = gleanery(tmp_path, "frontier", "list", "--redis", url, "--json").json
        dropped = gleanery(tmp_path, "frontier", "drop", "graph", "--yes", "--redis", url)
        with open_redis(url) as client:
            left = list(client.scan_iter("gleanery:*"))

    assert result.returncode == dropped.returncode == 0
    assert sorted(site.fetched) == list(range(121))
    assert (report["done"], report["queued"], report["in_flight"]) == (121, 0, 0)
    assert [row["crawl"] for row in listed] == ["graph"]
    assert left == []
